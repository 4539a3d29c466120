/* What the parts of the text renderer share: its state, and the blocks that a report is made of. */
#ifndef HMS_REPORT_TEXT_H
#define HMS_REPORT_TEXT_H

#include "report/columns.h"
#include "report/model.h"
#include "report/paper.h"
#include "report/table.h"

/* What is being drawn; a table's rows are drawn when something else follows. */
enum text_block {
	BLOCK_NONE,
	BLOCK_LINES,
	BLOCK_MAPS,
	BLOCK_FIELDS,
	BLOCK_FINDINGS,
	BLOCK_SITES,
	BLOCK_DRAWN, /* a table or picture that is done */
};

struct text {
	struct hms_renderer renderer;
	struct hms_paper paper;
	struct hms_table *table;
	const struct hms_doc *doc; /* from begin on */
	enum text_block block;
	bool summarised; /* the line that counts the maps is drawn, or is not to be */
	bool any_finding;
	const struct hms_column **columns; /* of the table of maps */
	size_t ncolumns;
	bool note_column;    /* notes have a column of their own, behind these */
	struct hms_str cell; /* scratch */
};

static inline struct text *text_of(struct hms_renderer *r)
{
	return (struct text *)r;
}

/* A block of its own, an empty line before it. */
void text_start_block(struct text *text, enum text_block block);
/* More lines of what is there. */
void text_go_on(struct text *text, enum text_block block);

/* A part of a line: @prefix, and @s escaped.  NULL: no part. */
void text_part(struct text *text, struct hms_flow *flow, enum hms_paint paint, const char *prefix,
	       const char *s);
/* "! sentence": what a reader should not miss. */
void text_remark(struct text *text, enum hms_paint paint, const char *sentence);

/* text-head.c: who this is and what limits the answer; what the maps are in all; what was looked
 * at. */
void text_begin(struct hms_renderer *r, const struct hms_doc *doc);
void text_summary(struct text *text); /* once; does nothing after that */
void text_work(struct text *text);

/* text-maps.c */
void text_maps_begin(struct hms_renderer *r, const struct hms_column *const *columns,
		     size_t ncolumns);
void text_map(struct hms_renderer *r, const struct hms_map_row *row);
void text_maps_end(struct hms_renderer *r);

/* text-findings.c */
void text_finding(struct hms_renderer *r, const struct hms_finding *finding);

/* text-diff.c */
void text_diff(struct hms_renderer *r, const struct hms_diff_report *report);

/* text-verdict.c */
void text_verdict(struct hms_renderer *r, const struct hms_verdict *verdict);

/* text-goroutines.c */
void text_goroutines(struct hms_renderer *r, const struct hms_goroutine_group *group);

/* text-sites.c */
void text_site(struct hms_renderer *r, const struct hms_site_row *site);

#endif
