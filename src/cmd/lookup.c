/* hmapscope lookup: what a lookup of a key would do, and where the key really is. */
#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/explain.h"
#include "report/format.h"
#include "rt/value.h"

#define MAX_TEXT  256                 /* bytes of an element's strings, in text */
#define MAX_VALUE (UINT64_C(1) << 30) /* bytes of an element in JSON */
#define MAX_DEPTH 64

/* One lookup, with the texts of its report. */
struct asked {
	struct hms_view *view;
	const char *name;
	const struct hms_map *map; /* NULL: a nil map */
	const struct hms_map_type *type;
	const char *key;
	struct hms_str key_type;
	struct hms_literal *literal;
	struct hms_lookup lookup;
	uint64_t elem_addr; /* of the slot's element where a lookup finds one; else 0 */
	uint8_t *slot;      /* its bytes; NULL: unknown */
	struct hms_str elem;
};

static void asked_deinit(struct asked *a)
{
	hms_str_deinit(&a->key_type);
	hms_str_deinit(&a->elem);
	hms_literal_destroy(a->literal);
	hms_lookup_deinit(&a->lookup);
	free(a->slot);
}

static bool classic(const struct asked *a)
{
	return a->type->kind == HMS_MAP_CLASSIC;
}

/* ---- the map ------------------------------------------------------------------------------ */

/* A package variable of map type that is nil: its type; else NULL. */
static const struct hms_map_type *nil_map(struct hms_view *view, const char *name)
{
	const struct hms_variable *variable = hms_graph_find_variable(view->session->graph, name);
	const uint8_t *p;

	if (!variable || !variable->type || variable->type->kind != HMS_KIND_MAP)
		return NULL;
	p = hms_mem_peek(view->session->mem, variable->addr, 8);
	return p && !hms_le64(p) ? hms_map_type_of(view->session->model, variable->type) : NULL;
}

static struct hms_error *find_map(struct asked *a)
{
	struct hms_error *err = hms_view_find(a->view, a->name, &a->map);

	if (err) {
		a->type = nil_map(a->view, a->name);
		if (!a->type)
			return err;
		hms_err_free(err);
		return NULL;
	}
	if (!a->map->readable)
		return hms_err(HMS_ERR_ABSENT,
			       "cannot look up in '%s': its header is not in the "
			       "core",
			       a->name);
	if (!a->map->type)
		return hms_err(HMS_ERR_ABSENT, "cannot look up in '%s': its type is unknown",
			       a->name);
	a->type = a->map->type;
	return NULL;
}

/* ---- the element -------------------------------------------------------------------------- */

static void find_elem(struct asked *a)
{
	const struct hms_mem *mem = a->view->session->mem;
	struct hms_error *err;

	for (size_t i = 0; i < a->lookup.npaths && !a->elem_addr; i++) {
		const struct hms_lookup_path *path = &a->lookup.paths[i];

		if (path->end == HMS_LOOKUP_END_FOUND)
			a->elem_addr = path->unit + a->type->elems_off +
				       (uint64_t)path->slot * a->type->elem_stride;
	}
	if (!a->elem_addr)
		return;
	a->slot = hms_xcalloc(1, a->type->elem_size + 1);
	err = hms_mem_read(mem, a->elem_addr, a->slot, a->type->elem_size);
	if (err) {
		free(a->slot);
		a->slot = NULL;
	}
	hms_err_free(err);
}

static void write_elem(const struct asked *a, struct hms_decoder *d, struct hms_sink *sink)
{
	const struct hms_type *elem = a->type->elem;
	struct hms_value_plan *plan = hms_value_plan_of(d, elem);

	if (a->slot && a->type->elem_indirect && a->type->elem_size >= 8)
		hms_value_write_at(d, plan, hms_le64(a->slot), sink);
	else
		hms_value_write(d, plan, elem->size <= a->type->elem_size ? a->slot : NULL, sink);
}

/* The element in the notation of the report's format. */
static void decode_elem(struct asked *a)
{
	bool json = a->view->input->format == HMS_FORMAT_JSON;
	const struct hms_value_limits limits = {
		.text = json ? UINT64_MAX : MAX_TEXT,
		.slice = json ? UINT64_MAX : MAX_TEXT,
		.array = json ? UINT64_MAX : MAX_TEXT,
		.total = json ? MAX_VALUE : 16 * MAX_TEXT,
		.depth = MAX_DEPTH,
	};
	HMS_AUTO(hms_decoder)
	struct hms_decoder *d = hms_decoder_create(
		a->view->session->rt, json ? HMS_NOTATION_JSON : HMS_NOTATION_GO, &limits);
	struct hms_sink sink;

	find_elem(a);
	if (!a->elem_addr || a->view->input->redact)
		return;
	hms_sink_init(&sink, -1);
	write_elem(a, d, &sink);
	hms_str_addn(&a->elem, sink.buf, sink.len);
	hms_sink_deinit(&sink);
}

