/* Go's == on two values of one type, as far as the core tells. */
#ifndef HMS_RT_EQUAL_H
#define HMS_RT_EQUAL_H

#include "rt/literal.h"
#include "rt/rt.h"

enum hms_equality { HMS_DIFFERS, HMS_EQUAL, HMS_CANNOT_TELL };

/* @a and @b are the values' bytes: @type->size of each.  A NaN differs from itself. */
enum hms_equality hms_rt_equal(const struct hms_rt *rt, const struct hms_type *type,
			       const uint8_t *a, const uint8_t *b);

/* The same where one value is @literal and the other, of the type it was parsed as, lies in the
 * process. */
enum hms_equality hms_rt_equal_literal(const struct hms_rt *rt, const struct hms_type *type,
				       const struct hms_literal *literal, const uint8_t *b);

#endif
