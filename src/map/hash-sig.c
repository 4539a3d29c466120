/*
 * Signatures: from Go 1.27 the compiler makes one hasher for all types that are hashed alike, and
 * its name, type:.hash.<signature>, says how.
 *
 *	M<n>	n bytes of plain memory		F, G	float32, float64
 *	K<n>	n bytes to skip			S	string
 *	[<n>..]	n times what stands inside	I, E	interface with and without methods
 *	A<n>	the alignment, before all; hashing ignores it
 *
 * Source: src/cmd/compile/internal/reflectdata/alg.go (eqSignature, hashFunc).
 */
#include "map/hash-impl.h"

#define MAX_DEPTH  64
#define MAX_VISITS 100000
#define MAX_TEXT   65536
#define MAX_LOOPS  16 /* nested, in a text */

/* ---- making one ----------------------------------------------------------------------------- */

struct builder {
	struct hms_str *out;
	uint64_t memory; /* bytes of each kind not written yet: at most one is not zero */
	uint64_t skip;
	unsigned int visits;
};

/* Write what waits.  Nothing is skipped at the end. */
static void flush(struct builder *b, bool at_end)
{
	if (b->memory)
		hms_str_addf(b->out, "M%llu", (unsigned long long)b->memory);
	if (b->skip && !at_end)
		hms_str_addf(b->out, "K%llu", (unsigned long long)b->skip);
	b->memory = 0;
	b->skip = 0;
}

static void add_memory(struct builder *b, uint64_t n)
{
	if (!b->memory)
		flush(b, false);
	b->memory += n;
}

static void add_skip(struct builder *b, uint64_t n)
{
	if (!b->skip)
		flush(b, false);
	b->skip += n;
}

static void add_text(struct builder *b, const char *text)
{
	flush(b, false);
	hms_str_add(b->out, text);
}

static struct hms_error *build(struct builder *b, const struct hms_type *type, unsigned int depth);

/* Field after field; gaps and blank fields are skipped. */
static struct hms_error *build_struct(struct builder *b, const struct hms_type *type,
				      unsigned int depth)
{
	uint64_t off = 0;

	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct hms_member *m = &type->members[i];

		if (m->name && m->name[0] == '_' && !m->name[1])
			continue;
		if (off < m->off)
			add_skip(b, m->off - off);
		HMS_TRY(build(b, m->type, depth + 1));
		off = m->off + m->type->size;
	}
	if (off < type->size)
		add_skip(b, type->size - off);
	return NULL;
}

static struct hms_error *build_times(struct builder *b, const struct hms_type *type, uint64_t n,
				     unsigned int depth)
{
	for (; n; n--)
		HMS_TRY(build(b, type, depth + 1));
	return NULL;
}

/* A loop over elements is unrolled so that a turn covers about this many bytes. */
#define UNROLL_BYTES 32

static struct hms_error *build_array(struct builder *b, const struct hms_type *type,
				     unsigned int depth)
{
	const struct hms_type *elem = type->elem;
	uint64_t unroll;

	if (hms_hash_type_regular(type)) {
		add_memory(b, type->size);
		return NULL;
	}
	if (type->count <= 1)
		return build_times(b, elem, type->count, depth);
	if (!elem->size)
		return NULL;
	unroll = HMS_MAX(1, UNROLL_BYTES / elem->size);
	HMS_TRY(build_times(b, elem, type->count % unroll, depth));
	if (type->count / unroll == 0)
		return NULL;
	if (type->count / unroll == 1)
		return build_times(b, elem, unroll, depth);
	flush(b, false);
	hms_str_addf(b->out, "[%llu", (unsigned long long)(type->count / unroll));
	HMS_TRY(build_times(b, elem, unroll, depth));
	add_text(b, "]");
	return NULL;
}

static struct hms_error *build(struct builder *b, const struct hms_type *type, unsigned int depth)
{
	if (depth > MAX_DEPTH || ++b->visits > MAX_VISITS || b->out->len > MAX_TEXT)
		return hms_err(HMS_ERR_UNSUPPORTED,
			       "type '%.200s' is nested too deep or is too large",
			       type->name ? type->name : "?");
	switch (type->kind) {
	case HMS_KIND_FLOAT32: add_text(b, "F"); break;
	case HMS_KIND_FLOAT64: add_text(b, "G"); break;
	case HMS_KIND_COMPLEX64: add_text(b, "FF"); break;
	case HMS_KIND_COMPLEX128: add_text(b, "GG"); break;
	case HMS_KIND_STRING: add_text(b, "S"); break;
	case HMS_KIND_INTERFACE: add_text(b, type->iface ? "I" : "E"); break;
	case HMS_KIND_STRUCT: return build_struct(b, type, depth);
	case HMS_KIND_ARRAY: return build_array(b, type, depth);
	default: add_memory(b, type->size); break;
	}
	return NULL;
}

