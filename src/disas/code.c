#include "disas/code.h"

#include <string.h>

#include "util/arena.h"

#define MAX_FUNCTION (UINT64_C(2) << 20) /* bytes; the largest of the Go compiler have 200 KB */
#define MAX_EDGES    (1u << 20)
#define TABLE_BEFORE 64   /* instructions between a table's address and the jump */
#define MAX_TABLE    4096 /* entries of a jump table */

/* ---- called functions ---------------------------------------------------------------------- */

static bool begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* runtime.morestack returns, but then the function begins anew with the same arguments: a path
 * that adds nothing, and would make each argument a value that meets others at the entry. */
enum hms_callee hms_callee_of(const char *name)
{
	static const char *const no_return[] = {
		"runtime.gopanic", "runtime.goPanic", "runtime.panic", "runtime.throw",
		"runtime.fatal",   "runtime.goexit",  "runtime.abort", "runtime.morestack",
	};

	if (name && !strcmp(name, "internal/runtime/maps.fatal"))
		return HMS_CALLEE_NO_RETURN;
	if (!name || !begins(name, "runtime."))
		return HMS_CALLEE_ORDINARY;
	if (begins(name, "runtime.morestack"))
		return HMS_CALLEE_STACK;
	if (begins(name, "runtime.gcWriteBarrier"))
		return HMS_CALLEE_KEEPS;
	if (!strcmp(name, "runtime.duffcopy") || !strcmp(name, "runtime.duffzero"))
		return HMS_CALLEE_DUFF;
	for (size_t i = 0; i < HMS_ARRAY_LEN(no_return); i++)
		if (begins(name, no_return[i]))
			return HMS_CALLEE_NO_RETURN;
	return HMS_CALLEE_ORDINARY;
}

static bool never_returns(const struct hms_pclntab *tab, const struct hms_insn *insn)
{
	struct hms_func func;

	return insn->has_target && hms_pclntab_find(tab, insn->target, &func) &&
	       func.entry == insn->target && hms_callee_of(func.name) == HMS_CALLEE_NO_RETURN;
}

/* ---- instructions -------------------------------------------------------------------------- */

static void decode_all(struct hms_disas *disas, struct hms_code *code, size_t len)
{
	uint32_t cap = 0;
	size_t off = 0;

	while (off < len) {
		struct hms_insn *insn;

		HMS_GROW(code->insns, code->ninsns, cap);
		insn = &code->insns[code->ninsns++];
		hms_disas_decode(disas, code->bytes + off, len - off, code->func.entry + off, insn);
		if (insn->op == HMS_INSN_UNKNOWN)
			code->complete = false;
		off += insn->size;
	}
}

/* ---- arm64: loads and stores that stand for an atomic instruction --------------------------- */

#define EXCLUSIVE_SPAN 4 /* instructions from the load to the store */

/* What the load at @i begins: the store is skipped where a comparison fails; else what was loaded
 * is stored, and something added to it. */
static enum hms_insn_op exclusive_op(const struct hms_code *code, uint32_t i,
				     const struct hms_operand **value_ret)
{
	uint8_t loaded = code->insns[i].operands[0].reg;

	*value_ret = NULL;
	for (uint32_t k = i + 1; k < code->ninsns && k <= i + EXCLUSIVE_SPAN; k++) {
		const struct hms_insn *insn = &code->insns[k];

		if (insn->flow != HMS_FLOW_NEXT)
			return insn->flow == HMS_FLOW_BRANCH ? HMS_INSN_CMPXCHG : HMS_INSN_OTHER;
		if (insn->op == HMS_INSN_ADD && insn->noperands == 3)
			*value_ret = &insn->operands[insn->operands[1].reg == loaded ? 2 : 1];
		if (insn->op == HMS_INSN_STORE_EXCLUSIVE)
			return *value_ret ? HMS_INSN_XADD : HMS_INSN_OTHER;
	}
	return HMS_INSN_OTHER;
}

/* Where the processor may lack atomic instructions, a loop of such a load and store is the other
 * path.  The load is made that instruction: it is on every path, as the store is not.  Operands are
 * those of the atomic ones: memory, and what is added. */
static void join_exclusives(struct hms_code *code)
{
	for (uint32_t i = 0; i < code->ninsns; i++) {
		struct hms_insn *insn = &code->insns[i];
		const struct hms_operand *value;

		if (insn->op != HMS_INSN_LOAD_EXCLUSIVE || insn->noperands != 2)
			continue;
		insn->op = exclusive_op(code, i, &value);
		if (insn->op == HMS_INSN_OTHER)
			continue;
		insn->locked = true;
		insn->noperands = 1;
		insn->operands[0] = insn->operands[1];
		insn->operands[0].written = true;
		if (value)
			insn->operands[insn->noperands++] = *value;
	}
}

