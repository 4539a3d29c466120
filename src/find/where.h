/*
 * What an address is: everything that the models know of it.  An address has several answers (a
 * slot of a map, which is in a heap object; a variable, which is on a goroutine's stack).
 */
#ifndef HMS_FIND_WHERE_H
#define HMS_FIND_WHERE_H

#include "find/find.h"
#include "map/locate.h"

/* A member of a value of some type that an address leads to. */
struct hms_inner {
	const struct hms_type *type; /* innermost that holds the address */
	uint64_t off;                /* into it */
};

/* Append the path from a value of @type to what lies @off bytes into it: ".items[3].x".  Words of
 * strings, slices and interfaces are named like Go's runtime does: ".len".  Bounded. */
void hms_inner_path(const struct hms_type *type, uint64_t off, struct hms_str *path,
		    struct hms_inner *ret);

enum hms_where_stack {
	HMS_WHERE_NO_STACK,
	HMS_WHERE_GOROUTINE, /* a goroutine's */
	HMS_WHERE_G0,        /* a thread's, for the scheduler */
	HMS_WHERE_GSIGNAL,   /* a thread's, for signal handlers */
};

/* Variable of a frame that an address lies in, or the heap's cell of one that escaped. */
struct hms_where_local {
	bool known;
	const struct hms_type *type;
	char *name; /* malloc'ed */
	uint64_t addr;
	bool escaped;
	enum hms_local_state state;
};

/* A part of a loaded program. */
enum hms_where_section {
	HMS_SECTION_NONE,
	HMS_SECTION_TEXT,
	HMS_SECTION_TYPES, /* type descriptors; itabs, constants and strings lie near */
	HMS_SECTION_DATA,
	HMS_SECTION_BSS,
};

struct hms_where {
	uint64_t addr;
	enum hms_mem_state memory;
	bool in_map;
	struct hms_map_place map;
	struct hms_object object;
	/* stack */
	enum hms_where_stack stack;
	const struct hms_goroutine
		*goroutine;                 /* GOROUTINE; others: that the thread runs, or NULL */
	const struct hms_go_thread *thread; /* G0, GSIGNAL */
	bool unused;                        /* below the innermost frame: nothing is there */
	bool in_frame;
	const struct hms_place *place; /* of the frame; lives as long as the finder */
	size_t call;                   /* of its calls the one that has the variable */
	struct hms_where_local local;
	const struct hms_goroutine *local_of; /* whose frame has it */
	/* data */
	const struct hms_variable *variable; /* package variable */
	enum hms_where_section section;
	bool in_function;
	struct hms_func function;
	const struct hms_type *descriptor; /* a type descriptor is exactly here */
	const struct hms_file_mapping *file;
};

/* Sees to it that several addresses cost one reading of stacks. */
struct hms_whereabouts;

/* All are borrowed.  @goros, @pclntab and @dwarf may be NULL. */
struct hms_where_sources {
	const struct hms_corefile *core;
	const struct hms_map_model *model;
	const struct hms_found *found;
	const struct hms_pclntab *pclntab;
	const struct hms_goros *goros;
	struct hms_dwarf *dwarf;
};

struct hms_whereabouts *hms_whereabouts_create(const struct hms_where_sources *sources);
void hms_whereabouts_destroy(struct hms_whereabouts *whereabouts); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_whereabouts, hms_whereabouts_destroy)

/* What @addr is.  hms_where_deinit() is due. */
struct hms_error *hms_where_find(struct hms_whereabouts *whereabouts, uint64_t addr,
				 struct hms_where *ret) HMS_MUST_USE;
void hms_where_deinit(struct hms_where *where);

#endif
