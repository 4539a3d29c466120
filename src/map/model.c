/* The map model: layouts of map types, headers. */
#include <string.h>

#include "map/private.h"

struct hms_error *hms_map_model_open(const struct hms_rt *rt, const struct hms_heap *heap,
				     struct hms_map_model **ret)
{
	HMS_AUTO(hms_map_model) struct hms_map_model *model = hms_xcalloc(1, sizeof(*model));

	model->rt = rt;
	model->heap = heap;
	model->arena = hms_arena_create();
	model->ntypes = hms_graph_ntypes(rt->graph);
	model->types = hms_xcalloc(model->ntypes, sizeof(*model->types));
	model->asked = hms_xcalloc(model->ntypes, sizeof(*model->asked));
	HMS_TRY(hms_layout_require(&rt->layout, rt->map_kind == HMS_MAP_CLASSIC ? HMS_NEED_CLASSIC
										: HMS_NEED_SWISS));
	*ret = hms_take(model);
	return NULL;
}

void hms_map_model_close(struct hms_map_model *model)
{
	if (!model)
		return;
	hms_arena_destroy(model->arena);
	for (unsigned int i = 0; i < model->narenas; i++)
		hms_arena_destroy(model->arenas[i]);
	free(model->arenas);
	free(model->types);
	free(model->asked);
	free(model);
}

struct hms_arena **hms_map_model_arenas(struct hms_map_model *model, unsigned int n)
{
	if (model->narenas < n) {
		model->arenas = hms_xrealloc(model->arenas, n, sizeof(*model->arenas));
		while (model->narenas < n)
			model->arenas[model->narenas++] = hms_arena_create();
	}
	return model->arenas;
}

const struct hms_rt *hms_map_model_rt(const struct hms_map_model *model)
{
	return model->rt;
}

const struct hms_heap *hms_map_model_heap(const struct hms_map_model *model)
{
	return model->heap;
}

static const char *runtime_name(struct hms_map_model *model, const struct hms_type *type)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;

	hms_rt_type_name(model->rt, type, &name);
	return hms_arena_strndup(model->arena, hms_str_text(&name), name.len);
}

static const char *runtime_path(struct hms_map_model *model, const struct hms_type *type)
{
	HMS_AUTO_STR struct hms_str path = HMS_STR_INIT;

	hms_rt_type_path(model->rt, type, &path);
	return hms_arena_strndup(model->arena, hms_str_text(&path), path.len);
}

void hms_map_model_want_digests(struct hms_map_model *model)
{
	model->digests = true;
}

static struct hms_map_type *make_type(struct hms_map_model *model, const struct hms_type *type)
{
	struct hms_map_type made = {.type = type, .kind = model->rt->map_kind};

	if (type->kind != HMS_KIND_MAP || !type->key || !type->elem)
		return NULL;
	made.key = type->key;
	made.elem = type->elem;
	if (!(made.kind == HMS_MAP_CLASSIC ? hms_classic_layout : hms_swiss_layout)(type, &made))
		return NULL;
	made.name = runtime_name(model, type);
	made.path = runtime_path(model, type);
	return hms_arena_memdup(model->arena, &made, sizeof(made));
}

/* Types that debug information lacks come to light during the search; their ids follow the graph's
 * (hms_rt_type_at). */
static void make_room(struct hms_map_model *model, uint32_t id)
{
	size_t n = HMS_MAX((size_t)id + 1, 2 * model->ntypes);

	model->types = hms_xrealloc(model->types, n, sizeof(*model->types));
	model->asked = hms_xrealloc(model->asked, n, sizeof(*model->asked));
	memset(model->types + model->ntypes, 0, (n - model->ntypes) * sizeof(*model->types));
	memset(model->asked + model->ntypes, 0, (n - model->ntypes) * sizeof(*model->asked));
	model->ntypes = n;
}

const struct hms_map_type *hms_map_type_of(struct hms_map_model *model, const struct hms_type *type)
{
	if (type->kind != HMS_KIND_MAP)
		return NULL;
	if (type->id >= model->ntypes)
		make_room(model, type->id);
	if (!model->asked[type->id]) {
		model->asked[type->id] = true;
		model->types[type->id] = make_type(model, type);
	}
	return model->types[type->id];
}

