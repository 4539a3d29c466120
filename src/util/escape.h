/*
 * Text from the target, made harmless.  What comes from a core or an executable may hold control
 * characters, terminal escape sequences, bidirectional marks, or bytes that are not UTF-8.
 *
 * All functions append to @ret and take any bytes, NUL included.
 */
#ifndef HMS_REPORT_ESCAPE_H
#define HMS_REPORT_ESCAPE_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/str.h"

/* For a terminal: printable UTF-8 stays, all else becomes Go escapes (\n, \x1b, \u202e).
 * Backslashes and quotes stay, so that a path that holds a quoted key can be pasted back. */
void hms_escape_text(struct hms_str *ret, const char *s, size_t len);

/* The same for a terminal that does not speak UTF-8: there a byte of an innocent letter may be a
 * control character, so only ASCII stays. */
void hms_escape_ascii(struct hms_str *ret, const char *s, size_t len);

/* A Go string literal in double quotes. */
void hms_escape_go(struct hms_str *ret, const char *s, size_t len);

/* The inside of a JSON string; @s must be UTF-8 (hms_utf8_valid()), else bytes become U+FFFD.
 * Invisible characters are written \uXXXX: a parser reads back the same, a terminal is safe. */
void hms_escape_json(struct hms_str *ret, const char *s, size_t len);

/* The inside of an HTML element or of an attribute's quotes; invisible characters become Go
 * escapes, as for a terminal. */
void hms_escape_html(struct hms_str *ret, const char *s, size_t len);

bool hms_utf8_valid(const char *s, size_t len);

/* Decode the character at @s; returns its bytes, 0 where they are not UTF-8 (cut, overlong, a
 * surrogate) and *ret is untouched. */
size_t hms_utf8_decode(const char *s, size_t len, uint32_t *ret);

/* Terminal columns of escaped text; needs the LC_CTYPE of the terminal for wide characters. */
size_t hms_utf8_width(const char *s, size_t len);

#endif
