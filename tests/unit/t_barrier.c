/* ops/barrier: registers of who called a write barrier, from literal machine code and a stack. */
#include "unit/unit.h"

#include "disas/disas.h"
#include "lib/mkpcln.h"
#include "ops/barrier.h"

#define TEXT    MKPCLN_TEXT
#define FLUSH   0x100
#define BARRIER 0x200
#define OTHER   0x280
#define STACK   UINT64_C(0xc000100000)
#define CFA     (STACK + 0x200) /* of the barrier's frame */
#define SP      (CFA - 8 - 8 - 0x70)

static const uint8_t barrier[] = {
	0x55,                         /* 200 push rbp */
	0x48, 0x89, 0xe5,             /* 201 mov rbp, rsp */
	0x48, 0x83, 0xec, 0x70,       /* 204 sub rsp, 0x70 */
	0x4c, 0x89, 0x64, 0x24, 0x60, /* 208 mov [rsp+0x60], r12 */
	0x4d, 0x8b, 0x66, 0x30,       /* 20d mov r12, [r14+0x30] */
	0x4d, 0x01, 0xdc,             /* 211 add r12, r11 */
	0x48, 0x89, 0x3c, 0x24,       /* 214 mov [rsp], rdi */
	0x48, 0x89, 0x44, 0x24, 0x08, /* 218 mov [rsp+8], rax */
	0x48, 0x89, 0x4c, 0x24, 0x18, /* 21d mov [rsp+0x18], rcx */
	0xe8, 0xd9, 0xfe, 0xff, 0xff, /* 222 call 100 */
	0x48, 0x8b, 0x3c, 0x24,       /* 227 mov rdi, [rsp] */
	0x48, 0x83, 0xc4, 0x70,       /* 22b add rsp, 0x70 */
	0x5d,                         /* 22f pop rbp */
	0xc3,                         /* 230 ret */
};

struct fixture {
	struct mkpcln *m;
	struct hms_pclntab *tab;
	struct hms_place places[2];
	struct hms_frame frames[2];
	struct hms_regs regs;
	struct hms_stack stack;
};

static void add(struct fixture *f, const char *name, uint32_t start, uint32_t end)
{
	mkpcln_func(f->m, &(struct mkpcln_func){.name = name, .start = start, .end = end});
}

static int setup(void **state)
{
	struct fixture *f = hms_xcalloc(1, sizeof(*f));

	f->m = mkpcln_create(MKPCLN_1_21);
	mkcore_map(f->m->core, TEXT, 0x1000);
	mkcore_map(f->m->core, STACK, 0x1000);
	mkcore_put(f->m->core, TEXT + BARRIER, barrier, sizeof(barrier));
	mkcore_put(f->m->core, TEXT + OTHER, barrier, sizeof(barrier));
	mkcore_put64(f->m->core, SP, 0x7000);
	mkcore_put64(f->m->core, SP + 8, 0x7001);
	mkcore_put64(f->m->core, SP + 0x18, 0x7002);
	mkcore_put64(f->m->core, SP + 0x60, 0x7012);
	add(f, "runtime.wbBufFlush", FLUSH, FLUSH + 1);
	add(f, "gcWriteBarrier", BARRIER, BARRIER + (uint32_t)sizeof(barrier));
	add(f, "main.other", OTHER, OTHER + (uint32_t)sizeof(barrier));
	mkpcln_write(f->m);
	mkpcln_open(f->m);
	assert_ok(hms_pclntab_open(&f->m->rt, &f->tab));
	for (int i = 0; i < 2; i++)
		f->frames[i] = (struct hms_frame){.place = &f->places[i], .regs = -1};
	f->stack = (struct hms_stack){.frames = f->frames, .n = 2, .regs = &f->regs, .nregs = 1};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hms_pclntab_close(f->tab);
	mkpcln_destroy(f->m);
	free(f);
	return 0;
}

/* The inner frame stands at TEXT + @off; in the call that returns there, or interrupted with 0x100
 * + its number in each register. */
static uint32_t look(struct fixture *f, uint32_t off, bool in_call, uint64_t *regs)
{
	struct hms_place *place = &f->places[0];

	place->pc = TEXT + off;
	place->lookup_pc = place->pc - in_call;
	assert_true(hms_pclntab_find(f->tab, place->lookup_pc, &place->func));
	f->frames[0].sp = SP;
	f->frames[0].cfa = CFA;
	f->frames[0].regs = in_call ? -1 : 0;
	f->regs.known = 0xffff;
	for (uint8_t reg = 0; reg < 16; reg++)
		f->regs.value[reg] = UINT64_C(0x100) + reg;
	return hms_barrier_registers(&f->m->rt, f->tab, &f->stack, 1, regs);
}

#define BIT(reg) (1u << (reg))

static void in_the_flush(void **state)
{
	uint64_t regs[HMS_DWARF_NREGS];
	uint32_t known = look(*state, 0x227, true, regs);

	/* What it has saved: nothing else survives a call. */
	assert_true(known & BIT(HMS_REG_RAX) && known & BIT(HMS_REG_RCX) && known & BIT(12));
	assert_false(known & (BIT(HMS_REG_RBX) | BIT(9) | BIT(11) | BIT(HMS_REG_RSP)));
	assert_int_equal(regs[HMS_REG_RAX], 0x7001);
	assert_int_equal(regs[HMS_REG_RCX], 0x7002);
	assert_int_equal(regs[12], 0x7012);
}

static void interrupted(void **state)
{
	uint64_t regs[HMS_DWARF_NREGS];
	uint32_t known = look(*state, 0x214, false, regs);

	assert_true(known & BIT(HMS_REG_RAX) && known & BIT(HMS_REG_RBX) && known & BIT(9));
	assert_int_equal(regs[HMS_REG_RAX], 0x100 + HMS_REG_RAX);
	assert_int_equal(regs[9], 0x109);
	/* It has put something else there. */
	assert_int_equal(regs[12], 0x7012);
	/* and here not yet */
	known = look(*state, 0x208, false, regs);
	assert_true(known & BIT(12));
	assert_int_equal(regs[12], 0x10c);
}

static void no_barrier(void **state)
{
	uint64_t regs[HMS_DWARF_NREGS];
	struct fixture *f = *state;

	assert_int_equal(look(f, OTHER + 0x14, false, regs), 0);
	/* no call, and no instruction */
	assert_int_equal(look(f, 0x218, true, regs), 0);
	assert_int_equal(look(f, 0x219, false, regs), 0);
	assert_int_equal(hms_barrier_registers(&f->m->rt, f->tab, &f->stack, 0, regs), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_the_flush, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupted, setup, teardown),
		cmocka_unit_test_setup_teardown(no_barrier, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
