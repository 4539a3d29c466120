#include "lib/mkgo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"

/* ---- layouts, column by column: 1.15, 1.21, 1.23, 1.27 ----------------------------------- */

#define ABSENT    UINT64_MAX
#define NRELEASES 4

struct field {
	const char *name; /* "structure.member" */
	uint64_t off[NRELEASES];
	uint64_t size[NRELEASES]; /* 0: as in the column before */
};

static const struct field mspan_fields[] = {
	{"mspan.startAddr", {24, 24, 24, 24}, {8}},
	{"mspan.npages", {32, 32, 32, 32}, {8}},
	{"mspan.freeindex", {48, 48, 48, 48}, {8, 8, 2, 2}},
	{"mspan.nelems", {56, 56, 50, 50}, {8, 8, 2, 2}},
	{"mspan.allocBits", {72, 72, 64, 64}, {8}},
	{"mspan.gcmarkBits", {80, 80, 72, 72}, {8}},
	{"mspan.sweepgen", {88, 96, 88, 88}, {4}},
	{"mspan.allocCount", {96, 104, 96, 96}, {2}},
	{"mspan.spanclass", {98, 106, 98, 98}, {1}},
	{"mspan.state", {99, 107, 99, 99}, {1}},
	{"mspan.elemsize", {104, 112, 104, 104}, {8}},
	{"mspan.limit", {112, 120, 112, 112}, {8}},
	{"mspan.largeType", {ABSENT, ABSENT, 152, 152}, {8}},
	{0},
};
static const uint64_t mspan_size[] = {136, 168, 160, 160};

static const uint64_t spans_off[] = {2097152, 1064960, 0, 0};
static const uint64_t in_use_off[] = {2162688, 1130496, 65536, 65536};
static const uint64_t arena_size[] = {2165768, 1133584, 68624, 69648};

static const uint64_t arenas_off[] = {66592, 65944, 66008, 66008};
static const uint64_t list_off[] = {66656, 66032, 66096, 66096};
static const uint64_t user_list_off[] = {ABSENT, ABSENT, ABSENT, 66120};
static const uint64_t mheap_sweepgen_off[] = {65832, 65856, 65856, 65856};
static const uint64_t mheap_size[] = {101424, 92792, 92928, 93464};

static const struct field module_fields[] = {
	{"moduledata.text", {96, 176, 176, 176}, {8}},
	{"moduledata.etext", {104, 184, 184, 184}, {8}},
	{"moduledata.noptrdata", {112, 192, 192, 192}, {8}},
	{"moduledata.enoptrdata", {120, 200, 200, 200}, {8}},
	{"moduledata.data", {128, 208, 208, 208}, {8}},
	{"moduledata.edata", {136, 216, 216, 216}, {8}},
	{"moduledata.bss", {144, 224, 224, 224}, {8}},
	{"moduledata.ebss", {152, 232, 232, 232}, {8}},
	{"moduledata.noptrbss", {160, 240, 240, 240}, {8}},
	{"moduledata.enoptrbss", {168, 248, 248, 248}, {8}},
	{"moduledata.types", {200, 296, 296, 296}, {8}},
	{"moduledata.etypes", {208, 304, 304, 312}, {8}},
	{"moduledata.hasmain", {392, 528, 528, 512}, {1}},
	{"moduledata.next", {448, 584, 576, 560}, {8}},
	{0},
};
static const uint64_t module_size[] = {456, 592, 584, 568};

static const char *const version[] = {"go1.15.15", "go1.21.13", "go1.23.5", "go1.27.4"};

/* ---- the graph ---------------------------------------------------------------------------- */

static const struct hms_type *field_type(struct mkgo *go, const struct field *field)
{
	uint64_t size = 0;

	for (size_t i = 0; i <= go->release; i++)
		size = field->size[i] ? field->size[i] : size;
	return mkgraph_uint(go->graph, size);
}

