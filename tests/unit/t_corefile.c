/* core/corefile: the segments of cores built from literals, and what is no core. */
#include "unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/corefile.h"
#include "lib/mkcore.h"
#include "lib/mkelf.h"
#include "util/arena.h"

static struct hms_corefile *open_core(const struct mkcore *mk)
{
	struct hms_corefile *core = NULL;
	char *path = mkcore_save(mk);

	assert_ok(hms_corefile_open(path, NULL, &core));
	unlink(path);
	free(path);
	return core;
}

static struct hms_error *try_bytes(const struct bytes *b, struct hms_corefile **ret)
{
	char *path = bytes_save(b);
	struct hms_error *err = hms_corefile_open(path, NULL, ret);

	unlink(path);
	free(path);
	return err;
}

static struct hms_corefile *open_bytes(const struct bytes *b)
{
	struct hms_corefile *core = NULL;

	assert_ok(try_bytes(b, &core));
	return core;
}

static void assert_refused(const struct bytes *b, enum hms_error_code code, const char *text)
{
	struct hms_corefile *core = NULL;

	assert_err(try_bytes(b, &core), code, text);
	assert_null(core);
}

static size_t phdr_off(size_t i)
{
	return sizeof(Elf64_Ehdr) + i * sizeof(Elf64_Phdr);
}

static void absent_bytes_end_a_segment(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();

	(void)state;
	mkcore_map_flags(mk, 0x20000, 0x3000, PF_R | PF_X);
	mkcore_map(mk, 0x10000, 0x4000);
	mkcore_absent(mk, 0x11000, 0x1000);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(mk);

	assert_int_equal(core->nsegments, 3);
	assert_int_equal(core->segments[0].addr, 0x10000);
	assert_int_equal(core->segments[0].filesz, 0x1000);
	assert_int_equal(core->segments[0].memsz, 0x2000);
	assert_int_equal(core->segments[1].addr, 0x12000);
	assert_int_equal(core->segments[1].filesz, 0x2000);
	assert_int_equal(core->segments[2].addr, 0x20000);
	assert_int_equal(core->segments[2].flags, PF_R | PF_X);
	assert_int_equal(core->bytes_saved, 0x6000);
	assert_int_equal(core->bytes_cut, 0);
}

static void offsets_need_no_alignment(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	size_t len = 0;
	const uint8_t *p;

	(void)state;
	mkcore_unaligned(mk);
	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_map(mk, 0x20000, 0x1000);
	mkcore_put64(mk, 0x20ff8, 0x1122334455667788);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_core(mk);

	assert_int_equal(core->segments[1].off % 2, 1);
	p = hms_corefile_saved(core, 0x20ff8, &len);
	assert_non_null(p);
	assert_int_equal(len, 8);
	assert_memory_equal(p, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
	assert_null(hms_corefile_saved(core, 0x21000, &len));
	assert_null(hms_corefile_saved(core, 0xffff, &len));
}

static void cut_file_counts_what_it_lost(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	struct bytes b;

	(void)state;
	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_map(mk, 0x20000, 0x1000);
	mkcore_map(mk, 0x30000, 0x1000);
	mkcore_thread(mk, 7, SIGABRT, NULL, 0);
	mkcore_bytes(mk, &b);
	b.len -= 0x1800;
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_bytes(&b);

	assert_int_equal(core->bytes_saved, 0x3000);
	assert_int_equal(core->bytes_cut, 0x1800);
	assert_int_equal(core->segments[0].filesz, 0x1000);
	assert_int_equal(core->segments[1].filesz, 0x800);
	assert_int_equal(core->segments[1].memsz, 0x1000);
	assert_int_equal(core->segments[2].filesz, 0);
	assert_int_equal(core->segments[2].memsz, 0x1000);
	assert_false(core->notes_damaged);
	bytes_free(&b);
}

/* Cut inside the notes: the threads before the cut are there, and that some lack is said. */
static void cut_in_the_notes(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	struct bytes b;

	(void)state;
	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_thread(mk, 7, SIGABRT, NULL, 0);
	mkcore_thread(mk, 8, SIGABRT, NULL, 0);
	mkcore_bytes(mk, &b);
	b.len = phdr_off(2) + 12 + 8 + 336 + 100;
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_bytes(&b);

	assert_int_equal(core->nthreads, 1);
	assert_true(core->notes_damaged);
	assert_int_equal(core->bytes_cut, 0x1000);
	bytes_free(&b);
}

static void put_load(struct bytes *b, size_t i, uint64_t addr, uint64_t memsz, uint64_t off,
		     uint64_t filesz)
{
	size_t at = phdr_off(i);

	bytes_put64(b, at + offsetof(Elf64_Phdr, p_offset), off);
	bytes_put64(b, at + offsetof(Elf64_Phdr, p_vaddr), addr);
	bytes_put64(b, at + offsetof(Elf64_Phdr, p_filesz), filesz);
	bytes_put64(b, at + offsetof(Elf64_Phdr, p_memsz), memsz);
}

/* Three PT_LOADs to be overwritten. */
static void three_loads(struct bytes *b)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();

	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_map(mk, 0x20000, 0x1000);
	mkcore_map(mk, 0x30000, 0x1000);
	mkcore_bytes(mk, b);
}

