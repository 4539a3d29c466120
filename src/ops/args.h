/*
 * The map that a frame of a map function works on, from its arguments: home slots, registers at
 * the function's entry, variables in debug information.  A value counts only where the tables say
 * that it is there, and where it is a map's: stale words of earlier calls look much the same.
 */
#ifndef HMS_OPS_ARGS_H
#define HMS_OPS_ARGS_H

#include "ops/ops.h"

struct hms_op_args {
	const struct hms_operations_sources *sources;
	const struct hms_unwinder *unwinder;
	const struct hms_stack *stack;
	struct hms_disas *disas; /* NULL: the code of callers is not asked */
};

/* Has the frame's function done nothing yet?  It stands at its first instruction, or waits in its
 * prologue: goroutines are stopped there, and stacks made to grow. */
bool hms_op_at_entry(const struct hms_frame *frame);

/* Fill in what is known of @func's map at @frame: *map_ret (0: unknown) and its type (NULL).  True
 * where both are known. */
bool hms_op_args_find(const struct hms_op_args *args, const struct hms_frame *frame,
		      const struct hms_map_func *func, uint64_t *map_ret,
		      const struct hms_type **type_ret);

/* The same from the code that called it (ops/callsite.h): for when no frame has kept its
 * arguments. */
bool hms_op_args_of_call(const struct hms_op_args *args, const struct hms_frame *frame,
			 const struct hms_map_func *func, uint64_t *map_ret,
			 const struct hms_type **type_ret);

/* Argument @word of a frame's function, whatever that is: false where nothing says where it is. */
bool hms_op_args_word(const struct hms_op_args *args, const struct hms_frame *frame,
		      unsigned int word, uint64_t *ret);

#endif
