/*
 * Which slot of its map a write or delete is at work on, from the machine code of the function
 * that does it: the code is followed from where it stands with what its registers and frame hold
 * (disas/ahead.h).  Where all paths come to the same slot of the map, by the address that they
 * store to or the element that they return, the function has settled on it.
 *
 * Mirrors what mapassign and mapdelete return and store: src/runtime/map.go, map_fast*.go
 * (classic), src/internal/runtime/maps/map.go, table.go, runtime*.go (Swiss).
 */
#ifndef HMS_OPS_SLOT_H
#define HMS_OPS_SLOT_H

#include "disas/ahead.h"
#include "disas/mapcode.h"
#include "ops/ops.h"

/* ---- from an address to a slot ------------------------------------------------------------- */

/* Where a map's buckets or groups are. */
struct hms_slot_units {
	const struct hms_map_type *type;
	uint64_t header, header_end;
	/* The bucket or group that @addr lies in: fills in all of @ret but index and addresses. */
	bool (*find)(void *arg, uint64_t addr, struct hms_operation_slot *ret);
	void *arg;
};

/* The slot whose element (not what it points to) begins at @addr; false: none. */
bool hms_op_slot_of_elem(const struct hms_slot_units *units, uint64_t addr,
			 struct hms_operation_slot *ret);

/* A map of the core as units, as long as @ret lives; false: its header or type is not known. */
struct hms_slot_map {
	const struct hms_map_model *model;
	struct hms_map map;
	unsigned int walks;          /* over all of its chains, which are not made without end */
	struct hms_slot_units units; /* find's arg is this struct: not to be moved */
};

bool hms_op_slot_map(struct hms_map_model *model, uint64_t map, const struct hms_type *type,
		     struct hms_slot_map *ret);

/* ---- what a function has settled on -------------------------------------------------------- */

/* A function that finds a slot, and where it stands. */
struct hms_slot_question {
	const struct hms_rt *rt;
	const struct hms_pclntab *tab;
	const struct hms_func *func;
	const struct hms_mapcode *code;
	const struct hms_mapcode_point *point;
	struct hms_ahead_start start;
	uint64_t cfa; /* the stack pointer of its caller */
};

/* False: it has settled on none yet, or nothing tells. */
bool hms_op_slot_settled(const struct hms_slot_question *question,
			 const struct hms_slot_units *units, struct hms_operation_slot *ret);

/* The same for @frame of @stack, a frame of @op. */
bool hms_op_slot_find(const struct hms_operations_sources *sources, const struct hms_stack *stack,
		      const struct hms_operation *op, const struct hms_frame *frame,
		      const struct hms_mapcode *code, const struct hms_mapcode_point *point,
		      struct hms_operation_slot *ret);

/* ---- where its key is ---------------------------------------------------------------------- */

/* The slot where a lookup finds @key, a value of the map's key type as it is written in Go; false:
 * it finds none, or nobody can tell, or the key is in other slots besides.  For operations that
 * have stored their key, but keep nothing that leads to its slot. */
bool hms_op_slot_of_key(const struct hms_operations_sources *sources,
			const struct hms_operation *op, const char *key,
			struct hms_operation_slot *ret);

/* "bucket 31 slot 4", "old bucket 3 overflow 1 slot 0", "table 2 group 5 slot 7", "slot 3":
 * appended to @ret. */
void hms_op_slot_text(enum hms_map_kind kind, const struct hms_operation_slot *slot,
		      struct hms_str *ret);

#endif
