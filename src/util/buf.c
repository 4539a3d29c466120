#include "util/buf.h"

#include <string.h>

void hms_buf_init(struct hms_buf *buf, const void *p, size_t len)
{
	*buf = (struct hms_buf){.start = p, .p = p, .left = len};
}

const uint8_t *hms_buf_bytes(struct hms_buf *buf, uint64_t len)
{
	const uint8_t *p = buf->p;

	if (len > buf->left || buf->overrun) {
		buf->overrun = true;
		buf->left = 0;
		return NULL;
	}
	buf->p += len;
	buf->left -= len;
	return p;
}

void hms_buf_skip(struct hms_buf *buf, uint64_t len)
{
	(void)hms_buf_bytes(buf, len);
}

void hms_buf_align(struct hms_buf *buf, size_t align)
{
	size_t pos = (size_t)(buf->p - buf->start);
	size_t pad = -pos & (align - 1);

	hms_buf_skip(buf, pad < buf->left ? pad : buf->left);
}

/* A little-endian machine is all that configure lets through. */
#define LOAD(name, type)                                             \
	type name(struct hms_buf *buf)                               \
	{                                                            \
		const uint8_t *p = hms_buf_bytes(buf, sizeof(type)); \
		type v = 0;                                          \
                                                                     \
		if (p)                                               \
			memcpy(&v, p, sizeof(v));                    \
		return v;                                            \
	}

LOAD(hms_buf_u8, uint8_t)
LOAD(hms_buf_u16, uint16_t)
LOAD(hms_buf_u32, uint32_t)
LOAD(hms_buf_u64, uint64_t)

const char *hms_buf_cstr(struct hms_buf *buf)
{
	const uint8_t *nul = buf->left ? memchr(buf->p, 0, buf->left) : NULL;

	if (!nul) {
		buf->overrun = true;
		buf->left = 0;
		return NULL;
	}
	return (const char *)hms_buf_bytes(buf, (size_t)(nul - buf->p) + 1);
}
