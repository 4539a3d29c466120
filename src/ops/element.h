/*
 * Writes that have left the map's functions, and whose element the caller has yet to store
 * (disas/element.h): which goroutine stands there, with which map's slot.
 *
 * The runtime has cleared its writing flag by then and notices nothing.  The statement is not done
 * all the same: no lock around it can have been released, and another goroutine that stands inside
 * an operation on the map, or there too, makes a race of it.
 */
#ifndef HMS_OPS_ELEMENT_H
#define HMS_OPS_ELEMENT_H

#include "disas/element.h"
#include "ops/args.h"

/* Remembers functions and places in them that were looked at: goroutines share them. */
struct hms_op_elements;

struct hms_op_elements *hms_op_elements_create(void);
void hms_op_elements_destroy(struct hms_op_elements *elements); /* NULL is fine */

/* The writes that stack->frames[@frame] of @args, the innermost of the program's own, is in the
 * middle of, mostly none; how many.  Fills in function, map, type and element of each of @ops: the
 * map only where the pointer that the runtime returned leads to an element of it. */
size_t hms_op_element_find(struct hms_op_elements *elements, const struct hms_op_args *args,
			   size_t frame, struct hms_operation ops[HMS_ELEMENTS_DUE]);

/* "element not stored yet", "element partly stored: length stored, pointer not yet", of an element
 * of @type (NULL: unknown).  Appended to @ret. */
void hms_op_element_text(const struct hms_operation_element *element, const struct hms_type *type,
			 struct hms_str *ret);

#endif
