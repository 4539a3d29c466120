/* Tables on paper, by libsmartcols, which aligns; what must fit is wrapped and cut here. */
#include "report/table.h"

#include <assert.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "util/escape.h"
#include "util/arena.h"

#define BATCH_ROWS  1024
#define BATCH_BYTES (1 << 20)
#define GAP         2 /* spaces between columns */

struct cell {
	size_t off; /* of its text, which ends with NUL */
	size_t len;
	size_t width; /* of its widest line */
	bool lines;   /* more than one */
	enum hms_paint paint;
};

struct hms_table {
	const struct hms_paper *paper;
	struct hms_table_column *columns;
	size_t *widths; /* this batch's; never less than the last one's */
	size_t ncolumns;
	size_t indent;
	bool headings; /* still to be drawn */
	struct hms_str text;
	struct cell *cells;
	size_t ncells;
	size_t cells_cap;
	bool first_rows;                 /* none is drawn yet */
	struct hms_str line, row, drawn; /* scratch */
};

struct hms_table *hms_table_create(const struct hms_paper *paper)
{
	struct hms_table *table = hms_xcalloc(1, sizeof(*table));

	table->paper = paper;
	return table;
}

void hms_table_destroy(struct hms_table *table)
{
	if (!table)
		return;
	free(table->columns);
	free(table->widths);
	free(table->cells);
	hms_str_deinit(&table->text);
	hms_str_deinit(&table->line);
	hms_str_deinit(&table->row);
	hms_str_deinit(&table->drawn);
	free(table);
}

static size_t header_width(const struct hms_table_column *column)
{
	return column->header ? hms_utf8_width(column->header, strlen(column->header)) : 0;
}

void hms_table_begin(struct hms_table *table, const struct hms_table_column *columns, size_t n,
		     size_t indent)
{
	assert(table->ncells == 0);
	free(table->columns);
	free(table->widths);
	table->columns = hms_xcalloc(n, sizeof(*columns));
	table->widths = hms_xcalloc(n, sizeof(*table->widths));
	table->ncolumns = n;
	table->indent = indent;
	table->headings = false;
	table->first_rows = true;
	for (size_t i = 0; i < n; i++) {
		table->columns[i] = columns[i];
		table->headings |= columns[i].header != NULL;
		table->widths[i] = header_width(&columns[i]);
	}
}

/* ---- what fits ---- */

static void measure(struct hms_table *table)
{
	for (size_t i = 0; i < table->ncells; i++) {
		size_t *width = &table->widths[i % table->ncolumns];

		*width = HMS_MAX(*width, table->cells[i].width);
	}
}

static bool can_shrink(const struct hms_table *table, size_t i)
{
	size_t min = table->columns[i].min_width;

	return min > 0 && table->widths[i] > min;
}

/* The widest flexible column gives way first. */
static bool shrink_one(struct hms_table *table)
{
	size_t widest = table->ncolumns;

	for (size_t i = 0; i < table->ncolumns; i++)
		if (can_shrink(table, i) &&
		    (widest == table->ncolumns || table->widths[i] >= table->widths[widest]))
			widest = i;
	if (widest == table->ncolumns)
		return false;
	table->widths[widest]--;
	return true;
}

static size_t total_width(const struct hms_table *table)
{
	size_t total = table->indent + GAP * (table->ncolumns - 1);

	for (size_t i = 0; i < table->ncolumns; i++)
		total += table->widths[i];
	return total;
}

static void fit(struct hms_table *table)
{
	if (!table->paper->bounded)
		return;
	for (size_t i = 0; i < table->ncolumns; i++)
		if (can_shrink(table, i))
			table->widths[i] = HMS_MIN(table->widths[i], table->paper->width);
	while (total_width(table) > table->paper->width && shrink_one(table))
		;
}

/* Bytes of the longest beginning of @s that is at most @width wide, and never less than one
 * character. */
static size_t prefix_within(const char *s, size_t len, size_t width)
{
	size_t at = 0;
	uint32_t c;

	while (at < len) {
		size_t n = hms_utf8_decode(s + at, len - at, &c);
		size_t w = hms_utf8_width(s + at, n ? n : 1);

		if (w > width && at > 0)
			break;
		width -= HMS_MIN(w, width);
		at += n ? n : 1;
	}
	return at;
}

static size_t last_of(const char *s, size_t from, size_t to, const char *set)
{
	while (to > from && !strchr(set, s[to - 1]))
		to--;
	return to > from ? to : 0;
}

/* Where to break a line that has room for @fits bytes: behind a space, else behind a joint of a
 * Go path, where that leaves the line half full, else where the room ends. */
static size_t break_at(const char *s, size_t fits)
{
	size_t at = last_of(s, fits / 4, fits, " ");

	if (!at)
		at = last_of(s, fits / 2, fits, ".,;/])}");
	return at ? at : fits;
}

