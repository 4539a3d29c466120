/*
 * Fuzz targets: one file each, with LLVMFuzzerTestOneInput().  Linked with replay.c they run over
 * tests/fuzz/corpus/NAME in "make check"; configured with --enable-fuzzing (clang) they are
 * libFuzzer programs.
 */
#ifndef HMS_TESTS_FUZZ_H
#define HMS_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What must hold, whatever the input is. */
#define FUZZ_CHECK(condition)     \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* @data as a file in memory; its path, valid until fuzz_file_close().  One at a time. */
const char *fuzz_file_open(const uint8_t *data, size_t len);
void fuzz_file_close(void);

#endif
