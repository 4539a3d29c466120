/* Parts of "show" that are long enough for a file of their own. */
#ifndef HMS_CMD_SHOW_H
#define HMS_CMD_SHOW_H

#include "cmd/cmd.h"

/* Directory, tables and groups of a Swiss map whose statistics are view->stats. */
void hms_show_swiss(struct hms_view *view, const struct hms_map *map);

/* Bytes of @map's header, and of what its findings point at. */
void hms_show_hex(struct hms_view *view, const struct hms_map *map);

#endif
