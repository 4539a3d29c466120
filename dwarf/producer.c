#include "dwarf/internal.h"

#include <stdlib.h>
#include <string.h>

/*
 * A variable that was taken apart and of which one word is left gets that word's location as if it
 * were all of the variable's (cmd/compile/internal/ssa/debug.go, writePendingEntry).  Seen of Go
 * 1.15; from 1.17 on parameters come in registers, all words have slots, and none does it.
 */
static bool before_go117(const char *producer)
{
	const char *version = producer ? strstr(producer, " go1.") : NULL;
	char *end;
	long minor;

	if (!version)
		return false;
	minor = strtol(version + strlen(" go1."), &end, 10);
	return end != version + strlen(" go1.") && minor >= 0 && minor < 17;
}

/*
 * Go's compiler, assembler and linker all write "Go cmd/compile go1.21.13; regabi" and
 * DW_LANG_Go.  Units of cgo's C compiler have neither.
 */
unsigned int producer_flags(const char *producer, uint64_t language)
{
	unsigned int flags = 0;

	if (language == DW_LANG_Go || (producer && strncmp(producer, "Go cmd/", 7) == 0))
		flags |= HMS_PRODUCER_GO;
	if (before_go117(producer))
		flags |= HMS_PRODUCER_LONE_WORDS;
	return flags;
}
