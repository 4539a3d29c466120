#include "disas/locks.h"

#include <string.h>

#include "util/arena.h"

enum deed { TAKE, RELEASE, TRY };

/* Locks of which one kind's Unlock never releases another's. */
enum family {
	MUTEX,
	RWMUTEX,
	READER,    /* a sync.RWMutex, for reading */
	RUNTIME,   /* runtime.mutex */
	SOMEBODYS, /* a function that is called lock, and is not one of these */
};

/* Members of sync.RWMutex, behind a sync.Mutex and the writers' semaphore; the same in all
 * releases. */
#define READER_SEM   12
#define READER_COUNT 16

/* What a traceback would not show goes by another's name: lockSlow and unlockSlow are what is left
 * of Lock and Unlock where these were inlined. */
static const struct method {
	const char *name;
	enum deed deed;
	enum family family;
	const char *slow_of;
	uint8_t arg_off; /* of its first argument, within the lock */
} methods[] = {
	{"sync.(*Mutex).Lock", TAKE, MUTEX, NULL, 0},
	{"sync.(*Mutex).Unlock", RELEASE, MUTEX, NULL, 0},
	{"sync.(*Mutex).TryLock", TRY, MUTEX, NULL, 0},
	{"sync.(*Mutex).lockSlow", TAKE, MUTEX, "sync.(*Mutex).Lock", 0},
	{"sync.(*Mutex).unlockSlow", RELEASE, MUTEX, "sync.(*Mutex).Unlock", 0},
	/* Go 1.24 and later: what sync.Mutex is made of. */
	{"internal/sync.(*Mutex).Lock", TAKE, MUTEX, "sync.(*Mutex).Lock", 0},
	{"internal/sync.(*Mutex).Unlock", RELEASE, MUTEX, "sync.(*Mutex).Unlock", 0},
	{"internal/sync.(*Mutex).TryLock", TRY, MUTEX, "sync.(*Mutex).TryLock", 0},
	{"internal/sync.(*Mutex).lockSlow", TAKE, MUTEX, "sync.(*Mutex).Lock", 0},
	{"internal/sync.(*Mutex).unlockSlow", RELEASE, MUTEX, "sync.(*Mutex).Unlock", 0},
	{"sync.(*RWMutex).Lock", TAKE, RWMUTEX, NULL, 0},
	{"sync.(*RWMutex).Unlock", RELEASE, RWMUTEX, NULL, 0},
	{"sync.(*RWMutex).TryLock", TRY, RWMUTEX, NULL, 0},
	{"sync.(*RWMutex).RLock", TAKE, READER, NULL, 0},
	{"sync.(*RWMutex).RUnlock", RELEASE, READER, NULL, 0},
	{"sync.(*RWMutex).TryRLock", TRY, READER, NULL, 0},
	/* What is left of RLock, with its names in newer and older releases, and of RUnlock. */
	{"sync.runtime_SemacquireRWMutexR", TAKE, READER, "sync.(*RWMutex).RLock", READER_SEM},
	{"sync.runtime_SemacquireMutex", TAKE, READER, "sync.(*RWMutex).RLock", READER_SEM},
	{"sync.(*RWMutex).rUnlockSlow", RELEASE, READER, "sync.(*RWMutex).RUnlock", 0},
	{"runtime.lock2", TAKE, RUNTIME, NULL, 0},
	{"runtime.unlock2", RELEASE, RUNTIME, NULL, 0},
};

/* One thing done to a lock. */
struct event {
	uint32_t insn;
	enum deed deed;
	enum family family;
	const char *name;    /* of the method */
	struct hms_val lock; /* its address */
	uint8_t object;      /* bit of what was taken */
	const char *file;
	int32_t line;
};

#define MAX_OBJECTS 64
#define MAX_EVENTS  4096 /* a function that locks more often is not followed */

struct object {
	enum family family;
	struct hms_val lock;
	const struct event *taken;
	bool tried; /* by TryLock: whoever holds it knows */
};

struct hms_locks {
	const struct hms_code *code;
	const struct hms_pclntab *tab;
	struct event *events; /* by instruction */
	size_t nevents, cap;
	struct object objects[MAX_OBJECTS];
	size_t nobjects;
	struct hms_flow *flow; /* NULL: nothing is ever taken */
	bool settled;
};

const char *hms_lock_seen_name(enum hms_lock_seen seen)
{
	switch (seen) {
	case HMS_LOCK_NOT_SEEN: return "not-seen";
	case HMS_LOCK_HELD: return "held";
	case HMS_LOCK_UNKNOWN: break;
	}
	return "unknown";
}

