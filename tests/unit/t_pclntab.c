/* The function tables of two layouts, from literals: what is in them, and what damaged ones do. */
#include "unit/unit.h"

#include <stdlib.h>

#include "lib/mkpcln.h"
#include "rt/pclntab.h"
#include "util/arena.h"

struct fixture {
	struct mkpcln *m;
	struct hms_pclntab *tab;
	struct hms_func func;
};

static int setup(void **state, enum mkpcln_release release)
{
	struct fixture *f = hms_xcalloc(1, sizeof(*f));

	f->m = mkpcln_create(release);
	*state = f;
	return 0;
}

static int setup_1_15(void **state)
{
	return setup(state, MKPCLN_1_15);
}

static int setup_1_21(void **state)
{
	return setup(state, MKPCLN_1_21);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hms_pclntab_close(f->tab);
	mkpcln_destroy(f->m);
	free(f);
	return 0;
}

static void open_tab(struct fixture *f)
{
	mkpcln_open(f->m);
	assert_ok(hms_pclntab_open(&f->m->rt, &f->tab));
}

/* main.f [0, 0x20), main.g [0x20, 0x100), runtime.goexit [0x100, 0x110). */
static void three_functions(struct fixture *f)
{
	static const struct mkpcln_step sp[] = {{4, 0}, {0xe0, 24}, {0xe1, 16}, {0}};
	static const struct mkpcln_step big[] = {{1, 100000}, {0x10, -3}, {0}};
	static const struct mkpcln_step file[] = {{0x40, 1}, {0xe0, 0}, {0}};
	static const struct mkpcln_step line[] = {{8, 10}, {0x40, 12}, {0xe0, 11}, {0}};

	assert_int_equal(mkpcln_file(f->m, "/src/a.go"), 0);
	assert_int_equal(mkpcln_file(f->m, "/src/b.go"), 1);
	mkpcln_func(f->m, &(struct mkpcln_func){.name = "main.f", .end = 0x20});
	mkpcln_func(f->m, &(struct mkpcln_func){.name = "main.g",
						.start = 0x20,
						.end = 0x100,
						.sp = sp,
						.file = file,
						.line = line,
						.flags = HMS_FUNC_ASSEMBLY,
						.deferreturn = 0x77});
	mkpcln_func(f->m,
		    &(struct mkpcln_func){
			    .name = "runtime.goexit", .start = 0x100, .end = 0x110, .sp = big});
	mkpcln_write(f->m);
}

static const char *name_at(struct fixture *f, uint64_t off)
{
	return hms_pclntab_find(f->tab, MKPCLN_TEXT + off, &f->func) ? f->func.name : "-";
}

static void test_find(void **state)
{
	struct fixture *f = *state;

	three_functions(f);
	open_tab(f);
	assert_int_equal(hms_pclntab_nfuncs(f->tab), 3);
	assert_string_equal(name_at(f, 0), "main.f");
	assert_string_equal(name_at(f, 0x1f), "main.f");
	assert_string_equal(name_at(f, 0x20), "main.g");
	assert_int_equal(f->func.entry, MKPCLN_TEXT + 0x20);
	assert_int_equal(f->func.end, MKPCLN_TEXT + 0x100);
	assert_int_equal(f->func.deferreturn, 0x77);
	assert_int_equal(f->func.flags, f->m->release == MKPCLN_1_15 ? 0 : HMS_FUNC_ASSEMBLY);
	assert_string_equal(name_at(f, 0xff), "main.g");
	assert_string_equal(name_at(f, 0x10f), "runtime.goexit");
	assert_string_equal(name_at(f, 0x110), "-");
	assert_string_equal(name_at(f, (uint64_t)-1), "-");
	assert_string_equal(name_at(f, (uint64_t)-MKPCLN_TEXT), "-");
}

