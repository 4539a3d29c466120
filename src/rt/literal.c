/* Values of literals.  Text, types and their sizes may be anything: all is bounded. */
#include "rt/literal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rt/literal-impl.h"
#include "util/arena.h"
#include "util/cleanup.h"

/* Not canonical on amd64, beyond user space on arm64: no process has memory there. */
#define BASE      UINT64_C(0xf0f0000000000000)
#define BASE_TYPE UINT64_C(0xf0f1000000000000)

#define MAX_SIZE  (UINT64_C(1) << 20) /* bytes of a value that an interface or a key holds */
#define MAX_TOTAL (UINT64_C(1) << 26)
#define MAX_DEPTH 64
#define SHOWN     24 /* characters of what does not fit */

struct hms_literal {
	uint64_t at;           /* of the value, in memory */
	struct hms_str memory; /* at BASE */
	const struct hms_type **types;
	size_t ntypes, cap_types;
};

static struct hms_error *value(struct hms_literal_parser *parser, const struct hms_type *type,
			       uint8_t *ret);

/* ---- errors ------------------------------------------------------------------------------- */

struct hms_error *hms_literal_bad(const struct hms_literal_parser *parser, const char *at,
				  const char *format, ...)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;
	HMS_AUTO_FREE char *what = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		hms_out_of_memory();
	va_end(args);
	hms_rt_type_name(parser->rt, parser->whole, &name);
	if (!*at)
		return hms_err(HMS_ERR_USAGE, "cannot read '%.80s' as %s: at its end: %s",
			       parser->text, hms_str_text(&name), what);
	return hms_err(HMS_ERR_USAGE, "cannot read '%.80s' as %s: at character %zu, '%.*s': %s",
		       parser->text, hms_str_text(&name), (size_t)(at - parser->text) + 1, SHOWN,
		       at, what);
}

void hms_literal_skip_space(struct hms_literal_parser *parser)
{
	while (*parser->p == ' ' || *parser->p == '\t' || *parser->p == '\n')
		parser->p++;
}

static bool take(struct hms_literal_parser *parser, char c)
{
	hms_literal_skip_space(parser);
	if (*parser->p != c)
		return false;
	parser->p++;
	hms_literal_skip_space(parser);
	return true;
}

static struct hms_error *expect(struct hms_literal_parser *parser, char c)
{
	if (take(parser, c))
		return NULL;
	return hms_literal_bad(parser, parser->p, "'%c' is wanted", c);
}

/* A word that ends here: "true", not "trueish". */
static bool take_word(struct hms_literal_parser *parser, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(parser->p, word, len) != 0 || isalnum((unsigned char)parser->p[len]) ||
	    parser->p[len] == '_')
		return false;
	parser->p += len;
	return true;
}

/* ---- what values refer to ----------------------------------------------------------------- */

static struct hms_error *keep(struct hms_literal_parser *parser, const void *bytes, size_t len,
			      uint64_t *addr_ret)
{
	struct hms_str *memory = &parser->literal->memory;

	if (len > MAX_TOTAL - memory->len)
		return hms_literal_bad(parser, parser->p, "the value is too large");
	while (memory->len % 16)
		hms_str_addc(memory, '\0');
	*addr_ret = BASE + memory->len;
	hms_str_addn(memory, bytes, len);
	return NULL;
}

static void put64(uint8_t *at, uint64_t v)
{
	memcpy(at, &v, sizeof(v));
}

static uint64_t add_type(struct hms_literal *literal, const struct hms_type *type)
{
	HMS_GROW(literal->types, literal->ntypes, literal->cap_types);
	literal->types[literal->ntypes] = type;
	return BASE_TYPE + 16 * literal->ntypes++;
}

/* ---- strings, pointers -------------------------------------------------------------------- */

/* Of a string inside of something the end must show. */
static void bare_word(struct hms_literal_parser *parser, struct hms_str *ret)
{
	while (*parser->p && !strchr(" \t\n,:(){}[]\"`'", *parser->p))
		hms_str_addc(ret, *parser->p++);
}

