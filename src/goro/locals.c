#include "goro/locals.h"

#include <string.h>

struct context {
	const struct hms_unwinder *u;
	const struct hms_mem *mem;
	const struct hms_stack *stack;
	const struct hms_frame *frame;
	uint64_t bias;
	uint8_t bytes[HMS_LOCAL_MAX_BYTES];
};

/* ---- pieces ------------------------------------------------------------------------------- */

/* Memory address of a piece; false where it is in none. */
static bool piece_addr(const struct context *ctx, const struct hms_piece *piece, uint64_t *ret)
{
	uint64_t at = ctx->frame->cfa + (uint64_t)piece->off;
	const uint8_t *p;

	switch (piece->kind) {
	case HMS_PIECE_STACK: *ret = at; return true;
	case HMS_PIECE_INDIRECT:
		p = hms_mem_peek(ctx->mem, at, 8);
		*ret = p ? hms_le64(p) : 0;
		return p != NULL;
	case HMS_PIECE_ADDRESS: *ret = piece->addr + ctx->bias; return true;
	default: return false;
	}
}

static bool piece_bytes(const struct context *ctx, const struct hms_piece *piece, uint64_t size,
			uint8_t *ret)
{
	const struct hms_regs *regs;
	struct hms_error *err;
	uint64_t addr;

	if (piece_addr(ctx, piece, &addr)) {
		err = hms_mem_read(ctx->mem, addr, ret, size);
		hms_err_free(err);
		return !err;
	}
	if (size > 8)
		return false;
	if (piece->kind == HMS_PIECE_VALUE) {
		memcpy(ret, &piece->addr, size);
		return true;
	}
	if (piece->kind != HMS_PIECE_REGISTER || ctx->frame->regs < 0 ||
	    piece->reg >= HMS_DWARF_NREGS)
		return false;
	regs = &ctx->stack->regs[ctx->frame->regs];
	if (!(regs->known >> piece->reg & 1))
		return false;
	memcpy(ret, &regs->value[piece->reg], size);
	return true;
}

/* Bytes of a value without the padding at its end, which no piece describes. */
static uint64_t used_size(const struct hms_type *type)
{
	uint64_t end = 0;

	if (!type)
		return 8;
	if (type->kind != HMS_KIND_STRUCT || !type->nmembers)
		return type->size;
	for (uint32_t i = 0; i < type->nmembers; i++)
		end = HMS_MAX(end, type->members[i].off + type->members[i].type->size);
	return end;
}

/* The variable lies in memory as a whole: one piece, or several in a row that make up all @size
 * bytes of it.  Go 1.15 leaves out trailing pieces that are gone. */
static bool whole_addr(const struct context *ctx, const struct hms_dwarf_variable *v, uint64_t size,
		       uint64_t *ret)
{
	uint64_t first = 0, end = 0, addr;

	for (size_t i = 0; i < v->npieces; i++) {
		if (!piece_addr(ctx, &v->pieces[i], &addr) || (i && addr != end))
			return false;
		if (!i)
			first = addr;
		end = addr + v->pieces[i].size; /* 0 where one piece is all of it */
	}
	*ret = first;
	if (v->npieces == 1 && !v->pieces[0].size)
		return true;
	return v->npieces && end - first >= size;
}

/* Bits of the words that @len bytes from @off on lie in. */
static uint32_t words_of(uint64_t off, uint64_t len)
{
	uint64_t first = off / 8, last = (off + len - 1) / 8;

	return (uint32_t)((UINT64_C(2) << last) - (UINT64_C(1) << first));
}

/* Put the value together from registers and slots that are not side by side.  Words that are gone
 * become 0: the compiler drops what is not used any more, a slice's capacity for one. */
