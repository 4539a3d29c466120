/* Options and arguments that all commands share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "util/threads.h"

enum {
	KEY_FORMAT = 0x100,
	KEY_JSON,
	KEY_COLOR,
	KEY_REDACT,
	KEY_FORCE,
	KEY_SYSROOT,
	KEY_DEBUG_FILE,
	KEY_WIDTH,
};

static const struct argp_option options[] = {
	{"format", KEY_FORMAT, "FORMAT", 0, "Output as text (default), json or html", 0},
	{"json", KEY_JSON, NULL, 0, "Same as --format=json", 0},
	{"jobs", 'j', "N", 0, "Number of threads (default: one a processor)", 0},
	{"color", KEY_COLOR, "WHEN", 0, "Colour: auto (default), always or never", 0},
	{"redact", KEY_REDACT, NULL, 0, "Let no byte of a key or element into the output", 0},
	{"force", KEY_FORCE, NULL, 0, "Go on where EXE is of another build than CORE", 0},
	{"sysroot", KEY_SYSROOT, "DIR", 0, "Where the files of the process's container are", 0},
	{"debug-file", KEY_DEBUG_FILE, "FILE", 0, "EXE's debug information, if it is apart", 0},
	{"width", KEY_WIDTH, "N", OPTION_HIDDEN, "Columns of text, whatever it is written to", 0},
	{NULL, 'h', NULL, OPTION_HIDDEN, NULL, 0},
	{0},
};

static void parse_choice(struct argp_state *state, const char *option, const char *arg,
			 const char *const *choices, int *ret)
{
	for (int i = 0; choices[i]; i++) {
		if (strcmp(arg, choices[i]) == 0) {
			*ret = i;
			return;
		}
	}
	argp_error(state, "--%s does not know '%s'", option, arg);
}

static void parse_number(struct argp_state *state, const char *option, const char *arg,
			 unsigned int max, unsigned int *ret)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(arg, &end, 10);
	if (errno || *end || end == arg || arg[0] == '-' || n < 1 || n > max)
		argp_error(state, "--%s takes a number from 1 to %u, not '%s'", option, max, arg);
	*ret = (unsigned int)n;
}

uint64_t hms_parse_size(struct argp_state *state, const char *option, const char *arg)
{
	static const char units[] = "KMG";
	unsigned long long n;
	const char *unit;
	char *end;

	n = strtoull(arg, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (end == arg || arg[0] == '-' || (*end && (!unit || end[1])))
		argp_error(state, "--%s takes a number, with K, M or G, not '%s'", option, arg);
	for (ptrdiff_t i = unit ? unit - units + 1 : 0; i; i--)
		n = n > UINT64_MAX / 1024 ? UINT64_MAX : n * 1024;
	return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	static const char *const formats[] = {"text", "json", "html", NULL};
	static const char *const colors[] = {"auto", "always", "never", NULL};
	struct hms_input *input = state->input;
	int choice = 0;

	switch (key) {
	case KEY_FORMAT:
		parse_choice(state, "format", arg, formats, &choice);
		input->format = (enum hms_format)choice;
		return 0;
	case KEY_JSON: input->format = HMS_FORMAT_JSON; return 0;
	case 'h': argp_state_help(state, stdout, ARGP_HELP_STD_HELP); return 0;
	case 'j': parse_number(state, "jobs", arg, 1024, &input->session.jobs); return 0;
	case KEY_COLOR:
		parse_choice(state, "color", arg, colors, &choice);
		input->color = (enum hms_color)choice;
		return 0;
	case KEY_REDACT: input->redact = true; return 0;
	case KEY_FORCE: input->session.force = true; return 0;
	case KEY_SYSROOT: input->session.sysroot = arg; return 0;
	case KEY_DEBUG_FILE: input->session.debug_file = arg; return 0;
	case KEY_WIDTH: parse_number(state, "width", arg, 100000, &input->width); return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

const struct argp hms_input_argp = {.options = options, .parser = parse};

static void set_inputs(struct hms_input *input, char *exe, char *core, size_t used)
{
	input->session.exe = exe;
	input->session.core = core;
	input->maps = input->args + used;
	input->nmaps = input->nargs - used;
}

struct hms_error *hms_input_resolve(struct hms_input *input)
{
	char **args = input->args;

	if (!input->session.jobs)
		input->session.jobs = hms_threads_available();
	if (input->nargs == 0)
		return hms_err(HMS_ERR_USAGE, "cannot start: no CORE is given (see --help)");
	if (hms_corefile_probe(args[0]))
		set_inputs(input, NULL, args[0], 1);
	else if (input->nargs > 1)
		set_inputs(input, args[0], args[1], 2);
	else
		set_inputs(input, NULL, args[0], 1);
	return NULL;
}