static struct hms_error *string(struct hms_literal_parser *parser, uint8_t *ret)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	uint64_t addr = 0;

	if (*parser->p == '"' || *parser->p == '`') {
		HMS_TRY(hms_literal_quoted(parser, &text));
	} else if (parser->p == parser->text) {
		hms_str_add(&text, parser->p);
		parser->p += strlen(parser->p);
	} else {
		bare_word(parser, &text);
		if (!text.len)
			return hms_literal_bad(parser, parser->p, "a string is wanted");
	}
	if (text.len)
		HMS_TRY(keep(parser, text.s, text.len, &addr));
	put64(ret, addr);
	put64(ret + 8, text.len);
	return NULL;
}

static struct hms_error *pointer(struct hms_literal_parser *parser, uint8_t *ret)
{
	static const struct hms_type address = {.name = "address", .size = 8};
	const char *at = parser->p;

	if (take_word(parser, "nil")) {
		put64(ret, 0);
		return NULL;
	}
	if (*at == '\'' || *at == '-' || hms_literal_number_form(parser) != HMS_LITERAL_INTEGER)
		return hms_literal_bad(parser, at, "an address (0xc000010000) or nil is wanted");
	return hms_literal_integer(parser, &address, false, ret);
}

static struct hms_error *boolean(struct hms_literal_parser *parser, uint8_t *ret)
{
	if (take_word(parser, "true"))
		*ret = 1;
	else if (take_word(parser, "false"))
		*ret = 0;
	else
		return hms_literal_bad(parser, parser->p, "true or false is wanted");
	return NULL;
}

/* ---- arrays and structs ------------------------------------------------------------------- */

/* "3:" before an element. */
static bool take_index(struct hms_literal_parser *parser, uint64_t *ret)
{
	static const struct hms_type type = {.name = "index", .size = 8};
	const char *at = parser->p;
	uint8_t bytes[8];
	struct hms_error *err;

	if (!isdigit((unsigned char)*at) || hms_literal_number_form(parser) != HMS_LITERAL_INTEGER)
		return false;
	err = hms_literal_integer(parser, &type, false, bytes);
	hms_literal_skip_space(parser);
	if (err || *parser->p != ':') {
		hms_err_free(err);
		parser->p = at;
		return false;
	}
	parser->p++;
	hms_literal_skip_space(parser);
	memcpy(ret, bytes, sizeof(*ret));
	return true;
}

static struct hms_error *elements(struct hms_literal_parser *parser, const struct hms_type *type,
				  uint8_t *ret)
{
	uint64_t next = 0;

	while (!take(parser, '}')) {
		const char *at = parser->p;

		take_index(parser, &next);
		if (next >= type->count)
			return hms_literal_bad(parser, at, "the array has %llu elements",
					       (unsigned long long)type->count);
		HMS_TRY(value(parser, type->elem, ret + next * type->elem->size));
		next++;
		if (!take(parser, ','))
			return expect(parser, '}');
	}
	return NULL;
}

/* "A:" before a field: its index; -1: no field's name stands here. */
static int64_t take_field(struct hms_literal_parser *parser, const struct hms_type *type,
			  const bool *set)
{
	size_t len = strcspn(parser->p, " \t\n,:(){}[]\"`'");
	const char *end = parser->p + len;

	while (*end == ' ')
		end++;
	if (!len || *end != ':')
		return -1;
	for (uint32_t i = 0; i < type->nmembers; i++) {
		const char *name = type->members[i].name;

		/* Several may be called _: they come in order. */
		if (!name || strlen(name) != len || memcmp(name, parser->p, len) != 0 ||
		    (set[i] && strcmp(name, "_") == 0))
			continue;
		parser->p = end + 1;
		hms_literal_skip_space(parser);
		return i;
	}
	return -1;
}

static bool is_known(const struct hms_type *type, const struct hms_member *member)
{
	return member->type && member->off <= type->size &&
	       member->type->size <= type->size - member->off;
}

static struct hms_error *one_field(struct hms_literal_parser *parser, const struct hms_type *type,
				   int64_t i, bool *set, uint8_t *ret)
{
	const struct hms_member *member = &type->members[i];

	if (set[i])
		return hms_literal_bad(parser, parser->p, "field %s comes twice", member->name);
	if (!is_known(type, member))
		return hms_literal_bad(parser, parser->p, "the type of field %s is not known",
				       member->name);
	set[i] = true;
	return value(parser, member->type, ret + member->off);
}

