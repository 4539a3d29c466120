/* Files in the directory that hmapscope.gdb made, and what is put there. */
#ifndef HMS_CMD_GDB_ANSWER_H
#define HMS_CMD_GDB_ANSWER_H

#include "cmd/gdb-request.h"

/* Append @text as gdb commands that print it, a line each. */
void hms_gdb_echo(const char *text, size_t len, struct hms_str *ret);

/* Write @output and then @errors as the answer to @request. */
struct hms_error *hms_gdb_answer_write(const struct hms_gdb_request *request, FILE *output,
				       FILE *errors) HMS_MUST_USE;

/* The file of snapshot @n, 1 for the first; malloc'ed. */
char *hms_gdb_snapshot_path(const struct hms_gdb_request *request, uint64_t n);

/* Prepare for gdb to write a snapshot: to @file, which must not be there yet, or (NULL) to one
 * that is removed with the directory. */
struct hms_error *hms_gdb_snapshot_prepare(const struct hms_gdb_request *request, const char *file)
	HMS_MUST_USE;

#endif
