/*
 * Finding the function tables and a function in them.
 *
 * moduledata names the tables.  Until Go 1.15 all of them are one (pclntable, offsets relative to
 * its start) and functab holds addresses; from 1.16 each kind has a table, from 1.18 functab
 * holds offsets from text, and funcdata are offsets from gofunc ("cmd/link: generate one pclntab
 * section per kind", "cmd/link, runtime: use offset for _func.entry").
 */
#include "rt/pclntab-impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"

#define MAX_TABLE_BYTES (UINT64_C(1) << 32)
#define MAX_TEXTSECTS   4096
#define MAX_NAME_BYTES  65536

static void view_free(struct hms_pcln_view *view)
{
	free(view->copy);
}

static struct hms_error *view_open(const struct hms_mem *mem, uint64_t addr, uint64_t len,
				   struct hms_pcln_view *ret)
{
	struct hms_pcln_view view = {.len = len, .addr = addr};
	struct hms_error *err;

	if (!len) {
		*ret = view;
		return NULL;
	}
	view.p = hms_mem_peek(mem, addr, len);
	if (!view.p) {
		HMS_TRY(hms_alloc_array(len, 1, MAX_TABLE_BYTES, &view.copy));
		err = hms_mem_read(mem, addr, view.copy, len);
		if (err) {
			free(view.copy);
			return err;
		}
		view.p = view.copy;
	}
	*ret = view;
	return NULL;
}

/* The table that the slice in a moduledata field describes. */
static struct hms_error *slice_open(const struct hms_rt *rt, uint64_t moduledata,
				    enum hms_fact_id field, uint64_t elem_size,
				    struct hms_pcln_view *ret)
{
	uint64_t at = moduledata + hms_layout_off(&rt->layout, field);
	uint64_t addr, n;

	HMS_TRY(hms_mem_u64(rt->mem, at, &addr));
	HMS_TRY(hms_mem_u64(rt->mem, at + 8, &n));
	if (n > MAX_TABLE_BYTES / elem_size)
		return hms_err(HMS_ERR_LIMIT, "%s: table of %" PRIu64 " entries",
			       hms_fact_name(field), n);
	return hms_err_ctx(view_open(rt->mem, addr, n * elem_size, ret), "%s",
			   hms_fact_name(field));
}

static void module_close(struct hms_pcln_module *module)
{
	view_free(&module->ftab);
	view_free(&module->pclntable);
	view_free(&module->pctab);
	view_free(&module->names);
	view_free(&module->filetab);
	view_free(&module->cutab);
	free(module->sects);
}

/* Several sections of text: huge programs linked externally (src/runtime/symtab.go, textAddr). */
static struct hms_error *sections_open(const struct hms_rt *rt, uint64_t moduledata,
				       struct hms_pcln_module *module)
{
	const struct hms_layout *layout = &rt->layout;
	uint32_t size = hms_layout_off(layout, HMS_F_TEXTSECT) + layout->facts[HMS_F_TEXTSECT].size;
	struct hms_pcln_view view;
	size_t n;

	HMS_TRY(slice_open(rt, moduledata, HMS_F_MODULEDATA_TEXTSECTMAP, size, &view));
	n = view.len / size;
	if (n > 1 && n <= MAX_TEXTSECTS && hms_layout_has(layout, HMS_F_TEXTSECT_END)) {
		module->sects = hms_xcalloc(n, sizeof(*module->sects));
		module->nsects = n;
		for (size_t i = 0; i < n; i++) {
			const uint8_t *p = view.p + i * size;

			module->sects[i].start = hms_layout_get(layout, HMS_F_TEXTSECT_VADDR, p);
			module->sects[i].end = hms_layout_get(layout, HMS_F_TEXTSECT_END, p);
			module->sects[i].base = hms_layout_get(layout, HMS_F_TEXTSECT_BASE, p);
		}
	}
	view_free(&view);
	return NULL;
}

static struct hms_error *words_open(const struct hms_rt *rt, uint64_t moduledata,
				    struct hms_pcln_module *module)
{
	const struct hms_layout *layout = &rt->layout;

