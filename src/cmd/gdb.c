/*
 * hmapscope gdb: what gdb/hmapscope.gdb calls.  The request comes on standard input; the command
 * that it asks for is run as a program of its own, and what that prints goes back as a file of gdb
 * commands.  Not for people, so no help lists it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/gdb-answer.h"
#include "cmd/gdb-request.h"
#include "report/format.h"
#include "util/escape.h"

#define MAX_REQUEST (256u << 20) /* bytes */

struct gdb {
	struct hms_gdb_request *request;
	struct hms_gdb_args args; /* of the program that is run */
	FILE *output, *errors;    /* what it printed */
};

static void gdb_deinit(struct gdb *gdb)
{
	hms_gdb_request_free(gdb->request);
	hms_gdb_args_deinit(&gdb->args);
	hms_file_cleanup(&gdb->output);
	hms_file_cleanup(&gdb->errors);
}

static struct hms_error *read_request(struct hms_gdb_request **ret)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	char piece[4096];
	size_t n;

	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0 && text.len < MAX_REQUEST)
		hms_str_addn(&text, piece, n);
	return hms_gdb_request_parse(hms_str_text(&text), ret);
}

/* ---- which core --------------------------------------------------------------------------- */

/* The core that is open, else the last snapshot; malloc'ed. */
static struct hms_error *pick_core(const struct hms_gdb_request *r, char **ret)
{
	if (r->core)
		*ret = hms_xstrdup(r->core);
	else if (r->taken)
		*ret = hms_gdb_snapshot_path(r, r->taken);
	else if (r->thread)
		return hms_err(HMS_ERR_UNSUPPORTED,
			       "cannot read a live process: take a snapshot first (hmapscope "
			       "snapshot)");
	else
		return hms_err(HMS_ERR_USAGE,
			       "cannot start: gdb has no core open (core-file FILE opens one)");
	return NULL;
}

/* OLD and NEW: as named, or the core in hand, or the last two snapshots. */
static struct hms_error *add_cores(const struct hms_gdb_request *r, const size_t *places, size_t n,
				   struct hms_gdb_args *ret)
{
	HMS_AUTO_FREE char *core = NULL;
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;

	for (size_t i = 0; i < n; i++) {
		hms_str_clear(&name);
		hms_gdb_unquote(r->words[places[i]].text, &name);
		hms_gdb_args_add(ret, hms_str_text(&name));
	}
	if (n > 1)
		return NULL;
	if (n == 0 && r->taken < 2)
		return hms_err(HMS_ERR_USAGE,
			       "cannot compare: name an older core, or take two snapshots "
			       "(hmapscope snapshot)");
	if (n == 0) {
		core = hms_gdb_snapshot_path(r, r->taken - 1);
		hms_gdb_args_add(ret, core);
		free(core);
		core = hms_gdb_snapshot_path(r, r->taken);
	} else {
		HMS_TRY(pick_core(r, &core));
	}
	hms_gdb_args_add(ret, core);
	return NULL;
}

/* ---- arguments ---------------------------------------------------------------------------- */

static const struct hms_cmd *command_named(const struct hms_input *input, const char *name)
{
	for (size_t i = 0; i < input->ncommands; i++)
		if (strcmp(input->commands[i]->name, name) == 0)
			return input->commands[i];
	return NULL;
}

static void add_words(const struct hms_gdb_request *r, const size_t *places, size_t n,
		      struct hms_gdb_args *ret)
{
	HMS_AUTO_STR struct hms_str word = HMS_STR_INIT;

	for (size_t i = 0; i < n; i++) {
		hms_str_clear(&word);
		hms_gdb_unquote(r->words[places[i]].text, &word);
		hms_gdb_args_add(ret, hms_str_text(&word));
	}
}

static bool takes_maps(const struct hms_cmd *cmd)
{
	return strcmp(cmd->name, "goroutines") != 0;
}

/* EXE CORE and what the words mean to the command. */
static struct hms_error *add_inputs(const struct hms_gdb_request *r, const struct hms_cmd *cmd,
				    const size_t *places, size_t n, struct hms_gdb_args *ret)
{
	HMS_AUTO_FREE char *core = NULL;

	if (cmd->no_core && strcmp(cmd->name, "diff") != 0) {
		add_words(r, places, n, ret);
		return NULL;
	}
	if (r->exe)
		hms_gdb_args_add(ret, r->exe);
	if (strcmp(cmd->name, "diff") == 0)
		return add_cores(r, places, n, ret);
	HMS_TRY(pick_core(r, &core));
	hms_gdb_args_add(ret, core);
	if (takes_maps(cmd))
		return hms_gdb_values(r, places, n, ret);
	add_words(r, places, n, ret);
	return NULL;
}

static struct hms_error *make_args(const struct hms_gdb_request *r, const struct hms_cmd *cmd,
				   struct hms_gdb_args *ret)
{
	HMS_AUTO_FREE size_t *places = hms_xcalloc(r->nwords, sizeof(*places));
	HMS_AUTO_FREE char *width = hms_xprintf("--width=%" PRIu64, r->columns);
	size_t n;

