/* rt/literal: literals in Go's notation to the bytes of values; and == between these and memory. */
#include "unit/unit.h"

#include <stdlib.h>

#include "lib/mkgo.h"
#include "rt/equal.h"
#include "rt/literal.h"

#define AT   MKGO_FREE /* a value of the process */
#define DATA (MKGO_FREE + 4096)

/* Types that the tests have values of. */
struct types {
	struct mkgo *go;
	const struct hms_type *boolean, *i8, *i16, *i32, *i64, *integer, *u8, *u16, *u64;
	const struct hms_type *f32, *f64, *c64, *c128, *string, *name, *pointer, *channel, *unsafe;
	const struct hms_type *point, *blank, *nested, *three, *none, *eface, *celsius, *slice;
	const struct hms_type *held, *wide;
};

static void make_structs(struct types *t, struct hms_graph *graph)
{
	const struct mkgraph_member point[] = {{"X", 0, t->i32}, {"Y", 4, t->i32}, {0}};
	const struct mkgraph_member blank[] = {
		{"A", 0, t->i16}, {"_", 2, t->i16}, {"_", 4, t->i16}, {0}};
	const struct mkgraph_member held[] = {{"V", 0, t->eface}, {"N", 16, t->u8}, {0}};
	const struct mkgraph_member wide[] = {{"p", 0, t->pointer}, {0}};
	struct mkgraph_member nested[] = {{"Name", 0, t->string}, {"At", 16, NULL}, {0}};

	t->point = mkgraph_struct(graph, "main.point", 8, point);
	nested[1].type = t->point;
	t->nested = mkgraph_struct(graph, "main.nested", 24, nested);
	t->blank = mkgraph_struct(graph, "main.blank", 6, blank);
	t->held = mkgraph_struct(graph, "main.held", 24, held);
	t->wide = mkgraph_struct(graph, "example.com/lib.wide", 8, wide);
}

static int setup(void **state)
{
	struct types *t = calloc(1, sizeof(*t));
	struct mkgo *go = mkgo_create(MKGO_1_21);
	struct hms_graph *g = go->graph;

	t->go = go;
	t->boolean = mkgraph_type(g, "bool", HMS_KIND_BOOL, 1);
	t->i8 = mkgraph_type(g, "int8", HMS_KIND_INT8, 1);
	t->i16 = mkgraph_type(g, "int16", HMS_KIND_INT16, 2);
	t->i32 = mkgraph_type(g, "int32", HMS_KIND_INT32, 4);
	t->i64 = mkgraph_type(g, "int64", HMS_KIND_INT64, 8);
	t->integer = mkgraph_type(g, "int", HMS_KIND_INT, 8);
	t->u8 = mkgraph_uint(g, 1);
	t->u16 = mkgraph_uint(g, 2);
	t->u64 = mkgraph_uint(g, 8);
	t->f32 = mkgraph_type(g, "float32", HMS_KIND_FLOAT32, 4);
	t->f64 = mkgraph_type(g, "float64", HMS_KIND_FLOAT64, 8);
	t->c64 = mkgraph_type(g, "complex64", HMS_KIND_COMPLEX64, 8);
	t->c128 = mkgraph_type(g, "complex128", HMS_KIND_COMPLEX128, 16);
	t->string = mkgraph_type(g, "string", HMS_KIND_STRING, 16);
	t->name = mkgraph_type(g, "main.Name", HMS_KIND_STRING, 16);
	t->celsius = mkgraph_type(g, "main.Celsius", HMS_KIND_FLOAT64, 8);
	t->eface = mkgraph_type(g, "interface {}", HMS_KIND_INTERFACE, 16);
	t->pointer = mkgraph_pointer(g, t->u64);
	t->channel = mkgraph_type(g, "chan int", HMS_KIND_CHAN, 8);
	t->unsafe = mkgraph_type(g, "unsafe.Pointer", HMS_KIND_UNSAFE_POINTER, 8);
	t->three = mkgraph_array(g, t->u16, 3);
	t->none = mkgraph_type(g, "struct {}", HMS_KIND_STRUCT, 0);
	t->slice = mkgraph_slice(g, t->integer);
	make_structs(t, g);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct types *t = *state;

	mkgo_destroy(t->go);
	free(t);
	return 0;
}

static struct hms_literal *parse(const struct types *t, const struct hms_type *type,
				 const char *text)
{
	struct hms_literal *literal = NULL;
	struct hms_error *err = hms_literal_parse(t->go->rt, type, text, &literal);

	if (err)
		fail_msg("%s", err->message);
	return literal;
}

