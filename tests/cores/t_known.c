/*
 * The table of layouts for programs without debug information (src/rt/known.def) against the debug
 * information of each bundled executable: every fact, present or not, its offset and its size.  A
 * structure that one program does not use is compared in another of the same release.
 *
 *	t_known             compare
 *	t_known --write     write the table as this debug information has it
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/elffile.h"
#include "dwarf/dwarf.h"
#include "rt/known.h"
#include "util/arena.h"

#define COLUMNS 64

struct column {
	const char *release; /* "1.24-noswissmap" */
	struct hms_go_version version;
	enum hms_arch arch;
	struct hms_layout layout;
};

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : ".";
}

static struct hms_error *read_layout(const char *exe, enum hms_arch *arch_ret,
				     struct hms_layout *ret)
{
	HMS_AUTO(hms_dwarf) struct hms_dwarf *dwarf = NULL;
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	HMS_AUTO(hms_elffile) struct hms_elffile *elf = NULL;
	size_t skipped;

	HMS_TRY(hms_elffile_open(exe, &elf));
	*arch_ret = elf->arch;
	HMS_TRY(hms_dwarf_open(exe, &dwarf));
	HMS_TRY(hms_dwarf_read_types(dwarf, 0, graph, &skipped));
	hms_graph_seal(graph);
	hms_layout_resolve(graph, ret);
	for (size_t i = 0; i < HMS_NFACTS; i++)
		ret->facts[i].type = NULL; /* goes with the graph */
	return NULL;
}

/* What the folder's name says: "1.24-noswissmap" is "go1.24 X:noswissmap". */
static void version_of(const char *release, struct hms_go_version *ret)
{
	const char *dash = strchr(release, '-');
	char text[64];

	snprintf(text, sizeof(text), "go%.*s%s%s", dash ? (int)(dash - release) : 32, release,
		 dash ? " X:" : "", dash ? dash + 1 : "");
	hms_go_version_parse(text, strlen(text), ret);
}

/* Programs of one release have the same structures, as far as they have them. */
static bool alike(const struct column *a, const struct column *b)
{
	return a->version.minor == b->version.minor && a->arch == b->arch &&
	       hms_go_version_experiment(&a->version, "noswissmap") ==
		       hms_go_version_experiment(&b->version, "noswissmap");
}

static void complete(struct column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			for (size_t id = 0; alike(&columns[i], &columns[k]) && id < HMS_NFACTS;
			     id++)
				if (!columns[i].layout.facts[id].present)
					columns[i].layout.facts[id] = columns[k].layout.facts[id];
}

/* ---- compare ------------------------------------------------------------------------------- */

static bool same(const struct hms_fact *a, const struct hms_fact *b)
{
	return a->present == b->present && a->off == b->off && a->size == b->size;
}

/* Sizes of whole structures that the table has of amd64 alone: nobody asks for them. */
static bool is_apart(enum hms_arch arch, size_t id)
{
	return arch == HMS_ARCH_ARM64 && (id == HMS_F_MHEAP || id == HMS_F_P);
}

static size_t compare(const char *what, const struct column *column, const struct hms_layout *ours)
{
	const struct hms_layout *theirs = &column->layout;
	size_t wrong = 0;

	for (size_t i = 0; i < HMS_NFACTS; i++) {
		const struct hms_fact *a = &ours->facts[i], *b = &theirs->facts[i];

		if (same(a, b) || is_apart(column->arch, i))
			continue;
		printf("# %s: %s is %s %u, %u bytes; debug information: %s %u, %u bytes\n", what,
		       hms_fact_name((enum hms_fact_id)i), a->present ? "at" : "absent", a->off,
		       a->size, b->present ? "at" : "absent", b->off, b->size);
		wrong++;
	}
	return wrong;
}

static size_t count(const struct hms_layout *layout)
{
	size_t n = 0;

	for (size_t i = 0; i < HMS_NFACTS; i++)
		n += layout->facts[i].present;
	return n;
}

/* The table, and what becomes of it when it has passed through a type graph. */
static bool test(const struct column *column, size_t number)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	struct hms_layout known, resolved;
	size_t wrong;

	hms_known_layout(&column->version, column->arch, &known);
	wrong = compare("the table", column, &known);
	hms_known_add_types(&column->version, column->arch, graph);
	hms_graph_seal(graph);
	hms_layout_resolve(graph, &resolved);
	wrong += compare("the graph", column, &resolved);
	wrong += !hms_known_release(&column->version);
	printf("%s %zu - %s: %zu facts of %d, %zu wrong\n",
	       wrong || count(&known) < 150 ? "not ok" : "ok", number, column->release,
	       count(&known), HMS_NFACTS, wrong);
	return !wrong && count(&known) >= 150;
}

