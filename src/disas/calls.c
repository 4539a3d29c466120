#include "disas/calls.h"

#include <string.h>

#include "util/arena.h"
#include "util/sorted.h"
#include "util/threads.h"

#define CHUNK    (UINT64_C(1) << 20) /* of text, an item of work */
#define MAX_TEXT (UINT64_C(8) << 30)

/* A call's bytes: amd64 e8 and a 32-bit distance, arm64 bl and a 26-bit one. */
#define CALL_BYTES_AMD64 5
#define CALL_BYTES_ARM64 4

struct piece {
	uint64_t addr, len; /* where calls begin */
	uint64_t end;       /* of the text */
	struct hms_call_at *found;
	size_t n, cap;
};

struct search {
	const struct hms_mem *mem;
	bool arm;
	const uint64_t *targets;
	size_t ntargets;
	struct piece *pieces;
	size_t npieces, cap;
};

static bool is_target(const struct search *s, uint64_t addr)
{
	size_t i;

	/* The runtime's functions are neighbours: almost all calls are out of their range. */
	if (addr < s->targets[0] || addr > s->targets[s->ntargets - 1])
		return false;
	i = hms_lower_bound_u64(s->targets, s->ntargets, addr);
	return i < s->ntargets && s->targets[i] == addr;
}

static void note(const struct search *s, struct piece *piece, uint64_t pc, uint64_t target)
{
	if (!is_target(s, target))
		return;
	HMS_GROW(piece->found, piece->n, piece->cap);
	piece->found[piece->n++] = (struct hms_call_at){pc, target};
}

static void search_amd64(const struct search *s, struct piece *piece, const uint8_t *p, size_t len)
{
	const uint8_t *at = p, *end = p + len - HMS_MIN(len, (size_t)CALL_BYTES_AMD64 - 1);

	for (; at < end && (at = memchr(at, 0xe8, (size_t)(end - at))); at++) {
		uint64_t pc = piece->addr + (uint64_t)(at - p);

		note(s, piece, pc,
		     pc + CALL_BYTES_AMD64 + (uint64_t)(int64_t)(int32_t)hms_le32(at + 1));
	}
}

static void search_arm64(const struct search *s, struct piece *piece, const uint8_t *p, size_t len)
{
	for (size_t off = 0; off + CALL_BYTES_ARM64 <= len; off += 4) {
		uint32_t word = hms_le32(p + off);
		uint64_t pc = piece->addr + off;

		if (word >> 26 == 0x25)
			note(s, piece, pc, pc + (uint64_t)((int64_t)((uint64_t)word << 38) >> 36));
	}
}

/* Calls that begin in the piece may end behind it. */
static struct hms_error *search_piece(void *arg, size_t item, unsigned int worker)
{
	struct search *s = arg;
	struct piece *piece = &s->pieces[item];
	uint64_t len = HMS_MIN(piece->len + CALL_BYTES_AMD64 - 1, piece->end - piece->addr);
	const uint8_t *p;

	(void)worker;
	if (s->arm)
		len = piece->len;
	HMS_TRY(hms_mem_view(s->mem, piece->addr, len, &p));
	if (s->arm)
		search_arm64(s, piece, p, len);
	else
		search_amd64(s, piece, p, len);
	return NULL;
}

static struct hms_error *cut(struct search *s, uint64_t text, uint64_t etext)
{
	if (etext <= text || etext - text > MAX_TEXT)
		return hms_err(HMS_ERR_FORMAT, "the module data gives no credible text segment");
	for (uint64_t at = text; at < etext; at += CHUNK) {
		HMS_GROW(s->pieces, s->npieces, s->cap);
		s->pieces[s->npieces++] =
			(struct piece){.addr = at, .len = HMS_MIN(CHUNK, etext - at), .end = etext};
	}
	return NULL;
}

static void collect(const struct search *s, struct hms_call_at **ret, size_t *n_ret)
{
	size_t n = 0;

	for (size_t i = 0; i < s->npieces; i++)
		n += s->pieces[i].n;
	*ret = hms_xcalloc(n + 1, sizeof(**ret));
	*n_ret = 0;
	for (size_t i = 0; i < s->npieces; i++) {
		if (s->pieces[i].n)
			memcpy(*ret + *n_ret, s->pieces[i].found, s->pieces[i].n * sizeof(**ret));
		*n_ret += s->pieces[i].n;
	}
}

static int compare(const void *a, const void *b)
{
	const struct hms_call_at *x = a, *y = b;

	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

struct hms_error *hms_calls_find(const struct hms_rt *rt, const uint64_t *targets, size_t ntargets,
				 unsigned int jobs, struct hms_call_at **ret, size_t *n_ret)
{
	struct search s = {
		.mem = rt->mem,
		.arm = rt->exe->arch == HMS_ARCH_ARM64,
		.targets = targets,
		.ntargets = ntargets,
	};
	struct hms_error *err = NULL;

	*ret = NULL;
	*n_ret = 0;
	if (!ntargets)
		return NULL;
	for (size_t i = 0; !err && i < rt->nmodules; i++)
		err = cut(&s, rt->modules[i].text, rt->modules[i].etext);
	if (!err)
		err = hms_parallel(s.npieces, jobs, search_piece, &s);
	if (!err) {
		collect(&s, ret, n_ret);
		qsort(*ret, *n_ret, sizeof(**ret), compare);
	}
	for (size_t i = 0; i < s.npieces; i++)
		free(s.pieces[i].found);
	free(s.pieces);
	return err;
}
