/* HTML: write sites, a row each. */
#include <inttypes.h>
#include <string.h>

#include "report/html.h"

static void open_sites(struct html *html)
{
	html_close_block(html);
	html_add(html,
		 "<div class=scroll><table class=sites>\n<thead><tr><th>function</th><th>place</th>"
		 "<th>map type</th><th>kind</th><th>lock</th></tr></thead>\n<tbody>\n");
	html->block = HTML_SITES;
}

static void note(struct html *html, const char *prefix, const char *s)
{
	if (!s)
		return;
	html_add(html, "<div class=note>");
	html_text(html, prefix);
	html_text(html, s);
	html_add(html, "</div>");
}

static void running(struct html *html, const struct hms_site_row *site)
{
	HMS_AUTO_STR struct hms_str ids = HMS_STR_INIT;

	for (size_t i = 0; i < site->ngoroutines; i++)
		hms_str_addf(&ids, "%s%" PRIu64, i ? ", " : "", site->goroutines[i]);
	note(html, "running: goroutine ", ids.s);
}

void html_site(struct hms_renderer *r, const struct hms_site_row *site)
{
	HMS_AUTO_STR struct hms_str place = HMS_STR_INIT;
	struct html *html = html_of(r);

	if (html->block != HTML_SITES)
		open_sites(html);
	html_add(html, "<tr><td class=code>");
	html_text(html, site->function ? site->function : "?");
	note(html, "in ", site->inlined_into);
	if (site->copies > 1) {
		hms_str_addf(&place, "%zu copies in the code", site->copies);
		note(html, "", hms_str_text(&place));
		hms_str_clear(&place);
	}
	running(html, site);
	html_add(html, "</td>");
	if (site->file)
		hms_str_addf(&place, "%s:%" PRId64, site->file, site->line);
	html_element(html, "td class=code", hms_str_text(&place));
	html_element(html, "td class=code", site->map_type ? site->map_type : "unknown");
	html_element(html, "td", site->kind);
	html_add(html, "<td>");
	html_text(html, strcmp(site->lock, "not-seen") ? site->lock : "not seen");
	note(html, "", site->lock_evidence);
	html_add(html, "</td></tr>\n");
	if (html->text.len > 1 << 16)
		html_flush(html);
}
