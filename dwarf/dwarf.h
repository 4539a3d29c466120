/*
 * Debug information of the executable, read through libdwarf.  This folder is the only one that
 * knows libdwarf; no handle or constant of it leaves.
 *
 * Go's DWARF: DWARF 4 up to Go 1.24, 5 from 1.25; .zdebug_* in 1.15, SHF_COMPRESSED later; types
 * are made per binary by the linker (src/cmd/link/internal/ld/dwarf.go), variables and functions
 * by the compiler (src/cmd/internal/dwarf/dwarf.go).
 */
#ifndef HMS_DWARF_DWARF_H
#define HMS_DWARF_DWARF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/elffile.h"
#include "rt/graph.h"
#include "util/cleanup.h"
#include "util/error.h"

struct hms_dwarf;

/* Open the debug information of @path, an executable or separate debug file.  HMS_ERR_NOT_FOUND
 * where it has none; HMS_ERR_FORMAT where it is no executable or what it has cannot be read. */
struct hms_error *hms_dwarf_open(const char *path, struct hms_dwarf **ret) HMS_MUST_USE;
void hms_dwarf_close(struct hms_dwarf *dwarf); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_dwarf, hms_dwarf_close)

/* Read all types and package variables into @graph (not yet sealed), once.  Function bodies are
 * skipped.  @bias is added to variables' addresses.  A unit that cannot be understood is skipped
 * and counted in *skipped_ret. */
struct hms_error *hms_dwarf_read_types(struct hms_dwarf *dwarf, uint64_t bias,
				       struct hms_graph *graph, size_t *skipped_ret) HMS_MUST_USE;

/* The function that holds link address @pc, and the source line of @pc. */
struct hms_dwarf_place {
	const char *function; /* lives as long as the hms_dwarf; NULL: unknown */
	uint64_t low;         /* of the function */
	uint64_t high;
	const char *file; /* NULL: unknown */
	uint32_t line;    /* 0: unknown */
};

/* Units are read on demand, a unit once.  HMS_ERR_NOT_FOUND where no function holds @pc.  Safe
 * from several threads. */
struct hms_error *hms_dwarf_place(struct hms_dwarf *dwarf, uint64_t pc, struct hms_dwarf_place *ret)
	HMS_MUST_USE;

/* "Go cmd/compile go1.21.13; regabi": the producer of the first Go unit, or NULL. */
const char *hms_dwarf_producer(const struct hms_dwarf *dwarf);

#endif
