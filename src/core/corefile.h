/*
 * A core file: ELF header, PT_LOAD segments and notes, as the kernel, gdb's gcore or a crash
 * collector wrote them.  The file is mapped, never read as a whole.
 *
 * Kernel cores have page-aligned segments; gcore's are not page-aligned.  A core may be cut
 * short: what lies beyond the end of the file is absent, and cut says so.
 * Note layouts: Linux include/uapi/linux/elfcore.h, fs/binfmt_elf.c.
 */
#ifndef HMS_CORE_COREFILE_H
#define HMS_CORE_COREFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/error.h"

enum hms_arch {
	HMS_ARCH_AMD64,
	HMS_ARCH_ARM64,
};

/* Registers of a thread, numbered as in the kernel's user_regs_struct. */
enum hms_amd64_reg {
	HMS_AMD64_R15,
	HMS_AMD64_R14,
	HMS_AMD64_R13,
	HMS_AMD64_R12,
	HMS_AMD64_RBP,
	HMS_AMD64_RBX,
	HMS_AMD64_R11,
	HMS_AMD64_R10,
	HMS_AMD64_R9,
	HMS_AMD64_R8,
	HMS_AMD64_RAX,
	HMS_AMD64_RCX,
	HMS_AMD64_RDX,
	HMS_AMD64_RSI,
	HMS_AMD64_RDI,
	HMS_AMD64_ORIG_RAX,
	HMS_AMD64_RIP,
	HMS_AMD64_CS,
	HMS_AMD64_EFLAGS,
	HMS_AMD64_RSP,
	HMS_AMD64_SS,
	HMS_AMD64_FS_BASE,
	HMS_AMD64_GS_BASE,
	HMS_AMD64_DS,
	HMS_AMD64_ES,
	HMS_AMD64_FS,
	HMS_AMD64_GS,
	HMS_AMD64_NREGS,
};

/* arm64: x0..x30, sp, pc, pstate. */
#define HMS_ARM64_SP    31
#define HMS_ARM64_PC    32
#define HMS_ARM64_NREGS 34

#define HMS_MAX_REGS 34

struct hms_thread {
	uint32_t tid;
	uint16_t signal; /* pr_cursig; the same for all threads of an aborted Go program */
	uint64_t regs[HMS_MAX_REGS];
};

struct hms_segment {
	uint64_t addr;
	uint64_t memsz;
	uint64_t filesz; /* bytes saved in the core, already cut at the end of the file */
	uint64_t off;
	uint32_t flags; /* PF_R | PF_W | PF_X */
};

/* One row of NT_FILE: [start, end) maps path from byte off. */
struct hms_file_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t off;
	const char *path;
};

struct hms_corefile {
	const char *path; /* as it was given */
	enum hms_arch arch;
	bool compressed;      /* was unpacked into a temporary file */
	bool compressed_cut;  /* the compressed file ends too early; what it held is here */
	uint64_t size;        /* bytes of the (unpacked) file */
	uint64_t bytes_saved; /* sum of the segments' filesz as their headers promise */
	uint64_t bytes_cut;   /* of these, beyond the end of the file */

	/* Sorted by addr, not overlapping; addr + memsz does not overflow. */
	const struct hms_segment *segments;
	size_t nsegments;
	const struct hms_thread *threads; /* in file order: the crashing one first */
	size_t nthreads;
	const struct hms_file_mapping *mappings; /* sorted by start */
	size_t nmappings;

	/* Notes are missing or make no sense: threads, mappings and what follows may lack some. */
	bool notes_damaged;

	uint32_t pid;        /* 0 where no note says it */
	int signal;          /* that killed the process; 0: none (a snapshot) or unknown */
	int si_code;         /* from NT_SIGINFO, 0 where signal is 0 */
	uint64_t fault_addr; /* SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP; otherwise 0 */
	const char *command; /* pr_fname, "" where unknown */
	const char *args;    /* pr_psargs, "" where unknown */
};

struct hms_corefile_options {
	/* Called while a compressed core is unpacked: bytes read so far of bytes_total, the last
	 * time with both equal.  NULL: silent. */
	void (*progress)(void *arg, uint64_t bytes, uint64_t bytes_total);
	void *progress_arg;
};

/*
 * Open and parse @path.  A file that is not an ELF core of a 64-bit little-endian amd64 or
 * arm64 process is HMS_ERR_FORMAT or HMS_ERR_UNSUPPORTED with the reason.  @options may be NULL.
 *
 * A compressed core (zstd, xz, gzip, lz4, bzip2) is unpacked into an unlinked file in TMPDIR, or
 * /var/tmp.  One that was cut short is used as far as it goes; one that is corrupt is refused
 * (HMS_ERR_FORMAT), since what was unpacked before it showed need not be right.
 */
struct hms_error *hms_corefile_open(const char *path, const struct hms_corefile_options *options,
				    struct hms_corefile **ret) HMS_MUST_USE;
void hms_corefile_close(struct hms_corefile *core); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_corefile, hms_corefile_close)

/* True where @path begins like an ELF core, or like a compressed file that could hold one: how
 * the command line tells CORE from EXE.  False on any error. */
bool hms_corefile_probe(const char *path);

/* Bytes of the file, borrowed; NULL where [off, off + len) is not inside it. */
const uint8_t *hms_corefile_bytes(const struct hms_corefile *core, uint64_t off, uint64_t len);

/* Saved bytes of the target at @addr, borrowed: as many as its segment holds from there, in
 * @len_ret.  NULL where there are none.  For what must be read before there is an image (mem.h). */
const uint8_t *hms_corefile_saved(const struct hms_corefile *core, uint64_t addr, size_t *len_ret);

/* Value of an auxiliary vector entry (AT_ENTRY, ...); false where it is not there. */
bool hms_corefile_auxv(const struct hms_corefile *core, uint64_t type, uint64_t *ret);

#endif
