/*
 * Where a variable is at a pc: the expressions that Go emits, and the simplest of C's, as a
 * list of pieces.
 */
#include "dwarf/internal.h"

#include <string.h>

#include "dwarf/frame.h"

/* A Go value has at most a piece for each word of its fields. */
#define MAX_PIECES 4096

struct evaluation {
	const struct frame_context *context;
	struct hms_piece *pieces;
	size_t n, cap;
	struct hms_piece now; /* ABSENT: nothing since the last piece */
	bool constant;        /* now is a VALUE that DW_OP_stack_value must confirm */
};

static void put_piece(struct evaluation *e, uint64_t size)
{
	e->now.size = size;
	HMS_GROW(e->pieces, e->n, e->cap);
	e->pieces[e->n++] = e->now;
	e->now = (struct hms_piece){0};
}

static void put_constant(struct evaluation *e, uint64_t value)
{
	e->now = (struct hms_piece){.kind = HMS_PIECE_VALUE, .addr = value};
	e->constant = true;
}

static bool put_stack(struct evaluation *e, int64_t off)
{
	e->now = (struct hms_piece){.kind = HMS_PIECE_STACK, .off = off};
	return e->context->base_is_cfa;
}

static bool put_indexed_address(struct evaluation *e, uint64_t index)
{
	Dwarf_Error err = NULL;
	Dwarf_Addr addr;

	if (dwarf_debug_addr_index_to_addr(e->context->unit_die, index, &addr, &err) != DW_DLV_OK) {
		dwarf_drop(e->context->dwarf, err);
		return false;
	}
	e->now = (struct hms_piece){.kind = HMS_PIECE_ADDRESS, .addr = addr};
	return true;
}

/* Operations on what is there.  False where that is not known to mean anything. */
static bool modify(struct evaluation *e, Dwarf_Small op, uint64_t operand)
{
	switch (op) {
	case DW_OP_deref:
		if (e->now.kind != HMS_PIECE_STACK)
			return false;
		e->now.kind = HMS_PIECE_INDIRECT;
		return true;
	case DW_OP_plus_uconst:
		if (e->now.kind != HMS_PIECE_STACK)
			return false;
		return !__builtin_add_overflow(e->now.off, operand, &e->now.off);
	case DW_OP_stack_value: e->constant = false; return e->now.kind == HMS_PIECE_VALUE;
	case DW_OP_piece:
		if (e->constant || e->n >= MAX_PIECES)
			return false;
		put_piece(e, operand);
		return true;
	default: return false;
	}
}

static bool step(struct evaluation *e, Dwarf_Small op, uint64_t operand)
{
	bool fresh = e->now.kind == HMS_PIECE_ABSENT;

	if (!fresh || op == DW_OP_piece)
		return modify(e, op, operand);
	if (op >= DW_OP_reg0 && op <= DW_OP_reg31) {
		e->now = (struct hms_piece){.kind = HMS_PIECE_REGISTER, .reg = op - DW_OP_reg0};
		return true;
	}
	if (op >= DW_OP_lit0 && op <= DW_OP_lit31) {
		put_constant(e, op - DW_OP_lit0);
		return true;
	}
	switch (op) {
	case DW_OP_call_frame_cfa:
		e->now = (struct hms_piece){.kind = HMS_PIECE_STACK};
		return true;
	case DW_OP_fbreg: return put_stack(e, (int64_t)operand);
	case DW_OP_regx:
		e->now = (struct hms_piece){.kind = HMS_PIECE_REGISTER, .reg = (uint32_t)operand};
		return operand <= UINT32_MAX;
	case DW_OP_addr:
		e->now = (struct hms_piece){.kind = HMS_PIECE_ADDRESS, .addr = operand};
		return true;
	case DW_OP_addrx: return put_indexed_address(e, operand);
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts: put_constant(e, operand); return true;
	default: return false;
	}
}

