#include "diff/snapshot.h"

#include <stdlib.h>
#include <string.h>

/* Two 64-bit hashes of a text: as one, they serve for the text itself. */
struct fingerprint {
	uint64_t a, b;
};

static void add_bytes(struct fingerprint *f, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++) {
		f->a = (f->a ^ p[i]) * UINT64_C(0x100000001b3);
		f->b = (f->b + p[i]) * UINT64_C(0x9e3779b97f4a7c15);
		f->b ^= f->b >> 31;
	}
}

/* With its NUL, so that "a", "bc" is not "ab", "c". */
static void add_text(struct fingerprint *f, const char *s)
{
	add_bytes(f, s ? s : "\1", s ? strlen(s) + 1 : 2);
}

static struct fingerprint fingerprint(void)
{
	return (struct fingerprint){UINT64_C(0xcbf29ce484222325), 1};
}

struct hms_snapshot *hms_snapshot_create(void)
{
	struct hms_snapshot *snap = hms_xcalloc(1, sizeof(*snap));

	snap->arena = hms_arena_create();
	snap->build_id_match = -1;
	snap->pid = snap->threads = snap->goroutines = snap->clock = -1;
	snap->nmaps_said = snap->heap_bytes = -1;
	return snap;
}

void hms_snapshot_destroy(struct hms_snapshot *snap)
{
	if (!snap)
		return;
	hms_arena_destroy(snap->arena);
	hms_set_deinit(&snap->group_index);
	hms_set_deinit(&snap->strings);
	free(snap->maps);
	free(snap->findings);
	free(snap->groups);
	free(snap->limits);
	free(snap);
}

const char *hms_snapshot_string(struct hms_snapshot *snap, const char *s)
{
	struct fingerprint f = fingerprint();
	uint64_t *place;
	bool added;

	if (!s)
		return NULL;
	add_text(&f, s);
	place = hms_set_put(&snap->strings, f.a, f.b | 1, 0, &added);
	if (added)
		*place = (uint64_t)(uintptr_t)hms_arena_strdup(snap->arena, s);
	return (const char *)(uintptr_t)*place;
}

struct hms_snap_map *hms_snapshot_add_map(struct hms_snapshot *snap)
{
	struct hms_snap_map *map;

	HMS_GROW(snap->maps, snap->nmaps, snap->cap_maps);
	map = &snap->maps[snap->nmaps++];
	*map = (struct hms_snap_map){0};
	for (size_t i = 0; i < HMS_SNAP_NNUMBERS; i++)
		map->numbers[i] = HMS_UNKNOWN;
	return map;
}

struct hms_snap_finding *hms_snapshot_add_finding(struct hms_snapshot *snap)
{
	HMS_GROW(snap->findings, snap->nfindings, snap->cap_findings);
	snap->findings[snap->nfindings] = (struct hms_snap_finding){.goroutine = -1};
	return &snap->findings[snap->nfindings++];
}

static const struct hms_snap_frame *copy_frames(struct hms_snapshot *snap,
						const struct hms_snap_group *group)
{
	struct hms_snap_frame *frames =
		hms_arena_memdup(snap->arena, group->frames, group->nframes * sizeof(*frames));

	for (size_t i = 0; i < group->nframes; i++) {
		frames[i].function = hms_snapshot_string(snap, frames[i].function);
		frames[i].file = hms_snapshot_string(snap, frames[i].file);
	}
	return frames;
}

/* Functions alone: a goroutine that goes round a loop stands at one line now, at another then. */
static struct fingerprint stack_of(const struct hms_snap_group *group)
{
	struct fingerprint f = fingerprint();

	add_text(&f, group->created_by);
	for (size_t i = 0; i < group->nframes; i++)
		add_text(&f, group->frames[i].function);
	return f;
}

void hms_snapshot_add_goroutines(struct hms_snapshot *snap, const struct hms_snap_group *group)
{
	struct fingerprint f = stack_of(group);
	uint64_t *place;
	bool added;

	place = hms_set_put(&snap->group_index, f.a, f.b | 1, snap->ngroups, &added);
	snap->ngoroutines += group->n;
	if (!added) {
		snap->groups[*place].n += group->n;
		return;
	}
	HMS_GROW(snap->groups, snap->ngroups, snap->cap_groups);
	snap->groups[snap->ngroups++] = (struct hms_snap_group){
		.key = {f.a, f.b | 1},
		.n = group->n,
		.wait_reason = hms_snapshot_string(snap, group->wait_reason),
		.created_by = hms_snapshot_string(snap, group->created_by),
		.frames = copy_frames(snap, group),
		.nframes = group->nframes,
		.system = group->system,
	};
}

void hms_snapshot_limit(struct hms_snapshot *snap, const char *sentence)
{
	HMS_GROW(snap->limits, snap->nlimits, snap->cap_limits);
	snap->limits[snap->nlimits++] = hms_snapshot_string(snap, sentence);
}

static int by_address(const void *a, const void *b)
{
	const struct hms_snap_map *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

void hms_snapshot_finish(struct hms_snapshot *snap)
{
	if (snap->nmaps)
		qsort(snap->maps, snap->nmaps, sizeof(*snap->maps), by_address);
}

const struct hms_snap_map *hms_snapshot_map_at(const struct hms_snapshot *snap, uint64_t addr)
{
	const struct hms_snap_map key = {.addr = addr};

	if (!snap->nmaps)
		return NULL;
	return bsearch(&key, snap->maps, snap->nmaps, sizeof(key), by_address);
}

bool hms_snapshot_has_all_maps(const struct hms_snapshot *snap)
{
	return snap->nmaps_said >= 0 && (uint64_t)snap->nmaps_said <= snap->nmaps;
}

bool hms_snapshot_has_goroutines(const struct hms_snapshot *snap)
{
	return snap->goroutines >= 0 && (uint64_t)snap->goroutines <= snap->ngoroutines;
}
