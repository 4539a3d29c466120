/* rt/layout: facts resolved against hand-made types. */
#include "unit/unit.h"

#include "lib/mkgraph.h"
#include "rt/layout.h"

struct fixture {
	struct hms_graph *graph;
	struct hms_layout layout;
};

static int setup(void **state)
{
	struct fixture *f = hms_xcalloc(1, sizeof(*f));

	f->graph = hms_graph_create();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hms_graph_destroy(f->graph);
	free(f);
	return 0;
}

static void resolve(struct fixture *f)
{
	hms_graph_seal(f->graph);
	hms_layout_resolve(f->graph, &f->layout);
}

static void assert_fact(const struct fixture *f, enum hms_fact_id id, uint32_t off, uint32_t size)
{
	assert_true(hms_layout_has(&f->layout, id));
	assert_int_equal(f->layout.facts[id].off, off);
	assert_int_equal(f->layout.facts[id].size, size);
}

/* The members of Go 1.21's runtime.hmap. */
static void add_hmap(struct fixture *f)
{
	const struct mkgraph_member members[] = {
		{"count", 0, mkgraph_uint(f->graph, 8)},
		{"flags", 8, mkgraph_uint(f->graph, 1)},
		{"B", 9, mkgraph_uint(f->graph, 1)},
		{"noverflow", 10, mkgraph_uint(f->graph, 2)},
		{"hash0", 12, mkgraph_uint(f->graph, 4)},
		{0},
	};

	mkgraph_struct(f->graph, "runtime.hmap", 48, members);
}

static void members_have_offset_and_size(void **state)
{
	struct fixture *f = *state;

	add_hmap(f);
	resolve(f);
	assert_fact(f, HMS_F_HMAP, 0, 48);
	assert_fact(f, HMS_F_HMAP_B, 9, 1);
	assert_fact(f, HMS_F_HMAP_HASH0, 12, 4);
	assert_false(hms_layout_has(&f->layout, HMS_F_HMAP_BUCKETS));
	assert_false(hms_layout_has(&f->layout, HMS_F_SMAP));
	assert_string_equal(hms_fact_name(HMS_F_HMAP_COUNT), "runtime.hmap.count");
	assert_string_equal(hms_fact_name(HMS_F_HMAP), "runtime.hmap");
}

static void values_are_zero_extended(void **state)
{
	static const uint8_t hmap[48] = {0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88,
					 0x04, 0x85, 0x34, 0x92, 0x78, 0x56, 0x34, 0xf2};
	struct fixture *f = *state;

	add_hmap(f);
	resolve(f);
	assert_int_equal(hms_layout_get(&f->layout, HMS_F_HMAP_COUNT, hmap), 0x8899aabbccddeeff);
	assert_int_equal(hms_layout_get(&f->layout, HMS_F_HMAP_FLAGS, hmap), 4);
	assert_int_equal(hms_layout_get(&f->layout, HMS_F_HMAP_B, hmap), 0x85);
	assert_int_equal(hms_layout_get(&f->layout, HMS_F_HMAP_NOVERFLOW, hmap), 0x9234);
	assert_int_equal(hms_layout_get(&f->layout, HMS_F_HMAP_HASH0, hmap), 0xf2345678);
	assert_int_equal(hms_layout_get(&f->layout, HMS_F_HMAP_BUCKETS, hmap), 0);
	assert_int_equal(hms_layout_get(&f->layout, HMS_F_HMAP, hmap), 0); /* no number */
}

static void alternatives_are_tried_in_turn(void **state)
{
	struct fixture *f = *state;
	/* as in Go 1.15 */
	const struct mkgraph_member type[] = {
		{"size", 0, mkgraph_uint(f->graph, 8)},
		{"str", 40, mkgraph_uint(f->graph, 4)},
		{0},
	};
	const struct mkgraph_member heap[] = {
		{"allArenas", 66656, mkgraph_slice(f->graph, mkgraph_uint(f->graph, 8))},
		{0},
	};

	mkgraph_struct(f->graph, "runtime._type", 48, type);
	mkgraph_struct(f->graph, "runtime.mheap", 101424, heap);
	resolve(f);
	assert_fact(f, HMS_F_TYPE, 0, 48);
	assert_fact(f, HMS_F_TYPE_SIZE, 0, 8);
	assert_fact(f, HMS_F_TYPE_STR, 40, 4);
	assert_fact(f, HMS_F_MHEAP_ALLARENAS, 66656, 24);
}

static void a_type_without_members_is_passed_over(void **state)
{
	struct fixture *f = *state;
	const struct mkgraph_member type[] = {{"size", 0, mkgraph_uint(f->graph, 8)}, {0}};

	mkgraph_type(f->graph, "internal/abi.Type", HMS_KIND_STRUCT, 0);
	mkgraph_struct(f->graph, "runtime._type", 48, type);
	resolve(f);
	assert_fact(f, HMS_F_TYPE_SIZE, 0, 8);
}

static void paths_lead_into_structures(void **state)
{
	struct fixture *f = *state;
	const struct mkgraph_member groups[] = {
		{"data", 0, mkgraph_uint(f->graph, 8)},
		{"lengthMask", 8, mkgraph_uint(f->graph, 8)},
		{0},
	};
	const struct mkgraph_member table[] = {
		{"groups", 16,
		 mkgraph_struct(f->graph, "internal/runtime/maps.groupsReference", 16, groups)},
		{0},
	};

	mkgraph_struct(f->graph, "internal/runtime/maps.table", 32, table);
	resolve(f);
	assert_fact(f, HMS_F_TABLE_GROUPS_DATA, 16, 8);
	assert_fact(f, HMS_F_TABLE_GROUPS_MASK, 24, 8);
}

