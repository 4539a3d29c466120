/* core/exefind: which executable a core was made from, and where it was loaded. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/exefind.h"
#include "lib/mkcore.h"
#include "lib/mkelf.h"
#include "util/arena.h"

#define STACK 0x7ffe00000000

/* One program and one process that ran it. */
struct world {
	uint64_t entry, bias;
	const char *go_id, *gnu_id; /* of the program; NULL: none */
	const char *core_path;      /* NT_FILE's; NULL: no such note */
	const char *exec_name;      /* AT_EXECFN; NULL: none */
	const char *command;        /* pr_fname; NULL: no such note */
	bool no_auxv, no_header;    /* the core lacks the auxv, the first page */
};

static struct mkelf *make_exe(const struct world *w)
{
	struct mkelf *mk = mkelf_create(w->bias ? ET_DYN : ET_EXEC, w->entry);

	mkelf_headers_at(mk, 0x400000);
	if (w->go_id)
		mkelf_go_build_id(mk, w->go_id);
	if (w->gnu_id)
		mkelf_gnu_build_id(mk, w->gnu_id, strlen(w->gnu_id));
	mkelf_segment(mk, 0x401000, 0x1000, PF_R | PF_X, "text", 4);
	return mk;
}

static struct mkcore *make_core(const struct world *w)
{
	HMS_AUTO(mkelf) struct mkelf *exe = make_exe(w);
	struct mkcore *mk = mkcore_create();
	uint64_t start = 0x400000 + w->bias;
	struct bytes b;

	mkelf_bytes(exe, &b);
	mkcore_map_flags(mk, start, 0x1000, PF_R);
	if (w->no_header)
		mkcore_absent(mk, start, 0x1000);
	else
		mkcore_put(mk, start, b.p, 0x1000);
	bytes_free(&b);
	mkcore_map(mk, STACK, 0x1000);
	if (!w->no_auxv) {
		mkcore_auxv(mk, AT_PHDR, start + 64);
		mkcore_auxv(mk, AT_ENTRY, w->entry + w->bias);
	}
	if (w->exec_name) {
		mkcore_put(mk, STACK + 0x100, w->exec_name, strlen(w->exec_name) + 1);
		mkcore_auxv(mk, AT_EXECFN, STACK + 0x100);
	}
	if (w->core_path) {
		mkcore_file(mk, start, start + 0x1000, 0, w->core_path);
		mkcore_file(mk, start + 0x1000, start + 0x2000, 0x1000, w->core_path);
		mkcore_file(mk, 0x7f0000000000, 0x7f0000001000, 0, "/lib/ld.so");
	}
	if (w->command)
		mkcore_psinfo(mk, 1, w->command, "");
	return mk;
}

static struct hms_corefile *open_core(const struct world *w)
{
	HMS_AUTO(mkcore) struct mkcore *mk = make_core(w);
	HMS_AUTO_FREE char *path = mkcore_save(mk);
	struct hms_corefile *core = NULL;

	assert_ok(hms_corefile_open(path, NULL, &core));
	unlink(path);
	return core;
}

static struct hms_elffile *open_exe(const struct world *w)
{
	HMS_AUTO(mkelf) struct mkelf *mk = make_exe(w);
	HMS_AUTO_FREE char *path = mkelf_save(mk);
	struct hms_elffile *exe = NULL;

	assert_ok(hms_elffile_open(path, &exe));
	unlink(path);
	return exe;
}

static struct hms_exe_fit fit(const struct world *core_world, const struct world *exe_world)
{
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(core_world);
	HMS_AUTO(hms_elffile) struct hms_elffile *exe = open_exe(exe_world);
	struct hms_exe_fit ret;

	hms_exe_fit(core, exe, &ret);
	return ret;
}

static const struct world fixed = {.entry = 0x401000, .go_id = "go-one", .core_path = "/srv/prog"};
static const struct world moved = {
	.entry = 0x401000, .bias = 0x55bd48375000, .go_id = "go-one", .core_path = "/srv/prog"};

