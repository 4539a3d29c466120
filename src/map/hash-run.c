/*
 * Plans at work: keys in, hashes out.
 *
 * The common keys (integers, strings) go through a primitive a bucket at a time; all others step
 * by step.  What keys refer to is read through a window on the last piece of memory met: most of
 * a heap is one piece.
 *
 * Sources: src/runtime/alg.go (f32hash, interhash, nilinterhash, typehash).
 */
#include <string.h>

#include "core/mem.h"
#include "map/hash-impl.h"
#include "util/arena.h"

#define C0 UINT64_C(33054211828000289)
#define C1 UINT64_C(23344194077549503)

#define MAX_DEPTH  16    /* interfaces within interfaces */
#define MAX_IFACES 65536 /* met while hashing one key */

/* ---- reading what keys refer to ----------------------------------------------------------- */

/* Pieces are asked for from the start of such a block on: neighbours are wanted soon. */
#define WINDOW_ALIGN (UINT64_C(4) << 20)

static bool window_holds(const struct hms_hash_reader *reader, uint64_t addr, uint64_t len)
{
	uint64_t off = addr - reader->start;

	return addr >= reader->start && off <= reader->len && len <= reader->len - off;
}

/* Move the window to a piece that begins at @from and holds @addr. */
static bool window_move(const struct hms_hash_source *source, struct hms_hash_reader *reader,
			uint64_t from, uint64_t addr)
{
	const uint8_t *bytes;
	size_t len = source->run(source->arg, from, &bytes);

	if (len <= addr - from)
		return false;
	reader->start = from;
	reader->len = len;
	reader->bytes = bytes;
	return true;
}

/* @len bytes in one piece, or NULL. */
static const uint8_t *window(const struct hms_hash_source *source, struct hms_hash_reader *reader,
			     uint64_t addr, uint64_t len)
{
	if (!window_holds(reader, addr, len)) {
		if (!window_move(source, reader, addr & ~(WINDOW_ALIGN - 1), addr) &&
		    !window_move(source, reader, addr, addr))
			return NULL;
		if (!window_holds(reader, addr, len))
			return NULL;
	}
	return reader->bytes + (addr - reader->start);
}

/* Are all @len bytes there, in however many pieces? */
static bool present(const struct hms_hash_source *source, uint64_t addr, uint64_t len)
{
	while (len) {
		const uint8_t *bytes;
		uint64_t n = source->run(source->arg, addr, &bytes);

		if (!n)
			return false;
		n = HMS_MIN(n, len);
		addr += n;
		len -= n;
	}
	return true;
}

/* Copy of bytes that lie in several pieces (malloc'ed); NULL where some are absent. */
static uint8_t *gather(const struct hms_hash_source *source, uint64_t addr, uint64_t len)
{
	uint8_t *ret;
	uint64_t done = 0;

	if (len > SIZE_MAX / 2 || !present(source, addr, len))
		return NULL;
	ret = malloc(len);
	while (ret && done < len) {
		const uint8_t *bytes;
		uint64_t n = source->run(source->arg, addr + done, &bytes);

		n = HMS_MIN(n, len - done);
		memcpy(ret + done, bytes, n);
		done += n;
	}
	return ret;
}

/* Borrowed bytes, or a copy to free. */
struct content {
	const uint8_t *p;
	uint8_t *copy;
};

static enum hms_hash_status content_get(const struct hms_hash_source *source,
					struct hms_hash_reader *reader, uint64_t addr, uint64_t len,
					struct content *ret)
{
	static const uint8_t nothing[1];

	*ret = (struct content){.p = nothing};
	if (!len)
		return HMS_HASH_OK;
	if (len > reader->budget)
		return HMS_HASH_OVER_BUDGET;
	ret->p = window(source, reader, addr, len);
	if (!ret->p)
		ret->p = ret->copy = gather(source, addr, len);
	if (!ret->p)
		return HMS_HASH_ABSENT;
	reader->budget -= len;
	return HMS_HASH_OK;
}

/* ---- step by step ------------------------------------------------------------------------- */

/* Work on one key. */
struct run {
	struct hms_hasher *hasher;
	struct hms_hash_reader *reader;
	unsigned int depth;  /* interfaces around the value at hand */
	unsigned int ifaces; /* met so far */
};