static void test_sp_delta(void **state)
{
	struct fixture *f = *state;
	int32_t delta = 7;

	three_functions(f);
	open_tab(f);
	name_at(f, 0x20);
	assert_true(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 0x20, &delta));
	assert_int_equal(delta, 0);
	assert_true(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 0x23, &delta));
	assert_int_equal(delta, 0);
	assert_true(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 0x24, &delta));
	assert_int_equal(delta, 24);
	assert_true(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 0xff, &delta));
	assert_int_equal(delta, 24);
	/* The table's last step lies outside the function. */
	assert_false(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 0x100, &delta));
	assert_false(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 0x1f, &delta));
	name_at(f, 0x100);
	assert_true(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 0x100, &delta));
	assert_int_equal(delta, 100000);
	assert_true(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 0x101, &delta));
	assert_int_equal(delta, -3);
	/* main.f has no such table. */
	name_at(f, 0);
	assert_false(hms_func_sp_delta(&f->func, MKPCLN_TEXT, &delta));
}

/* The bytes themselves, by the format's description: value deltas 2 * n or -2 * n - 1, pc deltas.
 */
static void test_stream_bytes(void **state)
{
	static const uint8_t bytes[] = {
		0x02, 0x05,       /* -1 + 1 = 0 for 5 bytes */
		0xb0, 0x02, 0x02, /* + 152 for 2 */
		0x01, 0x83, 0x01, /* - 1 for 131 */
		0x00,
	};
	struct fixture *f = *state;
	static const struct mkpcln_step some[] = {{1, 1}, {0}};
	struct bytes *pctab = f->m->release == MKPCLN_1_15 ? &f->m->pclntable : &f->m->pctab;
	static const struct {
		uint64_t off;
		int32_t value;
	} expected[] = {{0, 0}, {4, 0}, {5, 152}, {6, 152}, {7, 151}, {137, 151}};
	uint32_t at = (uint32_t)pctab->len;
	int32_t value;

	bytes_put(pctab, at, bytes, sizeof(bytes));
	mkpcln_func(f->m, &(struct mkpcln_func){.name = "main.f", .end = 0x200, .sp = some});
	mkpcln_write(f->m);
	open_tab(f);
	name_at(f, 0);
	f->func.pcsp = at;
	for (size_t i = 0; i < HMS_ARRAY_LEN(expected); i++) {
		assert_true(hms_func_sp_delta(&f->func, MKPCLN_TEXT + expected[i].off, &value));
		assert_int_equal(value, expected[i].value);
	}
	/* Behind the end of the stream. */
	assert_false(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 138, &value));
}

static void test_lines(void **state)
{
	struct fixture *f = *state;
	const char *file;
	int32_t line;

	three_functions(f);
	open_tab(f);
	name_at(f, 0x20);
	hms_func_line(&f->func, MKPCLN_TEXT + 0x20, &file, &line);
	assert_string_equal(file, "/src/b.go");
	assert_int_equal(line, 10);
	hms_func_line(&f->func, MKPCLN_TEXT + 0x28, &file, &line);
	assert_string_equal(file, "/src/b.go");
	assert_int_equal(line, 12);
	hms_func_line(&f->func, MKPCLN_TEXT + 0x60, &file, &line);
	assert_string_equal(file, "/src/a.go");
	assert_int_equal(line, 11);
	name_at(f, 0);
	hms_func_line(&f->func, MKPCLN_TEXT, &file, &line);
	assert_null(file);
	assert_int_equal(line, 0);
}

static void test_file_without_name(void **state)
{
	static const struct mkpcln_step file[] = {{4, 0}, {8, 1}, {12, 99}, {0}};
	static const struct mkpcln_step line[] = {{12, 5}, {0}};
	struct fixture *f = *state;
	const char *name;
	int32_t number;

	assert_int_equal(mkpcln_file(f->m, NULL), 0);
	assert_int_equal(mkpcln_file(f->m, "/x.go"), 1);
	mkpcln_func(f->m,
		    &(struct mkpcln_func){.name = "main.f", .end = 16, .file = file, .line = line});
	mkpcln_write(f->m);
	open_tab(f);
	name_at(f, 0);
	hms_func_line(&f->func, MKPCLN_TEXT, &name, &number);
	assert_null(name);
	assert_int_equal(number, 0);
	hms_func_line(&f->func, MKPCLN_TEXT + 4, &name, &number);
	assert_string_equal(name, "/x.go");
	assert_int_equal(number, 5);
	/* A number that the table does not have. */
	hms_func_line(&f->func, MKPCLN_TEXT + 8, &name, &number);
	assert_null(name);
}

