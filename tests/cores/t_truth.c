/*
 * Each bundled core's maps as "hmapscope list --json" tells them, against what the program wrote of
 * its own maps: address, type, count, live entries, header words, buckets, growth, owner.
 *
 *	t_truth                     all of corefiles/
 *	t_truth EXE CORE TRUTH      one, anywhere
 *
 * Owners as the tool prints them must name their maps when they are given back to it.
 *
 * Every map must be found by following what holds it. The exceptions are in not_followed and
 * is_followed(): these the sweep finds, and a TAP comment names them with the reason. Nothing else
 * may come from the sweep: there is no garbage that looks like a map.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "util/arena.h"
#include "util/str.h"

/* Entries hold integers above 2^63, which jansson reads as reals or not at all; what is compared
 * here is far below 2^53. */
#define LOAD_FLAGS (JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

/* Maps that no type leads to, and why. */
static const struct {
	const char *reach, *root; /* NULL: any */
	const char *reason;
} not_followed[] = {
	{NULL, "main.typeless", "an unsafe.Pointer: no type says what it leads to"},
};

static unsigned int differences;
static const char *map_name; /* of the map in hand */

__attribute__((format(printf, 1, 2))) static void differs(const char *format, ...)
{
	va_list args;

	if (differences++ > 20)
		return;
	printf("# %s: ", map_name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* ---- values ------------------------------------------------------------------------------- */

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "(none)";
}

static void same_text(const json_t *ours, const char *our_key, const json_t *truth, const char *key)
{
	if (strcmp(text(ours, our_key), text(truth, key)) != 0)
		differs("%s is %s, the program says %s", our_key, text(ours, our_key),
			text(truth, key));
}

static void same_number(const json_t *ours, const char *our_key, const json_t *truth,
			const char *key)
{
	const json_t *a = json_object_get(ours, our_key), *b = json_object_get(truth, key);

	if (!json_is_number(a) || !json_is_number(b) ||
	    json_number_value(a) != json_number_value(b))
		differs("%s is %.0f, the program says %.0f", our_key, json_number_value(a),
			json_number_value(b));
}

/* nil is null with us, "0x0" in what the program reads from its header. */
static void same_address(const json_t *ours, const char *our_key, const json_t *truth,
			 const char *key)
{
	const json_t *a = json_object_get(ours, our_key);

	if (json_is_null(a) ? strcmp(text(truth, key), "0x0")
			    : strcmp(text(ours, our_key), text(truth, key)))
		differs("%s is %s, the program says %s", our_key, text(ours, our_key),
			text(truth, key));
}

static void same_array(const json_t *ours, const json_t *truth, const char *key)
{
	if (!json_equal(json_object_get(ours, key), json_object_get(truth, key)))
		differs("%s is not what the program counted", key);
}

static void same_flags(const json_t *ours, const json_t *header)
{
	static const struct {
		long bit;
		const char *name;
	} bits[] = {{1, "iterator"}, {2, "oldIterator"}, {4, "hashWriting"}, {8, "sameSizeGrow"}};
	long wanted = (long)json_number_value(json_object_get(header, "flags")), flags = 0;
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(ours, "flags"), i,
			   name) for (size_t k = 0; k < HMS_ARRAY_LEN(bits);
				      k++) if (strcmp(json_string_value(name), bits[k].name) == 0)
		flags |= bits[k].bit;
	if (flags != wanted)
		differs("flags are %ld, the program says %ld", flags, wanted);
}

/* ---- maps --------------------------------------------------------------------------------- */

static void compare_classic(const json_t *ours, const json_t *header, const json_t *walk)
{
	const json_t *classic = json_object_get(ours, "classic");

	same_flags(ours, header);
	same_text(ours, "hash_seed", header, "hash0");
	same_number(classic, "B", header, "B");
	same_number(classic, "noverflow", header, "noverflow");
	same_address(classic, "buckets_addr", header, "buckets");
	same_address(classic, "oldbuckets_addr", header, "oldbuckets");
	same_number(classic, "nevacuate", header, "nevacuate");
	same_number(classic, "nbuckets", walk, "nbuckets");
	same_number(classic, "old_nbuckets", walk, "old_nbuckets");
	same_number(classic, "evacuated", walk, "evacuated");
	same_number(classic, "overflow", walk, "overflow");
	same_number(classic, "chain_max", walk, "chain_max");
	same_array(classic, walk, "chain_histogram");
}

