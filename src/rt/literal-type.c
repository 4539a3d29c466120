/*
 * Names of types in literals: main.T{...}, uint8(7), (*main.T)(0xc000010000), [3]int{...}.
 *
 * A name may itself hold brackets: struct { A int }{1}.  So each "(" and "{" may be where it ends;
 * the first that ends a known type's name is taken.
 */
#include <ctype.h>
#include <string.h>

#include "rt/literal-impl.h"
#include "util/arena.h"
#include "util/cleanup.h"

#define MAX_NAME   4096 /* characters of a type's name */
#define MAX_PLACES 32   /* brackets that may end it */

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

/* Other ways to write a type. */
static const char *alias(const char *word, size_t len)
{
	static const char *const pairs[][2] = {
		{"byte", "uint8"}, {"rune", "int32"}, {"any", "interface{}"}};

	for (size_t i = 0; i < HMS_ARRAY_LEN(pairs); i++)
		if (strlen(pairs[i][0]) == len && memcmp(pairs[i][0], word, len) == 0)
			return pairs[i][1];
	return NULL;
}

/* @s in one spelling: spaces only between words, no aliases. */
static void normalise(const char *s, size_t len, struct hms_str *ret)
{
	bool space = false;

	hms_str_clear(ret);
	for (size_t i = 0; i < len;) {
		const char *other;
		size_t n = 0;

		while (i + n < len && in_word(s[i + n]))
			n++;
		if (!n) {
			space = s[i] == ' ' || s[i] == '\t';
			if (!space)
				hms_str_addc(ret, s[i]);
			i++;
			continue;
		}
		if (space && ret->len && in_word(ret->s[ret->len - 1]))
			hms_str_addc(ret, ' ');
		/* pkg.any is a type of its own. */
		other = ret->len && ret->s[ret->len - 1] == '.' ? NULL : alias(s + i, n);
		hms_str_addn(ret, other ? other : s + i, other ? strlen(other) : n);
		i += n;
		space = false;
	}
}

/* ---- where a name may end ----------------------------------------------------------------- */

struct name {
	char *text; /* normalised, without brackets around it */
	const char *end;
};

struct names {
	struct name v[MAX_PLACES];
	size_t n;
};

static void names_deinit(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i].text);
}

/* (*main.T) is *main.T. */
static void add_name(struct names *names, const char *from, const char *end)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	size_t len = (size_t)(end - from);

	if (len > 2 && from[0] == '(' && from[len - 1] == ')') {
		from++;
		len -= 2;
	}
	normalise(from, len, &text);
	names->v[names->n++] = (struct name){.text = hms_xstrdup(hms_str_text(&text)), .end = end};
}

static bool may_begin(char c)
{
	return isalpha((unsigned char)c) || c == '_' || c == '*' || c == '(' || c == '[' ||
	       (c & 0x80);
}

static void find_names(const char *from, struct names *ret)
{
	unsigned int depth = 0;
	const char *p = from;

	ret->n = 0;
	if (!may_begin(*p))
		return;
	for (; *p && p - from < MAX_NAME && ret->n < MAX_PLACES; p++) {
		if (p > from && (*p == '(' || *p == '{'))
			add_name(ret, from, p);
		if (*p == '(' || *p == '{' || *p == '[')
			depth++;
		else if ((*p == ')' || *p == '}' || *p == ']') && depth-- == 0)
			return;
		else if (!depth && strchr(",:\"`'", *p))
			return;
	}
}

/* ---- types -------------------------------------------------------------------------------- */

/* Names of one type, normalised. */
struct spelling {
	struct hms_str raw, name, path;
};

static void spelling_deinit(struct spelling *s)
{
	hms_str_deinit(&s->raw);
	hms_str_deinit(&s->name);
	hms_str_deinit(&s->path);
}

static void spell(const struct hms_rt *rt, const struct hms_type *type, struct spelling *s)
{
	hms_str_clear(&s->raw);
	hms_rt_type_name(rt, type, &s->raw);
	normalise(hms_str_text(&s->raw), s->raw.len, &s->name);
	hms_str_clear(&s->raw);
	hms_rt_type_path(rt, type, &s->raw);
	normalise(hms_str_text(&s->raw), s->raw.len, &s->path);
}

/* "[...]int" is an array of any length. */
static bool open_array(const struct hms_type *type, const char *text, const struct spelling *s)
{
	static const char dots[] = "[...]";
	const char *elem = strchr(hms_str_text(&s->name), ']');

	return type->kind == HMS_KIND_ARRAY && elem && strncmp(text, dots, strlen(dots)) == 0 &&
	       strcmp(text + strlen(dots), elem + 1) == 0;
}

