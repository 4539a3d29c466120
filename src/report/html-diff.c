/* HTML: what changed between two snapshots. */
#include <string.h>

#include "report/diff.h"
#include "report/format.h"
#include "report/html.h"

static const char arrow[] = "→";

/* ---- cells ------------------------------------------------------------------------------ */

static void number_cell(struct html *html, struct hms_str *s)
{
	html_element(html, "td class=n", hms_str_text(s));
	hms_str_clear(s);
}

static void delta_cell(struct html *html, int64_t delta)
{
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	hms_diff_bytes(&s, delta);
	number_cell(html, &s);
}

static void span_cell(struct html *html, int64_t old, int64_t new, bool bytes)
{
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	hms_diff_from_to(&s, old, new, bytes, arrow);
	number_cell(html, &s);
}

static void owner_cell(struct html *html, const struct hms_snap_map *map, uint64_t addr)
{
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	if (!map || !map->owner)
		hms_format_addr(&s, map ? map->addr : addr);
	html_element(html, "td class=code",
		     map && map->owner ? map->owner
		     : map || addr     ? hms_str_text(&s)
				       : "");
}

/* Headers: those that begin with '>' are of numbers. */
static void open_table(struct html *html, const char *title, const char *const *headers)
{
	html_close_block(html);
	html_element(html, "h2", title);
	html_add(html, "<div class=scroll><table class=changes><thead><tr>");
	for (; *headers; headers++)
		html_element(html, **headers == '>' ? "th class=n" : "th",
			     *headers + (**headers == '>'));
	html_add(html, "</tr></thead><tbody>\n");
}

static void close_table(struct html *html)
{
	html_add(html, "</tbody></table></div>\n");
}

static void more(struct html *html, size_t n)
{
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	if (!n)
		return;
	hms_str_add(&s, "and ");
	hms_format_count(&s, n);
	hms_str_add(&s, " more (--all)");
	html_element(html, "p class=line", hms_str_text(&s));
}

/* ---- the sums --------------------------------------------------------------------------- */

static void sum(struct html *html, int64_t old, int64_t new, bool bytes, const char *what)
{
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	hms_diff_from_to(&s, old, new, bytes, arrow);
	html_add(html, "<div>");
	html_element(html, "b", hms_str_text(&s));
	html_element(html, "span", what);
	html_add(html, "</div>");
}

static void draw_sums(struct html *html, const struct hms_diff *diff)
{
	const struct hms_total *all = &diff->all;

	html_close_block(html);
	html_add(html, "<div class=sums>");
	sum(html, (int64_t)all->old_maps, (int64_t)all->new_maps, false, "maps");
	sum(html, all->old_count, all->new_count, false, "entries");
	sum(html, all->old_bytes, all->new_bytes, true, "bytes in maps");
	if (diff->old->heap_bytes >= 0 && diff->new->heap_bytes >= 0)
		sum(html, diff->old->heap_bytes, diff->new->heap_bytes, true, "live heap");
	for (int i = 0; i < HMS_NCHANGES; i++)
		if (diff->counts[i])
			sum(html, (int64_t)diff->counts[i], (int64_t)diff->counts[i], false,
			    hms_change_status_text((enum hms_change_status)i));
	if (diff->stalled)
		sum(html, (int64_t)diff->stalled, (int64_t)diff->stalled, false,
		    "growths that stand still");
	html_add(html, "</div>\n");
	html->summarised = true;
}

/* ---- maps ------------------------------------------------------------------------------- */

static void draw_change(struct html *html, const struct hms_change *c)
{
	HMS_AUTO_STR struct hms_str words = HMS_STR_INIT;
	const struct hms_snap_map *map = hms_change_map(c);

	hms_diff_words(c, arrow, &words);
	html_add(html, c->growth == HMS_GROWTH_STALLED ? "<tr class=odd>" : "<tr>");
	delta_cell(html, hms_change_delta(c, HMS_SNAP_BYTES));
	span_cell(html, hms_change_number(c, HMS_SNAP_BYTES, false),
		  hms_change_number(c, HMS_SNAP_BYTES, true), true);
	span_cell(html, hms_change_number(c, HMS_SNAP_COUNT, false),
		  hms_change_number(c, HMS_SNAP_COUNT, true), false);
	html_element(html, "td",
		     c->status == HMS_CHANGE_SAME && !words.len ? "same" : hms_str_text(&words));
	html_element(html, "td class=code", map->type ? map->type : "?");
	owner_cell(html, map, 0);
	html_add(html, "</tr>\n");
}

