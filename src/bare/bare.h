/*
 * Programs without debug information: what must be known of one before the runtime model can be
 * built, found in its memory and its code.
 *
 * The layouts come from a table (rt/known.h), so a release that is not in it cannot be read.  Where
 * the runtime keeps its lists is not said by any table, nor by symbols once they are stripped: each
 * variable is looked for by what it must hold, and taken only where it is the only one that does.
 * Package variables of the program have no names and no types.
 */
#ifndef HMS_BARE_BARE_H
#define HMS_BARE_BARE_H

#include <stdint.h>

#include "core/corefile.h"
#include "core/elffile.h"
#include "core/mem.h"
#include "rt/graph.h"
#include "util/error.h"

/* A sealed graph with the runtime's structures, and its variables as far as they were found: what
 * hms_rt_open() wants.  HMS_ERR_UNSUPPORTED where the release is not in the table or this is no Go
 * program, HMS_ERR_NOT_FOUND where the module data or the heap is not to be found. */
struct hms_error *hms_bare_graph(const struct hms_corefile *core, const struct hms_mem *mem,
				 const struct hms_elffile *exe, uint64_t bias,
				 struct hms_graph **ret) HMS_MUST_USE;

#endif
