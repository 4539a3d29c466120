/* Text: the first line, the line that counts the maps, and the last, that counts the work. */
#include "report/diff.h"
#include "report/format.h"
#include "report/text.h"

static void head_core(struct text *text, struct hms_flow *flow, const struct hms_doc_core *core)
{
	hms_str_clear(&text->cell);
	hms_str_add(&text->cell, "core ");
	if (core->core_bytes) {
		hms_format_bytes_long(&text->cell, core->core_bytes);
		hms_str_add(&text->cell, ", ");
	}
	hms_str_add(&text->cell, core->core_complete ? "complete" : "incomplete");
	hms_flow_part(flow, 2, core->core_complete ? HMS_PAINT_PLAIN : HMS_PAINT_ODD,
		      hms_str_text(&text->cell));
}

static void head_build_id(struct hms_flow *flow, enum hms_tristate match)
{
	switch (match) {
	case HMS_YES: hms_flow_part(flow, 2, HMS_PAINT_PLAIN, "build ID matches"); break;
	case HMS_NO: hms_flow_part(flow, 2, HMS_PAINT_BAD, "BUILD ID DIFFERS"); break;
	case HMS_DONT_KNOW: hms_flow_part(flow, 2, HMS_PAINT_ODD, "build ID unknown"); break;
	}
}

static void head_version(struct text *text, struct hms_flow *flow, const struct hms_doc_core *core)
{
	hms_str_clear(&text->cell);
	if (core->go_version)
		hms_paper_escape(&text->paper, &text->cell, core->go_version);
	else
		hms_str_add(&text->cell, "Go version unknown");
	if (core->arch) {
		hms_str_add(&text->cell, " linux/");
		hms_paper_escape(&text->paper, &text->cell, core->arch);
	}
	hms_flow_part(flow, 2, core->go_version ? HMS_PAINT_PLAIN : HMS_PAINT_ODD,
		      hms_str_text(&text->cell));
}

static const char *core_name(const struct hms_doc_core *core)
{
	return core->program ? core->program : core->path ? core->path : "core";
}

/* "two snapshots, 12m 30s apart", "5 snapshots over 40m" */
static void head_snapshots(struct text *text, struct hms_flow *flow, const struct hms_doc *doc)
{
	int64_t apart = hms_diff_apart(doc->old, &doc->core);

	hms_str_clear(&text->cell);
	if (doc->nsnapshots > 2)
		hms_str_addf(&text->cell, "%zu snapshots", doc->nsnapshots);
	else
		hms_str_add(&text->cell, "two snapshots");
	if (apart >= 0) {
		hms_str_add(&text->cell, doc->nsnapshots > 2 ? " over " : ", ");
		hms_format_duration(&text->cell, (uint64_t)apart);
		hms_str_add(&text->cell, doc->nsnapshots > 2 ? "" : " apart");
	}
	hms_flow_part(flow, 2, HMS_PAINT_PLAIN, hms_str_text(&text->cell));
}

/* Incomplete, with nobody saying why. */
static bool limit_unsaid(const struct hms_doc *doc)
{
	return doc->nlimits == 0 && !doc->summary.complete;
}

/* Who this is.  That the answer is limited is said before any number. */
static void draw_identity(struct text *text)
{
	const struct hms_doc *doc = text->doc;
	const struct hms_doc_core *core = &doc->core;
	struct hms_flow flow;

	hms_flow_begin(&flow, &text->paper, 0, 2);
	text_part(text, &flow, HMS_PAINT_TITLE, "", core_name(core));
	if (doc->nlimits || limit_unsaid(doc))
		hms_flow_part(&flow, 2, HMS_PAINT_ODD, "ANSWER LIMITED");
	head_version(text, &flow, core);
	if (core->pid >= 0) {
		hms_str_clear(&text->cell);
		hms_str_add(&text->cell, "pid ");
		hms_format_u64(&text->cell, (uint64_t)core->pid);
		hms_flow_part(&flow, 2, HMS_PAINT_PLAIN, hms_str_text(&text->cell));
	}
	if (doc->old) {
		head_snapshots(text, &flow, doc);
	} else {
		text_part(text, &flow, HMS_PAINT_PLAIN, "killed by ", core->signal);
		head_core(text, &flow, core);
	}
	head_build_id(&flow, core->build_id_match);
	hms_flow_end(&flow);
}

void text_begin(struct hms_renderer *r, const struct hms_doc *doc)
{
	struct text *text = text_of(r);

	text->doc = doc;
	draw_identity(text);
	for (size_t i = 0; i < doc->nlimits; i++)
		text_remark(text, HMS_PAINT_ODD, doc->limits[i]);
	if (limit_unsaid(doc))
		text_remark(text, HMS_PAINT_ODD, "parts of the maps could not be read");
	text->block = BLOCK_LINES;
}

