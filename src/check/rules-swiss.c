/*
 * Rules of Swiss maps: src/internal/runtime/maps/{map,table,group}.go, Go 1.24 and later.
 *
 *	header    flags, depths; the memory of a small map's group
 *	range     directory entries and the tables they name first: runs, indexes, sums
 *	end       counts of the whole map
 *
 * What the groups of a table hold is in rules-groups.c.
 */
#include <stdlib.h>

#include "check/swiss.h"

#define MIN_CAPACITY 8

/* ---- header ------------------------------------------------------------------------------- */

static uint64_t header_at(const struct check_worker *w, const struct check_part *part,
			  enum hms_fact_id fact)
{
	return part->map->addr + hms_layout_off(&w->check->rt->layout, fact);
}

static void check_flags(struct check_worker *w, struct check_part *part)
{
	const struct hms_swiss *h = &part->map->swiss;
	bool writing = h->writing > 1;

	if (!writing && h->tombstone_possible <= 1)
		return;
	CHECK_BREACH(
		part, HMS_RULE_SWISS_FLAGS,
		header_at(w, part, writing ? HMS_F_SMAP_WRITING : HMS_F_SMAP_TOMBSTONEPOSSIBLE),
		false, "0 or 1", CHECK_TEXT("%u", writing ? h->writing : h->tombstone_possible),
		CHECK_TEXT("%s is %u", writing ? "writing" : "tombstonePossible",
			   writing ? h->writing : h->tombstone_possible));
}

static bool depth_is_sound(const struct hms_swiss *h)
{
	if (!h->dir_len)
		return !h->global_depth && !h->global_shift;
	return h->global_depth < 64 && h->dir_len == UINT64_C(1) << h->global_depth &&
	       h->global_shift == 64 - h->global_depth;
}

static void check_depth(struct check_worker *w, struct check_part *part)
{
	const struct hms_swiss *h = &part->map->swiss;

	/* One finding: beyond any memory is the survey's. */
	if (depth_is_sound(h) || part->counts[HMS_RULE_SWISS_DEPTH])
		return;
	CHECK_BREACH(
		part, HMS_RULE_SWISS_DEPTH, header_at(w, part, HMS_F_SMAP_DIRLEN), true, NULL,
		CHECK_TEXT("%" PRIu64 ", %u, %u", h->dir_len, h->global_depth, h->global_shift),
		CHECK_TEXT("dirLen is %" PRIu64 ", globalDepth %u, globalShift %u", h->dir_len,
			   h->global_depth, h->global_shift));
}

static void check_small_group(struct check_worker *w, struct check_part *part)
{
	const struct hms_swiss *h = &part->map->swiss;
	struct hms_object object;

	hms_heap_find(w->check->heap, h->dir, &object);
	if (object.state != HMS_HEAP_ALLOCATED || object.base != h->dir)
		return; /* the survey's to say */
	if (object.size >= part->map->type->unit_size && object.noscan != part->type->scan)
		return;
	CHECK_BREACH(part, HMS_RULE_SWISS_GROUP, header_at(w, part, HMS_F_SMAP_DIRPTR), false, NULL,
		     check_hex(w, h->dir),
		     CHECK_TEXT("the object at 0x%" PRIx64 " is no group of this map: %" PRIu64
				" bytes %s pointers",
				h->dir, object.size, object.noscan ? "without" : "with"));
}

void check_swiss_header(struct check_worker *w, struct check_part *part)
{
	const struct hms_swiss *h = &part->map->swiss;

	check_flags(w, part);
	check_depth(w, part);
	if (!h->dir && (part->map->count || h->dir_len))
		CHECK_BREACH(part, HMS_RULE_SWISS_NIL, header_at(w, part, HMS_F_SMAP_DIRPTR), false,
			     "no entries", CHECK_TEXT("%" PRId64, part->map->count),
			     CHECK_TEXT("dirPtr is nil, yet used is %" PRId64
					" and dirLen is %" PRIu64,
					part->map->count, h->dir_len));
	if (h->dir && !h->dir_len && part->type)
		check_small_group(w, part);
	if (!h->dir_len && h->tombstone_possible == 1)
		CHECK_BREACH(part, HMS_RULE_SWISS_TOMBFLAG,
			     header_at(w, part, HMS_F_SMAP_TOMBSTONEPOSSIBLE), false,
			     "0 in a map of one group", "1",
			     "tombstonePossible is set in a map of one group");
}

