/* Text: the table of maps, and the title line of one. */
#include <string.h>

#include "report/format.h"
#include "report/text.h"
#include "util/arena.h"

static bool is_column(const struct hms_column *column, const char *id)
{
	return strcmp(column->id, id) == 0;
}

/* What gives way on a narrow terminal: types are cut, paths wrap, for they are what one copies. */
static struct hms_table_column table_column(const struct hms_column *column)
{
	struct hms_table_column ret = {.header = column->header, .right = column->right};

	if (is_column(column, "type") || is_column(column, "type_path")) {
		ret.min_width = 14;
		ret.max_lines = 1;
	} else if (is_column(column, "owner")) {
		ret.min_width = 20;
		ret.max_lines = 4;
	} else if (!column->right && column->json) {
		ret.min_width = 8;
		ret.max_lines = 4;
	}
	return ret;
}

void text_maps_begin(struct hms_renderer *r, const struct hms_column *const *columns,
		     size_t ncolumns)
{
	HMS_AUTO_FREE struct hms_table_column *drawn = hms_xcalloc(ncolumns + 1, sizeof(*drawn));
	struct text *text = text_of(r);

	text_summary(text);
	text_go_on(text, BLOCK_MAPS);
	text->columns = hms_xrealloc(text->columns, ncolumns, sizeof(*columns));
	memcpy(text->columns, columns, ncolumns * sizeof(*columns));
	text->ncolumns = ncolumns;
	text->note_column = ncolumns == 0 || columns[ncolumns - 1]->right;
	for (size_t i = 0; i < ncolumns; i++)
		drawn[i] = table_column(columns[i]);
	drawn[ncolumns] = (struct hms_table_column){.header = "", .min_width = 20, .max_lines = 4};
	hms_table_begin(text->table, drawn, ncolumns + text->note_column, 2);
}

static enum hms_paint map_paint(const struct hms_column *column, const struct hms_map_row *row)
{
	if (is_column(column, "growth"))
		return HMS_PAINT_ODD;
	if (row->map->damaged && (is_column(column, "owner") || is_column(column, "damaged")))
		return HMS_PAINT_BAD;
	return HMS_PAINT_PLAIN;
}

/* A note stands below the cell on a terminal, behind it where a record is a line. */
static void add_note(struct text *text, const char *note)
{
	if (!note)
		return;
	if (text->cell.len)
		hms_str_add(&text->cell, text->paper.bounded ? "\n" : "  ");
	hms_paper_escape(&text->paper, &text->cell, note);
}

static void draw_row(struct text *text, const struct hms_map_row *row)
{
	size_t n = text->ncolumns;

	for (size_t i = 0; i < n; i++) {
		hms_str_clear(&text->cell);
		hms_column_text(text->columns[i], row, text->paper.utf8, &text->cell);
		if (i + 1 == n && !text->note_column)
			add_note(text, row->note);
		hms_table_cell(text->table, map_paint(text->columns[i], row),
			       hms_str_text(&text->cell));
	}
	if (!text->note_column)
		return;
	hms_str_clear(&text->cell);
	add_note(text, row->note);
	hms_table_cell(text->table, row->map->damaged ? HMS_PAINT_BAD : HMS_PAINT_PLAIN,
		       hms_str_text(&text->cell));
}

/* The line above what follows about one map. */
static void draw_subject(struct text *text, const struct hms_map_row *row)
{
	const struct hms_map *map = row->map;
	struct hms_flow flow;

	text_start_block(text, BLOCK_LINES);
	hms_flow_begin(&flow, &text->paper, 0, 2);
	text_part(text, &flow, HMS_PAINT_TITLE, "", row->owner ? row->owner : "map without owner");
	text_part(text, &flow, HMS_PAINT_TITLE, "", map->type ? map->type->name : "type unknown");
	hms_str_clear(&text->cell);
	hms_format_addr(&text->cell, map->addr);
	hms_flow_part(&flow, 2, HMS_PAINT_PLAIN, hms_str_text(&text->cell));
	hms_flow_end(&flow);
	if (row->note)
		text_remark(text, map->damaged ? HMS_PAINT_BAD : HMS_PAINT_ODD, row->note);
}

void text_map(struct hms_renderer *r, const struct hms_map_row *row)
{
	struct text *text = text_of(r);

	if (text->block == BLOCK_MAPS) {
		draw_row(text, row);
	} else {
		draw_subject(text, row);
		text->summarised = true; /* one map is the matter, not all */
	}
}

void text_maps_end(struct hms_renderer *r)
{
	text_go_on(text_of(r), BLOCK_DRAWN);
}