/* One line of a cell, wrapped into the column: continuation lines are indented. */
static void wrap_line(struct hms_table *table, size_t width, size_t max_lines, const char *s,
		      size_t len)
{
	struct hms_str *ret = &table->line;
	const char *mark = table->paper->utf8 ? "\xe2\x80\xa6" : "...";
	size_t mark_width = table->paper->utf8 ? 1 : 3;
	size_t room = width, n;

	for (size_t line = 1; hms_utf8_width(s, len) > room; line++) {
		if (line >= max_lines) {
			hms_str_addn(ret, s,
				     prefix_within(s, len, room - HMS_MIN(room, mark_width)));
			hms_str_add(ret, mark);
			return;
		}
		n = break_at(s, prefix_within(s, len, room));
		hms_str_addn(ret, s, s[n - 1] == ' ' ? n - 1 : n);
		hms_str_add(ret, "\n  ");
		s += n;
		len -= n;
		room = width > 2 + mark_width ? width - 2 : width;
	}
	hms_str_addn(ret, s, len);
}

/* The cell's text as it is drawn. */
static const char *fitted(struct hms_table *table, size_t index)
{
	const struct hms_table_column *column = &table->columns[index % table->ncolumns];
	size_t width = table->widths[index % table->ncolumns];
	const char *s = table->text.s + table->cells[index].off;

	if (!table->paper->bounded || column->min_width == 0)
		return s;
	hms_str_clear(&table->line);
	for (;;) {
		size_t len = strcspn(s, "\n");

		wrap_line(table, width, column->max_lines, s, len);
		if (!s[len])
			return hms_str_text(&table->line);
		hms_str_addc(&table->line, '\n');
		s += len + 1;
	}
}

/* ---- libsmartcols ---- */

/* libsmartcols fails for want of memory only. */
static void *must(void *p)
{
	if (!p)
		hms_out_of_memory();
	return p;
}

static struct libscols_table *new_scols(const struct hms_table *table)
{
	struct libscols_table *scols = must(scols_new_table());

	scols_table_set_termforce(scols, SCOLS_TERMFORCE_NEVER);
	scols_table_enable_noencoding(scols, 1); /* cells are escaped already */
	scols_table_enable_colors(scols, table->paper->color);
	scols_table_enable_noheadings(scols, !table->headings);
	scols_table_set_column_separator(scols, "  ");
	for (size_t i = 0; i < table->ncolumns; i++) {
		const struct hms_table_column *column = &table->columns[i];
		struct libscols_column *scol = must(scols_table_new_column(
			scols, column->header ? column->header : "", 0,
			SCOLS_FL_WRAP | (column->right ? SCOLS_FL_RIGHT : 0)));

		scols_column_set_wrapfunc(scol, scols_wrapnl_chunksize, scols_wrapnl_nextchunk,
					  NULL);
	}
	return scols;
}

static void fill_scols(struct hms_table *table, struct libscols_table *scols)
{
	struct libscols_line *line = NULL;

	for (size_t i = 0; i < table->ncells; i++) {
		size_t at = i % table->ncolumns;
		const char *text = fitted(table, i);

		if (at == 0)
			line = must(scols_table_new_line(scols, NULL));
		if (scols_line_set_data(line, at, text) != 0)
			hms_out_of_memory();
		if (table->paper->color && table->cells[i].len &&
		    table->cells[i].paint != HMS_PAINT_PLAIN)
			scols_cell_set_color(scols_line_get_cell(line, at),
					     hms_paint_on(table->paper, table->cells[i].paint));
	}
}

static void write_line(const struct hms_table *table, const char *line, size_t len,
		       enum hms_paint paint)
{
	FILE *out = table->paper->out;

	while (len && line[len - 1] == ' ')
		len--;
	fprintf(out, "%*s%s", (int)table->indent, "", hms_paint_on(table->paper, paint));
	fwrite(line, 1, len, out);
	fprintf(out, "%s\n", hms_paint_off(table->paper, paint));
}

static void write_lines(struct hms_table *table, const char *s)
{
	while (*s) {
		size_t len = strcspn(s, "\n");

		write_line(table, s, len, table->headings ? HMS_PAINT_QUIET : HMS_PAINT_PLAIN);
		table->headings = false;
		s += len + (s[len] == '\n');
	}
}

static void draw_by_scols(struct hms_table *table)
{
	struct libscols_table *scols = new_scols(table);
	char *drawn = NULL;

	fill_scols(table, scols);
	if (scols_print_table_to_string(scols, &drawn) != 0 || !drawn)
		hms_out_of_memory();
	write_lines(table, drawn);
	free(drawn);
	scols_unref_table(scols);
}

/* ---- the rows of a large table ---- */

static void add_spaces(struct hms_str *ret, size_t n)
{
	memset(hms_str_extend(ret, n), ' ', n);
}

/* The first line of *text, which moves behind it; at the end it is NULL. */
static size_t take_line(const char **text)
{
	size_t len = strcspn(*text, "\n");

	*text = (*text)[len] ? *text + len + 1 : NULL;
	return len;
}

