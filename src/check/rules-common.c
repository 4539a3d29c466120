/*
 * Rules of both kinds of map: map.*.
 *
 *	header     the header's own memory, the writing flag
 *	troubles   what the survey could not follow
 *	hashes     tophash and control bytes against keys hashed anew; equal keys
 *	pointers   in keys and elements, and to those stored apart
 *	count      entries against the header's count
 */
#include "check/internal.h"
#include "rt/equal.h"

const char *check_hex(struct check_worker *w, uint64_t bits)
{
	return CHECK_TEXT("0x%" PRIx64, bits);
}

const char *check_number(struct check_worker *w, uint64_t n)
{
	return CHECK_TEXT("%" PRIu64, n);
}

const char *check_place(enum hms_heap_state state)
{
	switch (state) {
	case HMS_HEAP_OUTSIDE: return "outside the Go heap";
	case HMS_HEAP_NO_SPAN: return "in a part of the heap that is not in use";
	case HMS_HEAP_MANUAL: return "in a goroutine's stack";
	case HMS_HEAP_TAIL: return "behind the last object of its span";
	case HMS_HEAP_FREE: return "a free heap object";
	case HMS_HEAP_ALLOCATED: return "not the start of a heap object that is large enough";
	case HMS_HEAP_UNKNOWN: break;
	}
	return "unknown";
}

/* ---- header ------------------------------------------------------------------------------- */

static bool header_is_sound(const struct check *check, const struct hms_map *map,
			    struct hms_object *object)
{
	const struct hms_layout *layout = &check->rt->layout;
	enum hms_fact_id fact = check->rt->map_kind == HMS_MAP_CLASSIC ? HMS_F_HMAP : HMS_F_SMAP;

	hms_heap_find(check->heap, map->addr, object);
	switch (object->state) {
	case HMS_HEAP_OUTSIDE: /* a package variable that the compiler laid out; or C memory */
	case HMS_HEAP_MANUAL:
	case HMS_HEAP_UNKNOWN: return true;
	case HMS_HEAP_ALLOCATED:
		return object->base == map->addr && object->size >= layout->facts[fact].size;
	default: return false;
	}
}

static int64_t deep_writer(const struct check_worker *w, const struct hms_map *map)
{
	const struct hms_check_context *context = w->check->options->context;

	return context && context->deep_writer ? context->deep_writer(context->arg, map) : -1;
}

static void check_writing(struct check_worker *w, struct check_part *part)
{
	const struct hms_map *map = part->map;
	const struct hms_layout *layout = &w->check->rt->layout;
	bool classic = w->check->rt->map_kind == HMS_MAP_CLASSIC;
	uint32_t off = hms_layout_off(layout, classic ? HMS_F_HMAP_FLAGS : HMS_F_SMAP_WRITING);

	bool set = classic ? map->classic.flags & HMS_CLASSIC_HASH_WRITING : map->swiss.writing;
	int64_t writer = set ? -1 : deep_writer(w, map);

	if (classic ? set : map->swiss.writing == 1)
		CHECK_BREACH(part, HMS_RULE_MAP_WRITING, map->addr + off, true,
			     "clear, unless a goroutine is inside a write", "set",
			     classic ? "the flag hashWriting is set" : "the byte writing is 1");
	if (writer >= 0)
		CHECK_BREACH(part, HMS_RULE_MAP_UNMARKED, map->addr + off, false,
			     "set, as long as the write lasts", "clear",
			     CHECK_TEXT("goroutine %" PRId64
					" is in the middle of a write, and the %s is clear",
					writer, classic ? "flag hashWriting" : "byte writing"));
}

void check_header(struct check_worker *w, struct check_part *part)
{
	struct hms_object object;

	if (!part->map->readable)
		return;
	if (!header_is_sound(w->check, part->map, &object))
		CHECK_BREACH(part, HMS_RULE_MAP_HEADER, part->map->addr, false, NULL,
			     check_place(object.state),
			     CHECK_TEXT("the header at 0x%" PRIx64 " is %s", part->map->addr,
					check_place(object.state)));
	check_writing(w, part);
}

