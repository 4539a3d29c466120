#include "lib/mkcore.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/arena.h"

#define PAGE 4096

struct hole {
	uint64_t start, end;
};

struct range {
	uint64_t addr, len;
	uint32_t flags;
	struct bytes data;  /* up to the last store */
	struct hole *holes; /* sorted, disjoint, not adjacent */
	size_t nholes, holes_cap;
};

struct thread {
	uint32_t tid;
	uint16_t cursig;
	uint64_t regs[34];
};

struct mapping {
	uint64_t start, end, off;
	char *path;
};

struct mkcore {
	uint16_t machine;
	bool unaligned, force_xnum;
	struct range *ranges; /* in order of creation; sorted when written */
	size_t nranges, ranges_cap;
	uint64_t heap_next; /* 0: no heap yet */
	struct thread *threads;
	size_t nthreads, threads_cap;
	struct mapping *mappings;
	size_t nmappings, mappings_cap;
	uint64_t (*auxv)[2];
	size_t nauxv, auxv_cap;
	struct bytes psinfo, siginfo; /* len 0: none */
	struct bytes other_notes;     /* ready made */
};

struct mkcore *mkcore_create(void)
{
	struct mkcore *mk = hms_xcalloc(1, sizeof(*mk));

	mk->machine = EM_X86_64;
	return mk;
}

void mkcore_destroy(struct mkcore *mk)
{
	if (!mk)
		return;
	for (size_t i = 0; i < mk->nranges; i++) {
		bytes_free(&mk->ranges[i].data);
		free(mk->ranges[i].holes);
	}
	for (size_t i = 0; i < mk->nmappings; i++)
		free(mk->mappings[i].path);
	free(mk->ranges);
	free(mk->threads);
	free(mk->mappings);
	free(mk->auxv);
	bytes_free(&mk->psinfo);
	bytes_free(&mk->siginfo);
	bytes_free(&mk->other_notes);
	free(mk);
}

void mkcore_machine(struct mkcore *mk, uint16_t machine)
{
	mk->machine = machine;
}

void mkcore_unaligned(struct mkcore *mk)
{
	mk->unaligned = true;
}

void mkcore_force_xnum(struct mkcore *mk)
{
	mk->force_xnum = true;
}

HMS_NORETURN static void misuse(const char *what, uint64_t addr)
{
	fprintf(stderr, "mkcore: %s at 0x%llx\n", what, (unsigned long long)addr);
	abort();
}

/* ---- target memory ---- */

void mkcore_map_flags(struct mkcore *mk, uint64_t addr, uint64_t len, uint32_t flags)
{
	for (size_t i = 0; i < mk->nranges; i++) {
		const struct range *r = &mk->ranges[i];

		if (addr - r->addr < r->len || r->addr - addr < len)
			misuse("overlapping ranges", addr);
	}
	HMS_GROW(mk->ranges, mk->nranges, mk->ranges_cap);
	mk->ranges[mk->nranges++] = (struct range){.addr = addr, .len = len, .flags = flags};
}

void mkcore_map(struct mkcore *mk, uint64_t addr, uint64_t len)
{
	mkcore_map_flags(mk, addr, len, PF_R | PF_W);
}

static struct range *find_range(const struct mkcore *mk, uint64_t addr, uint64_t len)
{
	for (size_t i = 0; i < mk->nranges; i++) {
		struct range *r = &mk->ranges[i];

		if (addr - r->addr < r->len && len <= r->len - (addr - r->addr))
			return r;
	}
	misuse("no range", addr);
}

