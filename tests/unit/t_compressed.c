/* core/decompress: cores compressed here with libarchive, then cut, damaged, or not cores. */
#include "unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/corefile.h"
#include "core/decompress.h"
#include "lib/mkcore.h"
#include "util/arena.h"
#include "util/error.h"

static struct hms_error *open_saved(const struct bytes *b,
				    const struct hms_corefile_options *options,
				    struct hms_corefile **ret)
{
	char *path = bytes_save(b);
	struct hms_error *err = hms_corefile_open(path, options, ret);

	unlink(path);
	free(path);
	return err;
}

#ifndef HAVE_LIBARCHIVE

static void compression_is_told_but_not_undone(void **state)
{
	struct bytes b = {0};
	struct hms_corefile *core = NULL;

	(void)state;
	bytes_put(&b, 0, "\x28\xb5\x2f\xfd\0\0\0\0", 8);
	assert_err(open_saved(&b, NULL, &core), HMS_ERR_UNSUPPORTED, "built without libarchive");
	bytes_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compression_is_told_but_not_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

#include <archive.h>
#include <archive_entry.h>

#define HEAP     0xc000000000
#define NWORDS   20000
#define NFLIPS   24
#define HEAP_LEN (1 << 20)
#define LAST     (HEAP + HEAP_LEN)

static const struct {
	const char *name;
	int (*add)(struct archive *);
} formats[] = {
	{"zstd", archive_write_add_filter_zstd},   {"xz", archive_write_add_filter_xz},
	{"gzip", archive_write_add_filter_gzip},   {"lz4", archive_write_add_filter_lz4},
	{"bzip2", archive_write_add_filter_bzip2},
};

/* @b, compressed with each of the @n filters in turn. */
static void compress_bytes(const struct bytes *b, int (*const *add)(struct archive *), size_t n,
			   struct bytes *ret)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t cap = 2 * b->len + (1 << 20), used = 0;

	*ret = (struct bytes){.p = hms_xcalloc(cap, 1)};
	archive_write_set_format_raw(a);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(add[i](a), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_memory(a, ret->p, cap, &used), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, b->p, b->len), b->len);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	archive_entry_free(entry);
	ret->len = used;
}

/* A core with words that do not compress, zeroes behind them, and a last page. */
static void core_bytes(struct bytes *ret)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	uint64_t v = 88172645463325252;

	mkcore_map(mk, HEAP, HEAP_LEN);
	for (uint64_t i = 0; i < NWORDS; i++) {
		v ^= v << 13;
		v ^= v >> 7;
		v ^= v << 17;
		mkcore_put64(mk, HEAP + i * 8, v);
	}
	mkcore_map(mk, LAST, 0x1000);
	mkcore_put64(mk, LAST, 0xfeedface);
	mkcore_thread(mk, 7, SIGABRT, NULL, 0);
	mkcore_bytes(mk, ret);
}

static void each_format(void (*check)(const struct bytes *plain, const struct bytes *packed,
				      const char *name))
{
	struct bytes plain, packed;

	core_bytes(&plain);
	for (size_t i = 0; i < HMS_ARRAY_LEN(formats); i++) {
		compress_bytes(&plain, &formats[i].add, 1, &packed);
		assert_string_equal(hms_compression_name(packed.p, packed.len), formats[i].name);
		check(&plain, &packed, formats[i].name);
		bytes_free(&packed);
	}
	bytes_free(&plain);
}

struct calls {
	size_t n;
	uint64_t last, total;
};

static void count_calls(void *arg, uint64_t bytes, uint64_t bytes_total)
{
	struct calls *calls = arg;

	assert_true(bytes > calls->last && bytes <= bytes_total);
	*calls = (struct calls){calls->n + 1, bytes, bytes_total};
}

