#include "disas/locks.h"

#include <string.h>

#include "disas/lock-events.h"
#include "util/arena.h"

#define MAX_OBJECTS 64 /* locks of one function; more are not told apart from none */

/* A lock that the function takes, or one that it gives back without having taken it. */
struct object {
	enum hms_lock_family family;
	struct hms_val lock;
	const struct hms_lock_event *event; /* the first that does */
	bool tried;                         /* by TryLock: whoever holds it knows */
	bool given_back;
};

struct hms_locks {
	const struct hms_code *code;
	struct hms_lock_events events;
	struct object objects[MAX_OBJECTS];
	size_t nobjects;
	struct hms_flow *flow; /* NULL: nothing is ever taken or given back */
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

/* ---- what is held -------------------------------------------------------------------------- */

static bool is_of_event(const struct object *object, const struct hms_lock_event *event)
{
	return object->family == event->family &&
	       object->given_back == (event->deed == HMS_LOCK_RELEASES) &&
	       object->tried == (event->deed == HMS_LOCK_TRIES) &&
	       hms_same_lock(object->lock, event->lock);
}

/* The same lock taken in two places is one object: whichever path took it, it is held. */
static void find_objects(struct hms_locks *locks)
{
	for (size_t i = 0; i < locks->events.n; i++) {
		struct hms_lock_event *event = &locks->events.list[i];
		size_t k = 0;

		while (k < locks->nobjects && !is_of_event(&locks->objects[k], event))
			k++;
		event->object = (uint8_t)k;
		if (k < locks->nobjects || k == MAX_OBJECTS)
			continue;
		locks->objects[locks->nobjects++] = (struct object){
			.family = event->family,
			.lock = event->lock,
			.event = event,
			.tried = event->deed == HMS_LOCK_TRIES,
			.given_back = event->deed == HMS_LOCK_RELEASES,
		};
	}
}

/* Two members of one structure. */
static bool other_lock(struct hms_val a, struct hms_val b)
{
	return a.base != HMS_BASE_UNKNOWN && a.base == b.base && a.off != b.off;
}

/* What the deed undoes: of locks taken an Unlock, of locks given back a Lock.  The lock that it
 * names; where that is none that was seen, all of its family that it may be. */
static uint64_t undone(const struct hms_locks *locks, const struct hms_lock_event *event)
{
	uint64_t named = 0, family = 0;

	for (size_t k = 0; k < locks->nobjects; k++) {
		const struct object *object = &locks->objects[k];

		if (object->family != event->family ||
		    object->given_back == (event->deed == HMS_LOCK_RELEASES))
			continue;
		if (!other_lock(object->lock, event->lock))
			family |= UINT64_C(1) << k;
		if (hms_same_lock(object->lock, event->lock))
			named |= UINT64_C(1) << k;
		else if (object->lock.base == HMS_BASE_UNKNOWN)
			named |= UINT64_C(1) << k;
	}
	return named ? named : family;
}

/* The first of an instruction's events, of which there may be several; their number. */
static size_t events_at(const struct hms_locks *locks, uint32_t insn, size_t *first_ret)
{
	const struct hms_lock_event *list = locks->events.list;
	size_t lo = 0, hi = locks->events.n, n = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (list[mid].insn < insn)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo + n < locks->events.n && list[lo + n].insn == insn)
		n++;
	*first_ret = lo;
	return n;
}

static void apply_one(const struct hms_locks *locks, const struct hms_lock_event *event,
		      struct hms_flow_state *state)
{
	uint64_t bits = undone(locks, event), own = 0;

	/* What the function has taken itself it does not give back for its callers. */
	if (event->object < MAX_OBJECTS &&
	    (event->deed != HMS_LOCK_RELEASES || !(state->ever & bits)))
		own = UINT64_C(1) << event->object;
	state->always = (state->always & ~bits) | own;
	state->ever = (state->ever & ~bits) | own;
}

static void apply(void *arg, const struct hms_flow *flow, uint32_t insn,
		  struct hms_flow_state *state)
{
	const struct hms_locks *locks = arg;
	size_t first, n = events_at(locks, insn, &first);

