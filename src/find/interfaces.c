/*
 * Types by the interfaces that hold them: every interface value has its type beside it, wherever it
 * is.  For programs without debug information the heap and the stacks are searched for such pairs
 * of words, and what they hold is followed along its static types as if a variable held it.
 *
 * A pair may be garbage, or no interface at all: what is reached so is a map only where its buckets
 * and keys agree with the type, and it has no owner for that.
 */
#include "find/private.h"
#include "rt/known.h"

#define MAX_QUEUED 65536 /* interfaces that are followed at a time */

/* Where itabs are (src/runtime/iface.go): those that the linker made. */
struct itabs {
	uint64_t from, to;
};

struct search {
	struct hms_finder *f;
	const struct hms_type *eface, *iface;
	uint64_t types_from, types_to; /* of all modules */
	struct itabs itabs;
	struct hms_set meanings; /* of words: enum meaning */
	size_t queued;
};

/* ---- itabs --------------------------------------------------------------------------------- */

static void widen(struct itabs *itabs, uint64_t from, uint64_t to)
{
	itabs->from = itabs->to ? HMS_MIN(itabs->from, from) : from;
	itabs->to = HMS_MAX(itabs->to, to);
}

/* moduledata.itablinks lists their addresses (to Go 1.26); then they are a part of the types. */
static void add_itabs(const struct hms_finder *f, const struct hms_module *module,
		      struct itabs *ret)
{
	const struct hms_layout *layout = &f->rt->layout;
	const uint8_t *p =
		hms_mem_peek(f->rt->mem, module->addr, layout->facts[HMS_F_MODULEDATA].size);
	uint64_t list, n, off;

	if (!p)
		return;
	if (hms_layout_has(layout, HMS_F_MODULEDATA_ITABOFFSET)) {
		off = hms_layout_get(layout, HMS_F_MODULEDATA_ITABOFFSET, p);
		n = hms_layout_get(layout, HMS_F_MODULEDATA_ITABSIZE, p);
		if (off <= module->etypes - module->types)
			widen(ret, module->types + off,
			      module->types + HMS_MIN(off + n, module->etypes - module->types));
		return;
	}
	if (!hms_layout_has(layout, HMS_F_MODULEDATA_ITABLINKS))
		return;
	list = hms_le64(p + hms_layout_off(layout, HMS_F_MODULEDATA_ITABLINKS));
	n = hms_le64(p + hms_layout_off(layout, HMS_F_MODULEDATA_ITABLINKS) + 8);
	p = n <= UINT32_MAX ? hms_mem_peek(f->rt->mem, list, n * 8) : NULL;
	for (uint64_t i = 0; p && i < n; i++)
		widen(ret, hms_le64(p + 8 * i), hms_le64(p + 8 * i) + 8);
}

/* ---- pairs of words ------------------------------------------------------------------------ */

enum meaning {
	MEANS_NOTHING, /* or an interface that leads to no map */
	MEANS_EFACE,   /* a descriptor */
	MEANS_IFACE,   /* an itab */
};

static bool leads_to_map(const struct hms_rt *rt, const struct hms_type *iface, uint64_t word)
{
	const struct hms_type *type = hms_rt_dynamic_type(rt, iface, word);

	return type && hms_type_reaches_map(rt->graph, type);
}

static enum meaning judge(const struct search *s, uint64_t word)
{
	const struct hms_rt *rt = s->f->rt;
	const uint8_t *p;

	/* Itabs may lie among the types: they are no descriptors. */
	if (word - s->itabs.from >= s->itabs.to - s->itabs.from)
		return hms_rt_is_descriptor(rt, word) && leads_to_map(rt, s->eface, word)
			       ? MEANS_EFACE
			       : MEANS_NOTHING;
	p = hms_mem_peek(rt->mem, word + hms_layout_off(&rt->layout, HMS_F_ITAB_TYPE), 8);
	return p && hms_rt_is_descriptor(rt, hms_le64(p)) && leads_to_map(rt, s->iface, word)
		       ? MEANS_IFACE
		       : MEANS_NOTHING;
}

/* What an interface that begins with @word can be, if a map can be reached from it; else NULL. */
static const struct hms_type *interface_of(struct search *s, uint64_t word)
{
	uint64_t *meaning;
	bool added;

	if (word % 8)
		return NULL;
	meaning = hms_set_put(&s->meanings, word, 0, MEANS_NOTHING, &added);
	if (added)
		*meaning = judge(s, word);
	return *meaning == MEANS_EFACE ? s->eface : *meaning == MEANS_IFACE ? s->iface : NULL;
}

static void try_pair(struct search *s, uint64_t addr, const uint8_t *p)
{
	struct hms_find_item item = {.addr = addr};
	struct hms_object object;

	if (!hms_le64(p + 8) || hms_le64(p + 8) % 8)
		return;
	item.type = interface_of(s, hms_le64(p));
	if (!item.type)
		return;
	/* What lies elsewhere is reached by what holds it there. */
	hms_heap_find(s->f->heap, hms_le64(p + 8), &object);
	if (object.state != HMS_HEAP_ALLOCATED)
		return;
	hms_find_push(s->f, &item, false, 0);
	if (++s->queued == MAX_QUEUED) {
		s->queued = 0;
		hms_find_run(s->f);
	}
}

static void look_at(struct search *s, uint64_t addr, uint64_t len)
{
	uint64_t from = HMS_MIN(s->types_from, s->itabs.from);
	uint64_t size = HMS_MAX(s->types_to, s->itabs.to) - from;
	const uint8_t *p;
	size_t n = hms_mem_run(s->f->rt->mem, addr, &p);

	n = (size_t)HMS_MIN((uint64_t)n, len);
	for (size_t off = 0; off + 16 <= n; off += 8)
		if (hms_le64(p + off) - from < size)
			try_pair(s, addr + off, p + off);
}

static struct hms_error *look_at_span(void *arg, const struct hms_span *span)
{
	for (uint32_t i = 0; !span->noscan && i < span->nslots; i++)
		if (hms_span_slot_state(span, i) == HMS_HEAP_ALLOCATED)
			look_at(arg, span->start + i * span->slot_size + span->base_off,
				span->slot_size - span->base_off);
	return NULL;
}

/* ---- everywhere ---------------------------------------------------------------------------- */

static bool search_open(struct hms_finder *f, struct search *ret)
{
	*ret = (struct search){
		.f = f,
		.eface = hms_graph_find_type(f->rt->graph, "interface {}"),
		.iface = hms_graph_find_type(f->rt->graph, HMS_KNOWN_IFACE),
		.types_from = UINT64_MAX,
	};
	for (size_t i = 0; i < f->rt->nmodules; i++) {
		ret->types_from = HMS_MIN(ret->types_from, f->rt->modules[i].types);
		ret->types_to = HMS_MAX(ret->types_to, f->rt->modules[i].etypes);
		add_itabs(f, &f->rt->modules[i], &ret->itabs);
	}
	if (!ret->itabs.to)
		ret->itabs = (struct itabs){ret->types_from, ret->types_from};
	return ret->eface && ret->iface && ret->types_from < ret->types_to;
}

void hms_find_interfaces(struct hms_finder *f)
{
	struct search s;

	if (!search_open(f, &s))
		return;
	f->doubtful = true;
	hms_err_free(hms_heap_each_span(f->heap, 0, look_at_span, &s));
	hms_find_run(f);
	f->doubtful = false;
	hms_set_deinit(&s.meanings);
}