/* ---- troubles of the survey --------------------------------------------------------------- */

static enum hms_rule_id swiss_rule(const struct hms_map *map, const struct hms_trouble *trouble)
{
	switch (trouble->kind) {
	case HMS_TROUBLE_DEPTH: return HMS_RULE_SWISS_DEPTH;
	case HMS_TROUBLE_DIRECTORY:
		return map->swiss.dir_len ? HMS_RULE_SWISS_DIRECTORY : HMS_RULE_SWISS_GROUP;
	case HMS_TROUBLE_TABLE: return HMS_RULE_SWISS_DIRECTORY;
	case HMS_TROUBLE_SIZE:
		return trouble->where == map->swiss.dir ? HMS_RULE_SWISS_DIRECTORY
							: HMS_RULE_SWISS_GROUPS;
	case HMS_TROUBLE_GROUPS:
		return map->swiss.dir_len ? HMS_RULE_SWISS_GROUPS : HMS_RULE_SWISS_GROUP;
	default: return HMS_RULE_MAP_HEADER;
	}
}

static enum hms_rule_id classic_rule(const struct hms_trouble *trouble)
{
	switch (trouble->kind) {
	case HMS_TROUBLE_DEPTH: return HMS_RULE_CLASSIC_B;
	case HMS_TROUBLE_PLACE: return HMS_RULE_CLASSIC_BUCKETS;
	case HMS_TROUBLE_SIZE: return HMS_RULE_CLASSIC_SIZE;
	case HMS_TROUBLE_BUCKETS:
	case HMS_TROUBLE_OLDBUCKETS: return HMS_RULE_CLASSIC_MAPPED;
	case HMS_TROUBLE_OVERFLOW: return HMS_RULE_CLASSIC_OVERFLOW;
	case HMS_TROUBLE_CYCLE: return HMS_RULE_CLASSIC_CYCLE;
	default: return HMS_RULE_MAP_HEADER;
	}
}

static const char *trouble_text(struct check_worker *w, const struct hms_map *map,
				const struct hms_trouble *trouble)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	hms_trouble_text(w->check->rt->map_kind, map, trouble, &text);
	return hms_arena_strndup(w->arena, hms_str_text(&text), text.len);
}

static void check_trouble(struct check_worker *w, struct check_part *part,
			  const struct hms_trouble *t)
{
	bool classic = w->check->rt->map_kind == HMS_MAP_CLASSIC;
	bool number = t->kind == HMS_TROUBLE_SIZE || t->kind == HMS_TROUBLE_DEPTH;
	enum hms_rule_id rule = classic ? classic_rule(t) : swiss_rule(part->map, t);

	CHECK_BREACH(part, rule, t->where, rule == HMS_RULE_CLASSIC_SIZE, NULL,
		     number ? check_number(w, t->seen) : check_hex(w, t->seen),
		     trouble_text(w, part->map, t));
}

void check_troubles(struct check_worker *w, struct check_part *part)
{
	struct hms_map_stats stats;

	hms_map_stats_of(part->map, &stats);
	for (size_t i = 0; i < HMS_MIN(stats.ntroubles, (uint64_t)HMS_MAX_TROUBLES); i++) {
		part->holes = true;
		/* Behind a wild overflow pointer more such may seem to be: the walk tells it. */
		if (stats.troubles[i].kind == HMS_TROUBLE_OVERFLOW && !w->check->options->quick)
			continue;
		if (!stats.troubles[i].absent)
			check_trouble(w, part, &stats.troubles[i]);
	}
}

/* ---- pointers ----------------------------------------------------------------------------- */

static const char *slot_name(struct check_worker *w, const struct hms_unit *unit, unsigned int slot)
{
	return CHECK_TEXT("slot %u of the %s at 0x%" PRIx64, slot,
			  w->check->rt->map_kind == HMS_MAP_CLASSIC ? "bucket" : "group",
			  unit->addr);
}

