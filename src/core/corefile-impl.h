/* A core file from the inside: shared by corefile.c and notes.c. */
#ifndef HMS_CORE_COREFILE_IMPL_H
#define HMS_CORE_COREFILE_IMPL_H

#include "core/corefile.h"
#include "core/mapfile.h"

struct corefile {
	struct hms_corefile pub;
	struct hms_mapfile map;
	char *path;
	struct hms_segment *segments;
	struct hms_thread *threads;
	size_t threads_cap;
	struct hms_file_mapping *mappings;
	const uint8_t *auxv; /* pairs of 64-bit words, borrowed from the file */
	size_t nauxv;
	uint32_t notes_seen;
	bool seen_psinfo, seen_siginfo, seen_auxv, seen_files;
	int siginfo_signo;
	char fname[17], psargs[81];
};

/* Parse the notes in @len bytes of a PT_NOTE segment; what makes no sense sets notes_damaged. */
struct hms_error *hms_notes_parse(struct corefile *cf, const uint8_t *p, uint64_t len,
				  uint64_t align) HMS_MUST_USE;
/* After the last segment: order the mappings, draw conclusions from several notes. */
void hms_notes_finish(struct corefile *cf);

#endif
