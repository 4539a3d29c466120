/* The search's state, shared by its parts: queue.c (order), visit.c (values by type). */
#ifndef HMS_FIND_PRIVATE_H
#define HMS_FIND_PRIVATE_H

#include "find/find.h"
#include "find/fit.h"
#include "util/set.h"

/* A value to be looked into: a pointer's target, or a map whose header is at addr. */
struct hms_find_item {
	uint64_t addr;
	const struct hms_type *type;
	const struct hms_path *path;
};

/* Items whose paths have the same length, values and maps apart: level 2n holds the values n
 * steps away, 2n + 1 the maps, whose pointer is no step of its own. */
struct hms_find_level {
	struct hms_find_item *items;
	size_t n, cap;
};

#define HMS_FIND_GATHERED 8 /* in the page that no process maps */

struct hms_find_func; /* closure.c */

struct hms_finder {
	struct hms_map_model *model;
	const struct hms_rt *rt;
	const struct hms_heap *heap;
	struct hms_arena *arena;
	struct hms_find_level *levels; /* see above */
	size_t nlevels, cap_levels;
	struct hms_set seen;   /* (address, type id): number of the item that came first */
	uint64_t seen_base;    /* number of the first item of the level in hand */
	struct hms_set ranges; /* (object, element type id): index into spans */
	struct hms_find_span {
		uint64_t from, to; /* elements' addresses looked into */
	} * spans;
	size_t nspans, cap_spans;
	struct hms_set by_addr; /* (header address, 0): index into maps */
	struct hms_map *maps;
	size_t nmaps, cap_maps;
	enum hms_found_by found_by; /* what the queue's roots are */
	struct hms_fitter *fitter;
	struct hms_dwarf *dwarf;      /* NULL: closures are not followed */
	struct hms_set func_by_entry; /* (entry, 0): index into funcs */
	const struct hms_find_func **funcs;
	size_t nfuncs, cap_funcs;
	/* Variables that no stack map calls alive: looked at when all else is known. */
	struct hms_find_weak {
		uint64_t map; /* header address */
		const struct hms_type *type;
	} * weak;
	size_t nweak, cap_weak;
	bool unnamed;  /* there is no debug information: types of maps may come to light late */
	bool doubtful; /* what the queue leads to must be borne out, and has no owner */
	uint64_t dismissed;
	uint64_t budget; /* values that may still be looked at: damaged memory ends somewhere */
	/* a variable's value that was put together: at address HMS_FIND_GATHERED */
	const uint8_t *gathered;
	uint64_t gathered_len;
	/* the piece of memory last read */
	uint64_t run_addr, run_len;
	const uint8_t *run;
};

/* A step of the path that is being walked, not yet written down: only what leads to a map or to a
 * pointer worth following becomes a node. */
struct hms_find_step {
	const struct hms_find_step *up; /* NULL: @root is the path so far */
	const struct hms_path *root;
	unsigned int length;  /* steps from the variable */
	unsigned int nesting; /* parts of parts of the value looked into */
	enum hms_path_kind kind;
	bool of_array;
	const char *name;
	uint64_t number;
	const struct hms_type *type;
	const struct hms_path **node; /* where the node is kept once it is made */
};

/* Put @item into the queue: a map's header (@is_map) or a value, @length steps from its root. */
void hms_find_push(struct hms_finder *f, const struct hms_find_item *item, bool is_map,
		   size_t length);

/* Look into the value of @type at @addr, which @step leads to. */
void hms_find_visit(struct hms_finder *f, uint64_t addr, const struct hms_type *type,
		    const struct hms_find_step *step);

/* What func values captured (closure.c): @addr is the func value's. */
void hms_find_visit_func(struct hms_finder *f, uint64_t addr, const struct hms_find_step *step);

/* A word of memory; false where it cannot be read. */
bool hms_find_load(struct hms_finder *f, uint64_t addr, uint64_t *ret);

/* Queue what a pointer at the end of @step leads to: a value of @type, or the header of a map. */
void hms_find_follow(struct hms_finder *f, uint64_t addr, const struct hms_type *type, bool is_map,
		     const struct hms_find_step *step);

/* Look into the keys and elements of @map. */
void hms_find_visit_entries(struct hms_finder *f, const struct hms_map *map,
			    const struct hms_path *path, size_t length);

/* Put what variables without names hold into the queue (unnamed.c). */
void hms_find_push_unnamed(struct hms_finder *f, const struct hms_find_stacks *stacks);

/* Put into the queue what the code says that frames hold, validated. */
void hms_find_push_slots(struct hms_finder *f, const struct hms_find_stacks *stacks);

/* When these were followed: maps that other words of such variables point at, validated. */
void hms_find_unnamed_words(struct hms_finder *f);

/* Put what goroutines' live variables hold into the queue; keep the others for later. */
struct hms_error *hms_find_push_locals(struct hms_finder *f, const struct hms_find_stacks *stacks)
	HMS_MUST_USE;

/* Maps that dead variables and plain words of stacks point at, validated. */
void hms_find_words(struct hms_finder *f, const struct hms_find_stacks *stacks);

/* Maps among heap objects that nothing led to, validated. */
void hms_find_sweep(struct hms_finder *f);

/* Follow what the queue holds, and what that leads to. */
void hms_find_run(struct hms_finder *f);

/* Maps in what interfaces anywhere in the heap hold (interfaces.c), validated. */
void hms_find_interfaces(struct hms_finder *f);

/* Take @map, if it is new, as found by @found_by; @owner may be NULL. */
void hms_find_accept(struct hms_finder *f, const struct hms_map *map, enum hms_found_by found_by,
		     const struct hms_path *owner);

/* Bytes of the heap slots that map headers lie in. */
uint64_t hms_find_header_slot(const struct hms_finder *f);

#endif