/* @hex: the bytes, lowest address first. */
static void expect(const struct types *t, const struct hms_type *type, const char *text,
		   const char *hex)
{
	HMS_AUTO(hms_literal) struct hms_literal *literal = parse(t, type, text);
	char seen[256] = "";

	for (size_t i = 0; i < type->size; i++)
		snprintf(seen + 2 * i, 3, "%02x", hms_literal_bytes(literal)[i]);
	if (strcmp(seen, hex) != 0)
		fail_msg("%s as %s: %s, not %s", text, type->name, seen, hex);
}

static void refuse(const struct types *t, const struct hms_type *type, const char *text,
		   const char *why)
{
	struct hms_literal *literal = NULL;

	assert_err(hms_literal_parse(t->go->rt, type, text, &literal), HMS_ERR_USAGE, why);
	assert_null(literal);
}

/* ---- numbers ------------------------------------------------------------------------------ */

static void integers(void **state)
{
	struct types *t = *state;

	mkgo_open(t->go);
	expect(t, t->i64, "7", "0700000000000000");
	expect(t, t->i64, "-1", "ffffffffffffffff");
	expect(t, t->i64, "+5", "0500000000000000");
	expect(t, t->i64, "-9223372036854775808", "0000000000000080");
	expect(t, t->i64, "9_223_372_036_854_775_807", "ffffffffffffff7f");
	expect(t, t->u64, "18446744073709551615", "ffffffffffffffff");
	expect(t, t->u16, "0x1F", "1f00");
	expect(t, t->u16, "0b101", "0500");
	expect(t, t->u16, "0o17", "0f00");
	expect(t, t->u16, "017", "0f00");
	expect(t, t->u16, "0", "0000");
	expect(t, t->u16, "0x_ff", "ff00");
	expect(t, t->i8, "-0x80", "80");
	expect(t, t->i8, "int8(-3)", "fd");
	expect(t, t->u8, "byte(200)", "c8");
	expect(t, t->u8, " 3 ", "03");
	expect(t, t->i32, "'a'", "61000000");
	expect(t, t->i32, "'\\n'", "0a000000");
	expect(t, t->i32, "'\\''", "27000000");
	expect(t, t->i32, "'\\u00e9'", "e9000000");
	expect(t, t->i32, "'é'", "e9000000");
	expect(t, t->i32, "rune('x')", "78000000");
}

static void integers_that_are_none(void **state)
{
	struct types *t = *state;

	mkgo_open(t->go);
	refuse(t, t->i8, "128", "no int8 is that large");
	refuse(t, t->i8, "-129", "no int8 is that small");
	refuse(t, t->u8, "-1", "that small");
	refuse(t, t->u64, "18446744073709551616", "that large");
	refuse(t, t->i64, "9223372036854775808", "that large");
	refuse(t, t->i64, "", "at its end");
	refuse(t, t->i64, "x", "an integer is wanted");
	refuse(t, t->i64, "1.5", "an integer is wanted");
	refuse(t, t->i64, "0x", "an integer is wanted");
	refuse(t, t->i64, "09", "an integer is wanted");
	refuse(t, t->i64, "0b2", "an integer is wanted");
	refuse(t, t->i64, "1__0", "an integer is wanted");
	refuse(t, t->i64, "1_", "an integer is wanted");
	refuse(t, t->i64, "--1", "an integer is wanted");
	refuse(t, t->i64, "7 8", "at character 3, '8': nothing may follow");
	refuse(t, t->i64, "int64(7", "')' is wanted");
	refuse(t, t->i64, "int8(7)", "an integer is wanted");
	refuse(t, t->i32, "'ab'", "the ' that ends it");
	refuse(t, t->i32, "''", "a character is wanted");
	refuse(t, t->i32, "'\\q'", "no such escape");
	refuse(t, t->u16, "'\\U00010000'", "that large");
}

