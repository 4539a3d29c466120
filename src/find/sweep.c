/*
 * The sweep: maps that no typed path led to.  Every allocated heap object of the size of a map
 * header is a candidate; what is taken for a map must have buckets and keys that agree with it
 * (fit.h).  Garbage that was not yet swept is found so, and maps held in ways that types do not
 * show.
 */
#include "find/private.h"
#include "util/sorted.h"

void hms_find_accept(struct hms_finder *f, const struct hms_map *map, enum hms_found_by found_by,
		     const struct hms_path *owner)
{
	struct hms_map *added;
	bool is_new;

	hms_set_put(&f->by_addr, map->addr, 0, f->nmaps, &is_new);
	if (!is_new)
		return;
	HMS_GROW(f->maps, f->nmaps, f->cap_maps);
	added = &f->maps[f->nmaps++];
	*added = *map;
	added->found_by = (uint8_t)found_by;
	added->owner = owner;
	added->owners = owner != NULL;
}

struct sweep {
	struct hms_finder *finder;
	uint64_t *known; /* addresses of maps that are found already, sorted */
	size_t n;
};

static void try_object(struct hms_finder *f, uint64_t addr)
{
	struct hms_map map = {.addr = addr};
	struct hms_object object;

	/* The header first: it dismisses most objects without asking the heap. */
	if (hms_fit_map(f->fitter, &map) == HMS_FIT_NONE) {
		f->dismissed++;
		return;
	}
	hms_heap_find(f->heap, addr, &object);
	if (object.state == HMS_HEAP_ALLOCATED)
		hms_find_accept(f, &map, HMS_FOUND_SCAN, NULL);
}

/* Known maps are passed by in step with the slots: to ask for each of ten million objects whether
 * it is one would be a cache miss each. */
static struct hms_error *visit_span(void *arg, const struct hms_span *span)
{
	struct sweep *s = arg;
	size_t next = hms_lower_bound_u64(s->known, s->n, span->start);

	if (span->noscan)
		return NULL;
	for (uint32_t i = 0; i < span->nslots; i++) {
		uint64_t addr = span->start + i * span->slot_size;

		while (next < s->n && s->known[next] < addr)
			next++;
		if (next == s->n || s->known[next] != addr)
			try_object(s->finder, addr);
	}
	return NULL;
}

uint64_t hms_find_header_slot(const struct hms_finder *f)
{
	bool classic = f->rt->map_kind == HMS_MAP_CLASSIC;
	uint32_t size = f->rt->layout.facts[classic ? HMS_F_HMAP : HMS_F_SMAP].size;

	/* The size classes of 48 and 56 bytes are 48 and 64. */
	return (size + UINT64_C(15)) & ~UINT64_C(15);
}

void hms_find_sweep(struct hms_finder *f)
{
	struct sweep s = {.finder = f, .n = f->nmaps};

	s.known = hms_xcalloc(s.n + 1, sizeof(*s.known));
	for (size_t i = 0; i < s.n; i++)
		s.known[i] = f->maps[i].addr;
	hms_sort_u64(s.known, s.n);
	hms_err_free(hms_heap_each_span(f->heap, hms_find_header_slot(f), visit_span, &s));
	free(s.known);
}
