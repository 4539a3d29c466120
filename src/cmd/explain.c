/*
 * What the words of a classic map's header mean (src/runtime/map.go, struct hmap).  "normal" says
 * what a healthy map at rest holds there; a field that differs is marked as odd.
 */
#include "cmd/explain.h"

#include <inttypes.h>
#include <stdio.h>

void hms_words_deinit(struct hms_words *w)
{
	hms_str_deinit(&w->value);
	hms_str_deinit(&w->meaning);
	hms_str_deinit(&w->normal);
}

void hms_words_emit(struct hms_view *view, struct hms_words *w, const char *name, bool odd)
{
	struct hms_field field = {
		.name = name,
		.value = hms_str_text(&w->value),
		.meaning = hms_str_text(&w->meaning),
		.normal = w->normal.len ? hms_str_text(&w->normal) : NULL,
		.odd = odd,
	};

	view->renderer->ops->field(view->renderer, &field);
	hms_str_clear(&w->value);
	hms_str_clear(&w->meaning);
	hms_str_clear(&w->normal);
}

static void explain_count(struct hms_view *view, const struct hms_map *map, struct hms_words *w)
{
	bool whole = !view->stats.ntroubles;
	bool odd = whole && (uint64_t)map->count != map->live;

	hms_str_addf(&w->value, "%" PRId64, map->count);
	hms_str_add(&w->meaning, "entries, as len() gives them");
	if (odd)
		hms_str_addf(&w->normal, "the number of live slots, which is %" PRIu64, map->live);
	else if (whole)
		hms_str_addf(&w->meaning, "; as many slots are live");
	hms_words_emit(view, w, "count", odd);
}

static void explain_flags(struct hms_view *view, const struct hms_classic *h, struct hms_words *w)
{
	static const struct {
		uint8_t bit;
		const char *name;
		const char *meaning;
	} bits[] = {
		{HMS_CLASSIC_ITERATOR, "iterator", "some iteration over buckets has begun"},
		{HMS_CLASSIC_OLD_ITERATOR, "oldIterator", "one over oldbuckets has begun"},
		{HMS_CLASSIC_HASH_WRITING, "hashWriting", "a write is in progress"},
		{HMS_CLASSIC_SAME_SIZE_GROW, "sameSizeGrow", "the growth keeps the size"},
	};
	uint8_t rest = h->flags;

	hms_str_addf(&w->value, "0x%x", h->flags);
	for (size_t i = 0; i < HMS_ARRAY_LEN(bits); i++) {
		if (!(h->flags & bits[i].bit))
			continue;
		hms_str_addf(&w->value, " %s", bits[i].name);
		hms_str_addf(&w->meaning, "%s%s", w->meaning.len ? "; " : "", bits[i].meaning);
		rest &= (uint8_t)~bits[i].bit;
	}
	if (!h->flags)
		hms_str_add(&w->meaning, "no iteration has begun, not marked as being written");
	if (h->flags & HMS_CLASSIC_HASH_WRITING)
		hms_str_add(&w->normal, "hashWriting clear, unless a goroutine is inside a write");
	if (rest)
		hms_str_addf(&w->normal, "%sbits 0x%x clear: the runtime never sets them",
			     w->normal.len ? "; " : "", rest);
	hms_words_emit(view, w, "flags", rest || (h->flags & HMS_CLASSIC_HASH_WRITING));
}

static void explain_B(struct hms_view *view, const struct hms_map *map, struct hms_words *w)
{
	uint64_t n = hms_classic_nbuckets(&map->classic);

	hms_str_addf(&w->value, "%u", map->classic.B);
	if (n)
		hms_str_addf(&w->meaning,
			     "2^%u = %" PRIu64 " buckets, %.2g entries in each on average",
			     map->classic.B, n, (double)map->count / (double)n);
	else
		hms_str_add(&w->meaning, "log2 of the number of buckets; none are allocated yet");
	hms_words_emit(view, w, "B", map->classic.buckets && !n);
}

