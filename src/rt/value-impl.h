/* Shared by value*.c. */
#ifndef HMS_RT_VALUE_IMPL_H
#define HMS_RT_VALUE_IMPL_H

#include "rt/value.h"
#include "util/arena.h"
#include "util/set.h"

enum hms_value_op {
	HMS_VALUE_BAD, /* nobody described it, or its size contradicts its kind */
	HMS_VALUE_BOOL,
	HMS_VALUE_INT8,
	HMS_VALUE_INT16,
	HMS_VALUE_INT32,
	HMS_VALUE_INT64,
	HMS_VALUE_UINT8,
	HMS_VALUE_UINT16,
	HMS_VALUE_UINT32,
	HMS_VALUE_UINT64,
	HMS_VALUE_FLOAT32,
	HMS_VALUE_FLOAT64,
	HMS_VALUE_COMPLEX64,
	HMS_VALUE_COMPLEX128,
	HMS_VALUE_STRING,
	HMS_VALUE_BYTES, /* slice of bytes */
	HMS_VALUE_SLICE,
	HMS_VALUE_ARRAY,
	HMS_VALUE_STRUCT,
	HMS_VALUE_INTERFACE,
	HMS_VALUE_POINTER,
};

struct hms_value_field {
	const struct hms_type *type; /* NULL: it does not fit into the struct */
	struct hms_value_plan *plan; /* NULL: not yet asked for */
	uint64_t off;
	const char *lead; /* what stands before the value: ", name: " */
	size_t lead_len;
};

struct hms_value_plan {
	enum hms_value_op op;
	bool direct; /* in an interface's data word */
	uint32_t nfields;
	const struct hms_type *type;
	struct hms_value_plan *elem; /* ARRAY, SLICE: NULL: not yet asked for */
	struct hms_value_field *fields;
	/* around the value where an interface holds it; NULL: not yet asked for */
	const char *lead, *tail;
};

/* Slices that are being written, from the innermost out. */
struct hms_value_visit {
	const struct hms_value_visit *up;
	const struct hms_value_plan *plan;
	uint64_t addr;
};

#define HMS_VALUE_DYNAMIC 64 /* type words remembered */

struct hms_decoder {
	const struct hms_rt *rt;
	enum hms_notation notation;
	struct hms_value_limits limits;
	bool slices;             /* false: as addresses */
	struct hms_arena *arena; /* NULL until needed */
	struct hms_set plans;    /* (type, 0) -> plan */
	uint64_t unknown;
	/* what interfaces' type words lead to */
	struct {
		uint64_t word;
		bool iface;
		struct hms_value_plan *plan;
	} dynamic[HMS_VALUE_DYNAMIC];
	/* of the value in hand: */
	struct hms_sink *sink;
	uint64_t end; /* of hms_sink_total(): limits.total is used up */
	unsigned int depth;
	const struct hms_value_visit *visits;
};

/* The plan for @type, all but what it leads to. */
void hms_value_plan_init(struct hms_decoder *decoder, const struct hms_type *type,
			 struct hms_value_plan *ret);
/* Make @plan's lead and tail. */
void hms_value_plan_dynamic(struct hms_decoder *decoder, struct hms_value_plan *plan);

/* Bytes of target memory, in *owned_ret (free it) where they are not in one piece; NULL: some are
 * absent. */
const uint8_t *hms_value_bytes(const struct hms_decoder *decoder, uint64_t addr, uint64_t len,
			       uint8_t **owned_ret);

/* value-text.c: a string's or byte slice's @len bytes at @addr. */
void hms_value_string(struct hms_decoder *decoder, uint64_t addr, uint64_t len);
void hms_value_byte_slice(struct hms_decoder *decoder, uint64_t addr, uint64_t len);

/* "?" or null, and counted. */
void hms_value_unknown(struct hms_decoder *decoder);

#endif
