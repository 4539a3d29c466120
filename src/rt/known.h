/*
 * Layouts of the runtime's structures by release, for programs without debug information.
 *
 * known.def has, for each fact of facts.def and each range of releases in which they are the same,
 * offset and size.  It is made from the debug information of real programs and compared with it by
 * tests/cores/t_known.c, which also writes it anew.  Nothing is interpolated: a release that is
 * not in the table has no layout.
 *
 * The table is that of Linux on amd64; what is elsewhere on arm64 is told in known.c.
 */
#ifndef HMS_RT_KNOWN_H
#define HMS_RT_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "rt/graph.h"
#include "rt/layout.h"
#include "rt/rt.h"

/* Is the release in the table, and was the program built with no experiment that changes the
 * structures? */
bool hms_known_release(const struct hms_go_version *version);

/* The facts of a release in the table, without their types. */
void hms_known_layout(const struct hms_go_version *version, enum hms_arch arch,
		      struct hms_layout *ret);

/* What the interface with methods among the types below is called. */
#define HMS_KNOWN_IFACE "interface { ... }"

/* Add the structures that hold these facts to @graph (not yet sealed): hms_layout_resolve() then
 * finds what hms_known_layout() told, and some more types by which this program names things:
 * "string", "interface {}" and an interface with methods. */
void hms_known_add_types(const struct hms_go_version *version, enum hms_arch arch,
			 struct hms_graph *graph);

#endif
