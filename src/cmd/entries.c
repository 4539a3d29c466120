/* hmapscope entries: keys and elements, decoded by type. */
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/entry-lines.h"
#include "util/escape.h"

#define TEXT_MAX_LEN 256                 /* of strings and slices, where nobody said otherwise */
#define MAX_VALUE    (UINT64_C(1) << 30) /* bytes of one value: what nests beyond it is damage */
#define MAX_DEPTH    64

struct entries_options {
	struct hms_entry_options lines;
	bool has_limit, has_max_len;
	uint64_t max_len;
};

enum { KEY_LIMIT = 0x200, KEY_MAX_LEN, KEY_STALE, KEY_WHERE };

static const struct argp_option options[] = {
	{"limit", KEY_LIMIT, "N", 0, "At most N lines a map", 0},
	{"max-len", KEY_MAX_LEN, "N", 0,
	 "Cut strings after N bytes and slices after N elements (default: 256 in text; JSON has "
	 "them whole)",
	 0},
	{"stale", KEY_STALE, NULL, 0,
	 "Also what deleted, evacuated and half-written slots still hold", 0},
	{"where", KEY_WHERE, NULL, 0, "Say where each slot is (JSON always does)", 0},
	{0},
};

static uint64_t parse_count(struct argp_state *state, const char *option, const char *arg)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(arg, &end, 10);
	if (errno || *end || *arg < '0' || *arg > '9')
		argp_error(state, "--%s takes a number, not '%s'", option, arg);
	return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct entries_options *o = state->hook;

	switch (key) {
	case KEY_LIMIT:
		o->lines.limit = parse_count(state, "limit", arg);
		o->has_limit = true;
		return 0;
	case KEY_MAX_LEN:
		o->max_len = parse_count(state, "max-len", arg);
		o->has_max_len = true;
		return 0;
	case KEY_STALE: o->lines.stale = true; return 0;
	case KEY_WHERE: o->lines.where = true; return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

/* Defaults, and what common options say. */
static void settle(struct entries_options *o, const struct hms_input *input)
{
	struct hms_entry_options *lines = &o->lines;
	bool json = input->format == HMS_FORMAT_JSON;

	lines->json = json;
	lines->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	lines->redact = input->redact;
	if (!o->has_limit)
		lines->limit = UINT64_MAX;
	if (!o->has_max_len)
		o->max_len = json ? UINT64_MAX : TEXT_MAX_LEN;
	/* An array's length is its type's: JSON has it whole. */
	lines->values = (struct hms_value_limits){
		.text = o->max_len,
		.slice = o->max_len,
		.array = json ? UINT64_MAX : o->max_len,
		.total = MAX_VALUE,
		.depth = MAX_DEPTH,
	};
}

/* ---- around the lines --------------------------------------------------------------------- */

/* What a reader of the entries should not miss: in text among them, else on standard error. */
static HMS_PRINTF(2, 3) void remark(struct hms_entry_lines *lines, const char *format, ...)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	va_list args;
	char *sentence = NULL;

	va_start(args, format);
	if (vasprintf(&sentence, format, args) < 0)
		hms_out_of_memory();
	va_end(args);
	hms_str_add(&text, lines->options->json ? "hmapscope: " : "! ");
	hms_escape_text(&text, sentence, strlen(sentence));
	free(sentence);
	if (lines->options->json)
		fprintf(stderr, "%s\n", hms_str_text(&text));
	else
		hms_entry_lines_text(lines, hms_str_text(&text));
}

static void heading(struct hms_entry_lines *lines, struct hms_view *view, const struct hms_map *map)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	const char *type = map->type ? map->type->name : "map of unknown type";

	if (map->owner)
		hms_str_addf(&text, "%s  ", hms_view_owner(view, map));
	hms_escape_text(&text, type, strlen(type));
	hms_str_addf(&text, "  0x%" PRIx64, map->addr);
	if (map->readable)
		hms_str_addf(&text, "  %" PRIi64 " %s", map->count,
			     map->count == 1 ? "entry" : "entries");
	hms_entry_lines_text(lines, hms_str_text(&text));
}

