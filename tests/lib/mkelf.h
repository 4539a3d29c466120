/*
 * Small ELF executables: segments, sections, symbols, build IDs.  The file begins as linkers lay
 * it out: header, program headers and notes in the first page.
 *
 *	struct mkelf *mk = mkelf_create(ET_EXEC, 0x401000);
 *
 *	mkelf_headers_at(mk, 0x400000);
 *	mkelf_go_build_id(mk, "abc/def");
 *	mkelf_segment(mk, 0x401000, 0x1000, PF_R | PF_X, code, sizeof(code));
 *	mkelf_symbol(mk, "main.main", 0x401000, 16);
 *	char *path = mkelf_save(mk);
 */
#ifndef HMS_TESTS_LIB_MKELF_H
#define HMS_TESTS_LIB_MKELF_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "util/cleanup.h"

struct mkelf;

/* @type: ET_EXEC, ET_DYN (position-independent), ET_REL. */
struct mkelf *mkelf_create(uint16_t type, uint64_t entry);
void mkelf_destroy(struct mkelf *mk);
HMS_DEFINE_CLEANUP(mkelf, mkelf_destroy)

void mkelf_machine(struct mkelf *mk, uint16_t machine); /* default EM_X86_64 */
/* A PT_LOAD (R) of the file's first page at @addr, with PT_PHDR: what puts the build IDs into a
 * core. */
void mkelf_headers_at(struct mkelf *mk, uint64_t addr);

/* A PT_LOAD at @addr; its file offset is congruent to @addr modulo the page size. */
void mkelf_segment(struct mkelf *mk, uint64_t addr, uint64_t memsz, uint32_t flags,
		   const void *data, size_t len);
/* A section that no segment holds: .debug_*, .gnu_debuglink...; @addr may be 0. */
void mkelf_section(struct mkelf *mk, const char *name, uint32_t type, uint64_t flags, uint64_t addr,
		   const void *data, size_t len);
/* The same with sh_size @size, whatever the file holds. */
void mkelf_section_sized(struct mkelf *mk, const char *name, uint32_t type, uint64_t flags,
			 uint64_t addr, const void *data, size_t len, uint64_t size);
void mkelf_symbol(struct mkelf *mk, const char *name, uint64_t addr, uint64_t size);
void mkelf_gnu_build_id(struct mkelf *mk, const void *id, size_t len);
void mkelf_go_build_id(struct mkelf *mk, const char *text);
void mkelf_debuglink(struct mkelf *mk, const char *name, uint32_t crc);

/* Write to a new temporary file; its path is malloc'ed, the caller unlinks it. */
char *mkelf_save(const struct mkelf *mk);
void mkelf_bytes(const struct mkelf *mk, struct bytes *ret);

#endif