/* One map of the program may hang on two variables: either names it. Where Go has no expression for
 * the path, it still begins with the variable. */
static void compare_owner(const json_t *ours, const json_t *truth)
{
	const char *owner = text(ours, "owner"), *root = text(truth, "root");
	const char *wanted = strncmp(root, "goroutine:", 10) == 0 ? "stack" : "global";

	if (strcmp(root, "main.shadowed") == 0)
		return;
	/* Closures that share a variable: the first by name has it. */
	if (strcmp(root, "main.total") == 0)
		root = "main.bump";
	if (strcmp(text(ours, "found_by"), wanted) != 0)
		differs("was found by %s, not %s", text(ours, "found_by"), wanted);
	if (!json_is_null(json_object_get(truth, "owner")))
		same_text(ours, "owner", truth, "owner");
	else if (strncmp(owner + strspn(owner, "(*"), root, strlen(root)) != 0)
		differs("owner is %s, and the program's begins with %s", owner, root);
}

/* Groups and tables: only maps that have tables have a directory to compare. */
static void compare_swiss(const json_t *ours, const json_t *header, const json_t *walk)
{
	const json_t *swiss = json_object_get(ours, "swiss");

	same_text(ours, "hash_seed", header, "seed");
	same_address(swiss, "dir_addr", header, "dirPtr");
	same_number(swiss, "dir_len", header, "dirLen");
	same_number(swiss, "global_depth", header, "globalDepth");
	same_number(swiss, "global_shift", header, "globalShift");
	same_number(swiss, "tables", walk, "tables");
	same_number(swiss, "groups", walk, "groups");
	same_number(swiss, "capacity", walk, "capacity");
	same_number(swiss, "tombstones", walk, "tombstones");
	same_number(swiss, "growth_left", walk, "growth_left");
}

/* Why the search need not come to the map; NULL: it must. */
static const char *why_not_followed(const json_t *truth)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(not_followed); i++) {
		const char *reach = not_followed[i].reach, *root = not_followed[i].root;

		if ((!reach || strcmp(text(truth, "reach"), reach) == 0) &&
		    (!root || strcmp(text(truth, "root"), root) == 0))
			return not_followed[i].reason;
	}
	return NULL;
}

/* What only the sweep found may be of an unknown type; of a wrong one it may not be. */
static bool is_swept(const json_t *ours, const json_t *truth)
{
	const char *reason = why_not_followed(truth);

	if (strcmp(text(ours, "found_by"), "scan") != 0)
		return false;
	if (!reason)
		differs("held by %s, was found by the sweep alone", text(truth, "reach"));
	else
		printf("# %s is found by the sweep%s: %s\n", text(truth, "root"),
		       json_is_null(json_object_get(ours, "type")) ? ", its type unknown" : "",
		       reason);
	return true;
}

static void compare_map(const json_t *ours, const json_t *truth)
{
	bool swept = is_swept(ours, truth);

	if (swept && json_is_null(json_object_get(ours, "type"))) {
		same_number(ours, "count", truth, "count");
		return;
	}
	same_text(ours, "type", truth, "type");
	if (!swept)
		compare_owner(ours, truth);
	if (json_is_null(json_object_get(truth, "count")))
		return; /* raced for: nobody knows */
	same_number(ours, "count", truth, "count");
	same_number(ours, "live", json_object_get(truth, "walk"), "live");
	if (json_is_true(json_object_get(ours, "damaged")))
		differs("is said to be damaged");
	(strcmp(text(ours, "kind"), "classic") == 0 ? compare_classic : compare_swiss)(
		ours, json_object_get(truth, "header"), json_object_get(truth, "walk"));
}

static const json_t *map_at(const json_t *maps, const char *addr)
{
	const json_t *map;
	size_t i;

	json_array_foreach(maps, i, map) if (strcmp(text(map, "addr"), addr) == 0) return map;
	return NULL;
}

/* Maps of ours that are not the program's are its empty ones of other cases, and the runtime's:
 * all hang on something. */
static void compare_others(const json_t *ours, const json_t *truth)
{
	const json_t *map;
	size_t i;

	json_array_foreach(ours, i, map)
	{
		map_name = text(map, "addr");
		if (!map_at(truth, map_name) && json_is_null(json_object_get(map, "owner")))
			differs("was found by %s, and the program has no such map",
				text(map, "found_by"));
	}
}