static const uint8_t *gather(struct context *ctx, const struct hms_dwarf_variable *v, uint64_t size,
			     uint32_t *gone_ret)
{
	uint64_t done = 0;
	size_t got = 0;

	*gone_ret = 0;
	if (!size || size > sizeof(ctx->bytes))
		return NULL;
	memset(ctx->bytes, 0, size);
	for (size_t i = 0; i < v->npieces; i++) {
		uint64_t part = v->pieces[i].size ? v->pieces[i].size : size;

		if (part > size - done)
			return NULL;
		if (piece_bytes(ctx, &v->pieces[i], part, ctx->bytes + done))
			got++;
		else
			*gone_ret |= words_of(done, part);
		done += part;
	}
	if (done < used_size(v->type))
		*gone_ret |= words_of(done, size - done);
	return got ? ctx->bytes : NULL;
}

/* ---- liveness ----------------------------------------------------------------------------- */

static size_t count_pieces(const struct hms_dwarf_variable *v, enum hms_piece_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < v->npieces; i++)
		n += v->pieces[i].kind == kind;
	return n;
}

/* What the stack map says of the words of @size bytes at @addr: alive if any is. */
static enum hms_local_state state_at(const struct context *ctx, uint64_t addr, uint64_t size)
{
	enum hms_local_state state = HMS_LOCAL_UNKNOWN;

	for (uint64_t off = 0; off < HMS_MAX(size, UINT64_C(1)) && off < 4096; off += 8) {
		switch (hms_frame_word(ctx->u, ctx->frame,
				       (int64_t)(addr + off - ctx->frame->cfa))) {
		case HMS_WORD_LIVE:
		case HMS_WORD_OBJECT: return HMS_LOCAL_LIVE;
		case HMS_WORD_DEAD: state = HMS_LOCAL_DEAD; break;
		case HMS_WORD_UNKNOWN: break;
		}
	}
	return state;
}

static enum hms_local_state state_of(const struct context *ctx, const struct hms_dwarf_variable *v,
				     uint64_t addr, uint64_t size)
{
	enum hms_local_state state = HMS_LOCAL_UNKNOWN;

	/* Stack maps mark pointers and nothing else. */
	if (v->type && !hms_type_has_pointers(v->type))
		return HMS_LOCAL_UNKNOWN;
	if (v->npieces && v->pieces[0].kind == HMS_PIECE_ADDRESS)
		return HMS_LOCAL_LIVE;
	if (addr)
		return state_at(ctx, addr, size);
	if (count_pieces(v, HMS_PIECE_REGISTER))
		return ctx->frame->interrupted ? HMS_LOCAL_LIVE : HMS_LOCAL_UNKNOWN;
	for (size_t i = 0; i < v->npieces; i++) {
		enum hms_local_state one;

		if (v->pieces[i].kind != HMS_PIECE_STACK)
			continue;
		one = state_at(ctx, ctx->frame->cfa + (uint64_t)v->pieces[i].off,
			       v->pieces[i].size);
		if (one == HMS_LOCAL_LIVE)
			return one;
		state = one;
	}
	return state;
}

/* ---- variables ---------------------------------------------------------------------------- */

static enum hms_local_place place_of(const struct hms_dwarf_variable *v)
{
	size_t gone = count_pieces(v, HMS_PIECE_ABSENT);

	if (gone == v->npieces)
		return HMS_LOCAL_NOWHERE;
	if (count_pieces(v, HMS_PIECE_VALUE) + gone == v->npieces)
		return HMS_LOCAL_CONSTANT;
	if (count_pieces(v, HMS_PIECE_REGISTER) + gone == v->npieces)
		return HMS_LOCAL_REGISTER;
	return HMS_LOCAL_PIECES;
}

static void fill_place(struct context *ctx, const struct hms_dwarf_variable *v,
		       struct hms_local *local)
{
	const struct hms_type *held = v->type;
	uint64_t size = held ? held->size : 8, addr = 0;

	local->state = HMS_LOCAL_GONE;
	if (!v->npieces)
		return;
	if (whole_addr(ctx, v, used_size(held), &addr))
		local->addr = addr;
	else
		local->bytes = gather(ctx, v, size, &local->gone);
	local->partial = local->gone != 0;
	local->place = local->addr ? HMS_LOCAL_MEMORY : place_of(v);
	local->state = state_of(ctx, v, local->addr, size);
	if (!local->addr && !local->bytes && local->state != HMS_LOCAL_LIVE) {
		local->state = HMS_LOCAL_GONE;
		local->place = HMS_LOCAL_NOWHERE;
	}
}