/* ---- what is done to locks ----------------------------------------------------------------- */

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
	*ret = (struct method){name, TAKE, SOMEBODYS, NULL, 0};
	if (sounds_like(name, "lock", "Lock"))
		return true;
	ret->deed = RELEASE;
	return sounds_like(name, "unlock", "Unlock");
}

/* Parts of a lock's own methods: the line that matters is their caller's. */
static bool in_sync(const char *name)
{
	return name && (!strncmp(name, "sync.", 5) || !strncmp(name, "internal/sync.", 14) ||
			!strncmp(name, "runtime.lock", 12));
}

static void add_event(struct hms_locks *locks, uint32_t insn, const struct method *method,
		      struct hms_val lock)
{
	struct hms_call calls[16];
	size_t n = hms_func_calls(&locks->code->func, locks->code->insns[insn].addr, calls,
				  HMS_ARRAY_LEN(calls));
	struct event *event;
	size_t k = 0;

	while (k + 1 < n && in_sync(calls[k].name))
		k++;
	HMS_GROW(locks->events, locks->nevents, locks->cap);
	event = &locks->events[locks->nevents++];
	*event = (struct event){
		.insn = insn,
		.deed = method->deed,
		.family = method->family,
		.name = method->slow_of ? method->slow_of : method->name,
		.lock = lock,
		.file = n ? calls[k].file : NULL,
		.line = n ? calls[k].line : 0,
	};
}

/* A call of a method: the lock is its first argument. */
static void look_at_call(struct hms_locks *locks, struct hms_flow *flow, enum hms_arch arch,
			 bool register_abi, uint32_t i)
{
	const struct hms_insn *insn = &locks->code->insns[i];
	const struct method *method;
	struct hms_flow_state state;
	struct hms_func callee;
	struct method own;
	struct hms_val lock;

	if (!insn->has_target || !hms_pclntab_find(locks->tab, insn->target, &callee) ||
	    callee.entry != insn->target)
		return;
	method = method_named(callee.name);
	if (!method && somebodys(callee.name, &own))
		method = &own;
	if (!method)
		return;
	hms_flow_at(flow, i, &state);
	if (register_abi)
		lock = state.regs[0]; /* rax, x0 */
	else
		lock = hms_flow_stack_word(flow, &state, arch == HMS_ARCH_ARM64 ? 8 : 0);
	lock.off -= method->arg_off;
	add_event(locks, i, method, lock);
}

/* The outermost of the methods that were inlined here: the one that the source calls. */
static const struct method *inlined_method(const struct hms_locks *locks, uint64_t pc)
{
	const struct method *found = NULL;
	struct hms_call calls[16];
	size_t n = hms_func_calls(&locks->code->func, pc, calls, HMS_ARRAY_LEN(calls));

	for (size_t k = 0; k < n && calls[k].inlined; k++) {
		const struct method *method = method_named(calls[k].name);

		if (method)
			found = method;
	}
	return found;
}

static bool same_lock(struct hms_val a, struct hms_val b)
{
	return a.base != HMS_BASE_UNKNOWN && hms_val_equal(a, b);
}

/* What an atomic instruction does to a word of a lock: Lock and TryLock swap 1 for 0, RLock adds 1,
 * Unlock and RUnlock add -1. */
enum change { SWAPPED, ONE_MORE, ONE_LESS };

static enum change change_by(const struct hms_flow *flow, const struct hms_flow_state *state,
			     const struct hms_insn *insn)
{
	/* amd64: memory, value; arm64: memory, value where it adds, else status, value, memory. */
	bool has_value = insn->noperands > 1 && insn->operands[1].kind == HMS_OPERAND_REG &&
			 insn->operands[1].reg < HMS_FLOW_REGS;
	struct hms_val value = {HMS_BASE_UNKNOWN, 0};
	struct hms_base base;

	if (has_value)
		value = state->regs[insn->operands[1].reg];
	if (insn->op == HMS_INSN_XADD)
		return value.base == HMS_BASE_CONST && value.off == 1 ? ONE_MORE : ONE_LESS;
	if (insn->noperands < 3)
		return SWAPPED;
	/* A loop around "stlxr": adds if it stores what was loaded and a little. */
	hms_flow_base(flow, value.base, &base);
	if (base.kind == HMS_IS_CONST || !value.off)
		return SWAPPED;
	return value.off == 1 ? ONE_MORE : ONE_LESS;
}

static struct hms_val counter_of(struct hms_val lock, enum family family)
{
	if (family == READER)
		lock.off += READER_COUNT;
	return lock;
}

/* The call that does the rest of what an atomic instruction begins: on the same lock, with the
 * change that such a deed makes.  The compiler often gives the instruction itself the line of the
 * caller, so the inline tree does not know it. */
