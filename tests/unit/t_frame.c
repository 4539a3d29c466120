/* dwarf/frame: variables in scope at a pc and where they are. */
#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "dwarf/compat.h"
#include "dwarf/frame.h"
#include "lib/godwarf.h"

/* ---- programs ----------------------------------------------------------------------------- */

struct program {
	struct mkdwarf m;
	int integer, pointer; /* types: int, *int */
	char *path;
	struct hms_dwarf *dwarf;
	struct hms_graph *graph;
};

static void add_types(struct program *p)
{
	p->integer = go_base(&p->m, "int", HMS_KIND_INT, 8, 0);
	p->pointer = go_pointer(&p->m, "*int", p->integer);
}

/* A unit with code from 0x1000 to 0x2000. */
static void begin_by(struct program *p, const char *producer)
{
	*p = (struct program){0};
	mkdwarf_init(&p->m, 4);
	go_unit(&p->m, producer);
	mkdwarf_addr(&p->m, DW_AT_low_pc, 0x1000);
	mkdwarf_addr(&p->m, DW_AT_high_pc, 0x2000);
	add_types(p);
}

static void begin(struct program *p)
{
	begin_by(p, "Go cmd/compile go1.21.13; regabi");
}

/* main.f, 0x1000 to 0x1100, whose frame base is the CFA; entries follow, then finish(). */
static void begin_function(struct program *p)
{
	mkdwarf_die(&p->m, DW_TAG_subprogram, true);
	mkdwarf_string(&p->m, DW_AT_name, "main.f");
	mkdwarf_addr(&p->m, DW_AT_low_pc, 0x1000);
	mkdwarf_addr(&p->m, DW_AT_high_pc, 0x1100);
	mkdwarf_block1(&p->m, DW_AT_frame_base, "\x9c", 1);
}

