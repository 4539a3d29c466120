/* hmapscope report: the verdict first, then the maps that matter, then the findings. */
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/fold.h"
#include "cmd/verdict.h"
#include "report/format.h"

#define DEFAULT_ROWS 20

static bool growing(const struct hms_view *view)
{
	return view->doc.summary.growing > 0;
}

enum { RANK_RACED, RANK_DAMAGED };

/* Raced and damaged maps come before what is merely large. */
static unsigned int rank(const struct hms_view *view, const struct hms_map *map)
{
	if (view->races && hms_race_on(view->races, map->addr))
		return RANK_RACED;
	return map->damaged || !map->readable ? RANK_DAMAGED : HMS_FOLD_REST;
}

static size_t fold_all(const struct hms_view *view, struct hms_fold_row **ret)
{
	size_t n = view->found->nmaps;
	HMS_AUTO_FREE const struct hms_map **maps = hms_xcalloc(n + 1, sizeof(*maps));

	for (size_t i = 0; i < n; i++)
		maps[i] = &view->found->maps[i];
	return hms_fold(view, maps, n, rank, ret);
}

/* An empty map that has no memory but its header says nothing: programs have hundreds. */
static bool says_nothing(const struct hms_fold_row *row)
{
	const struct hms_map *map = row->map;

	return row->rank == HMS_FOLD_REST && map->bytes_known && map->count == 0 &&
	       map->live == 0 && map->bytes.total == map->bytes.header;
}

/* How many of the first rows are worth it. */
static size_t rows_of(const struct hms_fold_row *rows, size_t n)
{
	n = HMS_MIN(n, (size_t)DEFAULT_ROWS);
	while (n && says_nothing(&rows[n - 1]))
		n--;
	return n;
}

/* "and 39 more, 30 of them empty (hmapscope list)" */
static void emit_more(struct hms_view *view, const struct hms_fold_row *rows, size_t nrows)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	uint64_t n = 0, empty = 0;

	for (size_t i = 0; i < nrows; i++) {
		uint64_t maps = rows[i].grouped ? rows[i].group.maps : 1;

		n += maps;
		empty += says_nothing(&rows[i]) ? maps : 0;
	}
	if (!n)
		return;
	hms_str_add(&text, "and ");
	hms_format_count(&text, n);
	hms_str_add(&text, " more");
	if (empty == n) {
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
	HMS_AUTO_FREE struct hms_fold_row *rows = NULL;
	struct hms_renderer *r = view->renderer;
	size_t n, shown, ncolumns;

	HMS_TRY(hms_columns_parse(hms_columns_default(growing(view)), &columns, &ncolumns));
	n = fold_all(view, &rows);
	shown = rows_of(rows, n);
	view->doc.groups = true;
	hms_view_begin(view);
	hms_emit_verdicts(view);
	r->ops->maps_begin(r, columns, ncolumns);
	hms_fold_emit(view, rows, shown, false);
	r->ops->maps_end(r);
	emit_more(view, rows + shown, n - shown);
	hms_view_findings(view, NULL);
	/* For readers there is a command of its own. */
	if (view->input->format == HMS_FORMAT_JSON)
		hms_emit_goroutines(view);
	hms_fold_emit(view, rows, shown, true);
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
