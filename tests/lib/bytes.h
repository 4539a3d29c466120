/* A growing byte image with little-endian stores at any offset: what builders write into. */
#ifndef HMS_TESTS_LIB_BYTES_H
#define HMS_TESTS_LIB_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *p;
	size_t len;
	size_t cap; /* of p, where bytes_put() made it; 0 for bytes from elsewhere */
};

void bytes_free(struct bytes *b);
/* Stores grow the image, filling with zeroes. */
void bytes_put(struct bytes *b, size_t off, const void *p, size_t len);
void bytes_put8(struct bytes *b, size_t off, uint8_t v);
void bytes_put16(struct bytes *b, size_t off, uint16_t v);
void bytes_put32(struct bytes *b, size_t off, uint32_t v);
void bytes_put64(struct bytes *b, size_t off, uint64_t v);
/* Write the image to a new temporary file; its path is malloc'ed. */
char *bytes_save(const struct bytes *b);

#endif
