/*
 * Tables on paper, by libsmartcols.
 *
 * Rows come cell by cell and are drawn a thousand at a time, so that a table of a million rows
 * costs the memory of a thousand; columns keep at least the width that earlier rows gave them.
 * On bounded paper flexible columns give way until a row fits: first by wrapping, then by
 * cutting.
 */
#ifndef HMS_REPORT_TABLE_H
#define HMS_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "report/paper.h"
#include "util/str.h"

struct hms_table_column {
	const char *header; /* NULL in all columns: no line of headers */
	bool right;
	size_t min_width; /* of a flexible column; 0: it keeps its width */
	size_t max_lines; /* that a cell may wrap into; what is left over is cut */
};

struct hms_table;

/* @paper is borrowed. */
struct hms_table *hms_table_create(const struct hms_paper *paper);
void hms_table_destroy(struct hms_table *table); /* NULL is fine */

/* @columns is copied, headers are borrowed until the end; lines start behind @indent spaces. */
void hms_table_begin(struct hms_table *table, const struct hms_table_column *columns, size_t n,
		     size_t indent);
/* The next cell of the row, or the first of the next row.  @text is escaped; '\n' in it starts a
 * new line of the cell. */
void hms_table_cell(struct hms_table *table, enum hms_paint paint, const char *text);
void hms_table_end(struct hms_table *table);

#endif
