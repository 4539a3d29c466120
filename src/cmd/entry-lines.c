#include "cmd/entry-lines.h"

#include "map/marks.h"
#include "util/escape.h"

void hms_entry_lines_init(struct hms_entry_lines *l, const struct hms_rt *rt,
			  const struct hms_entry_options *options, struct hms_sink *out)
{
	*l = (struct hms_entry_lines){.options = options, .rt = rt, .out = out};
	hms_sink_init(&l->line, -1);
	l->to = options->ascii && !options->json ? &l->line : out;
	l->decoder = hms_decoder_create(rt, options->json ? HMS_NOTATION_JSON : HMS_NOTATION_GO,
					&options->values);
}

void hms_entry_lines_deinit(struct hms_entry_lines *l)
{
	hms_decoder_destroy(l->decoder);
	hms_sink_deinit(&l->line);
	hms_str_deinit(&l->key_redacted);
	hms_str_deinit(&l->elem_redacted);
}

static void end_line(struct hms_entry_lines *l)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	if (l->to == &l->line) {
		hms_escape_ascii(&text, l->line.buf, l->line.len);
		hms_sink_addn(l->out, hms_str_text(&text), text.len);
		l->line.len = 0;
	}
	hms_sink_addc(l->out, '\n');
}

void hms_entry_lines_text(struct hms_entry_lines *l, const char *s)
{
	hms_sink_add(l->to, s);
	end_line(l);
}

/* ---- keys and elements -------------------------------------------------------------------- */

/* What stands for any value of @type. */
static void redacted(const struct hms_entry_lines *l, const struct hms_type *type,
		     struct hms_str *ret)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;

	hms_str_clear(ret);
	hms_rt_type_name(l->rt, type, &name);
	if (l->options->json) {
		hms_str_add(ret, "{\"type\":\"");
		hms_escape_json(ret, hms_str_text(&name), name.len);
		hms_str_add(ret, "\"}");
	} else {
		hms_escape_text(ret, hms_str_text(&name), name.len);
	}
}

static void start_map(struct hms_entry_lines *l, const struct hms_map_type *type)
{
	l->type = type;
	l->key = hms_value_plan_of(l->decoder, type->key);
	l->elem = hms_value_plan_of(l->decoder, type->elem);
	redacted(l, type->key, &l->key_redacted);
	redacted(l, type->elem, &l->elem_redacted);
}

/* @size: of the bytes in the slot.  A slot too small for its type is a damaged description. */
static void put_value(struct hms_entry_lines *l, struct hms_value_plan *plan,
		      const struct hms_type *type, bool indirect, const uint8_t *bytes,
		      uint32_t size)
{
	if (indirect && size >= 8)
		hms_value_write_at(l->decoder, plan, hms_le64(bytes), l->to);
	else
		hms_value_write(l->decoder, plan, type->size <= size ? bytes : NULL, l->to);
}

static void put_key(struct hms_entry_lines *l, const struct hms_slot *slot)
{
	const struct hms_map_type *t = l->type;

	if (l->options->redact)
		hms_sink_addn(l->to, hms_str_text(&l->key_redacted), l->key_redacted.len);
	else
		put_value(l, l->key, t->key, t->key_indirect, slot->key, t->key_size);
}

static void put_elem(struct hms_entry_lines *l, const struct hms_slot *slot)
{
	const struct hms_map_type *t = l->type;

	if (l->options->redact)
		hms_sink_addn(l->to, hms_str_text(&l->elem_redacted), l->elem_redacted.len);
	else
		put_value(l, l->elem, t->elem, t->elem_indirect, slot->elem, t->elem_size);
}

/* ---- lines -------------------------------------------------------------------------------- */

#define ADD(sink, literal) hms_sink_addn((sink), (literal), sizeof(literal) - 1)

static void json_where(struct hms_sink *to, enum hms_map_kind kind, const struct hms_slot *slot)
{
	if (kind == HMS_MAP_CLASSIC) {
		ADD(to, ",\"bucket\":");
		hms_sink_u64(to, slot->bucket);
		ADD(to, ",\"overflow\":");
		hms_sink_u64(to, slot->chain);
		hms_sink_add(to, slot->old ? ",\"old\":true" : ",\"old\":false");
	} else {
		ADD(to, ",\"table\":");
		hms_sink_u64(to, slot->table);
		ADD(to, ",\"group\":");
		hms_sink_u64(to, slot->bucket);
	}
	ADD(to, ",\"slot\":");
	hms_sink_addc(to, (char)('0' + slot->index));
}

static void json_line(struct hms_entry_lines *l, const struct hms_slot *slot, const char *state)
{
	ADD(l->to, "{\"key\":");
	put_key(l, slot);
	ADD(l->to, ",\"elem\":");
	put_elem(l, slot);
	json_where(l->to, l->type->kind, slot);
	ADD(l->to, ",\"state\":\"");
	hms_sink_add(l->to, state);
	ADD(l->to, "\"}\n");
}

