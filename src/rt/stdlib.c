/*
 * Where a program was built says little: paths may be trimmed, and links lead elsewhere.  The
 * first element of an import path says it all: those of modules hold a dot, and a name without one
 * is the standard library's if it is in this list.
 */
#include "rt/stdlib.h"

#include <stdlib.h>
#include <string.h>

#include "util/compiler.h"

/* The directories of src/ as of Go 1.27, but cmd; sorted. */
static const char *const elements[] = {
	"archive", "arena",   "bufio",    "builtin", "bytes",   "cmp",      "compress", "container",
	"context", "crypto",  "database", "debug",   "embed",   "encoding", "errors",   "expvar",
	"flag",    "fmt",     "go",       "hash",    "html",    "image",    "index",    "internal",
	"io",      "iter",    "log",      "maps",    "math",    "mime",     "net",      "os",
	"path",    "plugin",  "reflect",  "regexp",  "runtime", "simd",     "slices",   "sort",
	"strconv", "strings", "structs",  "sync",    "syscall", "testing",  "text",     "time",
	"unicode", "unique",  "unsafe",   "vendor",  "weak",
};

struct word {
	const char *s;
	size_t len;
};

static int compare(const void *key, const void *row)
{
	const struct word *word = key;
	const char *element = *(const char *const *)row;
	int order = strncmp(word->s, element, word->len);

	return order ? order : -(int)(element[word->len] != '\0');
}

bool hms_func_is_std(const char *name)
{
	size_t stop, slash;
	struct word word = {name, 0};

	if (!name)
		return false;
	/* Type arguments and receivers hold paths too. */
	stop = strcspn(name, "[(");
	slash = strcspn(name, "/");
	word.len = slash < stop ? slash : strcspn(name, ".");
	return bsearch(&word, elements, HMS_ARRAY_LEN(elements), sizeof(elements[0]), compare);
}
