/* rt/rtype: types made from descriptors that are laid out by hand. */
#include "unit/unit.h"

#include <stdlib.h>

#include "lib/mkgo.h"
#include "rt/rt.h"
#include "util/threads.h"

/* Offsets in the type section: descriptors are 0x100 apart, names and lists come behind. */
#define AT(n)   ((uint64_t)(n)*0x100)
#define NAME(n) (0x8000 + (uint64_t)(n)*0x80)
#define LIST(n) (MKGO_TYPES + 0xc000 + (uint64_t)(n)*0x100)
#define ADDR(n) (MKGO_TYPES + AT(n))

static int setup_release(void **state, enum mkgo_release release)
{
	struct mkgo *go = mkgo_create(release);

	mkgraph_type(go->graph, "int", HMS_KIND_INT, 8)->rt_off = AT(1);
	mkgraph_type(go->graph, "example.com/a%2eb/c.Known", HMS_KIND_STRUCT, 200)->rt_off = AT(2);
	*state = go;
	return 0;
}

static int setup_1_15(void **state)
{
	return setup_release(state, MKGO_1_15);
}

static int setup_1_21(void **state)
{
	return setup_release(state, MKGO_1_21);
}

static int setup_1_23(void **state)
{
	return setup_release(state, MKGO_1_23);
}

static int setup_1_27(void **state)
{
	return setup_release(state, MKGO_1_27);
}

static int teardown(void **state)
{
	mkgo_destroy(*state);
	return 0;
}

/* ---- writing descriptors --------------------------------------------------------------------- */

/* An abi.Name of a field at @addr: flags, length, bytes, perhaps a tag. */
static void put_name(struct mkgo *go, uint64_t addr, uint8_t flags, const char *name,
		     const char *tag)
{
	const char *parts[] = {name, tag};

	mkcore_put8(go->core, addr++, flags);
	for (size_t i = 0; i < 2 && parts[i]; i++) {
		if (go->release == MKGO_1_15)
			mkcore_put8(go->core, addr++, 0);
		mkcore_put8(go->core, addr++, (uint8_t)strlen(parts[i]));
		mkcore_put(go->core, addr, parts[i], strlen(parts[i]));
		addr += strlen(parts[i]);
	}
}

/* The common part at @addr; with a name's offset, or a number of reflect's (negative). */
static void put_common(struct mkgo *go, uint64_t addr, int32_t str, uint8_t tflag, uint8_t kind,
		       uint64_t size)
{
	mkcore_put64(go->core, addr, size);
	mkcore_put8(go->core, addr + 20, tflag);
	mkcore_put8(go->core, addr + 23, kind);
	mkcore_put32(go->core, addr + 40, (uint32_t)str);
}

/* Number @n in the type section. */
static void describe(struct mkgo *go, unsigned int n, const char *name, uint8_t tflag, uint8_t kind,
		     uint64_t size)
{
	put_common(go, ADDR(n), (int32_t)NAME(n), tflag, kind, size);
	put_name(go, MKGO_TYPES + NAME(n), 0, name, NULL);
}

static void put_uncommon(struct mkgo *go, unsigned int n, uint64_t off, unsigned int name,
			 const char *path)
{
	mkcore_put32(go->core, ADDR(n) + off, (uint32_t)NAME(name));
	put_name(go, MKGO_TYPES + NAME(name), 0, path, NULL);
}

/* A struct's list of fields at LIST(@n): name at NAME(@name), type, offset. */
static void put_field(struct mkgo *go, unsigned int n, unsigned int i, unsigned int name,
		      uint64_t type, uint64_t off, bool embedded)
{
	uint64_t field = LIST(n) + i * 24;

	mkcore_put64(go->core, field, MKGO_TYPES + NAME(name));
	mkcore_put64(go->core, field + 8, type);
	mkcore_put64(go->core, field + 16, go->release == MKGO_1_15 ? off << 1 | embedded : off);
}

static void put_list(struct mkgo *go, uint64_t slice, uint64_t list, uint64_t len)
{
	mkcore_put64(go->core, slice, list);
	mkcore_put64(go->core, slice + 8, len);
	mkcore_put64(go->core, slice + 16, len);
}

static void assert_names(const struct mkgo *go, const struct hms_type *type, const char *string,
			 const char *path)
{
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	hms_rt_type_name(go->rt, type, &s);
	assert_string_equal(hms_str_text(&s), string);
	hms_str_clear(&s);
	hms_rt_type_path(go->rt, type, &s);
	assert_string_equal(hms_str_text(&s), path);
}

