/* core/elffile, core/buildid, core/debugfile: executables built from literals. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/debugfile.h"
#include "core/elffile.h"
#include "lib/mkelf.h"
#include "util/arena.h"
#include "util/threads.h"

static struct hms_error *try_bytes(const struct bytes *b, struct hms_elffile **ret)
{
	char *path = bytes_save(b);
	struct hms_error *err = hms_elffile_open(path, ret);

	unlink(path);
	free(path);
	return err;
}

static struct hms_elffile *open_elf(const struct mkelf *mk)
{
	struct hms_elffile *elf = NULL;
	struct bytes b;

	mkelf_bytes(mk, &b);
	assert_ok(try_bytes(&b, &elf));
	bytes_free(&b);
	return elf;
}

static void header_and_segments(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0x401234);

	(void)state;
	mkelf_segment(mk, 0x403000, 0x2000, PF_R | PF_W, "data", 4);
	mkelf_segment(mk, 0x401000, 0x1000, PF_R | PF_X, "text", 4);
	HMS_AUTO(hms_elffile) struct hms_elffile *elf = open_elf(mk);

	assert_int_equal(elf->arch, HMS_ARCH_AMD64);
	assert_false(elf->position_independent);
	assert_int_equal(elf->entry, 0x401234);
	assert_int_equal(elf->nsegments, 2);
	assert_int_equal(elf->segments[0].addr, 0x401000);
	assert_int_equal(elf->segments[0].flags, PF_R | PF_X);
	assert_int_equal(elf->segments[1].addr, 0x403000);
	assert_int_equal(elf->segments[1].memsz, 0x2000);
	assert_int_equal(elf->segments[1].filesz, 4);
	assert_memory_equal(hms_elffile_bytes(elf, elf->segments[0].off, 4), "text", 4);
	assert_null(hms_elffile_bytes(elf, elf->segments[0].off, UINT64_MAX));
	assert_false(elf->has_dwarf);
	assert_false(elf->has_symbols);
}

static void position_independent_arm64(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_DYN, 0x1000);

	(void)state;
	mkelf_machine(mk, EM_AARCH64);
	HMS_AUTO(hms_elffile) struct hms_elffile *elf = open_elf(mk);

	assert_int_equal(elf->arch, HMS_ARCH_ARM64);
	assert_true(elf->position_independent);
}

static void sections_by_name(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0);
	const struct hms_elf_section *s;

	(void)state;
	mkelf_section(mk, ".debug_info", SHT_PROGBITS, SHF_COMPRESSED, 0, "zzz", 3);
	mkelf_section(mk, ".zdebug_line", SHT_PROGBITS, 0, 0, "ZLIB", 4);
	mkelf_section(mk, ".noptrdata", SHT_PROGBITS, SHF_ALLOC, 0x5000, "abc", 3);
	mkelf_section_sized(mk, ".bss", SHT_NOBITS, SHF_ALLOC, 0x6000, NULL, 0, 0x1000);
	mkelf_section_sized(mk, ".cut", SHT_PROGBITS, 0, 0, "abc", 3, 0x10000);
	mkelf_section_sized(mk, ".huge", SHT_PROGBITS, 0, 0, "abc", 3, UINT64_MAX);
	HMS_AUTO(hms_elffile) struct hms_elffile *elf = open_elf(mk);

	assert_true(elf->has_dwarf);
	s = hms_elffile_section(elf, ".debug_info");
	assert_non_null(s);
	assert_true(s->compressed);
	assert_memory_equal(s->data, "zzz", 3);
	assert_true(hms_elffile_section(elf, ".zdebug_line")->compressed);
	s = hms_elffile_section(elf, ".noptrdata");
	assert_false(s->compressed);
	assert_int_equal(s->addr, 0x5000);
	assert_int_equal(s->size, 3);
	s = hms_elffile_section(elf, ".bss");
	assert_null(s->data);
	assert_int_equal(s->size, 0x1000);
	assert_null(hms_elffile_section(elf, ".cut")->data);
	assert_null(hms_elffile_section(elf, ".huge")->data);
	assert_null(hms_elffile_section(elf, ".none"));
}

/* ---- symbols ---- */

