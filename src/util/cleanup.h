/*
 * Scope guards.  HMS_DEFINE_CLEANUP(hms_mem, hms_mem_close) beside a type makes
 *
 *	HMS_AUTO(hms_mem) struct hms_mem *mem = NULL;
 *
 * close mem when it goes out of scope; hms_take(mem) hands it out and empties the guard.
 */
#ifndef HMS_UTIL_CLEANUP_H
#define HMS_UTIL_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/compiler.h"

#define HMS_CLEANUP(fn) __attribute__((cleanup(fn)))
#define HMS_AUTO(name)  HMS_CLEANUP(name##_cleanup)

#define HMS_DEFINE_CLEANUP(name, fn)                                  \
	HMS_UNUSED static inline void name##_cleanup(struct name **p) \
	{                                                             \
		if (*p)                                               \
			fn(*p);                                       \
	}

#define hms_take(p)                            \
	({                                     \
		__typeof__(p) hms_taken = (p); \
		(p) = NULL;                    \
		hms_taken;                     \
	})

HMS_UNUSED static inline void hms_free_cleanup(void *p)
{
	free(*(void **)p);
}
#define HMS_AUTO_FREE HMS_CLEANUP(hms_free_cleanup)

HMS_UNUSED static inline void hms_fd_cleanup(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define HMS_AUTO_FD HMS_CLEANUP(hms_fd_cleanup)

HMS_UNUSED static inline void hms_file_cleanup(FILE **f)
{
	if (*f)
		fclose(*f);
}
#define HMS_AUTO_FILE HMS_CLEANUP(hms_file_cleanup)

#endif
