/*
 * What the function tables say of a pc inside a function: pc-value streams, file and line, the
 * tree of inlined calls.
 *
 * A pc-value stream is a list of (value delta zigzag varint, pc delta varint); it starts with
 * value -1 at the function's entry, and ends with a value delta of zero that is not the first
 * (src/runtime/symtab.go, step).
 */
#include "rt/pclntab-impl.h"

struct cursor {
	const uint8_t *p;
	const uint8_t *end;
};

/* 32 bits at most, as the runtime reads it; false at the end of the table. */
static bool varint(struct cursor *c, uint32_t *ret)
{
	uint32_t v = 0;

	for (unsigned int shift = 0; shift < 35 && c->p < c->end; shift += 7) {
		uint8_t b = *c->p++;

		v |= shift < 32 ? (uint32_t)(b & 0x7f) << shift : 0;
		if (!(b & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

bool hms_pcln_value(const struct hms_func *func, uint32_t off, uint64_t pc, int32_t *ret)
{
	const struct hms_pcln_view *tab = &func->module->pctab;
	uint32_t quantum = func->module->tab->quantum;
	uint64_t at = func->entry;
	uint32_t value = UINT32_MAX;
	struct cursor c = {tab->p + off, tab->p + tab->len};

	if (!off || off >= tab->len || pc < func->entry || pc >= func->end)
		return false;
	/* Each interval covers a byte of code at least, so their number is bounded. */
	for (uint64_t steps = 0; steps <= func->end - func->entry; steps++) {
		uint32_t delta, span;

		if (!varint(&c, &delta) || (!delta && steps) || !varint(&c, &span))
			return false;
		value += -(delta & 1) ^ (delta >> 1);
		at += (uint64_t)span * quantum;
		if (pc < at) {
			*ret = (int32_t)value;
			return true;
		}
	}
	return false;
}

bool hms_func_sp_delta(const struct hms_func *func, uint64_t pc, int32_t *ret)
{
	return hms_pcln_value(func, func->pcsp, pc, ret);
}

/* ---- file and line ---------------------------------------------------------------------- */

static const char *file_name(const struct hms_func *func, uint32_t number)
{
	const struct hms_pcln_module *module = func->module;
	bool split = module->tab->split;
	const struct hms_pcln_view *index = split ? &module->cutab : &module->filetab;
	uint64_t i = split ? (uint64_t)func->cu_offset + number : number;
	const uint8_t *p = hms_pcln_at(index, 4 * i, 4);

	if (!p || hms_le32(p) == UINT32_MAX)
		return NULL;
	return hms_pcln_string(split ? &module->filetab : &module->pclntable, hms_le32(p));
}

void hms_func_line(const struct hms_func *func, uint64_t pc, const char **file_ret,
		   int32_t *line_ret)
{
	int32_t number, line;

	*file_ret = NULL;
	*line_ret = 0;
	if (!hms_pcln_value(func, func->pcfile, pc, &number) || number < 0 ||
	    !hms_pcln_value(func, func->pcln, pc, &line) || line == -1)
		return;
	*file_ret = file_name(func, (uint32_t)number);
	if (*file_ret)
		*line_ret = line;
}

/* ---- inlined calls ---------------------------------------------------------------------- */

/* Entry @index of the inline tree: the name of what was inlined, and the pc in the function that
 * stands for the place it was inlined at. */
static bool inlined_call(const struct hms_func *func, uint64_t tree, int32_t index,
			 const char **name_ret, uint64_t *parent_ret)
{
	const struct hms_rt *rt = func->module->tab->rt;
	const struct hms_layout *layout = &rt->layout;
	uint32_t size = layout->facts[HMS_F_INLINEDCALL].size;
	const uint8_t *p = hms_mem_peek(rt->mem, tree + (uint64_t)(uint32_t)index * size, size);
	int32_t parent;

	if (!p)
		return false;
	parent = (int32_t)hms_layout_get(layout, HMS_F_INLINEDCALL_PARENTPC, p);
	if (parent < 0 || (uint64_t)(uint32_t)parent >= func->end - func->entry)
		return false;
	*name_ret = hms_pcln_string(&func->module->names,
				    hms_layout_get(layout, HMS_F_INLINEDCALL_NAME, p));
	*parent_ret = func->entry + (uint32_t)parent;
	return true;
}

static uint64_t inline_tree(const struct hms_func *func)
{
	const struct hms_layout *layout = &func->module->tab->rt->layout;

	if (!hms_layout_has(layout, HMS_F_INLINEDCALL) ||
	    !hms_layout_has(layout, HMS_F_INLINEDCALL_NAME) ||
	    !hms_layout_has(layout, HMS_F_INLINEDCALL_PARENTPC))
		return 0;
	return hms_func_funcdata(func, HMS_FUNCDATA_INLINE_TREE);
}

size_t hms_func_calls(const struct hms_func *func, uint64_t lookup_pc, struct hms_call *ret,
		      size_t max)
{
	uint64_t tree = inline_tree(func);
	uint64_t pc = lookup_pc;
	size_t n = 0;

	while (tree && n + 1 < max) {
		int32_t index = hms_func_pcdata(func, HMS_PCDATA_INLINE_TREE, pc);
		uint64_t parent;

		if (index < 0 || !inlined_call(func, tree, index, &ret[n].name, &parent))
			break;
		ret[n].inlined = true;
		ret[n].lookup_pc = pc;
		hms_func_line(func, pc, &ret[n].file, &ret[n].line);
		n++;
		pc = parent;
	}
	if (n < max) {
		ret[n] = (struct hms_call){.name = func->name, .lookup_pc = pc};
		hms_func_line(func, pc, &ret[n].file, &ret[n].line);
		n++;
	}
	return n;
}

/* runtime.printArgs: funcdata begins with the offset of the first argument that needs a bit,
 * bitmaps follow, and pcdata says where one begins; up to 0 all arguments count as live.  The
 * compiler sets a bit where every way leads past a store (cmd/compile/internal/liveness/arg.go), so
 * it never goes out again. */
enum hms_arg_home hms_func_arg_home(const struct hms_func *func, uint64_t lookup_pc,
				    unsigned int word)
{
	uint64_t info = hms_func_funcdata(func, HMS_FUNCDATA_ARG_LIVE_INFO);
	const uint8_t *from, *bits;
	int32_t index;

	if (!info)
		return HMS_ARG_HOME;
	index = hms_func_pcdata(func, HMS_PCDATA_ARG_LIVE, lookup_pc);
	if (index <= 0)
		return HMS_ARG_ENTRY;
	from = hms_mem_peek(func->module->tab->rt->mem, info, 1);
	if (!from)
		return HMS_ARG_NOWHERE;
	if (8 * word < *from)
		return HMS_ARG_HOME;
	word -= *from / 8;
	bits = hms_mem_peek(func->module->tab->rt->mem, info + (uint64_t)index + word / 8, 1);
	return bits && *bits >> word % 8 & 1 ? HMS_ARG_HOME : HMS_ARG_NOWHERE;
}
