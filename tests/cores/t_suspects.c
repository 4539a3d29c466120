/*
 * Who may have been the other party of a race, in the bundled cores of racing programs: only
 * goroutines that the program's source lets write the map, by the lines that write it
 * (corefiles/prog/race.go and races.go); and where no other is at work on the map any more, there
 * is one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "cores/traceback.h"
#include "ops/suspects.h"
#include "session/session.h"

/* The lines that write the map of a case, and the functions whose goroutines come there. */
static const struct racing {
	const char *name;
	const char *file;
	int32_t lines[2];
	const char *writers[2]; /* on the stack of whoever writes, by its beginning */
} racing[] = {
	{"race", "/race.go", {23, 0}, {"main.writer", NULL}},
	{"race-read", "/races.go", {51, 0}, {"main.runRaceRead.func1", NULL}},
	{"race-iterate", "/races.go", {76, 0}, {"main.runRaceIterate.func1", NULL}},
	{"race-delete",
	 "/races.go",
	 {117, 122},
	 {"main.runRaceDelete.func1", "main.runRaceDelete.func2"}},
	{"race-grow", "/races.go", {139, 0}, {"main.runRaceGrow.func1", NULL}},
};

static const struct racing *racing_case(const char *name)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(racing); i++)
		if (strcmp(racing[i].name, name) == 0)
			return &racing[i];
	return NULL;
}

static bool ends(const char *s, const char *suffix)
{
	size_t n = s ? strlen(s) : 0, k = strlen(suffix);

	return n >= k && strcmp(s + n - k, suffix) == 0;
}

static bool writes_there(const struct racing *racing_at, const struct hms_site *site)
{
	return ends(site->file, racing_at->file) &&
	       (site->line == racing_at->lines[0] || site->line == racing_at->lines[1]);
}

/* Does Go's traceback show a writer's function on its stack? */
static bool is_writer(const struct racing *racing_at, const struct traceback *tb, uint64_t id)
{
	for (size_t i = 0; i < tb->n; i++)
		for (size_t k = 0; tb->list[i].id == id && k < tb->list[i].nframes; k++)
			for (size_t w = 0; w < 2 && racing_at->writers[w]; w++)
				if (strncmp(tb->list[i].frames[k].function, racing_at->writers[w],
					    strlen(racing_at->writers[w])) == 0)
					return true;
	return false;
}

static bool compare_suspects(const struct racing *racing_at, const struct traceback *tb,
			     const struct hms_race *race, const struct hms_suspects *suspects)
{
	bool good = true;

	for (size_t i = 0; i < suspects->n; i++) {
		const struct hms_suspect *s = &suspects->list[i];

		if (writes_there(racing_at, s->site) &&
		    is_writer(racing_at, tb, s->goroutine->id) &&
		    s->goroutine != race->parties[0]->goroutine)
			continue;
		printf("# goroutine %" PRIu64 " in %s is no writer of %s:%" PRId32 "\n",
		       s->goroutine->id, s->function, s->site->file, s->site->line);
		good = false;
	}
	return good;
}

/* Somebody else that is still alive and may write. */
static size_t writers_alive(const struct racing *racing_at, const struct traceback *tb,
			    const struct hms_race *race)
{
	size_t n = 0;

	for (size_t i = 0; i < tb->n; i++)
		n += tb->list[i].id != race->parties[0]->goroutine->id &&
		     is_writer(racing_at, tb, tb->list[i].id);
	return n;
}

static bool look(const struct racing *racing_at, const struct hms_session *s, const char *text,
		 char *what_ret, size_t what_size)
{
	struct hms_operations_sources sources = {s->goros, s->model, s->dwarf, NULL};
	HMS_AUTO(hms_operations) struct hms_operations *ops = hms_operations_find(&sources);
	HMS_AUTO(hms_races) struct hms_races *races = hms_races_find(ops);
	HMS_AUTO(hms_sites) struct hms_sites *sites = NULL;
	struct hms_suspects suspects;
	struct traceback tb;
	bool good;

	hms_err_free(hms_sites_find(s->rt, s->pclntab, NULL, 1, &sites));
	if (!sites || races->n != 1) {
		printf("# %zu races\n", races->n);
		return false;
	}
	traceback_read(text, &tb);
	hms_suspects_find(&sources, &races->list[0], sites, 1, &suspects);
	good = compare_suspects(racing_at, &tb, &races->list[0], &suspects);
	if (hms_race_lacks_party(&races->list[0]) && !suspects.n &&
	    writers_alive(racing_at, &tb, &races->list[0])) {
		printf("# writers are alive, and nobody is suspected\n");
		good = false;
	}
	if (!hms_race_lacks_party(&races->list[0]) && suspects.n) {
		printf("# all are known, and somebody is suspected\n");
		good = false;
	}
	snprintf(what_ret, what_size, "%zu parties, %zu suspects", races->list[0].n, suspects.n);
	hms_suspects_deinit(&suspects);
	traceback_free(&tb);
	return good;
}

static bool compare(const struct bundled *core, char *what_ret, size_t what_size)
{
	struct hms_session_options options = {.core = core->core, .exe = core->exe, .jobs = 1};
	HMS_AUTO(hms_session) struct hms_session *session = NULL;
	const struct racing *racing_at = racing_case(core->name);
	struct hms_error *err;

	if (!racing_at) {
		snprintf(what_ret, what_size, "# SKIP no race");
		return true;
	}
	err = hms_session_open(&options, &session);
	if (err) {
		printf("# %s\n", err->message);
		hms_err_free(err);
		return false;
	}
	return look(racing_at, session, core->traceback, what_ret, what_size);
}

int main(void)
{
	/* The others have no race. */
	setenv("HMS_CORES", "*/race*", 0);
	return bundled_run(compare);
}
