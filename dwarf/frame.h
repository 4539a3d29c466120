/*
 * The variables that a function has in scope at a pc, and where each of them is.
 *
 * Go's compiler describes them like this (src/cmd/compile/internal/dwarfgen/dwarf.go,
 * src/cmd/compile/internal/ssa/debug.go): parameters and results of the stack ABI, and what
 * -N keeps, by one expression; all else by location lists, in pieces of a word where a value
 * spans registers.  A range without entry means that the value is gone.  Locations run past a
 * variable's last use: one that is described may be dead (stack maps tell).
 */
#ifndef HMS_DWARF_FRAME_H
#define HMS_DWARF_FRAME_H

#include "dwarf/dwarf.h"

enum hms_piece_kind {
	HMS_PIECE_ABSENT,   /* these bytes are gone */
	HMS_PIECE_REGISTER, /* in a register; only an innermost frame still has it */
	HMS_PIECE_STACK,    /* in memory at CFA + off */
	HMS_PIECE_INDIRECT, /* in memory at the address that is stored at CFA + off (Go 1.25+) */
	HMS_PIECE_ADDRESS,  /* in memory at a link-time address */
	HMS_PIECE_VALUE,    /* the value itself, little-endian */
};

/* The CFA is the stack pointer before the call: just above the return address. */
struct hms_piece {
	enum hms_piece_kind kind;
	uint32_t reg;  /* REGISTER: DWARF number of the machine's psABI */
	int64_t off;   /* STACK, INDIRECT */
	uint64_t size; /* bytes of the variable that it holds; 0: all of it */
	uint64_t addr; /* ADDRESS: link-time address; VALUE: the value */
};

struct hms_dwarf_variable {
	const char *name; /* "x", also where the file says "&x"; NULL: unknown */
	/* Of the graph that hms_dwarf_read_types() filled; NULL where it was not called. */
	const struct hms_type *type;
	bool parameter; /* formal parameter, result included */
	bool result;    /* named or "~r0" */
	bool escaped;   /* named "&x": type is a pointer, to where x lives on the heap */
	uint32_t scope; /* nesting of lexical blocks: of two that share a name the larger wins */
	uint32_t line;  /* declared there; 0: unknown */
	int64_t closure_off; /* captured: offset in the closure object (Go 1.23+); -1: not */
	int32_t dict_index;  /* of the generic function's dictionary, for a type that is a shape's;
			      * -1: none */
	const struct hms_piece *pieces; /* in order */
	size_t npieces;                 /* 0: no value here */
	/* The one piece is said to hold all words of the variable, but may hold one of them alone,
	 * nobody knows which (Go 1.15 and 1.16). */
	bool lone_word;
};

struct hms_dwarf_function {
	const char *name;   /* "main.(*Cache).Update"; NULL: unknown */
	uint32_t call_line; /* where it was inlined into the function before; 0 for the first */
	const struct hms_dwarf_variable *variables; /* as declared */
	size_t nvariables;
};

/* functions[0] has the frame; each further one was inlined into the one before it. */
struct hms_dwarf_frame {
	uint64_t low, high; /* of functions[0] */
	const struct hms_dwarf_function *functions;
	size_t nfunctions;
};

/* Functions and variables in scope at link address @pc.  For the pc after a call pass pc - 1.
 * HMS_ERR_NOT_FOUND where no function holds @pc.  The result lives as long as @dwarf and is
 * kept, so asking again costs nothing.  Safe from several threads. */
struct hms_error *hms_dwarf_frame(struct hms_dwarf *dwarf, uint64_t pc,
				  const struct hms_dwarf_frame **ret) HMS_MUST_USE;

#endif
