/* core/mem: images of cores and executables built from literals, and of random ones against a
 * byte-by-byte model. */
#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/mem.h"
#include "lib/image.h"
#include "util/arena.h"
#include "util/threads.h"

static void assert_state(const struct hms_mem *mem, uint64_t addr, enum hms_mem_state state,
			 uint64_t end)
{
	uint64_t seen = 0;

	assert_int_equal(hms_mem_state_at(mem, addr, &seen), state);
	assert_int_equal(seen, end);
}

static void assert_fault(struct hms_error *err, uint64_t addr, const char *text)
{
	assert_non_null(err);
	assert_int_equal(err->code, HMS_ERR_FAULT);
	assert_int_equal(err->addr, addr);
	if (!strstr(err->message, text))
		fail_msg("\"%s\" does not hold \"%s\"", err->message, text);
	hms_err_free(err);
}

/* [0x10000, 0x12000) saved, then 0x1000 bytes not saved, then 0x1000 saved; 0x14000 unmapped. */
static void open_with_hole(struct image *image, bool unaligned)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();

	if (unaligned)
		mkcore_unaligned(mk);
	mkcore_map(mk, 0x10000, 0x4000);
	mkcore_absent(mk, 0x12000, 0x1000);
	mkcore_put64(mk, 0x10008, 0x8877665544332211);
	mkcore_put64(mk, 0x11ffc, 0xddccbbaa);
	mkcore_put64(mk, 0x13000, 0x0102030405060708);
	image_open(image, mk, NULL, 0);
}

static void values_are_little_endian(void **state)
{
	struct image image;
	uint64_t v64 = 0;
	uint32_t v32 = 0;
	uint8_t v8 = 0;

	(void)state;
	for (int unaligned = 0; unaligned < 2; unaligned++) {
		open_with_hole(&image, unaligned);
		assert_ok(hms_mem_u64(image.mem, 0x10008, &v64));
		assert_int_equal(v64, 0x8877665544332211);
		assert_ok(hms_mem_u32(image.mem, 0x10009, &v32));
		assert_int_equal(v32, 0x55443322);
		assert_ok(hms_mem_u8(image.mem, 0x1000f, &v8));
		assert_int_equal(v8, 0x88);
		assert_ok(hms_mem_u64(image.mem, 0x13000, &v64));
		assert_int_equal(v64, 0x0102030405060708);
		image_close(&image);
	}
}

static void states_and_runs(void **state)
{
	struct image image;

	(void)state;
	open_with_hole(&image, false);
	assert_state(image.mem, 0, HMS_MEM_UNMAPPED, 0x10000);
	assert_state(image.mem, 0xffff, HMS_MEM_UNMAPPED, 0x10000);
	assert_state(image.mem, 0x10000, HMS_MEM_PRESENT, 0x12000);
	assert_state(image.mem, 0x11fff, HMS_MEM_PRESENT, 0x12000);
	assert_state(image.mem, 0x12000, HMS_MEM_NOT_SAVED, 0x13000);
	assert_state(image.mem, 0x13000, HMS_MEM_PRESENT, 0x14000);
	assert_state(image.mem, 0x14000, HMS_MEM_UNMAPPED, UINT64_MAX);
	assert_state(image.mem, UINT64_MAX, HMS_MEM_UNMAPPED, UINT64_MAX);
	assert_int_equal(hms_mem_state_at(image.mem, 0x12345, NULL), HMS_MEM_NOT_SAVED);
	image_close(&image);
}

/* What is absent is an error at its first byte, and nothing is written. */
static void reads_are_all_or_nothing(void **state)
{
	struct image image;
	uint8_t buf[0x2000];
	uint64_t v = 99;

	(void)state;
	open_with_hole(&image, false);
	memset(buf, 0x5a, sizeof(buf));
	assert_fault(hms_mem_read(image.mem, 0x11f00, buf, 0x200), 0x12000, "is not in the core");
	assert_fault(hms_mem_read(image.mem, 0x12000, buf, 1), 0x12000, "is not in the core");
	assert_fault(hms_mem_read(image.mem, 0x13f00, buf, 0x101), 0x14000, "was never mapped");
	assert_fault(hms_mem_read(image.mem, 0x20000, buf, 8), 0x20000, "was never mapped");
	assert_fault(hms_mem_u64(image.mem, 0x11ffc, &v), 0x12000, "is not in the core");
	assert_int_equal(v, 99);
	for (size_t i = 0; i < sizeof(buf); i++)
		assert_int_equal(buf[i], 0x5a);
	assert_ok(hms_mem_read(image.mem, 0x11ffc, buf, 4));
	assert_memory_equal(buf, "\xaa\xbb\xcc\xdd\x5a", 5);
	image_close(&image);
}

