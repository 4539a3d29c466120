/*
 * hmapscope: what state the maps in a Go core dump are in.
 *
 * The command line is read in two steps: options that stand before the command, and the command's
 * own.  Without a command the report is meant.
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/str.h"

static const struct hms_cmd *const commands[] = {
#define X(name) &hms_cmd_##name,
#include "cmd/commands.def"
#undef X
};

/* argp finds it by its name: -fvisibility=hidden must not hide it. */
__attribute__((visibility("default"))) const char *argp_program_version = PACKAGE_STRING;

static char program_name[] = "hmapscope";

/* The command that @word names, exactly or as a unique beginning; NULL: none.  A file of that
 * name is meant where the word is no whole command name. */
static const struct hms_cmd *command_named(const char *word)
{
	const struct hms_cmd *found = NULL;

	for (size_t i = 0; i < HMS_ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i]->name, word) == 0)
			return commands[i];
		if (!*word || commands[i]->hidden || strncmp(commands[i]->name, word, strlen(word)))
			continue;
		if (found)
			return NULL;
		found = commands[i];
	}
	return found && access(word, F_OK) != 0 ? found : NULL;
}

/* ---- step one: what stands before the command ---------------------------------------------- */

struct head {
	struct hms_input *input;
	int first; /* index of the first argument that is no option; 0: there is none */
};

static error_t parse_head(int key, char *arg, struct argp_state *state)
{
	struct head *head = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = head->input; return 0;
	case ARGP_KEY_ARG:
		head->first = state->next - 1;
		state->next = state->argc;
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static char *head_doc(void)
{
	struct hms_str doc = HMS_STR_INIT;

	hms_str_add(&doc,
		    "Say what state the maps in a Go core dump are in.\v"
		    "The first file that is a core is CORE; what stands before it is EXE, what\n"
		    "follows are MAPs: addresses, or owners as the tool prints them. Without EXE\n"
		    "it is found from the core.\n\nCommands (short forms will do while unique):\n");
	for (size_t i = 0; i < HMS_ARRAY_LEN(commands); i++)
		if (!commands[i]->hidden)
			hms_str_addf(&doc, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	hms_str_add(&doc,
		    "\nhmapscope COMMAND --help tells a command's own options.\n"
		    "Exit status: 0 clean, 1 findings, 2 the answer is incomplete, 64 usage,\n"
		    "65 an input that cannot be used.");
	return hms_str_steal(&doc);
}

static int find_command(int argc, char **argv, struct hms_input *input)
{
	static const struct argp_child children[] = {{&hms_input_argp, 0, NULL, 0}, {0}};
	HMS_AUTO_FREE char *doc = head_doc();
	struct argp argp = {
		.parser = parse_head,
		.args_doc = "[COMMAND] [EXE] CORE [MAP...]",
		.doc = doc,
		.children = children,
	};
	struct head head = {.input = input};

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &head);
	return head.first;
}

/* ---- step two: the command's own options --------------------------------------------------- */

struct tail {
	struct hms_input *input;
	const struct hms_cmd *cmd;
	void *options;
};

static error_t parse_tail(int key, char *arg, struct argp_state *state)
{
	struct tail *tail = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = tail->input;
		state->hook = tail->options;
		return 0;
	case ARGP_KEY_ARG: tail->input->args[tail->input->nargs++] = arg; return 0;
	default: return tail->cmd->parse ? tail->cmd->parse(key, arg, state) : ARGP_ERR_UNKNOWN;
	}
}

static struct hms_error *run(const struct hms_cmd *cmd, int argc, char **argv,
			     struct hms_input *input, int *status_ret)
{
	static const struct argp_child children[] = {{&hms_input_argp, 0, "Common options:", 1},
						     {0}};
	struct argp argp = {
		.options = cmd->options,
		.parser = parse_tail,
		.args_doc = cmd->args,
		.doc = cmd->doc,
		.children = children,
	};
	HMS_AUTO_FREE void *options = hms_xcalloc(1, cmd->options_size);
	struct tail tail = {.input = input, .cmd = cmd, .options = options};

	input->name = cmd->name;
	argp_parse(&argp, argc, argv, 0, NULL, &tail);
	if (!cmd->no_core)
		HMS_TRY(hms_input_resolve(input));
	return cmd->run(input, options, status_ret);
}

static int fail(struct hms_error *err)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	int status = hms_err_exit_status(err);

	/* Messages quote paths and names that come from the core. */
	hms_escape_text(&text, err->message, strlen(err->message));
	fprintf(stderr, "hmapscope: %s\n", hms_str_text(&text));
	hms_err_free(err);
	return status;
}

int main(int argc, char **argv)
{
	HMS_AUTO_FREE char **args = hms_xcalloc((size_t)argc + 1, sizeof(*args));
	HMS_AUTO_FREE char *name = NULL;
	struct hms_input input = {
		.args = args, .commands = commands, .ncommands = HMS_ARRAY_LEN(commands)};
	const struct hms_cmd *cmd = &hms_cmd_report;
	struct hms_error *err;
	int status = 0, first;

	/* Only the character set matters: numbers are ours to write. */
	setlocale(LC_CTYPE, "");
	argp_err_exit_status = HMS_EXIT_USAGE;
	/* A limit on file sizes is an error of unpacking, not a death. */
	signal(SIGXFSZ, SIG_IGN);
	/* Messages of getopt begin with it. */
	argv[0] = program_name;
	first = find_command(argc, argv, &input);
	if (!first)
		return fail(hms_err(HMS_ERR_USAGE, "cannot start: no CORE is given (see --help)"));
	if (command_named(argv[first]))
		cmd = command_named(argv[first++]);
	/* argp takes the first word for the program's name. */
	name = hms_xprintf("hmapscope %s", cmd->name);
	argv[--first] = name;
	err = run(cmd, argc - first, argv + first, &input, &status);
	return err ? fail(err) : status;
}