/* ---- kinds --------------------------------------------------------------------------------------
 */

static void a_named_number(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *type;

	describe(go, 3, "*yaml.Count", 1 | 2 | 4 | 8, HMS_KIND_INT, 8);
	put_uncommon(go, 3, 48, 10, "gopkg.in/yaml.v2");
	mkgo_open(go);
	type = hms_rt_type_at(go->rt, ADDR(3));
	assert_non_null(type);
	assert_int_equal(type->kind, HMS_KIND_INT);
	assert_int_equal(type->size, 8);
	assert_int_equal(type->rt_off, AT(3));
	assert_true(type->id >= hms_graph_ntypes(go->graph));
	assert_false(hms_type_reaches_map(go->graph, type));
	assert_names(go, type, "yaml.Count", "gopkg.in/yaml.v2.Count");
	assert_ptr_equal(hms_rt_type_at(go->rt, ADDR(3)), type);
}

static void what_the_graph_has_is_the_graphs(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *type;

	describe(go, 3, "*c.Known", 0, HMS_KIND_POINTER | 32, 8);
	mkcore_put64(go->core, ADDR(3) + 48, ADDR(2));
	describe(go, 2, "c.Known", 4, HMS_KIND_STRUCT, 200);
	mkgo_open(go);
	assert_string_equal(hms_rt_type_at(go->rt, ADDR(2))->name, "example.com/a%2eb/c.Known");
	type = hms_rt_type_at(go->rt, ADDR(3));
	assert_int_equal(type->kind, HMS_KIND_POINTER);
	assert_ptr_equal(type->elem, hms_rt_type_at(go->rt, ADDR(2)));
	assert_names(go, type, "*c.Known", "*example.com/a.b/c.Known");
}

/* struct { K; B []int "json:\"b\\"\""; _ [3]int } */
static void add_struct(struct mkgo *go)
{
	describe(go, 3, "struct { K; B []int; _ [3]int }", 0, HMS_KIND_STRUCT, 56);
	put_list(go, ADDR(3) + 56, LIST(0), 3);
	put_field(go, 0, 0, 20, ADDR(4), 0, true);
	put_field(go, 0, 1, 21, ADDR(5), 8, false);
	put_field(go, 0, 2, 22, ADDR(6), 32, false);
	put_name(go, MKGO_TYPES + NAME(20), 1 | 8, "K", NULL);
	put_name(go, MKGO_TYPES + NAME(21), 1 | 2, "B", "json:\"b\\\"");
	put_name(go, MKGO_TYPES + NAME(22), 0, "_", NULL);
	describe(go, 4, "main.K", 4, HMS_KIND_INT, 8);
	describe(go, 5, "[]int", 0, HMS_KIND_SLICE, 24);
	mkcore_put64(go->core, ADDR(5) + 48, ADDR(1));
	describe(go, 6, "[3]int", 0, HMS_KIND_ARRAY, 24);
	mkcore_put64(go->core, ADDR(6) + 48, ADDR(1));
	mkcore_put64(go->core, ADDR(6) + 64, 3);
	describe(go, 1, "int", 4, HMS_KIND_INT, 8);
}

static void a_struct(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *type;

	add_struct(go);
	mkgo_open(go);
	type = hms_rt_type_at(go->rt, ADDR(3));
	assert_int_equal(type->nmembers, 3);
	assert_string_equal(type->members[0].name, "K");
	assert_true(type->members[0].embedded);
	assert_int_equal(type->members[1].off, 8);
	assert_false(type->members[1].embedded);
	assert_int_equal(type->members[1].type->kind, HMS_KIND_SLICE);
	assert_string_equal(type->members[1].type->elem->name, "int");
	assert_int_equal(type->members[2].off, 32);
	assert_int_equal(type->members[2].type->count, 3);
	assert_false(hms_type_reaches_map(go->graph, type));
	assert_names(go, type, "struct { K; B []int; _ [3]int }",
		     "struct { main.K; B []int \"json:\\\"b\\\\\\\"\"; _ [3]int }");
	/* its parts are there too, once */
	assert_ptr_equal(hms_rt_type_at(go->rt, ADDR(6)), type->members[2].type);
}

