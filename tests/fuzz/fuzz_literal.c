/*
 * Literals: the input's first byte picks a type, the rest is the text.  What is taken is written
 * down again and must be taken again, as the same bytes.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/mkgo.h"
#include "rt/equal.h"
#include "rt/literal.h"
#include "rt/value.h"

#define MAX_TEXT 4096

static struct {
	struct mkgo *go;
	const struct hms_type *types[16];
	size_t n;
} process; /* made once */

static const struct hms_type *add(const struct hms_type *type)
{
	process.types[process.n++] = type;
	return type;
}

static void make_types(struct hms_graph *g)
{
	const struct hms_type *i8 = add(mkgraph_type(g, "int8", HMS_KIND_INT8, 1));
	const struct hms_type *u64 = add(mkgraph_uint(g, 8));
	const struct hms_type *f32 = add(mkgraph_type(g, "float32", HMS_KIND_FLOAT32, 4));
	const struct hms_type *text = mkgraph_type(g, "string", HMS_KIND_STRING, 16);
	const struct hms_type *any = mkgraph_type(g, "interface {}", HMS_KIND_INTERFACE, 16);
	const struct mkgraph_member plain[] = {{"A", 0, i8}, {"_", 4, f32}, {"B", 8, u64}, {0}};
	const struct mkgraph_member deep[] = {{"S", 0, text}, {"V", 16, any}, {0}};

	add(mkgraph_type(g, "float64", HMS_KIND_FLOAT64, 8));
	add(mkgraph_type(g, "complex64", HMS_KIND_COMPLEX64, 8));
	add(mkgraph_type(g, "bool", HMS_KIND_BOOL, 1));
	add(mkgraph_pointer(g, u64));
	add(mkgraph_array(g, add(mkgraph_struct(g, "main.plain", 16, plain)), 3));
	/* What these refer to is not in the process: they are not written down again. */
	add(text);
	add(any);
	add(mkgraph_struct(g, "main.deep", 32, deep));
	mkgraph_slice(g, u64);
	mkgraph_type(g, "int", HMS_KIND_INT, 8);
}

static bool refers(const struct hms_type *type)
{
	return type->kind == HMS_KIND_STRING || type->kind == HMS_KIND_INTERFACE ||
	       !strcmp(type->name, "main.deep");
}

static void again(const struct hms_type *type, const struct hms_literal *literal)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	HMS_AUTO(hms_literal) struct hms_literal *same = NULL;
	struct hms_error *err;

	hms_value_go(process.go->rt, type, hms_literal_bytes(literal), MAX_TEXT, &text);
	err = hms_literal_parse(process.go->rt, type, hms_str_text(&text), &same);
	FUZZ_CHECK(!err);
	/* A NaN may have other bits. */
	FUZZ_CHECK(memcmp(hms_literal_bytes(literal), hms_literal_bytes(same), type->size) == 0 ||
		   strstr(hms_str_text(&text), "NaN"));
}

static void look_at(const struct hms_type *type, const struct hms_literal *literal)
{
	const uint8_t *p = NULL;
	size_t n;

	FUZZ_CHECK(hms_literal_run(literal, hms_literal_addr(literal), &p) >= type->size);
	FUZZ_CHECK(type->size == 0 || p == hms_literal_bytes(literal));
	(void)hms_literal_types(literal, &n);
	(void)hms_rt_equal_literal(process.go->rt, type, literal, hms_literal_bytes(literal));
	if (!refers(type))
		again(type, literal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	HMS_AUTO(hms_literal) struct hms_literal *literal = NULL;
	const struct hms_type *type;
	struct hms_error *err;
	char text[MAX_TEXT];

	if (!process.go) {
		process.go = mkgo_create(MKGO_1_21);
		make_types(process.go->graph);
		mkgo_open(process.go);
	}
	if (!len || len > MAX_TEXT)
		return 0;
	memcpy(text, data + 1, len - 1);
	text[len - 1] = '\0';
	type = process.types[data[0] % process.n];
	err = hms_literal_parse(process.go->rt, type, text, &literal);
	if (err) {
		FUZZ_CHECK(err->code == HMS_ERR_USAGE && *err->message);
		hms_err_free(err);
		return 0;
	}
	look_at(type, literal);
	return 0;
}
