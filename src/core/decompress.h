/*
 * Compressed cores, as crash collectors leave them: unpacked into a temporary file that has no
 * name and no more disk space than the core's non-zero pages need.
 */
#ifndef HMS_CORE_DECOMPRESS_H
#define HMS_CORE_DECOMPRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/corefile.h"
#include "core/mapfile.h"
#include "util/error.h"

struct hms_unpacked {
	int fd;   /* the caller closes it, and the space is free again */
	bool cut; /* the compressed file ends too early: this is what it held */
};

/* "zstd", "gzip", ... by the first bytes of a file; NULL where it is not compressed. */
const char *hms_compression_name(const uint8_t *p, uint64_t len);

/*
 * Unpack @map.  Stops at once where what comes out is not an ELF core (HMS_ERR_FORMAT); corrupt
 * data is HMS_ERR_FORMAT, a full disk HMS_ERR_OS.  HMS_ERR_UNSUPPORTED where this build, or this
 * libarchive, cannot unpack the format.  @options may be NULL.
 */
struct hms_error *hms_decompress(const struct hms_mapfile *map, const char *path,
				 const struct hms_corefile_options *options,
				 struct hms_unpacked *ret) HMS_MUST_USE;

#endif