static void symbols_by_name(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0);
	struct hms_elf_symbol sym = {0};

	(void)state;
	mkelf_symbol(mk, "runtime.mheap_", 0x57d4c0, 93464);
	mkelf_symbol(mk, "main.twice", 1, 8);
	mkelf_symbol(mk, "main.twice", 2, 8);
	mkelf_symbol(mk, "", 3, 8);
	HMS_AUTO(hms_elffile) struct hms_elffile *elf = open_elf(mk);

	assert_true(elf->has_symbols);
	assert_true(hms_elffile_symbol(elf, "runtime.mheap_", &sym));
	assert_int_equal(sym.addr, 0x57d4c0);
	assert_int_equal(sym.size, 93464);
	assert_true(hms_elffile_symbol(elf, "main.twice", &sym));
	assert_int_equal(sym.addr, 1);
	sym.addr = 99;
	assert_false(hms_elffile_symbol(elf, "runtime.mheap", &sym));
	assert_false(hms_elffile_symbol(elf, "runtime.mheap_x", &sym));
	assert_false(hms_elffile_symbol(elf, "", &sym));
	assert_int_equal(sym.addr, 99);
}

static void many_symbols(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0);
	struct hms_elf_symbol sym = {0};
	char name[64];

	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "example.com/some/package.function%u", (unsigned)i);
		mkelf_symbol(mk, name, 0x400000 + i, i);
	}
	HMS_AUTO(hms_elffile) struct hms_elffile *elf = open_elf(mk);

	for (uint64_t i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "example.com/some/package.function%u", (unsigned)i);
		assert_true(hms_elffile_symbol(elf, name, &sym));
		assert_int_equal(sym.addr, 0x400000 + i);
	}
}

static struct hms_error *look_up(void *arg, size_t item, unsigned int worker)
{
	struct hms_elf_symbol sym;

	(void)item;
	(void)worker;
	if (!hms_elffile_symbol(arg, "main.x", &sym) || sym.addr != 0x1000)
		return hms_err(HMS_ERR_NOT_FOUND, "no symbol");
	return NULL;
}

static void threads_share_the_index(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0);

	(void)state;
	mkelf_symbol(mk, "main.x", 0x1000, 8);
	HMS_AUTO(hms_elffile) struct hms_elffile *elf = open_elf(mk);

	assert_ok(hms_parallel(64, 4, look_up, elf));
}

static void no_symbols(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0);
	HMS_AUTO(hms_elffile) struct hms_elffile *elf = open_elf(mk);
	struct hms_elf_symbol sym;

	(void)state;
	assert_false(hms_elffile_symbol(elf, "main.x", &sym));
}

static size_t section_header(const struct bytes *b, size_t i)
{
	uint64_t shoff;

	memcpy(&shoff, b->p + offsetof(Elf64_Ehdr, e_shoff), sizeof(shoff));
	return shoff + i * sizeof(Elf64_Shdr);
}

/* Section 1 is .symtab, 2 .strtab.  Each damage makes the symbol unfindable, nothing worse. */
static void damaged_symbol_tables(void **state)
{
	static const struct {
		size_t section, field;
		uint64_t value;
	} cases[] = {
		{1, offsetof(Elf64_Shdr, sh_size), UINT64_MAX},
		{1, offsetof(Elf64_Shdr, sh_offset), UINT64_MAX},
		{1, offsetof(Elf64_Shdr, sh_size), 20},
		{2, offsetof(Elf64_Shdr, sh_offset), UINT64_MAX - 5},
		{2, offsetof(Elf64_Shdr, sh_size), 0},
		{2, offsetof(Elf64_Shdr, sh_size), 3}, /* ends inside a name */
		{2, offsetof(Elf64_Shdr, sh_size), UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0);
		HMS_AUTO(hms_elffile) struct hms_elffile *elf = NULL;
		struct hms_elf_symbol sym;
		struct bytes b;

		mkelf_symbol(mk, "main.x", 0x1000, 8);
		mkelf_bytes(mk, &b);
		bytes_put64(&b, section_header(&b, cases[i].section) + cases[i].field,
			    cases[i].value);
		assert_ok(try_bytes(&b, &elf));
		assert_false(hms_elffile_symbol(elf, "main.x", &sym));
		bytes_free(&b);
	}
}

