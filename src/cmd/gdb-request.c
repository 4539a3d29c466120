#include "cmd/gdb-request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"

#define MAX_WORDS 1000

static void free_word(struct hms_gdb_word *word)
{
	free(word->text);
	free(word->value);
	free(word->key);
}

void hms_gdb_request_free(struct hms_gdb_request *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nwords; i++)
		free_word(&r->words[i]);
	free(r->words);
	free(r->command);
	free(r->directory);
	free(r->all);
	free(r->core);
	free(r->exe);
	free(r);
}

/* ---- lines -------------------------------------------------------------------------------- */

static char *copy(const char *s, size_t len)
{
	char *ret = hms_xcalloc(len + 1, 1);

	memcpy(ret, s, len);
	return ret;
}

/* What follows @start on the first line that begins with it; NULL: there is none. */
static char *line_after(const char *text, const char *start)
{
	size_t len = strlen(start);

	for (; text; text = strchr(text, '\n'), text += text != NULL)
		if (strncmp(text, start, len) == 0)
			return copy(text + len, strcspn(text + len, "\n"));
	return NULL;
}

/* The same for a number, @from a place in the text; false: there is none. */
static bool number_after(const char *text, const char *start, uint64_t *ret)
{
	HMS_AUTO_FREE char *line = line_after(text, start);
	char *end;

	if (!line)
		return false;
	errno = 0;
	*ret = strtoull(line, &end, 10);
	return end != line && !errno;
}

/* A line about word @i: "@what I TEXT". */
static char *word_line(const char *text, const char *what, size_t i)
{
	HMS_AUTO_FREE char *start = hms_xprintf("%s%zu ", what, i);

	return line_after(text, start);
}

/* ---- files -------------------------------------------------------------------------------- */

/* Under @title, "info files" names a file: "\t`/a/file', file type elf64-x86-64." */
static char *file_under(const char *text, const char *title)
{
	HMS_AUTO_FREE char *start = hms_xprintf("\n%s\n\t`", title);
	const char *name = strstr(text, start), *end;

	if (!name)
		return NULL;
	name += strlen(start);
	end = strstr(name, "', file type ");
	return end ? copy(name, (size_t)(end - name)) : NULL;
}

/* Files of a sysroot on the target, as gdb writes them, are tried here. */
static char *local(char *path)
{
	static const char target[] = "target:";

	if (path && strncmp(path, target, strlen(target)) == 0)
		memmove(path, path + strlen(target), strlen(path + strlen(target)) + 1);
	return path;
}

/* ---- request ------------------------------------------------------------------------------ */

static struct hms_error *parse_words(const char *text, struct hms_gdb_request *r)
{
	uint64_t n = 0;

	number_after(text, "hmapscope-words ", &n);
	if (n > MAX_WORDS)
		return hms_err(HMS_ERR_USAGE, "cannot start: there are %" PRIu64 " words", n);
	r->words = hms_xcalloc(n, sizeof(*r->words));
	r->nwords = n;
	for (size_t i = 0; i < n; i++) {
		r->words[i] = (struct hms_gdb_word){
			.text = word_line(text, "macro define _hmapscope_word_", i),
			.value = word_line(text, "hmapscope-value ", i),
			.key = word_line(text, "hmapscope-key ", i),
		};
		if (!r->words[i].text)
			return hms_err(HMS_ERR_FORMAT, "gdb did not pass word %zu on", i + 1);
	}
	r->all = line_after(text, "hmapscope-value all ");
	return NULL;
}

static struct hms_error *parse_directory(const char *text, struct hms_gdb_request *r)
{
	HMS_AUTO_FREE char *line = line_after(text, "hmapscope-directory ");
	unsigned int pid, n;

	if (!line || sscanf(line, "%9u %9u", &pid, &n) != 2)
		return hms_err(HMS_ERR_FORMAT, "this is no request from hmapscope.gdb");
	r->directory = hms_xprintf("/tmp/hmapscope-gdb-%u-%u", pid, n);
	return NULL;
}

struct hms_error *hms_gdb_request_parse(const char *text, struct hms_gdb_request **ret)
{
	HMS_AUTO(hms_gdb_request) struct hms_gdb_request *r = hms_xcalloc(1, sizeof(*r));

	HMS_TRY(parse_directory(text, r));
	r->command = line_after(text, "hmapscope-command ");
	if (!r->command || !number_after(text, "hmapscope-answer ", &r->answer))
		return hms_err(HMS_ERR_FORMAT, "this is no request from hmapscope.gdb");
	number_after(text, "hmapscope-snapshots ", &r->taken);
	number_after(text, "hmapscope-thread ", &r->thread);
	number_after(text, "hmapscope-columns ", &r->columns);
	HMS_TRY(parse_words(text, r));
	r->core = local(file_under(text, "Local core dump file:"));
	r->exe = local(file_under(text, "Local exec file:"));
	*ret = hms_take(r);
	return NULL;
}
