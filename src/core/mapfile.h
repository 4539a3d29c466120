/* A whole file mapped for reading.  The mapping costs address space, not memory. */
#ifndef HMS_CORE_MAPFILE_H
#define HMS_CORE_MAPFILE_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

struct hms_mapfile {
	const uint8_t *p; /* NULL for an empty file */
	uint64_t size;
};

/* Open @path for reading: a regular file, nothing that could block. */
struct hms_error *hms_mapfile_open_fd(const char *path, int *ret) HMS_MUST_USE;
/* Map @fd, which stays the caller's; @path is for messages. */
struct hms_error *hms_mapfile_map(int fd, const char *path, struct hms_mapfile *ret) HMS_MUST_USE;
struct hms_error *hms_mapfile_open(const char *path, struct hms_mapfile *ret) HMS_MUST_USE;
void hms_mapfile_close(struct hms_mapfile *map);

/* Bytes of the file, borrowed; NULL where [off, off + len) is not inside it. */
static inline const uint8_t *hms_mapfile_bytes(const struct hms_mapfile *map, uint64_t off,
					       uint64_t len)
{
	if (off > map->size || len > map->size - off || !map->p)
		return NULL;
	return map->p + off;
}

#endif
