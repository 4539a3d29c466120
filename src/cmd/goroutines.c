/* hmapscope goroutines: goroutines grouped by stack; those that are named, in full. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/operations.h"
#include "cmd/variables.h"
#include "goro/group.h"
#include "goro/unwind.h"
#include "rt/pclntab.h"
#include "util/arena.h"

struct goroutines_options {
	const char *function;
	const char *status;
	const char *wait_reason;
	int64_t min_age; /* ns */
	bool all;
	bool vars;
	bool in_map;
	const struct hms_operations *operations;
};

enum {
	KEY_FUNCTION = 0x200,
	KEY_STATUS,
	KEY_WAIT_REASON,
	KEY_MIN_AGE,
	KEY_ALL,
	KEY_VARS,
	KEY_IN_MAP
};

static const struct argp_option options[] = {
	{"function", KEY_FUNCTION, "TEXT", 0,
	 "Only those with a function on their stack whose name "
	 "holds TEXT",
	 0},
	{"status", KEY_STATUS, "STATUS", 0,
	 "Only those in STATUS: running, runnable, waiting, syscall, ...", 0},
	{"wait-reason", KEY_WAIT_REASON, "TEXT", 0, "Only those whose wait reason holds TEXT", 0},
	{"min-age", KEY_MIN_AGE, "TIME", 0,
	 "Only those that have waited for at least TIME: 30s, 5m, 1h30m, 2d", 0},
	{"in-map", KEY_IN_MAP, NULL, 0, "Only those inside an operation on a map", 0},
	{"all", KEY_ALL, NULL, 0, "The runtime's own too", 0},
	{"vars", KEY_VARS, NULL, 0, "With the variables of each frame; each goroutine by itself",
	 0},
	{0},
};

/* "1h30m", "500ms"; a number alone counts seconds.  False: not a time. */
static bool parse_time(const char *s, int64_t *ret)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{"ms", 1000000},       {"us", 1000},       {"ns", 1},
		{"s", 1000000000},     {"m", 60000000000}, {"h", 3600000000000},
		{"d", 86400000000000},
	};
	int64_t sum = 0;

	if (!*s)
		return false;
	while (*s) {
		size_t unit = 0;
		int64_t n, part = 0;
		char *end;

		if (*s < '0' || *s > '9')
			return false;
		errno = 0;
		n = strtoll(s, &end, 10);
		while (unit < HMS_ARRAY_LEN(units) &&
		       strncmp(end, units[unit].name, strlen(units[unit].name)) != 0)
			unit++;
		if (errno || (unit == HMS_ARRAY_LEN(units) && (*end || sum)))
			return false;
		if (unit == HMS_ARRAY_LEN(units))
			return !__builtin_mul_overflow(n, (int64_t)1000000000, ret);
		if (__builtin_mul_overflow(n, units[unit].ns, &part) ||
		    __builtin_add_overflow(sum, part, &sum))
			return false;
		s = end + strlen(units[unit].name);
	}
	*ret = sum;
	return true;
}

