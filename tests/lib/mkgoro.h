/*
 * Goroutines and threads from literals, in the layout of Go 1.21, on top of mkpcln's function
 * tables: the runtime's lists, stacks to put frames on, registers.
 */
#ifndef HMS_TESTS_LIB_MKGORO_H
#define HMS_TESTS_LIB_MKGORO_H

#include <stdint.h>

#include "lib/mkpcln.h"
#include "util/cleanup.h"

#define MKGORO_STACK      0xc000100000 /* 4 KB a goroutine, 64 KB apart */
#define MKGORO_STACK_SIZE 0x1000
#define MKGORO_STACKS     16 /* at most as many goroutines */
#define MKGORO_THREADS    4
#define MKGORO_G0         0x7ffe00000000 /* of thread 0, likewise */
#define MKGORO_GSIGNAL    0xc000800000

/* Frames of amd64: what the functions' tables say, see mkgoro_functions(). */
enum {
	FN_LEAF = 0x000,        /* main.leaf, 24 bytes from offset 4 on */
	FN_CALLER = 0x040,      /* main.caller, 40 */
	FN_GOEXIT = 0x080,      /* runtime.goexit, 0, ends the stack */
	FN_GOPARK = 0x0c0,      /* runtime.gopark, 32 */
	FN_SYSTEMSTACK = 0x100, /* runtime.systemstack, 0, writes SP */
	FN_SWITCH = 0x140,      /* runtime.systemstack_switch, 0 */
	FN_SIGTRAMP = 0x180,    /* runtime.sigtramp, 56, ends the stack */
	FN_HANDLER = 0x1c0,     /* runtime.sighandler, 16 */
	FN_PREEMPT = 0x200,     /* runtime.asyncPreempt, 128 */
	FN_PREEMPT2 = 0x240,    /* runtime.asyncPreempt2, 16 */
	FN_SIGPANIC = 0x280,    /* runtime.sigpanic, 24 */
	FN_NANOTIME = 0x2c0,    /* runtime.nanotime1, 16, writes SP */
	FN_MSTART = 0x300,      /* runtime.mstart, 0, ends the stack */
	FN_SYSCALL = 0x340,     /* runtime/internal/syscall.Syscall6, 8, writes SP */
	FN_GOGO = 0x380,        /* runtime.gogo, 0, writes SP */
	FN_NOSIZE = 0x3c0,      /* main.nosize: no table of frame sizes */
	FN_NEGATIVE = 0x400,    /* main.negative, -8 */
	FN_MAIN = 0x440,        /* runtime.main, 16 */
	FN_BGSWEEP = 0x480,     /* runtime.bgsweep, 16 */
	FN_FINALIZERS = 0x4c0,  /* runtime.runfinq, 16 */
	FN_ASMCGOCALL = 0x500,  /* runtime.asmcgocall, 0, writes SP */
	FN_END = 0x540,
};

/* Run-time address @off bytes into a function.  Lines: FN / 0x40 * 10 + 1 in the first 0x20 bytes
 * of each, one more behind; file "/src/x.go". */
#define AT(fn, off) ((uint64_t)MKPCLN_TEXT + (fn) + (off))

struct mkgoro {
	struct mkpcln *pcln;
	uint64_t list; /* array of *g */
	uint32_t ng, nm;
	uint64_t fing_status; /* address of runtime.fingStatus */
};

struct mkgoro_g {
	uint32_t status; /* 1 runnable, 2 running, 3 syscall, 4 waiting, ... */
	uint64_t id;
	uint64_t pc, sp; /* sched */
	uint64_t syscall_pc, syscall_sp;
	uint8_t wait_reason;
	int64_t wait_since;
	uint64_t m;
	uint64_t start_pc, go_pc, parent;
	uint64_t locked_m;
};

struct mkgoro *mkgoro_create(void);
void mkgoro_destroy(struct mkgoro *mk);
HMS_DEFINE_CLEANUP(mkgoro, mkgoro_destroy)

/* Add a goroutine, its stack number ng (0, 1, ...); the address of its g. */
uint64_t mkgoro_g(struct mkgoro *mk, const struct mkgoro_g *g);
/* The end of stack number @i. */
uint64_t mkgoro_stack_end(uint32_t i);

/* Add a thread that runs @curg; the address of its m.  Threads are linked in the order they are
 * added.  The g0 and gsignal stacks of thread i lie 64 KB apart. */
uint64_t mkgoro_m(struct mkgoro *mk, uint32_t lwp, uint64_t curg);
void mkgoro_vdso(struct mkgoro *mk, uint64_t m, uint64_t pc, uint64_t sp);
/* Make m.alllink lead to @to. */
void mkgoro_link(struct mkgoro *mk, uint64_t m, uint64_t to);
/* A thread of the core with these registers. */
void mkgoro_regs(struct mkgoro *mk, uint32_t lwp, uint64_t pc, uint64_t sp, uint64_t rax);

/* A signal frame whose ucontext begins at @addr: saved pc, sp, rax. */
void mkgoro_signal_frame(struct mkgoro *mk, uint64_t addr, uint64_t pc, uint64_t sp, uint64_t rax);

/* runtime.sched.lastpoll. */
void mkgoro_lastpoll(struct mkgoro *mk, uint64_t time);
/* Length of runtime.allgs. */
void mkgoro_count(struct mkgoro *mk, uint64_t n);

/* Store words upwards from @addr. */
void mkgoro_words(struct mkgoro *mk, uint64_t addr, size_t n, const uint64_t *words);

/* Write the tables, open everything down to mk->pcln->rt. */
void mkgoro_open(struct mkgoro *mk);

#endif
