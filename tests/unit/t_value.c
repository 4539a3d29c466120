/* rt/value: values of every kind, in both notations, from literals in a process made by hand. */
#include "unit/unit.h"

#include <math.h>
#include <stdlib.h>

#include "lib/mkgo.h"
#include "rt/value.h"

#define AT   MKGO_FREE          /* the value */
#define DATA (MKGO_FREE + 4096) /* what it leads to */
#define FAR  0xdead00000        /* nothing is there */

static int setup(void **state)
{
	*state = mkgo_create(MKGO_1_21);
	return 0;
}

static int teardown(void **state)
{
	mkgo_destroy(*state);
	return 0;
}

static const struct hms_value_limits whole = {UINT64_MAX, UINT64_MAX, UINT64_MAX, 1 << 20, 16};

/* The value at AT in one notation; the number of its unknown parts. */
static uint64_t write_value(const struct mkgo *go, const struct hms_type *type,
			    enum hms_notation notation, const struct hms_value_limits *limits,
			    char *ret, size_t size)
{
	struct hms_decoder *d = hms_decoder_create(go->rt, notation, limits);
	struct hms_sink sink;
	uint64_t unknown;

	hms_sink_init(&sink, -1);
	hms_value_write_at(d, hms_value_plan_of(d, type), AT, &sink);
	assert_true(sink.len < size);
	memcpy(ret, sink.buf, sink.len);
	ret[sink.len] = '\0';
	hms_sink_deinit(&sink);
	unknown = hms_decoder_unknown(d);
	hms_decoder_destroy(d);
	return unknown;
}

static void expect_limited(struct mkgo *go, const struct hms_type *type,
			   const struct hms_value_limits *limits, const char *text,
			   const char *json, uint64_t unknown)
{
	char seen[16384];

	assert_int_equal(write_value(go, type, HMS_NOTATION_GO, limits, seen, sizeof(seen)),
			 unknown);
	assert_string_equal(seen, text);
	assert_int_equal(write_value(go, type, HMS_NOTATION_JSON, limits, seen, sizeof(seen)),
			 unknown);
	assert_string_equal(seen, json);
}

static void expect(struct mkgo *go, const struct hms_type *type, const char *text, const char *json)
{
	expect_limited(go, type, &whole, text, json, 0);
}

static void expect_unknown(struct mkgo *go, const struct hms_type *type, const char *text,
			   const char *json, uint64_t unknown)
{
	expect_limited(go, type, &whole, text, json, unknown);
}

static struct hms_type *named(struct mkgo *go, const char *name, enum hms_kind kind, uint64_t size)
{
	return mkgraph_type(go->graph, name, kind, size);
}

static void put_string(struct mkgo *go, uint64_t at, uint64_t addr, const char *s, uint64_t len)
{
	mkcore_put64(go->core, at, addr);
	mkcore_put64(go->core, at + 8, len);
	if (s)
		mkcore_put(go->core, addr, s, len);
}

static void put_slice(struct mkgo *go, uint64_t at, uint64_t addr, uint64_t len)
{
	mkcore_put64(go->core, at, addr);
	mkcore_put64(go->core, at + 8, len);
	mkcore_put64(go->core, at + 16, len);
}

/* ---- numbers ------------------------------------------------------------------------------ */

static void integers_of_all_sizes(void **state)
{
	static const struct {
		enum hms_kind kind;
		uint64_t size, bits;
		const char *text;
	} cases[] = {
		{HMS_KIND_INT8, 1, 0x80, "-128"},
		{HMS_KIND_INT16, 2, 0x8000, "-32768"},
		{HMS_KIND_INT32, 4, 0x80000000, "-2147483648"},
		{HMS_KIND_INT64, 8, UINT64_C(1) << 63, "-9223372036854775808"},
		{HMS_KIND_INT, 8, UINT64_MAX, "-1"},
		{HMS_KIND_INT, 8, INT64_MAX, "9223372036854775807"},
		{HMS_KIND_UINT8, 1, 0xff, "255"},
		{HMS_KIND_UINT16, 2, 0xffff, "65535"},
		{HMS_KIND_UINT32, 4, 0xffffffff, "4294967295"},
		{HMS_KIND_UINT64, 8, UINT64_MAX, "18446744073709551615"},
		{HMS_KIND_UINT, 8, 0, "0"},
		{HMS_KIND_UINT, 8, 10, "10"},
		{HMS_KIND_UINT, 8, 100, "100"},
		{HMS_KIND_UINTPTR, 8, 12345, "12345"},
	};
	const struct hms_type *types[HMS_ARRAY_LEN(cases)];
	struct mkgo *go = *state;

	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		types[i] = named(go, "n", cases[i].kind, cases[i].size);
		mkcore_put64(go->core, AT + 8 * i, cases[i].bits);
	}
	mkgo_open(go);
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		const uint8_t *p = hms_mem_peek(go->rt->mem, AT + 8 * i, 8);
		HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

		hms_value_go(go->rt, types[i], p, 64, &s);
		assert_string_equal(hms_str_text(&s), cases[i].text);
	}
}