bool hms_code_find(const struct hms_code *code, uint64_t addr, uint32_t *ret)
{
	uint32_t lo = 0, hi = code->ninsns;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (code->insns[mid].addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == code->ninsns || code->insns[lo].addr != addr)
		return false;
	*ret = lo;
	return true;
}

/* ---- where jumps lead ---------------------------------------------------------------------- */

/* While blocks are made: where instructions lead besides to the next one. */
struct edges {
	const struct hms_mem *mem;
	const struct hms_pclntab *tab;
	struct edge {
		uint32_t from, to; /* instructions */
	} * list;
	uint32_t n, cap;
	bool *leads; /* by instruction: a block begins here */
	bool *ends;  /* by instruction: none but the list's edges go on from here */
};

static void add_edge(struct hms_code *code, struct edges *edges, uint32_t from, uint64_t target)
{
	uint32_t to;

	if (target < code->func.entry || target >= code->func.end)
		return; /* a tail call: the function is left */
	if (edges->n == MAX_EDGES || !hms_code_find(code, target, &to)) {
		code->complete = false;
		return;
	}
	HMS_GROW(edges->list, edges->n, edges->cap);
	edges->list[edges->n++] = (struct edge){from, to};
	edges->leads[to] = true;
}

/* The instruction that wrote register @reg last before @at, in the order of the code: the compiler
 * puts a jump table's address just before the jump.  NULL: none near. */
static const struct hms_insn *writer_of(const struct hms_code *code, uint32_t at, uint8_t reg)
{
	for (uint32_t i = at; i-- > 0 && at - i <= TABLE_BEFORE;)
		if (code->insns[i].writes >> reg & 1)
			return &code->insns[i];
	return NULL;
}

/* amd64: "lea reg, [rip + n]"; arm64: "adrp reg, page", "add reg, reg, #n". */
static bool table_address(const struct hms_code *code, uint32_t at, uint8_t reg, uint64_t *ret)
{
	const struct hms_insn *insn = writer_of(code, at, reg);
	const struct hms_operand *ops = insn ? insn->operands : NULL;
	uint64_t off = 0;

	if (insn && insn->op == HMS_INSN_ADD && insn->noperands == 3 &&
	    ops[1].kind == HMS_OPERAND_REG && ops[2].kind == HMS_OPERAND_IMM) {
		off = (uint64_t)ops[2].imm;
		insn = writer_of(code, (uint32_t)(insn - code->insns), ops[1].reg);
		ops = insn ? insn->operands : NULL;
	}
	if (!insn || insn->op != HMS_INSN_LEA || insn->noperands != 2)
		return false;
	if (ops[1].kind == HMS_OPERAND_IMM)
		*ret = (uint64_t)ops[1].imm + off;
	else if (ops[1].kind == HMS_OPERAND_MEM && ops[1].base == HMS_REG_NONE)
		*ret = (uint64_t)ops[1].disp + off;
	else
		return false;
	return true;
}

/* The entry of a jump table that the instruction jumps by; arm64: "ldr x27, [x1, x0, lsl #3]",
 * "br x27". */
static const struct hms_operand *table_entry(const struct hms_code *code, uint32_t at)
{
	const struct hms_insn *insn = &code->insns[at];

	if (insn->noperands != 1)
		return NULL;
	if (insn->operands[0].kind != HMS_OPERAND_REG || insn->operands[0].reg >= HMS_NREGS)
		return &insn->operands[0];
	insn = writer_of(code, at, insn->operands[0].reg);
	if (!insn || insn->op != HMS_INSN_MOVE || insn->noperands != 2)
		return NULL;
	return &insn->operands[1];
}

/* "jmp [table + index * 8]" or its like: Go 1.19 and later, for large switches.  Entries that lead
 * into the function are believed: those of a neighbouring table of the same function only add
 * paths. */
static bool follow_table(struct hms_code *code, struct edges *edges, uint32_t at)
{
	const struct hms_operand *op = table_entry(code, at);
	uint64_t table, target;
	uint32_t i;

	if (!op || op->kind != HMS_OPERAND_MEM || op->base == HMS_REG_NONE ||
	    op->index == HMS_REG_NONE || op->scale != 8 ||
	    !table_address(code, at, op->base, &table))
		return false;
	for (i = 0; i < MAX_TABLE; i++) {
		const uint8_t *p = hms_mem_peek(edges->mem, table + 8 * (uint64_t)i, 8);

		target = p ? hms_le64(p) : 0;
		if (target < code->func.entry || target >= code->func.end)
			break;
		add_edge(code, edges, at, target);
	}
	return i > 0;
}

