/*
 * Registers of a function that stands in a write barrier, which keeps them all but its result: the
 * compiler counts on that and spills nothing.  They are where the barrier's own code has left or
 * saved them.
 *
 * Mirrors runtime.gcWriteBarrier, src/runtime/asm_*.s.
 */
#ifndef HMS_OPS_BARRIER_H
#define HMS_OPS_BARRIER_H

#include "goro/unwind.h"
#include "rt/rt.h"

/* Frame @i of @stack is in a call: fill in @regs_ret by DWARF number, and return which of them are
 * known, a bit each; 0: the callee is no barrier, or nothing is. */
uint32_t hms_barrier_registers(const struct hms_rt *rt, const struct hms_pclntab *tab,
			       const struct hms_stack *stack, size_t i,
			       uint64_t regs_ret[HMS_DWARF_NREGS]);

#endif
