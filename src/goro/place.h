/* Places: what the function tables say of a pc, looked up once.  Goroutines stand in few places. */
#ifndef HMS_GORO_PLACE_H
#define HMS_GORO_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "goro/unwind.h"
#include "util/arena.h"

struct hms_places {
	const struct hms_pclntab *pclntab;
	struct hms_arena *arena;
	const struct hms_place **slots; /* open addressing; a power of two of them */
	size_t nslots;
	size_t n;
};

void hms_places_init(struct hms_places *places, const struct hms_pclntab *pclntab);
void hms_places_deinit(struct hms_places *places);

/* The place of @pc, looked up with pc itself where @exact says so or where it is a function's
 * entry, else with pc - 1.  NULL: no function there.  Lives as long as @places. */
const struct hms_place *hms_place(struct hms_places *places, uint64_t pc, bool exact);

#endif
