/*
 * Drawings in characters.
 *
 * A picture has rows of a power of two cells, as bucket arrays have; where there are more cells
 * than some rows hold, neighbours are merged.  Below a row stand the numbers of overflow buckets,
 * where there are any.
 */
#include "report/picture.h"

#include <string.h>

#include "report/format.h"

#define INDENT   2
#define MAX_ROWS 8
#define MAX_BAR  40 /* columns */

/* What cells of a picture may be drawn as; the legend explains those that were used. */
enum look { LOOK_EMPTY, LOOK_FILLED, LOOK_MOVED, LOOK_UNREAD, LOOK_OVERFLOW, NLOOKS };

struct canvas {
	const struct hms_paper *paper;
	const struct hms_picture *picture;
	size_t merge; /* cells of the picture to one drawn */
	size_t ndrawn;
	size_t a_row;
	size_t label_width;
	bool used[NLOOKS];
};

static const char *const fill_blocks[] = {
	"\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84",
	"\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88",
};
static const char *const fill_digits[] = {"1", "2", "3", "4", "5", "6", "7", "8"};

/* Horizontal bars by eighths of a column. */
static const char *const bar_blocks[] = {
	"",
	"\xe2\x96\x8f",
	"\xe2\x96\x8e",
	"\xe2\x96\x8d",
	"\xe2\x96\x8c",
	"\xe2\x96\x8b",
	"\xe2\x96\x8a",
	"\xe2\x96\x89",
};
#define FULL_BLOCK  "\xe2\x96\x88"
#define LIGHT_SHADE "\xe2\x96\x91"

static void merge_cell(struct hms_map_cell *into, const struct hms_map_cell *cell)
{
	into->live += cell->live;
	into->slots += cell->slots;
	into->overflow += cell->overflow;
	into->moved += cell->moved;
	into->unread += cell->unread;
}

static struct hms_map_cell drawn_cell(const struct canvas *canvas, size_t i)
{
	const struct hms_picture *picture = canvas->picture;
	size_t end = HMS_MIN((i + 1) * canvas->merge, picture->ncells);
	struct hms_map_cell cell = {0};

	for (size_t at = i * canvas->merge; at < end; at++)
		merge_cell(&cell, &picture->cells[at]);
	return cell;
}

/* Buckets that stand behind drawn cell @i; the last may have fewer. */
static uint64_t units_of(const struct canvas *canvas, size_t i)
{
	const struct hms_picture *picture = canvas->picture;
	uint64_t each = picture->units_a_cell * canvas->merge;
	uint64_t before = each * i;

	return before < picture->nunits ? HMS_MIN(each, picture->nunits - before) : 0;
}

static enum look look_of(const struct canvas *canvas, const struct hms_map_cell *cell,
			 uint64_t units)
{
	if (cell->unread)
		return LOOK_UNREAD;
	if (canvas->picture->old && cell->moved >= units)
		return LOOK_MOVED;
	return cell->live ? LOOK_FILLED : LOOK_EMPTY;
}

/* Eighths of the slots that hold entries, 1..8. */
static unsigned int eighths(const struct hms_map_cell *cell)
{
	double fill = cell->slots ? (double)cell->live / (double)cell->slots : 1;
	double n = fill * 8;

	return n >= 8 ? 8 : n <= 1 ? 1 : (unsigned int)n + (n > (unsigned int)n);
}

static enum hms_paint look_paint(enum look look)
{
	if (look == LOOK_UNREAD)
		return HMS_PAINT_BAD;
	return look == LOOK_FILLED ? HMS_PAINT_PLAIN : HMS_PAINT_QUIET;
}

static const char *look_mark(bool utf8, enum look look, const struct hms_map_cell *cell)
{
	switch (look) {
	case LOOK_FILLED: return (utf8 ? fill_blocks : fill_digits)[eighths(cell) - 1];
	case LOOK_EMPTY: return utf8 ? "\xc2\xb7" : ".";
	case LOOK_MOVED: return utf8 ? "\xe2\x95\x8c" : "-";
	default: return "?";
	}
}

