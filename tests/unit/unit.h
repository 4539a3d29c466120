/* What every unit test needs: cmocka with its prerequisites, and assertions on errors. */
#ifndef HMS_TESTS_UNIT_H
#define HMS_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "util/error.h"

/* The call succeeds; otherwise fail with its message. */
#define assert_ok(expr)                                               \
	do {                                                          \
		struct hms_error *unit_err = (expr);                  \
		if (unit_err)                                         \
			fail_msg("%s: %s", #expr, unit_err->message); \
	} while (0)

/* The call fails with @wanted, and its message holds @text. */
#define assert_err(expr, wanted, text)                                                      \
	do {                                                                                \
		struct hms_error *unit_err = (expr);                                        \
		if (!unit_err)                                                              \
			fail_msg("%s: succeeded", #expr);                                   \
		assert_int_equal(unit_err->code, (wanted));                                 \
		if (!strstr(unit_err->message, (text)))                                     \
			fail_msg("\"%s\" does not hold \"%s\"", unit_err->message, (text)); \
		hms_err_free(unit_err);                                                     \
	} while (0)

#endif