static void functions_and_channels(void **state)
{
	struct mkgo *go = *state;

	/* func(int, ...int) (error, <-chan int), behind an uncommon type */
	describe(go, 3, "main.F", 1 | 4, HMS_KIND_FUNC | 32, 8);
	mkcore_put16(go->core, ADDR(3) + 48, 2);
	mkcore_put16(go->core, ADDR(3) + 50, 2 | 0x8000);
	put_uncommon(go, 3, 56, 10, "x.com/main");
	mkcore_put64(go->core, ADDR(3) + 72, ADDR(1));
	mkcore_put64(go->core, ADDR(3) + 80, ADDR(5));
	mkcore_put64(go->core, ADDR(3) + 88, ADDR(6));
	mkcore_put64(go->core, ADDR(3) + 96, ADDR(7));
	describe(go, 4, "main.C", 0, HMS_KIND_CHAN | 32, 8); /* chan (<-chan int) */
	mkcore_put64(go->core, ADDR(4) + 48, ADDR(7));
	mkcore_put64(go->core, ADDR(4) + 56, 3);
	describe(go, 5, "[]int", 0, HMS_KIND_SLICE, 24);
	mkcore_put64(go->core, ADDR(5) + 48, ADDR(1));
	describe(go, 6, "error", 4, HMS_KIND_INTERFACE, 16);
	put_list(go, ADDR(6) + 56, LIST(1), 1);
	describe(go, 7, "<-chan int", 0, HMS_KIND_CHAN | 32, 8);
	mkcore_put64(go->core, ADDR(7) + 48, ADDR(1));
	mkcore_put64(go->core, ADDR(7) + 56, 1);
	describe(go, 1, "int", 4, HMS_KIND_INT, 8);
	describe(go, 8, "func(int, ...int) (error, <-chan int)", 0, HMS_KIND_FUNC | 32, 8);
	mkcore_put16(go->core, ADDR(8) + 48, 2);
	mkcore_put16(go->core, ADDR(8) + 50, 2 | 0x8000);
	for (uint64_t i = 0; i < 32; i += 8)
		mkcore_put64(go->core, ADDR(8) + 56 + i, mkcore_get64(go->core, ADDR(3) + 72 + i));
	/* the first again, without a name of its own */
	for (uint64_t i = 0; i < 0x80; i += 8)
		mkcore_put64(go->core, ADDR(9) + i, mkcore_get64(go->core, ADDR(3) + i));
	mkcore_put8(go->core, ADDR(9) + 20, 1);
	mkgo_open(go);
	assert_names(go, hms_rt_type_at(go->rt, ADDR(3)), "main.F", "x.com/main.F");
	assert_names(go, hms_rt_type_at(go->rt, ADDR(9)), "main.F",
		     "func(int, ...int) (error, <-chan int)");
	assert_names(go, hms_rt_type_at(go->rt, ADDR(4)), "main.C", "chan (<-chan int)");
	assert_names(go, hms_rt_type_at(go->rt, ADDR(8)), "func(int, ...int) (error, <-chan int)",
		     "func(int, ...int) (error, <-chan int)");
	assert_true(hms_rt_type_at(go->rt, ADDR(6))->iface);
	assert_true(hms_type_reaches_map(go->graph, hms_rt_type_at(go->rt, ADDR(3))));
	assert_false(hms_type_reaches_map(go->graph, hms_rt_type_at(go->rt, ADDR(4))));
}

/* type T struct { next *T; m interface{} }: not in the graph, and it leads to maps. */
static void a_type_that_holds_itself(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *type, *pointer;

	describe(go, 3, "*main.T", 2 | 4, HMS_KIND_STRUCT, 24);
	put_list(go, ADDR(3) + 56, LIST(0), 2);
	put_field(go, 0, 0, 20, ADDR(4), 0, false);
	put_field(go, 0, 1, 21, ADDR(5), 8, false);
	put_name(go, MKGO_TYPES + NAME(20), 0, "next", NULL);
	put_name(go, MKGO_TYPES + NAME(21), 0, "m", NULL);
	describe(go, 4, "*main.T", 0, HMS_KIND_POINTER | 32, 8);
	mkcore_put64(go->core, ADDR(4) + 48, ADDR(3));
	describe(go, 5, "interface {}", 0, HMS_KIND_INTERFACE, 16);
	mkgo_open(go);
	pointer = hms_rt_type_at(go->rt, ADDR(4));
	type = hms_rt_type_at(go->rt, ADDR(3));
	assert_ptr_equal(pointer->elem, type);
	assert_ptr_equal(type->members[0].type, pointer);
	assert_true(hms_type_reaches_map(go->graph, pointer));
	assert_false(hms_rt_type_at(go->rt, ADDR(5))->iface);
	assert_names(go, pointer, "*main.T", "*main.T");
}

/* ---- maps -------------------------------------------------------------------------------------
 */