static void draw_label(const struct canvas *canvas, size_t first)
{
	const struct hms_paper *paper = canvas->paper;
	HMS_AUTO_STR struct hms_str label = HMS_STR_INIT;

	hms_format_count(&label, (uint64_t)first * canvas->merge * canvas->picture->units_a_cell);
	fprintf(paper->out, "%*s%s%*s%s  ", INDENT, "", hms_paint_on(paper, HMS_PAINT_QUIET),
		(int)canvas->label_width, hms_str_text(&label),
		hms_paint_off(paper, HMS_PAINT_QUIET));
}

/* The line of overflow buckets below a row; none where the row has none.  Those of buckets that
 * are gone don't matter. */
static void draw_overflow(struct canvas *canvas, size_t first, size_t end)
{
	HMS_AUTO_STR struct hms_str line = HMS_STR_INIT;
	size_t used = 0;

	for (size_t i = first; i < end; i++) {
		struct hms_map_cell cell = drawn_cell(canvas, i);
		bool gone = look_of(canvas, &cell, units_of(canvas, i)) == LOOK_MOVED;
		uint64_t n = gone ? 0 : cell.overflow;

		hms_str_addc(&line, n > 9 ? '+' : n > 0 ? (char)('0' + n) : ' ');
		if (n)
			used = line.len;
	}
	if (!used)
		return;
	canvas->used[LOOK_OVERFLOW] = true;
	fprintf(canvas->paper->out, "%*s%.*s\n", (int)(INDENT + canvas->label_width + 2), "",
		(int)used, line.s);
}

static void draw_row(struct canvas *canvas, size_t first)
{
	size_t end = HMS_MIN(first + canvas->a_row, canvas->ndrawn);
	const struct hms_paper *paper = canvas->paper;
	enum hms_paint paint = HMS_PAINT_PLAIN;

	draw_label(canvas, first);
	for (size_t i = first; i < end; i++) {
		struct hms_map_cell cell = drawn_cell(canvas, i);
		enum look look = look_of(canvas, &cell, units_of(canvas, i));

		canvas->used[look] = true;
		hms_paint_change(paper, paint, look_paint(look));
		paint = look_paint(look);
		fputs(look_mark(paper->utf8, look, &cell), paper->out);
	}
	hms_paint_change(paper, paint, HMS_PAINT_PLAIN);
	fputc('\n', paper->out);
	draw_overflow(canvas, first, end);
}

static void draw_legend(const struct canvas *canvas)
{
	bool utf8 = canvas->paper->utf8;
	const char *const texts[NLOOKS] = {
		[LOOK_FILLED] = utf8 ? "\xe2\x96\x81 to \xe2\x96\x88 fill" : "1 to 8 eighths full",
		[LOOK_EMPTY] = utf8 ? "\xc2\xb7 empty" : ". empty",
		[LOOK_MOVED] = utf8 ? "\xe2\x95\x8c moved" : "- moved",
		[LOOK_UNREAD] = "? cannot be read",
		[LOOK_OVERFLOW] = "below: overflow buckets (+ 10 or more)",
	};
	static const enum look order[] = {LOOK_FILLED, LOOK_EMPTY, LOOK_MOVED, LOOK_UNREAD,
					  LOOK_OVERFLOW};
	struct hms_flow flow;
	size_t indent = INDENT + canvas->label_width + 2;

	hms_flow_begin(&flow, canvas->paper, indent, indent);
	for (size_t i = 0; i < HMS_ARRAY_LEN(order); i++)
		if (canvas->used[order[i]])
			hms_flow_part(&flow, 3, HMS_PAINT_QUIET, texts[order[i]]);
	hms_flow_end(&flow);
}

