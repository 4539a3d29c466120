/*
 * The JSON renderer: the contract of hmapscope-report(5), in its order.  What only an eye needs
 * (sections, fields, pictures) is left out.
 */
#include <assert.h>
#include <string.h>

#include "report/addresses.h"
#include "report/columns.h"
#include "report/emit.h"
#include "report/diff.h"
#include "report/json.h"
#include "report/model.h"
#include "util/arena.h"

/* The arrays of a document, in order. */
enum part { PART_NONE, PART_MAPS, PART_FINDINGS, PART_GOROUTINES, PART_SITES, PART_DONE };

static const char *const part_keys[] = {NULL, "maps", "findings", "goroutines", "sites"};

struct json {
	struct hms_renderer renderer;
	struct hms_emit emit;
	enum part part; /* the one that is open */
	bool sites;
	const char *open; /* an array behind all parts: "map_groups", "addresses"; NULL: none */
	bool groups;
};

static struct json *json_of(struct hms_renderer *r)
{
	return (struct json *)r;
}

/* Is @part an array of this document? */
static bool is_array(const struct json *json, enum part part)
{
	return part != PART_NONE && part != PART_DONE && (part != PART_SITES || json->sites);
}

/* Close the open array and write those up to @part, which is left open: an array that got no
 * event is there, and empty. */
static void enter(struct json *json, enum part part)
{
	assert(json->part <= part); /* maps before findings before goroutines */
	while (json->part < part) {
		if (is_array(json, json->part))
			hms_emit_close(&json->emit);
		json->part++;
		if (is_array(json, json->part))
			hms_emit_array(&json->emit, part_keys[json->part]);
	}
}

static void emit_tristate(struct hms_emit *emit, const char *key, enum hms_tristate value)
{
	if (value == HMS_DONT_KNOW)
		hms_emit_null(emit, key);
	else
		hms_emit_bool(emit, key, value == HMS_YES);
}

/* A number of which -1 says that it is unknown. */
static void emit_known(struct hms_emit *emit, const char *key, int64_t n)
{
	if (n < 0)
		hms_emit_null(emit, key);
	else
		hms_emit_i64(emit, key, n);
}

/* No map and no finding is at address 0. */
static void emit_place(struct hms_emit *emit, const char *key, uint64_t addr)
{
	if (addr)
		hms_emit_hex(emit, key, addr);
	else
		hms_emit_null(emit, key);
}

static void emit_core(struct hms_emit *emit, const char *key, const struct hms_doc_core *core)
{
	hms_emit_object(emit, key);
	hms_emit_text(emit, "path", core->path);
	hms_emit_text(emit, "exe", core->exe);
	hms_emit_text(emit, "build_id", core->build_id);
	emit_tristate(emit, "build_id_match", core->build_id_match);
	hms_emit_text(emit, "arch", core->arch);
	emit_known(emit, "pid", core->pid);
	hms_emit_text(emit, "signal", core->signal);
	hms_emit_text(emit, "go_version", core->go_version);
	hms_emit_text(emit, "map_kind", core->map_kind);
	emit_known(emit, "threads", core->threads);
	emit_known(emit, "goroutines", core->goroutines);
	emit_known(emit, "clock_ns", core->clock_ns);
	emit_place(emit, "process_key", core->process_key);
	hms_emit_close(emit);
}

static void emit_map_count(struct hms_emit *emit, const char *key,
			   const struct hms_doc_summary *summary, bool partial, uint64_t n)
{
	if (summary->maps_unknown || partial)
		hms_emit_null(emit, key);
	else
		hms_emit_u64(emit, key, n);
}

static void emit_summary(struct hms_emit *emit, const struct hms_doc_summary *summary)
{
	hms_emit_object(emit, "summary");
	emit_map_count(emit, "maps", summary, false, summary->maps);
	emit_map_count(emit, "entries", summary, summary->entries_partial, summary->entries);
	emit_map_count(emit, "bytes", summary, summary->bytes_partial, summary->bytes);
	emit_map_count(emit, "growing", summary, summary->headers_missing, summary->growing);
	emit_known(emit, "stalled", summary->headers_missing ? -1 : summary->stalled);
	hms_emit_u64(emit, "errors", summary->errors);
	hms_emit_u64(emit, "warnings", summary->warnings);
	hms_emit_u64(emit, "infos", summary->infos);
	hms_emit_u64(emit, "slots_walked", summary->slots_walked);
	hms_emit_u64(emit, "keys_hashed", summary->keys_hashed);
	hms_emit_u64(emit, "bytes_unreadable", summary->bytes_unreadable);
	hms_emit_u64(emit, "candidates_dismissed", summary->candidates_dismissed);
	emit_known(emit, "heap_bytes", summary->heap_bytes);
	hms_emit_bool(emit, "complete", summary->complete);
	hms_emit_close(emit);
}

