/*
 * What the core says by itself, before any table: which goroutines were at work on one map, and
 * what came of it.  Text and HTML draw it; JSON has it as a finding and as the goroutines'
 * operations.
 */
#ifndef HMS_REPORT_VERDICT_H
#define HMS_REPORT_VERDICT_H

#include <stddef.h>

#include "report/operations.h"

struct hms_party_row {
	uint64_t goroutine;
	const char *status; /* NULL: unknown */
	const char *role;   /* "died here", "was writing" */
	bool bad;           /* worth a reader's eye */
	struct hms_operation_row operation;
};

struct hms_verdict {
	const char *title; /* "CONCURRENT MAP WRITES" */
	bool quiet;        /* nothing is wrong with it */
	const char *owner; /* of the map; NULL: none known */
	const char *type;  /* NULL: unknown */
	uint64_t map;      /* header address; 0: unknown */
	const struct hms_party_row *parties;
	size_t nparties;
	uint64_t more;            /* parties that are left out */
	const char *const *notes; /* sentences */
	size_t nnotes;
};

#endif
