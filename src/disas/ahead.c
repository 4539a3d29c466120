#include "disas/ahead.h"

#include <string.h>

#include "util/arena.h"

#define BELOW     256 /* bytes below the stack pointer, for what is pushed */
#define FRAME     (BELOW + HMS_AHEAD_FRAME)
#define MAX_INSNS (1u << 14) /* of all paths together */
#define MAX_PATHS 256        /* to come back to */

struct hms_ahead_state {
	uint32_t insn;
	struct hms_ahead_word regs[HMS_AHEAD_REGS];
	uint64_t frame; /* address of bytes[0] */
	uint8_t bytes[FRAME];
	bool known[FRAME];
};

struct run {
	const struct hms_ahead_code *code;
	hms_ahead_visit *visit;
	void *arg;
	uint8_t sp;
	uint32_t insns;
	struct hms_ahead_state *todo;
	uint32_t ntodo, cap_todo;
};

static const struct hms_ahead_word unknown = {HMS_AHEAD_UNKNOWN, 0};

static struct hms_ahead_word value(uint64_t n)
{
	return (struct hms_ahead_word){HMS_AHEAD_VALUE, n};
}

static bool both_known(struct hms_ahead_word a, struct hms_ahead_word b)
{
	return a.kind == HMS_AHEAD_VALUE && b.kind == HMS_AHEAD_VALUE;
}

/* The lowest @size bytes. */
static uint64_t cut(uint64_t n, unsigned int size)
{
	return size && size < 8 ? n & ((UINT64_C(1) << 8 * size) - 1) : n;
}

/* ---- the frame ----------------------------------------------------------------------------- */

static bool in_frame(const struct hms_ahead_state *state, uint64_t addr, uint64_t len)
{
	return addr - state->frame < FRAME && len <= FRAME - (addr - state->frame);
}

static void forget(struct hms_ahead_state *state, uint64_t addr, uint64_t len)
{
	uint64_t from = addr - state->frame;

	/* It may begin below. */
	if (from >= FRAME && 0 - from < len) {
		len -= 0 - from;
		from = 0;
	}
	if (from < FRAME)
		memset(state->known + from, false, HMS_MIN(len, FRAME - from));
}

static void keep(struct hms_ahead_state *state, uint64_t addr, unsigned int size,
		 struct hms_ahead_word word)
{
	if (word.kind != HMS_AHEAD_VALUE || !size || size > 8 || !in_frame(state, addr, size)) {
		forget(state, addr, size ? size : 64);
		return;
	}
	memcpy(state->bytes + (addr - state->frame), &word.value, size);
	memset(state->known + (addr - state->frame), true, size);
}

static struct hms_ahead_word frame_word(const struct hms_ahead_state *state, uint64_t addr,
					unsigned int size)
{
	uint64_t n = 0;

	if (!size || size > 8 || !in_frame(state, addr, size))
		return unknown;
	for (unsigned int i = 0; i < size; i++)
		if (!state->known[addr - state->frame + i])
			return unknown;
	memcpy(&n, state->bytes + (addr - state->frame), size);
	return value(n);
}

struct hms_ahead_word hms_ahead_stack(const struct hms_ahead_state *state, uint64_t addr)
{
	return frame_word(state, addr, 8);
}

/* ---- registers and memory ------------------------------------------------------------------ */

struct hms_ahead_word hms_ahead_reg(const struct hms_ahead_state *state, uint8_t reg)
{
	return reg < HMS_AHEAD_REGS ? state->regs[reg] : unknown;
}

static void set_reg(struct hms_ahead_state *state, const struct hms_operand *operand,
		    struct hms_ahead_word word)
{
	struct hms_ahead_word *reg;

	if (operand->reg >= HMS_AHEAD_REGS)
		return;
	reg = &state->regs[operand->reg];
	if (operand->size < 4 && !both_known(*reg, word))
		word = unknown;
	else if (operand->size < 4)
		word.value = (reg->value & ~cut(UINT64_MAX, operand->size)) |
			     cut(word.value, operand->size);
	else if (word.kind == HMS_AHEAD_VALUE)
		word.value = cut(word.value, operand->size);
	else if (operand->size != 8)
		word = unknown;
	*reg = operand->size ? word : unknown;
}

