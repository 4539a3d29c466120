/*
 * Opens the runtime model: release, loaded modules, map kind (src/runtime/symtab.go,
 * src/runtime/extern.go, src/debug/buildinfo/buildinfo.go).
 */
#include "rt/rt.h"

#include <inttypes.h>

#include "rt/hashrules.h"
#include "rt/rtype.h"
#include "util/arena.h"

/* Bytes of a version string that are looked at. */
#define VERSION_MAX 256

/* A process with more plugins than this is not believed. */
#define MODULES_MAX 1024

struct hms_error *hms_rt_symbol(const struct hms_rt *rt, const char *name, uint64_t *ret)
{
	const struct hms_variable *variable = hms_graph_find_variable(rt->graph, name);
	struct hms_elf_symbol symbol;

	if (variable) {
		*ret = variable->addr;
		return NULL;
	}
	if (!hms_elffile_symbol(rt->exe, name, &symbol))
		return hms_err(HMS_ERR_NOT_FOUND, "'%s' has no symbol %s", rt->exe->path, name);
	*ret = symbol.addr + rt->bias;
	return NULL;
}

struct hms_error *hms_rt_require(const struct hms_rt *rt, enum hms_fact_need need)
{
	struct hms_error *err = hms_layout_require(&rt->layout, need);

	return *rt->version.text ? hms_err_ctx(err, "%s", rt->version.text) : err;
}

/* ---- the release ------------------------------------------------------------------------ */

static bool version_at(const struct hms_rt *rt, uint64_t addr, struct hms_go_version *ret)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	HMS_CLEANUP(hms_err_freep) struct hms_error *err = NULL;
	uint64_t len;

	err = hms_rt_string(rt, addr, VERSION_MAX, &text, &len);
	if (err || !len)
		return false;
	hms_go_version_parse(text.s, text.len, ret);
	return true;
}

/* From Go 1.18 on the strings are stored inline: a varint length at 32, then the version. */
static bool version_inline(const struct hms_elf_section *info, struct hms_go_version *ret)
{
	uint64_t len = 0, off = 32;
	unsigned int shift = 0;

	do {
		if (off >= info->size || shift > 56)
			return false;
		len |= (uint64_t)(info->data[off] & 0x7f) << shift;
		shift += 7;
	} while (info->data[off++] & 0x80);
	if (!len || len > info->size - off)
		return false;
	hms_go_version_parse((const char *)info->data + off, HMS_MIN(len, VERSION_MAX), ret);
	return true;
}

/* .go.buildinfo: "\xff Go buildinf:", pointer size, flags (2: strings inline), up to 1.17 then
 * two pointers to Go strings. */
static bool version_of_buildinfo(const struct hms_rt *rt, struct hms_go_version *ret)
{
	const struct hms_elf_section *info = hms_elffile_section(rt->exe, ".go.buildinfo");
	HMS_CLEANUP(hms_err_freep) struct hms_error *err = NULL;
	uint64_t string;

	if (!info || !info->data || info->compressed || info->size < 32 ||
	    memcmp(info->data, "\xff Go buildinf:", 14) != 0)
		return false;
	if (info->data[15] & 2)
		return version_inline(info, ret);
	/* The process' copy: a position-independent one has been relocated. */
	err = hms_mem_u64(rt->mem, info->addr + rt->bias + 16, &string);
	return !err && version_at(rt, string, ret);
}

static void read_version(const struct hms_rt *rt, struct hms_go_version *ret)
{
	HMS_CLEANUP(hms_err_freep) struct hms_error *err = NULL;
	uint64_t addr;

	hms_go_version_parse("", 0, ret);
	err = hms_rt_symbol(rt, "runtime.buildVersion", &addr);
	if (!err && version_at(rt, addr, ret))
		return;
	version_of_buildinfo(rt, ret);
}

void hms_go_version_of(const struct hms_mem *mem, const struct hms_elffile *exe, uint64_t bias,
		       struct hms_go_version *ret)
{
	HMS_AUTO(hms_graph) struct hms_graph *nothing = hms_graph_create();
	const struct hms_rt rt = {.mem = mem, .exe = exe, .bias = bias, .graph = nothing};

	hms_graph_seal(nothing);
	read_version(&rt, ret);
}

/* ---- modules ---------------------------------------------------------------------------- */

static void decode_module(const struct hms_layout *layout, const uint8_t *p, uint64_t addr,
			  struct hms_module *ret)
{
#define GET(id) hms_layout_get(layout, HMS_F_MODULEDATA_##id, p)
	*ret = (struct hms_module){
		.addr = addr,
		.text = GET(TEXT),
		.etext = GET(ETEXT),
		.types = GET(TYPES),
		.etypes = GET(ETYPES),
		.data = GET(DATA),
		.edata = GET(EDATA),
		.bss = GET(BSS),
		.ebss = GET(EBSS),
		.noptrdata = GET(NOPTRDATA),
		.enoptrdata = GET(ENOPTRDATA),
		.noptrbss = GET(NOPTRBSS),
		.enoptrbss = GET(ENOPTRBSS),
		.has_main = GET(HASMAIN),
	};
#undef GET
}

static bool plausible(const struct hms_module *m)
{
	return m->text < m->etext && m->types <= m->etypes && m->data <= m->edata &&
	       m->bss <= m->ebss && m->noptrdata <= m->enoptrdata && m->noptrbss <= m->enoptrbss;
}

