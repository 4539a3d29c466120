/*
 * The runtime's function tables: program counter to function, file, line, inlined calls, stack
 * frame size, stack maps.  They are in every Go program, stripped or not, and they are what Go's
 * own tracebacks are made from.
 *
 * Mirrors src/runtime/symtab.go (findfunc, pcvalue, funcline, funcdata) and symtabinl.go.  Where
 * things lie comes from the program's debug information (facts.def).  All tables are taken for
 * hostile: every offset is checked against its table, and what cannot be read is unknown.
 *
 * Immutable once open; threads may share it.  Strings are borrowed from the memory image and live
 * as long as it does.
 */
#ifndef HMS_RT_PCLNTAB_H
#define HMS_RT_PCLNTAB_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/rt.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/str.h"

/* Functions that a stack walk treats in a way of their own.  Told by name: the numbers that
 * src/internal/abi/funcid.go gives them differ between releases. */
enum hms_func_kind {
	HMS_FUNC_ORDINARY,
	HMS_FUNC_GOEXIT, /* bottom of every goroutine's stack */
	HMS_FUNC_MSTART, /* bottom of a thread's stack */
	HMS_FUNC_RT0_GO, /* bottom of the first thread's */
	HMS_FUNC_MCALL,  /* these four leave the goroutine's stack for the thread's */
	HMS_FUNC_MORESTACK,
	HMS_FUNC_SYSTEMSTACK,
	HMS_FUNC_ASMCGOCALL,
	HMS_FUNC_SYSTEMSTACK_SWITCH, /* what systemstack leaves behind on the goroutine's */
	HMS_FUNC_CGOCALLBACK,
	HMS_FUNC_SIGTRAMP,      /* called by the kernel: a signal frame lies above it */
	HMS_FUNC_SIGRETURN,     /* where a signal handler returns to: likewise */
	HMS_FUNC_SIGPANIC,      /* made to look like a call from where the signal came */
	HMS_FUNC_ASYNC_PREEMPT, /* likewise */
	HMS_FUNC_DEBUG_CALL,    /* likewise */
	HMS_FUNC_VDSO,          /* calls into the vDSO, on the thread's stack */
	HMS_FUNC_RUNTIME_MAIN,  /* start functions that say what a goroutine is for */
	HMS_FUNC_COROSTART,
	HMS_FUNC_FINALIZERS,
	HMS_FUNC_CLEANUPS,
	HMS_FUNC_EVENT_HANDLER,
};

/* abi.FuncFlag; Go 1.17 and later */
#define HMS_FUNC_TOP_FRAME 1
#define HMS_FUNC_WRITES_SP 2
#define HMS_FUNC_ASSEMBLY  4

struct hms_pclntab;
struct hms_pcln_module;

/* A function.  A value: copy it as you like while its hms_pclntab is open. */
struct hms_func {
	uint64_t entry;
	uint64_t end;
	const char
		*name; /* as in the table, "main.F[go.shape.int]"; NULL where it cannot be read */
	uint8_t flags;
	int32_t args;         /* bytes of arguments; -2^31: unknown (assembly) */
	uint32_t deferreturn; /* offset of a deferreturn call; 0: none */
	int32_t start_line;   /* 0: not recorded (before Go 1.20) */
	/* Offsets of the pc-value tables; for this module's functions below. */
	uint32_t pcsp, pcfile, pcln;
	uint32_t cu_offset;
	uint32_t npcdata;
	uint8_t nfuncdata;
	uint64_t tail; /* in pclntable: where the pcdata offsets begin */
	const struct hms_pcln_module *module;
};

/* One source-level call at a pc: the function itself, or one inlined into it. */
struct hms_call {
	const char *name; /* NULL: unknown */
	const char *file; /* NULL: unknown; then line is 0 */
	int32_t line;
	bool inlined;       /* into the next one */
	uint64_t lookup_pc; /* what file and line were looked up with */
};

