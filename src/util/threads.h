/*
 * Parallel loops.  Work is cut into numbered items; threads take them in order, results are
 * merged by item number by the caller, so that output does not depend on how many threads ran.
 */
#ifndef HMS_UTIL_THREADS_H
#define HMS_UTIL_THREADS_H

#include <stddef.h>

#include "util/error.h"

/* Number of processors this process may run on, at least 1. */
unsigned int hms_threads_available(void);

/* Call @work(arg, item, worker) for each item in 0..n-1 on at most @jobs threads, worker being
 * 0..jobs-1.  Returns the error of the lowest-numbered failing item; later items may have been
 * skipped then. */
struct hms_error *hms_parallel(size_t n, unsigned int jobs,
			       struct hms_error *(*work)(void *arg, size_t item,
							 unsigned int worker),
			       void *arg) HMS_MUST_USE;

#endif
