/*
 * From addresses back to what is there, on the bundled cores.
 *
 * Each slot of each map that the walk over it gives (which t_entries compares with what the
 * programs wrote) leads back to the same map, bucket or group, and slot: by its key, its element,
 * and its tophash or control byte.  "hmapscope find" is held against what the programs wrote
 * themselves: addresses of their maps' headers and of their variables.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "cores/world.h"
#include "lib/schema.h"
#include "map/locate.h"
#include "map/tables.h"
#include "util/arena.h"

#define SLOTS_A_MAP 60  /* tried; of a larger map one in so many */
#define ASKED       200 /* addresses that the program is asked of */

static unsigned int differences;
static uint64_t asked;

/* ---- slots --------------------------------------------------------------------------------- */

static bool same_slot(const struct hms_slot *a, const struct hms_slot *b)
{
	return a->unit == b->unit && a->index == b->index && a->bucket == b->bucket &&
	       a->chain == b->chain && a->old == b->old && a->table == b->table &&
	       a->state == b->state;
}

static void locate(const struct world *world, const struct hms_map *map, uint64_t addr,
		   const struct hms_slot *slot, enum hms_unit_part part)
{
	struct hms_map_place place;

	asked++;
	if (hms_map_locate(world->session->model, world->found->maps, world->found->nmaps, addr,
			   &place) &&
	    place.map == map && place.has_slot && same_slot(&place.slot, slot) &&
	    place.unit_part == part && place.base == slot->unit)
		return;
	if (differences++ < 10)
		printf("# 0x%" PRIx64 " is slot %u of unit 0x%" PRIx64 " of the map at 0x%" PRIx64
		       "\n",
		       addr, slot->index, slot->unit, map->addr);
}

/* What lies apart leads back to a slot that points to it: a map and its clone (maps.Clone) share
 * such keys and elements. */
static void locate_apart(const struct world *world, uint64_t addr, enum hms_map_part part)
{
	struct hms_map_place place;

	asked++;
	if (hms_map_locate(world->session->model, world->found->maps, world->found->nmaps, addr + 1,
			   &place) &&
	    place.part == part && place.base == addr && place.value_off == 1 &&
	    world_get(world, part == HMS_PART_KEY ? place.slot.key_addr : place.slot.elem_addr,
		      8) == addr)
		return;
	if (differences++ < 10)
		printf("# 0x%" PRIx64 " leads to no slot\n", addr);
}

static void try_slot(const struct world *world, const struct hms_map_iter *it,
		     const struct hms_map *map, const struct hms_slot *slot)
{
	uint64_t at;

	locate(world, map, slot->unit + slot->index, slot, HMS_UNIT_CONTROL);
	if (map->type->key_size)
		locate(world, map, slot->key_addr + map->type->key_size - 1, slot, HMS_UNIT_KEY);
	if (map->type->elem_size)
		locate(world, map, slot->elem_addr, slot, HMS_UNIT_ELEM);
	if (slot->state != HMS_SLOT_LIVE)
		return;
	if (map->type->key_indirect && hms_slot_key(it, slot, &at))
		locate_apart(world, at, HMS_PART_KEY);
	if (map->type->elem_indirect && hms_slot_elem(it, slot, &at))
		locate_apart(world, at, HMS_PART_ELEM);
}

static void try_map(const struct world *world, const struct hms_map *map)
{
	struct hms_map_stats stats;
	struct hms_map_iter it;
	struct hms_slot slot;
	uint64_t every, n = 0;

	if (!map->type || !map->readable)
		return;
	hms_map_stats_of(map, &stats);
	/* odd: not the same slot of each bucket */
	every = stats.slots_walked / SLOTS_A_MAP | 1;
	hms_map_iter_init(&it, world->session->model, map);
	while (hms_map_iter_next(&it, &slot))
		if (n++ % every == 0 && slot.state != HMS_SLOT_UNREADABLE)
			try_slot(world, &it, map, &slot);
	hms_map_iter_deinit(&it);
}

/* ---- headers, directories, tables ---------------------------------------------------------- */

static void expect_part(const struct world *world, const struct hms_map *map, uint64_t addr,
			enum hms_map_part part, uint64_t base)
{
	struct hms_map_place place;

	asked++;
	if (hms_map_locate(world->session->model, world->found->maps, world->found->nmaps, addr,
			   &place) &&
	    place.map == map && place.part == part && place.base == base)
		return;
	if (differences++ < 10)
		printf("# 0x%" PRIx64 " is in part %d of the map at 0x%" PRIx64 "\n", addr, part,
		       map->addr);
}

struct tables {
	const struct world *world;
	const struct hms_map *map;
};

static void try_table(void *arg, const struct hms_table *table)
{
	const struct tables *t = arg;

	expect_part(t->world, t->map, table->addr + 4, HMS_PART_TABLE, table->addr);
	expect_part(t->world, t->map, t->map->swiss.dir + 8 * table->slot + 7, HMS_PART_DIRECTORY,
		    t->map->swiss.dir);
}

static void try_parts(const struct world *world, const struct hms_map *map)
{
	struct tables t = {world, map};

	expect_part(world, map, map->addr + 5, HMS_PART_HEADER, map->addr);
	hms_map_tables(world->session->model, map, try_table, &t);
}

