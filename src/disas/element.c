#include "disas/element.h"

#include <string.h>

#include "util/arena.h"

#define MAX_CALLS 4096 /* of mapassign in a function: initialisers of large maps have many */
#define MAX_JOINS 256  /* that are looked into */
#define MAX_DEPTH 4    /* joins of joins */

/* What meets at a join, as far as it leads to an element. */
struct joined {
	uint32_t base;
	uint32_t call; /* NO_CALL: to none, or it is being looked into */
};

#define NO_CALL UINT32_MAX

struct hms_element {
	const struct hms_rt *rt;
	const struct hms_pclntab *tab;
	enum hms_arch arch;
	bool register_abi;
	struct hms_disas *disas;
	struct hms_code *code;
	struct hms_flow *flow;
	uint32_t *calls; /* instructions that call mapassign, in order */
	uint32_t ncalls, cap_calls;
	/* By instruction: the call whose element it stores to, and which bytes of it, none where
	 * the code does not tell. */
	uint32_t *stores;
	uint64_t *bytes;
	struct joined *joins;
	uint32_t njoins, cap_joins;
	/* Of the call that was asked for last: what is stored on the way from there. */
	struct hms_flow *since;
	uint32_t since_call;
};

/* ---- calls --------------------------------------------------------------------------------- */

static bool begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* The function that @target is the entry of; duffcopy and duffzero are entered anywhere. */
static bool function_at(const struct hms_pclntab *tab, uint64_t target, struct hms_func *ret)
{
	return hms_pclntab_find(tab, target, ret) && ret->name &&
	       (ret->entry == target || begins(ret->name, "runtime.duff"));
}

static bool callee_of(const struct hms_element *e, const struct hms_insn *insn,
		      struct hms_func *ret)
{
	return insn->flow == HMS_FLOW_CALL && insn->has_target &&
	       function_at(e->tab, insn->target, ret);
}

static bool is_assign(const struct hms_pclntab *tab, uint64_t target)
{
	struct hms_func func;

	return function_at(tab, target, &func) && begins(func.name, "runtime.mapassign");
}

/* Do the bytes at @p look like a call of mapassign? */
static bool looks_like_call(const struct hms_rt *rt, const struct hms_pclntab *tab,
			    const uint8_t *p, uint64_t len, uint64_t addr)
{
	if (rt->exe->arch == HMS_ARCH_ARM64)
		return len >= 4 && hms_le32(p) >> 26 == 0x25 &&
		       is_assign(tab,
				 addr + (uint64_t)((int64_t)((uint64_t)hms_le32(p) << 38) >> 36));
	return len >= 5 && *p == 0xe8 &&
	       is_assign(tab, addr + 5 + (uint64_t)(int64_t)(int32_t)hms_le32(p + 1));
}

static bool has_calls(const struct hms_rt *rt, const struct hms_pclntab *tab,
		      const struct hms_func *func)
{
	uint64_t step = rt->exe->arch == HMS_ARCH_ARM64 ? 4 : 1, len = func->end - func->entry;
	const uint8_t *p;

	if (func->end <= func->entry || len > SIZE_MAX)
		return false;
	p = hms_mem_peek(rt->mem, func->entry, (size_t)len);
	for (uint64_t off = 0; p && off < len; off += step)
		if (looks_like_call(rt, tab, p + off, len - off, func->entry + off))
			return true;
	return false;
}

static void list_calls(struct hms_element *e)
{
	for (uint32_t i = 0; i < e->code->ninsns && e->ncalls < MAX_CALLS; i++) {
		const struct hms_insn *insn = &e->code->insns[i];

		if (insn->flow != HMS_FLOW_CALL || !insn->has_target ||
		    !is_assign(e->tab, insn->target))
			continue;
		HMS_GROW(e->calls, e->ncalls, e->cap_calls);
		e->calls[e->ncalls++] = i;
	}
}

