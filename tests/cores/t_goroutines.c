/*
 * Each bundled core's goroutines against what the Go runtime printed of them as it died: same
 * goroutines, same status, same frames, function by function and line by line, with the same pc, sp
 * and frame address; created by the same go statement.
 *
 *	t_goroutines                       all of corefiles/
 *	t_goroutines EXE CORE TRACEBACK    one, anywhere
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/exefind.h"
#include "cores/bundled.h"
#include "cores/traceback.h"
#include "bare/bare.h"
#include "dwarf/dwarf.h"
#include "goro/goroutine.h"
#include "goro/unwind.h"
#include "rt/pclntab.h"
#include "util/arena.h"

/* A process opened down to its goroutines. */
struct process {
	struct hms_corefile *core;
	struct hms_elffile *exe;
	struct hms_mem *mem;
	struct hms_dwarf *dwarf;
	struct hms_graph *graph;
	struct hms_rt *rt;
	struct hms_pclntab *pclntab;
	struct hms_goros *goros;
	struct hms_unwinder *unwinder;
};

static void process_close(struct process *p)
{
	hms_unwinder_destroy(p->unwinder);
	hms_goros_close(p->goros);
	hms_pclntab_close(p->pclntab);
	hms_rt_close(p->rt);
	hms_graph_destroy(p->graph);
	hms_dwarf_close(p->dwarf);
	hms_mem_close(p->mem);
	hms_elffile_close(p->exe);
	hms_corefile_close(p->core);
}

/* A stripped executable's types are the tables' and its own descriptors. */
static struct hms_error *read_types(struct process *p, const char *exe, uint64_t bias)
{
	size_t skipped;

	if (!p->exe->has_dwarf)
		return hms_bare_graph(p->core, p->mem, p->exe, bias, &p->graph);
	HMS_TRY(hms_dwarf_open(exe, &p->dwarf));
	p->graph = hms_graph_create();
	HMS_TRY(hms_dwarf_read_types(p->dwarf, bias, p->graph, &skipped));
	hms_graph_seal(p->graph);
	return NULL;
}

static struct hms_error *process_open(const char *exe, const char *core, struct process *p)
{
	struct hms_exe_fit fit;

	HMS_TRY(hms_corefile_open(core, NULL, &p->core));
	HMS_TRY(hms_elffile_open(exe, &p->exe));
	hms_exe_fit(p->core, p->exe, &fit);
	HMS_TRY(hms_mem_open(p->core, p->exe, fit.bias, &p->mem));
	HMS_TRY(read_types(p, exe, fit.bias));
	HMS_TRY(hms_rt_open(p->mem, p->exe, fit.bias, p->graph, &p->rt));
	HMS_TRY(hms_pclntab_open(p->rt, &p->pclntab));
	HMS_TRY(hms_goros_open(p->rt, p->core, p->pclntab, &p->goros));
	p->unwinder = hms_unwinder_create(p->goros);
	return NULL;
}

/* ---- comparing -------------------------------------------------------------------------- */

static unsigned int differences;

__attribute__((format(printf, 2, 3))) static void differs(uint64_t id, const char *format, ...)
{
	va_list args;

	printf("# goroutine %" PRIu64 ": ", id);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	differences++;
}

/* A source-level frame of ours. */
struct logical {
	const struct hms_frame *frame;
	const struct hms_call *call;
};

static struct logical *flatten(const struct hms_stack *stack, size_t *n_ret)
{
	size_t n = 0;
	struct logical *list = hms_xcalloc(hms_stack_ncalls(stack) + 1, sizeof(*list));

	for (size_t i = 0; i < stack->n; i++) {
		for (uint32_t k = 0; k < stack->frames[i].place->ncalls; k++)
			list[n++] = (struct logical){&stack->frames[i],
						     &stack->frames[i].place->calls[k]};
	}
	*n_ret = n;
	return list;
}

static bool same_frame(const struct tb_frame *t, const struct logical *l, bool say, uint64_t id)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;
	const char *file = l->call->file ? l->call->file : "?";
	bool same;

	hms_func_print_name(l->call->name ? l->call->name : "?", &name);
	same = !strcmp(t->function, hms_str_text(&name)) && !strcmp(t->file, file) &&
	       t->line == l->call->line;
	if (t->has_pc)
		same = same && !l->call->inlined && t->pc == l->frame->place->pc &&
		       t->sp == l->frame->sp && t->fp == l->frame->cfa;
	if (!same && say)
		differs(id,
			"Go: %s %s:%ld fp=%" PRIx64 " sp=%" PRIx64 " pc=%" PRIx64
			"; here: %s %s:%d fp=%" PRIx64 " sp=%" PRIx64 " pc=%" PRIx64,
			t->function, t->file, t->line, t->fp, t->sp, t->pc, hms_str_text(&name),
			file, l->call->line, l->frame->cfa, l->frame->sp, l->frame->place->pc);
	return same;
}

/* A goroutine that runs may have more on top, put there between the printing and the core. */
static size_t skip_top(const struct tb_goroutine *t, const struct logical *ours, size_t n)
{
	for (size_t i = 0; t->nframes && i < n; i++) {
		if (same_frame(&t->frames[0], &ours[i], false, t->id))
			return i;
	}
	return 0;
}