static void finish(struct program *p)
{
	size_t skipped;

	mkdwarf_end(&p->m);
	mkdwarf_end(&p->m);
	p->path = mkdwarf_save(&p->m);
	p->graph = hms_graph_create();
	assert_ok(hms_dwarf_open(p->path, &p->dwarf));
	assert_ok(hms_dwarf_read_types(p->dwarf, 0, p->graph, &skipped));
	assert_int_equal(skipped, 0);
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

static const struct hms_dwarf_frame *frame_at(struct program *p, uint64_t pc)
{
	const struct hms_dwarf_frame *frame = NULL;

	assert_ok(hms_dwarf_frame(p->dwarf, pc, &frame));
	return frame;
}

/* The last variable of that name in a function of the frame: the innermost. */
static const struct hms_dwarf_variable *find(const struct hms_dwarf_frame *frame, size_t function,
					     const char *name)
{
	const struct hms_dwarf_variable *found = NULL;

	assert_true(function < frame->nfunctions);
	for (size_t i = 0; i < frame->functions[function].nvariables; i++) {
		const struct hms_dwarf_variable *v = &frame->functions[function].variables[i];

		if (strcmp(v->name, name) == 0 && (!found || v->scope >= found->scope))
			found = v;
	}
	return found;
}

static const struct hms_dwarf_variable *var(struct program *p, uint64_t pc, const char *name)
{
	const struct hms_dwarf_variable *found = find(frame_at(p, pc), 0, name);

	if (!found)
		fail_msg("no variable %s", name);
	return found;
}

static void assert_stack(const struct hms_dwarf_variable *v, size_t piece, int64_t off,
			 uint64_t size)
{
	assert_true(piece < v->npieces);
	assert_int_equal(v->pieces[piece].kind, HMS_PIECE_STACK);
	assert_int_equal(v->pieces[piece].off, off);
	assert_int_equal(v->pieces[piece].size, size);
}

static void assert_register(const struct hms_dwarf_variable *v, size_t piece, uint32_t reg,
			    uint64_t size)
{
	assert_true(piece < v->npieces);
	assert_int_equal(v->pieces[piece].kind, HMS_PIECE_REGISTER);
	assert_int_equal(v->pieces[piece].reg, reg);
	assert_int_equal(v->pieces[piece].size, size);
}

/* ---- expressions -------------------------------------------------------------------------- */

static void expressions_become_pieces(void **state)
{
	struct program p;
	struct mkdwarf *m = &p.m;

	(void)state;
	begin(&p);
	begin_function(&p);
	go_variable(m, "cfa", p.integer, "\x9c", 1);
	go_variable(m, "below", p.integer, "\x91\xb8\x7b", 3);     /* fbreg -584 */
	go_variable(m, "above", p.integer, "\x91\x18", 2);         /* fbreg 24 */
	go_variable(m, "rax", p.integer, "\x50", 1);               /* reg0 */
	go_variable(m, "x33", p.integer, "\x90\x21", 2);           /* regx 33 */
	go_variable(m, "heap", p.integer, "\x91\x50\x06", 3);      /* fbreg -48, deref */
	go_variable(m, "field", p.integer, "\x91\x50\x23\x08", 4); /* fbreg -48, plus_uconst 8 */
	go_variable(m, "static", p.integer, "\x03\x28\x10\x50\0\0\0\0\0", 9);
	go_variable(m, "five", p.integer, "\x35\x9f", 2);      /* lit5, stack_value */
	go_variable(m, "minus", p.integer, "\x11\x7f\x9f", 3); /* consts -1, stack_value */
	/* reg3 of 8 bytes, 8 that are gone, fbreg 16 of 8 */
	go_variable(m, "split", p.integer, "\x53\x93\x08\x93\x08\x91\x10\x93\x08", 9);
	finish(&p);

	assert_stack(var(&p, 0x1010, "cfa"), 0, 0, 0);
	assert_stack(var(&p, 0x1010, "below"), 0, -584, 0);
	assert_stack(var(&p, 0x1010, "above"), 0, 24, 0);
	assert_register(var(&p, 0x1010, "rax"), 0, 0, 0);
	assert_register(var(&p, 0x1010, "x33"), 0, 33, 0);
	assert_int_equal(var(&p, 0x1010, "heap")->pieces[0].kind, HMS_PIECE_INDIRECT);
	assert_int_equal(var(&p, 0x1010, "heap")->pieces[0].off, -48);
	assert_stack(var(&p, 0x1010, "field"), 0, -40, 0);
	assert_int_equal(var(&p, 0x1010, "static")->pieces[0].kind, HMS_PIECE_ADDRESS);
	assert_int_equal(var(&p, 0x1010, "static")->pieces[0].addr, 0x501028);
	assert_int_equal(var(&p, 0x1010, "five")->pieces[0].kind, HMS_PIECE_VALUE);
	assert_int_equal(var(&p, 0x1010, "five")->pieces[0].addr, 5);
	assert_int_equal(var(&p, 0x1010, "minus")->pieces[0].addr, UINT64_MAX);
	assert_int_equal(var(&p, 0x1010, "split")->npieces, 3);
	assert_register(var(&p, 0x1010, "split"), 0, 3, 8);
	assert_int_equal(var(&p, 0x1010, "split")->pieces[1].kind, HMS_PIECE_ABSENT);
	assert_int_equal(var(&p, 0x1010, "split")->pieces[1].size, 8);
	assert_stack(var(&p, 0x1010, "split"), 2, 16, 8);
	assert_ptr_equal(var(&p, 0x1010, "split")->type, hms_graph_find_type(p.graph, "int"));
	done(&p);
}

/* Better no value than a wrong one. */
static void expressions_not_understood_have_no_pieces(void **state)
{
	static const struct {
		const char *name, *bytes;
		uint8_t len;
	} cases[] = {
		{"empty", "", 0},
		{"breg", "\x77\x08", 2}, /* breg7 8 */
		{"two", "\x50\x51", 2},  /* reg0, reg1 */
		{"deref register", "\x50\x06", 2},
		{"deref twice", "\x91\x50\x06\x06", 4},
		{"address or constant", "\x35", 1}, /* lit5 */
		{"constant piece", "\x35\x93\x08", 3},
		{"rest", "\x50\x93\x08\x51", 4}, /* reg0, piece 8, reg1 */
		{"unknown", "\x50\x93\x08\xe8", 4},
		{"cut short", "\x03\x28\x10", 3},
		{"cut leb", "\x91\x80", 2},
		{"value of nothing", "\x9f", 1},
		{"no such address", "\xa1\x05", 2},
	};
	struct program p;

	(void)state;
	begin(&p);
	begin_function(&p);
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++)
		go_variable(&p.m, cases[i].name, p.integer, cases[i].bytes, cases[i].len);
	go_variable(&p.m, "no location", p.integer, NULL, 0);
	go_variable(&p.m, "good", p.integer, "\x50", 1);
	finish(&p);
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		if (var(&p, 0x1010, cases[i].name)->npieces)
			fail_msg("'%s' has pieces", cases[i].name);
	}
	assert_int_equal(var(&p, 0x1010, "no location")->npieces, 0);
	assert_int_equal(var(&p, 0x1010, "good")->npieces, 1);
	done(&p);
}

