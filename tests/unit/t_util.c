/* util: errors, arena, strings, parallel loops. */
#include "unit/unit.h"

#include <stdatomic.h>

#include "util/arena.h"
#include "util/str.h"
#include "util/threads.h"

static void error_context_is_prepended(void **state)
{
	(void)state;
	assert_err(hms_err_ctx(hms_err(HMS_ERR_FORMAT, "bad %d", 7), "file '%s'", "x"),
		   HMS_ERR_FORMAT, "file 'x': bad 7");
	assert_null(hms_err_ctx(NULL, "nothing"));
	assert_ptr_equal(hms_err_ctx(&hms_err_nomem, "x"), &hms_err_nomem);
}

static void error_catch_takes_only_its_code(void **state)
{
	struct hms_error *err = hms_err_fault(0x1234, "was never mapped");

	(void)state;
	assert_int_equal(err->addr, 0x1234);
	assert_false(hms_err_catch(&err, HMS_ERR_OS));
	assert_non_null(err);
	assert_true(hms_err_catch(&err, HMS_ERR_FAULT));
	assert_null(err);
}

static void alloc_array_refuses_what_the_input_exaggerates(void **state)
{
	char *p = NULL;

	(void)state;
	assert_err(hms_alloc_array(11, 1, 10, &p), HMS_ERR_LIMIT, "limit");
	assert_err(hms_alloc_array(UINT64_MAX / 4, 16, UINT64_MAX, &p), HMS_ERR_LIMIT, "overflows");
	assert_null(p);
	assert_ok(hms_alloc_array(10, 1, 10, &p));
	assert_int_equal(p[9], 0);
	free(p);
}

static void arena_memory_is_zeroed_and_stays(void **state)
{
	struct hms_arena *arena = hms_arena_create();
	char *first = hms_arena_strdup(arena, "first");

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t *p = hms_arena_alloc(arena, 24);

		assert_int_equal(p[0] | p[1] | p[2], 0);
		memset(p, 0xff, 24);
	}
	assert_string_equal(first, "first");
	assert_string_equal(hms_arena_printf(arena, "%d-%s", 3, "x"), "3-x");
	hms_arena_destroy(arena);
}

static void str_grows(void **state)
{
	struct hms_str s = HMS_STR_INIT;

	(void)state;
	assert_string_equal(hms_str_text(&s), "");
	for (int i = 0; i < 1000; i++)
		hms_str_addf(&s, "%04d", i);
	assert_int_equal(s.len, 4000);
	assert_memory_equal(s.s + 4 * 567, "0567", 4);
	hms_str_addn(&s, "a\0b", 3);
	assert_int_equal(s.len, 4003);
	hms_str_deinit(&s);
}

struct sum {
	atomic_size_t total;
	size_t fail_at;
};

static struct hms_error *add(void *arg, size_t item, unsigned int worker)
{
	struct sum *sum = arg;

	(void)worker;
	if (item == sum->fail_at)
		return hms_err(HMS_ERR_LIMIT, "item %zu", item);
	atomic_fetch_add(&sum->total, item);
	return NULL;
}

static void parallel_does_each_item_once(void **state)
{
	struct sum sum = {.fail_at = SIZE_MAX};

	(void)state;
	assert_ok(hms_parallel(1000, 4, add, &sum));
	assert_int_equal(sum.total, 999 * 1000 / 2);
	assert_ok(hms_parallel(0, 4, add, &sum));
	sum.fail_at = 17;
	assert_err(hms_parallel(1000, 4, add, &sum), HMS_ERR_LIMIT, "item 17");
}

/* Sizes of all kinds, text between them: each is aligned, apart from the others, and keeps its
 * bytes. */
static void arena_memory_of_any_size(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, 1024, 1025, 4096, 100000, 1 << 20};
	struct hms_arena *arena = hms_arena_create();
	struct {
		uint8_t *p;
		size_t size;
		char *text;
	} all[300];

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(all); i++) {
		all[i].size = sizes[i * 7 % HMS_ARRAY_LEN(sizes)];
		all[i].p = hms_arena_alloc(arena, all[i].size);
		assert_non_null(all[i].p);
		assert_int_equal((uintptr_t)all[i].p % _Alignof(max_align_t), 0);
		memset(all[i].p, (int)i, all[i].size);
		all[i].text = hms_arena_strndup(arena, "a text that is cut", i % 18);
	}
	for (size_t i = 0; i < HMS_ARRAY_LEN(all); i++) {
		assert_int_equal(strlen(all[i].text), i % 18);
		for (size_t k = 0; k < all[i].size; k += 1 + all[i].size / 64)
			assert_int_equal(all[i].p[k], (uint8_t)i);
	}
	hms_arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_context_is_prepended),
		cmocka_unit_test(error_catch_takes_only_its_code),
		cmocka_unit_test(alloc_array_refuses_what_the_input_exaggerates),
		cmocka_unit_test(arena_memory_is_zeroed_and_stays),
		cmocka_unit_test(arena_memory_of_any_size),
		cmocka_unit_test(str_grows),
		cmocka_unit_test(parallel_does_each_item_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
