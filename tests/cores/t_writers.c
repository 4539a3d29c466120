/*
 * Write sites of the bundled programs, against lists made by hand from their source: in
 * corefiles/prog race.go, races.go and growing.go hold these writes and no others; in
 * corefiles/prog-stuck writes.go locks in many ways.  What goroutines were in them is told by Go's
 * traceback.
 *
 *	t_writers EXE CORE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "disas/sites.h"
#include "session/session.h"

struct expected {
	const char *function;
	const char *file;
	int line;
	const char *type;
	enum hms_map_op op;
	enum hms_lock_seen lock;
	const char *evidence;
	bool optional; /* some releases do not have it */
};

static const struct expected prog[] = {
	{"main.(*Cache).Update", "race.go", 23, "map[string]int", HMS_MAP_WRITE, HMS_LOCK_NOT_SEEN,
	 NULL, false},
	/* s.mu.Lock(); defer s.mu.Unlock() */
	{"main.(*sessions).Put", "races.go", 51, "map[int64]string", HMS_MAP_WRITE, HMS_LOCK_HELD,
	 "sync.(*RWMutex).Lock at races.go:49", false},
	/* v.Lock(); ...; v.Unlock(), both inlined */
	{"main.(*inventory).Add", "races.go", 76, "map[string]*main.record", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*Mutex).Lock at races.go:75", false},
	{"main.runRaceDelete.func1", "races.go", 117, "map[*main.record]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, NULL, false},
	{"main.runRaceDelete.func2", "races.go", 122, "map[*main.record]int", HMS_MAP_DELETE,
	 HMS_LOCK_NOT_SEEN, NULL, false},
	{"main.setCell", "races.go", 139, "map[main.point]int", HMS_MAP_WRITE, HMS_LOCK_NOT_SEEN,
	 NULL, false},
	{"main.growOthers", "growing.go", 143, "map[int]int", HMS_MAP_DELETE, HMS_LOCK_NOT_SEEN,
	 NULL, false},
	{"main.growAfterRange", "growing.go", 151, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, NULL, false},
	{"main.growAfterRange", "growing.go", 151, "map[int]int", HMS_MAP_WRITE, HMS_LOCK_NOT_SEEN,
	 NULL, false},
	{"main.growAfterRange", "growing.go", 154, "map[float64]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, NULL, false},
};

static const struct expected prog_stuck[] = {
	{"main.(*guarded).plain", "writes.go", 41, "map[string]int", HMS_MAP_WRITE, HMS_LOCK_HELD,
	 "sync.(*Mutex).Lock at writes.go:40", false},
	{"main.(*guarded).plain", "writes.go", 43, "map[string]int", HMS_MAP_DELETE,
	 HMS_LOCK_NOT_SEEN, NULL, false},
	{"main.(*guarded).deferred", "writes.go", 50, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*RWMutex).Lock at writes.go:48", false},
	{"main.(*guarded).deferredClosure", "writes.go", 60, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*Mutex).Lock at writes.go:55", false},
	{"main.(*guarded).readLocked", "writes.go", 68, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, "read lock only: sync.(*RWMutex).RLock at writes.go:67", false},
	{"main.(*guarded).readLocked", "writes.go", 70, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, NULL, false},
	{"main.(*guarded).readLockedDeferred", "writes.go", 77, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, "read lock only: sync.(*RWMutex).RLock at writes.go:75", false},
	{"main.(*guarded).upgraded", "writes.go", 86, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*RWMutex).Lock at writes.go:85", false},
	{"main.(*guarded).tooLate", "writes.go", 92, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, NULL, false},
	{"main.(*guarded).onSomePath", "writes.go", 104, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, "sync.(*Mutex).Lock at writes.go:101, but not on every path", false},
	{"main.(*guarded).onBothPaths", "writes.go", 115, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*Mutex).Lock at writes.go:110", false},
	{"main.(*guarded).inLoop", "writes.go", 123, "map[string]int", HMS_MAP_WRITE, HMS_LOCK_HELD,
	 "sync.(*Mutex).Lock at writes.go:122", false},
	{"main.(*guarded).byHelper", "writes.go", 179, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*Mutex).Lock at writes.go:132 in main.(*guarded).enter", false},
	{"main.(*guarded).byHelper", "writes.go", 181, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, NULL, false},
	{"main.(*guarded).byHelperDeferred", "writes.go", 188, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*Mutex).Lock at writes.go:132 in main.(*guarded).enter", false},
	{"main.(*guarded).helperLetGo", "writes.go", 195, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, NULL, false},
	{"main.(*guarded).byInlinedHelper", "writes.go", 201, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*Mutex).Lock at writes.go:139", false},
	{"main.(*guarded).bySharedHelper", "writes.go", 208, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*Mutex).Lock at writes.go:144 in main.(*guarded).enterShared",
	 false},
	{"main.byGlobalHelper", "writes.go", 215, "map[string]int", HMS_MAP_WRITE, HMS_LOCK_HELD,
	 "sync.(*Mutex).Lock at writes.go:148 in main.enterGlobal", false},
	/* a sync.Locker: nobody knows what its Lock does */
	{"main.(*guarded).byUnknownLock", "writes.go", 224, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, NULL, false},
	{"main.(*guarded).byPointer", "writes.go", 231, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*Mutex).Lock at writes.go:230", false},
	{"main.(*guarded).otherLockReleased", "writes.go", 240, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*Mutex).Lock at writes.go:237", false},
	{"main.(*guarded).waits", "writes.go", 248, "map[string]int", HMS_MAP_WRITE, HMS_LOCK_HELD,
	 "sync.(*Mutex).Lock at writes.go:246", false},
	{"main.(*guarded).helperLocksOnSomePath", "writes.go", 255, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_UNKNOWN,
	 "sync.(*Mutex).Lock at writes.go:153 in main.(*guarded).enterIf, but not on every path",
	 false},
	{"main.(*guarded).byHelpersHelper", "writes.go", 261, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*Mutex).Lock at writes.go:132 in main.(*guarded).enter", false},
	{"main.(*guarded).givesUnlock", "writes.go", 268, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*Mutex).Lock at writes.go:165 in main.(*guarded).begin", false},
	/* its caller has the lock */
	{"main.(*guarded).setLocked", "writes.go", 274, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_UNKNOWN,
	 "its only caller holds sync.(*Mutex).Lock at writes.go:278 in main.(*guarded).callsLocked",
	 false},
	{"main.(*guarded).tried", "writes_go118.go", 15, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_UNKNOWN, "sync.(*Mutex).TryLock at writes_go118.go:12, which may have failed",
	 true},
	{"main.(*index).Store", "stuck.go", 27, "map[int]int", HMS_MAP_WRITE, HMS_LOCK_HELD,
	 "sync.(*Mutex).Lock at stuck.go:26", false},
	{"main.put", "stuck.go", 40, "map[int]int", HMS_MAP_WRITE, HMS_LOCK_HELD,
	 "sync.(*RWMutex).Lock at stuck.go:39", false},
	{"main.(*shelf).Add", "stuck.go", 69, "map[uint32]string", HMS_MAP_WRITE, HMS_LOCK_HELD,
	 "sync.(*RWMutex).Lock at stuck.go:67", false},
	{"main.(*tally).Count", "stuck.go", 83, "map[string]int", HMS_MAP_WRITE, HMS_LOCK_HELD,
	 "sync.(*Mutex).Lock at stuck.go:81", false},
	{"main.remove", "stuck.go", 121, "map[string]bool", HMS_MAP_DELETE, HMS_LOCK_UNKNOWN,
	 "its only caller holds sync.(*Mutex).Lock at stuck.go:115 in main.drop", false},
	{"main.damageAll", "stuck.go", 153, "map[int]int", HMS_MAP_WRITE, HMS_LOCK_NOT_SEEN, NULL,
	 false},
	{"main.damageAll", "stuck.go", 154, "map[uint32]string", HMS_MAP_WRITE, HMS_LOCK_NOT_SEEN,
	 NULL, false},
	{"main.damageAll", "stuck.go", 155, "map[string]int", HMS_MAP_WRITE, HMS_LOCK_NOT_SEEN,
	 NULL, false},
	{"main.damageAll", "stuck.go", 156, "map[main.point]int", HMS_MAP_WRITE, HMS_LOCK_NOT_SEEN,
	 NULL, false},
	{"main.damageAll", "stuck.go", 157, "map[string]bool", HMS_MAP_WRITE, HMS_LOCK_NOT_SEEN,
	 NULL, false},
	/* classic maps have no use for it */
	{"main.damageAll.func1", "stuck.go", 159, "map[int]int", HMS_MAP_WRITE, HMS_LOCK_NOT_SEEN,
	 NULL, true},
};

/* What is looked for, and what of it was seen. */
struct comparison {
	const struct expected *expected;
	size_t n;
	bool *seen;
	size_t compared, wrong;
};

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "";
}

