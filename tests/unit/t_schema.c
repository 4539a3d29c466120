/*
 * The report's schema, held against documents written by hand: the parts that nothing emits yet
 * as well, and one violation at a time of a document that is valid.
 */
#include "unit/unit.h"

#include <stdlib.h>

#include "lib/schema.h"
#include "report/columns.h"
#include "util/cleanup.h"

static int load_schema(void **state)
{
	HMS_AUTO_STR struct hms_str path = HMS_STR_INIT;
	json_t *schema;

	hms_str_addf(&path, "%s/man/hmapscope-report.schema.json", getenv("HMS_SRCDIR"));
	assert_ok(schema_load(hms_str_text(&path), &schema));
	*state = schema;
	return 0;
}

static int drop_schema(void **state)
{
	json_decref(*state);
	return 0;
}

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *doc = schema_parse(text, strlen(text), &error);

	if (!doc)
		fail_msg("%s: %s", error.text, text);
	return doc;
}

static void accept(void **state, const char *def, const char *text)
{
	HMS_AUTO_STR struct hms_str why = HMS_STR_INIT;
	json_t *doc = parse(text);

	if (!schema_valid(*state, def, doc, &why))
		fail_msg("%s: %s", hms_str_text(&why), text);
	json_decref(doc);
}

/* Invalid, and the reason names @place. */
static void refuse(void **state, const char *def, const char *text, const char *place)
{
	HMS_AUTO_STR struct hms_str why = HMS_STR_INIT;
	json_t *doc = parse(text);

	if (schema_valid(*state, def, doc, &why))
		fail_msg("accepted: %s", text);
	if (!strstr(hms_str_text(&why), place))
		fail_msg("\"%s\" does not name \"%s\"", hms_str_text(&why), place);
	json_decref(doc);
}

#define CORE                                                                                  \
	"{\"path\":\"c\",\"exe\":null,\"build_id\":\"8f3a\",\"build_id_match\":null,"         \
	"\"arch\":\"amd64\",\"pid\":1,\"signal\":null,\"go_version\":null,\"map_kind\":null," \
	"\"threads\":null,\"goroutines\":0,\"clock_ns\":null,\"process_key\":null}"
#define SUMMARY                                                                              \
	"{\"maps\":0,\"entries\":0,\"bytes\":0,\"growing\":0,\"stalled\":null,\"errors\":0," \
	"\"warnings\":0,\"infos\":0,\"slots_walked\":0,\"keys_hashed\":0,"                   \
	"\"bytes_unreadable\":0,\"candidates_dismissed\":0,\"heap_bytes\":null,"             \
	"\"complete\":true}"
#define DOCUMENT(command, more)                                                           \
	"{\"schema\":\"hmapscope/1\",\"command\":\"" command "\",\"tool_version\":\"1\"," \
	"\"core\":" CORE ",\"summary\":" SUMMARY ",\"maps\":[],\"findings\":[],"          \
	"\"goroutines\":[]" more "}"

#define SUMS "{\"maps\":1,\"count\":2,\"bytes\":304}"
#define DIFF(owners, groups)                                      \
	",\"old\":" CORE ",\"new\":" CORE                         \
	",\"apart_ns\":5,\"changes\":[],\"owner_totals\":" owners \
	",\"type_totals\":[],\"goroutine_groups\":" groups

static void documents_by_command(void **state)
{
	accept(state, NULL, DOCUMENT("list", ""));
	accept(state, NULL, DOCUMENT("diff", DIFF("[]", "null")));
	accept(state, NULL,
	       DOCUMENT("diff", DIFF("[{\"owner\":\"main.m\",\"old\":" SUMS ",\"new\":" SUMS "}]",
				     "[{\"old\":1,\"new\":25,\"wait_reason\":null,\"created_by\":"
				     "\"main.f\",\"system\":false,\"calls\":[{\"function\":null,"
				     "\"file\":null,\"line\":null}]}]")));
	refuse(state, NULL, DOCUMENT("list", DIFF("[]", "null")), "alternative");
	accept(state, NULL, DOCUMENT("writers", ",\"sites\":[]"));
	refuse(state, NULL, DOCUMENT("list", ",\"sites\":[]"), "alternative");
	refuse(state, NULL, DOCUMENT("diff", ",\"old\":" CORE ",\"changes\":[]"), "alternative");
	refuse(state, NULL, DOCUMENT("writers", ""), "lacks \"sites\"");
	refuse(state, NULL, DOCUMENT("frobnicate", ""), "/command");
	refuse(state, NULL, DOCUMENT("list", ",\"extra\":1"), "/extra");
	refuse(state, NULL, "[]", "not of type \"object\"");
}