static bool is_listed(const struct hms_element *e, uint32_t insn)
{
	uint32_t lo = 0, hi = e->ncalls;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (e->calls[mid] < insn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < e->ncalls && e->calls[lo] == insn;
}

/* ---- what leads to an element -------------------------------------------------------------- */

static uint32_t leads_to(struct hms_element *e, struct hms_val val, unsigned int depth,
			 bool *fuzzy_ret);

/* The call that all which meets in register @reg of block @block leads to: a loop that moves the
 * pointer on while it copies. */
static uint32_t meet(struct hms_element *e, uint32_t base, uint32_t block, uint8_t reg,
		     unsigned int depth)
{
	const struct hms_code *code = e->code;
	uint32_t call = NO_CALL;

	for (uint32_t b = 0; b < code->nblocks; b++) {
		const struct hms_code_block *from = &code->blocks[b];

		for (uint32_t i = 0; i < from->nsucc; i++) {
			struct hms_flow_state state;
			uint32_t other;
			bool fuzzy;

			if (code->succs[from->succ_first + i] != block)
				continue;
			hms_flow_after(e->flow, from->first + from->n - 1, &state);
			if (!state.reached || state.regs[reg].base == base)
				continue;
			other = leads_to(e, state.regs[reg], depth + 1, &fuzzy);
			if (other == NO_CALL || (call != NO_CALL && other != call))
				return NO_CALL;
			call = other;
		}
	}
	return call;
}

static uint32_t joined(struct hms_element *e, uint32_t base, uint32_t block, uint8_t reg,
		       unsigned int depth)
{
	uint32_t at = e->njoins, call;

	for (uint32_t i = 0; i < e->njoins; i++)
		if (e->joins[i].base == base)
			return e->joins[i].call;
	if (e->njoins == MAX_JOINS || depth == MAX_DEPTH)
		return NO_CALL;
	HMS_GROW(e->joins, e->njoins, e->cap_joins);
	e->joins[e->njoins++] = (struct joined){base, NO_CALL};
	/* meet() adds others, and the list moves. */
	call = meet(e, base, block, reg, depth);
	e->joins[at].call = call;
	return call;
}

/* The call of mapassign whose pointer @val is, moved on by val.off bytes; *fuzzy_ret: and by what
 * nobody knows.  NO_CALL: none. */
static uint32_t leads_to(struct hms_element *e, struct hms_val val, unsigned int depth,
			 bool *fuzzy_ret)
{
	struct hms_base base;

	*fuzzy_ret = false;
	hms_flow_base(e->flow, val.base, &base);
	if (base.kind == HMS_IS_JOIN) {
		*fuzzy_ret = true;
		return joined(e, val.base, base.at, base.reg, depth);
	}
	if (base.kind != HMS_IS_DEF || base.at >= e->code->ninsns ||
	    val.base != hms_flow_result(e->flow, base.at, e->register_abi).base)
		return NO_CALL;
	return is_listed(e, base.at) ? base.at : NO_CALL;
}

/* ---- stores -------------------------------------------------------------------------------- */

static uint64_t bytes_from(int64_t off)
{
	return off < 0 ? 0 : ~UINT64_C(0) << HMS_MIN(off, (int64_t)HMS_ELEMENT_BYTES - 1);
}

/* Bytes [off, off + size); size 0: up to the element's end. */
static uint64_t bytes_of(int64_t off, uint8_t size)
{
	if (off < 0 || !size)
		return bytes_from(off);
	return bytes_from(off) & ~(bytes_from(off + size - 1) << 1);
}

static void note_store(struct hms_element *e, uint32_t insn, struct hms_val addr, uint8_t size,
		       bool fuzzy)
{
	bool moved;
	uint32_t call = leads_to(e, addr, 0, &moved);

	if (call == NO_CALL)
		return;
	e->stores[insn] = call;
	e->bytes[insn] = fuzzy || moved ? 0 : bytes_of(addr.off, size);
}

/* Argument word @i of the function that is called. */
static struct hms_val outgoing(const struct hms_element *e, const struct hms_flow_state *state,
			       unsigned int i)
{
	static const uint8_t amd64[] = {HMS_REG_RAX, HMS_REG_RBX};

	if (e->register_abi)
		return state->regs[e->arch == HMS_ARCH_ARM64 ? i : amd64[i]];
	return hms_flow_stack_word(e->flow, state,
				   8 * (int64_t)i + (e->arch == HMS_ARCH_ARM64 ? 8 : 0));
}

/* Functions that store, and where they are told to: an argument, or a register by the machine. */
static const struct storer {
	const char *name;
	int8_t arg; /* -1: see amd64, arm64 */
	uint8_t amd64, arm64;
} storers[] = {
	{"runtime.memmove", 0, 0, 0},
	{"runtime.typedmemmove", 1, 0, 0},
	{"runtime.typedmemclr", 1, 0, 0},
	{"runtime.memclrNoHeapPointers", 0, 0, 0},
	{"runtime.memclrHasPointers", 0, 0, 0},
	{"runtime.duffcopy", -1, HMS_REG_RDI, 21},
	{"runtime.duffzero", -1, HMS_REG_RDI, 20},
};

/* To Go 1.20 a barrier does the store.  After that, "gcWriteBarrier2" and its like make room in
 * the barrier's buffer, and the store follows. */
static bool barrier_stores(const char *name)
{
	static const char prefix[] = "runtime.gcWriteBarrier";
	const char *rest = name + sizeof(prefix) - 1;

	return begins(name, prefix) && !(*rest >= '1' && *rest <= '9');
}

static void note_call(struct hms_element *e, uint32_t i, const struct hms_flow_state *state)
{
	bool arm = e->arch == HMS_ARCH_ARM64;
	struct hms_func callee;

	if (!callee_of(e, &e->code->insns[i], &callee))
		return;
	if (barrier_stores(callee.name))
		note_store(e, i, state->regs[arm ? 2 : HMS_REG_RDI], 8, false);
	for (size_t k = 0; k < HMS_ARRAY_LEN(storers); k++) {
		const struct storer *s = &storers[k];

		if (!strcmp(callee.name, s->name))
			note_store(e, i,
				   s->arg >= 0 ? outgoing(e, state, (unsigned int)s->arg)
					       : state->regs[arm ? s->arm64 : s->amd64],
				   0, false);
	}
}

/* 0: nobody knows, up to the end.  arm64 stores two registers with one instruction. */
static uint8_t bytes_stored(const struct hms_insn *insn, const struct hms_operand *mem)
{
	if (insn->repeated)
		return 0;
	return insn->op == HMS_INSN_PAIR ? (uint8_t)(2 * mem->size) : mem->size;
}

static void note_memory(struct hms_element *e, uint32_t i, const struct hms_flow_state *state,
			const struct hms_operand *mem)
{
	bool fuzzy;
	struct hms_val addr = hms_flow_address(state, mem, &fuzzy);

	note_store(e, i, addr, bytes_stored(&e->code->insns[i], mem), fuzzy);
}

static void list_stores(struct hms_element *e)
{
	size_t n = (size_t)e->code->ninsns + 1;

	e->stores = hms_xcalloc(n, sizeof(*e->stores));
	e->bytes = hms_xcalloc(n, sizeof(*e->bytes));
	for (uint32_t i = 0; i < e->code->ninsns; i++) {
		const struct hms_insn *insn = &e->code->insns[i];
		const struct hms_operand *mem = hms_insn_store(insn);
		struct hms_flow_state state;

		e->stores[i] = NO_CALL;
		if (insn->flow != HMS_FLOW_CALL && !mem)
			continue;
		hms_flow_at(e->flow, i, &state);
		if (!state.reached)
			continue;
		if (insn->flow == HMS_FLOW_CALL)
			note_call(e, i, &state);
		else
			note_memory(e, i, &state, mem);
	}
}

bool hms_element_stores(const struct hms_element *e, uint32_t insn, uint32_t call)
{
	return insn < e->code->ninsns && e->stores[insn] == call && call != NO_CALL;
}

/* ---- opening ------------------------------------------------------------------------------- */

struct hms_error *hms_element_open(const struct hms_rt *rt, const struct hms_pclntab *tab,
				   const struct hms_func *func, struct hms_element **ret)
{
	HMS_AUTO(hms_element) struct hms_element *e = NULL;
	bool settled;

	*ret = NULL;
	if (!has_calls(rt, tab, func))
		return NULL;
	e = hms_xcalloc(1, sizeof(*e));
	e->rt = rt;
	e->tab = tab;
	e->arch = rt->exe->arch;
	e->register_abi = hms_go_version_register_abi(&rt->version, e->arch);
	HMS_TRY(hms_disas_create(e->arch, &e->disas));
	HMS_TRY(hms_code_read(e->disas, rt->mem, tab, func, &e->code));
	list_calls(e);
	if (!e->ncalls)
		return NULL;
	e->flow = hms_flow_create(e->code, tab, e->arch, NULL, NULL, &settled);
	if (!settled || !e->code->complete)
		return hms_err(HMS_ERR_UNSUPPORTED, "cannot follow the code of %s", func->name);
	list_stores(e);
	*ret = hms_take(e);
	return NULL;
}

void hms_element_close(struct hms_element *e)
{
	if (!e)
		return;
	hms_flow_destroy(e->since);
	hms_flow_destroy(e->flow);
	hms_code_free(e->code);
	hms_disas_destroy(e->disas);
	free(e->calls);
	free(e->stores);
	free(e->bytes);
	free(e->joins);
	free(e);
}

const struct hms_code *hms_element_code(const struct hms_element *e)
{
	return e->code;
}

/* ---- behind -------------------------------------------------------------------------------- */

static void note_stored(void *arg, const struct hms_flow *flow, uint32_t i,
			struct hms_flow_state *state)
{
	const struct hms_element *e = arg;

	(void)flow;
	if (i == e->since_call) {
		state->always = state->ever = 0;
	} else if (e->stores[i] == e->since_call) {
		state->always |= e->bytes[i];
		state->ever |= e->bytes[i] ? e->bytes[i] : UINT64_MAX;
	}
}

/* The bytes that are stored between @call and instruction @insn. */
static bool look_behind(struct hms_element *e, uint32_t call, uint32_t insn,
			struct hms_flow_state *ret)
{
	bool settled = true;

	if (!e->since || e->since_call != call) {
		hms_flow_destroy(e->since);
		e->since_call = call;
		e->since = hms_flow_create(e->code, e->tab, e->arch, note_stored, e, &settled);
	}
	if (!settled) {
		hms_flow_destroy(e->since);
		e->since = NULL;
		return false;
	}
	hms_flow_at(e->since, insn, ret);
	return ret->reached;
}

/* ---- ahead --------------------------------------------------------------------------------- */

/* Ways on from an instruction, to the end of the function or the call itself. */
struct ahead {
	const struct hms_element *e;
	uint32_t call;
	bool past_stores; /* go on behind stores too */
	bool ends;        /* a way comes to an end */
	bool stores;      /* some store */
	uint64_t bytes;   /* theirs */
	bool *seen;       /* blocks whose start was met */
	uint32_t *todo;
	uint32_t ntodo;
};

/* Is the function left behind the last instruction of a block without successors (or, for a jump
 * on a condition, with one too few)?  Panics and traps lead nowhere. */
static bool leaves(const struct hms_element *e, const struct hms_code_block *block)
{
	const struct hms_insn *last = &e->code->insns[block->first + block->n - 1];
	struct hms_func callee;

	switch (last->flow) {
	case HMS_FLOW_TRAP: return false;
	case HMS_FLOW_CALL:
		return !block->nsucc && !(callee_of(e, last, &callee) &&
					  hms_callee_of(callee.name) == HMS_CALLEE_NO_RETURN);
	case HMS_FLOW_BRANCH: return block->nsucc < 2;
	case HMS_FLOW_NEXT:
	case HMS_FLOW_JUMP:
	case HMS_FLOW_RETURN: break;
	}
	return !block->nsucc;
}

/* From instruction @from of @block to the block's end, or to where this way ends. */
static void go_on(struct ahead *a, const struct hms_code_block *block, uint32_t from)
{
	const struct hms_element *e = a->e;

	for (uint32_t i = from; i < block->first + block->n; i++) {
		if (i == a->call) {
			a->ends = true;
			return;
		}
		if (e->stores[i] != a->call)
			continue;
		a->stores = true;
		a->bytes |= e->bytes[i];
		if (!a->past_stores)
			return;
	}
	a->ends |= leaves(e, block);
	for (uint32_t i = 0; i < block->nsucc; i++) {
		uint32_t next = e->code->succs[block->succ_first + i];

		if (!a->seen[next])
			a->todo[a->ntodo++] = next;
		a->seen[next] = true;
	}
}

static void walk_ahead(struct ahead *a, uint32_t insn)
{
	const struct hms_code *code = a->e->code;

	a->seen = hms_xcalloc(code->nblocks, sizeof(*a->seen));
	a->todo = hms_xcalloc((size_t)code->nblocks + 1, sizeof(*a->todo));
	go_on(a, &code->blocks[hms_code_block_of(code, insn)], insn);
	while (a->ntodo) {
		const struct hms_code_block *block = &code->blocks[a->todo[--a->ntodo]];

		go_on(a, block, block->first);
	}
	free(a->seen);
	free(a->todo);
}

/* Do all ways on from @insn store to the element of @call?  *bytes_ret: where. */
static bool look_ahead(const struct hms_element *e, uint32_t call, uint32_t insn,
		       uint64_t *bytes_ret)
{
	struct ahead first = {.e = e, .call = call};
	struct ahead all = {.e = e, .call = call, .past_stores = true};

	walk_ahead(&first, insn);
	if (first.ends || !first.stores)
		return false;
	walk_ahead(&all, insn);
	*bytes_ret = all.bytes;
	return true;
}

/* ---- questions ----------------------------------------------------------------------------- */

/* Index of the instruction at @pc, or of the call that returns there. */
static bool find_insn(const struct hms_code *code, uint64_t pc, bool in_call, uint32_t *ret)
{
	if (!in_call)
		return hms_code_find(code, pc, ret);
	if (pc == code->func.end)
		*ret = code->ninsns;
	else if (!hms_code_find(code, pc, ret))
		return false;
	return (*ret)-- > 0 && code->insns[*ret].flow == HMS_FLOW_CALL;
}

/* Values that lead to elements before an instruction: in stack slots first, which calls leave as
 * they are, then in registers. */
struct held {
	uint32_t call;
	bool fuzzy;
	struct hms_holder holder;
	int64_t off;
};

#define MAX_HELD (HMS_FLOW_SLOTS + HMS_FLOW_REGS)

static size_t list_held(struct hms_element *e, const struct hms_flow_state *state,
			struct held ret[MAX_HELD])
{
	size_t n = 0;

	for (uint32_t i = 0; i < state->nslots; i++) {
		const struct hms_flow_slot *slot = &state->slots[i];

		ret[n] = (struct held){.holder = {.kind = HMS_HELD_STACK, .off = slot->off},
				       .off = slot->val.off};
		ret[n].call = leads_to(e, slot->val, 0, &ret[n].fuzzy);
		n += ret[n].call != NO_CALL;
	}
	for (uint8_t reg = 0; reg < HMS_FLOW_REGS; reg++) {
		ret[n] = (struct held){.holder = {.kind = HMS_HELD_REG, .reg = reg},
				       .off = state->regs[reg].off};
		ret[n].call = leads_to(e, state->regs[reg], 0, &ret[n].fuzzy);
		n += ret[n].call != NO_CALL;
	}
	return n;
}

/* Where a pointer is on every path that leads to @insn, the call that returned it is too. */
static bool judge(struct hms_element *e, uint32_t call, uint32_t insn,
		  struct hms_element_point *ret)
{
	struct hms_flow_state behind;
	uint64_t ahead;

	*ret = (struct hms_element_point){.insn = insn, .call = call};
	if (call == insn || !look_ahead(e, call, insn, &ahead) ||
	    !look_behind(e, call, insn, &behind) ||
	    !callee_of(e, &e->code->insns[call], &ret->callee))
		return false;
	ret->always = behind.always;
	ret->ever = behind.ever;
	ret->due = ahead & ~behind.ever;
	return true;
}

/* Where the pointer of the element at @point is: in the first place of those that are held. */
static void find_pointer(const struct held *held, size_t n, struct hms_element_point *point)
{
	for (size_t i = n; i-- > 0;) {
		if (held[i].call != point->call || held[i].fuzzy)
			continue;
		point->pointer = held[i].holder;
		point->pointer_off = held[i].off;
	}
}

static int compare_calls(const void *a, const void *b)
{
	const struct hms_element_point *x = a, *y = b;

	return (x->call > y->call) - (x->call < y->call);
}

size_t hms_element_at(struct hms_element *e, uint64_t pc, bool in_call,
		      struct hms_element_point ret[HMS_ELEMENTS_DUE])
{
	struct held held[MAX_HELD];
	struct hms_flow_state state;
	size_t nheld, n = 0;
	uint32_t insn;

	if (!find_insn(e->code, pc, in_call, &insn))
		return 0;
	hms_flow_at(e->flow, insn, &state);
	nheld = state.reached ? list_held(e, &state, held) : 0;
	for (size_t i = 0; i < nheld && n < HMS_ELEMENTS_DUE; i++) {
		bool asked = false;

		for (size_t k = 0; k < i; k++)
			asked |= held[k].call == held[i].call;
		if (asked || !judge(e, held[i].call, insn, &ret[n]))
			continue;
		find_pointer(held, nheld, &ret[n]);
		ret[n].storing = e->stores[insn] == ret[n].call &&
				 (in_call || e->code->insns[insn].repeated);
		n++;
	}
	qsort(ret, n, sizeof(*ret), compare_calls);
	return n;
}
