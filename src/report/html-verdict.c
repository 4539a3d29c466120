/* HTML: the verdict, above all else. */
#include <inttypes.h>

#include "report/html.h"

static void title(struct html *html, const struct hms_verdict *verdict)
{
	HMS_AUTO_STR struct hms_str addr = HMS_STR_INIT;

	html_element(html, verdict->quiet ? "h2" : "h2 class=bad", verdict->title);
	html_add(html, "<p class=code>");
	if (verdict->owner)
		html_element(html, "b", verdict->owner);
	html_add(html, " ");
	html_text(html, verdict->type);
	if (verdict->map)
		hms_str_addf(&addr, " 0x%" PRIx64, verdict->map);
	else
		hms_str_add(&addr, " map unknown: the function's arguments are gone");
	html_text(html, hms_str_text(&addr));
	html_add(html, "</p>\n");
}

static void party_row(struct html *html, const struct hms_party_row *party)
{
	const struct hms_operation_row *op = &party->operation;
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	hms_str_addf(&s, "goroutine %" PRIu64, party->goroutine);
	html_add(html, "<tr>");
	html_element(html, "td", hms_str_text(&s));
	html_element(html, "td", party->status ? party->status : "status unknown");
	html_element(html, party->bad ? "td class=bad" : "td class=odd", party->role);
	html_element(html, "td class=code", op->caller ? op->caller : op->function);
	html_add(html, "<td class=code>");
	html_text(html, op->caller_file);
	hms_str_clear(&s);
	if (op->caller_file)
		hms_str_addf(&s, ":%" PRId64, op->caller_line);
	html_text(html, hms_str_text(&s));
	html_add(html, "</td>");
	html_element(html, "td", op->step ? op->step : op->doing ? op->doing : "");
	html_add(html, "</tr>\n");
}

void html_verdict(struct hms_renderer *r, const struct hms_verdict *verdict)
{
	struct html *html = html_of(r);

	html_close_block(html);
	html_add(html, verdict->quiet ? "<section>" : "<section class=verdict>");
	title(html, verdict);
	html_add(html, "<div class=scroll><table><tbody>\n");
	for (size_t i = 0; i < verdict->nparties; i++)
		party_row(html, &verdict->parties[i]);
	html_add(html, "</tbody></table></div>\n");
	if (verdict->more) {
		HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

		hms_str_addf(&s, "and %" PRIu64 " more", verdict->more);
		html_element(html, "p", hms_str_text(&s));
	}
	for (size_t i = 0; i < verdict->nnotes; i++)
		html_element(html, "p", verdict->notes[i]);
	html_add(html, "</section>\n");
}