static const char *member_name(const char *name)
{
	return strchr(name, '.') + 1;
}

/* runtime.mSpanStateBox holds a plain uint8 in 1.15, an atomic.Uint8 later. */
static const struct hms_type *state_type(struct mkgo *go)
{
	const struct hms_type *byte = mkgraph_uint(go->graph, 1);
	const struct mkgraph_member none[] = {{0}};
	const struct mkgraph_member value[] = {
		{"noCopy", 0, mkgraph_struct(go->graph, "noCopy", 0, none)},
		{"value", 0, byte},
		{0},
	};
	const struct mkgraph_member box[] = {
		{"s", 0,
		 go->release == MKGO_1_15
			 ? byte
			 : mkgraph_struct(go->graph, "runtime/internal/atomic.Uint8", 1, value)},
		{0},
	};

	return mkgraph_struct(go->graph, "runtime.mSpanStateBox", 1, box);
}

static struct hms_type *structure(struct mkgo *go, const char *name, const uint64_t *sizes,
				  const struct field *fields)
{
	struct mkgraph_member members[32];
	size_t n = 0;

	for (; fields->name; fields++) {
		if (fields->off[go->release] == ABSENT)
			continue;
		members[n++] = (struct mkgraph_member){
			member_name(fields->name),
			fields->off[go->release],
			strcmp(fields->name, "mspan.state") == 0 ? state_type(go)
								 : field_type(go, fields),
		};
	}
	members[n] = (struct mkgraph_member){0};
	return mkgraph_struct(go->graph, name, sizes[go->release], members);
}

static void add_heap_types(struct mkgo *go)
{
	struct hms_graph *graph = go->graph;
	const struct hms_type *word = mkgraph_uint(graph, 8), *byte = mkgraph_uint(graph, 1);
	const struct hms_type *mspan = structure(go, "runtime.mspan", mspan_size, mspan_fields);
	const struct mkgraph_member arena_members[] = {
		{"spans", spans_off[go->release],
		 mkgraph_array(graph, mkgraph_pointer(graph, mspan), 8192)},
		{"pageInUse", in_use_off[go->release], mkgraph_array(graph, byte, 1024)},
		{go->release < MKGO_1_23 ? "bitmap" : NULL, 0, byte},
		{0},
	};
	const struct hms_type *arena =
		mkgraph_struct(graph, "runtime.heapArena", arena_size[go->release], arena_members);
	const struct hms_type *l2 =
		mkgraph_array(graph, mkgraph_pointer(graph, arena), MKGO_L2_LEN);
	const struct mkgraph_member mheap_members[] = {
		{"arenas", arenas_off[go->release],
		 mkgraph_array(graph, mkgraph_pointer(graph, l2), 1)},
		{go->release == MKGO_1_27 ? "heapArenas" : "allArenas", list_off[go->release],
		 mkgraph_slice(graph, word)},
		{"sweepgen", mheap_sweepgen_off[go->release], mkgraph_uint(graph, 4)},
		{go->release == MKGO_1_27 ? "userArenaArenas" : NULL, user_list_off[go->release],
		 mkgraph_slice(graph, word)},
		{0},
	};

	hms_graph_add_variable(
		graph, "runtime.mheap_", MKGO_MHEAP,
		mkgraph_struct(graph, "runtime.mheap", mheap_size[go->release], mheap_members));
}

/* The structures that begin with a descriptor's common part, and what they refer to: one layout
 * in all releases, but for maps.  @size and offsets as in src/internal/abi/type.go. */