	HMS_TRY(hms_mem_u64(rt->mem, moduledata + hms_layout_off(layout, HMS_F_MODULEDATA_TEXT),
			    &module->text));
	HMS_TRY(hms_mem_u64(rt->mem, moduledata + hms_layout_off(layout, HMS_F_MODULEDATA_MINPC),
			    &module->minpc));
	HMS_TRY(hms_mem_u64(rt->mem, moduledata + hms_layout_off(layout, HMS_F_MODULEDATA_MAXPC),
			    &module->maxpc));
	if (hms_layout_has(layout, HMS_F_MODULEDATA_GOFUNC))
		HMS_TRY(hms_mem_u64(rt->mem,
				    moduledata + hms_layout_off(layout, HMS_F_MODULEDATA_GOFUNC),
				    &module->gofunc));
	return NULL;
}

static struct hms_error *tables_open(const struct hms_rt *rt, uint64_t moduledata,
				     struct hms_pcln_module *module)
{
	const struct hms_pclntab *tab = module->tab;
	uint32_t functab = rt->layout.facts[HMS_F_FUNCTAB].size;

	HMS_TRY(slice_open(rt, moduledata, HMS_F_MODULEDATA_FTAB, functab, &module->ftab));
	HMS_TRY(slice_open(rt, moduledata, HMS_F_MODULEDATA_PCLNTABLE, 1, &module->pclntable));
	HMS_TRY(slice_open(rt, moduledata, HMS_F_MODULEDATA_FILETAB, tab->split ? 1 : 4,
			   &module->filetab));
	if (tab->split) {
		HMS_TRY(slice_open(rt, moduledata, HMS_F_MODULEDATA_PCTAB, 1, &module->pctab));
		HMS_TRY(slice_open(rt, moduledata, HMS_F_MODULEDATA_FUNCNAMETAB, 1,
				   &module->names));
		HMS_TRY(slice_open(rt, moduledata, HMS_F_MODULEDATA_CUTAB, 4, &module->cutab));
	} else {
		module->pctab = module->pclntable;
		module->names = module->pclntable;
		module->pctab.copy = NULL;
		module->names.copy = NULL;
	}
	if (module->ftab.len < 2 * functab)
		return hms_err(HMS_ERR_FORMAT, "the function table is empty");
	module->nfuncs = module->ftab.len / functab - 1;
	return NULL;
}

static struct hms_error *module_open(const struct hms_rt *rt, uint64_t moduledata,
				     struct hms_pcln_module *module)
{
	struct hms_error *err = words_open(rt, moduledata, module);

	if (!err)
		err = tables_open(rt, moduledata, module);
	if (!err)
		err = sections_open(rt, moduledata, module);
	if (err)
		module_close(module);
	return err;
}

static uint32_t arch_quantum(enum hms_arch arch)
{
	return arch == HMS_ARCH_ARM64 ? 4 : 1;
}

struct hms_error *hms_pclntab_open(const struct hms_rt *rt, struct hms_pclntab **ret)
{
	HMS_AUTO(hms_pclntab) struct hms_pclntab *tab = NULL;
	const struct hms_layout *layout = &rt->layout;

	HMS_TRY(hms_rt_require(rt, HMS_NEED_FUNCS));
	if (!rt->nmodules)
		return hms_err(HMS_ERR_ABSENT, "the program has no module data");
	tab = hms_xcalloc(1, sizeof(*tab));
	tab->rt = rt;
	tab->quantum = arch_quantum(rt->exe->arch);
	tab->absolute = layout->facts[HMS_F_FUNCTAB_ENTRY].size == 8;
	tab->split = hms_layout_has(layout, HMS_F_MODULEDATA_PCTAB) &&
		     hms_layout_has(layout, HMS_F_MODULEDATA_FUNCNAMETAB) &&
		     hms_layout_has(layout, HMS_F_MODULEDATA_CUTAB) &&
		     hms_layout_has(layout, HMS_F_FUNC_CUOFFSET);
	tab->funcdata_offsets = hms_layout_has(layout, HMS_F_MODULEDATA_GOFUNC);
	tab->modules = hms_xcalloc(rt->nmodules, sizeof(*tab->modules));
	for (size_t i = 0; i < rt->nmodules; i++) {
		struct hms_pcln_module *module = &tab->modules[tab->nmodules];
		struct hms_error *err;

		*module = (struct hms_pcln_module){.tab = tab};
		err = module_open(rt, rt->modules[i].addr, module);
		if (err && i == 0)
			return hms_err_ctx(err, "the function tables cannot be read");
		hms_err_free(err);
		if (!err)
			tab->nmodules++;
	}
	*ret = hms_take(tab);
	return NULL;
}

