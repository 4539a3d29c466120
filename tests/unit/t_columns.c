/* Columns and number formats. */
#include "unit/unit.h"

#include <locale.h>
#include <stdlib.h>

#include "lib/sample.h"
#include "report/columns.h"
#include "report/format.h"

/* ---- numbers ---- */

static void expect_str(struct hms_str *s, const char *wanted)
{
	assert_string_equal(hms_str_text(s), wanted);
	hms_str_clear(s);
}

static void counts_are_grouped(void **state)
{
	struct hms_str s = HMS_STR_INIT;

	(void)state;
	hms_format_count(&s, 0);
	expect_str(&s, "0");
	hms_format_count(&s, 999);
	expect_str(&s, "999");
	hms_format_count(&s, 1093);
	expect_str(&s, "1,093");
	hms_format_count(&s, UINT64_MAX);
	expect_str(&s, "18,446,744,073,709,551,615");
	hms_format_int(&s, INT64_MIN);
	expect_str(&s, "-9,223,372,036,854,775,808");
	hms_format_counted(&s, 1, "map");
	expect_str(&s, "1 map");
	hms_format_counted(&s, 2000, "map");
	expect_str(&s, "2,000 maps");
	hms_str_deinit(&s);
}

static void bytes_are_scaled(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *wanted;
	} cases[] = {
		{0, "0"},
		{999, "999"},
		{1000, "1.0K"},
		{1023, "1.0K"},
		{1024, "1.0K"},
		{75469, "73.7K"},
		{102348, "99.9K"},
		{102400, "100K"},
		{626688, "612K"},
		{1023487, "999K"},
		{1023488, "1.0M"},
		{1258291, "1.2M"},
		{1073741823, "1.0G"},
		{1ULL << 40, "1.0T"},
		{UINT64_MAX, "16.0E"},
		{1ULL << 60, "1.0E"},
		{1047527424, "999M"},
	};
	struct hms_str s = HMS_STR_INIT;

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		hms_format_bytes(&s, cases[i].bytes);
		expect_str(&s, cases[i].wanted);
	}
	hms_format_bytes_long(&s, 1);
	expect_str(&s, "1 byte");
	hms_format_bytes_long(&s, 0);
	expect_str(&s, "0 bytes");
	hms_format_bytes_long(&s, 626688);
	expect_str(&s, "612 KB");
	hms_str_deinit(&s);
}

/* Entries a bucket, of many maps: digits that are cut off round as printf rounds them, halves
 * too. */
static void ratios_round_like_printf(void **state)
{
	struct hms_str s = HMS_STR_INIT;
	char digits[32];

	(void)state;
	for (unsigned int entries = 1; entries < 600; entries++) {
		for (unsigned int buckets = 1; buckets < 600; buckets++) {
			double ratio = (double)entries / buckets;

			snprintf(digits, sizeof(digits), "%.*f",
				 ratio < 0.995   ? 2
				 : ratio < 99.95 ? 1
						 : 0,
				 ratio);
			hms_format_ratio(&s, ratio);
			expect_str(&s, digits);
		}
	}
	hms_str_deinit(&s);
}

static void ratios_and_shares(void **state)
{
	struct hms_str s = HMS_STR_INIT;

	(void)state;
	hms_format_ratio(&s, 0);
	expect_str(&s, "0");
	hms_format_ratio(&s, 0.3125);
	expect_str(&s, "0.31");
	hms_format_ratio(&s, 0.996);
	expect_str(&s, "1.0");
	hms_format_ratio(&s, 4.3);
	expect_str(&s, "4.3");
	hms_format_ratio(&s, 99.97);
	expect_str(&s, "100");
	hms_format_ratio(&s, 1e300);
	expect_str(&s, "?");
	hms_format_partial(&s, 1093, false, hms_format_count);
	expect_str(&s, "1,093");
	hms_format_partial(&s, 1093, true, hms_format_count);
	expect_str(&s, "at least 1,093");
	hms_format_partial(&s, 0, true, hms_format_count);
	expect_str(&s, "?");
	hms_format_percent(&s, 61, 100);
	expect_str(&s, "61 %");
	hms_format_percent(&s, 1, 1000);
	expect_str(&s, "<1 %");
	hms_format_percent(&s, 999, 1000);
	expect_str(&s, ">99 %");
	hms_format_percent(&s, 1000, 1000);
	expect_str(&s, "100 %");
	hms_format_percent(&s, 0, 1000);
	expect_str(&s, "0 %");
	hms_str_deinit(&s);
}

