#include "lib/sample.h"

#include "report/columns.h"
#include "util/arena.h"

static const struct hms_map_type string_int = {
	.name = "map[string]int",
	.path = "map[string]int",
	.kind = HMS_MAP_CLASSIC,
	.unit_size = 208,
};

static const struct hms_map_type string_string = {
	.name = "map[string]string",
	.path = "map[string]string",
	.kind = HMS_MAP_CLASSIC,
	.unit_size = 272,
};

static const struct hms_map_type swiss_sessions = {
	.name = "map[string]*server.Session",
	.path = "map[string]*example.com/shop/server.Session",
	.kind = HMS_MAP_SWISS,
	.unit_size = 200,
};

const struct hms_map sample_growing = {
	.addr = 0xc000088090,
	.type = &string_int,
	.owners = 5,
	.found_by = HMS_FOUND_GLOBAL,
	.readable = true,
	.bytes_known = true,
	.count = 550,
	.classic = {.flags = HMS_CLASSIC_HASH_WRITING,
		    .B = 7,
		    .noverflow = 12,
		    .hash0 = 0x9e3779b9,
		    .buckets = 0xc000100000,
		    .oldbuckets = 0xc0000f0000,
		    .nevacuate = 31,
		    .extra = 0xc00001c0a0},
	.bytes = {.header = 48,
		  .buckets = 28672,
		  .old_buckets = 14336,
		  .overflow = 32480,
		  .total = 75536},
	.live = 550,
	.chain_max = 3,
};

const struct hms_map_stats sample_growing_stats = {
	.live = 550,
	.live_old = 402,
	.slots_walked = 1536,
	.overflow = 12,
	.overflow_old = 9,
	.evacuated = 31,
	.spare = 9,
	.chain_max = 3,
	.chains = {140, 19, 2},
};

const struct hms_map sample_tiny = {
	.addr = 0xc00007c0f0,
	.type = &string_string,
	.owners = 1,
	.found_by = HMS_FOUND_STACK,
	.readable = true,
	.bytes_known = true,
	.count = 3,
	.classic = {.B = 0, .hash0 = 0x1f, .buckets = 0xc0000a0000},
	.bytes = {.header = 48, .buckets = 288, .total = 336},
	.live = 3,
	.chain_max = 1,
};

const struct hms_map sample_unreadable = {
	.addr = 0xc000999000,
	.owners = 0,
	.found_by = HMS_FOUND_SCAN,
	.bytes = {.header = 48},
};

const struct hms_map sample_swiss = {
	.addr = 0xc000012345,
	.type = &swiss_sessions,
	.owners = 2,
	.found_by = HMS_FOUND_GLOBAL,
	.readable = true,
	.bytes_known = true,
	.count = 1500,
	.swiss = {.seed = 0xfedcba9876543210,
		  .dir = 0xc000200000,
		  .dir_len = 2,
		  .global_depth = 1,
		  .global_shift = 63,
		  .writing = 1},
	.bytes = {.header = 48, .buckets = 51296, .total = 51344},
	.live = 1500,
};

const struct hms_map_stats sample_swiss_stats = {
	.live = 1500,
	.slots_walked = 2048,
	.tombstones = 7,
	.tables = 2,
	.groups = 256,
	.capacity = 2048,
	.growth_left = 285,
};

const struct hms_map sample_swiss_small = {
	.addr = 0xc000012400,
	.type = &swiss_sessions,
	.owners = 1,
	.found_by = HMS_FOUND_WORD,
	.readable = true,
	.bytes_known = true,
	.count = 5,
	.swiss = {.seed = 7, .dir = 0xc000300000},
	.bytes = {.header = 48, .buckets = 208, .total = 256},
	.live = 5,
};

const struct hms_finding sample_findings[2] = {
	{.rule = "map.concurrent-write",
	 .severity = HMS_ERROR,
	 .map = 0xc000088090,
	 .map_owner = "main.shared.items",
	 .message = "2 goroutines inside write operations",
	 .goroutine = 20},
	{.rule = "classic.partial-evacuation",
	 .severity = HMS_WARNING,
	 .map = 0xc000088090,
	 .map_owner = "main.shared.items",
	 .addr = 0xc0000f1930,
	 .expected = "all of 8 slots moved, or none",
	 .seen = "3 of 8",
	 .message = "old bucket 31: 3 of 8 slots moved; explained by goroutine 18",
	 .goroutine = -1},
};

struct hms_map_row sample_row(const struct hms_map *map, const struct hms_map_stats *stats,
			      const char *owner)
{
	return (struct hms_map_row){.map = map, .stats = stats, .owner = owner};
}

