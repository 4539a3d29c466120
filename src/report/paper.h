/*
 * What the text renderer writes on: how wide it is, which characters it knows, whether it takes
 * colour; and running text that wraps to it.
 *
 * A terminal, or a width that was asked for, bounds the lines.  A pipe or file does not: there a
 * record stays on one line and nothing is cut, for the sake of grep.
 */
#ifndef HMS_REPORT_PAPER_H
#define HMS_REPORT_PAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "report/model.h"
#include "util/str.h"

enum hms_paint {
	HMS_PAINT_PLAIN,
	HMS_PAINT_TITLE, /* bold */
	HMS_PAINT_QUIET, /* dim: there for who looks for it */
	HMS_PAINT_ODD,   /* yellow */
	HMS_PAINT_BAD,   /* red */
};

struct hms_paper {
	FILE *out; /* borrowed */
	unsigned int width;
	bool bounded; /* lines must fit the width */
	bool color;
	bool utf8; /* by LC_CTYPE, which main() sets */
};

void hms_paper_init(struct hms_paper *paper, const struct hms_render_options *options);

/* The sequence that switches @paint on; "" where there is no colour. */
const char *hms_paint_on(const struct hms_paper *paper, enum hms_paint paint);
const char *hms_paint_off(const struct hms_paper *paper, enum hms_paint paint);

/* From one paint to another that follows it. */
void hms_paint_change(const struct hms_paper *paper, enum hms_paint from, enum hms_paint to);

/* Append target text, escaped for this paper.  NULL adds nothing. */
void hms_paper_escape(const struct hms_paper *paper, struct hms_str *ret, const char *s);

/* Running text: parts that follow each other until the width is reached, then go on in a new
 * line.  All text is escaped already. */
struct hms_flow {
	const struct hms_paper *paper;
	size_t hang;   /* indentation of lines after the first */
	size_t column; /* that the next part would start in */
	bool empty;    /* nothing in this line but indentation */
	enum hms_paint paint;
};

void hms_flow_begin(struct hms_flow *flow, const struct hms_paper *paper, size_t indent,
		    size_t hang);
/* A part that stays in one piece, @gap spaces behind the one before. */
void hms_flow_part(struct hms_flow *flow, size_t gap, enum hms_paint paint, const char *part);
/* Text that may break at spaces; runs of spaces inside a line are kept. */
void hms_flow_text(struct hms_flow *flow, size_t gap, enum hms_paint paint, const char *text);
void hms_flow_end(struct hms_flow *flow);

#endif
