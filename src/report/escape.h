/*
 * Text from the target, made harmless.  What comes from a core or an executable may hold control
 * characters, terminal escape sequences, bidirectional marks, or bytes that are not UTF-8.
 */
#ifndef HMS_REPORT_ESCAPE_H
#define HMS_REPORT_ESCAPE_H

#include <stddef.h>
#include <stdbool.h>
#include <stdio.h>

#include "util/str.h"

/* For a terminal: printable UTF-8 stays, all else becomes Go escapes (\n, \x1b, \u202e). */
void hms_escape_text(struct hms_str *ret, const char *s, size_t len);

/* A Go string literal in double quotes. */
void hms_escape_go(struct hms_str *ret, const char *s, size_t len);

/* The inside of a JSON string; @s must be UTF-8 (hms_utf8_valid()), else bytes become U+FFFD. */
void hms_escape_json(struct hms_str *ret, const char *s, size_t len);

bool hms_utf8_valid(const char *s, size_t len);

#endif