/* ---- tables ------------------------------------------------------------------------------- */

static uint64_t table_at(const struct check_table *t, enum hms_fact_id fact)
{
	return t->addr + hms_layout_off(&t->w->check->rt->layout, fact);
}

static bool read_table(struct check_table *t)
{
	const struct hms_layout *layout = &t->w->check->rt->layout;
	const uint8_t *p = hms_mem_peek(t->w->check->mem, t->addr, layout->facts[HMS_F_TABLE].size);

	if (!p)
		return false;
	t->used = hms_layout_get(layout, HMS_F_TABLE_USED, p);
	t->capacity = hms_layout_get(layout, HMS_F_TABLE_CAPACITY, p);
	t->growth_left = hms_layout_get(layout, HMS_F_TABLE_GROWTHLEFT, p);
	t->local_depth = hms_layout_get(layout, HMS_F_TABLE_LOCALDEPTH, p);
	t->index = hms_layout_get(layout, HMS_F_TABLE_INDEX, p);
	t->mask = hms_layout_get(layout, HMS_F_TABLE_GROUPS_MASK, p);
	t->data = hms_layout_get(layout, HMS_F_TABLE_GROUPS_DATA, p);
	return true;
}

static bool directory_word(const struct check_worker *w, const struct check_part *part,
			   uint64_t slot, uint64_t *ret)
{
	const struct hms_swiss *h = &part->map->swiss;
	const uint8_t *p =
		slot < h->dir_len ? hms_mem_peek(w->check->mem, h->dir + 8 * slot, 8) : NULL;

	*ret = p ? hms_le64(p) : 0;
	return p;
}

/* How many entries from t->slot on name the table. */
static uint64_t run_length(const struct check_table *t)
{
	uint64_t n = 1, word;

	while (directory_word(t->w, t->part, t->slot + n, &word) && word == t->addr)
		n++;
	return n;
}

/* False: the directory and the table do not agree, and it may be no table of this map at all. */
static bool check_run(struct check_table *t)
{
	const struct hms_swiss *h = &t->part->map->swiss;
	struct check_worker *w = t->w;
	uint64_t wanted;

	t->run = run_length(t);
	wanted = t->local_depth <= h->global_depth && h->global_depth < 64
			 ? UINT64_C(1) << (h->global_depth - t->local_depth)
			 : 0;
	if (t->run == wanted && t->slot % wanted == 0) {
		if (t->index != t->slot)
			CHECK_BREACH(
				t->part, HMS_RULE_SWISS_INDEX, table_at(t, HMS_F_TABLE_INDEX), true,
				check_number(w, t->slot), CHECK_TEXT("%" PRId64, (int64_t)t->index),
				CHECK_TEXT("the table at 0x%" PRIx64
					   " says that its index is %" PRId64
					   ", the directory names it from entry %" PRIu64 " on",
					   t->addr, (int64_t)t->index, t->slot));
		return t->index == t->slot;
	}
	CHECK_BREACH(t->part, HMS_RULE_SWISS_RUN, h->dir + 8 * t->slot, true,
		     CHECK_TEXT("%" PRIu64 " entries", wanted),
		     CHECK_TEXT("%" PRIu64 " from entry %" PRIu64, t->run, t->slot),
		     CHECK_TEXT("%" PRIu64 " directory entries from %" PRIu64
				" on name the table at 0x%" PRIx64 ", whose localDepth is %" PRIu64
				" of %u",
				t->run, t->slot, t->addr, t->local_depth, h->global_depth));
	return false;
}