static struct hms_ahead_word address(const struct hms_ahead_state *state,
				     const struct hms_operand *operand)
{
	struct hms_ahead_word base = value(0), index = value(0);

	if (operand->base != HMS_REG_NONE)
		base = hms_ahead_reg(state, operand->base);
	if (operand->index != HMS_REG_NONE)
		index = hms_ahead_reg(state, operand->index);
	if (!both_known(base, index) || (operand->index != HMS_REG_NONE && !operand->scale))
		return unknown;
	return value(base.value + index.value * operand->scale + (uint64_t)operand->disp);
}

static struct hms_ahead_word load(const struct run *run, const struct hms_ahead_state *state,
				  const struct hms_operand *operand)
{
	struct hms_ahead_word at = address(state, operand), word;
	const struct hms_ahead_code *code = run->code;
	uint64_t n = 0;
	const uint8_t *p;

	if (at.kind != HMS_AHEAD_VALUE || !operand->size || operand->size > 8)
		return unknown;
	if (in_frame(state, at.value, 1))
		return frame_word(state, at.value, operand->size);
	if (at.value >= code->fixed && at.value < code->fixed_end) {
		p = hms_mem_peek(code->mem, at.value, operand->size);
		if (!p)
			return unknown;
		memcpy(&n, p, operand->size);
		return value(n);
	}
	word = (struct hms_ahead_word){HMS_AHEAD_LOADED, at.value};
	return operand->size == 8 ? word : unknown;
}

static struct hms_ahead_word operand_word(const struct run *run,
					  const struct hms_ahead_state *state,
					  const struct hms_operand *operand)
{
	struct hms_ahead_word word;

	switch (operand->kind) {
	case HMS_OPERAND_IMM: return value((uint64_t)operand->imm);
	case HMS_OPERAND_MEM: return load(run, state, operand);
	case HMS_OPERAND_REG: break;
	}
	/* Of size 0 are registers that are shifted or extended first. */
	word = operand->size || operand->shl ? hms_ahead_reg(state, operand->reg) : unknown;
	if (word.kind == HMS_AHEAD_VALUE)
		word.value = operand->size ? cut(word.value, operand->size)
					   : word.value << (operand->shl & 63);
	return operand->size == 8 || word.kind == HMS_AHEAD_VALUE ? word : unknown;
}

/* ---- what instructions make ---------------------------------------------------------------- */

static struct hms_ahead_word combine(enum hms_insn_op op, struct hms_ahead_word a,
				     struct hms_ahead_word b)
{
	if (!both_known(a, b))
		return unknown;
	switch (op) {
	case HMS_INSN_ADD: return value(a.value + b.value);
	case HMS_INSN_SUB: return value(a.value - b.value);
	case HMS_INSN_AND: return value(a.value & b.value);
	case HMS_INSN_OR: return value(a.value | b.value);
	case HMS_INSN_XOR: return value(a.value ^ b.value);
	case HMS_INSN_MUL: return value(a.value * b.value);
	case HMS_INSN_SHL: return b.value < 32 ? value(a.value << b.value) : unknown;
	case HMS_INSN_SHR: return b.value < 32 ? value(a.value >> b.value) : unknown;
	default: return unknown;
	}
}

static bool clears(const struct hms_insn *insn)
{
	return insn->op == HMS_INSN_XOR && insn->noperands == 2 &&
	       insn->operands[0].kind == HMS_OPERAND_REG &&
	       insn->operands[1].kind == HMS_OPERAND_REG &&
	       insn->operands[0].reg == insn->operands[1].reg && insn->operands[0].size >= 4;
}

