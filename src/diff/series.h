/* More than two snapshots of one process: the course of each map over them. */
#ifndef HMS_DIFF_SERIES_H
#define HMS_DIFF_SERIES_H

#include "diff/diff.h"

enum hms_trend {
	HMS_TREND_STEADY, /* more entries in each snapshot than in the one before */
	HMS_TREND_GROWS,  /* never fewer, and more in the end */
	HMS_TREND_VARIES,
	HMS_TREND_SHRINKS, /* never more, and fewer in the end */
	HMS_TREND_FLAT,
	HMS_NTRENDS
};

/* "grows steadily", ... */
const char *hms_trend_text(enum hms_trend trend);
/* "steady", ...: as the report has it. */
const char *hms_trend_name(enum hms_trend trend);

struct hms_course {
	const struct hms_snap_map **maps; /* one a snapshot; NULL: not there */
	enum hms_trend trend;             /* of the entries, while it was there */
	bool changed;                     /* in anything, between any two */
	bool stalled; /* its growth stood still, from the last but one to the last */
};

struct hms_series {
	const struct hms_snapshot *const *snapshots; /* borrowed */
	size_t nsnapshots;                           /* at least 2 */
	struct hms_course *rows;                     /* what grows steadily first, then by bytes */
	size_t nrows, cap_rows;
	struct hms_arena *arena;
};

/* Snapshots come in their order; rows that @filter does not want are left out. */
void hms_series_make(const struct hms_snapshot *const *snapshots, size_t n,
		     const struct hms_diff_filter *filter, struct hms_series *ret);
void hms_series_deinit(struct hms_series *series);

/* The map as it was last seen. */
const struct hms_snap_map *hms_course_map(const struct hms_series *series,
					  const struct hms_course *row);
/* First and last of @number over the series, 0 where the map was not there. */
int64_t hms_course_first(const struct hms_course *row, enum hms_snap_number number);
int64_t hms_course_last(const struct hms_series *series, const struct hms_course *row,
			enum hms_snap_number number);

#endif