static void parse_status(struct argp_state *state, const char *arg, const char **ret)
{
	static const char *const texts[] = {
#define X(name, number, text) text,
		HMS_G_STATUSES(X)
#undef X
	};

	for (size_t i = 0; i < HMS_ARRAY_LEN(texts); i++) {
		if (strcmp(texts[i], arg) == 0) {
			*ret = arg;
			return;
		}
	}
	argp_error(state, "--status does not know '%s'", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct goroutines_options *o = state->hook;

	switch (key) {
	case KEY_FUNCTION: o->function = arg; return 0;
	case KEY_STATUS: parse_status(state, arg, &o->status); return 0;
	case KEY_WAIT_REASON: o->wait_reason = arg; return 0;
	case KEY_MIN_AGE:
		if (!parse_time(arg, &o->min_age))
			argp_error(state, "--min-age takes a time like 90s or 1h30m, not '%s'",
				   arg);
		return 0;
	case KEY_ALL: o->all = true; return 0;
	case KEY_IN_MAP: o->in_map = true; return 0;
	case KEY_VARS: o->vars = true; return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

/* ---- which ones ------------------------------------------------------------------------- */

static bool has_function(const struct hms_stack *stack, const char *wanted)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;

	for (size_t i = 0; i < stack->n; i++) {
		const struct hms_place *place = stack->frames[i].place;

		for (uint32_t k = 0; k < place->ncalls; k++) {
			if (!place->calls[k].name)
				continue;
			hms_str_clear(&name);
			hms_func_print_name(place->calls[k].name, &name);
			if (strstr(hms_str_text(&name), wanted))
				return true;
		}
	}
	return false;
}

static bool wanted(void *arg, const struct hms_goroutine *g, const struct hms_stack *stack)
{
	const struct goroutines_options *o = arg;

	if (o->status && strcmp(o->status, hms_g_status_text(g->status)) != 0)
		return false;
	if (o->wait_reason && (!g->wait_reason || !strstr(g->wait_reason, o->wait_reason)))
		return false;
	if (o->min_age && g->wait_at_least < o->min_age)
		return false;
	if (o->in_map && !hms_operations_of_goroutine(o->operations, g))
		return false;
	return !o->function || has_function(stack, o->function);
}

/* ---- rows ------------------------------------------------------------------------------- */

/* What a group's rows are made of. */
struct making {
	struct hms_view *view;
	struct hms_unwinder *unwinder;
	struct hms_stack stack;
	struct hms_arena *arena; /* of the group in hand */
	struct hms_frame_row *frames;
	size_t cap_frames;
	struct hms_goroutine_row *rows;
	size_t cap_rows;
	bool full;
	struct hms_variables *variables; /* the next, or NULL: not asked for */
	struct hms_variables made;
	struct hms_error *err; /* the first that variables met */
};

static const char *printed(struct making *mk, const char *name)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	if (!name)
		return NULL;
	/* Most names are printed as they are. */
	if (!strchr(name, '[') && strcmp(name, "runtime.gopanic") != 0)
		return name;
	hms_func_print_name(name, &text);
	return hms_arena_strdup(mk->arena, hms_str_text(&text));
}

static void fill_frames(struct making *mk, struct hms_goroutine_group *group)
{
	const struct hms_stack *stack = &mk->stack;
	size_t n = hms_stack_ncalls(stack), at = 0;

	if (n > mk->cap_frames) {
		mk->cap_frames = n;
		mk->frames = hms_xrealloc(mk->frames, n, sizeof(*mk->frames));
	}
	group->left_out = stack->left_out;
	for (size_t i = 0; i < stack->n; i++) {
		const struct hms_place *place = stack->frames[i].place;

		if (i == stack->left_out_at)
			group->left_out_at = at;
		for (uint32_t k = 0; k < place->ncalls; k++) {
			const struct hms_call *call = &place->calls[k];

			mk->frames[at++] = (struct hms_frame_row){
				.function = printed(mk, call->name),
				.file = call->file,
				.line = call->file ? call->line : -1,
				.pc = place->pc,
				.inlined = call->inlined,
			};
		}
		if (mk->variables && !mk->err)
			mk->err = hms_variables_of(mk->variables, stack, &stack->frames[i],
						   &mk->frames[at - place->ncalls], mk->arena);
	}
	group->frames = mk->frames;
	group->nframes = n;
	group->variables = mk->variables != NULL;
}

/* What the goroutine does to a map; NULL: nothing. */
static const struct hms_operation_row *operation_of(struct making *mk,
						    const struct hms_goroutine *g)
{
	const struct hms_operation *op = hms_operations_of_goroutine(mk->view->operations, g);
	struct hms_operation_row *row;

	if (!op)
		return NULL;
	row = HMS_ARENA_NEW(mk->arena, struct hms_operation_row);
	*row = hms_operation_row(mk->view->session->rt, op, mk->arena);
	return row;
}

static void fill_rows(struct making *mk, const struct hms_goro_group *members,
		      struct hms_goroutine_group *group)
{
	const struct hms_goros *goros = mk->view->session->goros;

	if (members->n > mk->cap_rows) {
		mk->cap_rows = members->n;
		mk->rows = hms_xrealloc(mk->rows, members->n, sizeof(*mk->rows));
	}
	for (size_t i = 0; i < members->n; i++) {
		const struct hms_goroutine *g = members->members[i];
		uint32_t lwp = hms_goro_lwp(goros, g);

		mk->rows[i] = (struct hms_goroutine_row){
			.id = g->id,
			.wait_since_ns = g->wait_since > 0 ? g->wait_since : -1,
			.wait_at_least_ns = g->wait_at_least,
			.thread = lwp ? (int64_t)lwp : -1,
			.parent = g->parent && g->parent <= INT64_MAX ? (int64_t)g->parent : -1,
			.locked = g->locked,
			.operation = operation_of(mk, g),
		};
	}
	group->rows = mk->rows;
	group->nrows = members->n;
}

static const char *end_text(struct making *mk)
{
	const struct hms_stack *stack = &mk->stack;

	if (hms_stack_end_complete(stack->end))
		return NULL;
	return hms_arena_printf(mk->arena,
				"the stack could be followed no further: %s (0x%" PRIx64 ")",
				hms_stack_end_text(stack->end), stack->end_addr);
}

static void emit_group(struct making *mk, const struct hms_goro_group *members)
{
	const struct hms_goroutine *g = members->members[0];
	struct hms_renderer *r = mk->view->renderer;
	struct hms_goroutine_group group = {
		.status = strcmp(hms_g_status_text(g->status), "unknown") != 0
				  ? hms_g_status_text(g->status)
				  : NULL,
		.wait_reason = g->wait_reason,
		.system = g->system,
		.created_line = -1,
		.full = mk->full,
	};
	struct hms_created_by by;

	mk->arena = hms_arena_create();
	hms_unwind(mk->unwinder, g, &mk->stack);
	fill_frames(mk, &group);
	fill_rows(mk, members, &group);
	if (hms_goro_created_by(mk->view->session->goros, g, &by)) {
		group.created_by = printed(mk, by.function);
		group.created_file = by.file;
		group.created_line = by.file ? by.line : -1;
	}
	group.end = end_text(mk);
	r->ops->goroutines(r, &group);
	hms_arena_destroy(mk->arena);
}

/* ---- the report ------------------------------------------------------------------------- */

static void add_part(struct hms_str *ret, size_t n, const char *what)
{
	if (n)
		hms_str_addf(ret, "%s%zu %s", ret->len ? ", " : "", n, what);
}

/* "24 goroutines: 20 waiting, 2 runnable"; "3 of 24 goroutines: ...". */
static void emit_title(struct hms_view *view, const struct hms_goro_groups *groups, size_t hidden)
{
	static const struct {
		uint32_t status;
		const char *what;
	} kinds[] = {
		{HMS_G_RUNNING, "running"},
		{HMS_G_RUNNABLE, "runnable"},
		{HMS_G_SYSCALL, "in system calls"},
		{HMS_G_WAITING, "waiting"},
	};
	HMS_AUTO_STR struct hms_str title = HMS_STR_INIT, parts = HMS_STR_INIT;
	size_t n = 0, rest, counts[HMS_ARRAY_LEN(kinds)] = {0};

	for (size_t i = 0; i < groups->n; i++) {
		n += groups->list[i].n;
		for (size_t k = 0; k < HMS_ARRAY_LEN(kinds); k++) {
			if (groups->list[i].members[0]->status == kinds[k].status)
				counts[k] += groups->list[i].n;
		}
	}
	rest = n;
	for (size_t k = 0; k < HMS_ARRAY_LEN(kinds); k++) {
		add_part(&parts, counts[k], kinds[k].what);
		rest -= counts[k];
	}
	add_part(&parts, rest, "in other states");
	if (n != view->session->goros->n)
		hms_str_addf(&title, "%zu of ", n);
	hms_str_addf(&title, "%zu goroutine%s", view->session->goros->n,
		     view->session->goros->n == 1 ? "" : "s");
	if (parts.len)
		hms_str_addf(&title, ": %s", hms_str_text(&parts));
	if (hidden)
		hms_str_addf(&title, "; %zu of the runtime's own not shown (--all)", hidden);
	view->renderer->ops->section(view->renderer, hms_str_text(&title));
}

static bool is_hidden(const struct hms_goro_group *group, bool fold)
{
	return fold && group->members[0]->system;
}

/* What could not be read, before anything is drawn. */
static void note_limits(struct hms_view *view, const struct hms_goro_groups *groups)
{
	size_t unreadable = view->session->goros->unreadable;

	if (unreadable)
		hms_session_limit(view->session, "%zu goroutine%s cannot be read from the core",
				  unreadable, unreadable == 1 ? "" : "s");
	if (groups->incomplete)
		hms_session_limit(view->session,
				  "the stack of %zu goroutine%s could not be followed to its end",
				  groups->incomplete, groups->incomplete == 1 ? "" : "s");
	if (unreadable || groups->incomplete)
		view->doc.summary.complete = false;
}

/* Variables are looked at twice: what the core lacks of them is said before any is drawn. */
static void note_absent(struct making *mk, const struct hms_goro_groups *groups, bool fold)
{
	struct hms_goroutine_group group;

	if (!mk->variables)
		return;
	for (size_t i = 0; i < groups->n; i++) {
		if (is_hidden(&groups->list[i], fold))
			continue;
		mk->arena = hms_arena_create();
		hms_unwind(mk->unwinder, groups->list[i].members[0], &mk->stack);
		fill_frames(mk, &group);
		hms_arena_destroy(mk->arena);
	}
	if (!mk->variables->absent)
		return;
	hms_session_limit(mk->view->session, "the core lacks the values of %" PRIu64 " variable%s",
			  mk->variables->absent, mk->variables->absent == 1 ? "" : "s");
	mk->view->doc.summary.complete = false;
}

static void emit(struct making *mk, const struct hms_goro_groups *groups, bool fold)
{
	struct hms_view *view = mk->view;
	size_t hidden = 0;

	note_limits(view, groups);
	note_absent(mk, groups, fold);
	hms_view_begin(view);
	for (size_t i = 0; i < groups->n; i++)
		hidden += is_hidden(&groups->list[i], fold) ? groups->list[i].n : 0;
	if (!view->input->nmaps)
		emit_title(view, groups, hidden);
	for (size_t i = 0; i < groups->n; i++) {
		if (!is_hidden(&groups->list[i], fold))
			emit_group(mk, &groups->list[i]);
	}
}

/* The goroutine that an argument names. */
static struct hms_error *goroutine_named(const struct hms_goros *goros, const char *arg,
					 const struct hms_goroutine **ret)
{
	char *end;
	uint64_t id;

	errno = 0;
	id = strtoull(arg, &end, 10);
	if (errno || *end || end == arg || arg[0] < '0' || arg[0] > '9')
		return hms_err(HMS_ERR_USAGE, "'%s' is no goroutine id", arg);
	*ret = hms_goro_find(goros, id);
	if (!*ret)
		return hms_err(HMS_ERR_NOT_FOUND, "there is no goroutine %s in the core", arg);
	return NULL;
}

/* A group each, in the order of the arguments. */
static struct hms_error *groups_named(struct making *mk, struct hms_goro_groups *ret)
{
	const struct hms_input *input = mk->view->input;

	for (size_t i = 0; i < input->nmaps; i++) {
		const struct hms_goroutine *g;
		struct hms_goro_group group = {.n = 1, .cap = 1};

		HMS_TRY(goroutine_named(mk->view->session->goros, input->maps[i], &g));
		hms_unwind(mk->unwinder, g, &mk->stack);
		group.members = hms_xcalloc(1, sizeof(const struct hms_goroutine *));
		group.members[0] = g;
		group.end = mk->stack.end;
		HMS_GROW(ret->list, ret->n, ret->cap);
		ret->list[ret->n++] = group;
		ret->incomplete += !hms_stack_end_complete(group.end);
	}
	return NULL;
}

/* Those at the same place stand there with variables of their own: a group each. */
static void split_groups(struct hms_goro_groups *groups)
{
	struct hms_goro_groups whole = *groups;

	*groups = (struct hms_goro_groups){.incomplete = whole.incomplete};
	for (size_t i = 0; i < whole.n; i++) {
		for (size_t k = 0; k < whole.list[i].n; k++) {
			struct hms_goro_group one = {.n = 1, .cap = 1, .end = whole.list[i].end};

			one.members = hms_xcalloc(1, sizeof(const struct hms_goroutine *));
			one.members[0] = whole.list[i].members[k];
			HMS_GROW(groups->list, groups->n, groups->cap);
			groups->list[groups->n++] = one;
		}
	}
	hms_goro_groups_deinit(&whole);
}

void hms_emit_goroutines(struct hms_view *view)
{
	struct making mk = {.view = view};
	struct hms_goro_groups groups = {0};

	if (!view->session->goros)
		return;
	mk.unwinder = hms_unwinder_create(view->session->goros);
	hms_goro_groups_make(mk.unwinder, NULL, NULL, &groups);
	for (size_t i = 0; i < groups.n; i++)
		emit_group(&mk, &groups.list[i]);
	hms_goro_groups_deinit(&groups);
	hms_unwinder_destroy(mk.unwinder);
	hms_stack_deinit(&mk.stack);
	free(mk.frames);
	free(mk.rows);
}

static struct hms_error *show(struct making *mk, struct goroutines_options *o, int *status_ret)
{
	const struct hms_input *input = mk->view->input;
	struct hms_goro_groups groups = {0};
	struct hms_error *err = NULL;
	bool named = input->nmaps > 0;

	o->operations = mk->view->operations;
	mk->unwinder = hms_unwinder_create(mk->view->session->goros);
	mk->full = named || o->vars;
	if (o->vars) {
		hms_variables_init(&mk->made, mk->view->session, mk->unwinder,
				   input->format == HMS_FORMAT_JSON, input->redact, o->all);
		mk->variables = &mk->made;
	}
	if (named)
		err = groups_named(mk, &groups);
	else
		hms_goro_groups_make(mk->unwinder, wanted, o, &groups);
	if (o->vars && !named)
		split_groups(&groups);
	if (!err) {
		emit(mk, &groups, !named && !o->all && input->format != HMS_FORMAT_JSON);
		err = mk->err ? mk->err : hms_view_end(mk->view, false, status_ret);
	}
	if (mk->variables)
		hms_variables_deinit(mk->variables);
	hms_goro_groups_deinit(&groups);
	hms_unwinder_destroy(mk->unwinder);
	hms_stack_deinit(&mk->stack);
	free(mk->frames);
	free(mk->rows);
	return err;
}

static struct hms_error *run(struct hms_input *input, void *arg, int *status_ret)
{
	struct hms_view view;
	struct making mk = {.view = &view};
	struct hms_error *err;

	HMS_TRY(hms_view_open_goroutines(input, &view));
	err = show(&mk, arg, status_ret);
	hms_view_close(&view);
	return err;
}

const struct hms_cmd hms_cmd_goroutines = {
	.name = "goroutines",
	.args = "[EXE] CORE [GOID...]",
	.summary = "goroutines grouped by stack, with state, wait reason and age",
	.doc = "Show the goroutines: those that stand at the same place once, the most first. "
	       "Goroutines named by their ids are shown in full.",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct goroutines_options),
	.run = run,
};
