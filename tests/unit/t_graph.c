/* rt/graph: names, descriptors, variables, and which types lead to maps. */
#include "unit/unit.h"

#include "lib/mkgraph.h"

#include "rt/graph.h"

static struct hms_type *add(struct hms_graph *graph, const char *name, enum hms_kind kind,
			    uint64_t size)
{
	struct hms_type *type = hms_graph_add_type(graph);

	type->name = name;
	type->kind = kind;
	type->size = size;
	return type;
}

static struct hms_type *add_pointer(struct hms_graph *graph, const char *name,
				    const struct hms_type *elem)
{
	struct hms_type *type = add(graph, name, HMS_KIND_POINTER, 8);

	type->elem = elem;
	return type;
}

static void set_member(struct hms_graph *graph, struct hms_type *type, const char *name,
		       const struct hms_type *of)
{
	struct hms_member *member = HMS_ARENA_NEW(hms_graph_arena(graph), struct hms_member);

	*member = (struct hms_member){name, of, 0, false};
	type->members = member;
	type->nmembers = 1;
}

static void ids_are_dense(void **state)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(hms_graph_add_type(graph)->id, i);
	hms_graph_seal(graph);
	assert_int_equal(hms_graph_ntypes(graph), 1000);
	assert_int_equal(hms_graph_type(graph, 999)->id, 999);
	assert_null(hms_graph_find_type(graph, "")); /* types without a name have none */
}

static void an_empty_graph_answers(void **state)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	size_t n = 7;

	(void)state;
	hms_graph_seal(graph);
	assert_int_equal(hms_graph_ntypes(graph), 0);
	assert_null(hms_graph_find_type(graph, "int"));
	assert_null(hms_graph_find_rtype(graph, 1));
	assert_null(hms_graph_find_variable(graph, "main.x"));
	assert_null(hms_graph_variable_at(graph, 0));
	hms_graph_variables(graph, &n);
	assert_int_equal(n, 0);
}

static void name_with_more_detail_wins(void **state)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	struct hms_type *integer = add(graph, "int", HMS_KIND_INT, 8);
	struct hms_type *full, *sized;

	(void)state;
	add(graph, "main.T", HMS_KIND_STRUCT, 0);
	full = add(graph, "main.T", HMS_KIND_STRUCT, 8);
	set_member(graph, full, "n", integer);
	add(graph, "main.T", HMS_KIND_STRUCT, 8);
	add(graph, "main.U", HMS_KIND_STRUCT, 0);
	sized = add(graph, "main.U", HMS_KIND_STRUCT, 16);
	hms_graph_seal(graph);
	assert_ptr_equal(hms_graph_find_type(graph, "main.T"), full);
	assert_ptr_equal(hms_graph_find_type(graph, "main.U"), sized);
	assert_ptr_equal(hms_graph_find_type(graph, "int"), integer);
	assert_null(hms_graph_find_type(graph, "in"));
	assert_null(hms_graph_find_type(graph, "main.V"));
	assert_ptr_equal(hms_type_member(full, "n")->type, integer);
	assert_null(hms_type_member(full, "m"));
}

static void map_wins_its_descriptor(void **state)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	struct hms_type *integer, *map;

	(void)state;
	integer = add(graph, "int", HMS_KIND_INT, 8);
	integer->rt_off = 0x2000;
	set_member(graph, integer, "made up: detail does not beat kind", integer);
	add(graph, "none", HMS_KIND_NONE, 8)->rt_off = 0x1000;
	add(graph, "*hash<int,int>", HMS_KIND_POINTER, 8)->rt_off = 0x1000;
	map = add(graph, "map[int]int", HMS_KIND_MAP, 8);
	map->rt_off = 0x1000;
	add(graph, "hash<int,int>", HMS_KIND_STRUCT, 48)->rt_off = 0x1000;
	add(graph, "no descriptor", HMS_KIND_STRUCT, 48);
	hms_graph_seal(graph);
	assert_ptr_equal(hms_graph_find_rtype(graph, 0x1000), map);
	assert_ptr_equal(hms_graph_find_rtype(graph, 0x2000), integer);
	assert_null(hms_graph_find_rtype(graph, 0));
	assert_null(hms_graph_find_rtype(graph, 0x1001));
	assert_null(hms_graph_find_rtype(graph, 0x3000));
}

