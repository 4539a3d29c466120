/* In words, who may have been the other party of a race. */
#ifndef HMS_CMD_SUSPICION_H
#define HMS_CMD_SUSPICION_H

#include "ops/suspects.h"
#include "util/str.h"

/* "it may have been goroutine 20 or 21: in main.writer, which calls main.(*Cache).Update (writes at
 * race.go:23, no lock seen)": of the first of @suspects and those after it that differ from it in
 * nothing but the goroutine.  How many these are. */
size_t hms_suspicion_text(const struct hms_suspect *suspects, size_t nsuspects,
			  struct hms_str *ret);

#endif