static void check_whole(const struct bytes *plain, const struct bytes *packed, const char *name)
{
	struct calls calls = {0};
	struct hms_corefile_options options = {.progress = count_calls, .progress_arg = &calls};
	HMS_AUTO(hms_corefile) struct hms_corefile *core = NULL;
	size_t len = 0;

	(void)name;
	assert_ok(open_saved(packed, &options, &core));
	assert_true(core->compressed);
	assert_false(core->compressed_cut);
	assert_int_equal(core->size, plain->len);
	assert_int_equal(core->bytes_cut, 0);
	assert_memory_equal(hms_corefile_bytes(core, 0, plain->len), plain->p, plain->len);
	assert_memory_equal(hms_corefile_saved(core, LAST, &len), "\xce\xfa\xed\xfe", 4);
	assert_true(calls.n >= 1);
	assert_int_equal(calls.last, packed->len);
	assert_int_equal(calls.total, packed->len);
}

static void every_format_is_unpacked(void **state)
{
	(void)state;
	each_format(check_whole);
}

static void check_cut_at(const struct bytes *plain, const struct bytes *packed, size_t len)
{
	struct bytes cut = {.p = packed->p, .len = len};
	HMS_AUTO(hms_corefile) struct hms_corefile *core = NULL;
	struct hms_error *err = open_saved(&cut, NULL, &core);

	if (err) {
		/* Nothing that would be a core came out: that may be, but it is said. */
		assert_non_null(strstr(err->message, "cut short"));
		hms_err_free(err);
		return;
	}
	assert_true(core->compressed_cut);
	assert_true(core->size <= plain->len);
	assert_true(core->bytes_cut > 0 || core->size == plain->len);
	assert_memory_equal(hms_corefile_bytes(core, 0, core->size), plain->p, core->size);
}

static void check_cut(const struct bytes *plain, const struct bytes *packed, const char *name)
{
	HMS_AUTO(hms_corefile) struct hms_corefile *core = NULL;
	struct bytes cut = {.p = packed->p, .len = packed->len - packed->len / 8};

	for (size_t i = 1; i <= 12; i++)
		check_cut_at(plain, packed, packed->len * i / 13);
	for (size_t i = 1; i < 12; i++)
		check_cut_at(plain, packed, packed->len - i);
	/* The others give nothing before a block is whole, and it may hold all there is. */
	if (strcmp(name, "zstd") != 0 && strcmp(name, "gzip") != 0)
		return;
	assert_ok(open_saved(&cut, NULL, &core));
	assert_true(core->size > 0x2000);
	assert_true(core->bytes_cut > 0);
}

static void cut_file_is_used_as_far_as_it_goes(void **state)
{
	(void)state;
	each_format(check_cut);
}

/* Flip bits here and there; how often is that refused?  @has_checksum: then the bytes are never
 * wrong without a word. */
static size_t count_refused(const struct bytes *plain, const struct bytes *packed,
			    bool has_checksum)
{
	size_t refused = 0;

	for (size_t i = 0; i < NFLIPS; i++) {
		HMS_AUTO(hms_corefile) struct hms_corefile *core = NULL;
		size_t at = 16 + (packed->len - 40) * i / NFLIPS;
		struct hms_error *err;

		packed->p[at] ^= 1 << i % 8;
		err = open_saved(packed, NULL, &core);
		packed->p[at] ^= 1 << i % 8;
		if (err) {
			assert_int_equal(err->code, HMS_ERR_FORMAT);
			refused++;
		} else if (has_checksum && !core->compressed_cut) {
			assert_int_equal(core->size, plain->len);
			assert_memory_equal(hms_corefile_bytes(core, 0, core->size), plain->p,
					    core->size);
		}
		hms_err_free(err);
	}
	return refused;
}

/* libarchive's zstd writer, unlike the zstd tool, leaves the checksum out. */
static void check_corrupt(const struct bytes *plain, const struct bytes *packed, const char *name)
{
	bool has_checksum = strcmp(name, "zstd") != 0;
	size_t refused = count_refused(plain, packed, has_checksum);

	assert_true(refused > (has_checksum ? NFLIPS / 2 : 0));
}

static void corrupt_file_is_refused(void **state)
{
	(void)state;
	each_format(check_corrupt);
}

