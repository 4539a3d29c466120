/* An executable from the inside: shared by elffile.c and elfsym.c. */
#ifndef HMS_CORE_ELFFILE_IMPL_H
#define HMS_CORE_ELFFILE_IMPL_H

#include <elf.h>
#include <pthread.h>

#include "core/elffile.h"
#include "core/mapfile.h"

struct symbol_slot {
	uint32_t symbol; /* 0: free (symbol 0 is the null symbol) */
	uint32_t hash;   /* of its name */
};

/* Names of .symtab, found by their hash. */
struct symbol_index {
	const uint8_t *symbols; /* Elf64_Sym, not aligned; NULL: none */
	uint32_t nsymbols;
	const char *strings; /* ends with a NUL */
	uint64_t strings_len;
	struct symbol_slot *slots;
	uint32_t mask;
};

struct elffile {
	struct hms_elffile pub;
	struct hms_mapfile map;
	char *path;
	uint32_t nphdrs;
	struct hms_elf_segment *segments;
	struct hms_elf_section *sections;
	bool bytes_gone;           /* a separate debug file: no segment holds bytes */
	Elf64_Shdr symtab, strtab; /* sh_type SHT_NULL: none */
	pthread_mutex_t lock;      /* guards the making of the index */
	bool indexed;
	struct symbol_index index;
};

/* Make the index of @elf's symbols; with the lock held. */
void hms_symbol_index_build(const struct elffile *elf, struct symbol_index *ret);
bool hms_symbol_index_find(const struct symbol_index *index, const char *name,
			   struct hms_elf_symbol *ret);

#endif