/* ---- what the core says ---- */

static void core_names_its_executable(void **state)
{
	struct world w = moved;
	struct hms_core_exe exe;

	(void)state;
	w.exec_name = "./prog";
	w.gnu_id = "\x12\x34";
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(&w);

	hms_core_exe_read(core, &exe);
	assert_string_equal(exe.path, "/srv/prog");
	assert_string_equal(exe.exec_name, "./prog");
	assert_int_equal(exe.start, 0x400000 + w.bias);
	assert_true(exe.has_header);
	assert_int_equal(exe.entry, 0x401000);
	assert_true(exe.position_independent);
	assert_true(exe.ids_known);
	assert_int_equal(exe.go_build_id.len, 6);
	assert_memory_equal(exe.go_build_id.bytes, "go-one", 6);
	assert_int_equal(exe.gnu_build_id.len, 2);
	assert_memory_equal(exe.gnu_build_id.bytes, "\x12\x34", 2);
}

/* Without NT_FILE, the program headers lead to the first page. */
static void core_without_file_note(void **state)
{
	struct world w = moved;
	struct hms_core_exe exe;

	(void)state;
	w.core_path = NULL;
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(&w);

	hms_core_exe_read(core, &exe);
	assert_null(exe.path);
	assert_int_equal(exe.start, 0x400000 + w.bias);
	assert_int_equal(exe.go_build_id.len, 6);
}

/* Without the auxiliary vector, the process's name leads to its file; of a long one, the kernel
 * keeps 15 bytes. */
static void core_without_auxv(void **state)
{
	static const struct {
		const char *command, *path;
		bool found;
	} cases[] = {
		{"prog", "/srv/prog", true},
		{"pro", "/srv/prog", false},
		{"a-rather-long-n", "/srv/a-rather-long-name", true},
		{"", "/srv/prog", false},
	};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		struct world w = moved;
		struct hms_core_exe exe;

		w.no_auxv = true;
		w.command = cases[i].command;
		w.core_path = cases[i].path;
		HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(&w);

		hms_core_exe_read(core, &exe);
		if (cases[i].found)
			assert_string_equal(exe.path, cases[i].path);
		else
			assert_null(exe.path);
		assert_int_equal(exe.start, cases[i].found ? 0x400000 + w.bias : 0);
	}
}

/* ---- does it fit ---- */

static void same_build_matches(void **state)
{
	struct hms_exe_fit f = fit(&fixed, &fixed);

	(void)state;
	assert_int_equal(f.match, HMS_EXE_MATCHES);
	assert_true(f.bias_known);
	assert_int_equal(f.bias, 0);
	f = fit(&moved, &moved);
	assert_int_equal(f.match, HMS_EXE_MATCHES);
	assert_true(f.bias_known);
	assert_int_equal(f.bias, 0x55bd48375000);
}

static void bias_without_auxv_or_file_note(void **state)
{
	struct world w = moved;
	struct hms_exe_fit f;

	(void)state;
	w.no_auxv = true;
	w.command = "prog";
	f = fit(&w, &moved);
	assert_true(f.bias_known);
	assert_int_equal(f.bias, 0x55bd48375000);
	w = moved;
	w.core_path = NULL;
	w.no_header = true;
	f = fit(&w, &moved);
	assert_true(f.bias_known);
	assert_int_equal(f.bias, 0x55bd48375000);
	w.no_auxv = true;
	f = fit(&w, &moved);
	assert_false(f.bias_known);
	assert_int_equal(f.bias, 0);
	assert_int_equal(f.match, HMS_EXE_UNKNOWN);
}

