#include "lib/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/arena.h"

void bytes_free(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){0};
}

static void reserve(struct bytes *b, size_t len)
{
	if (len <= b->cap)
		return;
	b->cap = HMS_MAX(len, 2 * b->cap);
	b->p = hms_xrealloc(b->p, b->cap, 1);
}

void bytes_put(struct bytes *b, size_t off, const void *p, size_t len)
{
	if (off + len > b->len) {
		reserve(b, off + len);
		memset(b->p + b->len, 0, off + len - b->len);
		b->len = off + len;
	}
	if (len)
		memcpy(b->p + off, p, len);
}

void bytes_put8(struct bytes *b, size_t off, uint8_t v)
{
	bytes_put(b, off, &v, sizeof(v));
}

void bytes_put16(struct bytes *b, size_t off, uint16_t v)
{
	bytes_put(b, off, &v, sizeof(v));
}

void bytes_put32(struct bytes *b, size_t off, uint32_t v)
{
	bytes_put(b, off, &v, sizeof(v));
}

void bytes_put64(struct bytes *b, size_t off, uint64_t v)
{
	bytes_put(b, off, &v, sizeof(v));
}

char *bytes_save(const struct bytes *b)
{
	char *path =
		hms_xprintf("%s/hms-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, b->p, b->len) != (ssize_t)b->len)
		abort();
	close(fd);
	return path;
}
