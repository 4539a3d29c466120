/* Text: what changed between two snapshots. */
#include <string.h>

#include "report/diff.h"
#include "report/format.h"
#include "report/text.h"

static const char *arrow(const struct text *text)
{
	return text->paper.utf8 ? "→" : "->";
}

static void cell(struct text *text, enum hms_paint paint, const char *s)
{
	hms_str_clear(&text->cell);
	hms_paper_escape(&text->paper, &text->cell, s);
	hms_table_cell(text->table, paint, hms_str_text(&text->cell));
}

/* A line that begins with a title; @words are our own. */
static void heading(struct text *text, const char *title, const char *words)
{
	struct hms_flow flow;

	text_start_block(text, BLOCK_LINES);
	hms_flow_begin(&flow, &text->paper, 0, 2);
	hms_flow_part(&flow, 0, HMS_PAINT_TITLE, title);
	if (*words)
		hms_flow_text(&flow, 2, HMS_PAINT_PLAIN, words);
	hms_flow_end(&flow);
}

static void begin_table(struct text *text, const struct hms_table_column *columns, size_t n)
{
	text_go_on(text, BLOCK_MAPS);
	hms_table_begin(text->table, columns, n, 2);
}

static void end_table(struct text *text)
{
	text_go_on(text, BLOCK_DRAWN);
}

static void more(struct text *text, size_t n)
{
	HMS_AUTO_STR struct hms_str line = HMS_STR_INIT;

	if (!n)
		return;
	hms_str_add(&line, "  and ");
	hms_format_count(&line, n);
	hms_str_add(&line, " more (--all)");
	text_go_on(text, BLOCK_LINES);
	fprintf(text->paper.out, "%s\n", hms_str_text(&line));
}

/* ---- the sums --------------------------------------------------------------------------- */

static void add_status(struct hms_str *ret, uint64_t n, const char *what)
{
	if (!n)
		return;
	hms_str_add(ret, ret->len ? ", " : "");
	hms_format_count(ret, n);
	hms_str_addc(ret, ' ');
	hms_str_add(ret, what);
}

static void add_span(struct hms_str *ret, int64_t old, int64_t new, const char *arrow_text)
{
	hms_diff_from_to(ret, old, new, true, arrow_text);
	if (old == new || old == HMS_UNKNOWN || new == HMS_UNKNOWN)
		return;
	hms_str_add(ret, " (");
	hms_diff_bytes(ret, new - old);
	hms_str_addc(ret, ')');
}

static void draw_sums(struct text *text, const struct hms_diff *diff)
{
	HMS_AUTO_STR struct hms_str words = HMS_STR_INIT, status = HMS_STR_INIT;
	const struct hms_total *all = &diff->all;

	hms_diff_from_to(&words, (int64_t)all->old_maps, (int64_t)all->new_maps, false,
			 arrow(text));
	hms_str_add(&words, ", ");
	hms_diff_from_to(&words, all->old_count, all->new_count, false, arrow(text));
	hms_str_add(&words, " entries, ");
	add_span(&words, all->old_bytes, all->new_bytes, arrow(text));
	if (diff->old->heap_bytes >= 0 && diff->new->heap_bytes >= 0) {
		hms_str_add(&words, "; the whole live heap ");
		add_span(&words, diff->old->heap_bytes, diff->new->heap_bytes, arrow(text));
	}
	heading(text, "MAPS", hms_str_text(&words));
	for (int i = 0; i < HMS_NCHANGES; i++)
		add_status(&status, diff->counts[i],
			   hms_change_status_text((enum hms_change_status)i));
	add_status(&status, diff->stalled, "with a growth that stands still");
	add_status(&status, diff->filtered, "not asked for");
	if (status.len)
		fprintf(text->paper.out, "  %s\n", hms_str_text(&status));
	text->summarised = true;
}

/* ---- maps ------------------------------------------------------------------------------- */

static const struct hms_table_column map_columns[] = {
	{.header = "DELTA", .right = true},
	{.header = "BYTES", .right = true},
	{.header = "ENTRIES", .right = true},
	{.header = "WHAT", .min_width = 20, .max_lines = 4},
	{.header = "TYPE", .min_width = 14, .max_lines = 1},
	{.header = "OWNER", .min_width = 20, .max_lines = 4},
};

