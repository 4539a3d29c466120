/*
 * Rules of Swiss maps, continued: what the groups of a table hold.
 *
 * They are walked twice.  The first walk counts control bytes, and notes in which groups a lookup
 * would stop; the second looks at the keys: does a lookup find each, and is it the only one?
 */
#include <stdlib.h>

#include "check/swiss.h"

#define EACH UINT64_C(0x0101010101010101) /* times a byte: eight of them */

const char *check_table_name(const struct check_table *t)
{
	struct check_worker *w = t->w;

	return t->addr ? CHECK_TEXT("table %" PRIu64, t->slot) : "the only group";
}

/* ---- control bytes ------------------------------------------------------------------------ */

static void bad_control(struct check_table *t, const struct hms_unit *unit, unsigned int slot)
{
	struct check_worker *w = t->w;

	CHECK_BREACH(t->part, HMS_RULE_SWISS_CONTROL, unit->addr + slot, false,
		     t->addr ? "0x80, 0xfe or below 0x80" : "0x80 or below 0x80",
		     CHECK_TEXT("0x%02x", unit->bytes[slot]),
		     CHECK_TEXT("the control byte of slot %u of group %" PRIu64 " of %s is 0x%02x",
				slot, unit->index, check_table_name(t), unit->bytes[slot]));
}

static void count_group(struct check_table *t, const struct hms_unit *unit)
{
	uint64_t marks = hms_le64(unit->bytes), full = hms_control_entries(marks);
	uint64_t free_set = hms_marks_equal(marks, HMS_CONTROL_EMPTY * EACH);
	uint64_t deleted_set = t->addr ? hms_marks_equal(marks, HMS_CONTROL_DELETED * EACH) : 0;
	unsigned int empty = hms_marks_count(free_set), deleted = hms_marks_count(deleted_set);
	struct check_worker *w = t->w;

	for (uint64_t odd = HMS_MARKS_ALL & ~(full | free_set | deleted_set); odd; odd &= odd - 1)
		bad_control(t, unit, (unsigned int)__builtin_ctzll(odd) / 8);
	t->full += hms_marks_count(full);
	t->empty += empty;
	t->deleted += deleted;
	if (deleted && !t->tombstone)
		t->tombstone = unit->addr + (unsigned int)__builtin_ctzll(deleted_set) / 8;
	if (unit->index < CHECK_MAX_GROUPS)
		t->open[unit->index] = empty > 0;
	if (empty && deleted)
		CHECK_BREACH(t->part, HMS_RULE_SWISS_TOMBSTONE, unit->addr, true, NULL,
			     CHECK_TEXT("%u free and %u deleted", empty, deleted),
			     CHECK_TEXT("group %" PRIu64
					" of %s has free slots, and deleted ones that "
					"would have been freed",
					unit->index, check_table_name(t)));
}

/* ---- keys --------------------------------------------------------------------------------- */

/* Does the probe sequence of @hash come to @group before it comes to one with a free slot?
 * *stop_ret: where it stops. */
static bool probe_finds(const struct check_table *t, uint64_t hash, uint64_t group,
			uint64_t *stop_ret)
{
	struct hms_swiss_probe probe = hms_swiss_probe_start(hash, t->mask);

	for (; probe.index <= t->mask; hms_swiss_probe_next(&probe)) {
		if (probe.group == group)
			return true;
		*stop_ret = probe.group;
		if (probe.group >= CHECK_MAX_GROUPS || t->open[probe.group])
			return probe.group >= CHECK_MAX_GROUPS;
	}
	return false;
}

static void bad_place(struct check_table *t, const struct hms_unit *unit, unsigned int slot,
		      const char *expected, const char *message)
{
	struct check_worker *w = t->w;

	t->part->wrong++;
	CHECK_BREACH(
		t->part, HMS_RULE_MAP_PLACE, check_key_addr(t->part, unit, slot), false, expected,
		CHECK_TEXT("table %" PRIu64 ", group %" PRIu64, t->slot, unit->index), message);
}