static enum hms_hash_status run_steps(struct run *run, const struct hms_hash_step *v, size_t n,
				      const uint8_t *p, uint64_t *h);

static enum hms_hash_status run_string(struct run *run, const uint8_t *p, uint64_t *h)
{
	struct hms_hasher *hasher = run->hasher;
	uint64_t len = hms_le64(p + 8);
	struct content text;
	enum hms_hash_status status =
		content_get(&hasher->source, run->reader, hms_le64(p), len, &text);

	if (status == HMS_HASH_OK)
		*h = hasher->prims->mem(&hasher->secret, text.p, *h, len);
	free(text.copy);
	return status;
}

/* Both zeroes are equal, so they hash alike; no NaN is equal to any, so they hash at random. */
static enum hms_hash_status run_float(struct run *run, const uint8_t *p, double value, size_t size,
				      uint64_t *h)
{
	if (value != value)
		return HMS_HASH_NAN;
	if (value == 0)
		*h = C1 * (C0 ^ *h);
	else
		*h = run->hasher->prims->mem(&run->hasher->secret, p, *h, size);
	return HMS_HASH_OK;
}

static enum hms_hash_status run_float32(struct run *run, const uint8_t *p, uint64_t *h)
{
	float value;

	memcpy(&value, p, sizeof(value));
	return run_float(run, p, value, sizeof(value), h);
}

static enum hms_hash_status run_float64(struct run *run, const uint8_t *p, uint64_t *h)
{
	double value;

	memcpy(&value, p, sizeof(value));
	return run_float(run, p, value, sizeof(value), h);
}

static _Atomic(struct hms_hash_dynamic *) *dynamic_head(struct hms_hasher *hasher, uint64_t word)
{
	return &hasher->dynamic[(word * UINT64_C(0x9e3779b97f4a7c15)) >> 54];
}

static const struct hms_hash_dynamic *dynamic_find(struct hms_hasher *hasher, uint64_t word,
						   bool iface)
{
	const struct hms_hash_dynamic *d =
		atomic_load_explicit(dynamic_head(hasher, word), memory_order_acquire);

	while (d && (d->word != word || d->iface != iface))
		d = d->next;
	return d;
}

/*
 * Only words that lead to a known type are kept, so the lists are as long as there are types and
 * itabs.  Two threads may add the same: both are valid.
 */
static const struct hms_hash_dynamic *dynamic_add(struct hms_hasher *hasher, uint64_t word,
						  bool iface, const struct hms_type *type)
{
	_Atomic(struct hms_hash_dynamic *) *head = dynamic_head(hasher, word);
	struct hms_hash_dynamic *d = hms_xcalloc(1, sizeof(*d));
	struct hms_error *err = hms_hash_plan_typehash(hasher, type, &d->plan);

	d->word = word;
	d->iface = iface;
	if (err)
		d->status = hms_hash_type_hashable(type) ? HMS_HASH_NO_MODEL : HMS_HASH_UNHASHABLE;
	hms_err_free(err);
	d->next = atomic_load_explicit(head, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(head, &d->next, d, memory_order_release,
						      memory_order_relaxed))
		;
	return d;
}

static enum hms_hash_status dynamic_get(struct run *run, uint64_t word, bool iface,
					const struct hms_hash_plan **ret)
{
	struct hms_hasher *hasher = run->hasher;
	const struct hms_hash_dynamic *d = dynamic_find(hasher, word, iface);

	if (!d) {
		const struct hms_type *type =
			hasher->source.dynamic_type(hasher->source.arg, word, iface);

		if (!type)
			return HMS_HASH_UNKNOWN_TYPE;
		d = dynamic_add(hasher, word, iface, type);
	}
	*ret = &d->plan;
	return d->status;
}

/* interhash and nilinterhash: the dynamic type's typehash, scrambled on the way in and out. */
static enum hms_hash_status run_iface(struct run *run, const uint8_t *p, bool iface, uint64_t *h)
{
	const struct hms_hash_plan *plan;
	struct content data = {.p = p + 8};
	uint64_t word = hms_le64(p);
	uint64_t inner = *h ^ C0;
	enum hms_hash_status status;