static void floats(void **state)
{
	struct types *t = *state;

	mkgo_open(t->go);
	expect(t, t->f64, "1.5", "000000000000f83f");
	expect(t, t->f64, "1", "000000000000f03f");
	expect(t, t->f64, "-0", "0000000000000080");
	expect(t, t->f64, ".5", "000000000000e03f");
	expect(t, t->f64, "5.", "0000000000001440");
	expect(t, t->f64, "1e3", "0000000000408f40");
	expect(t, t->f64, "1E+3", "0000000000408f40");
	expect(t, t->f64, "0x1p-2", "000000000000d03f");
	expect(t, t->f64, "0X1.8P1", "0000000000000840");
	expect(t, t->f64, "0x10", "0000000000003040");
	expect(t, t->f64, "1_000.5", "0000000000448f40");
	expect(t, t->f64, "100000000000000000000", "408cb5781daf1544");
	expect(t, t->f64, "+Inf", "000000000000f07f");
	expect(t, t->f64, "-inf", "000000000000f0ff");
	expect(t, t->celsius, "main.Celsius(1)", "000000000000f03f");
	expect(t, t->f32, "0.1", "cdcccc3d");
	/* Rounded once: by way of a double it would be 3f800000. */
	expect(t, t->f32, "1.00000005960464477540", "0100803f");
	expect(t, t->f32, "16777217", "0000804b");
	refuse(t, t->f32, "1e39", "no float32 is that large");
	refuse(t, t->f64, "1e309", "no float64 is that large");
	refuse(t, t->f64, "0x1.8", "a number is wanted");
	refuse(t, t->f64, "1e", "a number is wanted");
	refuse(t, t->f64, "infinity", "a number is wanted");
	refuse(t, t->f64, "2i", "a number is wanted");
}

static void not_a_number(void **state)
{
	struct types *t = *state;
	HMS_AUTO(hms_literal) struct hms_literal *literal = NULL;
	double d;

	mkgo_open(t->go);
	literal = parse(t, t->f64, "NaN");
	memcpy(&d, hms_literal_bytes(literal), sizeof(d));
	assert_true(d != d);
}

static void complex_numbers(void **state)
{
	struct types *t = *state;

	mkgo_open(t->go);
	expect(t, t->c64, "1+2i", "0000803f00000040");
	expect(t, t->c64, "1 - 2i", "0000803f000000c0");
	expect(t, t->c64, "(1+2i)", "0000803f00000040");
	expect(t, t->c64, "2i", "0000000000000040");
	expect(t, t->c64, "1", "0000803f00000000");
	expect(t, t->c64, "complex(1,-0.5)", "0000803f000000bf");
	expect(t, t->c64, "complex64(1e+0-2e0i)", "0000803f000000c0");
	expect(t, t->c128, "complex(1, +Inf)", "000000000000f03f000000000000f07f");
	refuse(t, t->c64, "1+2", "a complex number is wanted");
	refuse(t, t->c64, "2i+3i", "a complex number is wanted");
	refuse(t, t->c64, "(1+2i", "')' is wanted");
	refuse(t, t->c64, "complex(1)", "',' is wanted");
}

/* ---- text --------------------------------------------------------------------------------- */

static void expect_text(const struct types *t, const struct hms_type *type, const char *text,
			const char *wanted, size_t len)
{
	HMS_AUTO(hms_literal) struct hms_literal *literal = parse(t, type, text);
	const uint8_t *bytes = hms_literal_bytes(literal), *p = NULL;

	assert_int_equal(hms_le64(bytes + 8), len);
	if (!len)
		return;
	assert_true(hms_literal_run(literal, hms_le64(bytes), &p) >= len);
	assert_memory_equal(p, wanted, len);
}

static void strings(void **state)
{
	struct types *t = *state;

	mkgo_open(t->go);
	expect_text(t, t->string, "\"a\\tb\\x00\\377\\u00e9\\U0001F600\\\"\\\\\"",
		    "a\tb\0\xff\xc3\xa9\xf0\x9f\x98\x80\"\\", 13);
	expect_text(t, t->string, "`a\\n\r\n\"b`", "a\\n\n\"b", 6);
	expect_text(t, t->string, "\"\"", "", 0);
	expect_text(t, t->string, "", "", 0);
	expect_text(t, t->string, "bare words, as they stand {}", "bare words, as they stand {}",
		    28);
	expect_text(t, t->string, " x ", " x ", 3);
	expect_text(t, t->string, "int(5)", "int(5)", 6);
	expect_text(t, t->string, "string(\"x\")", "x", 1);
	expect_text(t, t->name, "main.Name(\"x\")", "x", 1);
	expect_text(t, t->name, "main.Name", "main.Name", 9);
	refuse(t, t->string, "\"a", "the \" that ends it is missing");
	refuse(t, t->string, "`a", "the ` that ends it is missing");
	refuse(t, t->string, "\"a\" b", "nothing may follow");
	refuse(t, t->string, "\"\\z\"", "no such escape");
	refuse(t, t->string, "\"\\xg0\"", "no such escape");
	refuse(t, t->string, "\"\\400\"", "no such escape");
	refuse(t, t->string, "\"\\ud800\"", "no such escape");
	refuse(t, t->string, "\"\\U00110000\"", "no such escape");
	refuse(t, t->string, "\"\\'\"", "no such escape");
	refuse(t, t->string, "\"\\", "no such escape");
}

