/*
 * Registers at a call, worked out from the caller's code: what a callee has not kept of its
 * arguments, the caller put there a few instructions before, out of constants, its stack and its
 * own arguments; and so on outwards.
 *
 * Memory is read as it is now, not as it was then: what comes of it is to be validated.
 */
#ifndef HMS_OPS_CALLSITE_H
#define HMS_OPS_CALLSITE_H

#include "disas/helpers.h"
#include "goro/unwind.h"

struct hms_callsite {
	const struct hms_goros *goros;
	const struct hms_unwinder *unwinder;
	const struct hms_stack *stack;
	struct hms_disas *disas;                /* NULL: nothing can be worked out */
	const struct hms_lock_helpers *helpers; /* NULL: none are known */
};

/* Argument @word of the function of stack->frames[@callee], as it was called; false: the code does
 * not tell. */
bool hms_callsite_word(const struct hms_callsite *site, size_t callee, unsigned int word,
		       uint64_t *ret);

/* Argument @word of an earlier call, the one that returns to @pc in the function of
 * stack->frames[@frame], wherever that stands by now.  What the function has done since may have
 * changed the memory that is read: to be validated all the more. */
bool hms_callsite_earlier(const struct hms_callsite *site, size_t frame, uint64_t pc,
			  unsigned int word, uint64_t *ret);

/* The address of a lock that the function of stack->frames[@frame] has taken, by its own code, and
 * holds at the call that returns to @pc, *reads_ret: for reading; false: none that is known. */
bool hms_callsite_lock(const struct hms_callsite *site, size_t frame, uint64_t pc, uint64_t *ret,
		       bool *reads_ret);

#endif
