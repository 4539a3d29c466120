/* disas/disas: instructions from literal bytes, as an assembler made them. */
#include "unit/unit.h"

#include "disas/disas.h"

static struct hms_disas *open_for(enum hms_arch arch)
{
	struct hms_disas *disas = NULL;

	assert_ok(hms_disas_create(arch, &disas));
	return disas;
}

struct decoded {
	const char *what;
	uint8_t bytes[12];
	uint8_t size;
	enum hms_insn_op op;
	enum hms_insn_flow flow;
	uint64_t target; /* 0: none */
	int stores;      /* bytes; 0: none */
	uint8_t base;    /* of what is stored to */
	uint8_t index;
	int64_t disp;
	uint64_t writes; /* general registers */
};

#define BIT(reg) (UINT64_C(1) << (reg))
#define NONE     HMS_REG_NONE

/* At address 0x1000. */
static const struct decoded amd64[] = {
	{"mov [rsp+8], rax",
	 {0x48, 0x89, 0x44, 0x24, 8},
	 5,
	 HMS_INSN_MOVE,
	 HMS_FLOW_NEXT,
	 0,
	 8,
	 HMS_REG_RSP,
	 NONE,
	 8,
	 0},
	{"call +0x100",
	 {0xe8, 0, 1, 0, 0},
	 5,
	 HMS_INSN_OTHER,
	 HMS_FLOW_CALL,
	 0x1105,
	 0,
	 0,
	 0,
	 0,
	 BIT(HMS_REG_RSP)},
	{"lock cmpxchg [rbx], ecx",
	 {0xf0, 0x0f, 0xb1, 0x0b},
	 4,
	 HMS_INSN_CMPXCHG,
	 HMS_FLOW_NEXT,
	 0,
	 4,
	 HMS_REG_RBX,
	 NONE,
	 0,
	 BIT(HMS_REG_RAX)},
	{"lock xadd [rax+4], edx",
	 {0xf0, 0x0f, 0xc1, 0x50, 4},
	 5,
	 HMS_INSN_XADD,
	 HMS_FLOW_NEXT,
	 0,
	 4,
	 HMS_REG_RAX,
	 NONE,
	 4,
	 BIT(HMS_REG_RDX)},
	{"mov [rax+rcx+0x10], dl",
	 {0x88, 0x54, 0x08, 0x10},
	 4,
	 HMS_INSN_MOVE,
	 HMS_FLOW_NEXT,
	 0,
	 1,
	 HMS_REG_RAX,
	 HMS_REG_RCX,
	 0x10,
	 0},
	{"xor byte [rbx+8], 4",
	 {0x80, 0x73, 8, 4},
	 4,
	 HMS_INSN_XOR,
	 HMS_FLOW_NEXT,
	 0,
	 1,
	 HMS_REG_RBX,
	 NONE,
	 8,
	 0},
	{"and byte [rdx+0x11], 0xfb",
	 {0x80, 0x62, 0x11, 0xfb},
	 4,
	 HMS_INSN_AND,
	 HMS_FLOW_NEXT,
	 0,
	 1,
	 HMS_REG_RDX,
	 NONE,
	 0x11,
	 0},
	{"inc qword [rbx]",
	 {0x48, 0xff, 0x03},
	 3,
	 HMS_INSN_INC,
	 HMS_FLOW_NEXT,
	 0,
	 8,
	 HMS_REG_RBX,
	 NONE,
	 0,
	 0},
	{"movups [rdi], xmm15",
	 {0x44, 0x0f, 0x11, 0x3f},
	 4,
	 HMS_INSN_MOVE,
	 HMS_FLOW_NEXT,
	 0,
	 16,
	 HMS_REG_RDI,
	 NONE,
	 0,
	 0},
	{"mov word [rax], 0",
	 {0x66, 0xc7, 0, 0, 0},
	 5,
	 HMS_INSN_MOVE,
	 HMS_FLOW_NEXT,
	 0,
	 2,
	 HMS_REG_RAX,
	 NONE,
	 0,
	 0},
	{"bts qword [rax], 3",
	 {0x48, 0x0f, 0xba, 0x28, 3},
	 5,
	 HMS_INSN_OTHER,
	 HMS_FLOW_NEXT,
	 0,
	 8,
	 HMS_REG_RAX,
	 NONE,
	 0,
	 0},
	{"cmp qword [rax], 0",
	 {0x48, 0x83, 0x38, 0},
	 4,
	 HMS_INSN_COMPARE,
	 HMS_FLOW_NEXT,
	 0,
	 0,
	 0,
	 0,
	 0,
	 0},
	{"je +0x10", {0x74, 0x10}, 2, HMS_INSN_OTHER, HMS_FLOW_BRANCH, 0x1012, 0, 0, 0, 0, 0},
	{"jmp [rcx+rax*8]", {0xff, 0x24, 0xc1}, 3, HMS_INSN_OTHER, HMS_FLOW_JUMP, 0, 0, 0, 0, 0, 0},
	{"ud2", {0x0f, 0x0b}, 2, HMS_INSN_OTHER, HMS_FLOW_TRAP, 0, 0, 0, 0, 0, 0},
	{"sub rsp, 0x40",
	 {0x48, 0x83, 0xec, 0x40},
	 4,
	 HMS_INSN_SUB,
	 HMS_FLOW_NEXT,
	 0,
	 0,
	 0,
	 0,
	 0,
	 BIT(HMS_REG_RSP)},
	{"xor eax, eax",
	 {0x31, 0xc0},
	 2,
	 HMS_INSN_XOR,
	 HMS_FLOW_NEXT,
	 0,
	 0,
	 0,
	 0,
	 0,
	 BIT(HMS_REG_RAX)},
	{"setne cl",
	 {0x0f, 0x95, 0xc1},
	 3,
	 HMS_INSN_OTHER,
	 HMS_FLOW_NEXT,
	 0,
	 0,
	 0,
	 0,
	 0,
	 BIT(HMS_REG_RCX)},
	{"not an instruction",
	 {0x06},
	 1,
	 HMS_INSN_UNKNOWN,
	 HMS_FLOW_NEXT,
	 0,
	 0,
	 0,
	 0,
	 0,
	 UINT32_MAX},
};

