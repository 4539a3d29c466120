/*
 * The owners that the tool prints are the names that it takes: for each map of each bundled core
 * that has one, the owner as a report has it, as a terminal without UTF-8 shows it, and the
 * address lead back to that map and no other.
 *
 *	t_owners             all of corefiles/
 *	t_owners EXE CORE    one, anywhere
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "cmd/cmd.h"
#include "util/arena.h"
#include "util/escape.h"

/* Does @name lead to @map? */
static bool leads(struct hms_view *view, const char *name, const struct hms_map *map)
{
	const struct hms_map *found = NULL;
	struct hms_error *err = hms_view_find(view, name, &found);

	if (found == map)
		return true;
	printf("# '%s' of 0x%" PRIx64 ": %s\n", name, map->addr,
	       err ? err->message : "leads to another map");
	hms_err_free(err);
	return false;
}

static bool check_map(struct hms_view *view, const struct hms_map *map)
{
	HMS_AUTO_FREE char *owner = hms_xstrdup(hms_view_owner(view, map));
	HMS_AUTO_FREE char *addr = hms_xprintf("0x%" PRIx64, map->addr);
	HMS_AUTO_STR struct hms_str ascii = HMS_STR_INIT;

	hms_escape_ascii(&ascii, owner, strlen(owner));
	return leads(view, addr, map) && leads(view, owner, map) &&
	       leads(view, hms_str_text(&ascii), map);
}

static bool test_core(const struct bundled *bundled, char *what, size_t size)
{
	struct hms_input input = {
		.name = "list",
		.session = {.core = bundled->core, .exe = bundled->exe, .jobs = 1},
	};
	size_t owners = 0, wrong = 0;
	struct hms_view view;
	struct hms_error *err;

	err = hms_view_open(&input, &view);
	if (err) {
		snprintf(what, size, "%s", err->message);
		hms_err_free(err);
		return false;
	}
	for (size_t i = 0; i < view.found->nmaps; i++) {
		if (!view.found->maps[i].owner)
			continue;
		owners++;
		wrong += !check_map(&view, &view.found->maps[i]);
	}
	hms_view_close(&view);
	snprintf(what, size, "%zu owners, %zu of them lead elsewhere", owners, wrong);
	return owners && !wrong;
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 3) {
		struct bundled one = {.exe = argv[1], .core = argv[2]};
		bool good = test_core(&one, what, sizeof(what));

		printf("%s %s: %s\n", good ? "ok" : "not ok", argv[2], what);
		return !good;
	}
	return bundled_run(test_core);
}