/* noverflow is exact below B = 16, an estimate above (incrnoverflow). */
static void explain_noverflow(struct hms_view *view, const struct hms_map *map, struct hms_words *w)
{
	const struct hms_classic *h = &map->classic;
	bool exact = h->B < 16, whole = !view->stats.ntroubles;
	bool odd = exact && whole && h->noverflow != view->stats.overflow;

	hms_str_addf(&w->value, "%u", h->noverflow);
	if (exact)
		hms_str_add(&w->meaning, "overflow buckets in use");
	else
		hms_str_addf(&w->meaning, "an estimate: about %" PRIu64 " overflow buckets in use",
			     (uint64_t)h->noverflow << (h->B - 15));
	if (whole)
		hms_str_addf(&w->meaning, "; %" PRIu64 " are linked", view->stats.overflow);
	if (odd)
		hms_str_add(&w->normal, "as many as are linked");
	hms_words_emit(view, w, "noverflow", odd);
}

static void explain_arrays(struct hms_view *view, const struct hms_map *map, struct hms_words *w)
{
	const struct hms_classic *h = &map->classic;

	hms_str_addf(&w->value, "0x%x", h->hash0);
	hms_str_add(&w->meaning, "seed of the hashes; new when the map is emptied");
	hms_words_emit(view, w, "hash0", false);

	hms_str_addf(&w->value, h->buckets ? "0x%" PRIx64 : "nil", h->buckets);
	if (h->buckets)
		hms_str_addf(&w->meaning,
			     "array of buckets, %" PRIu64 " spare overflow buckets behind it",
			     view->stats.spare);
	else
		hms_str_add(&w->meaning, "no buckets yet: they come with the first entry");
	hms_words_emit(view, w, "buckets", !h->buckets && map->count);

	hms_str_addf(&w->value, h->oldbuckets ? "0x%" PRIx64 : "nil", h->oldbuckets);
	if (h->oldbuckets)
		hms_str_addf(&w->meaning,
			     "the map is growing: array of %" PRIu64 " old buckets, %" PRIu64
			     " of them moved",
			     hms_classic_old_nbuckets(h), view->stats.evacuated);
	else
		hms_str_add(&w->meaning, "the map is not growing");
	hms_words_emit(view, w, "oldbuckets", false);
}

/* At rest nevacuate keeps the number of old buckets of the last growth. */
static void explain_nevacuate(struct hms_view *view, const struct hms_map *map, struct hms_words *w)
{
	const struct hms_classic *h = &map->classic;
	uint64_t n = hms_classic_nbuckets(h), old = hms_classic_old_nbuckets(h);
	bool odd = false;

	hms_str_addf(&w->value, "%" PRIu64, h->nevacuate);
	if (h->oldbuckets) {
		odd = h->nevacuate >= old;
		hms_str_add(&w->meaning, "all old buckets below this one have moved");
		if (odd)
			hms_str_addf(&w->normal, "less than the %" PRIu64 " old buckets", old);
	} else if (!h->nevacuate) {
		hms_str_add(&w->meaning, "no growth since the map was made or emptied");
	} else {
		odd = h->nevacuate != n && h->nevacuate != n / 2;
		hms_str_add(&w->meaning, "old buckets of the last growth, which is finished");
		if (odd)
			hms_str_addf(&w->normal, "0, %" PRIu64 " or %" PRIu64, n / 2, n);
	}
	hms_words_emit(view, w, "nevacuate", odd);
}

static void explain_extra(struct hms_view *view, const struct hms_map *map, struct hms_words *w)
{
	hms_str_addf(&w->value, map->classic.extra ? "0x%" PRIx64 : "nil", map->classic.extra);
	hms_str_add(&w->meaning, map->classic.extra
					 ? "bookkeeping of overflow buckets (mapextra)"
					 : "no overflow buckets were preallocated or listed");
	hms_words_emit(view, w, "extra", false);
}

void hms_explain_header(struct hms_view *view, const struct hms_map *map)
{
	struct hms_words w = HMS_WORDS_INIT;

	if (view->session->rt->map_kind != HMS_MAP_CLASSIC) {
		hms_explain_swiss(view, map);
		return;
	}
	explain_count(view, map, &w);
	explain_flags(view, &map->classic, &w);
	explain_B(view, map, &w);
	explain_noverflow(view, map, &w);
	explain_arrays(view, map, &w);
	explain_nevacuate(view, map, &w);
	explain_extra(view, map, &w);
	hms_words_deinit(&w);
}