/* @b, as the command line tool @command compresses it; false where it is not installed. */
static bool compress_by_tool(const struct bytes *b, const char *command, struct bytes *ret)
{
	HMS_AUTO_FREE char *path = bytes_save(b), *line = NULL;
	uint8_t buf[4096];
	size_t n;
	FILE *f;

	*ret = (struct bytes){0};
	line = hms_xprintf("%s '%s' 2>/dev/null", command, path);
	f = popen(line, "re");
	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		bytes_put(ret, ret->len, buf, n);
	if (f)
		pclose(f);
	unlink(path);
	return ret->len > 0;
}

/* What crash collectors and people's own hands make; their files have checksums. */
static void files_of_the_command_line_tools(void **state)
{
	static const char *const commands[] = {
		"zstd -qc", "zstd -qc -19 --long", "xz -c -1", "gzip -c", "lz4 -qc", "lz4 -qcl",
		"bzip2 -c"};
	struct bytes plain, packed;

	(void)state;
	core_bytes(&plain);
	for (size_t i = 0; i < HMS_ARRAY_LEN(commands); i++) {
		if (!compress_by_tool(&plain, commands[i], &packed))
			continue;
		check_whole(&plain, &packed, commands[i]);
		if (strcmp(commands[i], "lz4 -qcl") != 0) /* the old framing has no checksum */
			assert_true(count_refused(&plain, &packed, true) > NFLIPS / 2);
		bytes_free(&packed);
	}
	bytes_free(&plain);
}

static void zeroes_take_no_disk_space(void **state)
{
	struct bytes plain, packed;
	struct hms_unpacked unpacked = {.fd = -1};
	struct hms_mapfile map;
	struct stat st;

	(void)state;
	core_bytes(&plain);
	compress_bytes(&plain, &formats[0].add, 1, &packed);
	map = (struct hms_mapfile){.p = packed.p, .size = packed.len};
	assert_ok(hms_decompress(&map, "x", NULL, &unpacked));
	assert_int_equal(fstat(unpacked.fd, &st), 0);
	assert_int_equal(st.st_size, plain.len);
	assert_int_equal(st.st_nlink, 0);
	assert_true(st.st_blocks * 512 < st.st_size / 2);
	close(unpacked.fd);
	bytes_free(&plain);
	bytes_free(&packed);
}

/* What is inside is told by its beginning: a large archive is not unpacked first. */
static void what_holds_no_core_is_refused(void **state)
{
	static const char *const texts[] = {"not a core", "holds no core"};
	struct bytes plain = {0}, packed;
	struct hms_corefile *core = NULL;

	(void)state;
	bytes_put(&plain, 0, "just text, and more than an ELF header", 38);
	for (size_t i = 0; i < HMS_ARRAY_LEN(texts); i++) {
		compress_bytes(&plain, &formats[i].add, 1, &packed);
		assert_err(open_saved(&packed, NULL, &core), HMS_ERR_FORMAT, texts[i]);
		bytes_free(&packed);
		plain.len = 5;
	}
	bytes_free(&plain);
}

static void executable_inside_is_refused(void **state)
{
	struct bytes plain, packed;
	struct hms_corefile *core = NULL;

	(void)state;
	core_bytes(&plain);
	plain.p[16] = ET_EXEC;
	compress_bytes(&plain, &formats[2].add, 1, &packed);
	assert_err(open_saved(&packed, NULL, &core), HMS_ERR_FORMAT,
		   "what it holds, gzip-compressed, is not a core file");
	bytes_free(&plain);
	bytes_free(&packed);
}

static void magic_alone_is_refused(void **state)
{
	static const struct {
		const char *magic;
		size_t len;
	} cases[] = {{"\x28\xb5\x2f\xfd", 4},
		     {"\xfd"
		      "7zXZ\0",
		      6},
		     {"\x1f\x8b\x08", 3},
		     {"\x04\x22\x4d\x18", 4},
		     {"\x02\x21\x4c\x18", 4},
		     {"BZh9", 4}};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		struct bytes b = {0};
		struct hms_corefile *core = NULL;
		struct hms_error *err;

		bytes_put(&b, 0, cases[i].magic, cases[i].len);
		err = open_saved(&b, NULL, &core);
		assert_non_null(err);
		assert_int_equal(err->code, HMS_ERR_FORMAT);
		assert_non_null(strstr(err->message, "cannot unpack"));
		hms_err_free(err);
		bytes_free(&b);
	}
}

