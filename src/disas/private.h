/* What the parts of the decoder share. */
#ifndef HMS_DISAS_PRIVATE_H
#define HMS_DISAS_PRIVATE_H

#include <capstone/capstone.h>
#include <string.h>

#include "disas/disas.h"

/* Fill in all but addr and size of @ret from what libcapstone says. */
void hms_disas_amd64(csh handle, const cs_insn *insn, struct hms_insn *ret);
void hms_disas_arm64(csh handle, const cs_insn *insn, struct hms_insn *ret);

/* What an atomic instruction of arm64 does, by its bits: libcapstone 4 does not know it, and later
 * releases have a number of their own for each of its forms.  False: it is none. */
bool hms_disas_arm64_atomic(uint32_t word, struct hms_insn *ret);

static inline void hms_insn_uses(struct hms_insn *insn, uint8_t reg, bool read, bool written)
{
	if (reg == HMS_REG_NONE)
		return;
	if (read)
		insn->reads |= UINT64_C(1) << reg;
	if (written)
		insn->writes |= UINT64_C(1) << reg;
}

/* Registers that an operand's address is made of are read. */
static inline void hms_insn_add_operand(struct hms_insn *insn, const struct hms_operand *operand)
{
	if (operand->kind == HMS_OPERAND_REG)
		hms_insn_uses(insn, operand->reg, operand->read, operand->written);
	if (operand->kind == HMS_OPERAND_MEM) {
		hms_insn_uses(insn, operand->base, true, false);
		hms_insn_uses(insn, operand->index, true, false);
	}
	if (insn->noperands < HMS_MAX_OPERANDS)
		insn->operands[insn->noperands++] = *operand;
}

#endif
