#include "diff/saved.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/mapfile.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool hms_saved_probe(const char *path)
{
	struct hms_mapfile map;
	struct hms_error *err = hms_mapfile_open(path, &map);
	uint64_t i = 0;
	bool ret;

	if (err) {
		hms_err_free(err);
		return false;
	}
	while (i < map.size && i < 4096 && is_space((char)map.p[i]))
		i++;
	ret = i < map.size && map.p[i] == '{';
	hms_mapfile_close(&map);
	return ret;
}

#ifdef HAVE_JANSSON
#include <jansson.h>

#define SCHEMA      "hmapscope/1"
#define MAX_DEPTH   64
#define MAX_ELEMENT (UINT64_C(16) << 20) /* bytes of JSON that are made a tree at a time */

/* ---- finding one's way ------------------------------------------------------------------- */

/* A place in the text.  Elements are cut out by their brackets; jansson reads what is cut out. */
struct scan {
	const char *path;
	const char *p, *start, *end;
};

static struct hms_error *malformed(const struct scan *scan, const char *why)
{
	return hms_err(HMS_ERR_FORMAT, "cannot read '%s' as a report: byte %zu: %s", scan->path,
		       (size_t)(scan->p - scan->start), why);
}

static char peek(struct scan *scan)
{
	while (scan->p < scan->end && is_space(*scan->p))
		scan->p++;
	return scan->p < scan->end ? *scan->p : '\0';
}

static bool accept(struct scan *scan, char c)
{
	if (peek(scan) != c)
		return false;
	scan->p++;
	return true;
}

/* Behind the string that @p is the opening quote of; NULL: it does not end. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return NULL;
}

/* Behind the value at @p; NULL where it does not end, or nests too deep. */
static const char *value_end(const char *p, const char *end)
{
	int depth = 0;

	while (p < end) {
		switch (*p) {
		case '"':
			p = string_end(p, end);
			if (!p || depth == 0)
				return p;
			continue;
		case '{':
		case '[':
			if (++depth > MAX_DEPTH)
				return NULL;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return p;
			if (--depth == 0)
				return p + 1;
			break;
		case ',':
			if (depth == 0)
				return p;
			break;
		default: break;
		}
		p++;
	}
	return depth == 0 ? p : NULL;
}

static struct hms_error *skip_value(struct scan *scan)
{
	const char *end;

	peek(scan);
	end = value_end(scan->p, scan->end);
	if (!end || end == scan->p)
		return malformed(scan, "a value is missing, does not end, or nests too deep");
	scan->p = end;
	return NULL;
}

/* The value that comes, as a tree. */
static struct hms_error *read_value(struct scan *scan, json_t **ret)
{
	struct scan value = *scan;
	json_error_t error;
	size_t len;