/* What the instruction puts into operand 0. */
static struct hms_ahead_word result(const struct run *run, const struct hms_ahead_state *state,
				    const struct hms_insn *insn)
{
	const struct hms_operand *ops = insn->operands;
	size_t n = insn->noperands;

	if (clears(insn))
		return value(0);
	switch (insn->op) {
	case HMS_INSN_MOVE: return n == 2 ? operand_word(run, state, &ops[1]) : unknown;
	case HMS_INSN_LEA:
		if (n == 2 && ops[1].kind == HMS_OPERAND_IMM)
			return value((uint64_t)ops[1].imm);
		return n == 2 ? address(state, &ops[1]) : unknown;
	case HMS_INSN_INC:
		return n ? combine(HMS_INSN_ADD, operand_word(run, state, ops), value(1)) : unknown;
	case HMS_INSN_DEC:
		return n ? combine(HMS_INSN_SUB, operand_word(run, state, ops), value(1)) : unknown;
	case HMS_INSN_MADD:
		return n == 4 ? combine(HMS_INSN_ADD,
					combine(HMS_INSN_MUL, operand_word(run, state, &ops[1]),
						operand_word(run, state, &ops[2])),
					operand_word(run, state, &ops[3]))
			      : unknown;
	default:
		/* "add rax, rcx"; "imul rax, rcx, 24", "add x0, x1, x2" */
		return n == 2 || n == 3 ? combine(insn->op, operand_word(run, state, &ops[n - 2]),
						  operand_word(run, state, &ops[n - 1]))
					: unknown;
	}
}

/* Writes operand 0, and nothing else that is kept track of. */
static bool is_plain(enum hms_insn_op op)
{
	switch (op) {
	case HMS_INSN_MOVE:
	case HMS_INSN_LEA:
	case HMS_INSN_ADD:
	case HMS_INSN_SUB:
	case HMS_INSN_AND:
	case HMS_INSN_OR:
	case HMS_INSN_XOR:
	case HMS_INSN_INC:
	case HMS_INSN_DEC:
	case HMS_INSN_COMPARE:
	case HMS_INSN_PUSH:
	case HMS_INSN_MUL:
	case HMS_INSN_MADD:
	case HMS_INSN_SHL:
	case HMS_INSN_SHR: return true;
	default: return false;
	}
}

/* Registers that the instruction may write, also those that a decoder forgets. */
static void clobber(const struct run *run, struct hms_ahead_state *state,
		    const struct hms_insn *insn)
{
	struct hms_ahead_word sp = state->regs[run->sp];

	for (uint8_t reg = 0; reg < HMS_AHEAD_REGS; reg++)
		if (insn->writes >> reg & 1)
			state->regs[reg] = unknown;
	/* Exchanges write both operands. */
	for (size_t i = 0; !is_plain(insn->op) && i < insn->noperands; i++)
		if (insn->operands[i].kind == HMS_OPERAND_REG && (!i || insn->locked))
			set_reg(state, &insn->operands[i], unknown);
	if (insn->op == HMS_INSN_PUSH) {
		state->regs[run->sp] = combine(HMS_INSN_SUB, sp, value(8));
		forget(state, state->regs[run->sp].value, 8);
	} else if (insn->op == HMS_INSN_POP)
		state->regs[run->sp] = combine(HMS_INSN_ADD, sp, value(8));
}

/* ---- calls --------------------------------------------------------------------------------- */

#define SPILL_BYTES 72 /* nine integer registers: the argument area of an unknown callee */

/* What it returns and leaves in registers is unknown; the frame it leaves alone, but for its own
 * arguments. */
static void call(const struct run *run, struct hms_ahead_state *state, const struct hms_insn *insn)
{
	bool arm = run->code->arch == HMS_ARCH_ARM64;
	struct hms_ahead_word sp = state->regs[run->sp];
	uint64_t args = SPILL_BYTES;
	struct hms_func callee;

	if (insn->has_target && hms_pclntab_find(run->code->tab, insn->target, &callee)) {
		if (hms_callee_of(callee.name) == HMS_CALLEE_KEEPS) {
			state->regs[arm ? 25 : 11] = unknown;
			return;
		}
		if (callee.args >= 0)
			args = (uint64_t)callee.args;
	}
	for (uint8_t reg = 0; reg < HMS_AHEAD_REGS; reg++)
		state->regs[reg] = unknown;
	state->regs[run->sp] = sp;
	if (sp.kind == HMS_AHEAD_VALUE)
		forget(state, sp.value, args + 8);
	else
		memset(state->known, false, sizeof(state->known));
}

static enum hms_callee callee_kind(const struct run *run, const struct hms_insn *insn)
{
	struct hms_func callee;

