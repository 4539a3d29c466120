/* disas/ahead: what functions go on to do, from literal machine code, as an assembler made it. */
#include "unit/unit.h"

#include "disas/ahead.h"
#include "lib/mkpcln.h"

#define TEXT    MKPCLN_TEXT
#define CALLEE  0x100
#define THROW   0x110
#define SETTLED 0x200
#define LOOP    0x280
#define KINDS   0x2c0
#define DIES    0x2e0
#define FIXED   0x300
#define ARM64   0x320
#define SP      UINT64_C(0xc000001000)
#define BASE    UINT64_C(0xc000080000)

/* A byte to slot r8 of the unit in rbx, then a word; a call on one of two paths; returns where the
 * word is. */
static const uint8_t settled[] = {
	0x48, 0x83, 0xec, 0x18,                   /* 200 sub rsp, 0x18 */
	0x48, 0x89, 0x5c, 0x24, 0x08,             /* 204 mov [rsp+8], rbx */
	0x4c, 0x89, 0xc1,                         /* 209 mov rcx, r8 */
	0x41, 0x83, 0xe0, 0x07,                   /* 20c and r8d, 7 */
	0x42, 0x88, 0x04, 0x03,                   /* 210 mov [rbx+r8], al */
	0x48, 0xc1, 0xe1, 0x04,                   /* 214 shl rcx, 4 */
	0x48, 0x8d, 0x54, 0x0b, 0x08,             /* 218 lea rdx, [rbx+rcx+8] */
	0x48, 0x89, 0x32,                         /* 21d mov [rdx], rsi */
	0x84, 0xc0,                               /* 220 test al, al */
	0x74, 0x0f,                               /* 222 je 233 */
	0x48, 0x89, 0x54, 0x24, 0x10,             /* 224 mov [rsp+0x10], rdx */
	0xe8, 0xd2, 0xfe, 0xff, 0xff,             /* 229 call 100 */
	0x48, 0x8b, 0x54, 0x24, 0x10,             /* 22e mov rdx, [rsp+0x10] */
	0x48, 0x8b, 0x3d, 0xc6, 0x00, 0x00, 0x00, /* 233 mov rdi, [rip+0xc6], which is 300 */
	0x48, 0x0f, 0xaf, 0xf9,                   /* 23a imul rdi, rcx */
	0x48, 0x89, 0xd0,                         /* 23e mov rax, rdx */
	0x48, 0x83, 0xc4, 0x18,                   /* 241 add rsp, 0x18 */
	0xc3,                                     /* 245 ret */
};

/* Looks for a byte in the eight at rbx. */
static const uint8_t loop[] = {
	0x31, 0xc9,             /* 280 xor ecx, ecx */
	0x38, 0x04, 0x0b,       /* 282 cmp [rbx+rcx], al */
	0x74, 0x0c,             /* 285 je 293 */
	0x48, 0xff, 0xc1,       /* 287 inc rcx */
	0x48, 0x83, 0xf9, 0x08, /* 28a cmp rcx, 8 */
	0x72, 0xf2,             /* 28e jb 282 */
	0x31, 0xc0,             /* 290 xor eax, eax */
	0xc3,                   /* 292 ret */
	0x48, 0x8d, 0x04, 0x0b, /* 293 lea rax, [rbx+rcx] */
	0xc3,                   /* 297 ret */
};

static const uint8_t kinds[] = {
	0x48, 0x8b, 0x43, 0x10,                         /* 2c0 mov rax, [rbx+0x10] */
	0x50,                                           /* 2c4 push rax */
	0x59,                                           /* 2c5 pop rcx */
	0x48, 0x87, 0xda,                               /* 2c6 xchg rdx, rbx */
	0x48, 0x0f, 0x44, 0xf7,                         /* 2c9 cmove rsi, rdi */
	0x4d, 0x0f, 0xbc, 0xc1,                         /* 2cd bsf r8, r9 */
	0x4d, 0x6b, 0xd3, 0x18,                         /* 2d1 imul r10, r11, 24 */
	0x44, 0x0f, 0xb6, 0x25, 0x23, 0x00, 0x00, 0x00, /* 2d5 movzx r12d, [rip+0x23], 300 */
	0xc3,                                           /* 2dd ret */
};