#define FRAME \
	"{\"function\":\"main.f\",\"file\":\"m.go\",\"line\":3,\"pc\":\"0x4a\",\"inlined\":false}"
#define GOROUTINE(more)                                                                        \
	"{\"id\":20,\"status\":\"waiting\",\"wait_reason\":\"select\",\"wait_since_ns\":null," \
	"\"wait_at_least_ns\":5,\"thread\":null,\"system\":false,\"frames\":[" FRAME "]," more "}"

#define VARIABLE(state, value)                                                           \
	"{\"name\":\"m\",\"kind\":\"local\",\"type\":null,\"line\":3,\"state\":\"" state \
	"\",\"place\":null,\"addr\":null,\"value\":" value "}"

static void goroutines(void **state)
{
	accept(state, "goroutine", GOROUTINE("\"created_by\":null,\"map_operation\":null"));
	accept(state, "goroutine",
	       GOROUTINE("\"created_by\":{\"function\":\"main.main\",\"file\":\"m.go\",\"line\":1,"
			 "\"goroutine\":1},"
			 "\"map_operation\":{\"function\":\"runtime.mapassign_faststr\","
			 "\"returned\":false,"
			 "\"map\":\"0xc0\",\"type\":null,\"kind\":\"write\","
			 "\"caller\":{\"function\":\"main.f\",\"file\":\"m.go\",\"line\":3},"
			 "\"step\":\"moving old bucket 31 of 64\",\"slot\":null}"));
	accept(state, "operation_slot",
	       "{\"bucket\":31,\"overflow\":0,\"old\":false,\"slot\":4,\"key_addr\":\"0xc0\","
	       "\"elem_addr\":\"0xd0\"}");
	accept(state, "operation_slot",
	       "{\"table\":0,\"group\":0,\"slot\":4,\"key_addr\":\"0xc0\","
	       "\"elem_addr\":\"0xd0\"}");
	refuse(state, "operation_slot",
	       "{\"bucket\":31,\"group\":0,\"slot\":4,\"key_addr\":\"0xc0\","
	       "\"elem_addr\":\"0xd0\"}",
	       "");
	refuse(state, "goroutine", GOROUTINE("\"created_by\":null"), "map_operation");
	refuse(state, "goroutine", GOROUTINE("\"created_by\":null,\"map_operation\":{}"),
	       "/map_operation");
	accept(state, "variable", VARIABLE("live", "{\"ptr\":\"0xc0\"}"));
	accept(state, "variable", VARIABLE("gone", "null"));
	refuse(state, "variable", VARIABLE("lost", "null"), "/state");
	refuse(state, "frame",
	       "{\"function\":\"f\",\"file\":null,\"line\":-1,\"pc\":null,\"inlined\":false}",
	       "/line: is less than 0");
}

#define MEASURES(count)                                                                         \
	"{\"count\":" count ",\"bytes\":1,\"nevacuate\":null,\"overflow\":0,\"capacity\":null," \
	"\"live\":null,\"buckets\":4,\"old_buckets\":0,\"evacuated\":0,\"chain_max\":1,"        \
	"\"tables\":null,\"tombstones\":null}"
#define FATE "\"written\":true,\"emptied\":false,\"old_addr\":null,\"instead\":null"

static void changes_and_sites(void **state)
{
	accept(state, "change",
	       "{\"addr\":\"0xc0\",\"type\":null,\"owner\":null,\"status\":\"changed\","
	       "\"growth\":\"none\",\"old\":" MEASURES("5") ",\"new\":" MEASURES(
		       "3") ",\"delta\":" MEASURES("-2") "," FATE "}");
	accept(state, "change",
	       "{\"addr\":\"0xc0\",\"type\":null,\"owner\":null,\"status\":\"added\","
	       "\"growth\":\"none\",\"old\":null,\"new\":" MEASURES("3") ",\"delta\":" MEASURES(
		       "3") "," FATE "}");
	refuse(state, "measures", "{\"count\":1}", "lacks \"bytes\"");
	accept(state, "site",
	       "{\"function\":\"main.f\",\"inlined_into\":null,\"file\":\"m.go\",\"line\":3,"
	       "\"pc\":\"0x4a\",\"goroutines\":[7],"
	       "\"callee\":\"runtime.mapassign\",\"map_type\":null,\"kind\":\"write\","
	       "\"lock\":\"not-seen\",\"lock_evidence\":null}");
	refuse(state, "site",
	       "{\"function\":\"main.f\",\"inlined_into\":null,\"file\":\"m.go\",\"line\":3,"
	       "\"pc\":\"0x4a\",\"goroutines\":[7],"
	       "\"callee\":\"runtime.mapassign\",\"map_type\":null,\"kind\":\"write\","
	       "\"lock\":\"maybe\",\"lock_evidence\":null}",
	       "/lock");
}

