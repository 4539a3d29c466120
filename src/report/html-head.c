/* HTML: the page's head and style, who this is, the sums, what was looked at. */
#include <string.h>

#include "report/format.h"
#include "report/html.h"

/* Numbers are set in columns of their own width; colours follow the reader's choice of light or
 * dark. */
static const char style[] =
	":root{color-scheme:light dark;--fg:#1d2125;--quiet:#667085;--line:#d9dde3;--bg:#fff;"
	"--card:#f5f7f9;--fill:#3572b0;--over:#d97706;--odd:#b45309;--bad:#c4320a;"
	"--badbg:#fef3f2;--oddbg:#fffaeb}\n"
	"@media(prefers-color-scheme:dark){:root{--fg:#e3e6ea;--quiet:#98a2b3;--line:#343a43;"
	"--bg:#15181c;--card:#1e2329;--fill:#6aa5e0;--over:#f0a53c;--odd:#f5b754;--bad:#ff8a6b;"
	"--badbg:#341f1b;--oddbg:#2d2517}}\n"
	"body{font:15px/1.45 system-ui,sans-serif;color:var(--fg);background:var(--bg);margin:0}\n"
	"main{max-width:76rem;margin:0 auto;padding:1.5rem}\n"
	"h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:1.8rem 0 "
	".5rem;white-space:pre-wrap}\n"
	"h2 small{color:var(--quiet);font-weight:400;margin-left:1rem}\n"
	".code,h2.code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}\n"
	".code{font-size:.88em}h2.code{font-size:1.05rem}\n"
	".facts{color:var(--quiet);margin:0}.facts span{margin-right:1.2rem}.facts "
	".bad{color:var(--bad)}.growth{color:var(--odd)}\n"
	".verdict{background:var(--badbg);border-left:4px solid var(--bad);padding:.2rem 1rem;"
	"margin:1rem 0}.verdict h2{color:var(--bad);margin:.4rem 0}td.bad{color:var(--bad)}"
	"td.odd{color:var(--odd)}\n"
	".limits{background:var(--oddbg);border-left:4px solid var(--odd);padding:.6rem 1rem;"
	"margin:1rem 0}.limits p{margin:.1rem 0}\n"
	".sums{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.2rem 0 .8rem}\n"
	".sums div{background:var(--card);border-radius:.5rem;padding:.5rem 1rem;min-width:5rem}\n"
	".sums b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}\n"
	".sums span,.note,.work,figcaption{color:var(--quiet);font-size:.88em}\n"
	".line{white-space:pre-wrap;font-family:ui-monospace,monospace;font-size:.88em;margin:."
	"2rem "
	"0;"
	"overflow-wrap:anywhere}\n"
	".scroll{overflow-x:auto;margin:.6rem 0 1.2rem}table{border-collapse:collapse;width:100%}\n"
	"td,th{padding:.25rem .7rem .25rem 0;vertical-align:top;text-align:left;"
	"border-bottom:1px solid var(--line)}\n"
	"thead th{color:var(--quiet);font-size:.75rem;font-weight:600;letter-spacing:.03em;"
	"white-space:nowrap}\n"
	".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	".fields{width:auto}.fields th{font-weight:400}\n"
	"tr.odd th,tr.odd td.code,p.odd{color:var(--odd)}tr.odd{background:var(--oddbg)}\n"
	"tr.bad{background:var(--badbg)}.bad .note,p.bad,.error .severity,b.bad{color:var(--bad)}\n"
	".warning .severity{color:var(--odd)}.severity{font-weight:600}\n"
	".info,.info .severity{color:var(--quiet);font-weight:400}\n"
	".note{overflow-wrap:anywhere}.note:empty{display:none}\n"
	"details{margin:1rem 0}summary{cursor:pointer;font-weight:600}\n"
	"summary span,.bar span{color:var(--quiet);font-weight:400;margin-left:.8rem}\n"
	"svg{display:block;max-width:100%;height:auto;margin:.5rem 0}\n"
	".f{fill:var(--fill)}.e{fill:var(--line)}.m{fill:none;stroke:var(--line)}\n"
	".u{fill:var(--bad)}.o{fill:var(--over)}\n"
	".bar{margin:1rem 0}.bar progress{width:20rem;max-width:60%;accent-color:var(--fill);"
	"vertical-align:middle;margin-left:.8rem}\n"
	".bars{width:auto}.bars td{border:0;padding:.1rem .7rem .1rem 0}\n"
	".bars i{display:inline-block;height:.8em;background:var(--fill);border-radius:2px}\n";

static void fact(struct html *html, const char *prefix, const char *s, bool bad)
{
	if (!s)
		return;
	html_add(html, bad ? "<span class=bad>" : "<span>");
	html_add(html, prefix);
	html_text(html, s);
	html_add(html, "</span> ");
}

