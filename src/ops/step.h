/*
 * How far a write is: what of it a goroutine had done when the core was taken, told from where it
 * stands in the code of the runtime's map functions (disas/mapcode.h), and which key and slot it is
 * about.
 */
#ifndef HMS_OPS_STEP_H
#define HMS_OPS_STEP_H

#include "disas/mapcode.h"
#include "ops/ops.h"

/* Fill in step and slot of each operation that writes, where they can be told: "inserting "key_90"
 * in bucket 31 slot 4, key and tophash stored, count not yet raised".  With @redact no key is read.
 */
void hms_operations_find_steps(struct hms_operations *operations,
			       const struct hms_operations_sources *sources, bool redact);

/* What deeds that were done on every path, and on some, amount to; @errand is what goes on.
 * Appended to @ret, nothing where there is nothing to tell. */
void hms_step_text(enum hms_map_op op, enum hms_map_kind kind, bool string_key,
		   const struct hms_mapcode_point *point, struct hms_str *ret);

#endif
