/*
 * Snapshots of the bundled cores, compared.  Of each: a core is the same as itself, and as what
 * "hmapscope list --json" saved of it, down to each number.  Of the two snapshots of one process:
 * what the program did in between, as it wrote itself, and the mirror image the other way round.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cmd/snapshot.h"
#include "cores/bundled.h"
#include "diff/diff.h"
#include "diff/saved.h"
#include "util/arena.h"
#include "util/str.h"

static unsigned int differences;

__attribute__((format(printf, 1, 2))) static void differs(const char *format, ...)
{
	va_list args;

	if (differences++ > 20)
		return;
	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static bool failed(struct hms_error *err)
{
	if (err)
		differs("%s", err->message);
	hms_err_free(err);
	return err != NULL;
}

/* ---- snapshots ---------------------------------------------------------------------------- */

static struct hms_snapshot *of_core(const char *exe, const char *core)
{
	struct hms_input input = {
		.name = "diff",
		.session = {.exe = exe, .core = core, .jobs = 1, .digests = true},
	};
	struct hms_snapshot *snap = NULL;

	return failed(hms_snapshot_capture(&input, &snap)) ? NULL : snap;
}

/* By the tool, which says so where maps are of unknown type. */
static struct hms_snapshot *of_list(const char *exe, const char *core, bool stripped)
{
	const char *tool = getenv("HMAPSCOPE") ? getenv("HMAPSCOPE") : "./hmapscope";
	HMS_AUTO_FREE char *command = hms_xprintf("'%s' list --json '%s' '%s'", tool, exe, core);
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	FILE *pipe = popen(command, "r");
	struct hms_snapshot *snap = NULL;
	char part[65536];
	size_t len;
	int status;

	if (!pipe)
		return NULL;
	while ((len = fread(part, 1, sizeof(part), pipe)) > 0)
		hms_str_addn(&text, part, len);
	status = pclose(pipe);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != (stripped ? 2 : 0))
		differs("the tool's exit status is %d", WEXITSTATUS(status));
	return failed(hms_saved_parse("list", hms_str_text(&text), text.len, &snap)) ? NULL : snap;
}

/* ---- a core is the same as itself --------------------------------------------------------- */

static bool growing(const struct hms_snap_map *map)
{
	return !map->swiss && map->patterns[HMS_SNAP_OLD_ARRAY];
}

static void same_texts(const struct hms_snap_map *a, const struct hms_snap_map *b)
{
	const char *texts[][2] = {
		{a->type, b->type}, {a->type_path, b->type_path}, {a->owner, b->owner}};

	for (size_t i = 0; i < HMS_ARRAY_LEN(texts); i++)
		if (texts[i][0] ? !texts[i][1] || strcmp(texts[i][0], texts[i][1]) : !!texts[i][1])
			differs("0x%" PRIx64 ": %s became %s", a->addr, texts[i][0], texts[i][1]);
}

/* @again is the same process at the same time. */
static void compare_same(const struct hms_snapshot *snap, const struct hms_snapshot *again)
{
	const struct hms_diff_filter all = {0};
	struct hms_diff diff;

	if (failed(hms_diff_same_process(snap, again)))
		return;
	hms_diff_make(snap, again, &all, &diff);
	if (diff.nchanges != snap->nmaps || diff.nchanges != again->nmaps)
		differs("%zu changes of %zu and %zu maps", diff.nchanges, snap->nmaps,
			again->nmaps);
	for (size_t i = 0; i < diff.nchanges; i++) {
		const struct hms_change *c = &diff.changes[i];

		/* What a map of unknown type holds is unknown. */
		if (c->status != HMS_CHANGE_SAME ||
		    c->written != (hms_change_map(c)->type ? 0 : -1))
			differs("0x%" PRIx64 " is %s, written %d", hms_change_map(c)->addr,
				hms_change_status_text(c->status), c->written);
		if (c->growth !=
		    (growing(hms_change_map(c)) ? HMS_GROWTH_STALLED : HMS_GROWTH_NONE))
			differs("0x%" PRIx64 "'s growth is %s", hms_change_map(c)->addr,
				hms_change_growth_text(c->growth));
		if (!c->old || !c->new)
			continue;
		same_texts(c->old, c->new);
		if (memcmp(c->old->numbers, c->new->numbers, sizeof(c->old->numbers)) ||
		    c->old->known != c->new->known || c->old->weak != c->new->weak)
			differs("0x%" PRIx64 ": numbers differ", c->old->addr);
	}
	if (diff.ngroups || (diff.groups_known && diff.finding_counts[HMS_FINDING_NEW] +
							  diff.finding_counts[HMS_FINDING_GONE]))
		differs("goroutines or findings differ");
	hms_diff_deinit(&diff);
}