/* @inner in a structure of the same size, as mSpanStateBox is. */
static struct hms_type *box(struct fixture *f, const char *name, const struct hms_type *inner,
			    uint64_t off)
{
	const struct mkgraph_member none[] = {{0}};
	const struct mkgraph_member members[] = {
		{"_", 0, mkgraph_struct(f->graph, "noCopy", 0, none)},
		{"value", off, inner},
		{0},
	};

	return mkgraph_struct(f->graph, name, inner->size + off, members);
}

static void wrappers_stand_for_what_they_wrap(void **state)
{
	struct fixture *f = *state;
	const struct hms_type *byte = mkgraph_uint(f->graph, 1), *word = mkgraph_uint(f->graph, 8);
	const struct hms_type *atomic = box(f, "internal/runtime/atomic.Uint8", byte, 0);
	const struct mkgraph_member two[] = {{"a", 0, byte}, {"b", 1, byte}, {0}};
	const struct mkgraph_member beyond[] = {{"a", 8, word}, {0}};
	const struct mkgraph_member both[] = {{"a", 0, byte}, {"b", 0, word}, {0}};
	const struct mkgraph_member members[] = {
		{"state", 99, box(f, "runtime.mSpanStateBox", atomic, 0)},
		{"spanclass", 98, mkgraph_struct(f->graph, "two", 2, two)},
		{"limit", 112, box(f, "shifted", word, 8)},
		{"elemsize", 104, mkgraph_struct(f->graph, "outside", 8, beyond)},
		{"startAddr", 24, mkgraph_struct(f->graph, "overlapping", 8, both)},
		{0},
	};

	mkgraph_struct(f->graph, "runtime.mspan", 160, members);
	resolve(f);
	assert_fact(f, HMS_F_MSPAN_STATE, 99, 1);
	assert_ptr_equal(f->layout.facts[HMS_F_MSPAN_STATE].type, byte);
	assert_fact(f, HMS_F_MSPAN_SPANCLASS, 98, 2);
	assert_fact(f, HMS_F_MSPAN_LIMIT, 112, 16);
	assert_string_equal(f->layout.facts[HMS_F_MSPAN_ELEMSIZE].type->name, "outside");
	assert_string_equal(f->layout.facts[HMS_F_MSPAN_STARTADDR].type->name, "overlapping");
}

static void a_type_that_wraps_itself_ends(void **state)
{
	struct fixture *f = *state;
	struct hms_type *self = mkgraph_type(f->graph, "self", HMS_KIND_STRUCT, 8);
	const struct hms_member member = {"again", self, 0, false};
	const struct mkgraph_member members[] = {{"state", 0, self}, {0}};

	self->members = &member;
	self->nmembers = 1;
	mkgraph_struct(f->graph, "runtime.mspan", 160, members);
	resolve(f);
	assert_fact(f, HMS_F_MSPAN_STATE, 0, 8);
}

static void members_outside_their_structure_are_absent(void **state)
{
	struct fixture *f = *state;
	const struct mkgraph_member members[] = {
		{"count", 41, mkgraph_uint(f->graph, 8)},
		{"flags", 47, mkgraph_uint(f->graph, 1)},
		{"B", 48, mkgraph_uint(f->graph, 1)},
		{"hash0", UINT64_MAX - 1, mkgraph_uint(f->graph, 4)},
		{"buckets", 0, NULL},
		{0},
	};

	mkgraph_struct(f->graph, "runtime.hmap", 48, members);
	resolve(f);
	assert_fact(f, HMS_F_HMAP_FLAGS, 47, 1);
	assert_false(hms_layout_has(&f->layout, HMS_F_HMAP_COUNT));
	assert_false(hms_layout_has(&f->layout, HMS_F_HMAP_B));
	assert_false(hms_layout_has(&f->layout, HMS_F_HMAP_HASH0));
	assert_false(hms_layout_has(&f->layout, HMS_F_HMAP_BUCKETS));
}

static void what_is_required_is_named(void **state)
{
	struct fixture *f = *state;

	resolve(f);
	assert_err(hms_layout_require(&f->layout, HMS_NEED_CLASSIC), HMS_ERR_ABSENT,
		   "no runtime.hmap");
	assert_err(hms_layout_require(&f->layout, HMS_NEED_TYPES), HMS_ERR_ABSENT,
		   "no internal/abi.Type");
	f->layout.facts[HMS_F_HMAP].present = true;
	assert_err(hms_layout_require(&f->layout, HMS_NEED_CLASSIC), HMS_ERR_ABSENT,
		   "no runtime.hmap.count");
	for (size_t i = 0; i < HMS_NFACTS; i++)
		f->layout.facts[i].present = i != HMS_F_HMAP_CLEARSEQ;
	assert_ok(hms_layout_require(&f->layout, HMS_NEED_CLASSIC));
	assert_ok(hms_layout_require(&f->layout, HMS_NEED_CORE));
}

/* A table is worth a test of its own: names well formed, no fact twice. */
static void the_table_is_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < HMS_NFACTS; i++) {
		const char *name = hms_fact_name((enum hms_fact_id)i);

		assert_non_null(strchr(name, '.'));
		assert_null(strstr(name, "||"));
		assert_null(strstr(name, ".|"));
		assert_int_not_equal(name[strlen(name) - 1], '.');
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(name, hms_fact_name((enum hms_fact_id)k));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(members_have_offset_and_size),
		TEST(values_are_zero_extended),
		TEST(alternatives_are_tried_in_turn),
		TEST(a_type_without_members_is_passed_over),
		TEST(paths_lead_into_structures),
		TEST(wrappers_stand_for_what_they_wrap),
		TEST(a_type_that_wraps_itself_ends),
		TEST(members_outside_their_structure_are_absent),
		TEST(what_is_required_is_named),
		cmocka_unit_test(the_table_is_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
