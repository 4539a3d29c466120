#include "util/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"

void hms_str_deinit(struct hms_str *str)
{
	free(str->s);
	*str = (struct hms_str)HMS_STR_INIT;
}

void hms_str_grow(struct hms_str *str, size_t n)
{
	size_t need = str->len + n + 1;

	str->cap = need > 2 * str->cap ? need : 2 * str->cap;
	str->s = hms_xrealloc(str->s, str->cap, 1);
}

void hms_str_addn(struct hms_str *str, const void *s, size_t len)
{
	char *to = hms_str_extend(str, len);

	if (len)
		memcpy(to, s, len);
}

void hms_str_add(struct hms_str *str, const char *s)
{
	hms_str_addn(str, s, strlen(s));
}

void hms_str_addu(struct hms_str *str, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	hms_str_addn(str, digits + at, sizeof(digits) - at);
}

/* Mostly there is room already, so that one call does. */
void hms_str_addf(struct hms_str *str, const char *format, ...)
{
	size_t room = str->cap - str->len;
	va_list ap, again;
	int n;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(str->s ? str->s + str->len : NULL, room, format, ap);
	va_end(ap);
	if (n > 0 && (size_t)n >= room) {
		hms_str_grow(str, (size_t)n);
		vsnprintf(str->s + str->len, (size_t)n + 1, format, again);
	}
	str->len += n > 0 ? (size_t)n : 0;
	va_end(again);
}

void hms_str_clear(struct hms_str *str)
{
	str->len = 0;
	if (str->s)
		str->s[0] = '\0';
}

const char *hms_str_text(const struct hms_str *str)
{
	return str->s ? str->s : "";
}

char *hms_str_steal(struct hms_str *str)
{
	char *s = str->s ? str->s : hms_xstrdup("");

	*str = (struct hms_str)HMS_STR_INIT;
	return s;
}