static void overlapping_segments_are_clipped(void **state)
{
	struct bytes b;

	(void)state;
	three_loads(&b);
	put_load(&b, 1, 0x30000, 0x4000, 0x1000, 0x1800);
	put_load(&b, 2, 0x10000, 0x22000, 0x1000, 0x1000); /* into the first of these */
	put_load(&b, 3, 0x33000, 0x800, 0x2000, 0x800);    /* wholly inside it */
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_bytes(&b);

	assert_int_equal(core->nsegments, 2);
	assert_int_equal(core->segments[0].addr, 0x10000);
	assert_int_equal(core->segments[0].memsz, 0x22000);
	assert_int_equal(core->segments[1].addr, 0x32000);
	assert_int_equal(core->segments[1].memsz, 0x2000);
	assert_int_equal(core->segments[1].filesz, 0); /* the saved part lay before */
	bytes_free(&b);
}

/* A clipped segment's bytes move with its start. */
static void clipping_keeps_bytes_at_their_address(void **state)
{
	struct bytes b;
	size_t len = 0;
	const uint8_t *p;

	(void)state;
	three_loads(&b);
	put_load(&b, 1, 0x10000, 0x1000, 0x1000, 0x1000);
	put_load(&b, 2, 0x10800, 0x1000, 0x2000, 0x1000);
	bytes_put8(&b, 0x2800, 0x5a);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_bytes(&b);

	p = hms_corefile_saved(core, 0x11000, &len);
	assert_non_null(p);
	assert_int_equal(*p, 0x5a);
	assert_int_equal(len, 0x800);
	bytes_free(&b);
}

static void segments_at_the_end_of_the_address_space(void **state)
{
	struct bytes b;
	size_t len = 0;

	(void)state;
	three_loads(&b);
	put_load(&b, 1, 0xfffffffffffff000, 0x1000, 0x1000, 0x1000);
	put_load(&b, 2, 0xffffffffffff0000, UINT64_MAX, 0x2000, UINT64_MAX);
	put_load(&b, 3, 0x1000, 0x1000, UINT64_MAX - 10, 0x1000);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_bytes(&b);

	assert_int_equal(core->nsegments, 2);
	assert_int_equal(core->segments[0].filesz, 0);
	assert_int_equal(core->segments[1].addr, 0xffffffffffff0000);
	assert_int_equal(core->segments[1].memsz, 0xffff);
	assert_int_equal(core->segments[1].filesz, 0x2000); /* up to the end of the file */
	assert_null(hms_corefile_saved(core, UINT64_MAX, &len));
	bytes_free(&b);
}

