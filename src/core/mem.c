/*
 * The image is two sorted arrays: all pieces, which answer hms_mem_state_at(), and the readable
 * ones, which answer reads.
 *
 * Reads are the hot path: maps with millions of entries are walked through them by several
 * threads.  A table over the lower half of the address space says, for each GRANULE, which
 * readable pieces touch it; a Go heap is one or two pieces a granule, so that a lookup is two
 * loads and a comparison.  Only the parts of the table that are used cost memory.
 */
#include "core/mem.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>

#include "util/arena.h"

#define GRANULE_SHIFT 30
#define TABLE_SHIFT   48 /* user space of amd64, and of arm64 with 48-bit addresses */
#define NGRANULES     (1u << (TABLE_SHIFT - GRANULE_SHIFT))

/* Twice the segments of the largest core, its file mappings, and the executable's segments. */
#define MAX_PIECES (16u << 20)

struct piece {
	uint64_t start, end;
	const uint8_t *data; /* NULL where not readable */
	enum hms_mem_state state;
};

struct readable {
	uint64_t start, len;
	const uint8_t *data;
};

/* Readable pieces that touch a granule: [first, first + n). */
struct granule {
	uint32_t first, n;
};

struct pieces {
	struct piece *p;
	size_t n;
};

struct hms_mem {
	const struct hms_corefile *core;
	struct pieces pieces; /* sorted, disjoint; neighbours that continue each other are one */
	uint64_t *run_ends;   /* per piece: where the run of its state ends */
	struct readable *readable;
	size_t nreadable;
	struct granule *granules;
};

/* ---- building ---- */

static void append(struct pieces *list, struct piece piece)
{
	struct piece *last = list->n ? &list->p[list->n - 1] : NULL;

	if (piece.start >= piece.end)
		return;
	if (last && last->end == piece.start && last->state == piece.state &&
	    (piece.data == NULL || last->data + (last->end - last->start) == piece.data))
		last->end = piece.end;
	else
		list->p[list->n++] = piece;
}

/* The part of @piece in [start, end). */
static struct piece part(struct piece piece, uint64_t start, uint64_t end)
{
	if (start > piece.start) {
		if (piece.data)
			piece.data += HMS_MIN(start, piece.end) - piece.start;
		piece.start = start;
	}
	piece.end = HMS_MIN(piece.end, end);
	return piece;
}

/*
 * The union of two sorted lists, @over hiding what lies under it.  The pieces of @under may
 * overlap each other: then the first of them counts.
 */
static struct hms_error *overlay(const struct pieces *over, const struct pieces *under,
				 struct pieces *ret)
{
	struct pieces out = {0};
	uint64_t done = 0; /* all below is settled */
	size_t i = 0;

	/* Each piece of @over can split one of @under in two. */
	HMS_TRY(hms_alloc_array(2 * over->n + under->n, sizeof(*out.p), MAX_PIECES, &out.p));
	for (size_t u = 0; u < under->n; u++) {
		const struct piece *low = &under->p[u];

		for (; i < over->n && over->p[i].start < low->end; i++) {
			append(&out, part(*low, done, over->p[i].start));
			append(&out, over->p[i]);
			done = over->p[i].end;
		}
		append(&out, part(*low, done, low->end));
		done = HMS_MAX(done, low->end);
	}
	for (; i < over->n; i++)
		append(&out, over->p[i]);
	*ret = out;
	return NULL;
}

/* Put what @under adds below @list, and free @under's pieces. */
static struct hms_error *add_below(struct pieces *list, struct pieces *under)
{
	struct pieces merged;
	struct hms_error *err = overlay(list, under, &merged);

	free(under->p);
	if (err)
		return err;
	free(list->p);
	*list = merged;
	return NULL;
}

static struct hms_error *new_list(size_t max, struct pieces *ret)
{
	*ret = (struct pieces){0};
	return hms_alloc_array(max, sizeof(*ret->p), MAX_PIECES, &ret->p);
}

static struct hms_error *add_saved(struct hms_mem *mem)
{
	const struct hms_corefile *core = mem->core;

	HMS_TRY(new_list(core->nsegments, &mem->pieces));
	for (size_t i = 0; i < core->nsegments; i++) {
		const struct hms_segment *s = &core->segments[i];

		append(&mem->pieces, (struct piece){
					     .start = s->addr,
					     .end = s->addr + s->filesz,
					     .data = hms_corefile_bytes(core, s->off, s->filesz),
					     .state = HMS_MEM_PRESENT,
				     });
	}
	return NULL;
}

/* Writable segments stay out: what the program made of them is not what the file holds. */
static struct hms_error *add_exe(struct hms_mem *mem, const struct hms_elffile *exe, uint64_t bias)
{
	struct pieces list;

