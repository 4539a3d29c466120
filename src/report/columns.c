/* The table of columns: looking one up, taking a spec apart, drawing and ordering values. */
#include "report/columns.h"

#include <stdlib.h>
#include <string.h>

#include "report/column-values.h"
#include "util/escape.h"
#include "report/format.h"
#include "util/arena.h"

#define KIND_ANY     -1
#define KIND_CLASSIC HMS_MAP_CLASSIC
#define KIND_SWISS   HMS_MAP_SWISS

static const struct hms_column columns[] = {
#define COLUMN(id, header, json, kind, right, help) \
	{#id, header, json, KIND_##kind, right, help, hms_column_get_##id},
#include "report/columns.def"
#undef COLUMN
};

const struct hms_column *hms_columns(size_t *n_ret)
{
	*n_ret = HMS_ARRAY_LEN(columns);
	return columns;
}

const char *hms_columns_default(bool growing)
{
	return growing ? "bytes,entries,load,growth,type,owner" : "bytes,entries,load,type,owner";
}

static bool named(const char *name, const char *s, size_t len)
{
	return name && strlen(name) == len && memcmp(name, s, len) == 0;
}

static const struct hms_column *find_column(const char *s, size_t len)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(columns); i++)
		if (named(columns[i].id, s, len))
			return &columns[i];
	for (size_t i = 0; i < HMS_ARRAY_LEN(columns); i++)
		if (named(columns[i].json, s, len))
			return &columns[i];
	return NULL;
}

const struct hms_column *hms_column_find(const char *id)
{
	return find_column(id, strlen(id));
}

static struct hms_error *unknown_column(const char *s, size_t len)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT, known = HMS_STR_INIT;

	hms_escape_text(&name, s, len);
	for (size_t i = 0; i < HMS_ARRAY_LEN(columns); i++) {
		hms_str_add(&known, i ? ", " : "");
		hms_str_add(&known, columns[i].id);
	}
	return hms_err(HMS_ERR_USAGE, "no column is called '%s'; there are %s", hms_str_text(&name),
		       hms_str_text(&known));
}

static void add_once(const struct hms_column **list, size_t *n, const struct hms_column *column)
{
	for (size_t i = 0; i < *n; i++)
		if (list[i] == column)
			return;
	list[(*n)++] = column;
}

static struct hms_error *parse_into(const char *spec, const struct hms_column **list, size_t *n)
{
	const struct hms_column *column;
	size_t len;

	for (;; spec += len + 1) {
		len = strcspn(spec, ",");
		column = find_column(spec, len);
		if (!column)
			return unknown_column(spec, len);
		add_once(list, n, column);
		if (!spec[len])
			return NULL;
	}
}

struct hms_error *hms_columns_parse(const char *spec, const struct hms_column ***ret, size_t *n_ret)
{
	HMS_AUTO_FREE const struct hms_column **list =
		hms_xcalloc(HMS_ARRAY_LEN(columns), sizeof(*list));
	size_t n = 0;

	if (*spec == '+') {
		HMS_TRY(parse_into(hms_columns_default(true), list, &n));
		spec++;
	}
	HMS_TRY(parse_into(spec, list, &n));
	*n_ret = n;
	*ret = hms_take(list);
	return NULL;
}

static void add_text(struct hms_str *ret, bool utf8, const char *s)
{
	if (utf8)
		hms_escape_text(ret, s, strlen(s));
	else
		hms_escape_ascii(ret, s, strlen(s));
}

static void add_flags(struct hms_str *ret, const char *const *flags)
{
	for (size_t i = 0; flags[i]; i++) {
		hms_str_add(ret, i ? "," : "");
		hms_str_add(ret, flags[i]);
	}
}

static void add_counts(struct hms_str *ret, const uint64_t *counts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		hms_str_add(ret, i ? " " : "");
		hms_format_count(ret, counts[i]);
	}
}