/* main.f at line 10 calls main.g (inlined), which at line 20 calls main.h (inlined), line 30. */
static void nested(struct fixture *f, uint32_t outer_parent)
{
	static const struct mkpcln_step file[] = {{0x40, 0}, {0}};
	static const struct mkpcln_step line[] = {
		{0x10, 10}, {0x20, 20}, {0x30, 30}, {0x40, 11}, {0}};
	static const struct mkpcln_step index[] = {
		{0x10, -1}, {0x20, 0}, {0x30, 1}, {0x40, -1}, {0}};

	mkpcln_file(f->m, "/src/a.go");
	mkpcln_inlined(f->m, MKPCLN_GOFUNC + 16, 0, "main.g", outer_parent);
	mkpcln_inlined(f->m, MKPCLN_GOFUNC + 16, 1, "main.h", 0x18);
	mkpcln_func(f->m, &(struct mkpcln_func){.name = "main.f",
						.end = 0x40,
						.file = file,
						.line = line,
						.inline_index = index,
						.inline_tree = MKPCLN_GOFUNC + 16});
	mkpcln_write(f->m);
	open_tab(f);
	name_at(f, 0);
}

static void test_inlined(void **state)
{
	struct fixture *f = *state;
	struct hms_call calls[8];

	nested(f, 0x8);
	assert_int_equal(hms_func_calls(&f->func, MKPCLN_TEXT + 0x2f, calls, 8), 3);
	assert_string_equal(calls[0].name, "main.h");
	assert_int_equal(calls[0].line, 30);
	assert_true(calls[0].inlined);
	assert_int_equal(calls[0].lookup_pc, MKPCLN_TEXT + 0x2f);
	assert_string_equal(calls[1].name, "main.g");
	assert_int_equal(calls[1].line, 20);
	assert_true(calls[1].inlined);
	assert_string_equal(calls[2].name, "main.f");
	assert_int_equal(calls[2].line, 10);
	assert_false(calls[2].inlined);
	assert_int_equal(calls[2].lookup_pc, MKPCLN_TEXT + 8);
	assert_int_equal(hms_func_calls(&f->func, MKPCLN_TEXT + 0x3f, calls, 8), 1);
	assert_int_equal(calls[0].line, 11);
	/* No room for all: the function itself is never lost. */
	assert_int_equal(hms_func_calls(&f->func, MKPCLN_TEXT + 0x2f, calls, 2), 2);
	assert_string_equal(calls[1].name, "main.f");
}

/* main.g says that it was inlined at a place where main.g is inlined: for ever. */
static void test_inline_cycle(void **state)
{
	struct fixture *f = *state;
	struct hms_call calls[HMS_MAX_INLINE_DEPTH];

	nested(f, 0x18);
	assert_int_equal(hms_func_calls(&f->func, MKPCLN_TEXT + 0x18, calls, HMS_MAX_INLINE_DEPTH),
			 HMS_MAX_INLINE_DEPTH);
}

static void test_inline_parent_outside(void **state)
{
	struct fixture *f = *state;
	struct hms_call calls[8];

	nested(f, 0x40);
	assert_int_equal(hms_func_calls(&f->func, MKPCLN_TEXT + 0x18, calls, 8), 1);
	assert_string_equal(calls[0].name, "main.f");
}

static void test_inline_tree_absent(void **state)
{
	struct fixture *f = *state;
	struct hms_call calls[8];

	mkcore_absent(f->m->core, MKPCLN_GOFUNC, 0x10000);
	nested(f, 0x8);
	assert_int_equal(hms_func_calls(&f->func, MKPCLN_TEXT + 0x2f, calls, 8), 1);
	assert_int_equal(calls[0].line, 30);
}

