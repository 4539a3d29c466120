/* Functions around calls that a search through the text found (disas/calls.h), taken apart. */
#ifndef HMS_DISAS_AROUND_H
#define HMS_DISAS_AROUND_H

#include "disas/calls.h"
#include "disas/code.h"

/* A function, and what looks like calls in it: calls [first, first + n). */
struct hms_around {
	struct hms_func func;
	size_t first, n;
};

/* The functions that hold @calls, both by address; how many.  *ret is malloc'ed. */
size_t hms_around_find(const struct hms_pclntab *tab, const struct hms_call_at *calls,
		       size_t ncalls, struct hms_around **ret);

/* Call @look for each of @list, with @jobs threads: @code is the function's, NULL where it cannot
 * be read, and gone afterwards.  Fails where there is no disassembler for the architecture. */
struct hms_error *hms_around_each(const struct hms_rt *rt, const struct hms_pclntab *tab,
				  const struct hms_around *list, size_t n, unsigned int jobs,
				  void (*look)(void *arg, size_t item, const struct hms_code *code),
				  void *arg) HMS_MUST_USE;

#endif
