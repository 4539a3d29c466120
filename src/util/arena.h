/*
 * Arena: many small allocations, freed as a whole.  Names, types and map records live in
 * arenas.  Not shared between threads.
 *
 * Small bookkeeping only: running out of memory here prints one line and exits (as libdw's
 * out-of-memory handler does).  A size that came from the input goes through
 * hms_alloc_array() instead.
 */
#ifndef HMS_UTIL_ARENA_H
#define HMS_UTIL_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/error.h"

struct hms_arena;

struct hms_arena *hms_arena_create(void);
void hms_arena_destroy(struct hms_arena *arena); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_arena, hms_arena_destroy)

/* Zeroed memory, aligned for any type, valid until the arena is destroyed. */
void *hms_arena_alloc(struct hms_arena *arena, size_t size);
char *hms_arena_strdup(struct hms_arena *arena, const char *s);
char *hms_arena_strndup(struct hms_arena *arena, const char *s, size_t len);
char *hms_arena_printf(struct hms_arena *arena, const char *format, ...) HMS_PRINTF(2, 3);
/* Copy of @len bytes, aligned for any type. */
void *hms_arena_memdup(struct hms_arena *arena, const void *p, size_t len);

#define HMS_ARENA_NEW(arena, type) ((type *)hms_arena_alloc(arena, sizeof(type)))

/* Zeroed array from malloc for a count that came from the input: refuses (HMS_ERR_LIMIT)
 * n > limit and n * size overflows.  @ret is freed with free(). */
struct hms_error *hms_alloc_array(uint64_t n, size_t size, uint64_t limit, void *ret) HMS_MUST_USE;

/* malloc family for our own bookkeeping: never NULL, exits on failure, by this: */
HMS_NORETURN void hms_out_of_memory(void);
void *hms_xcalloc(size_t n, size_t size);
void *hms_xrealloc(void *p, size_t n, size_t size);
char *hms_xstrdup(const char *s);
char *hms_xprintf(const char *format, ...) HMS_PRINTF(1, 2);

/* Room for one more element of a growing array: doubles @p and *cap. */
#define HMS_GROW(p, n, cap)                                           \
	do {                                                          \
		if ((n) == (cap)) {                                   \
			(cap) = (cap) ? (cap)*2 : 16;                 \
			(p) = hms_xrealloc((p), (cap), sizeof(*(p))); \
		}                                                     \
	} while (0)

#endif