static const uint8_t dies[] = {
	0xe8, 0x2b, 0xfe, 0xff, 0xff, /* 2e0 call 110 */
	0x48, 0x8b, 0x04, 0x24,       /* 2e5 mov rax, [rsp] */
	0xc3,                         /* 2e9 ret */
};

static const uint32_t arm64[] = {
	0xaa0203e5, /* 320 mov x5, x2 */
	0x924008e4, /* 324 and x4, x7, #7 */
	0x38246846, /* 328 strb w6, [x2, x4] */
	0x8b071042, /* 32c add x2, x2, x7, lsl #4 */
	0x91002042, /* 330 add x2, x2, #8 */
	0xf9000444, /* 334 str x4, [x2, #8] */
	0xa90117e4, /* 338 stp x4, x5, [sp, #16] */
	0xa94117e8, /* 33c ldp x8, x5, [sp, #16] */
	0x9b071500, /* 340 madd x0, x8, x7, x5 */
	0xd65f03c0, /* 344 ret */
};

static const uint8_t fixed[] = {3, 1, 0, 0, 0, 0, 0, 0};

struct fixture {
	enum hms_arch arch;
	struct mkpcln *m;
	struct hms_pclntab *tab;
	struct hms_disas *disas;
	struct hms_code *code;
	struct hms_ahead_start start;
	/* what was told */
	struct hms_ahead_word stores[8], rax[64];
	struct hms_ahead_word regs[HMS_AHEAD_REGS]; /* at the last return */
	size_t nstores, nreturns, nlost;
};

static void add(struct fixture *f, const char *name, uint32_t start, uint32_t end)
{
	mkpcln_func(f->m, &(struct mkpcln_func){.name = name, .start = start, .end = end});
}

static void put(struct fixture *f, const char *name, uint32_t at, const void *code, size_t len)
{
	mkcore_put(f->m->core, TEXT + at, code, len);
	add(f, name, at, at + (uint32_t)len);
}

static int setup(void **state)
{
	struct fixture *f = hms_xcalloc(1, sizeof(*f));

	f->m = mkpcln_create(MKPCLN_1_21);
	mkcore_map(f->m->core, TEXT, 0x1000);
	mkcore_put(f->m->core, TEXT + FIXED, fixed, sizeof(fixed));
	add(f, "main.callee", CALLEE, CALLEE + 1);
	add(f, "runtime.throw", THROW, THROW + 1);
	put(f, "main.settled", SETTLED, settled, sizeof(settled));
	put(f, "main.loop", LOOP, loop, sizeof(loop));
	put(f, "main.kinds", KINDS, kinds, sizeof(kinds));
	put(f, "main.dies", DIES, dies, sizeof(dies));
	put(f, "main.arm64", ARM64, arm64, sizeof(arm64));
	mkpcln_write(f->m);
	mkpcln_open(f->m);
	assert_ok(hms_pclntab_open(&f->m->rt, &f->tab));
	f->arch = HMS_ARCH_AMD64;
	assert_ok(hms_disas_create(f->arch, &f->disas));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hms_code_free(f->code);
	hms_disas_destroy(f->disas);
	hms_pclntab_close(f->tab);
	mkpcln_destroy(f->m);
	free(f);
	return 0;
}

/* Stand before the instruction at TEXT + @off, and know nothing but where the stack is. */
static void stand(struct fixture *f, uint32_t off)
{
	struct hms_func func;

	hms_code_free(f->code);
	f->code = NULL;
	assert_true(hms_pclntab_find(f->tab, TEXT + off, &func));
	assert_ok(hms_code_read(f->disas, f->m->rt.mem, f->tab, &func, &f->code));
	f->start = (struct hms_ahead_start){.known = 1u << HMS_REG_RSP};
	f->start.regs[HMS_REG_RSP] = SP;
	assert_true(hms_code_find(f->code, TEXT + off, &f->start.insn));
}