/* ---- the rest ----------------------------------------------------------------------------- */

static void booleans_and_pointers(void **state)
{
	struct types *t = *state;

	mkgo_open(t->go);
	expect(t, t->boolean, "true", "01");
	expect(t, t->boolean, "bool(false)", "00");
	expect(t, t->pointer, "0xc000010000", "00000100c0000000");
	expect(t, t->pointer, "nil", "0000000000000000");
	expect(t, t->pointer, "(*uint64)(0x10)", "1000000000000000");
	expect(t, t->pointer, "*uint64(0x10)", "1000000000000000");
	expect(t, t->channel, "(chan int)(0x20)", "2000000000000000");
	expect(t, t->channel, "0x20", "2000000000000000");
	expect(t, t->unsafe, "unsafe.Pointer(0x20)", "2000000000000000");
	refuse(t, t->boolean, "1", "true or false is wanted");
	refuse(t, t->boolean, "truely", "true or false is wanted");
	refuse(t, t->pointer, "&x", "an address");
	refuse(t, t->pointer, "-1", "an address");
	refuse(t, t->pointer, "nilly", "an address");
	refuse(t, t->channel, "0x10000000000000000", "that large");
}

static void arrays(void **state)
{
	struct types *t = *state;

	mkgo_open(t->go);
	expect(t, t->three, "{1, 2, 3}", "010002000300");
	expect(t, t->three, "[3]uint16{1,2,}", "010002000000");
	expect(t, t->three, "[...]uint16{2: 7}", "000000000700");
	expect(t, t->three, "{1: 5, 6}", "000005000600");
	expect(t, t->three, "{}", "000000000000");
	refuse(t, t->three, "{1, 2, 3, 4}", "the array has 3 elements");
	refuse(t, t->three, "{3: 1}", "the array has 3 elements");
	refuse(t, t->three, "{1 2}", "'}' is wanted");
	refuse(t, t->three, "{1", "'}' is wanted");
	refuse(t, t->three, "{70000}", "no uint16 is that large");
	refuse(t, t->three, "[4]uint16{1}", "'{' is wanted");
	refuse(t, t->three, "{,}", "an integer is wanted");
}

static void structs(void **state)
{
	struct types *t = *state;

	mkgo_open(t->go);
	expect(t, t->point, "{1, -1}", "01000000ffffffff");
	expect(t, t->point, "main.point{Y: 2}", "0000000002000000");
	expect(t, t->point, "{Y: 2, X: 1,}", "0100000002000000");
	expect(t, t->point, "{}", "0000000000000000");
	expect(t, t->blank, "{A: 1, _: 2, _: 3}", "010002000300");
	expect(t, t->blank, "{1, 2, 3}", "010002000300");
	expect(t, t->none, "struct{}{}", "");
	expect(t, t->none, "{}", "");
	refuse(t, t->point, "{1}", "main.point has 2 fields");
	refuse(t, t->point, "{1, 2, 3}", "main.point has 2 fields");
	refuse(t, t->point, "{X: 1, X: 2}", "field X comes twice");
	refuse(t, t->point, "{X: 1, 2}", "a field's name is wanted");
	refuse(t, t->point, "{1, Y: 2}", "a field's name is not wanted");
	refuse(t, t->point, "{Z: 1}", "an integer is wanted");
	refuse(t, t->point, "{X: a, Y: 2}",
	       "cannot read '{X: a, Y: 2}' as main.point: at character 5, 'a, Y: 2}'");
	refuse(t, t->point, "1, 2", "'{' is wanted");
	refuse(t, t->nested, "{\"a\", {1, x}}", "at character 11, 'x}}'");
}

static void strings_in_structs(void **state)
{
	struct types *t = *state;

	mkgo_open(t->go);
	expect_text(t, t->nested, "{\"a, b\", {1, 2}}", "a, b", 4);
	expect_text(t, t->nested, "{Name: bare-word.1, At: main.point{X: 1}}", "bare-word.1", 11);
	refuse(t, t->nested, "{, {1, 2}}", "a string is wanted");
}

