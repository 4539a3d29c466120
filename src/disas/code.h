/*
 * The code of one function: its instructions in order, and its basic blocks.
 *
 * Go's functions are code from their entry to the next one's, padding included; jumps lead out of
 * them only in assembly.  Nothing here trusts that: bytes that are no instruction, jumps into the
 * middle of one and jumps whose targets cannot be told make the code incomplete, which is said.
 */
#ifndef HMS_DISAS_CODE_H
#define HMS_DISAS_CODE_H

#include "core/mem.h"
#include "disas/disas.h"
#include "rt/pclntab.h"

/* What a called function means for what comes after the call. */
enum hms_callee {
	HMS_CALLEE_ORDINARY,
	HMS_CALLEE_NO_RETURN, /* panics and throws */
	HMS_CALLEE_STACK,     /* gets a larger stack and leaves what is on it as it was */
	HMS_CALLEE_KEEPS, /* registers: write barriers, which the compiler calls in its own way */
	HMS_CALLEE_DUFF,  /* the same, but for those that it copies and zeroes with */
};

/* By the name in the function tables; NULL is ordinary. */
enum hms_callee hms_callee_of(const char *name);

struct hms_code_block {
	uint32_t first, n;          /* instructions */
	uint32_t succ_first, nsucc; /* in hms_code.succs: blocks that may come next */
};

struct hms_code {
	struct hms_func func;
	const uint8_t *bytes; /* of the function, borrowed from the memory image */
	struct hms_insn *insns;
	uint32_t ninsns;
	struct hms_code_block *blocks; /* in order; blocks[0] is the entry */
	uint32_t nblocks;
	uint32_t *succs;
	bool complete; /* every byte understood, every jump's targets known */
};

/* Read @func.  HMS_ERR_FAULT where its bytes are absent, HMS_ERR_LIMIT where they are more than a
 * function can have. */
struct hms_error *hms_code_read(struct hms_disas *disas, const struct hms_mem *mem,
				const struct hms_pclntab *tab, const struct hms_func *func,
				struct hms_code **ret) HMS_MUST_USE;
void hms_code_free(struct hms_code *code); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_code, hms_code_free)

/* Index of the instruction that begins at @addr; false: none does. */
bool hms_code_find(const struct hms_code *code, uint64_t addr, uint32_t *ret);

/* Index of the instruction at @pc, if it is a call of @target: what a search through bytes took for
 * one may be the inside of another instruction. */
bool hms_code_call_at(const struct hms_code *code, uint64_t pc, uint64_t target, uint32_t *ret);

/* Index of the block that holds instruction @insn. */
uint32_t hms_code_block_of(const struct hms_code *code, uint32_t insn);

/* Can a path through the function lead from the start of block @from to block @to?  One step at
 * least: a block reaches itself through a loop only. */
bool hms_code_reaches(const struct hms_code *code, uint32_t from, uint32_t to);

#endif