static void nothing_can_be_read_anywhere(void **state)
{
	struct image image;
	const uint8_t *p = NULL;

	(void)state;
	open_with_hole(&image, false);
	assert_ok(hms_mem_read(image.mem, 0x20000, NULL, 0));
	assert_ok(hms_mem_view(image.mem, UINT64_MAX, 0, &p));
	assert_non_null(p);
	assert_non_null(hms_mem_peek(image.mem, 0x12000, 0));
	image_close(&image);
}

static void peek_and_run_are_bounded(void **state)
{
	struct image image;
	const uint8_t *p = NULL, *all;

	(void)state;
	open_with_hole(&image, false);
	all = hms_mem_peek(image.mem, 0x10000, 0x2000);
	assert_non_null(all);
	assert_memory_equal(all + 8, "\x11\x22\x33", 3);
	assert_null(hms_mem_peek(image.mem, 0x10000, 0x2001));
	assert_null(hms_mem_peek(image.mem, 0x11fff, 2));
	assert_null(hms_mem_peek(image.mem, 0x10000, SIZE_MAX));
	assert_null(hms_mem_peek(image.mem, 0xffff, 1));
	assert_ptr_equal(hms_mem_peek(image.mem, 0x11fff, 1), all + 0x1fff);
	assert_int_equal(hms_mem_run(image.mem, 0x10010, &p), 0x1ff0);
	assert_ptr_equal(p, all + 0x10);
	p = NULL;
	assert_int_equal(hms_mem_run(image.mem, 0x12000, &p), 0);
	assert_int_equal(hms_mem_run(image.mem, 0x14000, &p), 0);
	assert_null(p);
	image_close(&image);
}

/* Two mappings side by side, and side by side in the file: one piece. */
static void neighbours_are_one_view(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	struct image image;
	const uint8_t *p = NULL;

	(void)state;
	mkcore_map(mk, 0x11000, 0x1000);
	mkcore_map_flags(mk, 0x10000, 0x1000, PF_R);
	mkcore_put64(mk, 0x11000, 42);
	image_open(&image, mk, NULL, 0);
	assert_ok(hms_mem_view(image.mem, 0x10800, 0x1000, &p));
	assert_int_equal(p[0x800], 42);
	assert_state(image.mem, 0x10000, HMS_MEM_PRESENT, 0x12000);
	image_close(&image);
}

/* Side by side in memory, apart in the file: reads go across, views say why they can't. */
static void split_pieces_are_read_across(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	struct hms_error *err;
	struct image image;
	const uint8_t *p = NULL;
	uint64_t v = 0;

	(void)state;
	mkcore_map(mk, 0x10000, 0xffc); /* the next one begins at a page of the file */
	mkcore_map(mk, 0x10ffc, 0x1000);
	mkcore_put32(mk, 0x10ff8, 0x11223344);
	mkcore_put32(mk, 0x10ffc, 0x55667788);
	image_open(&image, mk, NULL, 0);
	assert_ok(hms_mem_u64(image.mem, 0x10ff8, &v));
	assert_int_equal(v, 0x5566778811223344);
	err = hms_mem_view(image.mem, 0x10ff8, 8, &p);
	assert_non_null(err);
	assert_int_equal(err->code, HMS_ERR_SPLIT);
	assert_int_equal(err->addr, 0x10ff8);
	hms_err_free(err);
	assert_null(hms_mem_peek(image.mem, 0x10ff8, 8));
	assert_null(p);
	assert_fault(hms_mem_view(image.mem, 0x10ff8, 0x2000, &p), 0x11ffc, "never mapped");
	assert_state(image.mem, 0x10000, HMS_MEM_PRESENT, 0x11ffc);
	assert_int_equal(hms_mem_run(image.mem, 0x10ff8, &p), 4);
	image_close(&image);
}

static void cut_core_says_so(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	HMS_AUTO(hms_corefile) struct hms_corefile *core = NULL;
	HMS_AUTO(hms_mem) struct hms_mem *mem = NULL;
	struct bytes b;
	uint64_t v;
	char *path;

	(void)state;
	mkcore_map(mk, 0x10000, 0x2000);
	mkcore_bytes(mk, &b);
	b.len -= 0x1000;
	path = bytes_save(&b);
	assert_ok(hms_corefile_open(path, NULL, &core));
	assert_ok(hms_mem_open(core, NULL, 0, &mem));
	assert_ok(hms_mem_u64(mem, 0x10ff8, &v));
	assert_fault(hms_mem_u64(mem, 0x10ffc, &v), 0x11000, "which is cut short");
	assert_state(mem, 0x11000, HMS_MEM_NOT_SAVED, 0x12000);
	unlink(path);
	free(path);
	bytes_free(&b);
}

