/* Which functions work on maps, and where their arguments are: names and orders as the sources of
 * the releases have them. */
#include "unit/unit.h"

#include "rt/mapfuncs.h"
#include "util/compiler.h"

static void assert_row(const char *name, enum hms_map_op op, int type, int map, int iter)
{
	const struct hms_map_func *row = hms_map_func_find(name);

	if (!row)
		fail_msg("%s: no row", name);
	if (row->op != op || row->type_arg != type || row->map_arg != map || row->iter_arg != iter)
		fail_msg("%s: the row is %s, %d, %d, %d, %d", name, row->name, row->op,
			 row->type_arg, row->map_arg, row->iter_arg);
}

static void test_classic(void **state)
{
	(void)state;
	assert_row("runtime.mapaccess1", HMS_MAP_READ, 0, 1, -1);
	assert_row("runtime.mapaccess2_fast64", HMS_MAP_READ, 0, 1, -1);
	assert_row("runtime.mapaccessK", HMS_MAP_READ, 0, 1, -1);
	assert_row("runtime.mapassign", HMS_MAP_WRITE, 0, 1, -1);
	assert_row("runtime.mapassign_fast64ptr", HMS_MAP_WRITE, 0, 1, -1);
	assert_row("runtime.mapdelete_faststr", HMS_MAP_DELETE, 0, 1, -1);
	assert_row("runtime.mapclear", HMS_MAP_CLEAR, 0, 1, -1);
	assert_row("runtime.mapiterinit", HMS_MAP_ITERATE, 0, 1, 2);
	assert_row("runtime.mapiternext", HMS_MAP_ITERATE, -1, -1, 0);
	assert_row("maps.clone", HMS_MAP_CLONE, 0, 1, -1);
	assert_row("runtime.hashGrow", HMS_MAP_GROW, 0, 1, -1);
	assert_row("runtime.evacuate_faststr", HMS_MAP_GROW, 0, 1, -1);
	assert_row("runtime.advanceEvacuationMark", HMS_MAP_GROW, 1, 0, -1);
	assert_row("reflect.mapassign_faststr0", HMS_MAP_WRITE, 0, 1, -1);
}

static void test_swiss(void **state)
{
	(void)state;
	assert_row("runtime.mapIterNext", HMS_MAP_ITERATE, -1, -1, 0);
	assert_row("internal/runtime/maps.(*Map).Delete", HMS_MAP_DELETE, 1, 0, -1);
	assert_row("internal/runtime/maps.(*Map).putSlotSmallFastStr", HMS_MAP_WRITE, 1, 0, -1);
	assert_row("internal/runtime/maps.(*table).Delete", HMS_MAP_DELETE, 1, 2, -1);
	assert_row("internal/runtime/maps.(*table).split", HMS_MAP_GROW, 1, 2, -1);
	assert_row("internal/runtime/maps.(*Iter).Init", HMS_MAP_ITERATE, 1, 2, 0);
}

/* Functions beside them, of other packages too, that work on no map of the caller's. */
static void test_others(void **state)
{
	static const char *const names[] = {
		"runtime.makemap",   "runtime.mapinitnoop",
		"runtime.evacuated", "runtime.moveToBmap",
		"reflect.maplen",    "main.runtime.mapassign",
		"maps.Clone[...]",   "internal/runtime/maps.fatal",
		"runtime.mallocgc",  "runtime/pprof.(*profMap).lookup",
	};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(names); i++)
		if (hms_map_func_find(names[i]))
			fail_msg("%s has a row", names[i]);
	assert_null(hms_map_func_find(NULL));
}

/* A row that an earlier one hides is never found. */
static void test_rows(void **state)
{
	const struct hms_map_func *rows;
	size_t n;

	(void)state;
	rows = hms_map_funcs(&n);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(hms_map_func_find(rows[i].name), &rows[i]);
		assert_true(rows[i].map_arg >= 0 || rows[i].iter_arg >= 0 || rows[i].type_arg >= 0);
	}
}

static void test_kinds(void **state)
{
	(void)state;
	assert_string_equal(hms_map_op_name(HMS_MAP_GROW), "write");
	assert_string_equal(hms_map_op_name(HMS_MAP_ITERATE), "iterate");
	assert_true(hms_map_op_writes(HMS_MAP_CLEAR));
	assert_false(hms_map_op_writes(HMS_MAP_CLONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classic), cmocka_unit_test(test_swiss),
		cmocka_unit_test(test_others),  cmocka_unit_test(test_rows),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