static void check_place_of(struct check_table *t, const struct hms_unit *unit, unsigned int slot,
			   uint64_t hash)
{
	const struct hms_swiss *h = &t->part->map->swiss;
	struct check_worker *w = t->w;
	uint64_t index, stop = 0;

	if (!t->addr)
		return;
	index = hms_swiss_directory_index(hash, h->dir_len, h->global_shift);
	if (index - t->slot >= t->run) {
		bad_place(t, unit, slot, CHECK_TEXT("directory entry %" PRIu64, index),
			  CHECK_TEXT("the key at 0x%" PRIx64 " hashes to directory entry %" PRIu64
				     ", and sits in table %" PRIu64,
				     check_key_addr(t->part, unit, slot), index, t->slot));
		return;
	}
	if (!probe_finds(t, hash, unit->index, &stop))
		bad_place(t, unit, slot, "no free slot before it on the way of a lookup",
			  CHECK_TEXT("the key at 0x%" PRIx64 " is in group %" PRIu64
				     " of table %" PRIu64 ", a lookup of it stops at group "
				     "%" PRIu64,
				     check_key_addr(t->part, unit, slot), unit->index, t->slot,
				     stop));
}

/* In the first group that a lookup visits. */
static bool is_at_home(const struct check_table *t, const struct hms_unit *unit, uint64_t hash)
{
	const struct hms_swiss *h = &t->part->map->swiss;

	return !t->addr ||
	       (hms_swiss_directory_index(hash, h->dir_len, h->global_shift) - t->slot < t->run &&
		hms_swiss_probe_start(hash, t->mask).group == unit->index);
}

/* Equal keys.  Both are in one group, or one is in a group that a lookup of the other passes: where
 * something like that is seen, or a key is where no lookup comes, all keys of the table are
 * compared through a set of their hashes.  Of a sound table hardly any is. */

static bool same_in_group(const struct hms_unit *unit, uint32_t known, const uint64_t *hashes)
{
	uint64_t marks = hms_le64(unit->bytes);

	if (!hms_marks_twins(marks, hms_control_entries(marks)))
		return false;
	for (uint32_t a = known; a; a &= a - 1)
		for (uint32_t b = a & (a - 1); b; b &= b - 1)
			if (hashes[__builtin_ctz(a)] == hashes[__builtin_ctz(b)])
				return true;
	return false;
}

/* Is there one like it where a lookup of the key passes before it comes to it? */
static bool same_before(const struct check_table *t, const struct hms_unit *unit, unsigned int slot,
			uint64_t hash)
{
	struct hms_swiss_probe probe = hms_swiss_probe_start(hash, t->mask);
	const struct hms_map_type *type = t->part->map->type;
	uint64_t key = check_key_addr(t->part, unit, slot), like = hms_swiss_h2(hash) * EACH;

	if (!t->all)
		return true;
	for (; probe.group != unit->index && probe.index <= t->mask; hms_swiss_probe_next(&probe)) {
		uint64_t off = probe.group * type->unit_size;
		uint64_t same = hms_marks_equal(hms_le64(t->all + off), like);

		for (; same; same &= same - 1) {
			uint64_t i = (unsigned int)__builtin_ctzll(same) / 8;
			uint64_t other = t->data + off + type->keys_off + i * type->key_stride;

			if (check_keys_equal(t->w, t->part, other, key))
				return true;
		}
	}
	return false;
}

/* A key whose group is not the first one of its lookup, or whose control byte is wrong. */
static void check_stray(struct check_table *t, const struct hms_unit *unit, unsigned int slot,
			uint64_t hash)
{
	uint64_t wrong = t->part->wrong;

	if (hms_swiss_h2(hash) != unit->bytes[slot]) {
		t->part->wrong++;
		check_wrong_byte(t->w, t->part, unit, slot, hash, hms_swiss_h2(hash));
		return;
	}
	check_place_of(t, unit, slot, hash);
	if (t->part->wrong != wrong || same_before(t, unit, slot, hash))
		t->suspect = true;
}

