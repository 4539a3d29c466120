/* From an offset into a value to the member there. */
#include <inttypes.h>

#include "find/where.h"
#include "util/escape.h"

#define MAX_NESTING 64

/* The member that holds @off; of several at one place (empty structs) the one with bytes. */
static const struct hms_member *member_at(const struct hms_type *type, uint64_t off)
{
	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct hms_member *m = &type->members[i];

		if (m->type && off >= m->off && off - m->off < m->type->size)
			return m;
	}
	return NULL;
}

void hms_inner_path(const struct hms_type *type, uint64_t off, struct hms_str *path,
		    struct hms_inner *ret)
{
	*ret = (struct hms_inner){type, off};
	for (int nesting = 0; nesting < MAX_NESTING && type && off < type->size; nesting++) {
		const struct hms_member *m;

		*ret = (struct hms_inner){type, off};
		if (type->kind == HMS_KIND_ARRAY && type->elem && type->elem->size) {
			hms_str_addf(path, "[%" PRIu64 "]", off / type->elem->size);
			off %= type->elem->size;
			type = type->elem;
			continue;
		}
		/* The first word of a string or slice stands for all of it. */
		if (type->kind != HMS_KIND_STRUCT && off < 8)
			return;
		m = member_at(type, off);
		if (!m)
			return;
		hms_str_addc(path, '.');
		hms_escape_text(path, m->name, strlen(m->name));
		off -= m->off;
		type = m->type;
	}
	if (type && off < type->size)
		*ret = (struct hms_inner){type, off};
}
