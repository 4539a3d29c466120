/*
 * The executable of a core: where it was mapped, which file it was, whether a given file is the
 * same build, and by how much it was moved (position-independent executables).
 *
 * What the core tells: AT_ENTRY, AT_PHDR and AT_EXECFN of the auxiliary vector, NT_FILE's rows, and
 * the first page of the executable, which the kernel saves for its build ID.
 */
#ifndef HMS_CORE_EXEFIND_H
#define HMS_CORE_EXEFIND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/corefile.h"
#include "core/elffile.h"

/* What the core alone says of its executable.  Strings are borrowed from the core. */
struct hms_core_exe {
	const char *path;      /* NT_FILE's path; NULL where unknown */
	const char *exec_name; /* as it was given to execve(2) (AT_EXECFN); NULL where unknown */
	uint64_t start;        /* where its ELF header was mapped; 0 where unknown */
	bool has_header;       /* the header was saved, and these come from it: */
	uint64_t entry;        /* link-time entry point */
	bool position_independent;
	bool ids_known; /* its notes were saved: an ID that is not below does not exist */
	struct hms_build_id gnu_build_id;
	struct hms_build_id go_build_id;
};

/* Never fails: what is not known is empty. */
void hms_core_exe_read(const struct hms_corefile *core, struct hms_core_exe *ret);

enum hms_exe_match {
	HMS_EXE_MATCHES, /* a build ID agrees */
	HMS_EXE_UNKNOWN, /* nothing on one of the sides that would tell */
	HMS_EXE_DIFFERS,
};

struct hms_exe_fit {
	enum hms_exe_match match;
	bool bias_known; /* false: the core does not say, 0 is assumed */
	uint64_t bias;   /* run-time less link-time address; 0 unless position-independent */
	char why[512];   /* DIFFERS and UNKNOWN: the reason, one printable line */
};

/* Compare @exe with what the core says, and find its load bias.  Never fails. */
void hms_exe_fit(const struct hms_corefile *core, const struct hms_elffile *exe,
		 struct hms_exe_fit *ret);

/*
 * Find and open the executable: NT_FILE's path and AT_EXECFN under @sysroot (may be NULL), the same
 * file name beside the core, the build-ID directory.  The first that matches wins; then one of
 * which nothing is known, then one that differs (the caller decides with hms_exe_fit()).
 * HMS_ERR_NOT_FOUND says which names were tried.
 */
struct hms_error *hms_exe_find(const struct hms_corefile *core, const char *sysroot,
			       struct hms_elffile **ret) HMS_MUST_USE;

#endif