static void saved_beyond_memory_is_ignored(void **state)
{
	struct bytes b;

	(void)state;
	three_loads(&b);
	put_load(&b, 1, 0x10000, 0x800, 0x1000, 0x1000);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_bytes(&b);

	assert_int_equal(core->segments[0].filesz, 0x800);
	assert_int_equal(core->bytes_saved, 0x2800);
	bytes_free(&b);
}

static void many_segments(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	const size_t n = 66000; /* more than e_phnum can say */
	struct bytes b;

	(void)state;
	mkcore_unaligned(mk);
	mkcore_map(mk, 0x10000, n * 16);
	mkcore_put64(mk, 0x10000 + (n - 1) * 16, 77);
	for (size_t i = 0; i < n; i++)
		mkcore_absent(mk, 0x10000 + i * 16 + 8, 8);
	mkcore_bytes(mk, &b);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_bytes(&b);
	size_t len = 0;
	const uint8_t *p = hms_corefile_saved(core, 0x10000 + (n - 1) * 16, &len);

	assert_int_equal(core->nsegments, n);
	assert_int_equal(len, 8);
	assert_int_equal(*p, 77);
	bytes_free(&b);
}

/* PN_XNUM: the count is in section header 0; the kernel writes that last, where a cut loses it. */
static void extended_segment_count(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	struct bytes b;

	(void)state;
	mkcore_force_xnum(mk);
	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_map(mk, 0x20000, 0x1000);
	mkcore_thread(mk, 7, SIGABRT, NULL, 0);
	mkcore_bytes(mk, &b);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_bytes(&b);

	assert_int_equal(core->nsegments, 2);
	bytes_put64(&b, offsetof(Elf64_Ehdr, e_shoff), b.len + 0x1000);
	HMS_AUTO(hms_corefile) struct hms_corefile *cut = open_bytes(&b);

	assert_int_equal(cut->nsegments, 2);
	assert_int_equal(cut->nthreads, 1);
	bytes_free(&b);
}

/* 100 GB, or what valgrind lets a program map. */
static uint64_t large_size(void)
{
	uint64_t size = 101ull << 30;
	void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return 4ull << 30;
	munmap(p, size);
	return 100ull << 30;
}

static void sparse_core_of_100_gigabytes(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	const uint64_t start = 0xc000000000, size = large_size();
	struct hms_corefile *core = NULL;
	struct stat st;
	size_t len = 0;
	const uint8_t *p;
	char *path;

	(void)state;
	mkcore_map(mk, start, size);
	mkcore_map(mk, start + size, 0x1000);
	mkcore_put64(mk, start + size, 0x1234);
	path = mkcore_save(mk);
	assert_int_equal(stat(path, &st), 0);
	assert_true((uint64_t)st.st_size > size);
	assert_true(st.st_blocks < 2048);
	assert_ok(hms_corefile_open(path, NULL, &core));
	assert_int_equal(core->bytes_saved, size + 0x1000);
	assert_int_equal(core->bytes_cut, 0);
	p = hms_corefile_saved(core, start + size, &len);
	assert_memory_equal(p, "\x34\x12\0", 3);
	p = hms_corefile_saved(core, start + size / 2, &len);
	assert_int_equal(*p, 0);
	assert_int_equal(len, size / 2);
	hms_corefile_close(core);
	unlink(path);
	free(path);
}

/* ---- what is no core ---- */