static const struct decoded arm64[] = {
	{"str x0, [sp, #8]",
	 {0xe0, 0x07, 0x00, 0xf9},
	 4,
	 HMS_INSN_MOVE,
	 HMS_FLOW_NEXT,
	 0,
	 8,
	 HMS_REG_SP,
	 NONE,
	 8,
	 0},
	{"strb w2, [x1]",
	 {0x22, 0x00, 0x00, 0x39},
	 4,
	 HMS_INSN_MOVE,
	 HMS_FLOW_NEXT,
	 0,
	 1,
	 1,
	 NONE,
	 0,
	 0},
	{"str x30, [sp, #-32]!",
	 {0xfe, 0x0f, 0x1e, 0xf8},
	 4,
	 HMS_INSN_MOVE,
	 HMS_FLOW_NEXT,
	 0,
	 8,
	 HMS_REG_SP,
	 NONE,
	 -32,
	 BIT(HMS_REG_SP)},
	{"ldr x3, [x4, #16]",
	 {0x83, 0x08, 0x40, 0xf9},
	 4,
	 HMS_INSN_MOVE,
	 HMS_FLOW_NEXT,
	 0,
	 0,
	 0,
	 0,
	 0,
	 BIT(3)},
	{"bl +0x100",
	 {0x40, 0x00, 0x00, 0x94},
	 4,
	 HMS_INSN_OTHER,
	 HMS_FLOW_CALL,
	 0x1100,
	 0,
	 0,
	 0,
	 0,
	 BIT(HMS_REG_LR)},
	{"cbz x0, +8",
	 {0x40, 0x00, 0x00, 0xb4},
	 4,
	 HMS_INSN_OTHER,
	 HMS_FLOW_BRANCH,
	 0x1008,
	 0,
	 0,
	 0,
	 0,
	 0},
	{"b +8", {0x02, 0x00, 0x00, 0x14}, 4, HMS_INSN_OTHER, HMS_FLOW_JUMP, 0x1008, 0, 0, 0, 0, 0},
	{"casal w0, w2, [x1]",
	 {0x22, 0xfc, 0xe0, 0x88},
	 4,
	 HMS_INSN_CMPXCHG,
	 HMS_FLOW_NEXT,
	 0,
	 4,
	 1,
	 NONE,
	 0,
	 BIT(0)},
	{"ldaddal w2, w0, [x1]",
	 {0x20, 0x00, 0xe2, 0xb8},
	 4,
	 HMS_INSN_XADD,
	 HMS_FLOW_NEXT,
	 0,
	 4,
	 1,
	 NONE,
	 0,
	 BIT(0)},
	{"stp x0, x1, [sp, #8]",
	 {0xe0, 0x87, 0x00, 0xa9},
	 4,
	 HMS_INSN_PAIR,
	 HMS_FLOW_NEXT,
	 0,
	 8,
	 HMS_REG_SP,
	 NONE,
	 8,
	 0},
	{"ldp x29, x30, [sp, #-8]",
	 {0xfd, 0xfb, 0x7f, 0xa9},
	 4,
	 HMS_INSN_PAIR,
	 HMS_FLOW_NEXT,
	 0,
	 0,
	 0,
	 0,
	 0,
	 BIT(29) | BIT(HMS_REG_LR)},
	/* Which libcapstone 4 says writes sp. */
	{"cmp sp, x16",
	 {0xff, 0x63, 0x30, 0xeb},
	 4,
	 HMS_INSN_COMPARE,
	 HMS_FLOW_NEXT,
	 0,
	 0,
	 0,
	 0,
	 0,
	 0},
	/* What fills up functions. */
	{"udf #0", {0x00, 0x00, 0x00, 0x00}, 4, HMS_INSN_OTHER, HMS_FLOW_TRAP, 0, 0, 0, 0, 0, 0},
	{"ret", {0xc0, 0x03, 0x5f, 0xd6}, 4, HMS_INSN_OTHER, HMS_FLOW_RETURN, 0, 0, 0, 0, 0, 0},
};

