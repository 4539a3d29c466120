/*
 * What registers and stack slots hold at each instruction of a function, as far as the code alone
 * tells: a forward data flow over its basic blocks.
 *
 * A value is a base and an offset.  Bases are: a constant, what a register held at the entry, what
 * an instruction put into a register, what memory at another value held, and what met at a join of
 * paths.  Two equal values are the same pattern of bits as long as the memory that one was loaded
 * from is not changed between: good enough to tell one lock from another, and a map's header from
 * its buckets, and no more is made of it.
 *
 * Users add two sets of bits that flow along: what holds on every path, and what holds on some.
 */
#ifndef HMS_DISAS_FLOW_H
#define HMS_DISAS_FLOW_H

#include "disas/code.h"

/* Bases: the rest is made by hms_flow. */
#define HMS_BASE_UNKNOWN  0u
#define HMS_BASE_CONST    1u
#define HMS_BASE_ENTRY(r) (2u + (r))

struct hms_val {
	uint32_t base;
	int64_t off;
};

#define HMS_FLOW_REGS  32 /* the general ones */
#define HMS_FLOW_SLOTS 48 /* of the stack, eight bytes each, that are kept track of */

struct hms_flow_slot {
	int64_t off; /* from the stack pointer at the entry */
	struct hms_val val;
};

/* Before an instruction. */
struct hms_flow_state {
	bool reached; /* by a path from the entry */
	uint32_t nslots;
	uint64_t always; /* bits that every path has set */
	uint64_t ever;   /* bits that some path has set */
	struct hms_val regs[HMS_FLOW_REGS];
	struct hms_flow_slot slots[HMS_FLOW_SLOTS];
};

struct hms_flow;

/* Called for each instruction before its effect on registers; may change always and ever.  It must
 * depend on nothing but its arguments. */
typedef void hms_flow_event(void *arg, const struct hms_flow *flow, uint32_t insn,
			    struct hms_flow_state *state);

/* @code, @tab and @arg are borrowed; @event may be NULL.  False in @settled_ret (may be NULL):
 * the flow did not come to rest within its bound, and says nothing. */
struct hms_flow *hms_flow_create(const struct hms_code *code, const struct hms_pclntab *tab,
				 enum hms_arch arch, hms_flow_event *event, void *arg,
				 bool *settled_ret);
void hms_flow_destroy(struct hms_flow *flow); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_flow, hms_flow_destroy)

const struct hms_code *hms_flow_code(const struct hms_flow *flow);

/* The state before instruction @insn: worked out again from the start of its block. */
void hms_flow_at(struct hms_flow *flow, uint32_t insn, struct hms_flow_state *ret);

/* The state behind it, before what comes next. */
void hms_flow_after(struct hms_flow *flow, uint32_t insn, struct hms_flow_state *ret);

/* What the call @call returns as its first result in a register, or as the last word of its
 * arguments and results on the stack, where the compiler passed those there. */
struct hms_val hms_flow_result(const struct hms_flow *flow, uint32_t call, bool in_register);

/* The address that a memory operand names, @fuzzy_ret (may be NULL) where an index is added to it
 * that nobody knows. */
struct hms_val hms_flow_address(const struct hms_flow_state *state,
				const struct hms_operand *operand, bool *fuzzy_ret);

/* The word that the stack slot at @off from the present stack pointer holds. */
struct hms_val hms_flow_stack_word(const struct hms_flow *flow, const struct hms_flow_state *state,
				   int64_t off);

/* The word at @addr, as far as @state knows it. */
struct hms_val hms_flow_load(struct hms_flow *flow, const struct hms_flow_state *state,
			     struct hms_val addr);

/* Where a base comes from. */
enum hms_base_kind {
	HMS_IS_UNKNOWN,
	HMS_IS_CONST,
	HMS_IS_ENTRY, /* register @reg at the entry */
	HMS_IS_DEF,   /* put into @reg by instruction @at */
	HMS_IS_JOIN,  /* of values that reach block @at in @reg */
	HMS_IS_LOAD,  /* the word at @from */
};

struct hms_base {
	enum hms_base_kind kind;
	uint32_t at;
	uint8_t reg;
	struct hms_val from;
};

void hms_flow_base(const struct hms_flow *flow, uint32_t base, struct hms_base *ret);

static inline bool hms_val_equal(struct hms_val a, struct hms_val b)
{
	return a.base == b.base && a.off == b.off;
}

#endif