/* Number of maps compared. */
static size_t compare_core(const json_t *ours, const json_t *truth)
{
	const json_t *maps = json_object_get(ours, "maps"), *map, *found;
	size_t i, compared = 0;

	map_name = "core";
	same_text(json_object_get(ours, "core"), "go_version", truth, "go_version");
	same_text(json_object_get(ours, "core"), "map_kind", truth, "map_kind");
	same_number(json_object_get(ours, "core"), "pid", truth, "pid");
	json_array_foreach(json_object_get(truth, "maps"), i, map)
	{
		map_name = json_is_null(json_object_get(map, "owner")) ? text(map, "root")
								       : text(map, "owner");
		if (strcmp(text(map, "addr"), "0x0") == 0)
			continue; /* a nil map has no header */
		found = map_at(maps, text(map, "addr"));
		if (found)
			compare_map(found, map);
		else
			differs("held by %s at %s, was not found", text(map, "reach"),
				text(map, "addr"));
		compared++;
	}
	compare_others(maps, json_object_get(truth, "maps"));
	return compared;
}

/* ---- running ------------------------------------------------------------------------------ */

/* The JSON that "hmapscope COMMAND --json EXE CORE MORE" writes. */
static json_t *run(const char *command, const struct bundled *core, const char *more)
{
	const char *tool = getenv("HMAPSCOPE") ? getenv("HMAPSCOPE") : "./hmapscope";
	HMS_AUTO_FREE char *line = hms_xprintf("'%s' %s --json '%s' '%s'%s", tool, command,
					       core->exe, core->core, more);
	FILE *pipe = popen(line, "r");
	json_error_t error;
	json_t *json;

	map_name = command;
	if (!pipe)
		return NULL;
	json = json_loadf(pipe, LOAD_FLAGS, &error);
	if (!json)
		differs("output cannot be parsed: line %d: %s", error.line, error.text);
	if (pclose(pipe) != 0)
		differs("the exit status is not 0");
	return json;
}

/* Append @owner as one word of a command line. */
static void add_word(struct hms_str *line, const char *owner)
{
	hms_str_add(line, " '");
	for (; *owner; owner++) {
		if (*owner == '\'')
			hms_str_add(line, "'\\''");
		else
			hms_str_addc(line, *owner);
	}
	hms_str_addc(line, '\'');
}

/* Owners as they are printed name their maps on the command line. */
static void check_owners(const json_t *ours, const struct bundled *core)
{
	HMS_AUTO_STR struct hms_str owners = HMS_STR_INIT;
	json_t *wanted = json_array(), *shown;
	const json_t *map;
	size_t i;

	json_array_foreach(json_object_get(ours, "maps"), i, map)
	{
		if (json_is_null(json_object_get(map, "owner")))
			continue;
		add_word(&owners, text(map, "owner"));
		json_array_append(wanted, (json_t *)map);
	}
	shown = run("show", core, hms_str_text(&owners));
	if (json_array_size(json_object_get(shown, "maps")) != json_array_size(wanted))
		differs("%zu maps are named", json_array_size(wanted));
	json_array_foreach(json_object_get(shown, "maps"), i, map)
	{
		map_name = text(json_array_get(wanted, i), "owner");
		same_text(map, "addr", json_array_get(wanted, i), "addr");
	}
	json_decref(wanted);
	json_decref(shown);
}

/* Owners of every shape. */
static bool has_many_owners(const struct bundled *core)
{
	return strcmp(core->name, "nested") == 0 || strcmp(core->name, "types") == 0;
}

static bool test_core(const struct bundled *bundled, char *what, size_t what_size)
{
	json_t *truth, *ours;

	if (bundled->stripped) {
		snprintf(what, what_size, "# SKIP the executable is stripped");
		return true;
	}
	truth = json_load_file(bundled->truth, LOAD_FLAGS, NULL);
	ours = run("list", bundled, "");
	if (truth && ours)
		snprintf(what, what_size, "%zu maps", compare_core(ours, truth));
	else
		differs("there is nothing to compare");
	if (ours && has_many_owners(bundled))
		check_owners(ours, bundled);
	json_decref(truth);
	json_decref(ours);
	return differences == 0;
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 4) {
		struct bundled one = {
			.name = "nested", .exe = argv[1], .core = argv[2], .truth = argv[3]};
		bool good = test_core(&one, what, sizeof(what));

		printf("%s %s\n", good ? "ok" : "not ok", what);
		return !good;
	}
	return bundled_run(test_core);
}
