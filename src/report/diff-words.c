/* Changes in words, for text and HTML. */
#include <inttypes.h>
#include <string.h>

#include "report/diff.h"
#include "report/format.h"

int64_t hms_diff_apart(const struct hms_doc_core *old, const struct hms_doc_core *new)
{
	if (old->clock_ns < 0 || new->clock_ns < old->clock_ns)
		return -1;
	return new->clock_ns - old->clock_ns;
}

static void add_signed(struct hms_str *ret, int64_t n,
		       void (*format)(struct hms_str *ret, uint64_t n))
{
	if (n == HMS_UNKNOWN) {
		hms_str_addc(ret, '?');
		return;
	}
	if (n)
		hms_str_addc(ret, n < 0 ? '-' : '+');
	format(ret, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void hms_diff_bytes(struct hms_str *ret, int64_t delta)
{
	add_signed(ret, delta, hms_format_bytes);
}

void hms_diff_count(struct hms_str *ret, int64_t delta)
{
	add_signed(ret, delta, hms_format_count);
}

static void add_number(struct hms_str *ret, int64_t n, bool bytes)
{
	if (n == HMS_UNKNOWN)
		hms_str_addc(ret, '?');
	else if (bytes && n >= 0)
		hms_format_bytes(ret, (uint64_t)n);
	else
		hms_format_int(ret, n);
}

void hms_diff_from_to(struct hms_str *ret, int64_t old, int64_t new, bool bytes, const char *arrow)
{
	add_number(ret, old, bytes);
	if (old == new)
		return;
	hms_str_addf(ret, " %s ", arrow);
	add_number(ret, new, bytes);
}

/* ---- a map ------------------------------------------------------------------------------ */

static int64_t before(const struct hms_change *c, enum hms_snap_number number)
{
	return hms_change_number(c, number, false);
}

static int64_t now(const struct hms_change *c, enum hms_snap_number number)
{
	return hms_change_number(c, number, true);
}

static void comma(struct hms_str *ret)
{
	if (ret->len)
		hms_str_add(ret, ", ");
}

/* "3/32" */
static void add_moved(struct hms_str *ret, const struct hms_snap_map *map)
{
	int64_t moved = map->numbers[HMS_SNAP_EVACUATED];

	add_number(ret, moved == HMS_UNKNOWN ? map->numbers[HMS_SNAP_NEVACUATE] : moved, false);
	hms_str_addc(ret, '/');
	add_number(ret, map->numbers[HMS_SNAP_OLD_BUCKETS], false);
}

/* ": 16 → 32 buckets", where the number is another one. */
static void add_room(const struct hms_change *c, const char *arrow, struct hms_str *ret)
{
	bool swiss = hms_change_map(c)->swiss;
	enum hms_snap_number number = swiss ? HMS_SNAP_CAPACITY : HMS_SNAP_BUCKETS;

	if (hms_change_delta(c, number) == 0 || hms_change_delta(c, number) == HMS_UNKNOWN)
		return;
	hms_str_add(ret, ": ");
	hms_diff_from_to(ret, before(c, number), now(c, number), false, arrow);
	hms_str_add(ret, swiss ? " slots" : " buckets");
}

static void add_growth(const struct hms_change *c, const char *arrow, struct hms_str *ret)
{
	if (c->growth == HMS_GROWTH_NONE)
		return;
	comma(ret);
	switch (c->growth) {
	case HMS_GROWTH_STARTED:
		hms_str_add(ret, "growth began");
		add_room(c, arrow, ret);
		hms_str_add(ret, ", ");
		add_moved(ret, c->new);
		hms_str_add(ret, " moved");
		break;
	case HMS_GROWTH_PROGRESSING:
		hms_str_add(ret, "growing: ");
		add_moved(ret, c->old);
		hms_str_addf(ret, " %s ", arrow);
		add_moved(ret, c->new);
		hms_str_add(ret, " moved");
		break;
	case HMS_GROWTH_STALLED:
		hms_str_add(ret, "growth stalled at ");
		add_moved(ret, c->new);
		break;
	case HMS_GROWTH_FINISHED:
		hms_str_add(ret, now(c, HMS_SNAP_OLD_BUCKETS) == before(c, HMS_SNAP_OLD_BUCKETS)
					 ? "grew"
					 : "growth finished");
		add_room(c, arrow, ret);
		break;
	case HMS_GROWTH_NONE: break;
	}
}

static void add_more(const struct hms_change *c, enum hms_snap_number number, const char *noun,
		     const char *arrow, struct hms_str *ret)
{
	int64_t delta = hms_change_delta(c, number);

	if (!delta || delta == HMS_UNKNOWN)
		return;
	comma(ret);
	hms_str_add(ret, noun);
	hms_str_addc(ret, ' ');
	hms_diff_from_to(ret, before(c, number), now(c, number), false, arrow);
}

/* A few overflow buckets are a map's daily life. */
#define MANY_OVERFLOWS 16
#define LONG_CHAIN     4

static bool worth_saying(const struct hms_change *c, enum hms_snap_number number, int64_t least)
{
	return before(c, number) >= least || now(c, number) >= least;
}

/* Of one map of both snapshots. */
static void add_pair(const struct hms_change *c, const char *arrow, struct hms_str *ret)
{
	if (c->pairing == HMS_PAIR_EMPTIED)
		hms_str_add(ret, "emptied in between");
	add_growth(c, arrow, ret);
	if (c->growth == HMS_GROWTH_NONE && c->status != HMS_CHANGE_SAME &&
	    !(hms_change_delta(c, c->new->swiss ? HMS_SNAP_CAPACITY : HMS_SNAP_BUCKETS) == 0)) {
		HMS_AUTO_STR struct hms_str room = HMS_STR_INIT;

		add_room(c, arrow, &room);
		if (room.len) {
			comma(ret);
			hms_str_add(ret, hms_str_text(&room) + 2);
		}
	}
	if (worth_saying(c, HMS_SNAP_OVERFLOW, MANY_OVERFLOWS))
		add_more(c, HMS_SNAP_OVERFLOW, "overflow buckets", arrow, ret);
	if (worth_saying(c, HMS_SNAP_CHAIN_MAX, LONG_CHAIN))
		add_more(c, HMS_SNAP_CHAIN_MAX, "longest chain", arrow, ret);
	add_more(c, HMS_SNAP_TOMBSTONES, "tombstones", arrow, ret);
	if (!ret->len && c->status == HMS_CHANGE_CHANGED && !hms_change_delta(c, HMS_SNAP_COUNT))
		hms_str_add(ret, "written to");
}

void hms_diff_words(const struct hms_change *c, const char *arrow, struct hms_str *ret)
{
	HMS_AUTO_STR struct hms_str words = HMS_STR_INIT;

	if (!c->old)
		hms_str_add(&words, "added");
	else if (!c->new)
		hms_str_add(&words, "removed");
	if (c->instead)
		hms_str_addf(&words,
			     c->new ? ": takes the place of 0x%" PRIx64
				    : ": its owner has 0x%" PRIx64 " now",
			     c->instead->addr);
	if (c->old && c->new)
		add_pair(c, arrow, &words);
	hms_str_add(ret, hms_str_text(&words));
}

void hms_diff_stall(const struct hms_change *c, struct hms_str *ret)
{
	int64_t bytes = now(c, HMS_SNAP_OLD_BYTES);

	add_moved(ret, c->new);
	hms_str_add(ret, " moved in both");
	if (bytes > 0) {
		hms_str_add(ret, ", old buckets hold ");
		hms_format_bytes_long(ret, (uint64_t)bytes);
	}
	hms_str_add(ret, c->written == 0  ? "; nothing was written to it meanwhile"
			 : c->written > 0 ? "; it was written to meanwhile"
					  : "");
}

/* ---- series ----------------------------------------------------------------------------- */

static void draw_level(int64_t n, int64_t low, int64_t high, bool utf8, struct hms_str *ret)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	double share = high > low ? ((double)n - (double)low) / ((double)high - (double)low) : 0;
	size_t level = (size_t)(share * 7 + 0.5);

	if (n == HMS_UNKNOWN)
		hms_str_add(ret, utf8 ? "·" : ".");
	else if (utf8)
		hms_str_add(ret, blocks[HMS_MIN(level, (size_t)7)]);
	else
		hms_str_addc(ret, (char)('1' + HMS_MIN(level, (size_t)7)));
}

void hms_diff_course(const int64_t *numbers, size_t n, bool utf8, struct hms_str *ret)
{
	int64_t low = INT64_MAX, high = INT64_MIN;

	for (size_t i = 0; i < n; i++) {
		if (numbers[i] == HMS_UNKNOWN)
			continue;
		low = HMS_MIN(low, numbers[i]);
		high = HMS_MAX(high, numbers[i]);
	}
	for (size_t i = 0; i < n; i++)
		draw_level(numbers[i], low, high, utf8, ret);
}

void hms_diff_map_course(const struct hms_series *series, const struct hms_course *row,
			 enum hms_snap_number number, bool utf8, struct hms_str *ret)
{
	HMS_AUTO_FREE int64_t *numbers = hms_xcalloc(series->nsnapshots, sizeof(*numbers));

	for (size_t i = 0; i < series->nsnapshots; i++)
		numbers[i] = row->maps[i] ? row->maps[i]->numbers[number] : HMS_UNKNOWN;
	hms_diff_course(numbers, series->nsnapshots, utf8, ret);
}

void hms_diff_course_words(const struct hms_series *series, const struct hms_course *row,
			   struct hms_str *ret)
{
	HMS_AUTO_STR struct hms_str words = HMS_STR_INIT;

	hms_str_add(&words, hms_trend_text(row->trend));
	if (!row->maps[0]) {
		comma(&words);
		hms_str_add(&words, "added");
	}
	if (!row->maps[series->nsnapshots - 1]) {
		comma(&words);
		hms_str_add(&words, "removed");
	}
	if (row->stalled) {
		comma(&words);
		hms_str_add(&words, "growth stalled");
	}
	if (!words.len)
		hms_str_add(&words, row->changed ? "written to" : "same");
	hms_str_add(ret, hms_str_text(&words));
}

/* ---- goroutines ------------------------------------------------------------------------- */

static bool of_runtime(const char *function)
{
	static const char *const prefixes[] = {"runtime.", "internal/", "sync.", "reflect.",
					       "syscall.", "os.",       "time."};

	if (!function)
		return true;
	for (size_t i = 0; i < HMS_ARRAY_LEN(prefixes); i++)
		if (strncmp(function, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static const struct hms_snap_frame *telling_frame(const struct hms_snap_group *group)
{
	for (size_t i = 0; i < group->nframes; i++)
		if (!of_runtime(group->frames[i].function))
			return &group->frames[i];
	return group->nframes ? &group->frames[0] : NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void hms_diff_group(const struct hms_snap_group *group, struct hms_str *ret)
{
	const struct hms_snap_frame *frame = telling_frame(group);

	hms_str_add(ret, frame && frame->function ? frame->function : "unknown function");
	if (frame && frame->file)
		hms_str_addf(ret, " %s:%" PRId64, base_name(frame->file), frame->line);
	if (group->created_by)
		hms_str_addf(ret, ", started by %s", group->created_by);
}

bool hms_diff_group_shown(const struct hms_diff_report *report,
			  const struct hms_group_change *change)
{
	return report->all || !change->group->system;
}

bool hms_diff_course_shown(const struct hms_diff_report *report, const struct hms_course *row)
{
	const struct hms_snap_map *map = hms_course_map(report->series, row);
	bool stray = map->weak && !map->owner &&
		     (!row->maps[0] || !row->maps[report->series->nsnapshots - 1]);

	return report->all || ((row->changed || row->stalled) && !stray);
}

/* ---- what is shown ---------------------------------------------------------------------- */

/* Garbage comes and goes by the thousand; what is told of it is its sum. */
static bool is_stray(const struct hms_change *c)
{
	const struct hms_snap_map *map = hms_change_map(c);

	return (!c->old || !c->new) && map->weak && !map->owner;
}

bool hms_diff_row_shown(const struct hms_diff_report *report, const struct hms_change *change)
{
	return report->all || (change->status != HMS_CHANGE_SAME && !is_stray(change));
}

/* "3 came, 9,608 went, -1.2M in all" */
bool hms_diff_strays(const struct hms_diff_report *report, struct hms_str *ret)
{
	const struct hms_diff *diff = report->diff;
	uint64_t counts[2] = {0};
	int64_t sum = 0;

	for (size_t i = 0; i < diff->nchanges && !report->all; i++) {
		const struct hms_change *c = &diff->changes[i];
		int64_t delta = hms_change_delta(c, HMS_SNAP_BYTES);

		if (!is_stray(c))
			continue;
		counts[c->new != NULL]++;
		if (delta != HMS_UNKNOWN && __builtin_add_overflow(sum, delta, &sum))
			sum = HMS_UNKNOWN;
	}
	if (!counts[0] && !counts[1])
		return false;
	hms_str_add(ret, "without an owner (garbage, or held in ways that types don't show): ");
	hms_format_count(ret, counts[1]);
	hms_str_add(ret, " came, ");
	hms_format_count(ret, counts[0]);
	hms_str_add(ret, " went, ");
	hms_diff_bytes(ret, sum);
	hms_str_add(ret, " in all (--all)");
	return true;
}

bool hms_diff_totals_tell(const struct hms_total *totals, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (HMS_MAX(totals[i].old_maps, totals[i].new_maps) > 1 &&
		    totals[i].old_bytes != totals[i].new_bytes)
			return true;
	return false;
}
