/*
 * The entries that Go's compiler and linker write, for mkdwarf: types as newtype() and dotypedef()
 * of src/cmd/link/internal/ld/dwarf.go make them.  Each returns a label to refer to it by; those
 * with _at bind one that was made before.
 */
#ifndef HMS_TESTS_LIB_GODWARF_H
#define HMS_TESTS_LIB_GODWARF_H

#include "lib/mkdwarf.h"
#include "rt/graph.h"

/* A unit of Go's or C's; its attributes may follow. */
void go_unit(struct mkdwarf *m, const char *producer);
/* DWARF 5, with the addresses that DW_FORM_addrx and the like index. */
void go_unit5(struct mkdwarf *m, const uint64_t *addrs, int n);

/* DW_AT_go_kind and DW_AT_go_runtime_type of the entry that was begun. */
void go_kind(struct mkdwarf *m, enum hms_kind kind, uint64_t rt_off);
int go_base(struct mkdwarf *m, const char *name, enum hms_kind kind, uint64_t size,
	    uint64_t rt_off);
/* Members follow, then mkdwarf_end(). */
int go_struct(struct mkdwarf *m, const char *name, enum hms_kind kind, uint64_t size);
void go_struct_at(struct mkdwarf *m, int label, const char *name, enum hms_kind kind, uint64_t size,
		  uint64_t rt_off);
void go_member(struct mkdwarf *m, const char *name, uint64_t off, int type);
int go_pointer(struct mkdwarf *m, const char *name, int target);
void go_pointer_at(struct mkdwarf *m, int label, const char *name, int target);
/* The second name that Go gives to what it has described. */
int go_typedef(struct mkdwarf *m, const char *name, int target);
void go_typedef_at(struct mkdwarf *m, int label, const char *name, int target);
/* Maps, channels and interfaces; -1 leaves an attribute out. */
int go_special(struct mkdwarf *m, const char *name, enum hms_kind kind, uint64_t rt_off, int target,
	       int key, int elem);
/* "string", with "int", "uint8" and "*uint8" before it. */
int go_string(struct mkdwarf *m);

/* A variable with one location expression (NULL: none). */
void go_variable(struct mkdwarf *m, const char *name, int type, const void *location, uint8_t len);

#endif
