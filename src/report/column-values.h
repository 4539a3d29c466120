/* One function a row of columns.def: get_ID(row, ret) fills @ret, HMS_VALUE_NULL where unknown. */
#ifndef HMS_REPORT_COLUMN_VALUES_H
#define HMS_REPORT_COLUMN_VALUES_H

#include "report/columns.h"

#define COLUMN(id, header, json, kind, right, help) \
	void hms_column_get_##id(const struct hms_map_row *row, struct hms_value *ret);
#include "report/columns.def"
#undef COLUMN

#endif
