/*
 * The HTML renderer: the report as one page that stands alone, to be attached to a ticket.  No
 * script, no file beside it; buckets are folded away in <details>.  A policy in the page forbids
 * all that we don't write, should text from the target ever get past the escapes.
 */
#include "report/addresses.h"
#include "report/html.h"

#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "util/escape.h"

#define FLUSH_AT 65536

void html_flush(struct html *html)
{
	if (html->text.len)
		fwrite(html->text.s, 1, html->text.len, html->out);
	hms_str_clear(&html->text);
}

void html_add(struct html *html, const char *markup)
{
	hms_str_add(&html->text, markup);
	if (html->text.len >= FLUSH_AT)
		html_flush(html);
}

void html_text(struct html *html, const char *s)
{
	if (s)
		hms_escape_html(&html->text, s, strlen(s));
}

void html_element(struct html *html, const char *tag, const char *text)
{
	hms_str_addc(&html->text, '<');
	hms_str_add(&html->text, tag);
	hms_str_addc(&html->text, '>');
	html_text(html, text);
	hms_str_add(&html->text, "</");
	hms_str_addn(&html->text, tag, strcspn(tag, " "));
	hms_str_addc(&html->text, '>');
}

void html_close_block(struct html *html)
{
	if (html->block != HTML_NONE)
		html_add(html, "</tbody></table></div>\n");
	html->block = HTML_NONE;
}

static void open_table(struct html *html, enum html_block block, const char *class)
{
	html_close_block(html);
	html->block = block;
	hms_str_addf(&html->text, "<div class=scroll><table class=%s>", class);
}

static void html_section(struct hms_renderer *r, const char *title)
{
	struct html *html = html_of(r);

	html_close_block(html);
	html_element(html, "h2", title);
	html_add(html, "\n");
}

static void html_line(struct hms_renderer *r, const char *line)
{
	struct html *html = html_of(r);

	html_close_block(html);
	html_element(html, "p class=line", line);
	html_add(html, "\n");
}

/* ---- the table of maps ---- */

static void html_maps_begin(struct hms_renderer *r, const struct hms_column *const *columns,
			    size_t ncolumns)
{
	struct html *html = html_of(r);

	html_close_block(html);
	html_summary(html);
	html->columns = hms_xrealloc(html->columns, ncolumns, sizeof(*columns));
	memcpy(html->columns, columns, ncolumns * sizeof(*columns));
	html->ncolumns = ncolumns;
	open_table(html, HTML_MAPS, "maps");
	html_add(html, "<thead><tr>");
	for (size_t i = 0; i < ncolumns; i++) {
		html_add(html, columns[i]->right ? "<th class=n title=\"" : "<th title=\"");
		html_text(html, columns[i]->help);
		html_add(html, "\">");
		html_text(html, columns[i]->header);
		html_add(html, "</th>");
	}
	html_add(html, "</tr></thead><tbody>\n");
}

static void map_cell(struct html *html, const struct hms_column *column,
		     const struct hms_map_row *row)
{
	HMS_AUTO_STR struct hms_str value = HMS_STR_INIT;
	bool code = column->json != NULL; /* all but what is made for the table */

	hms_column_text(column, row, true, &value);
	html_add(html, column->right ? "<td class=n>"
		       : code        ? "<td class=code>"
				     : "<td class=growth>");
	/* The value is escaped for a terminal already: of what HTML minds only markup is left. */
	html_text(html, hms_str_text(&value));
}

static void map_row(struct html *html, const struct hms_map_row *row)
{
	html_add(html, row->map->damaged ? "<tr class=bad>" : "<tr>");
	for (size_t i = 0; i < html->ncolumns; i++) {
		map_cell(html, html->columns[i], row);
		if (i + 1 == html->ncolumns && row->note)
			html_element(html, "div class=note", row->note);
		html_add(html, "</td>");
	}
	html_add(html, "</tr>\n");
}

static void map_title(struct html *html, const struct hms_map_row *row)
{
	HMS_AUTO_STR struct hms_str addr = HMS_STR_INIT;

	html_close_block(html);
	html_add(html, "<h2 class=code>");
	html_text(html, row->owner ? row->owner : "map without owner");
	html_element(html, "small", row->map->type ? row->map->type->name : "type unknown");
	hms_column_text(hms_column_find("addr"), row, true, &addr);
	html_element(html, "small", hms_str_text(&addr));
	html_add(html, "</h2>\n");
	if (row->note)
		html_element(html, row->map->damaged ? "p class=bad" : "p class=odd", row->note);
	html->summarised = true; /* one map is the matter, not all */
}

