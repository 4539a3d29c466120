/*
 * Made-up maps and findings for tests of what is rendered: a race in a small Go program, as a
 * classic and as a Swiss core would show it.  Values are literals; nothing is computed by the
 * code under test.
 */
#ifndef HMS_TESTS_LIB_SAMPLE_H
#define HMS_TESTS_LIB_SAMPLE_H

#include "report/model.h"

/* A whole document but for limits; summary counts agree with the maps below. */
struct hms_doc sample_doc(const char *command);

/* main.shared.items, map[string]int: 550 entries, B = 7, 31 of 64 old buckets moved. */
extern const struct hms_map sample_growing;
extern const struct hms_map_stats sample_growing_stats;

/* main.config, map[string]string: one bucket, 3 entries, no kept statistics. */
extern const struct hms_map sample_tiny;

/* A header that could not be read, of unknown type. */
extern const struct hms_map sample_unreadable;

/* A Swiss map of two tables, and a small one without statistics. */
extern const struct hms_map sample_swiss;
extern const struct hms_map_stats sample_swiss_stats;
extern const struct hms_map sample_swiss_small;

struct hms_map_row sample_row(const struct hms_map *map, const struct hms_map_stats *stats,
			      const char *owner);

extern const struct hms_finding sample_findings[2];

/* Emit the report of the race as a command would: verdict, table, fields, pictures, findings. */
void sample_emit(struct hms_renderer *r, const struct hms_doc *doc);

#endif
