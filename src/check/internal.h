/* Shared inside src/check only: what a check of one map, or of a range of it, gathers. */
#ifndef HMS_CHECK_INTERNAL_H
#define HMS_CHECK_INTERNAL_H

#include <inttypes.h>

#include "check/check.h"
#include "check/keyset.h"
#include "map/marks.h"
#include "map/units.h"

#define CHECK_FINDINGS_A_RULE 8 /* kept of a map; more are counted */

/* ---- map types (types.c) ------------------------------------------------------------------ */

enum check_pointer_kind {
	CHECK_POINTER_PLAIN, /* pointers, maps, channels, functions */
	CHECK_POINTER_TEXT,  /* strings and slices: a pointer, and a length behind it */
	CHECK_POINTER_IFACE, /* an interface: its second word, where the first is not nil */
};

/* One pointer in a key or element. */
struct check_pointer {
	enum check_pointer_kind kind;
	uint32_t off;
	uint64_t each; /* TEXT: bytes an element of the slice has, 1 for strings */
};

struct check_pointers {
	const struct check_pointer *items;
	size_t n;
};

/* What is known of a map type. */
struct check_type {
	const struct hms_map_type *map;
	struct hms_hash_plan *plan; /* NULL: its keys cannot be hashed */
	bool scan;                  /* buckets or groups hold pointers */
	struct check_pointers key, elem;
	uint32_t index; /* in check->types */
	/* Of all maps of the type, once all are walked: keys, those that are not where they hash
	 * to, maps of which most do, and of which most don't. */
	uint64_t keys, wrong, good, bad;
	bool distrusted;             /* its plan verifies next to nothing */
	const struct hms_map *first; /* of the maps of this type */
	uint64_t descriptor;         /* address; 0: not known */
	const char *difference;      /* what in it does not agree; NULL: it does, as far as known */
};

/* ---- one map, or a range of it ------------------------------------------------------------ */

/* A breach, until it is known what else stands against the map. */
struct check_fault {
	struct check_fault *next;
	enum hms_rule_id rule;
	bool excusable; /* an open write would explain it */
	uint64_t addr;
	const char *expected;
	const char *seen;
	const char *message;
};

/* An overflow bucket, and the word that leads to it. */
struct check_link {
	uint64_t addr;
	uint64_t where;
};

struct check_part {
	const struct hms_map *map;
	const struct check_type *type; /* NULL: the map's type is unknown */
	struct check_fault *first, *last;
	uint32_t counts[HMS_NRULES]; /* breaches, also those beyond the cap */
	uint64_t slots;
	uint64_t live;
	uint64_t keys;  /* hashed */
	uint64_t wrong; /* of these, not where their hash says, or with another byte */
	bool holes;     /* bytes were absent, or could not be followed: sums are not the whole */
	/* classic: overflow buckets in chains of the present array */
	uint64_t overflow;
	uint64_t overflow_sum;    /* of their addresses, mixed: equal sets have equal sums */
	uint64_t spare_used;      /* of these, spare buckets behind the array */
	uint64_t spare_end;       /* index of the last of them, plus 1 */
	struct check_link *links; /* to find shared ones */
	size_t nlinks, cap_links;
	/* Swiss: sum of the tables' own counts */
	uint64_t table_used;
};

struct check_worker {
	struct check *check;
	struct hms_arena *arena;
	struct hms_hash_reader reader;
	struct check_keyset keyset;
	struct check_tally {
		uint64_t keys, wrong, good, bad;
	} * tallies; /* by type */
	uint64_t not_hashed[HMS_HASH_NO_MODEL + 1];
	uint64_t slots, keys;
};

struct check {
	struct hms_map_model *model;
	const struct hms_rt *rt;
	const struct hms_mem *mem;
	const struct hms_heap *heap;
	const struct hms_check_options *options;
	struct hms_hasher *hasher; /* NULL: no key can be hashed */
	struct check_type *types;
	size_t ntypes, cap_types;
	uint32_t *type_index; /* by hms_type id: place in types, plus 1 */
	size_t ntype_index;
	struct check_worker *workers;
	struct hms_arena *arena;
	struct hms_check_work *work;
};

/* ---- breaches (run.c) --------------------------------------------------------------------- */

struct check_where {
	enum hms_rule_id rule;
	uint64_t addr;
	bool excusable;
};

/* Keep a breach that was counted.  @expected NULL: the rule's own line. */
void check_keep(struct check_worker *w, struct check_part *part, const struct check_where *where,
		const char *expected, const char *seen, const char *message);

#define CHECK_TEXT(...) hms_arena_printf(w->arena, __VA_ARGS__)

/* Count a breach; its texts are only made where they will be kept. */
#define CHECK_BREACH(part_, rule_, addr_, excusable_, expected_, seen_, message_)         \
	do {                                                                              \
		if ((part_)->counts[rule_]++ < CHECK_FINDINGS_A_RULE)                     \
			check_keep(w, (part_),                                            \
				   &(struct check_where){(rule_), (addr_), (excusable_)}, \
				   (expected_), (seen_), (message_));                     \
	} while (0)

/* ---- types.c ------------------------------------------------------------------------------ */