/* "&x" holds a pointer to where x lives. */
static void follow_escaped(struct context *ctx, struct hms_local *local)
{
	const uint8_t *p = local->addr ? hms_mem_peek(ctx->mem, local->addr, 8) : local->bytes;

	local->addr = p ? hms_le64(p) : 0;
	local->bytes = NULL;
	local->place = local->addr ? HMS_LOCAL_MEMORY : HMS_LOCAL_NOWHERE;
	local->escaped = true;
	if (local->name && local->name[0] == '&')
		local->name++;
	local->type =
		local->type && local->type->kind == HMS_KIND_POINTER ? local->type->elem : NULL;
}

/* Is all of the variable there?  What has its address taken is a stack object (those with pointers
 * are recorded); what was taken apart has no address. */
static bool has_home(const struct context *ctx, const struct hms_dwarf_variable *v)
{
	int64_t off = v->pieces[0].off, object;
	uint64_t size;

	if (!hms_type_has_pointers(v->type))
		return true;
	return v->pieces[0].kind == HMS_PIECE_STACK &&
	       hms_frame_object(ctx->u, ctx->frame, off, &object, &size) && object == off &&
	       size >= used_size(v->type);
}

/* Of a string or slice the lone word is taken for the pointer where the stack map marks one: the
 * others are numbers.  Of other types nothing is known. */
static bool tell_lone_word(const struct context *ctx, const struct hms_dwarf_variable *v,
			   struct hms_piece *ret)
{
	*ret = v->pieces[0];
	ret->size = 8;
	return (v->type->kind == HMS_KIND_STRING || v->type->kind == HMS_KIND_SLICE) &&
	       ret->kind == HMS_PIECE_STACK &&
	       state_at(ctx, ctx->frame->cfa + (uint64_t)ret->off, 8) == HMS_LOCAL_LIVE;
}

static void place_variable(struct context *ctx, const struct hms_dwarf_variable *v,
			   struct hms_local *local)
{
	struct hms_dwarf_variable lone = *v;
	struct hms_piece piece;

	if (v->lone_word && !has_home(ctx, v)) {
		lone.npieces = tell_lone_word(ctx, v, &piece);
		lone.pieces = &piece;
	}
	fill_place(ctx, &lone, local);
}

static struct hms_error *
visit_function(struct context *ctx, const struct hms_dwarf_function *function, size_t inlined,
	       struct hms_error *(*visit)(void *arg, const struct hms_local *local), void *arg)
{
	for (size_t i = 0; i < function->nvariables; i++) {
		const struct hms_dwarf_variable *v = &function->variables[i];
		struct hms_local local = {
			.function = function->name,
			.inlined = inlined,
			.name = v->name,
			.type = v->type,
			.parameter = v->parameter,
			.result = v->result,
			.captured = v->closure_off >= 0,
			.line = v->line,
		};

		place_variable(ctx, v, &local);
		if (v->escaped)
			follow_escaped(ctx, &local);
		HMS_TRY(visit(arg, &local));
	}
	return NULL;
}

struct hms_error *hms_locals(const struct hms_unwinder *u, struct hms_dwarf *dwarf, uint64_t bias,
			     const struct hms_stack *stack, const struct hms_frame *frame,
			     struct hms_error *(*visit)(void *arg, const struct hms_local *local),
			     void *arg)
{
	struct context ctx = {
		.u = u, .mem = hms_unwinder_mem(u), .stack = stack, .frame = frame, .bias = bias};
	const struct hms_dwarf_frame *debug;
	struct hms_error *err;

	if (!dwarf)
		return NULL;
	err = hms_dwarf_frame(dwarf, hms_frame_lookup_pc(frame) - bias, &debug);
	if (hms_err_catch(&err, HMS_ERR_NOT_FOUND))
		return NULL;
	HMS_TRY(err);
	for (size_t i = debug->nfunctions; i-- > 0;)
		HMS_TRY(visit_function(&ctx, &debug->functions[i], debug->nfunctions - 1 - i, visit,
				       arg));
	return NULL;
}