/* What ends a map's lines; false: they are not all there is. */
static bool ending(struct hms_entry_lines *lines, const struct hms_map *map,
		   const struct hms_entry_counts *counts)
{
	if (counts->limited && !lines->options->json)
		hms_entry_lines_text(lines, "  … (--limit)");
	if (counts->unreadable)
		remark(lines,
		       "0x%" PRIx64 ": %" PRIu64 " %s cannot be read: what they held is unknown",
		       map->addr, counts->unreadable,
		       map->type->kind == HMS_MAP_CLASSIC ? "buckets" : "groups");
	else if (counts->troubles)
		remark(lines, "0x%" PRIx64 ": parts of the map could not be followed (see show)",
		       map->addr);
	if (counts->unknown)
		remark(lines, "0x%" PRIx64 ": %" PRIu64 " parts of entries are unknown", map->addr,
		       counts->unknown);
	return !counts->unreadable && !counts->troubles && !counts->unknown;
}

static bool one_map(struct hms_entry_lines *lines, struct hms_view *view, const struct hms_map *map)
{
	struct hms_entry_counts counts;

	if (!lines->options->json)
		heading(lines, view, map);
	if (!map->readable || !map->type) {
		remark(lines, "0x%" PRIx64 ": %s", map->addr,
		       map->readable ? "its type is unknown" : "its header is not in the core");
		return false;
	}
	hms_entry_lines_write(lines, view->session->model, map, &counts);
	return ending(lines, map, &counts);
}

static bool all_maps(struct hms_view *view, const struct hms_entry_options *o,
		     const struct hms_map *const *maps, struct hms_sink *out)
{
	struct hms_entry_lines lines;
	bool complete = true;

	hms_entry_lines_init(&lines, view->session->rt, o, out);
	for (size_t i = 0; i < view->session->nlimits && !o->json; i++)
		remark(&lines, "%s", view->session->limits[i]);
	for (size_t i = 0; i < view->input->nmaps; i++) {
		if (i && !o->json)
			hms_entry_lines_text(&lines, "");
		complete &= one_map(&lines, view, maps[i]);
	}
	hms_entry_lines_deinit(&lines);
	return complete;
}

static struct hms_error *emit(struct hms_view *view, const struct hms_entry_options *o,
			      int *status_ret)
{
	const struct hms_input *input = view->input;
	HMS_AUTO_FREE const struct hms_map **maps = hms_xcalloc(input->nmaps, sizeof(*maps));
	struct hms_error *err = NULL;
	struct hms_sink out;

	for (size_t i = 0; i < input->nmaps; i++)
		HMS_TRY(hms_view_find(view, input->maps[i], &maps[i]));
	hms_sink_init(&out, STDOUT_FILENO);
	*status_ret = all_maps(view, o, maps, &out) ? HMS_EXIT_CLEAN : HMS_EXIT_INCOMPLETE;
	if (!hms_sink_flush(&out))
		err = hms_err_os(out.errnum, "cannot write the entries");
	hms_sink_deinit(&out);
	return err;
}

static struct hms_error *run(struct hms_input *input, void *arg, int *status_ret)
{
	struct entries_options *o = arg;
	struct hms_error *err;
	struct hms_view view;

	if (!input->nmaps)
		return hms_err(HMS_ERR_USAGE, "cannot show entries: no MAP is given (an address, "
					      "or an owner as 'hmapscope list' prints it)");
	if (input->format != HMS_FORMAT_TEXT && input->format != HMS_FORMAT_JSON)
		return hms_err(HMS_ERR_USAGE, "cannot show entries but as text or json");
	settle(o, input);
	HMS_TRY(hms_view_open(input, &view));
	err = emit(&view, &o->lines, status_ret);
	hms_view_close(&view);
	return err;
}

const struct hms_cmd hms_cmd_entries = {
	.name = "entries",
	.args = "[EXE] CORE MAP...",
	.summary = "keys and elements of a map, decoded by type",
	.doc = "Print the entries of a MAP, a line each: key and element, decoded by their types. "
	       "MAP is an address or an owner as 'hmapscope list' prints it. With --json each "
	       "line is a JSON object.",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct entries_options),
	.run = run,
};
