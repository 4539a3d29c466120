/*
 * Notes of a core file: threads, process, signal, auxiliary vector, mapped files.
 *
 * Layouts (64-bit): Linux include/uapi/linux/elfcore.h (elf_prstatus, elf_prpsinfo), siginfo_t of
 * include/uapi/asm-generic/siginfo.h, NT_FILE of fs/binfmt_elf.c (fill_files_note).
 */
#include <elf.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/corefile-impl.h"
#include "util/arena.h"
#include "util/buf.h"

/* Bounds on work, far beyond any real core: a thread has some five notes. */
#define MAX_NOTES    (4u << 20)
#define MAX_THREADS  (256u << 10)
#define MAX_MAPPINGS (4u << 20)

/* elf_prstatus */
#define PRSTATUS_CURSIG 12
#define PRSTATUS_PID    32
#define PRSTATUS_REGS   112

/* elf_prpsinfo */
#define PRPSINFO_PID    24
#define PRPSINFO_FNAME  40
#define PRPSINFO_PSARGS 56

static void parse_prstatus(struct corefile *cf, const uint8_t *desc, uint64_t len)
{
	size_t nregs = cf->pub.arch == HMS_ARCH_ARM64 ? HMS_ARM64_NREGS : HMS_AMD64_NREGS;
	struct hms_thread *t;
	struct hms_buf buf;

	if (len < PRSTATUS_REGS + nregs * 8 || cf->pub.nthreads == MAX_THREADS) {
		cf->pub.notes_damaged = true;
		return;
	}
	HMS_GROW(cf->threads, cf->pub.nthreads, cf->threads_cap);
	t = &cf->threads[cf->pub.nthreads++];
	*t = (struct hms_thread){0};
	hms_buf_init(&buf, desc, len);
	hms_buf_skip(&buf, PRSTATUS_CURSIG);
	t->signal = hms_buf_u16(&buf);
	hms_buf_skip(&buf, PRSTATUS_PID - PRSTATUS_CURSIG - 2);
	t->tid = hms_buf_u32(&buf);
	hms_buf_skip(&buf, PRSTATUS_REGS - PRSTATUS_PID - 4);
	for (size_t i = 0; i < nregs; i++)
		t->regs[i] = hms_buf_u64(&buf);
}

/* @dst has room for a NUL behind @len bytes. */
static void copy_text(char *dst, const uint8_t *src, size_t len)
{
	memcpy(dst, src, len);
	dst[len] = '\0';
}

static void parse_prpsinfo(struct corefile *cf, const uint8_t *desc, uint64_t len)
{
	const size_t fname_len = sizeof(cf->fname) - 1, psargs_len = sizeof(cf->psargs) - 1;
	size_t end;

	if (len < PRPSINFO_PSARGS + psargs_len) {
		cf->pub.notes_damaged = true;
		return;
	}
	memcpy(&cf->pub.pid, desc + PRPSINFO_PID, sizeof(cf->pub.pid));
	copy_text(cf->fname, desc + PRPSINFO_FNAME, fname_len);
	copy_text(cf->psargs, desc + PRPSINFO_PSARGS, psargs_len);
	/* The kernel turns each argument's NUL into a blank, the last one's as well. */
	end = strlen(cf->psargs);
	while (end && cf->psargs[end - 1] == ' ')
		cf->psargs[--end] = '\0';
}

static bool signal_has_address(int signo)
{
	return signo == SIGSEGV || signo == SIGBUS || signo == SIGILL || signo == SIGFPE ||
	       signo == SIGTRAP;
}

static void parse_siginfo(struct corefile *cf, const uint8_t *desc, uint64_t len)
{
	struct hms_buf buf;

	hms_buf_init(&buf, desc, len);
	cf->siginfo_signo = (int)hms_buf_u32(&buf);
	hms_buf_skip(&buf, 4); /* si_errno */
	cf->pub.si_code = (int)hms_buf_u32(&buf);
	hms_buf_skip(&buf, 4);
	cf->pub.fault_addr = hms_buf_u64(&buf);
	if (buf.overrun)
		cf->pub.notes_damaged = true;
}

static void parse_auxv(struct corefile *cf, const uint8_t *desc, uint64_t len)
{
	cf->auxv = desc;
	cf->nauxv = len / 16;
}

/* Rows first, then as many paths.  Rows without a path, or that end before they start, go. */
static struct hms_error *parse_files(struct corefile *cf, const uint8_t *desc, uint64_t len)
{
	struct hms_buf rows, paths;
	uint64_t n, page;

