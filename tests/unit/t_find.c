/* find: the search along static types, from package variables of a process made by hand. */
#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "dwarf/compat.h"
#include "dwarf/dwarf.h"
#include "find/find.h"
#include "lib/godwarf.h"
#include "lib/mkmap.h"

struct fixture {
	struct mkmap *m;
	struct hms_found *found;
	uint64_t next_variable;
};

static int setup(void **state)
{
	struct fixture *f = hms_xcalloc(1, sizeof(*f));

	f->m = mkmap_create();
	f->next_variable = MKGO_FREE;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hms_found_free(f->found);
	mkmap_destroy(f->m);
	free(f);
	return 0;
}

/* A package variable: 64 bytes in the data section. */
static uint64_t variable(struct fixture *f, const char *name, const struct hms_type *type)
{
	uint64_t addr = f->next_variable;

	f->next_variable += 64;
	hms_graph_add_variable(f->m->graph, name, addr, type);
	return addr;
}

/* An empty map. */
static uint64_t map(struct fixture *f)
{
	return mkmap_header(f->m, &(struct mkmap_header){.count = 0});
}

static void put(struct fixture *f, uint64_t addr, uint64_t value)
{
	mkcore_put64(f->m->core, addr, value);
}

static void search(struct fixture *f)
{
	mkmap_open(f->m);
	assert_ok(hms_find_maps(f->m->model, NULL, &f->found));
	assert_true(f->found->complete);
}

/* The owner of the map at @addr is @path, met @owners times. */
static void expect(struct fixture *f, uint64_t addr, const char *path, uint32_t owners)
{
	struct hms_str text = HMS_STR_INIT;
	struct hms_map *found = hms_found_at(f->found, addr);

	assert_non_null(found);
	hms_path_text(f->m->go->rt, found->owner, 0, &text);
	assert_string_equal(hms_str_text(&text), path);
	assert_int_equal(found->owners, owners);
	assert_int_equal(found->found_by, HMS_FOUND_GLOBAL);
	hms_str_deinit(&text);
}

/* struct main.node { items map; next *main.node } */
static struct hms_type *node_type(struct fixture *f)
{
	struct hms_type *pointer = mkgraph_type(f->m->graph, "*main.node", HMS_KIND_POINTER, 8);
	struct hms_type *node;

	node = mkgraph_struct(
		f->m->graph, "main.node", 16,
		(struct mkgraph_member[]){{"items", 0, f->m->map_type}, {"next", 8, pointer}, {0}});
	pointer->elem = node;
	return node;
}

static void a_variable(void **state)
{
	struct fixture *f = *state;
	uint64_t m = map(f);

	put(f, variable(f, "main.plain", f->m->map_type), m);
	variable(f, "main.nothing", f->m->map_type);
	search(f);
	assert_int_equal(f->found->nmaps, 1);
	expect(f, m, "main.plain", 1);
}

static void fields_and_pointers(void **state)
{
	struct fixture *f = *state;
	struct hms_type *node = node_type(f);
	uint64_t m = map(f), object = mkmap_object(f->m, 16);

	put(f, object, m);
	put(f, variable(f, "main.shared", mkgraph_pointer(f->m->graph, node)), object);
	search(f);
	expect(f, m, "main.shared.items", 1);
}

static void a_pointer_to_a_map(void **state)
{
	struct fixture *f = *state;
	uint64_t m = map(f), object = mkmap_object(f->m, 16);

	put(f, object, m);
	put(f, variable(f, "main.p", mkgraph_pointer(f->m->graph, f->m->map_type)), object);
	search(f);
	expect(f, m, "(*main.p)", 1);
}

static void a_ring_of_nodes_ends(void **state)
{
	struct fixture *f = *state;
	struct hms_type *node = node_type(f);
	uint64_t first = mkmap_object(f->m, 16), second = mkmap_object(f->m, 16);
	uint64_t a = map(f), b = map(f);

	put(f, first, a);
	put(f, first + 8, second);
	put(f, second, b);
	put(f, second + 8, first);
	put(f, variable(f, "main.ring", mkgraph_pointer(f->m->graph, node)), first);
	search(f);
	assert_int_equal(f->found->nmaps, 2);
	expect(f, a, "main.ring.items", 1);
	expect(f, b, "main.ring.next.items", 1);
}

