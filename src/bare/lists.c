/*
 * The runtime's lists, by what they hold: runtime.mheap_ leads to arenas whose spans begin where
 * they are filed, runtime.allgs to goroutines, runtime.allm to threads that know their own
 * scheduler's goroutine, runtime.waitReasonStrings begins with texts that never changed.
 */
#include "bare/private.h"

#include <string.h>

#include "util/arena.h"

#define MAX_SAMPLES   64        /* goroutines of a list that are looked at */
#define MAX_GS        (1 << 26) /* no list has more */
#define MAX_THREADS   100000
#define MAX_REASONS   256
#define ARENAS_LEN    (UINT64_C(1) << 22) /* of the arena map */
#define MAX_STATUS    11                  /* of a goroutine, without the scan bit */
#define G_SCAN        0x1000
#define REASON        "GC assist marking" /* waitReasonStrings[1] */
#define PAGE_SHIFT    13
#define REASON_MAXLEN 128

struct finder {
	struct hms_bare *bare;
	const struct hms_rt *rt;
	const struct hms_mem *mem;
	const struct hms_layout *layout;
};

static uint64_t get(const struct finder *f, enum hms_fact_id id, const uint8_t *p)
{
	return hms_layout_get(f->layout, id, p);
}

static const uint8_t *peek_structure(const struct finder *f, enum hms_fact_id id, uint64_t addr)
{
	return addr % 8 ? NULL : hms_mem_peek(f->mem, addr, f->layout->facts[id].size);
}

/* ---- walking over the program's variables --------------------------------------------------- */

/* Called for each word: @p holds it, and @len bytes from it on are at hand. */
typedef void visit_word(const struct finder *f, void *arg, uint64_t addr, const uint8_t *p,
			size_t len);

static void each_word(const struct finder *f, uint64_t from, uint64_t to, visit_word *visit,
		      void *arg)
{
	uint64_t at = (from + 7) & ~UINT64_C(7), end;

	while (at < to) {
		const uint8_t *p;
		size_t len = hms_mem_run(f->mem, at, &p);

		len = (size_t)HMS_MIN((uint64_t)len, to - at);
		for (size_t off = 0; off + 8 <= len; off += 8)
			visit(f, arg, at + off, p + off, len - off);
		at += len & ~(size_t)7;
		if (len >= 8)
			continue;
		hms_mem_state_at(f->mem, at, &end);
		if (end <= at)
			return;
		at = (end + 7) & ~UINT64_C(7);
	}
}

static void each_variable(const struct finder *f, visit_word *visit, void *arg)
{
	const struct hms_module *m = &f->rt->modules[0];

	each_word(f, m->data, m->edata, visit, arg);
	each_word(f, m->bss, m->ebss, visit, arg);
	each_word(f, m->noptrdata, m->enoptrdata, visit, arg);
	each_word(f, m->noptrbss, m->enoptrbss, visit, arg);
}

/* ---- runtime.mheap_ ------------------------------------------------------------------------- */

struct heap_search {
	uint64_t found;
	size_t n;
};

/* Does a span that is filed under a page in use of the arena @base lie there? */
static bool arena_has_spans(const struct finder *f, uint64_t arena, uint64_t base)
{
	uint64_t spans = arena + hms_layout_off(f->layout, HMS_F_HEAPARENA_SPANS);
	uint64_t pages = f->layout->facts[HMS_F_HEAPARENA_SPANS].size / 8;
	const uint8_t *p = hms_mem_peek(f->mem, spans, pages * 8);

	for (uint64_t i = 0; p && i < pages; i++) {
		uint64_t span = hms_le64(p + 8 * i), page = base + (i << PAGE_SHIFT), start, n;
		const uint8_t *s = span ? peek_structure(f, HMS_F_MSPAN, span) : NULL;

		if (!s)
			continue;
		start = get(f, HMS_F_MSPAN_STARTADDR, s);
		n = get(f, HMS_F_MSPAN_NPAGES, s);
		if (n && n < UINT32_MAX && page - start < n << PAGE_SHIFT)
			return true;
	}
	return false;
}