static void check_capacity(struct check_table *t)
{
	struct check_worker *w = t->w;

	if (t->capacity >= MIN_CAPACITY && t->capacity <= CHECK_MAX_CAPACITY &&
	    !(t->capacity & (t->capacity - 1)) && t->capacity == HMS_SLOTS * (t->mask + 1))
		return;
	CHECK_BREACH(t->part, HMS_RULE_SWISS_CAPACITY, table_at(t, HMS_F_TABLE_CAPACITY), false,
		     NULL, check_number(w, t->capacity),
		     CHECK_TEXT("%s has capacity %" PRIu64 ", groups.lengthMask is %" PRIu64,
				check_table_name(t), t->capacity, t->mask));
}

static void check_groups_memory(struct check_table *t)
{
	uint64_t size = t->part->map->type->unit_size;
	struct check_worker *w = t->w;
	struct hms_object object;

	hms_heap_find(w->check->heap, t->data, &object);
	if (object.state != HMS_HEAP_ALLOCATED || object.base != t->data)
		return; /* the survey's to say */
	if (object.noscan == t->part->type->scan)
		CHECK_BREACH(t->part, HMS_RULE_SWISS_GROUPS, table_at(t, HMS_F_TABLE_GROUPS_DATA),
			     false, NULL, object.noscan ? "no pointers" : "pointers",
			     CHECK_TEXT("the groups of %s lie in memory %s pointers",
					check_table_name(t), object.noscan ? "without" : "with"));
	else if (t->mask < CHECK_MAX_GROUPS && object.size / size / 2 > t->mask)
		CHECK_BREACH(t->part, HMS_RULE_SWISS_GROUPS, table_at(t, HMS_F_TABLE_GROUPS_MASK),
			     false, check_number(w, t->mask + 1),
			     check_number(w, object.size / size),
			     CHECK_TEXT("%s has %" PRIu64 " groups, their memory is for %" PRIu64,
					check_table_name(t), t->mask + 1, object.size / size));
}

/* ---- sums --------------------------------------------------------------------------------- */

static void check_used(struct check_table *t)
{
	struct check_worker *w = t->w;

	if (t->used == t->full)
		return;
	CHECK_BREACH(t->part, HMS_RULE_SWISS_USED, table_at(t, HMS_F_TABLE_USED),
		     t->used + 1 == t->full || t->used == t->full + 1, check_number(w, t->full),
		     check_number(w, t->used),
		     CHECK_TEXT("%s counts %" PRIu64 " entries, %" PRIu64 " slots are full%s",
				check_table_name(t), t->used, t->full,
				t->used > t->full ? check_lost_entry(w, t->part) : ""));
}

/* The sum goes by the table's own count; one that is wrong is told by another rule. */
static void check_growth_left(struct check_table *t)
{
	uint64_t room = t->capacity <= 8 ? t->capacity - 1 : t->capacity * 7 / 8;
	struct check_worker *w = t->w;

	if (t->growth_left + t->used + t->deleted == room ||
	    t->growth_left + t->full + t->deleted == room)
		return;
	CHECK_BREACH(t->part, HMS_RULE_SWISS_GROWTH, table_at(t, HMS_F_TABLE_GROWTHLEFT), true,
		     CHECK_TEXT("%" PRId64, (int64_t)(room - t->used - t->deleted)),
		     check_number(w, t->growth_left),
		     CHECK_TEXT("growthLeft of %s is %" PRIu64 ", with %" PRIu64
				" entries and %" PRIu64 " deleted slots of %" PRIu64,
				check_table_name(t), t->growth_left, t->used, t->deleted,
				t->capacity));
}