/* An expression that is not understood gives no pieces. */
static void evaluate(struct evaluation *e, Dwarf_Locdesc_c expression, Dwarf_Unsigned nops)
{
	struct hms_dwarf *dwarf = e->context->dwarf;
	Dwarf_Unsigned operand, second, third, branch;
	Dwarf_Error err = NULL;
	Dwarf_Small op;

	for (Dwarf_Unsigned i = 0; i < nops; i++) {
		if (dwarf_get_location_op_value_c(expression, i, &op, &operand, &second, &third,
						  &branch, &err) != DW_DLV_OK) {
			dwarf_drop(dwarf, err);
			e->n = 0;
			return;
		}
		if (!step(e, op, operand)) {
			e->n = 0;
			return;
		}
	}
	if (e->now.kind != HMS_PIECE_ABSENT && e->n == 0 && !e->constant)
		put_piece(e, 0);
	else if (e->now.kind != HMS_PIECE_ABSENT)
		e->n = 0; /* bytes after the last piece */
}

static bool entry_is_location(Dwarf_Small code)
{
	return code == DW_LLE_startx_endx || code == DW_LLE_startx_length ||
	       code == DW_LLE_offset_pair || code == DW_LLE_start_end ||
	       code == DW_LLE_start_length;
}

/* Entry @i if it holds at the pc; what is damaged holds nowhere. */
static bool try_entry(struct evaluation *e, Dwarf_Loc_Head_c head, Dwarf_Unsigned i, bool list)
{
	Dwarf_Unsigned raw_low, raw_high, nops, expression_off, entry_off;
	Dwarf_Bool no_debug_addr = 0;
	Dwarf_Small code, source;
	Dwarf_Locdesc_c expression;
	Dwarf_Error err = NULL;
	Dwarf_Addr low, high;

	if (dwarf_get_locdesc_entry_d(head, i, &code, &raw_low, &raw_high, &no_debug_addr, &low,
				      &high, &nops, &expression, &source, &expression_off,
				      &entry_off, &err) != DW_DLV_OK) {
		dwarf_drop(e->context->dwarf, err);
		return false;
	}
	if (list && (no_debug_addr || !entry_is_location(code) || e->context->pc < low ||
		     e->context->pc >= high))
		return false;
	evaluate(e, expression, nops);
	return true;
}

/* Lists by index are only clang's; of C's variables nobody asks. */
static bool is_readable(const struct frame_context *context, Dwarf_Attribute attr)
{
	Dwarf_Half version = 0, offset_size;
	const uint8_t *p;
	uint64_t list;
	size_t len;

	if (attr_block(context->dwarf, attr, &p, &len))
		return true;
	if (!attr_offset(context->dwarf, attr, &list))
		return false;
	return dwarf_get_version_of_die(context->unit_die, &version, &offset_size) == DW_DLV_OK &&
	       (version < 5 || location_list_ends(context->dwarf, list));
}

size_t location_pieces(const struct frame_context *context, Dwarf_Attribute attr,
		       const struct hms_piece **ret)
{
	struct evaluation e = {.context = context};
	struct hms_dwarf *dwarf = context->dwarf;
	Dwarf_Error err = NULL;
	Dwarf_Loc_Head_c head;
	Dwarf_Unsigned n;
	unsigned int kind = DW_LKIND_unknown;

	if (!is_readable(context, attr))
		return 0;
	if (dwarf_get_loclist_c(attr, &head, &n, &err) != DW_DLV_OK) {
		dwarf_drop(dwarf, err);
		return 0;
	}
	if (dwarf_get_loclist_head_kind(head, &kind, &err) != DW_DLV_OK)
		dwarf_drop(dwarf, err);
	for (Dwarf_Unsigned i = 0; i < n; i++) {
		if (try_entry(&e, head, i, kind != DW_LKIND_expression))
			break;
	}
	compat_dwarf_free_loc_head(head);
	if (e.n)
		*ret = hms_arena_memdup(dwarf->arena, e.pieces, e.n * sizeof(*e.pieces));
	free(e.pieces);
	return e.n;
}