/* C's frame bases are registers; what fbreg adds to is then unknown here. */
static void other_frame_bases_give_no_stack_places(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	mkdwarf_die(&p.m, DW_TAG_subprogram, true);
	mkdwarf_string(&p.m, DW_AT_name, "c_function");
	mkdwarf_addr(&p.m, DW_AT_low_pc, 0x1000);
	mkdwarf_addr(&p.m, DW_AT_high_pc, 0x1100);
	mkdwarf_block1(&p.m, DW_AT_frame_base, "\x56", 1); /* reg6 */
	go_variable(&p.m, "x", p.integer, "\x91\x18", 2);
	go_variable(&p.m, "r", p.integer, "\x50", 1);
	finish(&p);
	assert_int_equal(var(&p, 0x1010, "x")->npieces, 0);
	assert_int_equal(var(&p, 0x1010, "r")->npieces, 1);
	done(&p);
}

/* ---- location lists ----------------------------------------------------------------------- */

static void listed_variable(struct mkdwarf *m, const char *name, int type, uint32_t off)
{
	mkdwarf_die(m, DW_TAG_formal_parameter, false);
	mkdwarf_string(m, DW_AT_name, name);
	mkdwarf_form(m, DW_AT_variable_parameter, DW_FORM_flag, "", 1);
	mkdwarf_ref(m, DW_AT_type, type);
	mkdwarf_sec_offset(m, DW_AT_location, off);
}

static void loc_entry(struct mkdwarf *m, uint64_t low, uint64_t high, const char *expression,
		      uint16_t len)
{
	mkdwarf_put64(m, MKDWARF_LOC, low);
	mkdwarf_put64(m, MKDWARF_LOC, high);
	mkdwarf_put16(m, MKDWARF_LOC, len);
	mkdwarf_put(m, MKDWARF_LOC, expression, len);
}

/* A register at entry, then the spill slot, then nothing. */
static void check_list(struct program *p)
{
	assert_register(var(p, 0x1000, "m"), 0, 0, 0);
	assert_register(var(p, 0x1013, "m"), 0, 0, 0);
	assert_stack(var(p, 0x1014, "m"), 0, 8, 0);
	assert_stack(var(p, 0x107f, "m"), 0, 8, 0);
	assert_int_equal(var(p, 0x1080, "m")->npieces, 0);
	assert_int_equal(var(p, 0x10ff, "m")->npieces, 0);
	assert_true(var(p, 0x1000, "m")->parameter);
	assert_false(var(p, 0x1000, "m")->result);
}

static void location_lists_of_dwarf_4(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	/* As Go writes them: a base address, then offsets. */
	mkdwarf_put64(&p.m, MKDWARF_LOC, UINT64_MAX);
	mkdwarf_put64(&p.m, MKDWARF_LOC, 0x1000);
	loc_entry(&p.m, 0, 0x14, "\x50", 1);
	loc_entry(&p.m, 0x14, 0x80, "\x91\x08", 2);
	mkdwarf_put64(&p.m, MKDWARF_LOC, 0);
	mkdwarf_put64(&p.m, MKDWARF_LOC, 0);
	begin_function(&p);
	listed_variable(&p.m, "m", p.integer, 0);
	listed_variable(&p.m, "beyond", p.integer, 0x10000);
	finish(&p);
	check_list(&p);
	assert_int_equal(var(&p, 0x1000, "beyond")->npieces, 0);
	done(&p);
}