	HMS_TRY(new_list(exe->nsegments, &list));
	for (size_t i = 0; i < exe->nsegments; i++) {
		const struct hms_elf_segment *s = &exe->segments[i];
		uint64_t addr = s->addr + bias;

		/* A nonsensical bias moves some segments around the end of the address space and
		 * out of order: those are left out. */
		if ((s->flags & PF_W) || s->filesz > UINT64_MAX - addr ||
		    (list.n && addr < list.p[list.n - 1].start))
			continue;
		append(&list, (struct piece){
				      .start = addr,
				      .end = addr + s->filesz,
				      .data = hms_elffile_bytes(exe, s->off, s->filesz),
				      .state = HMS_MEM_FROM_FILE,
			      });
	}
	return add_below(&mem->pieces, &list);
}

static struct hms_error *add_not_saved(struct hms_mem *mem)
{
	const struct hms_corefile *core = mem->core;
	struct pieces list;

	HMS_TRY(new_list(core->nsegments, &list));
	for (size_t i = 0; i < core->nsegments; i++) {
		const struct hms_segment *s = &core->segments[i];

		append(&list, (struct piece){
				      .start = s->addr + s->filesz,
				      .end = s->addr + s->memsz,
				      .state = HMS_MEM_NOT_SAVED,
			      });
	}
	HMS_TRY(add_below(&mem->pieces, &list));
	/* Mappings that no segment mentions. */
	HMS_TRY(new_list(core->nmappings, &list));
	for (size_t i = 0; i < core->nmappings; i++)
		append(&list, (struct piece){
				      .start = core->mappings[i].start,
				      .end = core->mappings[i].end,
				      .state = HMS_MEM_NOT_SAVED,
			      });
	return add_below(&mem->pieces, &list);
}

static struct hms_error *find_runs(struct hms_mem *mem)
{
	const struct piece *p = mem->pieces.p;

	HMS_TRY(hms_alloc_array(mem->pieces.n, sizeof(*mem->run_ends), MAX_PIECES, &mem->run_ends));
	for (size_t i = mem->pieces.n; i-- > 0;) {
		bool goes_on = i + 1 < mem->pieces.n && p[i].end == p[i + 1].start &&
			       p[i].state == p[i + 1].state;

		mem->run_ends[i] = goes_on ? mem->run_ends[i + 1] : p[i].end;
	}
	return NULL;
}

static void enter_in_table(struct hms_mem *mem, uint32_t index)
{
	const struct readable *r = &mem->readable[index];
	uint64_t first = r->start >> GRANULE_SHIFT;
	uint64_t last = (r->start + (r->len - 1)) >> GRANULE_SHIFT;

	for (uint64_t g = first; g <= last && g < NGRANULES; g++) {
		if (mem->granules[g].n++ == 0)
			mem->granules[g].first = index;
	}
}

static struct hms_error *index_readable(struct hms_mem *mem)
{
	HMS_TRY(hms_alloc_array(NGRANULES, sizeof(*mem->granules), NGRANULES, &mem->granules));
	HMS_TRY(hms_alloc_array(mem->pieces.n, sizeof(*mem->readable), MAX_PIECES, &mem->readable));
	for (size_t i = 0; i < mem->pieces.n; i++) {
		const struct piece *p = &mem->pieces.p[i];

		if (!p->data)
			continue;
		mem->readable[mem->nreadable] =
			(struct readable){p->start, p->end - p->start, p->data};
		enter_in_table(mem, (uint32_t)mem->nreadable++);
	}
	return NULL;
}

static struct hms_error *build(struct hms_mem *mem, const struct hms_elffile *exe, uint64_t bias)
{
	HMS_TRY(add_saved(mem));
	if (exe)
		HMS_TRY(add_exe(mem, exe, bias));
	HMS_TRY(add_not_saved(mem));
	HMS_TRY(find_runs(mem));
	return index_readable(mem);
}

struct hms_error *hms_mem_open(const struct hms_corefile *core, const struct hms_elffile *exe,
			       uint64_t bias, struct hms_mem **ret)
{
	struct hms_mem *mem = hms_xcalloc(1, sizeof(*mem));
	struct hms_error *err;

	mem->core = core;
	err = build(mem, exe, bias);
	if (err) {
		hms_mem_close(mem);
		return hms_err_ctx(err, "cannot build the memory image of '%s'", core->path);
	}
	*ret = mem;
	return NULL;
}

void hms_mem_close(struct hms_mem *mem)
{
	if (!mem)
		return;
	free(mem->pieces.p);
	free(mem->run_ends);
	free(mem->readable);
	free(mem->granules);
	free(mem);
}

/* ---- reading ---- */

/* What reading no bytes gives: it never fails, wherever it is. */
static const uint8_t no_bytes[1];

/* The last of @n pieces that starts at or below @addr, or the first; @n is not 0. */
static inline const struct readable *search(const struct readable *r, size_t n, uint64_t addr)
{
	while (n > 1) {
		size_t half = n / 2;

		r += r[half].start <= addr ? half : 0;
		n -= half;
	}
	return r;
}

