/* Words that a function was called with, where its code still keeps them. */
#ifndef HMS_OPS_WORDS_H
#define HMS_OPS_WORDS_H

#include "disas/mapcode.h"
#include "goro/unwind.h"

/* The word that @holder says @frame of @stack has; false: nowhere, or not in the core. */
bool hms_op_word(const struct hms_rt *rt, const struct hms_stack *stack,
		 const struct hms_frame *frame, const struct hms_holder *holder, uint64_t *ret);

/* Where @frame stands in its function, taken apart as @code; false where that says nothing. */
bool hms_op_point(struct hms_mapcode *code, const struct hms_frame *frame,
		  struct hms_mapcode_point *ret);

#endif