/* One location for two words, in a list: Go 1.15 may mean one of them.  A home is no list. */
static void lone_words(struct program *p, bool wanted)
{
	int two = go_base(&p->m, "complex128", HMS_KIND_COMPLEX128, 16, 0);

	mkdwarf_put64(&p->m, MKDWARF_LOC, UINT64_MAX);
	mkdwarf_put64(&p->m, MKDWARF_LOC, 0x1000);
	loc_entry(&p->m, 0, 0x80, "\x91\x40", 2);
	mkdwarf_put64(&p->m, MKDWARF_LOC, 0);
	mkdwarf_put64(&p->m, MKDWARF_LOC, 0);
	begin_function(p);
	listed_variable(&p->m, "two", two, 0);
	listed_variable(&p->m, "one", p->integer, 0);
	mkdwarf_die(&p->m, DW_TAG_variable, false);
	mkdwarf_string(&p->m, DW_AT_name, "home");
	mkdwarf_ref(&p->m, DW_AT_type, two);
	mkdwarf_block1(&p->m, DW_AT_location, "\x91\x40", 2);
	finish(p);
	assert_stack(var(p, 0x1010, "two"), 0, -64, 0);
	assert_int_equal(var(p, 0x1010, "two")->lone_word, wanted);
	assert_false(var(p, 0x1010, "one")->lone_word);
	assert_false(var(p, 0x1010, "home")->lone_word);
	done(p);
}

static void lone_words_are_told_by_producer(void **state)
{
	struct program p;

	(void)state;
	begin_by(&p, "Go cmd/compile go1.15.15");
	lone_words(&p, true);
	begin_by(&p, "Go cmd/compile go1.19.8; regabi");
	lone_words(&p, false);
	begin_by(&p, "Go cmd/compile go1.x");
	lone_words(&p, false);
	begin_by(&p, "Go cmd/compile devel +4d7bf41c");
	lone_words(&p, false);
}

static void location_lists_of_dwarf_5(void **state)
{
	const uint64_t addrs[] = {0x1000};
	struct program p = {0};
	struct mkdwarf *m = &p.m;

	(void)state;
	mkdwarf_init(m, 5);
	go_unit5(m, addrs, 1);
	mkdwarf_addr(m, DW_AT_low_pc, 0x1000);
	mkdwarf_udata(m, DW_AT_high_pc, 0x1000);
	add_types(&p);
	/* base_addressx 0; offset_pair 0, 0x14, reg0; offset_pair 0x14, 0x80, fbreg 8; end.
	 * Then one whose expression is longer than the section. */
	mkdwarf_put32(m, MKDWARF_LOC, 8 + 2 + 5 + 7 + 1 + 6);
	mkdwarf_put16(m, MKDWARF_LOC, 5);
	mkdwarf_put16(m, MKDWARF_LOC, 8);
	mkdwarf_put32(m, MKDWARF_LOC, 0);
	mkdwarf_put(m, MKDWARF_LOC, "\x01\x00\x04\x00\x14\x01\x50\x04\x14\x80\x01\x02\x91\x08\x00",
		    15);
	begin_function(&p);
	mkdwarf_put(m, MKDWARF_LOC, "\x04\x00\x14\x90\x01\x50", 6);
	listed_variable(m, "m", p.integer, 12);
	listed_variable(m, "beyond", p.integer, 0x10000);
	listed_variable(m, "endless", p.integer, 27);
	finish(&p);
	check_list(&p);
	assert_int_equal(var(&p, 0x1000, "beyond")->npieces, 0);
	assert_int_equal(var(&p, 0x1000, "endless")->npieces, 0);
	done(&p);
}

/* ---- kinds of variables ------------------------------------------------------------------- */

static void escaped_captured_and_result_variables_are_told(void **state)
{
	const struct hms_dwarf_variable *v;
	struct program p;

	(void)state;
	begin(&p);
	begin_function(&p);
	go_variable(&p.m, "&esc", p.pointer, "\x91\x68", 2);
	go_variable(&p.m, "captured", p.integer, "\x50", 1);
	mkdwarf_udata(&p.m, 0x2907, 16); /* DW_AT_go_closure_offset */
	mkdwarf_udata(&p.m, DW_AT_decl_line, 42);
	mkdwarf_die(&p.m, DW_TAG_formal_parameter, false);
	mkdwarf_string(&p.m, DW_AT_name, "~r0");
	mkdwarf_form(&p.m, DW_AT_variable_parameter, DW_FORM_flag, "\1", 1);
	mkdwarf_ref(&p.m, DW_AT_type, p.integer);
	finish(&p);
	v = var(&p, 0x1010, "esc");
	assert_true(v->escaped);
	assert_ptr_equal(v->type, hms_graph_find_type(p.graph, "*int"));
	assert_int_equal(v->closure_off, -1);
	assert_int_equal(v->line, 0);
	v = var(&p, 0x1010, "captured");
	assert_false(v->escaped);
	assert_int_equal(v->closure_off, 16);
	assert_int_equal(v->line, 42);
	assert_false(v->parameter);
	v = var(&p, 0x1010, "~r0");
	assert_true(v->parameter);
	assert_true(v->result);
	done(&p);
}