static void a_long_list_is_told_by_its_length(void **state)
{
	struct fixture *f = *state;
	struct hms_type *node = node_type(f);
	uint64_t last = map(f), at, next = 0;

	for (int i = 0; i < 60; i++) {
		at = mkmap_object(f->m, 16);
		put(f, at, i ? 0 : last);
		put(f, at + 8, next);
		next = at;
	}
	put(f, variable(f, "main.list", mkgraph_pointer(f->m->graph, node)), next);
	search(f);
	expect(f, last, "main.list.next{59}.items", 1);
}

static void the_shortest_path_wins(void **state)
{
	struct fixture *f = *state;
	struct hms_type *node = node_type(f);
	uint64_t m = map(f), object = mkmap_object(f->m, 16);

	put(f, object, m);
	put(f, variable(f, "main.aaa", mkgraph_pointer(f->m->graph, node)), object);
	put(f, variable(f, "main.zzz", f->m->map_type), m);
	search(f);
	assert_int_equal(f->found->nmaps, 1);
	expect(f, m, "main.zzz", 2);
}

static void among_equals_the_first_by_name(void **state)
{
	struct fixture *f = *state;
	uint64_t m = map(f);

	put(f, variable(f, "main.second", f->m->map_type), m);
	put(f, variable(f, "main.first", f->m->map_type), m);
	put(f, variable(f, "main.third", f->m->map_type), m);
	search(f);
	expect(f, m, "main.first", 3);
}

static void arrays(void **state)
{
	struct fixture *f = *state;
	struct hms_type *pointers =
		mkgraph_array(f->m->graph, mkgraph_pointer(f->m->graph, f->m->map_type), 3);
	uint64_t m = map(f), object = mkmap_object(f->m, 16);

	put(f, object, m);
	put(f, variable(f, "main.arr", pointers) + 8, object);
	search(f);
	expect(f, m, "(*main.arr[1])", 1);
}

/* One array, two slices of it: each element is looked into once, what lies beyond a length is
 * alive too. */
static void slices(void **state)
{
	struct fixture *f = *state;
	struct hms_type *slice = mkgraph_slice(f->m->graph, f->m->map_type);
	uint64_t array = mkmap_object(f->m, 64), maps[5], v;

	for (unsigned int i = 0; i < 5; i++) {
		maps[i] = map(f);
		put(f, array + 8 * i, maps[i]);
	}
	v = variable(f, "main.a", slice);
	put(f, v, array);
	put(f, v + 8, 2);
	put(f, v + 16, 3);
	v = variable(f, "main.b", slice);
	put(f, v, array + 8);
	put(f, v + 8, 4);
	put(f, v + 16, 4);
	search(f);
	assert_int_equal(f->found->nmaps, 5);
	expect(f, maps[0], "main.a[0]", 1);
	expect(f, maps[2], "main.a[:3][2]", 1);
	expect(f, maps[3], "main.b[2]", 1);
	expect(f, maps[4], "main.b[3]", 1);
}

static void a_wild_slice_ends_with_its_object(void **state)
{
	struct fixture *f = *state;
	struct hms_type *slice = mkgraph_slice(f->m->graph, f->m->map_type);
	uint64_t array = mkmap_object(f->m, 16), m = map(f), v;

	put(f, array, m);
	v = variable(f, "main.wild", slice);
	put(f, v, array);
	put(f, v + 8, UINT64_C(1) << 40);
	put(f, v + 16, UINT64_C(1) << 40);
	v = variable(f, "main.wilder", slice);
	put(f, v, array);
	put(f, v + 8, UINT64_MAX);
	put(f, v + 16, UINT64_MAX);
	search(f);
	assert_int_equal(f->found->nmaps, 1);
}