/* ---- the verdict in words ----------------------------------------------------------------- */

static void add_where(const struct asked *a, struct hms_str *text, uint64_t bucket, uint32_t chain,
		      bool old, uint64_t table)
{
	if (classic(a)) {
		hms_str_addf(text, "%sbucket %" PRIu64, old ? "old " : "", bucket);
		if (chain)
			hms_str_addf(text, " overflow %" PRIu32, chain);
	} else if (a->map->swiss.dir_len) {
		hms_str_addf(text, "table %" PRIu64 " group %" PRIu64, table, bucket);
	} else {
		hms_str_add(text, "the group");
	}
}

static void add_slot(const struct asked *a, struct hms_str *text, const struct hms_slot *slot)
{
	add_where(a, text, slot->bucket, slot->chain, slot->old, slot->table);
	hms_str_addf(text, " slot %u", slot->index);
}

static void say_found(struct asked *a, struct hms_str *text)
{
	hms_str_add(text, "found in ");
	for (size_t i = 0; i < a->lookup.nplaces; i++)
		if (a->lookup.places[i].why == HMS_LOOKUP_WHY_REACHED) {
			add_slot(a, text, &a->lookup.places[i].slot);
			break;
		}
	if (a->elem.len)
		hms_str_addf(text, ": %s", hms_str_text(&a->elem));
}

static void say_missed(const struct asked *a, struct hms_str *text)
{
	const struct hms_lookup *l = &a->lookup;
	bool some = false;

	for (size_t i = 0; i < l->npaths; i++)
		some |= l->paths[i].end == HMS_LOOKUP_END_FOUND;
	if (!l->live)
		hms_str_add(text, "damaged: no slot holds the key, but a lookup does not come to "
				  "an end");
	else if (!some)
		hms_str_add(text, "damaged: the key is there, but a lookup misses it");
	else if (l->live > 1)
		hms_str_add(text, "damaged: the key is there more than once");
	else
		hms_str_add(text, "damaged: the key is there, but not every lookup finds it");
}

static void say_panics(const struct asked *a, struct hms_str *text)
{
	hms_str_add(text, "a lookup panics: hash of unhashable type ");
	if (a->lookup.unhashable)
		hms_rt_type_name(a->view->session->rt, a->lookup.unhashable, text);
}

static void say_unknown(const struct asked *a, struct hms_str *text)
{
	const struct hms_lookup *l = &a->lookup;

	hms_str_add(text, l->live ? "the key is there; whether a lookup finds it is unknown: "
				  : "unknown: ");
	if (l->no_model)
		hms_str_add(text, l->no_model);
	else if (l->hash_status != HMS_HASH_OK)
		hms_str_add(text, hms_hash_status_text(l->hash_status));
	else if (!l->trusted)
		hms_str_add(text, "how this program hashes its keys is not known for certain");
	else
		hms_str_add(text, "the core lacks bytes of the map or of its keys");
}

static void say_verdict(struct asked *a)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	hms_str_add(&text, "  ");
	switch (a->lookup.verdict) {
	case HMS_LOOKUP_FOUND: say_found(a, &text); break;
	case HMS_LOOKUP_ABSENT:
		hms_str_add(&text, a->map ? "not in the map: no slot holds it, and a lookup finds "
					    "nothing"
					  : "the map is nil: a lookup finds nothing");
		break;
	case HMS_LOOKUP_MISSED: say_missed(a, &text); break;
	case HMS_LOOKUP_NEVER: hms_str_add(&text, hms_lookup_end_text(HMS_LOOKUP_END_NAN)); break;
	case HMS_LOOKUP_PANICS: say_panics(a, &text); break;
	case HMS_LOOKUP_UNKNOWN: say_unknown(a, &text); break;
	}
	a->view->renderer->ops->line(a->view->renderer, hms_str_text(&text));
	if (a->lookup.writing)
		a->view->renderer->ops->line(
			a->view->renderer,
			"  the map is marked as being written: a lookup at that moment ends the "
			"program (concurrent map read and map write)");
}

/* ---- the way of a lookup ------------------------------------------------------------------ */

