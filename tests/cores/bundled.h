/*
 * The bundled cores (corefiles/README.md), one test over all of them: each core in a process of its
 * own, as many at a time as there are processors.  What dies on one core fails for that core.
 *
 * HMS_CORES='1.27*' in the environment, a shell pattern of RELEASE/CASE, picks some.
 */
#ifndef HMS_TESTS_CORES_BUNDLED_H
#define HMS_TESTS_CORES_BUNDLED_H

#include <stdbool.h>
#include <stddef.h>

struct bundled {
	const char *title;     /* "1.21/growing" */
	const char *release;   /* "1.21", "1.24-noswissmap" */
	const char *name;      /* the case: "growing" */
	const char *exe;       /* unpacked, in the build directory */
	const char *core;      /* compressed */
	const char *truth;     /* what the program wrote of itself */
	const char *traceback; /* what Go printed as it died; NULL: it lived on */
	bool stripped;         /* the executable has no debug information */
	bool damaged;          /* its maps are, on purpose: corefiles/prog-stuck */
};

#define BUNDLED_WHAT 240 /* bytes of a test's own words */

/* False where the test fails.  @what_ret says what was compared, "# SKIP why" where nothing can
 * be.  May print lines that begin with '#'. */
typedef bool bundled_test(const struct bundled *core, char *what_ret, size_t what_size);

/* main()'s part: test all bundled cores, print TAP, return the exit status. */
int bundled_run(bundled_test *test);

#endif