/* ---- what the program says ----------------------------------------------------------------- */

static json_t *run_find(const struct bundled *core, const char *addresses, struct hms_str *out)
{
	const char *tool = getenv("HMAPSCOPE") ? getenv("HMAPSCOPE") : "./hmapscope";
	HMS_AUTO_FREE char *command =
		hms_xprintf("'%s' find --json '%s' '%s'%s", tool, core->exe, core->core, addresses);
	FILE *pipe = popen(command, "r");
	json_error_t error;
	char buf[65536];
	size_t n;

	while (pipe && (n = fread(buf, 1, sizeof(buf), pipe)) > 0)
		hms_str_addn(out, buf, n);
	if (!pipe || pclose(pipe) != 0) {
		printf("# find's exit status is not 0\n");
		return NULL;
	}
	return schema_parse(hms_str_text(out), out->len, &error);
}

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static void check_schema(json_t *doc)
{
	HMS_AUTO_STR struct hms_str why = HMS_STR_INIT;
	HMS_AUTO_FREE char *path = hms_xprintf("%s/man/hmapscope-report.schema.json",
					       getenv("HMS_SRCDIR") ? getenv("HMS_SRCDIR") : ".");
	struct hms_error *err;
	json_t *schema;

	err = schema_load(path, &schema);
	if (err || !schema_valid(schema, NULL, doc, &why)) {
		printf("# %s\n", err ? err->message : hms_str_text(&why));
		differences++;
	}
	if (!err)
		json_decref(schema);
	hms_err_free(err);
}

/* Does @ours say of the address what the program wrote? */
static bool agrees(const json_t *ours, const json_t *truth, bool is_map)
{
	const json_t *map = json_object_get(ours, "map"), *stack = json_object_get(ours, "stack");
	size_t len = strcspn(text(truth, "name"), "#");

	if (is_map)
		return strcmp(text(map, "addr"), text(truth, "addr")) == 0 &&
		       strcmp(text(map, "part"), "header") == 0;
	/* An optimised program may have dropped the variable, not its place on the stack. */
	if (strcmp(text(ours, "kind"), "stack") == 0 &&
	    json_is_null(json_object_get(stack, "variable")))
		return json_number_value(json_object_get(stack, "goroutine")) ==
		       json_number_value(json_object_get(truth, "goroutine"));
	return strncmp(text(stack, "variable"), text(truth, "name"), len) == 0 &&
	       !text(stack, "variable")[len] &&
	       strcmp(text(stack, "function"), text(truth, "function")) == 0 &&
	       json_number_value(json_object_get(stack, "goroutine")) ==
		       json_number_value(json_object_get(truth, "goroutine"));
}

/* The maps of the array @key ("maps", "locals") of the truth. */
static void compare_said(const struct bundled *core, const json_t *truth, const char *key)
{
	HMS_AUTO_STR struct hms_str addresses = HMS_STR_INIT, out = HMS_STR_INIT;
	const json_t *list = json_object_get(truth, key), *element, *wanted[ASKED];
	json_t *doc, *said;
	size_t i, n = 0;

	json_array_foreach(list, i, element)
	{
		const char *addr = text(element, "addr");

		if (n == ASKED || !*addr || strcmp(addr, "0x0") == 0 ||
		    strcmp(text(element, "root"), "main.typeless") == 0)
			continue;
		hms_str_addf(&addresses, " %s", addr);
		wanted[n++] = element;
	}
	if (!n)
		return;
	doc = run_find(core, hms_str_text(&addresses), &out);
	said = json_object_get(doc, "addresses");
	if (json_array_size(said) != n)
		differences++;
	else
		check_schema(doc);
	for (i = 0; i < n && json_array_size(said) == n; i++, asked++)
		if (!agrees(json_array_get(said, i), wanted[i], strcmp(key, "maps") == 0)) {
			printf("# %s is said to be %s\n", text(wanted[i], "addr"),
			       text(json_array_get(said, i), "text"));
			differences++;
		}
	json_decref(doc);
}

static bool test_core(const struct bundled *core, char *what, size_t what_size)
{
	json_t *truth;
	struct world world;

	if (!world_open(&world, core->exe, core->core))
		return false;
	differences = 0;
	asked = 0;
	for (size_t i = 0; i < world.found->nmaps; i++) {
		try_map(&world, &world.found->maps[i]);
		try_parts(&world, &world.found->maps[i]);
	}
	world_close(&world);
	truth = json_load_file(core->truth, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	differences += !truth;
	/* One case with maps held in every way will do for the command. */
	if (strcmp(core->name, "nested") == 0)
		compare_said(core, truth, "maps");
	compare_said(core, truth, "locals");
	json_decref(truth);
	snprintf(what, what_size, "%" PRIu64 " addresses", asked);
	return !differences && asked;
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 4) {
		struct bundled one = {
			.exe = argv[1], .core = argv[2], .truth = argv[3], .name = "nested"};
		bool good = test_core(&one, what, sizeof(what));

		printf("%s %s\n", good ? "ok" : "not ok", what);
		return !good;
	}
	return bundled_run(test_core);
}
