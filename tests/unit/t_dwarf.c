/* dwarf: types, variables and places from debug information written here entry by entry. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dwarf/compat.h"
#include "dwarf/dwarf.h"
#include "lib/godwarf.h"

/* ---- programs ----------------------------------------------------------------------------- */

struct program {
	struct mkdwarf m;
	char *path;
	struct hms_dwarf *dwarf;
	struct hms_graph *graph;
	size_t skipped;
};

static void begin(struct program *p, int version)
{
	*p = (struct program){0};
	mkdwarf_init(&p->m, version);
}

static void begin_go(struct program *p, int version)
{
	begin(p, version);
	go_unit(&p->m, "Go cmd/compile go1.21.13; regabi");
}

static void open_program(struct program *p)
{
	p->path = mkdwarf_save(&p->m);
	assert_ok(hms_dwarf_open(p->path, &p->dwarf));
}

/* Close the unit, write the file, read it. */
static void finish(struct program *p, uint64_t bias)
{
	mkdwarf_end(&p->m);
	open_program(p);
	p->graph = hms_graph_create();
	assert_ok(hms_dwarf_read_types(p->dwarf, bias, p->graph, &p->skipped));
	hms_graph_seal(p->graph);
}

static void done(struct program *p)
{
	hms_graph_destroy(p->graph);
	hms_dwarf_close(p->dwarf);
	unlink(p->path);
	free(p->path);
	mkdwarf_deinit(&p->m);
}

static const struct hms_type *find(struct program *p, const char *name)
{
	const struct hms_type *type = hms_graph_find_type(p->graph, name);

	if (!type)
		fail_msg("no type %s", name);
	return type;
}

/* ---- shapes ------------------------------------------------------------------------------- */

static void assert_member(const struct hms_type *type, const char *name, uint64_t off,
			  const char *of)
{
	const struct hms_member *member = hms_type_member(type, name);

	assert_non_null(member);
	assert_int_equal(member->off, off);
	assert_string_equal(member->type->name, of);
}

static void base_types_have_gos_kind(void **state)
{
	struct program p;

	(void)state;
	begin_go(&p, 4);
	go_base(&p.m, "int", HMS_KIND_INT, 8, 0x1000);
	go_base(&p.m, "bool", HMS_KIND_BOOL, 1, 0x2000);
	go_base(&p.m, "main.N", HMS_KIND_UINT16, 2, 0);
	go_base(&p.m, "complex128", HMS_KIND_COMPLEX128, 16, 0);
	finish(&p, 0);
	assert_int_equal(p.skipped, 0);
	assert_int_equal(find(&p, "int")->kind, HMS_KIND_INT);
	assert_int_equal(find(&p, "int")->size, 8);
	assert_int_equal(find(&p, "int")->rt_off, 0x1000);
	assert_int_equal(find(&p, "main.N")->kind, HMS_KIND_UINT16);
	assert_int_equal(find(&p, "main.N")->rt_off, 0);
	assert_int_equal(find(&p, "complex128")->size, 16);
	assert_ptr_equal(hms_graph_find_rtype(p.graph, 0x2000), find(&p, "bool"));
	assert_string_equal(hms_dwarf_producer(p.dwarf), "Go cmd/compile go1.21.13; regabi");
	done(&p);
}

static void strings_slices_and_arrays(void **state)
{
	const struct hms_type *type;
	struct program p;
	int string, pointer, slice, array;

	(void)state;
	begin_go(&p, 4);
	string = go_string(&p.m);
	pointer = go_pointer(&p.m, "*string", string);
	slice = mkdwarf_label(&p.m);
	mkdwarf_bind(&p.m, slice);
	mkdwarf_die(&p.m, DW_TAG_structure_type, true);
	mkdwarf_string(&p.m, DW_AT_name, "[]string");
	mkdwarf_udata(&p.m, DW_AT_byte_size, 24);
	go_kind(&p.m, HMS_KIND_SLICE, 0);
	mkdwarf_ref(&p.m, DW_AT_go_elem, string);
	go_member(&p.m, "array", 0, pointer);
	mkdwarf_end(&p.m);
	array = mkdwarf_label(&p.m);
	mkdwarf_bind(&p.m, array);
	mkdwarf_die(&p.m, DW_TAG_array_type, true);
	mkdwarf_string(&p.m, DW_AT_name, "main.A");
	mkdwarf_ref(&p.m, DW_AT_type, slice);
	mkdwarf_udata(&p.m, DW_AT_byte_size, 96);
	go_kind(&p.m, HMS_KIND_ARRAY, 0x99);
	mkdwarf_die(&p.m, DW_TAG_subrange_type, false);
	mkdwarf_udata(&p.m, DW_AT_count, 4);
	mkdwarf_end(&p.m);
	go_typedef(&p.m, "main.A", array);
	finish(&p, 0);

	type = find(&p, "string");
	assert_int_equal(type->kind, HMS_KIND_STRING);
	assert_int_equal(type->size, 16);
	assert_member(type, "str", 0, "*uint8");
	assert_member(type, "len", 8, "int");
	type = find(&p, "[]string");
	assert_int_equal(type->kind, HMS_KIND_SLICE);
	assert_ptr_equal(type->elem, find(&p, "string"));
	assert_member(type, "array", 0, "*string");
	type = find(&p, "main.A");
	assert_int_equal(type->kind, HMS_KIND_ARRAY);
	assert_int_equal(type->count, 4);
	assert_int_equal(type->size, 96);
	assert_int_equal(type->rt_off, 0x99);
	assert_ptr_equal(type->elem, find(&p, "[]string"));
	done(&p);
}

