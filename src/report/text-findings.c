/*
 * Text: findings, a table where lines are long enough; on a narrow terminal the message stands
 * below the line that names rule and map.
 */
#include "report/format.h"
#include "report/text.h"
#include "util/compiler.h"

#define TABLE_WIDTH 110 /* columns from which four of them make sense side by side */

static bool as_table(const struct text *text)
{
	return !text->paper.bounded || text->paper.width >= TABLE_WIDTH;
}

static void add_severity_count(struct hms_str *ret, uint64_t n, const char *noun)
{
	if (!n)
		return;
	hms_str_add(ret, ret->len ? ", " : "");
	hms_format_counted(ret, n, noun);
}

static void draw_title(struct text *text)
{
	const struct hms_doc_summary *summary = &text->doc->summary;
	struct hms_flow flow;

	hms_str_clear(&text->cell);
	add_severity_count(&text->cell, summary->errors, "error");
	add_severity_count(&text->cell, summary->warnings, "warning");
	add_severity_count(&text->cell, summary->infos, "info");
	hms_flow_begin(&flow, &text->paper, 0, 2);
	hms_flow_part(&flow, 0, HMS_PAINT_TITLE, "FINDINGS");
	hms_flow_text(&flow, 2, HMS_PAINT_PLAIN, hms_str_text(&text->cell));
	hms_flow_text(&flow, 1, HMS_PAINT_QUIET, "(hmapscope rules ID explains)");
	hms_flow_end(&flow);
}

static void begin_findings(struct text *text)
{
	static const struct hms_table_column columns[] = {
		{.header = NULL},
		{.header = NULL},
		{.min_width = 16, .max_lines = 4},
		{.min_width = 40, .max_lines = 12},
	};

	text_summary(text);
	text_start_block(text, BLOCK_FINDINGS);
	draw_title(text);
	hms_table_begin(text->table, columns, HMS_ARRAY_LEN(columns), 2);
	text->any_finding = true;
}

static void add_detail(struct text *text, struct hms_str *ret, const char *word, const char *s)
{
	if (!s)
		return;
	hms_str_add(ret, ret->len ? ", " : "");
	hms_str_add(ret, word);
	hms_paper_escape(&text->paper, ret, s);
}

/* What was expected and seen, and where: "" where nobody wants to know. */
static void add_details(struct text *text, struct hms_str *ret, const struct hms_finding *finding)
{
	HMS_AUTO_STR struct hms_str at = HMS_STR_INIT;

	if (!text->doc->details)
		return;
	add_detail(text, ret, "expected ", finding->expected);
	add_detail(text, ret, "seen ", finding->seen);
	if (finding->addr) {
		hms_format_addr(&at, finding->addr);
		add_detail(text, ret, "at ", hms_str_text(&at));
	}
}

static void add_map(struct text *text, struct hms_str *ret, const struct hms_finding *finding)
{
	if (finding->map_owner)
		hms_paper_escape(&text->paper, ret, finding->map_owner);
	else if (finding->map)
		hms_format_addr(ret, finding->map);
}

static enum hms_paint severity_paint(enum hms_severity severity)
{
	switch (severity) {
	case HMS_ERROR: return HMS_PAINT_BAD;
	case HMS_WARNING: return HMS_PAINT_ODD;
	case HMS_INFO: return HMS_PAINT_QUIET;
	}
	return HMS_PAINT_PLAIN;
}

static enum hms_paint message_paint(const struct hms_finding *finding)
{
	return finding->severity == HMS_INFO ? HMS_PAINT_QUIET : HMS_PAINT_PLAIN;
}

static void draw_row(struct text *text, const struct hms_finding *finding, const char *details)
{
	struct hms_str *cell = &text->cell;

	hms_table_cell(text->table, severity_paint(finding->severity),
		       hms_severity_name(finding->severity));
	hms_str_clear(cell);
	hms_paper_escape(&text->paper, cell, finding->rule);
	hms_table_cell(text->table, HMS_PAINT_PLAIN, hms_str_text(cell));
	hms_str_clear(cell);
	add_map(text, cell, finding);
	hms_table_cell(text->table, HMS_PAINT_PLAIN, hms_str_text(cell));
	hms_str_clear(cell);
	hms_paper_escape(&text->paper, cell, finding->message);
	if (*details) {
		hms_str_add(cell, text->paper.bounded ? "\n" : "; ");
		hms_str_add(cell, details);
	}
	hms_table_cell(text->table, message_paint(finding), hms_str_text(cell));
}

static void draw_below(struct text *text, enum hms_paint paint, const char *s)
{
	struct hms_flow flow;

	if (!*s)
		return;
	hms_flow_begin(&flow, &text->paper, 11, 13);
	hms_flow_text(&flow, 0, paint, s);
	hms_flow_end(&flow);
}

static void draw_stacked(struct text *text, const struct hms_finding *finding, const char *details)
{
	HMS_AUTO_STR struct hms_str severity = HMS_STR_INIT;
	struct hms_flow flow;

	hms_str_addf(&severity, "%-7s", hms_severity_name(finding->severity));
	hms_flow_begin(&flow, &text->paper, 2, 11);
	hms_flow_part(&flow, 0, severity_paint(finding->severity), hms_str_text(&severity));
	text_part(text, &flow, HMS_PAINT_PLAIN, "", finding->rule);
	hms_str_clear(&text->cell);
	add_map(text, &text->cell, finding);
	hms_flow_part(&flow, 2, HMS_PAINT_PLAIN, hms_str_text(&text->cell));
	hms_flow_end(&flow);
	hms_str_clear(&text->cell);
	hms_paper_escape(&text->paper, &text->cell, finding->message);
	draw_below(text, message_paint(finding), hms_str_text(&text->cell));
	draw_below(text, HMS_PAINT_QUIET, details);
}

void text_finding(struct hms_renderer *r, const struct hms_finding *finding)
{
	HMS_AUTO_STR struct hms_str details = HMS_STR_INIT;
	struct text *text = text_of(r);

	if (text->block != BLOCK_FINDINGS)
		begin_findings(text);
	add_details(text, &details, finding);
	if (as_table(text))
		draw_row(text, finding, hms_str_text(&details));
	else
		draw_stacked(text, finding, hms_str_text(&details));
}