static void symbol_with_a_wild_name(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0);
	HMS_AUTO(hms_elffile) struct hms_elffile *elf = NULL;
	struct hms_elf_symbol sym;
	struct bytes b;
	uint64_t off;

	(void)state;
	mkelf_symbol(mk, "main.x", 0x1000, 8);
	mkelf_symbol(mk, "main.y", 0x2000, 8);
	mkelf_bytes(mk, &b);
	memcpy(&off, b.p + section_header(&b, 1) + offsetof(Elf64_Shdr, sh_offset), sizeof(off));
	bytes_put32(&b, off + sizeof(Elf64_Sym), UINT32_MAX);
	assert_ok(try_bytes(&b, &elf));
	assert_false(hms_elffile_symbol(elf, "main.x", &sym));
	assert_true(hms_elffile_symbol(elf, "main.y", &sym));
	bytes_free(&b);
}

/* ---- what is no executable ---- */

static void wrong_files_are_refused(void **state)
{
	static const struct {
		size_t off;
		uint8_t value;
		enum hms_error_code code;
		const char *text;
	} cases[] = {
		{1, 'X', HMS_ERR_FORMAT, "it is not an ELF file"},
		{EI_CLASS, ELFCLASS32, HMS_ERR_UNSUPPORTED, "it is a 32-bit file"},
		{EI_DATA, ELFDATA2MSB, HMS_ERR_UNSUPPORTED, "it is a big-endian file"},
		{18, EM_MIPS, HMS_ERR_UNSUPPORTED, "it is for MIPS"},
		{16, ET_CORE, HMS_ERR_FORMAT, "it is a core file, not an executable"},
		{16, ET_REL, HMS_ERR_FORMAT, "it is an object file, not an executable"},
		{58, 13, HMS_ERR_FORMAT, "section headers are 13 bytes long"},
		{60, 200, HMS_ERR_FORMAT, "ends before its section headers do"},
		{57, 0xff, HMS_ERR_FORMAT, "program headers"},
	};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0);
		struct hms_elffile *elf = NULL;
		struct bytes b;

		mkelf_segment(mk, 0x1000, 0x1000, PF_R, "x", 1);
		mkelf_bytes(mk, &b);
		bytes_put8(&b, cases[i].off, cases[i].value);
		assert_err(try_bytes(&b, &elf), cases[i].code, cases[i].text);
		assert_null(elf);
		bytes_free(&b);
	}
}

static void missing_file_is_said(void **state)
{
	struct hms_elffile *elf = NULL;

	(void)state;
	assert_err(hms_elffile_open("/nonexistent", &elf), HMS_ERR_OS,
		   "cannot open '/nonexistent': No such file or directory");
	assert_err(hms_elffile_open("/", &elf), HMS_ERR_FORMAT, "it is a directory");
}

/* ---- build IDs ---- */

static void build_ids_of_an_executable(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0);
	HMS_AUTO_FREE char *gnu = NULL, *go = NULL;

	(void)state;
	mkelf_go_build_id(mk, "XF6h947cADPARCYKw-FM/-pn");
	mkelf_gnu_build_id(mk, "\x01\x02\xfe\xff\x10", 5);
	HMS_AUTO(hms_elffile) struct hms_elffile *elf = open_elf(mk);

	gnu = hms_build_id_text(&elf->gnu_build_id);
	go = hms_build_id_text(&elf->go_build_id);
	assert_string_equal(gnu, "0102feff10");
	assert_string_equal(go, "XF6h947cADPARCYKw-FM/-pn");
	assert_false(elf->gnu_build_id.is_go);
	assert_true(elf->go_build_id.is_go);
}

