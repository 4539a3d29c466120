/* Text: the verdict, a line that names the map and one for each goroutine. */
#include "report/format.h"
#include "report/text.h"
#include "util/compiler.h"

#define VERDICT_INDENT 2

static void draw_title(struct text *text, const struct hms_verdict *verdict)
{
	struct hms_flow flow;

	hms_flow_begin(&flow, &text->paper, 0, VERDICT_INDENT);
	hms_flow_part(&flow, 0, verdict->quiet ? HMS_PAINT_TITLE : HMS_PAINT_BAD, verdict->title);
	text_part(text, &flow, HMS_PAINT_TITLE, "", verdict->owner);
	text_part(text, &flow, HMS_PAINT_PLAIN, "", verdict->type);
	hms_str_clear(&text->cell);
	if (verdict->map)
		hms_format_addr(&text->cell, verdict->map);
	else
		hms_str_add(&text->cell, "map unknown: the function's arguments are gone");
	hms_flow_part(&flow, 2, HMS_PAINT_PLAIN, hms_str_text(&text->cell));
	hms_flow_end(&flow);
}

static void draw_cell(struct text *text, enum hms_paint paint, const char *s)
{
	hms_str_clear(&text->cell);
	hms_paper_escape(&text->paper, &text->cell, s);
	hms_table_cell(text->table, paint, hms_str_text(&text->cell));
}

static void draw_party(struct text *text, const struct hms_party_row *party)
{
	const struct hms_operation_row *op = &party->operation;
	enum hms_paint paint = party->bad ? HMS_PAINT_BAD : HMS_PAINT_ODD;

	hms_str_clear(&text->cell);
	hms_str_add(&text->cell, "goroutine ");
	hms_format_u64(&text->cell, party->goroutine);
	hms_table_cell(text->table, HMS_PAINT_PLAIN, hms_str_text(&text->cell));
	draw_cell(text, HMS_PAINT_PLAIN, party->status ? party->status : "status unknown");
	draw_cell(text, paint, party->role);
	draw_cell(text, HMS_PAINT_PLAIN, op->caller ? op->caller : op->function);
	hms_str_clear(&text->cell);
	if (op->caller_file) {
		hms_paper_escape(&text->paper, &text->cell, op->caller_file);
		hms_str_addc(&text->cell, ':');
		hms_format_u64(&text->cell, (uint64_t)op->caller_line);
	}
	hms_table_cell(text->table, HMS_PAINT_PLAIN, hms_str_text(&text->cell));
	draw_cell(text, HMS_PAINT_QUIET, op->step ? op->step : op->doing);
}

static void draw_note(struct text *text, const char *note)
{
	struct hms_flow flow;

	hms_str_clear(&text->cell);
	hms_paper_escape(&text->paper, &text->cell, note);
	hms_flow_begin(&flow, &text->paper, VERDICT_INDENT, 2 * VERDICT_INDENT);
	hms_flow_text(&flow, 0, HMS_PAINT_PLAIN, hms_str_text(&text->cell));
	hms_flow_end(&flow);
}

void text_verdict(struct hms_renderer *r, const struct hms_verdict *verdict)
{
	static const struct hms_table_column columns[] = {
		{.header = NULL},
		{.header = NULL},
		{.header = NULL},
		{.min_width = 16, .max_lines = 4},
		{.min_width = 12, .max_lines = 4},
		{.min_width = 12, .max_lines = 4},
	};
	struct text *text = text_of(r);

	text_start_block(text, BLOCK_DRAWN);
	draw_title(text, verdict);
	hms_table_begin(text->table, columns, HMS_ARRAY_LEN(columns), VERDICT_INDENT);
	for (size_t i = 0; i < verdict->nparties; i++)
		draw_party(text, &verdict->parties[i]);
	hms_table_end(text->table);
	if (verdict->more) {
		HMS_AUTO_STR struct hms_str more = HMS_STR_INIT;

		hms_str_add(&more, "and ");
		hms_format_counted(&more, verdict->more, "more goroutine");
		draw_note(text, hms_str_text(&more));
	}
	for (size_t i = 0; i < verdict->nnotes; i++)
		draw_note(text, verdict->notes[i]);
}