static void check_keys(struct check_table *t, const struct hms_unit *unit, uint32_t live)
{
	uint64_t hashes[HMS_HASH_MAX_KEYS];
	uint32_t known = check_hashes(t->w, t->part, unit, live, t->part->map->swiss.seed, hashes);

	for (uint32_t left = known; left; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(left);

		if (hms_swiss_h2(hashes[i]) != unit->bytes[i] || !is_at_home(t, unit, hashes[i]))
			check_stray(t, unit, i, hashes[i]);
	}
	if (same_in_group(unit, known, hashes))
		t->suspect = true;
	check_pointers(t->w, t->part, unit, live);
}

/* ---- walks -------------------------------------------------------------------------------- */

static void visit_control(struct check_table *t, const struct hms_unit *unit)
{
	t->groups++;
	t->part->slots += HMS_SLOTS;
	count_group(t, unit);
}

static inline uint32_t live_slots(const uint8_t *group)
{
	return hms_marks_slots(hms_control_entries(hms_le64(group)));
}

static void visit_keys(struct check_table *t, const struct hms_unit *unit)
{
	uint32_t live = live_slots(unit->bytes);

	if (t->all && unit->index < t->mask) {
		const uint8_t *next = t->all + (unit->index + 1) * t->part->map->type->unit_size;

		check_fetch_keys(t->w, t->part, next, live_slots(next));
	}
	check_keys(t, unit, live);
	check_empty_slots(t->w, t->part, unit, live);
}

/* Each key against all others; those whose control byte is wrong are none. */
static void visit_suspects(struct check_table *t, const struct hms_unit *unit)
{
	uint32_t live = live_slots(unit->bytes);
	uint64_t hashes[HMS_HASH_MAX_KEYS], keys = t->part->keys;
	uint32_t known = check_hashes(t->w, t->part, unit, live, t->part->map->swiss.seed, hashes);

	t->part->keys = keys; /* counted before */
	for (; known; known &= known - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(known);
		uint64_t addr = check_key_addr(t->part, unit, i), other = 0;

		if (hms_swiss_h2(hashes[i]) == unit->bytes[i])
			other = check_keyset_add(&t->w->keyset, hashes[i], addr);
		if (other)
			check_same_key(t->w, t->part, other, addr);
	}
}

/* The groups that come next, side by side. */
static void visit_ahead(struct check_table *t, struct hms_unit_cursor *cursor,
			const struct hms_unit *before,
			void (*visit)(struct check_table *t, const struct hms_unit *unit))
{
	uint32_t size = t->part->map->type->unit_size;
	struct hms_unit unit = *before;
	uint64_t n = 0;

	unit.bytes = hms_units_ahead(cursor, &n);
	unit.index = cursor->array.next;
	unit.addr = cursor->array.base + unit.index * size;
	for (uint64_t i = 0; i < n; i++, unit.index++, unit.addr += size, unit.bytes += size)
		visit(t, &unit);
	hms_units_skip(cursor, n);
}

static void walk_groups(struct check_table *t,
			void (*visit)(struct check_table *t, const struct hms_unit *unit))
{
	struct hms_map_stats ignored = {0};
	struct hms_unit_cursor cursor;
	struct hms_unit unit;

	hms_units_init(&cursor, t->w->check->model, t->part->map, false, t->slot, t->slot + 1,
		       &ignored);
	while (hms_units_next(&cursor, &unit)) {
		if (unit.bytes)
			visit(t, &unit);
		else
			t->holes = true;
		visit_ahead(t, &cursor, &unit, visit);
	}
	hms_units_deinit(&cursor);
}

void check_groups(struct check_table *t)
{
	uint64_t n = HMS_MIN(t->mask, CHECK_MAX_GROUPS - 1) + 1;
	HMS_AUTO_FREE uint8_t *many = NULL;
	uint8_t few[CHECK_MAX_CAPACITY / HMS_SLOTS] = {0};

	t->open = few;
	if (n > sizeof(few))
		t->open = many = hms_xcalloc(n, 1);
	walk_groups(t, visit_control);
	if (t->groups == t->mask + 1) {
		t->all = hms_mem_peek(t->w->check->mem, t->data,
				      t->groups * t->part->map->type->unit_size);
		walk_groups(t, visit_keys);
		if (t->suspect) {
			check_keyset_clear(&t->w->keyset);
			walk_groups(t, visit_suspects);
		}
	} else {
		t->holes = true;
	}
	t->open = NULL;
}
