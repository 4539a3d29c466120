/* The flow of values comes to rest: what meets at joins of paths, block by block, until nothing
 * changes any more. */
#include "disas/flow_impl.h"

#include <string.h>

#include "util/arena.h"

#define MAX_ROUNDS 64
#define MAX_BLOCKS (1u << 15)

/* ---- joins --------------------------------------------------------------------------------- */

/* Slots that hold the same in both. */
static void join_slots(struct hms_flow_state *into, const struct hms_flow_state *from)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < into->nslots; i++)
		for (uint32_t k = 0; k < from->nslots; k++)
			if (into->slots[i].off == from->slots[k].off &&
			    hms_val_equal(into->slots[i].val, from->slots[k].val)) {
				into->slots[n++] = into->slots[i];
				break;
			}
	into->nslots = n;
}

static void join(struct hms_flow_state *into, const struct hms_flow_state *from, uint32_t block)
{
	if (!from->reached)
		return;
	if (!into->reached) {
		*into = *from;
		return;
	}
	for (uint8_t reg = 0; reg < HMS_FLOW_REGS; reg++)
		if (!hms_val_equal(into->regs[reg], from->regs[reg]))
			into->regs[reg] = hms_flow_joined(block, reg);
	join_slots(into, from);
	into->always &= from->always;
	into->ever |= from->ever;
}

static bool states_equal(const struct hms_flow_state *a, const struct hms_flow_state *b)
{
	if (a->reached != b->reached || a->always != b->always || a->ever != b->ever ||
	    a->nslots != b->nslots)
		return false;
	for (uint8_t reg = 0; reg < HMS_FLOW_REGS; reg++)
		if (!hms_val_equal(a->regs[reg], b->regs[reg]))
			return false;
	for (uint32_t i = 0; i < a->nslots; i++)
		if (a->slots[i].off != b->slots[i].off ||
		    !hms_val_equal(a->slots[i].val, b->slots[i].val))
			return false;
	return true;
}

/* ---- to rest ------------------------------------------------------------------------------- */

/* While the flow is on its way. */
struct settling {
	struct hms_flow_state *ends; /* of the blocks */
	uint32_t *pred_first;        /* preds[pred_first[b]] up to preds[pred_first[b + 1]] */
	uint32_t *preds;             /* lead to block b */
};

static void find_preds(const struct hms_code *code, struct settling *s)
{
	HMS_AUTO_FREE uint32_t *at = NULL;
	uint32_t n = 0;

	s->pred_first = hms_xcalloc((size_t)code->nblocks + 1, sizeof(*s->pred_first));
	for (uint32_t b = 0; b < code->nblocks; b++)
		for (uint32_t i = 0; i < code->blocks[b].nsucc; i++, n++)
			s->pred_first[code->succs[code->blocks[b].succ_first + i] + 1]++;
	for (uint32_t b = 0; b < code->nblocks; b++)
		s->pred_first[b + 1] += s->pred_first[b];
	s->preds = hms_xcalloc((size_t)n + 1, sizeof(*s->preds));
	at = hms_xcalloc((size_t)code->nblocks + 1, sizeof(*at));
	memcpy(at, s->pred_first, code->nblocks * sizeof(*at));
	for (uint32_t b = 0; b < code->nblocks; b++)
		for (uint32_t i = 0; i < code->blocks[b].nsucc; i++)
			s->preds[at[code->succs[code->blocks[b].succ_first + i]]++] = b;
}

static void entry_state(struct hms_flow_state *ret)
{
	*ret = (struct hms_flow_state){.reached = true};
	for (uint8_t reg = 0; reg < HMS_FLOW_REGS; reg++)
		ret->regs[reg].base = HMS_BASE_ENTRY(reg);
}

/* Work out the start of block @b, and its end if that changed. */
static bool flow_block(struct hms_flow *flow, struct settling *s, uint32_t b)
{
	const struct hms_code_block *block = &flow->code->blocks[b];
	struct hms_flow_state state = {0};

	if (b == 0)
		entry_state(&state);
	for (uint32_t i = s->pred_first[b]; i < s->pred_first[b + 1]; i++)
		join(&state, &s->ends[s->preds[i]], b);
	if (states_equal(&state, &flow->starts[b]))
		return false;
	flow->starts[b] = state;
	for (uint32_t i = 0; i < block->n; i++)
		hms_flow_step(flow, &state, block->first + i);
	s->ends[b] = state;
	return true;
}

bool hms_flow_settle(struct hms_flow *flow)
{
	const struct hms_code *code = flow->code;
	struct settling s = {0};
	bool changed = true;

	if (code->nblocks > MAX_BLOCKS)
		return false;
	s.ends = hms_xcalloc((size_t)code->nblocks + 1, sizeof(*s.ends));
	find_preds(code, &s);
	for (int round = 0; changed && round < MAX_ROUNDS; round++) {
		changed = false;
		for (uint32_t b = 0; b < code->nblocks; b++)
			changed |= flow_block(flow, &s, b);
	}
	free(s.ends);
	free(s.pred_first);
	free(s.preds);
	return !changed;
}