/* runtime.arenaBaseOffset */
static uint64_t base_of_arena(const struct finder *f, uint64_t index)
{
	uint64_t pages = f->layout->facts[HMS_F_HEAPARENA_SPANS].size / 8;
	uint64_t offset = f->rt->exe->arch == HMS_ARCH_AMD64 ? 0xffff800000000000 : 0;

	return index * (pages << PAGE_SHIFT) + offset;
}

static bool arena_listed(const struct finder *f, uint64_t map, uint64_t list)
{
	const uint8_t *p = hms_mem_peek(f->mem, list, 8);
	uint64_t index = p ? hms_le64(p) : ARENAS_LEN;

	if (index >= ARENAS_LEN)
		return false;
	p = hms_mem_peek(f->mem, map + 8 * index, 8);
	return p && hms_le64(p) % 8 == 0 && hms_le64(p) &&
	       arena_has_spans(f, hms_le64(p), base_of_arena(f, index));
}

static void try_heap(const struct finder *f, void *arg, uint64_t addr, const uint8_t *p, size_t len)
{
	uint32_t arenas = hms_layout_off(f->layout, HMS_F_MHEAP_ARENAS);
	uint32_t list = hms_layout_off(f->layout, HMS_F_MHEAP_ALLARENAS);
	struct heap_search *search = arg;
	uint64_t map, n, cap;

	if (len < (size_t)HMS_MAX(arenas + 8, list + 24))
		return;
	map = hms_le64(p + arenas);
	n = hms_le64(p + list + 8);
	cap = hms_le64(p + list + 16);
	if (!map || map % 8 || !n || n > cap || cap > ARENAS_LEN ||
	    !arena_listed(f, map, hms_le64(p + list)))
		return;
	search->found = addr;
	search->n++;
}

static void find_heap(const struct finder *f)
{
	struct heap_search search = {0};

	each_variable(f, try_heap, &search);
	if (search.n == 1)
		hms_bare_add(f->bare, "runtime.mheap_", search.found, 0);
}

/* ---- runtime.allgs -------------------------------------------------------------------------- */

struct list_search {
	uint64_t found;
	uint64_t n; /* entries of the longest list */
};

static bool is_goroutine(const struct finder *f, uint64_t addr)
{
	const uint8_t *p = peek_structure(f, HMS_F_G, addr);
	uint64_t lo, hi, id;

	if (!p || !addr)
		return false;
	lo = get(f, HMS_F_G_STACK_LO, p);
	hi = get(f, HMS_F_G_STACK_HI, p);
	id = get(f, HMS_F_G_GOID, p);
	return (get(f, HMS_F_G_STATUS, p) & ~(uint64_t)G_SCAN) <= MAX_STATUS && lo <= hi &&
	       lo % 8 == 0 && hi % 8 == 0 && hi - lo <= UINT64_C(1) << 32 &&
	       id < UINT64_C(1) << 48 && get(f, HMS_F_G_GOPC, p) < UINT64_C(1) << 56;
}

/* A goroutine that was started: dead ones may be blank. */
static bool was_started(const struct finder *f, uint64_t addr)
{
	const uint8_t *p = peek_structure(f, HMS_F_G, addr);
	uint64_t start = p ? get(f, HMS_F_G_STARTPC, p) : 0;

	return p && start >= f->rt->modules[0].text && start < f->rt->modules[0].etext &&
	       get(f, HMS_F_G_GOID, p) && get(f, HMS_F_G_STACK_HI, p);
}

static bool are_goroutines(const struct finder *f, uint64_t list, uint64_t n)
{
	uint64_t looked = HMS_MIN(n, (uint64_t)MAX_SAMPLES);
	const uint8_t *p = hms_mem_peek(f->mem, list, looked * 8);
	bool started = false;

	for (uint64_t i = 0; p && i < looked; i++) {
		if (!is_goroutine(f, hms_le64(p + 8 * i)))
			return false;
		started = started || was_started(f, hms_le64(p + 8 * i));
	}
	return p && started;
}