	peek(&value);
	*scan = value;
	HMS_TRY(skip_value(scan));
	len = (size_t)(scan->p - value.p);
	if (len > MAX_ELEMENT)
		return malformed(&value, "one value is longer than any report has");
	*ret = json_loadb(value.p, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	return *ret ? NULL : malformed(&value, error.text);
}

/* ---- values ----------------------------------------------------------------------------- */

/* "bytes.total"; NULL where there is none. */
static json_t *at(json_t *object, const char *path)
{
	const char *dot = strchr(path, '.');
	char key[32];

	if (!dot)
		return json_object_get(object, path);
	if ((size_t)(dot - path) >= sizeof(key))
		return NULL;
	memcpy(key, path, (size_t)(dot - path));
	key[dot - path] = '\0';
	return json_object_get(json_object_get(object, key), dot + 1);
}

static int64_t number(json_t *object, const char *path, int64_t unknown)
{
	json_t *value = at(object, path);

	return json_is_integer(value) ? (int64_t)json_integer_value(value) : unknown;
}

/* A count or an id: what is below 0 is none. */
static int64_t count(json_t *object, const char *path)
{
	int64_t n = number(object, path, -1);

	return n < 0 ? -1 : n;
}

static const char *text(struct hms_snapshot *snap, json_t *object, const char *path)
{
	return hms_snapshot_string(snap, json_string_value(at(object, path)));
}

/* "0x1f" */
static bool pattern(json_t *object, const char *path, uint64_t *ret)
{
	const char *s = json_string_value(at(object, path));

	if (!s || strncmp(s, "0x", 2) != 0 || !s[2] ||
	    strlen(s + 2) != strspn(s + 2, "0123456789abcdef") || strlen(s) > 18)
		return false;
	*ret = strtoull(s + 2, NULL, 16);
	return true;
}

/* ---- the parts of a report --------------------------------------------------------------- */

static void add_core(struct hms_snapshot *snap, json_t *core)
{
	json_t *match = json_object_get(core, "build_id_match");

	snap->path = text(snap, core, "path");
	snap->exe = text(snap, core, "exe");
	snap->build_id = text(snap, core, "build_id");
	snap->build_id_match = json_is_boolean(match) ? json_is_true(match) : -1;
	snap->arch = text(snap, core, "arch");
	snap->pid = count(core, "pid");
	snap->signal = text(snap, core, "signal");
	snap->go_version = text(snap, core, "go_version");
	snap->map_kind = text(snap, core, "map_kind");
	snap->threads = count(core, "threads");
	snap->goroutines = count(core, "goroutines");
	snap->clock = count(core, "clock_ns");
	snap->process_key_known = pattern(core, "process_key", &snap->process_key);
}

static void add_summary(struct hms_snapshot *snap, json_t *summary)
{
	snap->nmaps_said = count(summary, "maps");
	snap->heap_bytes = count(summary, "heap_bytes");
	snap->slots_walked = HMS_MAX(count(summary, "slots_walked"), 0);
	snap->keys_hashed = HMS_MAX(count(summary, "keys_hashed"), 0);
	snap->bytes_unreadable = HMS_MAX(count(summary, "bytes_unreadable"), 0);
	snap->candidates_dismissed = HMS_MAX(count(summary, "candidates_dismissed"), 0);
	snap->complete = json_is_true(json_object_get(summary, "complete"));
}

/* Nothing but the count of a damaged header is below 0. */
static int64_t map_number(json_t *object, const char *path, bool may_be_negative)
{
	int64_t n = number(object, path, HMS_UNKNOWN);

	return n < 0 && !may_be_negative ? HMS_UNKNOWN : n;
}

static bool add_map(struct hms_snapshot *snap, json_t *object)
{
	static const char *const numbers[HMS_SNAP_NNUMBERS] = {
#define X(id, path) path,
		HMS_SNAP_NUMBERS(X)
#undef X
	};
	static const char *const patterns[HMS_SNAP_NPATTERNS][2] = {
#define X(id, path, other) {path, other},
		HMS_SNAP_PATTERNS(X)
#undef X
	};
	const char *kind = json_string_value(json_object_get(object, "kind"));
	const char *found_by = json_string_value(json_object_get(object, "found_by"));
	struct hms_snap_map *map;
	uint64_t addr, bits;

	if (!pattern(object, "addr", &addr))
		return false;
	map = hms_snapshot_add_map(snap);
	map->addr = addr;
	map->swiss = kind && strcmp(kind, "swiss") == 0;
	map->weak = found_by && (strcmp(found_by, "word") == 0 || strcmp(found_by, "scan") == 0);
	map->type = text(snap, object, "type");
	map->type_path = text(snap, object, "type_path");
	map->owner = text(snap, object, "owner");
	for (size_t i = 0; i < HMS_SNAP_NNUMBERS; i++)
		map->numbers[i] = map_number(object, numbers[i], i == HMS_SNAP_COUNT);
	for (size_t i = 0; i < HMS_SNAP_NPATTERNS; i++)
		if (pattern(object, patterns[i][0], &bits) ||
		    (patterns[i][1] && pattern(object, patterns[i][1], &bits)))
			hms_snap_set_pattern(map, (enum hms_snap_pattern)i, bits);
	return true;
}

static bool add_finding(struct hms_snapshot *snap, json_t *object)
{
	struct hms_snap_finding *finding;

	if (!json_is_string(json_object_get(object, "rule")))
		return false;
	finding = hms_snapshot_add_finding(snap);
	finding->rule = text(snap, object, "rule");
	finding->severity = text(snap, object, "severity");
	finding->expected = text(snap, object, "expected");
	finding->seen = text(snap, object, "seen");
	finding->message = text(snap, object, "message");
	finding->goroutine = count(object, "goroutine");
	pattern(object, "map", &finding->map);
	pattern(object, "addr", &finding->addr);
	return true;
}

static bool add_goroutine(struct hms_snapshot *snap, json_t *object)
{
	json_t *list = json_object_get(object, "frames"), *frame;
	HMS_AUTO_FREE struct hms_snap_frame *frames = NULL;
	struct hms_snap_group group = {.n = 1};
	size_t i;

	if (!json_is_integer(json_object_get(object, "id")) || !json_is_array(list))
		return false;
	frames = hms_xcalloc(json_array_size(list), sizeof(*frames));
	json_array_foreach(list, i, frame)
	{
		frames[i].function = json_string_value(json_object_get(frame, "function"));
		frames[i].file = json_string_value(json_object_get(frame, "file"));
		frames[i].line = count(frame, "line");
	}
	group.frames = frames;
	group.nframes = json_array_size(list);
	group.wait_reason = json_string_value(json_object_get(object, "wait_reason"));
	group.created_by = json_string_value(at(object, "created_by.function"));
	group.system = json_is_true(json_object_get(object, "system"));
	hms_snapshot_add_goroutines(snap, &group);
	return true;
}

/* ---- the report ------------------------------------------------------------------------- */

typedef bool adder(struct hms_snapshot *snap, json_t *object);

static struct hms_error *read_array(struct scan *scan, struct hms_snapshot *snap, adder *add)
{
	if (!accept(scan, '['))
		return malformed(scan, "an array is expected");
	if (accept(scan, ']'))
		return NULL;
	do {
		json_t *object = NULL;
		bool added;

		HMS_TRY(read_value(scan, &object));
		added = json_is_object(object) && add(snap, object);
		json_decref(object);
		if (!added)
			return malformed(scan, "the element before lacks what it is about");
	} while (accept(scan, ','));
	return accept(scan, ']') ? NULL : malformed(scan, "a comma or bracket is missing");
}

static struct hms_error *read_object(struct scan *scan, struct hms_snapshot *snap,
				     void (*add)(struct hms_snapshot *snap, json_t *object))
{
	json_t *object = NULL;

	HMS_TRY(read_value(scan, &object));
	add(snap, object);
	json_decref(object);
	return NULL;
}

static struct hms_error *read_member(struct scan *scan, const char *key, struct hms_snapshot *snap)
{
	if (strcmp(key, "core") == 0)
		return read_object(scan, snap, add_core);
	if (strcmp(key, "summary") == 0)
		return read_object(scan, snap, add_summary);
	if (strcmp(key, "maps") == 0)
		return read_array(scan, snap, add_map);
	if (strcmp(key, "findings") == 0)
		return read_array(scan, snap, add_finding);
	if (strcmp(key, "goroutines") == 0)
		return read_array(scan, snap, add_goroutine);
	return skip_value(scan);
}

/* What tells whether the rest means what we take it for. */
struct head {
	char *schema;
	char *command;
};

static struct hms_error *read_text(struct scan *scan, char **ret)
{
	json_t *value = NULL;

