#include "ops/step.h"

#include <inttypes.h>
#include <string.h>

#include "ops/element.h"
#include "ops/slot.h"
#include "ops/words.h"
#include "rt/value.h"

/* Bytes of a string in a key: shown, and looked up. */
#define KEY_SHOWN 64
#define KEY_WHOLE 4096

/* A map function taken apart; NULL code: it could not be. */
struct known {
	uint64_t entry;
	struct hms_mapcode *code;
};

struct steps {
	const struct hms_operations_sources *sources;
	const struct hms_rt *rt;
	const struct hms_pclntab *tab;
	bool redact;
	struct known *known;
	size_t nknown, cap_known;
	struct hms_unwinder *unwinder;
	struct hms_stack stack;
};

/* ---- words --------------------------------------------------------------------------------- */

/* Deeds of which an entry is made, in the order in which they are told. */
static const struct part {
	uint32_t write, erase; /* for a write; for a delete or clear */
	const char *classic, *swiss;
} parts[] = {
	{HMS_DEED_KEY, 0, "key", "key"},
	{0, HMS_DEED_WIPED, "entry", "entry"},
	{HMS_DEED_MARK, HMS_DEED_MARK, "tophash", "control byte"},
	{HMS_DEED_COUNT, HMS_DEED_COUNT, "count", "count"},
};

static const char *part_name(const struct part *part, enum hms_map_kind kind)
{
	return kind == HMS_MAP_CLASSIC ? part->classic : part->swiss;
}

/* "key and tophash" of the parts whose bits are in @bits; how many. */
static size_t list_parts(uint32_t bits, bool writes, enum hms_map_kind kind, struct hms_str *ret)
{
	const char *names[HMS_ARRAY_LEN(parts)];
	size_t n = 0;

	for (size_t i = 0; i < HMS_ARRAY_LEN(parts); i++)
		if (bits & (writes ? parts[i].write : parts[i].erase))
			names[n++] = part_name(&parts[i], kind);
	for (size_t i = 0; i < n; i++)
		hms_str_addf(ret, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " and ", names[i]);
	return n;
}

static uint32_t entry_bits(bool writes)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < HMS_ARRAY_LEN(parts); i++)
		bits |= writes ? parts[i].write : parts[i].erase;
	return bits;
}

/* A string's key is there when both of its words are. */
static uint32_t whole_keys(uint32_t bits, bool string_key)
{
	return string_key && !(bits & HMS_DEED_KEY_LEN) ? bits & ~(uint32_t)HMS_DEED_KEY : bits;
}

/* Is room made for an entry?  Then there is none yet, though a function that may have added one was
 * called before. */
static bool makes_room(enum hms_errand errand)
{
	switch (errand) {
	case HMS_ERRAND_GROW:
	case HMS_ERRAND_MOVE:
	case HMS_ERRAND_OVERFLOW:
	case HMS_ERRAND_REHASH:
	case HMS_ERRAND_TABLE:
	case HMS_ERRAND_PRUNE: return true;
	default: return false;
	}
}

static void add_entry_state(uint32_t always, uint32_t ever, bool writes, enum hms_errand errand,
			    enum hms_map_kind kind, struct hms_str *ret)
{
	HMS_AUTO_STR struct hms_str done = HMS_STR_INIT, due = HMS_STR_INIT;
	uint32_t all = entry_bits(writes);
	size_t ndone = list_parts(always, writes, kind, &done);
	size_t ndue = list_parts(all & ~ever, writes, kind, &due);

	if (!(ever & all) || (writes && makes_room(errand) && !(always & all))) {
		hms_str_add(ret, writes ? "no slot written yet" : "no entry touched yet");
		return;
	}
	if (!(always & all)) {
		hms_str_add(ret, writes ? "entry found or added" : "entry deleted or not found");
	} else if (ndone) {
		hms_str_addf(ret, "%s %s", hms_str_text(&done), writes ? "stored" : "cleared");
		if (ndue)
			hms_str_addf(ret, ", %s not yet", hms_str_text(&due));
	}
	if (!ndue && errand != HMS_ERRAND_DIE)
		hms_str_add(ret, ", writing flag still set");
}