static void variables_are_found_by_name_and_address(void **state)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	struct hms_type *word = add(graph, "int", HMS_KIND_INT, 8);
	struct hms_type *empty = add(graph, "struct {}", HMS_KIND_STRUCT, 0);
	struct hms_type *large = add(graph, "[100]int", HMS_KIND_ARRAY, 800);
	const struct hms_variable *variables;
	size_t n;

	(void)state;
	hms_graph_add_variable(graph, "main.c", 0x500, large);
	hms_graph_add_variable(graph, "main.a", 0x1000, word);
	hms_graph_add_variable(graph, "main.empty", 0x1000, empty); /* shares an address */
	hms_graph_add_variable(graph, "main.b", 0x1008, word);
	hms_graph_add_variable(graph, "main.top", UINT64_MAX - 7, large); /* would wrap */
	hms_graph_seal(graph);

	variables = hms_graph_variables(graph, &n);
	assert_int_equal(n, 5);
	for (size_t i = 1; i < n; i++)
		assert_true(strcmp(variables[i - 1].name, variables[i].name) < 0);
	assert_int_equal(hms_graph_find_variable(graph, "main.b")->addr, 0x1008);
	assert_int_equal(hms_graph_find_variable(graph, "main.empty")->addr, 0x1000);
	assert_null(hms_graph_find_variable(graph, "main"));
	assert_null(hms_graph_find_variable(graph, "zzz"));

	assert_null(hms_graph_variable_at(graph, 0x4ff));
	assert_string_equal(hms_graph_variable_at(graph, 0x500)->name, "main.c");
	assert_string_equal(hms_graph_variable_at(graph, 0x500 + 799)->name, "main.c");
	assert_null(hms_graph_variable_at(graph, 0x500 + 800));
	assert_string_equal(hms_graph_variable_at(graph, 0x1007)->name, "main.a");
	assert_string_equal(hms_graph_variable_at(graph, 0x1008)->name, "main.b");
	assert_null(hms_graph_variable_at(graph, 0x1010));
	assert_string_equal(hms_graph_variable_at(graph, UINT64_MAX)->name, "main.top");
	assert_null(hms_graph_variable_at(graph, 0));
}

static void maps_are_reached_through_pointers_and_cycles(void **state)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	struct hms_type *word = add(graph, "int", HMS_KIND_INT, 8);
	struct hms_type *map = add(graph, "map[int]int", HMS_KIND_MAP, 8);
	/* type a struct { next *b }; type b struct { next *a }, neither with a map; then c, d
	 * alike, where d = [4]struct { m map[int]int; c *c }. */
	struct hms_type *a = add(graph, "a", HMS_KIND_STRUCT, 8);
	struct hms_type *b = add(graph, "b", HMS_KIND_STRUCT, 8);
	struct hms_type *c = add(graph, "c", HMS_KIND_STRUCT, 8);
	struct hms_type *d = add(graph, "d", HMS_KIND_ARRAY, 64);
	struct hms_type *inner = add(graph, "struct { m map[int]int; c *c }", HMS_KIND_STRUCT, 16);
	struct hms_member members[2];

	(void)state;
	set_member(graph, a, "next", add_pointer(graph, "*b", b));
	set_member(graph, b, "next", add_pointer(graph, "*a", a));
	set_member(graph, c, "next", add_pointer(graph, "*d", d));
	d->elem = inner;
	members[0] = (struct hms_member){"c", add_pointer(graph, "*c", c), 0, false};
	members[1] = (struct hms_member){"m", map, 8, false};
	inner->members = members;
	inner->nmembers = 2;
	hms_graph_seal(graph);

	assert_false(hms_type_reaches_map(graph, word));
	assert_false(hms_type_reaches_map(graph, a));
	assert_false(hms_type_reaches_map(graph, b));
	assert_true(hms_type_reaches_map(graph, c));
	assert_true(hms_type_reaches_map(graph, d));
	assert_true(hms_type_reaches_map(graph, inner));
	assert_true(hms_type_reaches_map(graph, map));
	assert_true(hms_type_reaches_map(graph, hms_graph_find_type(graph, "*c")));
	assert_false(hms_type_reaches_map(graph, hms_graph_find_type(graph, "*a")));
}