	hms_gdb_args_add(ret, "hmapscope");
	hms_gdb_args_add(ret, cmd->name);
	if (hms_gdb_wants_help(r)) {
		hms_gdb_args_add(ret, "--help");
		return NULL;
	}
	if (r->columns)
		hms_gdb_args_add(ret, width);
	n = hms_gdb_split(r, cmd, ret, places);
	hms_gdb_args_add(ret, "--");
	return add_inputs(r, cmd, places, n, ret);
}

/* ---- running ------------------------------------------------------------------------------ */

HMS_NORETURN static void become(const struct gdb *gdb)
{
	int nothing = open("/dev/null", O_RDONLY);

	if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
	    dup2(fileno(gdb->output), STDOUT_FILENO) >= 0 &&
	    dup2(fileno(gdb->errors), STDERR_FILENO) >= 0)
		execv("/proc/self/exe", gdb->args.args);
	fprintf(gdb->errors, "hmapscope: cannot start: %s\n", strerror(errno));
	fflush(gdb->errors);
	_exit(HMS_EXIT_INPUT);
}

static struct hms_error *run_program(struct gdb *gdb, int *status_ret)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return hms_err_os(errno, "cannot start");
	if (pid == 0)
		become(gdb);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return hms_err_os(errno, "cannot wait for the answer");
	if (WIFSIGNALED(status))
		return hms_err(HMS_ERR_UNSUPPORTED, "died: %s", strsignal(WTERMSIG(status)));
	*status_ret = WEXITSTATUS(status);
	/* Without EXE the program looks for it where the process had it. */
	if (*status_ret == HMS_EXIT_INPUT && !gdb->request->exe)
		fputs("hmapscope: gdb has no executable open (file FILE opens one)\n", gdb->errors);
	return NULL;
}

/* ---- snapshots ---------------------------------------------------------------------------- */

static struct hms_error *begin_snapshot(const struct hms_gdb_request *r)
{
	HMS_AUTO_STR struct hms_str file = HMS_STR_INIT;

	if (r->core || !r->thread)
		return hms_err(HMS_ERR_USAGE, "cannot take a snapshot: gdb has no live process");
	for (size_t i = 0; i < r->nwords; i++) {
		if (i)
			hms_str_addc(&file, ' ');
		hms_gdb_unquote(r->words[i].text, &file);
	}
	return hms_gdb_snapshot_prepare(r, r->nwords ? hms_str_text(&file) : NULL);
}

static struct hms_error *describe_snapshot(struct gdb *gdb)
{
	const struct hms_gdb_request *r = gdb->request;
	HMS_AUTO_FREE char *path = hms_gdb_snapshot_path(r, r->taken);
	HMS_AUTO_FREE char *temporary =
		hms_xprintf("%s/temporary.%" PRIu64, r->directory, r->taken);
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	struct stat st;

	if (stat(path, &st) != 0)
		return hms_err_os(errno, "cannot find the snapshot '%s'", path);
	hms_str_addf(&text, "snapshot %" PRIu64 ": ", r->taken);
	hms_format_bytes_long(&text, (uint64_t)st.st_size);
	hms_str_add(&text, " in ");
	hms_escape_text(&text, path, strlen(path));
	fprintf(gdb->output, "%s%s\n", hms_str_text(&text),
		access(temporary, F_OK) == 0 ? " (removed when gdb ends)" : "");
	return NULL;
}

/* ---- the command -------------------------------------------------------------------------- */

static struct hms_error *answer(const struct hms_input *input, struct gdb *gdb, int *status_ret)
{
	const struct hms_cmd *cmd;

	if (strcmp(gdb->request->command, "snapshot") == 0)
		return begin_snapshot(gdb->request);
	if (strcmp(gdb->request->command, "snapshot-taken") == 0)
		return describe_snapshot(gdb);
	cmd = command_named(input, gdb->request->command);
	if (!cmd)
		return hms_err(HMS_ERR_USAGE, "this version of the program has no command '%s'",
			       gdb->request->command);
	HMS_TRY(make_args(gdb->request, cmd, &gdb->args));
	return run_program(gdb, status_ret);
}

static void write_error(struct gdb *gdb, struct hms_error *err, int *status_ret)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	hms_escape_text(&text, err->message, strlen(err->message));
	fprintf(gdb->errors, "hmapscope: %s\n", hms_str_text(&text));
	/* 2 means an answer that lacks something; here there is none. */
	*status_ret = HMS_MAX(hms_err_exit_status(err), HMS_EXIT_USAGE);
	hms_err_free(err);
}

static struct hms_error *run(struct hms_input *input, void *options, int *status_ret)
{
	HMS_CLEANUP(gdb_deinit) struct gdb gdb = {.output = tmpfile(), .errors = tmpfile()};
	struct hms_error *err;

	(void)options;
	if (!gdb.output || !gdb.errors)
		return hms_err_os(errno, "cannot make a temporary file for the answer");
	HMS_TRY(read_request(&gdb.request));
	*status_ret = HMS_EXIT_CLEAN;
	err = answer(input, &gdb, status_ret);
	if (err)
		write_error(&gdb, err, status_ret);
	return hms_gdb_answer_write(gdb.request, gdb.output, gdb.errors);
}

const struct hms_cmd hms_cmd_gdb = {
	.name = "gdb",
	.summary = "answer a request of hmapscope.gdb",
	.doc = "Read a request of hmapscope.gdb and answer it; see hmapscope-gdb(7).",
	.no_core = true,
	.hidden = true,
	.run = run,
};
