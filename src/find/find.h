/*
 * Finding the process's maps: from typed roots along static types (DESIGN.md, step 4).
 *
 * Roots are the package variables, then what goroutines' stack maps call alive.  Then come plain
 * words of stacks and the sweep of the heap, which name maps but are validated first.
 *
 * The search is a breadth-first walk ordered by the length of paths, so that each map keeps its
 * shortest one; among equals the first by name.  Every object is looked into once for each type
 * it is reached by.  A type from which no map can be reached is never followed.
 */
#ifndef HMS_FIND_FIND_H
#define HMS_FIND_FIND_H

#include "find/path.h"
#include "goro/locals.h"
#include "map/map.h"

struct hms_found {
	struct hms_map *maps; /* by address */
	size_t nmaps;
	uint64_t dismissed;      /* candidates that turned out to be no maps */
	bool complete;           /* false: a bound stopped the search */
	struct hms_arena *arena; /* paths live here */
};

/* What is known of roots where debug information lacks: where maps of a type are.  The first of
 * @nloads words is at offs[0], an address or, with @func, an offset from the stack pointer at that
 * function's entry; each next is at offs[i] from where the one before points, and the last holds
 * the map.  Without loads the header is at offs[0] itself. */
#define HMS_FIND_LOADS 4
struct hms_find_holder {
	const struct hms_type *type;
	uint64_t func; /* entry; 0: package variables */
	uint8_t nloads;
	uint64_t offs[HMS_FIND_LOADS];
};

/* Where goroutines and their variables come from, and what closures captured. */
struct hms_find_stacks {
	const struct hms_goros *goros; /* NULL: unknown */
	struct hms_dwarf *dwarf;
	bool unnamed; /* no debug information: package variables are words without names and types
		       */
	const struct hms_find_holder *holders; /* by func, those of one place in a row */
	size_t nholders;
};

/* Search.  @model is borrowed and must outlive the result; @stacks may be NULL: then only package
 * variables are roots. */
struct hms_error *hms_find_maps(struct hms_map_model *model, const struct hms_find_stacks *stacks,
				struct hms_found **ret) HMS_MUST_USE;
void hms_found_free(struct hms_found *found); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_found, hms_found_free)

/* The map whose header is at @addr, or NULL. */
struct hms_map *hms_found_at(const struct hms_found *found, uint64_t addr);

#endif