static void json_begin(struct hms_renderer *r, const struct hms_doc *doc)
{
	struct hms_emit *emit = &json_of(r)->emit;

	json_of(r)->sites = doc->sites;
	json_of(r)->groups = doc->groups;
	hms_emit_object(emit, NULL);
	hms_emit_text(emit, "schema", "hmapscope/1");
	hms_emit_text(emit, "command", doc->command);
	hms_emit_text(emit, "tool_version", PACKAGE_VERSION);
	emit_core(emit, "core", &doc->core);
	emit_summary(emit, &doc->summary);
}

static void emit_flags(struct hms_emit *emit, const char *key, const char *const *flags)
{
	hms_emit_array(emit, key);
	for (size_t i = 0; flags[i]; i++)
		hms_emit_text(emit, NULL, flags[i]);
	hms_emit_close(emit);
}

static void emit_counts(struct hms_emit *emit, const char *key, const uint64_t *counts, size_t n)
{
	hms_emit_array(emit, key);
	for (size_t i = 0; i < n; i++)
		hms_emit_u64(emit, NULL, counts[i]);
	hms_emit_close(emit);
}

static void emit_value(struct hms_emit *emit, const char *key, const struct hms_value *value)
{
	switch (value->kind) {
	case HMS_VALUE_NULL: hms_emit_null(emit, key); break;
	case HMS_VALUE_BOOL: hms_emit_bool(emit, key, value->b); break;
	case HMS_VALUE_COUNT:
	case HMS_VALUE_BYTES: hms_emit_u64(emit, key, value->u); break;
	case HMS_VALUE_INT: hms_emit_i64(emit, key, value->i); break;
	case HMS_VALUE_ADDR: hms_emit_hex(emit, key, value->u); break;
	case HMS_VALUE_RATIO: hms_emit_double(emit, key, value->d); break;
	case HMS_VALUE_TEXT: hms_emit_text(emit, key, value->s); break;
	case HMS_VALUE_FLAGS: emit_flags(emit, key, value->flags); break;
	case HMS_VALUE_COUNTS: emit_counts(emit, key, value->counts.p, value->counts.n); break;
	}
}

/* Length of "bytes" in "bytes.total", 0 for a member of the map itself. */
static size_t prefix_length(const char *path)
{
	const char *dot = strchr(path, '.');

	return dot ? (size_t)(dot - path) : 0;
}

/* Leave the nested object @open for that of @path, where they differ. */
static size_t enter_object(struct hms_emit *emit, const char *open, size_t open_len,
			   const char *path)
{
	char key[32];
	size_t len = prefix_length(path);

	if (len == open_len && (len == 0 || memcmp(open, path, len) == 0))
		return len;
	if (open_len)
		hms_emit_close(emit);
	if (len) {
		assert(len < sizeof(key));
		memcpy(key, path, len);
		key[len] = '\0';
		hms_emit_object(emit, key);
	}
	return len;
}

static void emit_map(struct hms_emit *emit, const struct hms_map_row *row)
{
	size_t ncolumns, open_len = 0;
	const struct hms_column *columns = hms_columns(&ncolumns);
	int kind = (int)hms_map_row_kind(row);
	const char *open = "";
	struct hms_value value;

	hms_emit_object(emit, NULL);
	for (size_t i = 0; i < ncolumns; i++) {
		const struct hms_column *column = &columns[i];

		if (!column->json || (column->kind >= 0 && column->kind != kind))
			continue;
		open_len = enter_object(emit, open, open_len, column->json);
		open = column->json;
		column->get(row, &value);
		emit_value(emit, open + open_len + (open_len ? 1 : 0), &value);
	}
	if (open_len)
		hms_emit_close(emit);
	hms_emit_close(emit);
}

/* Arrays that only some documents have come behind all parts. */
static void enter_last(struct json *json, const char *key)
{
	enter(json, PART_DONE);
	if (json->open && strcmp(json->open, key) == 0)
		return;
	if (json->open)
		hms_emit_close(&json->emit);
	hms_emit_array(&json->emit, key);
	json->open = key;
}

static void emit_group(struct hms_emit *emit, const struct hms_map_row *row)
{
	const struct hms_map_group *group = row->group;

	hms_emit_object(emit, NULL);
	hms_emit_text(emit, "owner", row->owner);
	hms_emit_text(emit, "type", row->map->type ? row->map->type->name : NULL);
	hms_emit_u64(emit, "maps", group->maps);
	if (group->partial) {
		hms_emit_null(emit, "count");
		hms_emit_null(emit, "bytes");
	} else {
		hms_emit_u64(emit, "count", group->entries);
		hms_emit_u64(emit, "bytes", group->bytes);
	}
	hms_emit_u64(emit, "count_min", group->min_entries);
	hms_emit_u64(emit, "count_max", group->max_entries);
	hms_emit_u64(emit, "growing", group->growing);
	hms_emit_hex(emit, "largest", row->map->addr);
	hms_emit_close(emit);
}

static void json_map(struct hms_renderer *r, const struct hms_map_row *row)
{
	if (row->group) {
		enter_last(json_of(r), "map_groups");
		emit_group(&json_of(r)->emit, row);
		return;
	}
	enter(json_of(r), PART_MAPS);
	emit_map(&json_of(r)->emit, row);
}

