/*
 * An executable (or a separate debug file): sections, symbols, loadable segments, build IDs.
 * Addresses are link-time addresses; the load bias is the caller's business.
 */
#ifndef HMS_CORE_ELFFILE_H
#define HMS_CORE_ELFFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/corefile.h"
#include "util/cleanup.h"
#include "util/error.h"

struct hms_elf_segment {
	uint64_t addr;
	uint64_t memsz;
	uint64_t filesz; /* cut at the end of the file */
	uint64_t off;
	uint32_t flags; /* PF_R | PF_W | PF_X */
};

struct hms_elf_section {
	const char *name;
	uint64_t addr;
	uint64_t size;       /* in the file (compressed size, if it is) */
	const uint8_t *data; /* NULL for SHT_NOBITS, or where it lies beyond the end of the file */
	bool compressed;
};

struct hms_elf_symbol {
	uint64_t addr;
	uint64_t size;
};

/* Bytes of a build ID and how it was recorded. */
struct hms_build_id {
	uint8_t bytes[128];
	size_t len; /* 0: none */
	bool is_go; /* .note.go.buildid (text) rather than NT_GNU_BUILD_ID (binary) */
};

struct hms_elffile {
	const char *path;
	enum hms_arch arch;
	bool position_independent; /* ET_DYN */
	bool has_dwarf;            /* .debug_info or .zdebug_info */
	bool has_symbols;          /* .symtab */
	uint64_t entry;
	const struct hms_elf_segment *segments; /* PT_LOAD, sorted by addr */
	size_t nsegments;
	const struct hms_elf_section *sections;
	size_t nsections;
	struct hms_build_id gnu_build_id;
	struct hms_build_id go_build_id;
	const char *debuglink; /* .gnu_debuglink's file name, or NULL */
	uint32_t debuglink_crc;
};

/* Open and parse.  HMS_ERR_FORMAT where it is no 64-bit little-endian ELF executable for amd64
 * or arm64. */
struct hms_error *hms_elffile_open(const char *path, struct hms_elffile **ret) HMS_MUST_USE;
void hms_elffile_close(struct hms_elffile *elf); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_elffile, hms_elffile_close)

/* NULL where there is no such section. */
const struct hms_elf_section *hms_elffile_section(const struct hms_elffile *elf, const char *name);

/* A symbol of .symtab by its exact name; false where it is not there.  The symbol table is read
 * on first use; safe from several threads. */
bool hms_elffile_symbol(const struct hms_elffile *elf, const char *name,
			struct hms_elf_symbol *ret);

/* From now on as if .symtab had been stripped: for tests, before anyone looks a symbol up. */
void hms_elffile_forget_symbols(struct hms_elffile *elf);

/* Bytes of the file, borrowed; NULL where [off, off + len) is not inside it. */
const uint8_t *hms_elffile_bytes(const struct hms_elffile *elf, uint64_t off, uint64_t len);

/* Build IDs in a PT_NOTE image of @len bytes (a file's segment, or the first page of a mapping
 * found in a core): used for EXE and for what the core saved of it. */
void hms_build_ids_parse(const uint8_t *notes, size_t len, struct hms_build_id *gnu,
			 struct hms_build_id *go);
bool hms_build_id_equal(const struct hms_build_id *a, const struct hms_build_id *b);
/* Lower-case hex of a GNU build ID, or the text of Go's (escaped if it is not printable). */
char *hms_build_id_text(const struct hms_build_id *id) HMS_MUST_USE; /* malloc'ed, "" for none */

#endif
