/* rt: modules, release, map kind, strings and names of types in processes laid out by hand. */
#include "unit/unit.h"

#include <stdlib.h>

#include "lib/mkgo.h"
#include "rt/rt.h"

static int setup_release(void **state, enum mkgo_release release)
{
	*state = mkgo_create(release);
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

/* For tests of failures: what hms_rt_open() says of @go, whatever its graph. */
static struct hms_error *open_with(struct mkgo *go, const struct hms_graph *graph)
{
	image_open(&go->image, go->core, go->exe, 0);
	return hms_rt_open(go->image.mem, go->image.exe, 0, graph, &go->rt);
}

static struct hms_error *try_open(struct mkgo *go)
{
	hms_graph_seal(go->graph);
	return open_with(go, go->graph);
}

/* ---- modules -------------------------------------------------------------------------------- */

/* Another module at @addr: as the first, with its own types. */
static void add_module(struct mkgo *go, uint64_t addr, uint64_t types)
{
	uint64_t len = mkgo_off(go, "moduledata.next") + 8;

	for (uint64_t i = 0; i + 8 <= len; i += 8)
		mkcore_put64(go->core, addr + i, mkcore_get64(go->core, MKGO_MODULE + i));
	mkcore_put64(go->core, addr + mkgo_off(go, "moduledata.types"), types);
	mkcore_put64(go->core, addr + mkgo_off(go, "moduledata.etypes"), types + 0x1000);
	mkcore_put8(go->core, addr + mkgo_off(go, "moduledata.hasmain"), 0);
}

static void put_next(struct mkgo *go, uint64_t module, uint64_t next)
{
	mkcore_put64(go->core, module + mkgo_off(go, "moduledata.next"), next);
}

static void one_module(void **state)
{
	struct mkgo *go = *state;
	const struct hms_module *m;

	mkgo_open(go);
	assert_int_equal(go->rt->nmodules, 1);
	assert_false(go->rt->modules_cut);
	m = &go->rt->modules[0];
	assert_int_equal(m->addr, MKGO_MODULE);
	assert_int_equal(m->text, 0x401000);
	assert_int_equal(m->etext, 0x402000);
	assert_int_equal(m->types, 0x500000);
	assert_int_equal(m->etypes, 0x510000);
	assert_int_equal(m->data, 0x600000);
	assert_int_equal(m->edata, 0x640000);
	assert_int_equal(m->bss, 0);
	assert_true(m->has_main);
}

static void plugins_follow(void **state)
{
	struct mkgo *go = *state;

	put_next(go, MKGO_MODULE, MKGO_FREE);
	add_module(go, MKGO_FREE, 0x700000);
	put_next(go, MKGO_FREE, 0);
	mkgo_open(go);
	assert_int_equal(go->rt->nmodules, 2);
	assert_int_equal(go->rt->modules[1].types, 0x700000);
	assert_false(go->rt->modules[1].has_main);
	assert_false(go->rt->modules_cut);
}

static void a_list_that_comes_back_ends(void **state)
{
	struct mkgo *go = *state;

	put_next(go, MKGO_MODULE, MKGO_FREE);
	add_module(go, MKGO_FREE, 0x700000);
	put_next(go, MKGO_FREE, MKGO_MODULE);
	mkgo_open(go);
	assert_int_equal(go->rt->nmodules, 2);
	assert_true(go->rt->modules_cut);
}

static void a_list_that_leads_nowhere_ends(void **state)
{
	struct mkgo *go = *state;

	put_next(go, MKGO_MODULE, 0xdead0000);
	mkgo_open(go);
	assert_int_equal(go->rt->nmodules, 1);
	assert_true(go->rt->modules_cut);
}

static void absent_module_data(void **state)
{
	struct mkgo *go = *state;

	mkcore_absent(go->core, MKGO_MODULE, 0x1000);
	assert_err(try_open(go), HMS_ERR_FAULT, "module data: ");
}

static void module_data_of_another_program(void **state)
{
	struct mkgo *go = *state;

	mkcore_put64(go->core, MKGO_MODULE + mkgo_off(go, "moduledata.etypes"), 0x4fffff);
	assert_err(try_open(go), HMS_ERR_MISMATCH, "0x600000 is not the module data");
}

/* ---- what is no Go program ------------------------------------------------------------------- */

static void a_program_that_is_not_go(void **state)
{
	struct mkgo *go = *state;
	HMS_AUTO(hms_graph) struct hms_graph *empty = hms_graph_create();

	hms_graph_seal(empty);
	assert_err(open_with(go, empty), HMS_ERR_UNSUPPORTED, "is not a Go program");
	assert_null(go->rt);
}

static void a_go_program_without_debug_information(void **state)
{
	struct mkgo *go = *state;
	HMS_AUTO(hms_graph) struct hms_graph *empty = hms_graph_create();

	hms_graph_seal(empty);
	mkelf_symbol(go->exe, "runtime.firstmoduledata", MKGO_MODULE, 592);
	assert_err(open_with(go, empty), HMS_ERR_ABSENT, "no runtime.moduledata");
}

static void a_section_of_the_go_linker_is_enough(void **state)
{
	struct mkgo *go = *state;
	HMS_AUTO(hms_graph) struct hms_graph *empty = hms_graph_create();

	hms_graph_seal(empty);
	mkelf_section(go->exe, ".gopclntab", SHT_PROGBITS, SHF_ALLOC, 0x480000, "x", 1);
	assert_err(open_with(go, empty), HMS_ERR_ABSENT, "no runtime.moduledata");
}

/* ---- release ----------------------------------------------------------------------------------
 */

static void the_release_is_read(void **state)
{
	struct mkgo *go = *state;

	mkgo_open(go);
	assert_int_equal(go->rt->version.major, 1);
	assert_int_equal(go->rt->version.minor,
			 ((const unsigned int[]){15, 21, 23, 27})[go->release]);
	assert_true(go->rt->release_known);
}

/* .go.buildinfo as Go 1.18 and later write it. */
static void the_release_from_build_information(void **state)
{
	struct mkgo *go = *state;
	uint8_t info[64] = "\xff Go buildinf:\x08\x02";

	mkcore_put64(go->core, MKGO_VERSION + 8, 0);
	info[32] = 8;
	memcpy(info + 33, "go1.22.5", 8);
	mkelf_section(go->exe, ".go.buildinfo", SHT_PROGBITS, SHF_ALLOC, 0x620000, info,
		      sizeof(info));
	assert_ok(try_open(go));
	assert_string_equal(go->rt->version.text, "go1.22.5");
}

/* Up to Go 1.17: a pointer to the string. */
static void the_release_from_old_build_information(void **state)
{
	struct mkgo *go = *state;
	uint8_t info[32] = "\xff Go buildinf:\x08";

	mkcore_put64(go->core, MKGO_VERSION + 8, 0);
	mkgo_string(go, MKGO_FREE, "go1.15.15");
	mkcore_put64(go->core, 0x620000 + 16, MKGO_FREE);
	mkelf_section(go->exe, ".go.buildinfo", SHT_PROGBITS, SHF_ALLOC, 0x620000, info,
		      sizeof(info));
	assert_ok(try_open(go));
	assert_string_equal(go->rt->version.text, "go1.15.15");
}

static void assert_no_version(struct mkgo *go, const uint8_t *info, size_t len)
{
	mkcore_put64(go->core, MKGO_VERSION + 8, 0);
	mkelf_section(go->exe, ".go.buildinfo", SHT_PROGBITS, SHF_ALLOC, 0x620000, info, len);
	assert_ok(try_open(go));
	assert_string_equal(go->rt->version.text, "");
	assert_false(go->rt->release_known);
}

static void a_length_that_does_not_end(void **state)
{
	uint8_t info[80] = "\xff Go buildinf:\x08\x02";

	memset(info + 32, 0xff, sizeof(info) - 32);
	assert_no_version(*state, info, sizeof(info));
}

static void a_length_that_is_cut(void **state)
{
	uint8_t info[34] = "\xff Go buildinf:\x08\x02";

	memset(info + 32, 0xff, 2);
	assert_no_version(*state, info, sizeof(info));
}

static void a_version_longer_than_its_section(void **state)
{
	uint8_t info[40] = "\xff Go buildinf:\x08\x02";

	memcpy(info + 32, "\x08go1.22.", 8);
	assert_no_version(*state, info, sizeof(info));
}

static void an_unknown_release_is_said(void **state)
{
	struct mkgo *go = *state;

	mkgo_string(go, MKGO_VERSION, "go1.99.1");
	mkgo_open(go);
	assert_int_equal(go->rt->version.minor, 99);
	assert_false(go->rt->release_known);
	assert_err(hms_rt_require(go->rt, HMS_NEED_SWISS), HMS_ERR_ABSENT, "go1.99.1: ");
}

/* ---- map kind ---------------------------------------------------------------------------------
 */

static void add_map(struct mkgo *go, const char *member)
{
	const struct hms_type *word = mkgraph_uint(go->graph, 8);
	const struct mkgraph_member members[] = {{member, 0, word}, {0}};
	struct hms_type *map = mkgraph_type(go->graph, "map[string]int", HMS_KIND_MAP, 8);

	map->repr = mkgraph_struct(go->graph, "of the map", 8, members);
}

static void add_hmap(struct mkgo *go)
{
	const struct mkgraph_member members[] = {{"B", 9, mkgraph_uint(go->graph, 1)}, {0}};

	mkgraph_struct(go->graph, "runtime.hmap", 48, members);
}

static void map_kind_is_what_map_types_are_made_of(void **state)
{
	struct mkgo *go = *state;

	add_map(go, go->release == MKGO_1_27 ? "oldbuckets" : "dirPtr");
	mkgo_open(go);
	assert_int_equal(go->rt->map_kind,
			 go->release == MKGO_1_27 ? HMS_MAP_CLASSIC : HMS_MAP_SWISS);
}

static void map_kind_from_the_runtime_type(void **state)
{
	struct mkgo *go = *state;

	add_hmap(go);
	mkgo_open(go);
	assert_int_equal(go->rt->map_kind, HMS_MAP_CLASSIC);
}

static void map_kind_from_the_release(void **state)
{
	struct mkgo *go = *state;

	mkgo_open(go);
	assert_int_equal(go->rt->map_kind,
			 go->release == MKGO_1_27 ? HMS_MAP_SWISS : HMS_MAP_CLASSIC);
}

static void map_kind_from_experiments(void **state)
{
	struct mkgo *go = *state;

	mkgo_string(go, MKGO_VERSION, "go1.25.1 X:noswissmap");
	mkgo_open(go);
	assert_int_equal(go->rt->map_kind, HMS_MAP_CLASSIC);
}

/* ---- symbols and strings -----------------------------------------------------------------------
 */

static void symbols_of_graph_and_table(void **state)
{
	struct mkgo *go = *state;
	uint64_t addr = 0;

	mkelf_symbol(go->exe, "runtime.memhash", 0x401040, 16);
	mkelf_symbol(go->exe, "runtime.mheap_", 0x123456, 16); /* the graph's word is last */
	mkgo_open(go);
	assert_ok(hms_rt_symbol(go->rt, "runtime.mheap_", &addr));
	assert_int_equal(addr, MKGO_MHEAP);
	assert_ok(hms_rt_symbol(go->rt, "runtime.memhash", &addr));
	assert_int_equal(addr, 0x401040);
	assert_err(hms_rt_symbol(go->rt, "runtime.nothing", &addr), HMS_ERR_NOT_FOUND,
		   "no symbol runtime.nothing");
	assert_int_equal(addr, 0x401040);
}

static void strings(void **state)
{
	struct mkgo *go = *state;
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;
	uint64_t len = 0;

	mkgo_string(go, MKGO_FREE, "hello, world");
	mkcore_put64(go->core, MKGO_FREE + 64, 0xdead0000); /* "" may point anywhere */
	mkgo_open(go);
	assert_ok(hms_rt_string(go->rt, MKGO_FREE, 100, &s, &len));
	assert_string_equal(s.s, "hello, world");
	assert_int_equal(len, 12);
	assert_ok(hms_rt_string(go->rt, MKGO_FREE, 5, &s, &len));
	assert_string_equal(s.s, "hello, worldhello");
	assert_int_equal(len, 12);
	assert_ok(hms_rt_string(go->rt, MKGO_FREE + 64, 5, &s, &len));
	assert_int_equal(len, 0);
	assert_int_equal(s.len, 17);
}

static void strings_that_are_not_there(void **state)
{
	struct mkgo *go = *state;
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;
	uint64_t len = 77;

	mkcore_put32(go->core, MKGO_FREE + 0x2000 - 4, 0x41414141);
	mkcore_put64(go->core, MKGO_FREE, MKGO_FREE + 0x2000 - 4);
	mkcore_put64(go->core, MKGO_FREE + 8, 8);
	mkcore_put64(go->core, MKGO_FREE + 16, MKGO_FREE);
	mkcore_put64(go->core, MKGO_FREE + 24, UINT64_MAX);
	mkcore_put64(go->core, MKGO_FREE + 32, MKGO_FREE);
	mkcore_put64(go->core, MKGO_FREE + 40, INT64_MAX);
	mkcore_absent(go->core, MKGO_FREE + 0x2000, 0xe000);
	mkgo_open(go);
	hms_str_add(&s, "kept");
	assert_err(hms_rt_string(go->rt, MKGO_FREE, 100, &s, &len), HMS_ERR_FAULT, "0x632000");
	assert_err(hms_rt_string(go->rt, 0x1234, 100, &s, &len), HMS_ERR_FAULT, "0x1234");
	assert_err(hms_rt_string(go->rt, MKGO_FREE + 16, 100, &s, &len), HMS_ERR_LIMIT,
		   "length -1");
	assert_err(hms_rt_string(go->rt, MKGO_FREE + 32, SIZE_MAX, &s, &len), HMS_ERR_FAULT,
		   "0x632000");
	assert_string_equal(s.s, "kept");
	assert_int_equal(s.len, 4);
	assert_int_equal(len, 77);
	assert_ok(hms_rt_string(go->rt, MKGO_FREE + 32, 1, &s, &len));
	assert_int_equal(len, INT64_MAX);
}

/* ---- names of types ----------------------------------------------------------------------------
 */

static struct hms_type *described(struct mkgo *go, const char *graph_name, uint64_t off)
{
	struct hms_type *type = mkgraph_type(go->graph, graph_name, HMS_KIND_MAP, 8);

	type->rt_off = off;
	return type;
}

static void assert_name(const struct mkgo *go, const struct hms_type *type, const char *name)
{
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	hms_rt_type_name(go->rt, type, &s);
	assert_string_equal(hms_str_text(&s), name);
}

static void names_come_from_descriptors(void **state)
{
	struct mkgo *go = *state;
	char longest[201] = "";
	const struct hms_type *plain, *starred, *very_long;

	memset(longest, 'a', 200);
	plain = described(go, "map[string]gopkg.in/x.T", 0x1000);
	starred = described(go, "example.com/go-y.M", 0x1400);
	very_long = described(go, "x", 0x1800);
	mkgo_descriptor(go, 0x1000, "map[string]odd.T", 8, 21, 8);
	mkgo_descriptor(go, 0x1400, "*y.M", 8 | 4 | 2 | 1, 21, 8);
	mkgo_descriptor(go, 0x1800, longest, 0, 21, 8);
	mkgo_open(go);
	assert_name(go, plain, "map[string]odd.T");
	assert_name(go, starred, "y.M");
	assert_name(go, very_long, longest);
}

static void descriptors_that_cannot_be_read(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *outside = described(go, "a/b.T", 0xfff0);
	const struct hms_type *beyond = described(go, "a/c.T", UINT64_MAX - 8);
	const struct hms_type *no_name = described(go, "a/d.T", 0x1000);
	const struct hms_type *bad_name = described(go, "a/e.T", 0x1400);
	const struct hms_type *cut_name = described(go, "a/f.T", 0x1800);
	const struct hms_type *absent = described(go, "a/g.T", 0x3000);

	mkgo_descriptor(go, 0x1000, "", 0, 21, 8);
	mkgo_descriptor(go, 0x1400, "main.T", 0, 21, 8);
	mkcore_put32(go->core, MKGO_TYPES + 0x1400 + 40, 0xfffffff0); /* reflect-made: negative */
	mkgo_descriptor(go, 0x1800, "main.T", 0, 21, 8);
	mkcore_put32(go->core, MKGO_TYPES + 0x1800 + 40, 0xfff8);
	mkcore_put32(go->core, MKGO_TYPES + 0xfff8, 0xffffff00);
	mkcore_absent(go->core, MKGO_TYPES + 0x3000, 0x1000);
	mkgo_open(go);
	assert_name(go, outside, "b.T");
	assert_name(go, beyond, "c.T");
	assert_name(go, no_name, "d.T");
	assert_name(go, bad_name, "e.T");
	assert_name(go, cut_name, "f.T");
	assert_name(go, absent, "g.T");
}

static void a_name_that_leaves_the_type_section(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *type = described(go, "a/b.T", 0x1000);

	mkgo_descriptor(go, 0x1000, "0123456789", 0, 21, 8);
	mkcore_put64(go->core, MKGO_MODULE + mkgo_off(go, "moduledata.etypes"),
		     MKGO_TYPES + 0x1200 + 11);
	mkgo_open(go);
	assert_name(go, type, "b.T");
}

/* The linker's names beside what %T printed of the same types (Go 1.21.13). */
static const char *const printed[][2] = {
	{"int", "int"},
	{"main.named", "main.named"},
	{"map[main.K]*example.com/a-b/n.v9/yaml%2ev2.T", "map[main.K]*yaml.T"},
	{"map[[3]example.com/n.v9/yaml%2ev2.T][]example.com/n.v9/sub/v3.T",
	 "map[[3]yaml.T][]sub.T"},
	{"map[string]example.com/n.v9/yaml%2ev2.G[int,example.com/n.v9/yaml%2ev2.T]",
	 "map[string]yaml.G[int,example.com/n.v9/yaml%2ev2.T]"},
	{"map[*x.com/y.G[string,x.com/odd.Tree[x.com/sub/v3.T]]]chan<- x.com/odd.Tree[x.com/y.T]",
	 "map[*y.G[string,x.com/odd.Tree[x.com/sub/v3.T]]]chan<- odd.Tree[x.com/y.T]"},
	{"map[string]func(x.com/yaml%2ev2.T, ...x.com/odd.T) (x.com/sub/v3.T, error)",
	 "map[string]func(yaml.T, ...odd.T) (sub.T, error)"},
	{"map[string]<-chan func()", "map[string]<-chan func()"},
	{"map[string]chan (<-chan int)", "map[string]chan (<-chan int)"},
	{"map[x.com/yaml%2ev2.I]main.emb", "map[yaml.I]main.emb"},
	{"map[string]interface { Foo(int) string; main.bar(x.com/y.T, ...x.com/sub/v3.T) (int, "
	 "error) "
	 "}",
	 "map[string]interface { Foo(int) string; main.bar(y.T, ...sub.T) (int, error) }"},
	{"map[string]struct { A x.com/y.T \"json:\\\"a [x] q/main.K\\\"\"; main.b x.com/odd.T; "
	 "Tree = "
	 "x.com/odd.Tree[int] }",
	 "map[string]struct { A y.T \"json:\\\"a [x] q/main.K\\\"\"; b odd.T; odd.Tree[int] }"},
	{"map[string]*struct { *x.com/yaml%2ev2.T; main.error = error }",
	 "map[string]*struct { *yaml.T; error }"},
	{"map[string]struct {}", "map[string]struct {}"},
	{"map[int32]map[uint8]interface {}", "map[int32]map[uint8]interface {}"},
	{"map[string]x.com/odd.Tree[struct { A x.com/yaml%2ev2.T; main.b string \"x\" }]",
	 "map[string]odd.Tree[struct { A x.com/yaml%2ev2.T; main.b string \"x\" }]"},
	{"map[string]x.com/odd.Tree[[4]map[main.K]x.com/yaml%2ev2.T]",
	 "map[string]odd.Tree[[4]map[main.K]x.com/yaml%2ev2.T]"},
	{"main.W·2", "main.W"},
	{"map[string]x.com/odd.Tree[main.L·1]", "map[string]odd.Tree[main.L·1]"},
	{"map[string]main.L[x.com/yaml%2ev2.T]·4", "map[string]main.L[x.com/yaml%2ev2.T]"},
	{"noalg.map.bucket[string]bool", "map.bucket[string]bool"},
	{"noalg.struct { F uintptr; R *internal/godebug.Setting }",
	 "struct { F uintptr; R *godebug.Setting }"},
};

static void names_without_descriptors(void **state)
{
	struct mkgo *go = *state;
	struct hms_type type = {.kind = HMS_KIND_MAP};

	mkgo_open(go);
	for (size_t i = 0; i < HMS_ARRAY_LEN(printed); i++) {
		type.name = printed[i][0];
		assert_name(go, &type, printed[i][1]);
	}
}

/* Names that no linker writes must not lead out of the text. */
static void hostile_names(void **state)
{
	static const char *const names[] = {
		"",
		"[",
		"]",
		"{",
		"}",
		"a[",
		"a[[[",
		"\"",
		"\"\\",
		"a[\"",
		"struct { ",
		"struct {",
		"; ",
		"struct { a",
		"struct { a = ",
		"...",
		"a/",
		"/",
		"a/.",
		"%2",
		"x%",
		"\xc2\xb7",
		"a[b]\xc2\xb7",
		"}}}}",
		"struct { x.y  }",
	};
	struct mkgo *go = *state;
	struct hms_type type = {.kind = HMS_KIND_MAP};
	char nested[400] = "";

	mkgo_open(go);
	for (size_t i = 0; i < HMS_ARRAY_LEN(names); i++) {
		HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

		/* on the heap, so that a byte too far is seen */
		HMS_AUTO_FREE char *copy = hms_xstrdup(names[i]);
		type.name = copy;
		hms_rt_type_name(go->rt, &type, &s);
		hms_rt_type_path(go->rt, &type, &s);
		assert_true(s.len <= 2 * strlen(names[i]));
	}
	memset(nested, '{', sizeof(nested) - 1);
	type.name = nested;
	assert_name(go, &type, nested);
}

static void paths_are_whole(void **state)
{
	struct mkgo *go = *state;
	struct hms_type type = {
		.name = "map[string]gopkg.in/yaml%2ev2.G[a%2eb/c.T] \"x%2ey\" main.L·1"};
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	mkgo_open(go);
	hms_rt_type_path(go->rt, &type, &s);
	assert_string_equal(s.s, "map[string]gopkg.in/yaml.v2.G[a.b/c.T] \"x%2ey\" main.L·1");
}

static void types_at_descriptors(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *type = described(go, "main.T", 0x1000);

	put_next(go, MKGO_MODULE, MKGO_FREE);
	add_module(go, MKGO_FREE, 0x700000);
	put_next(go, MKGO_FREE, 0);
	mkgo_open(go);
	assert_ptr_equal(hms_rt_type_at(go->rt, MKGO_TYPES + 0x1000), type);
	assert_null(hms_rt_type_at(go->rt, MKGO_TYPES + 0x1008));
	assert_null(hms_rt_type_at(go->rt, 0x1000));
	assert_null(hms_rt_type_at(go->rt, 0));
	/* the graph knows nothing of a plugin's types */
	assert_null(hms_rt_type_at(go->rt, 0x700000 + 0x1000 - 0x1000));
}

#define IN(release, name)                                                      \
	{                                                                      \
#name " (" #release ")", name, setup_##release, teardown, NULL \
	}
#define IN_ALL(name) IN(1_15, name), IN(1_21, name), IN(1_23, name), IN(1_27, name)

/* ---- values in interfaces ---------------------------------------------------------------------
 */

/* From Go 1.26 what surrounds the pointer does not matter, if it has no size. */
static void values_in_the_data_word(void **state)
{
	struct mkgo *go = *state;
	struct hms_type *word = mkgraph_uint(go->graph, 8);
	struct hms_type *nothing = mkgraph_type(go->graph, "struct {}", HMS_KIND_STRUCT, 0);
	struct hms_type *pointer = mkgraph_pointer(go->graph, word);
	const struct mkgraph_member one[] = {{"p", 0, pointer}, {0}};
	const struct mkgraph_member two[] = {{"_", 0, nothing}, {"p", 0, pointer}, {0}};
	const struct mkgraph_member number[] = {{"n", 0, word}, {0}};
	const struct {
		const struct hms_type *type;
		bool direct;
	} cases[] = {
		{pointer, true},
		{mkgraph_struct(go->graph, "main.one", 8, one), true},
		{mkgraph_array(go->graph, pointer, 1), true},
		{mkgraph_struct(go->graph, "main.two", 8, two), go->release == MKGO_1_27},
		{word, false},
		{nothing, false},
		{mkgraph_struct(go->graph, "main.number", 8, number), false},
		{mkgraph_array(go->graph, pointer, 2), false},
	};

	mkgo_open(go);
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++)
		assert_int_equal(hms_rt_is_direct(go->rt, cases[i].type), cases[i].direct);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ALL(one_module),
		IN_ALL(plugins_follow),
		IN(1_21, a_list_that_comes_back_ends),
		IN(1_21, a_list_that_leads_nowhere_ends),
		IN(1_21, absent_module_data),
		IN_ALL(module_data_of_another_program),
		IN(1_21, a_program_that_is_not_go),
		IN(1_21, a_go_program_without_debug_information),
		IN(1_21, a_section_of_the_go_linker_is_enough),
		IN_ALL(the_release_is_read),
		IN(1_23, the_release_from_build_information),
		IN(1_15, the_release_from_old_build_information),
		IN(1_23, a_length_that_does_not_end),
		IN(1_23, a_length_that_is_cut),
		IN(1_23, a_version_longer_than_its_section),
		IN(1_27, an_unknown_release_is_said),
		IN(1_21, map_kind_is_what_map_types_are_made_of),
		IN(1_27, map_kind_is_what_map_types_are_made_of),
		IN(1_27, map_kind_from_the_runtime_type),
		IN(1_23, map_kind_from_the_release),
		IN(1_27, map_kind_from_the_release),
		IN(1_27, map_kind_from_experiments),
		IN(1_21, symbols_of_graph_and_table),
		IN(1_21, strings),
		IN(1_21, strings_that_are_not_there),
		IN_ALL(names_come_from_descriptors),
		IN_ALL(descriptors_that_cannot_be_read),
		IN(1_21, a_name_that_leaves_the_type_section),
		IN(1_21, names_without_descriptors),
		IN(1_21, hostile_names),
		IN(1_21, paths_are_whole),
		IN(1_21, types_at_descriptors),
		IN_ALL(values_in_the_data_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
