/*
 * Stacks of goroutines: from where a goroutine stopped to where it was started.
 *
 * A goroutine that runs is followed from its thread's registers: through signal frames, the
 * thread's own stack (g0) and systemstack or mcall back to its stack.  Any other is followed from
 * what the runtime saved.  Frames come from the function tables alone (pcsp), as in
 * src/runtime/traceback.go; frame pointers are not needed.
 *
 * A stack that is damaged or absent ends early and says why; it never leads to a wild walk: the
 * stack pointer grows, stays on the stack it is on, and each kind of stack is entered a bounded
 * number of times.
 */
#ifndef HMS_GORO_UNWIND_H
#define HMS_GORO_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "goro/goroutine.h"
#include "rt/pclntab.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Why a stack ends.  X(name, complete, text) */
#define HMS_STACK_ENDS(X)                                                                      \
	X(DONE, true, "complete")                                                              \
	X(NOTHING, true, "it has no stack")                                                    \
	X(NO_THREAD, false, "it was running on a thread whose registers are not in the core")  \
	X(UNKNOWN_PC, false, "no Go function has this pc")                                     \
	X(NO_FRAME_SIZE, false, "the function's frame size is not recorded")                   \
	X(SWITCHES_STACK, false, "the function switches stacks in a way that is not recorded") \
	X(NOT_SAVED, false, "the core lacks the next part of the stack")                       \
	X(OFF_STACK, false, "the next frame is not on the stack")                              \
	X(NO_PROGRESS, false, "the frame has a negative size")                                 \
	X(SIGNAL_FRAME, false, "the signal frame cannot be read")                              \
	X(TOO_DEEP, false, "too many stacks are nested")                                       \
	X(OUTSIDE_GO, false, "it ends in code that is not Go's")

enum hms_stack_end {
#define X(name, complete, text) HMS_STACK_##name,
	HMS_STACK_ENDS(X)
#undef X
};

const char *hms_stack_end_text(enum hms_stack_end end);
bool hms_stack_end_complete(enum hms_stack_end end);

/* Which stack a frame lies on. */
enum hms_stack_kind {
	HMS_STACK_USER,   /* the goroutine's own */
	HMS_STACK_G0,     /* its thread's */
	HMS_STACK_SIGNAL, /* its thread's for signal handlers */
};

/* Registers of a frame whose function was interrupted: by DWARF number (amd64: 0 rax, 1 rdx, 2
 * rcx, 3 rbx, 4 rsi, 5 rdi, 6 rbp, 7 rsp, 8..15 r8..r15; arm64: 0..30 x0..x30, 31 sp). */
#define HMS_DWARF_NREGS 32
struct hms_regs {
	uint64_t value[HMS_DWARF_NREGS];
	uint32_t known; /* bit i: value[i] is */
	uint64_t pc;
	uint64_t sp;
};

/* What is known of a pc, shared by all frames that stand there. */
struct hms_place {
	struct hms_func func;
	enum hms_func_kind kind;
	uint64_t pc;        /* where the frame goes on, or was interrupted */
	uint64_t lookup_pc; /* what tables and debug information are asked with: mostly pc - 1 */
	bool has_delta;
	int32_t sp_delta;
	uint32_t ncalls;
	const struct hms_call *calls; /* source-level calls, innermost first */
};

/* A physical frame: one function's, with what was inlined into it. */
struct hms_frame {
	const struct hms_place *place; /* lives as long as the unwinder */
	uint64_t sp;                   /* at place->pc */
	uint64_t cfa;                  /* the caller's sp: DWARF's canonical frame address */
	uint8_t stack;                 /* enum hms_stack_kind */
	bool first;       /* innermost of its stack: no call was made from it, or none returns */
	bool interrupted; /* by a signal, or made to call (sigpanic, asyncPreempt): not at a call */
	int32_t regs;     /* index in hms_stack.regs; -1: none survive */
};

/* The pc to ask debug information and stack maps with.  place->lookup_pc is what Go's traceback
 * looks lines up with, which before Go 1.21 is one less where asyncPreempt was injected. */
static inline uint64_t hms_frame_lookup_pc(const struct hms_frame *frame)
{
	return frame->interrupted ? frame->place->pc : frame->place->lookup_pc;
}

/* Frames kept of a stack; of a deeper one, the middle is left out (HMS_FRAMES_OUTER of the
 * outermost are kept). */
#define HMS_MAX_FRAMES   (1u << 20)
#define HMS_FRAMES_OUTER 1024

/* How often a stack may lead to another: signal frames nest. */
#define HMS_MAX_STACK_SWITCHES 16

struct hms_stack {
	struct hms_frame *frames; /* innermost first */
	size_t n;
	size_t cap;
	uint64_t left_out;      /* frames, between the inner and the outermost ones */
	size_t left_out_at;     /* index of the frame that follows them */
	enum hms_stack_end end; /* why it ends where it does */
	uint64_t end_addr;      /* the pc or address that ended it */
	struct hms_regs *regs;
	size_t nregs;
	size_t regs_cap;
};

void hms_stack_deinit(struct hms_stack *stack);

/* Remembers places; not shared between threads, one each. */
struct hms_unwinder;

struct hms_unwinder *hms_unwinder_create(const struct hms_goros *goros);
void hms_unwinder_destroy(struct hms_unwinder *u); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_unwinder, hms_unwinder_destroy)

/* The memory image that stacks are read from. */
const struct hms_mem *hms_unwinder_mem(const struct hms_unwinder *u);

/* Unwind @g.  Never fails: what could not be followed is in ret->end.  @ret is reused: zeroed
 * before the first use, hms_stack_deinit() after the last. */
void hms_unwind(struct hms_unwinder *u, const struct hms_goroutine *g, struct hms_stack *ret);

/* Source-level frames of a stack, those of inlined calls included: what a traceback prints. */
size_t hms_stack_ncalls(const struct hms_stack *stack);

/* Whether a word of a frame is alive, as the garbage collector sees it. */
enum hms_word_state {
	HMS_WORD_UNKNOWN, /* no map for this frame, or not a place where one holds */
	HMS_WORD_DEAD,    /* the map says: no live pointer here (or no pointer at all) */
	HMS_WORD_LIVE,    /* a live pointer */
	HMS_WORD_OBJECT,  /* in a variable whose address was taken: alive if something points to it
			   */
};

/* The word at cfa + @cfa_off (locals below, arguments above), by the function's stack map at the
 * frame's pc.  Unknown in an interrupted frame: maps hold at calls only. */
enum hms_word_state hms_frame_word(const struct hms_unwinder *u, const struct hms_frame *frame,
				   int64_t cfa_off);

/* The address-taken variable that holds cfa + @cfa_off; false: none. */
bool hms_frame_object(const struct hms_unwinder *u, const struct hms_frame *frame, int64_t cfa_off,
		      int64_t *off_ret, uint64_t *size_ret);

#endif
