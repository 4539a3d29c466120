/*
 * What a function goes on to do from where it stands: its code is followed on every path, with what
 * its registers and its frame hold.
 *
 * Nothing is believed that the function does not hold itself.  Memory outside of its frame is
 * unknown but for what never changes, as is what calls return; branches are taken both ways.  An
 * address that comes out the same on all paths is one that the function has settled on.
 */
#ifndef HMS_DISAS_AHEAD_H
#define HMS_DISAS_AHEAD_H

#include "disas/code.h"

#define HMS_AHEAD_REGS 32 /* the general ones */

struct hms_ahead_code {
	const struct hms_code *code;
	const struct hms_pclntab *tab;
	const struct hms_mem *mem;
	enum hms_arch arch;
	uint64_t fixed, fixed_end; /* memory that never changes: the program's types */
};

#define HMS_AHEAD_FRAME 1024 /* bytes of a frame that are kept track of */

/* Where the function stands. */
struct hms_ahead_start {
	uint32_t insn; /* the one to come, or the call that goes on */
	bool in_call;
	bool returns;   /* the call does, though its function is known never to return: compilers
			 * may not know that, and go on behind it */
	uint32_t known; /* bit i: regs[i] is; the stack pointer must be */
	uint64_t regs[HMS_AHEAD_REGS];
	size_t frame_len; /* of the frame, from the stack pointer up */
	uint8_t frame[HMS_AHEAD_FRAME];
};

enum hms_ahead_kind {
	HMS_AHEAD_UNKNOWN,
	HMS_AHEAD_VALUE,  /* it is value */
	HMS_AHEAD_LOADED, /* it is the word at address value, which may change until then */
};

struct hms_ahead_word {
	enum hms_ahead_kind kind;
	uint64_t value;
};

struct hms_ahead_state; /* at one place of one path */

struct hms_ahead_event {
	enum {
		HMS_AHEAD_STORE,  /* to addr, outside of the frame */
		HMS_AHEAD_RETURN, /* the path ends: hms_ahead_reg() and hms_ahead_stack() tell */
		HMS_AHEAD_LOST,   /* the path goes where nobody can follow */
	} what;
	uint32_t insn;
	struct hms_ahead_word addr; /* STORE */
	uint8_t size;               /* bytes stored; 0: unknown */
	const struct hms_ahead_state *state;
};

enum hms_ahead_verdict {
	HMS_AHEAD_GO_ON,
	HMS_AHEAD_NEXT_PATH, /* this one has told enough */
	HMS_AHEAD_STOP,
};

typedef enum hms_ahead_verdict hms_ahead_visit(void *arg, const struct hms_ahead_event *event);

/* False: stopped, or there are more paths than can be followed; what was told is not all. */
bool hms_ahead(const struct hms_ahead_code *code, const struct hms_ahead_start *start,
	       hms_ahead_visit *visit, void *arg);

struct hms_ahead_word hms_ahead_reg(const struct hms_ahead_state *state, uint8_t reg);
struct hms_ahead_word hms_ahead_stack(const struct hms_ahead_state *state, uint64_t addr);

#endif
