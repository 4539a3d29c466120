/* An operation on a map in progress, as renderers see it. */
#ifndef HMS_REPORT_OPERATIONS_H
#define HMS_REPORT_OPERATIONS_H

#include <stdbool.h>
#include <stdint.h>

struct hms_operation_slot; /* ops/ops.h */

struct hms_operation_row {
	const char *function; /* the outermost map function, named as in a traceback */
	bool returned;        /* from it, and the caller has yet to store the element */
	uint64_t map;         /* header address; 0: unknown */
	const char *type;     /* of the map; NULL: unknown */
	const char *kind;     /* "read", "write", "delete", "iterate", "clear", "clone" */
	const char *caller;   /* first frame outside the runtime and reflect; NULL: unknown */
	const char *caller_file;
	int64_t caller_line;                   /* -1: unknown */
	const char *step;                      /* how far it is; NULL: unknown */
	const struct hms_operation_slot *slot; /* what it is at work on; NULL: not known */
	bool classic;                          /* what the slot is one of: a bucket, not a group */
	const char *doing;                     /* text: what goes on, where no step tells more */
	const char *end; /* text: "died here", "faulted here"; NULL: it goes on */
};

struct hms_emit;

/* The JSON object, as a goroutine's "map_operation". */
void hms_emit_operation(struct hms_emit *emit, const struct hms_operation_row *op);

#endif
