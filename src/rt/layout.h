/*
 * Facts about the Go runtime's structures, one row each in facts.def, resolved once from the
 * program's own type graph.  A member that this program does not have is absent, and asking for
 * it is an error that names fact and Go version: never a guess.
 *
 * A divergence between releases is a row with alternatives, or a row whose absence is asked for;
 * no code outside src/rt branches on a Go version.
 */
#ifndef HMS_RT_LAYOUT_H
#define HMS_RT_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/graph.h"
#include "util/error.h"

/* Who needs a fact: where one of these is wanted, its rows must be there. */
enum hms_fact_need {
	HMS_NEED_CORE,    /* without it nothing works: moduledata, slices */
	HMS_NEED_CLASSIC, /* classic maps */
	HMS_NEED_SWISS,   /* Swiss maps */
	HMS_NEED_HEAP,    /* arenas, spans */
	HMS_NEED_FUNCS,   /* function tables */
	HMS_NEED_GORO,    /* goroutines and threads */
	HMS_NEED_TYPES,   /* type descriptors, interfaces */
	HMS_NEED_NEVER,   /* optional: some releases have it */
};

/* FACT(id, need, "type|alternative", "member.path|alternative") */
enum hms_fact_id {
#define FACT(id, need, type, member) HMS_F_##id,
#include "rt/facts.def"
#undef FACT
	HMS_NFACTS
};

struct hms_fact {
	bool present;
	uint32_t off;  /* from the start of the structure */
	uint32_t size; /* of the member; of the whole structure for rows with an empty member */
	const struct hms_type *type; /* of the member (of the structure, likewise) */
};

struct hms_layout {
	struct hms_fact facts[HMS_NFACTS];
};

/* Resolve all rows.  Never fails: what is not found is absent.  A member that is a struct around
 * one real member (atomic.Uint8, runtime.mSpanStateBox) is resolved to the inmost one.  A present
 * member lies inside its structure, so the bytes of a structure's own row hold all of it. */
void hms_layout_resolve(const struct hms_graph *graph, struct hms_layout *ret);

/* HMS_ERR_ABSENT, naming the first absent row that @need requires. */
struct hms_error *hms_layout_require(const struct hms_layout *layout, enum hms_fact_need need)
	HMS_MUST_USE;

/* "runtime.hmap.count"; with all alternatives where a row has some. */
const char *hms_fact_name(enum hms_fact_id id);

static inline bool hms_layout_has(const struct hms_layout *layout, enum hms_fact_id id)
{
	return layout->facts[id].present;
}

static inline uint32_t hms_layout_off(const struct hms_layout *layout, enum hms_fact_id id)
{
	return layout->facts[id].off;
}

/* The names by which newer releases call a fact's structure and member ("" for the structure
 * itself): the first alternatives of its row.  Static strings' parts, copied. */
#define HMS_FACT_NAME_MAX 128
void hms_fact_names(enum hms_fact_id id, char type_ret[HMS_FACT_NAME_MAX],
		    char member_ret[HMS_FACT_NAME_MAX]);

/* The member's value in the structure's bytes, zero-extended (size 1, 2, 4 or 8). 0 where the
 * fact is absent: for optional rows; the others are required before. */
uint64_t hms_layout_get(const struct hms_layout *layout, enum hms_fact_id id,
			const uint8_t *structure);

#endif