static void test_funcdata(void **state)
{
	struct fixture *f = *state;

	mkpcln_func(f->m, &(struct mkpcln_func){.name = "main.f",
						.end = 0x40,
						.args_map = MKPCLN_GOFUNC + 8,
						.objects = MKPCLN_GOFUNC + 0x20,
						.inline_tree = MKPCLN_GOFUNC + 0x30});
	mkpcln_write(f->m);
	open_tab(f);
	name_at(f, 0);
	assert_int_equal(hms_func_funcdata(&f->func, HMS_FUNCDATA_ARGS_MAP), MKPCLN_GOFUNC + 8);
	assert_int_equal(hms_func_funcdata(&f->func, HMS_FUNCDATA_LOCALS_MAP), 0);
	assert_int_equal(hms_func_funcdata(&f->func, HMS_FUNCDATA_STACK_OBJECTS),
			 MKPCLN_GOFUNC + 0x20);
	assert_int_equal(hms_func_funcdata(&f->func, HMS_FUNCDATA_INLINE_TREE),
			 MKPCLN_GOFUNC + 0x30);
	assert_int_equal(hms_func_funcdata(&f->func, HMS_FUNCDATA_ARG_INFO), 0);
	assert_int_equal(hms_func_pcdata(&f->func, HMS_PCDATA_STACK_MAP, MKPCLN_TEXT), -1);
	assert_int_equal(hms_func_pcdata(&f->func, HMS_PCDATA_ARG_LIVE, MKPCLN_TEXT), -1);
}

/* ---- damage ----------------------------------------------------------------------------- */

static void test_hostile_function(void **state)
{
	struct fixture *f = *state;
	const char *file;
	int32_t value;

	three_functions(f);
	open_tab(f);
	name_at(f, 0x20);
	f->func.pcsp = UINT32_MAX;
	assert_false(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 0x20, &value));
	f->func.pcfile = UINT32_MAX - 1;
	hms_func_line(&f->func, MKPCLN_TEXT + 0x20, &file, &value);
	assert_null(file);
	f->func.npcdata = UINT32_MAX;
	f->func.nfuncdata = UINT8_MAX;
	assert_int_equal(hms_func_funcdata(&f->func, HMS_FUNCDATA_ARGS_MAP), 0);
	f->func.tail = UINT64_MAX - 2;
	assert_int_equal(hms_func_pcdata(&f->func, HMS_PCDATA_INLINE_TREE, MKPCLN_TEXT + 0x20), -1);
}

/* A stream that never ends, one that stands still, a number longer than any, a cut one. */
static void test_hostile_streams(void **state)
{
	static const uint8_t still[] = {0x02, 0x00, 0x02, 0x00, 0x02, 0x00, 0x02, 0x00};
	static const uint8_t wide[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x7f};
	static const struct mkpcln_step some[] = {{1, 1}, {0}};
	struct fixture *f = *state;
	struct bytes *pctab = f->m->release == MKPCLN_1_15 ? &f->m->pclntable : &f->m->pctab;
	uint32_t at_still = (uint32_t)pctab->len, at_wide, at_cut;
	int32_t value;

	for (size_t i = 0; i < 4096; i++)
		bytes_put(pctab, pctab->len, still, sizeof(still));
	at_wide = (uint32_t)pctab->len;
	bytes_put(pctab, at_wide, wide, sizeof(wide));
	mkpcln_func(f->m, &(struct mkpcln_func){.name = "main.f", .end = 0x200, .sp = some});
	at_cut = (uint32_t)pctab->len;
	bytes_put8(pctab, at_cut, 0x80);
	mkpcln_write(f->m);
	open_tab(f);
	name_at(f, 0);
	f->func.pcsp = at_still;
	assert_false(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 1, &value));
	f->func.pcsp = at_wide;
	assert_false(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 1, &value));
	f->func.pcsp = at_cut;
	assert_false(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 1, &value));
	f->func.pcsp = at_cut + 1;
	assert_false(hms_func_sp_delta(&f->func, MKPCLN_TEXT + 1, &value));
}