/* runtime.maptype, to 1.23; runtime.hmap as far as it matters. */
static void add_classic(struct mkgo *go)
{
	struct hms_graph *graph = go->graph;
	const struct hms_type *w8 = mkgraph_uint(graph, 8), *w2 = mkgraph_uint(graph, 2),
			      *w1 = mkgraph_uint(graph, 1), *w4 = mkgraph_uint(graph, 4);
	bool old = go->release == MKGO_1_15;
	const struct mkgraph_member hmap[] = {
		{"count", 0, w8}, {"buckets", 16, w8}, {"oldbuckets", 24, w8}, {0}};
	const struct mkgraph_member maptype[] = {{old ? "key" : "Key", 48, w8},
						 {old ? "elem" : "Elem", 56, w8},
						 {old ? "bucket" : "Bucket", 64, w8},
						 {old ? "keysize" : "KeySize", 80, w1},
						 {old ? "elemsize" : "ValueSize", 81, w1},
						 {old ? "bucketsize" : "BucketSize", 82, w2},
						 {old ? "flags" : "Flags", 84, w4},
						 {0}};

	mkgraph_struct(graph, "runtime.hmap", 48, hmap);
	mkgraph_struct(graph, old ? "runtime.maptype" : "internal/abi.MapType", 88, maptype);
}

static void describe_classic(struct mkgo *go, unsigned int n, uint64_t key, uint64_t elem,
			     uint8_t key_size, uint8_t elem_size, uint16_t bucket_size)
{
	describe(go, n, "map of some kind", 0, HMS_KIND_MAP | 32, 8);
	mkcore_put64(go->core, ADDR(n) + 48, key);
	mkcore_put64(go->core, ADDR(n) + 56, elem);
	mkcore_put8(go->core, ADDR(n) + 80, key_size);
	mkcore_put8(go->core, ADDR(n) + 81, elem_size);
	mkcore_put16(go->core, ADDR(n) + 82, bucket_size);
}

static void assert_member(const struct hms_type *structure, const char *name, uint64_t off,
			  uint64_t elem_size)
{
	const struct hms_member *member = hms_type_member(structure, name);

	assert_non_null(member);
	assert_int_equal(member->off, off);
	assert_int_equal(member->type->kind, HMS_KIND_ARRAY);
	assert_int_equal(member->type->count, 8);
	assert_int_equal(member->type->elem->size, elem_size);
}

static void a_classic_map(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *type, *bucket;

	add_classic(go);
	/* map[int]Known: 200 bytes are kept behind a pointer; map[int32]int */
	describe_classic(go, 3, ADDR(1), ADDR(2), 8, 8, 8 + 64 + 64 + 8);
	describe_classic(go, 4, ADDR(5), ADDR(1), 4, 8, 8 + 32 + 64 + 8);
	describe(go, 5, "int32", 4, HMS_KIND_INT32, 4);
	describe(go, 1, "int", 4, HMS_KIND_INT, 8);
	describe(go, 2, "c.Known", 4, HMS_KIND_STRUCT, 200);
	mkgo_open(go);
	type = hms_rt_type_at(go->rt, ADDR(3));
	assert_non_null(type);
	assert_string_equal(type->key->name, "int");
	assert_int_equal(type->elem->size, 200);
	bucket = hms_type_member(type->repr, "buckets")->type->elem;
	assert_ptr_equal(hms_type_member(type->repr, "oldbuckets")->type->elem, bucket);
	assert_int_equal(type->repr->size, 48);
	assert_int_equal(bucket->size, 144);
	assert_member(bucket, "tophash", 0, 1);
	assert_member(bucket, "keys", 8, 8);
	assert_member(bucket, "values", 72, 8);
	assert_int_equal(hms_type_member(bucket, "values")->type->elem->kind, HMS_KIND_POINTER);
	assert_int_equal(hms_type_member(bucket, "overflow")->off, 136);
	assert_names(go, type, "map of some kind", "map[int]example.com/a.b/c.Known");
	type = hms_rt_type_at(go->rt, ADDR(4));
	bucket = hms_type_member(type->repr, "buckets")->type->elem;
	assert_member(bucket, "keys", 8, 4);
	assert_member(bucket, "values", 40, 8);
	assert_true(hms_type_reaches_map(go->graph, type));
}

