/*
 * Package variables of a program without debug information: words without names and types, of which
 * the runtime says only which are pointers (moduledata.gcdatamask, gcbssmask:
 * src/runtime/symtab.go).
 *
 * Three things tell the type of what such a word points to.  An interface has its type beside it.
 * The code hands a map to the runtime together with its type.  And a map's own memory: what points
 * at a header whose buckets and keys agree with one type alone is a map of that type.
 *
 * A variable is called by where it is: "data+0x120", "bss+0x40"; what it points to, at an offset,
 * "*(data+0x120)+0x8".  These places are the same in every process of one executable.
 */
#include <inttypes.h>

#include "find/private.h"
#include "rt/known.h"

#define BITS_MAX (UINT64_C(1) << 32) /* of a mask */

/* A part of the program's variables: its words, and which of them are pointers. */
struct part {
	const char *name;
	uint64_t from, to;
	const uint8_t *mask;
	uint64_t nbits;
};

static bool is_pointer(const struct part *part, uint64_t i)
{
	return i < part->nbits && part->mask[i / 8] >> (i % 8) & 1;
}

/* runtime.bitvector {n int32, bytedata *uint8} */
static void open_part(const struct hms_finder *f, const struct hms_module *module, bool bss,
		      struct part *ret)
{
	const struct hms_layout *layout = &f->rt->layout;
	enum hms_fact_id id = bss ? HMS_F_MODULEDATA_GCBSSMASK : HMS_F_MODULEDATA_GCDATAMASK;
	const uint8_t *p;

	*ret = (struct part){
		.name = bss ? "bss" : "data",
		.from = bss ? module->bss : module->data,
		.to = bss ? module->ebss : module->edata,
	};
	if (!hms_layout_has(layout, id))
		return;
	p = hms_mem_peek(f->rt->mem, module->addr + hms_layout_off(layout, id), 16);
	if (!p || hms_le32(p) > INT32_MAX)
		return;
	ret->nbits = HMS_MIN((uint64_t)hms_le32(p), (ret->to - ret->from) / 8);
	ret->mask = hms_mem_peek(f->rt->mem, hms_le64(p + 8), (ret->nbits + 7) / 8);
	if (!ret->mask)
		ret->nbits = 0;
}

/* ---- paths --------------------------------------------------------------------------------- */

static const struct hms_path *path_of(struct hms_finder *f, const char *name)
{
	struct hms_path *path = HMS_ARENA_NEW(f->arena, struct hms_path);

	path->kind = HMS_PATH_VARIABLE;
	path->name = name;
	hms_path_finish(path);
	return path;
}

static const char *name_of_word(struct hms_finder *f, uint64_t addr)
{
	for (size_t i = 0; i < f->rt->nmodules; i++) {
		const struct hms_module *m = &f->rt->modules[i];

		if (addr >= m->data && addr < m->edata)
			return hms_arena_printf(f->arena, "data+0x%" PRIx64, addr - m->data);
		if (addr >= m->bss && addr < m->ebss)
			return hms_arena_printf(f->arena, "bss+0x%" PRIx64, addr - m->bss);
	}
	return hms_arena_printf(f->arena, "0x%" PRIx64, addr);
}

/* @name is that of the first word. */
static const char *name_of_holder(struct hms_finder *f, const struct hms_find_holder *holder,
				  const char *name)
{
	for (uint8_t i = 1; i < holder->nloads; i++)
		name = hms_arena_printf(f->arena, "*(%s)+0x%" PRIx64, name, holder->offs[i]);
	return name;
}

static void push_value(struct hms_finder *f, uint64_t addr, const struct hms_type *type,
		       const char *name)
{
	struct hms_find_item item = {.addr = addr, .type = type, .path = path_of(f, name)};

	hms_find_push(f, &item, false, 0);
}

/* ---- headers ------------------------------------------------------------------------------- */

/* Could a map's header be at @addr: an object of its size, that has pointers? */
static bool is_header(const struct hms_finder *f, uint64_t addr)
{
	struct hms_object object;

	if (!addr || addr % 8)
		return false;
	hms_heap_find(f->heap, addr, &object);
	return object.state == HMS_HEAP_ALLOCATED && object.base == addr && !object.noscan &&
	       object.slot_size == hms_find_header_slot(f);
}

