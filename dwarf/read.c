/*
 * Types and package variables of all units.  Most of the time goes into stepping over function
 * bodies, so the units of a large file are read by several threads, each with a libdwarf handle
 * of its own over the same sections.  Records are put together in file order: the result does not
 * depend on how many there were.
 */
#include "dwarf/types.h"

#include <string.h>

#include "util/threads.h"

/* Bytes of .debug_info that are worth a thread's while. */
#define CHUNK_BYTES (512 * 1024)
#define MAX_WORKERS 8

/* Consecutive units. */
struct chunk {
	size_t first;
	size_t end;
	size_t skipped;
	struct reader reader; /* what was read of them */
};

struct worker {
	struct hms_dwarf dwarf; /* a handle; units and the rest stay with the original */
	struct hms_arena *arena;
};

struct reading {
	struct hms_dwarf *dwarf;
	struct hms_graph *graph;
	uint64_t bias;
	struct chunk *chunks;
	size_t nchunks, chunks_cap;
	struct worker workers[MAX_WORKERS];
};

static void reader_deinit(struct reader *reader)
{
	free(reader->types);
	free(reader->members);
	free(reader->variables);
}

/* ---- reading ------------------------------------------------------------------------------ */

/* What was read of a damaged unit is dropped. */
static void read_chunk(struct chunk *chunk, const struct unit *units)
{
	struct reader *reader = &chunk->reader;

	for (size_t i = chunk->first; i < chunk->end; i++) {
		size_t ntypes = reader->ntypes, nmembers = reader->nmembers;
		size_t nvariables = reader->nvariables;
		struct hms_error *err;

		reader->unit = &units[i];
		err = read_unit(reader);
		if (!err)
			continue;
		hms_err_free(err);
		reader->ntypes = ntypes;
		reader->nmembers = nmembers;
		reader->nvariables = nvariables;
		chunk->skipped++;
	}
}

static struct hms_error *worker_init(struct worker *worker, struct hms_dwarf *dwarf,
				     struct hms_graph *graph)
{
	if (worker->dwarf.dbg)
		return NULL;
	worker->dwarf.object.sections = &dwarf->sections;
	worker->arena = hms_graph_arena_for_thread(graph);
	return dwarf_attach(&worker->dwarf);
}

static struct hms_error *read_chunk_by(void *arg, size_t item, unsigned int number)
{
	struct reading *reading = arg;
	struct worker *worker = &reading->workers[number];
	struct chunk *chunk = &reading->chunks[item];

	HMS_TRY(worker_init(worker, reading->dwarf, reading->graph));
	chunk->reader = (struct reader){
		.dwarf = &worker->dwarf,
		.graph = reading->graph,
		.arena = worker->arena,
		.bias = reading->bias,
	};
	read_chunk(chunk, reading->dwarf->units);
	return NULL;
}

static void cut_chunks(struct reading *reading)
{
	const struct hms_dwarf *dwarf = reading->dwarf;
	uint64_t start = 0;

	for (size_t i = 0; i < dwarf->nunits; i++) {
		if (i == 0 || dwarf->units[i].die_off - start >= CHUNK_BYTES) {
			start = dwarf->units[i].die_off;
			HMS_GROW(reading->chunks, reading->nchunks, reading->chunks_cap);
			reading->chunks[reading->nchunks++] = (struct chunk){.first = i};
		}
		reading->chunks[reading->nchunks - 1].end = i + 1;
	}
}

static struct hms_error *read_chunks(struct reading *reading)
{
	unsigned int jobs = HMS_MIN(hms_threads_available(), (unsigned int)MAX_WORKERS);

	/* Decompression is not for several threads at once. */
	for (size_t i = 0; i < reading->dwarf->sections.n; i++) {
		if (!reading->dwarf->sections.list[i].lists)
			section_load(&reading->dwarf->sections.list[i]);
	}
	cut_chunks(reading);
	return hms_parallel(reading->nchunks, jobs, read_chunk_by, reading);
}

/* ---- putting together --------------------------------------------------------------------- */

static void *append(void *to, size_t nto, const void *from, size_t nfrom, size_t size)
{
	if (!nfrom)
		return to;
	to = hms_xrealloc(to, nto + nfrom, size);
	memcpy((char *)to + nto * size, from, nfrom * size);
	return to;
}

static void append_records(struct reader *to, const struct reader *from)
{
	to->types = append(to->types, to->ntypes, from->types, from->ntypes, sizeof(*to->types));
	to->members = append(to->members, to->nmembers, from->members, from->nmembers,
			     sizeof(*to->members));
	to->variables = append(to->variables, to->nvariables, from->variables, from->nvariables,
			       sizeof(*to->variables));
	for (size_t i = 0; i < from->ntypes; i++)
		to->types[to->ntypes + i].first_member += (uint32_t)to->nmembers;
	to->ntypes += from->ntypes;
	to->nmembers += from->nmembers;
	to->nvariables += from->nvariables;
}

static struct hms_error *merge(struct reading *reading, struct reader *all, size_t *skipped_ret)
{
	*skipped_ret = reading->dwarf->nbad;
	for (size_t i = 0; i < reading->nchunks; i++) {
		const struct reader *reader = &reading->chunks[i].reader;

		if (all->nmembers + reader->nmembers > UINT32_MAX ||
		    all->ntypes + reader->ntypes >= UINT32_MAX)
			return hms_err(HMS_ERR_LIMIT, "debug information has too many types");
		append_records(all, reader);
		*skipped_ret += reading->chunks[i].skipped;
	}
	return NULL;
}

static void reading_deinit(struct reading *reading)
{
	for (size_t i = 0; i < reading->nchunks; i++)
		reader_deinit(&reading->chunks[i].reader);
	free(reading->chunks);
	for (size_t i = 0; i < MAX_WORKERS; i++) {
		if (reading->workers[i].dwarf.dbg)
			compat_dwarf_finish(reading->workers[i].dwarf.dbg);
	}
}

static struct hms_error *read_types(struct hms_dwarf *dwarf, uint64_t bias, struct hms_graph *graph,
				    size_t *skipped_ret)
{
	HMS_CLEANUP(reading_deinit)
	struct reading reading = {.dwarf = dwarf, .graph = graph, .bias = bias};
	HMS_CLEANUP(reader_deinit)
	struct reader all = {
		.dwarf = dwarf,
		.graph = graph,
		.arena = hms_graph_arena(graph),
	};
	size_t skipped;

	HMS_TRY(read_chunks(&reading));
	HMS_TRY(merge(&reading, &all, &skipped));
	resolve_types(&all);
	*skipped_ret = skipped;
	return NULL;
}

struct hms_error *hms_dwarf_read_types(struct hms_dwarf *dwarf, uint64_t bias,
				       struct hms_graph *graph, size_t *skipped_ret)
{
	struct hms_error *err;

	pthread_mutex_lock(&dwarf->lock);
	err = read_types(dwarf, bias, graph, skipped_ret);
	pthread_mutex_unlock(&dwarf->lock);
	return err;
}