static void classic_maps_that_cannot_be(void **state)
{
	struct mkgo *go = *state;

	add_classic(go);
	describe_classic(go, 3, ADDR(1), ADDR(1), 4, 8, 144); /* the key has 8 bytes */
	describe_classic(go, 4, ADDR(1), ADDR(1), 8, 8, 143); /* too small for 8 of them */
	describe_classic(go, 5, ADDR(1), 0x1234, 8, 8, 144);
	describe_classic(go, 6, ADDR(1), ADDR(1), 8, 8, 144);
	mkgo_open(go);
	assert_null(hms_rt_type_at(go->rt, ADDR(3)));
	assert_null(hms_rt_type_at(go->rt, ADDR(4)));
	assert_null(hms_rt_type_at(go->rt, ADDR(5)));
	assert_non_null(hms_rt_type_at(go->rt, ADDR(6)));
}

/* Go 1.27's abi.MapType, maps.Map and maps.table. */
static void add_swiss(struct mkgo *go)
{
	struct hms_graph *graph = go->graph;
	const struct hms_type *w8 = mkgraph_uint(graph, 8), *w4 = mkgraph_uint(graph, 4);
	const struct mkgraph_member map[] = {{"used", 0, w8}, {"dirPtr", 16, w8}, {0}};
	const struct mkgraph_member reference[] = {{"data", 0, w8}, {"lengthMask", 8, w8}, {0}};
	const struct mkgraph_member table[] = {
		{"groups", 16, mkgraph_struct(graph, "groupsReference", 16, reference)}, {0}};
	const struct mkgraph_member maptype[] = {{"Key", 48, w8},
						 {"Elem", 56, w8},
						 {"Group", 64, w8},
						 {"GroupSize", 80, w8},
						 {"KeysOff", 88, w8},
						 {"KeyStride", 96, w8},
						 {"ElemsOff", 104, w8},
						 {"ElemStride", 112, w8},
						 {"ElemOff", 120, w8},
						 {"Flags", 128, w4},
						 {0}};

	mkgraph_struct(graph, "internal/runtime/maps.Map", 48, map);
	mkgraph_struct(graph, "internal/runtime/maps.table", 32, table);
	mkgraph_struct(graph, "internal/abi.MapType", 136, maptype);
}

static void describe_swiss(struct mkgo *go, unsigned int n, uint64_t key, uint64_t elem,
			   const uint64_t shape[5])
{
	describe(go, n, "map of some kind", 0, HMS_KIND_MAP, 8);
	mkcore_put64(go->core, ADDR(n) + 48, key);
	mkcore_put64(go->core, ADDR(n) + 56, elem);
	for (unsigned int i = 0; i < 5; i++)
		mkcore_put64(go->core, ADDR(n) + 80 + i * 8, shape[i]);
}

static const struct hms_type *group_of(const struct hms_type *map)
{
	const struct hms_type *table = hms_type_member(map->repr, "dirPtr")->type->elem->elem;
	const struct hms_type *groups = hms_type_member(table, "groups")->type;

	return hms_type_member(groups, "data")->type->elem;
}

static void a_swiss_map(void **state)
{
	static const uint64_t slots[5] = {8 + 8 * 16, 8, 16, 16, 16};
	static const uint64_t split[5] = {8 + 8 * 4 + 8 * 8, 8, 4, 40, 8};
	struct mkgo *go = *state;
	const struct hms_type *group, *slot;

	add_swiss(go);
	describe_swiss(go, 3, ADDR(5), ADDR(1), slots); /* map[int32]int */
	describe_swiss(go, 4, ADDR(5), ADDR(1), split); /* the same with mapsplitgroup */
	describe(go, 5, "int32", 4, HMS_KIND_INT32, 4);
	mkgo_open(go);
	group = group_of(hms_rt_type_at(go->rt, ADDR(3)));
	assert_int_equal(group->size, 136);
	assert_int_equal(hms_type_member(group, "ctrl")->type->size, 8);
	assert_member(group, "slots", 8, 16);
	slot = hms_type_member(group, "slots")->type->elem;
	assert_int_equal(hms_type_member(slot, "key")->type->size, 4);
	assert_int_equal(hms_type_member(slot, "elem")->off, 8);
	group = group_of(hms_rt_type_at(go->rt, ADDR(4)));
	assert_int_equal(group->size, 104);
	assert_member(group, "keys", 8, 4);
	assert_member(group, "elems", 40, 8);
}

