/* amd64: from libcapstone's terms to ours. */
#include "disas/private.h"

/* The whole register that @reg is a part of. */
static uint8_t reg_number(unsigned int reg)
{
	switch (reg) {
#define GENERAL(number, r64, r32, r16, r8) \
	case X86_REG_##r64:                \
	case X86_REG_##r32:                \
	case X86_REG_##r16:                \
	case X86_REG_##r8: return number
		GENERAL(HMS_REG_RAX, RAX, EAX, AX, AL);
		GENERAL(HMS_REG_RDX, RDX, EDX, DX, DL);
		GENERAL(HMS_REG_RCX, RCX, ECX, CX, CL);
		GENERAL(HMS_REG_RBX, RBX, EBX, BX, BL);
		GENERAL(HMS_REG_RSI, RSI, ESI, SI, SIL);
		GENERAL(HMS_REG_RDI, RDI, EDI, DI, DIL);
		GENERAL(HMS_REG_RBP, RBP, EBP, BP, BPL);
		GENERAL(HMS_REG_RSP, RSP, ESP, SP, SPL);
		GENERAL(8, R8, R8D, R8W, R8B);
		GENERAL(9, R9, R9D, R9W, R9B);
		GENERAL(10, R10, R10D, R10W, R10B);
		GENERAL(11, R11, R11D, R11W, R11B);
		GENERAL(12, R12, R12D, R12W, R12B);
		GENERAL(13, R13, R13D, R13W, R13B);
		GENERAL(14, R14, R14D, R14W, R14B);
		GENERAL(15, R15, R15D, R15W, R15B);
#undef GENERAL
	case X86_REG_AH: return HMS_REG_RAX;
	case X86_REG_BH: return HMS_REG_RBX;
	case X86_REG_CH: return HMS_REG_RCX;
	case X86_REG_DH: return HMS_REG_RDX;
	default: break;
	}
	if (reg >= X86_REG_XMM0 && reg <= X86_REG_XMM31)
		return (uint8_t)(HMS_REG_VECTOR + (reg - X86_REG_XMM0));
	if (reg >= X86_REG_YMM0 && reg <= X86_REG_YMM31)
		return (uint8_t)(HMS_REG_VECTOR + (reg - X86_REG_YMM0));
	if (reg >= X86_REG_ZMM0 && reg <= X86_REG_ZMM31)
		return (uint8_t)(HMS_REG_VECTOR + (reg - X86_REG_ZMM0));
	return HMS_REG_NONE;
}

static enum hms_insn_op op_of(unsigned int id)
{
	switch (id) {
	case X86_INS_MOV:
	case X86_INS_MOVABS:
	case X86_INS_MOVZX:
	case X86_INS_MOVD:
	case X86_INS_MOVQ:
	case X86_INS_MOVUPS:
	case X86_INS_MOVAPS:
	case X86_INS_MOVDQU:
	case X86_INS_MOVDQA: return HMS_INSN_MOVE;
	case X86_INS_LEA: return HMS_INSN_LEA;
	case X86_INS_ADD: return HMS_INSN_ADD;
	case X86_INS_SUB: return HMS_INSN_SUB;
	case X86_INS_AND: return HMS_INSN_AND;
	case X86_INS_OR: return HMS_INSN_OR;
	case X86_INS_XOR: return HMS_INSN_XOR;
	case X86_INS_INC: return HMS_INSN_INC;
	case X86_INS_DEC: return HMS_INSN_DEC;
	case X86_INS_CMP:
	case X86_INS_TEST:
	case X86_INS_BT: return HMS_INSN_COMPARE;
	case X86_INS_CMPXCHG:
	case X86_INS_CMPXCHG16B: return HMS_INSN_CMPXCHG;
	case X86_INS_XADD: return HMS_INSN_XADD;
	case X86_INS_PUSH: return HMS_INSN_PUSH;
	case X86_INS_POP: return HMS_INSN_POP;
	case X86_INS_IMUL: return HMS_INSN_MUL;
	case X86_INS_SHL: return HMS_INSN_SHL;
	case X86_INS_SHR: return HMS_INSN_SHR;
	default: return HMS_INSN_OTHER;
	}
}

