/* Which operations make a race, and what the rules are told of them: operations as literals. */
#include "unit/unit.h"

#include "check/context.h"
#include "find/find.h"
#include "find/path.h"

enum { A = 0xc000010000, B = 0xc000020000 };

static struct hms_goroutine goroutines[] = {{.id = 18}, {.id = 20}, {.id = 7}};

struct fixture {
	struct hms_operations ops;
	struct hms_operation list[4];
	uint32_t by_map[4];
	struct hms_races *races;
	struct hms_check_context context;
	struct hms_check_stacks stacks;
};

static struct hms_operation operation(size_t g, enum hms_map_op op, enum hms_op_end end,
				      uint64_t map)
{
	return (struct hms_operation){
		.goroutine = &goroutines[g], .op = op, .end = end, .begun = true, .map = map};
}

/* @list is by map. */
static void judge(struct fixture *f, size_t n, const struct hms_operation *list)
{
	*f = (struct fixture){.ops = {.list = f->list, .n = n, .by_map = f->by_map}};
	for (size_t i = 0; i < n; i++) {
		f->list[i] = list[i];
		if (list[i].map)
			f->by_map[f->ops.nby_map++] = (uint32_t)i;
	}
	f->races = hms_races_find(&f->ops);
	f->stacks = (struct hms_check_stacks){.operations = &f->ops, .races = f->races};
	hms_check_context_init(&f->context, &f->stacks);
}

static void assert_state(const struct fixture *f, uint64_t map, enum hms_operation_state state,
			 int64_t goroutine)
{
	const struct hms_map m = {.addr = map};
	int64_t got = 0;

	assert_int_equal(f->context.operation(f->context.arg, &m, &got), state);
	assert_int_equal(got, goroutine);
}

static void assert_race(const struct fixture *f, uint64_t map, const char *text, uint64_t first,
			size_t n)
{
	const struct hms_race *race = hms_race_on(f->races, map);

	assert_non_null(race);
	assert_string_equal(race->text, text);
	assert_int_equal(race->n, n);
	assert_int_equal(race->parties[0]->goroutine->id, first);
}

/* The writer that died comes first; another map's reader has nothing to do with it. */
static void test_fatal(void **state)
{
	struct hms_operation list[] = {
		operation(0, HMS_MAP_WRITE, HMS_OP_GOES_ON, A),
		operation(1, HMS_MAP_WRITE, HMS_OP_RACED, A),
		operation(2, HMS_MAP_READ, HMS_OP_GOES_ON, B),
	};
	struct fixture f;

	(void)state;
	list[1].end_text = "concurrent map writes";
	judge(&f, 3, list);
	assert_int_equal(f.races->n, 1);
	assert_race(&f, A, "concurrent map writes", 20, 2);
	assert_true(f.races->list[0].fatal);
	assert_state(&f, A, HMS_OPERATION_RACE, 18);
	assert_state(&f, B, HMS_OPERATION_NONE, -1);
	hms_races_free(f.races);
}

/* Alone, and where its map is not known. */
static void test_alone(void **state)
{
	struct hms_operation list[] = {operation(2, HMS_MAP_READ, HMS_OP_RACED, 0)};
	struct fixture f;

	(void)state;
	list[0].end_text = "concurrent map read and map write";
	judge(&f, 1, list);
	assert_int_equal(f.races->n, 1);
	assert_int_equal(f.races->list[0].map, 0);
	assert_null(hms_race_on(f.races, 0));
	hms_races_free(f.races);
	list[0].map = A;
	judge(&f, 1, list);
	assert_race(&f, A, "concurrent map read and map write", 7, 1);
	assert_state(&f, A, HMS_OPERATION_RACE, 7);
	hms_races_free(f.races);
}

/* Nobody has died yet: the words are those that the runtime would have found. */
static void test_unnoticed(void **state)
{
	struct hms_operation list[] = {
		operation(2, HMS_MAP_ITERATE, HMS_OP_GOES_ON, A),
		operation(0, HMS_MAP_DELETE, HMS_OP_GOES_ON, A),
	};
	struct fixture f;

	(void)state;
	judge(&f, 2, list);
	assert_race(&f, A, "concurrent map iteration and map write", 18, 2);
	assert_false(f.races->list[0].fatal);
	hms_races_free(f.races);
	list[0].op = HMS_MAP_CLEAR;
	judge(&f, 2, list);
	assert_race(&f, A, "concurrent map writes", 7, 2);
	hms_races_free(f.races);
}

/* Who clears a map may leave any count behind; also one whose map is not known, where a map is
 * marked. */
