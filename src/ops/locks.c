#include "ops/locks.h"

#include <stdlib.h>
#include <string.h>

#include "disas/disas.h"
#include "ops/args.h"
#include "ops/callsite.h"

#define MAX_CALLERS 512 /* whose code is looked into for what their callees have not kept */
#define MAX_FRAMES  16  /* outwards from the operation that are asked whether they hold a lock */

/* ---- who waits ---------------------------------------------------------------------------- */

/* sync's functions that wait, and internal/sync's (Go 1.24+); each takes the lock's address first.
 * A Mutex is the first member of what holds it: all have the same address. */
static bool is_locking(const char *name)
{
	static const char *const names[] = {
		"sync.(*Mutex).Lock",          "sync.(*Mutex).lockSlow",
		"sync.(*RWMutex).Lock",        "sync.(*RWMutex).RLock",
		"internal/sync.(*Mutex).Lock", "internal/sync.(*Mutex).lockSlow",
	};

	for (size_t i = 0; name && i < HMS_ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Where (*RWMutex).RLock was inlined, only the semaphore is left of it that readers wait for. */
static bool is_reader(const char *name)
{
	return name && (strcmp(name, "sync.runtime_SemacquireRWMutexR") == 0 ||
			strcmp(name, "sync.runtime_SemacquireMutex") == 0);
}

/* The lock that the semaphore is a part of; 0: unknown. */
static uint64_t lock_of_reader(const struct hms_rt *rt, uint64_t sem)
{
	const struct hms_type *type = hms_graph_find_type(rt->graph, "sync.RWMutex");
	const struct hms_member *member = type ? hms_type_member(type, "readerSem") : NULL;

	return member ? sem - member->off : 0;
}

struct finder {
	struct hms_op_args args;
	struct hms_callsite site;
	size_t looked_into; /* callers' code */
	bool cut;
};

/* The first argument of a frame's function: as it has kept it, else from the code that called it,
 * which is slow, so not for all of ten thousand. */
static bool first_word(struct finder *f, size_t frame, uint64_t *ret)
{
	if (hms_op_args_word(&f->args, &f->args.stack->frames[frame], 0, ret))
		return true;
	if (f->looked_into == MAX_CALLERS) {
		f->cut = true;
		return false;
	}
	f->looked_into++;
	return hms_callsite_word(&f->site, frame, 0, ret);
}

/* The lock by the outermost of them that knows it. */
static uint64_t lock_waited_for(struct finder *f)
{
	const struct hms_stack *stack = f->args.stack;
	bool locking = false;
	uint64_t word;

	for (size_t i = stack->n; i-- > 0;) {
		const char *name = stack->frames[i].place->func.name;

		locking |= is_locking(name);
		if (is_locking(name) && first_word(f, i, &word))
			return word;
		/* Below one of the others the semaphore is another member. */
		if (!locking && is_reader(name) && first_word(f, i, &word))
			return lock_of_reader(f->site.goros->rt, word);
	}
	return 0;
}

static int compare_waiters(const void *a, const void *b)
{
	const struct hms_lock_waiter *x = a, *y = b;

	if (x->lock != y->lock)
		return x->lock < y->lock ? -1 : 1;
	return x->goroutine < y->goroutine ? -1 : x->goroutine > y->goroutine;
}

void hms_lock_waiters_find(const struct hms_operations_sources *sources,
			   struct hms_lock_waiters *ret)
{
	const struct hms_goros *goros = sources->goros;
	HMS_AUTO(hms_unwinder) struct hms_unwinder *unwinder = hms_unwinder_create(goros);
	struct hms_stack stack = {0};
	HMS_AUTO(hms_disas) struct hms_disas *disas = NULL;
	struct finder f = {
		.args = {.sources = sources, .unwinder = unwinder, .stack = &stack},
		.site = {.goros = goros, .unwinder = unwinder, .stack = &stack},
	};

	hms_err_free(hms_disas_create(goros->core->arch, &disas));
	f.site.disas = disas;
	*ret = (struct hms_lock_waiters){0};
	for (size_t i = 0; i < goros->n; i++) {
		const struct hms_goroutine *g = &goros->list[i];
		uint64_t lock;

		if (g->status != HMS_G_WAITING)
			continue;
		hms_unwind(unwinder, g, &stack);
		lock = lock_waited_for(&f);
		if (!lock)
			continue;
		HMS_GROW(ret->list, ret->n, ret->cap);
		ret->list[ret->n++] = (struct hms_lock_waiter){lock, g};
	}
	if (ret->n)
		qsort(ret->list, ret->n, sizeof(*ret->list), compare_waiters);
	ret->cut = f.cut;
	hms_stack_deinit(&stack);
}

void hms_lock_waiters_deinit(struct hms_lock_waiters *waiters)
{
	free(waiters->list);
	*waiters = (struct hms_lock_waiters){0};
}

size_t hms_lock_waiters_of(const struct hms_lock_waiters *waiters, uint64_t lock, size_t *first_ret)
{
	size_t first = 0, n = 0;

	while (first < waiters->n && waiters->list[first].lock < lock)
		first++;
	while (first + n < waiters->n && waiters->list[first + n].lock == lock)
		n++;
	*first_ret = first;
	return n;
}

/* ---- who holds it ------------------------------------------------------------------------- */

bool hms_operation_lock(const struct hms_operations_sources *sources,
			const struct hms_lock_helpers *helpers, const struct hms_operation *op,
			uint64_t *ret, bool *reads_ret)
{
	HMS_AUTO(hms_unwinder) struct hms_unwinder *unwinder = hms_unwinder_create(sources->goros);
	HMS_AUTO(hms_disas) struct hms_disas *disas = NULL;
	struct hms_stack stack = {0};
	struct hms_callsite site = {
		.goros = sources->goros,
		.unwinder = unwinder,
		.stack = &stack,
		.helpers = helpers,
	};
	bool found = false;

	hms_err_free(hms_disas_create(sources->goros->core->arch, &disas));
	site.disas = disas;
	hms_unwind(unwinder, op->goroutine, &stack);
	/* What was held at the call is held until the element is stored. */
	if (op->returned && op->outer.index < stack.n)
		found = hms_callsite_lock(&site, op->outer.index, op->element.call_return, ret,
					  reads_ret);
	for (size_t i = op->outer.index + 1; i < stack.n && !found; i++) {
		if (i - op->outer.index > MAX_FRAMES)
			break;
		found = !stack.frames[i].interrupted &&
			hms_callsite_lock(&site, i, stack.frames[i].place->pc, ret, reads_ret);
	}
	hms_stack_deinit(&stack);
	return found;
}
