/*
 * Write sites of the bundled programs, against a list made by hand from their source
 * (corefiles/prog): race.go, races.go and growing.go hold these writes and no others.  What
 * goroutines were in them is told by Go's traceback.
 *
 *	t_writers EXE CORE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "disas/sites.h"
#include "session/session.h"

static const struct expected {
	const char *function;
	const char *file;
	int line;
	const char *type;
	enum hms_map_op op;
	enum hms_lock_seen lock;
	const char *evidence;
} expected[] = {
	{"main.(*Cache).Update", "race.go", 23, "map[string]int", HMS_MAP_WRITE, HMS_LOCK_NOT_SEEN,
	 NULL},
	/* s.mu.Lock(); defer s.mu.Unlock() */
	{"main.(*sessions).Put", "races.go", 51, "map[int64]string", HMS_MAP_WRITE, HMS_LOCK_HELD,
	 "sync.(*RWMutex).Lock at races.go:49"},
	/* v.Lock(); ...; v.Unlock(), both inlined */
	{"main.(*inventory).Add", "races.go", 76, "map[string]*main.record", HMS_MAP_WRITE,
	 HMS_LOCK_HELD, "sync.(*Mutex).Lock at races.go:75"},
	{"main.runRaceDelete.func1", "races.go", 117, "map[*main.record]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, NULL},
	{"main.runRaceDelete.func2", "races.go", 122, "map[*main.record]int", HMS_MAP_DELETE,
	 HMS_LOCK_NOT_SEEN, NULL},
	{"main.setCell", "races.go", 139, "map[main.point]int", HMS_MAP_WRITE, HMS_LOCK_NOT_SEEN,
	 NULL},
	{"main.growOthers", "growing.go", 143, "map[int]int", HMS_MAP_DELETE, HMS_LOCK_NOT_SEEN,
	 NULL},
	{"main.growAfterRange", "growing.go", 151, "map[string]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, NULL},
	{"main.growAfterRange", "growing.go", 151, "map[int]int", HMS_MAP_WRITE, HMS_LOCK_NOT_SEEN,
	 NULL},
	{"main.growAfterRange", "growing.go", 154, "map[float64]int", HMS_MAP_WRITE,
	 HMS_LOCK_NOT_SEEN, NULL},
};

#define NEXPECTED (sizeof(expected) / sizeof(expected[0]))

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "";
}

static bool is_expected_file(const char *file)
{
	for (size_t i = 0; i < NEXPECTED; i++)
		if (strcmp(base_name(file), expected[i].file) == 0)
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

/* Every site in these files is one of the list, every one of the list is there: the compiler may
 * have copied some. */
static size_t compare(const struct hms_rt *rt, const struct hms_sites *sites, size_t *wrong_ret)
{
	bool seen[NEXPECTED] = {0};
	size_t n = 0;

	for (size_t i = 0; i < sites->n; i++) {
		const struct hms_site *site = &sites->list[i];
		size_t k = 0;

		if (!is_expected_file(site->file))
			continue;
		n++;
		while (k < NEXPECTED && !fits(rt, site, &expected[k]))
			k++;
		if (k < NEXPECTED) {
			seen[k] = true;
			continue;
		}
		printf("# %s %s:%d lock %s (%s): not in the list\n", site->function,
		       base_name(site->file), site->line, hms_lock_seen_name(site->lock),
		       site->evidence ? site->evidence : "");
		++*wrong_ret;
	}
	for (size_t k = 0; k < NEXPECTED; k++) {
		if (seen[k])
			continue;
		printf("# %s %s:%d: not found\n", expected[k].function, expected[k].file,
		       expected[k].line);
		++*wrong_ret;
	}
	return n;
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
	HMS_AUTO(hms_sites) struct hms_sites *sites = NULL;
	size_t n, wrong = 0;
	struct hms_error *err;

	if (bundled->stripped) {
		snprintf(what, what_size, "# SKIP the executable is stripped");
		return true;
	}
	err = hms_session_open(&options, &session);
	if (!err)
		err = hms_sites_find(session->rt, session->pclntab, 2, &sites);
	if (err) {
		snprintf(what, what_size, "%s", err->message);
		hms_err_free(err);
		return false;
	}
	n = compare(session->rt, sites, &wrong);
	if (bundled->name && !strcmp(bundled->name, "race") && !died_in_update(session, sites)) {
		printf("# the goroutine that died is in none of them\n");
		wrong++;
	}
	snprintf(what, what_size, "%zu sites, %zu of these files", sites->n, n);
	return !wrong && !sites->unreadable;
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
	setenv("HMS_CORES", "*/[rl][ao]c[ea]*", 0);
	return bundled_run(test_core);
}