static int compare_holes(const void *a, const void *b)
{
	const struct hole *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Put the last hole where it belongs, joined with its neighbours. */
static void settle_holes(struct range *r)
{
	size_t n = 0;

	if (r->nholes < 2 || r->holes[r->nholes - 2].end < r->holes[r->nholes - 1].start)
		return;
	qsort(r->holes, r->nholes, sizeof(*r->holes), compare_holes);
	for (size_t i = 1; i < r->nholes; i++) {
		if (r->holes[i].start <= r->holes[n].end)
			r->holes[n].end = HMS_MAX(r->holes[n].end, r->holes[i].end);
		else
			r->holes[++n] = r->holes[i];
	}
	r->nholes = n + 1;
}

void mkcore_absent(struct mkcore *mk, uint64_t addr, uint64_t len)
{
	struct range *r;

	if (len == 0)
		return;
	r = find_range(mk, addr, len);
	HMS_GROW(r->holes, r->nholes, r->holes_cap);
	r->holes[r->nholes++] = (struct hole){addr, addr + len};
	settle_holes(r);
}

uint64_t mkcore_alloc(struct mkcore *mk, uint64_t len, uint64_t align)
{
	struct range *heap;
	uint64_t addr;

	assert(align && (align & (align - 1)) == 0);
	if (!mk->heap_next) {
		mkcore_map(mk, MKCORE_HEAP, PAGE);
		mk->heap_next = MKCORE_HEAP;
	}
	addr = (mk->heap_next + align - 1) & ~(align - 1);
	mk->heap_next = addr + len;
	heap = find_range(mk, MKCORE_HEAP, 1);
	heap->len = HMS_MAX(heap->len, (mk->heap_next - heap->addr + PAGE - 1) & ~(PAGE - 1UL));
	return addr;
}

void mkcore_put(struct mkcore *mk, uint64_t addr, const void *p, size_t len)
{
	struct range *r = find_range(mk, addr, len);

	bytes_put(&r->data, addr - r->addr, p, len);
}

void mkcore_put8(struct mkcore *mk, uint64_t addr, uint8_t v)
{
	mkcore_put(mk, addr, &v, sizeof(v));
}

void mkcore_put16(struct mkcore *mk, uint64_t addr, uint16_t v)
{
	mkcore_put(mk, addr, &v, sizeof(v));
}

void mkcore_put32(struct mkcore *mk, uint64_t addr, uint32_t v)
{
	mkcore_put(mk, addr, &v, sizeof(v));
}

void mkcore_put64(struct mkcore *mk, uint64_t addr, uint64_t v)
{
	mkcore_put(mk, addr, &v, sizeof(v));
}

void mkcore_get(const struct mkcore *mk, uint64_t addr, void *p, size_t len)
{
	const struct range *r = find_range(mk, addr, len);
	uint64_t off = addr - r->addr;

	memset(p, 0, len);
	if (off < r->data.len)
		memcpy(p, r->data.p + off, HMS_MIN(len, r->data.len - off));
}

uint64_t mkcore_get64(const struct mkcore *mk, uint64_t addr)
{
	uint64_t v;

	mkcore_get(mk, addr, &v, sizeof(v));
	return v;
}

/* ---- notes ---- */

void mkcore_thread(struct mkcore *mk, uint32_t tid, uint16_t cursig, const uint64_t *regs,
		   size_t nregs)
{
	struct thread *t;

	assert(nregs <= HMS_ARRAY_LEN(t->regs));
	HMS_GROW(mk->threads, mk->nthreads, mk->threads_cap);
	t = &mk->threads[mk->nthreads++];
	*t = (struct thread){.tid = tid, .cursig = cursig};
	if (nregs)
		memcpy(t->regs, regs, nregs * sizeof(*regs));
}

/* struct elf_prpsinfo: 136 bytes. */
void mkcore_psinfo(struct mkcore *mk, uint32_t pid, const char *fname, const char *psargs)
{
	struct bytes *b = &mk->psinfo;

	bytes_free(b);
	bytes_put8(b, 135, 0);
	bytes_put8(b, 1, 'R');
	bytes_put32(b, 24, pid);
	bytes_put(b, 40, fname, strnlen(fname, 16));
	bytes_put(b, 56, psargs, strnlen(psargs, 80));
}

/* siginfo_t: 128 bytes. */
void mkcore_siginfo(struct mkcore *mk, int signo, int code, uint64_t addr)
{
	struct bytes *b = &mk->siginfo;

	bytes_free(b);
	bytes_put8(b, 127, 0);
	bytes_put32(b, 0, (uint32_t)signo);
	bytes_put32(b, 8, (uint32_t)code);
	bytes_put64(b, 16, addr);
}

void mkcore_auxv(struct mkcore *mk, uint64_t type, uint64_t value)
{
	HMS_GROW(mk->auxv, mk->nauxv, mk->auxv_cap);
	mk->auxv[mk->nauxv][0] = type;
	mk->auxv[mk->nauxv++][1] = value;
}

void mkcore_file(struct mkcore *mk, uint64_t start, uint64_t end, uint64_t off, const char *path)
{
	HMS_GROW(mk->mappings, mk->nmappings, mk->mappings_cap);
	mk->mappings[mk->nmappings++] = (struct mapping){start, end, off, hms_xstrdup(path)};
}

static void add_note(struct bytes *b, const char *name, uint32_t type, const void *desc, size_t len)
{
	size_t off = b->len, namesz = strlen(name) + 1, padded = (namesz + 3) & ~3UL;

	bytes_put32(b, off, (uint32_t)namesz);
	bytes_put32(b, off + 4, (uint32_t)len);
	bytes_put32(b, off + 8, type);
	bytes_put(b, off + 12, name, namesz);
	bytes_put(b, off + 12 + padded, desc, len);
	while (b->len % 4)
		bytes_put8(b, b->len, 0);
}

void mkcore_note(struct mkcore *mk, const char *name, uint32_t type, const void *desc, size_t len)
{
	add_note(&mk->other_notes, name, type, desc, len);
}

/* struct elf_prstatus: 112 bytes, then the registers, then pr_fpvalid. */
static void add_thread(const struct mkcore *mk, struct bytes *notes, const struct thread *t)
{
	size_t nregs = mk->machine == EM_AARCH64 ? 34 : 27;
	struct bytes b = {0};

	bytes_put64(&b, 112 + nregs * 8, 0);
	bytes_put32(&b, 0, t->cursig);
	bytes_put16(&b, 12, t->cursig);
	bytes_put32(&b, 32, t->tid);
	bytes_put(&b, 112, t->regs, nregs * 8);
	add_note(notes, "CORE", NT_PRSTATUS, b.p, b.len);
	bytes_free(&b);
}

static void add_auxv(const struct mkcore *mk, struct bytes *notes)
{
	struct bytes b = {0};

	bytes_put(&b, 0, mk->auxv, mk->nauxv * 16);
	bytes_put64(&b, b.len, AT_NULL);
	bytes_put64(&b, b.len, 0);
	add_note(notes, "CORE", NT_AUXV, b.p, b.len);
	bytes_free(&b);
}

/* NT_FILE: count, page size, rows with offsets in pages, then the paths. */
static void add_mappings(const struct mkcore *mk, struct bytes *notes)
{
	struct bytes b = {0};

	bytes_put64(&b, 0, mk->nmappings);
	bytes_put64(&b, 8, PAGE);
	for (size_t i = 0; i < mk->nmappings; i++) {
		bytes_put64(&b, b.len, mk->mappings[i].start);
		bytes_put64(&b, b.len, mk->mappings[i].end);
		bytes_put64(&b, b.len, mk->mappings[i].off / PAGE);
	}
	for (size_t i = 0; i < mk->nmappings; i++)
		bytes_put(&b, b.len, mk->mappings[i].path, strlen(mk->mappings[i].path) + 1);
	add_note(notes, "CORE", NT_FILE, b.p, b.len);
	bytes_free(&b);
}

/* The kernel's order: the first thread, the process, then the other threads. */
static void build_notes(const struct mkcore *mk, struct bytes *notes)
{
	if (mk->nthreads)
		add_thread(mk, notes, &mk->threads[0]);
	if (mk->psinfo.len)
		add_note(notes, "CORE", NT_PRPSINFO, mk->psinfo.p, mk->psinfo.len);
	if (mk->siginfo.len)
		add_note(notes, "CORE", NT_SIGINFO, mk->siginfo.p, mk->siginfo.len);
	if (mk->nauxv)
		add_auxv(mk, notes);
	if (mk->nmappings)
		add_mappings(mk, notes);
	for (size_t i = 1; i < mk->nthreads; i++)
		add_thread(mk, notes, &mk->threads[i]);
	bytes_put(notes, notes->len, mk->other_notes.p, mk->other_notes.len);
}

/* ---- the file ---- */

struct load {
	uint64_t addr, memsz, filesz, off;
	const struct range *range;
};

struct layout {
	struct bytes head; /* header, program headers, notes */
	struct load *loads;
	size_t nloads, cap;
	uint64_t size;
};

static void add_load(struct layout *l, const struct range *r, uint64_t start, uint64_t saved_end,
		     uint64_t end)
{
	HMS_GROW(l->loads, l->nloads, l->cap);
	l->loads[l->nloads++] = (struct load){
		.addr = start, .memsz = end - start, .filesz = saved_end - start, .range = r};
}

/* A range with holes becomes several segments, each ending with one hole at most. */
static void add_loads(struct layout *l, const struct range *r)
{
	uint64_t start = r->addr;

	for (size_t i = 0; i < r->nholes; i++) {
		add_load(l, r, start, r->holes[i].start, r->holes[i].end);
		start = r->holes[i].end;
	}
	if (r->nholes == 0 || start != r->addr + r->len)
		add_load(l, r, start, r->addr + r->len, r->addr + r->len);
}

static int compare_loads(const void *a, const void *b)
{
	const struct load *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static void place_loads(const struct mkcore *mk, struct layout *l, uint64_t off)
{
	for (size_t i = 0; i < l->nloads; i++) {
		if (mk->unaligned)
			off |= 1;
		else
			off = (off + PAGE - 1) & ~(PAGE - 1UL);
		l->loads[i].off = off;
		off += l->loads[i].filesz;
	}
	l->size = off;
}

static void put_phdr(struct bytes *b, size_t i, const Elf64_Phdr *ph)
{
	bytes_put(b, sizeof(Elf64_Ehdr) + i * sizeof(*ph), ph, sizeof(*ph));
}

static void put_ehdr(const struct mkcore *mk, struct bytes *b, size_t nphdrs, uint64_t shoff)
{
	Elf64_Ehdr eh = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = mk->machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(eh),
		.e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (uint16_t)HMS_MIN(nphdrs, PN_XNUM),
	};

	if (shoff) {
		Elf64_Shdr sh = {.sh_info = (uint32_t)nphdrs};

		eh.e_phnum = PN_XNUM;
		eh.e_shoff = shoff;
		eh.e_shentsize = sizeof(sh);
		eh.e_shnum = 1;
		bytes_put(b, shoff, &sh, sizeof(sh));
	}
	bytes_put(b, 0, &eh, sizeof(eh));
}

static void lay_out(const struct mkcore *mk, struct layout *l)
{
	struct bytes notes = {0};
	size_t nphdrs, notes_off, shoff;

	for (size_t i = 0; i < mk->nranges; i++)
		add_loads(l, &mk->ranges[i]);
	if (l->nloads)
		qsort(l->loads, l->nloads, sizeof(*l->loads), compare_loads);
	build_notes(mk, &notes);
	nphdrs = l->nloads + MKCORE_FIRST_LOAD;
	notes_off = sizeof(Elf64_Ehdr) + nphdrs * sizeof(Elf64_Phdr);
	bytes_put(&l->head, notes_off, notes.p, notes.len);
	shoff = (l->head.len + 7) & ~7UL;
	put_ehdr(mk, &l->head, nphdrs, mk->force_xnum || nphdrs >= PN_XNUM ? shoff : 0);
	put_phdr(&l->head, 0,
		 &(Elf64_Phdr){.p_type = PT_NOTE, .p_offset = notes_off, .p_filesz = notes.len});
	place_loads(mk, l, l->head.len);
	for (size_t i = 0; i < l->nloads; i++) {
		const struct load *load = &l->loads[i];

		put_phdr(&l->head, i + MKCORE_FIRST_LOAD,
			 &(Elf64_Phdr){.p_type = PT_LOAD,
				       .p_offset = load->off,
				       .p_vaddr = load->addr,
				       .p_memsz = load->memsz,
				       .p_filesz = load->filesz,
				       .p_flags = load->range->flags,
				       .p_align = mk->unaligned ? 1 : PAGE});
	}
	bytes_free(&notes);
}

/* The stored bytes of @load: the rest up to filesz is zero. */
static size_t stored(const struct load *load, const uint8_t **ret)
{
	const struct range *r = load->range;
	uint64_t skip = load->addr - r->addr;

	if (skip >= r->data.len)
		return 0;
	*ret = r->data.p + skip;
	return HMS_MIN(load->filesz, r->data.len - skip);
}

static void write_at(int fd, const uint8_t *p, size_t len, uint64_t off)
{
	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)off);

		if (n <= 0) {
			perror("mkcore");
			abort();
		}
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
}

char *mkcore_save(const struct mkcore *mk)
{
	struct layout l = {0};
	char *path;
	int fd;

	lay_out(mk, &l);
	path = bytes_save(&l.head);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	for (size_t i = 0; i < l.nloads; i++) {
		const uint8_t *p = NULL;
		size_t len = stored(&l.loads[i], &p);

		write_at(fd, p, len, l.loads[i].off);
	}
	if (fd < 0 || ftruncate(fd, (off_t)HMS_MAX(l.size, l.head.len)) < 0)
		abort();
	close(fd);
	bytes_free(&l.head);
	free(l.loads);
	return path;
}

void mkcore_bytes(const struct mkcore *mk, struct bytes *ret)
{
	struct layout l = {0};

	lay_out(mk, &l);
	*ret = l.head;
	if (l.size > ret->len) /* once: growing by pieces would copy all for each */
		bytes_put8(ret, l.size - 1, 0);
	for (size_t i = 0; i < l.nloads; i++) {
		const uint8_t *p = NULL;
		size_t len = stored(&l.loads[i], &p);

		bytes_put(ret, l.loads[i].off, p, len);
	}
	free(l.loads);
}
