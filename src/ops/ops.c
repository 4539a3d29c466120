#include "ops/ops.h"

#include <stdlib.h>
#include <string.h>

#include "goro/arch.h"
#include "disas/disas.h"
#include "ops/args.h"
#include "ops/element.h"

#define MAX_TEXT 256 /* of a fatal error */

struct finder {
	struct hms_operations *ret;
	const struct hms_operations_sources *sources;
	struct hms_unwinder *unwinder;
	struct hms_stack stack;
	struct hms_disas *disas; /* NULL: this build or machine has none */
	struct hms_op_elements *elements;
	/* of the stack in hand, by frame: its row in mapfuncs.def, NULL: no map function */
	const struct hms_map_func **rows;
	size_t cap_rows;
};

/* ---- functions by name -------------------------------------------------------------------- */

static bool begins(const char *name, const char *prefix)
{
	return name && strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Not the program's own: never called a caller. */
static bool is_runtime(const char *name)
{
	return begins(name, "runtime.") || begins(name, "internal/runtime/") ||
	       begins(name, "runtime/internal/") || begins(name, "reflect.");
}

/* What may stand between two map functions of one operation. */
static bool is_between(const char *name)
{
	return is_runtime(name) || begins(name, "internal/abi.") ||
	       begins(name, "internal/bytealg.") || begins(name, "type:.") ||
	       begins(name, "type..");
}

static const char *function_at(const struct finder *f, size_t i)
{
	return f->stack.frames[i].place->func.name;
}

/* ---- the fatal path ----------------------------------------------------------------------- */

/* The string that a frame of runtime.fatal or runtime.throw was called with; NULL: not kept. */
static const char *text_of(const struct finder *f, const struct hms_frame *frame)
{
	const struct hms_mem *mem = hms_unwinder_mem(f->unwinder);
	uint64_t at = frame->cfa + hms_unwinder_arch(f->unwinder)->args_off;
	const struct hms_func *func = &frame->place->func;
	const uint8_t *header, *bytes;

	for (unsigned int word = 0; word < 2; word++)
		if (hms_func_arg_home(func, hms_frame_lookup_pc(frame), word) != HMS_ARG_HOME)
			return NULL;
	header = hms_mem_peek(mem, at, 16);
	if (!header || !hms_le64(header + 8) || hms_le64(header + 8) > MAX_TEXT)
		return NULL;
	bytes = hms_mem_peek(mem, hms_le64(header), (size_t)hms_le64(header + 8));
	return bytes ? hms_arena_strndup(f->ret->arena, (const char *)bytes,
					 (size_t)hms_le64(header + 8))
		     : NULL;
}

static bool tells_race(const char *text)
{
	return strstr(text, "concurrent map") != NULL;
}

/* runtime.fatal is for what the program did wrong: in a map function, nothing but races.  It came
 * with Go 1.19; before, runtime.throw was for everything, and its argument is on the stack. */
static void set_fatal(const struct finder *f, const struct hms_frame *frame, bool fatal,
		      enum hms_map_op inner, struct hms_operation *op)
{
	op->end_text = text_of(f, frame);
	/* An iteration over a map that has grown looks keys up, and says what a lookup says. */
	if (!op->end_text && fatal)
		op->end_text = hms_map_race_text(inner == HMS_MAP_GROW ? op->op : inner);
	op->end = op->end_text && tells_race(op->end_text) ? HMS_OP_RACED : HMS_OP_THREW;
}

/* What was called from the innermost map function, up to where another operation begins. */
static void find_end(const struct finder *f, size_t inner, struct hms_operation *op)
{
	for (size_t i = inner; i-- > 0;) {
		const char *name = function_at(f, i);

		if (f->rows[i] || !is_between(name))
			return;
		if (!strcmp(name, "runtime.fatal") || !strcmp(name, "runtime.throw")) {
			set_fatal(f, &f->stack.frames[i], name[8] == 'f', f->rows[inner]->op, op);
			return;
		}
		if (!strcmp(name, "runtime.gopanic") || !strcmp(name, "runtime.sigpanic")) {
			op->end = name[8] == 's' ? HMS_OP_FAULTED : HMS_OP_PANICS;
			return;
		}
	}
}

/* ---- one operation ------------------------------------------------------------------------ */

static struct hms_operation_frame frame_of(const struct finder *f, size_t i)
{
	const struct hms_frame *frame = &f->stack.frames[i];

	return (struct hms_operation_frame){
		.function = frame->place->func.name,
		.entry = frame->place->func.entry,
		.end = frame->place->func.end,
		.pc = frame->place->pc,
		.sp = frame->sp,
		.cfa = frame->cfa,
		.index = i,
		.interrupted = frame->interrupted,
	};
}

/* From frame @from outwards. */
static void find_caller(const struct finder *f, size_t from, struct hms_operation *op)
{
	for (size_t i = from; i < f->stack.n; i++) {
		const struct hms_place *place = f->stack.frames[i].place;

		for (uint32_t k = 0; k < place->ncalls; k++) {
			const struct hms_call *call = &place->calls[k];

			if (!call->name || is_runtime(call->name))
				continue;
			op->caller = call->name;
			op->caller_file = call->file;
			op->caller_line = call->line;
			op->caller_frame = frame_of(f, i);
			return;
		}
	}
}

/* The outer frames first: their arguments are the operation's own, and a clone's inner frames
 * work on the new map. */
static void find_map(const struct finder *f, size_t inner, size_t outer, struct hms_operation *op)
{
	struct hms_op_args args = {f->sources, f->unwinder, &f->stack, f->disas};

	for (size_t i = outer + 1; i-- > inner;) {
		if (f->rows[i] &&
		    hms_op_args_find(&args, &f->stack.frames[i], f->rows[i], &op->map, &op->type))
			return;
		if (op->op == HMS_MAP_CLONE && f->rows[i] && f->rows[i]->op != HMS_MAP_CLONE)
			break;
	}
	hms_op_args_of_call(&args, &f->stack.frames[outer], f->rows[outer], &op->map, &op->type);
}

static void add(struct finder *f, const struct hms_goroutine *g, size_t inner, size_t outer)
{
	struct hms_operations *ret = f->ret;
	struct hms_operation op = {
		.goroutine = g,
		.op = f->rows[outer]->op == HMS_MAP_GROW ? HMS_MAP_WRITE : f->rows[outer]->op,
		.outer = frame_of(f, outer),
		.inner = frame_of(f, inner),
		.doing = f->rows[inner]->doing,
		.begun = inner != outer || !hms_op_at_entry(&f->stack.frames[inner]),
	};

	find_end(f, inner, &op);
	find_caller(f, outer + 1, &op);
	find_map(f, inner, outer, &op);
	HMS_GROW(ret->list, ret->n, ret->cap);
	ret->list[ret->n++] = op;
}

/* The innermost frame of the program's own; stack.n: none. */
static size_t innermost_own(const struct finder *f)
{
	size_t i = 0;

	while (i < f->stack.n && is_between(function_at(f, i)))
		i++;
	return i;
}

/* A panic gives the statement up: deferred functions may have unlocked and let others in. */
static bool is_given_up(const struct finder *f, size_t frame)
{
	for (size_t i = frame; i-- > 0;) {
		const char *name = function_at(f, i);

		if (!strcmp(name, "runtime.gopanic") || !strcmp(name, "runtime.sigpanic"))
			return true;
	}
	return false;
}

/* Writes that have left the map function, of the program's own frame @i. */
static void add_returned(struct finder *f, const struct hms_goroutine *g, size_t i)
{
	struct hms_operations *ret = f->ret;
	struct hms_op_args args = {f->sources, f->unwinder, &f->stack, f->disas};
	struct hms_operation ops[HMS_ELEMENTS_DUE];
	size_t n;

	for (n = 0; n < HMS_ELEMENTS_DUE; n++)
		ops[n] = (struct hms_operation){
			.goroutine = g, .outer = frame_of(f, i), .inner = frame_of(f, i)};
	n = hms_op_element_find(f->elements, &args, i, ops);
	for (size_t k = 0; k < n; k++) {
		if (is_given_up(f, i))
			ops[k].end = HMS_OP_PANICS;
		find_caller(f, i, &ops[k]);
		HMS_GROW(ret->list, ret->n, ret->cap);
		ret->list[ret->n++] = ops[k];
	}
}

/* ---- all of them -------------------------------------------------------------------------- */

/* Which frames are map functions'. */
static void find_rows(struct finder *f)
{
	if (f->cap_rows < f->stack.n) {
		f->cap_rows = 2 * f->stack.n;
		f->rows = hms_xrealloc(f->rows, f->cap_rows, sizeof(*f->rows));
	}
	for (size_t i = 0; i < f->stack.n; i++)
		f->rows[i] = hms_map_func_find(function_at(f, i));
}

/* From the outermost frame inwards: an operation begins with a map function, and goes on for as
 * long as map functions follow that nothing but the runtime stands between. */
static void look_at(struct finder *f, const struct hms_goroutine *g)
{
	size_t outer = 0, inner = 0, own = innermost_own(f);
	bool open = false;

	for (size_t i = f->stack.n; i-- > 0;) {
		if (f->rows[i]) {
			outer = open ? outer : i;
			inner = i;
			open = true;
		} else if (open && !is_between(function_at(f, i))) {
			add(f, g, inner, outer);
			open = false;
		}
		if (i == own)
			add_returned(f, g, i);
	}
	if (open)
		add(f, g, inner, outer);
}

static int compare_maps(const void *a, const void *b, void *arg)
{
	const struct hms_operation *list = arg;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;

	if (list[i].map != list[k].map)
		return list[i].map < list[k].map ? -1 : 1;
	return (i > k) - (i < k);
}

static void index_maps(struct hms_operations *ops)
{
	ops->by_map = hms_xcalloc(ops->n + 1, sizeof(*ops->by_map));
	for (size_t i = 0; i < ops->n; i++)
		if (ops->list[i].map)
			ops->by_map[ops->nby_map++] = (uint32_t)i;
	qsort_r(ops->by_map, ops->nby_map, sizeof(*ops->by_map), compare_maps, ops->list);
}

struct hms_operations *hms_operations_find(const struct hms_operations_sources *sources)
{
	struct hms_operations *ret = hms_xcalloc(1, sizeof(*ret));
	struct finder f = {.ret = ret, .sources = sources};

	ret->arena = hms_arena_create();
	f.unwinder = hms_unwinder_create(sources->goros);
	hms_err_free(hms_disas_create(sources->goros->core->arch, &f.disas));
	f.elements = hms_op_elements_create();
	for (size_t i = 0; i < sources->goros->n; i++) {
		hms_unwind(f.unwinder, &sources->goros->list[i], &f.stack);
		ret->blind += !hms_stack_end_complete(f.stack.end);
		find_rows(&f);
		look_at(&f, &sources->goros->list[i]);
	}
	hms_op_elements_destroy(f.elements);
	hms_disas_destroy(f.disas);
	free(f.rows);
	hms_stack_deinit(&f.stack);
	hms_unwinder_destroy(f.unwinder);
	index_maps(ret);
	return ret;
}

void hms_operations_free(struct hms_operations *ops)
{
	if (!ops)
		return;
	hms_arena_destroy(ops->arena);
	free(ops->list);
	free(ops->by_map);
	free(ops);
}

/* ---- questions ---------------------------------------------------------------------------- */

size_t hms_operations_of_map(const struct hms_operations *ops, uint64_t map, size_t *first_ret)
{
	size_t lo = 0, hi = ops->nby_map, n = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ops->list[ops->by_map[mid]].map < map)
			lo = mid + 1;
		else
			hi = mid;
	}
	*first_ret = lo;
	while (map && lo + n < ops->nby_map && ops->list[ops->by_map[lo + n]].map == map)
		n++;
	return n;
}

const struct hms_operation *hms_operations_of_goroutine(const struct hms_operations *ops,
							const struct hms_goroutine *g)
{
	size_t lo = 0, hi = ops->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ops->list[mid].goroutine < g)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < ops->n && ops->list[lo].goroutine == g ? &ops->list[lo] : NULL;
}