static const struct {
	const char *name, *old_name;
	uint64_t size;
	struct {
		const char *name, *old_name;
		uint64_t off, size; /* size 24: a slice */
	} members[5];
} descriptors[] = {
	{"internal/abi.ArrayType",
	 "runtime.arraytype",
	 72,
	 {{"Elem", "elem", 48, 8}, {"Slice", "slice", 56, 8}, {"Len", "len", 64, 8}}},
	{"internal/abi.ChanType",
	 "runtime.chantype",
	 64,
	 {{"Elem", "elem", 48, 8}, {"Dir", "dir", 56, 8}}},
	{"internal/abi.FuncType",
	 "runtime.functype",
	 56,
	 {{"InCount", "inCount", 48, 2}, {"OutCount", "outCount", 50, 2}}},
	{"internal/abi.InterfaceType",
	 "runtime.interfacetype",
	 80,
	 {{"PkgPath", "pkgpath", 48, 8}, {"Methods", "mhdr", 56, 24}}},
	{"internal/abi.PtrType", "runtime.ptrtype", 56, {{"Elem", "elem", 48, 8}}},
	{"internal/abi.SliceType", "runtime.slicetype", 56, {{"Elem", "elem", 48, 8}}},
	{"internal/abi.StructType",
	 "runtime.structtype",
	 80,
	 {{"PkgPath", "pkgPath", 48, 8}, {"Fields", "fields", 56, 24}}},
	{"internal/abi.StructField",
	 "runtime.structfield",
	 24,
	 {{"Name", "name", 0, 8}, {"Typ", "typ", 8, 8}, {"Offset", "offsetAnon", 16, 8}}},
	{"internal/abi.UncommonType",
	 "runtime.uncommontype",
	 16,
	 {{"PkgPath", "pkgpath", 0, 4}, {"Moff", "moff", 8, 4}}},
	{"internal/abi.ITab",
	 "runtime.itab",
	 32,
	 {{"Inter", "inter", 0, 8}, {"Type", "_type", 8, 8}, {"Hash", "hash", 16, 4}}},
};

static void add_kinds_of_descriptors(struct mkgo *go)
{
	bool old = go->release == MKGO_1_15;

	for (size_t i = 0; i < HMS_ARRAY_LEN(descriptors); i++) {
		struct mkgraph_member members[6] = {{0}};

		for (size_t k = 0; k < 5 && descriptors[i].members[k].name; k++) {
			uint64_t size = descriptors[i].members[k].size;

			members[k].name = old ? descriptors[i].members[k].old_name
					      : descriptors[i].members[k].name;
			members[k].off = descriptors[i].members[k].off;
			members[k].type =
				size == 24 ? mkgraph_slice(go->graph, mkgraph_uint(go->graph, 8))
					   : mkgraph_uint(go->graph, size);
		}
		mkgraph_struct(go->graph, old ? descriptors[i].old_name : descriptors[i].name,
			       descriptors[i].size, members);
	}
}

static void add_descriptor_types(struct mkgo *go)
{
	struct hms_graph *graph = go->graph;
	bool old = go->release == MKGO_1_15;
	const struct mkgraph_member members[] = {
		{old ? "size" : "Size_", 0, mkgraph_uint(graph, 8)},
		{old ? "ptrdata" : "PtrBytes", 8, mkgraph_uint(graph, 8)},
		{old ? "hash" : "Hash", 16, mkgraph_uint(graph, 4)},
		{old ? "tflag" : "TFlag", 20, mkgraph_uint(graph, 1)},
		{old ? "kind" : "Kind_", 23, mkgraph_uint(graph, 1)},
		{old ? "str" : "Str", 40, mkgraph_uint(graph, 4)},
		{old ? "ptrToThis" : "PtrToThis", 44, mkgraph_uint(graph, 4)},
		{0},
	};

	mkgraph_struct(graph, old ? "runtime._type" : "internal/abi.Type", 48, members);
}

static void add_types(struct mkgo *go)
{
	const struct hms_type *string = mkgraph_type(go->graph, "string", HMS_KIND_STRING, 16);

	hms_graph_add_variable(go->graph, "runtime.firstmoduledata", MKGO_MODULE,
			       structure(go, "runtime.moduledata", module_size, module_fields));
	hms_graph_add_variable(go->graph, "runtime.buildVersion", MKGO_VERSION, string);
	add_heap_types(go);
	add_descriptor_types(go);
	add_kinds_of_descriptors(go);
}