/* A free object, or a part of the heap that no span uses. */
static bool dangles(const struct check *check, uint64_t addr, struct hms_object *object)
{
	hms_heap_find(check->heap, addr, object);
	return object->state == HMS_HEAP_FREE || object->state == HMS_HEAP_NO_SPAN;
}

static bool never_mapped(const struct check *check, uint64_t addr)
{
	return hms_mem_state_at(check->mem, addr, NULL) == HMS_MEM_UNMAPPED;
}

/* A string or slice that is longer than what it lies in. */
static bool too_long(const struct check *check, uint64_t addr, uint64_t len,
		     const struct hms_object *object)
{
	if (len > UINT64_C(1) << 48)
		return true;
	if (object->state == HMS_HEAP_ALLOCATED)
		return len > object->slot + object->slot_size - addr;
	return object->state == HMS_HEAP_OUTSIDE && never_mapped(check, addr + len - 1);
}

/* What is wrong with a pointer to @len bytes; NULL: nothing. */
static const char *fault_of(const struct check *check, const struct check_pointer *pointer,
			    uint64_t addr, uint64_t len, enum hms_rule_id *rule_ret)
{
	bool text = pointer->kind == CHECK_POINTER_TEXT;
	struct hms_object object;

	*rule_ret = HMS_RULE_MAP_POINTER;
	if (!addr)
		return text ? "nil, with a length" : NULL;
	if (dangles(check, addr, &object))
		return check_place(object.state);
	if (object.state == HMS_HEAP_OUTSIDE && never_mapped(check, addr)) {
		*rule_ret = text ? HMS_RULE_MAP_POINTER : HMS_RULE_MAP_NOWHERE;
		return "where the process had no memory";
	}
	return text && too_long(check, addr, len, &object)
		       ? "less than the length that stands beside it"
		       : NULL;
}

/* Leads into an object in use, as nearly all do: nothing is wrong with @len bytes there. */
static inline bool is_in_object(const struct check *check, uint64_t addr, uint64_t len)
{
	uint64_t left;

	return hms_heap_state_at(check->heap, addr, &left) == HMS_HEAP_ALLOCATED && len <= left;
}

/* One pointer of a slot; false where it is bad. */
static bool check_pointer(struct check_worker *w, struct check_part *part,
			  const struct hms_unit *unit, unsigned int slot,
			  const struct check_pointer *pointer, uint64_t at, const uint8_t *bytes)
{
	uint64_t addr = hms_le64(bytes), len = 1;
	enum hms_rule_id rule;
	const char *fault;

	if (pointer->kind == CHECK_POINTER_TEXT) {
		if (!pointer->each || !hms_le64(bytes + 8))
			return true;
		if (__builtin_mul_overflow(hms_le64(bytes + 8), pointer->each, &len))
			len = UINT64_MAX;
	} else if (pointer->kind == CHECK_POINTER_IFACE) {
		if (!addr)
			return true;
		addr = hms_le64(bytes + 8);
		at += 8;
	}
	if (addr && is_in_object(w->check, addr, len))
		return true;
	fault = fault_of(w->check, pointer, addr, len, &rule);
	if (!fault)
		return true;
	CHECK_BREACH(part, rule, at, true, NULL, check_hex(w, addr),
		     CHECK_TEXT("%s holds a pointer to 0x%" PRIx64 ", which is %s",
				slot_name(w, unit, slot), addr, fault));
	return false;
}

static bool check_slot_pointers(struct check_worker *w, struct check_part *part,
				const struct hms_unit *unit, unsigned int slot, bool key)
{
	const struct hms_map_type *map = part->map->type;
	const struct check_pointers *pointers = key ? &part->type->key : &part->type->elem;
	uint64_t off = (key ? map->keys_off : map->elems_off) +
		       (uint64_t)slot * (key ? map->key_stride : map->elem_stride);
	bool good = true;

	for (size_t i = 0; i < pointers->n && good; i++) {
		uint64_t at = off + pointers->items[i].off;

		good = check_pointer(w, part, unit, slot, &pointers->items[i], unit->addr + at,
				     unit->bytes + at);
	}
	return good;
}