static void build_id_equality(void **state)
{
	struct hms_build_id a = {.bytes = "abc", .len = 3}, b = a, none = {0};
	HMS_AUTO_FREE char *text = NULL, *empty = NULL;

	(void)state;
	assert_true(hms_build_id_equal(&a, &b));
	b.bytes[2] = 'd';
	assert_false(hms_build_id_equal(&a, &b));
	b = a;
	b.len = 2;
	assert_false(hms_build_id_equal(&a, &b));
	b = a;
	b.is_go = true;
	assert_false(hms_build_id_equal(&a, &b));
	assert_false(hms_build_id_equal(&none, &none)); /* nothing is not the same build */
	b.bytes[1] = 0x1b;
	text = hms_build_id_text(&b);
	assert_string_equal(text, "a\\x1bc");
	empty = hms_build_id_text(&none);
	assert_string_equal(empty, "");
}

static void damaged_build_id_notes(void **state)
{
	struct hms_build_id gnu = {0}, go = {0};
	struct bytes b = {0};

	(void)state;
	bytes_put32(&b, 0, 4);
	bytes_put32(&b, 4, 1000);
	bytes_put32(&b, 8, NT_GNU_BUILD_ID);
	bytes_put(&b, 12, "GNU", 4);
	bytes_put32(&b, 16, 0x11223344);
	hms_build_ids_parse(b.p, b.len, &gnu, &go);
	assert_int_equal(gnu.len, 0);
	bytes_put32(&b, 4, 4);
	hms_build_ids_parse(b.p, b.len - 1, &gnu, &go);
	assert_int_equal(gnu.len, 0);
	hms_build_ids_parse(b.p, b.len, &gnu, &go);
	assert_int_equal(gnu.len, 4);
	assert_int_equal(go.len, 0);
	bytes_free(&b);
}

/* An ID longer than any real one is cut, and two such are still told apart by their beginning. */
static void oversized_build_id(void **state)
{
	struct hms_build_id gnu = {0}, go = {0};
	struct bytes b = {0};

	(void)state;
	bytes_put32(&b, 0, 4);
	bytes_put32(&b, 4, 500);
	bytes_put32(&b, 8, NT_GNU_BUILD_ID);
	bytes_put(&b, 12, "GNU", 4);
	bytes_put8(&b, 16 + 499, 1);
	hms_build_ids_parse(b.p, b.len, &gnu, &go);
	assert_int_equal(gnu.len, sizeof(gnu.bytes));
	bytes_free(&b);
}

/* ---- separate debug files ---- */

struct tree {
	char *root; /* a temporary directory */
	char *exe;  /* ROOT/usr/bin/prog */
};

static void tree_create(struct tree *tree)
{
	char root[] = "/tmp/hms-test-XXXXXX";

	assert_non_null(mkdtemp(root));
	tree->root = hms_xstrdup(root);
	tree->exe = hms_xprintf("%s/usr/bin/prog", root);
}

static void tree_destroy(struct tree *tree)
{
	HMS_AUTO_FREE char *command = hms_xprintf("rm -rf '%s'", tree->root);

	assert_int_equal(system(command), 0);
	free(tree->root);
	free(tree->exe);
}