	if (!word)
		return HMS_HASH_OK; /* nil: the hash so far */
	if (run->depth == MAX_DEPTH || ++run->ifaces > MAX_IFACES)
		return HMS_HASH_TOO_DEEP;
	status = dynamic_get(run, word, iface, &plan);
	if (status != HMS_HASH_OK)
		return status;
	if (!plan->direct_iface)
		status = content_get(&run->hasher->source, run->reader, hms_le64(p + 8), plan->size,
				     &data);
	if (status == HMS_HASH_OK) {
		run->depth++;
		status = run_steps(run, plan->steps.v, plan->steps.n, data.p, &inner);
		run->depth--;
	}
	free(data.copy);
	if (status == HMS_HASH_OK)
		*h = C1 * inner;
	return status;
}

static enum hms_hash_status run_loop(struct run *run, const struct hms_hash_step *step,
				     const uint8_t *p, uint64_t *h)
{
	for (uint64_t i = 0; i < step->n; i++) {
		enum hms_hash_status status =
			run_steps(run, step + 1, step->body, p + i * step->stride, h);

		if (status != HMS_HASH_OK)
			return status;
	}
	return HMS_HASH_OK;
}

static enum hms_hash_status run_step(struct run *run, const struct hms_hash_step *step,
				     const uint8_t *p, uint64_t *h)
{
	const struct hms_hash_prims *prims = run->hasher->prims;
	const struct hms_hash_secret *secret = &run->hasher->secret;

	switch (step->op) {
	case HMS_HASH_MEM: *h = prims->mem(secret, p, *h, step->n); return HMS_HASH_OK;
	case HMS_HASH_MEM32: *h = prims->mem32(secret, p, *h); return HMS_HASH_OK;
	case HMS_HASH_MEM64: *h = prims->mem64(secret, p, *h); return HMS_HASH_OK;
	case HMS_HASH_STRING: return run_string(run, p, h);
	case HMS_HASH_FLOAT32: return run_float32(run, p, h);
	case HMS_HASH_FLOAT64: return run_float64(run, p, h);
	case HMS_HASH_IFACE: return run_iface(run, p, true, h);
	case HMS_HASH_EFACE: return run_iface(run, p, false, h);
	case HMS_HASH_LOOP: return run_loop(run, step, p, h);
	}
	return HMS_HASH_NO_MODEL;
}

static enum hms_hash_status run_steps(struct run *run, const struct hms_hash_step *v, size_t n,
				      const uint8_t *p, uint64_t *h)
{
	for (size_t i = 0; i < n; i++) {
		enum hms_hash_status status = run_step(run, &v[i], p + v[i].off, h);

		if (status != HMS_HASH_OK)
			return status;
		if (v[i].op == HMS_HASH_LOOP)
			i += v[i].body;
	}
	return HMS_HASH_OK;
}

enum hms_hash_status hms_hash_key(const struct hms_hash_plan *plan, struct hms_hash_reader *reader,
				  uint64_t seed, const uint8_t *key, uint64_t *ret)
{
	struct run run = {.hasher = plan->hasher, .reader = reader};
	struct content content = {.p = key};
	enum hms_hash_status status = HMS_HASH_OK;
	uint64_t h = seed;

	if (plan->indirect)
		status = content_get(&plan->hasher->source, reader, hms_le64(key), plan->size,
				     &content);
	if (status == HMS_HASH_OK)
		status = run_steps(&run, plan->steps.v, plan->steps.n, content.p, &h);
	free(content.copy);
	if (status == HMS_HASH_OK)
		*ret = h;
	return status;
}

/* ---- many at a time ----------------------------------------------------------------------- */

/* Keys whose bytes were found, and which ones they are. */
struct batch {
	struct hms_hash_span spans[HMS_HASH_MAX_KEYS];
	uint8_t slots[HMS_HASH_MAX_KEYS];
	size_t n;
};

static inline void batch_add(struct batch *batch, unsigned int slot, const uint8_t *p, uint64_t len)
{
	batch->spans[batch->n].p = p;
	batch->spans[batch->n].len = len;
	batch->slots[batch->n++] = (uint8_t)slot;
}

/* Hash the batch; returns the bits of its slots. */
static uint32_t batch_run(const struct batch *batch, const struct hms_hasher *hasher, uint64_t seed,
			  uint64_t *ret)
{
	uint64_t hashes[HMS_HASH_MAX_KEYS];
	uint32_t done = 0;

	hasher->prims->mems(&hasher->secret, batch->spans, batch->n, seed, hashes);
	for (size_t i = 0; i < batch->n; i++) {
		ret[batch->slots[i]] = hashes[i];
		done |= UINT32_C(1) << batch->slots[i];
	}
	return done;
}

