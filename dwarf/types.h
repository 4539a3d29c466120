/*
 * From type DIEs to the type graph, in two steps: type.c and var.c copy what the DIEs say into
 * flat records (read.c: on several threads), resolve.c makes types of them.  References are section
 * offsets, so forward references and cycles need no care until all records are there.
 */
#ifndef HMS_DWARF_TYPES_H
#define HMS_DWARF_TYPES_H

#include "dwarf/internal.h"

struct raw_member {
	const char *name;
	uint64_t ref; /* of its type */
	uint64_t off;
	bool embedded;
};

struct raw_type {
	uint64_t off; /* of the DIE */
	const char *name;
	uint64_t ref; /* DW_AT_type, NO_REF for none; likewise key and elem */
	uint64_t key;
	uint64_t elem;
	uint64_t size;
	uint64_t count; /* elements of an array */
	uint64_t rt_off;
	uint32_t first_member;
	uint32_t nmembers;
	Dwarf_Half tag;
	uint8_t go_kind;
	uint8_t encoding;
	bool has_size;
	bool is_go;         /* in a unit of Go's */
	int32_t dict_index; /* a generic function's type parameter; -1: is none */
	/* Set by resolve.c: */
	bool alias; /* no type of its own */
	struct hms_type *type;
};

struct raw_variable {
	const char *name;
	uint64_t addr;
	uint64_t ref;
};

struct reader {
	struct hms_dwarf *dwarf;
	struct hms_graph *graph;
	struct hms_arena *arena; /* the graph's, for one thread */
	const struct unit *unit; /* being read */
	uint64_t bias;
	struct raw_type *types; /* sorted by offset */
	size_t ntypes, types_cap;
	struct raw_member *members;
	size_t nmembers, members_cap;
	struct raw_variable *variables;
	size_t nvariables, variables_cap;
	uint32_t *buckets; /* types by DIE offset: resolve.c */
	size_t nbuckets;
	struct hms_type *unknown; /* stands for references that lead nowhere */
};

/* Types and variables of reader->unit. */
struct hms_error *read_unit(struct reader *reader) HMS_MUST_USE;
/* A package variable, if it has a name and an address. */
struct hms_error *read_variable(struct reader *reader, const struct children *it) HMS_MUST_USE;

/* Add everything that was read to the graph. */
void resolve_types(struct reader *reader);

#endif