static void test_entry_leads_outside(void **state)
{
	struct fixture *f = *state;
	size_t func_off = f->m->release == MKPCLN_1_15 ? 8 : 4;

	three_functions(f);
	mkcore_put32(f->m->core, MKPCLN_TABLES + 0x20000 + func_off, 0x7fffffff);
	open_tab(f);
	assert_string_equal(name_at(f, 4), "-");
	assert_string_equal(name_at(f, 0x24), "main.g");
}

/* The last name of the table, cut. */
static void test_name_without_end(void **state)
{
	struct fixture *f = *state;

	mkpcln_func(f->m, &(struct mkpcln_func){.name = "main.f", .end = 0x20});
	f->m->names.len--;
	mkpcln_write(f->m);
	open_tab(f);
	assert_true(hms_pclntab_find(f->tab, MKPCLN_TEXT, &f->func));
	assert_null(f->func.name);
	assert_int_equal(hms_func_kind(&f->func), HMS_FUNC_ORDINARY);
}

static void test_tables_unreadable(void **state)
{
	struct fixture *f = *state;

	three_functions(f);
	mkpcln_module(f->m, "pclntable", 0, 0x1000);
	mkpcln_open(f->m);
	assert_err(hms_pclntab_open(&f->m->rt, &f->tab), HMS_ERR_FAULT, "pclntable");
}

static void test_table_too_large(void **state)
{
	struct fixture *f = *state;

	three_functions(f);
	mkpcln_module(f->m, "ftab", 8, UINT64_MAX / 4);
	mkpcln_open(f->m);
	assert_err(hms_pclntab_open(&f->m->rt, &f->tab), HMS_ERR_LIMIT, "ftab");
}

static void test_no_functions(void **state)
{
	struct fixture *f = *state;

	mkpcln_write(f->m);
	mkpcln_open(f->m);
	assert_err(hms_pclntab_open(&f->m->rt, &f->tab), HMS_ERR_FORMAT, "empty");
}

/* Two sections of text: the second one, offsets [0x20, 0x110), lies somewhere else. */
static void test_text_sections(void **state)
{
	static const uint64_t sections[] = {0, 0x20, MKPCLN_TEXT, 0x20, 0x110, 0x900000};
	struct fixture *f = *state;

	three_functions(f);
	mkcore_put(f->m->core, MKPCLN_DATA, sections, sizeof(sections));
	mkpcln_module(f->m, "textsectmap", 0, MKPCLN_DATA);
	mkpcln_module(f->m, "textsectmap", 8, 2);
	mkpcln_module(f->m, "maxpc", 0, 0x9000f0);
	open_tab(f);
	assert_string_equal(name_at(f, 0x1f), "main.f");
	assert_string_equal(name_at(f, 0x20), "-");
	assert_true(hms_pclntab_find(f->tab, 0x900000, &f->func));
	assert_string_equal(f->func.name, "main.g");
	assert_int_equal(f->func.entry, 0x900000);
	assert_int_equal(f->func.end, 0x9000e0);
	assert_true(hms_pclntab_find(f->tab, 0x9000ef, &f->func));
	assert_string_equal(f->func.name, "runtime.goexit");
	assert_int_equal(f->func.end, 0x9000f0);
}

/* ---- names ------------------------------------------------------------------------------ */