static void html_map(struct hms_renderer *r, const struct hms_map_row *row)
{
	struct html *html = html_of(r);

	if (html->block == HTML_MAPS)
		map_row(html, row);
	else
		map_title(html, row);
}

static void html_maps_end(struct hms_renderer *r)
{
	html_close_block(html_of(r));
}

/* ---- fields and findings ---- */

static void html_field(struct hms_renderer *r, const struct hms_field *field)
{
	struct html *html = html_of(r);

	if (html->block != HTML_FIELDS) {
		open_table(html, HTML_FIELDS, "fields");
		html_add(html, "<tbody>\n");
	}
	html_add(html, field->odd ? "<tr class=odd>" : "<tr>");
	html_element(html, "th scope=row", field->name);
	html_element(html, "td class=code", field->value);
	html_add(html, "<td>");
	html_text(html, field->meaning);
	if (field->normal) {
		html_add(html, "<div class=note>normal: ");
		html_text(html, field->normal);
		html_add(html, "</div>");
	}
	html_add(html, "</td></tr>\n");
}

static void finding_detail(struct html *html, const char *word, const char *s)
{
	if (!s)
		return;
	html_add(html, word);
	html_element(html, "span class=code", s);
}

static void html_finding(struct hms_renderer *r, const struct hms_finding *finding)
{
	const char *severity = hms_severity_name(finding->severity);
	HMS_AUTO_STR struct hms_str map = HMS_STR_INIT, addr = HMS_STR_INIT;
	struct html *html = html_of(r);

	if (html->block != HTML_FINDINGS) {
		html_close_block(html);
		html_summary(html);
		html_element(html, "h2", "Findings");
		open_table(html, HTML_FINDINGS, "findings");
		html_add(html, "<tbody>\n");
		html->any_finding = true;
	}
	hms_str_addf(&html->text, "<tr class=%s>", severity);
	html_element(html, "td class=severity", severity);
	html_element(html, "td class=code", finding->rule);
	if (finding->map)
		hms_str_addf(&map, "0x%llx", (unsigned long long)finding->map);
	html_element(html, "td class=code",
		     finding->map_owner ? finding->map_owner : hms_str_text(&map));
	html_add(html, "<td>");
	html_text(html, finding->message);
	html_add(html, "<div class=note>");
	finding_detail(html, "expected ", finding->expected);
	finding_detail(html, " seen ", finding->seen);
	if (finding->addr)
		hms_str_addf(&addr, "0x%llx", (unsigned long long)finding->addr);
	finding_detail(html, " at ", addr.s);
	html_add(html, "</div></td></tr>\n");
}

/* ---- the end ---- */

static bool html_end(struct hms_renderer *r)
{
	struct html *html = html_of(r);

	html_close_block(html);
	html_summary(html);
	html_work(html);
	html_add(html, "</main>\n</html>\n");
	html_flush(html);
	return fflush(html->out) == 0 && !ferror(html->out);
}

static void html_destroy(struct hms_renderer *r)
{
	struct html *html = html_of(r);

	hms_str_deinit(&html->text);
	free(html->columns);
	free(html);
}

/* Lines and fields have drawn it. */
static void ignore_lookup(struct hms_renderer *r, const struct hms_lookup_row *row)
{
	(void)r;
	(void)row;
}

static const struct hms_renderer_ops html_ops = {
	.begin = html_begin,
	.section = html_section,
	.line = html_line,
	.maps_begin = html_maps_begin,
	.map = html_map,
	.maps_end = html_maps_end,
	.field = html_field,
	.picture = html_picture,
	.histogram = html_histogram,
	.progress = html_progress,
	.verdict = html_verdict,
	.finding = html_finding,
	.goroutines = html_goroutines,
	.diff = html_diff,
	.site = html_site,
	.lookup = ignore_lookup,
	.address = hms_draw_address,
	.end = html_end,
	.destroy = html_destroy,
};

struct hms_renderer *hms_html_renderer_create(const struct hms_render_options *options)
{
	struct html *html = hms_xcalloc(1, sizeof(*html));

	html->renderer.ops = &html_ops;
	html->out = options->out;
	return &html->renderer;
}