static void doubles_read_back(void **state)
{
	static const double cases[] = {0, 0.1, 1.0 / 3, 4.296875, 1e21, 5e-324, 8589934592.0 / 7};
	struct hms_str s = HMS_STR_INIT;

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(cases); i++) {
		hms_format_double(&s, cases[i]);
		assert_true(strtod(hms_str_text(&s), NULL) == cases[i]);
		hms_str_clear(&s);
	}
	hms_format_double(&s, 0.1);
	expect_str(&s, "0.1");
	hms_str_deinit(&s);
}

static void hex_is_lower_case_without_zeroes(void **state)
{
	struct hms_str s = HMS_STR_INIT;

	(void)state;
	hms_format_hex(&s, 0);
	expect_str(&s, "0x0");
	hms_format_hex(&s, 0xc000088090);
	expect_str(&s, "0xc000088090");
	hms_format_hex(&s, UINT64_MAX);
	expect_str(&s, "0xffffffffffffffff");
	hms_str_deinit(&s);
}

/* ---- the table ---- */

/* The contract's members of a map, in its order. */
static const char *const contract[] = {
	"addr",
	"kind",
	"type",
	"type_path",
	"owner",
	"owners",
	"found_by",
	"count",
	"live",
	"damaged",
	"bytes.header",
	"bytes.buckets",
	"bytes.old_buckets",
	"bytes.overflow",
	"bytes.total",
	"load",
	"flags",
	"hash_seed",
	"digest",
	"classic.B",
	"classic.buckets_addr",
	"classic.nbuckets",
	"classic.spare_buckets",
	"classic.oldbuckets_addr",
	"classic.old_nbuckets",
	"classic.nevacuate",
	"classic.evacuated",
	"classic.same_size_grow",
	"classic.noverflow",
	"classic.overflow",
	"classic.chain_max",
	"classic.chain_histogram",
	"swiss.dir_addr",
	"swiss.dir_len",
	"swiss.global_depth",
	"swiss.global_shift",
	"swiss.tables",
	"swiss.groups",
	"swiss.capacity",
	"swiss.tombstones",
	"swiss.growth_left",
	"swiss.writing",
	"swiss.small",
};

static void columns_are_the_contract(void **state)
{
	size_t n, at = 0;
	const struct hms_column *columns = hms_columns(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		if (!columns[i].json)
			continue;
		assert_true(at < HMS_ARRAY_LEN(contract));
		assert_string_equal(columns[i].json, contract[at++]);
	}
	assert_int_equal(at, HMS_ARRAY_LEN(contract));
}

static void columns_have_names_of_their_own(void **state)
{
	size_t n;
	const struct hms_column *columns = hms_columns(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(hms_column_find(columns[i].id), &columns[i]);
		assert_non_null(columns[i].get);
		assert_true(strlen(columns[i].help) > 0);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(columns[i].header, columns[j].header);
	}
	assert_ptr_equal(hms_column_find("bytes.total"), hms_column_find("bytes"));
	assert_null(hms_column_find("no_such"));
	assert_null(hms_column_find(""));
}

