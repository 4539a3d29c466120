/*
 * Marks of slots: the bytes before the slots of a bucket or group that say what each holds.
 *
 * Classic maps: tophash, src/runtime/map.go.  Swiss maps: control bytes,
 * src/internal/runtime/maps/group.go.
 */
#ifndef HMS_MAP_MARKS_H
#define HMS_MAP_MARKS_H

#include <stdbool.h>
#include <stdint.h>

enum hms_tophash {
	HMS_TOPHASH_EMPTY_REST = 0, /* so are all slots behind it, in the whole chain */
	HMS_TOPHASH_EMPTY_ONE = 1,
	HMS_TOPHASH_EVACUATED_X = 2, /* moved to the bucket of the same index */
	HMS_TOPHASH_EVACUATED_Y = 3, /* moved to the upper half of the new array */
	HMS_TOPHASH_EVACUATED_EMPTY = 4,
	HMS_TOPHASH_MIN = 5, /* from here on: an entry, by the top byte of its hash */
};

enum hms_control {
	HMS_CONTROL_EMPTY = 0x80,
	HMS_CONTROL_DELETED = 0xfe, /* a tombstone: a lookup goes on behind it */
};

static inline bool hms_tophash_evacuated(uint8_t tophash)
{
	return tophash >= HMS_TOPHASH_EVACUATED_X && tophash <= HMS_TOPHASH_EVACUATED_EMPTY;
}

/* Full: 7 bits of an entry's hash. */
static inline bool hms_control_is_full(uint8_t control)
{
	return control < 0x80;
}

#endif
