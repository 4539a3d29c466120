/*
 * Variables of a goroutine's frames: where debug information says they are (dwarf/frame.h), what
 * is left of them there, and whether the frame's stack map calls them alive.
 *
 * A location runs past a variable's last use, and dead slots are shared: only what the stack map
 * marks is a root as the garbage collector sees it.
 */
#ifndef HMS_GORO_LOCALS_H
#define HMS_GORO_LOCALS_H

#include "dwarf/frame.h"
#include "goro/unwind.h"

enum hms_local_state {
	HMS_LOCAL_LIVE, /* the stack map marks it, or it is in a register of an interrupted frame */
	HMS_LOCAL_DEAD, /* it has a place, but nothing there is marked */
	HMS_LOCAL_UNKNOWN, /* no stack map tells: an interrupted frame, or no pointers to mark */
	HMS_LOCAL_GONE,    /* the compiler kept no place for it here */
};

enum hms_local_place {
	HMS_LOCAL_NOWHERE,
	HMS_LOCAL_MEMORY,   /* at addr, as a whole */
	HMS_LOCAL_REGISTER, /* in registers alone */
	HMS_LOCAL_PIECES,   /* its words are apart, in memory and in registers */
	HMS_LOCAL_CONSTANT, /* known when it was compiled */
};

#define HMS_LOCAL_MAX_BYTES 256 /* of a value that has to be put together from pieces */

struct hms_local {
	const char *function; /* that declares it: an inlined one too; NULL: unknown */
	size_t inlined;       /* functions that were inlined into that one, at this pc */
	const char *name;     /* without the & of a variable that escaped to the heap; NULL */
	const struct hms_type *type; /* of the variable itself; NULL: unknown */
	bool parameter;
	bool result;
	bool escaped;  /* lives on the heap: addr is there */
	bool captured; /* by a closure, which frame's function is (known from Go 1.23 on) */
	uint32_t line; /* declared there; 0: unknown */
	enum hms_local_state state;
	enum hms_local_place place;
	uint64_t addr; /* in memory, as a whole; 0: it is not */
	/* Where addr is 0: the value put together, type->size bytes; NULL: it cannot be. */
	const uint8_t *bytes;
	bool partial;  /* some words of it are gone: they read as 0 */
	uint32_t gone; /* bit i: word i is */
};

/* Call @visit for each variable in scope of @frame, innermost inlined function first.  @local and
 * what it points to are valid during the call.  Frames of functions without debug information
 * have none, nor any where @dwarf is NULL.  @bias is the program's load bias. */
struct hms_error *hms_locals(const struct hms_unwinder *u, struct hms_dwarf *dwarf, uint64_t bias,
			     const struct hms_stack *stack, const struct hms_frame *frame,
			     struct hms_error *(*visit)(void *arg, const struct hms_local *local),
			     void *arg) HMS_MUST_USE;

#endif
