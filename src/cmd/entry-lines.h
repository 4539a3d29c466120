/* Slots of a map as lines, text or JSON, for "entries". */
#ifndef HMS_CMD_ENTRY_LINES_H
#define HMS_CMD_ENTRY_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "map/iter.h"
#include "rt/value.h"
#include "util/sink.h"
#include "util/str.h"

struct hms_entry_options {
	bool json;
	bool ascii;  /* text: the terminal does not speak UTF-8 */
	bool where;  /* text: say where each slot is; JSON always does */
	bool stale;  /* what slots still hold that are not live, too */
	bool redact; /* types instead of values */
	uint64_t limit;
	struct hms_value_limits values;
};

/* A run of lines; decoders' plans are shared by all maps. */
struct hms_entry_lines {
	const struct hms_entry_options *options;
	const struct hms_rt *rt;
	struct hms_decoder *decoder;
	struct hms_sink *out;
	struct hms_sink line; /* ascii: the line in hand, before what is no ASCII is escaped */
	struct hms_sink *to;  /* where values go: line, or out */
	/* of the map in hand: */
	const struct hms_map_type *type;
	struct hms_value_plan *key, *elem;
	struct hms_str key_redacted, elem_redacted;
};

/* What became of a map's slots. */
struct hms_entry_counts {
	uint64_t live;       /* lines of live slots */
	uint64_t stale;      /* lines of others */
	uint64_t unknown;    /* parts of live entries that are unknown */
	uint64_t unreadable; /* buckets or groups whose bytes are not in the core */
	uint64_t troubles;   /* what the walk could not follow */
	bool limited;        /* options.limit ended it */
};

/* @rt, @options and @out are borrowed. */
void hms_entry_lines_init(struct hms_entry_lines *lines, const struct hms_rt *rt,
			  const struct hms_entry_options *options, struct hms_sink *out);
void hms_entry_lines_deinit(struct hms_entry_lines *lines);

/* Write a line for each slot of @map, whose header is readable and whose type is known; stops
 * where the output fails. */
void hms_entry_lines_write(struct hms_entry_lines *lines, const struct hms_map_model *model,
			   const struct hms_map *map, struct hms_entry_counts *ret);

/* A line of text: @s, already printable. */
void hms_entry_lines_text(struct hms_entry_lines *lines, const char *s);

#endif
