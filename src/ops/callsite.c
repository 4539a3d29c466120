#include "ops/callsite.h"

#include "disas/locks.h"
#include "goro/arch.h"

#define MAX_CALLS 8  /* outwards */
#define MAX_LOADS 16 /* of one value from another's memory */

/* Integer argument registers by DWARF number: src/cmd/compile/abi-internal.md. */
static const uint8_t amd64_args[] = {0, 3, 2, 5, 4, 8, 9, 10, 11};
static const uint8_t arm64_args[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};

static bool is_amd64(const struct hms_callsite *site)
{
	return site->goros->core->arch == HMS_ARCH_AMD64;
}

static bool register_abi(const struct hms_callsite *site)
{
	return hms_go_version_register_abi(&site->goros->rt->version, site->goros->core->arch);
}

/* Which argument word comes in @reg; -1: none. */
static int word_of(const struct hms_callsite *site, uint8_t reg)
{
	const uint8_t *regs = is_amd64(site) ? amd64_args : arm64_args;

	for (size_t i = 0; i < sizeof(amd64_args); i++)
		if (regs[i] == reg)
			return (int)i;
	return -1;
}

static bool read_word(const struct hms_callsite *site, uint64_t addr, uint64_t *ret)
{
	const uint8_t *p = hms_mem_peek(hms_unwinder_mem(site->unwinder), addr, 8);

	if (p)
		*ret = hms_le64(p);
	return p != NULL;
}

/* ---- one function, at one of its calls ------------------------------------------------------ */

struct scope {
	const struct hms_callsite *site;
	size_t frame;
	unsigned int calls, loads;
	struct hms_code *code;
	struct hms_flow *flow;
	uint32_t call;               /* index of the call */
	struct hms_flow_state state; /* before the call */
};

static bool reg_at_call(const struct hms_callsite *site, size_t callee, uint8_t reg,
			unsigned int calls, uint64_t *ret);
static bool resolve(struct scope *s, struct hms_val val, uint64_t *ret);

/* The stack pointer at the function's entry: calls push the return address on amd64. */
static uint64_t entry_sp(const struct scope *s)
{
	const struct hms_frame *frame = &s->site->stack->frames[s->frame];

	return frame->cfa - hms_unwinder_arch(s->site->unwinder)->return_size;
}

/* What the function was entered with: its argument's home slot, else its own caller's code. */
static bool resolve_entry(struct scope *s, uint8_t reg, uint64_t *ret)
{
	const struct hms_frame *frame = &s->site->stack->frames[s->frame];
	int word = word_of(s->site, reg);

	if (reg == (is_amd64(s->site) ? (uint8_t)HMS_REG_RSP : HMS_REG_SP)) {
		*ret = entry_sp(s);
		return true;
	}
	if (word >= 0 && hms_func_arg_home(&frame->place->func, hms_frame_lookup_pc(frame),
					   (unsigned int)word) == HMS_ARG_HOME)
		return read_word(s->site,
				 frame->cfa + hms_unwinder_arch(s->site->unwinder)->args_off +
					 8 * (uint64_t)word,
				 ret);
	return reg_at_call(s->site, s->frame, reg, s->calls + 1, ret);
}

/* The code does not say what it is, but a slot of the frame still holds it. */
static bool resolve_slot(const struct scope *s, struct hms_val val, uint64_t *ret)
{
	for (uint32_t i = 0; i < s->state.nslots; i++) {
		const struct hms_flow_slot *slot = &s->state.slots[i];

		if (slot->val.base != val.base ||
		    !read_word(s->site, entry_sp(s) + (uint64_t)slot->off, ret))
			continue;
		*ret -= (uint64_t)slot->val.off;
		return true;
	}
	return false;
}

static bool resolve_base(struct scope *s, struct hms_val val, uint64_t *ret)
{
	struct hms_base base;
	uint64_t from;

	hms_flow_base(s->flow, val.base, &base);
	switch (base.kind) {
	case HMS_IS_CONST: *ret = 0; return true;
	case HMS_IS_ENTRY: return resolve_entry(s, base.reg, ret) || resolve_slot(s, val, ret);
	case HMS_IS_LOAD:
		if (s->loads++ < MAX_LOADS && resolve(s, base.from, &from))
			return read_word(s->site, from, ret);
		return resolve_slot(s, val, ret);
	case HMS_IS_DEF:
	case HMS_IS_JOIN: return resolve_slot(s, val, ret);
	case HMS_IS_UNKNOWN: break;
	}
	return false;
}

static bool resolve(struct scope *s, struct hms_val val, uint64_t *ret)
{
	if (!resolve_base(s, val, ret))
		return false;
	*ret += (uint64_t)val.off;
	return true;
}