static void test_print_name(void **state)
{
	static const char *const names[][2] = {
		{"main.f", "main.f"},
		{"runtime.gopanic", "panic"},
		{"main.(*T[go.shape.int]).M", "main.(*T[...]).M"},
		{"main.F[go.shape.[]int]", "main.F[...]"},
		{"main.F[go.shape.map[string][]int].func1", "main.F[...].func1"},
		{"main.(*T[go.shape.int]).M[go.shape.string]", "main.(*T[...]).M[...]"},
		{"main.(*T[go.shape.int]).M[go.shape.string].func1", "main.(*T[...]).M[...].func1"},
		{"main.F[...]", "main.F[...]"},
		{"main.f]x[", "main.f]x["},
		{"main.f[", "main.f["},
		{"main.f[a]]b[c]", "main.f[a]]b[c]"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(names); i++) {
		HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

		hms_func_print_name(names[i][0], &text);
		assert_string_equal(hms_str_text(&text), names[i][1]);
	}
}

static void test_kinds(void **state)
{
	static const struct {
		const char *name;
		enum hms_func_kind kind;
	} rows[] = {
		{"runtime.asmcgocall", HMS_FUNC_ASMCGOCALL},
		{"runtime.asyncPreempt", HMS_FUNC_ASYNC_PREEMPT},
		{"runtime.asyncPreempt2", HMS_FUNC_ORDINARY},
		{"runtime.cgocallback", HMS_FUNC_CGOCALLBACK},
		{"runtime.cgocallback_gofunc", HMS_FUNC_CGOCALLBACK},
		{"runtime.cgoSigtramp", HMS_FUNC_SIGTRAMP},
		{"runtime.goexit", HMS_FUNC_GOEXIT},
		{"runtime.main", HMS_FUNC_RUNTIME_MAIN},
		{"runtime.mcall", HMS_FUNC_MCALL},
		{"runtime.morestack", HMS_FUNC_MORESTACK},
		{"runtime.mstart", HMS_FUNC_MSTART},
		{"runtime.nanotime1", HMS_FUNC_VDSO},
		{"runtime.rt0_go", HMS_FUNC_RT0_GO},
		{"runtime.runfinq", HMS_FUNC_FINALIZERS},
		{"runtime.runFinalizers", HMS_FUNC_FINALIZERS},
		{"runtime.runCleanups", HMS_FUNC_CLEANUPS},
		{"runtime.sigpanic", HMS_FUNC_SIGPANIC},
		{"runtime.sigreturn", HMS_FUNC_SIGRETURN},
		{"runtime.sigreturn__sigaction", HMS_FUNC_SIGRETURN},
		{"runtime.sigtramp", HMS_FUNC_SIGTRAMP},
		{"runtime.systemstack", HMS_FUNC_SYSTEMSTACK},
		{"runtime.systemstack_switch", HMS_FUNC_SYSTEMSTACK_SWITCH},
		{"runtime.walltime1", HMS_FUNC_VDSO},
		{"time.now", HMS_FUNC_VDSO},
		{"main.main", HMS_FUNC_ORDINARY},
		{"main.systemstack", HMS_FUNC_ORDINARY},
		{"runtime", HMS_FUNC_ORDINARY},
		{NULL, HMS_FUNC_ORDINARY},
	};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(rows); i++) {
		struct hms_func func = {.name = rows[i].name};

		assert_int_equal(hms_func_kind(&func), rows[i].kind);
	}
}

#define BOTH(test)                                                   \
	cmocka_unit_test_setup_teardown(test, setup_1_15, teardown), \
		cmocka_unit_test_setup_teardown(test, setup_1_21, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_find),
		BOTH(test_sp_delta),
		BOTH(test_stream_bytes),
		BOTH(test_lines),
		BOTH(test_inlined),
		BOTH(test_inline_cycle),
		BOTH(test_inline_parent_outside),
		BOTH(test_inline_tree_absent),
		BOTH(test_funcdata),
		BOTH(test_hostile_function),
		BOTH(test_hostile_streams),
		BOTH(test_entry_leads_outside),
		BOTH(test_tables_unreadable),
		BOTH(test_table_too_large),
		BOTH(test_no_functions),
		BOTH(test_file_without_name),
		cmocka_unit_test_setup_teardown(test_name_without_end, setup_1_21, teardown),
		cmocka_unit_test_setup_teardown(test_text_sections, setup_1_21, teardown),
		cmocka_unit_test(test_print_name),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests_name("pclntab", tests, NULL, NULL);
}
