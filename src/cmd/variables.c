#include "cmd/variables.h"

#include <inttypes.h>
#include <string.h>

#include "goro/locals.h"
#include "util/escape.h"

/* One level deep: what a value's pointers lead to is shown of variables that are pointers. */
static const struct hms_value_limits go_limits = {
	.text = 120, .slice = 8, .array = 8, .total = 240, .depth = 2};
/* JSON is for programs, which may want more; yet a stack of variables is no dump of the heap. */
static const struct hms_value_limits json_limits = {
	.text = 65536, .slice = 1024, .array = 1024, .total = 262144, .depth = 32};

void hms_variables_init(struct hms_variables *ret, const struct hms_session *session,
			const struct hms_unwinder *unwinder, bool json, bool redact, bool runtime)
{
	*ret = (struct hms_variables){
		.session = session,
		.unwinder = unwinder,
		.json = json,
		.redact = redact,
		.runtime = runtime || json,
		.decoder =
			hms_decoder_create(session->rt, json ? HMS_NOTATION_JSON : HMS_NOTATION_GO,
					   json ? &json_limits : &go_limits),
	};
	hms_sink_init(&ret->sink, -1);
}

void hms_variables_deinit(struct hms_variables *v)
{
	hms_sink_deinit(&v->sink);
	hms_decoder_destroy(v->decoder);
	v->decoder = NULL;
}

/* ---- values ------------------------------------------------------------------------------- */

/* A pointer to a struct: what it points to, behind its own value. */
static void put_pointee(struct hms_variables *v, const struct hms_type *type, const uint8_t *bytes)
{
	const struct hms_type *elem = type->kind == HMS_KIND_POINTER ? type->elem : NULL;
	uint64_t target = elem ? hms_le64(bytes) : 0;

	if (v->json || !target || elem->kind != HMS_KIND_STRUCT || !elem->nmembers ||
	    !hms_mem_peek(v->session->mem, target, elem->size))
		return;
	hms_sink_add(&v->sink, " -> ");
	hms_value_write_at(v->decoder, hms_value_plan_of(v->decoder, elem), target, &v->sink);
}

static void put_type_alone(struct hms_variables *v, const char *type)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	if (!v->json)
		return;
	hms_escape_json(&text, type ? type : "?", strlen(type ? type : "?"));
	hms_sink_add(&v->sink, "{\"type\":\"");
	hms_sink_addn(&v->sink, hms_str_text(&text), text.len);
	hms_sink_add(&v->sink, "\"}");
}

/* Of a slice whose capacity is gone, which the compiler is quick to drop, nothing is missed; any
 * other value would read as another. */
static bool is_whole(const struct hms_local *local)
{
	return !local->partial || (local->type->kind == HMS_KIND_SLICE && local->gone == 4);
}

static void put_value(struct hms_variables *v, const struct hms_local *local)
{
	struct hms_value_plan *plan = hms_value_plan_of(v->decoder, local->type);
	const uint8_t *bytes = local->bytes;

	if (!bytes)
		bytes = hms_mem_peek(v->session->mem, local->addr, local->type->size);
	if (bytes)
		hms_value_write(v->decoder, plan, bytes, &v->sink);
	else
		hms_value_write_at(v->decoder, plan, local->addr, &v->sink);
	if (bytes)
		put_pointee(v, local->type, bytes);
}

static bool is_absent(const struct hms_variables *v, const struct hms_local *local)
{
	return local->addr && local->type->size &&
	       hms_mem_state_at(v->session->mem, local->addr, NULL) == HMS_MEM_NOT_SAVED;
}

/* What is left of a value that is not whole; JSON says null. */
static const char *rest_of(const struct hms_variables *v, const struct hms_local *local,
			   struct hms_arena *arena)
{
	bool sequence = local->type->kind == HMS_KIND_SLICE || local->type->kind == HMS_KIND_STRING;

	if (v->json || v->redact)
		return NULL;
	if (sequence && !(local->gone & 1) && (local->gone & 2))
		return hms_arena_printf(arena, "at 0x%" PRIx64 ", its length is optimised out",
					hms_le64(local->bytes));
	return "partly optimised out";
}

static const char *value_of(struct hms_variables *v, const struct hms_local *local,
			    const char *type, struct hms_arena *arena)
{
	if (!local->type || (!local->addr && !local->bytes))
		return NULL;
	if (!is_whole(local))
		return rest_of(v, local, arena);
	if (local->state == HMS_LOCAL_LIVE && is_absent(v, local))
		v->absent++;
	v->sink.len = 0;
	if (v->redact)
		put_type_alone(v, type);
	else
		put_value(v, local);
	hms_sink_addc(&v->sink, '\0');
	return hms_arena_strdup(arena, v->sink.buf);
}

/* ---- rows --------------------------------------------------------------------------------- */