/* ---- interfaces --------------------------------------------------------------------------- */

static void expect_held(const struct types *t, const char *text, const struct hms_type *type,
			const char *hex)
{
	HMS_AUTO(hms_literal) struct hms_literal *literal = parse(t, t->eface, text);
	const uint8_t *bytes = hms_literal_bytes(literal), *p = bytes + 8;
	char seen[256] = "";

	assert_string_equal(hms_literal_dynamic_type(literal, hms_le64(bytes))->name, type->name);
	if (!hms_rt_is_direct(t->go->rt, type))
		assert_true(hms_literal_run(literal, hms_le64(bytes + 8), &p) >= type->size);
	for (size_t i = 0; i < type->size; i++)
		snprintf(seen + 2 * i, 3, "%02x", p[i]);
	assert_string_equal(seen, hex);
}

static void interfaces(void **state)
{
	struct types *t = *state;

	mkgo_open(t->go);
	expect(t, t->eface, "nil", "00000000000000000000000000000000");
	expect_held(t, "7", t->integer, "0700000000000000");
	expect_held(t, "uint8(7)", t->u8, "07");
	expect_held(t, "byte(7)", t->u8, "07");
	expect_held(t, "2.5", t->f64, "0000000000000440");
	expect_held(t, "NaN", t->f64, "000000000000f87f");
	expect_held(t, "'a'", t->i32, "61000000");
	expect_held(t, "true", t->boolean, "01");
	expect_held(t, "1+2i", t->c128, "000000000000f03f0000000000000040");
	expect_held(t, "complex(1,2)", t->c128, "000000000000f03f0000000000000040");
	expect_held(t, "complex128(complex(1,2))", t->c128, "000000000000f03f0000000000000040");
	expect_held(t, "main.point{1, 2}", t->point, "0100000002000000");
	expect_held(t, "(*uint64)(0x10)", t->pointer, "1000000000000000");
	expect_held(t, "*uint64(0x10)", t->pointer, "1000000000000000");
	expect_held(t, "[3]uint16{1}", t->three, "010000000000");
	expect_held(t, "lib.wide{0x10}", t->wide, "1000000000000000");
	expect_held(t, "example.com/lib.wide{p: 0x10}", t->wide, "1000000000000000");
	expect_held(t, "struct{}{}", t->none, "");
	refuse(t, t->eface, "bare", "a constant, or a known type");
	refuse(t, t->eface, "main.other{1}", "a constant, or a known type");
	refuse(t, t->eface, "uint8(300)", "no uint8 is that large");
	refuse(t, t->eface, "", "a constant, or a known type");
}

/* What cannot be a key is parsed all the same: the lookup would panic, which is an answer. */
static void unhashable_values(void **state)
{
	struct types *t = *state;
	HMS_AUTO(hms_literal) struct hms_literal *literal = NULL;
	const struct hms_type *const *types;
	size_t n;

	mkgo_open(t->go);
	literal = parse(t, t->held, "{[]int{1, 2, 3}, 1}");
	assert_int_equal(hms_literal_bytes(literal)[16], 1);
	types = hms_literal_types(literal, &n);
	assert_int_equal(n, 1);
	assert_ptr_equal(types[0], t->slice);
	refuse(t, t->held, "{[]int{1, 1}", "'}' is wanted");
	refuse(t, t->held, "{[]int{1, 1", "a bracket is not closed");
}

static void held_in_held(void **state)
{
	struct types *t = *state;
	HMS_AUTO(hms_literal) struct hms_literal *literal = NULL;
	const struct hms_type *const *types;
	size_t n;

	mkgo_open(t->go);
	literal = parse(t, t->eface, "main.held{main.held{\"x\", 2}, 3}");
	types = hms_literal_types(literal, &n);
	assert_int_equal(n, 3);
	assert_ptr_equal(types[0], t->held);
	assert_ptr_equal(types[1], t->held);
	assert_string_equal(types[2]->name, "string");
}

/* ---- hostile text and types --------------------------------------------------------------- */

static char *repeat(const char *s, size_t n)
{
	struct hms_str text = HMS_STR_INIT;

	while (n--)
		hms_str_add(&text, s);
	return hms_str_steal(&text);
}