/* Look at the types of all maps, open what hashing needs. */
void check_types_open(struct check *check, const struct hms_map *maps, size_t n);
void check_types_close(struct check *check);
/* Add a sentence to the limits of the answer. */
void check_limit(struct check *check, const char *text);
const struct check_type *check_type_of(const struct check *check, const struct hms_map *map);

/* ---- rules-type.c ------------------------------------------------------------------------- */

/* Compare the type's descriptor with what the walkers go by. */
void check_type_judge(const struct check *check, struct check_type *type);
/* A map whose type's descriptor does not agree. */
void check_type_tell(struct check_worker *w, struct check_part *part);

/* ---- rules-common.c ----------------------------------------------------------------------- */

void check_header(struct check_worker *w, struct check_part *part);
/* What the survey could not follow. */
void check_troubles(struct check_worker *w, struct check_part *part);
/* The live slots of a unit: pointers in keys and elements. */
void check_pointers(struct check_worker *w, struct check_part *part, const struct hms_unit *unit,
		    uint32_t live);
/* Its other slots hold nothing. */
void check_empty_slots(struct check_worker *w, struct check_part *part, const struct hms_unit *unit,
		       uint32_t live);
/* Hash the keys of @live slots: bits of those whose hash is known. */
uint32_t check_hashes(struct check_worker *w, struct check_part *part, const struct hms_unit *unit,
		      uint32_t live, uint64_t seed, uint64_t *hashes);
/* The keys of that unit's bytes will be hashed next. */
void check_fetch_keys(const struct check_worker *w, const struct check_part *part,
		      const uint8_t *unit, uint32_t live);
void check_wrong_byte(struct check_worker *w, struct check_part *part, const struct hms_unit *unit,
		      unsigned int slot, uint64_t hash, uint8_t wanted);
/* Are the keys of the slots at @a and @b the same? */
bool check_keys_equal(struct check_worker *w, const struct check_part *part, uint64_t a,
		      uint64_t b);
/* Two entries with equal hashes: is it the same key? */
void check_same_key(struct check_worker *w, struct check_part *part, uint64_t a, uint64_t b);
/* "; slot 3 of ... is free, and holds an element": where a missing entry may have been; or "". */
const char *check_lost_entry(struct check_worker *w, const struct check_part *part);
/* The counts of a whole map. */
void check_count(struct check_worker *w, struct check_part *part);
/* "0x..." */
const char *check_hex(struct check_worker *w, uint64_t bits);
const char *check_number(struct check_worker *w, uint64_t n);
/* What is at @addr, for messages: "a free heap object". */
const char *check_place(enum hms_heap_state state);

static inline uint64_t check_key_addr(const struct check_part *part, const struct hms_unit *unit,
				      unsigned int slot)
{
	const struct hms_map_type *type = part->map->type;

	return unit->addr + type->keys_off + (uint64_t)slot * type->key_stride;
}

/* ---- rules-classic.c, rules-swiss.c ------------------------------------------------------- */

void check_classic_header(struct check_worker *w, struct check_part *part);
/* A breach of classic.nevacuate. */
void check_bad_nevacuate(struct check_worker *w, struct check_part *part, bool excusable,
			 const char *expected, const char *message);
/* Main buckets [from, to) of the array (@old: of the old one) and their chains. */
void check_classic_range(struct check_worker *w, struct check_part *part, bool old, uint64_t from,
			 uint64_t to);
void check_classic_end(struct check_worker *w, struct check_part *part); /* rules-overflow.c */
/* Number of overflow buckets preallocated behind an array of @n at @array. */
uint64_t check_spare_behind(const struct check *check, const struct hms_map *map, uint64_t array,
			    uint64_t n);

/* Spreads an address's bits, so that sums of sets differ where the sets do. */
static inline uint64_t check_mix(uint64_t addr)
{
	addr *= UINT64_C(0x9e3779b97f4a7c15);
	addr ^= addr >> 32;
	return addr * UINT64_C(0xd6e8feb86659fd93);
}

void check_swiss_header(struct check_worker *w, struct check_part *part);
/* Directory entries [from, to) and the tables that they name first. */
void check_swiss_range(struct check_worker *w, struct check_part *part, uint64_t from, uint64_t to);
void check_swiss_end(struct check_worker *w, struct check_part *part);

/* ---- excuse.c ----------------------------------------------------------------------------- */

struct check_excuse {
	bool holds;
	bool race;    /* all that is wrong with the map may come of it */
	bool clear;   /* a clear: most of it */
	bool element; /* an element half stored, and no more */
	bool known;   /* from the stacks, rather than from the map's flag */
	int64_t goroutine;
	bool behind_race; /* a map that is raced for leads to it */
};

/* Is a write of the map in progress?  Where nobody knows, the map's own flag tells. */
struct check_excuse check_excuse_of(const struct check *check, const struct hms_map *map);
bool check_is_excused(const struct check_excuse *excuse, const struct check_part *part,
		      const struct check_fault *fault);
/* What the stacks make of the map's writing flag. */
const char *check_writing_text(const struct check_excuse *excuse);

/* ---- consequence.c ------------------------------------------------------------------------ */

/* Breaches of which another one is the cause are dropped: one fault is one finding. */
void check_drop_consequences(struct check_part *part);

#endif
