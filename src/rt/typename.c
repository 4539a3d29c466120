/*
 * Names of types: the runtime's own, and with full import paths.
 *
 * The linker's names, which debug information uses, hold import paths:
 * "map[string]example.com/yaml%2ev2.T" is "map[string]yaml.T" to %T.  They also qualify unexported
 * fields ("struct { main.b int }"), name embedded ones ("T = main.T") and number local types
 * ("main.L·1"); %T does none of that, except among type arguments, which it leaves as they are.
 */
#include "rt/rt.h"

#include <ctype.h>
#include <string.h>

#include "rt/descriptor.h"
#include "rt/rtype.h"

/* Nesting of braces that is followed; beyond it names are copied as they are. */
#define DEPTH_MAX 64

#define MIDDLE_DOT "\xc2\xb7"

struct strip {
	const char *p; /* what is left */
	struct hms_str *ret;
	unsigned int depth;
	bool in_struct[DEPTH_MAX]; /* by depth: these braces are a struct's */
};

/* ---- pieces of a name ------------------------------------------------------------------- */

static bool is_word(char c)
{
	return c && !strchr(" *[](){},;<>\"`=", c);
}

static size_t word_length(const char *p)
{
	size_t n = 0;

	while (is_word(p[n]))
		n++;
	return n;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The linker escapes some characters of an import path as %xx (cmd/internal/objabi/path.go). */
static void add_unescaped(struct hms_str *ret, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '%' && len - i > 2 && hex_digit(p[i + 1]) >= 0 &&
		    hex_digit(p[i + 2]) >= 0) {
			hms_str_addc(ret, (char)(hex_digit(p[i + 1]) * 16 + hex_digit(p[i + 2])));
			i += 2;
		} else {
			hms_str_addc(ret, p[i]);
		}
	}
}

/* Length of the quoted string at @p (a struct tag), quotes included. */
static size_t quoted_length(const char *p)
{
	size_t n = 1;

	while (p[n] && p[n] != '"')
		n += p[n] == '\\' && p[n + 1] ? 2 : 1;
	return p[n] ? n + 1 : n;
}

/* Length of the bracketed type arguments at @p. */
static size_t arguments_length(const char *p)
{
	size_t n = 0;
	int depth = 0;

	while (p[n]) {
		if (p[n] == '"') {
			n += quoted_length(p + n);
			continue;
		}
		depth += (p[n] == '[') - (p[n] == ']');
		n++;
		if (!depth)
			break;
	}
	return n;
}

/* ---- dropping import paths -------------------------------------------------------------- */

static bool is_version(const char *p, size_t len)
{
	if (len < 2 || p[0] != 'v')
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!isdigit((unsigned char)p[i]))
			return false;
	}
	return true;
}

/* Most packages are named like the last element of their path that is no version. */
static void add_package_name(struct hms_str *ret, const char *path, size_t len)
{
	const char *last = memrchr(path, '/', len);
	const char *from = last ? last + 1 : path, *suffix;

	if (last && is_version(from, (size_t)(path + len - from))) {
		len = (size_t)(last - path);
		last = memrchr(path, '/', len);
		from = last ? last + 1 : path;
	}
	len -= (size_t)(from - path);
	suffix = memmem(from, len, "%2e", 3);
	if (suffix && is_version(suffix + 3, (size_t)(from + len - suffix - 3)))
		len = (size_t)(suffix - from);
	add_unescaped(ret, from, len);
}

/* A word like "...example.com/x/y.T", "main.L·1" or "int". */
static void add_word(struct hms_str *ret, const char *p, size_t len)
{
	const char *slash, *dot, *local;

	if (len > 3 && memcmp(p, "...", 3) == 0) {
		hms_str_add(ret, "...");
		p += 3;
		len -= 3;
	}
	local = memmem(p, len, MIDDLE_DOT, strlen(MIDDLE_DOT));
	if (local)
		len = (size_t)(local - p);
	slash = memrchr(p, '/', len);
	dot = memchr(slash ? slash : p, '.', len - (size_t)((slash ? slash : p) - p));
	if (!dot) {
		hms_str_addn(ret, p, len);
		return;
	}
	add_package_name(ret, p, (size_t)(dot - p));
	hms_str_addn(ret, dot, len - (size_t)(dot - p));
}