/* A key or element that is an object of its own. */
static void check_indirect(struct check_worker *w, struct check_part *part,
			   const struct hms_unit *unit, unsigned int slot, bool key)
{
	const struct hms_map_type *map = part->map->type;
	uint64_t off = (key ? map->keys_off : map->elems_off) +
		       (uint64_t)slot * (key ? map->key_stride : map->elem_stride);
	uint64_t addr = hms_le64(unit->bytes + off), size = (key ? map->key : map->elem)->size;
	struct hms_object object;

	hms_heap_find(w->check->heap, addr, &object);
	if (object.state == HMS_HEAP_UNKNOWN ||
	    (object.state == HMS_HEAP_ALLOCATED && object.base == addr && object.size >= size))
		return;
	CHECK_BREACH(part, HMS_RULE_MAP_INDIRECT, unit->addr + off, true, NULL, check_hex(w, addr),
		     CHECK_TEXT("the %s of %s at 0x%" PRIx64 " is %s", key ? "key" : "element",
				slot_name(w, unit, slot), addr, check_place(object.state)));
}

void check_pointers(struct check_worker *w, struct check_part *part, const struct hms_unit *unit,
		    uint32_t live)
{
	const struct hms_map_type *map = part->map->type;
	const struct check_type *type = part->type;

	if (!type->key.n && !type->elem.n && !map->key_indirect && !map->elem_indirect)
		return;
	for (; live; live &= live - 1) {
		unsigned int slot = (unsigned int)__builtin_ctz(live);

		if (map->key_indirect)
			check_indirect(w, part, unit, slot, true);
		if (map->elem_indirect)
			check_indirect(w, part, unit, slot, false);
		if (check_slot_pointers(w, part, unit, slot, true))
			check_slot_pointers(w, part, unit, slot, false);
	}
}

/* ---- free slots --------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *p, uint64_t len)
{
	uint64_t any = 0;

	if (len == 8)
		return !hms_le64(p);
	for (; len >= 8; p += 8, len -= 8)
		any |= hms_le64(p);
	while (len--)
		any |= *p++;
	return !any;
}

/* A delete clears the pointers of a key, and leaves the rest. */
static bool key_is_cleared(const struct check_part *part, const uint8_t *key)
{
	const struct check_pointers *pointers = &part->type->key;

	if (part->map->type->key_indirect)
		return !hms_le64(key);
	for (size_t i = 0; i < pointers->n; i++)
		if (hms_le64(key + pointers->items[i].off))
			return false;
	return true;
}

static void bad_empty(struct check_worker *w, struct check_part *part, const struct hms_unit *unit,
		      unsigned int slot, bool key)
{
	const struct hms_map_type *map = part->map->type;
	uint64_t off = key ? map->keys_off + (uint64_t)slot * map->key_stride
			   : map->elems_off + (uint64_t)slot * map->elem_stride;

	CHECK_BREACH(part, HMS_RULE_MAP_EMPTY, unit->addr + off, true, "zero", "something else",
		     CHECK_TEXT("%s is free, and holds %s", slot_name(w, unit, slot),
				key ? "a key's pointer" : "an element"));
}

void check_empty_slots(struct check_worker *w, struct check_part *part, const struct hms_unit *unit,
		       uint32_t live)
{
	const struct hms_map_type *map = part->map->type;
	uint32_t free_slots = ~live & ((1u << HMS_SLOTS) - 1);
	bool scan = part->type->scan;

	/* Without an entry near by it is not worth the memory that would be touched. */
	if (!live)
		return;
	for (; free_slots; free_slots &= free_slots - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(free_slots);
		const uint8_t *key = unit->bytes + map->keys_off + i * map->key_stride;
		const uint8_t *elem = unit->bytes + map->elems_off + i * map->elem_stride;

		if (!is_zero(elem, map->elem_size))
			bad_empty(w, part, unit, i, false);
		else if (scan && !key_is_cleared(part, key))
			bad_empty(w, part, unit, i, true);
	}
}

