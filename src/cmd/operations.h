/* Operations on maps in progress as rows of a report. */
#ifndef HMS_CMD_OPERATIONS_H
#define HMS_CMD_OPERATIONS_H

#include "ops/ops.h"
#include "report/operations.h"
#include "rt/rt.h"

/* @op as a row; its texts live in @arena. */
struct hms_operation_row hms_operation_row(const struct hms_rt *rt, const struct hms_operation *op,
					   struct hms_arena *arena);

#endif