static void add_state(bool writes, enum hms_map_kind kind, bool string_key,
		      const struct hms_mapcode_point *point, struct hms_str *ret)
{
	if (point->always & HMS_DEED_FLAG_CLEARED) {
		hms_str_add(ret,
			    writes ? "done but for the element, which the caller stores" : "done");
		return;
	}
	if (!(point->ever & (HMS_DEED_FLAG_SET | entry_bits(writes)))) {
		hms_str_add(ret, "nothing written yet");
		return;
	}
	if (writes && string_key && (point->always & (HMS_DEED_KEY | HMS_DEED_KEY_LEN)) &&
	    !((point->always & HMS_DEED_KEY) && (point->always & HMS_DEED_KEY_LEN)) &&
	    !((point->ever & HMS_DEED_KEY) && (point->ever & HMS_DEED_KEY_LEN)))
		hms_str_add(ret, "key half stored, ");
	add_entry_state(whole_keys(point->always, string_key), point->ever, writes, point->errand,
			kind, ret);
}

void hms_step_text(enum hms_map_op op, enum hms_map_kind kind, bool string_key,
		   const struct hms_mapcode_point *point, struct hms_str *ret)
{
	const char *errand = hms_errand_text(point->errand);

	if (point->errand == HMS_ERRAND_DIE)
		hms_str_add(ret, point->ever & HMS_DEED_FLAG_SET
					 ? "found its writing flag cleared by another write; "
					 : "found another write in progress; ");
	else if (errand)
		hms_str_addf(ret, "%s, ", errand);
	add_state(op == HMS_MAP_WRITE, kind, string_key, point, ret);
}

/* ---- one operation ------------------------------------------------------------------------- */

static struct hms_mapcode *code_of(struct steps *s, const struct hms_func *func,
				   const struct hms_map_func *row)
{
	struct hms_mapcode *code = NULL;

	for (size_t i = 0; i < s->nknown; i++)
		if (s->known[i].entry == func->entry)
			return s->known[i].code;
	hms_err_free(hms_mapcode_open(s->rt, s->tab, func, row, &code));
	HMS_GROW(s->known, s->nknown, s->cap_known);
	s->known[s->nknown++] = (struct known){func->entry, code};
	return code;
}

static bool argument(const struct steps *s, const struct hms_frame *frame, struct hms_mapcode *code,
		     const struct hms_mapcode_point *point, unsigned int i, uint64_t *ret)
{
	struct hms_holder holder;

	hms_mapcode_argument(code, point, i, &holder);
	return hms_op_word(s->rt, &s->stack, frame, &holder, ret);
}

static bool is_fast(const char *name, const char *suffix)
{
	const char *at = strstr(name, "_fast");

	return at && (!*suffix || !strcmp(at + 5, suffix));
}

/* The bytes of the key that a function of package runtime was called with, which may be in @words;
 * NULL: not known. */
static const uint8_t *key_bytes(const struct steps *s, const struct hms_operation *op,
				const struct hms_frame *frame, struct hms_mapcode *code,
				const struct hms_mapcode_point *point, uint64_t words[2])
{
	const char *name = frame->place->func.name;
	const struct hms_type *key = op->type ? op->type->key : NULL;

	if (s->redact || !key || !key->size || strncmp(name, "runtime.map", 11) ||
	    op->op == HMS_MAP_CLEAR || !argument(s, frame, code, point, 2, &words[0]))
		return NULL;
	if (is_fast(name, "str")) {
		if (key->size != 16 || !argument(s, frame, code, point, 3, &words[1]) ||
		    (words[1] && !hms_mem_peek(s->rt->mem, words[0], 1)))
			return NULL;
		return (const uint8_t *)words;
	}
	if (is_fast(name, ""))
		return key->size <= 8 ? (const uint8_t *)words : NULL;
	return hms_mem_peek(s->rt->mem, words[0], key->size);
}