/* type node struct { next *node; any interface{} }: the typedef and its struct are one type. */
static void named_struct_is_one_type_and_may_be_cyclic(void **state)
{
	const struct hms_type *node;
	struct program p;
	int name, shape, pointer;

	(void)state;
	begin_go(&p, 4);
	name = mkdwarf_label(&p.m);
	shape = mkdwarf_label(&p.m);
	pointer = mkdwarf_label(&p.m);
	go_struct_at(&p.m, shape, "main.node", HMS_KIND_STRUCT, 8, 0x440);
	go_member(&p.m, "next", 0, pointer);
	mkdwarf_end(&p.m);
	go_typedef_at(&p.m, name, "main.node", shape);
	go_pointer_at(&p.m, pointer, "*main.node", name);
	finish(&p, 0);
	node = find(&p, "main.node");
	assert_int_equal(node->kind, HMS_KIND_STRUCT);
	assert_int_equal(node->rt_off, 0x440);
	assert_int_equal(node->nmembers, 1);
	assert_ptr_equal(node->members[0].type->elem, node);
	assert_ptr_equal(hms_graph_find_rtype(p.graph, 0x440), node);
	assert_int_equal(hms_graph_ntypes(p.graph), 3); /* node, *node, what is unknown */
	assert_false(hms_type_reaches_map(p.graph, node));
	done(&p);
}

static void embedded_members_are_marked(void **state)
{
	struct program p;
	int integer;

	(void)state;
	begin_go(&p, 4);
	integer = go_base(&p.m, "int", HMS_KIND_INT, 8, 0);
	go_struct(&p.m, "main.T", HMS_KIND_STRUCT, 16);
	mkdwarf_die(&p.m, DW_TAG_member, false);
	mkdwarf_string(&p.m, DW_AT_name, "int");
	/* DWARF 2's way to say 8. */
	mkdwarf_block1(&p.m, DW_AT_data_member_location, "\x23\x08", 2);
	mkdwarf_ref(&p.m, DW_AT_type, integer);
	mkdwarf_form(&p.m, DW_AT_go_embedded_field, DW_FORM_flag, "\1", 1);
	go_member(&p.m, "n", 0, integer);
	mkdwarf_end(&p.m);
	finish(&p, 0);
	assert_true(hms_type_member(find(&p, "main.T"), "int")->embedded);
	assert_int_equal(hms_type_member(find(&p, "main.T"), "int")->off, 8);
	assert_false(hms_type_member(find(&p, "main.T"), "n")->embedded);
	done(&p);
}

static int go_iface_struct(struct program *p, const char *name, const char *first)
{
	int pointer = mkdwarf_label(&p->m);
	int shape;

	mkdwarf_bind(&p->m, pointer); /* as Go writes unsafe.Pointer: neither target nor kind */
	mkdwarf_die(&p->m, DW_TAG_pointer_type, false);
	mkdwarf_string(&p->m, DW_AT_name, "unsafe.Pointer");
	mkdwarf_addr(&p->m, DW_AT_go_runtime_type, 0);
	shape = go_struct(&p->m, name, HMS_KIND_STRUCT, 16);
	go_member(&p->m, first, 0, pointer);
	go_member(&p->m, "data", 8, pointer);
	mkdwarf_end(&p->m);
	return go_typedef(&p->m, name, shape);
}

static void interfaces_tell_whether_they_have_methods(void **state)
{
	struct program p;
	int eface, iface, any, err;

	(void)state;
	begin_go(&p, 4);
	eface = go_iface_struct(&p, "runtime.eface", "_type");
	iface = go_iface_struct(&p, "runtime.iface", "tab");
	any = go_special(&p.m, "interface {}", HMS_KIND_INTERFACE, 0x50, eface, -1, -1);
	go_typedef(&p.m, "interface {}", any);
	err = go_special(&p.m, "error", HMS_KIND_INTERFACE, 0x60, iface, -1, -1);
	go_typedef(&p.m, "error", err);
	finish(&p, 0);
	assert_int_equal(find(&p, "unsafe.Pointer")->kind, HMS_KIND_UNSAFE_POINTER);
	assert_int_equal(find(&p, "interface {}")->kind, HMS_KIND_INTERFACE);
	assert_false(find(&p, "interface {}")->iface);
	assert_int_equal(find(&p, "interface {}")->size, 16);
	assert_member(find(&p, "interface {}"), "data", 8, "unsafe.Pointer");
	assert_true(find(&p, "error")->iface);
	assert_int_equal(find(&p, "error")->size, 16);
	assert_member(find(&p, "error"), "tab", 0, "unsafe.Pointer");
	assert_ptr_equal(hms_graph_find_rtype(p.graph, 0x60), find(&p, "error"));
	assert_int_equal(find(&p, "runtime.iface")->kind, HMS_KIND_STRUCT);
	done(&p);
}

static void functions_and_channels(void **state)
{
	const struct hms_type *type;
	struct program p;
	int integer, func, shape, pointer;

	(void)state;
	begin_go(&p, 4);
	integer = go_base(&p.m, "int", HMS_KIND_INT, 8, 0);
	func = mkdwarf_label(&p.m);
	mkdwarf_bind(&p.m, func);
	mkdwarf_die(&p.m, DW_TAG_subroutine_type, true);
	mkdwarf_string(&p.m, DW_AT_name, "func(int)");
	mkdwarf_udata(&p.m, DW_AT_byte_size, 8);
	go_kind(&p.m, HMS_KIND_FUNC, 0x700);
	mkdwarf_die(&p.m, DW_TAG_formal_parameter, false);
	mkdwarf_ref(&p.m, DW_AT_type, integer);
	mkdwarf_end(&p.m);
	go_typedef(&p.m, "func(int)", func);
	shape = go_struct(&p.m, "hchan<int>", HMS_KIND_NONE, 96);
	mkdwarf_end(&p.m);
	pointer = go_pointer(&p.m, "*hchan<int>", shape);
	go_special(&p.m, "chan int", HMS_KIND_CHAN, 0x800, pointer, -1, integer);
	finish(&p, 0);
	type = find(&p, "func(int)");
	assert_int_equal(type->kind, HMS_KIND_FUNC);
	assert_int_equal(type->size, 8);
	assert_int_equal(type->rt_off, 0x700);
	type = find(&p, "chan int");
	assert_int_equal(type->kind, HMS_KIND_CHAN);
	assert_int_equal(type->size, 8);
	assert_ptr_equal(type->elem, find(&p, "int"));
	assert_ptr_equal(type->repr, find(&p, "hchan<int>"));
	assert_int_equal(find(&p, "hchan<int>")->kind, HMS_KIND_STRUCT); /* kind 0 in the file */
	done(&p);
}

