/* HTML: goroutines, each group folded but for its first line. */
#include <inttypes.h>
#include <string.h>

#include "report/format.h"
#include "report/html.h"

static void ids(struct html *html, const struct hms_goroutine_group *group)
{
	html_add(html, "<p class=note>goroutines ");
	for (size_t i = 0; i < group->nrows; i++)
		hms_str_addf(&html->text, "%s%" PRIu64, i ? ", " : "", group->rows[i].id);
	html_add(html, "</p>\n");
}

static void part(struct html *html, const char *prefix, const char *s)
{
	if (!s)
		return;
	html_add(html, "<span>");
	html_text(html, prefix);
	html_text(html, s);
	html_add(html, "</span>");
}

static void title(struct html *html, const struct hms_goroutine_group *group)
{
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;
	int64_t age = group->rows[0].wait_at_least_ns;

	html_add(html, group->full ? "<details open><summary>" : "<details><summary>");
	if (group->nrows == 1)
		hms_str_addf(&s, "goroutine %" PRIu64, group->rows[0].id);
	else
		hms_format_counted(&s, group->nrows, "goroutine");
	html_text(html, hms_str_text(&s));
	part(html, "", group->status ? group->status : "status unknown");
	part(html, "", group->wait_reason);
	part(html, "", group->system ? "the runtime's own" : NULL);
	if (group->nrows == 1 && age >= 0) {
		hms_str_clear(&s);
		hms_format_duration(&s, (uint64_t)age);
		part(html, "for at least ", hms_str_text(&s));
	}
	html_add(html, "</summary>\n");
}

static void row(struct html *html, const char *prefix, const char *function, const char *file,
		int64_t line)
{
	HMS_AUTO_STR struct hms_str number = HMS_STR_INIT;

	html_add(html, "<tr><td class=code>");
	html_text(html, prefix);
	html_text(html, function);
	html_add(html, "</td><td class=\"code note\">");
	html_text(html, file);
	if (file && line >= 0) {
		hms_str_addf(&number, ":%" PRId64, line);
		html_text(html, hms_str_text(&number));
	}
	html_add(html, "</td></tr>\n");
}

static void variable_row(struct html *html, const struct hms_variable_row *variable)
{
	HMS_AUTO_STR struct hms_str facts = HMS_STR_INIT;

	hms_str_addf(&facts, "%s, %s", variable->kind,
		     strcmp(variable->state, "gone") ? variable->state : "optimised out");
	if (variable->addr) {
		hms_str_add(&facts, ", ");
		hms_format_addr(&facts, variable->addr);
	} else if (variable->place) {
		hms_str_addf(&facts, ", %s", variable->place);
	}
	html_add(html, "<tr><td class=code>&emsp;&emsp;");
	html_text(html, variable->name ? variable->name : "?");
	html_add(html, " ");
	html_text(html, variable->type);
	if (variable->value) {
		html_add(html, " = ");
		html_text(html, variable->value);
	}
	html_add(html, "</td><td class=note>");
	html_text(html, hms_str_text(&facts));
	html_add(html, "</td></tr>\n");
}

/* @step: say how far it is. */
static void operation(struct html *html, const struct hms_operation_row *op, bool step)
{
	HMS_AUTO_STR struct hms_str s = HMS_STR_INIT;

	if (!op)
		return;
	html_add(html, op->end ? "<p class=bad>" : "<p class=odd>");
	hms_str_addf(&s, "inside a map %s%s%s", op->kind, op->end ? ", " : "",
		     op->end ? op->end : "");
	if (op->map)
		hms_str_addf(&s, ": 0x%" PRIx64, op->map);
	html_text(html, hms_str_text(&s));
	if (op->type) {
		html_add(html, " ");
		html_element(html, "span class=code", op->type);
	}
	if (step && op->step) {
		html_add(html, "; ");
		html_text(html, op->step);
	}
	html_add(html, "</p>\n");
}

void html_goroutines(struct hms_renderer *r, const struct hms_goroutine_group *group)
{
	HMS_AUTO_STR struct hms_str gap = HMS_STR_INIT;
	struct html *html = html_of(r);

	html_close_block(html);
	title(html, group);
	if (group->nrows > 1)
		ids(html, group);
	operation(html, group->rows[0].operation, group->nrows == 1);
	html_add(html, "<div class=scroll><table><tbody>\n");
	for (size_t i = 0; i < group->nframes; i++) {
		const struct hms_frame_row *frame = &group->frames[i];

		if (group->left_out && i == group->left_out_at) {
			hms_format_counted(&gap, group->left_out, "frame");
			row(html, "... ", hms_str_text(&gap), NULL, -1);
		}
		row(html, "", frame->function ? frame->function : "?", frame->file, frame->line);
		for (size_t k = 0; k < frame->nvariables; k++)
			variable_row(html, &frame->variables[k]);
	}
	if (group->created_by)
		row(html, "created by ", group->created_by, group->created_file,
		    group->created_line);
	html_add(html, "</tbody></table></div>\n");
	if (group->end)
		html_element(html, "p class=odd", group->end);
	html_add(html, "</details>\n");
}
