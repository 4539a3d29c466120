/* Parts of the JSON renderer that have files of their own. */
#ifndef HMS_REPORT_JSON_H
#define HMS_REPORT_JSON_H

#include "report/emit.h"
#include "report/diff.h"
#include "report/model.h"

/* json-diff.c: an element of "findings", with what became of it. */
void hms_emit_finding_change(struct hms_emit *emit, const struct hms_finding_change *change);
/* The members that only diff has, but for "old" and "new". */
void hms_emit_diff(struct hms_emit *emit, const struct hms_diff_report *report);

/* With --series: an element a map. */
void hms_emit_series(struct hms_emit *emit, const struct hms_series *series);

#endif
