/* Sums by owner and by type, goroutine groups, findings. */
#include <stdlib.h>
#include <string.h>

#include "diff/diff.h"

/* ---- owners' roots ---------------------------------------------------------------------- */

/* Length of the name that @s begins with: up to the first of @ends outside of parentheses. */
static size_t name_length(const char *s, const char *ends)
{
	size_t depth = 0, i;

	for (i = 0; s[i]; i++) {
		if (s[i] == '(')
			depth++;
		else if (s[i] == ')' && depth)
			depth--;
		else if (!depth && strchr(ends, s[i]))
			break;
	}
	return i;
}

/* What precedes the last '/' of the import path that @s begins with, and that '/'. */
static size_t import_path(const char *s, size_t end)
{
	size_t n = 0;

	for (size_t i = 0; i < end; i++)
		if (s[i] == '/')
			n = i + 1;
	return n;
}

/* "example.org/x/cache.table" of "example.org/x/cache.table.items[3]". */
static size_t variable_length(const char *s)
{
	size_t at = import_path(s, strcspn(s, "[(\"{"));

	at += strcspn(s + at, ".[(");
	return s[at] == '.' ? at + 1 + name_length(s + at + 1, ".[{)") : at;
}

/* The function of a goroutine's variable: all before its last name, which may be a method's
 * ("main.(*Cache).Update.c").  Names of fields look like it: of those the function is a part. */
static size_t function_length(const char *s)
{
	size_t at = import_path(s, strcspn(s, "[\"{"));

	at += strcspn(s + at, ".");
	if (s[at] == '.')
		at++;
	at += name_length(s + at, ".[{");
	if (s[at] == '.' && at && s[at - 1] == ')')
		at += 1 + name_length(s + at + 1, ".[{");
	/* Closures: main.run.func1, main.run.func1.2 */
	while (s[at] == '.' &&
	       (strncmp(s + at + 1, "func", 4) == 0 || strspn(s + at + 1, "0123456789"))) {
		size_t len = name_length(s + at + 1, ".[{");

		if (strncmp(s + at + 1, "func", 4) == 0 &&
		    strspn(s + at + 5, "0123456789") + 4 != len)
			break;
		at += 1 + len;
	}
	return at;
}

void hms_diff_owner_root(const char *owner, struct hms_str *ret)
{
	static const char goroutine[] = "goroutine:";
	const char *s = owner + strspn(owner, "(*");

	if (strncmp(s, goroutine, sizeof(goroutine) - 1) == 0) {
		s += sizeof(goroutine) - 1;
		s += strspn(s, "0123456789");
		s += *s == ':';
		hms_str_add(ret, "goroutine ");
		hms_str_addn(ret, s, function_length(s));
		return;
	}
	hms_str_addn(ret, s, variable_length(s));
}

/* ---- sums ------------------------------------------------------------------------------- */

struct sums {
	struct hms_diff *diff;
	struct hms_total *list;
	size_t n, cap;
	struct hms_set index; /* by the interned name's hash */
};

static uint64_t hash_text(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
	return h;
}

static struct hms_total *total_of(struct sums *sums, const char *name)
{
	uint64_t *place;
	bool added;

	place = hms_set_put(&sums->index, name ? hash_text(name) : 0, 1, sums->n, &added);
	if (added) {
		HMS_GROW(sums->list, sums->n, sums->cap);
		sums->list[sums->n++] = (struct hms_total){
			.name = name ? hms_arena_strdup(sums->diff->arena, name) : NULL};
	}
	return &sums->list[*place];
}

static void add_known(int64_t *sum, int64_t n)
{
	if (n != HMS_UNKNOWN && __builtin_add_overflow(*sum, n, sum))
		*sum = n < 0 ? INT64_MIN + 1 : INT64_MAX;
}

static void add_map(struct hms_total *total, const struct hms_snap_map *map, bool new)
{
	*(new ? &total->new_maps : &total->old_maps) += 1;
	add_known(new ? &total->new_bytes : &total->old_bytes, map->numbers[HMS_SNAP_BYTES]);
	add_known(new ? &total->new_count : &total->old_count, map->numbers[HMS_SNAP_COUNT]);
}

