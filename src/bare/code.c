/*
 * The variables that map hashes rest on, by the functions that use them, which the function tables
 * name (src/runtime/alg.go, asm_*.s, hash64.go; from Go 1.27 src/internal/runtime/maps).
 */
#include "bare/private.h"

#include "disas/code.h"
#include "util/arena.h"

#define MAX_INSNS 256 /* of a function that are looked at */

/* What code says of a variable: the lowest address in the program's variables that @function
 * accesses with @size bytes, or (size 0) makes a pointer to. */
struct use {
	const char *functions[3]; /* by releases, the newest first */
	uint8_t size;             /* amd64 */
	uint8_t size_arm64;
	bool first; /* not the lowest: the first in the code */
};

struct row {
	const char *names[2]; /* of the variable: from Go 1.27 on, before */
	struct use use;
};

static const struct row rows[] = {
	{{"internal/runtime/maps.UseAeshash", "runtime.useAeshash"},
	 {{"internal/runtime/maps.MemHash64", "internal/runtime/maps.memHash64",
	   "runtime.memhash64"},
	  1,
	  1,
	  true}},
	{{"internal/runtime/maps.aeskeysched", "runtime.aeskeysched"},
	 {{"internal/runtime/maps.memHash64AES", "runtime.memhash64"}, 16, 0, false}},
	{{"internal/runtime/maps.hashkey", "runtime.hashkey"},
	 {{"internal/runtime/maps.memHash64Fallback", "internal/runtime/maps.MemHash64",
	   "runtime.memhash64Fallback"},
	  8,
	  8,
	  false}},
};

/* ---- addresses in code ---------------------------------------------------------------------- */

/* Registers that hold an address made relative to the program counter (arm64: adrp, add). */
struct registers {
	uint64_t value[HMS_NREGS];
	uint64_t known;
};

static bool known(const struct registers *r, uint8_t reg)
{
	return reg < HMS_NREGS && r->known >> reg & 1;
}

/* The address that a memory operand stands for; false: nobody knows. */
static bool address_of(const struct registers *r, const struct hms_operand *operand, uint64_t *ret)
{
	if (operand->kind != HMS_OPERAND_MEM || operand->index != HMS_REG_NONE)
		return false;
	*ret = (uint64_t)operand->disp;
	if (operand->base == HMS_REG_NONE)
		return true;
	if (!known(r, operand->base))
		return false;
	*ret += r->value[operand->base];
	return true;
}

/* The value that @insn puts into its first operand, if that is an address. */
static bool made_address(const struct registers *r, const struct hms_insn *insn, uint64_t *ret)
{
	const struct hms_operand *from = &insn->operands[1];

	if (insn->op == HMS_INSN_LEA && insn->noperands >= 2) {
		if (from->kind == HMS_OPERAND_IMM) {
			*ret = (uint64_t)from->imm;
			return true;
		}
		return address_of(r, from, ret);
	}
	if (insn->op == HMS_INSN_ADD && insn->noperands == 3 && from->kind == HMS_OPERAND_REG &&
	    known(r, from->reg) && insn->operands[2].kind == HMS_OPERAND_IMM) {
		*ret = r->value[from->reg] + (uint64_t)insn->operands[2].imm;
		return true;
	}
	return false;
}

static void note_registers(struct registers *r, const struct hms_insn *insn)
{
	uint64_t value = 0;
	bool made = insn->noperands && insn->operands[0].kind == HMS_OPERAND_REG &&
		    insn->operands[0].reg < HMS_NREGS && made_address(r, insn, &value);

	r->known &= ~insn->writes;
	if (made) {
		r->known |= UINT64_C(1) << insn->operands[0].reg;
		r->value[insn->operands[0].reg] = value;
	}
}

/* ---- uses ----------------------------------------------------------------------------------- */

