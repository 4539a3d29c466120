/*
 * Lookups in the maps of the bundled cores.
 *
 * Each key, written down in Go's notation as "entries" prints it, is looked up again: it is found
 * in the very slot that it came from, and only there; of keys with a NaN it is said that none is
 * found.  The truth is where the program put its keys.
 *
 * Then entries are moved to where they do not belong, marks are changed, and the lookup says what
 * became of the key.
 *
 *	t_lookup             all of corefiles/
 *	t_lookup EXE CORE    one, anywhere
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundled.h"
#include "map/iter.h"
#include "map/lookup.h"
#include "rt/value.h"
#include "world.h"

#define KEYS_A_MAP 24

struct tally {
	size_t maps, found, nan, wrong;
	size_t damages, untold;
};

static const struct hms_value_limits whole = {UINT64_MAX, UINT64_MAX, UINT64_MAX, 1 << 24, 64};

static void say_wrong(const struct hms_map *map, const struct hms_slot *slot, const char *key,
		      const char *what)
{
	printf("# map 0x%" PRIx64 " %s: key at 0x%" PRIx64 " %.200s: %s\n", map->addr,
	       map->type->name, slot->key_addr, key, what);
}

/* ---- every key where it is ---------------------------------------------------------------- */

/* Redundant on purpose: what the lookup says, against where the slot was met. */
static const char *judge(const struct hms_lookup *l, const struct hms_slot *slot)
{
	if (l->verdict != HMS_LOOKUP_FOUND)
		return hms_lookup_verdict_word(l->verdict);
	for (size_t i = 0; i < l->npaths; i++)
		if (l->paths[i].unit != slot->unit || l->paths[i].slot != slot->index)
			return "found in another slot";
	if (l->live != 1 || l->places[0].slot.key_addr != slot->key_addr ||
	    l->places[0].why != HMS_LOOKUP_WHY_REACHED)
		return "its place is another one";
	return NULL;
}

static char *text_of(struct hms_decoder *decoder, const struct hms_type *type, const uint8_t *bytes)
{
	struct hms_sink sink;
	char *ret;

	hms_sink_init(&sink, -1);
	hms_value_write(decoder, hms_value_plan_of(decoder, type), bytes, &sink);
	ret = hms_xprintf("%.*s", (int)sink.len, sink.buf);
	hms_sink_deinit(&sink);
	return ret;
}

static void check_key(const struct hms_session *s, const struct hms_map *map,
		      const struct hms_slot *slot, const char *key, struct tally *tally)
{
	HMS_AUTO(hms_literal) struct hms_literal *literal = NULL;
	struct hms_error *err = hms_literal_parse(s->rt, map->type->key, key, &literal);
	struct hms_lookup l;
	const char *wrong;

	if (err) {
		say_wrong(map, slot, key, err->message);
		hms_err_free(err);
		tally->wrong++;
		return;
	}
	hms_lookup_run(s->model, s->pclntab, map, literal, &l);
	if (l.verdict == HMS_LOOKUP_NEVER && strstr(key, "NaN")) {
		tally->nan++;
	} else if ((wrong = judge(&l, slot))) {
		say_wrong(map, slot, key, wrong);
		tally->wrong++;
	} else {
		tally->found++;
	}
	hms_lookup_deinit(&l);
}

static void check_map(const struct hms_session *s, struct hms_decoder *decoder,
		      const struct hms_map *map, struct tally *tally)
{
	uint64_t step = map->live / KEYS_A_MAP + 1, n = 0;
	struct hms_map_iter it;
	struct hms_slot slot;

	hms_map_iter_init(&it, s->model, map);
	while (hms_map_iter_next(&it, &slot)) {
		HMS_AUTO_FREE char *key = NULL;
		const uint8_t *bytes;
		uint64_t addr;

		if (slot.state != HMS_SLOT_LIVE || n++ % step)
			continue;
		bytes = hms_slot_key(&it, &slot, &addr);
		if (!bytes)
			continue;
		key = text_of(decoder, map->type->key, bytes);
		check_key(s, map, &slot, key, tally);
	}
	hms_map_iter_deinit(&it);
	tally->maps++;
}

static void check_keys(struct world *w, struct tally *tally)
{
	HMS_AUTO(hms_decoder)
	struct hms_decoder *decoder = hms_decoder_create(w->session->rt, HMS_NOTATION_GO, &whole);

	for (size_t i = 0; i < w->found->nmaps; i++)
		if (w->found->maps[i].readable && w->found->maps[i].type)
			check_map(w->session, decoder, &w->found->maps[i], tally);
}

/* ---- damaged maps ------------------------------------------------------------------------- */

/* A key of a map, and what a damage to it makes of its lookup. */
struct victim {
	struct world *w;
	const struct hms_map *map;
	struct hms_slot slot;
	char key[300];
};