static void compare_heads(const struct hms_snapshot *core, const struct hms_snapshot *saved)
{
	if (saved->pid != core->pid || saved->clock != core->clock ||
	    saved->process_key != core->process_key || !core->process_key_known ||
	    saved->heap_bytes != core->heap_bytes || saved->goroutines != core->goroutines ||
	    strcmp(saved->go_version, core->go_version) != 0)
		differs("the saved report's head differs");
	if (!hms_snapshot_has_all_maps(saved) || !hms_snapshot_has_all_maps(core))
		differs("not all maps are there");
	if (!hms_snapshot_has_goroutines(core))
		differs("%" PRIu64 " of %" PRId64 " goroutines are there", core->ngoroutines,
			core->goroutines);
}

/* ---- what the program did ------------------------------------------------------------------ */

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "?";
}

/* The changes of the map that @owner names in one snapshot or the other. */
static size_t changes_of(const struct hms_diff *diff, const char *owner,
			 const struct hms_change *ret[2])
{
	size_t n = 0;

	for (size_t i = 0; i < diff->nchanges; i++) {
		const char *ours = hms_change_map(&diff->changes[i])->owner;

		if (ours && strcmp(ours, owner) == 0 && n++ < 2)
			ret[n - 1] = &diff->changes[i];
	}
	return n;
}

static void judge_pair(const struct hms_change *c, const json_t *truth)
{
	const char *owner = text(truth, "owner"), *growth = text(truth, "growth");

	if (strcmp(hms_change_status_text(c->status), text(truth, "status")) != 0)
		differs("%s is %s, the program says %s", owner, hms_change_status_text(c->status),
			text(truth, "status"));
	if (strcmp(growth, "any") != 0 && strcmp(hms_change_growth_text(c->growth), growth) != 0)
		differs("%s: growth is %s, the program says %s", owner,
			hms_change_growth_text(c->growth), growth);
	if (strcmp(growth, "any") == 0 && c->growth != HMS_GROWTH_FINISHED &&
	    c->growth != HMS_GROWTH_STARTED)
		differs("%s: no growth of many", owner);
	if ((c->pairing == HMS_PAIR_EMPTIED) != (strcmp(text(truth, "what"), "cleared") == 0))
		differs("%s: %s", owner,
			c->pairing == HMS_PAIR_EMPTIED ? "emptied" : "not emptied");
	if (hms_change_number(c, HMS_SNAP_COUNT, false) !=
		    json_integer_value(json_object_get(truth, "old_count")) ||
	    hms_change_number(c, HMS_SNAP_COUNT, true) !=
		    json_integer_value(json_object_get(truth, "new_count")))
		differs("%s: %" PRId64 " and %" PRId64 " entries", owner,
			hms_change_number(c, HMS_SNAP_COUNT, false),
			hms_change_number(c, HMS_SNAP_COUNT, true));
}

/* One removed, one added; each names the other. */
static void judge_replaced(const struct hms_change *const changes[2], const json_t *truth)
{
	const struct hms_change *gone = changes[changes[0]->status == HMS_CHANGE_REMOVED ? 0 : 1];
	const struct hms_change *come = changes[gone == changes[0] ? 1 : 0];

	if (gone->status != HMS_CHANGE_REMOVED || come->status != HMS_CHANGE_ADDED ||
	    gone->instead != come->new || come->instead != gone->old)
		differs("%s: %s and %s", text(truth, "owner"),
			hms_change_status_text(changes[0]->status),
			hms_change_status_text(changes[1]->status));
	else if (gone->old->numbers[HMS_SNAP_COUNT] !=
			 json_integer_value(json_object_get(truth, "old_count")) ||
		 come->new->numbers[HMS_SNAP_COUNT] !=
			 json_integer_value(json_object_get(truth, "new_count")))
		differs("%s: other counts", text(truth, "owner"));
}