const char *check_lost_entry(struct check_worker *w, const struct check_part *part)
{
	for (const struct check_fault *f = part->first; f; f = f->next)
		if (f->rule == HMS_RULE_MAP_EMPTY)
			return CHECK_TEXT("; %s, at 0x%" PRIx64, f->message, f->addr);
	return "";
}

/* ---- hashes ------------------------------------------------------------------------------- */

uint32_t check_hashes(struct check_worker *w, struct check_part *part, const struct hms_unit *unit,
		      uint32_t live, uint64_t seed, uint64_t *hashes)
{
	const struct hms_map_type *map = part->map->type;
	uint8_t why[HMS_HASH_MAX_KEYS] = {0};
	uint32_t known;

	if (!part->type->plan) {
		w->not_hashed[HMS_HASH_OK] += hms_slots_count(live);
		return 0;
	}
	if (!live)
		return 0;
	known = hms_hash_keys(part->type->plan, &w->reader, seed, unit->bytes + map->keys_off,
			      map->key_stride, live, hashes, why);
	part->keys += hms_slots_count(known);
	for (uint32_t rest = live & ~known; rest; rest &= rest - 1)
		w->not_hashed[why[__builtin_ctz(rest)]]++;
	return known;
}

void check_fetch_keys(const struct check_worker *w, const struct check_part *part,
		      const uint8_t *unit, uint32_t live)
{
	const struct hms_map_type *map = part->map->type;

	if (part->type->plan)
		hms_hash_prefetch(part->type->plan, &w->reader, unit + map->keys_off,
				  map->key_stride, live);
}

void check_wrong_byte(struct check_worker *w, struct check_part *part, const struct hms_unit *unit,
		      unsigned int slot, uint64_t hash, uint8_t wanted)
{
	bool classic = w->check->rt->map_kind == HMS_MAP_CLASSIC;

	CHECK_BREACH(part, HMS_RULE_MAP_HASH, unit->addr + slot, true, CHECK_TEXT("0x%02x", wanted),
		     CHECK_TEXT("0x%02x", unit->bytes[slot]),
		     CHECK_TEXT("the key in %s hashes to 0x%" PRIx64 ", its %s is 0x%02x",
				slot_name(w, unit, slot), hash,
				classic ? "tophash" : "control byte", unit->bytes[slot]));
}

static const uint8_t *key_bytes(const struct check *check, const struct hms_map_type *map,
				uint64_t slot)
{
	const uint8_t *p;

	if (!map->key_indirect)
		return hms_mem_peek(check->mem, slot, map->key->size);
	p = hms_mem_peek(check->mem, slot, 8);
	return p ? hms_mem_peek(check->mem, hms_le64(p), map->key->size) : NULL;
}

bool check_keys_equal(struct check_worker *w, const struct check_part *part, uint64_t a, uint64_t b)
{
	const struct hms_map_type *map = part->map->type;
	const uint8_t *pa = key_bytes(w->check, map, a), *pb = key_bytes(w->check, map, b);

	return pa && pb && hms_rt_equal(w->check->rt, map->key, pa, pb) == HMS_EQUAL;
}

void check_same_key(struct check_worker *w, struct check_part *part, uint64_t a, uint64_t b)
{
	if (!check_keys_equal(w, part, a, b))
		return;
	CHECK_BREACH(part, HMS_RULE_MAP_KEYS, b, false, NULL, check_hex(w, a),
		     CHECK_TEXT("the keys at 0x%" PRIx64 " and 0x%" PRIx64 " are equal", a, b));
}

/* ---- count -------------------------------------------------------------------------------- */

void check_count(struct check_worker *w, struct check_part *part)
{
	uint64_t count = (uint64_t)part->map->count;

	if (part->holes || count == part->live)
		return;
	CHECK_BREACH(part, HMS_RULE_MAP_COUNT, part->map->addr,
		     count + 1 == part->live || count == part->live + 1,
		     CHECK_TEXT("%" PRIu64, part->live), CHECK_TEXT("%" PRId64, part->map->count),
		     CHECK_TEXT("the header counts %" PRId64 " entries, there are %" PRIu64 "%s",
				part->map->count, part->live,
				count > part->live ? check_lost_entry(w, part) : ""));
}