static size_t compare_frames(const struct tb_goroutine *t, const struct hms_goroutine *g,
			     const struct hms_stack *stack)
{
	size_t n, from, inner = t->elided ? t->elided_at : t->nframes;
	HMS_AUTO_FREE struct logical *ours = flatten(stack, &n);

	from = g->status == HMS_G_RUNNING ? skip_top(t, ours, n) : 0;
	if (!hms_stack_end_complete(stack->end))
		differs(t->id, "ends: %s (%" PRIx64 ")", hms_stack_end_text(stack->end),
			stack->end_addr);
	if (t->elided ? n - from < t->nframes : n - from != t->nframes) {
		differs(t->id, "[%s] Go printed %zu frames, here are %zu", t->status, t->nframes,
			n - from);
		for (size_t i = 0; i < n; i++)
			printf("#   here: %s %s:%d\n", ours[i].call->name, ours[i].call->file,
			       ours[i].call->line);
		return 0;
	}
	for (size_t i = 0; i < t->nframes; i++) {
		/* What follows the gap counts from the outer end. */
		size_t k = i < inner ? from + i : n - (t->nframes - i);

		if (!same_frame(&t->frames[i], &ours[k], true, t->id))
			return i;
	}
	return t->nframes;
}

static void compare_created(const struct process *p, const struct tb_goroutine *t,
			    const struct hms_goroutine *g)
{
	struct hms_created_by by;
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;

	if (!hms_goro_created_by(p->goros, g, &by)) {
		if (t->created_by)
			differs(t->id, "created by %s, here unknown", t->created_by);
		return;
	}
	hms_func_print_name(by.function, &name);
	if (!t->created_by || strcmp(t->created_by, hms_str_text(&name)) != 0 ||
	    strcmp(t->created_file, by.file ? by.file : "?") != 0 || t->created_line != by.line ||
	    t->parent != by.goroutine)
		differs(t->id, "created by %s %s:%ld in %" PRIu64 ", here %s %s:%d in %" PRIu64,
			t->created_by ? t->created_by : "?",
			t->created_file ? t->created_file : "?", t->created_line, t->parent,
			hms_str_text(&name), by.file ? by.file : "?", by.line, by.goroutine);
}

/* "chan receive" or "running"; "(scan)" and "(durable)" follow.  Two things still happen between
 * the printing and the core: timers fire, and what ran on another thread is stopped. */
static bool same_status(const struct tb_goroutine *t, const struct hms_goroutine *g)
{
	const char *ours = g->wait_reason ? g->wait_reason : hms_g_status_text(g->status);
	size_t len = strlen(ours);

	if (g->status == HMS_G_RUNNABLE &&
	    (!strcmp(t->status, "sleep") || (!strcmp(t->status, "running") && !t->nframes)))
		return true;
	return !strncmp(t->status, ours, len) && (!t->status[len] || t->status[len] == ' ');
}

static size_t compare_goroutine(const struct process *p, const struct tb_goroutine *t,
				struct hms_stack *stack)
{
	const struct hms_goroutine *g = hms_goro_find(p->goros, t->id);

	if (!g) {
		differs(t->id, "not found");
		return 0;
	}
	if (!same_status(t, g))
		differs(t->id, "status \"%s\", here \"%s\" \"%s\"", t->status,
			hms_g_status_text(g->status), g->wait_reason ? g->wait_reason : "");
	if (t->locked != g->locked)
		differs(t->id, "locked to its thread: %d, here %d", t->locked, g->locked);
	compare_created(p, t, g);
	/* "goroutine running on other thread; stack unavailable" */
	if (!t->nframes)
		return 0;
	hms_unwind(p->unwinder, g, stack);
	return compare_frames(t, g, stack);
}

/* Every goroutine of ours was printed. */
static void compare_list(const struct process *p, const struct traceback *tb)
{
	size_t missing = 0;

	for (size_t i = 0; i < p->goros->n; i++) {
		uint64_t id = p->goros->list[i].id;
		size_t k = 0;

		while (k < tb->n && tb->list[k].id != id)
			k++;
		missing += k == tb->n;
	}
	if (missing != tb->cut)
		differs(0, "%zu of our goroutines were not printed, not %zu", missing, tb->cut);
	if (p->goros->unreadable)
		differs(0, "%zu goroutines cannot be read", p->goros->unreadable);
}

/* What a goroutine's own thread prints of it comes last, and after it has stopped for good. */
static bool printed_again(const struct traceback *tb, size_t i)
{
	for (size_t k = i + 1; k < tb->n; k++) {
		if (tb->list[k].id == tb->list[i].id && tb->list[k].nframes)
			return true;
	}
	return false;
}

static bool compare(const struct bundled *bundled, char *what, size_t what_size)
{
	struct process p = {0};
	struct traceback tb;
	struct hms_stack stack = {0};
	struct hms_error *err;
	size_t frames = 0, goroutines = 0;

	if (!bundled->traceback) {
		snprintf(what, what_size, "# SKIP the process lived on");
		return true;
	}
	err = process_open(bundled->exe, bundled->core, &p);
	if (err) {
		snprintf(what, what_size, "%s", err->message);
		hms_err_free(err);
		differences++;
	} else {
		traceback_read(bundled->traceback, &tb);
		for (size_t i = 0; i < tb.n; i++) {
			/* "goroutine 0": a thread's own stack. */
			if (!tb.list[i].id || printed_again(&tb, i))
				continue;
			frames += compare_goroutine(&p, &tb.list[i], &stack);
			goroutines++;
		}
		compare_list(&p, &tb);
		snprintf(what, what_size, "%zu goroutines, %zu frames", goroutines, frames);
		traceback_free(&tb);
	}
	hms_stack_deinit(&stack);
	process_close(&p);
	return !differences && goroutines && frames;
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