/* Write @mk to ROOT/@path, making its directories. */
static void tree_add(const struct tree *tree, const char *path, const struct mkelf *mk)
{
	HMS_AUTO_FREE char *full = hms_xprintf("%s/%s", tree->root, path);
	struct bytes b;
	FILE *f;

	for (char *p = full + strlen(tree->root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
	mkelf_bytes(mk, &b);
	f = fopen(full, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(b.p, 1, b.len, f), b.len);
	fclose(f);
	bytes_free(&b);
}

/* What the debug file of an executable is: DWARF, and maybe the same build ID. */
static struct mkelf *debug_file(const char *gnu_id)
{
	struct mkelf *mk = mkelf_create(ET_EXEC, 0x401000);

	mkelf_section(mk, ".debug_info", SHT_PROGBITS, 0, 0, "dwarf", 5);
	if (gnu_id)
		mkelf_gnu_build_id(mk, gnu_id, strlen(gnu_id));
	return mk;
}

static void assert_debug_file(const struct tree *tree, const char *explicit_path, const char *found)
{
	HMS_AUTO(hms_elffile) struct hms_elffile *exe = NULL, *debug = NULL;
	HMS_AUTO_FREE char *path = found ? hms_xprintf("%s/%s", tree->root, found) : NULL;

	assert_ok(hms_elffile_open(tree->exe, &exe));
	assert_ok(hms_debugfile_open(exe, tree->root, explicit_path, &debug));
	if (!found) {
		assert_null(debug);
		return;
	}
	assert_non_null(debug);
	assert_string_equal(debug->path, path);
}

static void debug_file_by_build_id(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *exe = mkelf_create(ET_EXEC, 0x401000);
	HMS_AUTO(mkelf) struct mkelf *right = debug_file("\xab\xcd\xef");
	HMS_AUTO(mkelf) struct mkelf *wrong = debug_file("\xab\xcd\xee");
	struct tree tree;

	(void)state;
	tree_create(&tree);
	mkelf_gnu_build_id(exe, "\xab\xcd\xef", 3);
	tree_add(&tree, "usr/bin/prog", exe);
	assert_debug_file(&tree, NULL, NULL);
	tree_add(&tree, "usr/lib/debug/.build-id/ab/cdef.debug", wrong);
	assert_debug_file(&tree, NULL, NULL);
	tree_add(&tree, "usr/lib/debug/.build-id/ab/cdef.debug", right);
	assert_debug_file(&tree, NULL, "usr/lib/debug/.build-id/ab/cdef.debug");
	tree_destroy(&tree);
}

/* The CRC of a file, bit by bit: slow, but not the code under test. */
static uint32_t slow_crc(const struct mkelf *mk)
{
	uint32_t crc = ~0u;
	struct bytes b;

	mkelf_bytes(mk, &b);
	for (size_t i = 0; i < b.len; i++) {
		crc ^= b.p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	bytes_free(&b);
	return ~crc;
}

static void debug_file_by_link(void **state)
{
	/* The order in which they are looked for, last first. */
	static const char *const places[] = {"usr/lib/debug/usr/bin/prog.debug",
					     "usr/bin/.debug/prog.debug", "usr/bin/prog.debug"};
	HMS_AUTO(mkelf) struct mkelf *exe = mkelf_create(ET_EXEC, 0x401000);
	HMS_AUTO(mkelf) struct mkelf *right = debug_file(NULL);
	HMS_AUTO(mkelf) struct mkelf *wrong = debug_file("x");
	struct tree tree;

	(void)state;
	tree_create(&tree);
	mkelf_debuglink(exe, "prog.debug", slow_crc(right));
	tree_add(&tree, "usr/bin/prog", exe);
	for (size_t i = 0; i < HMS_ARRAY_LEN(places); i++) {
		tree_add(&tree, places[i], wrong); /* its CRC is another one */
		assert_debug_file(&tree, NULL, i ? places[i - 1] : NULL);
		tree_add(&tree, places[i], right);
		assert_debug_file(&tree, NULL, places[i]);
	}
	tree_destroy(&tree);
}

static void debug_link_leads_nowhere_else(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *exe = mkelf_create(ET_EXEC, 0x401000);
	HMS_AUTO(mkelf) struct mkelf *debug = debug_file(NULL);
	struct tree tree;

	(void)state;
	tree_create(&tree);
	mkelf_debuglink(exe, "../other/prog.debug", slow_crc(debug));
	tree_add(&tree, "usr/bin/prog", exe);
	tree_add(&tree, "usr/other/prog.debug", debug);
	assert_debug_file(&tree, NULL, NULL);
	tree_destroy(&tree);
}

static void damaged_debug_links(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} cases[] = {
		{"", 0}, {"abc", 3}, {"abc\0", 4}, {"abc\0\1\2\3", 7}, {"\0\0\0\0\1\2\3\4", 8}};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0);

		mkelf_section(mk, ".gnu_debuglink", SHT_PROGBITS, 0, 0, cases[i].data,
			      cases[i].len);
		HMS_AUTO(hms_elffile) struct hms_elffile *elf = open_elf(mk);

		assert_null(elf->debuglink);
	}
}