static void wrong_files_are_refused(void **state)
{
	static const struct {
		size_t off;
		uint8_t value;
		enum hms_error_code code;
		const char *text;
	} cases[] = {
		{0, 'X', HMS_ERR_FORMAT, "it is not an ELF file"},
		{EI_CLASS, ELFCLASS32, HMS_ERR_UNSUPPORTED, "it is a 32-bit file"},
		{EI_CLASS, 7, HMS_ERR_FORMAT, "names no class"},
		{EI_DATA, ELFDATA2MSB, HMS_ERR_UNSUPPORTED, "it is a big-endian file"},
		{EI_DATA, 0, HMS_ERR_FORMAT, "names no byte order"},
		{18, EM_RISCV, HMS_ERR_UNSUPPORTED, "it is for RISC-V; only amd64 and arm64"},
		{18, EM_S390, HMS_ERR_UNSUPPORTED, "it is for S/390"},
		{18, 250, HMS_ERR_UNSUPPORTED, "it is for machine 250"},
		{16, ET_EXEC, HMS_ERR_FORMAT, "it is an executable, not a core file"},
		{16, ET_DYN, HMS_ERR_FORMAT, "shared library, not a core file"},
		{16, ET_REL, HMS_ERR_FORMAT, "it is an object file, not a core file"},
		{16, 77, HMS_ERR_FORMAT, "unknown type, not a core file"},
		{54, 32, HMS_ERR_FORMAT, "program headers are 32 bytes long"},
		{33, 0xff, HMS_ERR_FORMAT, "ends before its program headers"},
	};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		struct bytes b;

		three_loads(&b);
		bytes_put8(&b, cases[i].off, cases[i].value);
		assert_refused(&b, cases[i].code, cases[i].text);
		bytes_free(&b);
	}
}

static void short_files_are_refused(void **state)
{
	static const struct {
		size_t len;
		const char *text;
	} cases[] = {
		{0, "it is empty"},
		{3, "it is not an ELF file"},
		{40, "it ends inside the ELF header"},
		{64, "it ends before its program headers"},
		{64 + 56 * 4 - 1, "it ends before its program headers"},
	};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		struct bytes b;

		three_loads(&b);
		b.len = cases[i].len;
		assert_refused(&b, HMS_ERR_FORMAT, cases[i].text);
		bytes_free(&b);
	}
}

static void core_without_memory_is_refused(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	struct bytes b;

	(void)state;
	mkcore_thread(mk, 7, SIGABRT, NULL, 0);
	mkcore_bytes(mk, &b);
	assert_refused(&b, HMS_ERR_FORMAT, "it holds no memory");
	bytes_free(&b);
}

static void absurd_segment_count_is_refused(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	struct bytes b;
	uint64_t shoff;

	(void)state;
	mkcore_force_xnum(mk);
	mkcore_map(mk, 0x10000, 0x1000);
	mkcore_bytes(mk, &b);
	memcpy(&shoff, b.p + offsetof(Elf64_Ehdr, e_shoff), sizeof(shoff));
	bytes_put32(&b, shoff + offsetof(Elf64_Shdr, sh_info), UINT32_MAX);
	assert_refused(&b, HMS_ERR_LIMIT, "4294967295 program headers");
	bytes_free(&b);
}

static void executable_is_no_core(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *mk = mkelf_create(ET_EXEC, 0x401000);
	struct bytes b;

	(void)state;
	mkelf_bytes(mk, &b);
	assert_refused(&b, HMS_ERR_FORMAT, "it is an executable, not a core file");
	bytes_free(&b);
}

static void what_cannot_be_opened_is_said(void **state)
{
	struct hms_corefile *core = NULL;
	char dir[] = "/tmp/hms-test-XXXXXX";
	HMS_AUTO_FREE char *fifo = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fifo = hms_xprintf("%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_err(hms_corefile_open("/nonexistent/core", NULL, &core), HMS_ERR_OS,
		   "cannot open '/nonexistent/core': No such file or directory");
	assert_err(hms_corefile_open(dir, NULL, &core), HMS_ERR_FORMAT, "it is a directory");
	assert_err(hms_corefile_open(fifo, NULL, &core), HMS_ERR_FORMAT, "device or pipe");
	assert_err(hms_corefile_open("/dev/zero", NULL, &core), HMS_ERR_FORMAT, "device or pipe");
	unlink(fifo);
	rmdir(dir);
}