#define LOOKUP(verdict, step)                                                                      \
	"{\"map\":\"0xc0\",\"key\":\"7\",\"key_type\":\"int\",\"verdict\":\"" verdict "\","        \
	"\"elem\":null,\"elem_addr\":null,\"hash\":\"0x1\",\"no_hash\":null,"                      \
	"\"hash_trusted\":true,\"writing\":false,\"paths\":[{\"function\":\"runtime.mapaccess1\"," \
	"\"end\":\"empty-rest\",\"at\":null,\"hashed\":true,\"looked_at\":1,\"steps\":[{" step     \
	",\"addr\":\"0xc1\",\"control\":\"0102030405060708\",\"compared\":[2],\"equal\":[],"       \
	"\"unknown\":[]}]}],\"places\":[{" step ",\"slot\":1,\"key_addr\":\"0xc9\","               \
	"\"state\":\"stale\",\"why\":\"stale\"}],\"live\":0,\"stale\":1,\"slots_compared\":8,"     \
	"\"complete\":true}"
#define IN_BUCKET "\"bucket\":3,\"overflow\":0,\"old\":true"
#define IN_GROUP  "\"table\":0,\"group\":3"

static void lookups(void **state)
{
	accept(state, "lookup", LOOKUP("absent", IN_BUCKET));
	accept(state, "lookup", LOOKUP("missed", IN_GROUP));
	accept(state, NULL, DOCUMENT("lookup", ",\"lookup\":" LOOKUP("found", IN_GROUP)));
	refuse(state, "lookup", LOOKUP("lost", IN_GROUP), "/verdict");
	refuse(state, "lookup", LOOKUP("found", IN_GROUP "," IN_BUCKET), "alternative");
	refuse(state, NULL, DOCUMENT("lookup", ""), "alternative");
	refuse(state, NULL, DOCUMENT("list", ",\"lookup\":" LOOKUP("found", IN_GROUP)),
	       "alternative");
}

static void addresses(void **state)
{
	accept(state, NULL, DOCUMENT("find", ",\"addresses\":[]"));
	refuse(state, NULL, DOCUMENT("find", ""), "alternative");
	refuse(state, NULL, DOCUMENT("list", ",\"addresses\":[]"), "alternative");
	refuse(state, "address", "{\"addr\":\"0x1\",\"kind\":\"map\"}", "lacks \"text\"");
}

static void entries(void **state)
{
	accept(state, "entry",
	       "{\"key\":\"a\",\"elem\":{\"x\":[1,\"NaN\",{\"ptr\":\"0xc0\"}]},\"bucket\":3,"
	       "\"overflow\":0,\"old\":false,\"slot\":5,\"state\":\"live\"}");
	accept(state, "entry",
	       "{\"key\":{\"bytes\":\"ff\"},\"elem\":null,\"table\":0,\"group\":2,\"slot\":5,"
	       "\"state\":\"live\"}");
	refuse(state, "entry",
	       "{\"key\":1,\"elem\":1,\"bucket\":3,\"old\":false,\"group\":0,\"slot\":5,\"state\":"
	       "\"live\"}",
	       "alternative");
	refuse(state, "entry",
	       "{\"key\":1,\"bucket\":3,\"overflow\":0,\"old\":false,\"slot\":5,\"state\":"
	       "\"live\"}",
	       "lacks \"elem\"");
}

static void patterns_of_bits(void **state)
{
	accept(state, "hex", "\"0x0\"");
	accept(state, "hex", "\"0xffffffffffffffff\"");
	refuse(state, "hex", "\"0x00\"", "does not match");
	refuse(state, "hex", "\"0xC0\"", "does not match");
	refuse(state, "hex", "\"0x1ffffffffffffffff\"", "does not match");
	refuse(state, "hex", "\"c0\"", "does not match");
	refuse(state, "hex", "12", "not of type");
	refuse(state, "hex", "\"0x1\\u0000\"", "does not match");
}

/* ---- the schema, the table of columns and the manual page say the same ---- */

/* The definition and the member's name of "bytes.total": of an object inside "map", or of a
 * definition of its own. */
