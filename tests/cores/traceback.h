/*
 * What the Go runtime printed as it died (GOTRACEBACK=crash), taken apart: the truth that stacks
 * are compared with.  The text's form: src/runtime/traceback.go, goroutineheader and traceback2.
 */
#ifndef HMS_TESTS_CORES_TRACEBACK_H
#define HMS_TESTS_CORES_TRACEBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tb_frame {
	char *function; /* "main.(*T).M": without arguments */
	char *file;
	long line;
	bool has_pc; /* inlined calls have none */
	uint64_t fp, sp, pc;
};

struct tb_goroutine {
	uint64_t id;
	char *status; /* "chan receive", "running" */
	bool locked;
	struct tb_frame *frames; /* innermost first */
	size_t nframes;
	bool elided;      /* some in the middle, or the outermost, were not printed */
	size_t elided_at; /* index of the frame that follows them */
	char *created_by; /* NULL: not printed */
	char *created_file;
	long created_line;
	uint64_t parent; /* 0: not printed */
};

struct traceback {
	struct tb_goroutine *list; /* a goroutine may stand there twice: as others saw it, then
				      as it saw itself */
	size_t n;
	size_t cut; /* goroutines that were printed, but are not in the file (corefiles/README) */
};

/* Aborts where the file cannot be read. */
void traceback_read(const char *path, struct traceback *ret);
void traceback_free(struct traceback *tb);

#endif