bool hms_literal_own_type(struct hms_literal_parser *parser, const struct hms_type *type)
{
	HMS_CLEANUP(spelling_deinit) struct spelling s = {.raw = HMS_STR_INIT};
	HMS_CLEANUP(names_deinit) struct names names = {.n = 0};

	find_names(parser->p, &names);
	if (!names.n)
		return false;
	spell(parser->rt, type, &s);
	for (size_t i = 0; i < names.n; i++) {
		const char *text = names.v[i].text;

		if (strcmp(text, hms_str_text(&s.name)) == 0 ||
		    strcmp(text, hms_str_text(&s.path)) == 0 || open_array(type, text, &s)) {
			parser->p = names.v[i].end;
			return true;
		}
	}
	return false;
}

/* The graph may have several types of one name and descriptor: the one that interfaces lead to. */
static const struct hms_type *canonical(const struct hms_rt *rt, const struct hms_type *type)
{
	const struct hms_type *ret =
		type->rt_off ? hms_graph_find_rtype(rt->graph, type->rt_off) : NULL;

	return ret ? ret : type;
}

/* The type that a name means. */
struct match {
	const struct hms_type *type;
	bool by_path;
	bool ambiguous;
};

static void consider(const struct hms_rt *rt, const struct hms_type *type, bool by_path,
		     struct match *match)
{
	bool better = !match->type || (by_path && !match->by_path) ||
		      (by_path == match->by_path && !match->type->rt_off && type->rt_off);

	type = canonical(rt, type);
	if (better)
		*match = (struct match){.type = type, .by_path = by_path};
	else if (by_path == match->by_path && type != match->type && type->rt_off &&
		 match->type->rt_off)
		match->ambiguous = true;
}

struct matching {
	const struct hms_rt *rt;
	const struct names *names;
	struct match *matches;
	struct spelling s;
};

static void match_type(struct matching *m, const struct hms_type *type)
{
	spell(m->rt, type, &m->s);
	for (size_t i = 0; i < m->names->n; i++) {
		const char *text = m->names->v[i].text;
		bool by_path = strcmp(text, hms_str_text(&m->s.path)) == 0;

		if (by_path || strcmp(text, hms_str_text(&m->s.name)) == 0)
			consider(m->rt, type, by_path, &m->matches[i]);
	}
}

/* A name with its import path ends like that without. */
static bool ends_alike(const char *text, const char *string)
{
	const char *a = strrchr(text, '.'), *b = strrchr(string, '.');

	return strcmp(text, string) == 0 || (a && b && strcmp(a, b) == 0);
}

static void match_descriptor(void *arg, uint64_t addr, const char *string)
{
	struct matching *m = arg;
	const struct hms_type *type;

	for (size_t i = 0; i < m->names->n; i++) {
		if (!ends_alike(m->names->v[i].text, string))
			continue;
		type = hms_rt_type_at(m->rt, addr);
		if (type)
			match_type(m, type);
		return;
	}
}

/* One pass over all types, for all names at once.  Those of a program without debug information are
 * its descriptors: what its graph has is put together by us, and not what an interface would name.
 */
static void match_all(const struct hms_rt *rt, const struct names *names, struct match *matches)
{
	struct matching m = {rt, names, matches, {.raw = HMS_STR_INIT}};

	if (rt->nmap_types)
		hms_rt_each_descriptor(rt, match_descriptor, &m);
	for (size_t id = 0; !rt->nmap_types && id < hms_graph_ntypes(rt->graph); id++) {
		const struct hms_type *type = hms_graph_type(rt->graph, id);

		if (type->kind != HMS_KIND_NONE && type->name)
			match_type(&m, type);
	}
	spelling_deinit(&m.s);
}

struct hms_error *hms_literal_any_type(struct hms_literal_parser *parser,
				       const struct hms_type **ret)
{
	HMS_CLEANUP(names_deinit) struct names names = {.n = 0};
	struct match matches[MAX_PLACES] = {{0}};
	const char *at = parser->p;

	*ret = NULL;
	find_names(at, &names);
	if (names.n)
		match_all(parser->rt, &names, matches);
	for (size_t i = 0; i < names.n; i++) {
		if (!matches[i].type)
			continue;
		if (matches[i].ambiguous)
			return hms_literal_bad(parser, at,
					       "several types are called %s: give its import path",
					       names.v[i].text);
		parser->p = names.v[i].end;
		*ret = matches[i].type;
		return NULL;
	}
	return NULL;
}

const struct hms_type *hms_literal_type_named(const struct hms_literal_parser *parser,
					      const char *name)
{
	struct names names = {.n = 1, .v = {{.text = (char *)(uintptr_t)name}}};
	struct match match = {0};
	const struct hms_type *type;

	if (parser->rt->nmap_types) {
		match_all(parser->rt, &names, &match);
		return match.type;
	}
	type = hms_graph_find_type(parser->rt->graph, name);
	return type ? canonical(parser->rt, type) : NULL;
}