static void maps_know_key_element_and_what_they_point_to(void **state)
{
	const struct hms_type *type;
	struct program p;
	int string, integer, shape, pointer, map;

	(void)state;
	begin_go(&p, 4);
	string = go_string(&p.m);
	integer = go_base(&p.m, "main.N", HMS_KIND_INT, 8, 0);
	/* The map comes before what it is made of. */
	shape = mkdwarf_label(&p.m);
	pointer = mkdwarf_label(&p.m);
	map = go_special(&p.m, "map[string]main.N", HMS_KIND_MAP, 0x900, pointer, string, integer);
	go_special(&p.m, "main.M", HMS_KIND_MAP, 0x980, pointer, string, integer);
	go_pointer(&p.m, "*map[string]main.N", map);
	go_struct_at(&p.m, shape, "hash<string,main.N>", HMS_KIND_NONE, 48, 0);
	go_member(&p.m, "count", 0, integer);
	mkdwarf_end(&p.m);
	go_pointer_at(&p.m, pointer, "*hash<string,main.N>", shape);
	finish(&p, 0);
	for (int i = 0; i < 2; i++) {
		type = find(&p, i ? "main.M" : "map[string]main.N");
		assert_int_equal(type->kind, HMS_KIND_MAP);
		assert_int_equal(type->size, 8);
		assert_ptr_equal(type->key, find(&p, "string"));
		assert_ptr_equal(type->elem, find(&p, "main.N"));
		assert_ptr_equal(type->repr, find(&p, "hash<string,main.N>"));
		assert_true(hms_type_reaches_map(p.graph, type));
		assert_ptr_equal(hms_graph_find_rtype(p.graph, i ? 0x980 : 0x900), type);
	}
	assert_member(find(&p, "hash<string,main.N>"), "count", 0, "main.N");
	assert_true(hms_type_reaches_map(p.graph, find(&p, "*map[string]main.N")));
	done(&p);
}

/* ".param0" of a generic function is no type: users see the shape. */
static void type_parameters_stand_for_their_shape(void **state)
{
	struct program p;
	int shape, param;

	(void)state;
	begin_go(&p, 4);
	shape = go_base(&p.m, "go.shape.int", HMS_KIND_INT, 8, 0);
	param = mkdwarf_label(&p.m);
	mkdwarf_bind(&p.m, param);
	mkdwarf_die(&p.m, DW_TAG_typedef, false);
	mkdwarf_string(&p.m, DW_AT_name, ".param0");
	mkdwarf_ref(&p.m, DW_AT_type, shape);
	mkdwarf_udata(&p.m, 0x2906, 0); /* DW_AT_go_dict_index */
	go_pointer(&p.m, "*.param0", param);
	finish(&p, 0);
	assert_null(hms_graph_find_type(p.graph, ".param0"));
	assert_ptr_equal(find(&p, "*.param0")->elem, find(&p, "go.shape.int"));
	done(&p);
}

/* Up to Go 1.22 uintptr's runtime type is an address, not an offset. */
static void absolute_runtime_type_of_uintptr_is_dropped(void **state)
{
	struct program p;

	(void)state;
	begin_go(&p, 4);
	go_base(&p.m, "int", HMS_KIND_INT, 8, 0x7000);
	go_base(&p.m, "uintptr", HMS_KIND_UINTPTR, 8, 0x4832a0);
	finish(&p, 0);
	assert_int_equal(find(&p, "uintptr")->rt_off, 0);
	done(&p);

	begin_go(&p, 4);
	go_base(&p.m, "int", HMS_KIND_INT, 8, 0x7000);
	go_base(&p.m, "uintptr", HMS_KIND_UINTPTR, 8, 0x72a0);
	finish(&p, 0);
	assert_int_equal(find(&p, "uintptr")->rt_off, 0x72a0);
	done(&p);
}

/* ---- cgo ---------------------------------------------------------------------------------- */

static int c_base(struct program *p, const char *name, unsigned int encoding, uint64_t size)
{
	int label = mkdwarf_label(&p->m);

	mkdwarf_bind(&p->m, label);
	mkdwarf_die(&p->m, DW_TAG_base_type, false);
	mkdwarf_string(&p->m, DW_AT_name, name);
	mkdwarf_data1(&p->m, DW_AT_encoding, (uint8_t)encoding);
	mkdwarf_udata(&p->m, DW_AT_byte_size, size);
	return label;
}

