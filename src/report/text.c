/*
 * The text renderer: a report for the eye.  What is normal is quiet, what is odd stands out, and
 * a line that has nothing to say is not there.
 */
#include "report/addresses.h"
#include "report/text.h"

#include <stdlib.h>
#include <string.h>

#include "report/picture.h"
#include "util/arena.h"

static void finish_block(struct text *text)
{
	if (text->block == BLOCK_MAPS || text->block == BLOCK_FIELDS ||
	    text->block == BLOCK_FINDINGS || text->block == BLOCK_SITES)
		hms_table_end(text->table);
}

void text_start_block(struct text *text, enum text_block block)
{
	finish_block(text);
	if (text->block != BLOCK_NONE)
		fputc('\n', text->paper.out);
	text->block = block;
}

void text_go_on(struct text *text, enum text_block block)
{
	finish_block(text);
	text->block = block;
}

void text_part(struct text *text, struct hms_flow *flow, enum hms_paint paint, const char *prefix,
	       const char *s)
{
	if (!s)
		return;
	hms_str_clear(&text->cell);
	hms_str_add(&text->cell, prefix);
	hms_paper_escape(&text->paper, &text->cell, s);
	hms_flow_part(flow, 2, paint, hms_str_text(&text->cell));
}

void text_remark(struct text *text, enum hms_paint paint, const char *sentence)
{
	struct hms_flow flow;

	hms_str_clear(&text->cell);
	hms_paper_escape(&text->paper, &text->cell, sentence);
	hms_flow_begin(&flow, &text->paper, 0, 2);
	hms_flow_part(&flow, 0, paint, "!");
	hms_flow_text(&flow, 1, paint, hms_str_text(&text->cell));
	hms_flow_end(&flow);
}

static void text_section(struct hms_renderer *r, const char *title)
{
	struct text *text = text_of(r);
	struct hms_flow flow;

	text_start_block(text, BLOCK_LINES);
	hms_str_clear(&text->cell);
	hms_paper_escape(&text->paper, &text->cell, title);
	hms_flow_begin(&flow, &text->paper, 0, 2);
	hms_flow_text(&flow, 0, HMS_PAINT_TITLE, hms_str_text(&text->cell));
	hms_flow_end(&flow);
}

static void text_line(struct hms_renderer *r, const char *line)
{
	struct text *text = text_of(r);
	size_t indent = strspn(line, " ");
	struct hms_flow flow;

	text_go_on(text, BLOCK_LINES);
	hms_str_clear(&text->cell);
	hms_paper_escape(&text->paper, &text->cell, line + indent);
	indent = HMS_MIN(indent, text->paper.width / 2);
	hms_flow_begin(&flow, &text->paper, indent, indent + 2);
	hms_flow_text(&flow, 0, HMS_PAINT_PLAIN, hms_str_text(&text->cell));
	hms_flow_end(&flow);
}

static void text_field(struct hms_renderer *r, const struct hms_field *field)
{
	static const struct hms_table_column columns[] = {
		{.header = NULL},
		{.min_width = 12, .max_lines = 8},
		{.min_width = 24, .max_lines = 12},
	};
	enum hms_paint paint = field->odd ? HMS_PAINT_ODD : HMS_PAINT_PLAIN;
	struct text *text = text_of(r);
	struct hms_str *cell = &text->cell;

	if (text->block != BLOCK_FIELDS) {
		if (text->block == BLOCK_LINES)
			text_go_on(text, BLOCK_FIELDS);
		else
			text_start_block(text, BLOCK_FIELDS);
		hms_table_begin(text->table, columns, HMS_ARRAY_LEN(columns), 0);
	}
	hms_str_clear(cell);
	hms_str_add(cell, field->odd ? "! " : "  ");
	hms_paper_escape(&text->paper, cell, field->name);
	hms_table_cell(text->table, paint, hms_str_text(cell));
	hms_str_clear(cell);
	hms_paper_escape(&text->paper, cell, field->value);
	hms_table_cell(text->table, paint, hms_str_text(cell));
	hms_str_clear(cell);
	hms_paper_escape(&text->paper, cell, field->meaning);
	if (field->normal) {
		hms_str_add(cell, cell->len ? "; normal: " : "normal: ");
		hms_paper_escape(&text->paper, cell, field->normal);
	}
	hms_table_cell(text->table, field->odd ? HMS_PAINT_PLAIN : HMS_PAINT_QUIET,
		       hms_str_text(cell));
}

static void text_picture(struct hms_renderer *r, const struct hms_picture *picture)
{
	struct text *text = text_of(r);

	if (picture->ncells == 0)
		return;
	text_start_block(text, BLOCK_DRAWN);
	hms_draw_picture(&text->paper, picture);
}

static void text_histogram(struct hms_renderer *r, const struct hms_histogram *histogram)
{
	struct text *text = text_of(r);
	bool empty = true;

	for (size_t i = 0; i < histogram->nbars; i++)
		empty &= histogram->bars[i].value == 0;
	if (empty)
		return;
	text_start_block(text, BLOCK_DRAWN);
	hms_draw_histogram(&text->paper, histogram);
}

static void text_progress(struct hms_renderer *r, const struct hms_progress_bar *bar)
{
	struct text *text = text_of(r);

	text_start_block(text, BLOCK_DRAWN);
	hms_draw_progress(&text->paper, bar);
}

static bool text_end(struct hms_renderer *r)
{
	struct text *text = text_of(r);
	FILE *out = text->paper.out;

	text_go_on(text, BLOCK_LINES);
	text_summary(text);
	text_work(text);
	return fflush(out) == 0 && !ferror(out);
}

static void text_destroy(struct hms_renderer *r)
{
	struct text *text = text_of(r);

	hms_table_destroy(text->table);
	hms_str_deinit(&text->cell);
	free(text->columns);
	free(text);
}

/* Lines and fields have drawn it. */
static void ignore_lookup(struct hms_renderer *r, const struct hms_lookup_row *row)
{
	(void)r;
	(void)row;
}

static const struct hms_renderer_ops text_ops = {
	.begin = text_begin,
	.section = text_section,
	.line = text_line,
	.maps_begin = text_maps_begin,
	.map = text_map,
	.maps_end = text_maps_end,
	.field = text_field,
	.picture = text_picture,
	.histogram = text_histogram,
	.progress = text_progress,
	.verdict = text_verdict,
	.finding = text_finding,
	.goroutines = text_goroutines,
	.diff = text_diff,
	.site = text_site,
	.lookup = ignore_lookup,
	.address = hms_draw_address,
	.end = text_end,
	.destroy = text_destroy,
};

struct hms_renderer *hms_text_renderer_create(const struct hms_render_options *options)
{
	struct text *text = hms_xcalloc(1, sizeof(*text));

	text->renderer.ops = &text_ops;
	hms_paper_init(&text->paper, options);
	text->table = hms_table_create(&text->paper);
	return &text->renderer;
}