/* A generic function's variable has the type of its shape and says where the real one is. */
static void types_of_generic_functions_name_their_dictionary_entry(void **state)
{
	struct program p;
	int param;

	(void)state;
	begin(&p);
	param = mkdwarf_label(&p.m);
	mkdwarf_bind(&p.m, param);
	mkdwarf_die(&p.m, DW_TAG_typedef, false);
	mkdwarf_string(&p.m, DW_AT_name, ".param3");
	mkdwarf_ref(&p.m, DW_AT_type, p.integer);
	mkdwarf_udata(&p.m, 0x2906, 300); /* DW_AT_go_dict_index */
	begin_function(&p);
	go_variable(&p.m, "generic", param, "\x50", 1);
	go_variable(&p.m, "plain", p.integer, "\x51", 1);
	finish(&p);
	assert_int_equal(var(&p, 0x1010, "generic")->dict_index, 300);
	assert_ptr_equal(var(&p, 0x1010, "generic")->type, hms_graph_find_type(p.graph, "int"));
	assert_int_equal(var(&p, 0x1010, "plain")->dict_index, -1);
	done(&p);
}

/* ---- scopes ------------------------------------------------------------------------------- */

static void begin_block(struct mkdwarf *m, uint64_t low, uint64_t high)
{
	mkdwarf_die(m, DW_TAG_lexical_block, true);
	mkdwarf_addr(m, DW_AT_low_pc, low);
	mkdwarf_addr(m, DW_AT_high_pc, high);
}

static void blocks_hold_their_variables_and_hide_outer_ones(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	begin_function(&p);
	go_variable(&p.m, "x", p.integer, "\x91\x10", 2);
	begin_block(&p.m, 0x1040, 0x1060);
	go_variable(&p.m, "x", p.pointer, "\x91\x20", 2);
	begin_block(&p.m, 0x1050, 0x1058);
	go_variable(&p.m, "y", p.integer, "\x91\x30", 2);
	mkdwarf_end(&p.m);
	mkdwarf_end(&p.m);
	begin_block(&p.m, 0x1080, 0x1090);
	go_variable(&p.m, "x", p.integer, "\x91\x40", 2);
	mkdwarf_end(&p.m);
	finish(&p);
	assert_stack(var(&p, 0x103f, "x"), 0, 0x10, 0);
	assert_int_equal(var(&p, 0x103f, "x")->scope, 0);
	assert_stack(var(&p, 0x1040, "x"), 0, 0x20, 0);
	assert_int_equal(var(&p, 0x1040, "x")->scope, 1);
	assert_int_equal(frame_at(&p, 0x1040)->functions[0].nvariables, 2);
	assert_null(find(frame_at(&p, 0x104f), 0, "y"));
	assert_int_equal(var(&p, 0x1050, "y")->scope, 2);
	assert_null(find(frame_at(&p, 0x1058), 0, "y"));
	assert_stack(var(&p, 0x1060, "x"), 0, 0x10, 0);
	assert_int_equal(find(frame_at(&p, 0x1080), 0, "x")->pieces[0].off, -0x40);
	done(&p);
}

struct abstract {
	int function, parameter, local;
};

static struct abstract add_abstract(struct program *p, const char *name)
{
	struct abstract a = {mkdwarf_label(&p->m), mkdwarf_label(&p->m), mkdwarf_label(&p->m)};

	mkdwarf_bind(&p->m, a.function);
	mkdwarf_die(&p->m, DW_TAG_subprogram, true);
	mkdwarf_string(&p->m, DW_AT_name, name);
	mkdwarf_data1(&p->m, DW_AT_inline, 1);
	mkdwarf_bind(&p->m, a.parameter);
	mkdwarf_die(&p->m, DW_TAG_formal_parameter, false);
	mkdwarf_string(&p->m, DW_AT_name, "arg");
	mkdwarf_form(&p->m, DW_AT_variable_parameter, DW_FORM_flag, "", 1);
	mkdwarf_ref(&p->m, DW_AT_type, p->pointer);
	mkdwarf_bind(&p->m, a.local);
	go_variable(&p->m, "local", p->integer, NULL, 0);
	mkdwarf_udata(&p->m, DW_AT_decl_line, 7);
	mkdwarf_end(&p->m);
	return a;
}