static bool is_expected_file(const struct comparison *c, const char *file)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(base_name(file), c->expected[i].file) == 0)
			return true;
	return false;
}

static bool fits(const struct hms_rt *rt, const struct hms_site *site, const struct expected *want)
{
	HMS_AUTO_STR struct hms_str type = HMS_STR_INIT;
	const char *evidence = site->evidence ? site->evidence : "";

	if (site->type)
		hms_rt_type_name(rt, site->type, &type);
	return site->function && !strcmp(site->function, want->function) &&
	       !strcmp(base_name(site->file), want->file) && site->line == want->line &&
	       !strcmp(hms_str_text(&type), want->type) && site->op == want->op &&
	       site->lock == want->lock && !strcmp(evidence, want->evidence ? want->evidence : "");
}

static void compare_site(struct comparison *c, const struct hms_rt *rt, const struct hms_site *site)
{
	size_t k = 0;

	c->compared++;
	while (k < c->n && !fits(rt, site, &c->expected[k]))
		k++;
	if (k < c->n) {
		c->seen[k] = true;
		return;
	}
	printf("# %s %s:%d lock %s (%s): not in the list\n", site->function, base_name(site->file),
	       site->line, hms_lock_seen_name(site->lock), site->evidence ? site->evidence : "");
	c->wrong++;
}

