/*
 * HTML: pictures of buckets as drawn rectangles, histograms as a table with bars, progress as the
 * element of that name.
 */
#include <inttypes.h>

#include "report/format.h"
#include "report/grid.h"
#include "report/html.h"

#define A_ROW      128
#define MAX_ROWS   64
#define CELL_WIDTH 7 /* of which one is the gap */
#define ROW_HEIGHT 24
#define BAR_HEIGHT 20
#define MAX_BAR    320

static void add_rect(struct html *html, const char *class, size_t x, size_t y, unsigned int height)
{
	hms_str_addf(&html->text, "<rect class=%s x=%zu y=%zu width=%d height=%u />", class, x, y,
		     CELL_WIDTH - 1, height);
}

/* A cell hangs on the bottom of its row: a bar as high as it is full, orange on top where buckets
 * have overflowed. */
static void draw_cell(struct html *html, const struct hms_grid_cell *cell, size_t x, size_t y)
{
	unsigned int height = 1;

	if (cell->look == HMS_LOOK_MOVED) {
		hms_str_addf(&html->text, "<path class=m d=\"M%zu %zuh%d\"/>", x,
			     y + BAR_HEIGHT / 2, CELL_WIDTH - 1);
		return;
	}
	if (cell->look == HMS_LOOK_UNREAD) {
		add_rect(html, "u", x, y, BAR_HEIGHT);
		return;
	}
	if (cell->look == HMS_LOOK_FILLED)
		height = 2 + (unsigned int)(hms_grid_fill(cell) * (BAR_HEIGHT - 2));
	add_rect(html, cell->look == HMS_LOOK_FILLED ? "f" : "e", x, y + BAR_HEIGHT - height,
		 height);
	if (cell->overflow)
		add_rect(html, "o", x, y, 3);
}

static void draw_grid(struct html *html, const struct hms_grid *grid)
{
	size_t rows = (grid->ncells - 1) / grid->a_row + 1;
	struct hms_grid_cell cell;

	hms_str_addf(&html->text, "<svg width=%zu height=%zu viewBox=\"0 0 %zu %zu\">",
		     grid->a_row * CELL_WIDTH, rows * ROW_HEIGHT, grid->a_row * CELL_WIDTH,
		     rows * ROW_HEIGHT);
	for (size_t i = 0; i < grid->ncells; i++) {
		hms_grid_cell(grid, i, &cell);
		draw_cell(html, &cell, i % grid->a_row * CELL_WIDTH, i / grid->a_row * ROW_HEIGHT);
		html_add(html, "");
	}
	html_add(html, "</svg>");
}

void html_picture(struct hms_renderer *r, const struct hms_picture *picture)
{
	HMS_AUTO_STR struct hms_str caption = HMS_STR_INIT;
	struct html *html = html_of(r);
	struct hms_grid grid;

	if (picture->ncells == 0)
		return;
	html_close_block(html);
	hms_grid_init(&grid, picture, A_ROW, MAX_ROWS);
	hms_grid_caption(&grid, &caption);
	html_add(html, "<details open><summary>");
	html_text(html, picture->title);
	html_element(html, "span", hms_str_text(&caption));
	html_add(html, "</summary>");
	draw_grid(html, &grid);
	html_add(html, "<p class=note>A bar is as high as its buckets are full");
	html_add(html, picture->old ? "; a dash: moved" : "");
	html_add(html, "; orange on top: overflow buckets; red: cannot be read.</p></details>\n");
}

static void draw_bar(struct html *html, const struct hms_bar *bar, uint64_t max)
{
	unsigned int width = (unsigned int)((double)bar->value / (double)max * MAX_BAR);

	html_add(html, "<tr>");
	html_element(html, "td class=n", bar->label);
	html_add(html, "<td class=n>");
	hms_format_count(&html->text, bar->value);
	hms_str_addf(&html->text, "</td><td><i style=\"width:%upx\"></i></td></tr>\n",
		     bar->value && width == 0 ? 1 : width);
}

void html_histogram(struct hms_renderer *r, const struct hms_histogram *histogram)
{
	struct html *html = html_of(r);
	uint64_t max = 0, total = 0;
	size_t n = 0;

	for (size_t i = 0; i < histogram->nbars; i++) {
		max = HMS_MAX(max, histogram->bars[i].value);
		total += histogram->bars[i].value;
		if (histogram->bars[i].value)
			n = i + 1;
	}
	if (n == 0)
		return;
	html_close_block(html);
	html_add(html, "<details open><summary>");
	html_text(html, histogram->title);
	html_add(html, "<span>");
	hms_format_count(&html->text, total);
	html_add(html, " ");
	html_text(html, histogram->unit);
	html_add(html, "</span></summary><table class=bars><tbody>\n");
	for (size_t i = 0; i < n; i++)
		draw_bar(html, &histogram->bars[i], max);
	html_add(html, "</tbody></table></details>\n");
}

void html_progress(struct hms_renderer *r, const struct hms_progress_bar *bar)
{
	struct html *html = html_of(r);

	html_close_block(html);
	html_add(html, "<div class=bar>");
	html_element(html, "b", bar->title);
	if (bar->total)
		hms_str_addf(&html->text, "<progress max=%" PRIu64 " value=%" PRIu64 "></progress>",
			     bar->total, HMS_MIN(bar->done, bar->total));
	html_element(html, "span", bar->text);
	html_add(html, "</div>\n");
}