/* Which old bucket is moved: the third argument of evacuate. */
static void add_bucket(struct steps *s, const struct hms_operation *op, struct hms_str *ret)
{
	struct hms_map map = {.addr = op->map};
	uint64_t n;

	if (!op->map || hms_map_read_header(s->sources->model, &map) != HMS_MEM_PRESENT)
		return;
	for (size_t i = op->inner.index; i <= op->outer.index && i < s->stack.n; i++) {
		const struct hms_frame *frame = &s->stack.frames[i];
		const struct hms_func *func = &frame->place->func;
		const struct hms_map_func *row = hms_map_func_find(func->name);
		struct hms_mapcode *code;
		struct hms_mapcode_point point;

		if (!row || strncmp(func->name, "runtime.evacuate", 16))
			continue;
		code = code_of(s, func, row);
		if (!code || !hms_op_point(code, frame, &point) ||
		    !argument(s, frame, code, &point, 2, &n) ||
		    n >= hms_classic_old_nbuckets(&map.classic))
			continue;
		hms_str_addf(ret, "moving old bucket %" PRIu64 " of %" PRIu64 ", ", n,
			     hms_classic_old_nbuckets(&map.classic));
		return;
	}
}

/* What the frames of an operation say together: each knows of its own function. */
struct together {
	struct hms_mapcode_point point;
	bool any;
	bool string_key;
	struct hms_str key, whole_key; /* as Go writes it; shown, and in full */
	bool settled;                  /* on a slot */
	struct hms_operation_slot slot;
};

static void add_key(const struct steps *s, const struct hms_operation *op,
		    const struct hms_frame *frame, struct hms_mapcode *code,
		    const struct hms_mapcode_point *point, struct together *t)
{
	uint64_t words[2] = {0, 0};
	const uint8_t *bytes = key_bytes(s, op, frame, code, point, words);

	if (!bytes)
		return;
	hms_value_go(s->rt, op->type->key, bytes, KEY_SHOWN, &t->key);
	hms_value_go(s->rt, op->type->key, bytes, KEY_WHOLE, &t->whole_key);
}

/* An inner frame knows better than one that waits for it. */
static void look_for_slot(const struct steps *s, const struct hms_operation *op,
			  const struct hms_frame *frame, const struct hms_mapcode *code,
			  const struct hms_mapcode_point *point, struct together *t)
{
	t->settled |= hms_op_slot_find(s->sources, &s->stack, op, frame, code, point, &t->slot);
}

static void look_at_frame(struct steps *s, const struct hms_operation *op,
			  const struct hms_frame *frame, struct together *t)
{
	const struct hms_func *func = &frame->place->func;
	const struct hms_map_func *row = hms_map_func_find(func->name);
	struct hms_mapcode_point point;
	struct hms_mapcode *code;

	if (!row || !hms_map_op_writes(row->op))
		return;
	code = code_of(s, func, row);
	if (!code || !hms_op_point(code, frame, &point))
		return;
	look_for_slot(s, op, frame, code, &point, t);
	/* What makes room for an entry has deeds of another kind. */
	if (row->op == HMS_MAP_GROW)
		return;
	t->any = true;
	t->point.always |= point.always;
	t->point.ever |= point.ever;
	if (point.errand != HMS_ERRAND_NONE)
		t->point.errand = point.errand;
	t->string_key |= strstr(func->name, "faststr") || strstr(func->name, "FastStr");
	if (!t->key.len)
		add_key(s, op, frame, code, &point, t);
}

/* Is the entry there, by the deeds? */
static bool has_entry(const struct together *t)
{
	uint32_t entry = HMS_DEED_MARK | HMS_DEED_KEY;

	if (t->string_key)
		entry |= HMS_DEED_KEY_LEN;
	return (t->point.always & entry) == entry || t->point.always & HMS_DEED_FLAG_CLEARED ||
	       /* it looks at the flag again when it is done */
	       (t->point.errand == HMS_ERRAND_DIE && t->point.ever & HMS_DEED_FLAG_SET);
}

static void find_by_key(const struct steps *s, const struct hms_operation *op, struct together *t)
{
	if (!t->settled && op->op == HMS_MAP_WRITE && t->whole_key.len && has_entry(t))
		t->settled =
			hms_op_slot_of_key(s->sources, op, hms_str_text(&t->whole_key), &t->slot);
}