/* Where the capacity cannot be true, the length says nothing of what is beyond it. */
static void a_slice_of_which_only_the_pointer_is_true(void **state)
{
	struct fixture *f = *state;
	uint64_t array = mkmap_object(f->m, 16), m = map(f);
	uint64_t v = variable(f, "main.parts", mkgraph_slice(f->m->graph, f->m->map_type));

	put(f, array + 8, m);
	put(f, v, array);
	put(f, v + 8, 0);
	put(f, v + 16, 0x467e41);
	search(f);
	expect(f, m, "main.parts[1]", 1);
}

/* What a stale slice claims is not walked where no memory is, nor in what is free. */
static void a_stale_slice_is_not_walked(void **state)
{
	struct fixture *f = *state;
	struct hms_type *slice = mkgraph_slice(f->m->graph, f->m->map_type);
	const uint64_t places[] = {0x7fdead000000, mkmap_free_object(f->m, 64), MKGO_FREE};
	uint64_t m = map(f), v;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		v = variable(f,
			     i == 0   ? "main.nowhere"
			     : i == 1 ? "main.freed"
				      : "main.data",
			     slice);
		put(f, v, places[i]);
		put(f, v + 8, 1);
		put(f, v + 16, UINT64_C(1) << 44);
	}
	put(f, places[1], m);
	search(f);
	assert_null(hms_found_at(f->found, m));
}

/* Go's "*[1<<16]T" over a small object: what lies behind the object is not looked into. */
static void an_array_type_that_promises_too_much(void **state)
{
	struct fixture *f = *state;
	struct hms_type *wide = mkgraph_array(f->m->graph, f->m->map_type, 1 << 16);
	uint64_t object = mkmap_object(f->m, 16), in = map(f), out = map(f);

	put(f, object + 8, in);
	put(f, object + 16, out);
	put(f, variable(f, "main.wide", mkgraph_pointer(f->m->graph, wide)), object);
	search(f);
	expect(f, in, "main.wide[1]", 1);
	assert_null(hms_found_at(f->found, out));
}

/* map[uint64]map[uint64]uint64: live elements lead on, deleted ones do not. */
static void elements_of_maps(void **state)
{
	struct fixture *f = *state;
	struct hms_type *nested = mkmap_type(f->m, "map[uint64]uint64", f->m->map_type);
	uint64_t bucket = mkmap_object(f->m, MKMAP_BUCKET), inner = map(f), gone = map(f), outer;

	mkmap_slot(f->m, bucket, 0, 0x30, 7, inner);
	mkmap_slot(f->m, bucket, 1, 1, 8, gone);
	outer = mkmap_header(f->m, &(struct mkmap_header){.count = 1, .buckets = bucket});
	put(f, variable(f, "main.nested", nested), outer);
	search(f);
	assert_int_equal(f->found->nmaps, 2);
	expect(f, outer, "main.nested", 1);
	expect(f, inner, "main.nested[7]", 1);
}

static void redacted_paths_lose_their_keys(void **state)
{
	struct fixture *f = *state;
	struct hms_type *nested = mkmap_type(f->m, "map[uint64]uint64", f->m->map_type);
	uint64_t bucket = mkmap_object(f->m, MKMAP_BUCKET), inner = map(f);
	struct hms_str text = HMS_STR_INIT;

	mkmap_slot(f->m, bucket, 0, 0x30, 7, inner);
	put(f, variable(f, "main.nested", nested),
	    mkmap_header(f->m, &(struct mkmap_header){.count = 1, .buckets = bucket}));
	search(f);
	hms_path_text(f->m->go->rt, hms_found_at(f->found, inner)->owner, HMS_PATH_HIDE_KEYS,
		      &text);
	assert_string_equal(hms_str_text(&text), "main.nested[…]");
	hms_str_deinit(&text);
}

static const struct hms_path *owner_of(const struct fixture *f, uint64_t map)
{
	return hms_found_at(f->found, map)->owner;
}

