/*
 * hmapscope show, Swiss maps: the header's words, directory and tables, how full groups are, how
 * far lookups probe, what deletes left behind.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/explain.h"
#include "cmd/show.h"
#include "map/hash.h"
#include "map/iter.h"
#include "map/tables.h"
#include "report/format.h"
#include "rt/pclntab.h"

#define MAX_CELLS  1024
#define MAX_SLOTS  (UINT64_C(1) << 28) /* of a directory that is drawn */
#define MAX_PROBES 16                  /* a bar each; longer ones share the last */

/* ---- the header --------------------------------------------------------------------------- */

static void explain_used(struct hms_view *view, const struct hms_map *map, struct hms_words *w)
{
	bool whole = !view->stats.ntroubles;
	bool odd = whole && (uint64_t)map->count != map->live;

	hms_str_addf(&w->value, "%" PRId64, map->count);
	hms_str_add(&w->meaning, "entries, as len() gives them");
	if (odd)
		hms_str_addf(&w->normal, "the number of full slots, which is %" PRIu64, map->live);
	else if (whole)
		hms_str_add(&w->meaning, "; as many slots are full");
	hms_words_emit(view, w, "used", odd);
}

static void explain_seed(struct hms_view *view, const struct hms_swiss *h, struct hms_words *w)
{
	hms_str_addf(&w->value, "0x%" PRIx64, h->seed);
	hms_str_add(&w->meaning, "seed of the hashes; new when the map is emptied");
	hms_words_emit(view, w, "seed", false);
}

static void say_tables(struct hms_str *ret, uint64_t tables)
{
	hms_str_add(ret, "slots of the directory; they lead to ");
	hms_format_counted(ret, tables, "table");
}

static void explain_directory(struct hms_view *view, const struct hms_map *map, struct hms_words *w)
{
	const struct hms_swiss *h = &map->swiss;
	uint64_t depth_len = h->global_depth < 63 ? UINT64_C(1) << h->global_depth : 0;
	bool odd = h->dir_len && h->dir_len != depth_len;

	hms_str_addf(&w->value, h->dir ? "0x%" PRIx64 : "nil", h->dir);
	hms_str_add(&w->meaning, h->dir_len ? "the directory: an array of pointers to tables"
				 : h->dir   ? "the only group: up to 8 entries need no table"
					    : "no group yet: it comes with the first entry");
	hms_words_emit(view, w, "dirPtr", !h->dir && map->count);

	hms_str_addf(&w->value, "%" PRIu64, h->dir_len);
	if (h->dir_len)
		say_tables(&w->meaning, view->stats.tables);
	else
		hms_str_add(&w->meaning, "a small map: it has no directory");
	if (odd)
		hms_str_addf(&w->normal, "2^globalDepth = %" PRIu64, depth_len);
	hms_words_emit(view, w, "dirLen", odd);
}

static void explain_depth(struct hms_view *view, const struct hms_swiss *h, struct hms_words *w)
{
	unsigned int shift = h->dir_len ? 64u - h->global_depth : 0;
	bool odd = h->global_shift != shift;

	hms_str_addf(&w->value, "%u", h->global_depth);
	hms_str_add(&w->meaning, "leading bits of a hash that choose the directory slot");
	hms_words_emit(view, w, "globalDepth", false);

	hms_str_addf(&w->value, "%u", h->global_shift);
	hms_str_add(&w->meaning, "by which a hash is shifted to get them");
	if (odd)
		hms_str_addf(&w->normal, "%u", shift);
	hms_words_emit(view, w, "globalShift", odd);
}

static void explain_state(struct hms_view *view, const struct hms_swiss *h, struct hms_words *w)
{
	const struct hms_layout *layout = &view->session->rt->layout;

	hms_str_addf(&w->value, "%u", h->writing);
	hms_str_add(&w->meaning,
		    h->writing ? "a write is in progress" : "not marked as being written");
	if (h->writing)
		hms_str_add(&w->normal, "0, unless a goroutine is inside a write");
	hms_words_emit(view, w, "writing", h->writing);

	if (hms_layout_has(layout, HMS_F_SMAP_TOMBSTONEPOSSIBLE)) {
		hms_str_addf(&w->value, "%u", h->tombstone_possible);
		hms_str_addf(&w->meaning, "%" PRIu64 " slots are tombstones",
			     view->stats.tombstones);
		if (h->tombstone_possible > 1)
			hms_str_add(&w->normal, "0 or 1");
		hms_words_emit(view, w, "tombstonePossible", h->tombstone_possible > 1);
	}
	hms_str_addf(&w->value, "%" PRIu64, h->clear_seq);
	hms_str_add(&w->meaning, "times the map was cleared");
	hms_words_emit(view, w, "clearSeq", false);
}

