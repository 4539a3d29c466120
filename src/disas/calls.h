/* Calls, found by their bytes: a search through the program's text, before anything is decoded. */
#ifndef HMS_DISAS_CALLS_H
#define HMS_DISAS_CALLS_H

#include "core/mem.h"
#include "rt/rt.h"

struct hms_call_at {
	uint64_t pc; /* of what looks like a call */
	uint64_t target;
};

/* All direct calls in the text of all modules to one of @targets (sorted), by address; with @jobs
 * threads.  What is found may be the inside of other instructions: whoever decodes the function
 * knows.  *ret is malloc'ed. */
struct hms_error *hms_calls_find(const struct hms_rt *rt, const uint64_t *targets, size_t ntargets,
				 unsigned int jobs, struct hms_call_at **ret, size_t *n_ret)
	HMS_MUST_USE;

#endif