static void say_hash(struct asked *a)
{
	HMS_CLEANUP(hms_words_deinit) struct hms_words w = HMS_WORDS_INIT;
	const struct hms_lookup *l = &a->lookup;
	uint64_t n;

	if (l->no_model || l->hash_status != HMS_HASH_OK)
		return;
	hms_format_hex(&w.value, l->hash);
	if (classic(a)) {
		n = hms_classic_nbuckets(&a->map->classic);
		hms_str_addf(&w.meaning, "tophash %02x", hms_classic_tophash(l->hash));
		if (n)
			hms_str_addf(&w.meaning, ", bucket %" PRIu64 " of %" PRIu64,
				     l->hash & (n - 1), n);
	} else {
		hms_str_addf(&w.meaning, "control byte %02x", hms_swiss_h2(l->hash));
		if (a->map->swiss.dir_len)
			hms_str_addf(&w.meaning, ", directory entry %" PRIu64 " of %" PRIu64,
				     hms_swiss_directory_index(l->hash, a->map->swiss.dir_len,
							       a->map->swiss.global_shift),
				     a->map->swiss.dir_len);
	}
	hms_words_emit(a->view, &w, "hash", false);
}

static void add_bits(struct hms_str *text, const char *lead, uint8_t slots, const char *what)
{
	const char *between = " ";

	if (!slots)
		return;
	hms_str_addf(text, "%s%s", text->len ? "; " : "", lead);
	for (unsigned int i = 0; i < HMS_SLOTS; i++) {
		if (!(slots >> i & 1))
			continue;
		hms_str_addf(text, "%s%u", between, i);
		between = ", ";
	}
	hms_str_add(text, what);
}

static void say_step(struct asked *a, const struct hms_lookup_path *path, size_t i)
{
	HMS_CLEANUP(hms_words_deinit) struct hms_words w = HMS_WORDS_INIT;
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;
	const struct hms_lookup_step *step = &path->steps[i];
	uint8_t differ = step->compared & (uint8_t) ~(step->equal | step->unsure);

	add_where(a, &name, step->bucket, step->chain, step->old, step->table);
	for (unsigned int k = 0; k < HMS_SLOTS; k++)
		hms_str_addf(&w.value, "%s%02x", k ? " " : "", step->control[k]);
	if (step->old && i + 1 < path->nsteps && !path->steps[i + 1].old)
		hms_str_add(&w.meaning, "marked as moved: on to the new buckets");
	add_bits(&w.meaning, "slot", differ, " compared: not the key");
	add_bits(&w.meaning, "slot", step->unsure, ": its key is not in the core");
	add_bits(&w.meaning, "slot", step->equal, ": the key");
	if (!w.meaning.len)
		hms_str_add(&w.meaning, "no slot to compare");
	hms_words_emit(a->view, &w, hms_str_text(&name), false);
}

static void say_path(struct asked *a, const struct hms_lookup_path *path)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	struct hms_renderer *r = a->view->renderer;

	hms_str_add(&text, hms_lookup_variant_text(path->variant));
	r->ops->section(r, hms_str_text(&text));
	if (path->hashed)
		say_hash(a);
	for (size_t i = 0; i < path->nsteps; i++)
		say_step(a, path, i);
	hms_str_clear(&text);
	hms_str_addf(&text, "  %s", hms_lookup_end_text(path->end));
	if (path->end == HMS_LOOKUP_END_CRASH || path->end == HMS_LOOKUP_END_ABSENT_BYTES)
		hms_str_addf(&text, ": 0x%" PRIx64, path->at);
	if (path->walked > path->nsteps)
		hms_str_addf(&text, "; %" PRIu64 " steps, not all are shown", path->walked);
	r->ops->line(r, hms_str_text(&text));
}

/* The generic lookup is worth a reader's time where it ends elsewhere. */
static bool differs(const struct hms_lookup *l)
{
	return l->npaths == 2 && (l->paths[0].end == HMS_LOOKUP_END_FOUND) !=
					 (l->paths[1].end == HMS_LOOKUP_END_FOUND);
}

/* ---- where the key is --------------------------------------------------------------------- */

static void say_place(struct asked *a, const struct hms_lookup_place *place)
{
	HMS_CLEANUP(hms_words_deinit) struct hms_words w = HMS_WORDS_INIT;
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;
	const char *why = hms_lookup_why_text(place->why);

	add_slot(a, &name, &place->slot);
	hms_format_addr(&w.value, place->slot.key_addr);
	hms_str_add(&w.meaning, why ? why : "here a lookup finds it");
	hms_words_emit(a->view, &w, hms_str_text(&name), place->slot.state == HMS_SLOT_LIVE && why);
}

