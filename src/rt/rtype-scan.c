/*
 * Every map type of the program, from its type section: for programs whose debug information does
 * not list them.  The linker puts all descriptors into one section, among them those that no list
 * names (types with a name; from Go 1.27 on there is no list at all), so the section is searched
 * for what has the form of a map's (src/internal/abi/type.go, map*.go).
 */
#include "rt/rtype.h"

#include "rt/descriptor.h"

#include "util/arena.h"

#define KIND_MASK 31
#define TFLAG_MAX 63 /* all flags that there are */

struct scan {
	const struct hms_rt *rt;
	const struct hms_module *module;
	const struct hms_layout *layout;
	uint32_t size; /* of a map's descriptor */
};

static bool is_part(const struct scan *s, enum hms_fact_id id, const uint8_t *p)
{
	uint64_t addr = hms_layout_get(s->layout, id, p);

	return addr % 8 == 0 && addr >= s->module->types && addr < s->module->etypes;
}

static bool is_map_type(const struct scan *s, const uint8_t *p)
{
	return (hms_layout_get(s->layout, HMS_F_TYPE_KIND, p) & KIND_MASK) == HMS_KIND_MAP &&
	       hms_layout_get(s->layout, HMS_F_TYPE_SIZE, p) == 8 &&
	       hms_layout_get(s->layout, HMS_F_TYPE_PTRBYTES, p) == 8 &&
	       is_part(s, HMS_F_MAPTYPE_KEY, p) && is_part(s, HMS_F_MAPTYPE_ELEM, p) &&
	       is_part(s, HMS_F_MAPTYPE_UNIT, p);
}

static void keep(struct hms_rt *rt, uint64_t addr, size_t *cap)
{
	const struct hms_type *type = hms_rt_type_at(rt, addr);

	/* What generic code is compiled for is no type that a value has. */
	if (!type || type->kind != HMS_KIND_MAP || !type->key || !type->elem ||
	    strstr(type->name, "go.shape."))
		return;
	HMS_GROW(rt->map_types, rt->nmap_types, *cap);
	rt->map_types[rt->nmap_types++] = type;
}

/* From Go 1.27 on the descriptors are the first part of the section. */
static uint64_t end_of_descriptors(const struct hms_rt *rt, const struct hms_module *module)
{
	uint64_t len = 0;
	const uint8_t *p;

	if (!hms_layout_has(&rt->layout, HMS_F_MODULEDATA_TYPEDESCLEN))
		return module->etypes;
	p = hms_mem_peek(rt->mem, module->addr, rt->layout.facts[HMS_F_MODULEDATA].size);
	if (p)
		len = hms_layout_get(&rt->layout, HMS_F_MODULEDATA_TYPEDESCLEN, p);
	return len && len <= module->etypes - module->types ? module->types + len : module->etypes;
}

/* Its string is appended to @name. */
static bool is_descriptor(const struct hms_rt *rt, uint64_t addr, struct hms_str *name)
{
	const struct hms_module *module = hms_rt_module_of_type(rt, addr);
	const struct hms_layout *layout = &rt->layout;
	const uint8_t *p;
	uint64_t kind;

	if (addr % 8 || !module || addr >= end_of_descriptors(rt, module))
		return false;
	p = hms_mem_peek(rt->mem, addr, layout->facts[HMS_F_TYPE].size);
	if (!p)
		return false;
	kind = hms_layout_get(layout, HMS_F_TYPE_KIND, p) & KIND_MASK;
	return kind && kind <= HMS_KIND_UNSAFE_POINTER &&
	       hms_layout_get(layout, HMS_F_TYPE_SIZE, p) < UINT64_C(1) << 40 &&
	       hms_layout_get(layout, HMS_F_TYPE_PTRBYTES, p) <=
		       hms_layout_get(layout, HMS_F_TYPE_SIZE, p) &&
	       hms_layout_get(layout, HMS_F_TYPE_HASH, p) &&
	       hms_layout_get(layout, HMS_F_TYPE_TFLAG, p) <= TFLAG_MAX &&
	       hms_rtype_string(rt, module, addr, name);
}

bool hms_rt_is_descriptor(const struct hms_rt *rt, uint64_t addr)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;

	return is_descriptor(rt, addr, &name);
}

void hms_rt_each_descriptor(const struct hms_rt *rt,
			    void (*visit)(void *arg, uint64_t addr, const char *string), void *arg)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;

	for (size_t i = 0; i < rt->nmodules; i++) {
		const struct hms_module *m = &rt->modules[i];
		uint64_t to = end_of_descriptors(rt, m);

		for (uint64_t at = (m->types + 7) & ~UINT64_C(7); at < to; at += 8) {
			hms_str_clear(&name);
			if (is_descriptor(rt, at, &name))
				visit(arg, at, hms_str_text(&name));
		}
	}
}

static void scan_module(struct hms_rt *rt, const struct hms_module *module, size_t *cap)
{
	const struct scan s = {rt, module, &rt->layout, rt->layout.facts[HMS_F_MAPTYPE].size};
	uint64_t at = (module->types + 7) & ~UINT64_C(7), to = end_of_descriptors(rt, module), end;

	while (at < to && s.size) {
		const uint8_t *p;
		size_t len = hms_mem_run(rt->mem, at, &p), off = 0;

		len = (size_t)HMS_MIN((uint64_t)len, to - at);
		for (; off + s.size <= len; off += 8)
			if (is_map_type(&s, p + off))
				keep(rt, at + off, cap);
		at += off;
		if (off)
			continue;
		/* A hole, or too little before one. */
		hms_mem_state_at(rt->mem, at, &end);
		if (end <= at)
			return;
		at = (end + 7) & ~UINT64_C(7);
	}
}

void hms_rt_find_map_types(struct hms_rt *rt)
{
	size_t cap = rt->nmap_types;

	for (size_t i = 0; i < rt->nmodules; i++)
		scan_module(rt, &rt->modules[i], &cap);
}