static void begin_inlined(struct mkdwarf *m, int function, uint64_t low, uint64_t high, int line)
{
	mkdwarf_die(m, DW_TAG_inlined_subroutine, true);
	mkdwarf_ref(m, DW_AT_abstract_origin, function);
	mkdwarf_addr(m, DW_AT_low_pc, low);
	mkdwarf_addr(m, DW_AT_high_pc, high);
	mkdwarf_udata(m, DW_AT_call_line, (uint64_t)line);
}

static void concrete(struct mkdwarf *m, unsigned int tag, int origin, const char *reg)
{
	mkdwarf_die(m, tag, false);
	mkdwarf_ref(m, DW_AT_abstract_origin, origin);
	mkdwarf_block1(m, DW_AT_location, reg, 1);
}

/* As Go 1.15 writes it: what was inlined into main.g is not in the range of main.g. */
static void inlined_calls_nest_without_their_ranges(void **state)
{
	const struct hms_dwarf_frame *frame;
	struct abstract g, h;
	struct program p;

	(void)state;
	begin(&p);
	g = add_abstract(&p, "main.g");
	h = add_abstract(&p, "main.h");
	begin_function(&p);
	begin_inlined(&p.m, g.function, 0x1040, 0x1042, 101);
	begin_inlined(&p.m, h.function, 0x1030, 0x1040, 202);
	concrete(&p.m, DW_TAG_formal_parameter, h.parameter, "\x53");
	mkdwarf_end(&p.m);
	concrete(&p.m, DW_TAG_variable, g.local, "\x55");
	mkdwarf_end(&p.m);
	finish(&p);

	frame = frame_at(&p, 0x1035);
	assert_int_equal(frame->nfunctions, 3);
	assert_string_equal(frame->functions[1].name, "main.g");
	assert_int_equal(frame->functions[1].call_line, 101);
	assert_register(find(frame, 1, "local"), 0, 5, 0);
	assert_string_equal(frame->functions[2].name, "main.h");
	assert_int_equal(frame->functions[2].call_line, 202);
	assert_register(find(frame, 2, "arg"), 0, 3, 0);
	assert_int_equal(frame_at(&p, 0x1041)->nfunctions, 2);
	assert_int_equal(frame_at(&p, 0x1050)->nfunctions, 1);
	done(&p);
}

/* main.f calls main.g, which calls main.h: both inlined; before and after, a variable of f. */
static void inlined_calls_nest(void **state)
{
	const struct hms_dwarf_frame *frame;
	struct abstract g, h;
	struct program p;

	(void)state;
	begin(&p);
	g = add_abstract(&p, "main.g");
	h = add_abstract(&p, "main.h");
	begin_function(&p);
	go_variable(&p.m, "a", p.integer, "\x51", 1);
	begin_inlined(&p.m, g.function, 0x1020, 0x1060, 101);
	concrete(&p.m, DW_TAG_formal_parameter, g.parameter, "\x52");
	begin_inlined(&p.m, h.function, 0x1030, 0x1040, 202);
	concrete(&p.m, DW_TAG_formal_parameter, h.parameter, "\x53");
	concrete(&p.m, DW_TAG_variable, h.local, "\x54");
	mkdwarf_end(&p.m);
	concrete(&p.m, DW_TAG_variable, g.local, "\x55");
	mkdwarf_end(&p.m);
	go_variable(&p.m, "b", p.integer, "\x56", 1);
	finish(&p);

	frame = frame_at(&p, 0x1010);
	assert_int_equal(frame->nfunctions, 1);
	assert_int_equal(frame->low, 0x1000);
	assert_int_equal(frame->high, 0x1100);
	assert_int_equal(frame->functions[0].nvariables, 2);

	frame = frame_at(&p, 0x1020);
	assert_int_equal(frame->nfunctions, 2);
	assert_string_equal(frame->functions[1].name, "main.g");
	assert_int_equal(frame->functions[1].call_line, 101);

	frame = frame_at(&p, 0x1035);
	assert_int_equal(frame->nfunctions, 3);
	assert_string_equal(frame->functions[0].name, "main.f");
	assert_int_equal(frame->functions[0].call_line, 0);
	assert_string_equal(frame->functions[2].name, "main.h");
	assert_int_equal(frame->functions[2].call_line, 202);
	assert_register(find(frame, 0, "a"), 0, 1, 0);
	assert_register(find(frame, 0, "b"), 0, 6, 0);
	assert_int_equal(frame->functions[0].nvariables, 2);
	assert_register(find(frame, 1, "arg"), 0, 2, 0);
	assert_register(find(frame, 1, "local"), 0, 5, 0);
	assert_int_equal(find(frame, 1, "local")->line, 7);
	assert_register(find(frame, 2, "arg"), 0, 3, 0);
	assert_true(find(frame, 2, "arg")->parameter);
	assert_ptr_equal(find(frame, 2, "arg")->type, hms_graph_find_type(p.graph, "*int"));
	assert_register(find(frame, 2, "local"), 0, 4, 0);
	/* Asking again gives the same. */
	assert_ptr_equal(frame_at(&p, 0x1035), frame);
	done(&p);
}