	(void)flow;
	for (size_t i = first; i < first + n; i++)
		apply_one(locks, &locks->events.list[i], state);
}

struct hms_locks *hms_locks_create(struct hms_flow *flow, const struct hms_pclntab *tab,
				   enum hms_arch arch, bool register_abi,
				   const struct hms_lock_helpers *helpers)
{
	struct hms_locks *locks = hms_xcalloc(1, sizeof(*locks));

	locks->code = hms_flow_code(flow);
	locks->settled = true;
	hms_lock_events_find(flow, tab, arch, register_abi, helpers, &locks->events);
	find_objects(locks);
	if (locks->nobjects)
		locks->flow =
			hms_flow_create(locks->code, tab, arch, apply, locks, &locks->settled);
	locks->settled &= !locks->events.cut;
	return locks;
}

void hms_locks_destroy(struct hms_locks *locks)
{
	if (!locks)
		return;
	hms_flow_destroy(locks->flow);
	hms_lock_events_deinit(&locks->events);
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
	return !object->given_back && !object->tried && object->family != HMS_LOCKS_READER &&
	       object->family != HMS_LOCKS_SOMEBODYS;
}

static bool may_exclude(const struct object *object)
{
	return !object->given_back && (object->family == HMS_LOCKS_SOMEBODYS ||
				       (object->tried && object->family != HMS_LOCKS_READER));
}

static bool reads(const struct object *object)
{
	return !object->given_back && object->family == HMS_LOCKS_READER;
}

/* "sync.(*Mutex).Lock at cache.go:19 in main.(*cache).enter" */
static void add_taken(struct hms_str *ret, const struct object *object)
{
	const struct hms_lock_event *event = object->event;
	const char *slash = event->file ? strrchr(event->file, '/') : NULL;

	hms_str_add(ret, event->name);
	if (event->file)
		hms_str_addf(ret, " at %s:%d", slash ? slash + 1 : event->file, event->line);
	if (event->helper) {
		hms_str_add(ret, " in ");
		hms_func_print_name(event->helper, ret);
	}
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
		hms_str_add(evidence, !object->tried          ? ", whatever that locks"
				      : object->event->helper ? ", but not on every path"
							      : ", which may have failed");
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

/* ---- what callers get ----------------------------------------------------------------------- */

static struct hms_lock_left left_of(const struct object *object, enum hms_lock_deed deed)
{
	const struct hms_lock_event *event = object->event;

	return (struct hms_lock_left){
		.deed = deed,
		.family = object->family,
		.lock = object->lock,
		.method = event->name,
		.file = event->file,
		.line = event->line,
		.helper = event->helper,
	};
}

/* What holds where the function returns, on every path and on some; false: nowhere that is known.
 */
static bool at_returns(const struct hms_locks *locks, uint64_t *always_ret, uint64_t *ever_ret)
{
	struct hms_flow_state state;
	bool returns = false;

	*always_ret = UINT64_MAX;
	*ever_ret = 0;
	for (uint32_t i = 0; i < locks->code->ninsns; i++) {
		if (locks->code->insns[i].flow != HMS_FLOW_RETURN)
			continue;
		hms_flow_at(locks->flow, i, &state);
		if (!state.reached)
			continue;
		*always_ret &= state.always;
		*ever_ret |= state.ever;
		returns = true;
	}
	return returns;
}

size_t hms_locks_left(const struct hms_locks *locks, struct hms_lock_left *list, size_t max)
{
	uint64_t always, ever;
	size_t n = 0;

	if (!locks->flow || !locks->settled || !locks->code->complete ||
	    !at_returns(locks, &always, &ever))
		return 0;
	for (size_t k = 0; k < locks->nobjects && n < max; k++) {
		const struct object *object = &locks->objects[k];

		if (!(ever >> k & 1) || object->family >= HMS_LOCKS_RUNTIME)
			continue;
		if (object->given_back)
			list[n++] = left_of(object, HMS_LOCK_RELEASES);
		else if (!locks->events.defers)
			list[n++] =
				left_of(object, always >> k & 1 && !object->tried ? HMS_LOCK_TAKES
										  : HMS_LOCK_TRIES);
	}
	return n;
}
