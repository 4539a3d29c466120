#include "cmd/gdb-answer.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"

#define MODE 0600 /* cores and reports hold what the process held */

static char *path_of(const struct hms_gdb_request *r, const char *name, uint64_t n)
{
	return hms_xprintf("%s/%s.%" PRIu64, r->directory, name, n);
}

/* ---- answers ------------------------------------------------------------------------------ */

/* gdb drops blanks at the start of what it echoes, and takes backslashes as C does. */
static void echo_line(const char *line, size_t len, struct hms_str *ret)
{
	hms_str_add(ret, "echo ");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c == '\\' || (c == ' ' && i == 0))
			hms_str_addc(ret, '\\');
		if (c == '\t')
			hms_str_add(ret, "\\t");
		else if (iscntrl(c) && c < 0x80 && c != '\033')
			hms_str_addc(ret, '?');
		else
			hms_str_addc(ret, line[i]);
	}
	hms_str_add(ret, "\\n\n");
}

void hms_gdb_echo(const char *text, size_t len, struct hms_str *ret)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		echo_line(text, (size_t)(stop - text), ret);
		text = stop + 1;
	}
}

static struct hms_error *echo_file(FILE *from, FILE *to)
{
	HMS_AUTO_FREE char *line = NULL;
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	size_t cap = 0;
	ssize_t len;

	rewind(from);
	while ((len = getline(&line, &cap, from)) >= 0) {
		hms_str_clear(&text);
		hms_gdb_echo(line, (size_t)len, &text);
		if (fputs(hms_str_text(&text), to) == EOF)
			return hms_err_os(errno, "cannot hand the answer to gdb");
	}
	return NULL;
}

static struct hms_error *create(const char *path, int *ret)
{
	*ret = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE);
	return *ret < 0 ? hms_err_os(errno, "cannot create '%s'", path) : NULL;
}

struct hms_error *hms_gdb_answer_write(const struct hms_gdb_request *r, FILE *output, FILE *errors)
{
	HMS_AUTO_FREE char *path = path_of(r, "answer", r->answer);
	HMS_AUTO_FREE char *last = path_of(r, "answer", r->answer - 1);
	HMS_AUTO_FILE FILE *to = NULL;
	int fd;

	unlink(last);
	HMS_TRY(create(path, &fd));
	to = fdopen(fd, "w");
	if (!to) {
		close(fd);
		return hms_err_os(errno, "cannot write '%s'", path);
	}
	HMS_TRY(echo_file(output, to));
	HMS_TRY(echo_file(errors, to));
	if (fflush(to) != 0)
		return hms_err_os(errno, "cannot hand the answer to gdb");
	return NULL;
}

/* ---- snapshots ---------------------------------------------------------------------------- */

/* The snapshot's own name where it is a link to it, as it always is. */
char *hms_gdb_snapshot_path(const struct hms_gdb_request *r, uint64_t n)
{
	char *path = path_of(r, "snapshot", n);
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len > 0) {
		free(path);
		target[len] = '\0';
		path = hms_xstrdup(target);
	}
	return path;
}

/* "~/core" and "core" as absolute paths: gdb's directory is ours. */
static struct hms_error *absolute(const char *file, char **ret)
{
	HMS_AUTO_FREE char *cwd = NULL;
	const char *home = getenv("HOME");

	if (file[0] == '/') {
		*ret = hms_xstrdup(file);
	} else if (strncmp(file, "~/", 2) == 0 && home) {
		*ret = hms_xprintf("%s%s", home, file + 1);
	} else {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return hms_err_os(errno, "cannot tell where '%s' is", file);
		*ret = hms_xprintf("%s/%s", cwd, file);
	}
	return NULL;
}

/* Large, so not in /tmp, which may be memory. */
static struct hms_error *create_temporary(const struct hms_gdb_request *r, uint64_t n, char **ret)
{
	const char *directory = getenv("TMPDIR");
	HMS_AUTO_FREE char *path = hms_xprintf("%s/hmapscope-snapshot-XXXXXX",
					       directory && *directory ? directory : "/var/tmp");
	HMS_AUTO_FREE char *link = path_of(r, "temporary", n);
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0)
		return hms_err_os(errno, "cannot make a temporary file for the snapshot, '%s'",
				  path);
	close(fd);
	/* hmapscope.gdb removes what such links lead to. */
	unlink(link);
	if (symlink(path, link) != 0) {
		struct hms_error *err = hms_err_os(errno, "cannot create '%s'", link);

		unlink(path);
		return err;
	}
	*ret = hms_take(path);
	return NULL;
}

/* gdb writes through a link whose name holds nothing that gdb or a shell could misunderstand. */
struct hms_error *hms_gdb_snapshot_prepare(const struct hms_gdb_request *r, const char *file)
{
	uint64_t n = r->taken + 1;
	HMS_AUTO_FREE char *link = path_of(r, "snapshot", n);
	HMS_AUTO_FREE char *path = NULL;
	struct hms_error *err = NULL;
	int fd;

	if (file) {
		HMS_TRY(absolute(file, &path));
		err = create(path, &fd);
		if (!err)
			close(fd);
	} else {
		err = create_temporary(r, n, &path);
	}
	if (err)
		return err;
	unlink(link); /* of a snapshot that gdb could not write */
	return symlink(path, link) == 0 ? NULL : hms_err_os(errno, "cannot create '%s'", link);
}
