/*
 * The index of .symtab by name: open addressing, half full at most.
 *
 * An executable may be hostile: names that are too long, or that collide too often (at this load
 * some 70 in a row may happen by chance), are left out rather than waited for.
 */
#include <stdlib.h>
#include <string.h>

#include "core/elffile-impl.h"
#include "util/arena.h"

#define MAX_SYMBOLS (64u << 20)
#define MAX_NAME    512
#define MAX_PROBES  192

/* Eight bytes a step: names of Go functions are long.  False for names that are left out. */
static bool hash_name(const char *name, uint32_t *ret)
{
	size_t len = strnlen(name, MAX_NAME + 1);
	uint64_t h = len, word;

	if (len > MAX_NAME)
		return false;
	for (; len; len -= HMS_MIN(len, sizeof(word))) {
		word = 0;
		memcpy(&word, name, HMS_MIN(len, sizeof(word)));
		name += HMS_MIN(len, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15;
		h ^= h >> 32;
	}
	*ret = (uint32_t)h;
	return true;
}

static void load_symbol(const struct symbol_index *index, uint32_t i, Elf64_Sym *ret)
{
	memcpy(ret, index->symbols + (uint64_t)i * sizeof(*ret), sizeof(*ret));
}

/* "" for a name outside the string table, which ends with a NUL. */
static const char *symbol_name(const struct symbol_index *index, const Elf64_Sym *sym)
{
	return sym->st_name < index->strings_len ? index->strings + sym->st_name : "";
}

/* The slot that holds @name, or the free one where it would go; NULL after too many collisions. */
static struct symbol_slot *find_slot(const struct symbol_index *index, const char *name,
				     uint32_t hash)
{
	Elf64_Sym sym;

	for (uint32_t i = 0; i < MAX_PROBES; i++) {
		struct symbol_slot *slot = &index->slots[(hash + i) & index->mask];

		if (!slot->symbol)
			return slot;
		if (slot->hash != hash)
			continue;
		load_symbol(index, slot->symbol, &sym);
		if (strcmp(symbol_name(index, &sym), name) == 0)
			return slot;
	}
	return NULL;
}

static bool is_wanted(const Elf64_Sym *sym, const char *name)
{
	return *name && sym->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(sym->st_info) != STT_FILE;
}

static void insert_all(struct symbol_index *index)
{
	for (uint32_t i = 1; i < index->nsymbols; i++) {
		struct symbol_slot *slot;
		const char *name;
		Elf64_Sym sym;
		uint32_t hash;

		load_symbol(index, i, &sym);
		name = symbol_name(index, &sym);
		if (!is_wanted(&sym, name) || !hash_name(name, &hash))
			continue;
		slot = find_slot(index, name, hash);
		if (slot && !slot->symbol) /* of several, the first counts */
			*slot = (struct symbol_slot){.symbol = i, .hash = hash};
	}
}

static bool locate_tables(const struct elffile *elf, struct symbol_index *index)
{
	const struct hms_mapfile *map = &elf->map;
	const uint8_t *strings;
	uint64_t n = elf->symtab.sh_size / sizeof(Elf64_Sym);

	if (elf->symtab.sh_type != SHT_SYMTAB || n < 2 || n > MAX_SYMBOLS)
		return false;
	index->symbols = hms_mapfile_bytes(map, elf->symtab.sh_offset, n * sizeof(Elf64_Sym));
	index->nsymbols = (uint32_t)n;
	strings = hms_mapfile_bytes(map, elf->strtab.sh_offset, elf->strtab.sh_size);
	index->strings = (const char *)strings;
	index->strings_len = elf->strtab.sh_size;
	return index->symbols && strings && index->strings_len &&
	       strings[index->strings_len - 1] == '\0';
}

void hms_symbol_index_build(const struct elffile *elf, struct symbol_index *ret)
{
	struct symbol_index index = {0};
	struct hms_error *err;
	uint64_t nslots = 16;

	if (!locate_tables(elf, &index))
		return;
	while (nslots < 2ull * index.nsymbols)
		nslots *= 2;
	err = hms_alloc_array(nslots, sizeof(*index.slots), UINT32_MAX, &index.slots);
	if (err) {
		hms_err_free(err);
		return;
	}
	index.mask = (uint32_t)(nslots - 1);
	insert_all(&index);
	*ret = index;
}

bool hms_symbol_index_find(const struct symbol_index *index, const char *name,
			   struct hms_elf_symbol *ret)
{
	Elf64_Sym sym;
	const struct symbol_slot *slot;
	uint32_t hash;

	if (!index->slots || !hash_name(name, &hash))
		return false;
	slot = find_slot(index, name, hash);
	if (!slot || !slot->symbol)
		return false;
	load_symbol(index, slot->symbol, &sym);
	*ret = (struct hms_elf_symbol){.addr = sym.st_value, .size = sym.st_size};
	return true;
}
