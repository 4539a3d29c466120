/*
 * Columns of the table of maps, which are also the fields of a map's JSON object: one row each
 * drives headers, --columns, JSON keys, help and the man page's lint.
 */
#ifndef HMS_REPORT_COLUMNS_H
#define HMS_REPORT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/model.h"
#include "util/error.h"
#include "util/str.h"

/* What a value is; each renderer draws kinds its own way. */
enum hms_value_kind {
	HMS_VALUE_NULL,
	HMS_VALUE_BOOL,
	HMS_VALUE_COUNT,  /* text groups digits: 1,093 */
	HMS_VALUE_INT,    /* signed */
	HMS_VALUE_BYTES,  /* text scales: 73.7K */
	HMS_VALUE_ADDR,   /* "0x..." */
	HMS_VALUE_RATIO,  /* text: 4.3 */
	HMS_VALUE_TEXT,   /* bytes from the target: escaped */
	HMS_VALUE_FLAGS,  /* names, lowest bit first; ends with NULL */
	HMS_VALUE_COUNTS, /* an array of counts */
};

/* Not to be copied: pointers may lead into the value itself. */
struct hms_value {
	enum hms_value_kind kind;
	union {
		bool b;
		uint64_t u;
		int64_t i;
		double d;
		const char *s;
		struct {
			const uint64_t *p;
			size_t n;
		} counts;
		const char *flags[9];
	};
	union { /* room for what the map does not hold as such */
		uint64_t own_count;
		char own_text[64];
	};
};

struct hms_column {
	const char *id;     /* as --columns and --sort name it: "entries" */
	const char *header; /* "ENTRIES" */
	const char *json;   /* path in the map's object: "bytes.total"; NULL: text only */
	int kind;           /* -1: any map; else enum hms_map_kind: only for these */
	bool right;         /* text aligns it right */
	const char *help;
	void (*get)(const struct hms_map_row *row, struct hms_value *ret);
};

/* All columns, in the order of the JSON contract. */
const struct hms_column *hms_columns(size_t *n_ret);

/* The columns shown where none were asked for, as a spec for hms_columns_parse(); that of growth
 * only where some map grows. */
const char *hms_columns_default(bool growing);

/* "bytes,entries,chain_max": columns for the table, in this order, each once.  "+chain_max" adds
 * to those of hms_columns_default(true).  HMS_ERR_USAGE names the unknown one and lists those
 * there are.  *ret is malloc'ed. */
struct hms_error *hms_columns_parse(const char *spec, const struct hms_column ***ret, size_t *n_ret)
	HMS_MUST_USE;
/* By its id, or else by its path in JSON ("bytes.total", "classic.B"); NULL: there is none. */
const struct hms_column *hms_column_find(const char *id);

/* The value as text, numbers grouped or scaled; unknown is "?".  @utf8: whether target text may
 * keep what is not ASCII.  Appended to @ret. */
void hms_value_text(const struct hms_value *value, bool utf8, struct hms_str *ret);

/* A cell of the table: hms_value_text(), "-" where the column is of the other kind of map, the
 * header's address for a map without an owner.  Of a group: sums, empty where there is none. */
void hms_column_text(const struct hms_column *column, const struct hms_map_row *row, bool utf8,
		     struct hms_str *ret);

/* Of the map's type, or of the process where that is unknown. */
enum hms_map_kind hms_map_row_kind(const struct hms_map_row *row);

/* Order of two rows by a column: <0, 0, >0; numbers by size, text by bytes, unknown last. */
int hms_column_compare(const struct hms_column *column, const struct hms_map_row *a,
		       const struct hms_map_row *b);

#endif