static void other_build_ids_differ(void **state)
{
	struct world other = fixed;
	struct hms_exe_fit f;

	(void)state;
	other.go_id = "go-two";
	f = fit(&fixed, &other);
	assert_int_equal(f.match, HMS_EXE_DIFFERS);
	assert_string_equal(f.why, "the core's build ID is go-one, not go-two");
	/* The same Go ID and another GNU ID is another link. */
	struct world one = fixed, two = fixed;

	one.gnu_id = "\x01\x02";
	two.gnu_id = "\x01\x03";
	f = fit(&one, &two);
	assert_int_equal(f.match, HMS_EXE_DIFFERS);
	assert_string_equal(f.why, "the core's build ID is 0102, not 0103");
}

static void without_build_ids_it_is_unknown(void **state)
{
	struct world none = fixed, unsaved = fixed;
	struct hms_exe_fit f;

	(void)state;
	none.go_id = NULL;
	f = fit(&fixed, &none);
	assert_int_equal(f.match, HMS_EXE_UNKNOWN);
	assert_string_equal(f.why, "there is no build ID in the executable to compare");
	unsaved.no_header = true;
	f = fit(&unsaved, &fixed);
	assert_int_equal(f.match, HMS_EXE_UNKNOWN);
	assert_string_equal(f.why, "there is no build ID in the core to compare");
	/* IDs of different kinds say nothing. */
	none.gnu_id = "\x01\x02";
	f = fit(&fixed, &none);
	assert_int_equal(f.match, HMS_EXE_UNKNOWN);
}

static void entry_points_tell_without_build_ids(void **state)
{
	struct world one = fixed, two = fixed;
	struct hms_exe_fit f;

	(void)state;
	one.go_id = two.go_id = NULL;
	two.entry = 0x401800;
	f = fit(&one, &two);
	assert_int_equal(f.match, HMS_EXE_DIFFERS);
	assert_string_equal(f.why, "the core's entry point is 0x401000, not 0x401800");
	one.no_header = true;
	f = fit(&one, &two);
	assert_int_equal(f.match, HMS_EXE_DIFFERS);
	one.bias = two.bias = 0x55bd48375000;
	f = fit(&one, &two);
	assert_int_equal(f.match, HMS_EXE_DIFFERS);
	assert_string_equal(f.why, "it does not fit where the core had it mapped");
	assert_false(f.bias_known);
}

static void other_machine_differs(void **state)
{
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(&fixed);
	HMS_AUTO(mkelf) struct mkelf *mk = make_exe(&fixed);
	HMS_AUTO(hms_elffile) struct hms_elffile *exe = NULL;
	HMS_AUTO_FREE char *path = NULL;
	struct hms_exe_fit f;

	(void)state;
	mkelf_machine(mk, EM_AARCH64);
	path = mkelf_save(mk);
	assert_ok(hms_elffile_open(path, &exe));
	unlink(path);
	hms_exe_fit(core, exe, &f);
	assert_int_equal(f.match, HMS_EXE_DIFFERS);
	assert_string_equal(f.why, "the core is of an amd64 machine");
}

/* ---- finding it ---- */

struct tree {
	char *root;
};

static void write_file(const char *path, const struct bytes *b)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(b->p, 1, b->len, f), b->len);
	fclose(f);
}

