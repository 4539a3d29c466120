/* The runtime's lists of goroutines and threads, from literals. */
#include "unit/unit.h"

#include <stdlib.h>

#include "goro/goroutine.h"
#include "lib/mkgoro.h"
#include "rt/pclntab.h"
#include "util/arena.h"

enum { IDLE = 0, RUNNABLE = 1, RUNNING = 2, SYSCALL = 3, WAITING = 4, DEAD = 6, DEADEXTRA = 11 };

#define SCAN 0x1000

struct fixture {
	struct mkgoro *mk;
	struct hms_pclntab *tab;
	struct hms_goros *goros;
};

static int setup(void **state)
{
	struct fixture *f = hms_xcalloc(1, sizeof(*f));

	f->mk = mkgoro_create();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hms_goros_close(f->goros);
	hms_pclntab_close(f->tab);
	mkgoro_destroy(f->mk);
	free(f);
	return 0;
}

static struct hms_error *try_open(struct fixture *f)
{
	mkgoro_open(f->mk);
	assert_ok(hms_pclntab_open(&f->mk->pcln->rt, &f->tab));
	return hms_goros_open(&f->mk->pcln->rt, f->mk->pcln->image.core, f->tab, &f->goros);
}

static void open_goros(struct fixture *f)
{
	assert_ok(try_open(f));
}

static uint64_t add(struct fixture *f, uint64_t id, uint32_t status)
{
	return mkgoro_g(f->mk, &(struct mkgoro_g){.id = id, .status = status});
}

static void test_list(void **state)
{
	struct fixture *f = *state;
	uint64_t first = add(f, 1, RUNNABLE);

	add(f, 2, DEAD);
	add(f, 3, WAITING | SCAN);
	add(f, 4, DEADEXTRA);
	add(f, 5, DEAD | SCAN);
	open_goros(f);
	assert_int_equal(f->goros->n, 2);
	assert_int_equal(f->goros->dead, 3);
	assert_int_equal(f->goros->unreadable, 0);
	assert_int_equal(f->goros->list[0].addr, first);
	assert_int_equal(f->goros->list[0].status, HMS_G_RUNNABLE);
	assert_false(f->goros->list[0].scanned);
	assert_int_equal(f->goros->list[1].id, 3);
	assert_int_equal(f->goros->list[1].status, HMS_G_WAITING);
	assert_true(f->goros->list[1].scanned);
	assert_ptr_equal(hms_goro_find(f->goros, 3), &f->goros->list[1]);
	assert_null(hms_goro_find(f->goros, 2));
	assert_ptr_equal(hms_goro_at(f->goros, first), &f->goros->list[0]);
	assert_null(hms_goro_at(f->goros, first + 8));
}

static void test_of_stack(void **state)
{
	struct fixture *f = *state;

	add(f, 1, WAITING);
	add(f, 2, WAITING);
	open_goros(f);
	assert_int_equal(hms_goro_of_stack(f->goros, MKGORO_STACK)->id, 1);
	assert_int_equal(hms_goro_of_stack(f->goros, mkgoro_stack_end(0) - 1)->id, 1);
	assert_null(hms_goro_of_stack(f->goros, mkgoro_stack_end(0)));
	assert_null(hms_goro_of_stack(f->goros, MKGORO_STACK - 1));
	assert_int_equal(hms_goro_of_stack(f->goros, mkgoro_stack_end(1) - 8)->id, 2);
}

/* The reason counts only while it waits; a number beyond the program's table is unknown. */
static void test_wait_reason(void **state)
{
	struct fixture *f = *state;

	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 1, .status = WAITING, .wait_reason = 1});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 2, .status = RUNNABLE, .wait_reason = 1});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 3, .status = WAITING, .wait_reason = 0});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 4, .status = WAITING, .wait_reason = 3});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 5, .status = WAITING, .wait_reason = 2});
	open_goros(f);
	assert_string_equal(f->goros->list[0].wait_reason, "chan receive");
	assert_null(f->goros->list[1].wait_reason);
	assert_null(f->goros->list[2].wait_reason);
	assert_null(f->goros->list[3].wait_reason);
	assert_string_equal(f->goros->list[4].wait_reason, "sleep");
}