static void text_where(struct hms_sink *to, enum hms_map_kind kind, const struct hms_slot *slot)
{
	if (kind == HMS_MAP_CLASSIC) {
		hms_sink_add(to, slot->old ? "old bucket " : "bucket ");
		hms_sink_u64(to, slot->bucket);
		if (slot->chain) {
			ADD(to, " overflow ");
			hms_sink_u64(to, slot->chain);
		}
	} else {
		ADD(to, "table ");
		hms_sink_u64(to, slot->table);
		ADD(to, " group ");
		hms_sink_u64(to, slot->bucket);
	}
	ADD(to, " slot ");
	hms_sink_addc(to, (char)('0' + slot->index));
	ADD(to, "  ");
}

static void text_line(struct hms_entry_lines *l, const struct hms_slot *slot, const char *state)
{
	ADD(l->to, "  ");
	if (l->options->where || l->options->redact)
		text_where(l->to, l->type->kind, slot);
	put_key(l, slot);
	ADD(l->to, ": ");
	put_elem(l, slot);
	if (slot->state != HMS_SLOT_LIVE) {
		ADD(l->to, "  (");
		hms_sink_add(l->to, state);
		ADD(l->to, ")");
	}
	end_line(l);
}

/* ---- slots -------------------------------------------------------------------------------- */

static bool any_set(const uint8_t *bytes, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		if (bytes[i])
			return true;
	return false;
}

/* The runtime leaves a deleted key that holds no pointers where it is, and writes key and element
 * before it marks a slot as used. */
static bool has_remains(const struct hms_map_type *type, const struct hms_slot *slot)
{
	return any_set(slot->key, type->key_size) || any_set(slot->elem, type->elem_size);
}

/* Of a moved bucket's slots only those whose tophash says where to (evacuatedX, evacuatedY) held
 * an entry then. */
static const char *state_of(const struct hms_slot *slot)
{
	if (slot->state == HMS_SLOT_LIVE)
		return "live";
	return slot->state == HMS_SLOT_MOVED && slot->control >= HMS_TOPHASH_EVACUATED_X &&
			       slot->control != HMS_TOPHASH_EVACUATED_EMPTY
		       ? "evacuated"
		       : "stale";
}

static bool wanted(const struct hms_entry_lines *l, const struct hms_slot *slot)
{
	return slot->state == HMS_SLOT_LIVE || (l->options->stale && has_remains(l->type, slot));
}

static void put_slot(struct hms_entry_lines *l, const struct hms_slot *slot,
		     struct hms_entry_counts *counts)
{
	uint64_t unknown = hms_decoder_unknown(l->decoder);

	if (l->options->json)
		json_line(l, slot, state_of(slot));
	else
		text_line(l, slot, state_of(slot));
	if (slot->state != HMS_SLOT_LIVE) {
		counts->stale++;
		return;
	}
	counts->live++;
	counts->unknown += hms_decoder_unknown(l->decoder) - unknown;
}

/* Of a key or element that is soon to be written: what its slot leads to. */
static void fetch(const struct hms_entry_lines *l, const struct hms_value_plan *plan,
		  const struct hms_type *type, bool indirect, const uint8_t *bytes, uint32_t size)
{
	if (indirect && size >= 8)
		hms_value_prefetch_at(l->decoder, hms_le64(bytes));
	else if (type->size <= size)
		hms_value_prefetch(l->decoder, plan, bytes);
}

/* A bucket's strings lie anywhere: have them on their way before the first is needed. */
static void fetch_unit(const struct hms_entry_lines *l, const struct hms_unit *unit)
{
	const struct hms_map_type *t = l->type;
	bool keys = t->key_indirect || hms_value_leads_on(l->key);
	bool elems = t->elem_indirect || hms_value_leads_on(l->elem);

	if (!unit->bytes || l->options->redact)
		return;
	for (unsigned int i = 0; keys && i < HMS_SLOTS; i++)
		fetch(l, l->key, t->key, t->key_indirect,
		      unit->bytes + t->keys_off + i * t->key_stride, t->key_size);
	for (unsigned int i = 0; elems && i < HMS_SLOTS; i++)
		fetch(l, l->elem, t->elem, t->elem_indirect,
		      unit->bytes + t->elems_off + i * t->elem_stride, t->elem_size);
}

void hms_entry_lines_write(struct hms_entry_lines *l, const struct hms_map_model *model,
			   const struct hms_map *map, struct hms_entry_counts *ret)
{
	struct hms_entry_counts counts = {0};
	struct hms_map_iter it;
	struct hms_slot slot;

	start_map(l, map->type);
	hms_map_iter_init(&it, model, map);
	while (hms_map_iter_next(&it, &slot) && !l->out->errnum) {
		if (slot.state == HMS_SLOT_UNREADABLE) {
			counts.unreadable += it.unit.count;
			continue;
		}
		if (slot.index == 0)
			fetch_unit(l, &it.unit);
		if (!wanted(l, &slot))
			continue;
		counts.limited = counts.live + counts.stale == l->options->limit;
		if (counts.limited)
			break;
		put_slot(l, &slot, &counts);
	}
	counts.troubles = it.stats.ntroubles;
	hms_map_iter_deinit(&it);
	*ret = counts;
}