static void owner_text(const struct hms_snap_map *map, struct hms_str *ret)
{
	if (map->owner)
		hms_str_add(ret, map->owner);
	else
		hms_format_addr(ret, map->addr);
}

static void draw_change(struct text *text, const struct hms_change *c)
{
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;
	const struct hms_snap_map *map = hms_change_map(c);
	bool same = c->status == HMS_CHANGE_SAME;

	hms_diff_bytes(&s, hms_change_delta(c, HMS_SNAP_BYTES));
	cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
	hms_str_clear(&s);
	hms_diff_from_to(&s, hms_change_number(c, HMS_SNAP_BYTES, false),
			 hms_change_number(c, HMS_SNAP_BYTES, true), true, arrow(text));
	cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
	hms_str_clear(&s);
	hms_diff_from_to(&s, hms_change_number(c, HMS_SNAP_COUNT, false),
			 hms_change_number(c, HMS_SNAP_COUNT, true), false, arrow(text));
	cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
	hms_str_clear(&s);
	hms_diff_words(c, arrow(text), &s);
	cell(text, c->growth == HMS_GROWTH_STALLED ? HMS_PAINT_ODD : HMS_PAINT_PLAIN,
	     same && !s.len ? "same" : hms_str_text(&s));
	cell(text, HMS_PAINT_PLAIN, map->type ? map->type : "?");
	hms_str_clear(&s);
	owner_text(map, &s);
	cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
}

static void draw_changes(struct text *text, const struct hms_diff_report *report)
{
	const struct hms_diff *diff = report->diff;
	HMS_AUTO_STR struct hms_str strays = HMS_STR_INIT;
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < diff->nchanges; i++) {
		if (!hms_diff_row_shown(report, &diff->changes[i]))
			continue;
		if (!report->all && shown == report->max_rows) {
			left++;
			continue;
		}
		if (!shown++)
			begin_table(text, map_columns, HMS_ARRAY_LEN(map_columns));
		draw_change(text, &diff->changes[i]);
	}
	if (shown)
		end_table(text);
	more(text, left);
	if (hms_diff_strays(report, &strays)) {
		text_go_on(text, BLOCK_LINES);
		fprintf(text->paper.out, "  %s\n", hms_str_text(&strays));
	}
}

/* ---- series ----------------------------------------------------------------------------- */

static void draw_course(struct text *text, const struct hms_diff_report *report,
			const struct hms_course *row)
{
	const struct hms_series *series = report->series;
	const struct hms_snap_map *map = hms_course_map(series, row);
	int64_t first = hms_course_first(row, HMS_SNAP_BYTES);
	int64_t last = hms_course_last(series, row, HMS_SNAP_BYTES);
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	hms_diff_map_course(series, row, HMS_SNAP_COUNT, text->paper.utf8, &s);
	cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
	hms_str_clear(&s);
	hms_diff_bytes(&s,
		       first == HMS_UNKNOWN || last == HMS_UNKNOWN ? HMS_UNKNOWN : last - first);
	cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
	hms_str_clear(&s);
	hms_diff_from_to(&s, first, last, true, arrow(text));
	cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
	hms_str_clear(&s);
	hms_diff_from_to(&s, hms_course_first(row, HMS_SNAP_COUNT),
			 hms_course_last(series, row, HMS_SNAP_COUNT), false, arrow(text));
	cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
	hms_str_clear(&s);
	hms_diff_course_words(series, row, &s);
	cell(text, row->trend == HMS_TREND_STEADY ? HMS_PAINT_ODD : HMS_PAINT_PLAIN,
	     hms_str_text(&s));
	cell(text, HMS_PAINT_PLAIN, map->type ? map->type : "?");
	hms_str_clear(&s);
	owner_text(map, &s);
	cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
}

