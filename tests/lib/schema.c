#include "lib/schema.h"

#include <math.h>
#include <regex.h>
#include <string.h>

#include "util/compiler.h"

struct check {
	json_t *root;        /* the schema that $ref is relative to */
	struct hms_str path; /* of the value in hand */
	struct hms_str *why;
	json_t *pattern; /* the one compiled last: mostly it is the next one's too */
	regex_t regex;
};

static bool valid(struct check *check, json_t *schema, json_t *value);

static bool fail(struct check *check, const char *what, json_t *detail)
{
	char *text = detail ? json_dumps(detail, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	hms_str_clear(check->why);
	hms_str_addf(check->why, "%s: %s%s%s", check->path.len ? check->path.s : "/", what,
		     text ? " " : "", text ? text : "");
	free(text);
	return false;
}

static bool is_type(json_t *value, const char *type)
{
	if (strcmp(type, "integer") == 0)
		return json_is_integer(value) ||
		       (json_is_real(value) &&
			json_real_value(value) == floor(json_real_value(value)));
	if (strcmp(type, "number") == 0)
		return json_is_number(value);
	if (strcmp(type, "string") == 0)
		return json_is_string(value);
	if (strcmp(type, "boolean") == 0)
		return json_is_boolean(value);
	if (strcmp(type, "null") == 0)
		return json_is_null(value);
	if (strcmp(type, "array") == 0)
		return json_is_array(value);
	return strcmp(type, "object") == 0 && json_is_object(value);
}

static bool check_type(struct check *check, json_t *types, json_t *value)
{
	json_t *type;
	size_t i;

	if (json_is_string(types) && is_type(value, json_string_value(types)))
		return true;
	json_array_foreach(types, i, type) if (is_type(value, json_string_value(type))) return true;
	return fail(check, "is not of type", types);
}

static bool check_enum(struct check *check, json_t *members, json_t *value)
{
	json_t *member;
	size_t i;

	json_array_foreach(members, i, member) if (json_equal(member, value)) return true;
	return fail(check, "is none of", members);
}

static bool check_const(struct check *check, json_t *wanted, json_t *value)
{
	return json_equal(wanted, value) || fail(check, "is not", wanted);
}

static bool check_minimum(struct check *check, json_t *minimum, json_t *value)
{
	return !json_is_number(value) || json_number_value(value) >= json_number_value(minimum) ||
	       fail(check, "is less than", minimum);
}

static bool compile(struct check *check, json_t *pattern)
{
	const char *text = json_string_value(pattern);

	if (check->pattern == pattern)
		return true;
	if (check->pattern)
		regfree(&check->regex);
	check->pattern = regcomp(&check->regex, text, REG_EXTENDED | REG_NOSUB) ? NULL : pattern;
	return check->pattern != NULL;
}

static bool check_pattern(struct check *check, json_t *pattern, json_t *value)
{
	if (!json_is_string(value))
		return true;
	if (!compile(check, pattern))
		return fail(check, "cannot be held against a bad pattern", pattern);
	return (regexec(&check->regex, json_string_value(value), 0, NULL, 0) == 0 &&
		strlen(json_string_value(value)) == json_string_length(value)) ||
	       fail(check, "does not match", pattern);
}

static bool valid_at(struct check *check, const char *step, json_t *schema, json_t *value)
{
	size_t len = check->path.len;
	bool ok;

	hms_str_addc(&check->path, '/');
	hms_str_add(&check->path, step);
	ok = valid(check, schema, value);
	check->path.len = len;
	check->path.s[len] = '\0';
	return ok;
}

static bool check_properties(struct check *check, json_t *properties, json_t *value)
{
	const char *key;
	json_t *schema;

	json_object_foreach(properties, key, schema)
	{
		json_t *member = json_object_get(value, key);

		if (member && !valid_at(check, key, schema, member))
			return false;
	}
	return true;
}

static bool check_required(struct check *check, json_t *names, json_t *value)
{
	json_t *name;
	size_t i;

	if (!json_is_object(value))
		return true;
	json_array_foreach(
		names, i,
		name) if (!json_object_get(value, json_string_value(name))) return fail(check,
											"lacks",
											name);
	return true;
}

static bool check_additional(struct check *check, json_t *schema, json_t *properties, json_t *value)
{
	const char *key;
	json_t *member;

	json_object_foreach(value, key,
			    member) if (!json_object_get(properties, key) &&
					!valid_at(check, key, schema, member)) return false;
	return true;
}

static bool check_items(struct check *check, json_t *schema, json_t *value)
{
	char step[24];
	json_t *item;
	size_t i;

	json_array_foreach(value, i, item)
	{
		snprintf(step, sizeof(step), "%zu", i);
		if (!valid_at(check, step, schema, item))
			return false;
	}
	return true;
}

/* Number of schemas of a list that hold, at least @min and at most @max. */
static bool check_some(struct check *check, json_t *schemas, json_t *value, size_t max)
{
	HMS_AUTO_STR struct hms_str why = HMS_STR_INIT;
	struct hms_str *outer = check->why;
	size_t i, n = 0;
	json_t *schema;

	check->why = &why;
	json_array_foreach(schemas, i, schema) n += valid(check, schema, value);
	check->why = outer;
	if (n == 0) {
		fail(check, "fits no alternative; the last:", NULL);
		hms_str_addf(check->why, " %s", hms_str_text(&why));
		return false;
	}
	return n <= max || fail(check, "fits more than one alternative", NULL);
}

static bool check_ref(struct check *check, json_t *ref, json_t *value)
{
	static const char prefix[] = "#/$defs/";
	const char *name = json_string_value(ref);
	json_t *schema = NULL;

	if (strncmp(name, prefix, sizeof(prefix) - 1) == 0)
		schema = json_object_get(json_object_get(check->root, "$defs"),
					 name + sizeof(prefix) - 1);
	return schema ? valid(check, schema, value)
		      : fail(check, "refers to an unknown definition", ref);
}

static bool is_annotation(const char *keyword)
{
	static const char *const known[] = {"$schema", "$id", "$defs", "title", "description"};

	for (size_t i = 0; i < HMS_ARRAY_LEN(known); i++)
		if (strcmp(keyword, known[i]) == 0)
			return true;
	return false;
}

static bool check_keyword(struct check *check, json_t *schema, const char *keyword, json_t *arg,
			  json_t *value)
{
	if (strcmp(keyword, "type") == 0)
		return check_type(check, arg, value);
	if (strcmp(keyword, "enum") == 0)
		return check_enum(check, arg, value);
	if (strcmp(keyword, "const") == 0)
		return check_const(check, arg, value);
	if (strcmp(keyword, "minimum") == 0)
		return check_minimum(check, arg, value);
	if (strcmp(keyword, "pattern") == 0)
		return check_pattern(check, arg, value);
	if (strcmp(keyword, "properties") == 0)
		return check_properties(check, arg, value);
	if (strcmp(keyword, "required") == 0)
		return check_required(check, arg, value);
	if (strcmp(keyword, "additionalProperties") == 0)
		return check_additional(check, arg, json_object_get(schema, "properties"), value);
	if (strcmp(keyword, "items") == 0)
		return check_items(check, arg, value);
	if (strcmp(keyword, "oneOf") == 0)
		return check_some(check, arg, value, 1);
	if (strcmp(keyword, "anyOf") == 0)
		return check_some(check, arg, value, SIZE_MAX);
	if (strcmp(keyword, "$ref") == 0)
		return check_ref(check, arg, value);
	if (is_annotation(keyword))
		return true;
	hms_str_clear(check->why);
	hms_str_addf(check->why, "the schema uses '%s', which this check does not know", keyword);
	return false;
}

static bool valid(struct check *check, json_t *schema, json_t *value)
{
	const char *keyword;
	json_t *arg;

	if (json_is_boolean(schema))
		return json_is_true(schema) || fail(check, "must not be there", NULL);
	json_object_foreach(schema, keyword, arg) if (!check_keyword(check, schema, keyword, arg,
								     value)) return false;
	return true;
}

bool schema_valid(json_t *schema, const char *def, json_t *doc, struct hms_str *why)
{
	struct check check = {.root = schema, .why = why};
	json_t *top = schema;
	bool ok;

	if (def)
		top = json_object_get(json_object_get(schema, "$defs"), def);
	ok = top ? valid(&check, top, doc) : fail(&check, "no such definition in the schema", NULL);
	if (check.pattern)
		regfree(&check.regex);
	hms_str_deinit(&check.path);
	return ok;
}

struct hms_error *schema_load(const char *path, json_t **ret)
{
	json_error_t error;
	json_t *schema = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

	if (!schema)
		return hms_err(HMS_ERR_FORMAT, "cannot read schema '%s': line %d: %s", path,
			       error.line, error.text);
	*ret = schema;
	return NULL;
}

json_t *schema_parse(const char *text, size_t len, json_error_t *error)
{
	size_t flags = JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
	json_t *doc = json_loadb(text, len, flags, error);

	if (!doc && json_error_code(error) == json_error_numeric_overflow)
		doc = json_loadb(text, len, flags | JSON_DECODE_INT_AS_REAL, error);
	return doc;
}
