/* What a verdict says of the locks that goroutines hold around operations on one map. */
#include "unit/unit.h"

#include "cmd/held.h"

static const struct hms_goroutine g7 = {.id = 7}, g9 = {.id = 9}, g12 = {.id = 12};
static const struct hms_operation write7 = {.goroutine = &g7, .op = HMS_MAP_WRITE};
static const struct hms_operation read9 = {.goroutine = &g9, .op = HMS_MAP_READ};
static const struct hms_operation read12 = {.goroutine = &g12, .op = HMS_MAP_READ};

static void expect_text(const struct hms_held *held, size_t nheld, size_t nops, const char *text)
{
	HMS_AUTO_STR struct hms_str out = HMS_STR_INIT;

	hms_held_text(held, nheld, nops, &out);
	assert_string_equal(hms_str_text(&out), text);
}

static void no_lock_is_seen(void **state)
{
	(void)state;
	expect_text(NULL, 0, 1, "no lock is seen held around it");
	expect_text(NULL, 0, 2, "no lock is seen held around either of them");
	expect_text(NULL, 0, 3, "no lock is seen held around any of them");
}

static void one_does_not_lock(void **state)
{
	const struct hms_held held = {.lock = 0xc000012028, .by = {&write7}, .nby = 1};

	(void)state;
	expect_text(&held, 1, 1, "goroutine 7 holds the lock at 0xc000012028");
	expect_text(&held, 1, 2,
		    "goroutine 7 holds the lock at 0xc000012028; of the others no lock is seen");
}

static void a_copied_lock(void **state)
{
	const struct hms_held held[] = {{.lock = 0xc000012028, .by = {&write7}, .nby = 1},
					{.lock = 0xc000012100, .by = {&read9}, .nby = 1}};

	(void)state;
	expect_text(held, 2, 2,
		    "goroutine 7 holds the lock at 0xc000012028, goroutine 9 holds the lock at "
		    "0xc000012100: different locks keep nobody out (is one a copy?)");
}

static void a_write_under_a_read_lock(void **state)
{
	const struct hms_held alone = {
		.lock = 0xc000012028, .reads = true, .by = {&write7}, .nby = 1};
	const struct hms_held held = {
		.lock = 0xc000012028, .reads = true, .by = {&read9, &write7, &read12}, .nby = 3};

	(void)state;
	expect_text(&alone, 1, 1,
		    "goroutine 7 holds the lock at 0xc000012028 for reading, and writes: readers "
		    "do not keep each other out");
	expect_text(&held, 1, 3,
		    "goroutines 9, 7 and 12 hold the lock at 0xc000012028 for reading: goroutine 7 "
		    "writes, and readers do not keep each other out");
}

/* Of readers that all read, the lock is no mistake; nothing is said of it. */
static void readers_that_read(void **state)
{
	const struct hms_held held = {
		.lock = 0xc000012028, .reads = true, .by = {&read9, &read12}, .nby = 2};

	(void)state;
	expect_text(&held, 1, 3,
		    "goroutines 9 and 12 hold the lock at 0xc000012028 for reading; of the others "
		    "no lock is seen");
}

static void who_waits(void **state)
{
	const struct hms_held held = {.lock = 0xc000012028, .by = {&write7}, .nby = 1};
	struct hms_lock_waiter list[] = {
		{0xc000000000, &g12}, {0xc000012028, &g9}, {0xc000012028, &g12}};
	const struct hms_lock_waiters waiters = {.list = list, .n = 3, .cut = true};
	const struct hms_lock_waiters none = {.list = list, .n = 1};
	HMS_AUTO_STR struct hms_str out = HMS_STR_INIT;

	(void)state;
	hms_held_waiters_text(&held, &none, &out);
	assert_string_equal(hms_str_text(&out), "");
	hms_held_waiters_text(&held, &waiters, &out);
	assert_string_equal(hms_str_text(&out),
			    "at least 2 goroutines wait for the lock at 0xc000012028 that "
			    "goroutine 7 holds: 9, 12");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_lock_is_seen),   cmocka_unit_test(one_does_not_lock),
		cmocka_unit_test(a_copied_lock),     cmocka_unit_test(a_write_under_a_read_lock),
		cmocka_unit_test(readers_that_read), cmocka_unit_test(who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