static void draw_series(struct text *text, const struct hms_diff_report *report)
{
	static const struct hms_table_column columns[] = {
		{.header = "COURSE"},
		{.header = "DELTA", .right = true},
		{.header = "BYTES", .right = true},
		{.header = "ENTRIES", .right = true},
		{.header = "WHAT", .min_width = 14, .max_lines = 3},
		{.header = "TYPE", .min_width = 14, .max_lines = 1},
		{.header = "OWNER", .min_width = 20, .max_lines = 4},
	};
	const struct hms_series *series = report->series;
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < series->nrows; i++) {
		if (!hms_diff_course_shown(report, &series->rows[i]))
			continue;
		if (!report->all && shown == report->max_rows) {
			left++;
			continue;
		}
		if (!shown++)
			begin_table(text, columns, HMS_ARRAY_LEN(columns));
		draw_course(text, report, &series->rows[i]);
	}
	if (shown)
		end_table(text);
	more(text, left);
}

static void draw_stalls(struct text *text, const struct hms_diff_report *report)
{
	static const struct hms_table_column columns[] = {
		{.min_width = 30, .max_lines = 4},
		{.min_width = 14, .max_lines = 1},
		{.min_width = 20, .max_lines = 4},
	};
	const struct hms_diff *diff = report->diff;
	size_t shown = 0;

	if (!diff->stalled)
		return;
	heading(text, "STALLED", "growth that stands still: only writes move old buckets");
	begin_table(text, columns, HMS_ARRAY_LEN(columns));
	for (size_t i = 0; i < diff->nchanges; i++) {
		HMS_AUTO_STR struct hms_str words = HMS_STR_INIT, owner = HMS_STR_INIT;
		const struct hms_change *c = &diff->changes[i];

		if (c->growth != HMS_GROWTH_STALLED ||
		    (!report->all && shown++ >= report->max_rows))
			continue;
		hms_diff_stall(c, &words);
		owner_text(c->new, &owner);
		cell(text, HMS_PAINT_ODD, hms_str_text(&words));
		cell(text, HMS_PAINT_PLAIN, c->new->type ? c->new->type : "?");
		cell(text, HMS_PAINT_PLAIN, hms_str_text(&owner));
	}
	end_table(text);
	if (!report->all && shown > report->max_rows)
		more(text, shown - report->max_rows);
}

/* ---- sums by owner and type --------------------------------------------------------------- */

static void draw_totals(struct text *text, const struct hms_diff_report *report, const char *title,
			const char *words, const char *nameless, const struct hms_total *totals,
			size_t n)
{
	static const struct hms_table_column columns[] = {
		{.header = "DELTA", .right = true},
		{.header = "BYTES", .right = true},
		{.header = "MAPS", .right = true},
		{.header = "ENTRIES", .right = true},
		{.header = "", .min_width = 20, .max_lines = 4},
	};
	size_t shown = 0, left = 0;

	if (!hms_diff_totals_tell(totals, n))
		return;
	heading(text, title, words);
	begin_table(text, columns, HMS_ARRAY_LEN(columns));
	for (size_t i = 0; i < n; i++) {
		HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;
		const struct hms_total *t = &totals[i];

		if (t->old_bytes == t->new_bytes && !report->all)
			continue;
		if (!report->all && shown++ >= report->max_rows / 2) {
			left++;
			continue;
		}
		hms_diff_bytes(&s, t->new_bytes - t->old_bytes);
		cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
		hms_str_clear(&s);
		hms_diff_from_to(&s, t->old_bytes, t->new_bytes, true, arrow(text));
		cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
		hms_str_clear(&s);
		hms_diff_from_to(&s, (int64_t)t->old_maps, (int64_t)t->new_maps, false,
				 arrow(text));
		cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
		hms_str_clear(&s);
		hms_diff_from_to(&s, t->old_count, t->new_count, false, arrow(text));
		cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
		cell(text, HMS_PAINT_PLAIN, t->name ? t->name : nameless);
	}
	end_table(text);
	more(text, left);
}

/* ---- goroutines and findings -------------------------------------------------------------- */

static bool any_group_shown(const struct hms_diff_report *report)
{
	for (size_t i = 0; i < report->diff->ngroups; i++)
		if (hms_diff_group_shown(report, &report->diff->groups[i]))
			return true;
	return false;
}

