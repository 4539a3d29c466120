/*
 * What each column holds, from a map's record and its walk.  A value that the core could not tell
 * is HMS_VALUE_NULL, never a zero: where the header could not be read, that is every field of it;
 * where a walk's counts were not kept, only what follows from the header is given.
 */
#include "report/column-values.h"

#include <inttypes.h>
#include <stdio.h>

/* runtime.makeBucketArray sets overflow buckets aside from this B on. */
#define SPARE_FROM_B 4

/* Defines the function of column @id; its body sets *ret, which is null before. */
#define GET(id)                                                                        \
	static void value_##id(const struct hms_map_row *row, struct hms_value *ret);  \
	void hms_column_get_##id(const struct hms_map_row *row, struct hms_value *ret) \
	{                                                                              \
		ret->kind = HMS_VALUE_NULL;                                            \
		value_##id(row, ret);                                                  \
	}                                                                              \
	static void value_##id(const struct hms_map_row *row, struct hms_value *ret)

static void set_count(struct hms_value *ret, uint64_t n)
{
	ret->kind = HMS_VALUE_COUNT;
	ret->u = n;
}

static void set_bytes(struct hms_value *ret, uint64_t bytes)
{
	ret->kind = HMS_VALUE_BYTES;
	ret->u = bytes;
}

static void set_addr(struct hms_value *ret, uint64_t addr)
{
	ret->kind = HMS_VALUE_ADDR;
	ret->u = addr;
}

static void set_bool(struct hms_value *ret, bool b)
{
	ret->kind = HMS_VALUE_BOOL;
	ret->b = b;
}

static void set_text(struct hms_value *ret, const char *s)
{
	ret->kind = s ? HMS_VALUE_TEXT : HMS_VALUE_NULL;
	ret->s = s;
}

static const struct hms_map_stats *stats_of(const struct hms_map_row *row)
{
	return row->stats;
}

/* The classic header, NULL where it could not be read. */
static const struct hms_classic *classic_of(const struct hms_map_row *row)
{
	return row->map->readable ? &row->map->classic : NULL;
}

static const struct hms_swiss *swiss_of(const struct hms_map_row *row)
{
	return row->map->readable ? &row->map->swiss : NULL;
}

enum hms_map_kind hms_map_row_kind(const struct hms_map_row *row)
{
	return row->map->type ? row->map->type->kind : row->kind;
}

GET(addr)
{
	set_addr(ret, row->map->addr);
}

GET(kind)
{
	set_text(ret, hms_map_row_kind(row) == HMS_MAP_SWISS ? "swiss" : "classic");
}

GET(type)
{
	set_text(ret, row->map->type ? row->map->type->name : NULL);
}

GET(type_path)
{
	set_text(ret, row->map->type ? row->map->type->path : NULL);
}

GET(owner)
{
	set_text(ret, row->owner);
}

GET(owners)
{
	set_count(ret, row->map->owners);
}

GET(found_by)
{
	switch ((enum hms_found_by)row->map->found_by) {
	case HMS_FOUND_GLOBAL: set_text(ret, "global"); break;
	case HMS_FOUND_STACK: set_text(ret, "stack"); break;
	case HMS_FOUND_WORD: set_text(ret, "word"); break;
	case HMS_FOUND_SCAN: set_text(ret, "scan"); break;
	}
}

GET(entries)
{
	if (!row->map->readable)
		return;
	ret->kind = HMS_VALUE_INT;
	ret->i = row->map->count;
}

GET(live)
{
	/* Without its type a map cannot be walked. */
	if (row->map->readable && row->map->type)
		set_count(ret, row->map->live);
}

GET(damaged)
{
	set_bool(ret, row->map->damaged);
}

GET(header_bytes)
{
	if (row->map->bytes_known)
		set_bytes(ret, row->map->bytes.header);
}

GET(bucket_bytes)
{
	if (row->map->readable && row->map->bytes_known)
		set_bytes(ret, row->map->bytes.buckets);
}

GET(old_bytes)
{
	if (row->map->readable && row->map->bytes_known)
		set_bytes(ret, row->map->bytes.old_buckets);
}

GET(overflow_bytes)
{
	if (row->map->readable && row->map->bytes_known)
		set_bytes(ret, row->map->bytes.overflow);
}

GET(bytes)
{
	if (row->map->readable && row->map->bytes_known)
		set_bytes(ret, row->map->bytes.total);
}

/* A bucket count cannot be told where B, from a damaged header, is beyond any number. */
static bool bucket_count(const struct hms_map_row *row, uint64_t *ret)
{
	const struct hms_classic *classic = classic_of(row);

	if (!classic || classic->B >= 64)
		return false;
	*ret = UINT64_C(1) << classic->B;
	return true;
}

