#include "util/arena.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hms_out_of_memory(void)
{
	fputs("hmapscope: out of memory\n", stderr);
	exit(65);
}

static void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		hms_out_of_memory();
	return p;
}

/* ---- arenas ------------------------------------------------------------------------------- */

#define FIRST_CHUNK 4096 /* bytes; the next ones double up to LAST_CHUNK */
#define LAST_CHUNK  (256 << 10)
#define MALLOC_USES 16 /* bytes before each chunk, so that it ends with a page */
#define LARGE       4  /* what needs this part of a chunk gets one of its own */

struct chunk {
	struct chunk *next;
	_Alignas(max_align_t) char bytes[];
};

struct hms_arena {
	struct chunk *chunks; /* the one in use first */
	char *free;           /* in that */
	size_t left;
	size_t chunk_size; /* of the next one */
};

struct hms_arena *hms_arena_create(void)
{
	struct hms_arena *arena = xmalloc(sizeof(*arena));

	*arena = (struct hms_arena){.chunk_size = FIRST_CHUNK};
	return arena;
}

void hms_arena_destroy(struct hms_arena *arena)
{
	if (!arena)
		return;
	while (arena->chunks) {
		struct chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk);
	}
	free(arena);
}

static struct chunk *new_chunk(size_t size)
{
	if (size > SIZE_MAX - sizeof(struct chunk))
		hms_out_of_memory();
	return xmalloc(sizeof(struct chunk) + size);
}

/* A chunk for @size bytes alone, behind the one in use, which goes on. */
static void *alloc_large(struct hms_arena *arena, size_t size)
{
	struct chunk *chunk = new_chunk(size);

	if (arena->chunks) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	} else {
		chunk->next = NULL;
		arena->chunks = chunk;
	}
	return chunk->bytes;
}

static void next_chunk(struct hms_arena *arena)
{
	size_t size = arena->chunk_size - MALLOC_USES - sizeof(struct chunk);
	struct chunk *chunk = new_chunk(size);

	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->free = chunk->bytes;
	arena->left = size;
	if (arena->chunk_size < LAST_CHUNK)
		arena->chunk_size *= 2;
}

/* @align: a power of two, up to that of malloc(). */
static void *take(struct hms_arena *arena, size_t size, size_t align)
{
	size_t skip = -(uintptr_t)arena->free & (align - 1);
	char *p;

	if (!arena->free || size > arena->left || skip > arena->left - size) {
		if (size > arena->chunk_size / LARGE)
			return alloc_large(arena, size);
		next_chunk(arena);
		skip = 0;
	}
	p = arena->free + skip;
	arena->free = p + size;
	arena->left -= skip + size;
	return p;
}

void *hms_arena_alloc(struct hms_arena *arena, size_t size)
{
	void *p = take(arena, size, _Alignof(max_align_t));

	memset(p, 0, size);
	return p;
}

void *hms_arena_memdup(struct hms_arena *arena, const void *p, size_t len)
{
	void *copy = take(arena, len, _Alignof(max_align_t));

	if (len)
		memcpy(copy, p, len);
	return copy;
}

/* Text needs no alignment. */
char *hms_arena_strndup(struct hms_arena *arena, const char *s, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		hms_out_of_memory();
	copy = take(arena, len + 1, 1);
	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *hms_arena_strdup(struct hms_arena *arena, const char *s)
{
	return hms_arena_strndup(arena, s, strlen(s));
}

char *hms_arena_printf(struct hms_arena *arena, const char *format, ...)
{
	HMS_AUTO_FREE char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&s, format, ap);
	va_end(ap);
	if (n < 0)
		hms_out_of_memory();
	return hms_arena_strndup(arena, s, (size_t)n);
}

struct hms_error *hms_alloc_array(uint64_t n, size_t size, uint64_t limit, void *ret)
{
	uint64_t bytes;
	void *p;

	if (n > limit)
		return hms_err(HMS_ERR_LIMIT,
			       "a count of %" PRIu64 " is beyond the limit of %" PRIu64, n, limit);
	if (__builtin_mul_overflow(n, (uint64_t)size, &bytes) || bytes > SIZE_MAX / 2)
		return hms_err(HMS_ERR_LIMIT, "a size of %" PRIu64 " times %zu bytes overflows", n,
			       size);
	p = calloc(n ? n : 1, size);
	if (!p)
		return &hms_err_nomem;
	*(void **)ret = p;
	return NULL;
}

void *hms_xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		hms_out_of_memory();
	return p;
}

void *hms_xrealloc(void *p, size_t n, size_t size)
{
	void *q = reallocarray(p, n ? n : 1, size ? size : 1);

	if (!q)
		hms_out_of_memory();
	return q;
}

char *hms_xstrdup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		hms_out_of_memory();
	return copy;
}

char *hms_xprintf(const char *format, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, format);
	n = vasprintf(&s, format, ap);
	va_end(ap);
	if (n < 0)
		hms_out_of_memory();
	return s;
}
