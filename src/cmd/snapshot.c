#include "cmd/snapshot.h"

#include <string.h>

#include "goro/group.h"
#include "goro/unwind.h"
#include "util/arena.h"

/* ---- maps ------------------------------------------------------------------------------- */

/* The values are those of the report's columns, so that a core and its saved report are alike. */
struct columns {
	const struct hms_column *numbers[HMS_SNAP_NNUMBERS];
	const struct hms_column *patterns[HMS_SNAP_NPATTERNS][2];
};

static const struct hms_column *find_or_null(const char *path)
{
	return path ? hms_column_find(path) : NULL;
}

static void find_columns(struct columns *ret)
{
	*ret = (struct columns){0};
#define X(id, path) ret->numbers[HMS_SNAP_##id] = hms_column_find(path);
	HMS_SNAP_NUMBERS(X)
#undef X
#define X(id, path, other)                                       \
	ret->patterns[HMS_SNAP_##id][0] = hms_column_find(path); \
	ret->patterns[HMS_SNAP_##id][1] = find_or_null(other);
	HMS_SNAP_PATTERNS(X)
#undef X
}

static bool applies(const struct hms_column *column, const struct hms_map_row *row)
{
	return column && (column->kind < 0 || column->kind == (int)hms_map_row_kind(row));
}

static int64_t number(const struct hms_column *column, const struct hms_map_row *row)
{
	struct hms_value value;

	if (!applies(column, row))
		return HMS_UNKNOWN;
	column->get(row, &value);
	switch (value.kind) {
	case HMS_VALUE_INT: return value.i;
	case HMS_VALUE_COUNT:
	case HMS_VALUE_BYTES: return value.u <= INT64_MAX ? (int64_t)value.u : HMS_UNKNOWN;
	default: return HMS_UNKNOWN;
	}
}

static void set_pattern(struct hms_snap_map *map, enum hms_snap_pattern pattern,
			const struct hms_column *column, const struct hms_map_row *row)
{
	struct hms_value value;

	if (!applies(column, row))
		return;
	column->get(row, &value);
	if (value.kind == HMS_VALUE_ADDR)
		hms_snap_set_pattern(map, pattern, value.u);
}

static void add_map(struct hms_snapshot *snap, const struct columns *columns,
		    const struct hms_map_row *row)
{
	struct hms_snap_map *map = hms_snapshot_add_map(snap);

	map->addr = row->map->addr;
	map->swiss = hms_map_row_kind(row) == HMS_MAP_SWISS;
	map->weak = row->map->found_by == HMS_FOUND_WORD || row->map->found_by == HMS_FOUND_SCAN;
	if (row->map->type) {
		map->type = hms_snapshot_string(snap, row->map->type->name);
		map->type_path = hms_snapshot_string(snap, row->map->type->path);
	}
	map->owner = hms_snapshot_string(snap, row->owner);
	for (size_t i = 0; i < HMS_SNAP_NNUMBERS; i++)
		map->numbers[i] = number(columns->numbers[i], row);
	for (size_t i = 0; i < HMS_SNAP_NPATTERNS; i++)
		for (size_t k = 0; k < 2; k++)
			set_pattern(map, (enum hms_snap_pattern)i, columns->patterns[i][k], row);
}

static void add_maps(struct hms_snapshot *snap, struct hms_view *view)
{
	struct columns columns;

	find_columns(&columns);
	for (size_t i = 0; i < view->found->nmaps; i++) {
		struct hms_map_row row = hms_view_row(view, &view->found->maps[i]);

		add_map(snap, &columns, &row);
	}
}

/* ---- findings --------------------------------------------------------------------------- */

static void add_findings(struct hms_snapshot *snap, const struct hms_view *view)
{
	for (size_t i = 0; i < view->findings.n; i++) {
		const struct hms_finding *from = &view->findings.items[i];
		struct hms_snap_finding *to = hms_snapshot_add_finding(snap);

		to->rule = hms_snapshot_string(snap, from->rule);
		to->severity = hms_severity_name(from->severity);
		to->expected = hms_snapshot_string(snap, from->expected);
		to->seen = hms_snapshot_string(snap, from->seen);
		to->message = hms_snapshot_string(snap, from->message);
		to->map = from->map;
		to->addr = from->addr;
		to->goroutine = from->goroutine;
	}
}

/* ---- goroutines ------------------------------------------------------------------------- */

static const char *printed(struct hms_snapshot *snap, const char *name)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	if (!name)
		return NULL;
	hms_func_print_name(name, &text);
	return hms_snapshot_string(snap, hms_str_text(&text));
}

static void fill_frames(struct hms_snapshot *snap, const struct hms_stack *stack,
			struct hms_snap_frame *frames)
{
	size_t at = 0;

	for (size_t i = 0; i < stack->n; i++) {
		const struct hms_place *place = stack->frames[i].place;

		for (uint32_t k = 0; k < place->ncalls; k++)
			frames[at++] = (struct hms_snap_frame){
				.function = printed(snap, place->calls[k].name),
				.file = hms_snapshot_string(snap, place->calls[k].file),
				.line = place->calls[k].file ? place->calls[k].line : -1,
			};
	}
}

static void add_group(struct hms_snapshot *snap, const struct hms_goros *goros,
		      const struct hms_goro_group *members, const struct hms_stack *stack)
{
	const struct hms_goroutine *g = members->members[0];
	size_t n = hms_stack_ncalls(stack);
	HMS_AUTO_FREE struct hms_snap_frame *frames = hms_xcalloc(n, sizeof(*frames));
	struct hms_snap_group group = {
		.n = members->n,
		.wait_reason = g->wait_reason,
		.frames = frames,
		.nframes = n,
		.system = g->system,
	};
	struct hms_created_by by;

	fill_frames(snap, stack, frames);
	if (hms_goro_created_by(goros, g, &by))
		group.created_by = printed(snap, by.function);
	hms_snapshot_add_goroutines(snap, &group);
}

static void add_goroutines(struct hms_snapshot *snap, const struct hms_session *session)
{
	struct hms_goro_groups groups = {0};
	struct hms_stack stack = {0};
	struct hms_unwinder *unwinder;

	if (!session->goros)
		return;
	unwinder = hms_unwinder_create(session->goros);
	hms_goro_groups_make(unwinder, NULL, NULL, &groups);
	for (size_t i = 0; i < groups.n; i++) {
		hms_unwind(unwinder, groups.list[i].members[0], &stack);
		add_group(snap, session->goros, &groups.list[i], &stack);
	}
	hms_stack_deinit(&stack);
	hms_goro_groups_deinit(&groups);
	hms_unwinder_destroy(unwinder);
}

/* ---- the core --------------------------------------------------------------------------- */

static void add_head(struct hms_snapshot *snap, const struct hms_doc *doc)
{
	const struct hms_doc_core *core = &doc->core;

	snap->path = hms_snapshot_string(snap, core->path);
	snap->exe = hms_snapshot_string(snap, core->exe);
	snap->build_id = hms_snapshot_string(snap, core->build_id);
	snap->build_id_match = core->build_id_match == HMS_DONT_KNOW ? -1
			       : core->build_id_match == HMS_YES     ? 1
								     : 0;
	snap->arch = core->arch;
	snap->signal = core->signal;
	snap->go_version = hms_snapshot_string(snap, core->go_version);
	snap->map_kind = core->map_kind;
	snap->pid = core->pid;
	snap->threads = core->threads;
	snap->goroutines = core->goroutines;
	snap->clock = core->clock_ns;
	snap->process_key = core->process_key;
	snap->process_key_known = core->process_key != 0;
	snap->core_bytes = core->core_bytes;
	snap->command = "core";
}

static void add_summary(struct hms_snapshot *snap, const struct hms_doc *doc)
{
	snap->nmaps_said = (int64_t)doc->summary.maps;
	snap->heap_bytes = doc->summary.heap_bytes;
	snap->slots_walked = (int64_t)doc->summary.slots_walked;
	snap->keys_hashed = (int64_t)doc->summary.keys_hashed;
	snap->bytes_unreadable = (int64_t)doc->summary.bytes_unreadable;
	snap->candidates_dismissed = (int64_t)doc->summary.candidates_dismissed;
	snap->complete = doc->summary.complete;
}

struct hms_error *hms_snapshot_capture(const struct hms_input *input, struct hms_snapshot **ret)
{
	struct hms_snapshot *snap;
	struct hms_view view;

	HMS_TRY(hms_view_open(input, &view));
	snap = hms_snapshot_create();
	add_head(snap, &view.doc);
	add_summary(snap, &view.doc);
	add_maps(snap, &view);
	add_findings(snap, &view);
	add_goroutines(snap, view.session);
	for (size_t i = 0; i < view.session->nlimits; i++)
		hms_snapshot_limit(snap, view.session->limits[i]);
	hms_view_close(&view);
	hms_snapshot_finish(snap);
	*ret = snap;
	return NULL;
}