/* Every site in these files is one of the list, every one of the list is there: the compiler may
 * have copied some. */
static void compare(struct comparison *c, const struct hms_rt *rt, const struct hms_sites *sites)
{
	c->seen = hms_xcalloc(c->n, sizeof(*c->seen));
	for (size_t i = 0; i < sites->n; i++)
		if (is_expected_file(c, sites->list[i].file))
			compare_site(c, rt, &sites->list[i]);
	for (size_t k = 0; k < c->n; k++) {
		if (c->seen[k] || c->expected[k].optional)
			continue;
		printf("# %s %s:%d: not found\n", c->expected[k].function, c->expected[k].file,
		       c->expected[k].line);
		c->wrong++;
	}
	free(c->seen);
}

/* The goroutine that died of the race stands in the only function that races. */
static bool died_in_update(const struct hms_session *s, const struct hms_sites *sites)
{
	HMS_AUTO(hms_unwinder) struct hms_unwinder *unwinder = hms_unwinder_create(s->goros);
	struct hms_stack stack = {0};
	bool found = false;

	for (size_t t = 0; t < s->goros->nthreads; t++) {
		const struct hms_goroutine *g = hms_goro_at(s->goros, s->goros->threads[t].curg);

		if (!s->goros->threads[t].crashing || !g)
			continue;
		hms_unwind(unwinder, g, &stack);
		for (size_t i = 0; i < stack.n; i++) {
			const struct hms_site *site =
				hms_sites_returning_to(sites, stack.frames[i].place->pc);

			found |= site && !strcmp(site->function, "main.(*Cache).Update");
		}
	}
	hms_stack_deinit(&stack);
	return found;
}

static bool test_core(const struct bundled *bundled, char *what, size_t what_size)
{
	struct hms_session_options options = {
		.core = bundled->core, .exe = bundled->exe, .jobs = 2};
	HMS_AUTO(hms_session) struct hms_session *session = NULL;
	HMS_AUTO(hms_lock_helpers) struct hms_lock_helpers *helpers = NULL;
	HMS_AUTO(hms_sites) struct hms_sites *sites = NULL;
	struct comparison c = {.expected = prog, .n = HMS_ARRAY_LEN(prog)};
	struct hms_error *err;

	err = hms_session_open(&options, &session);
	if (!err)
		err = hms_lock_helpers_find(session->rt, session->pclntab, 2, &helpers);
	if (!err)
		err = hms_sites_find(session->rt, session->pclntab, helpers, 2, &sites);
	if (err) {
		snprintf(what, what_size, "%s", err->message);
		hms_err_free(err);
		return false;
	}
	if (bundled->damaged)
		c = (struct comparison){.expected = prog_stuck, .n = HMS_ARRAY_LEN(prog_stuck)};
	compare(&c, session->rt, sites);
	if (bundled->name && !strcmp(bundled->name, "race") && !died_in_update(session, sites)) {
		printf("# the goroutine that died is in none of them\n");
		c.wrong++;
	}
	snprintf(what, what_size, "%zu sites, %zu of these files", sites->n, c.compared);
	return !c.wrong && !sites->unreadable;
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 3) {
		struct bundled one = {.exe = argv[1], .core = argv[2]};
		bool good = test_core(&one, what, sizeof(what));

		printf("%s %s: %s\n", good ? "ok" : "not ok", argv[2], what);
		return !good;
	}
	/* The cores of a release have one executable; unoptimised ones have no race. */
	setenv("HMS_CORES", "*/[rle][aon][cd][eal]*", 0);
	return bundled_run(test_core);
}
