#include "util/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/arena.h"

#define BUFFER ((size_t)256 << 10)

void hms_sink_init(struct hms_sink *sink, int fd)
{
	*sink = (struct hms_sink){.fd = fd};
	if (fd < 0)
		return;
	sink->buf = hms_xcalloc(1, BUFFER);
	sink->cap = BUFFER;
}

void hms_sink_deinit(struct hms_sink *sink)
{
	free(sink->buf);
	*sink = (struct hms_sink){.fd = -1};
}

static void write_all(struct hms_sink *sink, const char *s, size_t len)
{
	while (len && !sink->errnum) {
		ssize_t n = write(sink->fd, s, len);

		if (n < 0) {
			if (errno != EINTR)
				sink->errnum = errno;
			continue;
		}
		s += n;
		len -= (size_t)n;
	}
}

bool hms_sink_flush(struct hms_sink *sink)
{
	if (sink->fd < 0)
		return true;
	write_all(sink, sink->buf, sink->len);
	sink->written += sink->len;
	sink->len = 0;
	return !sink->errnum;
}

void hms_sink_make_room(struct hms_sink *sink, size_t n)
{
	if (sink->fd >= 0) {
		hms_sink_flush(sink);
		return;
	}
	sink->cap = HMS_MAX(2 * sink->cap, sink->len + n);
	sink->cap = HMS_MAX(sink->cap, (size_t)128);
	sink->buf = hms_xrealloc(sink->buf, sink->cap, 1);
}

void hms_sink_add_long(struct hms_sink *sink, const void *s, size_t len)
{
	hms_sink_make_room(sink, len);
	if (sink->cap - sink->len >= len) {
		memcpy(sink->buf + sink->len, s, len);
		sink->len += len;
		return;
	}
	write_all(sink, s, len);
	sink->written += len;
}

/* ---- integers ----------------------------------------------------------------------------- */

static const char pairs[201] = "00010203040506070809101112131415161718192021222324"
			       "25262728293031323334353637383940414243444546474849"
			       "50515253545556575859606162636465666768697071727374"
			       "75767778798081828384858687888990919293949596979899";

/* Digits of @v before @end; where they begin. */
static char *digits_before(char *end, uint64_t v)
{
	while (v >= 100) {
		end -= 2;
		memcpy(end, pairs + 2 * (v % 100), 2);
		v /= 100;
	}
	if (v >= 10) {
		end -= 2;
		memcpy(end, pairs + 2 * v, 2);
	} else {
		*--end = (char)('0' + v);
	}
	return end;
}

void hms_sink_u64(struct hms_sink *sink, uint64_t v)
{
	char text[20], *end = text + sizeof(text), *p = digits_before(end, v);

	hms_sink_addn(sink, p, (size_t)(end - p));
}

void hms_sink_i64(struct hms_sink *sink, int64_t v)
{
	if (v >= 0) {
		hms_sink_u64(sink, (uint64_t)v);
		return;
	}
	hms_sink_addc(sink, '-');
	hms_sink_u64(sink, -(uint64_t)v);
}

static const char hex_digits[] = "0123456789abcdef";

void hms_sink_addr(struct hms_sink *sink, uint64_t v)
{
	char text[18], *end = text + sizeof(text), *p = end;

	do {
		*--p = hex_digits[v & 15];
		v >>= 4;
	} while (v);
	*--p = 'x';
	*--p = '0';
	hms_sink_addn(sink, p, (size_t)(end - p));
}

void hms_sink_hex(struct hms_sink *sink, const uint8_t *bytes, size_t len)
{
	while (len) {
		size_t n = HMS_MIN(len, (size_t)1024);
		char *p = hms_sink_room(sink, 2 * n);

		for (size_t i = 0; i < n; i++) {
			p[2 * i] = hex_digits[bytes[i] >> 4];
			p[2 * i + 1] = hex_digits[bytes[i] & 15];
		}
		sink->len += 2 * n;
		bytes += n;
		len -= n;
	}
}