/* ---- with an executable ---- */

/* Text at 0x401000 ("text"), read-only data at 0x402000 ("rodata"), data at 0x403000 ("data"). */
static struct mkelf *program(uint16_t type)
{
	struct mkelf *mk = mkelf_create(type, 0x401000);

	mkelf_headers_at(mk, 0x400000);
	mkelf_segment(mk, 0x401000, 0x1000, PF_R | PF_X, "text", 4);
	mkelf_segment(mk, 0x402000, 0x1000, PF_R, "rodata", 6);
	mkelf_segment(mk, 0x403000, 0x1000, PF_R | PF_W, "data", 4);
	return mk;
}

static void assert_text(const struct hms_mem *mem, uint64_t addr, const char *text)
{
	char buf[16] = "";

	assert_ok(hms_mem_read(mem, addr, buf, strlen(text)));
	assert_string_equal(buf, text);
}

static void executable_fills_what_the_core_lacks(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	HMS_AUTO(mkelf) struct mkelf *exe = program(ET_EXEC);
	struct image image;
	uint8_t v;

	(void)state;
	mkcore_map_flags(mk, 0x401000, 0x2000, PF_R);
	mkcore_absent(mk, 0x401000, 0x2000);
	mkcore_map(mk, 0x403000, 0x1000);
	mkcore_absent(mk, 0x403000, 0x1000);
	image_open(&image, mk, exe, 0);
	assert_text(image.mem, 0x400000,
		    "\x7f"
		    "ELF"); /* no segment of the core covers it */
	assert_text(image.mem, 0x401000, "text");
	assert_text(image.mem, 0x402000, "rodata");
	assert_state(image.mem, 0x401000, HMS_MEM_FROM_FILE, 0x401004);
	assert_state(image.mem, 0x401004, HMS_MEM_NOT_SAVED, 0x402000);
	/* Data that the program may have changed is not what the file says. */
	assert_fault(hms_mem_u8(image.mem, 0x403000, &v), 0x403000, "is not in the core");
	image_close(&image);
}

static void core_comes_before_the_executable(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	HMS_AUTO(mkelf) struct mkelf *exe = program(ET_EXEC);
	struct image image;

	(void)state;
	mkcore_map_flags(mk, 0x402000, 0x1000, PF_R);
	mkcore_put(mk, 0x402002, "DA", 2);
	mkcore_absent(mk, 0x402004, 0xffc);
	image_open(&image, mk, exe, 0);
	assert_text(image.mem, 0x402002, "DAta"); /* four bytes of two pieces */
	assert_state(image.mem, 0x402000, HMS_MEM_PRESENT, 0x402004);
	assert_state(image.mem, 0x402004, HMS_MEM_FROM_FILE, 0x402006);
	assert_int_equal(hms_mem_peek(image.mem, 0x402000, 1)[0], 0);
	image_close(&image);
}

static void executable_is_moved_by_the_bias(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	HMS_AUTO(mkelf) struct mkelf *exe = program(ET_DYN);
	const uint64_t bias = 0x55bd48375000;
	struct image image;
	uint8_t v;

	(void)state;
	mkcore_map(mk, 0x10000, 0x1000);
	image_open(&image, mk, exe, bias);
	assert_text(image.mem, bias + 0x402000, "rodata");
	assert_fault(hms_mem_u8(image.mem, 0x402000, &v), 0x402000, "was never mapped");
	image_close(&image);
	image_open(&image, mk, exe, -0x400000ull); /* moved down */
	assert_text(image.mem, 0x2000, "rodata");
	image_close(&image);
}

/* A bias that cannot be: nothing wraps around the end of the address space. */
static void absurd_bias_is_harmless(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	HMS_AUTO(mkelf) struct mkelf *exe = program(ET_DYN);
	struct image image;
	uint8_t v;

	(void)state;
	mkcore_map(mk, 0x10000, 0x1000);
	for (uint64_t end = 0; end < 0x3000; end += 0xfff) {
		image_open(&image, mk, exe, -(0x400000 + end));
		assert_ok(hms_mem_u8(image.mem, 0x10000, &v));
		assert_fault(hms_mem_u8(image.mem, 0x11000, &v), 0x11000, "never mapped");
		image_close(&image);
	}
}

