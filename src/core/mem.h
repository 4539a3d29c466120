/*
 * The memory image: what the process could read, rebuilt from a core file.
 *
 * Bytes saved in PT_LOAD segments come first, then read-only mappings taken from the files
 * that NT_FILE names (text, rodata: Linux does not save clean file pages).  A range that was
 * mapped but not saved is an absence, not zeroes: the kernel writes p_filesz < p_memsz for pages
 * that coredump_filter left out.
 */
#ifndef HMS_CORE_MEM_H
#define HMS_CORE_MEM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/corefile.h"
#include "core/elffile.h"
#include "util/cleanup.h"
#include "util/error.h"

struct hms_mem; /* immutable once open; threads may share it */

/* Checks treat all but PRESENT and FROM_FILE as "unknown", never as damage.  UNMAPPED is the
 * one that can be damage: no process could read there. */
enum hms_mem_state {
	HMS_MEM_PRESENT,   /* saved in the core */
	HMS_MEM_FROM_FILE, /* read-only mapping, taken from the file */
	HMS_MEM_NOT_SAVED, /* was mapped, is not in the core */
	HMS_MEM_UNMAPPED,  /* was never mapped */
};

/* Build the image.  @core and @exe are borrowed and must outlive it.  @exe may be NULL; its
 * read-only segments fill what the core left out at link address + @bias. */
struct hms_error *hms_mem_open(const struct hms_corefile *core, const struct hms_elffile *exe,
			       uint64_t bias, struct hms_mem **ret) HMS_MUST_USE;
void hms_mem_close(struct hms_mem *mem); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_mem, hms_mem_close)

/* Copy @len bytes.  All or nothing: on HMS_ERR_FAULT @buf is untouched and the error holds the
 * first address that could not be read. */
struct hms_error *hms_mem_read(const struct hms_mem *mem, uint64_t addr, void *buf, size_t len)
	HMS_MUST_USE;

/* Borrow @len bytes without a copy, valid until hms_mem_close(); HMS_ERR_SPLIT where the range
 * crosses two pieces (then use hms_mem_read()), HMS_ERR_FAULT where some byte is absent. */
struct hms_error *hms_mem_view(const struct hms_mem *mem, uint64_t addr, size_t len,
			       const uint8_t **ret) HMS_MUST_USE;

/* Hot path: the view, or NULL for any reason; never allocates.  hms_mem_view() says why. */
const uint8_t *hms_mem_peek(const struct hms_mem *mem, uint64_t addr, size_t len);

/* Hot path: ask for the cache line at @addr, if it is readable, for it will be wanted soon. */
void hms_mem_prefetch(const struct hms_mem *mem, uint64_t addr);

/* Hot path: the longest run of readable bytes at @addr in one piece: its length, 0 where @addr
 * is not readable. */
size_t hms_mem_run(const struct hms_mem *mem, uint64_t addr, const uint8_t **ret);

struct hms_error *hms_mem_u64(const struct hms_mem *mem, uint64_t addr, uint64_t *ret) HMS_MUST_USE;
struct hms_error *hms_mem_u32(const struct hms_mem *mem, uint64_t addr, uint32_t *ret) HMS_MUST_USE;
struct hms_error *hms_mem_u8(const struct hms_mem *mem, uint64_t addr, uint8_t *ret) HMS_MUST_USE;

/* State at @addr; @end_ret (may be NULL) is the end of the run that shares it, so a caller steps
 * over holes instead of probing each byte. */
enum hms_mem_state hms_mem_state_at(const struct hms_mem *mem, uint64_t addr, uint64_t *end_ret);

/* Little-endian loads from unaligned bytes. */
static inline uint64_t hms_le64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t hms_le32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint16_t hms_le16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

#endif