/* "old buckets" of "bucket"s: the title says what is counted. */
static bool names_units(const struct hms_picture *picture)
{
	size_t title = strlen(picture->title), unit = strlen(picture->unit);

	return title > unit && picture->title[title - 1] == 's' &&
	       memcmp(picture->title + title - 1 - unit, picture->unit, unit) == 0;
}

static void draw_title(const struct canvas *canvas)
{
	const struct hms_picture *picture = canvas->picture;
	HMS_AUTO_STR struct hms_str title = HMS_STR_INIT, text = HMS_STR_INIT;
	uint64_t each = picture->units_a_cell * canvas->merge;
	struct hms_flow flow;

	hms_paper_escape(canvas->paper, &title, picture->title);
	hms_format_count(&text, picture->nunits);
	if (!names_units(picture)) {
		hms_str_addc(&text, ' ');
		hms_paper_escape(canvas->paper, &text, picture->unit);
		hms_str_add(&text, picture->nunits == 1 ? "" : "s");
	}
	if (each > 1) {
		hms_str_add(&text, ", ");
		hms_format_count(&text, each);
		hms_str_add(&text, " to a mark");
	}
	hms_flow_begin(&flow, canvas->paper, 0, INDENT);
	hms_flow_text(&flow, 0, HMS_PAINT_TITLE, hms_str_text(&title));
	hms_flow_text(&flow, 2, HMS_PAINT_PLAIN, hms_str_text(&text));
	hms_flow_end(&flow);
}

static size_t label_width(const struct hms_picture *picture)
{
	HMS_AUTO_STR struct hms_str label = HMS_STR_INIT;

	hms_format_count(&label, picture->nunits);
	return label.len;
}

/* Largest power of two of marks in a row, and the least merging that fits the rows. */
static void lay_out(struct canvas *canvas)
{
	size_t margin = INDENT + canvas->label_width + 2;
	size_t room = canvas->paper->width > margin ? canvas->paper->width - margin : 1;
	size_t ncells = canvas->picture->ncells;

	canvas->a_row = 1;
	while (canvas->a_row * 2 <= room)
		canvas->a_row *= 2;
	canvas->merge = 1;
	while ((ncells - 1) / canvas->merge + 1 > canvas->a_row * MAX_ROWS)
		canvas->merge *= 2;
	canvas->ndrawn = (ncells - 1) / canvas->merge + 1;
}

void hms_draw_picture(const struct hms_paper *paper, const struct hms_picture *picture)
{
	struct canvas canvas = {.paper = paper, .picture = picture};

	if (picture->ncells == 0)
		return;
	canvas.label_width = label_width(picture);
	lay_out(&canvas);
	draw_title(&canvas);
	for (size_t first = 0; first < canvas.ndrawn; first += canvas.a_row)
		draw_row(&canvas, first);
	draw_legend(&canvas);
}

/* ---- bars ---- */

/* @value of @max as a bar of @width columns; what is not nothing shows. */
static void add_bar(struct hms_str *ret, bool utf8, double value, double max, size_t width)
{
	double columns = max > 0 ? value / max * (double)width : 0;
	unsigned int n = (unsigned int)(columns * (utf8 ? 8 : 1) + 0.5);
	unsigned int step = utf8 ? 8 : 1;

	if (n == 0 && value > 0)
		n = 1;
	for (; n >= step; n -= step)
		hms_str_add(ret, utf8 ? FULL_BLOCK : "#");
	if (n)
		hms_str_add(ret, bar_blocks[n]);
}

struct bars {
	size_t n; /* without empty ones at the end */
	size_t label_width;
	size_t count_width;
	uint64_t max;
	uint64_t total;
};