static void test_clear(void **state)
{
	struct hms_operation list[] = {operation(0, HMS_MAP_CLEAR, HMS_OP_GOES_ON, A)};
	struct hms_map map = {.addr = B, .classic.flags = HMS_CLASSIC_HASH_WRITING};
	struct fixture f;
	int64_t id;

	(void)state;
	judge(&f, 1, list);
	assert_state(&f, A, HMS_OPERATION_CLEAR, 18);
	assert_state(&f, B, HMS_OPERATION_NONE, -1);
	hms_races_free(f.races);
	list[0].map = 0;
	judge(&f, 1, list);
	assert_state(&f, B, HMS_OPERATION_UNKNOWN, -1);
	assert_int_equal(f.context.operation(f.context.arg, &map, &id), HMS_OPERATION_CLEAR);
	hms_races_free(f.races);
}

static void assert_no_race(struct hms_operation a, struct hms_operation b)
{
	const struct hms_operation list[] = {a, b};
	struct fixture f;

	judge(&f, 2, list);
	assert_int_equal(f.races->n, 0);
	hms_races_free(f.races);
}

static void test_no_race(void **state)
{
	const struct hms_operation write = operation(0, HMS_MAP_WRITE, HMS_OP_GOES_ON, A);

	(void)state;
	assert_no_race(operation(1, HMS_MAP_READ, HMS_OP_GOES_ON, A),
		       operation(2, HMS_MAP_ITERATE, HMS_OP_GOES_ON, A));
	/* another map, an unknown one, one goroutine twice */
	assert_no_race(write, operation(1, HMS_MAP_WRITE, HMS_OP_GOES_ON, B));
	assert_no_race(write, operation(1, HMS_MAP_WRITE, HMS_OP_GOES_ON, 0));
	assert_no_race(write, operation(0, HMS_MAP_READ, HMS_OP_GOES_ON, A));
	/* a key that cannot be hashed: deferred calls may have unlocked since */
	assert_no_race(write, operation(1, HMS_MAP_WRITE, HMS_OP_PANICS, A));
	/* the runtime died of something else */
	assert_no_race(write, operation(1, HMS_MAP_WRITE, HMS_OP_THREW, A));
}

/* What the rules are told where there is no race. */
static void test_context(void **state)
{
	struct hms_operation list[] = {operation(0, HMS_MAP_WRITE, HMS_OP_GOES_ON, A)};
	struct fixture f;

	(void)state;
	judge(&f, 1, list);
	assert_state(&f, A, HMS_OPERATION_WRITE, 18);
	assert_state(&f, B, HMS_OPERATION_NONE, -1);
	f.ops.blind = 1;
	assert_state(&f, B, HMS_OPERATION_UNKNOWN, -1);
	hms_races_free(f.races);
	list[0].begun = false; /* called, but it has not touched the map */
	judge(&f, 1, list);
	assert_state(&f, A, HMS_OPERATION_NONE, -1);
	hms_races_free(f.races);
	list[0] = operation(0, HMS_MAP_WRITE, HMS_OP_GOES_ON, 0); /* of which map nobody knows */
	judge(&f, 1, list);
	assert_state(&f, A, HMS_OPERATION_UNKNOWN, -1);
	hms_races_free(f.races);
	list[0] = operation(0, HMS_MAP_READ, HMS_OP_GOES_ON, A);
	judge(&f, 1, list);
	assert_state(&f, A, HMS_OPERATION_NONE, -1);
	hms_races_free(f.races);
}

/* Growth is what a write does once it has set the flag: its goroutine is deep in it. */
static void test_deep(void **state)
{
	struct hms_operation list[] = {operation(0, HMS_MAP_WRITE, HMS_OP_GOES_ON, A)};
	const struct hms_map a = {.addr = A}, b = {.addr = B};
	struct fixture f;

	(void)state;
	list[0].inner.function = "runtime.growWork_fast64";
	judge(&f, 1, list);
	assert_int_equal(f.context.deep_writer(f.context.arg, &a), 18);
	assert_int_equal(f.context.deep_writer(f.context.arg, &b), -1);
	hms_races_free(f.races);
	list[0].inner.function = "runtime.mapassign_fast64";
	judge(&f, 1, list);
	assert_int_equal(f.context.deep_writer(f.context.arg, &a), -1);
	hms_races_free(f.races);
}

/* A write whose element is due, behind the map's functions: at work on the map, though the map
 * itself is as it is to be. */
static void test_returned(void **state)
{
	struct hms_operation list[] = {operation(0, HMS_MAP_WRITE, HMS_OP_GOES_ON, A),
				       operation(1, HMS_MAP_READ, HMS_OP_GOES_ON, A)};
	struct fixture f;

	(void)state;
	list[0].returned = true;
	judge(&f, 1, list);
	assert_null(hms_race_on(f.races, A));
	assert_state(&f, A, HMS_OPERATION_ELEMENT, 18);
	assert_state(&f, B, HMS_OPERATION_NONE, -1);
	assert_false(hms_check_spins(&f.list[0]));
	hms_races_free(f.races);
	judge(&f, 2, list);
	assert_race(&f, A, "concurrent map read and map write", 18, 2);
	assert_state(&f, A, HMS_OPERATION_RACE, 18);
	hms_races_free(f.races);
	/* A panic gave the statement up, and may have released its lock. */
	list[0].end = HMS_OP_PANICS;
	judge(&f, 2, list);
	assert_null(hms_race_on(f.races, A));
	hms_races_free(f.races);
	/* Both of one goroutine: m[i], m[j] = m[j], m[i]. */
	list[0].end = HMS_OP_GOES_ON;
	list[1].goroutine = list[0].goroutine;
	judge(&f, 2, list);
	assert_null(hms_race_on(f.races, A));
	hms_races_free(f.races);
	/* On a map that is not known: no map's state rests on it. */
	list[0].map = 0;
	judge(&f, 1, list);
	assert_state(&f, A, HMS_OPERATION_NONE, -1);
	hms_races_free(f.races);
}

