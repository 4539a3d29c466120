/* Types for a hand-made graph: what the debug information of a program would have said. */
#ifndef HMS_TESTS_LIB_MKGRAPH_H
#define HMS_TESTS_LIB_MKGRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "rt/graph.h"

/* A member of mkgraph_struct(); an array of them ends with one without a name. */
struct mkgraph_member {
	const char *name;
	uint64_t off;
	const struct hms_type *type;
};

struct hms_type *mkgraph_type(struct hms_graph *graph, const char *name, enum hms_kind kind,
			      uint64_t size);
/* uint8 to uint64 (and uintptr's like) of @size bytes. */
struct hms_type *mkgraph_uint(struct hms_graph *graph, uint64_t size);
struct hms_type *mkgraph_pointer(struct hms_graph *graph, const struct hms_type *elem);
struct hms_type *mkgraph_array(struct hms_graph *graph, const struct hms_type *elem,
			       uint64_t count);
struct hms_type *mkgraph_slice(struct hms_graph *graph, const struct hms_type *elem);
struct hms_type *mkgraph_struct(struct hms_graph *graph, const char *name, uint64_t size,
				const struct mkgraph_member *members);

#endif