static void measure_bars(const struct hms_paper *paper, const struct hms_histogram *histogram,
			 struct bars *ret)
{
	*ret = (struct bars){0};
	for (size_t i = 0; i < histogram->nbars; i++) {
		const struct hms_bar *bar = &histogram->bars[i];
		HMS_AUTO_STR struct hms_str label = HMS_STR_INIT, count = HMS_STR_INIT;

		hms_paper_escape(paper, &label, bar->label);
		hms_format_count(&count, bar->value);
		ret->label_width = HMS_MAX(ret->label_width, label.len);
		ret->count_width = HMS_MAX(ret->count_width, count.len);
		ret->max = HMS_MAX(ret->max, bar->value);
		ret->total += bar->value;
		if (bar->value)
			ret->n = i + 1;
	}
}

static void draw_bar(const struct hms_paper *paper, const struct bars *bars,
		     const struct hms_bar *bar)
{
	HMS_AUTO_STR struct hms_str label = HMS_STR_INIT, count = HMS_STR_INIT,
				    drawn = HMS_STR_INIT;
	size_t taken = INDENT + bars->label_width + 2 + bars->count_width + 2;
	size_t room = paper->width > taken ? HMS_MIN(paper->width - taken, MAX_BAR) : 1;

	hms_paper_escape(paper, &label, bar->label);
	hms_format_count(&count, bar->value);
	add_bar(&drawn, paper->utf8, (double)bar->value, (double)bars->max, room);
	fprintf(paper->out, "%*s%*s  %*s%s%s\n", INDENT, "", (int)bars->label_width,
		hms_str_text(&label), (int)bars->count_width, hms_str_text(&count),
		drawn.len ? "  " : "", hms_str_text(&drawn));
}

void hms_draw_histogram(const struct hms_paper *paper, const struct hms_histogram *histogram)
{
	HMS_AUTO_STR struct hms_str title = HMS_STR_INIT, total = HMS_STR_INIT;
	struct hms_flow flow;
	struct bars bars;

	measure_bars(paper, histogram, &bars);
	if (bars.n == 0)
		return;
	hms_paper_escape(paper, &title, histogram->title);
	hms_format_count(&total, bars.total);
	hms_str_addc(&total, ' ');
	hms_paper_escape(paper, &total, histogram->unit);
	hms_flow_begin(&flow, paper, 0, INDENT);
	hms_flow_text(&flow, 0, HMS_PAINT_TITLE, hms_str_text(&title));
	hms_flow_text(&flow, 2, HMS_PAINT_PLAIN, hms_str_text(&total));
	hms_flow_end(&flow);
	for (size_t i = 0; i < bars.n; i++)
		draw_bar(paper, &bars, &histogram->bars[i]);
}

void hms_draw_progress(const struct hms_paper *paper, const struct hms_progress_bar *bar)
{
	HMS_AUTO_STR struct hms_str title = HMS_STR_INIT, text = HMS_STR_INIT, drawn = HMS_STR_INIT;
	uint64_t done = HMS_MIN(bar->done, bar->total);
	size_t width = paper->width >= 60 ? 32 : 16, full;
	struct hms_flow flow;

	hms_paper_escape(paper, &title, bar->title);
	hms_paper_escape(paper, &text, bar->text);
	hms_flow_begin(&flow, paper, 0, INDENT);
	hms_flow_text(&flow, 0, HMS_PAINT_TITLE, hms_str_text(&title));
	if (bar->total) {
		full = (size_t)((double)done / (double)bar->total * (double)width);
		for (size_t i = 0; i < width; i++)
			hms_str_add(&drawn, paper->utf8 ? (i < full ? FULL_BLOCK : LIGHT_SHADE)
							: (i < full ? "#" : "."));
		hms_flow_part(&flow, 2, HMS_PAINT_PLAIN, hms_str_text(&drawn));
		hms_str_clear(&drawn);
		hms_format_percent(&drawn, done, bar->total);
		hms_flow_part(&flow, 2, HMS_PAINT_PLAIN, hms_str_text(&drawn));
	}
	hms_flow_text(&flow, 2, HMS_PAINT_PLAIN, hms_str_text(&text));
	hms_flow_end(&flow);
}
