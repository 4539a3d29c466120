/*
 * Functions, inlined calls and lines that debug information gives for the pcs of Go's own
 * tracebacks, against what Go printed there from its own tables.  Cores are not needed: the
 * executables are linked at fixed addresses.
 *
 *	t_places                           all of corefiles/
 *	t_places EXE TRACEBACK
 */
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/traceback.h"
#include "dwarf/dwarf.h"
#include "dwarf/frame.h"
#include "util/arena.h"

struct comparison {
	struct hms_dwarf *dwarf;
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
	uint64_t pc = frames[last].pc - 1; /* within the call */
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

static bool compare(const char *exe, const char *text, size_t *compared_ret)
{
	HMS_AUTO(hms_dwarf) struct hms_dwarf *dwarf = NULL;
	struct comparison c = {0};
	struct hms_error *err = hms_dwarf_open(exe, &dwarf);
	struct traceback tb;

	if (err) {
		printf("# %s\n", err->message);
		hms_err_free(err);
		return false;
	}
	c.dwarf = dwarf;
	traceback_read(text, &tb);
	for (size_t i = 0; i < tb.n; i++) {
		if (tb.list[i].id) /* 0 is a thread's own stack */
			compare_goroutine(&c, &tb.list[i]);
	}
	traceback_free(&tb);
	*compared_ret = c.compared;
	return !c.differences && c.compared;
}

/* corefiles/1.21/race.traceback.txt: its executable is in the build directory. */
static bool compare_bundled(const char *text, size_t number)
{
	const char *dir_end = strrchr(text, '/'), *dir = dir_end;
	HMS_AUTO_FREE char *exe = NULL;
	size_t compared = 0;
	bool same;

	while (dir > text && dir[-1] != '/')
		dir--;
	exe = hms_xprintf("%s/corefiles/%.*s/exe", getenv("HMS_BUILDDIR"), (int)(dir_end - dir),
			  dir);
	same = compare(exe, text, &compared);
	printf("%s %zu - %s: %zu frames\n", same ? "ok" : "not ok", number, dir, compared);
	return same;
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("HMS_SRCDIR");
	HMS_AUTO_FREE char *pattern = NULL;
	size_t compared = 0;
	glob_t found;
	bool ok = true;

	if (argc == 3) {
		ok = compare(argv[1], argv[2], &compared);
		printf("%s %s: %zu frames\n", ok ? "ok" : "not ok", argv[2], compared);
		return !ok;
	}
	pattern = hms_xprintf("%s/corefiles/*/*.traceback.txt", srcdir ? srcdir : ".");
	if (!srcdir || !getenv("HMS_BUILDDIR") || glob(pattern, 0, NULL, &found) != 0) {
		printf("1..0 # SKIP no bundled cores\n");
		return 0;
	}
	printf("1..%zu\n", found.gl_pathc);
	for (size_t i = 0; i < found.gl_pathc; i++)
		ok = compare_bundled(found.gl_pathv[i], i + 1) && ok;
	globfree(&found);
	return !ok;
}