static void check_double(double d, bool single, const char *text)
{
	struct hms_sink sink;

	hms_sink_init(&sink, -1);
	hms_sink_double(&sink, d, single);
	hms_sink_addc(&sink, '\0');
	assert_string_equal(sink.buf, text);
	hms_sink_deinit(&sink);
}

/* As strconv.FormatFloat(f, 'g', -1, 64 or 32) of Go prints them. */
static void floats_are_shortest(void **state)
{
	(void)state;
	check_double(0, false, "0");
	check_double(-0.0, false, "-0");
	check_double(1, false, "1");
	check_double(-2.5, false, "-2.5");
	check_double(20, false, "20");
	check_double(123456, false, "123456");
	check_double(1000000, false, "1e+06");
	check_double(1234567, false, "1.234567e+06");
	check_double(0.1, false, "0.1");
	check_double(0.0001, false, "0.0001");
	check_double(0.00001, false, "1e-05");
	check_double(1.0 / 3, false, "0.3333333333333333");
	check_double(0.1 + 0.2, false, "0.30000000000000004");
	check_double(1e21, false, "1e+21");
	check_double(1e300, false, "1e+300");
	check_double(5e-324, false, "5e-324");
	check_double(1.7976931348623157e308, false, "1.7976931348623157e+308");
	check_double((double)0.1F, true, "0.1");
	check_double((double)(1.0F / 3), true, "0.33333334");
	check_double((double)16777216.0F, true, "1.6777216e+07");
	check_double((double)3.4028235e38F, true, "3.4028235e+38");
	check_double(NAN, false, "NaN");
	check_double(INFINITY, false, "+Inf");
	check_double(-INFINITY, true, "-Inf");
}

static void floats_read_back(void **state)
{
	uint64_t bits = 88172645463325252;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct hms_sink sink;
		double d;

		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		memcpy(&d, &bits, sizeof(d));
		if (i % 2) /* few digits */
			d = (double)(int64_t)(bits >> 40) / 1000;
		if (!isfinite(d))
			continue;
		hms_sink_init(&sink, -1);
		hms_sink_double(&sink, d, false);
		hms_sink_addc(&sink, '\0');
		assert_true(strtod(sink.buf, NULL) == d);
		hms_sink_deinit(&sink);
	}
}

static void words_for_what_is_no_number(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *f32 = named(go, "float32", HMS_KIND_FLOAT32, 4);
	const struct hms_type *array = mkgraph_array(go->graph, f32, 3);

	mkcore_put32(go->core, AT, 0x7fc00000);
	mkcore_put32(go->core, AT + 4, 0x7f800000);
	mkcore_put32(go->core, AT + 8, 0xff800000);
	mkgo_open(go);
	expect(go, array, "{NaN, +Inf, -Inf}", "[\"NaN\",\"+Inf\",\"-Inf\"]");
}

static void complex_numbers(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *c128 = named(go, "complex128", HMS_KIND_COMPLEX128, 16);
	const struct hms_type *c64 = named(go, "complex64", HMS_KIND_COMPLEX64, 8);
	const struct mkgraph_member members[] = {{"A", 0, c128}, {"B", 16, c64}, {0}};
	const struct hms_type *both = mkgraph_struct(go->graph, "main.c", 24, members);
	const double parts[] = {1.5, -2};
	const float small[] = {0.1F, NAN};

	mkcore_put(go->core, AT, parts, sizeof(parts));
	mkcore_put(go->core, AT + 16, small, sizeof(small));
	mkgo_open(go);
	expect(go, both, "{A: complex(1.5,-2), B: complex(0.1,NaN)}",
	       "{\"A\":[1.5,-2],\"B\":[0.1,\"NaN\"]}");
}

