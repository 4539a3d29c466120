/*
 * A session: CORE and EXE opened, every model built on them, and what limits the answer.
 * It owns all of it; everyone else borrows const pointers.
 */
#ifndef HMS_SESSION_SESSION_H
#define HMS_SESSION_SESSION_H

#include "core/corefile.h"
#include "core/elffile.h"
#include "core/mem.h"
#include "dwarf/dwarf.h"
#include "find/find.h"
#include "goro/goroutine.h"
#include "heap/heap.h"
#include "map/map.h"
#include "rt/rt.h"
#include "util/cleanup.h"
#include "util/error.h"

struct hms_session_options {
	const char *core;       /* path */
	const char *exe;        /* path; NULL: found from the core */
	const char *sysroot;    /* where the process's files are; NULL: "/" */
	const char *debug_file; /* separate debug information; NULL: looked for */
	bool force;             /* a build ID that does not match is a warning */
	bool as_stripped;       /* for tests: no symbols, no debug information */
	bool digests;           /* maps get digests of what they hold */
	unsigned int jobs;
	struct hms_corefile_options core_options;
};

struct hms_session {
	struct hms_corefile *core;
	struct hms_elffile *exe;
	char *build_id;     /* of EXE, printable; NULL: none */
	int build_id_match; /* 1 yes, 0 no, -1 nobody knows */
	uint64_t bias;
	struct hms_mem *mem;
	struct hms_dwarf *dwarf; /* NULL: the executable is stripped */
	struct hms_graph *graph;
	struct hms_rt *rt;
	struct hms_heap *heap;
	struct hms_map_model *model;
	struct hms_pclntab *pclntab; /* NULL: the function tables cannot be read; limits say why */
	struct hms_goros *goros;     /* NULL: likewise the goroutines */
	unsigned int jobs;
	bool complete; /* false: the core lacks bytes that were mapped and writable */
	/* What could limit the answer, a sentence each: shown before any number. */
	char **limits;
	size_t nlimits, cap_limits;
};

/* HMS_ERR_MISMATCH where EXE is of another build than the process and @options->force is not set.
 */
struct hms_error *hms_session_open(const struct hms_session_options *options,
				   struct hms_session **ret) HMS_MUST_USE;
void hms_session_close(struct hms_session *session); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_session, hms_session_close)

/* Add a sentence to the limits. */
void hms_session_limit(struct hms_session *session, const char *format, ...) HMS_PRINTF(2, 3);

/* All maps of the process, found and walked. */
struct hms_error *hms_session_find_maps(struct hms_session *session, struct hms_found **ret)
	HMS_MUST_USE;

#endif
