/*
 * What a report is made of: typed events that commands emit and renderers draw.
 *
 * Text, JSON and HTML are implementations of struct hms_renderer_ops.  They never read target
 * memory; they escape each value exactly once.  JSON writes the whole objects of the contract
 * (hmapscope-report(5)) and ignores the events that only a reader's eye needs (sections, fields,
 * pictures); text draws those and picks columns of the objects.
 *
 * Order of events: begin, then any number of the others, then end.  Maps come before findings,
 * findings before goroutines, these before write sites or a lookup.
 */
#ifndef HMS_REPORT_MODEL_H
#define HMS_REPORT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "check/check.h"
#include "map/map.h"
#include "map/picture.h"
#include "report/goroutines.h"
#include "report/lookup.h"
#include "report/sites.h"
#include "report/verdict.h"
#include "rt/rt.h"
#include "util/cleanup.h"
#include "util/error.h"

enum hms_tristate { HMS_NO, HMS_YES, HMS_DONT_KNOW };

/* JSON "core": NULL strings and negative numbers are unknown (null). */
struct hms_doc_core {
	const char *path;
	const char *exe;
	const char *build_id;
	enum hms_tristate build_id_match;
	const char *arch; /* GOARCH's word: "amd64" */
	int64_t pid;
	const char *signal; /* "SIGABRT"; NULL: none or unknown */
	const char *go_version;
	const char *map_kind; /* "classic", "swiss" */
	int64_t threads;
	int64_t goroutines;
	int64_t clock_ns;     /* latest time found in the core, the runtime's clock */
	uint64_t process_key; /* digest of the process's random keys; 0: unknown */
	/* for the first line of text only: */
	const char *program; /* base name of EXE */
	uint64_t core_bytes;
	bool core_complete; /* neither cut short nor filtered */
};

struct hms_doc_summary {
	bool maps_unknown; /* they were not looked for: no numbers of them */
	uint64_t maps, entries, bytes, growing;
	/* The core lacks some maps' entries, or what the heap knows of their size: the sum is of
	 * what could be told. */
	bool entries_partial, bytes_partial;
	bool headers_missing; /* of some maps: whether these grow is unknown */
	int64_t stalled;      /* -1: unknown */
	uint64_t errors, warnings, infos;
	uint64_t slots_walked, keys_hashed, bytes_unreadable, candidates_dismissed;
	bool complete;
	int64_t heap_bytes; /* allocated in the whole heap, for the share of it; -1: unknown */
	/* for text only: */
	int64_t damaged; /* maps against which an error stands; -1: nothing was checked */
};

struct hms_doc {
	const char *command; /* "list" */
	struct hms_doc_core core;
	struct hms_doc_summary summary;
	/* What could limit the answer, most important first: one sentence each, no full stop. */
	const char *const *limits;
	size_t nlimits;
	const struct hms_doc_core *old; /* diff: the older of two snapshots; NULL elsewhere */
	size_t nsnapshots;              /* diff: two, or more */
	bool sites;   /* write sites are part of it: JSON has their array, be it empty */
	bool groups;  /* rows of several maps may come: JSON has their array, be it empty */
	bool details; /* text: findings with what was expected, seen, and where */
};

/* Maps that are told as one: their owners differ in keys and indexes alone. */
struct hms_map_group {
	uint64_t maps;
	uint64_t bytes, entries; /* of all */
	uint64_t min_entries, max_entries;
	uint64_t growing;
	bool partial; /* the core lacks some of what these are sums of */
};

/* A map as renderers see it: the record, and the text that only memory could tell. */
struct hms_map_row {
	const struct hms_map *map;
	const struct hms_map_stats *stats; /* NULL: what the map's own fields say is all */
	enum hms_map_kind kind;            /* the process's: for a map of unknown type */
	const char *owner;                 /* NULL: none known */
	const char *note; /* text only: "damaged: ...", "growth waits for writes: ..."; NULL */
	/* The row is of all these; owner is what they have in common, "main.table[…].attrs", map is
	 * one of them.  JSON takes such rows after all else. */
	const struct hms_map_group *group; /* NULL: of one map */
};

/* One header field in "show": what it holds, what that means, what would be normal. */
struct hms_field {
	const char *name;  /* "nevacuate" */
	const char *value; /* "31 of 64" */
	const char *meaning;
	const char *normal; /* NULL: nothing to say */
	bool odd;           /* worth a reader's eye: drawn so */
};