/* All by name, or all in order. */
static struct hms_error *fields(struct hms_literal_parser *parser, const struct hms_type *type,
				uint8_t *ret)
{
	HMS_AUTO_FREE bool *set = hms_xcalloc(type->nmembers + 1, sizeof(*set));
	uint32_t n = 0;
	bool by_name = false;

	while (!take(parser, '}')) {
		const char *at = parser->p;
		int64_t i = take_field(parser, type, set);

		if (!n)
			by_name = i >= 0;
		if (by_name != (i >= 0))
			return hms_literal_bad(parser, at, "a field's name is %s",
					       by_name ? "wanted" : "not wanted");
		if (!by_name && n >= type->nmembers)
			return hms_literal_bad(parser, at, "%s has %u fields", type->name,
					       type->nmembers);
		HMS_TRY(one_field(parser, type, by_name ? i : n, set, ret));
		n++;
		if (!take(parser, ',')) {
			HMS_TRY(expect(parser, '}'));
			break;
		}
	}
	if (n && !by_name && n < type->nmembers)
		return hms_literal_bad(parser, parser->p - 1, "%s has %u fields", type->name,
				       type->nmembers);
	return NULL;
}

static struct hms_error *composite(struct hms_literal_parser *parser, const struct hms_type *type,
				   uint8_t *ret)
{
	bool array = type->kind == HMS_KIND_ARRAY;

	if (!take(parser, '{'))
		return hms_literal_bad(parser, parser->p, "'{' is wanted, for %s", type->name);
	if (!array)
		return fields(parser, type, ret);
	if (!type->elem || (type->elem->size && type->count > type->size / type->elem->size))
		return hms_literal_bad(parser, parser->p, "the elements of %s are not known",
				       type->name);
	return elements(parser, type, ret);
}

/* Slices, maps and functions are no keys: what they hold does not matter, where they end does. */
static struct hms_error *passed_over(struct hms_literal_parser *parser)
{
	unsigned int depth = 0;

	for (; *parser->p; parser->p++) {
		HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

		if (*parser->p == '"' || *parser->p == '`') {
			HMS_TRY(hms_literal_quoted(parser, &text));
			parser->p--;
		} else if (strchr("({[", *parser->p)) {
			depth++;
		} else if (strchr(")}]", *parser->p)) {
			if (!depth)
				break;
			depth--;
		} else if (*parser->p == ',' && !depth) {
			break;
		}
	}
	return depth ? hms_literal_bad(parser, parser->p, "a bracket is not closed") : NULL;
}

/* ---- interfaces --------------------------------------------------------------------------- */

/* The type that Go gives a constant by itself; NULL: no constant stands here. */
static const char *default_type(struct hms_literal_parser *parser)
{
	const char *at = parser->p;
	bool word = take_word(parser, "true") || take_word(parser, "false");
	char *end;

	parser->p = at;
	if (word)
		return "bool";
	if (*at == '"' || *at == '`')
		return "string";
	if (*at == '\'')
		return "int32";
	if (strncmp(at, "complex(", 8) == 0)
		return "complex128";
	switch (hms_literal_number_form(parser)) {
	case HMS_LITERAL_NO_NUMBER: return NULL;
	case HMS_LITERAL_IMAGINARY: return "complex128";
	case HMS_LITERAL_INTEGER:
	case HMS_LITERAL_FLOAT: break;
	}
	/* 1+2i */
	end = strpbrk(at, ",)}");
	for (const char *p = end ? end : at + strlen(at); p > at; p--)
		if (p[-1] != ' ')
			return p[-1] == 'i' ? "complex128"
			       : hms_literal_number_form(parser) == HMS_LITERAL_INTEGER ? "int"
											: "float64";
	return NULL;
}