/* Append a cell's line of @width, padded to its column. */
static void add_piece(struct hms_table *table, size_t column, enum hms_paint paint, const char *s,
		      size_t len, size_t width)
{
	size_t room = table->widths[column] - HMS_MIN(width, table->widths[column]);
	struct hms_str *ret = &table->drawn;
	bool right = table->columns[column].right;

	if (right)
		add_spaces(ret, room);
	if (len && table->paper->color) {
		hms_str_add(ret, hms_paint_on(table->paper, paint));
		hms_str_addn(ret, s, len);
		hms_str_add(ret, hms_paint_off(table->paper, paint));
	} else {
		hms_str_addn(ret, s, len);
	}
	if (!right)
		add_spaces(ret, room);
}

/* End the line that begins at @start, without the spaces at its end. */
static void end_line(struct hms_str *drawn, size_t start)
{
	while (drawn->len > start && drawn->s[drawn->len - 1] == ' ')
		drawn->len--;
	hms_str_addc(drawn, '\n');
}

/* One line of a row: the next line of each cell.  False where there is none left. */
static bool draw_line(struct hms_table *table, const struct cell *cells, const char **texts)
{
	size_t start = table->drawn.len;
	bool any = false;

	for (size_t i = 0; i < table->ncolumns; i++) {
		const char *s = texts[i] ? texts[i] : "";
		size_t len = texts[i] ? take_line(&texts[i]) : 0;

		add_spaces(&table->drawn, i ? GAP : table->indent);
		add_piece(table, i, cells[i].paint, s, len, hms_utf8_width(s, len));
		any |= texts[i] != NULL;
	}
	end_line(&table->drawn, start);
	return any;
}

/* What fits its column in one line is drawn as it is. */
static bool is_plain(const struct hms_table *table, const struct cell *cells)
{
	for (size_t i = 0; i < table->ncolumns; i++)
		if (cells[i].lines || cells[i].width > table->widths[i])
			return false;
	return true;
}

static void draw_plain(struct hms_table *table, const struct cell *cells)
{
	size_t start = table->drawn.len;

	for (size_t i = 0; i < table->ncolumns; i++) {
		add_spaces(&table->drawn, i ? GAP : table->indent);
		add_piece(table, i, cells[i].paint, table->text.s + cells[i].off, cells[i].len,
			  cells[i].width);
	}
	end_line(&table->drawn, start);
}

/* libsmartcols spends 20 microseconds a row, which 100,000 maps notice: what comes after the
 * first rows is drawn here, in the columns that those gave. */
static void draw_rows(struct hms_table *table)
{
	HMS_AUTO_FREE const char **texts = hms_xcalloc(table->ncolumns, sizeof(*texts));
	HMS_AUTO_FREE size_t *offsets = hms_xcalloc(table->ncolumns, sizeof(*offsets));

	for (size_t first = 0; first < table->ncells; first += table->ncolumns) {
		if (is_plain(table, &table->cells[first])) {
			draw_plain(table, &table->cells[first]);
			continue;
		}
		hms_str_clear(&table->row);
		for (size_t i = 0; i < table->ncolumns; i++) {
			const char *text = fitted(table, first + i);

			offsets[i] = table->row.len;
			hms_str_addn(&table->row, text, strlen(text) + 1);
		}
		for (size_t i = 0; i < table->ncolumns; i++)
			texts[i] = table->row.s + offsets[i];
		while (draw_line(table, &table->cells[first], texts))
			;
	}
	fwrite(table->drawn.s, 1, table->drawn.len, table->paper->out);
	hms_str_clear(&table->drawn);
}

static void flush_rows(struct hms_table *table)
{
	if (table->ncells == 0)
		return;
	assert(table->ncells % table->ncolumns == 0);
	measure(table);
	fit(table);
	if (table->first_rows)
		draw_by_scols(table);
	else
		draw_rows(table);
	table->first_rows = false;
	table->ncells = 0;
	hms_str_clear(&table->text);
}

static void measure_cell(struct cell *cell, const char *text)
{
	for (;;) {
		const char *end = strchr(text, '\n');
		size_t len = end ? (size_t)(end - text) : strlen(text);

		cell->width = HMS_MAX(cell->width, hms_utf8_width(text, len));
		if (!end)
			return;
		cell->lines = true;
		text = end + 1;
	}
}

void hms_table_cell(struct hms_table *table, enum hms_paint paint, const char *text)
{
	size_t len = strlen(text);
	struct cell *cell;

	if (table->ncells % table->ncolumns == 0 &&
	    (table->ncells >= BATCH_ROWS * table->ncolumns || table->text.len >= BATCH_BYTES))
		flush_rows(table);
	HMS_GROW(table->cells, table->ncells, table->cells_cap);
	cell = &table->cells[table->ncells++];
	*cell = (struct cell){.off = table->text.len, .len = len, .paint = paint};
	measure_cell(cell, text);
	hms_str_addn(&table->text, text, len + 1);
}

void hms_table_end(struct hms_table *table)
{
	flush_rows(table);
}