/* A chain that comes back to itself names who goes round in it: one that is at work, and runs. */
static void test_spinning(void **state)
{
	const struct hms_map map = {.addr = A}, sound = {.addr = B};
	struct hms_operation list[] = {
		operation(0, HMS_MAP_READ, HMS_OP_GOES_ON, A),
		operation(1, HMS_MAP_READ, HMS_OP_GOES_ON, A),
		operation(2, HMS_MAP_READ, HMS_OP_GOES_ON, B),
	};
	const struct hms_finding cycle = {.rule = hms_rule(HMS_RULE_CLASSIC_CYCLE)->name,
					  .map = A,
					  .of = &map,
					  .message = "a chain comes back",
					  .goroutine = -1};
	const struct hms_finding count = {.rule = hms_rule(HMS_RULE_MAP_COUNT)->name,
					  .map = B,
					  .of = &sound,
					  .message = "a count",
					  .goroutine = -1};
	struct hms_findings findings;
	struct fixture f;

	(void)state;
	goroutines[0].status = HMS_G_WAITING;
	goroutines[1].status = HMS_G_RUNNING;
	goroutines[2].status = HMS_G_RUNNING;
	judge(&f, 3, list);
	hms_findings_init(&findings);
	hms_findings_add(&findings, &count);
	hms_findings_add(&findings, &cycle);
	assert_ptr_equal(hms_check_endless(&findings, &map), &findings.items[1]);
	assert_null(hms_check_endless(&findings, &sound));
	hms_check_name_spinning(&f.stacks, &findings);
	assert_int_equal(findings.items[0].goroutine, -1);
	assert_int_equal(findings.items[1].goroutine, 20);
	assert_string_equal(findings.items[1].message,
			    "a chain comes back; goroutine 20 spins in the map");
	f.list[1].begun = false;
	assert_false(hms_check_spins(&f.list[1]));
	hms_findings_deinit(&findings);
	hms_races_free(f.races);
}

/* What a raced map holds may never have been stored in it: main.refs[...].attrs.  A map that
 * another path leads to stands for itself. */
static void test_behind(void **state)
{
	const struct hms_operation list[] = {operation(0, HMS_MAP_WRITE, HMS_OP_GOES_ON, A),
					     operation(1, HMS_MAP_WRITE, HMS_OP_GOES_ON, A)};
	const struct hms_path refs = {.kind = HMS_PATH_VARIABLE, .name = "main.refs"};
	const struct hms_path key = {.parent = &refs, .kind = HMS_PATH_AS_KEY};
	const struct hms_path attrs = {.parent = &key, .kind = HMS_PATH_FIELD, .name = "attrs"};
	const struct hms_path other = {.kind = HMS_PATH_VARIABLE, .name = "main.other"};
	struct hms_map maps[] = {{.addr = A, .owner = &refs},
				 {.addr = B, .owner = &attrs},
				 {.addr = B + 0x1000, .owner = &other},
				 {.addr = B + 0x2000}};
	const struct hms_found found = {.maps = maps, .nmaps = HMS_ARRAY_LEN(maps)};
	struct fixture f;

	(void)state;
	judge(&f, 2, list);
	assert_false(f.context.behind_race(f.context.arg, &maps[1])); /* not known */
	f.stacks.found = &found;
	assert_false(f.context.behind_race(f.context.arg, &maps[0]));
	assert_true(f.context.behind_race(f.context.arg, &maps[1]));
	assert_false(f.context.behind_race(f.context.arg, &maps[2]));
	assert_false(f.context.behind_race(f.context.arg, &maps[3]));
	hms_races_free(f.races);
	judge(&f, 1, list); /* alone */
	f.stacks.found = &found;
	assert_false(f.context.behind_race(f.context.arg, &maps[1]));
	hms_races_free(f.races);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fatal),     cmocka_unit_test(test_alone),
		cmocka_unit_test(test_unnoticed), cmocka_unit_test(test_no_race),
		cmocka_unit_test(test_context),   cmocka_unit_test(test_clear),
		cmocka_unit_test(test_returned),  cmocka_unit_test(test_deep),
		cmocka_unit_test(test_spinning),  cmocka_unit_test(test_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
