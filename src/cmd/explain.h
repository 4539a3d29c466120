/* Header fields in words: what each holds, what that means, what would be normal. */
#ifndef HMS_CMD_EXPLAIN_H
#define HMS_CMD_EXPLAIN_H

#include "cmd/cmd.h"

/* Texts of the field in hand. */
struct hms_words {
	struct hms_str value, meaning, normal;
};

#define HMS_WORDS_INIT                                   \
	{                                                \
		HMS_STR_INIT, HMS_STR_INIT, HMS_STR_INIT \
	}

void hms_words_deinit(struct hms_words *words);
/* Emit a field of these words, and empty them. */
void hms_words_emit(struct hms_view *view, struct hms_words *words, const char *name, bool odd);

/* Emit a field event for each word of @map's header; view->stats are @map's. */
void hms_explain_header(struct hms_view *view, const struct hms_map *map);
/* The same for a Swiss map alone (show-swiss.c). */
void hms_explain_swiss(struct hms_view *view, const struct hms_map *map);

#endif