static void decode_classic(const struct hms_layout *layout, const uint8_t *bytes,
			   struct hms_map *map)
{
	map->count = (int64_t)hms_layout_get(layout, HMS_F_HMAP_COUNT, bytes);
	map->classic = (struct hms_classic){
		.flags = (uint8_t)hms_layout_get(layout, HMS_F_HMAP_FLAGS, bytes),
		.B = (uint8_t)hms_layout_get(layout, HMS_F_HMAP_B, bytes),
		.noverflow = (uint16_t)hms_layout_get(layout, HMS_F_HMAP_NOVERFLOW, bytes),
		.hash0 = (uint32_t)hms_layout_get(layout, HMS_F_HMAP_HASH0, bytes),
		.buckets = hms_layout_get(layout, HMS_F_HMAP_BUCKETS, bytes),
		.oldbuckets = hms_layout_get(layout, HMS_F_HMAP_OLDBUCKETS, bytes),
		.nevacuate = hms_layout_get(layout, HMS_F_HMAP_NEVACUATE, bytes),
		.extra = hms_layout_get(layout, HMS_F_HMAP_EXTRA, bytes),
	};
}

static void decode_swiss(const struct hms_layout *layout, const uint8_t *bytes, struct hms_map *map)
{
	map->count = (int64_t)hms_layout_get(layout, HMS_F_SMAP_USED, bytes);
	map->swiss = (struct hms_swiss){
		.seed = hms_layout_get(layout, HMS_F_SMAP_SEED, bytes),
		.dir = hms_layout_get(layout, HMS_F_SMAP_DIRPTR, bytes),
		.dir_len = hms_layout_get(layout, HMS_F_SMAP_DIRLEN, bytes),
		.global_depth = (uint8_t)hms_layout_get(layout, HMS_F_SMAP_GLOBALDEPTH, bytes),
		.global_shift = (uint8_t)hms_layout_get(layout, HMS_F_SMAP_GLOBALSHIFT, bytes),
		.writing = (uint8_t)hms_layout_get(layout, HMS_F_SMAP_WRITING, bytes),
		.tombstone_possible =
			(uint8_t)hms_layout_get(layout, HMS_F_SMAP_TOMBSTONEPOSSIBLE, bytes),
		.clear_seq = hms_layout_get(layout, HMS_F_SMAP_CLEARSEQ, bytes),
	};
}

/* The state of the first byte of [addr, addr + len) that cannot be read. */
static enum hms_mem_state worst_state(const struct hms_mem *mem, uint64_t addr, uint64_t len)
{
	uint64_t at = addr, end;

	while (at - addr < len) {
		enum hms_mem_state state = hms_mem_state_at(mem, at, &end);

		if (state == HMS_MEM_NOT_SAVED || state == HMS_MEM_UNMAPPED)
			return state;
		if (end <= at)
			break;
		at = end;
	}
	return HMS_MEM_PRESENT;
}

enum hms_mem_state hms_map_read_header(const struct hms_map_model *model, struct hms_map *map)
{
	const struct hms_layout *layout = &model->rt->layout;
	bool classic = model->rt->map_kind == HMS_MAP_CLASSIC;
	uint32_t size = layout->facts[classic ? HMS_F_HMAP : HMS_F_SMAP].size;
	uint8_t copy[256];
	const uint8_t *bytes = hms_mem_peek(model->rt->mem, map->addr, size);

	map->readable = false;
	if (!bytes && size <= sizeof(copy)) {
		struct hms_error *err = hms_mem_read(model->rt->mem, map->addr, copy, size);

		bytes = err ? NULL : copy;
		hms_err_free(err);
	}
	if (!bytes)
		return worst_state(model->rt->mem, map->addr, size);
	map->readable = true;
	(classic ? decode_classic : decode_swiss)(layout, bytes, map);
	return HMS_MEM_PRESENT;
}