/* Linux writes a segment for each mapping, other writers leave out what they don't save. */
static void file_mappings_are_not_unmapped(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	struct image image;

	(void)state;
	mkcore_map(mk, 0x11000, 0x1000);
	mkcore_file(mk, 0x10000, 0x13000, 0, "/lib/a");
	mkcore_file(mk, 0x12000, 0x14000, 0, "/lib/b"); /* overlaps: it may not hurt */
	mkcore_file(mk, 0x12000, 0x12800, 0, "/lib/c");
	image_open(&image, mk, NULL, 0);
	assert_state(image.mem, 0x10000, HMS_MEM_NOT_SAVED, 0x11000);
	assert_state(image.mem, 0x11000, HMS_MEM_PRESENT, 0x12000);
	assert_state(image.mem, 0x12000, HMS_MEM_NOT_SAVED, 0x14000);
	image_close(&image);
}

/* ---- odd places ---- */

static void top_of_the_address_space(void **state)
{
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	const uint64_t page = 0xfffffffffffff000;
	struct image image;
	const uint8_t *p = NULL;
	uint64_t v = 0;

	(void)state;
	mkcore_map(mk, page, 0xfff); /* as far as any mapping goes */
	mkcore_put64(mk, page + 0xff7, 0x1234);
	image_open(&image, mk, NULL, 0);
	assert_ok(hms_mem_u64(image.mem, UINT64_MAX - 8, &v));
	assert_int_equal(v, 0x1234);
	assert_int_equal(hms_mem_run(image.mem, UINT64_MAX - 1, &p), 1);
	assert_fault(hms_mem_u64(image.mem, UINT64_MAX - 3, &v), UINT64_MAX, "never mapped");
	assert_null(hms_mem_peek(image.mem, UINT64_MAX - 3, SIZE_MAX));
	assert_null(hms_mem_peek(image.mem, UINT64_MAX, 1));
	assert_state(image.mem, page, HMS_MEM_PRESENT, UINT64_MAX);
	image_close(&image);
}

/* Pieces on both sides of where the lookup table's granules and the table itself end. */
static void table_borders(void **state)
{
	static const uint64_t borders[] = {1ull << 30, 3ull << 30, 1ull << 47, 1ull << 48,
					   0xffff800000000000};
	HMS_AUTO(mkcore) struct mkcore *mk = mkcore_create();
	struct image image;
	uint64_t v = 0;

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(borders); i++) {
		mkcore_map(mk, borders[i] - 0x1000, 0x2000);
		mkcore_put64(mk, borders[i] - 4, 0x0102030405060708 + i);
	}
	image_open(&image, mk, NULL, 0);
	for (size_t i = 0; i < HMS_ARRAY_LEN(borders); i++) {
		assert_ok(hms_mem_u64(image.mem, borders[i] - 4, &v));
		assert_int_equal(v, 0x0102030405060708 + i);
		assert_fault(hms_mem_u64(image.mem, borders[i] - 0x1004, &v), borders[i] - 0x1004,
			     "never mapped");
		assert_fault(hms_mem_u64(image.mem, borders[i] + 0xffc, &v), borders[i] + 0x1000,
			     "never mapped");
	}
	image_close(&image);
}

/* ---- against a model ---- */

#define MODEL_BASE 0x3ffff000 /* around the end of a granule */
#define MODEL_LEN  0x4000

struct model {
	enum hms_mem_state state[MODEL_LEN];
	uint8_t byte[MODEL_LEN];
};

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Ranges, absent parts, file rows: in the core and, byte by byte, in the model. */
static void make_random(uint64_t *seed, struct mkcore *mk, struct model *model)
{
	size_t at = 0;

	for (size_t i = 0; i < MODEL_LEN; i++)
		model->state[i] = HMS_MEM_UNMAPPED;
	mkcore_map(mk, 0x1000, 0x1000); /* never empty */
	if (next_random(seed) % 2)
		mkcore_unaligned(mk);
	while (at < MODEL_LEN) {
		size_t len = 1 + next_random(seed) % 300;

		len = HMS_MIN(len, MODEL_LEN - at);
		switch (next_random(seed) % 4) {
		case 0: break;
		case 1:
			mkcore_file(mk, MODEL_BASE + at, MODEL_BASE + at + len, 0, "/f");
			for (size_t i = at; i < at + len; i++)
				model->state[i] = HMS_MEM_NOT_SAVED;
			break;
		default:
			mkcore_map(mk, MODEL_BASE + at, len);
			for (size_t i = at; i < at + len; i++) {
				model->state[i] = HMS_MEM_PRESENT;
				model->byte[i] = (uint8_t)next_random(seed);
				mkcore_put8(mk, MODEL_BASE + i, model->byte[i]);
				if (next_random(seed) % 64 == 0) {
					mkcore_absent(mk, MODEL_BASE + i, 1);
					model->state[i] = HMS_MEM_NOT_SAVED;
				}
			}
		}
		at += len;
	}
}

