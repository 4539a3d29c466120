/*
 * Numbers as people read them.  All append to @ret; none depends on the locale, so that the same
 * input gives the same bytes everywhere.
 */
#ifndef HMS_REPORT_FORMAT_H
#define HMS_REPORT_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "util/str.h"

/* "0", "1,093". */
void hms_format_count(struct hms_str *ret, uint64_t n);
void hms_format_int(struct hms_str *ret, int64_t n);

/* "1 map", "2,000 maps": the plural is @noun and an s. */
void hms_format_counted(struct hms_str *ret, uint64_t n, const char *noun);

/* Scaled in units of 1024, three digits: "999", "73.7K", "612K", "1.2M".  For columns. */
void hms_format_bytes(struct hms_str *ret, uint64_t bytes);

/* The same for sentences: "999 bytes", "73.7 KB". */
void hms_format_bytes_long(struct hms_str *ret, uint64_t bytes);

/* "0xc000088090". */
void hms_format_addr(struct hms_str *ret, uint64_t addr);

/* The two largest units: "850ms", "12s", "3m 2s", "2h 5m", "3d 4h". */
void hms_format_duration(struct hms_str *ret, uint64_t ns);

/* Two digits that matter: "0", "0.31", "4.3", "125"; "?" where it is no number. */
void hms_format_ratio(struct hms_str *ret, double ratio);

/* What @format makes of @n; "at least " before it where @partial, "?" where nothing is known. */
void hms_format_partial(struct hms_str *ret, uint64_t n, bool partial,
			void (*format)(struct hms_str *ret, uint64_t n));

/* Share of a whole that is not 0: "61 %".  "<1 %" and ">99 %" where rounding would say none or
 * all. */
void hms_format_percent(struct hms_str *ret, uint64_t part, uint64_t whole);

/* Digits alone, for JSON: faster than printf, which 100,000 maps notice. */
void hms_format_u64(struct hms_str *ret, uint64_t n);
void hms_format_hex(struct hms_str *ret, uint64_t n);

/* Shortest decimal number that reads back as @d; @d is finite. */
void hms_format_double(struct hms_str *ret, double d);

#endif