void hms_pclntab_close(struct hms_pclntab *tab)
{
	if (!tab)
		return;
	for (size_t i = 0; i < tab->nmodules; i++)
		module_close(&tab->modules[i]);
	free(tab->modules);
	free(tab);
}

size_t hms_pclntab_nfuncs(const struct hms_pclntab *tab)
{
	size_t n = 0;

	for (size_t i = 0; i < tab->nmodules; i++)
		n += tab->modules[i].nfuncs;
	return n;
}

const char *hms_pcln_string(const struct hms_pcln_view *view, uint64_t off)
{
	uint64_t left;

	if (off >= view->len)
		return NULL;
	left = HMS_MIN(view->len - off, (uint64_t)MAX_NAME_BYTES);
	return memchr(view->p + off, 0, left) ? (const char *)view->p + off : NULL;
}

/* ---- pc to function --------------------------------------------------------------------- */

/* pc as functab counts it: an offset from text, sections closed up. */
static bool text_offset(const struct hms_pcln_module *module, uint64_t pc, uint64_t *ret)
{
	for (size_t i = 0; i < module->nsects; i++) {
		const struct hms_textsect *s = &module->sects[i];

		if (pc >= s->base && s->end >= s->start && pc - s->base < s->end - s->start) {
			*ret = pc - s->base + s->start;
			return true;
		}
	}
	*ret = pc - module->text;
	return !module->nsects;
}

static uint64_t text_address(const struct hms_pcln_module *module, uint64_t off)
{
	for (size_t i = 0; i < module->nsects; i++) {
		const struct hms_textsect *s = &module->sects[i];

		if (off >= s->start && (off < s->end || (off == s->end && i + 1 == module->nsects)))
			return off - s->start + s->base;
	}
	return module->text + off;
}

/* Entry @i of functab, @i up to nfuncs: as it stands there. */
static uint64_t functab_get(const struct hms_pcln_module *module, size_t i, enum hms_fact_id id)
{
	const struct hms_layout *layout = &module->tab->rt->layout;

	return hms_layout_get(layout, id, module->ftab.p + i * layout->facts[HMS_F_FUNCTAB].size);
}

/* Fill in the function that functab's entry @i names. */
static bool func_read(const struct hms_pcln_module *module, size_t i, struct hms_func *ret)
{
	const struct hms_layout *layout = &module->tab->rt->layout;
	uint32_t size = layout->facts[HMS_F_FUNC].size;
	uint64_t off = functab_get(module, i, HMS_F_FUNCTAB_FUNCOFF);
	const uint8_t *p = hms_pcln_at(&module->pclntable, off, size);
	uint64_t entry = functab_get(module, i, HMS_F_FUNCTAB_ENTRY);
	uint64_t end = functab_get(module, i + 1, HMS_F_FUNCTAB_ENTRY);

	if (!p)
		return false;
	*ret = (struct hms_func){
		.entry = module->tab->absolute ? entry : text_address(module, entry),
		.end = module->tab->absolute ? end : text_address(module, end),
		.name = hms_pcln_string(&module->names, hms_layout_get(layout, HMS_F_FUNC_NAME, p)),
		.flags = (uint8_t)hms_layout_get(layout, HMS_F_FUNC_FLAG, p),
		.args = (int32_t)hms_layout_get(layout, HMS_F_FUNC_ARGS, p),
		.deferreturn = (uint32_t)hms_layout_get(layout, HMS_F_FUNC_DEFERRETURN, p),
		.start_line = (int32_t)hms_layout_get(layout, HMS_F_FUNC_STARTLINE, p),
		.pcsp = (uint32_t)hms_layout_get(layout, HMS_F_FUNC_PCSP, p),
		.pcfile = (uint32_t)hms_layout_get(layout, HMS_F_FUNC_PCFILE, p),
		.pcln = (uint32_t)hms_layout_get(layout, HMS_F_FUNC_PCLN, p),
		.cu_offset = (uint32_t)hms_layout_get(layout, HMS_F_FUNC_CUOFFSET, p),
		.npcdata = (uint32_t)hms_layout_get(layout, HMS_F_FUNC_NPCDATA, p),
		.nfuncdata = (uint8_t)hms_layout_get(layout, HMS_F_FUNC_NFUNCDATA, p),
		.tail = off + size,
		.module = module,
	};
	return true;
}

