/*
 * Errors as values.  A fallible function returns a struct hms_error pointer; NULL is
 * success.  The error owns its message and knows, where it matters, the errno, the path
 * or the target address that caused it.
 *
 * Result arguments ("ret", "*_ret") are untouched on failure.  Out of memory is a static
 * object, so reporting it never allocates; hms_err_free() accepts it.
 */
#ifndef HMS_UTIL_ERROR_H
#define HMS_UTIL_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "util/compiler.h"

/* X(code, exit status it leads to when it ends the program) */
#define HMS_ERROR_CODES(X)                                                                   \
	X(NOMEM, 65)       /* out of memory */                                               \
	X(OS, 65)          /* a system call failed: errnum and path are set */               \
	X(FAULT, 2)        /* target memory could not be read: addr is the first bad byte */ \
	X(SPLIT, 2)        /* target memory is there, but not in one piece */                \
	X(FORMAT, 65)      /* a file is not what it should be */                             \
	X(UNSUPPORTED, 65) /* understood, but not something we can work with */              \
	X(MISMATCH, 65)    /* two inputs do not belong together */                           \
	X(NOT_FOUND, 65)   /* what was asked for is not there */                             \
	X(ABSENT, 2)       /* a Go type or member that this program does not have */         \
	X(LIMIT, 2)        /* a size or count from the input is beyond any sane bound */     \
	X(USAGE, 64)       /* the command line */

enum hms_error_code {
#define X(code, status) HMS_ERR_##code,
	HMS_ERROR_CODES(X)
#undef X
};

struct hms_error {
	enum hms_error_code code;
	int errnum;    /* HMS_ERR_OS only */
	uint64_t addr; /* HMS_ERR_FAULT and HMS_ERR_SPLIT only */
	char *message; /* one line, lower case, no full stop */
};

extern struct hms_error hms_err_nomem;

/* New error with a formatted message. */
struct hms_error *hms_err(enum hms_error_code code, const char *format, ...)
	HMS_MUST_USE HMS_PRINTF(2, 3);

/* System call failure: "FORMAT: strerror(errnum)". */
struct hms_error *hms_err_os(int errnum, const char *format, ...) HMS_MUST_USE HMS_PRINTF(2, 3);

/* Target memory at @addr could not be read; @why is a static string. */
struct hms_error *hms_err_fault(uint64_t addr, const char *why) HMS_MUST_USE;

/* Prepend "FORMAT: " to the message as the error goes up.  NULL stays NULL. */
struct hms_error *hms_err_ctx(struct hms_error *err, const char *format, ...)
	HMS_MUST_USE HMS_PRINTF(2, 3);

/* True, and *err freed and set to NULL, where *err has @code: an expected failure
 * becomes a branch. */
bool hms_err_catch(struct hms_error **err, enum hms_error_code code);

/* Drop an error that changes nothing.  NULL is fine. */
void hms_err_free(struct hms_error *err);

/* sysexits-like status of DESIGN.md for an error that ends the program. */
int hms_err_exit_status(const struct hms_error *err);

/* For scope guards: HMS_CLEANUP(hms_err_freep) struct hms_error *err = NULL; */
static inline void hms_err_freep(struct hms_error **err)
{
	hms_err_free(*err);
}

/* Return early with the error of @expr, if any. */
#define HMS_TRY(expr)                                   \
	do {                                            \
		struct hms_error *hms_try_err = (expr); \
		if (hms_try_err)                        \
			return hms_try_err;             \
	} while (0)

#endif
