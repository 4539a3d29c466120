/*
 * A bounded cursor over bytes of unknown quality.  Reading past the end gives zeroes (NULL for
 * pointers) and sets overrun, which stays set: parse a whole record, then ask once.
 */
#ifndef HMS_UTIL_BUF_H
#define HMS_UTIL_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hms_buf {
	const uint8_t *start; /* hms_buf_align() counts from here */
	const uint8_t *p;
	size_t left;
	bool overrun;
};

/* @p is borrowed; it may be NULL where @len is 0. */
void hms_buf_init(struct hms_buf *buf, const void *p, size_t len);

/* The next @len bytes, borrowed; NULL where fewer are left. */
const uint8_t *hms_buf_bytes(struct hms_buf *buf, uint64_t len);
void hms_buf_skip(struct hms_buf *buf, uint64_t len);
/* Skip to a multiple of @align (a power of two) from the start; the end of the buffer is as good:
 * the last record of a table is often not padded. */
void hms_buf_align(struct hms_buf *buf, size_t align);

/* Little-endian. */
uint8_t hms_buf_u8(struct hms_buf *buf);
uint16_t hms_buf_u16(struct hms_buf *buf);
uint32_t hms_buf_u32(struct hms_buf *buf);
uint64_t hms_buf_u64(struct hms_buf *buf);
/* A string with its NUL, borrowed; NULL where there is no NUL before the end. */
const char *hms_buf_cstr(struct hms_buf *buf);

#endif