/* Slots of a Swiss map; a small one has one group, or none before its first entry. */
static bool swiss_capacity(const struct hms_map_row *row, uint64_t *ret)
{
	const struct hms_map_stats *stats = stats_of(row);
	const struct hms_swiss *swiss = swiss_of(row);

	if (!swiss || (!stats && swiss->dir_len != 0))
		return false;
	*ret = stats ? stats->capacity : swiss->dir ? HMS_SLOTS : 0;
	return true;
}

GET(load)
{
	bool swiss = hms_map_row_kind(row) == HMS_MAP_SWISS;
	uint64_t room;

	if (!(swiss ? swiss_capacity(row, &room) : bucket_count(row, &room)) || row->map->count < 0)
		return;
	if (room == 0 && row->map->count > 0)
		return;
	ret->kind = HMS_VALUE_RATIO;
	ret->d = room ? (double)row->map->count / (double)room : 0;
}

static bool old_bucket_count(const struct hms_map_row *row, uint64_t *ret)
{
	const struct hms_classic *classic = classic_of(row);
	uint64_t n;

	if (!classic || (classic->oldbuckets && !bucket_count(row, &n)))
		return false;
	if (!classic->oldbuckets)
		n = 0;
	else if (!(classic->flags & HMS_CLASSIC_SAME_SIZE_GROW))
		n /= 2;
	*ret = n;
	return true;
}

static bool evacuated_count(const struct hms_map_row *row, uint64_t *ret)
{
	const struct hms_map_stats *stats = stats_of(row);
	const struct hms_classic *classic = classic_of(row);

	if (!classic || (!stats && classic->oldbuckets))
		return false;
	*ret = stats ? stats->evacuated : 0;
	return true;
}

GET(growth)
{
	const struct hms_classic *classic = classic_of(row);
	uint64_t old, moved;

	if (hms_map_row_kind(row) == HMS_MAP_SWISS || !classic || !classic->oldbuckets ||
	    !old_bucket_count(row, &old)) {
		set_text(ret, "");
		return;
	}
	if (!evacuated_count(row, &moved))
		moved = classic->nevacuate;
	snprintf(ret->own_text, sizeof(ret->own_text), "%" PRIu64 "/%" PRIu64 " moved%s", moved,
		 old, classic->flags & HMS_CLASSIC_SAME_SIZE_GROW ? ", same size" : "");
	set_text(ret, ret->own_text);
}

static void classic_flags(uint8_t flags, const char **ret)
{
	static const char *const names[] = {
		"iterator", "oldIterator", "hashWriting", "sameSizeGrow",
		"bit4",     "bit5",        "bit6",        "bit7",
	};

	for (unsigned int bit = 0; bit < HMS_ARRAY_LEN(names); bit++)
		if (flags & (1U << bit))
			*ret++ = names[bit];
	*ret = NULL;
}

static void swiss_flags(const struct hms_swiss *swiss, const char **ret)
{
	if (swiss->writing)
		*ret++ = "writing";
	if (swiss->tombstone_possible)
		*ret++ = "tombstonePossible";
	*ret = NULL;
}

GET(flags)
{
	if (!row->map->readable)
		return;
	ret->kind = HMS_VALUE_FLAGS;
	if (hms_map_row_kind(row) == HMS_MAP_SWISS)
		swiss_flags(&row->map->swiss, ret->flags);
	else
		classic_flags(row->map->classic.flags, ret->flags);
}

GET(hash_seed)
{
	if (!row->map->readable)
		return;
	set_addr(ret, hms_map_row_kind(row) == HMS_MAP_SWISS ? row->map->swiss.seed
							     : row->map->classic.hash0);
}

GET(digest)
{
	if (row->map->digest_known)
		set_addr(ret, row->map->digest);
}

/* ---- classic ---- */

/* Chains longer than one bucket, or a growth, are always worth kept counts: without these, every
 * bucket stands alone. */
static bool chains_are_plain(const struct hms_map_row *row)
{
	const struct hms_classic *classic = classic_of(row);

	return classic && !classic->oldbuckets && row->map->chain_max <= 1;
}

GET(B)
{
	const struct hms_classic *classic = classic_of(row);

	if (classic)
		set_count(ret, classic->B);
}

GET(buckets_addr)
{
	const struct hms_classic *classic = classic_of(row);

	if (classic)
		set_addr(ret, classic->buckets);
}

GET(nbuckets)
{
	uint64_t n;

	if (bucket_count(row, &n))
		set_count(ret, n);
}

GET(spare_buckets)
{
	const struct hms_map_stats *stats = stats_of(row);

	if (stats && row->map->readable)
		set_count(ret, stats->spare);
	else if (chains_are_plain(row) && row->map->classic.B < SPARE_FROM_B)
		set_count(ret, 0);
}