static void full_table(struct check_table *t)
{
	struct check_worker *w = t->w;

	CHECK_BREACH(t->part, HMS_RULE_SWISS_FULL, t->addr, false, NULL, "none",
		     CHECK_TEXT("%s has no free slot, %" PRIu64 " entries and %" PRIu64
				" deleted slots fill all %" PRIu64
				": a lookup of a missing key never ends",
				check_table_name(t), t->full, t->deleted, HMS_SLOTS * t->groups));
}

static void check_sums(struct check_table *t)
{
	struct check_worker *w = t->w;

	check_used(t);
	check_growth_left(t);
	if (!t->empty && t->groups)
		full_table(t);
	if (t->deleted && hms_layout_has(&w->check->rt->layout, HMS_F_SMAP_TOMBSTONEPOSSIBLE) &&
	    !t->part->map->swiss.tombstone_possible)
		CHECK_BREACH(t->part, HMS_RULE_SWISS_TOMBFLAG, t->tombstone, true, "1", "0",
			     CHECK_TEXT("%s has %" PRIu64
					" deleted slots, tombstonePossible is clear",
					check_table_name(t), t->deleted));
}

/* Tables hold a pointer: their objects are of a kind that the garbage collector looks into. */
static bool check_table_memory(const struct check_table *t, const struct hms_object *object)
{
	struct check_worker *w = t->w;
	uint64_t where = t->part->map->swiss.dir + 8 * t->slot;

	if (object->size >= w->check->rt->layout.facts[HMS_F_TABLE].size && !object->noscan)
		return true;
	CHECK_BREACH(t->part, HMS_RULE_SWISS_DIRECTORY, where, false, NULL, check_hex(w, t->addr),
		     CHECK_TEXT("directory entry %" PRIu64 " leads to an object of %" PRIu64
				" bytes %s pointers, which is no table",
				t->slot, object->size, object->noscan ? "without" : "with"));
	return false;
}

/* Is it worth a look?  What is no object the survey has told. */
static bool open_table(struct check_table *t)
{
	struct hms_object object;

	if (!t->addr)
		return true;
	hms_heap_find(t->w->check->heap, t->addr, &object);
	if (object.state != HMS_HEAP_UNKNOWN &&
	    (object.state != HMS_HEAP_ALLOCATED || object.base != t->addr))
		return false;
	if (object.state == HMS_HEAP_ALLOCATED && !check_table_memory(t, &object))
		return false;
	if (!read_table(t) || !check_run(t))
		return false;
	check_capacity(t);
	check_groups_memory(t);
	return true;
}

static void check_one_table(struct check_worker *w, struct check_part *part, uint64_t slot,
			    uint64_t addr)
{
	struct check_table t = {.w = w, .part = part, .addr = addr, .slot = slot, .run = 1};

	if (!open_table(&t)) {
		part->holes = true;
		return;
	}
	check_groups(&t);
	part->holes |= t.holes;
	part->live += t.full;
	part->table_used += addr ? t.used : t.full;
	if (addr && !t.holes)
		check_sums(&t);
}

void check_swiss_range(struct check_worker *w, struct check_part *part, uint64_t from, uint64_t to)
{
	const struct hms_swiss *h = &part->map->swiss;
	uint64_t before = 0, word;

	if (!h->dir)
		return;
	if (!h->dir_len) {
		check_one_table(w, part, 0, 0);
		return;
	}
	if (from)
		directory_word(w, part, from - 1, &before);
	for (uint64_t slot = from; slot < to; slot++, before = word) {
		if (!directory_word(w, part, slot, &word)) {
			part->holes = true;
			return;
		}
		if (word && word != before)
			check_one_table(w, part, slot, word);
	}
}

/* ---- the whole map ------------------------------------------------------------------------ */

void check_swiss_end(struct check_worker *w, struct check_part *part)
{
	uint64_t count = (uint64_t)part->map->count;

	if (!part->type || !part->map->swiss.dir || part->holes)
		return;
	/* Tables count for themselves: where those are wrong, the map's sum may still be right. */
	if (count == part->table_used)
		return;
	check_count(w, part);
}
