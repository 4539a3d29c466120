/* util/buf, util/crc32. */
#include "unit/unit.h"

#include "util/buf.h"
#include "util/crc32.h"

static const uint8_t bytes[] = {1, 0x34, 0x12, 'h', 'i', 0, 0xef, 0xbe, 0xad, 0xde, 7};

static void reads_little_endian_in_order(void **state)
{
	struct hms_buf buf;

	(void)state;
	hms_buf_init(&buf, bytes, sizeof(bytes));
	assert_int_equal(hms_buf_u8(&buf), 1);
	assert_int_equal(hms_buf_u16(&buf), 0x1234);
	assert_string_equal(hms_buf_cstr(&buf), "hi");
	assert_int_equal(hms_buf_u32(&buf), 0xdeadbeef);
	assert_false(buf.overrun);
	assert_int_equal(buf.left, 1);
}

/* Once too far, nothing is read any more: a later field would stand in the wrong place. */
static void overrun_stays(void **state)
{
	struct hms_buf buf;

	(void)state;
	hms_buf_init(&buf, bytes, sizeof(bytes));
	hms_buf_skip(&buf, 9);
	assert_int_equal(hms_buf_u32(&buf), 0);
	assert_true(buf.overrun);
	assert_int_equal(hms_buf_u8(&buf), 0);
	assert_null(hms_buf_bytes(&buf, 0));
	assert_int_equal(buf.left, 0);
}

static void huge_lengths_do_not_wrap(void **state)
{
	struct hms_buf buf;

	(void)state;
	hms_buf_init(&buf, bytes, sizeof(bytes));
	hms_buf_u8(&buf);
	assert_null(hms_buf_bytes(&buf, UINT64_MAX));
	assert_true(buf.overrun);
	hms_buf_init(&buf, NULL, 0);
	assert_null(hms_buf_cstr(&buf));
	assert_true(buf.overrun);
}

static void string_without_nul_is_none(void **state)
{
	struct hms_buf buf;

	(void)state;
	hms_buf_init(&buf, "abc", 3);
	assert_null(hms_buf_cstr(&buf));
	assert_true(buf.overrun);
}

/* The last note of a segment is often not padded. */
static void align_may_reach_the_end(void **state)
{
	struct hms_buf buf;

	(void)state;
	hms_buf_init(&buf, bytes, sizeof(bytes));
	hms_buf_u8(&buf);
	hms_buf_align(&buf, 4);
	assert_int_equal(buf.left, 7);
	hms_buf_align(&buf, 4);
	assert_int_equal(buf.left, 7);
	hms_buf_skip(&buf, 6);
	hms_buf_align(&buf, 8);
	assert_int_equal(buf.left, 0);
	assert_false(buf.overrun);
}

/* The check value of the CRC catalogue, and one that needs the bytewise rest. */
static void crc32_known_values(void **state)
{
	const char *text = "The quick brown fox jumps over the lazy dog";

	(void)state;
	assert_int_equal(hms_crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(hms_crc32(0, text, 43), 0x414fa339);
	assert_int_equal(hms_crc32(hms_crc32(0, text, 20), text + 20, 23), 0x414fa339);
	assert_int_equal(hms_crc32(0, "", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_little_endian_in_order),
		cmocka_unit_test(overrun_stays),
		cmocka_unit_test(huge_lengths_do_not_wrap),
		cmocka_unit_test(string_without_nul_is_none),
		cmocka_unit_test(align_may_reach_the_end),
		cmocka_unit_test(crc32_known_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
