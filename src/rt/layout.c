/*
 * Resolves facts.def against the program's type graph.  Whether a member exists is asked of the
 * program, never of a version number: distributions backport.
 */
#include "rt/layout.h"

#include <string.h>

#include "core/mem.h"

struct row {
	enum hms_fact_need need;
	const char *type;
	const char *member;
	const char *name;
};

static const struct row rows[HMS_NFACTS] = {
#define FACT(id, need, type, member) \
	{HMS_NEED_##need, type, member, sizeof(member) > 1 ? type "." member : type},
#include "rt/facts.def"
#undef FACT
};

/* Longest name of a type or path of members in facts.def. */
#define NAME_MAX_LEN HMS_FACT_NAME_MAX

/* Nesting of wrapper structs that is still followed. */
#define UNWRAP_MAX 8

/* Copy the next of the alternatives at *cursor to @ret and step behind it; false at the end. */
static bool next_part(const char **cursor, char separator, char ret[NAME_MAX_LEN])
{
	const char *end;
	size_t len;

	if (!*cursor)
		return false;
	end = strchr(*cursor, separator);
	len = end ? (size_t)(end - *cursor) : strlen(*cursor);
	if (len >= NAME_MAX_LEN)
		return false;
	memcpy(ret, *cursor, len);
	ret[len] = '\0';
	*cursor = end ? end + 1 : NULL;
	return true;
}

/* The first of the alternatives that the program has. */
static const struct hms_type *find_structure(const struct hms_graph *graph, const char *names)
{
	char name[NAME_MAX_LEN];

	while (next_part(&names, '|', name)) {
		const struct hms_type *type = hms_graph_find_type(graph, name);

		if (type && type->size && type->size <= UINT32_MAX && type->nmembers)
			return type;
	}
	return NULL;
}

static bool inside(const struct hms_type *outer, const struct hms_member *member)
{
	return member->type && member->off <= outer->size &&
	       member->type->size <= outer->size - member->off;
}

/* The only member of @type that takes room, if it fills the structure. */
static const struct hms_member *only_member(const struct hms_type *type)
{
	const struct hms_member *only = NULL;

	if (type->kind != HMS_KIND_STRUCT)
		return NULL;
	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct hms_member *member = &type->members[i];

		if (!member->type || !member->type->size)
			continue;
		if (only)
			return NULL;
		only = member;
	}
	return only && only->off == 0 && only->type->size == type->size ? only : NULL;
}

/* Plain fields became atomic wrappers release by release (go.dev/issue/50860): what is asked for
 * is the value inside. */
static const struct hms_type *unwrap(const struct hms_type *type)
{
	for (int i = 0; i < UNWRAP_MAX; i++) {
		const struct hms_member *only = only_member(type);

		if (!only)
			break;
		type = only->type;
	}
	return type;
}

static bool resolve_path(const struct hms_type *structure, const char *path, struct hms_fact *ret)
{
	const struct hms_type *type = structure;
	char name[NAME_MAX_LEN];
	uint64_t off = 0;

	while (next_part(&path, '.', name)) {
		const struct hms_member *member = hms_type_member(type, name);

		if (!member || !inside(type, member))
			return false;
		off += member->off;
		type = member->type;
	}
	type = unwrap(type);
	*ret = (struct hms_fact){true, (uint32_t)off, (uint32_t)type->size, type};
	return true;
}

static void resolve_row(const struct hms_graph *graph, const struct row *row, struct hms_fact *ret)
{
	const struct hms_type *structure = find_structure(graph, row->type);
	const char *paths = row->member;
	char path[NAME_MAX_LEN];

	*ret = (struct hms_fact){0};
	if (!structure)
		return;
	if (!*row->member) {
		*ret = (struct hms_fact){true, 0, (uint32_t)structure->size, structure};
		return;
	}
	while (next_part(&paths, '|', path)) {
		if (resolve_path(structure, path, ret))
			return;
	}
}

void hms_layout_resolve(const struct hms_graph *graph, struct hms_layout *ret)
{
	for (size_t i = 0; i < HMS_NFACTS; i++)
		resolve_row(graph, &rows[i], &ret->facts[i]);
}

void hms_fact_names(enum hms_fact_id id, char type_ret[HMS_FACT_NAME_MAX],
		    char member_ret[HMS_FACT_NAME_MAX])
{
	const char *types = rows[id].type, *members = rows[id].member;

	type_ret[0] = member_ret[0] = '\0';
	next_part(&types, '|', type_ret);
	next_part(&members, '|', member_ret);
}

/* The first alternative alone: what a message names. */
static struct hms_error *absent(enum hms_fact_id id)
{
	char type[NAME_MAX_LEN], member[NAME_MAX_LEN];

	hms_fact_names(id, type, member);
	return hms_err(HMS_ERR_ABSENT, "the program's debug information has no %s%s%s", type,
		       *member ? "." : "", member);
}

struct hms_error *hms_layout_require(const struct hms_layout *layout, enum hms_fact_need need)
{
	for (size_t i = 0; i < HMS_NFACTS; i++) {
		if (rows[i].need == need && !layout->facts[i].present)
			return absent((enum hms_fact_id)i);
	}
	return NULL;
}

const char *hms_fact_name(enum hms_fact_id id)
{
	return rows[id].name;
}

uint64_t hms_layout_get(const struct hms_layout *layout, enum hms_fact_id id,
			const uint8_t *structure)
{
	const struct hms_fact *fact = &layout->facts[id];
	const uint8_t *p = structure + fact->off;

	if (!fact->present)
		return 0;
	switch (fact->size) {
	case 1: return *p;
	case 2: return hms_le16(p);
	case 4: return hms_le32(p);
	case 8: return hms_le64(p);
	default: return 0;
	}
}