static void unreadable_file_is_said(void **state)
{
	struct hms_corefile *core = NULL;
	uid_t uid = geteuid();
	struct bytes b;
	char *path;

	(void)state;
	three_loads(&b);
	path = bytes_save(&b);
	chmod(path, 0);
	if (uid == 0)
		assert_int_equal(seteuid(65534), 0); /* everything is readable to root */
	assert_err(hms_corefile_open(path, NULL, &core), HMS_ERR_OS, "Permission denied");
	if (uid == 0)
		assert_int_equal(seteuid(uid), 0);
	unlink(path);
	free(path);
	bytes_free(&b);
}

static bool probe_bytes(const struct bytes *b)
{
	char *path = bytes_save(b);
	bool is_core = hms_corefile_probe(path);

	unlink(path);
	free(path);
	return is_core;
}

/* A 32-bit or big-endian core is still the CORE of the command line: opening it says why not. */
static void probe_tells_cores_from_executables(void **state)
{
	HMS_AUTO(mkelf) struct mkelf *exe = mkelf_create(ET_DYN, 0x1000);
	struct bytes b;

	(void)state;
	three_loads(&b);
	assert_true(probe_bytes(&b));
	b.p[EI_CLASS] = ELFCLASS32;
	assert_true(probe_bytes(&b));
	b.p[EI_DATA] = ELFDATA2MSB;
	assert_false(probe_bytes(&b));
	bytes_put(&b, 16, "\0\4", 2);
	assert_true(probe_bytes(&b));
	b.len = 10;
	assert_false(probe_bytes(&b));
	bytes_free(&b);
	mkelf_bytes(exe, &b);
	assert_false(probe_bytes(&b));
	bytes_put(&b, 0, "\x28\xb5\x2f\xfd", 4);
	assert_true(probe_bytes(&b));
	b.len = 0;
	assert_false(probe_bytes(&b));
	bytes_free(&b);
	assert_false(hms_corefile_probe("/nonexistent"));
	assert_false(hms_corefile_probe("/"));
}

static void bytes_are_bounded(void **state)
{
	struct bytes b;

	(void)state;
	three_loads(&b);
	HMS_AUTO(hms_corefile) struct hms_corefile *core = open_bytes(&b);

	assert_memory_equal(hms_corefile_bytes(core, 1, 3), "ELF", 3);
	assert_non_null(hms_corefile_bytes(core, b.len - 1, 1));
	assert_null(hms_corefile_bytes(core, b.len - 1, 2));
	assert_null(hms_corefile_bytes(core, 1, UINT64_MAX));
	assert_null(hms_corefile_bytes(core, UINT64_MAX, 2));
	bytes_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_bytes_end_a_segment),
		cmocka_unit_test(offsets_need_no_alignment),
		cmocka_unit_test(cut_file_counts_what_it_lost),
		cmocka_unit_test(cut_in_the_notes),
		cmocka_unit_test(overlapping_segments_are_clipped),
		cmocka_unit_test(clipping_keeps_bytes_at_their_address),
		cmocka_unit_test(segments_at_the_end_of_the_address_space),
		cmocka_unit_test(saved_beyond_memory_is_ignored),
		cmocka_unit_test(many_segments),
		cmocka_unit_test(extended_segment_count),
		cmocka_unit_test(sparse_core_of_100_gigabytes),
		cmocka_unit_test(wrong_files_are_refused),
		cmocka_unit_test(short_files_are_refused),
		cmocka_unit_test(core_without_memory_is_refused),
		cmocka_unit_test(absurd_segment_count_is_refused),
		cmocka_unit_test(executable_is_no_core),
		cmocka_unit_test(what_cannot_be_opened_is_said),
		cmocka_unit_test(unreadable_file_is_said),
		cmocka_unit_test(probe_tells_cores_from_executables),
		cmocka_unit_test(bytes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