	hms_buf_init(&rows, desc, len);
	n = hms_buf_u64(&rows);
	page = hms_buf_u64(&rows);
	paths = rows;
	hms_buf_skip(&paths, n <= MAX_MAPPINGS ? n * 24 : UINT64_MAX);
	if (paths.overrun) {
		cf->pub.notes_damaged = true;
		return NULL;
	}
	HMS_TRY(hms_alloc_array(n, sizeof(*cf->mappings), MAX_MAPPINGS, &cf->mappings));
	for (uint64_t i = 0; i < n; i++) {
		struct hms_file_mapping m = {
			.start = hms_buf_u64(&rows),
			.end = hms_buf_u64(&rows),
		};

		if (__builtin_mul_overflow(hms_buf_u64(&rows), page, &m.off))
			m.end = m.start;
		m.path = hms_buf_cstr(&paths);
		if (m.path && m.start < m.end)
			cf->mappings[cf->pub.nmappings++] = m;
		else
			cf->pub.notes_damaged = true;
	}
	return NULL;
}

/* There is one of each of these in a core; of several, the first counts. */
static bool first(bool *seen)
{
	bool was = *seen;

	*seen = true;
	return !was;
}

static struct hms_error *parse_note(struct corefile *cf, uint32_t type, const uint8_t *desc,
				    uint64_t len)
{
	switch (type) {
	case NT_PRSTATUS: parse_prstatus(cf, desc, len); break;
	case NT_PRPSINFO:
		if (first(&cf->seen_psinfo))
			parse_prpsinfo(cf, desc, len);
		break;
	case NT_SIGINFO:
		if (first(&cf->seen_siginfo))
			parse_siginfo(cf, desc, len);
		break;
	case NT_AUXV:
		if (first(&cf->seen_auxv))
			parse_auxv(cf, desc, len);
		break;
	case NT_FILE:
		if (first(&cf->seen_files))
			return parse_files(cf, desc, len);
		break;
	default: break;
	}
	return NULL;
}

struct hms_error *hms_notes_parse(struct corefile *cf, const uint8_t *p, uint64_t len,
				  uint64_t align)
{
	struct hms_buf buf;

	/* p_align is 0, 1 or 4 in cores, whose notes are padded to 4 in any case. */
	align = align == 8 ? 8 : 4;
	hms_buf_init(&buf, p, len);
	while (buf.left) {
		uint32_t namesz = hms_buf_u32(&buf);
		uint32_t descsz = hms_buf_u32(&buf);
		uint32_t type = hms_buf_u32(&buf);
		const uint8_t *name = hms_buf_bytes(&buf, namesz);
		const uint8_t *desc;

		hms_buf_align(&buf, align);
		desc = hms_buf_bytes(&buf, descsz);
		hms_buf_align(&buf, align);
		if (buf.overrun || ++cf->notes_seen > MAX_NOTES) {
			cf->pub.notes_damaged = true;
			return NULL;
		}
		if (namesz >= 4 && memcmp(name, "CORE", 4) == 0)
			HMS_TRY(parse_note(cf, type, desc, descsz));
	}
	return NULL;
}

static int compare_mappings(const void *a, const void *b)
{
	const struct hms_file_mapping *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/*
 * The first thread's pr_cursig is the signal that the kernel dumped for.  A debugger that takes a
 * snapshot leaves it 0, while NT_SIGINFO holds what stopped the thread (SIGSTOP, SIGTRAP).
 */
static int fatal_signal(const struct corefile *cf)
{
	return cf->pub.nthreads ? cf->threads[0].signal : cf->siginfo_signo;
}

void hms_notes_finish(struct corefile *cf)
{
	if (cf->pub.nmappings)
		qsort(cf->mappings, cf->pub.nmappings, sizeof(*cf->mappings), compare_mappings);
	cf->pub.mappings = cf->mappings;
	cf->pub.threads = cf->threads;
	cf->pub.signal = fatal_signal(cf);
	if (cf->pub.signal != cf->siginfo_signo || cf->pub.signal == 0)
		cf->pub.si_code = 0;
	if (cf->pub.signal != cf->siginfo_signo || !signal_has_address(cf->pub.signal))
		cf->pub.fault_addr = 0;
	if (cf->pub.nthreads == 0)
		cf->pub.notes_damaged = true;
}