static void hold(struct fixture *f, uint8_t reg, uint64_t value)
{
	f->start.known |= 1u << reg;
	f->start.regs[reg] = value;
}

static void hold_word(struct fixture *f, size_t off, uint64_t value)
{
	memcpy(f->start.frame + off, &value, 8);
	f->start.frame_len = off + 8;
}

static enum hms_ahead_verdict note(void *arg, const struct hms_ahead_event *event)
{
	struct fixture *f = arg;

	switch (event->what) {
	case HMS_AHEAD_STORE:
		if (f->nstores < HMS_ARRAY_LEN(f->stores))
			f->stores[f->nstores++] = event->addr;
		break;
	case HMS_AHEAD_RETURN:
		for (uint8_t reg = 0; reg < HMS_AHEAD_REGS; reg++)
			f->regs[reg] = hms_ahead_reg(event->state, reg);
		if (f->nreturns < HMS_ARRAY_LEN(f->rax))
			f->rax[f->nreturns++] = f->regs[0];
		break;
	case HMS_AHEAD_LOST: f->nlost++; break;
	}
	return HMS_AHEAD_GO_ON;
}

static bool run(struct fixture *f)
{
	struct hms_ahead_code code = {.code = f->code,
				      .tab = f->tab,
				      .mem = f->m->rt.mem,
				      .arch = f->arch,
				      .fixed = TEXT + FIXED,
				      .fixed_end = TEXT + FIXED + sizeof(fixed)};

	f->nstores = f->nreturns = f->nlost = 0;
	return hms_ahead(&code, &f->start, note, f);
}

static void is_value(struct hms_ahead_word word, uint64_t value)
{
	assert_int_equal(word.kind, HMS_AHEAD_VALUE);
	assert_int_equal(word.value, value);
}

static void is_unknown(struct hms_ahead_word word)
{
	assert_int_equal(word.kind, HMS_AHEAD_UNKNOWN);
}

/* Both paths store to the same places and return the same. */
static void from_registers(void **state)
{
	struct fixture *f = *state;

	stand(f, SETTLED);
	hold(f, HMS_REG_RBX, BASE);
	hold(f, 8, 5);
	assert_true(run(f));
	assert_int_equal(f->nstores, 2);
	is_value(f->stores[0], BASE + 5);
	is_value(f->stores[1], BASE + 8 + 5 * 16);
	assert_int_equal(f->nreturns, 2);
	is_value(f->rax[0], BASE + 8 + 5 * 16);
	is_value(f->rax[1], BASE + 8 + 5 * 16);
	is_value(f->regs[HMS_REG_RSP], SP);
	/* Which slot is not known, but where the unit is. */
	stand(f, SETTLED);
	hold(f, HMS_REG_RBX, BASE);
	assert_true(run(f));
	is_unknown(f->stores[0]);
	is_unknown(f->rax[0]);
}

/* In the call registers are lost; the word that was put aside is there. */
static void from_a_call(void **state)
{
	struct fixture *f = *state;

	stand(f, 0x229);
	f->start.in_call = true;
	hold(f, HMS_REG_RDX, BASE + 1);
	hold_word(f, 0x10, BASE + 24);
	assert_true(run(f));
	assert_int_equal(f->nreturns, 1);
	is_value(f->rax[0], BASE + 24);
	is_unknown(f->regs[HMS_REG_RDI]);
	/* The callee may use the words below: nothing that is not in the frame counts. */
	f->start.frame_len = 0;
	assert_true(run(f));
	is_unknown(f->rax[0]);
	/* It is no call that goes on here. */
	stand(f, 0x22e);
	f->start.in_call = true;
	assert_false(run(f));
}