static void types_of_c_get_their_obvious_kind(void **state)
{
	struct program p;
	int integer, constant;

	(void)state;
	begin(&p, 4);
	go_unit(&p.m, "GNU C17 12.2.0");
	integer = c_base(&p, "int", DW_ATE_signed, 4);
	c_base(&p, "unsigned char", DW_ATE_unsigned_char, 1);
	c_base(&p, "double", DW_ATE_float, 8);
	c_base(&p, "long double", DW_ATE_float, 16);
	c_base(&p, "_Bool", DW_ATE_boolean, 1);
	constant = mkdwarf_label(&p.m);
	mkdwarf_bind(&p.m, constant);
	mkdwarf_die(&p.m, DW_TAG_const_type, false);
	mkdwarf_ref(&p.m, DW_AT_type, integer);
	go_typedef(&p.m, "myint", constant);
	mkdwarf_die(&p.m, DW_TAG_union_type, true);
	mkdwarf_string(&p.m, DW_AT_name, "u");
	mkdwarf_udata(&p.m, DW_AT_byte_size, 4);
	mkdwarf_die(&p.m, DW_TAG_member, false);
	mkdwarf_string(&p.m, DW_AT_name, "n");
	mkdwarf_ref(&p.m, DW_AT_type, constant);
	mkdwarf_end(&p.m);
	mkdwarf_die(&p.m, DW_TAG_pointer_type, false); /* void * */
	mkdwarf_udata(&p.m, DW_AT_byte_size, 8);
	mkdwarf_die(&p.m, DW_TAG_array_type, true); /* int grid[3][5] */
	mkdwarf_string(&p.m, DW_AT_name, "grid");
	mkdwarf_ref(&p.m, DW_AT_type, integer);
	mkdwarf_die(&p.m, DW_TAG_subrange_type, false);
	mkdwarf_data1(&p.m, DW_AT_upper_bound, 2);
	mkdwarf_die(&p.m, DW_TAG_subrange_type, false);
	mkdwarf_data1(&p.m, DW_AT_upper_bound, 4);
	mkdwarf_end(&p.m);
	finish(&p, 0);
	assert_int_equal(p.skipped, 0);
	assert_null(hms_dwarf_producer(p.dwarf));
	assert_int_equal(find(&p, "int")->kind, HMS_KIND_INT32);
	assert_int_equal(find(&p, "unsigned char")->kind, HMS_KIND_UINT8);
	assert_int_equal(find(&p, "double")->kind, HMS_KIND_FLOAT64);
	assert_int_equal(find(&p, "long double")->kind, HMS_KIND_NONE);
	assert_int_equal(find(&p, "long double")->size, 16);
	assert_int_equal(find(&p, "_Bool")->kind, HMS_KIND_BOOL);
	assert_int_equal(find(&p, "myint")->kind, HMS_KIND_INT32);
	assert_int_equal(find(&p, "myint")->size, 4);
	assert_int_equal(find(&p, "u")->kind, HMS_KIND_NONE);
	assert_member(find(&p, "u"), "n", 0, "int");
	assert_int_equal(find(&p, "grid")->kind, HMS_KIND_ARRAY);
	assert_int_equal(find(&p, "grid")->count, 15);
	assert_int_equal(find(&p, "grid")->size, 60);
	for (size_t i = 0; i < hms_graph_ntypes(p.graph); i++) {
		const struct hms_type *type = hms_graph_type(p.graph, i);

		assert_int_not_equal(type->kind, HMS_KIND_UNSAFE_POINTER);
		if (type->kind == HMS_KIND_POINTER)
			assert_null(type->elem);
	}
	done(&p);
}

/* ---- damage ------------------------------------------------------------------------------- */

static void typedefs_in_circles_are_unknown(void **state)
{
	struct program p;
	int a, b, self;

	(void)state;
	begin_go(&p, 4);
	a = mkdwarf_label(&p.m);
	b = mkdwarf_label(&p.m);
	self = mkdwarf_label(&p.m);
	go_typedef_at(&p.m, a, "main.a", b);
	go_typedef_at(&p.m, b, "main.b", a);
	go_typedef_at(&p.m, self, "main.self", self);
	mkdwarf_die(&p.m, DW_TAG_const_type, false);
	mkdwarf_ref(&p.m, DW_AT_type, a);
	go_pointer(&p.m, "*main.self", self);
	finish(&p, 0);
	assert_int_equal(p.skipped, 0);
	assert_int_equal(find(&p, "main.a")->kind, HMS_KIND_NONE);
	assert_int_equal(find(&p, "*main.self")->elem->kind, HMS_KIND_NONE);
	done(&p);
}

