/* hmapscope show: all about one map. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/disassemble.h"
#include "cmd/explain.h"
#include "cmd/show.h"
#include "cmd/verdict.h"
#include "report/format.h"
#include "map/picture.h"

#define MAX_CELLS 1024

struct show_options {
	bool disassemble;
	bool hex;
};

enum { KEY_DISASSEMBLE = 0x200, KEY_HEX };

static const struct argp_option options[] = {
	{"disassemble", KEY_DISASSEMBLE, NULL, 0,
	 "With the machine code in which writes of the map stand, stores named", 0},
	{"hex", KEY_HEX, NULL, 0,
	 "Also the bytes of the header, and of the buckets or groups that findings lie in", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct show_options *o = state->hook;

	(void)arg;
	switch (key) {
	case KEY_DISASSEMBLE: o->disassemble = true; return 0;
	case KEY_HEX: o->hex = true; return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static void picture(struct hms_view *view, const struct hms_map *map, bool old)
{
	HMS_AUTO_FREE struct hms_map_cell *cells = hms_xcalloc(MAX_CELLS, sizeof(*cells));
	struct hms_picture p = {.title = old ? "old buckets" : "buckets",
				.unit = "bucket",
				.cells = cells,
				.old = old};

	p.ncells =
		hms_map_picture(view->session->model, map, old, cells, MAX_CELLS, &p.units_a_cell);
	if (!p.ncells)
		return;
	p.nunits =
		old ? hms_classic_old_nbuckets(&map->classic) : hms_classic_nbuckets(&map->classic);
	view->renderer->ops->picture(view->renderer, &p);
}

static void growth(struct hms_view *view, const struct hms_map *map)
{
	const struct hms_map_stats *stats = &view->stats;
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	struct hms_progress_bar bar = {.done = stats->evacuated};

	if (!hms_classic_growing(&map->classic))
		return;
	bar.total = hms_classic_old_nbuckets(&map->classic);
	bar.title = hms_view_growth(view, map, stats, &text);
	bar.text = hms_str_text(&text);
	view->renderer->ops->progress(view->renderer, &bar);
}

static void chain_lengths(struct hms_view *view)
{
	const struct hms_map_stats *stats = &view->stats;
	struct hms_bar bars[HMS_CHAIN_BINS];
	struct hms_histogram histogram = {
		.title = "chain lengths (buckets)", .unit = "chains", .bars = bars};
	char labels[HMS_CHAIN_BINS][24];
	size_t n = HMS_MIN(stats->chain_max, (uint64_t)HMS_CHAIN_BINS), k = 0;

	if (n < 2)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!stats->chains[i])
			continue;
		snprintf(labels[k], sizeof(labels[k]), "%zu%s", i + 1,
			 i + 1 == HMS_CHAIN_BINS ? " or more" : "");
		bars[k] = (struct hms_bar){labels[k], stats->chains[i]};
		k++;
	}
	histogram.nbars = k;
	view->renderer->ops->histogram(view->renderer, &histogram);
}

static void show_map(struct hms_view *view, const struct show_options *o, const struct hms_map *map)
{
	struct hms_renderer *r = view->renderer;
	struct hms_map_row row = hms_view_row(view, map);

	r->ops->map(r, &row);
	hms_emit_map_operations(view, map);
	if (o->disassemble)
		hms_show_disassembly(view, map);
	if (map->readable) {
		r->ops->section(r, "header");
		hms_explain_header(view, map);
	}
	if (!map->readable || !map->type)
		return;
	if (map->type->kind == HMS_MAP_SWISS) {
		hms_show_swiss(view, map);
		return;
	}
	growth(view, map);
	picture(view, map, false);
	picture(view, map, true);
	chain_lengths(view);
}

static struct hms_error *emit(struct hms_view *view, const struct show_options *o, int *status_ret)
{
	const struct hms_input *input = view->input;
	HMS_AUTO_FREE const struct hms_map **maps = hms_xcalloc(input->nmaps, sizeof(*maps));

	for (size_t i = 0; i < input->nmaps; i++)
		HMS_TRY(hms_view_find(view, input->maps[i], &maps[i]));
	view->doc.details = true;
	hms_view_begin(view);
	for (size_t i = 0; i < input->nmaps; i++) {
		show_map(view, o, maps[i]);
		if (o->hex)
			hms_show_hex(view, maps[i]);
	}
	for (size_t i = 0; i < input->nmaps; i++)
		hms_view_findings(view, maps[i]);
	return hms_view_end(view, true, status_ret);
}

static struct hms_error *run(struct hms_input *input, void *arg, int *status_ret)
{
	struct hms_error *err;
	struct hms_view view;

	if (!input->nmaps)
		return hms_err(HMS_ERR_USAGE, "cannot show: no MAP is given (an address, or an "
					      "owner as 'hmapscope list' prints it)");
	input->check = true;
	HMS_TRY(hms_view_open(input, &view));
	err = emit(&view, arg, status_ret);
	hms_view_close(&view);
	return err;
}

const struct hms_cmd hms_cmd_show = {
	.name = "show",
	.args = "[EXE] CORE MAP...",
	.summary = "all about one map: header, growth, a picture of its buckets",
	.doc = "Show all about a MAP: its header fields with their meaning, growth, a picture of "
	       "its "
	       "buckets, chain lengths, and what is wrong with it. MAP is an address or an owner "
	       "as "
	       "'hmapscope list' prints it.",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct show_options),
	.run = run,
};