/* At the latest time that anything in the core shows: here sched.lastpoll, 9000. */
static void test_ages(void **state)
{
	struct fixture *f = *state;

	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 1, .status = WAITING, .wait_since = 5000});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 2, .status = SYSCALL, .wait_since = 8999});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 3, .status = WAITING});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 4, .status = RUNNABLE, .wait_since = 10});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 5, .status = WAITING, .wait_since = -1});
	mkgoro_lastpoll(f->mk, 9000);
	open_goros(f);
	assert_int_equal(f->goros->latest, 9000);
	assert_int_equal(f->goros->list[0].wait_since, 5000);
	assert_int_equal(f->goros->list[0].wait_at_least, 4000);
	assert_int_equal(f->goros->list[1].wait_at_least, 1);
	assert_int_equal(f->goros->list[2].wait_at_least, -1);
	assert_int_equal(f->goros->list[2].wait_since, 0);
	assert_int_equal(f->goros->list[3].wait_at_least, -1);
	assert_int_equal(f->goros->list[4].wait_at_least, -1);
}

/* Another goroutine began to wait later than the network was last polled. */
static void test_latest_from_goroutine(void **state)
{
	struct fixture *f = *state;

	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 1, .status = WAITING, .wait_since = 5000});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 2, .status = WAITING, .wait_since = 20000});
	mkgoro_lastpoll(f->mk, 9000);
	open_goros(f);
	assert_int_equal(f->goros->list[0].wait_at_least, 15000);
	assert_int_equal(f->goros->list[1].wait_at_least, 0);
}

static bool system_of(struct fixture *f, uint64_t start_pc, uint32_t fing_status)
{
	bool system;

	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 1, .status = WAITING, .start_pc = start_pc});
	mkcore_put32(f->mk->pcln->core, f->mk->fing_status, fing_status);
	open_goros(f);
	system = f->goros->list[0].system;
	return system;
}

static void test_system(void **state)
{
	assert_true(system_of(*state, AT(FN_BGSWEEP, 0), 0));
}

static void test_main_is_not_system(void **state)
{
	assert_false(system_of(*state, AT(FN_MAIN, 0), 0));
}

static void test_user_is_not_system(void **state)
{
	assert_false(system_of(*state, AT(FN_LEAF, 0), 0));
}

static void test_unknown_start_is_not_system(void **state)
{
	assert_false(system_of(*state, 0x1234, 0));
}

static void test_finalizer_waiting(void **state)
{
	assert_true(system_of(*state, AT(FN_FINALIZERS, 0), 1 | 4));
}

static void test_finalizer_in_user_code(void **state)
{
	assert_false(system_of(*state, AT(FN_FINALIZERS, 0), 1 | 2));
}

static void test_created_by(void **state)
{
	struct fixture *f = *state;
	struct hms_created_by by;

	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 1, .status = WAITING, .go_pc = AT(FN_LEAF, 0x20)});
	mkgoro_g(f->mk,
		 &(struct mkgoro_g){
			 .id = 2, .status = WAITING, .go_pc = AT(FN_LEAF, 0x20), .parent = 1});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 3, .status = WAITING, .go_pc = AT(FN_LEAF, 0)});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 4, .status = WAITING, .go_pc = 0x99});
	open_goros(f);
	assert_false(hms_goro_created_by(f->goros, &f->goros->list[0], &by));
	assert_true(hms_goro_created_by(f->goros, &f->goros->list[1], &by));
	assert_string_equal(by.function, "main.leaf");
	assert_string_equal(by.file, "/src/x.go");
	/* The line of the go statement, whose call returns to the next line's first byte. */
	assert_int_equal(by.line, 1);
	assert_int_equal(by.goroutine, 1);
	assert_true(hms_goro_created_by(f->goros, &f->goros->list[2], &by));
	assert_int_equal(by.line, 1);
	assert_int_equal(by.goroutine, 0);
	assert_false(hms_goro_created_by(f->goros, &f->goros->list[3], &by));
}

/* ---- threads ---------------------------------------------------------------------------- */

