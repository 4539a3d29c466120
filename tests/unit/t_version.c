/* rt/version: release strings as Go toolchains and distributions write them. */
#include "unit/unit.h"

#include "rt/rt.h"

struct row {
	const char *text;
	unsigned int major, minor, patch;
	const char *experiments;
	bool known;
};

static const struct row rows[] = {
	{"go1.15.15", 1, 15, 15, "", true},
	{"go1.21.13", 1, 21, 13, "", true},
	{"go1.27.4", 1, 27, 4, "", true},
	{"go1.24.4 X:noswissmap", 1, 24, 4, "noswissmap", true},
	{"go1.25.12 X:nodwarf5,noswissmap", 1, 25, 12, "nodwarf5,noswissmap", true},
	{"go1.27.4-X:mapsplitgroup", 1, 27, 4, "mapsplitgroup", true},
	{"go1.22.9 (Red Hat 1.22.9-2.el9_5) X:strictfipsruntime", 1, 22, 9, "strictfipsruntime",
	 true},
	{"go1.19.8b7", 1, 19, 8, "", true},
	{"go1.22rc1", 1, 22, 0, "", true},
	{"go1.21-custom", 1, 21, 0, "", true},
	{"go1.20.14", 1, 20, 14, "", false},
	{"go1.18", 1, 18, 0, "", false},
	{"go1.28.0", 1, 28, 0, "", false},
	{"go2.21.0", 2, 21, 0, "", false},
	{"devel go1.22-4f0408a Tue Jun 27 2023", 0, 0, 0, "", false},
	{"go1.26-devel_3ebb9e2 Thu Aug 7 2025 X:greenteagc", 0, 0, 0, "greenteagc", false},
	{"devel +b6c6f7b X:noswissmap more", 0, 0, 0, "noswissmap", false},
	{"", 0, 0, 0, "", false},
	{"go", 0, 0, 0, "", false},
	{"go1", 0, 0, 0, "", false},
	{"go1.", 0, 0, 0, "", false},
	{"go1.x", 0, 0, 0, "", false},
	{"go1.21.", 0, 0, 0, "", false},
	{"go1.99999999999", 0, 0, 0, "", false},
	{"gox1.21", 0, 0, 0, "", false},
	{"1.21.13", 0, 0, 0, "", false},
};

static void release_strings(void **state)
{
	struct hms_go_version v;

	(void)state;
	for (size_t i = 0; i < HMS_ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];

		hms_go_version_parse(row->text, strlen(row->text), &v);
		if (v.major != row->major || v.minor != row->minor || v.patch != row->patch)
			fail_msg("'%s' is %u.%u.%u", row->text, v.major, v.minor, v.patch);
		assert_string_equal(v.text, row->text);
		assert_string_equal(v.experiments, row->experiments);
		if (hms_go_version_known(&v) != row->known)
			fail_msg("'%s' is %sknown", row->text, row->known ? "not " : "");
	}
}

static void hostile_strings_are_cut_and_printable(void **state)
{
	char text[300];
	struct hms_go_version v;

	(void)state;
	memset(text, 'y', sizeof(text));
	memcpy(text, "go1.24.4 X:", 11);
	hms_go_version_parse(text, sizeof(text), &v);
	assert_int_equal(strlen(v.text), sizeof(v.text) - 1);
	assert_int_equal(strlen(v.experiments), sizeof(v.experiments) - 1);
	assert_int_equal(v.minor, 24);
	hms_go_version_parse("go1.24.4\x1b[2J\0\xff X:\x1b", 18, &v);
	assert_string_equal(v.text, "go1.24.4?[2J?? X:?");
	assert_string_equal(v.experiments, "?");
	assert_int_equal(v.patch, 4);
}

static void experiments_are_whole_words(void **state)
{
	static const char text[] = "go1.25.12 X:nodwarf5,noswissmap,loopvar";
	struct hms_go_version v;

	(void)state;
	hms_go_version_parse(text, strlen(text), &v);
	assert_true(hms_go_version_experiment(&v, "nodwarf5"));
	assert_true(hms_go_version_experiment(&v, "noswissmap"));
	assert_true(hms_go_version_experiment(&v, "loopvar"));
	assert_false(hms_go_version_experiment(&v, "swissmap"));
	assert_false(hms_go_version_experiment(&v, "noswiss"));
	assert_false(hms_go_version_experiment(&v, ""));
	hms_go_version_parse("go1.25.12", 9, &v);
	assert_false(hms_go_version_experiment(&v, "noswissmap"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(release_strings),
		cmocka_unit_test(hostile_strings_are_cut_and_printable),
		cmocka_unit_test(experiments_are_whole_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