static void check_states(const struct hms_mem *mem, const struct model *model)
{
	for (size_t i = 0; i < MODEL_LEN; i++) {
		size_t end = i;
		uint64_t seen = 0;

		while (end < MODEL_LEN && model->state[end] == model->state[i])
			end++;
		assert_int_equal(hms_mem_state_at(mem, MODEL_BASE + i, &seen), model->state[i]);
		if (end < MODEL_LEN)
			assert_int_equal(seen, MODEL_BASE + end);
	}
}

static void check_read(const struct hms_mem *mem, const struct model *model, size_t at, size_t len)
{
	uint8_t buf[1024];
	size_t bad = at;
	struct hms_error *err;
	const uint8_t *p;

	while (bad < at + len && model->state[bad] == HMS_MEM_PRESENT)
		bad++;
	err = hms_mem_read(mem, MODEL_BASE + at, buf, len);
	p = hms_mem_peek(mem, MODEL_BASE + at, len);
	if (bad < at + len) {
		assert_fault(err, MODEL_BASE + bad, "");
		assert_null(p);
		return;
	}
	assert_ok(err);
	assert_memory_equal(buf, model->byte + at, len);
	if (p)
		assert_memory_equal(p, model->byte + at, len);
}

static void random_images_agree_with_the_model(void **state)
{
	const char *text = getenv("HMS_TEST_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 0x9e3779b97f4a7c15;
	struct model *model = hms_xcalloc(1, sizeof(*model));

	(void)state;
	for (int round = 0; round < 40; round++) {
		struct mkcore *mk = mkcore_create();
		struct image image;

		print_message("# HMS_TEST_SEED=0x%llx\n", (unsigned long long)seed);
		make_random(&seed, mk, model);
		image_open(&image, mk, NULL, 0);
		mkcore_destroy(mk);
		check_states(image.mem, model);
		for (int i = 0; i < 2000; i++) {
			size_t len = 1 + next_random(&seed) % (i % 8 ? 16 : 1000);
			size_t at = next_random(&seed) % (MODEL_LEN - len);

			check_read(image.mem, model, at, len);
		}
		image_close(&image);
	}
	free(model);
}

/* ---- threads ---- */

static struct hms_error *read_much(void *arg, size_t item, unsigned int worker)
{
	const struct hms_mem *mem = arg;

	(void)worker;
	for (uint64_t i = 0; i < 20000; i++) {
		uint64_t addr = 0x10000 + (i * 4099 + item) % 0x1ff8, v;

		HMS_TRY(hms_mem_u64(mem, addr, &v));
		if (hms_mem_state_at(mem, addr, NULL) != HMS_MEM_PRESENT)
			return hms_err(HMS_ERR_FORMAT, "wrong state");
	}
	return NULL;
}

static void threads_share_an_image(void **state)
{
	struct image image;

	(void)state;
	open_with_hole(&image, true);
	assert_ok(hms_parallel(16, 4, read_much, image.mem));
	image_close(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_little_endian),
		cmocka_unit_test(states_and_runs),
		cmocka_unit_test(reads_are_all_or_nothing),
		cmocka_unit_test(nothing_can_be_read_anywhere),
		cmocka_unit_test(peek_and_run_are_bounded),
		cmocka_unit_test(neighbours_are_one_view),
		cmocka_unit_test(split_pieces_are_read_across),
		cmocka_unit_test(cut_core_says_so),
		cmocka_unit_test(executable_fills_what_the_core_lacks),
		cmocka_unit_test(core_comes_before_the_executable),
		cmocka_unit_test(executable_is_moved_by_the_bias),
		cmocka_unit_test(absurd_bias_is_harmless),
		cmocka_unit_test(file_mappings_are_not_unmapped),
		cmocka_unit_test(top_of_the_address_space),
		cmocka_unit_test(table_borders),
		cmocka_unit_test(random_images_agree_with_the_model),
		cmocka_unit_test(threads_share_an_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