static const struct event *slow_path_of(const struct hms_locks *locks, size_t ncalls,
					enum change change, struct hms_val word)
{
	for (size_t i = 0; i < ncalls; i++) {
		const struct event *event = &locks->events[i];
		enum change taking = event->family == READER ? ONE_MORE : SWAPPED;

		if ((event->family == MUTEX || event->family == READER) &&
		    change == (event->deed == RELEASE ? ONE_LESS : taking) &&
		    same_lock(counter_of(event->lock, event->family), word))
			return event;
	}
	return NULL;
}

/* The fast paths of what was inlined.  The word that they change is a mutex's first, of readers it
 * is another. */
static void look_at_atomic(struct hms_locks *locks, struct hms_flow *flow, size_t ncalls,
			   uint32_t i)
{
	const struct hms_insn *insn = &locks->code->insns[i];
	const struct hms_operand *mem = hms_insn_store(insn);
	const struct method *method = mem ? inlined_method(locks, insn->addr) : NULL;
	const struct event *slow;
	struct hms_flow_state state;
	struct hms_val word;

	if (!mem)
		return;
	hms_flow_at(flow, i, &state);
	word = hms_flow_address(&state, mem, NULL);
	slow = slow_path_of(locks, ncalls, change_by(flow, &state, insn), word);
	if (slow) {
		struct event event = *slow;

		event.insn = i;
		HMS_GROW(locks->events, locks->nevents, locks->cap);
		locks->events[locks->nevents++] = event;
	} else if (method && (insn->op == HMS_INSN_CMPXCHG || method->deed == RELEASE ||
			      method->family == READER)) {
		if (method->family == READER)
			word.off -= READER_COUNT;
		add_event(locks, i, method, word);
	}
}

static int compare_events(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->insn < y->insn ? -1 : x->insn > y->insn;
}

static void find_events(struct hms_locks *locks, struct hms_flow *flow, enum hms_arch arch,
			bool register_abi)
{
	size_t ncalls;

	for (uint32_t i = 0; i < locks->code->ninsns && locks->nevents < MAX_EVENTS; i++)
		if (locks->code->insns[i].flow == HMS_FLOW_CALL)
			look_at_call(locks, flow, arch, register_abi, i);
	ncalls = locks->nevents;
	for (uint32_t i = 0; i < locks->code->ninsns && locks->nevents < MAX_EVENTS; i++)
		if (locks->code->insns[i].locked)
			look_at_atomic(locks, flow, ncalls, i);
	if (locks->nevents)
		qsort(locks->events, locks->nevents, sizeof(*locks->events), compare_events);
}

/* ---- what is held -------------------------------------------------------------------------- */

/* The same lock taken in two places is one object: whichever path took it, it is held. */
static void find_objects(struct hms_locks *locks)
{
	for (size_t i = 0; i < locks->nevents; i++) {
		struct event *event = &locks->events[i];
		size_t k = 0;

		if (event->deed == RELEASE)
			continue;
		while (k < locks->nobjects && !(locks->objects[k].family == event->family &&
						locks->objects[k].tried == (event->deed == TRY) &&
						same_lock(locks->objects[k].lock, event->lock)))
			k++;
		event->object = (uint8_t)k;
		if (k == MAX_OBJECTS)
			continue;
		if (k == locks->nobjects)
			locks->objects[locks->nobjects++] = (struct object){
				event->family, event->lock, event, event->deed == TRY};
	}
}

/* Two members of one structure. */
static bool other_lock(struct hms_val a, struct hms_val b)
{
	return a.base != HMS_BASE_UNKNOWN && a.base == b.base && a.off != b.off;
}

/* What an Unlock releases: the lock that it names; where that is none that was seen taken, all of
 * its family that it may be. */
static uint64_t released(const struct hms_locks *locks, const struct event *event)
{
	uint64_t named = 0, family = 0;

	for (size_t k = 0; k < locks->nobjects; k++) {
		const struct object *object = &locks->objects[k];

		if (object->family != event->family)
			continue;
		if (!other_lock(object->lock, event->lock))
			family |= UINT64_C(1) << k;
		if (same_lock(object->lock, event->lock))
			named |= UINT64_C(1) << k;
		else if (object->lock.base == HMS_BASE_UNKNOWN)
			named |= UINT64_C(1) << k;
	}
	return named ? named : family;
}

