/*
 * Maps: how those of one Go type are laid out, what the header of one says, and what a walk over
 * it counted.  Walkers follow pointers and count; they do not judge.  What they could not follow
 * becomes a trouble, and the rules (src/check) decide what it means.
 *
 * Classic maps: src/runtime/map.go (to Go 1.23), map_noswiss.go.
 * Swiss maps: src/internal/runtime/maps/{map,table,group}.go (Go 1.24 and later).
 */
#ifndef HMS_MAP_MAP_H
#define HMS_MAP_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/heap.h"
#include "rt/rt.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/str.h"

#define HMS_SLOTS 8 /* slots of a bucket or group: abi.MapBucketCount, abi.MapGroupSlots */

/* Layout of one map type's buckets (classic) or groups (Swiss), from the program's own debug
 * information.  Offsets in bytes. */
struct hms_map_type {
	const struct hms_type *type; /* the map type itself */
	const char *name;            /* as %T prints it */
	const char *path;            /* with full import paths */
	enum hms_map_kind kind;
	const struct hms_type *key;
	const struct hms_type *elem;
	uint32_t key_size; /* in the slot: 8 where indirect */
	uint32_t elem_size;
	bool key_indirect; /* the slot holds a pointer: keys or elements over 128 bytes */
	bool elem_indirect;
	uint32_t unit_size; /* of a bucket or group */
	uint32_t keys_off;
	uint32_t key_stride;
	uint32_t elems_off;
	uint32_t elem_stride;
	uint32_t overflow_off; /* classic */
};

/* runtime.hmap, with its mapextra where there is one. */
struct hms_classic {
	uint8_t flags;
	uint8_t B;
	uint16_t noverflow;
	uint32_t hash0;
	uint64_t buckets;
	uint64_t oldbuckets;
	uint64_t nevacuate;
	uint64_t extra;
};

#define HMS_CLASSIC_ITERATOR       1
#define HMS_CLASSIC_OLD_ITERATOR   2
#define HMS_CLASSIC_HASH_WRITING   4
#define HMS_CLASSIC_SAME_SIZE_GROW 8

/* internal/runtime/maps.Map */
struct hms_swiss {
	uint64_t seed;
	uint64_t dir;
	uint64_t dir_len; /* 0: small, dir points to the one group */
	uint8_t global_depth;
	uint8_t global_shift;
	uint8_t writing;
	uint8_t tombstone_possible;
	uint64_t clear_seq;
};

/* What a walk could not follow, and where. */
enum hms_trouble_kind {
	HMS_TROUBLE_NONE,
	HMS_TROUBLE_HEADER,     /* the header itself cannot be read */
	HMS_TROUBLE_DEPTH,      /* B, dirLen or a mask beyond what an address space could hold */
	HMS_TROUBLE_PLACE,      /* an array that is not at the start of an allocated heap object */
	HMS_TROUBLE_SIZE,       /* B promises seen buckets, the object has room for bucket */
	HMS_TROUBLE_BUCKETS,    /* the bucket array, or part of it */
	HMS_TROUBLE_OLDBUCKETS, /* the old one */
	HMS_TROUBLE_OVERFLOW,   /* an overflow pointer that leads nowhere */
	HMS_TROUBLE_CYCLE,      /* an overflow chain that comes back to itself */
	HMS_TROUBLE_DIRECTORY,
	HMS_TROUBLE_TABLE,
	HMS_TROUBLE_GROUPS,
};

struct hms_trouble {
	enum hms_trouble_kind kind;
	bool absent;     /* the core lacks the bytes: unknown, not damage */
	uint8_t state;   /* PLACE: enum hms_heap_state of what is there */
	bool old;        /* in the old bucket array */
	uint64_t where;  /* address of the word that misleads */
	uint64_t seen;   /* what it holds */
	uint64_t bucket; /* index of the bucket, table or directory slot it belongs to */
};

#define HMS_MAX_TROUBLES 8 /* kept per map; more are counted */

/* Chains of 1, 2, ... buckets; the last bin also holds all longer ones. */
#define HMS_CHAIN_BINS 64

