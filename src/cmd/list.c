/* hmapscope list: one row a map. */
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"

#define DEFAULT_COLUMNS "addr,bytes,entries,load,growth,type,owner"

struct list_options {
	const char *columns;
	const char *sort;
	const char *type;
	const char *owner;
	uint64_t min_bytes;
};

enum { KEY_COLUMNS = 0x200, KEY_SORT, KEY_TYPE, KEY_OWNER, KEY_MIN_BYTES };

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
	default: return ARGP_ERR_UNKNOWN;
	}
}

static bool wanted(struct hms_view *view, const struct list_options *o, const struct hms_map *map)
{
	if (map->bytes.total < o->min_bytes)
		return false;
	if (o->type && (!map->type ||
			(!strstr(map->type->name, o->type) && !strstr(map->type->path, o->type))))
		return false;
	return !o->owner || strstr(hms_view_owner(view, map), o->owner);
}

static struct hms_error *emit(struct hms_view *view, const struct list_options *o,
			      const struct hms_column *sort, bool reverse,
			      const struct hms_column *const *columns, size_t ncolumns,
			      int *status_ret)
{
	HMS_AUTO_FREE const struct hms_map **sorted = NULL;
	struct hms_renderer *r = view->renderer;

	hms_view_sorted(view, sort, reverse, &sorted);
	hms_view_begin(view);
	r->ops->maps_begin(r, columns, ncolumns);
	for (size_t i = 0; i < view->found->nmaps; i++) {
		struct hms_map_row row;

		if (!wanted(view, o, sorted[i]))
			continue;
		row = hms_view_row(view, sorted[i]);
		r->ops->map(r, &row);
	}
	r->ops->maps_end(r);
	hms_view_findings(view, NULL);
	return hms_view_end(view, false, status_ret);
}

static struct hms_error *run(struct hms_input *input, void *arg, int *status_ret)
{
	const struct list_options *o = arg;
	HMS_AUTO_FREE const struct hms_column **columns = NULL;
	HMS_AUTO_FREE char *spec = NULL;
	const struct hms_column *sort = NULL;
	bool reverse = o->sort && o->sort[0] == '-';
	struct hms_error *err;
	struct hms_view view;
	bool digests = o->columns && strstr(o->columns, "digest");
	size_t n;

	if (o->columns && o->columns[0] == '+')
		spec = hms_xprintf("%s,%s", DEFAULT_COLUMNS, o->columns + 1);
	HMS_TRY(hms_columns_parse(spec         ? spec
				  : o->columns ? o->columns
					       : DEFAULT_COLUMNS,
				  &columns, &n));
	if (o->sort) {
		sort = hms_column_find(o->sort + reverse);
		if (!sort)
			return hms_err(HMS_ERR_USAGE, "cannot sort by '%s': no such column",
				       o->sort + reverse);
	}
	/* A saved list is a snapshot to compare: diff has to know what was written in place.  Of
	 * contents that must not get out, there is no digest either. */
	input->session.digests = !input->redact && (input->format == HMS_FORMAT_JSON || digests);
	HMS_TRY(hms_view_open(input, &view));
	err = emit(&view, o, sort, reverse, columns, n, status_ret);
	hms_view_close(&view);
	return err;
}

const struct hms_cmd hms_cmd_list = {
	.name = "list",
	.args = "[EXE] CORE",
	.summary = "one row a map",
	.doc = "List every map: one row each, the largest first.",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct list_options),
	.run = run,
};
