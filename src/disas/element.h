/*
 * Between the return of runtime.mapassign and the store of the element.
 *
 * mapassign returns a pointer to the element's slot, and the compiler's code stores the element
 * there: m[k] = v mostly with the next instructions, m[k] = append(m[k], v) and m[k] += "x" after
 * further calls of the runtime, whatever needs a write barrier with a call between.  Here a
 * function's own code tells, by the flow of values, which of its stores go through such a pointer,
 * and for a place in it whether the pointer of an earlier call is still to be stored through on
 * every way on.
 *
 * Where some paths say one thing and others another, nothing is claimed.
 */
#ifndef HMS_DISAS_ELEMENT_H
#define HMS_DISAS_ELEMENT_H

#include "disas/mapcode.h"

/* A function's code, with its calls of mapassign. */
struct hms_element;

/* Take @func apart; *ret is NULL where it does not call mapassign, which costs no more than a look
 * at its bytes.  @rt and @tab are borrowed. */
struct hms_error *hms_element_open(const struct hms_rt *rt, const struct hms_pclntab *tab,
				   const struct hms_func *func, struct hms_element **ret)
	HMS_MUST_USE;
void hms_element_close(struct hms_element *e); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_element, hms_element_close)

const struct hms_code *hms_element_code(const struct hms_element *e);

/* The first bytes of an element, one bit each; the last stands for all that follow. */
#define HMS_ELEMENT_BYTES 64

struct hms_element_point {
	uint32_t insn; /* the one to come, or the call that goes on */
	uint32_t call; /* of mapassign: the element that it made room for is not all stored */
	struct hms_func callee;
	bool storing;          /* a call that stores, or copies it, goes on */
	uint64_t always, ever; /* bytes stored before insn: on every path, on some */
	uint64_t due;          /* bytes that are stored on no path so far, and later on some */
	/* Where the pointer that mapassign returned is kept, and how far beyond it that points. */
	struct hms_holder pointer;
	int64_t pointer_off;
};

/* Elements that are due at once: "for m[0], m[1] = range s" makes room for both first. */
#define HMS_ELEMENTS_DUE 4

/* The function stands at @pc; @in_call: in the call that returns there.  The earlier calls of
 * mapassign, in the order of the code, to whose element every way on from there stores; how many.
 */
size_t hms_element_at(struct hms_element *e, uint64_t pc, bool in_call,
		      struct hms_element_point ret[HMS_ELEMENTS_DUE]);

/* Does instruction @insn store to the element that call @call made room for? */
bool hms_element_stores(const struct hms_element *e, uint32_t insn, uint32_t call);

#endif