static struct hms_error *held_type(struct hms_literal_parser *parser, const struct hms_type **ret,
				   bool *named_ret)
{
	const char *at = parser->p;
	const char *name;

	HMS_TRY(hms_literal_any_type(parser, ret));
	*named_ret = *ret != NULL;
	if (*ret)
		return NULL;
	name = default_type(parser);
	if (!name)
		return hms_literal_bad(parser, at,
				       "a constant, or a known type with a value is wanted: "
				       "\"text\", 7, uint8(7), main.T{1}");
	*ret = hms_literal_type_named(parser, name);
	if (!*ret)
		return hms_literal_bad(parser, at, "the program has no type %s", name);
	return NULL;
}

/* T(v), behind T. */
static struct hms_error *conversion(struct hms_literal_parser *parser, const struct hms_type *type,
				    uint8_t *ret)
{
	parser->p++;
	hms_literal_skip_space(parser);
	HMS_TRY(value(parser, type, ret));
	return expect(parser, ')');
}

static struct hms_error *interface(struct hms_literal_parser *parser, uint8_t *ret)
{
	HMS_AUTO_FREE uint8_t *bytes = NULL;
	const struct hms_type *type = NULL;
	uint64_t data = 0;
	bool named;

	if (take_word(parser, "nil")) {
		memset(ret, 0, 16);
		return NULL;
	}
	HMS_TRY(held_type(parser, &type, &named));
	if (type->size > MAX_SIZE)
		return hms_literal_bad(parser, parser->p, "%s is too large", type->name);
	put64(ret, add_type(parser->literal, type));
	bytes = hms_xcalloc(1, type->size + 16);
	if (named && *parser->p == '(')
		HMS_TRY(conversion(parser, type, bytes));
	else
		HMS_TRY(value(parser, type, bytes));
	if (hms_rt_is_direct(parser->rt, type) && type->size == 8)
		memcpy(&data, bytes, sizeof(data));
	else
		HMS_TRY(keep(parser, bytes, type->size, &data));
	put64(ret + 8, data);
	return NULL;
}

/* ---- any value ---------------------------------------------------------------------------- */

static bool has_size(const struct hms_type *type)
{
	switch (type->kind) {
	case HMS_KIND_BOOL: return type->size == 1;
	case HMS_KIND_FLOAT32: return type->size == 4;
	case HMS_KIND_COMPLEX128:
	case HMS_KIND_STRING:
	case HMS_KIND_INTERFACE: return type->size == 16;
	case HMS_KIND_FLOAT64:
	case HMS_KIND_COMPLEX64:
	case HMS_KIND_POINTER:
	case HMS_KIND_CHAN:
	case HMS_KIND_UNSAFE_POINTER: return type->size == 8;
	case HMS_KIND_ARRAY:
	case HMS_KIND_STRUCT:
	case HMS_KIND_SLICE:
	case HMS_KIND_MAP:
	case HMS_KIND_FUNC: return true;
	case HMS_KIND_NONE: return false;
	default: return type->size == 1 || type->size == 2 || type->size == 4 || type->size == 8;
	}
}

static struct hms_error *by_kind(struct hms_literal_parser *parser, const struct hms_type *type,
				 uint8_t *ret)
{
	switch (type->kind) {
	case HMS_KIND_BOOL: return boolean(parser, ret);
	case HMS_KIND_INT:
	case HMS_KIND_INT8:
	case HMS_KIND_INT16:
	case HMS_KIND_INT32:
	case HMS_KIND_INT64: return hms_literal_integer(parser, type, true, ret);
	case HMS_KIND_UINT:
	case HMS_KIND_UINT8:
	case HMS_KIND_UINT16:
	case HMS_KIND_UINT32:
	case HMS_KIND_UINT64:
	case HMS_KIND_UINTPTR: return hms_literal_integer(parser, type, false, ret);
	case HMS_KIND_FLOAT32:
	case HMS_KIND_FLOAT64: return hms_literal_float(parser, type, ret);
	case HMS_KIND_COMPLEX64:
	case HMS_KIND_COMPLEX128: return hms_literal_complex(parser, type, ret);
	case HMS_KIND_STRING: return string(parser, ret);
	case HMS_KIND_POINTER:
	case HMS_KIND_CHAN:
	case HMS_KIND_UNSAFE_POINTER: return pointer(parser, ret);
	case HMS_KIND_INTERFACE: return interface(parser, ret);
	case HMS_KIND_ARRAY:
	case HMS_KIND_STRUCT: return composite(parser, type, ret);
	case HMS_KIND_SLICE:
	case HMS_KIND_MAP:
	case HMS_KIND_FUNC: return passed_over(parser);
	case HMS_KIND_NONE: break;
	}
	return hms_literal_bad(parser, parser->p, "what %s looks like is not known", type->name);
}

