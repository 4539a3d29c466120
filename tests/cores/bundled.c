#include "bundled.h"

#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/arena.h"
#include "util/str.h"

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : ".";
}

/* corefiles/1.21/growing.truth.json: the core lies beside it, the executable is unpacked to the
 * build directory. */
static void describe(struct hms_arena *arena, const char *truth, struct bundled *ret)
{
	int len = (int)(strlen(truth) - strlen(".truth.json"));
	const char *name = strrchr(truth, '/') + 1, *release = name - 1;

	while (release > truth && release[-1] != '/')
		release--;
	ret->truth = truth;
	ret->title = hms_arena_printf(arena, "%.*s", len - (int)(release - truth), release);
	ret->release = hms_arena_printf(arena, "%.*s", (int)(name - release) - 1, release);
	ret->name = hms_arena_printf(arena, "%.*s", len - (int)(name - truth), name);
	ret->exe = hms_arena_printf(arena, "%s/corefiles/%s/exe", variable("HMS_BUILDDIR"),
				    ret->release);
	ret->core = hms_arena_printf(arena, "%.*s.core.zst", len, truth);
	ret->traceback = hms_arena_printf(arena, "%.*s.traceback.txt", len, truth);
	if (access(ret->traceback, R_OK) != 0)
		ret->traceback = NULL;
	ret->stripped = strstr(ret->release, "-stripped") != NULL;
	ret->damaged = strstr(ret->release, "-stuck") != NULL;
}

/* A core's test in a process of its own; what it prints goes to a file until its turn comes. */
struct run {
	struct bundled core;
	FILE *output;
	pid_t pid;
};

static void start(struct run *run, bundled_test *test, size_t number)
{
	char what[BUNDLED_WHAT] = "";
	bool good;

	run->output = tmpfile();
	fflush(stdout);
	run->pid = run->output ? fork() : -1;
	if (run->pid)
		return;
	dup2(fileno(run->output), STDOUT_FILENO);
	good = test(&run->core, what, sizeof(what));
	printf("%s %zu - %s %s\n", good ? "ok" : "not ok", number, run->core.title, what);
	exit(!good); /* not _exit(): a leak is a failure too */
}

static bool finish(struct run *run, size_t number)
{
	int status = -1, c;

	if (run->pid > 0)
		waitpid(run->pid, &status, 0);
	if (run->output) {
		rewind(run->output);
		while ((c = getc(run->output)) != EOF)
			putchar(c);
		fclose(run->output);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		printf("not ok %zu - %s ended with status 0x%x\n", number, run->core.title, status);
	return status == 0;
}

static bool run_all(struct run *runs, size_t n, bundled_test *test)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t started = 0, at_once = processors > 0 ? (size_t)processors : 1;
	bool good = true;

	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		for (; started < n && started < i + at_once; started++)
			start(&runs[started], test, started + 1);
		good = finish(&runs[i], i + 1) && good;
	}
	return good;
}

int bundled_run(bundled_test *test)
{
	char *pattern = hms_xprintf("%s/corefiles/*/*.truth.json", variable("HMS_SRCDIR"));
	const char *wanted = getenv("HMS_CORES");
	struct hms_arena *arena = hms_arena_create();
	struct run *runs = NULL;
	size_t n = 0, cap = 0;
	bool good = false;
	glob_t found;

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			struct run run = {0};

			describe(arena, found.gl_pathv[i], &run.core);
			if (wanted && fnmatch(wanted, run.core.title, 0) != 0)
				continue;
			HMS_GROW(runs, n, cap);
			runs[n++] = run;
		}
		good = n && run_all(runs, n, test);
		globfree(&found);
	}
	if (!n)
		printf("1..1\nnot ok 1 - there are bundled cores\n");
	free(runs);
	hms_arena_destroy(arena);
	free(pattern);
	return !good;
}