static void expect_shape(const struct fixture *f, uint64_t map, const char *text)
{
	struct hms_str shape = HMS_STR_INIT;

	hms_path_text(f->m->go->rt, owner_of(f, map), HMS_PATH_HIDE_KEYS | HMS_PATH_HIDE_NUMBERS,
		      &shape);
	assert_string_equal(hms_str_text(&shape), text);
	hms_str_deinit(&shape);
}

/* Two elements of one map, and maps at the second and the ninth node of a list: each pair has one
 * shape; the outer map and the elements have not. */
static void paths_that_differ_in_keys_have_one_shape(void **state)
{
	struct fixture *f = *state;
	struct hms_type *nested = mkmap_type(f->m, "map[uint64]map[uint64]uint64", f->m->map_type);
	uint64_t bucket = mkmap_object(f->m, MKMAP_BUCKET), outer;
	uint64_t inner[2] = {map(f), map(f)}, far[2] = {map(f), map(f)}, next = 0;

	mkmap_slot(f->m, bucket, 0, 0x30, 7, inner[0]);
	mkmap_slot(f->m, bucket, 1, 0x31, 8, inner[1]);
	outer = mkmap_header(f->m, &(struct mkmap_header){.count = 2, .buckets = bucket});
	put(f, variable(f, "main.nested", nested), outer);
	for (int i = 0; i < 10; i++) {
		uint64_t at = mkmap_object(f->m, 16);

		put(f, at, i == 0 ? far[0] : i == 7 ? far[1] : 0);
		put(f, at + 8, next);
		next = at;
	}
	put(f, variable(f, "main.list", mkgraph_pointer(f->m->graph, node_type(f))), next);
	search(f);
	expect_shape(f, inner[0], "main.nested[…]");
	assert_int_equal(owner_of(f, inner[0])->shape, owner_of(f, inner[1])->shape);
	assert_int_not_equal(owner_of(f, inner[0])->shape, owner_of(f, outer)->shape);
	expect_shape(f, far[0], "main.list.next{…}.items");
	expect_shape(f, far[1], "main.list.next{…}.items");
	assert_int_equal(owner_of(f, far[0])->shape, owner_of(f, far[1])->shape);
	assert_int_not_equal(owner_of(f, far[0])->shape, owner_of(f, inner[0])->shape);
}

static void unreadable_places_are_passed_over(void **state)
{
	struct fixture *f = *state;
	struct hms_type *node = node_type(f);
	uint64_t m = map(f), object = mkmap_object(f->m, 16);

	put(f, variable(f, "main.wild", mkgraph_pointer(f->m->graph, node)), 0x7fdead000000);
	put(f, variable(f, "main.absent", mkgraph_pointer(f->m->graph, node)), object);
	mkcore_absent(f->m->core, object, 16);
	put(f, variable(f, "main.good", f->m->map_type), m);
	search(f);
	assert_int_equal(f->found->nmaps, 1);
	expect(f, m, "main.good", 1);
}

/* Damaged debug information can say that a struct holds itself. */
static void a_type_within_itself_ends(void **state)
{
	struct fixture *f = *state;
	struct mkgraph_member members[] = {
		{"inner", 0, f->m->u64}, {"items", 8, f->m->map_type}, {0}};
	struct hms_type *type = mkgraph_struct(f->m->graph, "main.self", 16, members);
	uint64_t m = map(f), v;

	((struct hms_member *)(uintptr_t)type->members)[0].type = type;
	v = variable(f, "main.self", type);
	put(f, v + 8, m);
	search(f);
	expect(f, m, "main.self.items", hms_found_at(f->found, m)->owners);
}

/* ---- closures ----------------------------------------------------------------------------- */

#define ENTRY 0x1000 /* of the function that a method value points to */