static void booleans_and_pointers(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *boolean = named(go, "bool", HMS_KIND_BOOL, 1);
	const struct hms_type *map = named(go, "map[int]int", HMS_KIND_MAP, 8);
	const struct mkgraph_member members[] = {
		{"T", 0, boolean}, {"F", 1, boolean}, {"M", 8, map}, {"N", 16, map}, {0}};
	const struct hms_type *all = mkgraph_struct(go->graph, "main.s", 24, members);

	mkcore_put8(go->core, AT, 1);
	mkcore_put64(go->core, AT + 8, 0xc000010000);
	mkgo_open(go);
	expect(go, all, "{T: true, F: false, M: 0xc000010000, N: nil}",
	       "{\"T\":true,\"F\":false,\"M\":{\"ptr\":\"0xc000010000\"},\"N\":null}");
}

/* ---- strings ------------------------------------------------------------------------------ */

static void string_is(struct mkgo *go, const char *s, size_t len, const char *text,
		      const char *json)
{
	const struct hms_type *type = named(go, "string", HMS_KIND_STRING, 16);

	put_string(go, AT, DATA, s, len);
	mkgo_open(go);
	expect(go, type, text, json);
}

static void plain_strings(void **state)
{
	string_is(*state, "the quick brown fox", 19, "\"the quick brown fox\"",
		  "\"the quick brown fox\"");
}

static void quotes_and_controls(void **state)
{
	/* At every place of the eight bytes that are looked at together. */
	string_is(*state, "12345\"7\\\n0123\x7f\x1b[0m\0end", 22,
		  "\"12345\\\"7\\\\\\n0123\\x7f\\x1b[0m\\x00end\"",
		  "\"12345\\\"7\\\\\\n0123\\u007f\\u001b[0m\\u0000end\"");
}