static void say_places(struct asked *a)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	struct hms_renderer *r = a->view->renderer;
	const struct hms_lookup *l = &a->lookup;

	if (!l->nplaces || (l->verdict == HMS_LOOKUP_FOUND && !l->stale))
		return;
	r->ops->section(r, "slots that hold the key");
	for (size_t i = 0; i < l->nplaces; i++)
		say_place(a, &l->places[i]);
	if (l->live + l->stale == l->nplaces)
		return;
	hms_str_add(&text, "  and ");
	hms_format_count(&text, l->live + l->stale - l->nplaces);
	hms_str_add(&text, " more");
	r->ops->line(r, hms_str_text(&text));
}

/* ---- the report --------------------------------------------------------------------------- */

static void draw(struct asked *a)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	struct hms_renderer *r = a->view->renderer;

	hms_str_addf(&text, "%s (%s)", a->view->input->redact ? "the key" : a->key,
		     hms_str_text(&a->key_type));
	r->ops->section(r, hms_str_text(&text));
	say_verdict(a);
	for (size_t i = 0; i < a->lookup.npaths; i++)
		if (i == 0 || differs(&a->lookup))
			say_path(a, &a->lookup.paths[i]);
	say_places(a);
}

static int status_of(const struct hms_lookup *lookup)
{
	switch (lookup->verdict) {
	case HMS_LOOKUP_MISSED: return HMS_EXIT_FINDINGS;
	case HMS_LOOKUP_UNKNOWN: return HMS_EXIT_INCOMPLETE;
	default: return HMS_EXIT_CLEAN;
	}
}

static struct hms_error *emit(struct asked *a, int *status_ret)
{
	struct hms_view *view = a->view;
	struct hms_renderer *r = view->renderer;
	bool redact = view->input->redact;
	struct hms_lookup_row row = {
		.map = a->map,
		.type = a->type,
		.lookup = &a->lookup,
		.key = redact ? NULL : a->key,
		.key_type = hms_str_text(&a->key_type),
		.elem = a->elem.len ? hms_str_text(&a->elem) : NULL,
		.elem_addr = a->elem_addr,
	};

	/* What the rules say of the map is another question: see check. */
	view->doc.summary.damaged = -1;
	hms_view_begin(view);
	if (a->map) {
		struct hms_map_row map = hms_view_row(view, a->map);

		r->ops->map(r, &map);
	}
	draw(a);
	r->ops->lookup(r, &row);
	HMS_TRY(hms_view_end(view, false, status_ret));
	*status_ret = status_of(&a->lookup);
	return NULL;
}

static struct hms_error *look_up(struct hms_view *view, int *status_ret)
{
	HMS_CLEANUP(asked_deinit)
	struct asked a = {.view = view, .name = view->input->maps[0], .key = view->input->maps[1]};
	const struct hms_session *s = view->session;

	HMS_TRY(find_map(&a));
	hms_rt_type_name(s->rt, a.type->key, &a.key_type);
	HMS_TRY(hms_literal_parse(s->rt, a.type->key, a.key, &a.literal));
	if (a.map)
		hms_lookup_run(s->model, s->pclntab, a.map, a.literal, &a.lookup);
	else
		hms_lookup_nil(a.literal, &a.lookup);
	decode_elem(&a);
	return emit(&a, status_ret);
}

static struct hms_error *run(struct hms_input *input, void *options, int *status_ret)
{
	struct hms_error *err;
	struct hms_view view;

	(void)options;
	if (input->nmaps != 2)
		return hms_err(HMS_ERR_USAGE, "cannot look up: one MAP and one KEY are wanted, as "
					      "in 'hmapscope lookup CORE main.hosts a.example'");
	HMS_TRY(hms_view_open(input, &view));
	err = look_up(&view, status_ret);
	hms_view_close(&view);
	return err;
}

const struct hms_cmd hms_cmd_lookup = {
	.name = "lookup",
	.args = "[EXE] CORE MAP KEY",
	.summary = "what a lookup of a key would do, and where the key really is",
	.doc = "Replay the runtime's lookup of KEY in MAP: its hash, the buckets or groups it "
	       "looks "
	       "at, where it stops and why; and say where the key really is, if it is there at "
	       "all. KEY is a literal in Go's syntax; a string may stand without quotes.\v"
	       "Put -- before a KEY that begins with a minus.",
	.run = run,
};
