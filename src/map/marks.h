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

#include "core/mem.h"

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

/*
 * Eight marks at once, as the little-endian word that they are.  A set of them is a word too: the
 * high bit of each byte that is meant, all else 0.
 */
#define HMS_MARKS_ALL UINT64_C(0x8080808080808080)

/* Entries of a classic bucket: a byte of at least 5 sets its high bit, 5 + 0x7b == 0x80. */
static inline uint64_t hms_tophash_entries(uint64_t marks)
{
	return (marks | ((marks & ~HMS_MARKS_ALL) + UINT64_C(0x7b7b7b7b7b7b7b7b))) & HMS_MARKS_ALL;
}

/* Entries of a Swiss group. */
static inline uint64_t hms_control_entries(uint64_t marks)
{
	return ~marks & HMS_MARKS_ALL;
}

/* Bytes that are the same in both. */
static inline uint64_t hms_marks_equal(uint64_t a, uint64_t b)
{
	uint64_t x = a ^ b;

	return ~(((x & ~HMS_MARKS_ALL) + ~HMS_MARKS_ALL) | x) & HMS_MARKS_ALL;
}

static inline unsigned int hms_marks_count(uint64_t set)
{
	return (unsigned int)(((set >> 7) * UINT64_C(0x0101010101010101)) >> 56);
}

/* Bit i for slot i. */
static inline uint32_t hms_marks_slots(uint64_t set)
{
	return (uint32_t)(((set >> 7) * UINT64_C(0x0102040810204080)) >> 56);
}

/* All bits of the bytes of a set. */
static inline uint64_t hms_marks_bytes(uint64_t set)
{
	return (set >> 7) * 0xff;
}

/* Are two marks of the set the same? */
static inline bool hms_marks_twins(uint64_t marks, uint64_t set)
{
	uint64_t twins = 0;

	for (unsigned int by = 8; by <= 32; by += 8) {
		uint64_t turned = marks >> by | marks << (64 - by);

		twins |= hms_marks_equal(marks, turned) & (set >> by | set << (64 - by));
	}
	return twins & set;
}

/* Number of slots in 8 bits. */
static inline unsigned int hms_slots_count(uint32_t slots)
{
	slots -= slots >> 1 & 0x55;
	slots = (slots & 0x33) + (slots >> 2 & 0x33);
	return (slots + (slots >> 4)) & 0x0f;
}

/* Number of live slots by the 8 tophash bytes of a classic bucket. */
static inline unsigned int hms_tophash_live(const uint8_t *tophash)
{
	return hms_marks_count(hms_tophash_entries(hms_le64(tophash)));
}

/* Number of full slots by the 8 control bytes of a Swiss group. */
static inline unsigned int hms_control_full(const uint8_t *control)
{
	return hms_marks_count(hms_control_entries(hms_le64(control)));
}

/* Number of deleted ones: of 0x80 and 0xfe only the second has bit 6. */
static inline unsigned int hms_control_deleted(const uint8_t *control)
{
	uint64_t x = hms_le64(control);

	return hms_marks_count(x & (x << 1) & HMS_MARKS_ALL);
}

#endif
