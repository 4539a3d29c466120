/*
 * Function tables, lists of goroutines and threads, stacks: a process from literals, of which the
 * input changes words.  Each change is 10 bytes: where (1), offset (1, in words of the place),
 * value (8).
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "goro/goroutine.h"
#include "goro/group.h"
#include "goro/unwind.h"
#include "lib/mkgoro.h"
#include "rt/pclntab.h"

#define CHANGE 10

/* What may be changed, 2 KB each. */
static const uint64_t places[] = {
	MKPCLN_TABLES,
	MKPCLN_TABLES + 0x20000, /* ftab */
	MKPCLN_TABLES + 0x40000, /* filetab */
	MKPCLN_TABLES + 0x60000, /* names */
	MKPCLN_TABLES + 0x80000, /* pctab */
	MKPCLN_TABLES + 0xa0000, /* cutab */
	MKPCLN_MODULE,
	MKPCLN_DATA,
	MKPCLN_GOFUNC,
	0xc000000000, /* g */
	0xc000080000, /* m, its g0 and gsignal */
	MKGORO_STACK + 0x800,
	MKGORO_STACK + 0x10000 + 0x800,
	MKGORO_GSIGNAL + 0x800,
	MKGORO_G0 + 0x800,
};

static void add_inlined(struct mkgoro *mk)
{
	static const struct mkpcln_step sp[] = {{4, 0}, {0x40, 48}, {0}};
	static const struct mkpcln_step file[] = {{0x40, 0}, {0}};
	static const struct mkpcln_step line[] = {{0x10, 1}, {0x20, 2}, {0x40, 3}, {0}};
	static const struct mkpcln_step index[] = {{0x10, -1}, {0x20, 0}, {0x40, 1}, {0}};
	static const uint8_t bits[] = {0x55, 0xaa};

	mkpcln_inlined(mk->pcln, MKPCLN_GOFUNC + 0x80, 0, "main.inner[go.shape.int]", 8);
	mkpcln_inlined(mk->pcln, MKPCLN_GOFUNC + 0x80, 1, "main.innermost", 0x18);
	mkpcln_stack_map(mk->pcln, MKPCLN_GOFUNC + 0x10, 2, 4, bits);
	mkpcln_stack_map(mk->pcln, MKPCLN_GOFUNC + 0x20, 2, 2, bits);
	mkcore_put64(mk->pcln->core, MKPCLN_GOFUNC + 0x40, 1);
	mkcore_put64(mk->pcln->core, MKPCLN_GOFUNC + 0x48, 0x800000020);
	mkpcln_func(mk->pcln, &(struct mkpcln_func){.name = "main.outer",
						    .start = FN_END,
						    .end = FN_END + 0x40,
						    .sp = sp,
						    .file = file,
						    .line = line,
						    .stack_map = index,
						    .inline_index = index,
						    .args_map = MKPCLN_GOFUNC + 0x20,
						    .locals_map = MKPCLN_GOFUNC + 0x10,
						    .objects = MKPCLN_GOFUNC + 0x40,
						    .inline_tree = MKPCLN_GOFUNC + 0x80});
}

/* One waits, called by a function with inlined calls; one runs, stopped by a signal on g0. */
static void build(struct mkgoro *mk)
{
	const uint64_t end0 = mkgoro_stack_end(0), end1 = mkgoro_stack_end(1);
	const uint64_t stack0[] = {0, 0, 0, 0, AT(FN_END, 0x30), 0, 0,
				   0, 0, 0, 0, AT(FN_GOEXIT, 1)};
	const uint64_t stack1[] = {AT(FN_PREEMPT, 0x20), 0, AT(FN_GOEXIT, 1)};
	const uint64_t sig = MKGORO_GSIGNAL + 0xa00, g0 = MKGORO_G0 + 0xa00;
	const uint64_t tramp = AT(FN_SIGTRAMP, 0x30), systemstack = AT(FN_SYSTEMSTACK, 0x20);
	uint64_t m = mkgoro_m(mk, 100, 0), g;

	add_inlined(mk);
	mkgoro_words(mk, end0 - 0x80, HMS_ARRAY_LEN(stack0), stack0);
	mkgoro_g(mk, &(struct mkgoro_g){.status = 4,
					.id = 1,
					.wait_reason = 1,
					.wait_since = 5,
					.pc = AT(FN_GOPARK, 0x20),
					.sp = end0 - 0x80});
	mkgoro_words(mk, end1 - 0x100 + 0x10, HMS_ARRAY_LEN(stack1), stack1);
	g = mkgoro_g(mk, &(struct mkgoro_g){.status = 2,
					    .id = 2,
					    .m = m,
					    .go_pc = AT(FN_END, 0x18),
					    .start_pc = AT(FN_FINALIZERS, 0),
					    .pc = AT(FN_PREEMPT2, 0x20),
					    .sp = end1 - 0x100});
	mkcore_put64(mk->pcln->core, m + 192, g);
	mkgoro_regs(mk, 100, AT(FN_HANDLER, 0x10), sig, 1);
	mkgoro_words(mk, sig + 0x10, 1, &tramp);
	mkgoro_signal_frame(mk, sig + 0x18 + 64, AT(FN_HANDLER, 0x20), g0, 2);
	mkgoro_words(mk, g0 + 0x10, 1, &systemstack);
}