/* ---- damage ------------------------------------------------------------------------------- */

static void scopes_nested_without_end_are_refused(void **state)
{
	const struct hms_dwarf_frame *frame;
	struct program p;

	(void)state;
	begin(&p);
	begin_function(&p);
	for (int i = 0; i < 1000; i++)
		begin_block(&p.m, 0x1000, 0x1100);
	for (int i = 0; i < 1000; i++)
		mkdwarf_end(&p.m);
	finish(&p);
	assert_err(hms_dwarf_frame(p.dwarf, 0x1010, &frame), HMS_ERR_LIMIT, "nested too deeply");
	assert_err(hms_dwarf_frame(p.dwarf, 0x2010, &frame), HMS_ERR_NOT_FOUND, "no function");
	done(&p);
}

static void variables_without_name_type_or_origin(void **state)
{
	const uint32_t beyond = 0x7fffffff;
	const struct hms_dwarf_frame *frame;
	struct program p;
	int self;

	(void)state;
	begin(&p);
	self = mkdwarf_label(&p.m);
	begin_function(&p);
	mkdwarf_die(&p.m, DW_TAG_variable, false);
	mkdwarf_string(&p.m, DW_AT_name, "bare");
	mkdwarf_bind(&p.m, self);
	mkdwarf_die(&p.m, DW_TAG_variable, false);
	mkdwarf_ref(&p.m, DW_AT_abstract_origin, self);
	finish(&p);
	frame = frame_at(&p, 0x1010);
	assert_int_equal(frame->functions[0].nvariables, 2);
	assert_int_equal(frame->functions[0].variables[0].type->kind, HMS_KIND_NONE);
	assert_null(frame->functions[0].variables[1].name);
	done(&p);

	begin(&p);
	begin_function(&p);
	mkdwarf_die(&p.m, DW_TAG_variable, false);
	mkdwarf_form(&p.m, DW_AT_abstract_origin, DW_FORM_ref_addr, &beyond, sizeof(beyond));
	finish(&p);
	assert_err(hms_dwarf_frame(p.dwarf, 0x1010, &frame), HMS_ERR_FORMAT, "debug entry");
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_become_pieces),
		cmocka_unit_test(expressions_not_understood_have_no_pieces),
		cmocka_unit_test(other_frame_bases_give_no_stack_places),
		cmocka_unit_test(location_lists_of_dwarf_4),
		cmocka_unit_test(lone_words_are_told_by_producer),
		cmocka_unit_test(location_lists_of_dwarf_5),
		cmocka_unit_test(escaped_captured_and_result_variables_are_told),
		cmocka_unit_test(types_of_generic_functions_name_their_dictionary_entry),
		cmocka_unit_test(blocks_hold_their_variables_and_hide_outer_ones),
		cmocka_unit_test(inlined_calls_nest),
		cmocka_unit_test(inlined_calls_nest_without_their_ranges),
		cmocka_unit_test(scopes_nested_without_end_are_refused),
		cmocka_unit_test(variables_without_name_type_or_origin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
