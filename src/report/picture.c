/*
 * Drawings in characters.  Below a row of a picture stand the numbers of overflow buckets, where
 * there are any.
 */
#include "report/picture.h"

#include <string.h>

#include "report/format.h"
#include "report/grid.h"

#define INDENT   2
#define MAX_ROWS 8
#define MAX_BAR  40 /* columns */

struct canvas {
	const struct hms_paper *paper;
	struct hms_grid grid;
	size_t label_width;
	/* what the legend has to explain: */
	bool used[HMS_NLOOKS];
	bool overflow;
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

static enum hms_paint look_paint(enum hms_look look)
{
	if (look == HMS_LOOK_UNREAD)
		return HMS_PAINT_BAD;
	return look == HMS_LOOK_FILLED ? HMS_PAINT_PLAIN : HMS_PAINT_QUIET;
}

static const char *look_mark(bool utf8, const struct hms_grid_cell *cell)
{
	double n = hms_grid_fill(cell) * 8;
	unsigned int eighths = n <= 1 ? 1 : (unsigned int)n + (n > (unsigned int)n);

	switch (cell->look) {
	case HMS_LOOK_FILLED: return (utf8 ? fill_blocks : fill_digits)[eighths - 1];
	case HMS_LOOK_EMPTY: return utf8 ? "\xc2\xb7" : ".";
	case HMS_LOOK_MOVED: return utf8 ? "\xe2\x95\x8c" : "-";
	default: return "?";
	}
}

static void draw_label(const struct canvas *canvas, size_t first)
{
	const struct hms_paper *paper = canvas->paper;
	HMS_AUTO_STR struct hms_str label = HMS_STR_INIT;

	hms_format_count(&label, first * hms_grid_units(&canvas->grid));
	fprintf(paper->out, "%*s%s%*s%s  ", INDENT, "", hms_paint_on(paper, HMS_PAINT_QUIET),
		(int)canvas->label_width, hms_str_text(&label),
		hms_paint_off(paper, HMS_PAINT_QUIET));
}

/* The line of overflow buckets below a row; none where the row has none. */
static void draw_overflow(struct canvas *canvas, size_t first, size_t end)
{
	HMS_AUTO_STR struct hms_str line = HMS_STR_INIT;
	size_t used = 0;

	for (size_t i = first; i < end; i++) {
		struct hms_grid_cell cell;

		hms_grid_cell(&canvas->grid, i, &cell);
		hms_str_addc(&line, cell.overflow > 9 ? '+'
				    : cell.overflow   ? (char)('0' + cell.overflow)
						      : ' ');
		if (cell.overflow)
			used = line.len;
	}
	if (!used)
		return;
	canvas->overflow = true;
	fprintf(canvas->paper->out, "%*s%.*s\n", (int)(INDENT + canvas->label_width + 2), "",
		(int)used, line.s);
}

static void draw_row(struct canvas *canvas, size_t first)
{
	size_t end = HMS_MIN(first + canvas->grid.a_row, canvas->grid.ncells);
	const struct hms_paper *paper = canvas->paper;
	enum hms_paint paint = HMS_PAINT_PLAIN;

	draw_label(canvas, first);
	for (size_t i = first; i < end; i++) {
		struct hms_grid_cell cell;

		hms_grid_cell(&canvas->grid, i, &cell);
		canvas->used[cell.look] = true;
		hms_paint_change(paper, paint, look_paint(cell.look));
		paint = look_paint(cell.look);
		fputs(look_mark(paper->utf8, &cell), paper->out);
	}
	hms_paint_change(paper, paint, HMS_PAINT_PLAIN);
	fputc('\n', paper->out);
	draw_overflow(canvas, first, end);
}

static void draw_legend(const struct canvas *canvas)
{
	bool utf8 = canvas->paper->utf8;
	const char *const texts[HMS_NLOOKS] = {
		[HMS_LOOK_FILLED] =
			utf8 ? "\xe2\x96\x81 to \xe2\x96\x88 fill" : "1 to 8 eighths full",
		[HMS_LOOK_EMPTY] = utf8 ? "\xc2\xb7 empty" : ". empty",
		[HMS_LOOK_MOVED] = utf8 ? "\xe2\x95\x8c moved" : "- moved",
		[HMS_LOOK_UNREAD] = "? cannot be read",
	};
	static const enum hms_look order[] = {HMS_LOOK_FILLED, HMS_LOOK_EMPTY, HMS_LOOK_MOVED,
					      HMS_LOOK_UNREAD};
	struct hms_flow flow;
	size_t indent = INDENT + canvas->label_width + 2;

	hms_flow_begin(&flow, canvas->paper, indent, indent);
	for (size_t i = 0; i < HMS_ARRAY_LEN(order); i++)
		if (canvas->used[order[i]])
			hms_flow_part(&flow, 3, HMS_PAINT_QUIET, texts[order[i]]);
	if (canvas->overflow)
		hms_flow_part(&flow, 3, HMS_PAINT_QUIET, "below: overflow buckets (+ 10 or more)");
	hms_flow_end(&flow);
}

static void draw_title(const struct canvas *canvas)
{
	HMS_AUTO_STR struct hms_str title = HMS_STR_INIT, caption = HMS_STR_INIT;
	HMS_AUTO_STR struct hms_str escaped = HMS_STR_INIT;
	struct hms_flow flow;

	hms_paper_escape(canvas->paper, &title, canvas->grid.picture->title);
	hms_grid_caption(&canvas->grid, &caption);
	hms_paper_escape(canvas->paper, &escaped, hms_str_text(&caption));
	hms_flow_begin(&flow, canvas->paper, 0, INDENT);
	hms_flow_text(&flow, 0, HMS_PAINT_TITLE, hms_str_text(&title));
	hms_flow_text(&flow, 2, HMS_PAINT_PLAIN, hms_str_text(&escaped));
	hms_flow_end(&flow);
}

static size_t label_width(const struct hms_picture *picture)
{
	HMS_AUTO_STR struct hms_str label = HMS_STR_INIT;

	hms_format_count(&label, picture->nunits);
	return label.len;
}

void hms_draw_picture(const struct hms_paper *paper, const struct hms_picture *picture)
{
	struct canvas canvas = {.paper = paper};
	size_t margin;

	if (picture->ncells == 0)
		return;
	canvas.label_width = label_width(picture);
	margin = INDENT + canvas.label_width + 2;
	hms_grid_init(&canvas.grid, picture, paper->width > margin ? paper->width - margin : 1,
		      MAX_ROWS);
	draw_title(&canvas);
	for (size_t first = 0; first < canvas.grid.ncells; first += canvas.grid.a_row)
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
