/*
 * Commands: one file a command, one struct hms_cmd; main.c has the table.  Only this folder and
 * main.c write to standard error or decide the exit status.
 */
#ifndef HMS_CMD_CMD_H
#define HMS_CMD_CMD_H

#include <argp.h>

#include "check/check.h"
#include "check/context.h"
#include "report/columns.h"
#include "report/model.h"
#include "session/session.h"
#include "util/error.h"

/* Exit status: DESIGN of the command line, hmapscope(1). */
enum {
	HMS_EXIT_CLEAN = 0,
	HMS_EXIT_FINDINGS = 1,
	HMS_EXIT_INCOMPLETE = 2,
	HMS_EXIT_USAGE = 64,
	HMS_EXIT_INPUT = 65,
};

enum hms_format { HMS_FORMAT_TEXT, HMS_FORMAT_JSON, HMS_FORMAT_HTML };

struct hms_cmd;

/* What every command understands (input.c): options, and EXE CORE MAP... */
struct hms_input {
	const char *name; /* of the command */
	enum hms_format format;
	enum hms_color color;
	bool redact;
	struct hms_session_options session;
	char **args; /* all arguments that are no options */
	size_t nargs;
	char **maps; /* of these, the ones behind CORE */
	size_t nmaps;
	bool check;                            /* all rules, not only what a list needs */
	const struct hms_rule_set *rules;      /* NULL: all */
	unsigned int width;                    /* columns of text; 0: the terminal's */
	const struct hms_cmd *const *commands; /* all there are */
	size_t ncommands;
};

/* Shared child parser of each command's argp; its input is the struct hms_input. */
extern const struct argp hms_input_argp;

/* Tell EXE, CORE and MAPs apart: the first argument that is a core is CORE. */
struct hms_error *hms_input_resolve(struct hms_input *input) HMS_MUST_USE;

/* "64", "64K", "1G": bytes, as the argument of --@option; a usage error for what is none. */
uint64_t hms_parse_size(struct argp_state *state, const char *option, const char *arg);

/* What --format asks for, on standard output. */
struct hms_renderer *hms_renderer_for(const struct hms_input *input);

struct hms_cmd {
	const char *name;
	const char *args;                  /* "[EXE] CORE [MAP...]" */
	const char *summary;               /* for the list of commands */
	const char *doc;                   /* for --help */
	const struct argp_option *options; /* of its own, or NULL */
	error_t (*parse)(int key, char *arg, struct argp_state *state); /* of these, or NULL */
	size_t options_size; /* bytes of what parse fills: state->hook */
	bool no_core;        /* arguments are its own: no CORE is wanted */
	bool hidden;         /* for programs: in no list, and has no short form */
	struct hms_error *(*run)(struct hms_input *input, void *options, int *status_ret);
};

#define X(name) extern const struct hms_cmd hms_cmd_##name;
#include "cmd/commands.def"
#undef X

/* ---- what the map commands share (view.c) -------------------------------------------------- */

/* A core opened, its maps found, walked and checked, and the report begun. */
struct hms_view {
	const struct hms_input *input;
	struct hms_session *session;
	struct hms_found *found;
	struct hms_operations *operations; /* NULL: the stacks cannot be read */
	struct hms_races *races;           /* likewise */
	struct hms_check_stacks stacks;    /* both, for the rules */
	struct hms_findings findings;
	struct hms_check_work work;
	struct hms_doc doc;
	struct hms_renderer *renderer;
	struct hms_str owner; /* of the row in hand */
	struct hms_str note;
	struct hms_map_stats stats;
};

/* Open and analyse; on success hms_view_close() is due. */
struct hms_error *hms_view_open(const struct hms_input *input, struct hms_view *ret) HMS_MUST_USE;
/* Open and read the goroutines; no map is looked for. */
struct hms_error *hms_view_open_goroutines(const struct hms_input *input, struct hms_view *ret)
	HMS_MUST_USE;
void hms_view_close(struct hms_view *view);

/* Emit the head of the report: what was read, what limits the answer, the summary. */
void hms_view_begin(struct hms_view *view);

/* @map as a row; what it borrows is valid until the next call. */
struct hms_map_row hms_view_row(struct hms_view *view, const struct hms_map *map);

/* How far @map's growth is, and what moves it on: "3 of 8 old buckets moved; ...".  Appended to
 * @ret; returns a title for it: "growth waiting for writes". */
const char *hms_view_growth(struct hms_view *view, const struct hms_map *map,
			    const struct hms_map_stats *stats, struct hms_str *ret);

/* The owner's path of @map, "" where none is known; valid until the next call. */
const char *hms_view_owner(struct hms_view *view, const struct hms_map *map);

/* The findings of @map, or all of them (NULL). */
void hms_view_findings(struct hms_view *view, const struct hms_map *map);

/* All goroutines (goroutines.c). */
void hms_emit_goroutines(struct hms_view *view);

/* End the report; the exit status, with @findings_matter as for report, check and show. */
struct hms_error *hms_view_end(struct hms_view *view, bool findings_matter, int *status_ret)
	HMS_MUST_USE;

/* Maps in the order of a column (NULL: by bytes), largest first; @reverse: smallest first.  Equal
 * ones by address.  *ret is malloc'ed. */
void hms_view_sorted(struct hms_view *view, const struct hms_column *column, bool reverse,
		     const struct hms_map ***ret);

/* The map that @name means: its address, one in its memory or of a variable that holds it, or an
 * owner as it is printed (which.c).
 * HMS_ERR_NOT_FOUND; HMS_ERR_USAGE where several maps have that owner. */
struct hms_error *hms_view_find(struct hms_view *view, const char *name, const struct hms_map **ret)
	HMS_MUST_USE;

#endif
