#include "disas/disas.h"

#include <string.h>

#include "disas/private.h"
#include "core/mem.h"
#include "util/arena.h"

struct hms_disas {
	enum hms_arch arch;
	csh handle;
	cs_insn *insn;
};

struct hms_error *hms_disas_create(enum hms_arch arch, struct hms_disas **ret)
{
	HMS_AUTO(hms_disas) struct hms_disas *disas = hms_xcalloc(1, sizeof(*disas));
	bool arm = arch == HMS_ARCH_ARM64;
	cs_err err = cs_open(arm ? CS_ARCH_ARM64 : CS_ARCH_X86, arm ? CS_MODE_ARM : CS_MODE_64,
			     &disas->handle);

	if (err == CS_ERR_OK)
		err = cs_option(disas->handle, CS_OPT_DETAIL, CS_OPT_ON);
	if (err != CS_ERR_OK)
		return hms_err(HMS_ERR_UNSUPPORTED, "cannot take machine code apart: %s",
			       cs_strerror(err));
	disas->arch = arch;
	disas->insn = cs_malloc(disas->handle);
	if (!disas->insn)
		hms_out_of_memory();
	*ret = hms_take(disas);
	return NULL;
}

void hms_disas_destroy(struct hms_disas *disas)
{
	if (!disas)
		return;
	if (disas->insn)
		cs_free(disas->insn, 1);
	if (disas->handle)
		cs_close(&disas->handle);
	free(disas);
}

static bool next(struct hms_disas *disas, const uint8_t *bytes, size_t len, uint64_t addr)
{
	return cs_disasm_iter(disas->handle, &bytes, &len, &addr, disas->insn);
}

/* arm64's udf, which libcapstone 4 does not know: the linker fills up functions with it. */
static bool is_undefined(uint32_t word, struct hms_insn *ret)
{
	if (word >> 16)
		return false;
	ret->op = HMS_INSN_OTHER;
	ret->flow = HMS_FLOW_TRAP;
	return true;
}

void hms_disas_decode(struct hms_disas *disas, const uint8_t *bytes, size_t len, uint64_t addr,
		      struct hms_insn *ret)
{
	bool arm = disas->arch == HMS_ARCH_ARM64;

	*ret = (struct hms_insn){.addr = addr, .size = arm ? 4 : 1, .op = HMS_INSN_UNKNOWN};
	if (arm && len >= 4 &&
	    (hms_disas_arm64_atomic(hms_le32(bytes), ret) || is_undefined(hms_le32(bytes), ret)))
		return;
	if (next(disas, bytes, len, addr)) {
		ret->op = HMS_INSN_OTHER;
		ret->size = (uint8_t)disas->insn->size;
		if (arm)
			hms_disas_arm64(disas->handle, disas->insn, ret);
		else
			hms_disas_amd64(disas->handle, disas->insn, ret);
	}
	if (ret->op == HMS_INSN_UNKNOWN)
		ret->writes = UINT64_MAX;
}

void hms_disas_text(struct hms_disas *disas, const uint8_t *bytes, size_t len, uint64_t addr,
		    struct hms_str *ret)
{
	if (!next(disas, bytes, len, addr)) {
		hms_str_addc(ret, '?');
		return;
	}
	hms_str_add(ret, disas->insn->mnemonic);
	if (disas->insn->op_str[0])
		hms_str_addf(ret, " %s", disas->insn->op_str);
}

const struct hms_operand *hms_insn_store(const struct hms_insn *insn)
{
	for (size_t i = 0; i < insn->noperands; i++)
		if (insn->operands[i].kind == HMS_OPERAND_MEM && insn->operands[i].written)
			return &insn->operands[i];
	return NULL;
}

struct hms_operand hms_insn_second(const struct hms_insn *insn)
{
	struct hms_operand ret = insn->operands[2];

	ret.disp += ret.size;
	return ret;
}
