/* The variables of a stack's frames, as rows of a report. */
#ifndef HMS_CMD_VARIABLES_H
#define HMS_CMD_VARIABLES_H

#include "goro/unwind.h"
#include "report/goroutines.h"
#include "rt/value.h"
#include "session/session.h"
#include "util/arena.h"

struct hms_variables {
	const struct hms_session *session;
	const struct hms_unwinder *unwinder;
	bool json;    /* values as JSON rather than in Go notation */
	bool redact;  /* no values */
	bool runtime; /* of the runtime's frames too; JSON has them always */
	struct hms_decoder *decoder;
	struct hms_sink sink;
	uint64_t absent; /* live variables so far whose bytes the core lacks */
};

/* @session and @unwinder are borrowed. */
void hms_variables_init(struct hms_variables *ret, const struct hms_session *session,
			const struct hms_unwinder *unwinder, bool json, bool redact, bool runtime);
void hms_variables_deinit(struct hms_variables *variables);

/* Fill in the variables of @frame's calls: @calls are the rows of frame->place->calls, innermost
 * first.  Rows lie in @arena. */
struct hms_error *hms_variables_of(struct hms_variables *variables, const struct hms_stack *stack,
				   const struct hms_frame *frame, struct hms_frame_row *calls,
				   struct hms_arena *arena) HMS_MUST_USE;

#endif