GET(oldbuckets_addr)
{
	const struct hms_classic *classic = classic_of(row);

	if (classic)
		set_addr(ret, classic->oldbuckets);
}

GET(old_nbuckets)
{
	uint64_t n;

	if (old_bucket_count(row, &n))
		set_count(ret, n);
}

GET(nevacuate)
{
	const struct hms_classic *classic = classic_of(row);

	if (classic)
		set_count(ret, classic->nevacuate);
}

GET(evacuated)
{
	uint64_t n;

	if (evacuated_count(row, &n))
		set_count(ret, n);
}

GET(same_size_grow)
{
	const struct hms_classic *classic = classic_of(row);

	if (classic)
		set_bool(ret, classic->flags & HMS_CLASSIC_SAME_SIZE_GROW);
}

GET(noverflow)
{
	const struct hms_classic *classic = classic_of(row);

	if (classic)
		set_count(ret, classic->noverflow);
}

GET(overflow)
{
	const struct hms_map_stats *stats = stats_of(row);

	if (!row->map->readable)
		return;
	if (stats)
		set_count(ret, stats->overflow);
	else if (chains_are_plain(row))
		set_count(ret, 0);
}

GET(chain_max)
{
	if (row->map->readable)
		set_count(ret, row->map->chain_max);
}

static size_t used_bins(const struct hms_map_stats *stats)
{
	size_t n = HMS_CHAIN_BINS;

	while (n > 0 && stats->chains[n - 1] == 0)
		n--;
	return n;
}

GET(chain_histogram)
{
	const struct hms_map_stats *stats = stats_of(row);

	if (stats && row->map->readable) {
		ret->kind = HMS_VALUE_COUNTS;
		ret->counts.p = stats->chains;
		ret->counts.n = used_bins(stats);
	} else if (chains_are_plain(row) && bucket_count(row, &ret->own_count)) {
		ret->kind = HMS_VALUE_COUNTS;
		ret->counts.p = &ret->own_count;
		ret->counts.n = row->map->chain_max; /* 0: no bucket array yet */
	}
}

/* ---- Swiss ---- */

GET(dir_addr)
{
	const struct hms_swiss *swiss = swiss_of(row);

	if (swiss)
		set_addr(ret, swiss->dir);
}

GET(dir_len)
{
	const struct hms_swiss *swiss = swiss_of(row);

	if (swiss)
		set_count(ret, swiss->dir_len);
}

GET(global_depth)
{
	const struct hms_swiss *swiss = swiss_of(row);

	if (swiss)
		set_count(ret, swiss->global_depth);
}

GET(global_shift)
{
	const struct hms_swiss *swiss = swiss_of(row);

	if (swiss)
		set_count(ret, swiss->global_shift);
}

/* A walk's count, or what is plain of a small map: it has no tables and deletes without
 * tombstones. */
static void set_walked(const struct hms_map_row *row, struct hms_value *ret,
		       uint64_t (*pick)(const struct hms_map_stats *stats), uint64_t small)
{
	const struct hms_map_stats *stats = stats_of(row);
	const struct hms_swiss *swiss = swiss_of(row);

	if (!swiss)
		return;
	if (stats)
		set_count(ret, pick(stats));
	else if (swiss->dir_len == 0)
		set_count(ret, small);
}

static uint64_t pick_tables(const struct hms_map_stats *stats)
{
	return stats->tables;
}

static uint64_t pick_groups(const struct hms_map_stats *stats)
{
	return stats->groups;
}

static uint64_t pick_tombstones(const struct hms_map_stats *stats)
{
	return stats->tombstones;
}

static uint64_t pick_growth_left(const struct hms_map_stats *stats)
{
	return stats->growth_left;
}

GET(tables)
{
	set_walked(row, ret, pick_tables, 0);
}

GET(groups)
{
	set_walked(row, ret, pick_groups, row->map->swiss.dir ? 1 : 0);
}

GET(capacity)
{
	uint64_t n;

	if (swiss_capacity(row, &n))
		set_count(ret, n);
}

GET(tombstones)
{
	set_walked(row, ret, pick_tombstones, 0);
}

GET(growth_left)
{
	const struct hms_map *map = row->map;

	if (stats_of(row) || (map->count >= 0 && map->count <= HMS_SLOTS))
		set_walked(row, ret, pick_growth_left, HMS_SLOTS - (uint64_t)map->count);
}

GET(writing)
{
	const struct hms_swiss *swiss = swiss_of(row);

	if (swiss)
		set_bool(ret, swiss->writing != 0);
}

GET(small)
{
	const struct hms_swiss *swiss = swiss_of(row);

	if (swiss)
		set_bool(ret, swiss->dir_len == 0);
}
