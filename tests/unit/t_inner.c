/* find/inner: from an offset into a value to the member there. */
#include "unit/unit.h"

#include "find/where.h"
#include "lib/mkgraph.h"

static void expect(const struct hms_type *type, uint64_t off, const char *path,
		   const char *type_wanted, uint64_t off_wanted)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	struct hms_inner inner;

	hms_inner_path(type, off, &text, &inner);
	assert_string_equal(hms_str_text(&text), path);
	assert_string_equal(inner.type->name, type_wanted);
	assert_int_equal(inner.off, off_wanted);
}

/* struct { n uint32; name string; list [3]struct { a, b uint64 } } */
static void members_and_elements_are_named(void **state)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	struct hms_type *word = mkgraph_uint(graph, 8), *half = mkgraph_uint(graph, 4);
	struct hms_type *pair =
		mkgraph_struct(graph, "main.pair", 16,
			       (struct mkgraph_member[]){{"a", 0, word}, {"b", 8, word}, {0}});
	struct hms_type *string =
		mkgraph_struct(graph, "string", 16,
			       (struct mkgraph_member[]){{"str", 0, word}, {"len", 8, word}, {0}});
	struct hms_type *list = mkgraph_array(graph, pair, 3);
	struct hms_type *all = mkgraph_struct(
		graph, "main.all", 72,
		(struct mkgraph_member[]){
			{"n", 0, half}, {"name", 8, string}, {"list", 24, list}, {0}});

	(void)state;
	string->kind = HMS_KIND_STRING;
	expect(all, 0, ".n", half->name, 0);
	expect(all, 3, ".n", half->name, 3);
	/* padding is nobody's but the struct's */
	expect(all, 5, "", "main.all", 5);
	/* a string's first word stands for the string */
	expect(all, 8, ".name", "string", 0);
	expect(all, 16, ".name.len", word->name, 0);
	expect(all, 24, ".list[0].a", word->name, 0);
	expect(all, 24 + 2 * 16 + 9, ".list[2].b", word->name, 1);
}

static void what_is_no_part_has_no_path(void **state)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	struct hms_type *word = mkgraph_uint(graph, 8);
	struct hms_type *empty =
		mkgraph_struct(graph, "struct {}", 0, (struct mkgraph_member[]){{0}});
	struct hms_type *last =
		mkgraph_struct(graph, "main.last", 16,
			       (struct mkgraph_member[]){{"e", 0, empty}, {"a", 0, word}, {0}});

	(void)state;
	expect(word, 8, "", word->name, 8);
	expect(mkgraph_array(graph, empty, 4), 0, "", "[4]struct {}", 0);
	/* of two members at one place the one with bytes */
	expect(last, 0, ".a", word->name, 0);
}

/* No Go type holds itself, damaged debug information may say so: it ends. */
static void a_type_in_itself_ends(void **state)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	struct hms_type *word = mkgraph_uint(graph, 8);
	struct hms_type *itself =
		mkgraph_struct(graph, "main.t", 8, (struct mkgraph_member[]){{"x", 0, word}, {0}});
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	struct hms_inner inner;

	(void)state;
	((struct hms_member *)itself->members)[0].type = itself;
	hms_inner_path(itself, 4, &text, &inner);
	assert_true(text.len <= 64 * 2);
	assert_ptr_equal(inner.type, itself);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_and_elements_are_named),
		cmocka_unit_test(what_is_no_part_has_no_path),
		cmocka_unit_test(a_type_in_itself_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