	HMS_TRY(read_value(scan, &value));
	free(*ret);
	*ret = json_is_string(value) ? hms_xstrdup(json_string_value(value)) : NULL;
	json_decref(value);
	return NULL;
}

static struct hms_error *read_head_member(struct scan *scan, const char *key, struct head *head)
{
	if (strcmp(key, "schema") == 0)
		return read_text(scan, &head->schema);
	if (strcmp(key, "command") == 0)
		return read_text(scan, &head->command);
	return skip_value(scan);
}

/* Go through the members of the document; the first time only @head is filled. */
static struct hms_error *read_members(struct scan scan, struct head *head,
				      struct hms_snapshot *snap)
{
	if (!accept(&scan, '{'))
		return malformed(&scan, "it is no JSON object");
	do {
		json_t *key = NULL;
		struct hms_error *err = read_value(&scan, &key);

		if (!err && (!json_is_string(key) || !accept(&scan, ':')))
			err = malformed(&scan, "a member's name is expected");
		if (!err)
			err = snap ? read_member(&scan, json_string_value(key), snap)
				   : read_head_member(&scan, json_string_value(key), head);
		json_decref(key);
		HMS_TRY(err);
	} while (accept(&scan, ','));
	if (!accept(&scan, '}') || peek(&scan))
		return malformed(&scan, "the report is cut short, or something follows it");
	return NULL;
}

static struct hms_error *check_head(const char *path, const struct head *head)
{
	static const char *const snapshots[] = {"list", "report", "check", "goroutines"};

