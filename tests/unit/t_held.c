/* What a verdict says of the locks that goroutines hold around operations on one map, and of who
 * may have been the other party of a race. */
#include "unit/unit.h"

#include "cmd/held.h"
#include "cmd/suspicion.h"

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

/* Those that come from one place are told together. */
static void who_it_may_have_been(void **state)
{
	const struct hms_site update = {.function = "main.(*Cache).Update",
					.file = "race.go",
					.line = 23,
					.lock = HMS_LOCK_UNKNOWN};
	const struct hms_site put = {.function = "main.put", .lock = HMS_LOCK_NOT_SEEN};
	const struct hms_suspect suspects[] = {{&g7, &update, "main.writer", 1},
					       {&g9, &update, "main.writer", 1},
					       {&g12, &put, "main.put", 0}};
	HMS_AUTO_STR struct hms_str out = HMS_STR_INIT;

	(void)state;
	assert_int_equal(hms_suspicion_text(suspects, 3, &out), 2);
	assert_string_equal(hms_str_text(&out),
			    "it may have been goroutine 7 or 9: in main.writer, which calls "
			    "main.(*Cache).Update (writes at race.go:23, perhaps under a lock)");
	hms_str_clear(&out);
	assert_int_equal(hms_suspicion_text(suspects + 2, 1, &out), 1);
	assert_string_equal(
		hms_str_text(&out),
		"it may have been goroutine 12: in main.put, past its write, no lock seen");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_lock_is_seen),      cmocka_unit_test(one_does_not_lock),
		cmocka_unit_test(a_copied_lock),        cmocka_unit_test(a_write_under_a_read_lock),
		cmocka_unit_test(readers_that_read),    cmocka_unit_test(who_waits),
		cmocka_unit_test(who_it_may_have_been),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
