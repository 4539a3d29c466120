/* ops/step: what deeds amount to, in words. */
#include "unit/unit.h"

#include "ops/element.h"
#include "ops/step.h"

#define FLAG    HMS_DEED_FLAG_SET
#define CLEARED HMS_DEED_FLAG_CLEARED
#define KEY     HMS_DEED_KEY
#define LEN     HMS_DEED_KEY_LEN
#define MARK    HMS_DEED_MARK
#define COUNT   HMS_DEED_COUNT
#define WIPED   HMS_DEED_WIPED

static void says(enum hms_map_op op, enum hms_map_kind kind, bool string_key, uint32_t always,
		 uint32_t ever, enum hms_errand errand, const char *expected)
{
	struct hms_mapcode_point point = {
		.always = always, .ever = always | ever, .errand = errand};
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	hms_step_text(op, kind, string_key, &point, &text);
	assert_string_equal(hms_str_text(&text), expected);
}

static void writes(void **state)
{
	(void)state;
	says(HMS_MAP_WRITE, HMS_MAP_CLASSIC, false, 0, 0, HMS_ERRAND_NONE, "nothing written yet");
	says(HMS_MAP_WRITE, HMS_MAP_CLASSIC, false, FLAG, 0, HMS_ERRAND_MOVE,
	     "moving an old bucket, no slot written yet");
	says(HMS_MAP_WRITE, HMS_MAP_CLASSIC, false, FLAG | MARK, 0, HMS_ERRAND_NONE,
	     "tophash stored, key and count not yet");
	says(HMS_MAP_WRITE, HMS_MAP_SWISS, false, FLAG | KEY | MARK, 0, HMS_ERRAND_NONE,
	     "key and control byte stored, count not yet");
	says(HMS_MAP_WRITE, HMS_MAP_SWISS, false, FLAG | KEY | MARK | COUNT, 0, HMS_ERRAND_NONE,
	     "key, control byte and count stored, writing flag still set");
	/* What might have added it has found no room. */
	says(HMS_MAP_WRITE, HMS_MAP_SWISS, false, FLAG, KEY | MARK | COUNT, HMS_ERRAND_TABLE,
	     "making room in a small map, no slot written yet");
	/* An entry that was there, or a new one: both paths lead here. */
	says(HMS_MAP_WRITE, HMS_MAP_SWISS, false, FLAG, KEY | MARK | COUNT, HMS_ERRAND_NONE,
	     "entry found or added, writing flag still set");
	says(HMS_MAP_WRITE, HMS_MAP_SWISS, false, FLAG | CLEARED, KEY | MARK | COUNT,
	     HMS_ERRAND_NONE, "done but for the element, which the caller stores");
}

/* A string's key is two words. */
static void string_keys(void **state)
{
	(void)state;
	says(HMS_MAP_WRITE, HMS_MAP_CLASSIC, true, FLAG | MARK | LEN, 0, HMS_ERRAND_NONE,
	     "key half stored, tophash stored, key and count not yet");
	says(HMS_MAP_WRITE, HMS_MAP_CLASSIC, true, FLAG | MARK | LEN | KEY, 0, HMS_ERRAND_NONE,
	     "key and tophash stored, count not yet");
}

static void deletes(void **state)
{
	(void)state;
	says(HMS_MAP_DELETE, HMS_MAP_CLASSIC, false, FLAG, 0, HMS_ERRAND_NONE,
	     "no entry touched yet");
	says(HMS_MAP_DELETE, HMS_MAP_CLASSIC, false, FLAG | WIPED, 0, HMS_ERRAND_NONE,
	     "entry cleared, tophash and count not yet");
	says(HMS_MAP_DELETE, HMS_MAP_CLASSIC, false, FLAG, WIPED | MARK | COUNT, HMS_ERRAND_NONE,
	     "entry deleted or not found, writing flag still set");
}

/* The two ways in which the runtime notices a race. */
static void deaths(void **state)
{
	(void)state;
	says(HMS_MAP_WRITE, HMS_MAP_CLASSIC, false, 0, 0, HMS_ERRAND_DIE,
	     "found another write in progress; nothing written yet");
	says(HMS_MAP_WRITE, HMS_MAP_CLASSIC, false, FLAG, KEY | MARK | COUNT, HMS_ERRAND_DIE,
	     "found its writing flag cleared by another write; entry found or added");
}

static void element(const struct hms_type *type, uint64_t always, uint64_t ever, uint64_t due,
		    const char *expected)
{
	struct hms_operation_element e = {.always = always, .ever = ever, .due = due};
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	hms_op_element_text(&e, type, &text);
	assert_string_equal(hms_str_text(&text), expected);
}

/* What the caller has stored, by bytes. */
static void elements(void **state)
{
	static const struct hms_type string = {.kind = HMS_KIND_STRING, .size = 16},
				     slice = {.kind = HMS_KIND_SLICE, .size = 24},
				     iface = {.kind = HMS_KIND_INTERFACE, .size = 16},
				     pair = {.kind = HMS_KIND_STRUCT, .size = 12},
				     large = {.kind = HMS_KIND_STRUCT, .size = 512};
	struct hms_operation_element copied = {.storing = true};
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	(void)state;
	element(&string, 0, 0, 0xffff, "element not stored yet");
	element(NULL, 0, 0, 0, "element not stored yet");
	element(&string, 0xff00, 0xff00, 0xff,
		"element partly stored: length stored, pointer not yet");
	element(&slice, 0xff00ff, 0xff00ff, 0xff00,
		"element partly stored: pointer and capacity stored, length not yet");
	/* append: the other words on some paths only */
	element(&slice, 0, 0xff00ff, 0xff00, "element partly stored: length not yet");
	element(&iface, 0xff, 0xff, 0xff00, "element partly stored: type stored, data not yet");
	element(&pair, 0xf, 0xf, 0xff0, "element partly stored: 4 of 12 bytes");
	element(&large, 0xffff, 0xffff, UINT64_MAX << 16, "element partly stored");
	element(NULL, 0xff, 0xff, 0xff00, "element partly stored");
	element(&string, 0, UINT64_MAX, 0, "element partly stored");
	hms_op_element_text(&copied, &string, &text);
	assert_string_equal(hms_str_text(&text), "element being stored");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes),   cmocka_unit_test(string_keys),
		cmocka_unit_test(elements), cmocka_unit_test(deletes),
		cmocka_unit_test(deaths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