/* ---- tables ------------------------------------------------------------------------------- */

struct tables {
	struct hms_map_cell *cells; /* one a table, or each for several */
	uint64_t each;
	uint64_t n;
	uint64_t depths[64];
	uint64_t capacities[11]; /* by log2, up to 1024 slots */
	uint64_t full;           /* without growth left, but with tombstones */
};

static void note_table(void *arg, const struct hms_table *table)
{
	struct tables *t = arg;
	struct hms_map_cell *cell = &t->cells[t->n++ / t->each];
	unsigned int log2 = 0;

	if (!table->readable) {
		cell->unread++;
		return;
	}
	cell->live += table->used;
	cell->slots += table->capacity;
	t->depths[table->local_depth % 64]++;
	while (log2 < 10 && (1u << log2) < table->capacity)
		log2++;
	t->capacities[log2]++;
	t->full += !table->growth_left;
}

static void draw_counts(struct hms_view *view, const char *title, const char *unit,
			const uint64_t *counts, size_t n, bool powers)
{
	struct hms_histogram histogram = {.title = title, .unit = unit};
	struct hms_bar bars[64];
	char labels[64][24];

	for (size_t i = 0; i < n; i++) {
		if (!counts[i])
			continue;
		snprintf(labels[histogram.nbars], sizeof(labels[0]), "%zu",
			 powers ? (size_t)1 << i : i);
		bars[histogram.nbars] = (struct hms_bar){labels[histogram.nbars], counts[i]};
		histogram.nbars++;
	}
	histogram.bars = bars;
	if (histogram.nbars > 1)
		view->renderer->ops->histogram(view->renderer, &histogram);
}

static void draw_tables(struct hms_view *view, const struct hms_map *map)
{
	HMS_AUTO_FREE struct hms_map_cell *cells = hms_xcalloc(MAX_CELLS, sizeof(*cells));
	struct tables t = {.cells = cells, .each = 1};
	struct hms_picture p = {.title = "tables", .unit = "table", .cells = cells};

	/* Directory slots bound the number of tables, also those that stats did not count. */
	t.each = (map->swiss.dir_len + MAX_CELLS - 1) / MAX_CELLS;
	if (!t.each)
		return;
	hms_map_tables(view->session->model, map, note_table, &t);
	p.nunits = t.n;
	p.units_a_cell = t.each;
	p.ncells = t.n ? (t.n - 1) / t.each + 1 : 0;
	if (!p.ncells)
		return;
	view->renderer->ops->picture(view->renderer, &p);
	draw_counts(view, "local depth of tables", "tables", t.depths, 64, false);
	draw_counts(view, "capacity of tables (slots)", "tables", t.capacities, 11, true);
}

/* ---- groups and probes -------------------------------------------------------------------- */

struct probes {
	struct hms_hasher *hasher;
	struct hms_pclntab *pclntab;
	struct hms_hash_plan *plan;
};

/* Without a plan there is no picture of probes: the rest of the page does not need one. */
static void probes_open(struct hms_view *view, const struct hms_map *map, struct probes *p)
{
	const struct hms_rt *rt = view->session->rt;

	*p = (struct probes){0};
	hms_err_free(hms_pclntab_open(rt, &p->pclntab));
	hms_err_free(hms_hasher_open(rt, &p->hasher));
	if (p->hasher && p->pclntab)
		hms_err_free(hms_hash_plan_open(p->hasher, rt, p->pclntab, map->type, &p->plan));
}

static void probes_close(struct probes *p)
{
	hms_hash_plan_destroy(p->plan);
	hms_hasher_close(p->hasher);
	hms_pclntab_close(p->pclntab);
}

/* Groups that a lookup visits before the one that holds the key. */
static bool probe_length(uint64_t hash, uint64_t mask, uint64_t group, uint64_t *ret)
{
	struct hms_swiss_probe probe = hms_swiss_probe_start(hash, mask);

	for (; probe.index <= mask && probe.index < 1024; hms_swiss_probe_next(&probe)) {
		if (probe.group == group) {
			*ret = probe.index;
			return true;
		}
	}
	return false;
}

