/*
 * Values of Go types as text, in Go's own notation or as JSON.
 *
 * One traversal serves both.  What a type's values look like is found out once (a plan) and then
 * used for every value, so that millions of entries cost little more than their bytes.  Types,
 * lengths and pointers may be anything: the traversal is bounded in depth and in what it writes,
 * does not follow a slice into itself, and reads nothing but what the image holds.
 *
 * Go notation: 7, "text", {a: 1, b: "x"}, {1, 2}, []byte("x"), complex(1,2), 0xc000010000, nil,
 * main.key{a: 1} where an interface holds it.  What is unknown is "?", what is left out is "…".
 * Text from the target is escaped, so that the result is printable.
 *
 * JSON: hmapscope-report(5), section Entries.  What is unknown is null.
 */
#ifndef HMS_RT_VALUE_H
#define HMS_RT_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "rt/rt.h"
#include "util/sink.h"
#include "util/str.h"

enum hms_notation { HMS_NOTATION_GO, HMS_NOTATION_JSON };

/* What is written of one value at most; what exceeds it is said to be cut. */
struct hms_value_limits {
	uint64_t text;  /* bytes of a string or of a slice of bytes */
	uint64_t slice; /* elements of another slice */
	uint64_t array; /* elements of an array */
	uint64_t total; /* bytes written, roughly, however the value nests */
	unsigned int depth;
};

struct hms_decoder;
struct hms_value_plan;

/* @rt is borrowed.  Not for several threads at once. */
struct hms_decoder *hms_decoder_create(const struct hms_rt *rt, enum hms_notation notation,
				       const struct hms_value_limits *limits);
void hms_decoder_destroy(struct hms_decoder *decoder); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_decoder, hms_decoder_destroy)

/* How values of @type are written; made on first use, valid as long as the decoder. */
struct hms_value_plan *hms_value_plan_of(struct hms_decoder *decoder, const struct hms_type *type);

/* Write the value whose type->size bytes are at @bytes; NULL: they are unknown. */
void hms_value_write(struct hms_decoder *decoder, struct hms_value_plan *plan, const uint8_t *bytes,
		     struct hms_sink *sink);
/* The same, of the value at an address. */
void hms_value_write_at(struct hms_decoder *decoder, struct hms_value_plan *plan, uint64_t addr,
			struct hms_sink *sink);

/* The value in @bytes will be written soon: fetch what it leads to into the cache.  In a large map
 * waiting for each string is most of the time. */
void hms_value_prefetch(const struct hms_decoder *decoder, const struct hms_value_plan *plan,
			const uint8_t *bytes);
/* The same for a value at an address. */
void hms_value_prefetch_at(const struct hms_decoder *decoder, uint64_t addr);
/* Is there anything to fetch? */
bool hms_value_leads_on(const struct hms_value_plan *plan);

/* How many parts of the values so far were unknown: bytes that are not in the image, types that
 * nobody described, values that exceed depth or total. */
uint64_t hms_decoder_unknown(const struct hms_decoder *decoder);

/* Append the value of @type whose bytes are at @bytes in Go notation, as a part of a path: slices
 * are their address, long arrays and deep values are cut, strings after @max bytes. */
void hms_value_go(const struct hms_rt *rt, const struct hms_type *type, const uint8_t *bytes,
		  size_t max, struct hms_str *ret);

#endif