static void judge(const struct hms_diff *diff, const json_t *truth)
{
	bool replaced = strstr(text(truth, "what"), "one removed, one added");
	const struct hms_change *changes[2];
	size_t n = changes_of(diff, text(truth, "owner"), changes);

	if (n != (replaced ? 2 : 1))
		differs("%s: %zu changes", text(truth, "owner"), n);
	else if (replaced)
		judge_replaced(changes, truth);
	else
		judge_pair(changes[0], truth);
}

static bool calls(const struct hms_snap_group *group, const char *function)
{
	for (size_t i = 0; i < group->nframes; i++)
		if (group->frames[i].function && strcmp(group->frames[i].function, function) == 0)
			return true;
	return false;
}

static void judge_goroutines(const struct hms_diff *diff, json_t *leaked)
{
	const char *function;
	json_t *wanted;

	if (!diff->groups_known)
		differs("goroutines are unknown");
	json_object_foreach(leaked, function, wanted)
	{
		json_int_t old = 0, new = 0;

		for (size_t i = 0; i < diff->ngroups; i++) {
			if (!calls(diff->groups[i].group, function))
				continue;
			old += (json_int_t)diff->groups[i].old_n;
			new += (json_int_t)diff->groups[i].new_n;
		}
		if (old != json_integer_value(json_array_get(wanted, 0)) ||
		    new != json_integer_value(json_array_get(wanted, 1)))
			differs("%s: %" JSON_INTEGER_FORMAT " and %" JSON_INTEGER_FORMAT
				" goroutines",
				function, old, new);
	}
}

/* What the program did not name is the library's, and none of it is the program's own. */
static void judge_rest(const struct hms_diff *diff, const json_t *list)
{
	for (size_t i = 0; i < diff->nchanges; i++) {
		const char *owner = hms_change_map(&diff->changes[i])->owner;
		bool named = false;
		json_t *item;
		size_t k;

		if (!owner || strncmp(owner, "main.snap", 9) != 0 ||
		    diff->changes[i].status == HMS_CHANGE_SAME)
			continue;
		json_array_foreach(list, k, item) named |= strcmp(text(item, "owner"), owner) == 0;
		/* A map more in it. */
		if (!named && strcmp(owner, "main.snapNested[\"c\"]") != 0)
			differs("%s is %s, and the program did not say so", owner,
				hms_change_status_text(diff->changes[i].status));
	}
}

/* ---- the other way round ------------------------------------------------------------------- */

static enum hms_change_status mirrored(enum hms_change_status status)
{
	return status == HMS_CHANGE_ADDED     ? HMS_CHANGE_REMOVED
	       : status == HMS_CHANGE_REMOVED ? HMS_CHANGE_ADDED
					      : status;
}

/* A map that grew and is done did not grow in reverse: there maps don't shrink. */
static bool mirrors_growth(enum hms_change_growth a, enum hms_change_growth b)
{
	switch (a) {
	case HMS_GROWTH_NONE: return b == HMS_GROWTH_NONE || b == HMS_GROWTH_FINISHED;
	case HMS_GROWTH_STARTED: return b == HMS_GROWTH_FINISHED || b == HMS_GROWTH_STARTED;
	case HMS_GROWTH_FINISHED: return b == HMS_GROWTH_STARTED || b == HMS_GROWTH_NONE;
	default: return a == b;
	}
}

static const struct hms_change *find_mirror(const struct hms_diff *diff, const struct hms_change *c)
{
	for (size_t i = 0; i < diff->nchanges; i++)
		if (diff->changes[i].old == c->new && diff->changes[i].new == c->old)
			return &diff->changes[i];
	return NULL;
}

