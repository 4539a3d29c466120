/* CRC-32 (IEEE 802.3), as .gnu_debuglink and gzip use it. */
#ifndef HMS_UTIL_CRC32_H
#define HMS_UTIL_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC of what @crc covers (0: nothing) followed by @p. */
uint32_t hms_crc32(uint32_t crc, const void *p, size_t len);

#endif