static const struct event *event_at(const struct hms_locks *locks, uint32_t insn)
{
	size_t lo = 0, hi = locks->nevents;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (locks->events[mid].insn < insn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < locks->nevents && locks->events[lo].insn == insn ? &locks->events[lo] : NULL;
}

static void apply(void *arg, const struct hms_flow *flow, uint32_t insn,
		  struct hms_flow_state *state)
{
	const struct hms_locks *locks = arg;
	const struct event *event = event_at(locks, insn);
	uint64_t bits;

	(void)flow;
	if (!event)
		return;
	if (event->deed == RELEASE) {
		bits = released(locks, event);
		state->always &= ~bits;
		state->ever &= ~bits;
	} else if (event->object < MAX_OBJECTS) {
		bits = UINT64_C(1) << event->object;
		state->always |= bits;
		state->ever |= bits;
	}
}

struct hms_locks *hms_locks_create(struct hms_flow *flow, const struct hms_pclntab *tab,
				   enum hms_arch arch, bool register_abi)
{
	struct hms_locks *locks = hms_xcalloc(1, sizeof(*locks));

	locks->code = hms_flow_code(flow);
	locks->tab = tab;
	locks->settled = true;
	find_events(locks, flow, arch, register_abi);
	find_objects(locks);
	if (locks->nobjects)
		locks->flow =
			hms_flow_create(locks->code, tab, arch, apply, locks, &locks->settled);
	locks->settled &= locks->nevents < MAX_EVENTS;
	return locks;
}

void hms_locks_destroy(struct hms_locks *locks)
{
	if (!locks)
		return;
	hms_flow_destroy(locks->flow);
	free(locks->events);
	free(locks);
}

/* ---- what is said of it -------------------------------------------------------------------- */

/* The first object of @bits that is (not) one of a kind; NULL: none. */
static const struct object *object_of(const struct hms_locks *locks, uint64_t bits,
				      bool (*fits)(const struct object *))
{
	for (size_t k = 0; k < locks->nobjects; k++)
		if (bits >> k & 1 && fits(&locks->objects[k]))
			return &locks->objects[k];
	return NULL;
}

static bool excludes(const struct object *object)
{
	return !object->tried && object->family != READER && object->family != SOMEBODYS;
}

static bool may_exclude(const struct object *object)
{
	return object->family == SOMEBODYS || (object->tried && object->family != READER);
}

static bool reads(const struct object *object)
{
	return object->family == READER;
}

/* "sync.(*Mutex).Lock at cache.go:19" */
static void add_taken(struct hms_str *ret, const struct object *object)
{
	const struct event *event = object->taken;
	const char *slash = event->file ? strrchr(event->file, '/') : NULL;

	hms_str_add(ret, event->name);
	if (event->file)
		hms_str_addf(ret, " at %s:%d", slash ? slash + 1 : event->file, event->line);
}

enum hms_lock_seen hms_locks_at(const struct hms_locks *locks, uint32_t insn,
				struct hms_str *evidence)
{
	const struct object *object;
	struct hms_flow_state state;

	if (!locks->flow)
		return HMS_LOCK_NOT_SEEN;
	hms_flow_at(locks->flow, insn, &state);
	if (!locks->settled || !state.reached) {
		hms_str_add(evidence, "the function's code could not be followed");
		return HMS_LOCK_UNKNOWN;
	}
	object = object_of(locks, state.always, excludes);
	if (object && locks->code->complete) {
		add_taken(evidence, object);
		return HMS_LOCK_HELD;
	}
	if (!locks->code->complete) {
		hms_str_add(evidence, "the function jumps in ways that could not be followed");
		return HMS_LOCK_UNKNOWN;
	}
	object = object_of(locks, state.ever, may_exclude);
	if (object) {
		add_taken(evidence, object);
		hms_str_add(evidence,
			    object->tried ? ", which may have failed" : ", whatever that locks");
		return HMS_LOCK_UNKNOWN;
	}
	object = object_of(locks, state.ever, excludes);
	if (object) {
		add_taken(evidence, object);
		hms_str_add(evidence, ", but not on every path");
		return HMS_LOCK_NOT_SEEN;
	}
	object = object_of(locks, state.always, reads);
	if (object) {
		hms_str_add(evidence, "read lock only: ");
		add_taken(evidence, object);
	}
	return HMS_LOCK_NOT_SEEN;
}

bool hms_locks_held(const struct hms_locks *locks, uint32_t insn, struct hms_val *ret,
		    bool *reads_ret)
{
	const struct object *object;
	struct hms_flow_state state;

	if (!locks->flow || !locks->settled || !locks->code->complete)
		return false;
	hms_flow_at(locks->flow, insn, &state);
	if (!state.reached)
		return false;
	object = object_of(locks, state.always, excludes);
	*reads_ret = !object;
	if (!object)
		object = object_of(locks, state.always, reads);
	if (object)
		*ret = object->lock;
	return object != NULL;
}
