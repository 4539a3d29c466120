#include "lib/mkgraph.h"

struct hms_type *mkgraph_type(struct hms_graph *graph, const char *name, enum hms_kind kind,
			      uint64_t size)
{
	struct hms_type *type = hms_graph_add_type(graph);

	type->name = hms_arena_strdup(hms_graph_arena(graph), name);
	type->kind = kind;
	type->size = size;
	return type;
}

struct hms_type *mkgraph_uint(struct hms_graph *graph, uint64_t size)
{
	switch (size) {
	case 1: return mkgraph_type(graph, "uint8", HMS_KIND_UINT8, 1);
	case 2: return mkgraph_type(graph, "uint16", HMS_KIND_UINT16, 2);
	case 4: return mkgraph_type(graph, "uint32", HMS_KIND_UINT32, 4);
	case 8: return mkgraph_type(graph, "uint64", HMS_KIND_UINT64, 8);
	default: abort();
	}
}

struct hms_type *mkgraph_pointer(struct hms_graph *graph, const struct hms_type *elem)
{
	struct hms_type *type = mkgraph_type(graph, "", HMS_KIND_POINTER, 8);

	type->name = hms_arena_printf(hms_graph_arena(graph), "*%s", elem->name);
	type->elem = elem;
	return type;
}

struct hms_type *mkgraph_array(struct hms_graph *graph, const struct hms_type *elem, uint64_t count)
{
	struct hms_type *type = mkgraph_type(graph, "", HMS_KIND_ARRAY, elem->size * count);

	type->name = hms_arena_printf(hms_graph_arena(graph), "[%llu]%s", (unsigned long long)count,
				      elem->name);
	type->elem = elem;
	type->count = count;
	return type;
}

struct hms_type *mkgraph_slice(struct hms_graph *graph, const struct hms_type *elem)
{
	struct hms_type *type = mkgraph_type(graph, "", HMS_KIND_SLICE, 24);

	type->name = hms_arena_printf(hms_graph_arena(graph), "[]%s", elem->name);
	type->elem = elem;
	return type;
}

struct hms_type *mkgraph_struct(struct hms_graph *graph, const char *name, uint64_t size,
				const struct mkgraph_member *members)
{
	struct hms_type *type = mkgraph_type(graph, name, HMS_KIND_STRUCT, size);
	struct hms_arena *arena = hms_graph_arena(graph);
	struct hms_member *copy;
	uint32_t n = 0;

	while (members[n].name)
		n++;
	copy = hms_arena_alloc(arena, n * sizeof(*copy));
	for (uint32_t i = 0; i < n; i++) {
		copy[i].name = hms_arena_strdup(arena, members[i].name);
		copy[i].off = members[i].off;
		copy[i].type = members[i].type;
	}
	type->members = copy;
	type->nmembers = n;
	return type;
}
