/* The verdict of a report: who raced on which map, who spins in which. */
#ifndef HMS_CMD_VERDICT_H
#define HMS_CMD_VERDICT_H

#include "cmd/cmd.h"

/* All of them, the ones that the process died of first. */
void hms_emit_verdicts(struct hms_view *view);

/* What goes on in @map: its verdict, or the operations in progress; nothing where there are none.
 */
void hms_emit_map_operations(struct hms_view *view, const struct hms_map *map);

#endif