static void references_that_lead_nowhere_are_unknown(void **state)
{
	const uint32_t beyond = 0x7fffffff, inside = 0x10;
	const struct hms_type *type;
	struct program p;

	(void)state;
	begin_go(&p, 4);
	go_struct(&p.m, "main.T", HMS_KIND_STRUCT, 24);
	for (int i = 0; i < 3; i++) {
		mkdwarf_die(&p.m, DW_TAG_member, false);
		mkdwarf_string(&p.m, DW_AT_name, i == 0 ? "a" : i == 1 ? "b" : "c");
		if (i == 0)
			mkdwarf_form(&p.m, DW_AT_type, DW_FORM_ref_addr, &beyond, 4);
		if (i == 1)
			mkdwarf_form(&p.m, DW_AT_type, DW_FORM_ref_addr, &inside, 4);
	}
	mkdwarf_end(&p.m);
	mkdwarf_die(&p.m, DW_TAG_pointer_type, false);
	mkdwarf_string(&p.m, DW_AT_name, "*lost");
	mkdwarf_form(&p.m, DW_AT_type, DW_FORM_ref_addr, &beyond, 4);
	mkdwarf_die(&p.m, DW_TAG_typedef, false);
	mkdwarf_string(&p.m, DW_AT_name, "lost");
	finish(&p, 0);
	type = find(&p, "main.T");
	assert_int_equal(type->nmembers, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(type->members[i].type->kind, HMS_KIND_NONE);
	assert_int_equal(find(&p, "*lost")->kind, HMS_KIND_POINTER);
	assert_int_equal(find(&p, "*lost")->elem->kind, HMS_KIND_NONE);
	assert_int_equal(find(&p, "lost")->kind, HMS_KIND_NONE);
	done(&p);
}

/* What the graph promises: see resolve.c. */
static void types_that_contradict_themselves_have_no_kind(void **state)
{
	struct program p;
	int integer, lost;

	(void)state;
	begin_go(&p, 4);
	lost = mkdwarf_label(&p.m);
	integer = go_base(&p.m, "int", HMS_KIND_INT, 8, 0);
	go_base(&p.m, "int of 3", HMS_KIND_INT, 3, 0);
	go_base(&p.m, "a map?", HMS_KIND_MAP, 8, 0);
	go_special(&p.m, "map without element", HMS_KIND_MAP, 0, integer, integer, -1);
	go_special(&p.m, "map of lost", HMS_KIND_MAP, 0, integer, integer, lost);
	go_struct(&p.m, "short string", HMS_KIND_STRING, 8);
	mkdwarf_end(&p.m);
	go_struct(&p.m, "member outside", HMS_KIND_STRUCT, 8);
	go_member(&p.m, "n", 1, integer);
	mkdwarf_end(&p.m);
	go_struct(&p.m, "member far outside", HMS_KIND_STRUCT, 8);
	go_member(&p.m, "n", UINT64_MAX - 3, integer);
	mkdwarf_end(&p.m);
	for (int i = 0; i < 2; i++) {
		mkdwarf_die(&p.m, DW_TAG_array_type, true);
		mkdwarf_string(&p.m, DW_AT_name, i ? "wrapping array" : "array too long");
		mkdwarf_ref(&p.m, DW_AT_type, integer);
		mkdwarf_udata(&p.m, DW_AT_byte_size, 24);
		go_kind(&p.m, HMS_KIND_ARRAY, 0);
		mkdwarf_die(&p.m, DW_TAG_subrange_type, false);
		mkdwarf_udata(&p.m, DW_AT_count, i ? UINT64_MAX / 4 : 4);
		mkdwarf_end(&p.m);
	}
	finish(&p, 0);
	assert_int_equal(p.skipped, 0);
	assert_int_equal(find(&p, "int of 3")->kind, HMS_KIND_NONE);
	assert_int_equal(find(&p, "a map?")->kind, HMS_KIND_NONE);
	assert_int_equal(find(&p, "map without element")->kind, HMS_KIND_NONE);
	assert_int_equal(find(&p, "map of lost")->kind, HMS_KIND_NONE);
	assert_int_equal(find(&p, "short string")->kind, HMS_KIND_NONE);
	assert_int_equal(find(&p, "member outside")->kind, HMS_KIND_NONE);
	assert_int_equal(find(&p, "member outside")->nmembers, 0);
	assert_int_equal(find(&p, "member far outside")->kind, HMS_KIND_NONE);
	assert_int_equal(find(&p, "array too long")->kind, HMS_KIND_NONE);
	assert_int_equal(find(&p, "wrapping array")->kind, HMS_KIND_NONE);
	done(&p);
}

/* A unit with an entry of no known abbreviation is left out; those around it are not. */
static void damaged_units_are_skipped_and_counted(void **state)
{
	struct program p;

	(void)state;
	begin_go(&p, 4);
	go_base(&p.m, "first", HMS_KIND_INT, 8, 0);
	mkdwarf_end(&p.m);
	go_unit(&p.m, "Go cmd/compile go1.21.13");
	go_base(&p.m, "second", HMS_KIND_INT, 8, 0);
	mkdwarf_put(&p.m, MKDWARF_INFO, "\xff\x7f", 2);
	mkdwarf_end(&p.m);
	go_unit(&p.m, "Go cmd/compile go1.21.13");
	go_base(&p.m, "third", HMS_KIND_INT, 8, 0);
	finish(&p, 0);
	assert_int_equal(p.skipped, 1);
	find(&p, "first");
	find(&p, "third");
	assert_null(hms_graph_find_type(p.graph, "second"));
	done(&p);
}

static char *save(const void *bytes, size_t len)
{
	struct bytes b = {0};
	char *path;

	bytes_put(&b, 0, bytes, len);
	path = bytes_save(&b);
	bytes_free(&b);
	return path;
}

static void files_without_debug_information(void **state)
{
	struct hms_dwarf *dwarf = NULL;
	struct mkdwarf m;
	char *path;

	(void)state;
	assert_err(hms_dwarf_open("/nonexistent/x", &dwarf), HMS_ERR_OS, "/nonexistent/x");
	mkdwarf_init(&m, 4);
	mkdwarf_die(&m, DW_TAG_compile_unit, false);
	bytes_free(&m.sections[MKDWARF_INFO]);
	path = mkdwarf_save(&m);
	assert_err(hms_dwarf_open(path, &dwarf), HMS_ERR_NOT_FOUND, "no debug information");
	unlink(path);
	free(path);
	mkdwarf_deinit(&m);

	path = save("#!/bin/sh\necho this is no ELF file, but long enough to be looked at\n", 66);
	assert_err(hms_dwarf_open(path, &dwarf), HMS_ERR_FORMAT, path);
	unlink(path);
	free(path);
	assert_null(dwarf);
}

/* ---- sections ----------------------------------------------------------------------------- */

static void check_compression(int version, enum mkdwarf_compression compression)
{
	struct program p;

	begin_go(&p, version);
	p.m.compression = compression;
	go_string(&p.m);
	finish(&p, 0);
	assert_member(find(&p, "string"), "len", 8, "int");
	done(&p);
}

static void sections_may_be_compressed(void **state)
{
	(void)state;
	check_compression(4, MKDWARF_PLAIN);
	check_compression(4, MKDWARF_ZDEBUG);
	check_compression(4, MKDWARF_COMPRESSED);
	check_compression(5, MKDWARF_PLAIN);
	check_compression(5, MKDWARF_COMPRESSED);
}

static void package_variables_have_an_address(void **state)
{
	const struct hms_variable *variables;
	struct program p;
	int integer;
	size_t n;

	(void)state;
	begin_go(&p, 4);
	integer = go_base(&p.m, "int", HMS_KIND_INT, 8, 0);
	go_variable(&p.m, "main.b", integer, "\x03\x20\x10\x50\0\0\0\0\0", 9);
	go_variable(&p.m, "main.a", integer, "\x03\x28\x10\x50\0\0\0\0\0", 9);
	go_variable(&p.m, "main.short", integer, "\x03\x28\x10", 3);
	go_variable(&p.m, "main.more", integer, "\x03\x28\x10\x50\0\0\0\0\0\x06", 10);
	go_variable(&p.m, "main.local", integer, "\x91\x10", 2);
	go_variable(&p.m, "main.index", integer, "\xa1\x00", 2); /* no such section */
	go_variable(&p.m, "main.gone", integer, NULL, 0);
	go_variable(&p.m, "", integer, "\x03\x28\x10\x50\0\0\0\0\0", 9);
	/* Those of functions are not package variables. */
	mkdwarf_die(&p.m, DW_TAG_subprogram, true);
	mkdwarf_string(&p.m, DW_AT_name, "main.f");
	go_variable(&p.m, "static", integer, "\x03\x28\x10\x50\0\0\0\0\0", 9);
	mkdwarf_end(&p.m);
	finish(&p, 0x100000);
	assert_int_equal(p.skipped, 0);
	variables = hms_graph_variables(p.graph, &n);
	assert_int_equal(n, 2);
	assert_string_equal(variables[0].name, "main.a");
	assert_int_equal(variables[0].addr, 0x601028);
	assert_ptr_equal(variables[0].type, find(&p, "int"));
	assert_int_equal(hms_graph_find_variable(p.graph, "main.b")->addr, 0x601020);
	assert_string_equal(hms_graph_variable_at(p.graph, 0x601027)->name, "main.b");
	done(&p);
}

static void begin_go5(struct program *p, const uint64_t *addrs, int n)
{
	begin(p, 5);
	go_unit5(&p->m, addrs, n);
}

static void variables_may_index_debug_addr(void **state)
{
	const uint64_t addrs[] = {0x401000, 0x501020};
	struct program p;
	int integer;

	(void)state;
	begin_go5(&p, addrs, 2);
	integer = go_base(&p.m, "int", HMS_KIND_INT, 8, 0);
	go_variable(&p.m, "main.x", integer, "\xa1\x01", 2);
	go_variable(&p.m, "main.beyond", integer, "\xa1\xff\x7f", 3);
	finish(&p, 0);
	assert_int_equal(hms_graph_find_variable(p.graph, "main.x")->addr, 0x501020);
	done(&p);
}

/* ---- places ------------------------------------------------------------------------------- */

static void assert_place(struct program *p, uint64_t pc, const char *function, uint64_t low,
			 const char *file, uint32_t line)
{
	struct hms_dwarf_place place;

	assert_ok(hms_dwarf_place(p->dwarf, pc, &place));
	assert_string_equal(place.function, function);
	assert_int_equal(place.low, low);
	assert_true(place.high > pc);
	assert_int_equal(place.line, line);
	if (file)
		assert_string_equal(place.file, file);
	else
		assert_null(place.file);
}

static void assert_no_place(struct program *p, uint64_t pc)
{
	struct hms_dwarf_place place;

	assert_err(hms_dwarf_place(p->dwarf, pc, &place), HMS_ERR_NOT_FOUND, "no function");
}

static const char *const files[] = {"<autogenerated>", "/src/main.go"};

static void places_of_dwarf_4(void **state)
{
	/* Two sequences, the later one first, and one address with two rows. */
	const struct mkdwarf_row rows[] = {
		{0x2000, 2, 30}, {0x2008, 2, 31}, {0x2010, 2, 0}, {0x1000, 2, 10},
		{0x1004, 2, 11}, {0x1004, 2, 12}, {0x1010, 1, 1}, {0x1020, 1, 0},
	};
	struct program p;
	int abstract;

	(void)state;
	begin_go(&p, 4);
	mkdwarf_sec_offset(&p.m, DW_AT_stmt_list, mkdwarf_lines(&p.m, files, 2, rows, 8));
	mkdwarf_addr(&p.m, DW_AT_low_pc, 0x1000);
	mkdwarf_sec_offset(&p.m, DW_AT_ranges, 0);
	/* .debug_ranges: from the unit's base, then from another. */
	mkdwarf_put64(&p.m, MKDWARF_RANGES, 0);
	mkdwarf_put64(&p.m, MKDWARF_RANGES, 0x20);
	mkdwarf_put64(&p.m, MKDWARF_RANGES, UINT64_MAX);
	mkdwarf_put64(&p.m, MKDWARF_RANGES, 0x2000);
	mkdwarf_put64(&p.m, MKDWARF_RANGES, 0);
	mkdwarf_put64(&p.m, MKDWARF_RANGES, 0x18);
	mkdwarf_put64(&p.m, MKDWARF_RANGES, 0);
	mkdwarf_put64(&p.m, MKDWARF_RANGES, 0);
	abstract = mkdwarf_label(&p.m);
	mkdwarf_bind(&p.m, abstract);
	mkdwarf_die(&p.m, DW_TAG_subprogram, true);
	mkdwarf_string(&p.m, DW_AT_name, "main.inlined");
	mkdwarf_data1(&p.m, DW_AT_inline, 1);
	mkdwarf_end(&p.m);
	mkdwarf_die(&p.m, DW_TAG_subprogram, true);
	mkdwarf_ref(&p.m, DW_AT_abstract_origin, abstract);
	mkdwarf_addr(&p.m, DW_AT_low_pc, 0x2000);
	mkdwarf_udata(&p.m, DW_AT_high_pc, 0x18); /* a length */
	mkdwarf_end(&p.m);
	mkdwarf_die(&p.m, DW_TAG_subprogram, true);
	mkdwarf_string(&p.m, DW_AT_name, "main.f");
	mkdwarf_addr(&p.m, DW_AT_low_pc, 0x1000);
	mkdwarf_addr(&p.m, DW_AT_high_pc, 0x1018); /* an address */
	mkdwarf_end(&p.m);
	mkdwarf_end(&p.m);
	open_program(&p);
	assert_place(&p, 0x1000, "main.f", 0x1000, "/src/main.go", 10);
	assert_place(&p, 0x1003, "main.f", 0x1000, "/src/main.go", 10);
	assert_place(&p, 0x1004, "main.f", 0x1000, "/src/main.go", 12);
	assert_place(&p, 0x1017, "main.f", 0x1000, "<autogenerated>", 1);
	assert_no_place(&p, 0x1018);
	assert_no_place(&p, 0xfff);
	assert_no_place(&p, 0);
	assert_no_place(&p, UINT64_MAX);
	assert_place(&p, 0x2008, "main.inlined", 0x2000, "/src/main.go", 31);
	assert_place(&p, 0x2010, "main.inlined", 0x2000, NULL, 0); /* no row there */
	assert_no_place(&p, 0x2018);
	done(&p);
}

static void places_of_dwarf_5(void **state)
{
	const uint64_t addrs[] = {0x1000, 0x3000};
	/* The first sequence never says which file: it is 1. */
	const struct mkdwarf_row rows[] = {
		{0x1000, 1, 7}, {0x1010, 1, 0}, {0x3000, 2, 9}, {0x3010, 2, 0}};
	struct program p;

	(void)state;
	begin_go5(&p, addrs, 2);
	mkdwarf_sec_offset(&p.m, DW_AT_stmt_list, mkdwarf_lines(&p.m, files, 2, rows, 4));
	mkdwarf_addr(&p.m, DW_AT_low_pc, 0);
	mkdwarf_sec_offset(&p.m, DW_AT_ranges, 12);
	/* .debug_rnglists, as Go writes it: base_addressx, offset_pair, end_of_list. */
	mkdwarf_put32(&p.m, MKDWARF_RANGES, 8 + 11);
	mkdwarf_put16(&p.m, MKDWARF_RANGES, 5);
	mkdwarf_put16(&p.m, MKDWARF_RANGES, 8);
	mkdwarf_put32(&p.m, MKDWARF_RANGES, 0);
	mkdwarf_put(&p.m, MKDWARF_RANGES, "\x01\x00\x04\x00\x10\x01\x01\x04\x00\x10\x00", 11);
	for (int i = 0; i < 2; i++) {
		mkdwarf_die(&p.m, DW_TAG_subprogram, true);
		mkdwarf_string(&p.m, DW_AT_name, i ? "main.b" : "main.a");
		mkdwarf_form(&p.m, DW_AT_low_pc, DW_FORM_addrx, i ? "\1" : "\0", 1);
		mkdwarf_udata(&p.m, DW_AT_high_pc, 0x10);
		mkdwarf_end(&p.m);
	}
	mkdwarf_end(&p.m);
	open_program(&p);
	assert_place(&p, 0x1005, "main.a", 0x1000, "<autogenerated>", 7);
	assert_place(&p, 0x300f, "main.b", 0x3000, "/src/main.go", 9);
	assert_no_place(&p, 0x1010);
	assert_no_place(&p, 0x2fff);
	assert_no_place(&p, 0x3010);
	done(&p);
}

/* clang's units index their range lists; a list that runs out of its section is none. */
static void range_lists_by_index_and_without_end(void **state)
{
	const uint64_t addrs[] = {0x1000};
	struct program p;

	(void)state;
	begin_go5(&p, addrs, 1);
	mkdwarf_addr(&p.m, DW_AT_low_pc, 0);
	mkdwarf_sec_offset(&p.m, DW_AT_rnglists_base, 12);
	mkdwarf_form(&p.m, DW_AT_ranges, DW_FORM_rnglistx, "\1", 1);
	/* Two offsets, then start_length 0x1000, 0x100 and its end; the last list has none. */
	mkdwarf_put32(&p.m, MKDWARF_RANGES, 8 + 8 + 12 + 11);
	mkdwarf_put16(&p.m, MKDWARF_RANGES, 5);
	mkdwarf_put16(&p.m, MKDWARF_RANGES, 8);
	mkdwarf_put32(&p.m, MKDWARF_RANGES, 2);
	mkdwarf_put32(&p.m, MKDWARF_RANGES, 0xffff);
	mkdwarf_put32(&p.m, MKDWARF_RANGES, 8);
	mkdwarf_put(&p.m, MKDWARF_RANGES, "\x07\x00\x10\0\0\0\0\0\0\x80\x02\0", 12);
	mkdwarf_put(&p.m, MKDWARF_RANGES, "\x07\x00\x20\0\0\0\0\0\0\x80\x02", 11);
	mkdwarf_die(&p.m, DW_TAG_subprogram, false);
	mkdwarf_string(&p.m, DW_AT_name, "main.a");
	mkdwarf_form(&p.m, DW_AT_ranges, DW_FORM_rnglistx, "\1", 1);
	mkdwarf_end(&p.m);
	go_unit(&p.m, "Go cmd/compile go1.25.1");
	mkdwarf_sec_offset(&p.m, DW_AT_ranges, 32);
	mkdwarf_die(&p.m, DW_TAG_subprogram, false);
	mkdwarf_string(&p.m, DW_AT_name, "main.b");
	mkdwarf_addr(&p.m, DW_AT_low_pc, 0x2000);
	mkdwarf_udata(&p.m, DW_AT_high_pc, 0x10);
	mkdwarf_end(&p.m);
	open_program(&p);
	assert_place(&p, 0x1005, "main.a", 0x1000, NULL, 0);
	assert_place(&p, 0x10ff, "main.a", 0x1000, NULL, 0);
	assert_no_place(&p, 0x1100);
	assert_no_place(&p, 0x2005);
	done(&p);
}

/* Names that lead in circles, ranges and lines beyond their sections. */
static void places_with_damage_around(void **state)
{
	struct hms_dwarf_place place;
	struct program p;
	int self;

	(void)state;
	begin_go(&p, 4);
	mkdwarf_sec_offset(&p.m, DW_AT_stmt_list, 0x7fffffff);
	mkdwarf_addr(&p.m, DW_AT_low_pc, 0x1000);
	mkdwarf_addr(&p.m, DW_AT_high_pc, 0x1010);
	self = mkdwarf_label(&p.m);
	mkdwarf_bind(&p.m, self);
	mkdwarf_die(&p.m, DW_TAG_subprogram, true);
	mkdwarf_ref(&p.m, DW_AT_abstract_origin, self);
	mkdwarf_addr(&p.m, DW_AT_low_pc, 0x1000);
	mkdwarf_udata(&p.m, DW_AT_high_pc, 0x10);
	mkdwarf_end(&p.m);
	mkdwarf_end(&p.m);
	go_unit(&p.m, "Go cmd/compile go1.21.13");
	mkdwarf_sec_offset(&p.m, DW_AT_ranges, 0x7fffffff);
	mkdwarf_end(&p.m);
	open_program(&p);
	assert_ok(hms_dwarf_place(p.dwarf, 0x1001, &place));
	assert_null(place.function);
	assert_null(place.file);
	assert_int_equal(place.low, 0x1000);
	assert_no_place(&p, 0x2000);
	done(&p);
}

/* ---- every byte damaged once -------------------------------------------------------------- */

static void build_all_shapes(struct program *p)
{
	const struct mkdwarf_row rows[] = {{0x1000, 2, 7}, {0x1010, 1, 0}};
	int string, integer, pointer, shape;

	begin_go(p, 4);
	mkdwarf_sec_offset(&p->m, DW_AT_stmt_list, mkdwarf_lines(&p->m, files, 2, rows, 2));
	mkdwarf_addr(&p->m, DW_AT_low_pc, 0x1000);
	mkdwarf_addr(&p->m, DW_AT_high_pc, 0x1010);
	string = go_string(&p->m);
	integer = go_base(&p->m, "main.N", HMS_KIND_INT, 8, 0);
	shape = go_struct(&p->m, "hash<string,main.N>", HMS_KIND_NONE, 48);
	go_member(&p->m, "count", 0, integer);
	mkdwarf_end(&p->m);
	pointer = go_pointer(&p->m, "*hash<string,main.N>", shape);
	go_special(&p->m, "map[string]main.N", HMS_KIND_MAP, 0x900, pointer, string, integer);
	go_variable(&p->m, "main.m", integer, "\x03\x28\x10\x50\0\0\0\0\0", 9);
	mkdwarf_die(&p->m, DW_TAG_subprogram, true);
	mkdwarf_string(&p->m, DW_AT_name, "main.f");
	mkdwarf_addr(&p->m, DW_AT_low_pc, 0x1000);
	mkdwarf_udata(&p->m, DW_AT_high_pc, 0x10);
	mkdwarf_end(&p->m);
	mkdwarf_end(&p->m);
}

/* All that can be asked of a file; whether it answers does not matter. */
static void ask_everything(const char *path)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	HMS_AUTO(hms_dwarf) struct hms_dwarf *dwarf = NULL;
	struct hms_dwarf_place place;
	struct hms_error *err = hms_dwarf_open(path, &dwarf);
	size_t skipped;

	if (!err)
		err = hms_dwarf_read_types(dwarf, 0, graph, &skipped);
	hms_graph_seal(graph);
	if (!err)
		err = hms_dwarf_place(dwarf, 0x1008, &place);
	hms_err_free(err);
}