/* A field begins here: "A int", "main.b int", "T = main.T", or an embedded "main.T". */
static void strip_field_start(struct strip *strip)
{
	size_t len = word_length(strip->p);
	const char *dot;

	if (strncmp(strip->p + len, " = ", 3) == 0) {
		strip->p += len + 3;
		return;
	}
	if (strip->p[len] != ' ' || strip->p[len + 1] == '}' || strip->p[len + 1] == '"')
		return;
	dot = memrchr(strip->p, '.', len);
	if (dot)
		strip->p = dot + 1;
}

/* The compiler's mark of types without hash and equality; descriptors don't show it. */
static bool skip_noalg(struct strip *strip)
{
	static const char mark[] = "noalg.";

	if (strncmp(strip->p, mark, strlen(mark)) != 0)
		return false;
	strip->p += strlen(mark);
	return true;
}

static void strip_word(struct strip *strip)
{
	size_t len = word_length(strip->p);
	bool is_map = len == 3 && memcmp(strip->p, "map", 3) == 0;

	add_word(strip->ret, strip->p, len);
	strip->p += len;
	if (*strip->p != '[' || is_map)
		return;
	len = arguments_length(strip->p);
	hms_str_addn(strip->ret, strip->p, len);
	strip->p += len;
	if (strncmp(strip->p, MIDDLE_DOT, strlen(MIDDLE_DOT)) == 0)
		strip->p += word_length(strip->p);
}

static void strip_open(struct strip *strip)
{
	static const char keyword[] = "struct ";
	size_t n = strlen(keyword);
	bool is_struct = strip->ret->len >= n &&
			 memcmp(strip->ret->s + strip->ret->len - n, keyword, n) == 0;

	if (strip->depth < DEPTH_MAX)
		strip->in_struct[strip->depth] = is_struct;
	strip->depth++;
	hms_str_addc(strip->ret, *strip->p++);
}

static bool in_struct(const struct strip *strip)
{
	return strip->depth && strip->depth <= DEPTH_MAX && strip->in_struct[strip->depth - 1];
}

static void strip_mark(struct strip *strip)
{
	char c = *strip->p;

	if (c == '{') {
		strip_open(strip);
	} else {
		strip->depth -= c == '}' && strip->depth;
		hms_str_addc(strip->ret, *strip->p++);
	}
	if ((c != '{' && c != ';') || !in_struct(strip) || *strip->p != ' ')
		return;
	hms_str_addc(strip->ret, *strip->p++);
	strip_field_start(strip);
}

static void strip_paths(const char *name, struct hms_str *ret)
{
	struct strip strip = {.p = name, .ret = ret};

	while (*strip.p) {
		if (*strip.p == '"') {
			size_t len = quoted_length(strip.p);

			hms_str_addn(ret, strip.p, len);
			strip.p += len;
		} else if (is_word(*strip.p)) {
			if (!skip_noalg(&strip))
				strip_word(&strip);
		} else {
			strip_mark(&strip);
		}
	}
}

/* ---- the two names ---------------------------------------------------------------------- */

void hms_rt_type_name(const struct hms_rt *rt, const struct hms_type *type, struct hms_str *ret)
{
	const struct hms_module *module = rt->nmodules ? &rt->modules[0] : NULL;
	const char *made = hms_rtypes_string(rt, type);

	if (made) {
		hms_str_add(ret, made);
		return;
	}
	if (type->rt_off && module && type->rt_off < module->etypes - module->types &&
	    hms_rtype_string(rt, module, module->types + type->rt_off, ret))
		return;
	strip_paths(type->name, ret);
}

void hms_rt_type_path(const struct hms_rt *rt, const struct hms_type *type, struct hms_str *ret)
{
	const char *p = type->name;

	(void)rt;
	while (*p) {
		size_t len = *p == '"' ? quoted_length(p) : strcspn(p, "\"");

		if (*p == '"')
			hms_str_addn(ret, p, len);
		else
			add_unescaped(ret, p, len);
		p += len;
	}
}

const struct hms_type *hms_rt_type_at(const struct hms_rt *rt, uint64_t rtype)
{
	const struct hms_module *module = hms_rt_module_of_type(rt, rtype);

	const struct hms_type *type = NULL;

	/* The graph describes EXE, whose module comes first. */
	if (module == &rt->modules[0])
		type = hms_graph_find_rtype(rt->graph, rtype - module->types);
	return type ? type : hms_rtypes_find(rt, rtype);
}