static bool is_variable(const struct hms_rt *rt, uint64_t addr)
{
	const struct hms_module *m = &rt->modules[0];

	return (addr >= m->noptrbss && addr < m->enoptrbss) ||
	       (addr >= m->noptrdata && addr < m->enoptrdata) ||
	       (addr >= m->bss && addr < m->ebss) || (addr >= m->data && addr < m->edata);
}

/* The addresses that @insn uses with @size bytes: the lowest of them; 0: none. */
static uint64_t used(const struct hms_rt *rt, const struct registers *r,
		     const struct hms_insn *insn, uint8_t size)
{
	uint64_t addr, lowest = 0;

	if (!size)
		return made_address(r, insn, &addr) && insn->op == HMS_INSN_ADD &&
				       is_variable(rt, addr)
			       ? addr
			       : 0;
	for (uint8_t i = 0; i < insn->noperands; i++) {
		const struct hms_operand *operand = &insn->operands[i];

		if (operand->size == size && address_of(r, operand, &addr) &&
		    is_variable(rt, addr) && (!lowest || addr < lowest))
			lowest = addr;
	}
	return lowest;
}

static uint64_t scan(const struct hms_rt *rt, const struct hms_func *func, struct hms_disas *disas,
		     const struct use *use)
{
	uint8_t size = rt->exe->arch == HMS_ARCH_ARM64 ? use->size_arm64 : use->size;
	struct registers r = {0};
	uint64_t lowest = 0, at = func->entry;

	for (int i = 0; i < MAX_INSNS && at < func->end; i++) {
		struct hms_insn insn;
		const uint8_t *bytes;
		size_t len = hms_mem_run(rt->mem, at, &bytes);
		uint64_t addr;

		len = (size_t)HMS_MIN((uint64_t)len, func->end - at);
		if (!len)
			break;
		hms_disas_decode(disas, bytes, len, at, &insn);
		addr = used(rt, &r, &insn, size);
		if (addr && (!lowest || addr < lowest))
			lowest = addr;
		if (lowest && use->first)
			break;
		note_registers(&r, &insn);
		at += insn.size;
	}
	return lowest;
}

/* ---- functions ------------------------------------------------------------------------------ */

/* The first function of each name in @functions. */
static bool find_function(const struct hms_pclntab *tab, const char *name, struct hms_func *ret)
{
	size_t n = hms_pclntab_nfuncs(tab);

	for (size_t i = 0; i < n; i++) {
		struct hms_func func;

		if (hms_pclntab_func(tab, i, &func) && func.name && strcmp(func.name, name) == 0) {
			*ret = func;
			return true;
		}
	}
	return false;
}

static void find_variable(struct hms_bare *bare, const struct hms_rt *rt,
			  const struct hms_pclntab *tab, struct hms_disas *disas,
			  const struct row *row)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(row->use.functions) && row->use.functions[i]; i++) {
		bool old = strncmp(row->use.functions[i], "runtime.", 8) == 0;
		struct hms_func func;
		uint64_t addr;

		if (!find_function(tab, row->use.functions[i], &func))
			continue;
		addr = scan(rt, &func, disas, &row->use);
		if (!addr)
			continue;
		hms_bare_add(bare, row->names[old], addr, 0);
		return;
	}
}

void hms_bare_find_hash_keys(struct hms_bare *bare, const struct hms_rt *rt)
{
	HMS_AUTO(hms_pclntab) struct hms_pclntab *tab = NULL;
	HMS_AUTO(hms_disas) struct hms_disas *disas = NULL;
	struct hms_error *err = hms_pclntab_open(rt, &tab);

	if (!err)
		err = hms_disas_create(rt->exe->arch, &disas);
	for (size_t i = 0; !err && i < HMS_ARRAY_LEN(rows); i++)
		if (!hms_bare_has_symbol(bare, rows[i].names[0]) &&
		    !hms_bare_has_symbol(bare, rows[i].names[1]))
			find_variable(bare, rt, tab, disas, &rows[i]);
	hms_err_free(err);
}