/* The search with debug information of one function. */
static void search_with_function(struct fixture *f, const char *name)
{
	struct hms_find_stacks stacks = {0};
	struct mkdwarf dwarf;
	char *path;

	mkdwarf_init(&dwarf, 4);
	go_unit(&dwarf, "Go cmd/compile go1.21.13; regabi");
	mkdwarf_addr(&dwarf, DW_AT_low_pc, ENTRY);
	mkdwarf_addr(&dwarf, DW_AT_high_pc, ENTRY + 0x100);
	mkdwarf_die(&dwarf, DW_TAG_subprogram, true);
	mkdwarf_string(&dwarf, DW_AT_name, name);
	mkdwarf_addr(&dwarf, DW_AT_low_pc, ENTRY);
	mkdwarf_addr(&dwarf, DW_AT_high_pc, ENTRY + 0x100);
	mkdwarf_end(&dwarf);
	mkdwarf_end(&dwarf);
	path = mkdwarf_save(&dwarf);
	assert_ok(hms_dwarf_open(path, &stacks.dwarf));
	mkmap_open(f->m);
	assert_ok(hms_find_maps(f->m->model, &stacks, &f->found));
	assert_true(f->found->complete);
	hms_dwarf_close(stacks.dwarf);
	unlink(path);
	free(path);
	mkdwarf_deinit(&dwarf);
}

/* A package variable with a func value, and its closure of 16 bytes. */
static uint64_t func_value(struct fixture *f, uint64_t entry)
{
	struct hms_type *func = mkgraph_type(f->m->graph, "func()", HMS_KIND_FUNC, 8);
	uint64_t closure = mkmap_object(f->m, 16);

	put(f, variable(f, "main.method", func), closure);
	put(f, closure, entry);
	return closure;
}

static void a_method_value_holds_its_receiver(void **state)
{
	struct fixture *f = *state;
	uint64_t m = map(f), object = mkmap_object(f->m, 16), closure = func_value(f, ENTRY);

	node_type(f);
	put(f, object, m);
	put(f, closure + 8, object);
	search_with_function(f, "main.(*node).run-fm");
	expect(f, m, "main.method.captured.receiver.items", 1);
}

static void a_method_value_of_a_value(void **state)
{
	struct fixture *f = *state;
	uint64_t m = map(f), closure = func_value(f, ENTRY);

	node_type(f);
	put(f, closure + 8, m);
	search_with_function(f, "main.node.run-fm");
	expect(f, m, "main.method.captured.receiver.items", 1);
}

/* A func value that leads into a function, or a function that is no method value's. */
static void what_is_no_closure_is_not_followed(void **state)
{
	struct fixture *f = *state;
	uint64_t m = map(f), object = mkmap_object(f->m, 16), closure = func_value(f, ENTRY + 4);

	node_type(f);
	put(f, object, m);
	put(f, closure + 8, object);
	search_with_function(f, "main.(*node).run-fm");
	assert_true(!hms_found_at(f->found, m) || !hms_found_at(f->found, m)->owner);
}

/* No program has it, a damaged core may: a closure that is its own receiver. */
static void a_closure_within_itself_ends(void **state)
{
	struct fixture *f = *state;
	struct hms_type *func = mkgraph_type(f->m->graph, "main.fn", HMS_KIND_FUNC, 8);
	uint64_t closure = func_value(f, ENTRY);

	(void)func;
	put(f, closure + 8, closure);
	search_with_function(f, "main.fn.run-fm");
	assert_int_equal(f->found->nmaps, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_variable),
		TEST(fields_and_pointers),
		TEST(a_pointer_to_a_map),
		TEST(a_ring_of_nodes_ends),
		TEST(a_long_list_is_told_by_its_length),
		TEST(the_shortest_path_wins),
		TEST(among_equals_the_first_by_name),
		TEST(arrays),
		TEST(slices),
		TEST(a_wild_slice_ends_with_its_object),
		TEST(a_slice_of_which_only_the_pointer_is_true),
		TEST(a_stale_slice_is_not_walked),
		TEST(an_array_type_that_promises_too_much),
		TEST(elements_of_maps),
		TEST(redacted_paths_lose_their_keys),
		TEST(paths_that_differ_in_keys_have_one_shape),
		TEST(unreadable_places_are_passed_over),
		TEST(a_type_within_itself_ends),
		TEST(a_method_value_holds_its_receiver),
		TEST(a_method_value_of_a_value),
		TEST(what_is_no_closure_is_not_followed),
		TEST(a_closure_within_itself_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
