/* Drawings in characters: buckets by fill, histograms, progress.  Block elements where the paper
 * knows UTF-8, digits and punctuation where not; each fits the paper's width. */
#ifndef HMS_REPORT_PICTURE_H
#define HMS_REPORT_PICTURE_H

#include "report/paper.h"

void hms_draw_picture(const struct hms_paper *paper, const struct hms_picture *picture);
void hms_draw_histogram(const struct hms_paper *paper, const struct hms_histogram *histogram);
void hms_draw_progress(const struct hms_paper *paper, const struct hms_progress_bar *bar);

#endif