/* Inlined calls nest no deeper: a chain that is longer is damaged, and cut. */
#define HMS_MAX_INLINE_DEPTH 256

/* Read the tables of all modules.  HMS_ERR_ABSENT where the debug information lacks their layout;
 * HMS_ERR_FAULT or HMS_ERR_FORMAT where the main module's cannot be read.  Another module's that
 * cannot be read are left out.  @rt is borrowed. */
struct hms_error *hms_pclntab_open(const struct hms_rt *rt, struct hms_pclntab **ret) HMS_MUST_USE;
void hms_pclntab_close(struct hms_pclntab *tab); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_pclntab, hms_pclntab_close)

size_t hms_pclntab_nfuncs(const struct hms_pclntab *tab);

/* Function @i of these, in the order of each module's table; false: it cannot be read. */
bool hms_pclntab_func(const struct hms_pclntab *tab, size_t i, struct hms_func *ret);

/* The function that holds run-time address @pc; false: none.  Binary search. */
bool hms_pclntab_find(const struct hms_pclntab *tab, uint64_t pc, struct hms_func *ret);

enum hms_func_kind hms_func_kind(const struct hms_func *func);

/* True where a stack walk ends in this function. */
bool hms_func_is_top(const struct hms_func *func, enum hms_func_kind kind);

/* Bytes by which the stack pointer at @pc lies below that at the function's entry; false: not
 * recorded. */
bool hms_func_sp_delta(const struct hms_func *func, uint64_t pc, int32_t *ret);

/* File and line of @pc: those of the innermost inlined call. */
void hms_func_line(const struct hms_func *func, uint64_t pc, const char **file_ret,
		   int32_t *line_ret);

/* Calls at @lookup_pc, innermost first, the function itself last; at most @max.  Returns how many
 * (at least 1 where @max is). */
size_t hms_func_calls(const struct hms_func *func, uint64_t lookup_pc, struct hms_call *ret,
		      size_t max);

/* abi.PCDATA_*: the same in all releases. */
enum hms_pcdata {
	HMS_PCDATA_UNSAFE_POINT = 0,
	HMS_PCDATA_STACK_MAP = 1,
	HMS_PCDATA_INLINE_TREE = 2,
	HMS_PCDATA_ARG_LIVE = 3, /* 1.17+ */
};

/* The value of a table at @pc; -1 where the function has none. */
int32_t hms_func_pcdata(const struct hms_func *func, enum hms_pcdata which, uint64_t pc);

/* abi.FUNCDATA_*: numbered otherwise before Go 1.16. */
enum hms_funcdata {
	HMS_FUNCDATA_ARGS_MAP,
	HMS_FUNCDATA_LOCALS_MAP,
	HMS_FUNCDATA_STACK_OBJECTS,
	HMS_FUNCDATA_INLINE_TREE,
	HMS_FUNCDATA_ARG_INFO,      /* 1.17+ */
	HMS_FUNCDATA_ARG_LIVE_INFO, /* 1.17+ */
};

/* Run-time address of the data; 0: none. */
uint64_t hms_func_funcdata(const struct hms_func *func, enum hms_funcdata which);

/* Where word @word of a function's arguments can be had at @lookup_pc. */
enum hms_arg_home {
	HMS_ARG_HOME,    /* in its home slot above the frame */
	HMS_ARG_ENTRY,   /* the function has hardly begun: in its register, or in the slot once
			  * the prologue has saved it there to make the stack grow */
	HMS_ARG_NOWHERE, /* not stored so far: wherever the compiler keeps it */
};

/* Arguments came on the stack up to Go 1.16 and are found there; from 1.17 on they come in
 * registers, and the table says which of them are stored in their slots by then. */
enum hms_arg_home hms_func_arg_home(const struct hms_func *func, uint64_t lookup_pc,
				    unsigned int word);

/* The name as a traceback prints it: runtime.gopanic is "panic", type arguments are "[...]".
 * Appended to @ret. */
void hms_func_print_name(const char *name, struct hms_str *ret);

#endif
