#include "dwarf/internal.h"

#include <string.h>

/*
 * Go's compiler, assembler and linker all write "Go cmd/compile go1.21.13; regabi" and
 * DW_LANG_Go.  Units of cgo's C compiler have neither.
 */
unsigned int producer_flags(const char *producer, uint64_t language)
{
	unsigned int flags = 0;

	if (language == DW_LANG_Go || (producer && strncmp(producer, "Go cmd/", 7) == 0))
		flags |= HMS_PRODUCER_GO;
	return flags;
}
