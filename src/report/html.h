/* What the parts of the HTML renderer share. */
#ifndef HMS_REPORT_HTML_H
#define HMS_REPORT_HTML_H

#include "report/columns.h"
#include "report/model.h"
#include "util/str.h"

/* What is open and has to be closed before something else begins. */
enum html_block { HTML_NONE, HTML_MAPS, HTML_FIELDS, HTML_FINDINGS, HTML_SITES };

struct html {
	struct hms_renderer renderer;
	FILE *out; /* borrowed */
	const struct hms_doc *doc;
	enum html_block block;
	bool summarised;
	bool any_finding;
	const struct hms_column **columns;
	size_t ncolumns;
	struct hms_str text; /* not yet written */
};

static inline struct html *html_of(struct hms_renderer *r)
{
	return (struct html *)r;
}

/* Markup of our own, as it is. */
void html_add(struct html *html, const char *markup);
/* Text, escaped.  NULL adds nothing. */
void html_text(struct html *html, const char *s);
/* <TAG>text</TAG>; @tag may hold attributes. */
void html_element(struct html *html, const char *tag, const char *text);
/* Close what is open. */
void html_close_block(struct html *html);
/* Write out what has gathered. */
void html_flush(struct html *html);

/* html-head.c: the page's head, the style, who this is, the sums; the page's end. */
void html_begin(struct hms_renderer *r, const struct hms_doc *doc);
void html_summary(struct html *html); /* once; does nothing after that */
void html_work(struct html *html);

/* html-verdict.c */
void html_verdict(struct hms_renderer *r, const struct hms_verdict *verdict);

/* html-goroutines.c */
void html_goroutines(struct hms_renderer *r, const struct hms_goroutine_group *group);

/* html-diff.c */
void html_diff(struct hms_renderer *r, const struct hms_diff_report *report);

/* html-sites.c */
void html_site(struct hms_renderer *r, const struct hms_site_row *site);

/* html-picture.c */
void html_picture(struct hms_renderer *r, const struct hms_picture *picture);
void html_histogram(struct hms_renderer *r, const struct hms_histogram *histogram);
void html_progress(struct hms_renderer *r, const struct hms_progress_bar *bar);

#endif