/* ---- the call ------------------------------------------------------------------------------- */

/* Index of the call that returns to @pc. */
static bool find_call(const struct hms_code *code, uint64_t pc, uint32_t *ret)
{
	for (uint32_t i = 0; i < code->ninsns; i++) {
		const struct hms_insn *insn = &code->insns[i];

		if (insn->addr + insn->size != pc)
			continue;
		*ret = i;
		return insn->flow == HMS_FLOW_CALL;
	}
	return false;
}

/* An ordinary call: the callee returns to where its caller goes on, on the same stack. */
static bool is_call(const struct hms_stack *stack, size_t callee)
{
	const struct hms_frame *frame = &stack->frames[callee], *caller = frame + 1;

	return callee + 1 < stack->n && callee + 1 != stack->left_out_at && !caller->interrupted &&
	       !caller->first && caller->stack == frame->stack;
}

/* Read the code of the scope's function and follow it to the call that returns to @pc; false: it
 * cannot be followed so far.  scope_close() is due in any case. */
static bool scope_open(struct scope *s, uint64_t pc)
{
	const struct hms_place *place = s->site->stack->frames[s->frame].place;
	const struct hms_goros *goros = s->site->goros;
	struct hms_error *err = hms_code_read(s->site->disas, hms_unwinder_mem(s->site->unwinder),
					      goros->pclntab, &place->func, &s->code);

	hms_err_free(err);
	if (err || !find_call(s->code, pc, &s->call))
		return false;
	s->flow = hms_flow_create(s->code, goros->pclntab, goros->core->arch, NULL, NULL, NULL);
	hms_flow_at(s->flow, s->call, &s->state);
	return s->state.reached;
}

static void scope_close(struct scope *s)
{
	hms_flow_destroy(s->flow);
	hms_code_free(s->code);
}

static uint64_t pc_of(const struct scope *s)
{
	return s->site->stack->frames[s->frame].place->pc;
}

/* @reg < 0: argument word -@reg - 1 on the stack; of the call that returns to @pc. */
static bool value_in(struct scope *s, uint64_t pc, int reg, uint64_t *ret)
{
	int64_t args = hms_unwinder_arch(s->site->unwinder)->args_off;
	bool found = scope_open(s, pc);

	if (found)
		found = resolve(s,
				reg >= 0 ? s->state.regs[reg]
					 : hms_flow_stack_word(s->flow, &s->state,
							       args + 8 * (int64_t)(-reg - 1)),
				ret);
	scope_close(s);
	return found;
}

static bool reg_at_call(const struct hms_callsite *site, size_t callee, uint8_t reg,
			unsigned int calls, uint64_t *ret)
{
	struct scope *s;
	bool found;

	if (reg >= HMS_FLOW_REGS || calls > MAX_CALLS || !is_call(site->stack, callee))
		return false;
	s = hms_xcalloc(1, sizeof(*s));
	s->site = site;
	s->frame = callee + 1;
	s->calls = calls;
	found = value_in(s, pc_of(s), reg, ret);
	free(s);
	return found;
}

/* What says where argument @word is, for value_in(). */
static int place_of(const struct hms_callsite *site, unsigned int word)
{
	const uint8_t *regs = is_amd64(site) ? amd64_args : arm64_args;

	return register_abi(site) ? regs[word] : -(int)word - 1;
}

bool hms_callsite_word(const struct hms_callsite *site, size_t callee, unsigned int word,
		       uint64_t *ret)
{
	struct scope s = {.site = site, .frame = callee + 1};

	if (!site->disas || word >= sizeof(amd64_args) || !is_call(site->stack, callee))
		return false;
	return value_in(&s, pc_of(&s), place_of(site, word), ret);
}

bool hms_callsite_earlier(const struct hms_callsite *site, size_t frame, uint64_t pc,
			  unsigned int word, uint64_t *ret)
{
	struct scope s = {.site = site, .frame = frame};

	if (!site->disas || word >= sizeof(amd64_args))
		return false;
	return value_in(&s, pc, place_of(site, word), ret);
}

bool hms_callsite_lock(const struct hms_callsite *site, size_t frame, uint64_t pc, uint64_t *ret,
		       bool *reads_ret)
{
	struct scope s = {.site = site, .frame = frame};
	HMS_AUTO(hms_locks) struct hms_locks *locks = NULL;
	struct hms_val lock;
	bool found;

	if (!site->disas)
		return false;
	found = scope_open(&s, pc);
	if (found) {
		locks = hms_locks_create(s.flow, site->goros->pclntab, site->goros->core->arch,
					 register_abi(site), site->helpers);
		found = hms_locks_held(locks, s.call, &lock, reads_ret) && resolve(&s, lock, ret);
	}
	scope_close(&s);
	return found;
}
