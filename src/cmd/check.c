/* hmapscope check: the rules alone, like fsck. */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/cmd.h"

struct check_options {
	const char *rules;       /* NULL: all */
	struct hms_rule_set set; /* what rules names */
};

static const struct argp_option options[] = {
	{"rule", 'r', "PATTERN", 0,
	 "Only rules whose names match; several with commas, with a '-' before it one is left out",
	 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct check_options *o = state->hook;

	switch (key) {
	case 'r': o->rules = arg; return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

/* Maps with findings, as objects for JSON and a table for readers. */
static void emit_maps(struct hms_view *view)
{
	struct hms_renderer *r = view->renderer;
	HMS_AUTO_FREE const struct hms_column **columns = NULL;
	const struct hms_map *last = NULL;
	size_t ncolumns;

	hms_err_free(hms_columns_parse("bytes,entries,type,owner", &columns, &ncolumns));
	if (!columns || !view->findings.n)
		return;
	r->ops->maps_begin(r, columns, ncolumns);
	for (size_t i = 0; i < view->findings.n; i++) {
		const struct hms_map *map = view->findings.items[i].of;
		struct hms_map_row row;

		if (!map || map == last)
			continue;
		last = map;
		row = hms_view_row(view, map);
		row.note = NULL; /* the findings follow */
		r->ops->map(r, &row);
	}
	r->ops->maps_end(r);
}

static void add_unhashed(struct hms_str *text, const struct hms_check_work *work)
{
	for (size_t i = 0; i <= HMS_HASH_NO_MODEL; i++)
		if (work->keys_not_hashed[i])
			hms_str_addf(text, "; %" PRIu64 " not: %s", work->keys_not_hashed[i],
				     i == HMS_HASH_OK
					     ? "of a type that cannot be hashed"
					     : hms_hash_status_text((enum hms_hash_status)i));
}

/* What was looked at: without it "nothing found" says little. */
static void emit_work(struct hms_view *view)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	const struct hms_check_work *work = &view->work;

	hms_str_addf(&text,
		     "checked %" PRIu64 " maps, %" PRIu64 " slots; %" PRIu64 " keys hashed anew",
		     work->maps, work->slots, work->keys_hashed);
	add_unhashed(&text, work);
	view->renderer->ops->line(view->renderer, hms_str_text(&text));
}

static struct hms_error *run(struct hms_input *input, void *arg, int *status_ret)
{
	struct check_options *o = arg;
	struct hms_error *err;
	struct hms_view view;

	if (o->rules) {
		HMS_TRY(hms_rule_set_parse(o->rules, &o->set));
		input->rules = &o->set;
	}
	input->check = true;
	HMS_TRY(hms_view_open(input, &view));
	view.doc.details = true;
	hms_view_begin(&view);
	emit_maps(&view);
	emit_work(&view);
	hms_view_findings(&view, NULL);
	err = hms_view_end(&view, true, status_ret);
	hms_view_close(&view);
	return err;
}

const struct hms_cmd hms_cmd_check = {
	.name = "check",
	.args = "[EXE] CORE",
	.summary = "check every map by all rules that a sound map keeps",
	.doc = "Check every map: its memory, its bookkeeping, and for each key its hash and the "
	       "place where a lookup looks for it. Exit status 0: nothing was found.",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct check_options),
	.run = run,
};