static void json_finding(struct hms_renderer *r, const struct hms_finding *finding)
{
	struct hms_emit *emit = &json_of(r)->emit;

	enter(json_of(r), PART_FINDINGS);
	hms_emit_object(emit, NULL);
	hms_emit_text(emit, "rule", finding->rule);
	hms_emit_text(emit, "severity", hms_severity_name(finding->severity));
	emit_place(emit, "map", finding->map);
	emit_place(emit, "addr", finding->addr);
	hms_emit_text(emit, "expected", finding->expected);
	hms_emit_text(emit, "seen", finding->seen);
	hms_emit_text(emit, "message", finding->message);
	emit_known(emit, "goroutine", finding->goroutine);
	hms_emit_close(emit);
}

static void json_goroutines(struct hms_renderer *r, const struct hms_goroutine_group *group)
{
	enter(json_of(r), PART_GOROUTINES);
	for (size_t i = 0; i < group->nrows; i++)
		hms_emit_goroutine(&json_of(r)->emit, group, &group->rows[i]);
}

static void json_diff(struct hms_renderer *r, const struct hms_diff_report *report)
{
	const struct hms_diff *diff = report->diff;
	struct json *json = json_of(r);

	emit_core(&json->emit, "old", report->old);
	emit_core(&json->emit, "new", report->new);
	enter(json, PART_FINDINGS);
	for (size_t i = 0; i < diff->nfindings; i++)
		hms_emit_finding_change(&json->emit, &diff->findings[i]);
	enter(json, PART_DONE);
	hms_emit_diff(&json->emit, report);
	if (!report->series)
		return;
	hms_emit_array(&json->emit, "snapshots");
	for (size_t i = 0; i < report->ncores; i++)
		emit_core(&json->emit, NULL, &report->cores[i]);
	hms_emit_close(&json->emit);
	hms_emit_series(&json->emit, report->series);
}

static void json_site(struct hms_renderer *r, const struct hms_site_row *site)
{
	enter(json_of(r), PART_SITES);
	hms_emit_site(&json_of(r)->emit, site);
}

static void json_lookup(struct hms_renderer *r, const struct hms_lookup_row *row)
{
	struct json *json = json_of(r);

	enter(json, PART_DONE);
	hms_emit_lookup(&json->emit, row);
}

static void json_address(struct hms_renderer *r, const struct hms_address_row *row)
{
	struct json *json = json_of(r);

	enter_last(json, "addresses");
	hms_emit_address(&json->emit, row);
}

static bool json_end(struct hms_renderer *r)
{
	struct json *json = json_of(r);

	enter(json, PART_DONE);
	if (json->groups && !json->open)
		enter_last(json, "map_groups");
	if (json->open)
		hms_emit_close(&json->emit);
	hms_emit_close(&json->emit);
	return hms_emit_finish(&json->emit);
}

static void json_destroy(struct hms_renderer *r)
{
	hms_emit_deinit(&json_of(r)->emit);
	free(r);
}

/* What only text draws. */
static void ignore_text(struct hms_renderer *r, const char *text)
{
	(void)r;
	(void)text;
}

static void ignore_maps_begin(struct hms_renderer *r, const struct hms_column *const *columns,
			      size_t ncolumns)
{
	(void)r;
	(void)columns;
	(void)ncolumns;
}

static void ignore_maps_end(struct hms_renderer *r)
{
	(void)r;
}

static void ignore_field(struct hms_renderer *r, const struct hms_field *field)
{
	(void)r;
	(void)field;
}

static void ignore_picture(struct hms_renderer *r, const struct hms_picture *picture)
{
	(void)r;
	(void)picture;
}

static void ignore_histogram(struct hms_renderer *r, const struct hms_histogram *histogram)
{
	(void)r;
	(void)histogram;
}

static void ignore_progress(struct hms_renderer *r, const struct hms_progress_bar *bar)
{
	(void)r;
	(void)bar;
}

static void ignore_verdict(struct hms_renderer *r, const struct hms_verdict *verdict)
{
	(void)r;
	(void)verdict;
}

static const struct hms_renderer_ops json_ops = {
	.begin = json_begin,
	.section = ignore_text,
	.line = ignore_text,
	.maps_begin = ignore_maps_begin,
	.map = json_map,
	.maps_end = ignore_maps_end,
	.field = ignore_field,
	.picture = ignore_picture,
	.histogram = ignore_histogram,
	.progress = ignore_progress,
	.verdict = ignore_verdict,
	.finding = json_finding,
	.goroutines = json_goroutines,
	.diff = json_diff,
	.site = json_site,
	.lookup = json_lookup,
	.address = json_address,
	.end = json_end,
	.destroy = json_destroy,
};

struct hms_renderer *hms_json_renderer_create(const struct hms_render_options *options)
{
	struct json *json = hms_xcalloc(1, sizeof(*json));

	json->renderer.ops = &json_ops;
	hms_emit_init(&json->emit, options->out);
	return &json->renderer;
}