/* "inserting "key_90" in bucket 31 slot 4, key and tophash stored, count not yet" */
static void add_action(const struct steps *s, const struct hms_operation *op,
		       const struct together *t, struct hms_str *ret)
{
	bool inserts = t->point.always & HMS_DEED_MARK;

	if (op->op == HMS_MAP_WRITE && (inserts || t->key.len || t->settled))
		hms_str_add(ret, inserts ? "inserting" : "writing");
	else if (op->op == HMS_MAP_DELETE && (t->key.len || t->settled))
		hms_str_add(ret, "deleting");
	if (ret->len && t->key.len)
		hms_str_addf(ret, " %s", hms_str_text(&t->key));
	if (ret->len && t->settled) {
		hms_str_add(ret, op->op == HMS_MAP_DELETE ? " from " : " in ");
		hms_op_slot_text(s->rt->map_kind, &t->slot, ret);
	}
	if (ret->len)
		hms_str_add(ret, ", ");
}

/* 'writing "key_90" in bucket 31 slot 4, element not stored yet' */
static void find_element_step(const struct steps *s, struct hms_operation *op,
			      struct hms_arena *arena)
{
	const struct hms_type *key = op->type ? op->type->key : NULL;
	const struct hms_type *elem = op->type ? op->type->elem : NULL;
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	const uint8_t *bytes = NULL;

	if (op->element.key && key && key->size && !s->redact)
		bytes = hms_mem_peek(s->rt->mem, op->element.key, key->size);
	if (op->map) {
		hms_str_add(&text, "writing ");
		if (bytes) {
			hms_value_go(s->rt, key, bytes, KEY_SHOWN, &text);
			hms_str_addc(&text, ' ');
		}
		hms_str_add(&text, "in ");
		hms_op_slot_text(s->rt->map_kind, &op->element.slot, &text);
		hms_str_add(&text, ", ");
		op->slot = hms_arena_memdup(arena, &op->element.slot, sizeof(op->element.slot));
	}
	hms_op_element_text(&op->element, elem, &text);
	op->step = hms_arena_strdup(arena, hms_str_text(&text));
}

static void find_step(struct steps *s, struct hms_operation *op, struct hms_arena *arena)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	struct together t = {.key = HMS_STR_INIT, .whole_key = HMS_STR_INIT};

	if (op->returned) {
		find_element_step(s, op, arena);
		return;
	}
	hms_unwind(s->unwinder, op->goroutine, &s->stack);
	for (size_t i = op->outer.index + 1; i-- > op->inner.index;)
		if (i < s->stack.n)
			look_at_frame(s, op, &s->stack.frames[i], &t);
	if (t.any) {
		size_t before;

		find_by_key(s, op, &t);
		add_action(s, op, &t, &text);
		before = text.len;
		if (t.point.errand == HMS_ERRAND_MOVE)
			add_bucket(s, op, &text);
		if (text.len != before)
			t.point.errand = HMS_ERRAND_NONE;
		hms_step_text(op->op, s->rt->map_kind, t.string_key, &t.point, &text);
		op->step = hms_arena_strdup(arena, hms_str_text(&text));
		if (t.settled)
			op->slot = hms_arena_memdup(arena, &t.slot, sizeof(t.slot));
	}
	hms_str_deinit(&t.key);
	hms_str_deinit(&t.whole_key);
}

void hms_operations_find_steps(struct hms_operations *operations,
			       const struct hms_operations_sources *sources, bool redact)
{
	struct steps s = {
		.sources = sources,
		.rt = hms_map_model_rt(sources->model),
		.tab = sources->goros->pclntab,
		.redact = redact,
		.unwinder = hms_unwinder_create(sources->goros),
	};

	for (size_t i = 0; i < operations->n; i++)
		if (hms_map_op_writes(operations->list[i].op))
			find_step(&s, &operations->list[i], operations->arena);
	hms_unwinder_destroy(s.unwinder);
	hms_stack_deinit(&s.stack);
	for (size_t i = 0; i < s.nknown; i++)
		hms_mapcode_close(s.known[i].code);
	free(s.known);
}
