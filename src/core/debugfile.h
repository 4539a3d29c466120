/*
 * The separate debug file of an executable, where the executable itself has no debug information:
 * an explicit path, the build-ID directory, .gnu_debuglink (gdb's documentation, "Debugging
 * Information in Separate Files").
 */
#ifndef HMS_CORE_DEBUGFILE_H
#define HMS_CORE_DEBUGFILE_H

#include "core/elffile.h"

/*
 * Find and open it.  @sysroot (may be NULL) is where the executable's file system begins;
 * @explicit_path (may be NULL) is what the user named: that it cannot be used is an error, and
 * HMS_ERR_MISMATCH where its build ID is another one.  Without it, *ret is NULL where nothing
 * that belongs to @exe is found.  The caller closes *ret.
 */
struct hms_error *hms_debugfile_open(const struct hms_elffile *exe, const char *sysroot,
				     const char *explicit_path, struct hms_elffile **ret)
	HMS_MUST_USE;

/* Where the build-ID directory would have it, under @sysroot (may be NULL): ".debug" is the
 * debug file, "" the executable itself.  NULL without a GNU build ID; otherwise malloc'ed. */
char *hms_build_id_path(const struct hms_build_id *id, const char *sysroot, const char *suffix);

#endif
