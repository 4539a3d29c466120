/* The JSON object of a lookup: hmapscope-report(5). */
#include "report/emit.h"
#include "report/lookup.h"

static void emit_slots(struct hms_emit *emit, const char *key, uint8_t slots)
{
	hms_emit_array(emit, key);
	for (unsigned int i = 0; i < HMS_SLOTS; i++)
		if (slots >> i & 1)
			hms_emit_u64(emit, NULL, i);
	hms_emit_close(emit);
}

static void emit_where(struct hms_emit *emit, bool classic, uint64_t bucket, uint32_t chain,
		       bool old, uint64_t table)
{
	if (classic) {
		hms_emit_u64(emit, "bucket", bucket);
		hms_emit_u64(emit, "overflow", chain);
		hms_emit_bool(emit, "old", old);
	} else {
		hms_emit_u64(emit, "table", table);
		hms_emit_u64(emit, "group", bucket);
	}
}

static void emit_step(struct hms_emit *emit, bool classic, const struct hms_lookup_step *step)
{
	char control[2 * HMS_SLOTS + 1];

	for (unsigned int i = 0; i < HMS_SLOTS; i++)
		snprintf(control + 2 * (size_t)i, 3, "%02x", step->control[i]);
	hms_emit_object(emit, NULL);
	emit_where(emit, classic, step->bucket, step->chain, step->old, step->table);
	hms_emit_hex(emit, "addr", step->addr);
	hms_emit_text(emit, "control", control);
	emit_slots(emit, "compared", step->compared);
	emit_slots(emit, "equal", step->equal);
	emit_slots(emit, "unknown", step->unsure);
	hms_emit_close(emit);
}

static void emit_path(struct hms_emit *emit, bool classic, const struct hms_lookup_path *path)
{
	bool at = path->end == HMS_LOOKUP_END_CRASH || path->end == HMS_LOOKUP_END_ABSENT_BYTES;

	hms_emit_object(emit, NULL);
	hms_emit_text(emit, "function", hms_lookup_variant_text(path->variant));
	hms_emit_text(emit, "end", hms_lookup_end_word(path->end));
	if (at)
		hms_emit_hex(emit, "at", path->at);
	else
		hms_emit_null(emit, "at");
	hms_emit_bool(emit, "hashed", path->hashed);
	hms_emit_u64(emit, "looked_at", path->walked);
	hms_emit_array(emit, "steps");
	for (size_t i = 0; i < path->nsteps; i++)
		emit_step(emit, classic, &path->steps[i]);
	hms_emit_close(emit);
	hms_emit_close(emit);
}

static const char *state_word(const struct hms_lookup_place *place)
{
	switch (place->slot.state) {
	case HMS_SLOT_LIVE: return "live";
	case HMS_SLOT_MOVED: return "evacuated";
	default: return "stale";
	}
}

static void emit_place(struct hms_emit *emit, bool classic, const struct hms_lookup_place *place)
{
	const struct hms_slot *slot = &place->slot;

	hms_emit_object(emit, NULL);
	emit_where(emit, classic, slot->bucket, slot->chain, slot->old, slot->table);
	hms_emit_u64(emit, "slot", slot->index);
	hms_emit_hex(emit, "key_addr", slot->key_addr);
	hms_emit_text(emit, "state", state_word(place));
	hms_emit_text(emit, "why", hms_lookup_why_word(place->why));
	hms_emit_close(emit);
}

static void emit_hash(struct hms_emit *emit, const struct hms_lookup *lookup)
{
	bool known = !lookup->no_model && lookup->hash_status == HMS_HASH_OK;

	if (known)
		hms_emit_hex(emit, "hash", lookup->hash);
	else
		hms_emit_null(emit, "hash");
	hms_emit_text(emit, "no_hash",
		      known              ? NULL
		      : lookup->no_model ? lookup->no_model
					 : hms_hash_status_text(lookup->hash_status));
	hms_emit_bool(emit, "hash_trusted", lookup->trusted);
}

void hms_emit_lookup(struct hms_emit *emit, const struct hms_lookup_row *row)
{
	const struct hms_lookup *lookup = row->lookup;
	bool classic = row->type->kind == HMS_MAP_CLASSIC;

	hms_emit_object(emit, "lookup");
	hms_emit_hex(emit, "map", row->map ? row->map->addr : 0);
	hms_emit_text(emit, "key", row->key);
	hms_emit_text(emit, "key_type", row->key_type);
	hms_emit_text(emit, "verdict", hms_lookup_verdict_word(lookup->verdict));
	if (row->elem)
		hms_emit_raw(emit, "elem", row->elem);
	else
		hms_emit_null(emit, "elem");
	if (row->elem_addr)
		hms_emit_hex(emit, "elem_addr", row->elem_addr);
	else
		hms_emit_null(emit, "elem_addr");
	emit_hash(emit, lookup);
	hms_emit_bool(emit, "writing", lookup->writing);
	hms_emit_array(emit, "paths");
	for (size_t i = 0; i < lookup->npaths; i++)
		emit_path(emit, classic, &lookup->paths[i]);
	hms_emit_close(emit);
	hms_emit_array(emit, "places");
	for (size_t i = 0; i < lookup->nplaces; i++)
		emit_place(emit, classic, &lookup->places[i]);
	hms_emit_close(emit);
	hms_emit_u64(emit, "live", lookup->live);
	hms_emit_u64(emit, "stale", lookup->stale);
	hms_emit_u64(emit, "slots_compared", lookup->slots);
	hms_emit_bool(emit, "complete", !lookup->holes);
	hms_emit_close(emit);
}
