/*
 * A main for fuzz targets without libFuzzer: runs the target over the files it is given, or over
 * tests/fuzz/corpus/NAME for the program fuzz_NAME.  Prints TAP; a crash is a crash.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"
#include "util/arena.h"
#include "util/cleanup.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void run_file(const char *path, size_t number)
{
	HMS_AUTO_FILE FILE *f = fopen(path, "re");
	HMS_AUTO_FREE uint8_t *data = NULL;
	struct stat st;
	size_t len;

	if (!f || fstat(fileno(f), &st) < 0) {
		perror(path);
		exit(1);
	}
	data = hms_xcalloc((size_t)st.st_size, 1);
	len = fread(data, 1, (size_t)st.st_size, f);
	LLVMFuzzerTestOneInput(data, len);
	printf("ok %zu - %s\n", number, base_name(path));
	fflush(stdout);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static size_t run_directory(const char *dir)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_visible, alphasort);

	if (n <= 0) {
		fprintf(stderr, "no inputs in '%s'\n", dir);
		exit(1);
	}
	for (int i = 0; i < n; i++) {
		HMS_AUTO_FREE char *path = hms_xprintf("%s/%s", dir, entries[i]->d_name);

		run_file(path, (size_t)i + 1);
		free(entries[i]);
	}
	free(entries);
	return (size_t)n;
}

static const char *target_name(const char *program)
{
	const char *name = base_name(program);

	return strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name;
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("HMS_SRCDIR");
	HMS_AUTO_FREE char *dir = NULL;

	for (int i = 1; i < argc; i++)
		run_file(argv[i], (size_t)i);
	if (argc > 1) {
		printf("1..%d\n", argc - 1);
		return 0;
	}
	dir = hms_xprintf("%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".", target_name(argv[0]));
	printf("1..%zu\n", run_directory(dir));
	return 0;
}
