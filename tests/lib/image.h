/* The step from a built core to the code under test: save, open, forget the file. */
#ifndef HMS_TESTS_LIB_IMAGE_H
#define HMS_TESTS_LIB_IMAGE_H

#include "core/corefile.h"
#include "core/elffile.h"
#include "core/mem.h"
#include "lib/mkcore.h"
#include "lib/mkelf.h"

struct image {
	struct hms_corefile *core;
	struct hms_elffile *exe; /* NULL without one */
	struct hms_mem *mem;
};

/* Abort where anything fails.  The temporary files are unlinked before this returns.  @exe may be
 * NULL; @bias is where a position-independent one was loaded. */
void image_open(struct image *image, const struct mkcore *core, const struct mkelf *exe,
		uint64_t bias);
void image_close(struct image *image);

#endif