static void core_facts(struct html *html, const struct hms_doc_core *core)
{
	HMS_AUTO_STR struct hms_str size = HMS_STR_INIT, pid = HMS_STR_INIT;

	html_add(html, "<p class=facts>");
	fact(html, "", core->go_version ? core->go_version : "Go version unknown",
	     !core->go_version);
	fact(html, "linux/", core->arch, false);
	if (core->pid >= 0)
		hms_format_u64(&pid, (uint64_t)core->pid);
	fact(html, "pid ", pid.s, false);
	fact(html, "killed by ", core->signal, false);
	if (core->core_bytes) {
		hms_format_bytes_long(&size, core->core_bytes);
		hms_str_add(&size, core->core_complete ? ", complete" : ", incomplete");
	}
	fact(html, "core ", size.s, !core->core_complete);
	fact(html, "build ID ",
	     core->build_id_match == HMS_YES  ? "matches"
	     : core->build_id_match == HMS_NO ? "DIFFERS"
					      : "unknown",
	     core->build_id_match == HMS_NO);
	html_add(html, "</p>\n");
	html_add(html, "<p class=facts>");
	fact(html, "", core->path, false);
	fact(html, "", core->exe, false);
	html_add(html, "</p>\n");
}

static void limits(struct html *html, const struct hms_doc *doc)
{
	if (!doc->nlimits && doc->summary.complete)
		return;
	html_add(html, "<div class=limits>");
	html_element(html, "b", "The answer is limited");
	for (size_t i = 0; i < doc->nlimits; i++)
		html_element(html, "p", doc->limits[i]);
	if (!doc->nlimits)
		html_element(html, "p", "parts of the maps could not be read");
	html_add(html, "</div>\n");
}

void html_begin(struct hms_renderer *r, const struct hms_doc *doc)
{
	const char *name = doc->core.program ? doc->core.program
			   : doc->core.path  ? doc->core.path
					     : "core";
	struct html *html = html_of(r);

	html->doc = doc;
	html_add(html, "<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n"
		       "<meta http-equiv=Content-Security-Policy "
		       "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
		       "<meta name=viewport content=\"width=device-width\">\n");
	html_add(html, "<title>");
	html_text(html, name);
	html_add(html, " - hmapscope ");
	html_text(html, doc->command);
	html_add(html, "</title>\n<style>\n");
	html_add(html, style);
	html_add(html, "</style>\n<main>\n");
	html_element(html, "h1", name);
	limits(html, doc);
	core_facts(html, &doc->core);
}

/* ---- the sums ---- */

static void sum(struct html *html, const char *value, const char *what, bool bad)
{
	html_add(html, "<div>");
	html_element(html, bad ? "b class=bad" : "b", value);
	html_element(html, "span", what);
	html_add(html, "</div>");
}

static void sum_count(struct html *html, uint64_t n, const char *what, bool bad)
{
	HMS_AUTO_STR struct hms_str value = HMS_STR_INIT;

	hms_format_count(&value, n);
	sum(html, hms_str_text(&value), what, bad);
}

void html_summary(struct html *html)
{
	const struct hms_doc_summary *summary = &html->doc->summary;
	HMS_AUTO_STR struct hms_str entries = HMS_STR_INIT, bytes = HMS_STR_INIT;
	HMS_AUTO_STR struct hms_str share = HMS_STR_INIT;

	if (html->summarised || html->doc->summary.maps_unknown)
		return;
	html->summarised = true;
	html_add(html, "<div class=sums>");
	sum_count(html, summary->maps, "maps", false);
	hms_format_partial(&entries, summary->entries, summary->entries_partial, hms_format_count);
	sum(html, hms_str_text(&entries), "entries", false);
	hms_format_partial(&bytes, summary->bytes, summary->bytes_partial, hms_format_bytes_long);
	sum(html, hms_str_text(&bytes), "in maps", false);
	if (summary->heap_bytes > 0 && !summary->bytes_partial) {
		hms_format_percent(&share, summary->bytes, (uint64_t)summary->heap_bytes);
		sum(html, hms_str_text(&share), "of the live heap", false);
	}
	if (summary->growing)
		sum_count(html, summary->growing, "growing", false);
	if (summary->stalled > 0)
		sum_count(html, (uint64_t)summary->stalled, "waiting for writes", false);
	if (summary->damaged >= 0)
		sum_count(html, (uint64_t)summary->damaged, "damaged", summary->damaged > 0);
	html_add(html, "</div>\n");
}

/* ---- the end ---- */

static void work(struct html *html, uint64_t n, const char *what)
{
	if (!n)
		return;
	hms_format_count(&html->text, n);
	html_add(html, what);
}

void html_work(struct html *html)
{
	const struct hms_doc_summary *summary = &html->doc->summary;
	HMS_AUTO_STR struct hms_str unreadable = HMS_STR_INIT;

	if (summary->damaged >= 0 && !html->any_finding)
		html_element(html, "p",
			     summary->complete ? "No findings."
					       : "No findings in what could be read.");
	html_add(html, "<p class=work>");
	work(html, summary->slots_walked, " slots walked. ");
	work(html, summary->keys_hashed, " keys hashed. ");
	work(html, summary->candidates_dismissed, " candidates dismissed. ");
	if (summary->bytes_unreadable) {
		hms_format_bytes_long(&unreadable, summary->bytes_unreadable);
		html_text(html, hms_str_text(&unreadable));
		html_add(html, " unreadable. ");
	}
	html_add(html, PACKAGE_STRING "</p>\n");
}
