/*
 * Saved reports: what --json wrote, read back as a snapshot.
 *
 * A report is as hostile as a core.  It is read an element at a time, so that memory goes with
 * what is kept of it, and depth and size of an element are bounded.  Members that this program
 * does not know are passed over; a schema that it does not know is refused by its name.
 */
#ifndef HMS_DIFF_SAVED_H
#define HMS_DIFF_SAVED_H

#include "diff/snapshot.h"
#include "util/error.h"

/* Does the file look like a report, rather than a core? */
bool hms_saved_probe(const char *path);

/* HMS_ERR_FORMAT where it is no report, HMS_ERR_UNSUPPORTED for another schema, for a report that
 * is no snapshot, and where this program was built without the library that reads JSON. */
struct hms_error *hms_saved_read(const char *path, struct hms_snapshot **ret) HMS_MUST_USE;

/* The same for the @len bytes at @text; @path is for messages. */
struct hms_error *hms_saved_parse(const char *path, const char *text, size_t len,
				  struct hms_snapshot **ret) HMS_MUST_USE;

#endif