static void draw_changes(struct html *html, const struct hms_diff_report *report)
{
	static const char *const headers[] = {">DELTA", ">BYTES", ">ENTRIES", "WHAT",
					      "TYPE",   "OWNER",  NULL};
	const struct hms_diff *diff = report->diff;
	HMS_AUTO_STR struct hms_str strays = HMS_STR_INIT;
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < diff->nchanges; i++) {
		if (!hms_diff_row_shown(report, &diff->changes[i]))
			continue;
		if (!report->all && shown == report->max_rows) {
			left++;
			continue;
		}
		if (!shown++)
			open_table(html, "Changes", headers);
		draw_change(html, &diff->changes[i]);
	}
	if (shown)
		close_table(html);
	more(html, left);
	if (hms_diff_strays(report, &strays))
		html_element(html, "p class=line", hms_str_text(&strays));
}

static void draw_course(struct html *html, const struct hms_series *series,
			const struct hms_course *row)
{
	const struct hms_snap_map *map = hms_course_map(series, row);
	int64_t first = hms_course_first(row, HMS_SNAP_BYTES);
	int64_t last = hms_course_last(series, row, HMS_SNAP_BYTES);
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT, words = HMS_STR_INIT;

	html_add(html, row->trend == HMS_TREND_STEADY ? "<tr class=odd>" : "<tr>");
	hms_diff_map_course(series, row, HMS_SNAP_COUNT, true, &s);
	html_element(html, "td class=code", hms_str_text(&s));
	delta_cell(html, first == HMS_UNKNOWN || last == HMS_UNKNOWN ? HMS_UNKNOWN : last - first);
	span_cell(html, first, last, true);
	span_cell(html, hms_course_first(row, HMS_SNAP_COUNT),
		  hms_course_last(series, row, HMS_SNAP_COUNT), false);
	hms_diff_course_words(series, row, &words);
	html_element(html, "td", hms_str_text(&words));
	html_element(html, "td class=code", map->type ? map->type : "?");
	owner_cell(html, map, 0);
	html_add(html, "</tr>\n");
}

static void draw_series(struct html *html, const struct hms_diff_report *report)
{
	static const char *const headers[] = {"COURSE", ">DELTA", ">BYTES", ">ENTRIES",
					      "WHAT",   "TYPE",   "OWNER",  NULL};
	const struct hms_series *series = report->series;
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < series->nrows; i++) {
		if (!hms_diff_course_shown(report, &series->rows[i]))
			continue;
		if (!report->all && shown == report->max_rows) {
			left++;
			continue;
		}
		if (!shown++)
			open_table(html, "Course", headers);
		draw_course(html, series, &series->rows[i]);
	}
	if (shown)
		close_table(html);
	more(html, left);
}

static void draw_stalls(struct html *html, const struct hms_diff_report *report)
{
	static const char *const headers[] = {"GROWTH", "TYPE", "OWNER", NULL};
	const struct hms_diff *diff = report->diff;
	size_t shown = 0;

	if (!diff->stalled)
		return;
	open_table(html, "Growth that stands still", headers);
	for (size_t i = 0; i < diff->nchanges; i++) {
		HMS_AUTO_STR struct hms_str words = HMS_STR_INIT;
		const struct hms_change *c = &diff->changes[i];

		if (c->growth != HMS_GROWTH_STALLED ||
		    (!report->all && shown++ >= report->max_rows))
			continue;
		hms_diff_stall(c, &words);
		html_add(html, "<tr class=odd>");
		html_element(html, "td", hms_str_text(&words));
		html_element(html, "td class=code", c->new->type ? c->new->type : "?");
		owner_cell(html, c->new, 0);
		html_add(html, "</tr>\n");
	}
	close_table(html);
	more(html, shown > report->max_rows ? shown - report->max_rows : 0);
}