static void utf8_stays(void **state)
{
	string_is(*state, "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80", 15,
		  "\"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80\"",
		  "\"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

static void what_is_no_utf8_is_bytes(void **state)
{
	string_is(*state, "ab\xff\x80", 4, "\"ab\\xff\\x80\"", "{\"bytes\":\"6162ff80\"}");
}

/* Long runs of escapes are written piece by piece: no character may be split. */
static void long_runs_of_characters(void **state)
{
	char s[3003], quoted[3006];

	for (size_t i = 0; i < sizeof(s); i += 3)
		memcpy(s + i, "\xe2\x82\xac", 3);
	quoted[0] = quoted[3004] = '"';
	memcpy(quoted + 1, s, sizeof(s));
	quoted[3005] = '\0';
	string_is(*state, s, sizeof(s), quoted, quoted);
}

static void strings_that_are_not_there(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *type = named(go, "string", HMS_KIND_STRING, 16);
	const struct hms_type *three = mkgraph_array(go->graph, type, 3);

	put_string(go, AT, 0, NULL, 0);
	put_string(go, AT + 16, FAR, NULL, 5);
	put_string(go, AT + 32, DATA, NULL, UINT64_MAX); /* a length that cannot be */
	mkgo_open(go);
	expect_unknown(go, three, "{\"\", ?, ?}", "[\"\",null,null]", 2);
}

static void strings_are_cut(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *type = named(go, "string", HMS_KIND_STRING, 16);
	const struct hms_type *four = mkgraph_array(go->graph, type, 4);
	struct hms_value_limits limits = whole;

	put_string(go, AT, DATA, "abcdef", 6);
	put_string(go, AT + 16, DATA + 16, "abcd", 4);
	/* the cut would be in the middle of the euro sign */
	put_string(go, AT + 32, DATA + 32, "ab\xe2\x82\xac!", 6);
	put_string(go, AT + 48, DATA + 48, "\xff\xfe\xfd\xfc\xfb", 5);
	mkgo_open(go);
	limits.text = 4;
	expect_limited(go, four, &limits,
		       "{\"abcd\"…, \"abcd\", \"ab\"…, \"\\xff\\xfe\\xfd\\xfc\"…}",
		       "[{\"text\":\"abcd\",\"cut\":2},\"abcd\",{\"text\":\"ab\",\"cut\":4},"
		       "{\"bytes\":\"fffefdfc\",\"cut\":1}]",
		       0);
}

/* ---- slices ------------------------------------------------------------------------------- */

static void slices_of_bytes(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *bytes = mkgraph_slice(go->graph, mkgraph_uint(go->graph, 1));
	const struct hms_type *three = mkgraph_array(go->graph, bytes, 3);
	struct hms_value_limits limits = whole;

	put_slice(go, AT, DATA, 3);
	mkcore_put(go->core, DATA, "a\x00\xff", 3);
	put_slice(go, AT + 48, DATA, 0);
	mkgo_open(go);
	expect(go, three, "{[]byte(\"a\\x00\\xff\"), nil, []byte(\"\")}",
	       "[{\"bytes\":\"6100ff\"},null,{\"bytes\":\"\"}]");
	limits.text = 1;
	expect_limited(go, bytes, &limits, "[]byte(\"a\"…)", "{\"bytes\":\"61\",\"cut\":2}", 0);
}

static void slices_and_their_cuts(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *slice = mkgraph_slice(go->graph, mkgraph_uint(go->graph, 2));
	const struct hms_type *four = mkgraph_array(go->graph, slice, 4);
	struct hms_value_limits limits = whole;

	put_slice(go, AT, DATA, 3);
	for (unsigned int i = 0; i < 3; i++)
		mkcore_put16(go->core, DATA + 2 * i, (uint16_t)(i + 7));
	put_slice(go, AT + 48, DATA, 0);
	put_slice(go, AT + 72, DATA, UINT64_C(1) << 63); /* times two is nothing */
	mkgo_open(go);
	expect_unknown(go, four, "{{7, 8, 9}, nil, {}, ?}", "[[7,8,9],null,[],null]", 1);
	limits.slice = 2;
	expect_limited(go, slice, &limits, "{7, 8, …}", "[7,8,{\"cut\":1}]", 0);
	limits.slice = 0;
	expect_limited(go, slice, &limits, "{…}", "[{\"cut\":3}]", 0);
}

/* type list []list, with itself as its second element. */
static void a_slice_that_holds_itself(void **state)
{
	struct mkgo *go = *state;
	struct hms_type *list = named(go, "main.list", HMS_KIND_SLICE, 24);

	list->elem = list;
	put_slice(go, AT, DATA, 2);
	put_slice(go, DATA + 24, DATA, 2);
	mkgo_open(go);
	expect(go, list, "{nil, 0x631000}", "[null,{\"ptr\":\"0x631000\"}]");
}

/* Sixteen levels of two slices each are 65536 paths: what is written stays bounded. */
static void slices_that_share(void **state)
{
	struct mkgo *go = *state;
	struct hms_type *list = named(go, "main.list", HMS_KIND_SLICE, 24);
	struct hms_value_limits limits = whole;
	char seen[16384];

	list->elem = list;
	put_slice(go, AT, DATA, 2);
	for (unsigned int i = 0; i < 40; i++) {
		put_slice(go, DATA + i * 48, DATA + (i + 1) * 48, 2);
		put_slice(go, DATA + i * 48 + 24, DATA + (i + 1) * 48, 2);
	}
	mkgo_open(go);
	limits.total = 4096;
	limits.depth = 64;
	assert_true(write_value(go, list, HMS_NOTATION_JSON, &limits, seen, sizeof(seen)) > 0);
	assert_true(strlen(seen) > 4096 && strlen(seen) < 6000);
	limits.total = 1 << 30;
	limits.depth = 3;
	expect_limited(go, list, &limits, "{{{…, …}, {…, …}}, {{…, …}, {…, …}}}",
		       "[[[null,null],[null,null]],[[null,null],[null,null]]]", 8);
}

static void elements_of_no_size(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *empty =
		mkgraph_struct(go->graph, "struct {}", 0, &(struct mkgraph_member){0});
	const struct hms_type *slice = mkgraph_slice(go->graph, empty);
	struct hms_value_limits limits = whole;

	put_slice(go, AT, DATA, UINT64_MAX);
	mkgo_open(go);
	limits.slice = 2;
	expect_limited(go, slice, &limits, "{{}, {}, …}", "[{},{},{\"cut\":18446744073709551613}]",
		       0);
}

/* ---- structs and arrays ------------------------------------------------------------------- */

static void structs_nest(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *u8 = mkgraph_uint(go->graph, 1);
	const struct hms_type *array = mkgraph_array(go->graph, u8, 3);
	const struct mkgraph_member inner[] = {{"_", 0, u8}, {"Z\"", 1, array}, {"_", 4, u8}, {0}};
	const struct hms_type *in = mkgraph_struct(go->graph, "main.in", 5, inner);
	const struct mkgraph_member outer[] = {{"A", 0, in}, {"B", 5, in}, {0}};
	const struct hms_type *out = mkgraph_struct(go->graph, "main.out", 10, outer);
	struct hms_value_limits limits = whole;

	for (unsigned int i = 0; i < 10; i++)
		mkcore_put8(go->core, AT + i, (uint8_t)i);
	mkgo_open(go);
	expect(go, out, "{A: {_: 0, Z\": {1, 2, 3}, _: 4}, B: {_: 5, Z\": {6, 7, 8}, _: 9}}",
	       "{\"A\":{\"_\":0,\"Z\\\"\":[1,2,3],\"_#2\":4},"
	       "\"B\":{\"_\":5,\"Z\\\"\":[6,7,8],\"_#2\":9}}");
	limits.array = 1;
	expect_limited(go, array, &limits, "{0, …}", "[0,{\"cut\":2}]", 0);
}

static void types_that_contradict_themselves(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *u64 = mkgraph_uint(go->graph, 8);
	const struct mkgraph_member members[] = {{"In", 0, u64},
						 {"Beyond", 12, u64},
						 {"None", 0, NULL},
						 {"Odd", 0, named(go, "odd", HMS_KIND_INT, 3)},
						 {"C", 0, named(go, "char", HMS_KIND_NONE, 1)},
						 {"S", 0, named(go, "short", HMS_KIND_STRING, 8)},
						 {0}};
	const struct hms_type *type = mkgraph_struct(go->graph, "main.bad", 16, members);

	mkcore_put64(go->core, AT, 7);
	mkgo_open(go);
	expect_unknown(go, type, "{In: 7, Beyond: ?, None: ?, Odd: …, C: ?, S: …}",
		       "{\"In\":7,\"Beyond\":null,\"None\":null,\"Odd\":null,\"C\":null,"
		       "\"S\":null}",
		       5);
}

/* A struct that is its own first member; an array of more elements than it has room for. */
static void types_without_end(void **state)
{
	struct mkgo *go = *state;
	struct hms_type *self = named(go, "main.self", HMS_KIND_STRUCT, 8);
	struct hms_type *array = named(go, "[9]uint64", HMS_KIND_ARRAY, 64);
	struct hms_member *member = hms_arena_alloc(hms_graph_arena(go->graph), sizeof(*member));
	struct hms_value_limits limits = whole;

	*member = (struct hms_member){.name = "S", .type = self};
	self->members = member;
	self->nmembers = 1;
	array->elem = mkgraph_uint(go->graph, 8);
	array->count = 9;
	mkgo_open(go);
	limits.depth = 3;
	expect_limited(go, self, &limits, "{S: {S: {S: …}}}", "{\"S\":{\"S\":{\"S\":null}}}", 1);
	expect_unknown(go, array, "…", "null", 1);
}

/* ---- interfaces --------------------------------------------------------------------------- */

static struct hms_type *eface(struct mkgo *go)
{
	return named(go, "interface {}", HMS_KIND_INTERFACE, 16);
}

/* An interface value at @at that holds the type with descriptor at MKGO_TYPES + @off. */
static void hold(struct mkgo *go, uint64_t at, uint64_t off, uint64_t data)
{
	mkcore_put64(go->core, at, MKGO_TYPES + off);
	mkcore_put64(go->core, at + 8, data);
}

static void interfaces(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *array = mkgraph_array(go->graph, eface(go), 6);
	struct hms_type *u8 = mkgraph_uint(go->graph, 1);
	struct hms_type *integer = named(go, "int", HMS_KIND_INT, 8);
	struct hms_type *pointer = mkgraph_pointer(go->graph, integer);
	const struct mkgraph_member members[] = {{"A", 0, integer}, {0}};
	struct hms_type *point = mkgraph_struct(go->graph, "main.point", 8, members);

	integer->rt_off = 0x100;
	u8->rt_off = 0x200;
	pointer->rt_off = 0x300;
	point->rt_off = 0x400;
	hold(go, AT, 0x100, DATA);
	hold(go, AT + 16, 0x200, DATA);
	hold(go, AT + 32, 0x300, DATA); /* in the word itself */
	hold(go, AT + 48, 0x400, DATA);
	hold(go, AT + 64, 0x400, FAR);
	mkcore_put64(go->core, DATA, UINT64_MAX);
	mkgo_open(go);
	expect_unknown(go, array,
		       "{-1, uint8(255), *int(0x631000), main.point{A: -1}, main.point{?}, nil}",
		       "[{\"type\":\"int\",\"value\":-1},{\"type\":\"uint8\",\"value\":255},"
		       "{\"type\":\"*int\",\"value\":{\"ptr\":\"0x631000\"}},"
		       "{\"type\":\"main.point\",\"value\":{\"A\":-1}},"
		       "{\"type\":\"main.point\",\"value\":null},null]",
		       1);
}

static void interfaces_of_unknown_types(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *iface = eface(go);

	mkcore_put64(go->core, AT, FAR);
	mkcore_put64(go->core, AT + 8, 0x41);
	mkgo_open(go);
	expect_unknown(go, iface, "?(0x41)", "{\"type\":null,\"value\":{\"ptr\":\"0x41\"}}", 1);
}

/* ---- memory ------------------------------------------------------------------------------- */

static void values_that_are_not_there(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *u64 = mkgraph_uint(go->graph, 8);
	struct hms_decoder *d;
	struct hms_sink sink;

	mkgo_open(go);
	d = hms_decoder_create(go->rt, HMS_NOTATION_JSON, &whole);
	hms_sink_init(&sink, -1);
	hms_value_write_at(d, hms_value_plan_of(d, u64), FAR, &sink);
	hms_value_write(d, hms_value_plan_of(d, u64), NULL, &sink);
	hms_value_write_at(d, hms_value_plan_of(d, u64), UINT64_MAX - 3, &sink);
	assert_memory_equal(sink.buf, "nullnullnull", 12);
	assert_int_equal(sink.len, 12);
	assert_int_equal(hms_decoder_unknown(d), 3);
	hms_sink_deinit(&sink);
	hms_decoder_destroy(d);
}

/* Keys in owner paths: slices are addresses, long arrays and strings are cut. */
static void path_keys(void **state)
{
	struct mkgo *go = *state;
	const struct hms_type *string = named(go, "string", HMS_KIND_STRING, 16);
	const struct hms_type *slice = mkgraph_slice(go->graph, mkgraph_uint(go->graph, 1));
	const struct hms_type *array = mkgraph_array(go->graph, mkgraph_uint(go->graph, 1), 17);
	const uint8_t *p;
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	put_string(go, AT, DATA, "abcdef", 6);
	mkgo_open(go);
	p = hms_mem_peek(go->rt->mem, AT, 24);
	hms_value_go(go->rt, string, p, 4, &s);
	hms_str_addc(&s, ' ');
	hms_value_go(go->rt, slice, p, 4, &s);
	hms_str_addc(&s, ' ');
	hms_value_go(go->rt, array, p, 4, &s);
	assert_string_equal(hms_str_text(&s),
			    "\"abcd\"… 0x631000 {0, 16, 99, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, "
			    "0, …}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(integers_of_all_sizes),
		cmocka_unit_test(floats_are_shortest),
		cmocka_unit_test(floats_read_back),
		TEST(words_for_what_is_no_number),
		TEST(complex_numbers),
		TEST(booleans_and_pointers),
		TEST(plain_strings),
		TEST(quotes_and_controls),
		TEST(utf8_stays),
		TEST(what_is_no_utf8_is_bytes),
		TEST(long_runs_of_characters),
		TEST(strings_that_are_not_there),
		TEST(strings_are_cut),
		TEST(slices_of_bytes),
		TEST(slices_and_their_cuts),
		TEST(a_slice_that_holds_itself),
		TEST(slices_that_share),
		TEST(elements_of_no_size),
		TEST(structs_nest),
		TEST(types_that_contradict_themselves),
		TEST(types_without_end),
		TEST(interfaces),
		TEST(interfaces_of_unknown_types),
		TEST(values_that_are_not_there),
		TEST(path_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