/* Buckets (tables, groups) of a map as cells in order; a cell may stand for several. */
struct hms_picture {
	const char *title; /* "buckets", "old buckets" */
	const char *unit;  /* "bucket" */
	uint64_t nunits;   /* in the whole picture */
	uint64_t units_a_cell;
	const struct hms_map_cell *cells;
	size_t ncells;
	bool old; /* an old bucket array: moved buckets are drawn as gone */
};

struct hms_bar {
	const char *label;
	uint64_t value;
};

struct hms_histogram {
	const char *title; /* "chain lengths" */
	const char *unit;  /* "chains" */
	const struct hms_bar *bars;
	size_t nbars;
};

struct hms_progress_bar {
	const char *title; /* "growth" */
	uint64_t done;
	uint64_t total;
	const char *text; /* "31 of 64 old buckets moved" */
};

struct hms_column;      /* report/columns.h */
struct hms_diff_report; /* report/diff.h */
struct hms_address_row; /* report/addresses.h */

struct hms_renderer;

/*
 * What events are given is borrowed for the call, @doc until end().  All strings may come from
 * the target.
 *
 * A map between maps_begin() and maps_end() is a row of text's table; elsewhere it is what the
 * fields and pictures that follow are about, and text draws a title line.  JSON writes its object
 * in both cases, so a map must come once.
 */
struct hms_renderer_ops {
	void (*begin)(struct hms_renderer *r, const struct hms_doc *doc);
	void (*section)(struct hms_renderer *r, const char *title);
	void (*line)(struct hms_renderer *r, const char *text); /* a sentence of text */
	void (*maps_begin)(struct hms_renderer *r, const struct hms_column *const *columns,
			   size_t ncolumns);
	void (*map)(struct hms_renderer *r, const struct hms_map_row *row);
	void (*maps_end)(struct hms_renderer *r);
	void (*field)(struct hms_renderer *r, const struct hms_field *field);
	void (*picture)(struct hms_renderer *r, const struct hms_picture *picture);
	void (*histogram)(struct hms_renderer *r, const struct hms_histogram *histogram);
	void (*progress)(struct hms_renderer *r, const struct hms_progress_bar *bar);
	/* Which goroutines were at work on one map, and what came of it. */
	void (*verdict)(struct hms_renderer *r, const struct hms_verdict *verdict);
	void (*finding)(struct hms_renderer *r, const struct hms_finding *finding);
	/* Goroutines that stand at the same place. */
	void (*goroutines)(struct hms_renderer *r, const struct hms_goroutine_group *group);
	/* What changed between two snapshots: all of it, once. */
	void (*diff)(struct hms_renderer *r, const struct hms_diff_report *report);
	/* A place that writes maps; only where the document says that it has some. */
	void (*site)(struct hms_renderer *r, const struct hms_site_row *site);
	/* What a lookup does, as one object of JSON; text is drawn by lines and fields. */
	void (*lookup)(struct hms_renderer *r, const struct hms_lookup_row *row);
	/* What an address is.  These come last. */
	void (*address)(struct hms_renderer *r, const struct hms_address_row *row);
	/* Closes the document; false where writing failed. */
	bool (*end)(struct hms_renderer *r);
	void (*destroy)(struct hms_renderer *r);
};

struct hms_renderer {
	const struct hms_renderer_ops *ops;
};

enum hms_color { HMS_COLOR_AUTO, HMS_COLOR_ALWAYS, HMS_COLOR_NEVER };

struct hms_render_options {
	FILE *out;
	enum hms_color color; /* AUTO: a terminal, and NO_COLOR is not set */
	unsigned int width;   /* columns; 0: the terminal's, 80 where there is none */
};

struct hms_renderer *hms_text_renderer_create(const struct hms_render_options *options);
struct hms_renderer *hms_json_renderer_create(const struct hms_render_options *options);
struct hms_renderer *hms_html_renderer_create(const struct hms_render_options *options);

static inline void hms_renderer_destroy(struct hms_renderer *r)
{
	if (r)
		r->ops->destroy(r);
}
HMS_DEFINE_CLEANUP(hms_renderer, hms_renderer_destroy)

#endif