static void add_by_owner(struct sums *sums, const struct hms_snap_map *map, bool new)
{
	HMS_AUTO_STR struct hms_str root = HMS_STR_INIT;

	if (map->owner)
		hms_diff_owner_root(map->owner, &root);
	add_map(total_of(sums, root.len ? hms_str_text(&root) : NULL), map, new);
}

static void add_by_type(struct sums *sums, const struct hms_snap_map *map, bool new)
{
	add_map(total_of(sums, map->type), map, new);
}

static int64_t growth_of_total(const struct hms_total *total)
{
	return total->new_bytes - total->old_bytes;
}

static int compare_names(const char *a, const char *b)
{
	return !a || !b ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

/* What came or went, the most first. */
static int compare_totals(const void *a, const void *b)
{
	const struct hms_total *x = a, *y = b;
	int64_t dx = growth_of_total(x), dy = growth_of_total(y);

	if (llabs(dx) != llabs(dy))
		return llabs(dx) > llabs(dy) ? -1 : 1;
	if (x->new_bytes != y->new_bytes)
		return x->new_bytes > y->new_bytes ? -1 : 1;
	return compare_names(x->name, y->name);
}

static void sum_up(struct hms_diff *diff,
		   void (*add)(struct sums *sums, const struct hms_snap_map *map, bool new),
		   struct hms_total **ret, size_t *n_ret)
{
	struct sums sums = {.diff = diff};

	for (size_t i = 0; i < diff->nchanges; i++) {
		if (diff->changes[i].old)
			add(&sums, diff->changes[i].old, false);
		if (diff->changes[i].new)
			add(&sums, diff->changes[i].new, true);
	}
	if (sums.n)
		qsort(sums.list, sums.n, sizeof(*sums.list), compare_totals);
	hms_set_deinit(&sums.index);
	*ret = sums.list;
	*n_ret = sums.n;
}

void hms_diff_totals(struct hms_diff *diff)
{
	for (size_t i = 0; i < diff->old->nmaps; i++)
		add_map(&diff->all, &diff->old->maps[i], false);
	for (size_t i = 0; i < diff->new->nmaps; i++)
		add_map(&diff->all, &diff->new->maps[i], true);
	sum_up(diff, add_by_owner, &diff->owners, &diff->nowners);
	sum_up(diff, add_by_type, &diff->types, &diff->ntypes);
}

/* ---- goroutines ------------------------------------------------------------------------- */

static int64_t group_growth(const struct hms_group_change *g)
{
	return (int64_t)(g->new_n - g->old_n);
}

static int compare_groups(const void *a, const void *b)
{
	const struct hms_group_change *x = a, *y = b;

	if (group_growth(x) != group_growth(y))
		return group_growth(x) > group_growth(y) ? -1 : 1;
	return memcmp(x->group->key, y->group->key, sizeof(x->group->key));
}

static uint64_t group_size(const struct hms_snapshot *snap, const struct hms_snap_group *group)
{
	const uint64_t *place = hms_set_get(&snap->group_index, group->key[0], group->key[1]);

	return place ? snap->groups[*place].n : 0;
}

static void put_group(struct hms_diff *diff, const struct hms_snap_group *group)
{
	struct hms_group_change change = {
		.group = group,
		.old_n = group_size(diff->old, group),
		.new_n = group_size(diff->new, group),
	};

	if (change.old_n != change.new_n)
		diff->groups[diff->ngroups++] = change;
}

void hms_diff_groups(struct hms_diff *diff)
{
	const struct hms_snapshot *old = diff->old, *new = diff->new;

	diff->groups_known = hms_snapshot_has_goroutines(old) && hms_snapshot_has_goroutines(new);
	if (!diff->groups_known)
		return;
	diff->groups = hms_xcalloc(old->ngroups + new->ngroups, sizeof(*diff->groups));
	for (size_t i = 0; i < new->ngroups; i++)
		put_group(diff, &new->groups[i]);
	for (size_t i = 0; i < old->ngroups; i++)
		if (!group_size(new, &old->groups[i]))
			put_group(diff, &old->groups[i]);
	if (diff->ngroups)
		qsort(diff->groups, diff->ngroups, sizeof(*diff->groups), compare_groups);
}

/* ---- findings --------------------------------------------------------------------------- */

/* A finding with the map that it is about, by its address in the newer snapshot. */
struct pending {
	const struct hms_snap_finding *finding;
	const struct hms_snap_map *map;
	uint64_t where;
	bool paired;
};

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_kind(const struct pending *a, const struct pending *b)
{
	if (a->where != b->where)
		return a->where < b->where ? -1 : 1;
	return compare_text(a->finding->rule, b->finding->rule);
}

static int compare_pending(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;
	int c = compare_kind(x, y);

	if (!c)
		c = compare_text(x->finding->message, y->finding->message);
	if (!c)
		c = x->finding->addr < y->finding->addr ? -1 : x->finding->addr > y->finding->addr;
	return c;
}

/* Addresses of the older snapshot's maps, as the newer has them. */
static void index_maps(const struct hms_diff *diff, struct hms_set *ret)
{
	for (size_t i = 0; i < diff->nchanges; i++) {
		const struct hms_change *c = &diff->changes[i];

		if (c->old && c->new)
			hms_set_put(ret, c->old->addr, 1, c->new->addr, NULL);
	}
}

static struct pending *gather(const struct hms_snapshot *snap, const struct hms_set *index)
{
	struct pending *list = hms_xcalloc(snap->nfindings, sizeof(*list));

	for (size_t i = 0; i < snap->nfindings; i++) {
		const struct hms_snap_finding *finding = &snap->findings[i];
		const uint64_t *place = index ? hms_set_get(index, finding->map, 1) : NULL;

		list[i] = (struct pending){
			.finding = finding,
			.map = finding->map ? hms_snapshot_map_at(snap, finding->map) : NULL,
			.where = place ? *place : finding->map,
		};
	}
	if (snap->nfindings)
		qsort(list, snap->nfindings, sizeof(*list), compare_pending);
	return list;
}

/* Pair what @compare calls equal, in both orders' step. */
static void pair_findings(struct pending *old, size_t nold, struct pending *new, size_t nnew,
			  int (*compare)(const struct pending *a, const struct pending *b))
{
	size_t i = 0, k = 0;

	while (i < nold && k < nnew) {
		int c;

		if (old[i].paired || new[k].paired) {
			i += old[i].paired;
			k += k < nnew && new[k].paired;
			continue;
		}
		c = compare(&old[i], &new[k]);
		if (c == 0) {
			old[i++].paired = true;
			new[k++].paired = true;
		} else if (c < 0) {
			i++;
		} else {
			k++;
		}
	}
}

static int compare_whole(const struct pending *a, const struct pending *b)
{
	return compare_pending(a, b);
}

static void put_finding(struct hms_diff *diff, const struct pending *p,
			enum hms_finding_status status)
{
	diff->findings[diff->nfindings++] =
		(struct hms_finding_change){.finding = p->finding, .map = p->map, .status = status};
	diff->finding_counts[status]++;
}

/* Reports of other commands follow other rules: what one lacks may just not have been looked for.
 */
static bool findings_comparable(const struct hms_snapshot *old, const struct hms_snapshot *new)
{
	return strcmp(old->command, new->command) == 0;
}

void hms_diff_findings(struct hms_diff *diff)
{
	size_t nold = diff->old->nfindings, nnew = diff->new->nfindings;
	struct hms_set index = {0};
	struct pending *old, *new;

	diff->findings_known = findings_comparable(diff->old, diff->new);
	if (!diff->findings_known)
		return;
	index_maps(diff, &index);
	old = gather(diff->old, &index);
	new = gather(diff->new, NULL);
	pair_findings(old, nold, new, nnew, compare_whole);
	pair_findings(old, nold, new, nnew, compare_kind);
	diff->findings = hms_xcalloc(nold + nnew, sizeof(*diff->findings));
	for (size_t i = 0; i < nnew; i++)
		if (!new[i].paired)
			put_finding(diff, &new[i], HMS_FINDING_NEW);
	for (size_t i = 0; i < nold; i++)
		if (!old[i].paired)
			put_finding(diff, &old[i], HMS_FINDING_GONE);
	for (size_t i = 0; i < nnew; i++)
		if (new[i].paired)
			put_finding(diff, &new[i], HMS_FINDING_BOTH);
	free(old);
	free(new);
	hms_set_deinit(&index);
}
