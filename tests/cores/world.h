/*
 * A core opened to be damaged: bytes of the memory image are changed in place (the file is not),
 * the maps found before are read, walked and checked anew, and what was changed is put back.
 */
#ifndef HMS_TESTS_CORES_WORLD_H
#define HMS_TESTS_CORES_WORLD_H

#include "check/check.h"
#include "session/session.h"

struct world_change {
	uint8_t *at;
	uint8_t old[8];
	size_t len;
};

struct world {
	struct hms_session *session;
	struct hms_found *found;
	struct world_change *changes;
	size_t nchanges, cap_changes;
	struct hms_findings findings;
	struct hms_check_work work;
	bool writer;   /* a write is said to be in progress on every map; else none is */
	bool clear;    /* with writer: it clears the map */
	uint64_t deep; /* the map that goroutine 7 is said to be deep in a write of */
};

/* False, and a TAP comment, where the core cannot be opened. */
bool world_open(struct world *world, const char *exe, const char *core);
void world_close(struct world *world);

/* Bytes at @addr, NULL where they cannot be read in one piece. */
const uint8_t *world_bytes(const struct world *world, uint64_t addr, size_t len);
/* A number of up to 8 bytes; 0 where it cannot be read. */
uint64_t world_get(const struct world *world, uint64_t addr, size_t len);
/* Change up to 8 bytes; false where they are not in the image. */
bool world_put(struct world *world, uint64_t addr, size_t len, uint64_t value);
void world_restore(struct world *world);

/* Read, walk and check maps @first to @first + @n - 1. */
void world_check(struct world *world, size_t first, size_t n);

/* corefiles/RELEASE/CASE: the core's path and that of its unpacked executable, malloc'ed; false
 * where there is no such core. */
bool world_bundled(const char *release, const char *name, char **exe_ret, char **core_ret);

#endif