static void change(struct mkgoro *mk, const uint8_t *data, size_t len)
{
	mkpcln_write(mk->pcln);
	for (; len >= CHANGE; data += CHANGE, len -= CHANGE)
		mkcore_put(mk->pcln->core,
			   places[data[0] % HMS_ARRAY_LEN(places)] + 8 * (uint64_t)data[1],
			   data + 2, 8);
}

/* ---- what is asked ---------------------------------------------------------------------- */

static void check_frame(const struct hms_unwinder *u, const struct hms_stack *stack,
			const struct hms_frame *frame)
{
	int64_t off;
	uint64_t size;

	FUZZ_CHECK(frame->cfa >= frame->sp && frame->place->ncalls >= 1);
	FUZZ_CHECK(frame->place->ncalls <= HMS_MAX_INLINE_DEPTH);
	FUZZ_CHECK(frame->regs < 0 || (size_t)frame->regs < stack->nregs);
	for (uint32_t i = 0; i < frame->place->ncalls; i++) {
		HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;

		if (frame->place->calls[i].name)
			hms_func_print_name(frame->place->calls[i].name, &name);
		FUZZ_CHECK(frame->place->calls[i].inlined == (i + 1 < frame->place->ncalls));
	}
	for (int64_t at = -64; at <= 32; at += 8)
		(void)hms_frame_word(u, frame, at);
	if (hms_frame_object(u, frame, -8, &off, &size))
		FUZZ_CHECK(off <= -8 && size);
}

static void check_stack(const struct hms_unwinder *u, const struct hms_stack *stack)
{
	FUZZ_CHECK(stack->n <= HMS_MAX_FRAMES);
	FUZZ_CHECK(*hms_stack_end_text(stack->end));
	for (size_t i = 0; i < stack->n; i++)
		check_frame(u, stack, &stack->frames[i]);
}

static void check_goroutines(const struct hms_goros *goros)
{
	struct hms_unwinder *u = hms_unwinder_create(goros);
	struct hms_goro_groups groups;
	struct hms_stack stack = {0};
	struct hms_created_by by;
	size_t n = 0;

	for (size_t i = 0; i < goros->n; i++) {
		hms_unwind(u, &goros->list[i], &stack);
		check_stack(u, &stack);
		(void)hms_goro_created_by(goros, &goros->list[i], &by);
		(void)hms_goro_of_stack(goros, goros->list[i].stack_lo);
	}
	for (size_t i = 0; i < goros->nthreads; i++)
		(void)hms_thread_on(goros, &goros->threads[i]);
	hms_goro_groups_make(u, NULL, NULL, &groups);
	for (size_t i = 0; i < groups.n; i++)
		n += groups.list[i].n;
	FUZZ_CHECK(n == goros->n);
	hms_goro_groups_deinit(&groups);
	hms_stack_deinit(&stack);
	hms_unwinder_destroy(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct mkgoro *mk = mkgoro_create();
	struct hms_pclntab *tab = NULL;
	struct hms_goros *goros = NULL;
	struct hms_error *err;

	build(mk);
	change(mk, data, len);
	mkpcln_open(mk->pcln);
	err = hms_pclntab_open(&mk->pcln->rt, &tab);
	if (!err)
		err = hms_goros_open(&mk->pcln->rt, mk->pcln->image.core, tab, &goros);
	if (goros)
		check_goroutines(goros);
	hms_err_free(err);
	hms_goros_close(goros);
	hms_pclntab_close(tab);
	mkgoro_destroy(mk);
	return 0;
}