static void judge_mirror(const struct hms_diff *diff, const struct hms_diff *back)
{
	if (diff->nchanges != back->nchanges)
		differs("%zu changes, %zu the other way round", diff->nchanges, back->nchanges);
	for (size_t i = 0; i < diff->nchanges; i++) {
		const struct hms_change *c = &diff->changes[i], *m = find_mirror(back, c);

		if (!m || m->status != mirrored(c->status) || m->pairing != c->pairing ||
		    m->written != c->written || !mirrors_growth(c->growth, m->growth))
			differs("0x%" PRIx64 " has no mirror", hms_change_map(c)->addr);
		for (int k = 0; m && k < HMS_SNAP_NNUMBERS; k++) {
			int64_t delta = hms_change_delta(c, (enum hms_snap_number)k);

			if (hms_change_delta(m, (enum hms_snap_number)k) !=
			    (delta == HMS_UNKNOWN ? delta : -delta))
				differs("0x%" PRIx64 ": number %d", hms_change_map(c)->addr, k);
		}
	}
	if (diff->ngroups != back->ngroups)
		differs("%zu groups, %zu the other way round", diff->ngroups, back->ngroups);
}

/* A core beside the saved report of the other tells as much of the maps as two cores. */
static void compare_kinds(const struct hms_snapshot *old, const struct hms_snapshot *new,
			  const struct hms_snapshot *saved)
{
	const struct hms_diff_filter all = {0};
	struct hms_diff cores, mixed;

	hms_diff_make(old, new, &all, &cores);
	hms_diff_make(old, saved, &all, &mixed);
	if (cores.nchanges != mixed.nchanges)
		differs("%zu changes, %zu with a saved report", cores.nchanges, mixed.nchanges);
	for (size_t i = 0; i < HMS_MIN(cores.nchanges, mixed.nchanges); i++) {
		const struct hms_change *c = &cores.changes[i], *m = &mixed.changes[i];

		if (hms_change_map(c)->addr != hms_change_map(m)->addr || c->old != m->old ||
		    c->status != m->status || c->growth != m->growth || c->pairing != m->pairing ||
		    c->written != m->written)
			differs("0x%" PRIx64 " is another change with a saved report",
				hms_change_map(c)->addr);
	}
	hms_diff_deinit(&cores);
	hms_diff_deinit(&mixed);
}

static void compare_snapshots(const struct hms_snapshot *old, const struct hms_snapshot *new,
			      const char *truth_path)
{
	json_t *truth = json_load_file(truth_path, 0, NULL), *list, *item;
	const struct hms_diff_filter all = {0};
	struct hms_diff diff, back;
	size_t i;

	list = json_object_get(truth, "changes");
	if (failed(hms_diff_same_process(old, new)))
		return;
	hms_diff_make(old, new, &all, &diff);
	hms_diff_make(new, old, &all, &back);
	if (json_array_size(list) < 10)
		differs("the truth cannot be read");
	json_array_foreach(list, i, item) judge(&diff, item);
	judge_rest(&diff, list);
	judge_goroutines(&diff, json_object_get(truth, "leaked"));
	judge_mirror(&diff, &back);
	if (new->clock <= old->clock)
		differs("the clock stands still");
	hms_diff_deinit(&diff);
	hms_diff_deinit(&back);
	json_decref(truth);
}

/* ---- running ------------------------------------------------------------------------------ */

static void with_older(const struct bundled *bundled, const struct hms_snapshot *new,
		       const struct hms_snapshot *saved)
{
	size_t len = strlen(bundled->core) - strlen("new.core.zst");
	HMS_AUTO_FREE char *core = hms_xprintf("%.*sold.core.zst", (int)len, bundled->core);
	HMS_AUTO(hms_snapshot) struct hms_snapshot *old = of_core(bundled->exe, core);

	if (!old)
		return;
	compare_snapshots(old, new, bundled->truth);
	compare_kinds(old, new, saved);
}

static bool test_core(const struct bundled *bundled, char *what, size_t what_size)
{
	HMS_AUTO(hms_snapshot) struct hms_snapshot *core = NULL, *saved = NULL;
	bool snapshots = strcmp(bundled->name, "snapshot-new") == 0;

	core = of_core(bundled->exe, bundled->core);
	saved = of_list(bundled->exe, bundled->core, bundled->stripped);
	if (core && saved) {
		compare_same(core, core);
		compare_same(core, saved);
		compare_heads(core, saved);
		if (snapshots)
			with_older(bundled, core, saved);
		snprintf(what, what_size, "%zu maps%s", core->nmaps,
			 snapshots ? ", and what changed" : "");
	}
	return !differences;
}

int main(void)
{
	return bundled_run(test_core);
}
