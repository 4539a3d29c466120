/* What the parts of the search share. */
#ifndef HMS_BARE_PRIVATE_H
#define HMS_BARE_PRIVATE_H

#include "bare/bare.h"
#include "rt/layout.h"
#include "rt/pclntab.h"
#include "rt/rt.h"

#define HMS_BARE_VARIABLES 16

/* A variable of the runtime's that was found. */
struct hms_bare_variable {
	const char *name; /* static */
	uint64_t addr;
	uint64_t nstrings; /* an array of so many strings; 0: of no type */
};

struct hms_bare {
	const struct hms_corefile *core;
	const struct hms_mem *mem;
	const struct hms_elffile *exe;
	uint64_t bias;
	struct hms_go_version version;
	struct hms_layout layout;
	struct hms_bare_variable variables[HMS_BARE_VARIABLES];
	size_t n;
};

/* Has the symbol table, if there still is one, @name?  Then nobody need look for it. */
bool hms_bare_has_symbol(const struct hms_bare *bare, const char *name);

void hms_bare_add(struct hms_bare *bare, const char *name, uint64_t addr, uint64_t nstrings);

/* moduledata.c: runtime.firstmoduledata. */
struct hms_error *hms_bare_find_moduledata(struct hms_bare *bare) HMS_MUST_USE;

/* lists.c: the heap, goroutines and threads, by what the variables hold. */
void hms_bare_find_lists(struct hms_bare *bare, const struct hms_rt *rt);

/* code.c: the keys of map hashes, by the functions that use them. */
void hms_bare_find_hash_keys(struct hms_bare *bare, const struct hms_rt *rt);

#endif
