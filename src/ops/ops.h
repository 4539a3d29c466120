/*
 * Operations on maps in progress: which goroutine is inside a function of the runtime that works
 * on a map (rt/mapfuncs.def), on which map, and who called it.
 *
 * A goroutine can be inside several: a fault inside one runs deferred functions that use others.
 * Calls that go from one map function to another, through code of the runtime or reflect alone,
 * are one operation; the outermost of them says what it is.  A write goes on until its caller has
 * stored the element (ops/element.h).
 */
#ifndef HMS_OPS_OPS_H
#define HMS_OPS_OPS_H

#include "dwarf/dwarf.h"
#include "find/find.h"
#include "goro/goroutine.h"
#include "goro/unwind.h"
#include "heap/heap.h"
#include "map/map.h"
#include "rt/mapfuncs.h"
#include "util/arena.h"

/* What became of an operation. */
enum hms_op_end {
	HMS_OP_GOES_ON,
	HMS_OP_RACED,   /* the runtime found that another one was at work on the map, and died
			 * of it here: runtime.fatal, before Go 1.19 runtime.throw */
	HMS_OP_THREW,   /* the runtime died here of something else */
	HMS_OP_FAULTED, /* a memory fault inside it, which became a panic */
	HMS_OP_PANICS,  /* another panic: a nil map, a key that cannot be hashed */
};

/* A physical frame of it: what a disassembler or a reader of its variables needs. */
struct hms_operation_frame {
	const char *function; /* as the table names it */
	uint64_t entry;       /* of the function */
	uint64_t end;
	uint64_t pc; /* where it goes on or was interrupted; outer frames: the return address */
	uint64_t sp, cfa;
	size_t index;     /* in the stack as hms_unwind() has it */
	bool interrupted; /* at pc itself, rather than in the call before it */
};

/* A slot of a map. */
struct hms_operation_slot {
	uint64_t unit;   /* address of the bucket or group */
	uint64_t bucket; /* index of the main bucket in its array, of the group in its table */
	uint64_t table;  /* Swiss: the first directory slot that names the table */
	uint32_t chain;  /* classic: 0 for the main bucket, n for the n-th overflow bucket */
	bool old;        /* classic: in the old array */
	bool small;      /* Swiss: the map has this one group and no table */
	uint8_t index;   /* 0..7 */
	uint64_t key_addr;
	uint64_t elem_addr;
};

/* Of a write that has left the map's functions: what of its element the caller has stored. */
struct hms_operation_element {
	uint64_t call_return;           /* where the call returned to */
	bool in_call;                   /* the caller has called something else since */
	uint64_t addr;                  /* of the element; 0: unknown, and so is the map */
	uint64_t key;                   /* of the key beside it; 0: unknown */
	struct hms_operation_slot slot; /* where it lies, if it is known */
	/* Its bytes, one bit each: disas/element.h. */
	uint64_t always, ever, due;
	bool storing; /* being stored right now */
};

struct hms_operation {
	const struct hms_goroutine *goroutine;
	enum hms_map_op op; /* never GROW */
	enum hms_op_end end;
	bool begun; /* false: called, but it has not looked at the map yet */
	/* The map function has returned, and the caller has yet to store the element: outer and
	 * inner are the caller's frame then, with the function's name. */
	bool returned;
	struct hms_operation_element element; /* where it has returned */
	const char *end_text;             /* "concurrent map writes"; NULL: goes on, or not known */
	uint64_t map;                     /* header address; 0: unknown */
	const struct hms_type *type;      /* the map's; NULL: unknown */
	struct hms_operation_frame outer; /* the map function that was called from elsewhere */
	struct hms_operation_frame inner; /* the innermost map function; may be the same */
	/* First frame outside runtime, internal/runtime and reflect, with calls inlined there. */
	const char *caller; /* as the table names it; NULL: unknown */
	const char *caller_file;
	int32_t caller_line;
	struct hms_operation_frame caller_frame; /* index 0 with pc 0: there is none */
	const char *doing; /* what the innermost function is for: "moving old buckets" */
	/* How far it is: "bucket chosen, key not stored"; NULL until somebody knows. */
	const char *step;
	/* What it is at work on; NULL: not settled yet, or not known. */
	const struct hms_operation_slot *slot;
};

struct hms_operations {
	struct hms_operation *list; /* by goroutine in the runtime's order, outermost first */
	size_t n, cap;
	uint32_t *by_map; /* indexes in list of those whose map is known, by its address */
	size_t nby_map;
	size_t blind; /* goroutines whose stack could not be followed: nobody knows about them */
	struct hms_arena *arena;
};

/* Where operations are looked for; all borrowed. */
struct hms_operations_sources {
	const struct hms_goros *goros;
	struct hms_map_model *model;
	struct hms_dwarf *dwarf;       /* NULL: function tables and home slots alone */
	const struct hms_found *found; /* surveyed; NULL: maps are as they are met */
};

/* Unwind all goroutines and look.  What @sources point to must outlive the result. */
struct hms_operations *hms_operations_find(const struct hms_operations_sources *sources);
void hms_operations_free(struct hms_operations *operations); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_operations, hms_operations_free)

/* Those on the map whose header is at @map: list[by_map[*first_ret]] and the following; how many.
 */
size_t hms_operations_of_map(const struct hms_operations *operations, uint64_t map,
			     size_t *first_ret);

/* The outermost one of a goroutine, or NULL. */
const struct hms_operation *hms_operations_of_goroutine(const struct hms_operations *operations,
							const struct hms_goroutine *g);

#endif
