/* Header fields in words: what each holds, what that means, what would be normal. */
#ifndef HMS_CMD_EXPLAIN_H
#define HMS_CMD_EXPLAIN_H

#include "cmd/cmd.h"

/* Emit a field event for each word of @map's header; view->stats are @map's. */
void hms_explain_header(struct hms_view *view, const struct hms_map *map);

#endif