static char *add_exe(const struct tree *tree, const char *path, const struct world *w)
{
	HMS_AUTO(mkelf) struct mkelf *mk = make_exe(w);
	char *full = hms_xprintf("%s%s", tree->root, path);
	struct bytes b;

	for (char *p = full + strlen(tree->root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
	mkelf_bytes(mk, &b);
	write_file(full, &b);
	bytes_free(&b);
	return full;
}

static void tree_create(struct tree *tree)
{
	char root[] = "/tmp/hms-test-XXXXXX";

	assert_non_null(mkdtemp(root));
	tree->root = hms_xstrdup(root);
}

static void tree_destroy(struct tree *tree)
{
	HMS_AUTO_FREE char *command = hms_xprintf("rm -rf '%s'", tree->root);

	assert_int_equal(system(command), 0);
	free(tree->root);
}

/* Open the core of @w as ROOT/cores/core and look for its executable. */
static void assert_found(const struct tree *tree, const struct world *w, const char *wanted)
{
	HMS_AUTO(mkcore) struct mkcore *mk = make_core(w);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = NULL;
	HMS_AUTO(hms_elffile) struct hms_elffile *exe = NULL;
	HMS_AUTO_FREE char *dir = hms_xprintf("%s/cores", tree->root);
	HMS_AUTO_FREE char *path = hms_xprintf("%s/core", dir);
	struct hms_error *err;
	struct bytes b;

	mkdir(dir, 0700);
	mkcore_bytes(mk, &b);
	write_file(path, &b);
	bytes_free(&b);
	assert_ok(hms_corefile_open(path, NULL, &core));
	err = hms_exe_find(core, tree->root, &exe);
	if (!wanted) {
		assert_non_null(err);
		assert_int_equal(err->code, HMS_ERR_NOT_FOUND);
		assert_non_null(strstr(err->message, "cannot find the executable of"));
		hms_err_free(err);
		return;
	}
	assert_ok(err);
	assert_string_equal(exe->path, wanted);
}

static void executable_is_found_where_it_can_be(void **state)
{
	static const char *const places[] = {"/usr/lib/debug/.build-id/ab/cd", "/cores/prog",
					     "/alias/prog", "/srv/prog"};
	struct world w = moved, other;
	struct tree tree;

	(void)state;
	tree_create(&tree);
	w.gnu_id = "\xab\xcd";
	w.exec_name = "/alias/prog";
	w.core_path = "/srv/prog (deleted)";
	other = w;
	other.gnu_id = "\xab\xce";
	assert_found(&tree, &w, NULL);
	for (size_t i = 0; i < HMS_ARRAY_LEN(places); i++) {
		HMS_AUTO_FREE char *before = hms_xprintf("%s%s", tree.root, places[i ? i - 1 : 0]);
		HMS_AUTO_FREE char *right = NULL;

		/* One that differs is better than none, and worse than any that fits. */
		free(add_exe(&tree, places[i], &other));
		assert_found(&tree, &w, before);
		right = add_exe(&tree, places[i], &w);
		assert_found(&tree, &w, right);
	}
	tree_destroy(&tree);
}

static void unknown_is_better_than_different(void **state)
{
	struct world w = moved, unknown = moved, different = moved;
	HMS_AUTO_FREE char *first = NULL, *second = NULL;
	struct tree tree;

	(void)state;
	tree_create(&tree);
	unknown.go_id = NULL;
	different.go_id = "go-two";
	first = add_exe(&tree, "/srv/prog", &different);
	second = add_exe(&tree, "/cores/prog", &unknown);
	assert_found(&tree, &w, second);
	tree_destroy(&tree);
}

static void core_that_names_nothing(void **state)
{
	struct world w = fixed;
	struct hms_elffile *exe = NULL;

	(void)state;
	w.core_path = NULL;
	w.go_id = NULL;
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(&w);

	assert_err(hms_exe_find(core, NULL, &exe), HMS_ERR_NOT_FOUND, "the core does not name it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(core_names_its_executable),
		cmocka_unit_test(core_without_file_note),
		cmocka_unit_test(core_without_auxv),
		cmocka_unit_test(same_build_matches),
		cmocka_unit_test(bias_without_auxv_or_file_note),
		cmocka_unit_test(other_build_ids_differ),
		cmocka_unit_test(without_build_ids_it_is_unknown),
		cmocka_unit_test(entry_points_tell_without_build_ids),
		cmocka_unit_test(other_machine_differs),
		cmocka_unit_test(executable_is_found_where_it_can_be),
		cmocka_unit_test(unknown_is_better_than_different),
		cmocka_unit_test(core_that_names_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