/* ---- write --------------------------------------------------------------------------------- */

static const struct column *column_of(const struct column *columns, size_t n, unsigned int minor,
				      bool classic)
{
	for (size_t i = 0; i < n; i++) {
		const struct hms_go_version *v = &columns[i].version;
		bool is_classic = v->minor < 24 || hms_go_version_experiment(v, "noswissmap");

		if (v->minor == minor && is_classic == classic && columns[i].arch == HMS_ARCH_AMD64)
			return &columns[i];
	}
	return NULL;
}

static const unsigned int minors[] = {15, 19, 21, 22, 23, 24, 25, 26, 27};

static const char *const enum_names[] = {
#define FACT(id, need, type, member) #id,
#include "rt/facts.def"
#undef FACT
};

static void write_ranges(const struct column *const *list, size_t id, const char *kind)
{
	for (size_t from = 0, to; from < HMS_ARRAY_LEN(minors); from = to) {
		const struct hms_fact *fact = list[from] ? &list[from]->layout.facts[id] : NULL;

		for (to = from + 1; to < HMS_ARRAY_LEN(minors); to++)
			if (!fact || !list[to] || !same(fact, &list[to]->layout.facts[id]))
				break;
		if (fact && fact->present)
			printf("KNOWN(%s, %s, %u, %u, %u, %u)\n", enum_names[id], kind,
			       minors[from], minors[to - 1], fact->off, fact->size);
	}
}

/* One list of releases where the kind of maps makes no difference, else two. */
static void write_fact(const struct column *columns, size_t n, size_t id)
{
	const struct column *classic[HMS_ARRAY_LEN(minors)], *swiss[HMS_ARRAY_LEN(minors)];
	const struct column *any[HMS_ARRAY_LEN(minors)];
	bool differ = false;

	for (size_t i = 0; i < HMS_ARRAY_LEN(minors); i++) {
		classic[i] = column_of(columns, n, minors[i], true);
		swiss[i] = column_of(columns, n, minors[i], false);
		any[i] = classic[i] ? classic[i] : swiss[i];
		differ |= classic[i] && swiss[i] &&
			  !same(&classic[i]->layout.facts[id], &swiss[i]->layout.facts[id]);
	}
	if (!differ) {
		write_ranges(any, id, "ANY");
		return;
	}
	write_ranges(classic, id, "CLASSIC");
	write_ranges(swiss, id, "SWISS");
}

static void write_table(const struct column *columns, size_t n)
{
	printf("/*\n * Offsets and sizes of the facts in facts.def, release by release:\n"
	       " * KNOWN(fact, maps of the program, first and last release of Go 1, offset, "
	       "size).\n"
	       " * Written by \"tests/cores/t_known --write\" from debug information; do not "
	       "edit.\n"
	       " */\n");
	for (size_t id = 0; id < HMS_NFACTS; id++)
		write_fact(columns, n, id);
}

/* ---- all of them --------------------------------------------------------------------------- */

static size_t read_columns(struct column columns[COLUMNS], struct hms_arena *arena)
{
	char *pattern = hms_xprintf("%s/corefiles/*/exe", variable("HMS_BUILDDIR"));
	size_t n = 0;
	glob_t found;

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc && n < COLUMNS; i++) {
			char *exe = hms_arena_strdup(arena, found.gl_pathv[i]);
			struct hms_error *err =
				read_layout(exe, &columns[n].arch, &columns[n].layout);

			*strrchr(exe, '/') = '\0';
			columns[n].release = strrchr(exe, '/') + 1;
			version_of(columns[n].release, &columns[n].version);
			if (err && !strstr(columns[n].release, "-stripped"))
				printf("# %s: %s\n", columns[n].release, err->message);
			n += !err;
			hms_err_free(err);
		}
		globfree(&found);
	}
	free(pattern);
	complete(columns, n);
	return n;
}

int main(int argc, char **argv)
{
	static struct column columns[COLUMNS];
	struct hms_arena *arena = hms_arena_create();
	size_t n = read_columns(columns, arena);
	bool good = n >= HMS_ARRAY_LEN(minors);

	if (argc == 2 && strcmp(argv[1], "--write") == 0) {
		write_table(columns, n);
	} else {
		printf("1..%zu\n", n + 1);
		printf("%s 1 - executables of %zu releases\n", good ? "ok" : "not ok", n);
		for (size_t i = 0; i < n; i++)
			good = test(&columns[i], i + 2) && good;
	}
	hms_arena_destroy(arena);
	return !good;
}