static uint64_t in_unit(const struct hms_map_type *t, uint64_t unit, unsigned int slot, bool key)
{
	return unit + (key ? t->keys_off : t->elems_off) +
	       (uint64_t)slot * (key ? t->key_stride : t->elem_stride);
}

static void copy(struct world *w, uint64_t to, uint64_t from, uint64_t len)
{
	for (uint64_t i = 0; i < len; i++)
		world_put(w, to + i, 1, world_get(w, from + i, 1));
}

static uint8_t empty_mark(const struct victim *v)
{
	return v->map->type->kind == HMS_MAP_CLASSIC ? 1 : 0x80;
}

static bool is_empty(uint8_t control, bool classic)
{
	return classic ? control <= 1 : control == 0x80;
}

/* Move the entry to another unit's free slot: another bucket, or another group. */
static bool move_away(struct victim *v)
{
	const struct hms_map_type *t = v->map->type;
	bool classic = t->kind == HMS_MAP_CLASSIC;
	struct hms_map_iter it;
	struct hms_slot slot, to = {.unit = 0};

	hms_map_iter_init(&it, v->w->session->model, v->map);
	while (!to.unit && hms_map_iter_next(&it, &slot))
		if (slot.state == HMS_SLOT_EMPTY && !slot.old &&
		    (slot.bucket != v->slot.bucket || slot.table != v->slot.table) &&
		    is_empty(slot.control, classic))
			to = slot;
	hms_map_iter_deinit(&it);
	if (!to.unit)
		return false;
	world_put(v->w, to.unit + to.index, 1, v->slot.control);
	copy(v->w, in_unit(t, to.unit, to.index, true), v->slot.key_addr, t->key_size);
	copy(v->w, in_unit(t, to.unit, to.index, false), v->slot.elem_addr, t->elem_size);
	return world_put(v->w, v->slot.unit + v->slot.index, 1, empty_mark(v));
}

static bool another_mark(struct victim *v)
{
	bool classic = v->map->type->kind == HMS_MAP_CLASSIC;
	uint8_t mark = classic ? (v->slot.control == 9 ? 10 : 9) : v->slot.control ^ 0x15;

	return world_put(v->w, v->slot.unit + v->slot.index, 1, mark);
}

static bool delete_it(struct victim *v)
{
	return world_put(v->w, v->slot.unit + v->slot.index, 1, empty_mark(v));
}

/* A slot before it says that nothing comes behind it. */
static bool empty_rest_before(struct victim *v)
{
	return v->map->type->kind == HMS_MAP_CLASSIC && v->slot.index &&
	       world_put(v->w, v->slot.unit, 1, 0);
}

static bool no_count(struct victim *v)
{
	enum hms_fact_id fact =
		v->map->type->kind == HMS_MAP_CLASSIC ? HMS_F_HMAP_COUNT : HMS_F_SMAP_USED;

	return world_put(v->w, v->map->addr + hms_layout_off(&v->w->session->rt->layout, fact), 8,
			 0);
}

/* A fast variant goes down the whole chain, the generic one ends where the rest is empty. */
static bool follows_chain(const struct victim *v)
{
	return v->map->type->kind == HMS_MAP_CLASSIC && v->slot.chain == 0 &&
	       v->map->type->elem->size <= 128;
}

static bool chain_to_itself(struct victim *v)
{
	return follows_chain(v) &&
	       world_put(v->w, v->slot.unit + v->map->type->overflow_off, 8, v->slot.unit) &&
	       delete_it(v);
}

static bool chain_to_nowhere(struct victim *v)
{
	return follows_chain(v) &&
	       world_put(v->w, v->slot.unit + v->map->type->overflow_off, 8, 0x1000) &&
	       delete_it(v);
}

static const struct damage {
	const char *name;
	bool (*apply)(struct victim *victim);
	enum hms_lookup_verdict verdict;
	int why[3]; /* any of these, of the first live place; -1: no live place is left */
} damages[] = {
	{"moved away",
	 move_away,
	 HMS_LOOKUP_MISSED,
	 {HMS_LOOKUP_WHY_BUCKET, HMS_LOOKUP_WHY_TABLE, HMS_LOOKUP_WHY_OFF_PATH}},
	{"another mark",
	 another_mark,
	 HMS_LOOKUP_MISSED,
	 {HMS_LOOKUP_WHY_TOPHASH, HMS_LOOKUP_WHY_CONTROL}},
	{"deleted", delete_it, HMS_LOOKUP_ABSENT, {-1}},
	{"empty rest before it", empty_rest_before, HMS_LOOKUP_MISSED, {HMS_LOOKUP_WHY_BEHIND}},
	{"count 0", no_count, HMS_LOOKUP_MISSED, {HMS_LOOKUP_WHY_COUNT}},
	{"a chain that comes back", chain_to_itself, HMS_LOOKUP_MISSED, {-1}},
	{"a chain that leads nowhere", chain_to_nowhere, HMS_LOOKUP_MISSED, {-1}},
};

