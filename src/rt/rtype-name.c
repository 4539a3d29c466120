/*
 * Names of types made from descriptors.  Named types have their string and the path of their
 * package; the others are put together from their parts, as reflect does
 * (src/reflect/type.go: MapOf, ChanOf, funcStr, StructOf), since reflect's own have no string
 * that could be read without walking a map of the runtime's.
 */
#include "rt/rtype-impl.h"

#include <inttypes.h>

#include "util/arena.h"

/* A name longer than this ends in an ellipsis; so does one nested deeper. */
#define NAME_MAX_LEN 16384
#define NESTING_MAX  32

enum spelling {
	AS_STRING, /* package names: what %T prints */
	AS_PATH,   /* import paths */
};

struct naming {
	struct hms_rtype_build *build;
	enum spelling spelling;
	struct hms_str *ret;
	int nesting;
};

static void add_type(struct naming *n, const struct hms_type *type);

/* ---- strings and paths of named types -------------------------------------------------------- */

static bool own_string(const struct hms_rt *rt, const struct hms_rtype *rtype, struct hms_str *ret)
{
	return rtype->addr && rtype->module &&
	       hms_rtype_string(rt, rtype->module, rtype->addr, ret);
}

/* The structure that the uncommon type stands behind. */
static enum hms_fact_id structure_of(enum hms_kind kind)
{
	switch (kind) {
	case HMS_KIND_ARRAY: return HMS_F_ARRAYTYPE;
	case HMS_KIND_CHAN: return HMS_F_CHANTYPE;
	case HMS_KIND_FUNC: return HMS_F_FUNCTYPE;
	case HMS_KIND_INTERFACE: return HMS_F_INTERFACETYPE;
	case HMS_KIND_MAP: return HMS_F_MAPTYPE;
	case HMS_KIND_POINTER: return HMS_F_PTRTYPE;
	case HMS_KIND_SLICE: return HMS_F_SLICETYPE;
	case HMS_KIND_STRUCT: return HMS_F_STRUCTTYPE;
	default: return HMS_F_TYPE;
	}
}

static bool package_path(const struct hms_rt *rt, const struct hms_rtype *rtype,
			 struct hms_str *ret)
{
	const struct hms_layout *layout = &rt->layout;
	const uint8_t *p;
	uint64_t off;

	if (!(rtype->tflag & HMS_TFLAG_UNCOMMON) || !rtype->module)
		return false;
	p = hms_mem_peek(rt->mem, rtype->addr + layout->facts[structure_of(rtype->type.kind)].size,
			 layout->facts[HMS_F_UNCOMMONTYPE].size);
	if (!p)
		return false;
	off = hms_layout_get(layout, HMS_F_UNCOMMONTYPE_PKGPATH, p);
	return off && off <= INT32_MAX &&
	       hms_rtype_read_name(rt, rtype->module->types + off, rtype->module->etypes, ret, NULL,
				   NULL);
}

/* "yaml.T" of package "gopkg.in/yaml.v2" is "gopkg.in/yaml.v2.T". */
static bool add_named(struct naming *n, const struct hms_rtype *rtype)
{
	HMS_AUTO_STR struct hms_str string = HMS_STR_INIT, path = HMS_STR_INIT;
	const struct hms_rt *rt = n->build->rt;
	const char *dot;

	if (!(rtype->tflag & HMS_TFLAG_NAMED) || !own_string(rt, rtype, &string))
		return false;
	dot = strchr(string.s, '.');
	if (n->spelling == AS_PATH && dot && package_path(rt, rtype, &path)) {
		hms_str_addn(n->ret, path.s, path.len);
		hms_str_add(n->ret, dot);
	} else {
		hms_str_addn(n->ret, string.s, string.len);
	}
	return true;
}

/* ---- names put together -----------------------------------------------------------------------
 */

static void add_chan(struct naming *n, const struct hms_rtype *rtype)
{
	const struct hms_rtype *elem = hms_rtype_of(n->build->rt, rtype->type.elem);
	bool receives =
		rtype->type.elem->kind == HMS_KIND_CHAN &&
		((elem && elem->chan_dir == 1) || strncmp(rtype->type.elem->name, "<-", 2) == 0);

	switch (rtype->chan_dir) {
	case 1: hms_str_add(n->ret, "<-chan "); break;
	case 2: hms_str_add(n->ret, "chan<- "); break;
	default: hms_str_add(n->ret, receives ? "chan (" : "chan "); break;
	}
	add_type(n, rtype->type.elem);
	if (receives && rtype->chan_dir != 1 && rtype->chan_dir != 2)
		hms_str_addc(n->ret, ')');
}

