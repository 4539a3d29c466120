/*
 * Who may have been the other party of a race that the runtime died of, where nobody else is inside
 * a function of the map's any more: in most cores the other goroutine has gone on for a moment
 * before all were stopped.
 *
 * The one that set the map's writing flag was a writer, so it came from one of the places that
 * write such maps (disas/sites.h).  A goroutine that stands in a function from which calls lead
 * there, behind such a call, may have come from there.  That is a hint and no proof: calls through
 * function values and interfaces are not followed, and another map of the type may have been
 * written.
 */
#ifndef HMS_OPS_SUSPECTS_H
#define HMS_OPS_SUSPECTS_H

#include "disas/sites.h"
#include "ops/race.h"

struct hms_suspect {
	const struct hms_goroutine *goroutine;
	const struct hms_site *site; /* that it may have come from */
	const char *function;        /* on its stack; as in the function tables */
	unsigned int calls;          /* from that function to the site's: 0, the same one */
};

struct hms_suspects {
	struct hms_suspect *list; /* the fewest calls first, then by site, function, goroutine */
	size_t n, cap;
};

/* Did the process die of @race, with nobody else in the middle of an operation on the map? */
bool hms_race_lacks_party(const struct hms_race *race);

/* Those of a race that lacks a party; none where the map's type is not known.  Goroutines that were
 * waiting count only where no other can have been it: who had just written a map was running.
 * @sites is borrowed, and so are names; code that cannot be read leaves suspects out. */
void hms_suspects_find(const struct hms_operations_sources *sources, const struct hms_race *race,
		       const struct hms_sites *sites, unsigned int jobs, struct hms_suspects *ret);
void hms_suspects_deinit(struct hms_suspects *suspects);

#endif
