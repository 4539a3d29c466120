/*
 * What gdb/hmapscope.gdb asks: lines of its own, then what "macro list" and "info files" print, in
 * this order.  Words come as macros because gdb prints those as they were typed.
 *
 * The file names in it may hold anything.  What they could pass for comes first and counts first.
 */
#ifndef HMS_CMD_GDB_REQUEST_H
#define HMS_CMD_GDB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/str.h"

struct hms_cmd;

struct hms_gdb_word {
	char *text;  /* as typed: quotes are still there */
	char *value; /* what gdb makes of it, "0x..."; NULL: it is no expression */
	char *key;   /* the same as gdb prints it, for a key */
};

struct hms_gdb_request {
	char *command;
	char *directory;  /* for answers and snapshots */
	uint64_t answer;  /* number of the file to write there */
	uint64_t taken;   /* how many snapshots are there: snapshot.1 is the first */
	uint64_t thread;  /* the one selected; 0: nothing is running or was */
	uint64_t columns; /* of gdb's pages; 0: no limit */
	struct hms_gdb_word *words;
	size_t nwords;
	char *all;  /* value of all words as one expression */
	char *core; /* NULL: no core is open */
	char *exe;  /* NULL: none is open */
};

/* Parse what was read from gdb.  HMS_ERR_FORMAT where it is no request. */
struct hms_error *hms_gdb_request_parse(const char *text, struct hms_gdb_request **ret)
	HMS_MUST_USE;
void hms_gdb_request_free(struct hms_gdb_request *request); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_gdb_request, hms_gdb_request_free)

/* Append @word as a shell would understand its quotes and backslashes; nothing is expanded. */
void hms_gdb_unquote(const char *word, struct hms_str *ret);

/* Arguments for the program, of which the words are part. */
struct hms_gdb_args {
	char **args; /* NULL behind the last */
	size_t n, cap;
};

void hms_gdb_args_add(struct hms_gdb_args *args, const char *arg);
void hms_gdb_args_deinit(struct hms_gdb_args *args);

/* Is @cmd only asked for its help? */
bool hms_gdb_wants_help(const struct hms_gdb_request *request);

/* Which words of @request are options of @cmd, or arguments of such: appended to @options as a
 * shell would pass them.  The others' numbers are put into @places, which has room for all; returns
 * how many those are. */
size_t hms_gdb_split(const struct hms_gdb_request *request, const struct hms_cmd *cmd,
		     struct hms_gdb_args *options, size_t *places);

/* What the @n words of @places mean as MAPs, addresses and, from the second on, the KEY of a
 * lookup: appended to @ret.  HMS_ERR_NOT_FOUND where gdb says that it is 0. */
struct hms_error *hms_gdb_values(const struct hms_gdb_request *request, const size_t *places,
				 size_t n, struct hms_gdb_args *ret) HMS_MUST_USE;

#endif