static void follow(struct hms_code *code, struct edges *edges, uint32_t i)
{
	const struct hms_insn *insn = &code->insns[i];

	switch (insn->flow) {
	case HMS_FLOW_NEXT: return;
	case HMS_FLOW_CALL: edges->ends[i] = never_returns(edges->tab, insn); return;
	case HMS_FLOW_BRANCH:
		edges->leads[i + 1] = true;
		if (insn->has_target)
			add_edge(code, edges, i, insn->target);
		else
			code->complete = false;
		return;
	case HMS_FLOW_JUMP:
		if (insn->has_target)
			add_edge(code, edges, i, insn->target);
		else if (!follow_table(code, edges, i))
			code->complete = false;
		break;
	case HMS_FLOW_RETURN:
	case HMS_FLOW_TRAP: break;
	}
	edges->ends[i] = true;
}

/* ---- blocks -------------------------------------------------------------------------------- */

static void cut_blocks(struct hms_code *code, const struct edges *edges)
{
	uint32_t cap = 0;

	for (uint32_t i = 0; i < code->ninsns; i++) {
		if (i && !edges->leads[i] && !edges->ends[i - 1]) {
			code->blocks[code->nblocks - 1].n++;
			continue;
		}
		HMS_GROW(code->blocks, code->nblocks, cap);
		code->blocks[code->nblocks++] = (struct hms_code_block){.first = i, .n = 1};
	}
}

bool hms_code_call_at(const struct hms_code *code, uint64_t pc, uint64_t target, uint32_t *ret)
{
	const struct hms_insn *insn;

	if (!hms_code_find(code, pc, ret))
		return false;
	insn = &code->insns[*ret];
	return insn->flow == HMS_FLOW_CALL && insn->has_target && insn->target == target;
}

uint32_t hms_code_block_of(const struct hms_code *code, uint32_t insn)
{
	uint32_t lo = 0, hi = code->nblocks;

	while (lo + 1 < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (code->blocks[mid].first <= insn)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* The edges were found in the order of the instructions that they come from. */
static void link_blocks(struct hms_code *code, const struct edges *edges)
{
	uint32_t e = 0, n = 0;

	code->succs = hms_xcalloc((size_t)edges->n + code->nblocks + 1, sizeof(*code->succs));
	for (uint32_t b = 0; b < code->nblocks; b++) {
		struct hms_code_block *block = &code->blocks[b];
		uint32_t last = block->first + block->n - 1;

		block->succ_first = n;
		if (!edges->ends[last] && b + 1 < code->nblocks)
			code->succs[n++] = b + 1;
		for (; e < edges->n && edges->list[e].from <= last; e++)
			code->succs[n++] = hms_code_block_of(code, edges->list[e].to);
		block->nsucc = n - block->succ_first;
	}
}

static void make_blocks(struct hms_code *code, const struct hms_mem *mem,
			const struct hms_pclntab *tab)
{
	struct edges edges = {.mem = mem, .tab = tab};

	edges.leads = hms_xcalloc((size_t)code->ninsns + 1, sizeof(bool));
	edges.ends = hms_xcalloc((size_t)code->ninsns + 1, sizeof(bool));
	for (uint32_t i = 0; i < code->ninsns; i++)
		follow(code, &edges, i);
	cut_blocks(code, &edges);
	link_blocks(code, &edges);
	free(edges.leads);
	free(edges.ends);
	free(edges.list);
}

bool hms_code_reaches(const struct hms_code *code, uint32_t from, uint32_t to)
{
	HMS_AUTO_FREE bool *seen = hms_xcalloc(code->nblocks, sizeof(bool));
	HMS_AUTO_FREE uint32_t *todo = hms_xcalloc((size_t)code->nblocks + 1, sizeof(*todo));
	uint32_t n = 0;

	todo[n++] = from;
	while (n) {
		const struct hms_code_block *block = &code->blocks[todo[--n]];

		for (uint32_t i = 0; i < block->nsucc; i++) {
			uint32_t next = code->succs[block->succ_first + i];

			if (next == to)
				return true;
			if (!seen[next])
				todo[n++] = next;
			seen[next] = true;
		}
	}
	return false;
}

/* ---- reading ------------------------------------------------------------------------------- */

struct hms_error *hms_code_read(struct hms_disas *disas, const struct hms_mem *mem,
				const struct hms_pclntab *tab, const struct hms_func *func,
				struct hms_code **ret)
{
	HMS_AUTO(hms_code) struct hms_code *code = hms_xcalloc(1, sizeof(*code));
	uint64_t len = func->end - func->entry;

	if (func->end <= func->entry || len > MAX_FUNCTION)
		return hms_err(HMS_ERR_LIMIT, "cannot take a function of %llu bytes apart",
			       (unsigned long long)len);
	HMS_TRY(hms_mem_view(mem, func->entry, len, &code->bytes));
	code->func = *func;
	code->complete = true;
	decode_all(disas, code, len);
	join_exclusives(code);
	make_blocks(code, mem, tab);
	*ret = hms_take(code);
	return NULL;
}

void hms_code_free(struct hms_code *code)
{
	if (!code)
		return;
	free(code->insns);
	free(code->blocks);
	free(code->succs);
	free(code);
}