static void no_damaged_byte_crashes(void **state)
{
	static const uint8_t values[] = {0x00, 0x7f, 0xff};
	struct program p;
	struct bytes elf;
	FILE *file;
	char *path;

	(void)state;
	build_all_shapes(&p);
	elf = mkdwarf_elf(&p.m);
	path = bytes_save(&elf);
	ask_everything(path);
	file = fopen(path, "r+");
	assert_non_null(file);
	for (size_t i = 64; i < elf.len; i++) {
		for (size_t k = 0; k < sizeof(values); k++) {
			fseek(file, (long)i, SEEK_SET);
			fputc(values[k], file);
			fflush(file);
			ask_everything(path);
		}
		fseek(file, (long)i, SEEK_SET);
		fputc(elf.p[i], file);
	}
	fclose(file);
	unlink(path);
	free(path);
	bytes_free(&elf);
	mkdwarf_deinit(&p.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base_types_have_gos_kind),
		cmocka_unit_test(strings_slices_and_arrays),
		cmocka_unit_test(named_struct_is_one_type_and_may_be_cyclic),
		cmocka_unit_test(embedded_members_are_marked),
		cmocka_unit_test(interfaces_tell_whether_they_have_methods),
		cmocka_unit_test(functions_and_channels),
		cmocka_unit_test(maps_know_key_element_and_what_they_point_to),
		cmocka_unit_test(type_parameters_stand_for_their_shape),
		cmocka_unit_test(absolute_runtime_type_of_uintptr_is_dropped),
		cmocka_unit_test(types_of_c_get_their_obvious_kind),
		cmocka_unit_test(typedefs_in_circles_are_unknown),
		cmocka_unit_test(references_that_lead_nowhere_are_unknown),
		cmocka_unit_test(types_that_contradict_themselves_have_no_kind),
		cmocka_unit_test(damaged_units_are_skipped_and_counted),
		cmocka_unit_test(files_without_debug_information),
		cmocka_unit_test(sections_may_be_compressed),
		cmocka_unit_test(package_variables_have_an_address),
		cmocka_unit_test(variables_may_index_debug_addr),
		cmocka_unit_test(places_of_dwarf_4),
		cmocka_unit_test(places_of_dwarf_5),
		cmocka_unit_test(range_lists_by_index_and_without_end),
		cmocka_unit_test(places_with_damage_around),
		cmocka_unit_test(no_damaged_byte_crashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
