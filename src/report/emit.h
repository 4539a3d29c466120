/*
 * JSON, written as it goes: no tree is built, so that a hundred thousand maps cost no memory.
 *
 * Calls nest as the document does.  A @key is NULL inside an array and at the top.  Integers keep
 * all 64 bits; text is escaped here and nowhere else.  Each member of the outermost object and
 * each element of its arrays starts a line, so that line tools work on reports too.
 */
#ifndef HMS_REPORT_EMIT_H
#define HMS_REPORT_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/str.h"

struct hms_emit {
	FILE *out;
	struct hms_str text;  /* not yet written */
	struct hms_str stack; /* one byte an open object or array: '{' or '[' */
	bool first;           /* nothing yet in the innermost */
	bool failed;
};

/* @out is borrowed. */
void hms_emit_init(struct hms_emit *emit, FILE *out);
void hms_emit_deinit(struct hms_emit *emit);
/* Write what is left and a newline; false where any write failed. */
bool hms_emit_finish(struct hms_emit *emit);

void hms_emit_object(struct hms_emit *emit, const char *key);
void hms_emit_array(struct hms_emit *emit, const char *key);
/* The innermost object or array is done. */
void hms_emit_close(struct hms_emit *emit);

void hms_emit_null(struct hms_emit *emit, const char *key);
void hms_emit_bool(struct hms_emit *emit, const char *key, bool b);
void hms_emit_u64(struct hms_emit *emit, const char *key, uint64_t n);
void hms_emit_i64(struct hms_emit *emit, const char *key, int64_t n);
/* Null where @d is not finite. */
void hms_emit_double(struct hms_emit *emit, const char *key, double d);
/* "0x1f": addresses, hashes, other patterns of bits. */
void hms_emit_hex(struct hms_emit *emit, const char *key, uint64_t bits);
/* A value that is JSON already. */
void hms_emit_raw(struct hms_emit *emit, const char *key, const char *json);
/* NULL is null. */
void hms_emit_text(struct hms_emit *emit, const char *key, const char *s);
/* JSON that is made already; NULL is null. */
void hms_emit_json(struct hms_emit *emit, const char *key, const char *json);
void hms_emit_textn(struct hms_emit *emit, const char *key, const char *s, size_t len);

#endif