static void try_goroutines(const struct finder *f, void *arg, uint64_t addr, const uint8_t *p,
			   size_t len)
{
	struct list_search *search = arg;
	uint64_t list, n;

	if (len < 24)
		return;
	list = hms_le64(p);
	n = hms_le64(p + 8);
	if (!list || list % 8 || n <= search->n || n > hms_le64(p + 16) ||
	    hms_le64(p + 16) > MAX_GS || !are_goroutines(f, list, n))
		return;
	search->found = addr;
	search->n = n;
}

static void find_goroutines(const struct finder *f)
{
	struct list_search search = {0};

	each_variable(f, try_goroutines, &search);
	if (search.n)
		hms_bare_add(f->bare, "runtime.allgs", search.found, 0);
}

/* ---- runtime.allm --------------------------------------------------------------------------- */

static const uint8_t *thread_at(const struct finder *f, uint64_t addr)
{
	const uint8_t *p = addr ? peek_structure(f, HMS_F_M, addr) : NULL;
	uint64_t g0 = p ? get(f, HMS_F_M_G0, p) : 0;
	const uint8_t *g = g0 ? peek_structure(f, HMS_F_G, g0) : NULL;

	return g && get(f, HMS_F_G_M, g) == addr ? p : NULL;
}

/* Threads from @addr on; 0 where that is none, or their list does not end. */
static uint64_t threads_linked(const struct finder *f, uint64_t addr)
{
	uint64_t n = 0;

	while (addr) {
		const uint8_t *p = thread_at(f, addr);

		if (!p || n++ == MAX_THREADS)
			return 0;
		addr = get(f, HMS_F_M_ALLLINK, p);
	}
	return n;
}

static void try_threads(const struct finder *f, void *arg, uint64_t addr, const uint8_t *p,
			size_t len)
{
	struct list_search *search = arg;
	uint64_t n, head = hms_le64(p);

	(void)len;
	if (!head || head % 8 || !thread_at(f, head))
		return;
	n = threads_linked(f, head);
	if (n <= search->n)
		return;
	search->found = addr;
	search->n = n;
}

static void find_threads(const struct finder *f)
{
	struct list_search search = {0};

	each_variable(f, try_threads, &search);
	if (search.n)
		hms_bare_add(f->bare, "runtime.allm", search.found, 0);
}

/* ---- runtime.waitReasonStrings -------------------------------------------------------------- */

static bool is_reason(const struct finder *f, const uint8_t *string)
{
	uint64_t len = hms_le64(string + 8);
	const uint8_t *p;

	if (!len || len > REASON_MAXLEN)
		return false;
	p = hms_mem_peek(f->mem, hms_le64(string), len);
	for (uint64_t i = 0; p && i < len; i++)
		if (p[i] < ' ' || p[i] > '~')
			return false;
	return p;
}

/* Element 0 is the empty string. */
static void try_reasons(const struct finder *f, void *arg, uint64_t addr, const uint8_t *p,
			size_t len)
{
	struct list_search *search = arg;
	const uint8_t *text;
	uint64_t n = 2;

	if (search->n || len < 32 || hms_le64(p + 8) || hms_le64(p + 24) != strlen(REASON))
		return;
	text = hms_mem_peek(f->mem, hms_le64(p + 16), strlen(REASON));
	if (!text || memcmp(text, REASON, strlen(REASON)) != 0)
		return;
	while (n < MAX_REASONS && len - 16 * n >= 16 && is_reason(f, p + 16 * n))
		n++;
	search->found = addr;
	search->n = n;
}

static void find_reasons(const struct finder *f)
{
	struct list_search search = {0};

	each_variable(f, try_reasons, &search);
	if (search.n)
		hms_bare_add(f->bare, "runtime.waitReasonStrings", search.found, search.n);
}

void hms_bare_find_lists(struct hms_bare *bare, const struct hms_rt *rt)
{
	const struct finder f = {bare, rt, bare->mem, &rt->layout};

	if (!hms_bare_has_symbol(bare, "runtime.mheap_"))
		find_heap(&f);
	if (!hms_bare_has_symbol(bare, "runtime.allgs"))
		find_goroutines(&f);
	if (!hms_bare_has_symbol(bare, "runtime.allm"))
		find_threads(&f);
	find_reasons(&f);
}
