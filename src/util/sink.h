/*
 * Where a lot of output goes: a buffer that is written to a file descriptor when it is full, or
 * that grows where there is none.  For millions of lines, where stdio would be what costs time.
 */
#ifndef HMS_UTIL_SINK_H
#define HMS_UTIL_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hms_sink {
	char *buf;
	size_t len;
	size_t cap;
	uint64_t written; /* bytes that have left the buffer */
	int fd;           /* -1: the buffer grows */
	int errnum; /* of the first write that failed, 0: none did; nothing is written after */
};

/* @fd is borrowed; -1: text stays in buf, of len bytes, not followed by a NUL. */
void hms_sink_init(struct hms_sink *sink, int fd);
void hms_sink_deinit(struct hms_sink *sink);

/* Write what is left; false where this or an earlier write failed (errnum). */
bool hms_sink_flush(struct hms_sink *sink);

/* Bytes taken so far. */
static inline uint64_t hms_sink_total(const struct hms_sink *sink)
{
	return sink->written + sink->len;
}

void hms_sink_make_room(struct hms_sink *sink, size_t n);
void hms_sink_add_long(struct hms_sink *sink, const void *s, size_t len);

/* Room for @n bytes (at most 4096), to be filled and then counted in sink->len by the caller. */
static inline char *hms_sink_room(struct hms_sink *sink, size_t n)
{
	if (sink->cap - sink->len < n)
		hms_sink_make_room(sink, n);
	return sink->buf + sink->len;
}

static inline void hms_sink_addn(struct hms_sink *sink, const void *s, size_t len)
{
	if (sink->cap - sink->len < len) {
		hms_sink_add_long(sink, s, len);
		return;
	}
	if (len)
		memcpy(sink->buf + sink->len, s, len);
	sink->len += len;
}

static inline void hms_sink_add(struct hms_sink *sink, const char *s)
{
	hms_sink_addn(sink, s, strlen(s));
}

static inline void hms_sink_addc(struct hms_sink *sink, char c)
{
	*hms_sink_room(sink, 1) = c;
	sink->len++;
}

/* Decimal, all digits. */
void hms_sink_u64(struct hms_sink *sink, uint64_t v);
void hms_sink_i64(struct hms_sink *sink, int64_t v);
/* 0x1f */
void hms_sink_addr(struct hms_sink *sink, uint64_t v);
/* Two digits a byte. */
void hms_sink_hex(struct hms_sink *sink, const uint8_t *bytes, size_t len);
/* The fewest digits that read back as the same number (@single: as the same float), in the form
 * of Go's strconv: 1.5, 1e+06.  NaN, +Inf and -Inf are words. */
void hms_sink_double(struct hms_sink *sink, double d, bool single);

#endif