static uint32_t mem_keys(const struct hms_hash_plan *plan, uint64_t seed, const uint8_t *keys,
			 size_t stride, uint32_t live, uint64_t *ret)
{
	struct batch batch;

	batch.n = 0;
	for (uint32_t left = live; left; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(left);

		batch_add(&batch, i, keys + i * stride, plan->steps.v[0].n);
	}
	return batch_run(&batch, plan->hasher, seed, ret);
}

static uint32_t slow_keys(const struct hms_hash_plan *plan, struct hms_hash_reader *reader,
			  uint64_t seed, const uint8_t *keys, size_t stride, uint32_t live,
			  uint64_t *ret, uint8_t *why)
{
	uint32_t done = 0;

	for (uint32_t left = live; left; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(left);
		enum hms_hash_status status =
			hms_hash_key(plan, reader, seed, keys + i * stride, &ret[i]);

		if (why)
			why[i] = (uint8_t)status;
		if (status == HMS_HASH_OK)
			done |= UINT32_C(1) << i;
	}
	return done;
}

/* All texts are looked up, and fetched into the cache, before the first is hashed. */
static uint32_t string_keys(const struct hms_hash_plan *plan, struct hms_hash_reader *reader,
			    uint64_t seed, const uint8_t *keys, size_t stride, uint32_t live,
			    uint64_t *ret, uint8_t *why)
{
	const struct hms_hash_source *source = &plan->hasher->source;
	struct batch batch;
	uint32_t rest = 0;

	batch.n = 0;
	for (uint32_t left = live; left; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(left);
		const uint8_t *key = keys + i * stride;
		uint64_t len = hms_le64(key + 8);
		const uint8_t *text = key; /* of an empty string any address will do */

		if (len)
			text = len > reader->budget ? NULL
						    : window(source, reader, hms_le64(key), len);

		if (text) {
			__builtin_prefetch(text);
			reader->budget -= len;
			batch_add(&batch, i, text, len);
		} else {
			rest |= UINT32_C(1) << i; /* in pieces, absent: one by one */
		}
	}
	return batch_run(&batch, plan->hasher, seed, ret) |
	       slow_keys(plan, reader, seed, keys, stride, rest, ret, why);
}

uint32_t hms_hash_keys(const struct hms_hash_plan *plan, struct hms_hash_reader *reader,
		       uint64_t seed, const uint8_t *keys, size_t stride, uint32_t live,
		       uint64_t ret[HMS_HASH_MAX_KEYS], uint8_t why[HMS_HASH_MAX_KEYS])
{
	const struct hms_hasher *hasher = plan->hasher;
	size_t n = live ? 32 - (size_t)__builtin_clz(live) : 0;

	switch (plan->indirect ? HMS_HASH_SHAPE_STEPS : plan->shape) {
	case HMS_HASH_SHAPE_MEM32:
		hasher->prims->mem32s(&hasher->secret, keys, stride, n, seed, ret);
		return live;
	case HMS_HASH_SHAPE_MEM64:
		hasher->prims->mem64s(&hasher->secret, keys, stride, n, seed, ret);
		return live;
	case HMS_HASH_SHAPE_MEM: return mem_keys(plan, seed, keys, stride, live, ret);
	case HMS_HASH_SHAPE_STRING:
		return string_keys(plan, reader, seed, keys, stride, live, ret, why);
	case HMS_HASH_SHAPE_STEPS: break;
	}
	return slow_keys(plan, reader, seed, keys, stride, live, ret, why);
}

void hms_hash_prefetch(const struct hms_hash_plan *plan, const struct hms_hash_reader *reader,
		       const uint8_t *keys, size_t stride, uint32_t live)
{
	if (plan->indirect || plan->shape != HMS_HASH_SHAPE_STRING)
		return;
	for (; live; live &= live - 1) {
		const uint8_t *key = keys + (unsigned int)__builtin_ctz(live) * stride;
		uint64_t addr = hms_le64(key);

		if (window_holds(reader, addr, 1))
			__builtin_prefetch(reader->bytes + (addr - reader->start));
	}
}
