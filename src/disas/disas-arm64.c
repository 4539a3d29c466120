/* arm64: from libcapstone's terms to ours. */
#include "disas/private.h"

static uint8_t reg_number(unsigned int reg)
{
	if (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X28)
		return (uint8_t)(reg - ARM64_REG_X0);
	if (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W30)
		return (uint8_t)(reg - ARM64_REG_W0);
	if (reg >= ARM64_REG_V0 && reg <= ARM64_REG_V31)
		return (uint8_t)(HMS_REG_VECTOR + (reg - ARM64_REG_V0));
	if (reg >= ARM64_REG_Q0 && reg <= ARM64_REG_Q31)
		return (uint8_t)(HMS_REG_VECTOR + (reg - ARM64_REG_Q0));
	if (reg >= ARM64_REG_D0 && reg <= ARM64_REG_D31)
		return (uint8_t)(HMS_REG_VECTOR + (reg - ARM64_REG_D0));
	if (reg >= ARM64_REG_S0 && reg <= ARM64_REG_S31)
		return (uint8_t)(HMS_REG_VECTOR + (reg - ARM64_REG_S0));
	switch (reg) {
	case ARM64_REG_X29: return 29;
	case ARM64_REG_X30: return HMS_REG_LR;
	case ARM64_REG_SP:
	case ARM64_REG_WSP: return HMS_REG_SP;
	default: return HMS_REG_NONE;
	}
}

static enum hms_insn_op op_of(unsigned int id)
{
	switch (id) {
	case ARM64_INS_MOV:
	case ARM64_INS_MOVZ:
	case ARM64_INS_LDR:
	case ARM64_INS_LDUR:
	case ARM64_INS_LDRB:
	case ARM64_INS_LDRH:
	case ARM64_INS_STR:
	case ARM64_INS_STUR:
	case ARM64_INS_STRB:
	case ARM64_INS_STRH: return HMS_INSN_MOVE;
	case ARM64_INS_LDP:
	case ARM64_INS_STP: return HMS_INSN_PAIR;
	case ARM64_INS_ADR:
	case ARM64_INS_ADRP: return HMS_INSN_LEA;
	case ARM64_INS_ADD: return HMS_INSN_ADD;
	case ARM64_INS_SUB: return HMS_INSN_SUB;
	case ARM64_INS_AND: return HMS_INSN_AND;
	case ARM64_INS_ORR: return HMS_INSN_OR;
	case ARM64_INS_EOR: return HMS_INSN_XOR;
	case ARM64_INS_MUL: return HMS_INSN_MUL;
	case ARM64_INS_MADD: return HMS_INSN_MADD;
	case ARM64_INS_LSL: return HMS_INSN_SHL;
	case ARM64_INS_LSR: return HMS_INSN_SHR;
	case ARM64_INS_CMP:
	case ARM64_INS_CMN:
	case ARM64_INS_TST:
	case ARM64_INS_CCMP:
	case ARM64_INS_CCMN: return HMS_INSN_COMPARE;
	case ARM64_INS_LDAXR:
	case ARM64_INS_LDAXRB:
	case ARM64_INS_LDXR:
	case ARM64_INS_LDXRB: return HMS_INSN_LOAD_EXCLUSIVE;
	case ARM64_INS_STLXR:
	case ARM64_INS_STLXRB:
	case ARM64_INS_STXR:
	case ARM64_INS_STXRB: return HMS_INSN_STORE_EXCLUSIVE;
	default: return HMS_INSN_OTHER;
	}
}

static enum hms_insn_flow flow_of(csh handle, const cs_insn *insn)
{
	switch (insn->id) {
	case ARM64_INS_BL:
	case ARM64_INS_BLR: return HMS_FLOW_CALL;
	case ARM64_INS_RET: return HMS_FLOW_RETURN;
	case ARM64_INS_BR: return HMS_FLOW_JUMP;
	case ARM64_INS_B:
		return insn->detail->arm64.cc == ARM64_CC_INVALID ||
				       insn->detail->arm64.cc == ARM64_CC_AL
			       ? HMS_FLOW_JUMP
			       : HMS_FLOW_BRANCH;
	case ARM64_INS_BRK:
	case ARM64_INS_HLT: return HMS_FLOW_TRAP;
	default:
		return cs_insn_group(handle, insn, ARM64_GRP_JUMP) ? HMS_FLOW_BRANCH
								   : HMS_FLOW_NEXT;
	}
}

/* Bytes that a load or store of one register moves; 0: unknown. */
static uint8_t access_size(const cs_insn *insn)
{
	const cs_arm64_op *op = &insn->detail->arm64.operands[0];
	size_t len = strlen(insn->mnemonic);

	if (len && insn->mnemonic[len - 1] == 'b')
		return 1;
	if (len && insn->mnemonic[len - 1] == 'h')
		return 2;
	if (op->type != ARM64_OP_REG)
		return 0;
	if ((op->reg >= ARM64_REG_W0 && op->reg <= ARM64_REG_W30) || op->reg == ARM64_REG_WZR)
		return 4;
	if (op->reg >= ARM64_REG_S0 && op->reg <= ARM64_REG_S31)
		return 4;
	if (op->reg >= ARM64_REG_Q0 && op->reg <= ARM64_REG_Q31)
		return 16;
	return 8;
}

static struct hms_operand operand_of(const cs_insn *insn, const cs_arm64_op *op)
{
	struct hms_operand ret = {
		.size = 8,
		.read = op->access & CS_AC_READ,
		.written = op->access & CS_AC_WRITE,
		.reg = HMS_REG_NONE,
		.base = HMS_REG_NONE,
		.index = HMS_REG_NONE,
	};

