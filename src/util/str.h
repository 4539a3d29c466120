/* A string that grows: bytes with a length, always followed by a NUL. */
#ifndef HMS_UTIL_STR_H
#define HMS_UTIL_STR_H

#include <stddef.h>
#include <stdint.h>

#include "util/compiler.h"

struct hms_str {
	char *s; /* NULL while empty */
	size_t len;
	size_t cap;
};

#define HMS_STR_INIT       \
	{                  \
		NULL, 0, 0 \
	}

void hms_str_deinit(struct hms_str *str);
#define HMS_AUTO_STR __attribute__((cleanup(hms_str_deinit)))

void hms_str_add(struct hms_str *str, const char *s);
void hms_str_addn(struct hms_str *str, const void *s, size_t len);
void hms_str_grow(struct hms_str *str, size_t n); /* for hms_str_extend() */
/* Decimal digits. */
void hms_str_addu(struct hms_str *str, uint64_t n);
void hms_str_addf(struct hms_str *str, const char *format, ...) HMS_PRINTF(2, 3);
void hms_str_clear(struct hms_str *str); /* keeps the memory */

/* @n bytes at the end for the caller to fill in. */
static inline char *hms_str_extend(struct hms_str *str, size_t n)
{
	char *ret;

	if (str->cap - str->len <= n)
		hms_str_grow(str, n);
	ret = str->s + str->len;
	str->len += n;
	str->s[str->len] = '\0';
	return ret;
}

static inline void hms_str_addc(struct hms_str *str, char c)
{
	*hms_str_extend(str, 1) = c;
}

/* The text, never NULL. */
const char *hms_str_text(const struct hms_str *str);
/* Hand the malloc'ed text over; the string is empty afterwards. */
char *hms_str_steal(struct hms_str *str);

#endif
