/* What the parts of disas/flow.h share. */
#ifndef HMS_DISAS_FLOW_IMPL_H
#define HMS_DISAS_FLOW_IMPL_H

#include "disas/flow.h"

struct hms_flow {
	const struct hms_code *code;
	const struct hms_pclntab *tab;
	enum hms_arch arch;
	uint8_t sp;
	hms_flow_event *event;
	void *arg;
	struct hms_flow_state *starts; /* of the blocks */
	struct hms_val *loads;
	uint32_t nloads, cap_loads;
	uint32_t *load_slots; /* open addressing: index + 1 */
	uint32_t nload_slots;
	/* The last answer: questions mostly come in the order of the code. */
	struct hms_flow_state cursor; /* before instruction cursor_at; not reached: none */
	uint32_t cursor_at, cursor_block;
};

/* What comes to block @block in @reg by paths that do not agree. */
struct hms_val hms_flow_joined(uint32_t block, uint8_t reg);

/* What instruction @i does to @state. */
void hms_flow_step(struct hms_flow *flow, struct hms_flow_state *state, uint32_t i);

/* Fill in flow->starts; false: it did not come to rest within its bound. */
bool hms_flow_settle(struct hms_flow *flow);

#endif