struct hms_error *hms_hash_signature(const struct hms_type *type, struct hms_str *ret)
{
	struct builder b = {.out = ret};

	if (!hms_hash_type_hashable(type))
		return hms_err(HMS_ERR_UNSUPPORTED, "values of type '%.200s' cannot be hashed",
			       type->name ? type->name : "?");
	HMS_TRY(build(&b, type, 0));
	flush(&b, true);
	return NULL;
}

/* ---- reading one ---------------------------------------------------------------------------- */

struct parser {
	const char *p;
	struct hms_hash_steps *steps;
	uint64_t off; /* within the innermost loop's turn */
	unsigned int depth;
	struct {
		size_t step;
		uint64_t off; /* where it begins, within the loop around it */
	} loops[MAX_LOOPS];
};

/* Sizes beyond this are no key's. */
#define MAX_NUMBER (UINT64_C(1) << 31)

static bool parse_number(struct parser *ps, uint64_t *ret)
{
	uint64_t n = 0;

	if (*ps->p < '0' || *ps->p > '9')
		return false;
	for (; *ps->p >= '0' && *ps->p <= '9'; ps->p++) {
		n = n * 10 + (uint64_t)(*ps->p - '0');
		if (n > MAX_NUMBER)
			return false;
	}
	*ret = n;
	return true;
}

static void advance(struct parser *ps, enum hms_hash_op op, uint64_t n, uint64_t size)
{
	hms_hash_steps_add(ps->steps, op, ps->off, n);
	ps->off += size;
}

static bool parse_memory(struct parser *ps)
{
	uint64_t n;

	if (!parse_number(ps, &n) || !n)
		return false;
	advance(ps, n == 4 ? HMS_HASH_MEM32 : n == 8 ? HMS_HASH_MEM64 : HMS_HASH_MEM, n, n);
	return true;
}

static bool parse_skip(struct parser *ps)
{
	uint64_t n;

	if (!parse_number(ps, &n))
		return false;
	ps->off += n;
	return true;
}

static bool parse_loop(struct parser *ps)
{
	uint64_t n;

	if (ps->depth == MAX_LOOPS || !parse_number(ps, &n) || !n)
		return false;
	ps->loops[ps->depth].step = ps->steps->n;
	ps->loops[ps->depth].off = ps->off;
	ps->depth++;
	hms_hash_steps_add(ps->steps, HMS_HASH_LOOP, ps->off, n);
	ps->off = 0;
	return true;
}

static bool parse_loop_end(struct parser *ps)
{
	struct hms_hash_step *loop;
	size_t at;

	if (!ps->depth--)
		return false;
	at = ps->loops[ps->depth].step;
	loop = &ps->steps->v[at];
	loop->body = (uint32_t)(ps->steps->n - at - 1);
	loop->stride = ps->off;
	if (!loop->body || ps->off > MAX_NUMBER)
		return false;
	ps->off = ps->loops[ps->depth].off + loop->n * loop->stride;
	return ps->off <= MAX_NUMBER;
}

static bool parse_piece(struct parser *ps)
{
	switch (*ps->p++) {
	case 'M': return parse_memory(ps);
	case 'K': return parse_skip(ps);
	case 'F': advance(ps, HMS_HASH_FLOAT32, 0, 4); return true;
	case 'G': advance(ps, HMS_HASH_FLOAT64, 0, 8); return true;
	case 'S': advance(ps, HMS_HASH_STRING, 0, 16); return true;
	case 'I': advance(ps, HMS_HASH_IFACE, 0, 16); return true;
	case 'E': advance(ps, HMS_HASH_EFACE, 0, 16); return true;
	case '[': return parse_loop(ps);
	case ']': return parse_loop_end(ps);
	default: return false;
	}
}

bool hms_hash_steps_signature(const char *text, struct hms_hash_steps *ret, uint64_t *size_ret)
{
	struct parser ps = {.p = text, .steps = ret};
	uint64_t align;

	if (*ps.p == 'A') {
		ps.p++;
		if (!parse_number(&ps, &align))
			return false;
	}
	while (*ps.p) {
		if (!parse_piece(&ps) || ps.off > MAX_NUMBER || ps.steps->n > MAX_TEXT)
			return false;
	}
	*size_ret = ps.off;
	return ps.depth == 0;
}
