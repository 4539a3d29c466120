/* A core as a snapshot to compare. */
#ifndef HMS_CMD_SNAPSHOT_H
#define HMS_CMD_SNAPSHOT_H

#include "cmd/cmd.h"
#include "diff/snapshot.h"

/* Open EXE and CORE of @input, find and check the maps, group the goroutines, and keep of it what
 * is compared. */
struct hms_error *hms_snapshot_capture(const struct hms_input *input, struct hms_snapshot **ret)
	HMS_MUST_USE;

#endif
