/*
 * schema-check [-d DEFINITION] [-l] SCHEMA [FILE...]: are these files (or standard input) valid
 * JSON by the schema, or by one of its definitions?  -l: each line is a document.  Exit status: 0
 * all are, 1 one is not (it is said where), 2 the schema or a file can't be read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/schema.h"
#include "util/cleanup.h"

struct options {
	json_t *schema;
	const char *def;
	bool lines;
};

static int check_text(const struct options *options, const char *name, size_t line,
		      const char *text, size_t len)
{
	HMS_AUTO_STR struct hms_str why = HMS_STR_INIT;
	json_error_t error;
	json_t *doc = schema_parse(text, len, &error);
	bool ok;

	if (!doc) {
		fprintf(stderr, "%s: line %zu: %s\n", name, line + (size_t)error.line - 1,
			error.text);
		return 1;
	}
	ok = schema_valid(options->schema, options->def, doc, &why);
	json_decref(doc);
	if (!ok)
		fprintf(stderr, "%s: line %zu: %s\n", name, line, hms_str_text(&why));
	return !ok;
}

static int check_whole(const struct options *options, const char *name, FILE *file)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	char part[4096];
	size_t n;

	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		hms_str_addn(&text, part, n);
	return check_text(options, name, 1, hms_str_text(&text), text.len);
}

static int check_lines(const struct options *options, const char *name, FILE *file)
{
	HMS_AUTO_FREE char *text = NULL;
	size_t cap = 0, line = 1;
	ssize_t len;
	int status = 0;

	for (; (len = getline(&text, &cap, file)) > 0; line++)
		status |= check_text(options, name, line, text, (size_t)len);
	return status;
}

static int check_file(const struct options *options, const char *name, FILE *file)
{
	return options->lines ? check_lines(options, name, file) : check_whole(options, name, file);
}

static int check_named(const struct options *options, const char *name)
{
	HMS_AUTO_FILE FILE *file = fopen(name, "r");

	if (!file) {
		perror(name);
		return 2;
	}
	return check_file(options, name, file);
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct hms_error *err;
	int option, status = 0;

	while ((option = getopt(argc, argv, "d:l")) != -1) {
		if (option == 'd')
			options.def = optarg;
		else if (option == 'l')
			options.lines = true;
		else
			return 2;
	}
	if (optind >= argc) {
		fputs("usage: schema-check [-d DEFINITION] [-l] SCHEMA [FILE...]\n", stderr);
		return 2;
	}
	err = schema_load(argv[optind], &options.schema);
	if (err) {
		fprintf(stderr, "schema-check: %s\n", err->message);
		hms_err_free(err);
		return 2;
	}
	if (optind + 1 == argc)
		status = check_file(&options, "standard input", stdin);
	for (int i = optind + 1; i < argc; i++) {
		int one = check_named(&options, argv[i]);

		status = one > status ? one : status;
	}
	json_decref(options.schema);
	return status;
}