static bool as_wanted(const struct damage *damage, const struct hms_lookup *l)
{
	if (l->verdict != damage->verdict)
		return false;
	if (damage->why[0] == -1)
		return !l->live;
	for (size_t i = 0; i < HMS_ARRAY_LEN(damage->why); i++)
		if (l->live == 1 && damage->why[i] &&
		    l->places[0].why == (enum hms_lookup_why)damage->why[i])
			return true;
	return false;
}

static bool look_up(const struct victim *v, struct hms_lookup *ret)
{
	const struct hms_session *s = v->w->session;
	HMS_AUTO(hms_literal) struct hms_literal *literal = NULL;
	struct hms_map map = *v->map;
	struct hms_error *err = hms_literal_parse(s->rt, map.type->key, v->key, &literal);

	if (err) {
		hms_err_free(err);
		return false;
	}
	hms_map_read_header(s->model, &map);
	hms_lookup_run(s->model, s->pclntab, &map, literal, ret);
	return true;
}

/* The first key of @map to which @damage can be done: 1 as wanted, 0 not, -1 there is none. */
static int try_map(struct world *w, const struct hms_map *map, const struct damage *damage,
		   struct hms_decoder *decoder)
{
	struct victim v = {.w = w, .map = map};
	struct hms_map_iter it;
	int result = -1;

	hms_map_iter_init(&it, w->session->model, map);
	while (result < 0 && hms_map_iter_next(&it, &v.slot)) {
		struct hms_lookup l = {.nplaces = 0};
		HMS_AUTO_FREE char *key = NULL;
		uint64_t addr;

		if (v.slot.state != HMS_SLOT_LIVE || v.slot.old)
			continue;
		key = text_of(decoder, map->type->key, hms_slot_key(&it, &v.slot, &addr));
		snprintf(v.key, sizeof(v.key), "%s", key);
		if (damage->apply(&v) && look_up(&v, &l))
			result = as_wanted(damage, &l);
		if (result == 0)
			printf("# %s, 0x%" PRIx64 " %s %s: %s, why %d, %zu live\n", damage->name,
			       map->addr, map->type->name, v.key,
			       hms_lookup_verdict_word(l.verdict), (int)l.places[0].why,
			       (size_t)l.live);
		hms_lookup_deinit(&l);
		world_restore(w);
	}
	hms_map_iter_deinit(&it);
	return result;
}

/* Maps whose keys tell nothing apart have nothing to damage; growing ones are their own story. */
static bool fit_for_damage(const struct hms_map *map)
{
	bool plain;

	if (!map->readable || !map->type || map->count < 6)
		return false;
	plain = map->type->key->kind == HMS_KIND_STRING || map->type->key->kind == HMS_KIND_INT ||
		map->type->key->kind == HMS_KIND_UINT64;
	return plain && (map->type->kind == HMS_MAP_SWISS
				 ? map->swiss.dir_len != 0
				 : !hms_classic_growing(&map->classic) && map->classic.B > 0);
}

static void check_damages(struct world *w, struct tally *tally)
{
	HMS_AUTO(hms_decoder)
	struct hms_decoder *decoder = hms_decoder_create(w->session->rt, HMS_NOTATION_GO, &whole);

	for (size_t i = 0; i < w->found->nmaps; i++)
		for (size_t k = 0; k < HMS_ARRAY_LEN(damages); k++) {
			int result = fit_for_damage(&w->found->maps[i])
					     ? try_map(w, &w->found->maps[i], &damages[k], decoder)
					     : -1;

			tally->damages += result >= 0;
			tally->untold += result == 0;
		}
}

/* ---- cores -------------------------------------------------------------------------------- */

static bool test_core(const struct bundled *bundled, char *what, size_t size)
{
	struct tally t = {0};
	struct world w;

	if (!world_open(&w, bundled->exe, bundled->core))
		return false;
	check_keys(&w, &t);
	if (!bundled->damaged)
		check_damages(&w, &t);
	world_close(&w);
	snprintf(what, size,
		 "%zu maps, %zu keys found, %zu with a NaN, %zu wrong; %zu damages, %zu of them "
		 "not told as they are",
		 t.maps, t.found, t.nan, t.wrong, t.damages, t.untold);
	return t.found && !t.wrong && !t.untold;
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 3) {
		struct bundled one = {.exe = argv[1], .core = argv[2]};
		bool good = test_core(&one, what, sizeof(what));

		printf("%s %s: %s\n", good ? "ok" : "not ok", argv[2], what);
		return !good;
	}
	return bundled_run(test_core);
}