static void specs_are_taken_apart(void **state)
{
	const struct hms_column **list = NULL;
	size_t n = 0;

	(void)state;
	assert_ok(hms_columns_parse("addr,bytes.total,B,bytes", &list, &n));
	assert_int_equal(n, 3);
	assert_string_equal(list[0]->id, "addr");
	assert_string_equal(list[1]->id, "bytes");
	assert_string_equal(list[2]->id, "B");
	free(list);
	assert_ok(hms_columns_parse("+chain_max,owner", &list, &n));
	assert_int_equal(n, 7);
	assert_string_equal(list[0]->id, "bytes");
	assert_string_equal(list[6]->id, "chain_max");
	free(list);
	list = NULL;
	assert_err(hms_columns_parse("addr,nope\033[0m", &list, &n), HMS_ERR_USAGE,
		   "'nope\\x1b[0m'; there are addr, kind, type,");
	assert_err(hms_columns_parse("", &list, &n), HMS_ERR_USAGE, "''");
	assert_err(hms_columns_parse("addr,", &list, &n), HMS_ERR_USAGE, "''");
	assert_err(hms_columns_parse("+", &list, &n), HMS_ERR_USAGE, "''");
	assert_null(list);
}

/* ---- values ---- */

static void expect_cell(const struct hms_map_row *row, const char *id, const char *wanted)
{
	struct hms_str s = HMS_STR_INIT;

	hms_column_text(hms_column_find(id), row, true, &s);
	if (strcmp(hms_str_text(&s), wanted) != 0)
		fail_msg("%s is '%s', wanted '%s'", id, hms_str_text(&s), wanted);
	hms_str_deinit(&s);
}

static void a_growing_map(void **state)
{
	struct hms_map_row row =
		sample_row(&sample_growing, &sample_growing_stats, "main.shared.items");

	(void)state;
	expect_cell(&row, "addr", "0xc000088090");
	expect_cell(&row, "kind", "classic");
	expect_cell(&row, "owner", "main.shared.items");
	expect_cell(&row, "found_by", "global");
	expect_cell(&row, "entries", "550");
	expect_cell(&row, "bytes", "73.8K");
	expect_cell(&row, "load", "4.3");
	expect_cell(&row, "flags", "hashWriting");
	expect_cell(&row, "growth", "31/64 moved");
	expect_cell(&row, "nbuckets", "128");
	expect_cell(&row, "old_nbuckets", "64");
	expect_cell(&row, "spare_buckets", "9");
	expect_cell(&row, "overflow", "12");
	expect_cell(&row, "chain_histogram", "140 19 2");
	expect_cell(&row, "tables", "-");
}

static void a_map_without_statistics(void **state)
{
	struct hms_map_row row = sample_row(&sample_tiny, NULL, NULL);

	(void)state;
	expect_cell(&row, "owner", "0xc00007c0f0");
	expect_cell(&row, "nbuckets", "1");
	expect_cell(&row, "spare_buckets", "0");
	expect_cell(&row, "oldbuckets_addr", "0x0");
	expect_cell(&row, "old_nbuckets", "0");
	expect_cell(&row, "evacuated", "0");
	expect_cell(&row, "overflow", "0");
	expect_cell(&row, "chain_histogram", "1");
	expect_cell(&row, "growth", "");
	expect_cell(&row, "load", "3.0");
}

static void an_unreadable_map_is_all_unknown(void **state)
{
	struct hms_map_row row = sample_row(&sample_unreadable, NULL, NULL);
	static const char *const known[] = {"addr",     "kind",         "owner",  "owners",
					    "found_by", "header_bytes", "damaged"};
	struct hms_value value;
	size_t n;
	const struct hms_column *columns = hms_columns(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		bool is_known = columns[i].json == NULL || columns[i].kind == HMS_MAP_SWISS;

		for (size_t k = 0; k < HMS_ARRAY_LEN(known); k++)
			is_known |= strcmp(columns[i].id, known[k]) == 0;
		columns[i].get(&row, &value);
		if (!is_known && value.kind != HMS_VALUE_NULL)
			fail_msg("%s of an unreadable map is known", columns[i].id);
	}
	row.kind = HMS_MAP_SWISS;
	expect_cell(&row, "kind", "swiss");
	expect_cell(&row, "tables", "?");
	expect_cell(&row, "B", "-");
}