/* Layers can hide any amount of data in a small file. */
static void compressed_twice_is_refused(void **state)
{
	int (*const twice[])(struct archive *) = {archive_write_add_filter_gzip,
						  archive_write_add_filter_gzip};
	struct bytes plain, packed;
	struct hms_corefile *core = NULL;

	(void)state;
	core_bytes(&plain);
	compress_bytes(&plain, twice, 2, &packed);
	assert_err(open_saved(&packed, NULL, &core), HMS_ERR_UNSUPPORTED, "compressed 2 times");
	bytes_free(&plain);
	bytes_free(&packed);
}

/* gzip's own tool joins members; each has a checksum of its own. */
static void gzip_of_two_members(void **state)
{
	struct bytes plain, half, packed, second;
	HMS_AUTO(hms_corefile) struct hms_corefile *core = NULL;

	(void)state;
	core_bytes(&plain);
	half = (struct bytes){.p = plain.p, .len = 100000};
	compress_bytes(&half, &formats[2].add, 1, &packed);
	half = (struct bytes){.p = plain.p + 100000, .len = plain.len - 100000};
	compress_bytes(&half, &formats[2].add, 1, &second);
	bytes_put(&packed, packed.len, second.p, second.len);
	assert_ok(open_saved(&packed, NULL, &core));
	assert_int_equal(core->size, plain.len);
	assert_memory_equal(hms_corefile_bytes(core, 0, plain.len), plain.p, plain.len);
	bytes_free(&plain);
	bytes_free(&packed);
	bytes_free(&second);
}

/* No space left behaves as a limit on file sizes does, up to errno. */
static void full_disk_is_said(void **state)
{
	struct rlimit old, small;
	struct bytes plain, packed;
	struct hms_corefile *core = NULL;
	char *path;

	(void)state;
	core_bytes(&plain);
	compress_bytes(&plain, &formats[0].add, 1, &packed);
	path = bytes_save(&packed);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){.rlim_cur = 100000, .rlim_max = old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_err(hms_corefile_open(path, NULL, &core), HMS_ERR_OS, "(TMPDIR): File too large");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	unlink(path);
	free(path);
	bytes_free(&plain);
	bytes_free(&packed);
}

static void missing_temporary_directory_is_said(void **state)
{
	HMS_AUTO_FREE char *old = getenv("TMPDIR") ? hms_xstrdup(getenv("TMPDIR")) : NULL;
	struct bytes plain, packed;
	struct hms_corefile *core = NULL;
	char *path;

	(void)state;
	core_bytes(&plain);
	compress_bytes(&plain, &formats[0].add, 1, &packed);
	path = bytes_save(&packed);
	setenv("TMPDIR", "/nonexistent", 1);
	assert_err(hms_corefile_open(path, NULL, &core), HMS_ERR_OS,
		   "into '/nonexistent': No such file or directory");
	if (old)
		setenv("TMPDIR", old, 1);
	else
		unsetenv("TMPDIR");
	unlink(path);
	free(path);
	bytes_free(&plain);
	bytes_free(&packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_is_unpacked),
		cmocka_unit_test(cut_file_is_used_as_far_as_it_goes),
		cmocka_unit_test(corrupt_file_is_refused),
		cmocka_unit_test(files_of_the_command_line_tools),
		cmocka_unit_test(zeroes_take_no_disk_space),
		cmocka_unit_test(what_holds_no_core_is_refused),
		cmocka_unit_test(executable_inside_is_refused),
		cmocka_unit_test(magic_alone_is_refused),
		cmocka_unit_test(compressed_twice_is_refused),
		cmocka_unit_test(gzip_of_two_members),
		cmocka_unit_test(full_disk_is_said),
		cmocka_unit_test(missing_temporary_directory_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
