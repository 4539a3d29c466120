/* What an address is, as a row of a report. */
#ifndef HMS_CMD_ADDRESS_H
#define HMS_CMD_ADDRESS_H

#include "cmd/cmd.h"
#include "find/where.h"
#include "report/addresses.h"
#include "rt/value.h"
#include "util/arena.h"

struct hms_addresses {
	struct hms_view *view;
	struct hms_arena *arena; /* what rows are made of lives here */
	struct hms_decoder *go, *json;
};

void hms_addresses_init(struct hms_addresses *ret, struct hms_view *view);
void hms_addresses_deinit(struct hms_addresses *addresses);

/* @where as a row; valid until hms_addresses_deinit(). */
void hms_address_row(struct hms_addresses *addresses, const struct hms_where *where,
		     struct hms_address_row *ret);

/* address-text.c: its headline and fields, from what is known and the row's other members. */
void hms_address_words(struct hms_addresses *addresses, const struct hms_where *where,
		       struct hms_address_row *row);

/* The value of @type at @addr; 0: unknown.  NULL with --redact, and where there is no type. */
const char *hms_address_value(struct hms_addresses *addresses, const struct hms_type *type,
			      uint64_t addr, bool json);

#endif
