/* Which map a MAP argument means: an address, or an owner as the tool prints it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "map/locate.h"
#include "util/arena.h"
#include "util/escape.h"

/* The map that @addr is part of (header, bucket, group, table, slot), or that the pointer at @addr
 * leads to: that is what the address of a map variable is.  NULL: none. */
static const struct hms_map *led_back(const struct hms_view *view, uint64_t addr)
{
	const struct hms_session *s = view->session;
	struct hms_map_place place;
	const uint8_t *pointer;

	if (hms_map_locate(s->model, view->found->maps, view->found->nmaps, addr, &place))
		return place.map;
	pointer = hms_mem_peek(s->mem, addr, 8);
	return pointer ? hms_found_at(view->found, hms_le64(pointer)) : NULL;
}

static struct hms_error *by_address(struct hms_view *view, const char *name,
				    const struct hms_map **ret)
{
	uint64_t addr;
	char *end;

	addr = strtoull(name, &end, 16);
	if (*end)
		return hms_err(HMS_ERR_USAGE, "cannot read '%s' as an address", name);
	*ret = hms_found_at(view->found, addr);
	if (!*ret)
		*ret = led_back(view, addr);
	if (!*ret)
		return hms_err(HMS_ERR_NOT_FOUND,
			       "cannot show 0x%" PRIx64
			       ": no map was found at that address, nor one that it is part of",
			       addr);
	return NULL;
}

/* Is @owner called @name, or is that what a terminal without UTF-8 shows of it? */
static bool is_called(const char *owner, const char *name)
{
	HMS_AUTO_STR struct hms_str ascii = HMS_STR_INIT;

	if (strcmp(owner, name) == 0)
		return true;
	if (!strchr(name, '\\'))
		return false;
	hms_escape_ascii(&ascii, owner, strlen(owner));
	return strcmp(hms_str_text(&ascii), name) == 0;
}

/* Long keys and paths are cut, and --redact leaves keys out: then several maps may be called the
 * same.  Keys that are left out leave no other choice than the first. */
static struct hms_error *several(const struct hms_view *view, const char *name,
				 const struct hms_map *a, const struct hms_map *b)
{
	if (!a || view->input->redact)
		return NULL;
	return hms_err(HMS_ERR_USAGE,
		       "cannot tell which map '%s' is: those at 0x%" PRIx64 " and 0x%" PRIx64
		       " have that owner; give an address",
		       name, a->addr, b->addr);
}

struct hms_error *hms_view_find(struct hms_view *view, const char *name, const struct hms_map **ret)
{
	HMS_AUTO_FREE char *hint = NULL;
	const struct hms_map *found = NULL;

	if (strncmp(name, "0x", 2) == 0)
		return by_address(view, name, ret);
	for (size_t i = 0; i < view->found->nmaps; i++) {
		const struct hms_map *map = &view->found->maps[i];
		const char *owner = hms_view_owner(view, map);

		if (is_called(owner, name)) {
			HMS_TRY(several(view, name, found, map));
			if (!found)
				found = map;
		}
		if (!hint && strstr(owner, name))
			hint = hms_xstrdup(owner);
	}
	if (!found)
		return hms_err(HMS_ERR_NOT_FOUND, "cannot show '%s': no map has that owner%s%s%s",
			       name, hint ? " (there is '" : "", hint ? hint : "",
			       hint ? "')" : "");
	*ret = found;
	return NULL;
}
