/*
 * Machine code taken apart, by libcapstone.  This folder is the only one that knows libcapstone;
 * no handle or constant of it leaves.
 *
 * Registers have numbers of their own: general ones those of the machine's DWARF, so that a mask
 * of 64 bits holds them all.
 */
#ifndef HMS_DISAS_DISAS_H
#define HMS_DISAS_DISAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/corefile.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/str.h"

/* 0..31: general registers by DWARF number, the stack pointer of arm64 being 31.
 * 32..63: vector registers. */
#define HMS_REG_VECTOR 32
#define HMS_NREGS      64
#define HMS_REG_NONE   255

enum hms_disas_reg {
	HMS_REG_RAX,
	HMS_REG_RDX,
	HMS_REG_RCX,
	HMS_REG_RBX,
	HMS_REG_RSI,
	HMS_REG_RDI,
	HMS_REG_RBP,
	HMS_REG_RSP,
};

#define HMS_REG_LR 30
#define HMS_REG_SP 31

/* Where the processor goes after an instruction. */
enum hms_insn_flow {
	HMS_FLOW_NEXT,
	HMS_FLOW_CALL,
	HMS_FLOW_JUMP,
	HMS_FLOW_BRANCH, /* to the target, or on */
	HMS_FLOW_RETURN,
	HMS_FLOW_TRAP, /* ud2, int3, brk: never goes on */
};

/* What an instruction does, as far as its readers care. */
enum hms_insn_op {
	HMS_INSN_OTHER,
	HMS_INSN_MOVE, /* operand 1 to operand 0, zero-extended where it is smaller */
	HMS_INSN_PAIR, /* arm64: ldp, stp: operands 0 and 1, from or to operand 2 and on */
	HMS_INSN_LEA,  /* the address of operand 1 to operand 0; arm64: adr, adrp */
	HMS_INSN_ADD,  /* amd64: operand 0 += operand 1; arm64: operand 0 = operand 1 + operand 2 */
	HMS_INSN_SUB,
	HMS_INSN_AND,
	HMS_INSN_OR,
	HMS_INSN_XOR,
	HMS_INSN_INC,
	HMS_INSN_DEC,
	HMS_INSN_COMPARE,
	HMS_INSN_CMPXCHG, /* compare and exchange */
	HMS_INSN_XADD,
	HMS_INSN_LOAD_EXCLUSIVE,  /* arm64: ldxr, ldaxr */
	HMS_INSN_STORE_EXCLUSIVE, /* arm64: stxr, stlxr: fails where somebody else has stored */
	HMS_INSN_PUSH,
	HMS_INSN_POP,
	HMS_INSN_MUL,  /* operand 0 *= operand 1, or operand 0 = operand 1 * operand 2 */
	HMS_INSN_MADD, /* arm64: operand 0 = operand 1 * operand 2 + operand 3 */
	HMS_INSN_SHL,
	HMS_INSN_SHR,
	HMS_INSN_UNKNOWN, /* not decoded */
};

enum hms_operand_kind { HMS_OPERAND_REG, HMS_OPERAND_MEM, HMS_OPERAND_IMM };

/* A memory operand is base + index * scale + disp; without a base it is at address disp, which is
 * how operands relative to the program counter are given.  A register operand of size 0 is shifted
 * or extended first, an index of scale 0 extended; arm64's zero register, where it is read, is the
 * immediate 0. */
struct hms_operand {
	enum hms_operand_kind kind;
	uint8_t size; /* bytes; 0: unknown */
	bool read, written;
	uint8_t reg;                /* REG: the whole register's number */
	uint8_t shl;                /* REG of size 0: it is shifted left by so much; 0: otherwise */
	uint8_t base, index, scale; /* MEM; HMS_REG_NONE: none */
	int64_t disp;
	int64_t imm;
};

#define HMS_MAX_OPERANDS 4

struct hms_insn {
	uint64_t addr;
	uint8_t size; /* bytes */
	enum hms_insn_flow flow;
	enum hms_insn_op op;
	bool locked;     /* atomic */
	bool repeated;   /* amd64: rep stos, rep movs */
	bool has_target; /* CALL, JUMP, BRANCH: not through a register or memory */
	uint64_t target;
	uint8_t noperands;
	struct hms_operand operands[HMS_MAX_OPERANDS];
	uint64_t reads, writes; /* registers, one bit each; implied ones too */
};

struct hms_disas; /* a decoder: for one thread at a time */

struct hms_error *hms_disas_create(enum hms_arch arch, struct hms_disas **ret) HMS_MUST_USE;
void hms_disas_destroy(struct hms_disas *disas); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_disas, hms_disas_destroy)

/* Decode the instruction at @bytes, of which @len are there, for address @addr.  Where there is
 * none, *ret is UNKNOWN, one instruction unit long (amd64: a byte, arm64: a word). */
void hms_disas_decode(struct hms_disas *disas, const uint8_t *bytes, size_t len, uint64_t addr,
		      struct hms_insn *ret);

/* Append its text ("mov qword ptr [rsp + 8], rax"); "?" where there is none. */
void hms_disas_text(struct hms_disas *disas, const uint8_t *bytes, size_t len, uint64_t addr,
		    struct hms_str *ret);

/* The memory operand that the instruction writes, or NULL. */
const struct hms_operand *hms_insn_store(const struct hms_insn *insn);

/* Of a PAIR: the memory of operand 1. */
struct hms_operand hms_insn_second(const struct hms_insn *insn);

#endif
