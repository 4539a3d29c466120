/*
 * Goroutines as renderers see them.  A group is goroutines that stand at the same place: text and
 * HTML draw it once, JSON writes one object a goroutine, never folded.
 */
#ifndef HMS_REPORT_GOROUTINES_H
#define HMS_REPORT_GOROUTINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/operations.h"

/* A variable of a frame.  NULL texts are unknown. */
struct hms_variable_row {
	const char *name;
	const char *kind; /* "parameter", "result", "local", "captured" */
	const char *type; /* as %T prints it */
	/* "live", "dead": what the stack map says; "unknown": it does not say; "gone": the compiler
	 * keeps it nowhere here. */
	const char *state;
	const char *place; /* "memory", "register", "pieces", "constant"; NULL: nowhere */
	uint64_t addr;     /* in memory; 0: it is not */
	int64_t line;      /* declared there; -1: unknown */
	const char *value; /* in Go notation, or the JSON text of it: as the renderer wants it */
};

/* A source-level frame, named as Go's traceback names it. */
struct hms_frame_row {
	const char *function; /* NULL: unknown */
	const char *file;     /* NULL: unknown */
	int64_t line;         /* -1: unknown */
	uint64_t pc;          /* inlined calls have their function's */
	bool inlined;
	const struct hms_variable_row *variables;
	size_t nvariables;
};

/* What differs between goroutines of a group; negative numbers and NULL are unknown. */
struct hms_goroutine_row {
	uint64_t id;
	int64_t wait_since_ns;
	int64_t wait_at_least_ns;
	int64_t thread;
	int64_t parent;                            /* goroutine that started it */
	bool locked;                               /* text only: to its thread */
	const struct hms_operation_row *operation; /* NULL: inside no map function */
};

struct hms_goroutine_group {
	const char *status;      /* "waiting"; NULL: none that is known */
	const char *wait_reason; /* "chan receive" */
	bool system;
	const char *created_by; /* function with the go statement */
	const char *created_file;
	int64_t created_line;
	const struct hms_frame_row *frames; /* innermost first */
	size_t nframes;
	uint64_t left_out; /* frames that are not there, before frames[left_out_at] */
	size_t left_out_at;
	const char *end; /* text: why the stack ends early; NULL: it does not */
	bool full;       /* text: draw each frame, with its pc */
	bool variables;  /* frames have theirs */
	const struct hms_goroutine_row *rows;
	size_t nrows; /* at least 1 */
};

struct hms_emit;

/* The JSON object of one goroutine. */
void hms_emit_goroutine(struct hms_emit *emit, const struct hms_goroutine_group *group,
			const struct hms_goroutine_row *row);

#endif
