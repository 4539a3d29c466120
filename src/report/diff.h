/* What changed between two snapshots, as renderers see it; and the words that they share. */
#ifndef HMS_REPORT_DIFF_H
#define HMS_REPORT_DIFF_H

#include "diff/diff.h"
#include "diff/series.h"
#include "report/model.h"

struct hms_diff_report {
	const struct hms_diff *diff;
	const struct hms_series *series;  /* NULL: two snapshots */
	const struct hms_doc_core *cores; /* all snapshots' */
	size_t ncores;
	const struct hms_doc_core *old, *new; /* the first and the last of them */
	bool all;        /* text and HTML: maps that are the same too, and every row */
	size_t max_rows; /* of each table, where not all */
};

/* Time between the two by the runtime's clock, ns; -1: unknown. */
int64_t hms_diff_apart(const struct hms_doc_core *old, const struct hms_doc_core *new);

/* "+590K", "-8.2K"; "0" for none, "?" for unknown. */
void hms_diff_bytes(struct hms_str *ret, int64_t delta);
/* "+15", "-40". */
void hms_diff_count(struct hms_str *ret, int64_t delta);

/* "60 → 10,000"; one number where both are alike, "?" for what is unknown.  @bytes: scaled.
 * @arrow: what this paper has for one. */
void hms_diff_from_to(struct hms_str *ret, int64_t old, int64_t new, bool bytes, const char *arrow);

/* What happened to the map, in a few words: "added", "emptied, growth finished: 16 → 32 buckets".
 */
void hms_diff_words(const struct hms_change *change, const char *arrow, struct hms_str *ret);

/* Why its growth is said to stall: what is held up, and whether it was written to meanwhile. */
void hms_diff_stall(const struct hms_change *change, struct hms_str *ret);

/* "main.leakB main.go:33, started by main.snapLeak": where a group stands, outside the runtime. */
void hms_diff_group(const struct hms_snap_group *group, struct hms_str *ret);

/* The course of a number as a small drawn line, a character a snapshot; HMS_UNKNOWN is drawn as
 * not there.  @utf8: in blocks, else in digits. */
void hms_diff_course(const int64_t *numbers, size_t n, bool utf8, struct hms_str *ret);
/* That of a map's number, and what it comes to: "grows steadily, growth stalled". */
void hms_diff_map_course(const struct hms_series *series, const struct hms_course *row,
			 enum hms_snap_number number, bool utf8, struct hms_str *ret);
void hms_diff_course_words(const struct hms_series *series, const struct hms_course *row,
			   struct hms_str *ret);

/* Is the row shown where not everything is? */
bool hms_diff_row_shown(const struct hms_diff_report *report, const struct hms_change *change);

bool hms_diff_course_shown(const struct hms_diff_report *report, const struct hms_course *row);

/* Those that came and went without an owner, in one sentence; false: there are none, or each is
 * shown. */
bool hms_diff_strays(const struct hms_diff_report *report, struct hms_str *ret);

/* The runtime's own goroutines are not. */
bool hms_diff_group_shown(const struct hms_diff_report *report,
			  const struct hms_group_change *change);

/* Do sums by owner, or by type, tell what the rows don't? */
bool hms_diff_totals_tell(const struct hms_total *totals, size_t n);

#endif
