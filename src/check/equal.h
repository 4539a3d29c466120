/* Go's == on two values of one type, as far as the core tells. */
#ifndef HMS_CHECK_EQUAL_H
#define HMS_CHECK_EQUAL_H

#include "rt/rt.h"

enum check_equality { CHECK_DIFFERS, CHECK_EQUAL, CHECK_CANNOT_TELL };

/* @a and @b are the values' bytes: @type->size of each.  A NaN differs from itself. */
enum check_equality check_equal(const struct hms_rt *rt, const struct hms_type *type,
				const uint8_t *a, const uint8_t *b);

#endif