static void text_without_end(void **state)
{
	struct types *t = *state;
	HMS_AUTO_FREE char *deep = repeat("main.held{", 100000);
	HMS_AUTO_FREE char *brackets = repeat("(", 100000);
	HMS_AUTO_FREE char *digits = repeat("9", 100000);
	HMS_AUTO_FREE char *commas = repeat("1,", 100000);

	mkgo_open(t->go);
	refuse(t, t->eface, deep, "it nests too deep");
	refuse(t, t->eface, brackets, "a constant");
	refuse(t, t->i64, digits, "an integer is wanted");
	refuse(t, t->f64, digits, "a number is wanted");
	refuse(t, t->three, commas, "'{' is wanted");
	refuse(t, t->c64, brackets, "a complex number is wanted");
}

static void types_beyond_belief(void **state)
{
	struct types *t = *state;
	const struct hms_type huge = {
		.name = "huge", .kind = HMS_KIND_STRUCT, .size = UINT64_C(1) << 40};
	const struct hms_type odd = {.name = "odd", .kind = HMS_KIND_INT, .size = 3};
	const struct hms_type unknown = {.name = "unknown", .kind = HMS_KIND_NONE, .size = 8};
	const struct hms_type many = {
		.name = "[4]uint64", .kind = HMS_KIND_ARRAY, .size = 8, .count = 4, .elem = t->u64};
	const struct hms_member out[] = {{"A", t->u64, 4, false}};
	const struct hms_type outside = {.name = "outside",
					 .kind = HMS_KIND_STRUCT,
					 .size = 8,
					 .members = out,
					 .nmembers = 1};
	struct hms_literal *literal = NULL;

	mkgo_open(t->go);
	assert_err(hms_literal_parse(t->go->rt, &huge, "{}", &literal), HMS_ERR_LIMIT, "no key");
	refuse(t, &odd, "1", "not known");
	refuse(t, &unknown, "1", "not known");
	refuse(t, &many, "{1, 2}", "not known");
	refuse(t, &outside, "{1}", "not known");
}

/* ---- equality ----------------------------------------------------------------------------- */

static enum hms_equality compare(const struct types *t, const struct hms_type *type,
				 const char *text)
{
	HMS_AUTO(hms_literal) struct hms_literal *literal = parse(t, type, text);
	const uint8_t *p = hms_mem_peek(t->go->rt->mem, AT, type->size);

	assert_non_null(p);
	return hms_rt_equal_literal(t->go->rt, type, literal, p);
}

static void equal_strings(void **state)
{
	struct types *t = *state;

	mkcore_put(t->go->core, DATA, "hello", 5);
	mkcore_put64(t->go->core, AT, DATA);
	mkcore_put64(t->go->core, AT + 8, 5);
	mkgo_open(t->go);
	assert_int_equal(compare(t, t->string, "hello"), HMS_EQUAL);
	assert_int_equal(compare(t, t->string, "hellO"), HMS_DIFFERS);
	assert_int_equal(compare(t, t->string, "hell"), HMS_DIFFERS);
}

static void strings_that_are_not_there(void **state)
{
	struct types *t = *state;

	mkcore_put64(t->go->core, AT, 0xdead00000);
	mkcore_put64(t->go->core, AT + 8, 5);
	mkgo_open(t->go);
	assert_int_equal(compare(t, t->string, "hello"), HMS_CANNOT_TELL);
	assert_int_equal(compare(t, t->string, "hell"), HMS_DIFFERS);
}

static void equal_numbers(void **state)
{
	struct types *t = *state;

	mkcore_put64(t->go->core, AT, 0); /* 0.0 */
	mkgo_open(t->go);
	assert_int_equal(compare(t, t->f64, "-0"), HMS_EQUAL);
	assert_int_equal(compare(t, t->f64, "NaN"), HMS_DIFFERS);
	assert_int_equal(compare(t, t->i64, "0"), HMS_EQUAL);
	assert_int_equal(compare(t, t->blank, "{A: 0, _: 7}"), HMS_EQUAL);
	assert_int_equal(compare(t, t->eface, "nil"), HMS_EQUAL);
	assert_int_equal(compare(t, t->eface, "7"), HMS_DIFFERS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(integers),
		TEST(integers_that_are_none),
		TEST(floats),
		TEST(not_a_number),
		TEST(complex_numbers),
		TEST(strings),
		TEST(booleans_and_pointers),
		TEST(arrays),
		TEST(structs),
		TEST(strings_in_structs),
		TEST(interfaces),
		TEST(unhashable_values),
		TEST(held_in_held),
		TEST(text_without_end),
		TEST(types_beyond_belief),
		TEST(equal_strings),
		TEST(strings_that_are_not_there),
		TEST(equal_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
