/* hmapscope list: one row a map. */
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/fold.h"

#define DEFAULT_COLUMNS "addr,bytes,entries,load,growth,type,owner"
#define FOLDED_COLUMNS  "bytes,entries,load,growth,type,owner"

struct list_options {
	const char *columns;
	const char *sort;
	const char *type;
	const char *owner;
	uint64_t min_bytes;
	bool fold;
};

enum { KEY_COLUMNS = 0x200, KEY_SORT, KEY_TYPE, KEY_OWNER, KEY_MIN_BYTES, KEY_FOLD };

static const struct argp_option options[] = {
	{"columns", KEY_COLUMNS, "LIST", 0,
	 "Columns, separated by commas; with a leading + besides the usual ones (help: their "
	 "names)",
	 0},
	{"sort", KEY_SORT, "COLUMN", 0,
	 "Order, largest first; with a leading - smallest first (default: bytes)", 0},
	{"type", KEY_TYPE, "TEXT", 0, "Only maps whose type holds TEXT", 0},
	{"owner", KEY_OWNER, "TEXT", 0, "Only maps whose owner holds TEXT", 0},
	{"min-bytes", KEY_MIN_BYTES, "N[K|M|G]", 0, "Only maps of at least this size", 0},
	{"fold", KEY_FOLD, NULL, 0,
	 "Maps of one type whose owners differ in keys and indexes alone as one row, the largest "
	 "rows first",
	 0},
	{0},
};

/* --columns=help needs no CORE. */
HMS_NORETURN static void print_columns(void)
{
	const struct hms_column *columns;
	size_t n;

	columns = hms_columns(&n);
	for (size_t i = 0; i < n; i++)
		if (columns[i].header)
			printf("%-18s %s\n", columns[i].id, columns[i].help);
	exit(HMS_EXIT_CLEAN);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct list_options *o = state->hook;

	switch (key) {
	case KEY_COLUMNS:
		if (strcmp(arg, "help") == 0)
			print_columns();
		o->columns = arg;
		return 0;
	case KEY_SORT: o->sort = arg; return 0;
	case KEY_TYPE: o->type = arg; return 0;
	case KEY_OWNER: o->owner = arg; return 0;
	case KEY_MIN_BYTES: o->min_bytes = hms_parse_size(state, "min-bytes", arg); return 0;
	case KEY_FOLD: o->fold = true; return 0;
	case ARGP_KEY_END:
		if (o->fold && o->sort)
			argp_error(state, "--fold and --sort cannot be combined");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static bool wanted(struct hms_view *view, const struct list_options *o, const struct hms_map *map)
{
	if (o->type && (!map->type ||
			(!strstr(map->type->name, o->type) && !strstr(map->type->path, o->type))))
		return false;
	return !o->owner || strstr(hms_view_owner(view, map), o->owner);
}

/* How the table is to look. */
struct looks {
	const struct hms_column *sort;
	bool reverse;
	const struct hms_column **columns;
	size_t ncolumns;
};

static void emit_maps(struct hms_view *view, const struct list_options *o,
		      const struct looks *looks)
{
	HMS_AUTO_FREE const struct hms_map **sorted = NULL;

	hms_view_sorted(view, looks->sort, looks->reverse, &sorted);
	for (size_t i = 0; i < view->found->nmaps; i++) {
		struct hms_map_row row;

		if (sorted[i]->bytes.total < o->min_bytes || !wanted(view, o, sorted[i]))
			continue;
		row = hms_view_row(view, sorted[i]);
		view->renderer->ops->map(view->renderer, &row);
	}
}

/* Rows of at least --min-bytes; the largest come first. */
static size_t fold(struct hms_view *view, const struct list_options *o, struct hms_fold_row **ret)
{
	size_t nmaps = view->found->nmaps, n = 0, kept = 0;
	HMS_AUTO_FREE const struct hms_map **maps = hms_xcalloc(nmaps + 1, sizeof(*maps));

	for (size_t i = 0; i < nmaps; i++)
		if (wanted(view, o, &view->found->maps[i]))
			maps[n++] = &view->found->maps[i];
	n = hms_fold(view, maps, n, NULL, ret);
	while (kept < n && hms_fold_bytes(&(*ret)[kept]) >= o->min_bytes)
		kept++;
	return kept;
}

static struct hms_error *emit(struct hms_view *view, const struct list_options *o,
			      const struct looks *looks, int *status_ret)
{
	HMS_AUTO_FREE struct hms_fold_row *rows = NULL;
	struct hms_renderer *r = view->renderer;
	size_t nrows = o->fold ? fold(view, o, &rows) : 0;

	view->doc.groups = o->fold;
	hms_view_begin(view);
	r->ops->maps_begin(r, looks->columns, looks->ncolumns);
	if (o->fold)
		hms_fold_emit(view, rows, nrows, false);
	else
		emit_maps(view, o, looks);
	r->ops->maps_end(r);
	hms_view_findings(view, NULL);
	hms_fold_emit(view, rows, nrows, true);
	return hms_view_end(view, false, status_ret);
}

static struct hms_error *choose_looks(const struct list_options *o, struct looks *ret)
{
	const char *usual = o->fold ? FOLDED_COLUMNS : DEFAULT_COLUMNS;
	HMS_AUTO_FREE char *spec = NULL;

	ret->reverse = o->sort && o->sort[0] == '-';
	ret->sort = o->sort ? hms_column_find(o->sort + ret->reverse) : NULL;
	if (o->sort && !ret->sort)
		return hms_err(HMS_ERR_USAGE, "cannot sort by '%s': no such column",
			       o->sort + ret->reverse);
	if (o->columns && o->columns[0] == '+')
		spec = hms_xprintf("%s,%s", usual, o->columns + 1);
	return hms_columns_parse(spec         ? spec
				 : o->columns ? o->columns
					      : usual,
				 &ret->columns, &ret->ncolumns);
}

static struct hms_error *run(struct hms_input *input, void *arg, int *status_ret)
{
	const struct list_options *o = arg;
	bool digests = o->columns && strstr(o->columns, "digest");
	struct looks looks = {0};
	struct hms_error *err;
	struct hms_view view;

	HMS_TRY(choose_looks(o, &looks));
	/* A saved list is a snapshot to compare: diff has to know what was written in place.  Of
	 * contents that must not get out, there is no digest either. */
	input->session.digests = !input->redact && (input->format == HMS_FORMAT_JSON || digests);
	err = hms_view_open(input, &view);
	if (!err) {
		err = emit(&view, o, &looks, status_ret);
		hms_view_close(&view);
	}
	free(looks.columns);
	return err;
}

const struct hms_cmd hms_cmd_list = {
	.name = "list",
	.args = "[EXE] CORE",
	.summary = "one row a map",
	.doc = "List every map: one row each, the largest first; with --fold, those that are alike "
	       "as one.",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct list_options),
	.run = run,
};