static const char *kind_of(const struct hms_local *local)
{
	if (local->captured)
		return "captured";
	if (local->result)
		return "result";
	return local->parameter ? "parameter" : "local";
}

static const char *const states[] = {
	[HMS_LOCAL_LIVE] = "live",
	[HMS_LOCAL_DEAD] = "dead",
	[HMS_LOCAL_UNKNOWN] = "unknown",
	[HMS_LOCAL_GONE] = "gone",
};

static const char *const places[] = {
	[HMS_LOCAL_NOWHERE] = NULL,        [HMS_LOCAL_MEMORY] = "memory",
	[HMS_LOCAL_REGISTER] = "register", [HMS_LOCAL_PIECES] = "pieces",
	[HMS_LOCAL_CONSTANT] = "constant",
};

static struct hms_variable_row row_of(struct hms_variables *v, const struct hms_local *local,
				      struct hms_arena *arena)
{
	HMS_AUTO_STR struct hms_str type = HMS_STR_INIT;
	struct hms_variable_row row = {
		.name = local->name ? hms_arena_strdup(arena, local->name) : NULL,
		.kind = kind_of(local),
		.state = states[local->state],
		.place = places[local->place],
		.addr = local->addr,
		.line = local->line ? (int64_t)local->line : -1,
	};

	if (local->type) {
		hms_rt_type_name(v->session->rt, local->type, &type);
		row.type = hms_arena_strdup(arena, hms_str_text(&type));
	}
	row.value = value_of(v, local, row.type, arena);
	return row;
}

/* The variables of one frame while they are gathered. */
struct gathering {
	struct hms_variables *variables;
	struct hms_arena *arena;
	const struct hms_place *place;
	struct {
		struct hms_variable_row *rows;
		size_t n, cap;
	} * calls; /* as many as the place has */
};

/* Is it one of the runtime's own?  A panic's value is the program's. */
static bool is_runtime(const struct hms_place *place)
{
	const char *name = place->func.name;

	return name && strcmp(name, "runtime.gopanic") != 0 &&
	       (strncmp(name, "runtime.", 8) == 0 || strncmp(name, "internal/runtime/", 17) == 0);
}

/* Which of the calls is the function's?  The function tables and the debug information describe
 * the same inlining; where they do not agree, the name decides, and else the frame's function has
 * the variable. */
static uint32_t call_of(const struct hms_place *place, const struct hms_local *local)
{
	const char *name = local->function ? local->function : "";

	if (local->inlined < place->ncalls && place->calls[local->inlined].name &&
	    strcmp(place->calls[local->inlined].name, name) == 0)
		return (uint32_t)local->inlined;
	for (uint32_t i = 0; i < place->ncalls; i++)
		if (place->calls[i].name && strcmp(place->calls[i].name, name) == 0)
			return i;
	return place->ncalls - 1;
}

/* A word of a variable that the compiler took apart ("s.ptr", "s.len"), which debug information
 * lists beside the variable itself: people do not want it twice. */
static bool is_part(const struct hms_local *local)
{
	static const char *const parts[] = {".ptr", ".len", ".cap", ".itab", ".data", ".type"};
	const char *dot = local->name ? strrchr(local->name, '.') : NULL;

	for (size_t i = 0; dot && dot > local->name && i < HMS_ARRAY_LEN(parts); i++)
		if (strcmp(dot, parts[i]) == 0)
			return true;
	return false;
}

static struct hms_error *visit(void *arg, const struct hms_local *local)
{
	struct gathering *g = arg;
	uint32_t i = call_of(g->place, local);

	if (!g->variables->json && is_part(local))
		return NULL;
	HMS_GROW(g->calls[i].rows, g->calls[i].n, g->calls[i].cap);
	g->calls[i].rows[g->calls[i].n++] = row_of(g->variables, local, g->arena);
	return NULL;
}

struct hms_error *hms_variables_of(struct hms_variables *v, const struct hms_stack *stack,
				   const struct hms_frame *frame, struct hms_frame_row *calls,
				   struct hms_arena *arena)
{
	struct gathering g = {.variables = v, .arena = arena, .place = frame->place};
	struct hms_error *err;

	if (!frame->place->ncalls || (!v->runtime && is_runtime(frame->place)))
		return NULL;
	g.calls = hms_xcalloc(frame->place->ncalls, sizeof(*g.calls));
	err = hms_locals(v->unwinder, v->session->dwarf, v->session->bias, stack, frame, visit, &g);
	for (uint32_t i = 0; i < frame->place->ncalls; i++) {
		struct hms_variable_row *rows;

		rows = hms_arena_alloc(arena, g.calls[i].n * sizeof(*rows));
		if (g.calls[i].n)
			memcpy(rows, g.calls[i].rows, g.calls[i].n * sizeof(*rows));
		calls[i].variables = rows;
		calls[i].nvariables = g.calls[i].n;
		free(g.calls[i].rows);
	}
	free(g.calls);
	return err;
}
