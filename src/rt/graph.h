/*
 * The type graph: every Go type the program is known to have, and its package variables.
 *
 * Two producers fill it: the DWARF reader (dwarf/) and the runtime's own type descriptors
 * (rt/rtype.c).  After hms_graph_seal() types do not change; threads may share the graph.
 *
 * Kinds are those of Go's reflect.Kind (src/reflect/type.go), which DW_AT_go_kind uses too.
 */
#ifndef HMS_RT_GRAPH_H
#define HMS_RT_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/cleanup.h"
#include "util/error.h"

enum hms_kind {
	HMS_KIND_NONE = 0, /* C types, types nobody described */
	HMS_KIND_BOOL = 1,
	HMS_KIND_INT,
	HMS_KIND_INT8,
	HMS_KIND_INT16,
	HMS_KIND_INT32,
	HMS_KIND_INT64,
	HMS_KIND_UINT,
	HMS_KIND_UINT8,
	HMS_KIND_UINT16,
	HMS_KIND_UINT32,
	HMS_KIND_UINT64,
	HMS_KIND_UINTPTR,
	HMS_KIND_FLOAT32,
	HMS_KIND_FLOAT64,
	HMS_KIND_COMPLEX64,
	HMS_KIND_COMPLEX128,
	HMS_KIND_ARRAY = 17,
	HMS_KIND_CHAN,
	HMS_KIND_FUNC,
	HMS_KIND_INTERFACE,
	HMS_KIND_MAP,
	HMS_KIND_POINTER,
	HMS_KIND_SLICE,
	HMS_KIND_STRING,
	HMS_KIND_STRUCT,
	HMS_KIND_UNSAFE_POINTER = 26,
};

struct hms_type;

struct hms_member {
	const char *name;
	const struct hms_type *type;
	uint64_t off;
	bool embedded;
};

/*
 * One Go type.  A named type (DW_TAG_typedef) and its underlying struct are one hms_type.
 *
 * Whatever the debug information says: members lie within their type, an array's elements within
 * the array, and have a type, if only one of kind NONE and size 0; a value of a kind with a fixed
 * size has that size; maps have key and element, slices and channels an element.
 */
struct hms_type {
	const char *name; /* as the producer spells it, with full import paths: "map[string]int" */
	enum hms_kind kind;
	bool iface; /* INTERFACE: has methods (runtime.iface), else runtime.eface */
	/* Of types made after the graph was sealed (rt/rtype.h): the answer to
	 * hms_type_reaches_map().  Their ids begin at hms_graph_ntypes(). */
	bool reaches_map;
	uint32_t id;                 /* dense, 0..hms_graph_ntypes() - 1 */
	uint64_t size;               /* bytes of a value */
	uint64_t rt_off;             /* type descriptor less moduledata.types; 0: none known */
	uint64_t count;              /* ARRAY: elements */
	const struct hms_type *elem; /* POINTER, SLICE, ARRAY, CHAN, MAP; NULL for void pointers */
	const struct hms_type *key;  /* MAP */
	/* MAP: what the variable points to ("hash<string,int>", "map<string,int>"); CHAN:
	 * "hchan<T>"; else NULL. */
	const struct hms_type *repr;
	/* STRUCT, STRING, SLICE, INTERFACE and the synthesised structs behind maps and channels. */
	const struct hms_member *members;
	uint32_t nmembers;
};

struct hms_variable {
	const char *name; /* "main.shared" */
	uint64_t addr;    /* at run time: the load bias is added */
	const struct hms_type *type;
};

struct hms_graph;

struct hms_graph *hms_graph_create(void);
void hms_graph_destroy(struct hms_graph *graph); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_graph, hms_graph_destroy)

/* ---- for producers ---------------------------------------------------------------------- */

/* Memory that lives as long as the graph. */
struct hms_arena *hms_graph_arena(struct hms_graph *graph);
/* Likewise, one more on each call: for a producer that fills types on several threads. */
struct hms_arena *hms_graph_arena_for_thread(struct hms_graph *graph);
/* A new, empty type for the producer to fill until the graph is sealed. */
struct hms_type *hms_graph_add_type(struct hms_graph *graph);
void hms_graph_add_variable(struct hms_graph *graph, const char *name, uint64_t addr,
			    const struct hms_type *type);
/* No more changes: build the indexes. */
void hms_graph_seal(struct hms_graph *graph);

/* ---- for everyone else ------------------------------------------------------------------ */

size_t hms_graph_ntypes(const struct hms_graph *graph);
const struct hms_type *hms_graph_type(const struct hms_graph *graph, size_t id);

/* By exact name.  Where several types have it, one with a size and members wins; NULL: none. */
const struct hms_type *hms_graph_find_type(const struct hms_graph *graph, const char *name);

/* By type descriptor offset from moduledata.types: what an interface's type word names.  A map's
 * typedef wins over the types it is made of.  NULL: none. */
const struct hms_type *hms_graph_find_rtype(const struct hms_graph *graph, uint64_t rt_off);

/* Package variables, sorted by name. */
const struct hms_variable *hms_graph_variables(const struct hms_graph *graph, size_t *n_ret);
const struct hms_variable *hms_graph_find_variable(const struct hms_graph *graph, const char *name);
/* The variable whose storage holds @addr, or NULL. */
const struct hms_variable *hms_graph_variable_at(const struct hms_graph *graph, uint64_t addr);

/* Does the garbage collector look for pointers in a value of this type?  True where nobody knows.
 */
bool hms_type_has_pointers(const struct hms_type *type);

const struct hms_member *hms_type_member(const struct hms_type *type, const char *name);

/* Can a map be reached from a value of this type by static types alone?  Interfaces, functions
 * (closures hold variables) and unsafe or void pointers can lead anywhere and answer true.
 * Computed when the graph is sealed. */
bool hms_type_reaches_map(const struct hms_graph *graph, const struct hms_type *type);

#endif