static void swiss_maps(void **state)
{
	struct hms_map_row row = sample_row(&sample_swiss, &sample_swiss_stats, "main.s");
	struct hms_map_row small = sample_row(&sample_swiss_small, NULL, "main.t");

	(void)state;
	expect_cell(&row, "kind", "swiss");
	expect_cell(&row, "load", "0.73");
	expect_cell(&row, "flags", "writing");
	expect_cell(&row, "hash_seed", "0xfedcba9876543210");
	expect_cell(&row, "tables", "2");
	expect_cell(&row, "tombstones", "7");
	expect_cell(&row, "growth_left", "285");
	expect_cell(&row, "writing", "yes");
	expect_cell(&row, "small", "no");
	expect_cell(&small, "small", "yes");
	expect_cell(&small, "capacity", "8");
	expect_cell(&small, "groups", "1");
	expect_cell(&small, "tables", "0");
	expect_cell(&small, "growth_left", "3");
	expect_cell(&small, "load", "0.62");
	/* Without counts, those of a large map are unknown. */
	row.stats = NULL;
	expect_cell(&row, "tables", "?");
	expect_cell(&row, "load", "?");
}

static void damaged_headers_give_no_nonsense(void **state)
{
	struct hms_map map = sample_growing;
	struct hms_map_row row = sample_row(&map, NULL, NULL);

	(void)state;
	map.classic.B = 200;
	map.classic.flags = 0xff;
	map.count = -1;
	map.classic.nevacuate = UINT64_MAX;
	expect_cell(&row, "B", "200");
	expect_cell(&row, "nbuckets", "?");
	expect_cell(&row, "old_nbuckets", "?");
	expect_cell(&row, "load", "?");
	expect_cell(&row, "entries", "-1");
	expect_cell(&row, "nevacuate", "18,446,744,073,709,551,615");
	expect_cell(&row, "flags",
		    "iterator,oldIterator,hashWriting,sameSizeGrow,bit4,bit5,bit6,bit7");
	expect_cell(&row, "chain_histogram", "?");
	map.classic.B = 63;
	expect_cell(&row, "growth", "18446744073709551615/9223372036854775808 moved, same size");
}

/* ---- order ---- */

static int compare(const char *id, const struct hms_map_row *a, const struct hms_map_row *b)
{
	return hms_column_compare(hms_column_find(id), a, b);
}

static void rows_have_an_order(void **state)
{
	struct hms_map_row big = sample_row(&sample_growing, &sample_growing_stats, "b");
	struct hms_map_row tiny = sample_row(&sample_tiny, NULL, "a");
	struct hms_map_row unknown = sample_row(&sample_unreadable, NULL, NULL);
	static const char *const ids[] = {"bytes", "entries",         "load",
					  "owner", "chain_histogram", "flags"};

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(ids); i++) {
		assert_true(compare(ids[i], &big, &tiny) > 0);
		assert_true(compare(ids[i], &tiny, &big) < 0);
		assert_int_equal(compare(ids[i], &big, &big), 0);
		/* unknown last */
		assert_true(compare(ids[i], &unknown, &big) > 0);
		assert_true(compare(ids[i], &tiny, &unknown) < 0);
		assert_int_equal(compare(ids[i], &unknown, &unknown), 0);
	}
	assert_int_equal(compare("tables", &big, &tiny), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_grouped),
		cmocka_unit_test(bytes_are_scaled),
		cmocka_unit_test(ratios_and_shares),
		cmocka_unit_test(ratios_round_like_printf),
		cmocka_unit_test(doubles_read_back),
		cmocka_unit_test(hex_is_lower_case_without_zeroes),
		cmocka_unit_test(columns_are_the_contract),
		cmocka_unit_test(columns_have_names_of_their_own),
		cmocka_unit_test(specs_are_taken_apart),
		cmocka_unit_test(a_growing_map),
		cmocka_unit_test(a_map_without_statistics),
		cmocka_unit_test(an_unreadable_map_is_all_unknown),
		cmocka_unit_test(swiss_maps),
		cmocka_unit_test(damaged_headers_give_no_nonsense),
		cmocka_unit_test(rows_have_an_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