static void fixed_memory(void **state)
{
	struct fixture *f = *state;

	stand(f, 0x233);
	hold(f, HMS_REG_RCX, 2);
	assert_true(run(f));
	is_value(f->regs[HMS_REG_RDI], 2 * 0x103);
}

/* Each turn of a loop is another path, and each ends with another answer. */
static void loops(void **state)
{
	struct fixture *f = *state;

	stand(f, LOOP);
	hold(f, HMS_REG_RBX, BASE);
	assert_false(run(f));
	assert_true(f->nreturns > 1);
	/* Behind it there is one. */
	stand(f, 0x293);
	hold(f, HMS_REG_RBX, BASE);
	hold(f, HMS_REG_RCX, 3);
	assert_true(run(f));
	assert_int_equal(f->nreturns, 1);
	is_value(f->rax[0], BASE + 3);
}

static void instructions(void **state)
{
	struct fixture *f = *state;

	stand(f, KINDS);
	for (uint8_t reg = 0; reg < 16; reg++)
		if (reg != HMS_REG_RSP)
			hold(f, reg, reg == HMS_REG_RBX ? BASE : UINT64_C(100) + reg);
	assert_true(run(f));
	/* a word that may change, where it is */
	assert_int_equal(f->regs[HMS_REG_RAX].kind, HMS_AHEAD_LOADED);
	assert_int_equal(f->regs[HMS_REG_RAX].value, BASE + 0x10);
	is_unknown(f->regs[HMS_REG_RCX]);
	is_unknown(f->regs[HMS_REG_RDX]);
	is_unknown(f->regs[HMS_REG_RBX]);
	is_unknown(f->regs[HMS_REG_RSI]);
	is_unknown(f->regs[8]);
	is_value(f->regs[HMS_REG_RDI], 100 + HMS_REG_RDI);
	is_value(f->regs[9], 109);
	is_value(f->regs[10], 111 * 24);
	is_value(f->regs[12], 3);
	is_value(f->regs[HMS_REG_RSP], SP);
}

/* What follows a call that never returns belongs to somebody else, but where the compiler does
 * not know. */
static void dead_ends(void **state)
{
	struct fixture *f = *state;

	stand(f, DIES);
	hold_word(f, 0x50, 0);
	assert_true(run(f));
	assert_int_equal(f->nreturns + f->nlost, 0);
	f->start.in_call = true;
	assert_false(run(f));
	f->start.returns = true;
	assert_true(run(f));
	assert_int_equal(f->nreturns, 1);
}

/* Pairs, a register that is shifted first, multiply and add. */
static void on_arm64(void **state)
{
	struct fixture *f = *state;

	hms_disas_destroy(f->disas);
	f->disas = NULL;
	f->arch = HMS_ARCH_ARM64;
	assert_ok(hms_disas_create(f->arch, &f->disas));
	stand(f, ARM64);
	f->start.known = 0;
	hold(f, HMS_REG_SP, SP);
	hold(f, 2, BASE);
	hold(f, 7, 5);
	assert_true(run(f));
	assert_int_equal(f->nstores, 2);
	is_value(f->stores[0], BASE + 5);
	is_value(f->stores[1], BASE + 5 * 16 + 16);
	assert_int_equal(f->nreturns, 1);
	is_value(f->rax[0], BASE + 25);
	is_value(f->regs[8], 5);
	/* What the frame holds comes back. */
	stand(f, 0x33c);
	f->start.known = 0;
	hold(f, HMS_REG_SP, SP);
	hold(f, 7, 2);
	hold_word(f, 16, 3);
	hold_word(f, 24, BASE);
	assert_true(run(f));
	is_value(f->rax[0], BASE + 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(from_registers, setup, teardown),
		cmocka_unit_test_setup_teardown(from_a_call, setup, teardown),
		cmocka_unit_test_setup_teardown(fixed_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(loops, setup, teardown),
		cmocka_unit_test_setup_teardown(instructions, setup, teardown),
		cmocka_unit_test_setup_teardown(dead_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(on_arm64, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
