#include "disas/lock-events.h"

#include <string.h>

#include "util/arena.h"

#define MAX_EVENTS 4096 /* a function that locks more often is not followed */

/* Members of sync.RWMutex, behind a sync.Mutex and the writers' semaphore; the same in all
 * releases. */
#define READER_SEM   12
#define READER_COUNT 16

static const struct method {
	const char *name;
	enum hms_lock_deed deed;
	enum hms_lock_family family;
	const char *shown; /* by a traceback; NULL: the name */
	bool slow;         /* what is left where that one was inlined */
	uint8_t arg_off;   /* of its first argument, within the lock */
} methods[] = {
#define METHOD(name, deed, family)                                        \
	{                                                                 \
		name, HMS_LOCK_##deed, HMS_LOCKS_##family, NULL, false, 0 \
	}
#define PART(name, deed, family, shown)                                    \
	{                                                                  \
		name, HMS_LOCK_##deed, HMS_LOCKS_##family, shown, false, 0 \
	}
#define SLOW(name, deed, family, shown, off)                                \
	{                                                                   \
		name, HMS_LOCK_##deed, HMS_LOCKS_##family, shown, true, off \
	}
	METHOD("sync.(*Mutex).Lock", TAKES, MUTEX),
	METHOD("sync.(*Mutex).Unlock", RELEASES, MUTEX),
	METHOD("sync.(*Mutex).TryLock", TRIES, MUTEX),
	SLOW("sync.(*Mutex).lockSlow", TAKES, MUTEX, "sync.(*Mutex).Lock", 0),
	SLOW("sync.(*Mutex).unlockSlow", RELEASES, MUTEX, "sync.(*Mutex).Unlock", 0),
	/* Go 1.24 and later: what sync.Mutex is made of. */
	PART("internal/sync.(*Mutex).Lock", TAKES, MUTEX, "sync.(*Mutex).Lock"),
	PART("internal/sync.(*Mutex).Unlock", RELEASES, MUTEX, "sync.(*Mutex).Unlock"),
	PART("internal/sync.(*Mutex).TryLock", TRIES, MUTEX, "sync.(*Mutex).TryLock"),
	SLOW("internal/sync.(*Mutex).lockSlow", TAKES, MUTEX, "sync.(*Mutex).Lock", 0),
	SLOW("internal/sync.(*Mutex).unlockSlow", RELEASES, MUTEX, "sync.(*Mutex).Unlock", 0),
	METHOD("sync.(*RWMutex).Lock", TAKES, RWMUTEX),
	METHOD("sync.(*RWMutex).Unlock", RELEASES, RWMUTEX),
	METHOD("sync.(*RWMutex).TryLock", TRIES, RWMUTEX),
	METHOD("sync.(*RWMutex).RLock", TAKES, READER),
	METHOD("sync.(*RWMutex).RUnlock", RELEASES, READER),
	METHOD("sync.(*RWMutex).TryRLock", TRIES, READER),
	/* RLock's has another name since its waiters are told from those of a Mutex. */
	SLOW("sync.runtime_SemacquireRWMutexR", TAKES, READER, "sync.(*RWMutex).RLock", READER_SEM),
	SLOW("sync.runtime_SemacquireMutex", TAKES, READER, "sync.(*RWMutex).RLock", READER_SEM),
	SLOW("sync.(*RWMutex).rUnlockSlow", RELEASES, READER, "sync.(*RWMutex).RUnlock", 0),
	METHOD("runtime.lock2", TAKES, RUNTIME),
	METHOD("runtime.unlock2", RELEASES, RUNTIME),
#undef METHOD
#undef PART
#undef SLOW
};

struct finder {
	const struct hms_code *code;
	struct hms_flow *flow;
	const struct hms_pclntab *tab;
	enum hms_arch arch;
	bool register_abi;
	const struct hms_lock_helpers *helpers; /* NULL: none are known */
	struct hms_lock_events *ret;
	size_t ncalls; /* the first events: those of calls */
};

