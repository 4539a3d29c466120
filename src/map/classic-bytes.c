/* What the heap set aside for a classic map, part by part. */
#include "map/private.h"
#include "map/units.h"

/* The list of overflow buckets that mapextra keeps for maps without pointers: *[]*bmap, that is a
 * pointer to a slice header, which points to the array. */
static uint64_t list_bytes(const struct hms_map_model *model, uint64_t list)
{
	uint64_t bytes = 0;
	const uint8_t *slice;

	if (!list)
		return 0;
	bytes += hms_object_bytes(model, list);
	slice = hms_mem_peek(model->rt->mem, list, 8);
	if (slice && hms_le64(slice))
		bytes += hms_object_bytes(model, hms_le64(slice));
	return bytes;
}

static uint64_t extra_bytes(const struct hms_map_model *model, uint64_t extra)
{
	const struct hms_layout *layout = &model->rt->layout;
	uint64_t bytes;
	const uint8_t *p;

	if (!extra)
		return 0;
	bytes = hms_object_bytes(model, extra);
	p = hms_mem_peek(model->rt->mem, extra, layout->facts[HMS_F_MAPEXTRA].size);
	if (!p)
		return bytes;
	return bytes + list_bytes(model, hms_layout_get(layout, HMS_F_MAPEXTRA_OVERFLOW, p)) +
	       list_bytes(model, hms_layout_get(layout, HMS_F_MAPEXTRA_OLDOVERFLOW, p));
}

/* Buckets behind the main ones: makeBucketArray() gives arrays of 16 and more what their size
 * class has room for. */
static uint64_t spare_buckets(const struct hms_map *map, const struct hms_object *object)
{
	uint64_t n = hms_classic_nbuckets(&map->classic), room;

	if (object->state != HMS_HEAP_ALLOCATED || map->classic.B < 4)
		return 0;
	room = object->size / map->type->unit_size;
	return room > n ? room - n : 0;
}

void hms_classic_bytes(const struct hms_map_model *model, struct hms_map *map,
		       struct hms_map_stats *stats)
{
	const struct hms_classic *h = &map->classic;
	struct hms_object object;

	map->bytes = (struct hms_map_bytes){0};
	map->bytes.header = hms_object_bytes(model, map->addr);
	if (!map->readable)
		return;
	if (h->buckets) {
		hms_heap_find(model->heap, h->buckets, &object);
		map->bytes.buckets = object.state == HMS_HEAP_ALLOCATED ? object.slot_size : 0;
		stats->spare = map->type ? spare_buckets(map, &object) : 0;
	}
	if (h->oldbuckets)
		map->bytes.old_buckets = hms_object_bytes(model, h->oldbuckets);
	map->bytes.overflow = extra_bytes(model, h->extra);
}
