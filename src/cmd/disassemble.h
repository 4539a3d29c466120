/* The code in which operations on a map stand. */
#ifndef HMS_CMD_DISASSEMBLE_H
#define HMS_CMD_DISASSEMBLE_H

#include "cmd/cmd.h"

/* For each operation on @map that writes: the map function's code around its pc, and each other
 * instruction of it that changes the map. */
void hms_show_disassembly(struct hms_view *view, const struct hms_map *map);

#endif
