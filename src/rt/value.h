/*
 * Values of Go types in Go's own notation: 7, "text", main.key{a: 1, b: "x"}, nil.  Text from the
 * target is escaped (hms_escape_go()), so the result is printable.
 */
#ifndef HMS_RT_VALUE_H
#define HMS_RT_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "rt/rt.h"
#include "util/str.h"

/* Append the value of @type whose @type->size bytes are at @bytes.  Strings are cut to @max bytes
 * with "…"; what the core lacks is "?".  Bounded in depth and length for any type. */
void hms_value_go(const struct hms_rt *rt, const struct hms_type *type, const uint8_t *bytes,
		  size_t max, struct hms_str *ret);

#endif
