/*
 * Goroutines and threads: which there are, what state they are in, which runs where.
 *
 * Mirrors src/runtime/runtime2.go (g, m) and traceback.go (goroutineheader, printcreatedby,
 * isSystemGoroutine).  Stacks are unwound on demand: goro/unwind.h.
 */
#ifndef HMS_GORO_GOROUTINE_H
#define HMS_GORO_GOROUTINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/corefile.h"
#include "rt/pclntab.h"
#include "rt/rt.h"
#include "util/cleanup.h"
#include "util/error.h"

/* g.atomicstatus without its scan bit: X(name, number, text) */
#define HMS_G_STATUSES(X)                         \
	X(IDLE, 0, "idle")                        \
	X(RUNNABLE, 1, "runnable")                \
	X(RUNNING, 2, "running")                  \
	X(SYSCALL, 3, "syscall")                  \
	X(WAITING, 4, "waiting")                  \
	X(DEAD, 6, "dead")                        \
	X(COPYSTACK, 8, "copystack")              \
	X(PREEMPTED, 9, "preempted")              \
	X(LEAKED, 10, "leaked")       /* 1.26+ */ \
	X(DEADEXTRA, 11, "deadextra") /* 1.26+: waits for a C thread to need it */

enum hms_g_status {
#define X(name, number, text) HMS_G_##name = (number),
	HMS_G_STATUSES(X)
#undef X
};

/* "waiting"; "unknown" for a number that no release has. */
const char *hms_g_status_text(uint32_t status);

struct hms_goroutine {
	uint64_t addr; /* of its runtime.g */
	uint64_t id;
	uint32_t status;         /* enum hms_g_status, or what stands there */
	bool scanned;            /* the garbage collector was looking at its stack */
	bool system;             /* the runtime's own (isSystemGoroutine) */
	bool locked;             /* to its thread */
	const char *wait_reason; /* "chan receive"; NULL: none, or unknown */
	int64_t wait_since;      /* the runtime's clock, ns; 0: never set, which is usual */
	int64_t wait_at_least;   /* ns, to the latest time found in the core; -1: unknown */
	uint64_t stack_lo, stack_hi;
	uint64_t sched_pc, sched_sp, sched_lr, sched_bp;
	uint64_t syscall_pc, syscall_sp;
	uint64_t start_pc; /* of the function that it was started with */
	uint64_t go_pc;    /* of the go statement */
	uint64_t parent;   /* id of the goroutine that started it; 0: unknown (before 1.21) */
	uint64_t m;        /* address of the runtime.m it runs on; 0: none */
	int32_t thread;    /* index in hms_goros.threads of that m; -1: none */
};

/* A thread of the runtime: an m. */
struct hms_go_thread {
	uint64_t m;
	int64_t id;                  /* m.id; -1: unknown */
	uint32_t lwp;                /* m.procid: the thread ID of the core; 0: not started yet */
	const struct hms_thread *os; /* its registers; NULL: not in the core */
	uint64_t curg;               /* address of the goroutine it runs; 0: none */
	uint64_t g0, g0_lo, g0_hi;   /* scheduler stack; the first thread's bounds are estimates */
	uint64_t gsignal, gsignal_lo, gsignal_hi;
	uint64_t vdso_pc, vdso_sp; /* where it left Go code for the vDSO; 0: it did not */
	bool crashing;             /* throwing or dying: what the process died of */
};

struct hms_goros {
	const struct hms_rt *rt; /* borrowed, as core and pclntab are */
	const struct hms_corefile *core;
	const struct hms_pclntab *pclntab;
	struct hms_goroutine *list; /* in the runtime's order (allgs), dead ones left out */
	size_t n;
	struct hms_go_thread *threads; /* in the runtime's order: the newest first */
	size_t nthreads;
	size_t dead;       /* left out */
	size_t unreadable; /* left out: the core lacks or damages them */
	int64_t latest;    /* latest time found in the core, the runtime's clock; 0: none */
	struct hms_arena *arena;
	uint32_t *by_stack; /* indexes in list, by stack_lo */
	const char **wait_reasons;
	size_t nwait_reasons;
};

/* Read all of them.  HMS_ERR_ABSENT or HMS_ERR_NOT_FOUND where the program lacks what this rests
 * on; a goroutine that cannot be read is counted and left out. */
struct hms_error *hms_goros_open(const struct hms_rt *rt, const struct hms_corefile *core,
				 const struct hms_pclntab *pclntab, struct hms_goros **ret)
	HMS_MUST_USE;
void hms_goros_close(struct hms_goros *goros); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_goros, hms_goros_close)

/* By id, or by the address of its g; NULL: none. */
const struct hms_goroutine *hms_goro_find(const struct hms_goros *goros, uint64_t id);
const struct hms_goroutine *hms_goro_at(const struct hms_goros *goros, uint64_t addr);

/* The goroutine whose stack holds @addr; NULL: none. */
const struct hms_goroutine *hms_goro_of_stack(const struct hms_goros *goros, uint64_t addr);

/* Thread ID of the core that runs it; 0: none. */
uint32_t hms_goro_lwp(const struct hms_goros *goros, const struct hms_goroutine *g);

/* What the thread was doing when the core was taken. */
enum hms_thread_on {
	HMS_THREAD_UNKNOWN, /* its registers are not in the core, or its stack is none of these */
	HMS_THREAD_ON_USER, /* its goroutine's code */
	HMS_THREAD_ON_G0,   /* the scheduler, or runtime code on behalf of its goroutine */
	HMS_THREAD_ON_GSIGNAL, /* a signal handler */
};
enum hms_thread_on hms_thread_on(const struct hms_goros *goros, const struct hms_go_thread *thread);

/* The go statement that started it, as a traceback's "created by" names it. */
struct hms_created_by {
	const char *function; /* as in the table: hms_func_print_name() for people */
	const char *file;     /* NULL: unknown */
	int32_t line;
	uint64_t goroutine; /* 0: unknown */
};

/* False for the main goroutine, and where it is not known. */
bool hms_goro_created_by(const struct hms_goros *goros, const struct hms_goroutine *g,
			 struct hms_created_by *ret);

#endif
