/*
 * The second producer of types: the runtime's own type descriptors, for what debug information
 * does not mention.  Interfaces hold types that no variable has, plugins bring their own, and
 * reflect makes some at run time.
 *
 * The graph stays as it was sealed.  Types made here join it from outside: their ids follow the
 * graph's, their parts are the graph's own types where it has them.  Made once, never changed,
 * kept as long as the runtime model; looking one up again takes no lock.
 */
#ifndef HMS_RT_RTYPE_H
#define HMS_RT_RTYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/rt.h"

struct hms_rtypes;

struct hms_rtypes *hms_rtypes_create(void);
void hms_rtypes_destroy(struct hms_rtypes *rtypes); /* NULL is fine */

/* The type that the descriptor at run-time address @addr describes, made if it is met for the
 * first time; NULL where there is no credible descriptor.  Safe from several threads. */
const struct hms_type *hms_rtypes_find(const struct hms_rt *rt, uint64_t addr);

/* The runtime's string of a type made here ("main.named"), or NULL for any other. */
const char *hms_rtypes_string(const struct hms_rt *rt, const struct hms_type *type);

#endif