static void some_kinds_lead_anywhere(void **state)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	struct hms_type *word = add(graph, "int", HMS_KIND_INT, 8);
	struct hms_type *any = add(graph, "interface {}", HMS_KIND_INTERFACE, 16);
	struct hms_type *func = add(graph, "func()", HMS_KIND_FUNC, 8);
	struct hms_type *unsafe = add(graph, "unsafe.Pointer", HMS_KIND_UNSAFE_POINTER, 8);
	struct hms_type *nothing = add_pointer(graph, "void *", NULL);
	struct hms_type *typed = add_pointer(graph, "*int", word);
	struct hms_type *slice = add(graph, "[]interface {}", HMS_KIND_SLICE, 24);
	/* The repr of a channel leads to goroutines; its elements alone count. */
	struct hms_type *hchan = add(graph, "hchan<int>", HMS_KIND_STRUCT, 96);
	struct hms_type *chan = add(graph, "chan int", HMS_KIND_CHAN, 8);
	struct hms_type *chan_any = add(graph, "chan interface {}", HMS_KIND_CHAN, 8);

	(void)state;
	slice->elem = any;
	set_member(graph, hchan, "elem", unsafe);
	chan->elem = word;
	chan->repr = hchan;
	chan_any->elem = any;
	hms_graph_seal(graph);
	assert_true(hms_type_reaches_map(graph, any));
	assert_true(hms_type_reaches_map(graph, func));
	assert_true(hms_type_reaches_map(graph, unsafe));
	assert_true(hms_type_reaches_map(graph, nothing));
	assert_true(hms_type_reaches_map(graph, slice));
	assert_true(hms_type_reaches_map(graph, chan_any));
	assert_false(hms_type_reaches_map(graph, typed));
	assert_false(hms_type_reaches_map(graph, chan));
}

/* What the garbage collector looks for, as src/cmd/compile/internal/types/type.go's HasPointers
 * says: strings and functions too, an empty array of pointers not. */
static void pointers_make_types_worth_marking(void **state)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	struct hms_type *word = mkgraph_uint(graph, 8);
	struct hms_type *pointer = mkgraph_pointer(graph, word);
	struct hms_type *flat =
		mkgraph_struct(graph, "main.flat", 16,
			       (struct mkgraph_member[]){{"a", 0, word}, {"b", 8, word}, {0}});
	struct hms_type *mixed =
		mkgraph_struct(graph, "main.mixed", 32,
			       (struct mkgraph_member[]){
				       {"a", 0, word},
				       {"b", 8, mkgraph_type(graph, "string", HMS_KIND_STRING, 16)},
				       {0}});
	struct hms_type *itself = mkgraph_struct(graph, "main.itself", 16,
						 (struct mkgraph_member[]){{"a", 0, flat}, {0}});

	(void)state;
	assert_false(hms_type_has_pointers(word));
	assert_false(hms_type_has_pointers(flat));
	assert_false(hms_type_has_pointers(mkgraph_array(graph, word, 4)));
	assert_false(hms_type_has_pointers(mkgraph_array(graph, pointer, 0)));
	assert_true(hms_type_has_pointers(pointer));
	assert_true(hms_type_has_pointers(mixed));
	assert_true(hms_type_has_pointers(mkgraph_array(graph, mixed, 4)));
	assert_true(hms_type_has_pointers(mkgraph_type(graph, "func()", HMS_KIND_FUNC, 8)));
	assert_true(hms_type_has_pointers(NULL));
	/* No Go type holds itself, damaged debug information may say so: it ends. */
	((struct hms_member *)itself->members)[0].type = itself;
	assert_true(hms_type_has_pointers(itself));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_dense),
		cmocka_unit_test(an_empty_graph_answers),
		cmocka_unit_test(name_with_more_detail_wins),
		cmocka_unit_test(map_wins_its_descriptor),
		cmocka_unit_test(variables_are_found_by_name_and_address),
		cmocka_unit_test(maps_are_reached_through_pointers_and_cycles),
		cmocka_unit_test(some_kinds_lead_anywhere),
		cmocka_unit_test(pointers_make_types_worth_marking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