	if (!head->schema)
		return hms_err(HMS_ERR_FORMAT, "cannot read '%s': it is no report of hmapscope",
			       path);
	if (strcmp(head->schema, SCHEMA) != 0)
		return hms_err(HMS_ERR_UNSUPPORTED,
			       "cannot read '%s': its schema is '%.100s', and this program knows "
			       "'" SCHEMA "' only",
			       path, head->schema);
	for (size_t i = 0; head->command && i < HMS_ARRAY_LEN(snapshots); i++)
		if (strcmp(head->command, snapshots[i]) == 0)
			return NULL;
	return hms_err(
		HMS_ERR_UNSUPPORTED,
		"cannot read '%s' as a snapshot: it was written by '%.100s'; 'hmapscope list "
		"--json' writes one",
		path, head->command ? head->command : "?");
}

struct hms_error *hms_saved_parse(const char *path, const char *bytes, size_t len,
				  struct hms_snapshot **ret)
{
	HMS_AUTO(hms_snapshot) struct hms_snapshot *snap = hms_snapshot_create();
	struct scan scan = {.path = path, .p = bytes, .start = bytes, .end = bytes + len};
	struct head head = {0};
	struct hms_error *err;

	err = read_members(scan, &head, NULL);
	if (!err)
		err = check_head(path, &head);
	if (!err)
		err = read_members(scan, &head, snap);
	snap->saved = true;
	snap->command = hms_snapshot_string(snap, head.command);
	free(head.schema);
	free(head.command);
	HMS_TRY(err);
	hms_snapshot_finish(snap);
	*ret = hms_take(snap);
	return NULL;
}

struct hms_error *hms_saved_read(const char *path, struct hms_snapshot **ret)
{
	struct hms_mapfile map;
	struct hms_error *err;

	HMS_TRY(hms_mapfile_open(path, &map));
	err = hms_saved_parse(path, map.p ? (const char *)map.p : "", map.size, ret);
	hms_mapfile_close(&map);
	return err;
}

#else /* no jansson */

struct hms_error *hms_saved_parse(const char *path, const char *bytes, size_t len,
				  struct hms_snapshot **ret)
{
	(void)bytes;
	(void)len;
	(void)ret;
	return hms_err(HMS_ERR_UNSUPPORTED,
		       "cannot read '%s': hmapscope was built without jansson, which reads saved "
		       "reports; compare the cores",
		       path);
}

struct hms_error *hms_saved_read(const char *path, struct hms_snapshot **ret)
{
	return hms_saved_parse(path, "", 0, ret);
}
#endif