static const struct method *method_named(const char *name)
{
	for (size_t i = 0; name && i < HMS_ARRAY_LEN(methods); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

/* "main.(*cache).lockAll" is somebody's own way to lock; "clock" is not. */
static bool sounds_like(const char *name, const char *word, const char *capital)
{
	const char *dot = strrchr(name, '.');

	return dot && (strncmp(dot + 1, word, strlen(word)) == 0 ||
		       strncmp(dot + 1, capital, strlen(capital)) == 0);
}

static bool somebodys(const char *name, struct method *ret)
{
	if (!name || !strncmp(name, "runtime.", 8) || !strncmp(name, "sync.", 5) ||
	    !strncmp(name, "internal/", 9))
		return false;
	*ret = (struct method){name, HMS_LOCK_TAKES, HMS_LOCKS_SOMEBODYS, NULL, false, 0};
	if (sounds_like(name, "lock", "Lock"))
		return true;
	ret->deed = HMS_LOCK_RELEASES;
	return sounds_like(name, "unlock", "Unlock");
}

/* Parts of a lock's own methods: the line that matters is their caller's. */
static bool in_sync(const char *name)
{
	return name && (!strncmp(name, "sync.", 5) || !strncmp(name, "internal/sync.", 14) ||
			!strncmp(name, "runtime.lock", 12));
}

static void add(struct finder *f, const struct hms_lock_event *event)
{
	struct hms_lock_events *ret = f->ret;

	HMS_GROW(ret->list, ret->n, ret->cap);
	ret->list[ret->n++] = *event;
}

static void add_event(struct finder *f, uint32_t insn, const struct method *method,
		      struct hms_val lock)
{
	struct hms_call calls[16];
	size_t n = hms_func_calls(&f->code->func, f->code->insns[insn].addr, calls,
				  HMS_ARRAY_LEN(calls));
	size_t k = 0;

	while (k + 1 < n && in_sync(calls[k].name))
		k++;
	add(f, &(struct hms_lock_event){
		       .insn = insn,
		       .deed = method->deed,
		       .family = method->family,
		       .name = method->shown ? method->shown : method->name,
		       .lock = lock,
		       .file = n ? calls[k].file : NULL,
		       .line = n ? calls[k].line : 0,
		       .slow = method->slow,
	       });
}

/* A function that locks for its callers, or gives the lock back; false: it is none. */
static bool look_at_helper(struct finder *f, uint32_t insn, uint64_t entry)
{
	size_t first, n = hms_lock_helpers_at(f->helpers, entry, &first);
	struct hms_flow_state state;

	if (n)
		hms_flow_at(f->flow, insn, &state);
	for (size_t i = first; i < first + n; i++) {
		const struct hms_lock_helper *helper = &f->helpers->list[i];

		add(f, &(struct hms_lock_event){
			       .insn = insn,
			       .deed = helper->deed,
			       .family = helper->family,
			       .name = helper->method,
			       .lock = hms_lock_path_at(&helper->path, f->flow, &state),
			       .file = helper->file,
			       .line = helper->line,
			       .helper = helper->where,
		       });
	}
	return n > 0;
}

/* A call of a method: the lock is its first argument. */
static void look_at_call(struct finder *f, uint32_t i)
{
	const struct hms_insn *insn = &f->code->insns[i];
	const struct method *method;
	struct hms_flow_state state;
	struct hms_func callee;
	struct method own;
	struct hms_val lock;

	if (!insn->has_target || !hms_pclntab_find(f->tab, insn->target, &callee) ||
	    callee.entry != insn->target)
		return;
	f->ret->defers |= callee.name && strcmp(callee.name, "runtime.deferreturn") == 0;
	method = method_named(callee.name);
	if (!method && look_at_helper(f, i, insn->target))
		return;
	if (!method && somebodys(callee.name, &own))
		method = &own;
	if (!method)
		return;
	hms_flow_at(f->flow, i, &state);
	if (f->register_abi)
		lock = state.regs[0]; /* rax, x0 */
	else
		lock = hms_flow_stack_word(f->flow, &state, f->arch == HMS_ARCH_ARM64 ? 8 : 0);
	lock.off -= method->arg_off;
	add_event(f, i, method, lock);
}

/* The outermost of the methods that were inlined here: the one that the source calls. */
static const struct method *inlined_method(const struct finder *f, uint64_t pc)
{
	const struct method *found = NULL;
	struct hms_call calls[16];
	size_t n = hms_func_calls(&f->code->func, pc, calls, HMS_ARRAY_LEN(calls));

	for (size_t k = 0; k < n && calls[k].inlined; k++) {
		const struct method *method = method_named(calls[k].name);

		if (method)
			found = method;
	}
	return found;
}

/* What an atomic instruction does to a word of a lock: Lock and TryLock swap 1 for 0, RLock adds 1,
 * Unlock and RUnlock add -1. */
enum change { SWAPPED, ONE_MORE, ONE_LESS };

static enum change change_by(const struct hms_flow_state *state, const struct hms_insn *insn)
{
	const struct hms_operand *value = &insn->operands[1];
	struct hms_val val = {HMS_BASE_UNKNOWN, 0};

	if (insn->op != HMS_INSN_XADD)
		return SWAPPED;
	if (insn->noperands > 1 && value->kind == HMS_OPERAND_REG && value->reg < HMS_FLOW_REGS)
		val = state->regs[value->reg];
	else if (insn->noperands > 1 && value->kind == HMS_OPERAND_IMM)
		val = (struct hms_val){HMS_BASE_CONST, value->imm};
	return val.base == HMS_BASE_CONST && val.off == 1 ? ONE_MORE : ONE_LESS;
}

static struct hms_val counter_of(struct hms_val lock, enum hms_lock_family family)
{
	if (family == HMS_LOCKS_READER)
		lock.off += READER_COUNT;
	return lock;
}

/* The call that does the rest of what an atomic instruction begins: on the same lock, with the
 * change that such a deed makes.  The compiler often gives the instruction itself the line of the
 * caller, so the inline tree does not know it. */
static const struct hms_lock_event *slow_path_of(const struct finder *f, enum change change,
						 struct hms_val word)
{
	for (size_t i = 0; i < f->ncalls; i++) {
		const struct hms_lock_event *event = &f->ret->list[i];
		enum change taking = event->family == HMS_LOCKS_READER ? ONE_MORE : SWAPPED;

		if (event->slow &&
		    change == (event->deed == HMS_LOCK_RELEASES ? ONE_LESS : taking) &&
		    hms_same_lock(counter_of(event->lock, event->family), word))
			return event;
	}
	return NULL;
}

/* The fast paths of what was inlined.  The word that they change is a mutex's first, of readers it
 * is another. */
static void look_at_atomic(struct finder *f, uint32_t i)
{
	const struct hms_insn *insn = &f->code->insns[i];
	const struct hms_operand *mem = hms_insn_store(insn);
	const struct method *method = mem ? inlined_method(f, insn->addr) : NULL;
	const struct hms_lock_event *slow;
	struct hms_flow_state state;
	struct hms_val word;

	if (!mem)
		return;
	hms_flow_at(f->flow, i, &state);
	word = hms_flow_address(&state, mem, NULL);
	slow = slow_path_of(f, change_by(&state, insn), word);
	if (slow) {
		struct hms_lock_event event = *slow;

		event.insn = i;
		add(f, &event);
	} else if (method &&
		   (insn->op == HMS_INSN_CMPXCHG || insn->op == HMS_INSN_STORE_EXCLUSIVE ||
		    method->deed == HMS_LOCK_RELEASES || method->family == HMS_LOCKS_READER)) {
		if (method->family == HMS_LOCKS_READER)
			word.off -= READER_COUNT;
		add_event(f, i, method, word);
	}
}

/* Where the atomic instructions of Unlock are, all is done by them: the slow paths wake others. */
static void drop_wakers(struct finder *f)
{
	struct hms_lock_events *ret = f->ret;
	bool seen[HMS_LOCKS_SOMEBODYS + 1] = {0};
	size_t n = 0;

	for (size_t i = f->ncalls; i < ret->n; i++)
		seen[ret->list[i].family] |= ret->list[i].deed == HMS_LOCK_RELEASES;
	for (size_t i = 0; i < ret->n; i++) {
		const struct hms_lock_event *event = &ret->list[i];

		if (i < f->ncalls && event->slow && event->deed == HMS_LOCK_RELEASES &&
		    seen[event->family])
			continue;
		ret->list[n++] = *event;
	}
	ret->n = n;
}

static int compare_events(const void *a, const void *b)
{
	const struct hms_lock_event *x = a, *y = b;

	return x->insn < y->insn ? -1 : x->insn > y->insn;
}

void hms_lock_events_find(struct hms_flow *flow, const struct hms_pclntab *tab, enum hms_arch arch,
			  bool register_abi, const struct hms_lock_helpers *helpers,
			  struct hms_lock_events *ret)
{
	struct finder f = {hms_flow_code(flow), flow, tab, arch, register_abi, helpers, ret, 0};

	*ret = (struct hms_lock_events){0};
	for (uint32_t i = 0; i < f.code->ninsns && ret->n < MAX_EVENTS; i++)
		if (f.code->insns[i].flow == HMS_FLOW_CALL)
			look_at_call(&f, i);
	f.ncalls = ret->n;
	for (uint32_t i = 0; i < f.code->ninsns && ret->n < MAX_EVENTS; i++)
		if (f.code->insns[i].locked)
			look_at_atomic(&f, i);
	ret->cut = ret->n >= MAX_EVENTS;
	drop_wakers(&f);
	if (ret->n)
		qsort(ret->list, ret->n, sizeof(*ret->list), compare_events);
}

void hms_lock_events_deinit(struct hms_lock_events *events)
{
	free(events->list);
	*events = (struct hms_lock_events){0};
}

bool hms_lock_method(const char *name)
{
	return method_named(name) != NULL;
}