/* What a walk over a map, or a range of one, counted. */
struct hms_map_stats {
	uint64_t live;     /* entries; each one of a half-grown map once */
	uint64_t live_old; /* of these, still in old buckets */
	uint64_t slots_walked;
	uint64_t unreadable;     /* bytes of buckets that the core lacks */
	uint64_t overflow;       /* overflow buckets linked in the present array */
	uint64_t overflow_old;   /* in the old one */
	uint64_t overflow_bytes; /* set aside by the heap for overflow buckets outside the arrays */
	uint64_t evacuated;      /* old buckets moved */
	uint64_t spare;          /* overflow buckets preallocated behind the array, used or not */
	uint64_t chain_max;      /* buckets in the longest chain; 1: no overflow */
	uint64_t chains[HMS_CHAIN_BINS];
	uint64_t unit_bytes; /* Swiss: set aside for groups; overflow_bytes: for tables */
	uint64_t tombstones;
	uint64_t tables;
	uint64_t groups;
	uint64_t capacity;
	uint64_t growth_left;
	uint64_t digest; /* where the model wants them: of all bytes of buckets or groups */
	bool digest_unknown;
	uint64_t ntroubles; /* also those beyond HMS_MAX_TROUBLES */
	struct hms_trouble troubles[HMS_MAX_TROUBLES];
};

struct hms_map_bytes {
	uint64_t header; /* what the heap set aside for each part; 0 for a header on a stack */
	uint64_t buckets;
	uint64_t old_buckets;
	uint64_t overflow;
	uint64_t total;
};

enum hms_found_by {
	HMS_FOUND_GLOBAL, /* reached from a package variable */
	HMS_FOUND_STACK,  /* from a goroutine's variable */
	HMS_FOUND_WORD,   /* a stack word points at it */
	HMS_FOUND_SCAN,   /* the sweep of header-sized heap objects */
};

struct hms_path;       /* find/path.h */
struct hms_map_detail; /* map/survey.c */

/* One map of the process.  Compact: a core may hold a million of them. */
struct hms_map {
	uint64_t addr;                   /* of the header */
	const struct hms_map_type *type; /* NULL: unknown */
	const struct hms_path *owner;    /* shortest path; NULL: none known */
	uint32_t owners;                 /* references met */
	uint8_t found_by;                /* enum hms_found_by */
	bool readable;                   /* the header could be read */
	int64_t count;                   /* header */
	union {
		struct hms_classic classic;
		struct hms_swiss swiss;
	};
	struct hms_map_bytes bytes;
	bool bytes_known; /* false: the core lacks what the heap knows of some part */
	uint64_t live;
	uint64_t digest; /* of what buckets or groups hold: equal while nothing is written */
	bool digest_known;
	uint32_t chain_max;
	bool damaged;                        /* an error stands against it */
	const struct hms_map_detail *detail; /* what else the walk counted: hms_map_stats_of() */
};

/* What walkers need of the process: the runtime model, the heap, the map types met so far. */
struct hms_map_model;

/* @rt and @heap are borrowed. */
struct hms_error *hms_map_model_open(const struct hms_rt *rt, const struct hms_heap *heap,
				     struct hms_map_model **ret) HMS_MUST_USE;
void hms_map_model_close(struct hms_map_model *model); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_map_model, hms_map_model_close)

/* Let surveys make digests too: they then read keys and elements, not only what tells which slots
 * are taken. */
void hms_map_model_want_digests(struct hms_map_model *model);

const struct hms_rt *hms_map_model_rt(const struct hms_map_model *model);
const struct hms_heap *hms_map_model_heap(const struct hms_map_model *model);

/* Layout of the maps of @type (kind MAP), made on first use and kept in @model; NULL where debug
 * information does not tell it.  Not for several threads at once: the search asks, the walks
 * only read. */
const struct hms_map_type *hms_map_type_of(struct hms_map_model *model,
					   const struct hms_type *type);

/* Read the header at map->addr into @map: count, the words of its kind, readable.  Returns the
 * state of the memory where it is not readable. */
enum hms_mem_state hms_map_read_header(const struct hms_map_model *model, struct hms_map *map);

/* Growth, classic maps: an old array is there. */
static inline bool hms_classic_growing(const struct hms_classic *h)
{
	return h->oldbuckets != 0;
}

/* Number of buckets in the old array; 0 where there is none. */
uint64_t hms_classic_old_nbuckets(const struct hms_classic *h);

/* 2^B, or 0 where B is beyond what an address space could hold or there is no array. */
uint64_t hms_classic_nbuckets(const struct hms_classic *h);

/* Walk all @n maps with @jobs threads and fill in live, bytes, chain_max, detail.  Work is cut by
 * ranges of buckets, so that one large map is shared out too; the result does not depend on
 * @jobs. */
struct hms_error *hms_map_survey(struct hms_map_model *model, struct hms_map *maps, size_t n,
				 unsigned int jobs) HMS_MUST_USE;

/* All that the survey counted for @map. */
void hms_map_stats_of(const struct hms_map *map, struct hms_map_stats *ret);

/* "an overflow pointer of bucket 3 leads to 0x41, which was never mapped": one line, appended to
 * @ret.  @kind: of the process's maps. */
void hms_trouble_text(enum hms_map_kind kind, const struct hms_map *map,
		      const struct hms_trouble *trouble, struct hms_str *ret);

#endif
