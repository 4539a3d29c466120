/* hmapscope report: the verdict first, then the maps that matter, then the findings. */
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/verdict.h"
#include "report/format.h"

#define DEFAULT_ROWS 20

static bool growing(const struct hms_view *view)
{
	return view->doc.summary.growing > 0;
}

/* 0: what the verdict is about; 1: damaged; 2: the others. */
static int rank(const struct hms_view *view, const struct hms_map *map)
{
	if (view->races && hms_race_on(view->races, map->addr))
		return 0;
	return map->damaged || !map->readable ? 1 : 2;
}

/* Raced and damaged maps come before what is merely large; the order by size stays among each. */
static void worst_first(const struct hms_view *view, const struct hms_map **maps)
{
	size_t n = view->found->nmaps, k = 0;
	HMS_AUTO_FREE const struct hms_map **picked = hms_xcalloc(n, sizeof(*picked));

	for (int r = 0; r < 3; r++)
		for (size_t i = 0; i < n; i++)
			if (rank(view, maps[i]) == r)
				picked[k++] = maps[i];
	for (size_t i = 0; i < n; i++)
		maps[i] = picked[i];
}

/* An empty map that has no memory but its header says nothing: programs have hundreds. */
static bool says_nothing(const struct hms_view *view, const struct hms_map *map)
{
	return rank(view, map) == 2 && map->bytes_known && map->count == 0 && map->live == 0 &&
	       map->bytes.total == map->bytes.header;
}

/* How many of the first maps are worth a row. */
static size_t rows_of(const struct hms_view *view, const struct hms_map *const *maps)
{
	size_t n = HMS_MIN(view->found->nmaps, (size_t)DEFAULT_ROWS);

	while (n && says_nothing(view, maps[n - 1]))
		n--;
	return n;
}

/* "and 39 more, 30 of them empty (hmapscope list)" */
static void emit_more(struct hms_view *view, const struct hms_map *const *maps, size_t shown)
{
	size_t n = view->found->nmaps, empty = 0;
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	if (shown == n)
		return;
	for (size_t i = shown; i < n; i++)
		empty += says_nothing(view, maps[i]);
	hms_str_add(&text, "and ");
	hms_format_count(&text, n - shown);
	hms_str_add(&text, " more");
	if (empty == n - shown) {
		hms_str_add(&text, empty > 1 ? ", all empty" : ", empty");
	} else if (empty) {
		hms_str_add(&text, ", ");
		hms_format_count(&text, empty);
		hms_str_add(&text, " of them empty");
	}
	hms_str_add(&text, " (hmapscope list)");
	view->renderer->ops->line(view->renderer, hms_str_text(&text));
}

static struct hms_error *emit(struct hms_view *view, int *status_ret)
{
	HMS_AUTO_FREE const struct hms_column **columns = NULL;
	HMS_AUTO_FREE const struct hms_map **maps = NULL;
	struct hms_renderer *r = view->renderer;
	size_t shown, ncolumns;

	HMS_TRY(hms_columns_parse(hms_columns_default(growing(view)), &columns, &ncolumns));
	hms_view_sorted(view, NULL, false, &maps);
	worst_first(view, maps);
	shown = rows_of(view, maps);
	hms_view_begin(view);
	hms_emit_verdicts(view);
	r->ops->maps_begin(r, columns, ncolumns);
	for (size_t i = 0; i < shown; i++) {
		struct hms_map_row row = hms_view_row(view, maps[i]);

		r->ops->map(r, &row);
	}
	r->ops->maps_end(r);
	emit_more(view, maps, shown);
	hms_view_findings(view, NULL);
	/* For readers there is a command of its own. */
	if (view->input->format == HMS_FORMAT_JSON)
		hms_emit_goroutines(view);
	return hms_view_end(view, true, status_ret);
}

static struct hms_error *run(struct hms_input *input, void *options, int *status_ret)
{
	struct hms_error *err;
	struct hms_view view;

	(void)options;
	input->check = true;
	HMS_TRY(hms_view_open(input, &view));
	err = emit(&view, status_ret);
	hms_view_close(&view);
	return err;
}

const struct hms_cmd hms_cmd_report = {
	.name = "report",
	.args = "[EXE] CORE",
	.summary = "what matters most, on one screen (the default)",
	.doc = "Say what state the maps in a core are in: the maps that matter, and what is wrong "
	       "with them.",
	.run = run,
};