static void debug_file_by_name(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *exe_mk = mkelf_create(ET_EXEC, 0x401000);
	HMS_AUTO(mkelf) struct mkelf *right = debug_file("one"), *wrong = debug_file("two");
	HMS_AUTO(hms_elffile) struct hms_elffile *exe = NULL, *debug = NULL;
	HMS_AUTO_FREE char *path = NULL;
	struct tree tree;

	(void)state;
	tree_create(&tree);
	path = hms_xprintf("%s/d", tree.root);
	mkelf_gnu_build_id(exe_mk, "one", 3);
	tree_add(&tree, "usr/bin/prog", exe_mk);
	tree_add(&tree, "d", right);
	assert_debug_file(&tree, path, "d");
	tree_add(&tree, "d", wrong);
	assert_ok(hms_elffile_open(tree.exe, &exe));
	assert_err(hms_debugfile_open(exe, NULL, path, &debug), HMS_ERR_MISMATCH,
		   "belongs to another build");
	assert_err(hms_debugfile_open(exe, NULL, "/nonexistent", &debug), HMS_ERR_OS,
		   "cannot open '/nonexistent'");
	tree_destroy(&tree);
}

/* A debug file keeps the executable's segments, whose bytes are other ones in it. */
static void debug_file_has_no_memory(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0x401000);

	(void)state;
	mkelf_segment(mk, 0x401000, 0x1000, PF_R | PF_X, "not text", 8);
	mkelf_segment(mk, 0x402000, 0x1000, PF_R, "no data", 7);
	mkelf_section_sized(mk, ".text", SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR, 0x401000, NULL, 0,
			    0x1000);
	HMS_AUTO(hms_elffile) struct hms_elffile *elf = open_elf(mk);

	assert_int_equal(elf->nsegments, 2);
	assert_int_equal(elf->segments[0].filesz, 0);
	assert_int_equal(elf->segments[1].filesz, 0);
}

/* .bss behind the saved bytes, and .tbss, which takes no room, are as they should be. */
static void bss_is_no_contradiction(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0x401000);

	(void)state;
	mkelf_segment(mk, 0x401000, 0x1000, PF_R | PF_W, "data", 4);
	mkelf_section_sized(mk, ".bss", SHT_NOBITS, SHF_ALLOC, 0x401004, NULL, 0, 0x800);
	mkelf_section_sized(mk, ".tbss", SHT_NOBITS, SHF_ALLOC | SHF_TLS, 0x401000, NULL, 0, 8);
	HMS_AUTO(hms_elffile) struct hms_elffile *elf = open_elf(mk);

	assert_int_equal(elf->segments[0].filesz, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_segments),
		cmocka_unit_test(position_independent_arm64),
		cmocka_unit_test(sections_by_name),
		cmocka_unit_test(symbols_by_name),
		cmocka_unit_test(many_symbols),
		cmocka_unit_test(threads_share_the_index),
		cmocka_unit_test(no_symbols),
		cmocka_unit_test(damaged_symbol_tables),
		cmocka_unit_test(symbol_with_a_wild_name),
		cmocka_unit_test(wrong_files_are_refused),
		cmocka_unit_test(missing_file_is_said),
		cmocka_unit_test(build_ids_of_an_executable),
		cmocka_unit_test(build_id_equality),
		cmocka_unit_test(damaged_build_id_notes),
		cmocka_unit_test(oversized_build_id),
		cmocka_unit_test(debug_file_by_build_id),
		cmocka_unit_test(debug_file_by_link),
		cmocka_unit_test(debug_link_leads_nowhere_else),
		cmocka_unit_test(damaged_debug_links),
		cmocka_unit_test(debug_file_by_name),
		cmocka_unit_test(debug_file_has_no_memory),
		cmocka_unit_test(bss_is_no_contradiction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