/* ---- interfaces ---------------------------------------------------------------------------- */

/* A descriptor or itab in word @i, and a pointer that belongs to it in the next: the collector sees
 * the second as a pointer and not the first. */
static const struct hms_type *interface_at(struct hms_finder *f, const struct part *part,
					   uint64_t i)
{
	const struct hms_graph *graph = f->rt->graph;
	const struct hms_type *eface = hms_graph_find_type(graph, "interface {}");
	const struct hms_type *iface = hms_graph_find_type(graph, HMS_KNOWN_IFACE);
	uint64_t word;

	if (is_pointer(part, i) || !is_pointer(part, i + 1) ||
	    !hms_find_load(f, part->from + 8 * i, &word) || !word || word % 8 || !eface || !iface)
		return NULL;
	if (hms_rt_is_descriptor(f->rt, word))
		return eface;
	return hms_find_load(f, word + hms_layout_off(&f->rt->layout, HMS_F_ITAB_TYPE), &word) &&
			       hms_rt_is_descriptor(f->rt, word)
		       ? iface
		       : NULL;
}

static void push_interfaces(struct hms_finder *f, const struct part *part)
{
	for (uint64_t i = 0; i < part->nbits; i++) {
		const struct hms_type *type = interface_at(f, part, i);

		if (type)
			push_value(f, part->from + 8 * i, type,
				   name_of_word(f, part->from + 8 * i));
	}
}

/* ---- what the code tells ------------------------------------------------------------------- */

/* Where @holder's word is, the first of those that lead there being at @addr; 0: they are not as
 * the code has it. */
static uint64_t place_of(struct hms_finder *f, const struct hms_find_holder *holder, uint64_t addr)
{
	uint64_t word;

	for (uint8_t i = 1; i < holder->nloads; i++) {
		if (!hms_find_load(f, addr, &word) || !word || word % 8)
			return 0;
		addr = word + holder->offs[i];
	}
	return addr;
}

static bool same_place(const struct hms_find_holder *a, const struct hms_find_holder *b)
{
	if (a->func != b->func || a->nloads != b->nloads)
		return false;
	for (uint8_t i = 0; i < a->nloads; i++)
		if (a->offs[i] != b->offs[i])
			return false;
	return true;
}

/* The word behind the type of an interface that holds a map itself: its type is what it says, not
 * what some code would do with it. */
static bool is_interface_data(struct hms_finder *f, uint64_t addr)
{
	for (size_t i = 0; i < 2 * f->rt->nmodules; i++) {
		struct part part;

		open_part(f, &f->rt->modules[i / 2], i % 2, &part);
		if (addr > part.from && addr < part.to)
			return interface_at(f, &part, (addr - part.from) / 8 - 1);
	}
	return false;
}

/*
 * A variable's own word holds a map of the type that all calls agree on.  What lies behind pointers
 * may be something else by now (an interface's contents, a union): there the map must bear it out.
 */
static void push_holder(struct hms_finder *f, const struct hms_find_holder *holder, bool agreed)
{
	struct hms_map map = {0};
	uint64_t addr = place_of(f, holder, holder->offs[0]);
	bool sure = agreed && holder->nloads == 1 && !is_interface_data(f, addr);

	if (!addr || !hms_find_load(f, addr, &map.addr) || !is_header(f, map.addr))
		return;
	if (sure || hms_fit_type_or_empty(f->fitter, holder->type, &map))
		push_value(f, addr, holder->type,
			   name_of_holder(f, holder, name_of_word(f, holder->offs[0])));
}

static void push_holders(struct hms_finder *f, const struct hms_find_stacks *stacks)
{
	size_t i = 0;

	while (i < stacks->nholders && !stacks->holders[i].func) {
		size_t first = i++;

		while (i < stacks->nholders &&
		       same_place(&stacks->holders[first], &stacks->holders[i]))
			i++;
		for (size_t k = first; k < i; k++)
			push_holder(f, &stacks->holders[k], i - first == 1);
	}
}