static bool module_find(const struct hms_pcln_module *module, uint64_t pc, struct hms_func *ret)
{
	uint64_t key = pc;
	size_t lo = 0, hi = module->nfuncs;

	if (pc < module->minpc || pc >= module->maxpc)
		return false;
	if (!module->tab->absolute && !text_offset(module, pc, &key))
		return false;
	/* The last entry at or below the key. */
	while (lo + 1 < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (functab_get(module, mid, HMS_F_FUNCTAB_ENTRY) <= key)
			lo = mid;
		else
			hi = mid;
	}
	return func_read(module, lo, ret) && pc >= ret->entry && pc < ret->end;
}

bool hms_pclntab_func(const struct hms_pclntab *tab, size_t i, struct hms_func *ret)
{
	for (size_t m = 0; m < tab->nmodules; m++) {
		if (i < tab->modules[m].nfuncs)
			return func_read(&tab->modules[m], i, ret);
		i -= tab->modules[m].nfuncs;
	}
	return false;
}

bool hms_pclntab_find(const struct hms_pclntab *tab, uint64_t pc, struct hms_func *ret)
{
	for (size_t i = 0; i < tab->nmodules; i++) {
		if (module_find(&tab->modules[i], pc, ret))
			return true;
	}
	return false;
}

/* ---- pcdata and funcdata ---------------------------------------------------------------- */

int32_t hms_func_pcdata(const struct hms_func *func, enum hms_pcdata which, uint64_t pc)
{
	const uint8_t *p;
	int32_t value;

	if ((uint32_t)which >= func->npcdata)
		return -1;
	p = hms_pcln_at(&func->module->pclntable, func->tail + 4 * (uint64_t)which, 4);
	if (!p || !hms_pcln_value(func, hms_le32(p), pc, &value))
		return -1;
	return value;
}

/* The number a kind of funcdata has: 1.15 still had register maps as number 2. */
static int funcdata_number(const struct hms_pclntab *tab, enum hms_funcdata which)
{
	static const int8_t numbers[][2] = {
		[HMS_FUNCDATA_ARGS_MAP] = {0, 0},      [HMS_FUNCDATA_LOCALS_MAP] = {1, 1},
		[HMS_FUNCDATA_STACK_OBJECTS] = {3, 2}, [HMS_FUNCDATA_INLINE_TREE] = {4, 3},
		[HMS_FUNCDATA_ARG_INFO] = {-1, 5},     [HMS_FUNCDATA_ARG_LIVE_INFO] = {-1, 6},
	};

	return numbers[which][tab->split];
}

uint64_t hms_func_funcdata(const struct hms_func *func, enum hms_funcdata which)
{
	const struct hms_pcln_module *module = func->module;
	const struct hms_pclntab *tab = module->tab;
	int number = funcdata_number(tab, which);
	uint64_t off = func->tail + 4 * (uint64_t)func->npcdata;
	const uint8_t *p;

	if (number < 0 || number >= func->nfuncdata)
		return 0;
	if (tab->funcdata_offsets) {
		p = hms_pcln_at(&module->pclntable, off + 4 * (uint64_t)number, 4);
		return !p || hms_le32(p) == UINT32_MAX ? 0 : module->gofunc + hms_le32(p);
	}
	/* Pointers, aligned to 8 in memory. */
	off += -(module->pclntable.addr + off) & 7;
	p = hms_pcln_at(&module->pclntable, off + 8 * (uint64_t)number, 8);
	return p ? hms_le64(p) : 0;
}