static enum hms_insn_flow flow_of(csh handle, const cs_insn *insn)
{
	switch (insn->id) {
	case X86_INS_CALL: return HMS_FLOW_CALL;
	case X86_INS_JMP: return HMS_FLOW_JUMP;
	case X86_INS_RET: return HMS_FLOW_RETURN;
	case X86_INS_UD2:
	case X86_INS_INT3:
	case X86_INS_HLT: return HMS_FLOW_TRAP;
	default: return cs_insn_group(handle, insn, X86_GRP_JUMP) ? HMS_FLOW_BRANCH : HMS_FLOW_NEXT;
	}
}

static struct hms_operand operand_of(const cs_insn *insn, const cs_x86_op *op)
{
	struct hms_operand ret = {
		.size = op->size,
		.read = op->access & CS_AC_READ,
		.written = op->access & CS_AC_WRITE,
		.reg = HMS_REG_NONE,
		.base = HMS_REG_NONE,
		.index = HMS_REG_NONE,
	};

	switch (op->type) {
	case X86_OP_REG:
		ret.kind = HMS_OPERAND_REG;
		ret.reg = reg_number(op->reg);
		break;
	case X86_OP_IMM:
		ret.kind = HMS_OPERAND_IMM;
		ret.imm = op->imm;
		break;
	default:
		ret.kind = HMS_OPERAND_MEM;
		ret.scale = (uint8_t)op->mem.scale;
		ret.disp = op->mem.disp;
		ret.index = reg_number(op->mem.index);
		if (op->mem.base == X86_REG_RIP)
			ret.disp += (int64_t)(insn->address + insn->size);
		else
			ret.base = reg_number(op->mem.base);
		break;
	}
	return ret;
}

/* Segment registers name memory that no address here does: what a g or a thread keeps. */
static void hide_segment(const cs_x86_op *op, struct hms_operand *operand)
{
	if (op->type == X86_OP_MEM && op->mem.segment != X86_REG_INVALID &&
	    op->mem.segment != X86_REG_DS && op->mem.segment != X86_REG_ES)
		operand->written = false;
}

static bool begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* libcapstone 4 takes some stores for loads: movups, setb, cmpxchg. */
static void correct_access(const cs_insn *insn, enum hms_insn_op op, struct hms_operand *first)
{
	if (op == HMS_INSN_COMPARE)
		first->written = false;
	if (first->kind != HMS_OPERAND_MEM)
		return;
	if (begins(insn->mnemonic, "mov") || begins(insn->mnemonic, "vmov") ||
	    begins(insn->mnemonic, "set")) {
		first->written = true;
		first->read = false;
	}
	if (op >= HMS_INSN_ADD && op <= HMS_INSN_XADD && op != HMS_INSN_COMPARE)
		first->written = true;
}

void hms_disas_amd64(csh handle, const cs_insn *insn, struct hms_insn *ret)
{
	const cs_detail *detail = insn->detail;
	const cs_x86 *x86 = &detail->x86;

	ret->op = op_of(insn->id);
	ret->flow = flow_of(handle, insn);
	ret->locked = x86->prefix[0] == X86_PREFIX_LOCK || insn->id == X86_INS_XCHG;
	ret->repeated = x86->prefix[0] == X86_PREFIX_REP || x86->prefix[0] == X86_PREFIX_REPNE;
	for (size_t i = 0; i < detail->regs_read_count; i++)
		hms_insn_uses(ret, reg_number(detail->regs_read[i]), true, false);
	for (size_t i = 0; i < detail->regs_write_count; i++)
		hms_insn_uses(ret, reg_number(detail->regs_write[i]), false, true);
	for (size_t i = 0; i < x86->op_count; i++) {
		struct hms_operand operand = operand_of(insn, &x86->operands[i]);

		if (i == 0)
			correct_access(insn, ret->op, &operand);
		hide_segment(&x86->operands[i], &operand);
		hms_insn_add_operand(ret, &operand);
	}
	/* libcapstone 4 does not say that the accumulator is compared and loaded. */
	if (ret->op == HMS_INSN_CMPXCHG)
		hms_insn_uses(ret, HMS_REG_RAX, true, true);
	if (ret->flow != HMS_FLOW_NEXT && ret->noperands == 1 &&
	    ret->operands[0].kind == HMS_OPERAND_IMM) {
		ret->has_target = ret->flow != HMS_FLOW_RETURN;
		ret->target = (uint64_t)ret->operands[0].imm;
	}
}