static inline const struct readable *find_readable(const struct hms_mem *mem, uint64_t addr)
{
	const struct readable *r = mem->readable;
	uint64_t g = addr >> GRANULE_SHIFT;
	size_t n = mem->nreadable;

	if (g < NGRANULES) {
		r += mem->granules[g].first;
		n = mem->granules[g].n;
	}
	if (n == 0)
		return NULL;
	r = search(r, n, addr);
	return addr - r->start < r->len ? r : NULL;
}

const uint8_t *hms_mem_peek(const struct hms_mem *mem, uint64_t addr, size_t len)
{
	const struct readable *r = find_readable(mem, addr);
	uint64_t off;

	if (len == 0)
		return no_bytes;
	if (!r)
		return NULL;
	off = addr - r->start;
	return len <= r->len - off ? r->data + off : NULL;
}

void hms_mem_prefetch(const struct hms_mem *mem, uint64_t addr)
{
	const struct readable *r = find_readable(mem, addr);

	if (r)
		__builtin_prefetch(r->data + (addr - r->start));
}

size_t hms_mem_run(const struct hms_mem *mem, uint64_t addr, const uint8_t **ret)
{
	const struct readable *r = find_readable(mem, addr);

	if (!r)
		return 0;
	*ret = r->data + (addr - r->start);
	return r->len - (addr - r->start);
}

/* Why the byte at @addr cannot be read. */
static struct hms_error *fault(const struct hms_mem *mem, uint64_t addr)
{
	if (hms_mem_state_at(mem, addr, NULL) == HMS_MEM_UNMAPPED)
		return hms_err_fault(addr, "was never mapped");
	if (mem->core->bytes_cut)
		return hms_err_fault(addr, "is not in the core, which is cut short");
	return hms_err_fault(addr, "is not in the core");
}

/* Check that all of [addr, addr + len) is readable. */
static struct hms_error *check_readable(const struct hms_mem *mem, uint64_t addr, size_t len)
{
	const uint8_t *p;

	while (len) {
		size_t run = hms_mem_run(mem, addr, &p);

		if (run == 0)
			return fault(mem, addr);
		if (run >= len)
			break;
		addr += run;
		len -= run;
	}
	return NULL;
}

struct hms_error *hms_mem_read(const struct hms_mem *mem, uint64_t addr, void *buf, size_t len)
{
	uint8_t *dst = buf;

	HMS_TRY(check_readable(mem, addr, len));
	while (len) {
		const uint8_t *p = NULL;
		size_t run = hms_mem_run(mem, addr, &p);
		size_t n = HMS_MIN(run, len);

		memcpy(dst, p, n);
		dst += n;
		addr += n;
		len -= n;
	}
	return NULL;
}

struct hms_error *hms_mem_view(const struct hms_mem *mem, uint64_t addr, size_t len,
			       const uint8_t **ret)
{
	const uint8_t *p = hms_mem_peek(mem, addr, len);
	struct hms_error *err;

	if (p) {
		*ret = p;
		return NULL;
	}
	HMS_TRY(check_readable(mem, addr, len));
	err = hms_err(HMS_ERR_SPLIT, "%zu bytes at 0x%" PRIx64 " are not in one piece", len, addr);
	if (err != &hms_err_nomem)
		err->addr = addr;
	return err;
}

#define LOAD(name, type)                                                            \
	struct hms_error *name(const struct hms_mem *mem, uint64_t addr, type *ret) \
	{                                                                           \
		const uint8_t *p = hms_mem_peek(mem, addr, sizeof(*ret));           \
                                                                                    \
		if (!p)                                                             \
			return hms_mem_read(mem, addr, ret, sizeof(*ret));          \
		memcpy(ret, p, sizeof(*ret));                                       \
		return NULL;                                                        \
	}

LOAD(hms_mem_u64, uint64_t)
LOAD(hms_mem_u32, uint32_t)
LOAD(hms_mem_u8, uint8_t)

/* ---- states ---- */

/* The number of pieces that start at or below @addr. */
static size_t count_below(const struct pieces *list, uint64_t addr)
{
	size_t lo = 0, hi = list->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (list->p[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

enum hms_mem_state hms_mem_state_at(const struct hms_mem *mem, uint64_t addr, uint64_t *end_ret)
{
	size_t i = count_below(&mem->pieces, addr);
	enum hms_mem_state state = HMS_MEM_UNMAPPED;
	uint64_t end = i < mem->pieces.n ? mem->pieces.p[i].start : UINT64_MAX;

	if (i > 0 && addr < mem->pieces.p[i - 1].end) {
		state = mem->pieces.p[i - 1].state;
		end = mem->run_ends[i - 1];
	}
	if (end_ret)
		*end_ret = end;
	return state;
}