static void swiss_maps_that_cannot_be(void **state)
{
	static const uint64_t shapes[][5] = {
		{135, 8, 16, 16, 16}, /* the last element sticks out */
		{136, 0, 16, 8, 16},  /* keys in the control word */
		{136, 8, 16, 7, 16},  /* elements before keys */
		{136, 72, 8, 8, 8},
		{136, 8, 4, 16, 16},              /* keys overlap */
		{UINT64_MAX, 8, 16, 16, 16},      /* size */
		{136, 8, UINT64_MAX / 8, 16, 16}, /* the product overflows */
		{136, UINT64_MAX - 7, 16, UINT64_MAX, 16},
	};
	struct mkgo *go = *state;

	add_swiss(go);
	for (unsigned int i = 0; i < HMS_ARRAY_LEN(shapes); i++)
		describe_swiss(go, 10 + i, ADDR(1), ADDR(1), shapes[i]);
	mkgo_open(go);
	for (unsigned int i = 0; i < HMS_ARRAY_LEN(shapes); i++) {
		if (hms_rt_type_at(go->rt, ADDR(10 + i)))
			fail_msg("shape %u was believed", i);
	}
}

/* ---- made by reflect ----------------------------------------------------------------------------
 */

static void types_of_reflect_lie_in_the_heap(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *type;

	/* [][4]int: the slice and the array have numbers for names */
	put_common(go, MKGO_HEAP, -1, 0, HMS_KIND_SLICE, 24);
	mkcore_put64(go->core, MKGO_HEAP + 48, MKGO_HEAP + 0x100);
	put_common(go, MKGO_HEAP + 0x100, -7, 0, HMS_KIND_ARRAY, 32);
	mkcore_put64(go->core, MKGO_HEAP + 0x148, ADDR(1));
	mkcore_put64(go->core, MKGO_HEAP + 0x130, ADDR(1));
	mkcore_put64(go->core, MKGO_HEAP + 0x140, 4);
	/* the same, but for a name that only the type section can hold */
	put_common(go, MKGO_HEAP + 0x200, 0x100, 0, HMS_KIND_SLICE, 24);
	mkcore_put64(go->core, MKGO_HEAP + 0x230, ADDR(1));
	describe(go, 1, "int", 4, HMS_KIND_INT, 8);
	mkgo_open(go);
	type = hms_rt_type_at(go->rt, MKGO_HEAP);
	assert_non_null(type);
	assert_int_equal(type->rt_off, 0);
	assert_int_equal(type->elem->count, 4);
	assert_names(go, type, "[][4]int", "[][4]int");
	assert_null(hms_rt_type_at(go->rt, MKGO_HEAP + 0x200));
}

/* ---- what cannot be
 * ------------------------------------------------------------------------------ */

static void descriptors_that_cannot_be(void **state)
{
	struct mkgo *go = *state;

	describe(go, 3, "x", 0, 0, 8);
	describe(go, 4, "x", 0, 27, 8);
	describe(go, 5, "x", 0, 31, 8);
	describe(go, 6, "x", 0, HMS_KIND_INT32, 8);
	describe(go, 7, "x", 0, HMS_KIND_ARRAY, 25);
	mkcore_put64(go->core, ADDR(7) + 48, ADDR(1));
	mkcore_put64(go->core, ADDR(7) + 64, 3);
	describe(go, 8, "x", 0, HMS_KIND_ARRAY, 8);
	mkcore_put64(go->core, ADDR(8) + 48, ADDR(1));
	mkcore_put64(go->core, ADDR(8) + 64, (UINT64_MAX >> 3) + 2); /* times 8 is 8 again */
	describe(go, 9, "x", 0, HMS_KIND_STRUCT, UINT64_MAX);
	describe(go, 10, "x", 0, HMS_KIND_INT, 8);
	mkcore_put64(go->core, ADDR(10) + 8, 9); /* more pointer bytes than bytes */
	describe(go, 11, "x", 0, HMS_KIND_FUNC, 8);
	mkcore_put16(go->core, ADDR(11) + 48, 0xffff);
	put_common(go, MKGO_HEAP + 4, -1, 0, HMS_KIND_INT, 8); /* not aligned */
	mkgo_open(go);
	for (unsigned int n = 3; n <= 11; n++) {
		if (hms_rt_type_at(go->rt, ADDR(n)))
			fail_msg("descriptor %u was believed", n);
	}
	assert_null(hms_rt_type_at(go->rt, 0));
	assert_null(hms_rt_type_at(go->rt, MKGO_HEAP + 4));
	assert_null(hms_rt_type_at(go->rt, 0xdead0000));
	assert_null(hms_rt_type_at(go->rt, UINT64_MAX - 7));
	assert_null(hms_rt_type_at(go->rt, MKGO_TYPES + MKGO_TYPES_LEN - 8));
}

