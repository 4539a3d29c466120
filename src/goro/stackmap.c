/*
 * Stack maps: which words of a frame hold live pointers.
 *
 * FUNCDATA 0 (arguments) and 1 (locals) are {n int32, nbit int32, n bitmaps}; PCDATA 1 at the
 * lookup pc picks the bitmap.  Bit i is word i: arguments count from the caller's sp, locals end
 * below the return address and saved frame pointer (src/runtime/stkframe.go, getStackMap).
 *
 * A variable whose address was taken is no word of the map but a stack object: it lives while
 * something live points to it (FUNCDATA stack objects; src/runtime/stack.go, stackObjectRecord).
 */
#include "goro/arch.h"
#include "goro/unwind.h"

#define MAX_OBJECTS 65536

/* Bit @word of the map's bitmap number @index. */
static enum hms_word_state map_bit(const struct hms_mem *mem, uint64_t map, int32_t index,
				   uint64_t word)
{
	const uint8_t *head = map ? hms_mem_peek(mem, map, 8) : NULL;
	uint32_t n, nbit;
	const uint8_t *byte;

	if (!head)
		return HMS_WORD_UNKNOWN;
	n = hms_le32(head);
	nbit = hms_le32(head + 4);
	if (index < 0 || n > INT32_MAX || nbit > INT32_MAX || (uint32_t)index >= n)
		return HMS_WORD_UNKNOWN;
	/* Words beyond the map hold no pointers. */
	if (word >= nbit)
		return HMS_WORD_DEAD;
	byte = hms_mem_peek(mem, map + 8 + (uint64_t)(uint32_t)index * ((nbit + 7) / 8) + word / 8,
			    1);
	if (!byte)
		return HMS_WORD_UNKNOWN;
	return *byte >> (word % 8) & 1 ? HMS_WORD_LIVE : HMS_WORD_DEAD;
}

/* Offset from the cfa where the locals' region ends. */
static int64_t locals_end(const struct hms_unwinder *u, const struct hms_frame *frame)
{
	return -(int64_t)hms_unwinder_arch(u)->locals_off(frame->place->sp_delta);
}

static enum hms_word_state local_state(const struct hms_unwinder *u, const struct hms_frame *frame,
				       int32_t index, int64_t cfa_off)
{
	const struct hms_mem *mem = hms_unwinder_goros(u)->rt->mem;
	uint64_t map = hms_func_funcdata(&frame->place->func, HMS_FUNCDATA_LOCALS_MAP);
	const uint8_t *head = map ? hms_mem_peek(mem, map, 8) : NULL;
	int64_t start;

	if (!head)
		return HMS_WORD_UNKNOWN;
	start = locals_end(u, frame) - 8 * (int64_t)hms_le32(head + 4);
	if (cfa_off < start || cfa_off >= locals_end(u, frame))
		return HMS_WORD_DEAD;
	return map_bit(mem, map, index, (uint64_t)(cfa_off - start) / 8);
}

static enum hms_word_state arg_state(const struct hms_unwinder *u, const struct hms_frame *frame,
				     int32_t index, int64_t cfa_off)
{
	uint64_t map = hms_func_funcdata(&frame->place->func, HMS_FUNCDATA_ARGS_MAP);
	int64_t off = cfa_off - hms_unwinder_arch(u)->args_off;

	if (off < 0)
		return HMS_WORD_UNKNOWN;
	return map_bit(hms_unwinder_goros(u)->rt->mem, map, index, (uint64_t)off / 8);
}

enum hms_word_state hms_frame_word(const struct hms_unwinder *u, const struct hms_frame *frame,
				   int64_t cfa_off)
{
	const struct hms_place *place = frame->place;
	enum hms_word_state state;
	int32_t index = -1;
	int64_t object;
	uint64_t size;

	if (hms_frame_object(u, frame, cfa_off, &object, &size))
		return HMS_WORD_OBJECT;
	if (frame->interrupted)
		return HMS_WORD_UNKNOWN;
	if (place->pc != place->func.entry)
		index = hms_func_pcdata(&place->func, HMS_PCDATA_STACK_MAP, place->lookup_pc);
	/* -1 is the prologue: the first map holds there. */
	if (index == -1)
		index = 0;
	state = cfa_off < 0 ? local_state(u, frame, index, cfa_off)
			    : arg_state(u, frame, index, cfa_off);
	return state;
}

/* ---- stack objects ---------------------------------------------------------------------- */

/* Size of the object that record @p describes: recorded from 1.17 on, before that its type's. */
static uint64_t object_size(const struct hms_rt *rt, const uint8_t *p)
{
	const struct hms_layout *layout = &rt->layout;
	const struct hms_type *type;

	if (hms_layout_has(layout, HMS_F_STACKOBJECT_SIZE))
		return (uint32_t)hms_layout_get(layout, HMS_F_STACKOBJECT_SIZE, p);
	if (!hms_layout_has(layout, HMS_F_STACKOBJECT_TYPE))
		return 0;
	type = hms_rt_type_at(rt, hms_layout_get(layout, HMS_F_STACKOBJECT_TYPE, p));
	return type ? type->size : 0;
}

static int64_t object_off(const struct hms_layout *layout, const uint8_t *p)
{
	uint64_t raw = hms_layout_get(layout, HMS_F_STACKOBJECT_OFF, p);

	return layout->facts[HMS_F_STACKOBJECT_OFF].size == 4 ? (int32_t)raw : (int64_t)raw;
}

bool hms_frame_object(const struct hms_unwinder *u, const struct hms_frame *frame, int64_t cfa_off,
		      int64_t *off_ret, uint64_t *size_ret)
{
	const struct hms_rt *rt = hms_unwinder_goros(u)->rt;
	const struct hms_layout *layout = &rt->layout;
	uint32_t record = layout->facts[HMS_F_STACKOBJECT].size;
	uint64_t at = hms_func_funcdata(&frame->place->func, HMS_FUNCDATA_STACK_OBJECTS);
	const uint8_t *head = at ? hms_mem_peek(rt->mem, at, 8) : NULL;
	uint64_t n = head ? hms_le64(head) : 0;

	if (!hms_layout_has(layout, HMS_F_STACKOBJECT) ||
	    !hms_layout_has(layout, HMS_F_STACKOBJECT_OFF) || n > MAX_OBJECTS)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		const uint8_t *p = hms_mem_peek(rt->mem, at + 8 + i * record, record);
		int64_t off, base;
		uint64_t size;

		if (!p)
			return false;
		off = object_off(layout, p);
		size = object_size(rt, p);
		/* Negative from the end of the locals, else from the arguments. */
		base = off < 0 ? locals_end(u, frame) : (int64_t)hms_unwinder_arch(u)->args_off;
		if (__builtin_add_overflow(off, base, &off))
			continue;
		if (cfa_off >= off && (uint64_t)cfa_off - (uint64_t)off < size) {
			*off_ret = off;
			*size_ret = size;
			return true;
		}
	}
	return false;
}