static void draw_totals(struct html *html, const struct hms_diff_report *report, const char *title,
			const char *nameless, const struct hms_total *totals, size_t n)
{
	static const char *const headers[] = {">DELTA", ">BYTES", ">MAPS", ">ENTRIES", "", NULL};
	size_t shown = 0, left = 0;

	if (!hms_diff_totals_tell(totals, n))
		return;
	open_table(html, title, headers);
	for (size_t i = 0; i < n; i++) {
		const struct hms_total *t = &totals[i];

		if (t->old_bytes == t->new_bytes && !report->all)
			continue;
		if (!report->all && shown++ >= report->max_rows) {
			left++;
			continue;
		}
		html_add(html, "<tr>");
		delta_cell(html, t->new_bytes - t->old_bytes);
		span_cell(html, t->old_bytes, t->new_bytes, true);
		span_cell(html, (int64_t)t->old_maps, (int64_t)t->new_maps, false);
		span_cell(html, t->old_count, t->new_count, false);
		html_element(html, "td class=code", t->name ? t->name : nameless);
		html_add(html, "</tr>\n");
	}
	close_table(html);
	more(html, left);
}

/* ---- goroutines and findings -------------------------------------------------------------- */

static void draw_groups(struct html *html, const struct hms_diff_report *report)
{
	static const char *const headers[] = {">DELTA", ">GOROUTINES", "WAIT REASON", "WHERE",
					      NULL};
	const struct hms_diff *diff = report->diff;
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < diff->ngroups; i++) {
		HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;
		const struct hms_group_change *g = &diff->groups[i];

		if (!hms_diff_group_shown(report, g))
			continue;
		if (!report->all && shown >= report->max_rows) {
			left++;
			continue;
		}
		if (!shown++)
			open_table(html, "Goroutines", headers);
		html_add(html, "<tr>");
		hms_diff_count(&s, (int64_t)(g->new_n - g->old_n));
		number_cell(html, &s);
		span_cell(html, (int64_t)g->old_n, (int64_t)g->new_n, false);
		html_element(html, "td", g->group->wait_reason ? g->group->wait_reason : "");
		hms_diff_group(g->group, &s);
		html_element(html, "td class=code", hms_str_text(&s));
		html_add(html, "</tr>\n");
	}
	if (shown)
		close_table(html);
	more(html, left);
}

static const char *row_class(const struct hms_snap_finding *finding)
{
	if (finding->severity && strcmp(finding->severity, "error") == 0)
		return "<tr class=error>";
	if (finding->severity && strcmp(finding->severity, "warning") == 0)
		return "<tr class=warning>";
	return "<tr class=info>";
}

static void draw_findings(struct html *html, const struct hms_diff_report *report)
{
	static const char *const headers[] = {"", "SEVERITY", "RULE", "MAP", "", NULL};
	static const char *const status[] = {"new", "gone", "both"};
	const struct hms_diff *diff = report->diff;
	size_t shown = 0;

	if (!diff->nfindings)
		return;
	open_table(html, "Findings", headers);
	for (; shown < diff->nfindings && (report->all || shown < report->max_rows); shown++) {
		const struct hms_finding_change *change = &diff->findings[shown];
		const struct hms_snap_finding *finding = change->finding;

		html_add(html, row_class(finding));
		html_element(html, "td class=severity", status[change->status]);
		html_element(html, "td class=severity",
			     finding->severity ? finding->severity : "?");
		html_element(html, "td class=code", finding->rule);
		owner_cell(html, change->map, finding->map);
		html_element(html, "td", finding->message);
		html_add(html, "</tr>\n");
	}
	close_table(html);
	more(html, diff->nfindings - shown);
	html->any_finding = true;
}

void html_diff(struct hms_renderer *r, const struct hms_diff_report *report)
{
	const struct hms_diff *diff = report->diff;
	struct html *html = html_of(r);

	draw_sums(html, diff);
	if (report->series)
		draw_series(html, report);
	else
		draw_changes(html, report);
	draw_stalls(html, report);
	draw_totals(html, report, "By owner", "no owner known", diff->owners, diff->nowners);
	draw_totals(html, report, "By type", "type unknown", diff->types, diff->ntypes);
	draw_groups(html, report);
	draw_findings(html, report);
}
