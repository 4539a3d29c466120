/*
 * How a map is reached: a chain of steps from a package variable or a goroutine's variable, each
 * node naming its parent, so that a hundred thousand maps of one slice share all but one node.
 */
#ifndef HMS_FIND_PATH_H
#define HMS_FIND_PATH_H

#include <stdint.h>

#include "rt/rt.h"
#include "util/arena.h"
#include "util/str.h"

enum hms_path_kind {
	HMS_PATH_VARIABLE, /* name: "main.shared" */
	HMS_PATH_FIELD,    /* name */
	HMS_PATH_INDEX,    /* number: element of an array, slice */
	HMS_PATH_BEYOND,   /* number: element of a slice between its length and its capacity */
	HMS_PATH_DEREF,    /* what a pointer points to */
	HMS_PATH_KEY,      /* the element of the key that is at number, of type */
	HMS_PATH_AS_KEY,   /* that key itself */
	HMS_PATH_ASSERT,   /* the value in an interface, of type */
	HMS_PATH_QUEUED,   /* number: element in a channel's buffer */
	HMS_PATH_CAPTURED, /* what a func value's closure captured: fields by name, or words */
};

struct hms_path {
	const struct hms_path *parent; /* NULL for a variable */
	enum hms_path_kind kind;
	bool of_array;  /* INDEX: of an array rather than a slice */
	uint32_t shape; /* equal for paths that differ in keys and numbers alone: hms_path_finish()
			 */
	union {
		const char *name;
		uint64_t number;
	};
	const struct hms_type *type;
};

/* Fill in shape, once all else of @path stands and that of its parent.  A linked list is one step,
 * however long, and a variable is one in whatever goroutine. */
void hms_path_finish(struct hms_path *path);

/* What a path's text leaves out. */
enum {
	HMS_PATH_HIDE_KEYS = 1, /* "main.nested[…]" */
	HMS_PATH_HIDE_NUMBERS = 2, /* "main.list[…]", "main.head.next{…}", "goroutine:…:main.f.x" */
};

/* Append the path in Go's notation: "main.shared.items", "main.nested[\"k3\"]",
 * "(*main.arr[1])".  Pointers before a field are left to Go's automatic dereference.
 * A linked list is told by its length, "main.list.next{3000}.items", and what is longer still is
 * cut.  @hide: bits of the above. */
void hms_path_text(const struct hms_rt *rt, const struct hms_path *path, unsigned int hide,
		   struct hms_str *ret);

#endif
