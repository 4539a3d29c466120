/* What the files that read type descriptors share. */
#ifndef HMS_RT_RTYPE_IMPL_H
#define HMS_RT_RTYPE_IMPL_H

#include <stdatomic.h>

#include "rt/descriptor.h"
#include "rt/rtype.h"

/* A type made from a descriptor, or one of the structs that a map's type is made of. */
struct hms_rtype {
	struct hms_type type;            /* first: hms_rtypes_string() goes back from it */
	uint64_t addr;                   /* of the descriptor; 0: there is none */
	const struct hms_module *module; /* NULL: made by reflect */
	const char *string;              /* as the runtime spells it */
	uint8_t tflag;
	uint8_t chan_dir;
	bool variadic;       /* FUNC */
	bool named_by_parts; /* what was synthesised has its name already */
	uint32_t nin, nout;
	const struct hms_type **params; /* FUNC: arguments, then results */
	const char **tags;              /* STRUCT: a tag for each member, or NULL */
	bool bad;                       /* it cannot be what it says */
	atomic_bool ready;
};

/* Types that are being made: @made grows while its entries are filled. */
struct hms_rtype_build {
	const struct hms_rt *rt;
	struct hms_rtypes *all;
	struct hms_arena *arena;
	struct hms_rtype **made;
	size_t nmade, cap;
};

/* Stands where a part cannot be read. */
extern const struct hms_type hms_rtype_unknown;

/* The type of the descriptor at @addr, to be filled later if it is new; never NULL. */
const struct hms_type *hms_rtype_part(struct hms_rtype_build *build, uint64_t addr);
/* A type without a descriptor. */
struct hms_rtype *hms_rtype_new(struct hms_rtype_build *build, enum hms_kind kind, uint64_t size);
/* Account for memory whose size the target decides.  False where it is too much. */
bool hms_rtype_charge(struct hms_rtype_build *build, size_t bytes);
/* The type made here that @type is, or NULL for one of the graph. */
struct hms_rtype *hms_rtype_of(const struct hms_rt *rt, const struct hms_type *type);

/* rtype-decode.c: what the descriptor says beyond size and kind.  False where it cannot be. */
bool hms_rtype_decode(struct hms_rtype_build *build, struct hms_rtype *rtype);
/* rtype-map.c: the structs behind a map, as debug information has them. */
bool hms_rtype_decode_map(struct hms_rtype_build *build, struct hms_rtype *rtype);
/* rtype-name.c: type.name and string. */
void hms_rtype_set_names(struct hms_rtype_build *build, struct hms_rtype *rtype);

/* The bytes of one of the structures that begin with abi.Type, or NULL. */
const uint8_t *hms_rtype_bytes(const struct hms_rt *rt, const struct hms_rtype *rtype,
			       enum hms_fact_id structure);

#endif