struct hms_doc sample_doc(const char *command)
{
	return (struct hms_doc){
		.command = command,
		.core = {.path = "/var/crash/core.9151",
			 .exe = "/srv/bin/race",
			 .build_id = "8f3a",
			 .build_id_match = HMS_YES,
			 .arch = "amd64",
			 .pid = 9151,
			 .signal = "SIGABRT",
			 .go_version = "go1.21.13",
			 .map_kind = "classic",
			 .threads = 6,
			 .goroutines = 9,
			 .program = "race",
			 .core_bytes = 2726298,
			 .core_complete = true},
		.summary = {.maps = 38,
			    .entries = 4311,
			    .bytes = 626688,
			    .growing = 1,
			    .errors = 1,
			    .warnings = 1,
			    .slots_walked = 6144,
			    .keys_hashed = 4311,
			    .candidates_dismissed = 3,
			    .complete = true,
			    .heap_bytes = 1027358},
	};
}

static void emit_maps(struct hms_renderer *r)
{
	HMS_AUTO_FREE const struct hms_column **columns = NULL;
	struct hms_map_row rows[] = {
		sample_row(&sample_growing, &sample_growing_stats, "main.shared.items"),
		sample_row(&sample_tiny, NULL, "goroutine:18:main.serve.config[\"a \\\"b\\\"\"]"),
		sample_row(&sample_unreadable, NULL, NULL),
	};
	size_t n;

	rows[2].note = "its header is not in the core";
	hms_err_free(hms_columns_parse(hms_columns_default(true), &columns, &n));
	r->ops->maps_begin(r, columns, n);
	for (size_t i = 0; i < HMS_ARRAY_LEN(rows); i++)
		r->ops->map(r, &rows[i]);
	r->ops->maps_end(r);
}

static void emit_pictures(struct hms_renderer *r)
{
	struct hms_map_cell cells[128] = {{0}};
	const struct hms_picture buckets = {.title = "buckets",
					    .unit = "bucket",
					    .nunits = 128,
					    .units_a_cell = 1,
					    .cells = cells,
					    .ncells = HMS_ARRAY_LEN(cells)};
	const struct hms_picture old = {.title = "old buckets",
					.unit = "bucket",
					.nunits = 64,
					.units_a_cell = 1,
					.cells = cells,
					.ncells = 64,
					.old = true};
	const struct hms_bar bars[] = {{"1", 140}, {"2", 19}, {"3", 2}, {"4", 0}};
	const struct hms_histogram chains = {"chain lengths", "chains", bars, HMS_ARRAY_LEN(bars)};
	const struct hms_progress_bar growth = {"growth", 31, 64, "31 of 64 old buckets moved"};

	for (size_t i = 0; i < HMS_ARRAY_LEN(cells); i++)
		cells[i] = (struct hms_map_cell){.live = i * 7 % 11,
						 .slots = 8,
						 .overflow = i % 13 == 0,
						 .moved = i < 31,
						 .unread = i == 40};
	r->ops->progress(r, &growth);
	r->ops->picture(r, &buckets);
	r->ops->picture(r, &old);
	r->ops->histogram(r, &chains);
}

static void emit_fields(struct hms_renderer *r)
{
	static const struct hms_field fields[] = {
		{"count", "550", "entries, what len() says", NULL, false},
		{"flags", "hashWriting", "a write is under way", "set only inside a write", true},
		{"B", "7", "128 buckets", NULL, false},
		{"nevacuate", "31 of 64", "old buckets below this one are moved",
		 "moves on with every write to the map", false},
	};

	for (size_t i = 0; i < HMS_ARRAY_LEN(fields); i++)
		r->ops->field(r, &fields[i]);
}

void sample_emit(struct hms_renderer *r, const struct hms_doc *doc)
{
	r->ops->begin(r, doc);
	r->ops->section(r,
			"CONCURRENT MAP WRITES  main.shared.items  map[string]int  0xc000088090");
	r->ops->line(r,
		     "  goroutine 20  running   died here     main.(*Cache).Update  main.go:19   "
		     "inserting \"key_90\", key and tophash stored, count not yet raised");
	r->ops->line(r,
		     "  goroutine 18  runnable  was growing   main.(*Cache).Update  main.go:19   "
		     "moving old bucket 31 of 64");
	emit_maps(r);
	emit_fields(r);
	emit_pictures(r);
	for (size_t i = 0; i < HMS_ARRAY_LEN(sample_findings); i++)
		r->ops->finding(r, &sample_findings[i]);
	r->ops->end(r);
}