static struct hms_error *read_module(const struct hms_rt *rt, uint64_t addr, struct hms_module *ret,
				     uint64_t *next_ret)
{
	HMS_AUTO_FREE uint8_t *bytes = NULL;
	struct hms_module module;
	size_t size = rt->layout.facts[HMS_F_MODULEDATA].size;

	HMS_TRY(hms_alloc_array(size, 1, 1 << 16, &bytes));
	HMS_TRY(hms_err_ctx(hms_mem_read(rt->mem, addr, bytes, size), "module data"));
	decode_module(&rt->layout, bytes, addr, &module);
	if (!plausible(&module))
		return hms_err(HMS_ERR_MISMATCH,
			       "what the core holds at 0x%" PRIx64
			       " is not the module data that '%s' puts there",
			       addr, rt->exe->path);
	*ret = module;
	*next_ret = hms_layout_get(&rt->layout, HMS_F_MODULEDATA_NEXT, bytes);
	return NULL;
}

static bool module_known(const struct hms_rt *rt, uint64_t addr)
{
	for (size_t i = 0; i < rt->nmodules; i++) {
		if (rt->modules[i].addr == addr)
			return true;
	}
	return false;
}

/* EXE's module must be there; where the list behind it breaks off, the rest is unknown. */
static struct hms_error *read_modules(struct hms_rt *rt)
{
	struct hms_module module;
	size_t cap = 0;
	uint64_t addr;

	HMS_TRY(hms_rt_symbol(rt, "runtime.firstmoduledata", &addr));
	while (addr) {
		struct hms_error *err;

		if (rt->nmodules == MODULES_MAX || module_known(rt, addr)) {
			rt->modules_cut = true;
			break;
		}
		err = read_module(rt, addr, &module, &addr);
		if (err && !rt->nmodules)
			return err;
		if (err) {
			hms_err_free(err);
			rt->modules_cut = true;
			break;
		}
		HMS_GROW(rt->modules, rt->nmodules, cap);
		rt->modules[rt->nmodules++] = module;
	}
	return rt->nmodules ? NULL
			    : hms_err(HMS_ERR_NOT_FOUND, "'%s' has no module data", rt->exe->path);
}

/* ---- maps ------------------------------------------------------------------------------- */

/* What the program's own map types are made of. */
static bool kind_of_types(const struct hms_graph *graph, enum hms_map_kind *ret)
{
	size_t n = hms_graph_ntypes(graph);

	for (size_t i = 0; i < n; i++) {
		const struct hms_type *type = hms_graph_type(graph, i);

		if (type->kind != HMS_KIND_MAP || !type->repr)
			continue;
		if (hms_type_member(type->repr, "oldbuckets")) {
			*ret = HMS_MAP_CLASSIC;
			return true;
		}
		if (hms_type_member(type->repr, "dirPtr")) {
			*ret = HMS_MAP_SWISS;
			return true;
		}
	}
	return false;
}

static enum hms_map_kind find_map_kind(const struct hms_rt *rt)
{
	enum hms_map_kind kind;

	if (kind_of_types(rt->graph, &kind))
		return kind;
	if (hms_layout_has(&rt->layout, HMS_F_HMAP) != hms_layout_has(&rt->layout, HMS_F_SMAP))
		return hms_layout_has(&rt->layout, HMS_F_HMAP) ? HMS_MAP_CLASSIC : HMS_MAP_SWISS;
	if (hms_go_version_experiment(&rt->version, "noswissmap"))
		return HMS_MAP_CLASSIC;
	/* Swiss maps are the default from Go 1.24 on. */
	return rt->version.major == 1 && rt->version.minor < 24 ? HMS_MAP_CLASSIC : HMS_MAP_SWISS;
}

/* ---- open ------------------------------------------------------------------------------- */

static struct hms_error *check_is_go(const struct hms_rt *rt)
{
	static const char *const signs[] = {".go.buildinfo", ".gopclntab", ".note.go.buildid"};
	struct hms_error *err;
	uint64_t addr;

	err = hms_rt_symbol(rt, "runtime.firstmoduledata", &addr);
	if (!err)
		return NULL;
	hms_err_free(err);
	for (size_t i = 0; i < HMS_ARRAY_LEN(signs); i++) {
		if (hms_elffile_section(rt->exe, signs[i]))
			return NULL;
	}
	return hms_err(HMS_ERR_UNSUPPORTED,
		       "'%s' is not a Go program: it has no runtime.firstmoduledata and no section "
		       "that the Go linker makes",
		       rt->exe->path);
}

static struct hms_error *fill(struct hms_rt *rt)
{
	HMS_TRY(check_is_go(rt));
	read_version(rt, &rt->version);
	rt->release_known = hms_go_version_known(&rt->version);
	hms_layout_resolve(rt->graph, &rt->layout);
	HMS_TRY(hms_err_ctx(hms_rt_require(rt, HMS_NEED_CORE), "'%s'", rt->exe->path));
	HMS_TRY(read_modules(rt));
	rt->map_kind = find_map_kind(rt);
	return NULL;
}

struct hms_error *hms_rt_open(const struct hms_mem *mem, const struct hms_elffile *exe,
			      uint64_t bias, const struct hms_graph *graph, struct hms_rt **ret)
{
	HMS_AUTO(hms_rt) struct hms_rt *rt = hms_xcalloc(1, sizeof(*rt));
	const struct hms_hash_rules *rules;

	rt->mem = mem;
	rt->exe = exe;
	rt->bias = bias;
	rt->graph = graph;
	rt->rtypes = hms_rtypes_create();
	HMS_TRY(fill(rt));
	rules = hms_hash_rules_of(rt);
	rt->direct_by_size = rules && rules->direct_by_size;
	*ret = hms_take(rt);
	return NULL;
}

void hms_rt_close(struct hms_rt *rt)
{
	if (!rt)
		return;
	hms_rtypes_destroy(rt->rtypes);
	free(rt->map_types);
	free(rt->modules);
	free(rt);
}