void hms_value_text(const struct hms_value *value, bool utf8, struct hms_str *ret)
{
	switch (value->kind) {
	case HMS_VALUE_NULL: hms_str_addc(ret, '?'); break;
	case HMS_VALUE_BOOL: hms_str_add(ret, value->b ? "yes" : "no"); break;
	case HMS_VALUE_COUNT: hms_format_count(ret, value->u); break;
	case HMS_VALUE_INT: hms_format_int(ret, value->i); break;
	case HMS_VALUE_BYTES: hms_format_bytes(ret, value->u); break;
	case HMS_VALUE_ADDR: hms_format_addr(ret, value->u); break;
	case HMS_VALUE_RATIO: hms_format_ratio(ret, value->d); break;
	case HMS_VALUE_TEXT: add_text(ret, utf8, value->s); break;
	case HMS_VALUE_FLAGS: add_flags(ret, value->flags); break;
	case HMS_VALUE_COUNTS: add_counts(ret, value->counts.p, value->counts.n); break;
	}
}

/* Of a group there are sums, and what its maps have in common. */
static void group_text(const struct hms_column *column, const struct hms_map_row *row, bool utf8,
		       struct hms_str *ret)
{
	const struct hms_map_group *group = row->group;
	struct hms_value value = {.kind = HMS_VALUE_COUNT, .u = group->entries};

	if (column->get == hms_column_get_type || column->get == hms_column_get_type_path ||
	    column->get == hms_column_get_kind) {
		column->get(row, &value);
	} else if (column->get == hms_column_get_owner) {
		value.kind = HMS_VALUE_TEXT;
		value.s = row->owner ? row->owner : "(no owner known)";
	} else if (column->get == hms_column_get_bytes) {
		value.kind = HMS_VALUE_BYTES;
		value.u = group->bytes;
	} else if (column->get != hms_column_get_entries) {
		return;
	}
	hms_value_text(&value, utf8, ret);
}

void hms_column_text(const struct hms_column *column, const struct hms_map_row *row, bool utf8,
		     struct hms_str *ret)
{
	struct hms_value value;

	if (row->group) {
		group_text(column, row, utf8, ret);
		return;
	}
	if (column->kind >= 0 && column->kind != (int)hms_map_row_kind(row)) {
		hms_str_addc(ret, '-');
		return;
	}
	/* The address names the map as well as an owner would: commands take both. */
	if (column->get == hms_column_get_owner && !row->owner)
		hms_column_get_addr(row, &value);
	else
		column->get(row, &value);
	hms_value_text(&value, utf8, ret);
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_flags(const char *const *a, const char *const *b)
{
	size_t i = 0;

	while (a[i] && b[i] && strcmp(a[i], b[i]) == 0)
		i++;
	if (!a[i] || !b[i])
		return !b[i] - !a[i];
	return strcmp(a[i], b[i]);
}

static int compare_counts(const struct hms_value *a, const struct hms_value *b)
{
	size_t common = HMS_MIN(a->counts.n, b->counts.n);

	for (size_t i = 0; i < common; i++)
		if (a->counts.p[i] != b->counts.p[i])
			return COMPARE(a->counts.p[i], b->counts.p[i]);
	return COMPARE(a->counts.n, b->counts.n);
}

/* Values of one column are of one kind, or null. */
static int compare_values(const struct hms_value *a, const struct hms_value *b)
{
	switch (a->kind) {
	case HMS_VALUE_NULL: return 0;
	case HMS_VALUE_BOOL: return COMPARE(a->b, b->b);
	case HMS_VALUE_COUNT:
	case HMS_VALUE_BYTES:
	case HMS_VALUE_ADDR: return COMPARE(a->u, b->u);
	case HMS_VALUE_INT: return COMPARE(a->i, b->i);
	case HMS_VALUE_RATIO: return COMPARE(a->d, b->d);
	case HMS_VALUE_TEXT: return strcmp(a->s, b->s);
	case HMS_VALUE_FLAGS: return compare_flags(a->flags, b->flags);
	case HMS_VALUE_COUNTS: return compare_counts(a, b);
	}
	return 0;
}

static void get_value(const struct hms_column *column, const struct hms_map_row *row,
		      struct hms_value *ret)
{
	ret->kind = HMS_VALUE_NULL;
	if (column->kind < 0 || column->kind == (int)hms_map_row_kind(row))
		column->get(row, ret);
}

int hms_column_compare(const struct hms_column *column, const struct hms_map_row *a,
		       const struct hms_map_row *b)
{
	struct hms_value va, vb;

	get_value(column, a, &va);
	get_value(column, b, &vb);
	if (va.kind == HMS_VALUE_NULL || vb.kind == HMS_VALUE_NULL)
		return COMPARE(va.kind == HMS_VALUE_NULL, vb.kind == HMS_VALUE_NULL);
	return compare_values(&va, &vb);
}
