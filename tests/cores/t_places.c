/*
 * Functions, inlined calls and lines that debug information gives for the pcs of Go's own
 * tracebacks, against what Go printed there from its own tables.  Cores are not needed, but to tell
 * where an executable was loaded that is not linked at a fixed address.
 *
 *	t_places                           all of corefiles/
 *	t_places EXE CORE TRACEBACK        one, anywhere
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "cores/traceback.h"
#include "core/exefind.h"
#include "dwarf/dwarf.h"
#include "dwarf/frame.h"
#include "util/arena.h"

struct comparison {
	struct hms_dwarf *dwarf;
	uint64_t bias; /* address in the process less that in the file */
	uint64_t goroutine;
	size_t compared;
	size_t differences;
};

HMS_PRINTF(2, 3)
static void differs(struct comparison *c, const char *format, ...)
{
	va_list ap;

	printf("# goroutine %llu: ", (unsigned long long)c->goroutine);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	c->differences++;
}

/* Go prints runtime.gopanic as panic, and type arguments as "[...]". */
static bool same_function(const char *printed, const char *ours)
{
	const char *dots = strstr(printed, "[...]");

	if (!ours)
		return false;
	if (strcmp(printed, "panic") == 0)
		return strcmp(ours, "runtime.gopanic") == 0;
	if (!dots)
		return strcmp(printed, ours) == 0;
	return strncmp(printed, ours, (size_t)(dots - printed) + 1) == 0 &&
	       strlen(ours) > strlen(dots + 5) &&
	       strcmp(ours + strlen(ours) - strlen(dots + 5), dots + 5) == 0;
}

/* frames[first..last]: calls inlined, innermost first, into the one that has the pc. */
static void compare_frame(struct comparison *c, const struct tb_frame *frames, size_t first,
			  size_t last)
{
	uint64_t pc = frames[last].pc - c->bias - 1; /* within the call */
	const struct hms_dwarf_frame *frame;
	struct hms_dwarf_place place;
	struct hms_error *err = hms_dwarf_frame(c->dwarf, pc, &frame);

	if (!err)
		err = hms_dwarf_place(c->dwarf, pc, &place);
	if (err) {
		differs(c, "%s: %s", frames[last].function, err->message);
		hms_err_free(err);
		return;
	}
	c->compared++;
	if (place.line != frames[first].line || !place.file ||
	    strcmp(place.file, frames[first].file) != 0)
		differs(c, "0x%llx: %s:%u, not %s:%ld", (unsigned long long)pc, place.file,
			place.line, frames[first].file, frames[first].line);
	if (frame->nfunctions != last - first + 1) {
		differs(c, "0x%llx: %zu calls, not %zu", (unsigned long long)pc, frame->nfunctions,
			last - first + 1);
		return;
	}
	for (size_t i = 0; i < frame->nfunctions; i++) {
		const struct tb_frame *printed = &frames[last - i];

		if (!same_function(printed->function, frame->functions[i].name))
			differs(c, "0x%llx: %s, not %s", (unsigned long long)pc,
				frame->functions[i].name, printed->function);
		if (i + 1 < frame->nfunctions && frame->functions[i + 1].call_line != printed->line)
			differs(c, "0x%llx: called in line %u, not %ld", (unsigned long long)pc,
				frame->functions[i + 1].call_line, printed->line);
	}
}

/* Which pc stands for the first frame, and for one that a signal interrupted, only an unwinder
 * knows; the first instruction of goexit is its caller's pc by construction. */
static bool is_call(const struct tb_goroutine *g, size_t first)
{
	return first > 0 && strcmp(g->frames[first - 1].function, "runtime.sigpanic") != 0 &&
	       strcmp(g->frames[first - 1].function, "runtime.asyncPreempt") != 0 &&
	       strcmp(g->frames[first].function, "runtime.goexit") != 0 &&
	       !(g->elided && g->elided_at == first);
}

static void compare_goroutine(struct comparison *c, const struct tb_goroutine *g)
{
	size_t first = 0;

	c->goroutine = g->id;
	for (size_t i = 0; i < g->nframes; i++) {
		if (!g->frames[i].has_pc)
			continue;
		if (is_call(g, first))
			compare_frame(c, g->frames, first, i);
		first = i + 1;
	}
}

static struct hms_error *read_bias(const struct bundled *bundled, uint64_t *ret)
{
	HMS_AUTO(hms_corefile) struct hms_corefile *core = NULL;
	HMS_AUTO(hms_elffile) struct hms_elffile *exe = NULL;
	struct hms_exe_fit fit;

	HMS_TRY(hms_corefile_open(bundled->core, NULL, &core));
	HMS_TRY(hms_elffile_open(bundled->exe, &exe));
	hms_exe_fit(core, exe, &fit);
	*ret = fit.bias;
	return NULL;
}

static bool compare(const struct bundled *bundled, char *what, size_t what_size)
{
	HMS_AUTO(hms_dwarf) struct hms_dwarf *dwarf = NULL;
	struct comparison c = {0};
	struct hms_error *err;
	struct traceback tb;

	if (bundled->stripped || !bundled->traceback) {
		snprintf(what, what_size, "# SKIP %s",
			 bundled->stripped ? "the executable is stripped" : "the process lived on");
		return true;
	}
	err = hms_dwarf_open(bundled->exe, &dwarf);
	if (!err && (!bundled->release || strstr(bundled->release, "-pie")))
		err = read_bias(bundled, &c.bias);
	if (err) {
		snprintf(what, what_size, "%s", err->message);
		hms_err_free(err);
		return false;
	}
	c.dwarf = dwarf;
	traceback_read(bundled->traceback, &tb);
	for (size_t i = 0; i < tb.n; i++) {
		if (tb.list[i].id) /* 0 is a thread's own stack */
			compare_goroutine(&c, &tb.list[i]);
	}
	traceback_free(&tb);
	snprintf(what, what_size, "%zu frames", c.compared);
	return !c.differences && c.compared;
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 4) {
		struct bundled one = {.exe = argv[1], .core = argv[2], .traceback = argv[3]};
		bool same = compare(&one, what, sizeof(what));

		printf("%s %s: %s\n", same ? "ok" : "not ok", argv[2], what);
		return !same;
	}
	return bundled_run(compare);
}
