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
	struct hms_str line; /* scratch */
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
	for (size_t i = 0; i < n; i++) {
		table->columns[i] = columns[i];
		table->headings |= columns[i].header != NULL;
		table->widths[i] = header_width(&columns[i]);
	}
}

/* ---- what fits ---- */

/* Width of the widest line of a cell. */
static size_t cell_width(const char *text)
{
	size_t width = 0;

	for (;;) {
		size_t len = strcspn(text, "\n");

		width = HMS_MAX(width, hms_utf8_width(text, len));
		if (!text[len])
			return width;
		text += len + 1;
	}
}

static void measure(struct hms_table *table)
{
	for (size_t i = 0; i < table->ncells; i++) {
		size_t *width = &table->widths[i % table->ncolumns];

		*width = HMS_MAX(*width, cell_width(table->text.s + table->cells[i].off));
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

/* libsmartcols makes a column as wide as its cells, batch for batch: the first row is padded to
 * the width that the column has. */
static const char *padded(struct hms_table *table, size_t i, const char *text)
{
	static const char spaces[] = "                ";
	size_t width = cell_width(text), missing;
	struct hms_str pad = HMS_STR_INIT;

	if (i + 1 == table->ncolumns || strchr(text, '\n'))
		return text;
	missing = table->widths[i] - HMS_MIN(width, table->widths[i]);
	if (!table->columns[i].right)
		hms_str_add(&pad, text);
	for (; missing; missing -= HMS_MIN(missing, sizeof(spaces) - 1))
		hms_str_addn(&pad, spaces, HMS_MIN(missing, sizeof(spaces) - 1));
	if (table->columns[i].right)
		hms_str_add(&pad, text);
	hms_str_deinit(&table->line);
	table->line = pad;
	return hms_str_text(&table->line);
}

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
		if (i < table->ncolumns)
			text = padded(table, at, text);
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

static void flush_rows(struct hms_table *table)
{
	struct libscols_table *scols;
	char *drawn = NULL;

	if (table->ncells == 0)
		return;
	assert(table->ncells % table->ncolumns == 0);
	measure(table);
	fit(table);
	scols = new_scols(table);
	fill_scols(table, scols);
	if (scols_print_table_to_string(scols, &drawn) != 0 || !drawn)
		hms_out_of_memory();
	write_lines(table, drawn);
	free(drawn);
	scols_unref_table(scols);
	table->ncells = 0;
	hms_str_clear(&table->text);
}

void hms_table_cell(struct hms_table *table, enum hms_paint paint, const char *text)
{
	size_t len = strlen(text);

	if (table->ncells % table->ncolumns == 0 &&
	    (table->ncells >= BATCH_ROWS * table->ncolumns || table->text.len >= BATCH_BYTES))
		flush_rows(table);
	HMS_GROW(table->cells, table->ncells, table->cells_cap);
	table->cells[table->ncells++] = (struct cell){table->text.len, len, paint};
	hms_str_addn(&table->text, text, len + 1);
}

void hms_table_end(struct hms_table *table)
{
	flush_rows(table);
}