	if (!insn->has_target || !hms_pclntab_find(run->code->tab, insn->target, &callee))
		return HMS_CALLEE_ORDINARY;
	return hms_callee_of(callee.name);
}

/* ---- paths --------------------------------------------------------------------------------- */

static enum hms_ahead_verdict tell(const struct run *run, const struct hms_ahead_event *event)
{
	return run->visit(run->arg, event);
}

static enum hms_ahead_verdict end(const struct run *run, const struct hms_ahead_state *state,
				  bool returns)
{
	struct hms_ahead_event event = {
		.what = returns ? HMS_AHEAD_RETURN : HMS_AHEAD_LOST,
		.insn = state->insn,
		.state = state,
	};

	return tell(run, &event) == HMS_AHEAD_STOP ? HMS_AHEAD_STOP : HMS_AHEAD_NEXT_PATH;
}

/* Something is stored: outside of the frame it is told. */
static enum hms_ahead_verdict store(const struct run *run, struct hms_ahead_state *state,
				    const struct hms_operand *mem, uint8_t size,
				    struct hms_ahead_word made)
{
	struct hms_ahead_event event = {HMS_AHEAD_STORE, state->insn, address(state, mem), size,
					state};

	if (event.addr.kind != HMS_AHEAD_VALUE || !in_frame(state, event.addr.value, 1))
		return tell(run, &event);
	keep(state, event.addr.value, size, made);
	return HMS_AHEAD_GO_ON;
}

/* arm64: "stp x0, x1, [sp, #8]", "ldp x0, x1, [sp, #8]". */
static enum hms_ahead_verdict step_pair(const struct run *run, struct hms_ahead_state *state,
					const struct hms_insn *insn)
{
	const struct hms_operand *ops = insn->operands;
	const struct hms_operand second = hms_insn_second(insn);
	enum hms_ahead_verdict verdict = HMS_AHEAD_GO_ON;
	struct hms_ahead_word words[2];

	if (insn->noperands < 3 || ops[2].kind != HMS_OPERAND_MEM)
		return end(run, state, false);
	if (hms_insn_store(insn)) {
		words[1] = operand_word(run, state, &ops[1]);
		verdict =
			store(run, state, &ops[2], ops[2].size, operand_word(run, state, &ops[0]));
		if (verdict == HMS_AHEAD_GO_ON)
			verdict = store(run, state, &second, second.size, words[1]);
		clobber(run, state, insn);
		return verdict;
	}
	words[0] = load(run, state, &ops[2]);
	words[1] = load(run, state, &second);
	clobber(run, state, insn);
	for (size_t i = 0; i < 2; i++)
		if (ops[i].kind == HMS_OPERAND_REG)
			set_reg(state, &ops[i], words[i]);
	return verdict;
}

/* The effect of an instruction that only goes on to the next. */
static enum hms_ahead_verdict step(const struct run *run, struct hms_ahead_state *state,
				   const struct hms_insn *insn)
{
	const struct hms_operand *mem = hms_insn_store(insn), *dest = insn->operands;
	struct hms_ahead_word made = result(run, state, insn);
	enum hms_ahead_verdict verdict = HMS_AHEAD_GO_ON;

	if (insn->op == HMS_INSN_PAIR)
		return step_pair(run, state, insn);
	if (mem && insn->repeated) {
		struct hms_ahead_event event = {HMS_AHEAD_STORE, state->insn, unknown, 0, state};

		verdict = tell(run, &event);
		memset(state->known, false, sizeof(state->known));
	} else if (mem) {
		/* arm64 writes "str x0, [x1]": what is stored comes first. */
		if (mem != dest)
			made = insn->op == HMS_INSN_MOVE ? operand_word(run, state, dest) : unknown;
		verdict = store(run, state, mem, is_plain(insn->op) ? mem->size : 0, made);
	}
	clobber(run, state, insn);
	if (!mem && insn->noperands && dest->kind == HMS_OPERAND_REG && dest->written &&
	    is_plain(insn->op))
		set_reg(state, dest, made);
	return verdict;
}

