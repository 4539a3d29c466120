/* What the files of the function table reader share. */
#ifndef HMS_RT_PCLNTAB_IMPL_H
#define HMS_RT_PCLNTAB_IMPL_H

#include "rt/pclntab.h"

/* A table: borrowed from the memory image, or a copy where that has it in pieces. */
struct hms_pcln_view {
	const uint8_t *p;
	uint64_t len;
	uint64_t addr; /* in the target */
	void *copy;    /* NULL: borrowed */
};

/* runtime.textsect: offsets are kept as if all sections of text lay in a row. */
struct hms_textsect {
	uint64_t start; /* of its offsets */
	uint64_t end;
	uint64_t base; /* where it is in memory */
};

struct hms_pcln_module {
	const struct hms_pclntab *tab;
	uint64_t text;
	uint64_t minpc, maxpc;
	uint64_t gofunc; /* base of funcdata offsets (1.18+) */
	size_t nfuncs;
	struct hms_pcln_view ftab, pclntable, pctab, names, filetab, cutab;
	struct hms_textsect *sects; /* NULL: one section */
	size_t nsects;
};

struct hms_pclntab {
	const struct hms_rt *rt;
	uint32_t quantum;      /* pc deltas count in units of this */
	bool absolute;         /* entries are addresses (to 1.17), else offsets from text */
	bool split;            /* pctab, cutab, funcnametab are tables of their own (1.16+) */
	bool funcdata_offsets; /* relative to gofunc (1.18+), else pointers */
	struct hms_pcln_module *modules;
	size_t nmodules;
};

/* Bytes [off, off + len) of a table, or NULL. */
static inline const uint8_t *hms_pcln_at(const struct hms_pcln_view *view, uint64_t off,
					 uint64_t len)
{
	return off <= view->len && len <= view->len - off ? view->p + off : NULL;
}

/* A NUL-terminated string of a table, or NULL. */
const char *hms_pcln_string(const struct hms_pcln_view *view, uint64_t off);

/* Value at @pc of the pc-value stream at @off (src/runtime/symtab.go, pcvalue); false where the
 * table has none or is damaged. */
bool hms_pcln_value(const struct hms_func *func, uint32_t off, uint64_t pc, int32_t *ret);

#endif