/* ---- memory ------------------------------------------------------------------------------- */

uint64_t mkgo_off(const struct mkgo *go, const char *name)
{
	const struct field *const tables[] = {mspan_fields, module_fields};

	for (size_t t = 0; t < HMS_ARRAY_LEN(tables); t++) {
		for (const struct field *field = tables[t]; field->name; field++) {
			if (strcmp(field->name, name) == 0)
				return field->off[go->release];
		}
	}
	abort();
}

static void put_module(struct mkgo *go, const char *name, uint64_t value)
{
	mkcore_put64(go->core, MKGO_MODULE + mkgo_off(go, name), value);
}

static void fill_module(struct mkgo *go)
{
	put_module(go, "moduledata.text", MKGO_TEXT);
	put_module(go, "moduledata.etext", MKGO_TEXT + 0x1000);
	put_module(go, "moduledata.types", MKGO_TYPES);
	put_module(go, "moduledata.etypes", MKGO_TYPES + MKGO_TYPES_LEN);
	put_module(go, "moduledata.data", MKGO_DATA);
	put_module(go, "moduledata.edata", MKGO_DATA + 0x40000);
	mkcore_put8(go->core, MKGO_MODULE + mkgo_off(go, "moduledata.hasmain"), 1);
}

static void fill_heap(struct mkgo *go)
{
	uint64_t list = MKGO_MHEAP + list_off[go->release];

	mkcore_put64(go->core, MKGO_MHEAP + arenas_off[go->release], MKGO_L2);
	mkcore_put64(go->core, list, MKGO_ARENA_LIST);
	mkcore_put64(go->core, list + 8, 1);
	mkcore_put64(go->core, list + 16, 1);
	mkcore_put64(go->core, MKGO_ARENA_LIST, MKGO_HEAP_INDEX);
	mkcore_put64(go->core, MKGO_L2 + MKGO_HEAP_INDEX * 8, MKGO_ARENA);
}

static void map_memory(struct mkgo *go)
{
	mkcore_map_flags(go->core, MKGO_TYPES, MKGO_TYPES_LEN, PF_R);
	mkcore_map(go->core, MKGO_DATA, 0x40000);
	mkcore_map(go->core, MKGO_HEAP, MKGO_HEAP_LEN);
	mkcore_map(go->core, MKGO_L2, MKGO_L2_LEN * 8);
	mkcore_map(go->core, MKGO_ARENA, 0x300000);
	mkcore_map(go->core, MKGO_ARENA_LIST, 0x1000);
	mkcore_map(go->core, MKGO_SPANS, MKGO_SPANS_LEN);
}

struct mkgo *mkgo_create(enum mkgo_release release)
{
	struct mkgo *go = hms_xcalloc(1, sizeof(*go));

	go->release = release;
	go->core = mkcore_create();
	go->exe = mkelf_create(ET_EXEC, MKGO_TEXT);
	go->graph = hms_graph_create();
	go->spans_next = MKGO_SPANS;
	add_types(go);
	map_memory(go);
	fill_module(go);
	fill_heap(go);
	mkgo_string(go, MKGO_VERSION, version[release]);
	return go;
}

void mkgo_open(struct mkgo *go)
{
	struct hms_error *err;

	hms_graph_seal(go->graph);
	image_open(&go->image, go->core, go->exe, 0);
	err = hms_rt_open(go->image.mem, go->image.exe, 0, go->graph, &go->rt);
	if (!err)
		return;
	fprintf(stderr, "mkgo_open: %s\n", err->message);
	abort();
}

void mkgo_destroy(struct mkgo *go)
{
	if (!go)
		return;
	hms_rt_close(go->rt);
	image_close(&go->image);
	hms_graph_destroy(go->graph);
	mkelf_destroy(go->exe);
	mkcore_destroy(go->core);
	free(go);
}