static void draw_groups(struct text *text, const struct hms_diff_report *report)
{
	static const struct hms_table_column columns[] = {
		{.right = true},
		{.right = true},
		{.min_width = 10, .max_lines = 2},
		{.min_width = 30, .max_lines = 4},
	};
	const struct hms_diff *diff = report->diff;
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;
	size_t shown = 0, left = 0;

	if (diff->old->goroutines < 0 || diff->new->goroutines < 0 ||
	    (diff->old->goroutines == diff->new->goroutines && !any_group_shown(report)))
		return;
	hms_diff_from_to(&s, diff->old->goroutines, diff->new->goroutines, false, arrow(text));
	heading(text, "GOROUTINES", hms_str_text(&s));
	for (size_t i = 0; i < diff->ngroups; i++) {
		const struct hms_group_change *g = &diff->groups[i];

		if (!hms_diff_group_shown(report, g))
			continue;
		if (!report->all && shown >= report->max_rows / 2) {
			left++;
			continue;
		}
		if (!shown++)
			begin_table(text, columns, HMS_ARRAY_LEN(columns));
		hms_str_clear(&s);
		hms_diff_count(&s, (int64_t)(g->new_n - g->old_n));
		cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
		hms_str_clear(&s);
		hms_diff_from_to(&s, (int64_t)g->old_n, (int64_t)g->new_n, false, arrow(text));
		cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
		cell(text, HMS_PAINT_PLAIN, g->group->wait_reason ? g->group->wait_reason : "");
		hms_str_clear(&s);
		hms_diff_group(g->group, &s);
		cell(text, HMS_PAINT_PLAIN, hms_str_text(&s));
	}
	if (shown)
		end_table(text);
	more(text, left);
}

static enum hms_paint finding_paint(const struct hms_finding_change *change)
{
	const char *severity = change->finding->severity;

	if (change->status == HMS_FINDING_GONE || !severity)
		return HMS_PAINT_QUIET;
	return strcmp(severity, "error") == 0     ? HMS_PAINT_BAD
	       : strcmp(severity, "warning") == 0 ? HMS_PAINT_ODD
						  : HMS_PAINT_PLAIN;
}

static void draw_finding(struct text *text, const struct hms_finding_change *change)
{
	static const char *const status[] = {"new", "gone", "both"};
	HMS_AUTO_STR struct hms_str owner = HMS_STR_INIT;
	const struct hms_snap_finding *finding = change->finding;

	if (change->map)
		owner_text(change->map, &owner);
	else if (finding->map)
		hms_format_addr(&owner, finding->map);
	cell(text, finding_paint(change), status[change->status]);
	cell(text, finding_paint(change), finding->severity ? finding->severity : "?");
	cell(text, HMS_PAINT_PLAIN, finding->rule);
	cell(text, HMS_PAINT_PLAIN, hms_str_text(&owner));
	cell(text, HMS_PAINT_PLAIN, finding->message ? finding->message : "");
}

static void draw_findings(struct text *text, const struct hms_diff_report *report)
{
	static const struct hms_table_column columns[] = {
		{0}, {0}, {0}, {.min_width = 14, .max_lines = 3}, {.min_width = 30, .max_lines = 6},
	};
	const struct hms_diff *diff = report->diff;
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;
	size_t shown = 0;

	if (!diff->nfindings)
		return;
	add_status(&s, diff->finding_counts[HMS_FINDING_NEW], "new");
	add_status(&s, diff->finding_counts[HMS_FINDING_GONE], "gone");
	add_status(&s, diff->finding_counts[HMS_FINDING_BOTH], "in both");
	heading(text, "FINDINGS", hms_str_text(&s));
	begin_table(text, columns, HMS_ARRAY_LEN(columns));
	for (; shown < diff->nfindings && (report->all || shown < report->max_rows); shown++)
		draw_finding(text, &diff->findings[shown]);
	end_table(text);
	more(text, diff->nfindings - shown);
}

void text_diff(struct hms_renderer *r, const struct hms_diff_report *report)
{
	const struct hms_diff *diff = report->diff;
	struct text *text = text_of(r);

	draw_sums(text, diff);
	if (report->series)
		draw_series(text, report);
	else
		draw_changes(text, report);
	draw_stalls(text, report);
	draw_totals(text, report, "BY OWNER", "the variables that lead to them", "no owner known",
		    diff->owners, diff->nowners);
	draw_totals(text, report, "BY TYPE", "", "type unknown", diff->types, diff->ntypes);
	draw_groups(text, report);
	draw_findings(text, report);
	text->any_finding = diff->nfindings > 0;
}