static bool fork_path(struct run *run, const struct hms_ahead_state *state, uint32_t to)
{
	if (run->ntodo == MAX_PATHS)
		return false;
	HMS_GROW(run->todo, run->ntodo, run->cap_todo);
	run->todo[run->ntodo] = *state;
	run->todo[run->ntodo++].insn = to;
	return true;
}

/* The instruction's effect and where the path goes: NEXT_PATH where it ends. */
static enum hms_ahead_verdict go(struct run *run, struct hms_ahead_state *state)
{
	const struct hms_insn *insn = &run->code->code->insns[state->insn];
	uint32_t to = state->insn + 1;

	switch (insn->flow) {
	case HMS_FLOW_TRAP: return HMS_AHEAD_NEXT_PATH;
	case HMS_FLOW_RETURN: return end(run, state, true);
	case HMS_FLOW_CALL:
		switch (callee_kind(run, insn)) {
		case HMS_CALLEE_NO_RETURN: return HMS_AHEAD_NEXT_PATH;
		case HMS_CALLEE_STACK: return end(run, state, false);
		default: call(run, state, insn); break;
		}
		break;
	case HMS_FLOW_JUMP:
	case HMS_FLOW_BRANCH:
		if (!insn->has_target || !hms_code_find(run->code->code, insn->target, &to))
			return end(run, state, false);
		if (insn->flow == HMS_FLOW_BRANCH && !fork_path(run, state, to))
			return HMS_AHEAD_STOP;
		if (insn->flow == HMS_FLOW_BRANCH)
			to = state->insn + 1;
		break;
	case HMS_FLOW_NEXT: {
		enum hms_ahead_verdict verdict = step(run, state, insn);

		if (insn->op == HMS_INSN_UNKNOWN)
			return end(run, state, false);
		if (verdict != HMS_AHEAD_GO_ON)
			return verdict;
		break;
	}
	}
	state->insn = to;
	return to < run->code->code->ninsns ? HMS_AHEAD_GO_ON : end(run, state, false);
}

static bool follow(struct run *run)
{
	while (run->ntodo) {
		struct hms_ahead_state state = run->todo[--run->ntodo];
		enum hms_ahead_verdict verdict = HMS_AHEAD_GO_ON;

		while (verdict == HMS_AHEAD_GO_ON) {
			if (run->insns++ == MAX_INSNS)
				return false;
			verdict = go(run, &state);
		}
		if (verdict == HMS_AHEAD_STOP)
			return false;
	}
	return true;
}

/* Behind the call that goes on. */
static bool leave_call(const struct run *run, struct hms_ahead_state *state,
		       const struct hms_ahead_start *start)
{
	const struct hms_insn *insn = &run->code->code->insns[start->insn];
	enum hms_callee kind = callee_kind(run, insn);

	if (insn->flow != HMS_FLOW_CALL || kind == HMS_CALLEE_STACK ||
	    (kind == HMS_CALLEE_NO_RETURN && !start->returns))
		return false;
	call(run, state, insn);
	state->insn++;
	return state->insn < run->code->code->ninsns;
}

bool hms_ahead(const struct hms_ahead_code *code, const struct hms_ahead_start *start,
	       hms_ahead_visit *visit, void *arg)
{
	uint8_t sp = code->arch == HMS_ARCH_ARM64 ? HMS_REG_SP : HMS_REG_RSP;
	struct run run = {.code = code, .visit = visit, .arg = arg, .sp = sp};
	struct hms_ahead_state state = {.insn = start->insn};
	size_t frame = HMS_MIN(start->frame_len, (size_t)HMS_AHEAD_FRAME);
	bool all;

	if (!(start->known >> sp & 1) || start->insn >= code->code->ninsns)
		return false;
	for (uint8_t reg = 0; reg < HMS_AHEAD_REGS; reg++)
		if (start->known >> reg & 1)
			state.regs[reg] = value(start->regs[reg]);
	state.frame = start->regs[sp] - BELOW;
	memcpy(state.bytes + BELOW, start->frame, frame);
	memset(state.known + BELOW, true, frame);
	if (start->in_call && !leave_call(&run, &state, start))
		return false;
	all = fork_path(&run, &state, state.insn) && follow(&run);
	free(run.todo);
	return all;
}
