/*
 * runtime.firstmoduledata: the word that holds the address of the function tables, which the linker
 * puts in a section of its own (src/cmd/link/internal/ld/pcln.go, symtab.go).  It is the first word
 * in all releases: of a slice up to Go 1.15, then a *pcHeader.
 */
#include "bare/private.h"

#include <inttypes.h>

#include "util/arena.h"

#define PF_X 1

/* ---- the function tables ------------------------------------------------------------------- */

/* pcHeader begins with a magic number, two zeroes, the instruction quantum and the size of a
 * pointer (src/runtime/symtab.go; 0xfffffffb up to Go 1.15). */
static bool is_header(const struct hms_bare *bare, const uint8_t *p)
{
	static const uint32_t magics[] = {0xfffffff1, 0xfffffff0, 0xfffffffa, 0xfffffffb};
	uint8_t quantum = bare->exe->arch == HMS_ARCH_ARM64 ? 4 : 1;

	if (p[4] || p[5] || p[6] != quantum || p[7] != 8)
		return false;
	for (size_t i = 0; i < HMS_ARRAY_LEN(magics); i++)
		if (hms_le32(p) == magics[i])
			return true;
	return false;
}

/* ---- module data --------------------------------------------------------------------------- */

static uint64_t get(const struct hms_bare *bare, enum hms_fact_id id, const uint8_t *p)
{
	return hms_layout_get(&bare->layout, id, p);
}

/* A slice's pointer and length. */
static void slice_at(const struct hms_bare *bare, enum hms_fact_id id, const uint8_t *p,
		     uint64_t *ptr_ret, uint64_t *len_ret)
{
	p += hms_layout_off(&bare->layout, id);
	*ptr_ret = hms_le64(p);
	*len_ret = hms_le64(p + 8);
}

static bool ordered(const struct hms_bare *bare, const uint8_t *p)
{
	static const enum hms_fact_id pairs[][2] = {
		{HMS_F_MODULEDATA_TEXT, HMS_F_MODULEDATA_ETEXT},
		{HMS_F_MODULEDATA_MINPC, HMS_F_MODULEDATA_MAXPC},
		{HMS_F_MODULEDATA_TYPES, HMS_F_MODULEDATA_ETYPES},
		{HMS_F_MODULEDATA_DATA, HMS_F_MODULEDATA_EDATA},
		{HMS_F_MODULEDATA_BSS, HMS_F_MODULEDATA_EBSS},
		{HMS_F_MODULEDATA_NOPTRDATA, HMS_F_MODULEDATA_ENOPTRDATA},
		{HMS_F_MODULEDATA_NOPTRBSS, HMS_F_MODULEDATA_ENOPTRBSS},
	};

	for (size_t i = 0; i < HMS_ARRAY_LEN(pairs); i++)
		if (get(bare, pairs[i][0], p) > get(bare, pairs[i][1], p))
			return false;
	return get(bare, HMS_F_MODULEDATA_TEXT, p) < get(bare, HMS_F_MODULEDATA_ETEXT, p) &&
	       get(bare, HMS_F_MODULEDATA_TYPES, p) < get(bare, HMS_F_MODULEDATA_ETYPES, p);
}

/* The function table's first entry is where the code begins, its last one where it ends. */
static bool tables_agree(const struct hms_bare *bare, const uint8_t *p)
{
	uint32_t size = bare->layout.facts[HMS_F_FUNCTAB].size;
	bool absolute = bare->layout.facts[HMS_F_FUNCTAB_ENTRY].size == 8;
	uint64_t ftab, n, base = absolute ? 0 : get(bare, HMS_F_MODULEDATA_TEXT, p);
	const uint8_t *first, *last;

	slice_at(bare, HMS_F_MODULEDATA_FTAB, p, &ftab, &n);
	if (n < 2 || n > UINT32_MAX)
		return false;
	first = hms_mem_peek(bare->mem, ftab, size);
	last = hms_mem_peek(bare->mem, ftab + (n - 1) * size, size);
	return first && last &&
	       base + get(bare, HMS_F_FUNCTAB_ENTRY, first) ==
		       get(bare, HMS_F_MODULEDATA_MINPC, p) &&
	       (!absolute ||
		get(bare, HMS_F_FUNCTAB_ENTRY, last) == get(bare, HMS_F_MODULEDATA_MAXPC, p));
}

/* Does the module data at @addr, whose first word is that of the function tables, agree with
 * itself? */
static bool is_moduledata(const struct hms_bare *bare, uint64_t addr)
{
	uint32_t size = bare->layout.facts[HMS_F_MODULEDATA].size;
	const uint8_t *p = hms_mem_peek(bare->mem, addr, size);
	const uint8_t *tables;

	if (!p || !ordered(bare, p))
		return false;
	tables = hms_mem_peek(bare->mem, hms_le64(p), 8);
	return tables && is_header(bare, tables) && tables_agree(bare, p);
}

/* ---- the search ---------------------------------------------------------------------------- */

struct search {
	uint64_t tables; /* run-time address of the function tables; 0: any that look like some */
	uint64_t found;
	size_t n;
};

static void look_at(const struct hms_bare *bare, uint64_t addr, uint64_t word, struct search *s)
{
	const uint8_t *p;

	if (s->tables ? word != s->tables : !word || word % 4)
		return;
	if (!s->tables) {
		p = hms_mem_peek(bare->mem, word, 8);
		if (!p || !is_header(bare, p))
			return;
	}
	if (!is_moduledata(bare, addr))
		return;
	s->found = addr;
	s->n++;
}

static void search_range(const struct hms_bare *bare, uint64_t from, uint64_t to, struct search *s)
{
	uint64_t at = (from + 7) & ~UINT64_C(7), end;

	while (at < to) {
		const uint8_t *p;
		size_t len = hms_mem_run(bare->mem, at, &p);

		len = (size_t)HMS_MIN((uint64_t)len, to - at);
		for (size_t off = 0; off + 8 <= len; off += 8)
			look_at(bare, at + off, hms_le64(p + off), s);
		at += len & ~(size_t)7;
		if (len >= 8)
			continue;
		/* A hole, or the odd bytes before one. */
		hms_mem_state_at(bare->mem, at, &end);
		if (end <= at)
			return;
		at = (end + 7) & ~UINT64_C(7);
	}
}

struct hms_error *hms_bare_find_moduledata(struct hms_bare *bare)
{
	const struct hms_elf_section *section = hms_elffile_section(bare->exe, ".gopclntab");
	struct search s = {.tables = section ? section->addr + bare->bias : 0};

	if (hms_bare_has_symbol(bare, "runtime.firstmoduledata"))
		return NULL;
	for (size_t i = 0; i < bare->exe->nsegments; i++) {
		const struct hms_elf_segment *segment = &bare->exe->segments[i];

		if (!(segment->flags & PF_X))
			search_range(bare, segment->addr + bare->bias,
				     segment->addr + bare->bias + segment->memsz, &s);
	}
	if (s.n != 1)
		return hms_err(HMS_ERR_NOT_FOUND,
			       "'%s' has no symbols, and %s its memory fits the module data of %s",
			       bare->exe->path, s.n ? "more than one place in" : "nothing in",
			       bare->version.text);
	hms_bare_add(bare, "runtime.firstmoduledata", s.found, 0);
	return NULL;
}
