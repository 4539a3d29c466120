#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/arena.h"

bool world_open(struct world *world, const char *exe, const char *core)
{
	struct hms_session_options options = {.core = core, .exe = exe, .jobs = 1};
	struct hms_error *err;

	*world = (struct world){0};
	err = hms_session_open(&options, &world->session);
	if (!err)
		err = hms_session_find_maps(world->session, &world->found);
	if (!err)
		return true;
	printf("# %s: %s\n", core, err->message);
	hms_err_free(err);
	world_close(world);
	return false;
}

void world_close(struct world *world)
{
	world_restore(world);
	if (world->findings.arena)
		hms_findings_deinit(&world->findings);
	hms_check_work_deinit(&world->work);
	hms_found_free(world->found);
	hms_session_close(world->session);
	free(world->changes);
	*world = (struct world){0};
}

const uint8_t *world_bytes(const struct world *world, uint64_t addr, size_t len)
{
	return hms_mem_peek(world->session->mem, addr, len);
}

uint64_t world_get(const struct world *world, uint64_t addr, size_t len)
{
	const uint8_t *p = world_bytes(world, addr, len);
	uint64_t value = 0;

	if (p)
		memcpy(&value, p, len);
	return value;
}

/* The image is a private mapping of the file: what is written stays in this process. */
static bool make_writable(const uint8_t *at, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)at & ~(page - 1);

	return mprotect((void *)start, (uintptr_t)at + len - start, PROT_READ | PROT_WRITE) == 0;
}

bool world_put(struct world *world, uint64_t addr, size_t len, uint64_t value)
{
	uint8_t *at = (uint8_t *)(uintptr_t)world_bytes(world, addr, len);
	struct world_change *change;

	if (!at || !make_writable(at, len))
		return false;
	HMS_GROW(world->changes, world->nchanges, world->cap_changes);
	change = &world->changes[world->nchanges++];
	*change = (struct world_change){.at = at, .len = len};
	memcpy(change->old, at, len);
	memcpy(at, &value, len);
	hms_heap_forget(world->session->heap);
	return true;
}

void world_restore(struct world *world)
{
	world->deep = 0;
	if (world->nchanges)
		hms_heap_forget(world->session->heap);
	while (world->nchanges) {
		const struct world_change *change = &world->changes[--world->nchanges];

		memcpy(change->at, change->old, change->len);
	}
}

static enum hms_operation_state operation(const void *arg, const struct hms_map *map,
					  int64_t *goroutine_ret)
{
	const struct world *world = arg;

	(void)map;
	*goroutine_ret = world->writer ? 7 : -1;
	if (world->writer)
		return world->clear ? HMS_OPERATION_CLEAR : HMS_OPERATION_WRITE;
	return HMS_OPERATION_NONE;
}

static int64_t deep_writer(const void *arg, const struct hms_map *map)
{
	const struct world *world = arg;

	return world->deep == map->addr ? 7 : -1;
}

void world_check(struct world *world, size_t first, size_t n)
{
	struct hms_check_context context = {
		.arg = world, .operation = operation, .deep_writer = deep_writer};
	struct hms_check_options options = {
		.context = &context, .pclntab = world->session->pclntab, .jobs = 1};
	struct hms_map *maps = world->found->maps + first;
	struct hms_error *err;

	if (world->findings.arena)
		hms_findings_deinit(&world->findings);
	hms_check_work_deinit(&world->work);
	hms_findings_init(&world->findings);
	for (size_t i = 0; i < n; i++)
		hms_map_read_header(world->session->model, &maps[i]);
	err = hms_map_survey(world->session->model, maps, n, 1);
	if (!err)
		err = hms_check_maps(world->session->model, maps, n, &options, &world->findings,
				     &world->work);
	if (err) {
		printf("Bail out! %s\n", err->message);
		exit(1);
	}
}

bool world_bundled(const char *release, const char *name, char **exe_ret, char **core_ret)
{
	const char *src = getenv("HMS_SRCDIR") ? getenv("HMS_SRCDIR") : ".";
	const char *build = getenv("HMS_BUILDDIR") ? getenv("HMS_BUILDDIR") : ".";

	*exe_ret = hms_xprintf("%s/corefiles/%s/exe", build, release);
	*core_ret = hms_xprintf("%s/corefiles/%s/%s.core.zst", src, release, name);
	if (access(*exe_ret, R_OK) == 0 && access(*core_ret, R_OK) == 0)
		return true;
	free(*exe_ret);
	free(*core_ret);
	return false;
}