	switch (op->type) {
	case ARM64_OP_REG:
		ret.kind = HMS_OPERAND_REG;
		ret.reg = reg_number(op->reg);
		if (op->shift.value || op->ext != ARM64_EXT_INVALID)
			ret.size = 0;
		else if ((op->reg >= ARM64_REG_W0 && op->reg <= ARM64_REG_W30) ||
			 op->reg == ARM64_REG_WZR)
			ret.size = 4;
		if (op->reg >= ARM64_REG_X0 && op->reg <= ARM64_REG_X28 &&
		    op->shift.type == ARM64_SFT_LSL)
			ret.shl = (uint8_t)op->shift.value;
		break;
	case ARM64_OP_MEM:
		ret.kind = HMS_OPERAND_MEM;
		ret.size = access_size(insn);
		ret.base = reg_number(op->mem.base);
		ret.index = reg_number(op->mem.index);
		ret.scale =
			op->ext == ARM64_EXT_INVALID ? (uint8_t)(1u << (op->shift.value & 7)) : 0;
		ret.disp = op->mem.disp;
		break;
	default:
		ret.kind = HMS_OPERAND_IMM;
		/* "add x0, x0, #1, lsl #12" */
		ret.imm = op->type == ARM64_OP_IMM
				  ? (int64_t)((uint64_t)op->imm << (op->shift.value & 31))
				  : 0;
		break;
	}
	return ret;
}

/* libcapstone 4 does not say of each load and store which it is. */
static bool is_store(const cs_insn *insn)
{
	return !strncmp(insn->mnemonic, "st", 2);
}

static bool is_load(const cs_insn *insn)
{
	return !strncmp(insn->mnemonic, "ld", 2);
}

static bool is_zero(const cs_arm64_op *op)
{
	return op->type == ARM64_OP_REG && (op->reg == ARM64_REG_XZR || op->reg == ARM64_REG_WZR);
}

static void set_target(struct hms_insn *ret)
{
	const struct hms_operand *last = ret->noperands ? &ret->operands[ret->noperands - 1] : NULL;

	if (!last || last->kind != HMS_OPERAND_IMM || ret->flow == HMS_FLOW_NEXT ||
	    ret->flow == HMS_FLOW_TRAP || ret->flow == HMS_FLOW_RETURN)
		return;
	ret->has_target = true;
	ret->target = (uint64_t)last->imm;
}

void hms_disas_arm64(csh handle, const cs_insn *insn, struct hms_insn *ret)
{
	const cs_arm64 *arm = &insn->detail->arm64;

	ret->op = op_of(insn->id);
	ret->flow = flow_of(handle, insn);
	for (size_t i = 0; i < arm->op_count; i++) {
		struct hms_operand operand = operand_of(insn, &arm->operands[i]);

		if (operand.kind == HMS_OPERAND_MEM) {
			operand.written = is_store(insn);
			operand.read = !operand.written;
		} else if (is_store(insn)) {
			/* The status is written. */
			operand.written = ret->op == HMS_INSN_STORE_EXCLUSIVE && i == 0;
			operand.read = !operand.written;
		} else if (is_load(insn)) {
			operand.written = true;
		} else if (ret->op == HMS_INSN_COMPARE) {
			/* libcapstone 4: "cmp sp, x16" writes sp */
			operand.read = true;
			operand.written = false;
		}
		if (is_zero(&arm->operands[i]) && !operand.written)
			operand.kind = HMS_OPERAND_IMM;
		hms_insn_add_operand(ret, &operand);
	}
	if (arm->writeback && ret->noperands)
		for (size_t i = 0; i < ret->noperands; i++)
			hms_insn_uses(ret, ret->operands[i].base, true, true);
	if (ret->flow == HMS_FLOW_CALL)
		hms_insn_uses(ret, HMS_REG_LR, false, true);
	set_target(ret);
}

/* Arm Architecture Reference Manual, C4.1: compare and swap; atomic memory operations. */
bool hms_disas_arm64_atomic(uint32_t word, struct hms_insn *ret)
{
	bool cas = (word & 0x3fa07c00) == 0x08a07c00;
	bool swap = (word & 0x3f20fc00) == 0x38208000;
	bool fetch = (word & 0x3f208c00) == 0x38200000;
	struct hms_operand mem = {
		.kind = HMS_OPERAND_MEM,
		.size = (uint8_t)(1u << (word >> 30)),
		.read = true,
		.written = true,
		.reg = HMS_REG_NONE,
		.base = word >> 5 & 31,
		.index = HMS_REG_NONE,
	};
	/* What is added: number 31 is the register that is zero. */
	struct hms_operand value = {
		.kind = HMS_OPERAND_REG,
		.size = mem.size,
		.read = true,
		.reg = (word >> 16 & 31) == 31 ? HMS_REG_NONE : word >> 16 & 31,
		.base = HMS_REG_NONE,
		.index = HMS_REG_NONE,
	};

	if (!cas && !swap && !fetch)
		return false;
	ret->op = cas ? HMS_INSN_CMPXCHG : fetch ? HMS_INSN_XADD : HMS_INSN_OTHER;
	ret->locked = true;
	hms_insn_add_operand(ret, &mem);
	if (fetch)
		hms_insn_add_operand(ret, &value);
	/* A compare and swap leaves what was there in the first register, the others in the last:
	 * number 31 is the register that is zero, not the stack pointer. */
	if ((cas ? word >> 16 & 31 : word & 31) != 31)
		hms_insn_uses(ret, cas ? word >> 16 & 31 : word & 31, true, true);
	return true;
}
