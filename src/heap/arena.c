/*
 * The arena map: runtime.mheap_.arenas[0] points to an array of *heapArena, one for each 64 MB of
 * address space (src/runtime/mheap.go, malloc.go).  Sizes are taken from the program's types.
 */
#include "heap/heap_impl.h"

#include <inttypes.h>
#include <stdlib.h>

#include "util/arena.h"

/* 48 bits of address in arenas of 64 MB, and room for larger address spaces. */
#define ARENAS_MAX (1 << 26)

/* runtime.arenaBaseOffset, src/runtime/malloc.go: amd64 moves its negative addresses up. */
static const uint64_t arena_base[] = {
	[HMS_ARCH_AMD64] = 0xffff800000000000,
	[HMS_ARCH_ARM64] = 0,
};

static bool is_array_of_pointers(const struct hms_type *type)
{
	return type && type->kind == HMS_KIND_ARRAY && type->elem &&
	       type->elem->kind == HMS_KIND_POINTER && type->elem->size == 8;
}

static struct hms_error *unsupported(const char *what)
{
	return hms_err(HMS_ERR_UNSUPPORTED, "a heap whose %s is of an unknown form", what);
}

/* arenas [1 << L1bits]*[1 << L2bits]*heapArena; on Linux L1bits is 0. */
static struct hms_error *read_shape(struct hms_heap *heap)
{
	const struct hms_fact *facts = heap->rt->layout.facts;
	const struct hms_type *l1 = facts[HMS_F_MHEAP_ARENAS].type;
	const struct hms_type *spans = facts[HMS_F_HEAPARENA_SPANS].type;

	if (!is_array_of_pointers(l1) || l1->count != 1 || !is_array_of_pointers(l1->elem->elem))
		return unsupported("arena map");
	heap->l2_len = l1->elem->elem->count;
	if (!is_array_of_pointers(spans) || !spans->count || spans->count & (spans->count - 1) ||
	    spans->count < 64 || spans->count > 1 << 24 ||
	    facts[HMS_F_HEAPARENA_PAGEINUSE].size != spans->count / 8)
		return unsupported("arena");
	heap->arena_pages = spans->count;
	heap->arena_shift = HMS_HEAP_PAGE_SHIFT + (unsigned int)__builtin_ctzll(spans->count);
	if (!heap->l2_len || heap->l2_len > ARENAS_MAX)
		return unsupported("arena map");
	heap->spans_off = facts[HMS_F_HEAPARENA_SPANS].off;
	heap->in_use_off = facts[HMS_F_HEAPARENA_PAGEINUSE].off;
	return NULL;
}

/* Append the arena indices that the slice at @slice holds. */
static struct hms_error *read_arena_list(struct hms_heap *heap, uint64_t slice)
{
	HMS_AUTO_FREE uint8_t *indices = NULL;
	uint8_t header[16];
	uint64_t len;

	HMS_TRY(hms_mem_read(heap->mem, slice, header, sizeof(header)));
	len = hms_le64(header + 8);
	HMS_TRY(hms_alloc_array(len, 8, heap->l2_len, &indices));
	if (len)
		HMS_TRY(hms_mem_read(heap->mem, hms_le64(header), indices, len * 8));
	heap->arenas = hms_xrealloc(heap->arenas, heap->narenas + len, 8);
	for (uint64_t i = 0; i < len; i++) {
		uint64_t index = hms_le64(indices + i * 8);

		if (index >= heap->l2_len)
			return hms_err(HMS_ERR_LIMIT, "arena %" PRIu64 " is beyond the arena map",
				       index);
		heap->arenas[heap->narenas++] = index;
	}
	return NULL;
}

static int by_index(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void sort_arenas(struct hms_heap *heap)
{
	size_t n = 0;

	if (heap->narenas)
		qsort(heap->arenas, heap->narenas, sizeof(*heap->arenas), by_index);
	for (size_t i = 0; i < heap->narenas; i++) {
		if (!n || heap->arenas[n - 1] != heap->arenas[i])
			heap->arenas[n++] = heap->arenas[i];
	}
	heap->narenas = n;
}

static struct hms_error *read_arena_lists(struct hms_heap *heap, uint64_t mheap)
{
	const struct hms_layout *layout = &heap->rt->layout;

	HMS_TRY(read_arena_list(heap, mheap + hms_layout_off(layout, HMS_F_MHEAP_ALLARENAS)));
	if (hms_layout_has(layout, HMS_F_MHEAP_USERARENAARENAS))
		HMS_TRY(read_arena_list(
			heap, mheap + hms_layout_off(layout, HMS_F_MHEAP_USERARENAARENAS)));
	return NULL;
}

static struct hms_error *fill(struct hms_heap *heap)
{
	const struct hms_layout *layout = &heap->rt->layout;
	uint64_t mheap;

	HMS_TRY(hms_rt_require(heap->rt, HMS_NEED_HEAP));
	HMS_TRY(hms_rt_symbol(heap->rt, "runtime.mheap_", &mheap));
	HMS_TRY(read_shape(heap));
	HMS_TRY(hms_mspan_prepare(heap));
	HMS_TRY(hms_mem_u64(heap->mem, mheap + hms_layout_off(layout, HMS_F_MHEAP_ARENAS),
			    &heap->l2));
	heap->l2_view = hms_mem_peek(heap->mem, heap->l2, heap->l2_len * 8);
	heap->arena_base = arena_base[heap->rt->exe->arch];
	heap->malloc_headers = hms_layout_has(layout, HMS_F_MSPAN_LARGETYPE) &&
			       !hms_layout_has(layout, HMS_F_HEAPARENA_BITMAP);
	/* Without the lists an address can still be looked up; only a sweep cannot. */
	heap->arenas_err = read_arena_lists(heap, mheap);
	sort_arenas(heap);
	return NULL;
}

struct hms_error *hms_heap_open(const struct hms_rt *rt, struct hms_heap **ret)
{
	HMS_AUTO(hms_heap) struct hms_heap *heap = hms_xcalloc(1, sizeof(*heap));

	hms_span_cache_init(&heap->cache);
	heap->rt = rt;
	heap->mem = rt->mem;
	HMS_TRY(hms_err_ctx(fill(heap), "heap"));
	*ret = hms_take(heap);
	return NULL;
}

void hms_heap_close(struct hms_heap *heap)
{
	if (!heap)
		return;
	hms_err_free(heap->arenas_err);
	hms_span_cache_deinit(&heap->cache);
	free(heap->arenas);
	free(heap);
}

void hms_heap_forget(struct hms_heap *heap)
{
	hms_span_cache_deinit(&heap->cache);
	hms_span_cache_init(&heap->cache);
}

bool hms_heap_arena_at(const struct hms_heap *heap, uint64_t index, uint64_t *ret)
{
	const uint8_t *p;

	if (heap->l2_view)
		p = heap->l2_view + index * 8;
	else
		p = hms_mem_peek(heap->mem, heap->l2 + index * 8, 8);
	if (!p)
		return false;
	*ret = hms_le64(p);
	return true;
}

bool hms_heap_arena_of(const struct hms_heap *heap, uint64_t addr, uint64_t *ret)
{
	uint64_t index = (addr - heap->arena_base) >> heap->arena_shift;

	if (index >= heap->l2_len) {
		*ret = 0;
		return true;
	}
	return hms_heap_arena_at(heap, index, ret);
}