/* ---- the line that counts the maps ---- */

static void add_count_of(struct hms_str *ret, uint64_t n, const char *what)
{
	hms_str_add(ret, ", ");
	hms_format_count(ret, n);
	hms_str_addc(ret, ' ');
	hms_str_add(ret, what);
}

static void summary_bytes(struct hms_str *ret, const struct hms_doc_summary *summary)
{
	if (summary->bytes_partial && !summary->bytes) {
		hms_str_add(ret, ", size unknown");
		return;
	}
	hms_str_add(ret, ", ");
	hms_format_partial(ret, summary->bytes, summary->bytes_partial, hms_format_bytes_long);
	if (summary->heap_bytes > 0 && !summary->bytes_partial) {
		hms_str_add(ret, " (");
		hms_format_percent(ret, summary->bytes, (uint64_t)summary->heap_bytes);
		hms_str_add(ret, " of the live heap)");
	}
}

/* "3 growing (2 of them waiting for writes)": at rest nothing moves them on. */
static void summary_stalled(struct hms_str *ret, const struct hms_doc_summary *summary)
{
	hms_str_add(ret, " (");
	if ((uint64_t)summary->stalled != summary->growing) {
		hms_format_count(ret, (uint64_t)summary->stalled);
		hms_str_add(ret, " of them ");
	}
	hms_str_add(ret, "waiting for writes)");
}

void text_summary(struct text *text)
{
	const struct hms_doc_summary *summary = &text->doc->summary;
	struct hms_str *line = &text->cell;
	struct hms_flow flow;

	if (text->summarised || summary->maps_unknown)
		return;
	text_start_block(text, BLOCK_LINES);
	hms_str_clear(line);
	hms_format_count(line, summary->maps);
	hms_str_add(line, ", ");
	hms_format_partial(line, summary->entries, summary->entries_partial, hms_format_count);
	hms_str_add(line, summary->entries == 1 ? " entry" : " entries");
	summary_bytes(line, summary);
	if (summary->growing)
		add_count_of(line, summary->growing, "growing");
	if (summary->stalled > 0)
		summary_stalled(line, summary);
	if (summary->damaged == 0)
		add_count_of(line, 0, "damaged");
	hms_flow_begin(&flow, &text->paper, 0, 2);
	hms_flow_part(&flow, 0, HMS_PAINT_TITLE, "MAPS");
	hms_flow_text(&flow, 2, HMS_PAINT_PLAIN, summary->maps ? hms_str_text(line) : "none");
	if (summary->damaged > 0) {
		hms_flow_part(&flow, 0, HMS_PAINT_PLAIN, ",");
		hms_str_clear(line);
		hms_format_count(line, (uint64_t)summary->damaged);
		hms_str_add(line, " damaged");
		hms_flow_part(&flow, 1, HMS_PAINT_BAD, hms_str_text(line));
	}
	hms_flow_end(&flow);
	text->summarised = true;
}

/* ---- the tail ---- */

static void work_part(struct text *text, struct hms_flow *flow, uint64_t n, const char *what)
{
	if (!n)
		return;
	hms_str_clear(&text->cell);
	hms_format_count(&text->cell, n);
	hms_str_addc(&text->cell, ' ');
	hms_str_add(&text->cell, what);
	hms_flow_part(flow, 2, HMS_PAINT_QUIET, hms_str_text(&text->cell));
}

/* How much was looked at: without it, silence could mean that nothing was. */
void text_work(struct text *text)
{
	const struct hms_doc_summary *summary = &text->doc->summary;
	bool clean = summary->damaged >= 0 && !text->any_finding;
	struct hms_flow flow;

	if (!clean && !summary->slots_walked && !summary->bytes_unreadable)
		return;
	text_start_block(text, BLOCK_LINES);
	hms_flow_begin(&flow, &text->paper, 0, 2);
	if (clean)
		hms_flow_part(&flow, 0, HMS_PAINT_TITLE,
			      summary->complete ? "NO FINDINGS"
						: "NO FINDINGS in what could be read");
	work_part(text, &flow, summary->slots_walked, "slots walked");
	work_part(text, &flow, summary->keys_hashed, "keys hashed");
	work_part(text, &flow, summary->candidates_dismissed, "candidates dismissed");
	if (summary->bytes_unreadable) {
		hms_str_clear(&text->cell);
		hms_format_bytes_long(&text->cell, summary->bytes_unreadable);
		hms_str_add(&text->cell, " unreadable");
		hms_flow_part(&flow, 2, HMS_PAINT_ODD, hms_str_text(&text->cell));
	}
	hms_flow_end(&flow);
}