void mkgo_string(struct mkgo *go, uint64_t addr, const char *text)
{
	mkcore_put64(go->core, addr, addr + 16);
	mkcore_put64(go->core, addr + 8, strlen(text));
	mkcore_put(go->core, addr + 16, text, strlen(text));
}

void mkgo_descriptor(struct mkgo *go, uint64_t off, const char *name, uint8_t tflag, uint8_t kind,
		     uint64_t size)
{
	uint64_t at = MKGO_TYPES + off, text = at + 0x200;
	size_t len = strlen(name);

	mkcore_put64(go->core, at, size);
	mkcore_put8(go->core, at + 20, tflag);
	mkcore_put8(go->core, at + 23, kind);
	mkcore_put32(go->core, at + 40, (uint32_t)(off + 0x200));
	if (go->release == MKGO_1_15) {
		mkcore_put8(go->core, text + 1, (uint8_t)(len >> 8));
		mkcore_put8(go->core, text + 2, (uint8_t)len);
		text += 3;
	} else if (len < 128) {
		mkcore_put8(go->core, text + 1, (uint8_t)len);
		text += 2;
	} else {
		mkcore_put8(go->core, text + 1, (uint8_t)(len | 0x80));
		mkcore_put8(go->core, text + 2, (uint8_t)(len >> 7));
		text += 3;
	}
	mkcore_put(go->core, text, name, len);
}

/* ---- spans -------------------------------------------------------------------------------- */

uint64_t mkgo_span_entry(const struct mkgo *go, uint64_t page_addr)
{
	return MKGO_ARENA + spans_off[go->release] + (page_addr - MKGO_HEAP) / 8192 * 8;
}

static void put_span(struct mkgo *go, uint64_t at, const char *name, uint64_t value)
{
	bool is_short = go->release >= MKGO_1_23 &&
			(!strcmp(name, "mspan.freeindex") || !strcmp(name, "mspan.nelems"));
	uint64_t addr = at + mkgo_off(go, name);

	if (is_short)
		mkcore_put16(go->core, addr, (uint16_t)value);
	else
		mkcore_put64(go->core, addr, value);
}

static void mark_in_use(struct mkgo *go, uint64_t start)
{
	uint64_t page = (start - MKGO_HEAP) / 8192;
	uint64_t addr = MKGO_ARENA + in_use_off[go->release] + page / 8;
	uint8_t byte;

	mkcore_get(go->core, addr, &byte, 1);
	mkcore_put8(go->core, addr, (uint8_t)(byte | 1 << page % 8));
}

uint64_t mkgo_span(struct mkgo *go, const struct mkgo_span *span)
{
	uint64_t at = go->spans_next, bits = at + 512;

	go->spans_next += 1024;
	put_span(go, at, "mspan.startAddr", span->start);
	put_span(go, at, "mspan.npages", span->npages);
	put_span(go, at, "mspan.freeindex", span->freeindex);
	put_span(go, at, "mspan.nelems", span->nelems);
	put_span(go, at, "mspan.allocBits", bits);
	put_span(go, at, "mspan.elemsize", span->elemsize);
	if (go->release >= MKGO_1_23)
		put_span(go, at, "mspan.largeType", span->large_type);
	mkcore_put16(go->core, at + mkgo_off(go, "mspan.allocCount"), span->alloc_count);
	mkcore_put8(go->core, at + mkgo_off(go, "mspan.spanclass"), span->spanclass);
	mkcore_put8(go->core, at + mkgo_off(go, "mspan.state"), span->state);
	mkcore_put64(go->core, bits, span->alloc_bits);
	for (uint64_t i = 0; i < HMS_MIN(span->npages, 512u); i++)
		mkcore_put64(go->core, mkgo_span_entry(go, span->start + i * 8192), at);
	if (span->state == 1)
		mark_in_use(go, span->start);
	return at;
}
