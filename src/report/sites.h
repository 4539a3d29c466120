/* Write sites as renderers see them: places in the program's code that write a map. */
#ifndef HMS_REPORT_SITES_H
#define HMS_REPORT_SITES_H

#include <stddef.h>
#include <stdint.h>

/* NULL and negative numbers are unknown.  Functions are named as a traceback names them. */
struct hms_site_row {
	const char *function;
	const char *inlined_into; /* NULL: it is not */
	const char *file;
	int64_t line;
	uint64_t pc; /* of the call */
	const char *callee;
	const char *map_type;
	const char *kind;          /* "write", "delete", "clear" */
	const char *lock;          /* "held", "not-seen", "unknown" */
	const char *lock_evidence; /* NULL: nothing to tell */
	/* Text and HTML: places in the code that come of the same statement; at least 1.  Where
	 * they are in several functions, inlined_into is one of them. */
	size_t copies;
	size_t ninto;               /* these functions */
	const uint64_t *goroutines; /* ids of those that were in the call */
	size_t ngoroutines;
};

struct hms_emit;

/* The JSON object of one site. */
void hms_emit_site(struct hms_emit *emit, const struct hms_site_row *site);

#endif