static void structs_that_cannot_be(void **state)
{
	struct mkgo *go = *state;

	for (unsigned int n = 3; n <= 7; n++) {
		describe(go, n, "x", 0, HMS_KIND_STRUCT, 16);
		put_list(go, ADDR(n) + 56, LIST(n), 1);
		put_field(go, n, 0, 20, ADDR(1), 0, false);
	}
	put_name(go, MKGO_TYPES + NAME(20), 0, "f", NULL);
	put_list(go, ADDR(3) + 56, LIST(3), UINT64_MAX / 24 + 2);
	put_list(go, ADDR(4) + 56, LIST(4), 60000);  /* beyond the section */
	put_field(go, 5, 0, 20, ADDR(1), 9, false);  /* 9 + 8 > 16 */
	mkcore_put64(go->core, LIST(6), 0xdead0000); /* no name */
	mkgo_open(go);
	for (unsigned int n = 3; n <= 6; n++) {
		if (hms_rt_type_at(go->rt, ADDR(n)))
			fail_msg("struct %u was believed", n);
	}
	assert_non_null(hms_rt_type_at(go->rt, ADDR(7)));
}

/* Twenty structs that share one list of 60,000 members: memory does not grow with what such
 * descriptors claim. */
static void members_are_bounded_in_all(void **state)
{
	const uint64_t list = MKGO_HEAP + 0x100000;
	struct mkgo *go = *state;
	unsigned int n = 3;

	put_name(go, MKGO_TYPES + NAME(20), 0, "f", NULL);
	for (uint64_t field = list; field < list + 60000 * 24; field += 24) {
		mkcore_put64(go->core, field, MKGO_TYPES + NAME(20));
		mkcore_put64(go->core, field + 8, ADDR(1));
	}
	for (unsigned int i = 0; i < 20; i++) {
		describe(go, n + i, "x", 0, HMS_KIND_STRUCT, 16);
		put_list(go, ADDR(n + i) + 56, list, 60000);
	}
	mkgo_open(go);
	assert_non_null(hms_rt_type_at(go->rt, ADDR(n)));
	while (n < 23 && hms_rt_type_at(go->rt, ADDR(n)))
		n++;
	assert_in_range(n, 4, 22);
}

static void parts_that_are_not_there_are_unknown(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *type;

	describe(go, 3, "*x.T", 0, HMS_KIND_POINTER, 8);
	mkcore_put64(go->core, ADDR(3) + 48, 0xdead0000);
	mkgo_open(go);
	type = hms_rt_type_at(go->rt, ADDR(3));
	assert_int_equal(type->elem->kind, HMS_KIND_NONE);
	assert_int_equal(type->elem->size, 0);
	assert_false(hms_type_reaches_map(go->graph, type));
	assert_names(go, type, "*x.T", "*?");
}

/* No compiler makes a pointer to itself without a name: its name must end all the same. */
static void names_that_would_not_end(void **state)
{
	struct mkgo *go = *state;
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	put_common(go, MKGO_HEAP, -1, 0, HMS_KIND_POINTER, 8);
	mkcore_put64(go->core, MKGO_HEAP + 48, MKGO_HEAP);
	/* struct { f, f, f, f } of itself is no size, so pointers to it */
	put_common(go, MKGO_HEAP + 0x100, -1, 0, HMS_KIND_STRUCT, 32);
	put_list(go, MKGO_HEAP + 0x100 + 56, LIST(0), 4);
	for (unsigned int i = 0; i < 4; i++)
		put_field(go, 0, i, 20, MKGO_HEAP + 0x200, i * 8, false);
	put_name(go, MKGO_TYPES + NAME(20), 0, "f", NULL);
	put_common(go, MKGO_HEAP + 0x200, -1, 0, HMS_KIND_POINTER, 8);
	mkcore_put64(go->core, MKGO_HEAP + 0x200 + 48, MKGO_HEAP + 0x100);
	mkgo_open(go);
	hms_rt_type_name(go->rt, hms_rt_type_at(go->rt, MKGO_HEAP), &s);
	assert_true(s.len < 100);
	hms_str_clear(&s);
	hms_rt_type_name(go->rt, hms_rt_type_at(go->rt, MKGO_HEAP + 0x100), &s);
	assert_true(s.len < 32768);
}

/* ---- plugins, interfaces, threads
 * ------------------------------------------------------------------ */