static void check_row(struct hms_disas *disas, const struct decoded *row)
{
	const struct hms_operand *store;
	struct hms_insn insn;

	print_message("# %s\n", row->what);
	hms_disas_decode(disas, row->bytes, sizeof(row->bytes), 0x1000, &insn);
	assert_int_equal(insn.addr, 0x1000);
	assert_int_equal(insn.size, row->size);
	assert_int_equal(insn.op, row->op);
	assert_int_equal(insn.flow, row->flow);
	assert_int_equal(insn.has_target ? insn.target : 0, row->target);
	assert_int_equal(insn.writes & UINT32_MAX, row->writes);
	store = hms_insn_store(&insn);
	assert_int_equal(store ? store->size : 0, row->stores);
	if (!store)
		return;
	assert_int_equal(store->base, row->base);
	assert_int_equal(store->index, row->index);
	assert_int_equal(store->disp, row->disp);
}

static void amd64_instructions(void **state)
{
	HMS_AUTO(hms_disas) struct hms_disas *disas = open_for(HMS_ARCH_AMD64);

	(void)state;
	for (size_t i = 0; i < sizeof(amd64) / sizeof(amd64[0]); i++)
		check_row(disas, &amd64[i]);
}

static void arm64_instructions(void **state)
{
	HMS_AUTO(hms_disas) struct hms_disas *disas = open_for(HMS_ARCH_ARM64);

	(void)state;
	for (size_t i = 0; i < sizeof(arm64) / sizeof(arm64[0]); i++)
		check_row(disas, &arm64[i]);
}

/* What lies relative to the program counter has an address, and no base. */
static void addresses_are_resolved(void **state)
{
	static const uint8_t lea[] = {0x48, 0x8d, 0x05, 0x34,
				      0x12, 0,    0}; /* lea rax, [rip+0x1234] */
	HMS_AUTO(hms_disas) struct hms_disas *disas = open_for(HMS_ARCH_AMD64);
	struct hms_insn insn;

	(void)state;
	hms_disas_decode(disas, lea, sizeof(lea), 0x401000, &insn);
	assert_int_equal(insn.op, HMS_INSN_LEA);
	assert_int_equal(insn.operands[1].kind, HMS_OPERAND_MEM);
	assert_int_equal(insn.operands[1].base, HMS_REG_NONE);
	assert_int_equal(insn.operands[1].disp, 0x401000 + 7 + 0x1234);
}

/* A goroutine's or thread's own memory is nobody's bucket. */
static void segments_are_not_stores(void **state)
{
	/* mov qword ptr fs:[0xfffffffffffffff8], rcx */
	static const uint8_t mov[] = {0x64, 0x48, 0x89, 0x0c, 0x25, 0xf8, 0xff, 0xff, 0xff};
	HMS_AUTO(hms_disas) struct hms_disas *disas = open_for(HMS_ARCH_AMD64);
	struct hms_insn insn;

	(void)state;
	hms_disas_decode(disas, mov, sizeof(mov), 0x401000, &insn);
	assert_int_equal(insn.size, 9);
	assert_null(hms_insn_store(&insn));
}

static void text_and_its_absence(void **state)
{
	static const uint8_t ret[] = {0xc3}, cut[] = {0xe8, 0, 1};
	HMS_AUTO(hms_disas) struct hms_disas *disas = open_for(HMS_ARCH_AMD64);
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	struct hms_insn insn;

	(void)state;
	hms_disas_text(disas, ret, sizeof(ret), 0x1000, &text);
	hms_str_addc(&text, ' ');
	hms_disas_text(disas, cut, sizeof(cut), 0x1000, &text);
	assert_string_equal(hms_str_text(&text), "ret ?");
	hms_disas_decode(disas, cut, sizeof(cut), 0x1000, &insn);
	assert_int_equal(insn.op, HMS_INSN_UNKNOWN);
	assert_int_equal(insn.size, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amd64_instructions),     cmocka_unit_test(arm64_instructions),
		cmocka_unit_test(addresses_are_resolved), cmocka_unit_test(segments_are_not_stores),
		cmocka_unit_test(text_and_its_absence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
