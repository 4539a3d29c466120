/*
 * What addresses are, as renderers see it: a headline and fields for people, the facts for JSON.
 * Strings that are NULL and numbers below 0 are unknown, or do not apply.
 */
#ifndef HMS_REPORT_ADDRESSES_H
#define HMS_REPORT_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hms_field;

struct hms_address_map {
	uint64_t addr;
	const char *type, *owner;
	const char *part;   /* "header", "bucket", ... */
	uint64_t base;      /* where the part begins */
	const char *member; /* "count", "key", "tophash" */
	int64_t bucket, overflow, table, group, slot;
	bool classic, old;
	const char *state;      /* of the slot */
	const char *key, *elem; /* JSON of the values */
};

struct hms_address_object {
	const char *state; /* "allocated", "free" */
	uint64_t base, size, slot_size, span;
	const char *type; /* noted by the heap */
	bool noscan;
};

struct hms_address_stack {
	const char *kind; /* "goroutine", "g0", "gsignal"; NULL: a variable on the heap */
	int64_t goroutine, thread;
	const char *function, *file;
	int64_t line;
	const char *variable, *path, *type, *state;
};

struct hms_address_variable {
	const char *name, *path, *type;
	uint64_t addr;
};

struct hms_address_function {
	const char *name, *file;
	int64_t line;
	uint64_t entry;
};

struct hms_address_file {
	const char *path;
	uint64_t off;
};

struct hms_address_row {
	uint64_t addr;
	const char *text;   /* what it is, in one line */
	const char *kind;   /* of that */
	const char *memory; /* "saved", "file", "absent", "unmapped" */
	const struct hms_field *fields;
	size_t nfields;
	/* NULL: it is none */
	const struct hms_address_map *map;
	const struct hms_address_object *object;
	const struct hms_address_stack *stack;
	const struct hms_address_variable *variable;
	const struct hms_address_function *function;
	const char *type; /* whose descriptor is here */
	const struct hms_address_file *file;
};

struct hms_renderer;
struct hms_emit;

/* For text and HTML: a section with fields. */
void hms_draw_address(struct hms_renderer *r, const struct hms_address_row *row);
/* The JSON object. */
void hms_emit_address(struct hms_emit *emit, const struct hms_address_row *row);

#endif