static json_t *object_of(json_t *schema, const char *path, const char **name_ret)
{
	json_t *defs = json_object_get(schema, "$defs"), *map = json_object_get(defs, "map");
	const char *dot = strchr(path, '.');
	char object[32];
	json_t *def;

	*name_ret = dot ? dot + 1 : path;
	if (!dot)
		return map;
	assert_true((size_t)(dot - path) < sizeof(object));
	memcpy(object, path, (size_t)(dot - path));
	object[dot - path] = '\0';
	def = json_object_get(defs, object);
	return def ? def : json_object_get(json_object_get(map, "properties"), object);
}

static bool lists(json_t *array, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach(array, i,
			   item) if (strcmp(json_string_value(item), name) == 0) return true;
	return false;
}

static void each_column_is_in_the_schema(void **state)
{
	size_t n;
	const struct hms_column *columns = hms_columns(&n);

	for (size_t i = 0; i < n; i++) {
		const char *name;
		json_t *object;

		if (!columns[i].json)
			continue;
		object = object_of(*state, columns[i].json, &name);
		if (!json_object_get(json_object_get(object, "properties"), name))
			fail_msg("the schema has no %s", columns[i].json);
		if (!lists(json_object_get(object, "required"), name))
			fail_msg("the schema does not require %s", columns[i].json);
	}
}

static char *read_page(void)
{
	HMS_AUTO_STR struct hms_str path = HMS_STR_INIT, text = HMS_STR_INIT;
	HMS_AUTO_FILE FILE *file = NULL;
	char part[4096];
	size_t len;

	hms_str_addf(&path, "%s/man/hmapscope-report.5", getenv("HMS_SRCDIR"));
	file = fopen(hms_str_text(&path), "r");
	assert_non_null(file);
	while ((len = fread(part, 1, sizeof(part), file)) > 0)
		hms_str_addn(&text, part, len);
	return hms_str_steal(&text);
}

/* The page has an entry "prefix.name", or "name". */
static void explained(const char *page, const char *prefix, const char *name)
{
	HMS_AUTO_STR struct hms_str entry = HMS_STR_INIT;

	hms_str_addf(&entry, "\n.It Va %s%s\n", prefix, name);
	if (!strstr(page, hms_str_text(&entry)))
		fail_msg("hmapscope-report(5) does not explain %s%s", prefix, name);
}

static void explained_all(const char *page, const char *prefix, json_t *object)
{
	const char *name;
	json_t *member;

	json_object_foreach(json_object_get(object, "properties"), name, member)
	{
		/* Of "bytes", "classic" and "swiss" the members are explained. */
		if (!json_object_get(member, "properties") && strcmp(name, "classic") != 0 &&
		    strcmp(name, "swiss") != 0)
			explained(page, prefix, name);
	}
}

static void the_page_explains_each_member(void **state)
{
	HMS_AUTO_FREE char *page = read_page();
	const char *name;
	json_t *def;

	explained_all(page, "", *state);
	json_object_foreach(json_object_get(*state, "$defs"), name, def)
	{
		bool nested = strcmp(name, "classic") == 0 || strcmp(name, "swiss") == 0;
		HMS_AUTO_STR struct hms_str prefix = HMS_STR_INIT;

		if (nested)
			hms_str_addf(&prefix, "%s.", name);
		explained_all(page, hms_str_text(&prefix), def);
	}
	def = json_object_get(json_object_get(*state, "$defs"), "map");
	explained_all(page, "bytes.", json_object_get(json_object_get(def, "properties"), "bytes"));
}

static void the_validator_refuses_what_it_does_not_know(void **state)
{
	HMS_AUTO_STR struct hms_str why = HMS_STR_INIT;
	json_t *schema = parse("{\"maxLength\":3}"), *doc = parse("\"abc\"");
	json_t *broken = parse("{\"$ref\":\"#/$defs/none\"}");

	(void)state;
	assert_false(schema_valid(schema, NULL, doc, &why));
	assert_non_null(strstr(hms_str_text(&why), "maxLength"));
	assert_false(schema_valid(broken, NULL, doc, &why));
	assert_non_null(strstr(hms_str_text(&why), "unknown definition"));
	json_decref(schema);
	json_decref(broken);
	json_decref(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_by_command),
		cmocka_unit_test(goroutines),
		cmocka_unit_test(changes_and_sites),
		cmocka_unit_test(addresses),
		cmocka_unit_test(entries),
		cmocka_unit_test(lookups),
		cmocka_unit_test(patterns_of_bits),
		cmocka_unit_test(each_column_is_in_the_schema),
		cmocka_unit_test(the_page_explains_each_member),
		cmocka_unit_test(the_validator_refuses_what_it_does_not_know),
	};

	return cmocka_run_group_tests(tests, load_schema, drop_schema);
}
