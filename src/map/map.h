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
	HMS_TROUBLE_HEADER,     /* the header itself cannot be read */
	HMS_TROUBLE_SIZE,       /* B, dirLen or a mask beyond what memory could hold */
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
	uint64_t chain_max;      /* buckets in the longest chain; 1: no overflow */
	uint64_t chains[HMS_CHAIN_BINS];
	uint64_t tombstones; /* Swiss */
	uint64_t tables;
	uint64_t groups;
	uint64_t capacity;
	uint64_t growth_left;
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

struct hms_path; /* find/path.h */

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
	uint64_t live;
	uint32_t chain_max;
	bool damaged; /* an error stands against it */
	/* Kept only where it says more than the fields above: see hms_map_stats_of(). */
	const struct hms_map_stats *stats;
};

struct hms_map_model; /* what walkers need of the process: rt, heap, known map types */

struct hms_error *hms_map_model_open(const struct hms_rt *rt, const struct hms_heap *heap,
				     struct hms_map_model **ret) HMS_MUST_USE;
void hms_map_model_close(struct hms_map_model *model); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_map_model, hms_map_model_close)

#endif
