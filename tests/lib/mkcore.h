/*
 * ELF cores from a list of memory ranges and notes, and the target memory that tests lay out in
 * them.  The bytes are written from the format descriptions (elf(5), the kernel's
 * include/uapi/linux/elfcore.h); nothing of the code under test is used.
 *
 *	struct mkcore *mk = mkcore_create();
 *	uint64_t header = mkcore_alloc(mk, 48, 8);
 *
 *	mkcore_put64(mk, header, 3);
 *	mkcore_absent(mk, header + 16, 8);
 *	char *path = mkcore_save(mk);
 *
 * A mistake of the test (overlapping ranges, a store outside all ranges) aborts.
 */
#ifndef HMS_TESTS_LIB_MKCORE_H
#define HMS_TESTS_LIB_MKCORE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "util/cleanup.h"

#define MKCORE_HEAP 0xc000000000 /* where mkcore_alloc() begins, as Go's heap does */

struct mkcore;

struct mkcore *mkcore_create(void);
void mkcore_destroy(struct mkcore *mk);
HMS_DEFINE_CLEANUP(mkcore, mkcore_destroy)

/* EM_X86_64 unless said otherwise; decides the layout of NT_PRSTATUS. */
void mkcore_machine(struct mkcore *mk, uint16_t machine);
/* Segment offsets that are not even aligned to 2, as gdb's gcore may write them; the default is
 * the kernel's page alignment. */
void mkcore_unaligned(struct mkcore *mk);
/* Write the segment count to section header 0 (PN_XNUM), however few there are. */
void mkcore_force_xnum(struct mkcore *mk);

/* ---- target memory ---- */

/* A mapping [addr, addr + len), saved, zeroes until stored to.  May be as large as you like: what
 * lies behind the last store is a hole in the file. */
void mkcore_map(struct mkcore *mk, uint64_t addr, uint64_t len);
/* The same with PF_* flags; the default is PF_R | PF_W. */
void mkcore_map_flags(struct mkcore *mk, uint64_t addr, uint64_t len, uint32_t flags);
/* [addr, addr + len), part of a mapping, was not saved.  Becomes p_filesz < p_memsz. */
void mkcore_absent(struct mkcore *mk, uint64_t addr, uint64_t len);

/* Zeroed memory from a heap mapping that grows as needed; @align is a power of two. */
uint64_t mkcore_alloc(struct mkcore *mk, uint64_t len, uint64_t align);

void mkcore_put(struct mkcore *mk, uint64_t addr, const void *p, size_t len);
void mkcore_put8(struct mkcore *mk, uint64_t addr, uint8_t v);
void mkcore_put16(struct mkcore *mk, uint64_t addr, uint16_t v);
void mkcore_put32(struct mkcore *mk, uint64_t addr, uint32_t v);
void mkcore_put64(struct mkcore *mk, uint64_t addr, uint64_t v);
/* What was stored, zeroes elsewhere: for tests that change what they find. */
void mkcore_get(const struct mkcore *mk, uint64_t addr, void *p, size_t len);
uint64_t mkcore_get64(const struct mkcore *mk, uint64_t addr);

/* ---- notes, written in the order of the calls' kinds as the kernel does ---- */

/* A thread; @regs in the kernel's order, @nregs of them (the rest is zero). */
void mkcore_thread(struct mkcore *mk, uint32_t tid, uint16_t cursig, const uint64_t *regs,
		   size_t nregs);
void mkcore_psinfo(struct mkcore *mk, uint32_t pid, const char *fname, const char *psargs);
void mkcore_siginfo(struct mkcore *mk, int signo, int code, uint64_t addr);
void mkcore_auxv(struct mkcore *mk, uint64_t type, uint64_t value); /* AT_NULL is added */
/* A row of NT_FILE; @off is in bytes. */
void mkcore_file(struct mkcore *mk, uint64_t start, uint64_t end, uint64_t off, const char *path);
/* Any other note, or a damaged one; comes after those above. */
void mkcore_note(struct mkcore *mk, const char *name, uint32_t type, const void *desc, size_t len);

/* ---- the file ---- */

/* Write to a new temporary file, sparse; its path is malloc'ed, the caller unlinks it. */
char *mkcore_save(const struct mkcore *mk);
/* The same as bytes, to be damaged before bytes_save(). */
void mkcore_bytes(const struct mkcore *mk, struct bytes *ret);
/* Index of the first PT_LOAD among the program headers, which begin at byte 64. */
#define MKCORE_FIRST_LOAD 1

#endif