struct masks {
	uint64_t *by_slot; /* group mask of the table that a directory slot names first */
	uint64_t n;
};

static void note_mask(void *arg, const struct hms_table *table)
{
	struct masks *masks = arg;

	if (table->slot < masks->n)
		masks->by_slot[table->slot] = table->readable ? table->mask : 0;
}

static void count_slots(struct hms_view *view, const struct hms_map *map, const struct probes *p,
			const struct masks *masks, uint64_t *occupancy, uint64_t *lengths)
{
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	uint64_t hash, length, full = 0;
	struct hms_map_iter it;
	struct hms_slot slot;

	hms_map_iter_init(&it, view->session->model, map);
	while (hms_map_iter_next(&it, &slot)) {
		if (slot.state == HMS_SLOT_UNREADABLE)
			continue;
		if (slot.index == 0)
			full = 0;
		full += slot.state == HMS_SLOT_LIVE;
		if (slot.index == HMS_SLOTS - 1)
			occupancy[full]++;
		if (slot.state == HMS_SLOT_LIVE && p->plan && slot.table < masks->n &&
		    hms_hash_key(p->plan, &reader, map->swiss.seed, slot.key, &hash) ==
			    HMS_HASH_OK &&
		    probe_length(hash, masks->by_slot[slot.table], slot.bucket, &length))
			lengths[HMS_MIN(length + 1, (uint64_t)MAX_PROBES)]++;
	}
	hms_map_iter_deinit(&it);
}

static void draw_groups(struct hms_view *view, const struct hms_map *map)
{
	HMS_AUTO_FREE struct hms_map_cell *cells = hms_xcalloc(MAX_CELLS, sizeof(*cells));
	struct hms_picture p = {.title = "groups", .unit = "group", .cells = cells};

	p.ncells = hms_map_picture(view->session->model, map, false, cells, MAX_CELLS,
				   &p.units_a_cell);
	p.nunits = view->stats.groups;
	if (p.ncells)
		view->renderer->ops->picture(view->renderer, &p);
}

static void draw_slots(struct hms_view *view, const struct hms_map *map)
{
	uint64_t occupancy[HMS_SLOTS + 1] = {0}, lengths[MAX_PROBES + 1] = {0};
	struct masks masks = {.n = view->stats.tables ? map->swiss.dir_len : 0};
	struct hms_error *err;
	struct probes probes;

	err = hms_alloc_array(masks.n, sizeof(*masks.by_slot), MAX_SLOTS, &masks.by_slot);
	if (err) {
		hms_err_free(err); /* a damaged directory: its finding says so */
		return;
	}
	hms_map_tables(view->session->model, map, note_mask, &masks);
	probes_open(view, map, &probes);
	count_slots(view, map, &probes, &masks, occupancy, lengths);
	probes_close(&probes);
	free(masks.by_slot);
	draw_counts(view, "entries in a group", "groups", occupancy, HMS_SLOTS + 1, false);
	draw_counts(view, "groups that a lookup visits", "keys", lengths, MAX_PROBES + 1, false);
}

/* What plays the part of stalled growth: room that deletes left, and tables that a write will
 * rebuild. */
static void say_room(struct hms_view *view, const struct hms_map *map)
{
	const struct hms_map_stats *stats = &view->stats;
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	hms_format_count(&text, map->live);
	hms_str_add(&text, " of ");
	hms_format_counted(&text, stats->capacity, "slot");
	hms_str_add(&text, " hold entries, ");
	hms_format_counted(&text, stats->tombstones, "tombstone");
	hms_str_add(&text, ", room for ");
	hms_format_count(&text, stats->growth_left);
	hms_str_add(&text, " more before a table grows");
	view->renderer->ops->line(view->renderer, hms_str_text(&text));
}

void hms_explain_swiss(struct hms_view *view, const struct hms_map *map)
{
	struct hms_words w = HMS_WORDS_INIT;

	explain_used(view, map, &w);
	explain_seed(view, &map->swiss, &w);
	explain_directory(view, map, &w);
	explain_depth(view, &map->swiss, &w);
	explain_state(view, &map->swiss, &w);
	hms_words_deinit(&w);
}

void hms_show_swiss(struct hms_view *view, const struct hms_map *map)
{
	say_room(view, map);
	draw_tables(view, map);
	draw_groups(view, map);
	draw_slots(view, map);
}