void hms_find_push_unnamed(struct hms_finder *f, const struct hms_find_stacks *stacks)
{
	struct part part;

	for (size_t i = 0; i < 2 * f->rt->nmodules; i++) {
		open_part(f, &f->rt->modules[i / 2], i % 2, &part);
		push_interfaces(f, &part);
	}
	push_holders(f, stacks);
}

/* ---- what the maps tell -------------------------------------------------------------------- */

static void try_word(struct hms_finder *f, uint64_t addr)
{
	struct hms_map map = {0};
	enum hms_fit fit;

	if (!hms_find_load(f, addr, &map.addr) || !is_header(f, map.addr))
		return;
	fit = hms_fit_map(f->fitter, &map);
	if (fit == HMS_FIT_NONE)
		fit = hms_fit_empty(f->fitter, &map);
	if (fit == HMS_FIT_NONE)
		return;
	if (fit == HMS_FIT_TYPE)
		push_value(f, addr, map.type->type, name_of_word(f, addr));
	else if (!hms_set_get(&f->by_addr, map.addr, 0))
		hms_find_accept(f, &map, HMS_FOUND_GLOBAL, path_of(f, name_of_word(f, addr)));
}

void hms_find_unnamed_words(struct hms_finder *f)
{
	struct part part;

	for (size_t i = 0; i < 2 * f->rt->nmodules; i++) {
		open_part(f, &f->rt->modules[i / 2], i % 2, &part);
		for (uint64_t k = 0; k < part.nbits; k++)
			if (is_pointer(&part, k))
				try_word(f, part.from + 8 * k);
	}
}

/* ---- frames -------------------------------------------------------------------------------- */

/*
 * What a function's code says of its frames: which slots hold maps.  A slot may be dead, or hold
 * something else at this pc, so the map must bear it out.
 */
static void try_frame(struct hms_finder *f, const struct hms_find_holder *holder,
		      const struct hms_frame *frame, uint64_t goroutine, uint64_t entry_sp)
{
	uint64_t first = entry_sp + holder->offs[0], addr;
	struct hms_find_item item = {.type = holder->type};
	struct hms_map map = {.addr = first};
	int64_t off;

	addr = holder->nloads ? place_of(f, holder, first) : first;
	if (!addr || (holder->nloads && !hms_find_load(f, addr, &map.addr)) ||
	    !hms_fit_type(f->fitter, holder->type, &map))
		return;
	off = (int64_t)(first - frame->cfa);
	item.addr = map.addr;
	item.path = path_of(
		f, name_of_holder(
			   f, holder,
			   hms_arena_printf(f->arena, "goroutine:%" PRIu64 ":%s.frame%c0x%" PRIx64,
					    goroutine, frame->place->func.name, off < 0 ? '-' : '+',
					    off < 0 ? (uint64_t)-off : (uint64_t)off)));
	hms_find_push(f, &item, true, 0);
}

static const struct hms_find_holder *holders_of(const struct hms_find_stacks *stacks,
						uint64_t entry)
{
	size_t low = 0, high = stacks->nholders;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (stacks->holders[mid].func < entry)
			low = mid + 1;
		else
			high = mid;
	}
	return stacks->holders + low;
}

void hms_find_push_slots(struct hms_finder *f, const struct hms_find_stacks *stacks)
{
	/* A call has put the return address between (amd64). */
	uint64_t pushed = f->rt->exe->arch == HMS_ARCH_AMD64 ? 8 : 0;
	const struct hms_find_holder *end = stacks->holders + stacks->nholders, *h;
	HMS_AUTO(hms_unwinder) struct hms_unwinder *u = hms_unwinder_create(stacks->goros);
	struct hms_stack stack = {0};

	for (size_t i = 0; stacks->nholders && i < stacks->goros->n; i++) {
		hms_unwind(u, &stacks->goros->list[i], &stack);
		for (size_t k = 0; k < stack.n; k++) {
			const struct hms_frame *frame = &stack.frames[k];
			uint64_t entry = frame->place->func.entry;

			for (h = holders_of(stacks, entry); entry && h < end && h->func == entry;
			     h++)
				try_frame(f, h, frame, stacks->goros->list[i].id,
					  frame->cfa - pushed);
		}
	}
	hms_stack_deinit(&stack);
}