static void test_threads(void **state)
{
	struct fixture *f = *state;
	uint64_t m0 = mkgoro_m(f->mk, 100, 0), m1 = mkgoro_m(f->mk, 101, 0);

	mkgoro_m(f->mk, 0, 0);
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 1, .status = RUNNING, .m = m1});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 2, .status = WAITING, .locked_m = m0});
	mkgoro_g(f->mk, &(struct mkgoro_g){.id = 3, .status = RUNNING, .m = 0x7777});
	mkgoro_regs(f->mk, 101, 0, MKGORO_G0 + 0x10000 + 8, 0);
	mkgoro_regs(f->mk, 55, 0, 0, 0);
	mkcore_put32(f->mk->pcln->core, m1 + 268, 1);
	open_goros(f);
	assert_int_equal(f->goros->nthreads, 3);
	assert_int_equal(f->goros->threads[0].m, m0);
	assert_int_equal(f->goros->threads[0].lwp, 100);
	assert_null(f->goros->threads[0].os);
	assert_false(f->goros->threads[0].crashing);
	assert_int_equal(f->goros->threads[1].os->tid, 101);
	assert_true(f->goros->threads[1].crashing);
	assert_int_equal(f->goros->threads[1].g0_lo, MKGORO_G0 + 0x10000);
	assert_int_equal(f->goros->threads[1].gsignal_hi,
			 MKGORO_GSIGNAL + 0x10000 + MKGORO_STACK_SIZE);
	assert_int_equal(f->goros->threads[2].lwp, 0);
	assert_null(f->goros->threads[2].os);
	assert_int_equal(hms_goro_lwp(f->goros, &f->goros->list[0]), 101);
	assert_int_equal(hms_goro_lwp(f->goros, &f->goros->list[1]), 0);
	assert_true(f->goros->list[1].locked);
	assert_int_equal(f->goros->list[2].thread, -1);
	assert_int_equal(hms_thread_on(f->goros, &f->goros->threads[0]), HMS_THREAD_UNKNOWN);
	assert_int_equal(hms_thread_on(f->goros, &f->goros->threads[1]), HMS_THREAD_ON_G0);
}

/* The list of threads leads back into itself, past its start. */
static void test_thread_cycle(void **state)
{
	struct fixture *f = *state;
	uint64_t m1, m3;

	mkgoro_m(f->mk, 100, 0);
	m1 = mkgoro_m(f->mk, 101, 0);
	mkgoro_m(f->mk, 102, 0);
	m3 = mkgoro_m(f->mk, 103, 0);
	mkgoro_link(f->mk, m3, m1);
	add(f, 1, WAITING);
	open_goros(f);
	assert_in_range(f->goros->nthreads, 4, 16);
	assert_int_equal(f->goros->n, 1);
}

static void test_thread_list_leads_nowhere(void **state)
{
	struct fixture *f = *state;

	mkgoro_link(f->mk, mkgoro_m(f->mk, 100, 0), 0x123456789000);
	add(f, 1, WAITING);
	open_goros(f);
	assert_int_equal(f->goros->nthreads, 1);
}

/* ---- damage ----------------------------------------------------------------------------- */

static void test_unreadable_goroutine(void **state)
{
	struct fixture *f = *state;

	add(f, 1, WAITING);
	add(f, 2, WAITING);
	mkcore_put64(f->mk->pcln->core, f->mk->list, 0x4141414141414141);
	open_goros(f);
	assert_int_equal(f->goros->n, 1);
	assert_int_equal(f->goros->list[0].id, 2);
	assert_int_equal(f->goros->unreadable, 1);
}

/* The list is said to be longer than the memory that holds it. */
static void test_list_too_long(void **state)
{
	struct fixture *f = *state;

	add(f, 1, WAITING);
	mkgoro_count(f->mk, 1000000);
	open_goros(f);
	assert_int_equal(f->goros->n, 1);
	assert_true(f->goros->unreadable > 900000);
}

static void test_list_absurd(void **state)
{
	struct fixture *f = *state;

	add(f, 1, WAITING);
	mkgoro_count(f->mk, UINT64_MAX / 8);
	assert_err(try_open(f), HMS_ERR_LIMIT, "runtime.allgs");
}

static void test_status_unknown(void **state)
{
	struct fixture *f = *state;

	add(f, 1, 77);
	open_goros(f);
	assert_string_equal(hms_g_status_text(f->goros->list[0].status), "unknown");
	assert_string_equal(hms_g_status_text(WAITING), "waiting");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_list),
		TEST(test_of_stack),
		TEST(test_wait_reason),
		TEST(test_ages),
		TEST(test_latest_from_goroutine),
		TEST(test_system),
		TEST(test_main_is_not_system),
		TEST(test_user_is_not_system),
		TEST(test_unknown_start_is_not_system),
		TEST(test_finalizer_waiting),
		TEST(test_finalizer_in_user_code),
		TEST(test_created_by),
		TEST(test_threads),
		TEST(test_thread_cycle),
		TEST(test_thread_list_leads_nowhere),
		TEST(test_unreadable_goroutine),
		TEST(test_list_too_long),
		TEST(test_list_absurd),
		TEST(test_status_unknown),
	};

	return cmocka_run_group_tests_name("goroutine", tests, NULL, NULL);
}