static void add_params(struct naming *n, const struct hms_type *const *params, uint32_t count,
		       bool variadic)
{
	for (uint32_t i = 0; i < count && n->ret->len < NAME_MAX_LEN; i++) {
		hms_str_add(n->ret, i ? ", " : "");
		if (variadic && i + 1 == count && params[i]->elem) {
			hms_str_add(n->ret, "...");
			add_type(n, params[i]->elem);
		} else {
			add_type(n, params[i]);
		}
	}
}

static void add_func(struct naming *n, const struct hms_rtype *rtype)
{
	bool several = rtype->nout > 1;

	hms_str_add(n->ret, "func(");
	add_params(n, rtype->params, rtype->nin, rtype->variadic);
	hms_str_add(n->ret, several ? ") (" : rtype->nout ? ") " : ")");
	if (rtype->nout)
		add_params(n, rtype->params + rtype->nin, rtype->nout, false);
	hms_str_add(n->ret, several ? ")" : "");
}

/* As strconv.Quote does for what tags hold. */
static void add_quoted(struct hms_str *ret, const char *s)
{
	hms_str_addc(ret, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			hms_str_addc(ret, '\\');
		hms_str_addc(ret, *s);
	}
	hms_str_addc(ret, '"');
}

static void add_struct(struct naming *n, const struct hms_rtype *rtype)
{
	const struct hms_type *type = &rtype->type;

	hms_str_add(n->ret, "struct {");
	for (uint32_t i = 0; i < type->nmembers && n->ret->len < NAME_MAX_LEN; i++) {
		const struct hms_member *member = &type->members[i];

		hms_str_add(n->ret, i ? "; " : " ");
		if (!member->embedded)
			hms_str_addf(n->ret, "%s ", member->name);
		add_type(n, member->type);
		if (rtype->tags && rtype->tags[i]) {
			hms_str_addc(n->ret, ' ');
			add_quoted(n->ret, rtype->tags[i]);
		}
	}
	hms_str_add(n->ret, type->nmembers ? " }" : "}");
}

static void add_parts(struct naming *n, const struct hms_rtype *rtype)
{
	const struct hms_type *type = &rtype->type;

	switch (type->kind) {
	case HMS_KIND_ARRAY:
		hms_str_addf(n->ret, "[%" PRIu64 "]", type->count);
		add_type(n, type->elem);
		break;
	case HMS_KIND_CHAN: add_chan(n, rtype); break;
	case HMS_KIND_FUNC: add_func(n, rtype); break;
	case HMS_KIND_MAP:
		hms_str_add(n->ret, "map[");
		add_type(n, type->key);
		hms_str_addc(n->ret, ']');
		add_type(n, type->elem);
		break;
	case HMS_KIND_POINTER:
		hms_str_addc(n->ret, '*');
		add_type(n, type->elem);
		break;
	case HMS_KIND_SLICE:
		hms_str_add(n->ret, "[]");
		add_type(n, type->elem);
		break;
	case HMS_KIND_STRUCT: add_struct(n, rtype); break;
	default:
		if (!own_string(n->build->rt, rtype, n->ret))
			hms_str_add(n->ret, "?");
		break;
	}
}

static void add_made(struct naming *n, const struct hms_rtype *rtype)
{
	if (rtype->named_by_parts) {
		hms_str_add(n->ret, rtype->type.name);
		return;
	}
	if (add_named(n, rtype))
		return;
	if (n->spelling == AS_STRING && own_string(n->build->rt, rtype, n->ret))
		return;
	add_parts(n, rtype);
}

static void add_type(struct naming *n, const struct hms_type *type)
{
	const struct hms_rtype *made = hms_rtype_of(n->build->rt, type);

	if (n->nesting == NESTING_MAX || n->ret->len >= NAME_MAX_LEN) {
		hms_str_add(n->ret, "...");
		return;
	}
	n->nesting++;
	if (made)
		add_made(n, made);
	else if (type == &hms_rtype_unknown)
		hms_str_add(n->ret, type->name);
	else if (n->spelling == AS_STRING)
		hms_rt_type_name(n->build->rt, type, n->ret);
	else
		hms_rt_type_path(n->build->rt, type, n->ret);
	n->nesting--;
}

static const char *spell(struct hms_rtype_build *build, const struct hms_rtype *rtype,
			 enum spelling spelling)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;
	struct naming n = {.build = build, .spelling = spelling, .ret = &name};

	add_made(&n, rtype);
	if (!hms_rtype_charge(build, name.len))
		return "?";
	return hms_arena_strndup(build->arena, hms_str_text(&name), name.len);
}

void hms_rtype_set_names(struct hms_rtype_build *build, struct hms_rtype *rtype)
{
	const char *string = spell(build, rtype, AS_STRING);
	const char *path = spell(build, rtype, AS_PATH);

	rtype->string = string;
	rtype->type.name = path;
}
