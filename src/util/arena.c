#include "util/arena.h"

#include <inttypes.h>
#include <obstack.h>
#include <stdarg.h>
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

#define obstack_chunk_alloc xmalloc
#define obstack_chunk_free  free

struct hms_arena {
	struct obstack stack;
};

struct hms_arena *hms_arena_create(void)
{
	struct hms_arena *arena = xmalloc(sizeof(*arena));

	obstack_init(&arena->stack);
	return arena;
}

void hms_arena_destroy(struct hms_arena *arena)
{
	if (!arena)
		return;
	obstack_free(&arena->stack, NULL);
	free(arena);
}

void *hms_arena_alloc(struct hms_arena *arena, size_t size)
{
	void *p = obstack_alloc(&arena->stack, size);

	memset(p, 0, size);
	return p;
}

void *hms_arena_memdup(struct hms_arena *arena, const void *p, size_t len)
{
	void *copy = obstack_alloc(&arena->stack, len);

	if (len)
		memcpy(copy, p, len);
	return copy;
}

char *hms_arena_strndup(struct hms_arena *arena, const char *s, size_t len)
{
	return obstack_copy0(&arena->stack, s, len);
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