static struct hms_error *value(struct hms_literal_parser *parser, const struct hms_type *type,
			       uint8_t *ret)
{
	struct hms_error *err;

	hms_literal_skip_space(parser);
	if (!has_size(type))
		return hms_literal_bad(parser, parser->p, "what %s looks like is not known",
				       type->name);
	if (parser->depth == MAX_DEPTH)
		return hms_literal_bad(parser, parser->p, "it nests too deep");
	parser->depth++;
	/* An interface's own name says nothing of what it holds. */
	if (type->kind != HMS_KIND_INTERFACE && hms_literal_own_type(parser, type) &&
	    *parser->p == '(')
		err = conversion(parser, type, ret);
	else
		err = by_kind(parser, type, ret);
	parser->depth--;
	return err;
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* A string as it stands: spaces around it are part of it. */
static bool is_bare(struct hms_literal_parser *parser)
{
	const struct hms_type *type = parser->whole;
	bool named;

	if (type->kind != HMS_KIND_STRING || !has_size(type) || *parser->p == '"' ||
	    *parser->p == '`')
		return false;
	named = hms_literal_own_type(parser, type);
	parser->p = parser->text;
	return !named;
}

static struct hms_error *whole(struct hms_literal_parser *parser, uint8_t *bytes)
{
	uint64_t addr;

	if (is_bare(parser))
		HMS_TRY(string(parser, bytes));
	else
		HMS_TRY(value(parser, parser->whole, bytes));
	hms_literal_skip_space(parser);
	if (*parser->p)
		return hms_literal_bad(parser, parser->p, "nothing may follow the value");
	HMS_TRY(keep(parser, bytes, parser->whole->size, &addr));
	parser->literal->at = addr - BASE;
	return NULL;
}

struct hms_error *hms_literal_parse(const struct hms_rt *rt, const struct hms_type *type,
				    const char *text, struct hms_literal **ret)
{
	HMS_AUTO(hms_literal) struct hms_literal *literal = hms_xcalloc(1, sizeof(*literal));
	struct hms_literal_parser parser = {
		.rt = rt, .whole = type, .text = text, .p = text, .literal = literal};
	HMS_AUTO_FREE uint8_t *bytes = NULL;

	if (type->size > MAX_SIZE)
		return hms_err(HMS_ERR_LIMIT, "values of %s have %llu bytes: that is no key",
			       type->name, (unsigned long long)type->size);
	bytes = hms_xcalloc(1, type->size + 16);
	HMS_TRY(whole(&parser, bytes));
	*ret = hms_take(literal);
	return NULL;
}

void hms_literal_destroy(struct hms_literal *literal)
{
	if (!literal)
		return;
	hms_str_deinit(&literal->memory);
	free(literal->types);
	free(literal);
}

const uint8_t *hms_literal_bytes(const struct hms_literal *literal)
{
	return (const uint8_t *)hms_str_text(&literal->memory) + literal->at;
}

uint64_t hms_literal_addr(const struct hms_literal *literal)
{
	return BASE + literal->at;
}

size_t hms_literal_run(const struct hms_literal *literal, uint64_t addr, const uint8_t **ret)
{
	if (addr < BASE || addr - BASE >= literal->memory.len)
		return 0;
	*ret = (const uint8_t *)literal->memory.s + (addr - BASE);
	return literal->memory.len - (size_t)(addr - BASE);
}

const struct hms_type *hms_literal_dynamic_type(const struct hms_literal *literal, uint64_t word)
{
	uint64_t i = (word - BASE_TYPE) / 16;

	return word >= BASE_TYPE && word % 16 == 0 && i < literal->ntypes ? literal->types[i]
									  : NULL;
}

const struct hms_type *const *hms_literal_types(const struct hms_literal *literal, size_t *n_ret)
{
	*n_ret = literal->ntypes;
	return literal->types;
}
