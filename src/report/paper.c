/* What the text renderer writes on, and text that wraps to it. */
#include "report/paper.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util/escape.h"

#define DEFAULT_WIDTH 80
#define MIN_WIDTH     20
#define MAX_WIDTH     1000

static unsigned int terminal_width(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return DEFAULT_WIDTH;
}

static bool wants_color(enum hms_color color, bool terminal)
{
	const char *no_color = getenv("NO_COLOR"); /* no-color.org: any value but an empty one */
	const char *term = getenv("TERM");

	if (color != HMS_COLOR_AUTO)
		return color == HMS_COLOR_ALWAYS;
	if (!terminal || (no_color && *no_color))
		return false;
	return term && strcmp(term, "dumb") != 0;
}

void hms_paper_init(struct hms_paper *paper, const struct hms_render_options *options)
{
	int fd = fileno(options->out);
	bool terminal = fd >= 0 && isatty(fd);
	unsigned int width = options->width;

	if (width == 0)
		width = terminal ? terminal_width(fd) : DEFAULT_WIDTH;
	*paper = (struct hms_paper){
		.out = options->out,
		.width = HMS_MIN(HMS_MAX(width, MIN_WIDTH), MAX_WIDTH),
		.bounded = terminal || options->width != 0,
		.color = wants_color(options->color, terminal),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
}

const char *hms_paint_on(const struct hms_paper *paper, enum hms_paint paint)
{
	if (!paper->color)
		return "";
	switch (paint) {
	case HMS_PAINT_PLAIN: return "";
	case HMS_PAINT_TITLE: return "\033[1m";
	case HMS_PAINT_QUIET: return "\033[2m";
	case HMS_PAINT_ODD: return "\033[33m";
	case HMS_PAINT_BAD: return "\033[1;31m";
	}
	return "";
}

const char *hms_paint_off(const struct hms_paper *paper, enum hms_paint paint)
{
	return paper->color && paint != HMS_PAINT_PLAIN ? "\033[0m" : "";
}

void hms_paint_change(const struct hms_paper *paper, enum hms_paint from, enum hms_paint to)
{
	if (from == to)
		return;
	fputs(hms_paint_off(paper, from), paper->out);
	fputs(hms_paint_on(paper, to), paper->out);
}

void hms_paper_escape(const struct hms_paper *paper, struct hms_str *ret, const char *s)
{
	if (!s)
		return;
	if (paper->utf8)
		hms_escape_text(ret, s, strlen(s));
	else
		hms_escape_ascii(ret, s, strlen(s));
}

static void start_line(struct hms_flow *flow, size_t indent)
{
	fprintf(flow->paper->out, "%*s", (int)indent, "");
	flow->column = indent;
	flow->empty = true;
}

void hms_flow_begin(struct hms_flow *flow, const struct hms_paper *paper, size_t indent,
		    size_t hang)
{
	*flow = (struct hms_flow){.paper = paper, .hang = hang};
	start_line(flow, indent);
}

static void add_part(struct hms_flow *flow, size_t gap, enum hms_paint paint, const char *part,
		     size_t len)
{
	const struct hms_paper *paper = flow->paper;
	size_t width = hms_utf8_width(part, len);

	if (len == 0)
		return;
	if (flow->empty) {
		gap = 0;
	} else if (paper->bounded && flow->column + gap + width > paper->width) {
		fputc('\n', paper->out);
		start_line(flow, flow->hang);
		gap = 0;
	}
	if (flow->paint != paint)
		fputs(hms_paint_off(paper, flow->paint), paper->out);
	fprintf(paper->out, "%*s", (int)gap, "");
	if (flow->paint != paint)
		fputs(hms_paint_on(paper, paint), paper->out);
	flow->paint = paint;
	fwrite(part, 1, len, paper->out);
	flow->column += gap + width;
	flow->empty = false;
}

void hms_flow_part(struct hms_flow *flow, size_t gap, enum hms_paint paint, const char *part)
{
	add_part(flow, gap, paint, part, strlen(part));
}

void hms_flow_text(struct hms_flow *flow, size_t gap, enum hms_paint paint, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, " ");

		add_part(flow, gap, paint, text, len);
		text += len;
		gap = strspn(text, " ");
		text += gap;
	}
}

void hms_flow_end(struct hms_flow *flow)
{
	hms_paint_change(flow->paper, flow->paint, HMS_PAINT_PLAIN);
	fputc('\n', flow->paper->out);
}
