/*
 * A map function's machine code: which of its instructions change the map, and what they have
 * changed by the time that it stands at a pc.
 *
 * Stores are told apart by where they lead: into the map's header at the offset of a member
 * (facts.def), elsewhere on the heap by how wide they are and what they store.  A byte is a
 * tophash or a control byte, two bytes are a table's counters, the argument that holds the key is
 * the key.  Calls of the runtime's own helpers stand for what these do.  Which deeds lie behind a
 * pc is a question of paths: done on every one that leads there, or on some.
 *
 * Mirrors src/runtime/map.go and map_fast*.go (classic), src/internal/runtime/maps/map.go,
 * table.go, runtime*.go (Swiss).
 */
#ifndef HMS_DISAS_MAPCODE_H
#define HMS_DISAS_MAPCODE_H

#include "disas/flow.h"
#include "rt/mapfuncs.h"
#include "rt/rt.h"

enum hms_deed {
	HMS_DEED_FLAG_SET = 1 << 0,     /* "a write is in progress" */
	HMS_DEED_FLAG_CLEARED = 1 << 1, /* the same, taken back */
	HMS_DEED_ARRAY = 1 << 2,        /* first buckets made */
	HMS_DEED_KEY = 1 << 3,          /* the key, or a string key's pointer */
	HMS_DEED_KEY_LEN = 1 << 4,      /* a string key's length */
	HMS_DEED_MARK = 1 << 5,         /* tophash or control byte */
	HMS_DEED_COUNT = 1 << 6,        /* the header's count of entries */
	HMS_DEED_TABLE = 1 << 7,        /* Swiss: counters of a table */
	HMS_DEED_WIPED = 1 << 8,        /* delete, clear: key, element or buckets zeroed */
	HMS_DEED_GROWN = 1 << 9,        /* a growth begun, old buckets moved, tables split */
	HMS_DEED_BOX = 1 << 10,         /* a pointer to a large key or element */
};

/* "key stored"; for one bit.  NULL: none. */
const char *hms_deed_text(enum hms_deed deed, enum hms_map_kind kind);

/* What a call on the way is for. */
enum hms_errand {
	HMS_ERRAND_NONE,
	HMS_ERRAND_GROW,     /* begins a growth */
	HMS_ERRAND_MOVE,     /* moves old buckets */
	HMS_ERRAND_OVERFLOW, /* adds an overflow bucket */
	HMS_ERRAND_REHASH,   /* Swiss: makes a table larger, or two of it */
	HMS_ERRAND_TABLE,    /* Swiss: makes tables of a small map, or its first group */
	HMS_ERRAND_PRUNE,    /* Swiss: removes tombstones */
	HMS_ERRAND_KEY,      /* copies the key */
	HMS_ERRAND_WIPE,     /* zeroes */
	HMS_ERRAND_DIE,      /* another writer was noticed, or the map is broken */
};

const char *hms_errand_text(enum hms_errand errand);

struct hms_mapcode;

/* @func is the map function of row @row; @rt and @tab are borrowed.  HMS_ERR_FAULT where its code
 * cannot be read. */
struct hms_error *hms_mapcode_open(const struct hms_rt *rt, const struct hms_pclntab *tab,
				   const struct hms_func *func, const struct hms_map_func *row,
				   struct hms_mapcode **ret) HMS_MUST_USE;
void hms_mapcode_close(struct hms_mapcode *mc); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_mapcode, hms_mapcode_close)

const struct hms_code *hms_mapcode_code(const struct hms_mapcode *mc);

/* What instruction @insn does to the map: bits of enum hms_deed. */
uint32_t hms_mapcode_deeds(const struct hms_mapcode *mc, uint32_t insn);

/* Where a word that the function was called with is to be found. */
struct hms_holder {
	enum { HMS_HELD_NOWHERE, HMS_HELD_REG, HMS_HELD_STACK } kind;
	uint8_t reg;
	int64_t off; /* from the stack pointer at the entry */
};

struct hms_mapcode_point {
	uint32_t insn;          /* the one to come, or the call that goes on */
	uint32_t always, ever;  /* deeds done before it */
	enum hms_errand errand; /* of the call that goes on */
};

/* The function stands at @pc; @in_call: in the call that returns there.  False where no instruction
 * begins (or returns) there, no path leads there, or the flow says nothing. */
bool hms_mapcode_at(struct hms_mapcode *mc, uint64_t pc, bool in_call,
		    struct hms_mapcode_point *ret);

/* Argument word @i at @point. */
void hms_mapcode_argument(struct hms_mapcode *mc, const struct hms_mapcode_point *point,
			  unsigned int i, struct hms_holder *ret);

#endif
