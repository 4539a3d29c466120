/*
 * libdwarf, whichever of its two APIs is installed: the one of Debian 12 (20210528, header in
 * libdwarf/, functions that take an access mode and dwarf_finish() with an error) and the 0.x
 * one.  Nothing else in the project knows that there are two.
 */
#ifndef HMS_DWARF_COMPAT_H
#define HMS_DWARF_COMPAT_H

#ifdef HAVE_LIBDWARF_H
#include <dwarf.h>
#include <libdwarf.h>
#else
#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>
#endif

#include "dwarf/section.h"

/* Go's newer attributes: src/cmd/internal/dwarf/dwarf_defs.go. */
#ifndef DW_AT_go_dict_index
#define DW_AT_go_dict_index 0x2906
#endif
#ifndef DW_AT_go_closure_offset
#define DW_AT_go_closure_offset 0x2907
#endif

/* Our sections as libdwarf's object. */
struct compat_object {
#ifdef HMS_LIBDWARF_NEW
	Dwarf_Obj_Access_Interface_a interface;
#else
	Dwarf_Obj_Access_Interface interface;
#endif
	struct sections *sections;
	bool with_lists; /* sections with `lists` too */
};

/* dwarf_object_init_b() and dwarf_object_finish(); @object is in use in between. */
int compat_dwarf_init(struct compat_object *object, Dwarf_Debug *ret, Dwarf_Error *err);
void compat_dwarf_finish(Dwarf_Debug dbg);

static inline void compat_dwarf_free_ranges(Dwarf_Debug dbg, Dwarf_Ranges *ranges, Dwarf_Signed n)
{
#ifdef HMS_LIBDWARF_NEW
	dwarf_dealloc_ranges(dbg, ranges, n);
#else
	dwarf_ranges_dealloc(dbg, ranges, n);
#endif
}

static inline void compat_dwarf_free_loc_head(Dwarf_Loc_Head_c head)
{
#ifdef HMS_LIBDWARF_NEW
	dwarf_dealloc_loc_head_c(head);
#else
	dwarf_loc_head_c_dealloc(head);
#endif
}

#endif