static void types_of_a_plugin(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *type;
	uint64_t len = mkgo_off(go, "moduledata.next") + 8, types = MKGO_FREE + 0x1000;

	for (uint64_t i = 0; i + 8 <= len; i += 8)
		mkcore_put64(go->core, MKGO_FREE + i, mkcore_get64(go->core, MKGO_MODULE + i));
	mkcore_put64(go->core, MKGO_MODULE + mkgo_off(go, "moduledata.next"), MKGO_FREE);
	mkcore_put64(go->core, MKGO_FREE + mkgo_off(go, "moduledata.types"), types);
	mkcore_put64(go->core, MKGO_FREE + mkgo_off(go, "moduledata.etypes"), types + 0x1000);
	/* an offset at which the graph knows a type of EXE */
	put_common(go, types + AT(1), 0x800, 4, HMS_KIND_UINT8, 1);
	put_name(go, types + 0x800, 0, "plug.Byte", NULL);
	mkgo_open(go);
	type = hms_rt_type_at(go->rt, types + AT(1));
	assert_int_equal(type->kind, HMS_KIND_UINT8);
	assert_int_equal(type->rt_off, 0);
	assert_names(go, type, "plug.Byte", "plug.Byte");
}

static void dynamic_types(void **state)
{
	struct mkgo *go = *state;
	struct hms_type eface = {.kind = HMS_KIND_INTERFACE};
	struct hms_type iface = {.kind = HMS_KIND_INTERFACE, .iface = true};

	describe(go, 3, "main.E", 4, HMS_KIND_INT, 8);
	mkcore_put64(go->core, MKGO_FREE + 8, ADDR(3)); /* an itab */
	mkgo_open(go);
	assert_string_equal(hms_rt_dynamic_type(go->rt, &eface, ADDR(3))->name, "main.E");
	assert_string_equal(hms_rt_dynamic_type(go->rt, &iface, MKGO_FREE)->name, "main.E");
	assert_null(hms_rt_dynamic_type(go->rt, &iface, ADDR(3)));
	assert_null(hms_rt_dynamic_type(go->rt, &eface, 0));
	assert_null(hms_rt_dynamic_type(go->rt, &iface, 0xdead0000));
}

#define NTYPES 100

struct race {
	const struct mkgo *go;
	const struct hms_type *seen[4][NTYPES];
};

static struct hms_error *meet_all(void *arg, size_t item, unsigned int worker)
{
	struct race *race = arg;

	(void)worker;
	for (size_t i = 0; i < NTYPES; i++) {
		size_t n = item % 2 ? NTYPES - 1 - i : i;

		race->seen[item][n] = hms_rt_type_at(race->go->rt, MKGO_HEAP + n * 0x100);
	}
	return NULL;
}

/* Each thread gets the same types, whoever makes them: a chain of pointers, met from both ends. */
static void threads_see_the_same_types(void **state)
{
	struct mkgo *go = *state;
	struct race race = {.go = go};

	for (uint64_t i = 0; i < NTYPES; i++) {
		put_common(go, MKGO_HEAP + i * 0x100, -1, 0, HMS_KIND_POINTER, 8);
		mkcore_put64(go->core, MKGO_HEAP + i * 0x100 + 48,
			     i + 1 < NTYPES ? MKGO_HEAP + (i + 1) * 0x100 : ADDR(1));
	}
	mkgo_open(go);
	assert_ok(hms_parallel(4, 4, meet_all, &race));
	for (size_t i = 0; i < NTYPES; i++) {
		assert_non_null(race.seen[0][i]);
		for (size_t k = 1; k < 4; k++)
			assert_ptr_equal(race.seen[k][i], race.seen[0][i]);
		if (i)
			assert_ptr_equal(race.seen[0][i - 1]->elem, race.seen[0][i]);
	}
}

#define IN(release, name)                                                      \
	{                                                                      \
#name " (" #release ")", name, setup_##release, teardown, NULL \
	}
#define IN_ALL(name) IN(1_15, name), IN(1_21, name), IN(1_23, name), IN(1_27, name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL(a_named_number),
		IN_ALL(what_the_graph_has_is_the_graphs),
		IN_ALL(a_struct),
		IN_ALL(functions_and_channels),
		IN_ALL(a_type_that_holds_itself),
		IN(1_15, a_classic_map),
		IN(1_21, a_classic_map),
		IN(1_21, classic_maps_that_cannot_be),
		IN(1_27, a_swiss_map),
		IN(1_27, swiss_maps_that_cannot_be),
		IN_ALL(types_of_reflect_lie_in_the_heap),
		IN_ALL(descriptors_that_cannot_be),
		IN_ALL(structs_that_cannot_be),
		IN(1_21, members_are_bounded_in_all),
		IN_ALL(parts_that_are_not_there_are_unknown),
		IN_ALL(names_that_would_not_end),
		IN_ALL(types_of_a_plugin),
		IN_ALL(dynamic_types),
		IN(1_27, threads_see_the_same_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
