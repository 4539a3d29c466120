#include "util/crc32.h"

#include <string.h>

#define POLYNOMIAL 0xedb88320u /* bit-reversed */
#define NTABLES    8

struct tables {
	uint32_t t[NTABLES][256];
};

/* t[k][b]: the CRC of byte b followed by k zero bytes. */
static void fill(struct tables *tables)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t crc = b;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		tables->t[0][b] = crc;
	}
	for (int k = 1; k < NTABLES; k++) {
		for (uint32_t b = 0; b < 256; b++) {
			uint32_t prev = tables->t[k - 1][b];

			tables->t[k][b] = prev >> 8 ^ tables->t[0][prev & 0xff];
		}
	}
}

/* Eight bytes a step: debug files of hundreds of megabytes are checked. */
uint32_t hms_crc32(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	struct tables tables;
	const uint32_t(*t)[256] = tables.t;

	fill(&tables);
	crc = ~crc;
	for (; len >= 8; len -= 8, p += 8) {
		uint32_t lo, hi;

		memcpy(&lo, p, 4);
		memcpy(&hi, p + 4, 4);
		lo ^= crc;
		crc = t[7][lo & 0xff] ^ t[6][lo >> 8 & 0xff] ^ t[5][lo >> 16 & 0xff] ^
		      t[4][lo >> 24] ^ t[3][hi & 0xff] ^ t[2][hi >> 8 & 0xff] ^
		      t[1][hi >> 16 & 0xff] ^ t[0][hi >> 24];
	}
	while (len--)
		crc = crc >> 8 ^ t[0][(crc ^ *p++) & 0xff];
	return ~crc;
}
