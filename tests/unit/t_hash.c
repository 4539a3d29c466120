/* map/hash: hashes that real Go programs computed, and what must not be computed. */
#include "unit/unit.h"

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/hashvec.h"
#include "map/hash-impl.h"

/* ---- vectors ------------------------------------------------------------------------------ */

static char *vectors_path(const char *name)
{
	return hms_xprintf("%s/tests/vectors/%s", getenv("HMS_SRCDIR"), name);
}

static void load(struct hashvec *v, const char *path)
{
	HMS_AUTO_FREE char *cases = vectors_path("cases.txt");

	hashvec_load(v, cases, path);
}

/* Call @check for the vectors of each release, architecture and mode. */
static void each_vectors(void (*check)(struct hashvec *v, const char *path))
{
	HMS_AUTO_FREE char *pattern = vectors_path("go1.*.txt");
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 36);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct hashvec v;

		load(&v, found.gl_pathv[i]);
		check(&v, found.gl_pathv[i]);
		hashvec_free(&v);
	}
	globfree(&found);
}

static struct hms_hasher *hasher_of(const struct hashvec *v)
{
	struct hms_hash_source source = hashvec_source(v);

	return hms_hasher_create(&v->state, &source);
}

#define SLOTS 8
#define LIVE  0xb5u

/* The key in each of eight slots, of which five are live: all hash as it does alone. */
static void check_batch(const struct hms_hash_plan *plan, const struct hashvec_case *c,
			enum hms_hash_status wanted, uint64_t hash)
{
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	size_t stride = c->key.len + 3;
	HMS_AUTO_FREE uint8_t *keys = hms_xcalloc(SLOTS, stride);
	uint64_t ret[HMS_HASH_MAX_KEYS] = {0};
	uint8_t why[HMS_HASH_MAX_KEYS] = {0};
	uint32_t done;

	for (size_t i = 0; c->key.len && i < SLOTS; i++) {
		if (LIVE >> i & 1)
			memcpy(keys + i * stride, c->key.p, c->key.len);
	}
	done = hms_hash_keys(plan, &reader, c->seed, keys, stride, LIVE, ret, why);
	assert_int_equal(done, wanted == HMS_HASH_OK ? LIVE : 0);
	for (size_t i = 0; i < SLOTS; i++) {
		if (done >> i & 1)
			assert_int_equal(ret[i], hash);
		else if (LIVE >> i & 1)
			assert_int_equal(why[i], wanted);
	}
}

static void check_case(const struct hashvec *v, const struct hms_hash_plan *plan,
		       const struct hashvec_case *c, const char *path)
{
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	enum hms_hash_status wanted = c->nan ? HMS_HASH_NAN : HMS_HASH_OK;
	uint8_t nothing = 0;
	uint64_t hash = 0;
	enum hms_hash_status status =
		hms_hash_key(plan, &reader, c->seed, c->key.p ? c->key.p : &nothing, &hash);

	if (status != wanted || (!c->nan && hash != c->hash))
		fail_msg("%s: case %td, %s by %s: status %d, hash %016" PRIx64
			 ", the program's %016" PRIx64,
			 path, c - v->cases, v->maps[c->map].name, v->maps[c->map].hasher, status,
			 hash, c->hash);
	check_batch(plan, c, wanted, hash);
}

static void check_all(const struct hashvec *v, struct hms_hasher *hasher, const char *path)
{
	struct hms_hash_plan **plans = hms_xcalloc(v->nmaps, sizeof(struct hms_hash_plan *));

	for (size_t i = 0; i < v->nmaps; i++)
		assert_ok(hms_hash_plan_create(hasher, v->maps[i].key, v->maps[i].hasher, false,
					       &plans[i]));
	for (size_t i = 0; i < v->ncases; i++)
		check_case(v, plans[v->cases[i].map], &v->cases[i], path);
	for (size_t i = 0; i < v->nmaps; i++)
		hms_hash_plan_destroy(plans[i]);
	free(plans);
}

static void check_memory(struct hashvec *v, const char *path, enum hashvec_memory memory,
			 bool portable)
{
	HMS_AUTO(hms_hasher) struct hms_hasher *hasher = hasher_of(v);

	v->memory = memory;
	if (portable)
		hms_hasher_use_portable(hasher);
	assert_true(hms_hasher_verified(hasher));
	check_all(v, hasher, path);
}

static void check_memories(struct hashvec *v, const char *path)
{
	check_memory(v, path, HASHVEC_PIECES, true);
	check_memory(v, path, HASHVEC_CHOPPED, false);
	check_memory(v, path, HASHVEC_IMAGE, false);
}

static void hashes_are_the_programs_own(void **state)
{
	(void)state;
	each_vectors(check_memories);
}

/* Without the hasher's name a plan is right or refused. */
static void check_unnamed(struct hashvec *v, const char *path)
{
	struct hms_hasher *hasher = hasher_of(v);
	size_t refused = 0;

	for (size_t i = 0; i < v->ncases; i++) {
		const struct hashvec_case *c = &v->cases[i];
		HMS_AUTO(hms_hash_plan) struct hms_hash_plan *plan = NULL;
		struct hms_error *err = hms_hash_plan_create(
			hasher, v->maps[c->map].key, i % 2 ? NULL : "plugin.weird", false, &plan);

		if (err) {
			assert_int_equal(err->code, HMS_ERR_UNSUPPORTED);
			assert_non_null(strstr(err->message, "depends on the map's hasher"));
			hms_err_free(err);
			refused++;
			continue;
		}
		check_case(v, plan, c, path);
	}
	assert_in_range(refused, 1, v->ncases / 2);
	hms_hasher_close(hasher);
}

static void without_a_name_the_hash_is_right_or_refused(void **state)
{
	(void)state;
	each_vectors(check_unnamed);
}

/* The compiler's own names tell what signature a type has. */
static void check_signatures(struct hashvec *v, const char *path)
{
	static const char prefix[] = "type:.hash.";
	size_t seen = 0;

	if (v->minor < 27)
		return;
	for (size_t i = 0; i < v->nmaps; i++) {
		HMS_AUTO_STR struct hms_str sig = HMS_STR_INIT;

		assert_ok(hms_hash_signature(v->maps[i].key, &sig));
		if (strncmp(v->maps[i].hasher, prefix, strlen(prefix)))
			continue;
		if (strcmp(hms_str_text(&sig), v->maps[i].hasher + strlen(prefix)))
			fail_msg("%s: %s: %s, not %s", path, v->maps[i].name, v->maps[i].hasher,
				 hms_str_text(&sig));
		seen++;
	}
	assert_true(seen > 30);
}

static void signatures_are_the_compilers(void **state)
{
	(void)state;
	each_vectors(check_signatures);
}

/* What a key refers to is gone: no hash, and the reason is that. */
static void check_absent(struct hashvec *v, const char *path)
{
	struct hms_hasher *hasher = hasher_of(v);
	size_t absent = 0, unknown = 0;

	(void)path;
	v->memory = HASHVEC_NOTHING;
	v->no_types = true;
	for (size_t i = 0; i < v->ncases; i++) {
		const struct hashvec_case *c = &v->cases[i];
		HMS_AUTO(hms_hash_plan) struct hms_hash_plan *plan = NULL;
		struct hms_hash_reader reader = HMS_HASH_READER_INIT;
		uint8_t nothing = 0;
		uint64_t hash = 0;
		enum hms_hash_status status;

		assert_ok(hms_hash_plan_create(hasher, v->maps[c->map].key, v->maps[c->map].hasher,
					       false, &plan));
		status =
			hms_hash_key(plan, &reader, c->seed, c->key.p ? c->key.p : &nothing, &hash);
		absent += status == HMS_HASH_ABSENT;
		unknown += status == HMS_HASH_UNKNOWN_TYPE;
		if (status == HMS_HASH_OK)
			assert_int_equal(hash, c->hash);
		check_batch(plan, c, status, hash);
	}
	assert_true(absent > 150);
	assert_true(unknown > 70);
	hms_hasher_close(hasher);
}

static void absent_bytes_give_no_hash(void **state)
{
	(void)state;
	each_vectors(check_absent);
}

/* ---- AES instructions --------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

static uint64_t random_seed(void)
{
	const char *text = getenv("HMS_TEST_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL) * 2654435761u;

	print_message("# HMS_TEST_SEED=%" PRIu64 "\n", seed);
	return seed | 1;
}

/* @len bytes at the very end of a block, so that a read beyond them is seen by the sanitizers. */
static void compare_length(const struct hms_hash_prims *a, const struct hms_hash_prims *b,
			   const struct hms_hash_secret *secret, uint64_t *rng, size_t len)
{
	HMS_AUTO_FREE uint8_t *p = hms_xcalloc(len + !len, 1);
	struct hms_hash_span span = {.p = p, .len = len};
	uint64_t seed = next_random(rng);
	uint64_t many;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)next_random(rng);
	assert_int_equal(a->mem(secret, p, seed, len), b->mem(secret, p, seed, len));
	b->mems(secret, &span, 1, seed, &many);
	assert_int_equal(many, a->mem(secret, p, seed, len));
	if (len == 4)
		assert_int_equal(a->mem32(secret, p, seed), b->mem32(secret, p, seed));
	if (len == 8)
		assert_int_equal(a->mem64(secret, p, seed), b->mem64(secret, p, seed));
}

static void portable_and_instructions_agree(void **state)
{
	struct hms_hash_secret secret;
	uint64_t rng = random_seed();

	(void)state;
	for (size_t i = 0; i < sizeof(secret.aes); i++)
		secret.aes[i] = (uint8_t)next_random(&rng);
	for (unsigned int which = 0; which < HMS_HASH_NAES; which++) {
		const struct hms_hash_prims *portable = hms_hash_aes_portable(which);
		const struct hms_hash_prims *fast = hms_hash_aes_amd64(which);

		if (!fast)
			fast = hms_hash_aes_arm64(which);
		if (!fast)
			skip();
		for (size_t len = 0; len < 600; len++)
			compare_length(portable, fast, &secret, &rng, len);
		for (int i = 0; i < 2000; i++)
			compare_length(portable, fast, &secret, &rng, next_random(&rng) % 40);
	}
}

/* FIPS 197, appendix B: the first round of its example, key addition aside. */
static void round_is_the_standards(void **state)
{
	/* arm64's memhash of 16 bytes is rounds of AES with the seed block as key, so with all
	 * keys zero and the seed block known the standard's S-box shows through: hash of no bytes
	 * is one round of zeroes ^ (seed, 0).  SubBytes(0) = 63, and MixColumns keeps a column of
	 * equal bytes. */
	struct hms_hash_secret secret = {0};
	const struct hms_hash_prims *p =
		hms_hash_aes_portable(HMS_HASH_AES_ARM64 + HMS_HASH_ARM64_V2);

	(void)state;
	assert_int_equal(p->mem(&secret, NULL, 0, 0), UINT64_C(0x6363636363636363));
	/* Byte 0 is 53: SubBytes(53) = ed; column 0 becomes 2*ed+63*(3+1+1), ... */
	assert_int_equal(p->mem(&secret, NULL, 0x53, 0) & 0xffffffff00000000,
			 UINT64_C(0x6363636300000000));
	assert_int_equal(p->mem(&secret, NULL, 0x53, 0) >> 8 & 0xff, 0xed ^ 0xc6 ^ 0xa5 ^ 0x63);
}

/* ---- a plan of one's own ------------------------------------------------------------------ */

#define ADDR UINT64_C(0x20000)

/* A little memory, and one type that every interface holds. */
struct world {
	struct bytes memory; /* at ADDR */
	const struct hms_type *type;
};

static size_t world_run(const void *arg, uint64_t addr, const uint8_t **ret)
{
	const struct world *w = arg;

	if (addr < ADDR || addr - ADDR >= w->memory.len)
		return 0;
	*ret = w->memory.p + (addr - ADDR);
	return w->memory.len - (addr - ADDR);
}

static const struct hms_type *world_type(const void *arg, uint64_t word, bool iface)
{
	(void)word;
	(void)iface;
	return ((const struct world *)arg)->type;
}

static struct hms_hasher *world_hasher(const struct world *w, unsigned int minor)
{
	struct hms_hash_state state = {.rules = hms_hash_rules_find(minor), .aes = true};
	struct hms_hash_source source = {w, world_run, world_type};

	return hms_hasher_create(&state, &source);
}

static const struct hms_type string_type = {.name = "string", .kind = HMS_KIND_STRING, .size = 16};
static const struct hms_type int_type = {.name = "int", .kind = HMS_KIND_INT, .size = 8};
static const struct hms_type slice_type = {.name = "[]int", .kind = HMS_KIND_SLICE, .size = 24};
static const struct hms_type any_type = {
	.name = "interface {}", .kind = HMS_KIND_INTERFACE, .size = 16};

static struct hms_error *create(struct hms_hasher *hasher, const struct hms_type *key,
				const char *function, bool indirect, struct hms_hash_plan **ret)
{
	return hms_hash_plan_create(hasher, key, function, indirect, ret);
}

static void misfits_are_refused(void **state)
{
	struct world w = {.type = &int_type};
	struct hms_hash_plan *plan = NULL;

	(void)state;
	for (unsigned int minor = 26; minor <= 27; minor++) {
		HMS_AUTO(hms_hasher) struct hms_hasher *h = world_hasher(&w, minor);

		assert_err(create(h, &int_type, "runtime.strhash", false, &plan),
			   HMS_ERR_UNSUPPORTED, "does not fit keys of type 'int' (8 bytes)");
		assert_err(create(h, &string_type, "type:.hash.SM8", false, &plan),
			   HMS_ERR_UNSUPPORTED, "does not fit");
		assert_err(create(h, &string_type, "runtime.memhash_varlen", false, &plan),
			   HMS_ERR_UNSUPPORTED, "does not fit");
		assert_err(create(h, &slice_type, NULL, false, &plan), HMS_ERR_UNSUPPORTED,
			   "'[]int' cannot be hashed");
		assert_err(create(h, &slice_type, "reflect.MapOf.func1", false, &plan),
			   HMS_ERR_UNSUPPORTED, "cannot be hashed");
		assert_null(plan);
	}
}

static void releases_out_of_reach(void **state)
{
	static const unsigned int unseen[] = {16, 17, 18, 20, 28, 40};

	(void)state;
	assert_null(hms_hash_rules_find(14));
	for (size_t i = 0; i < HMS_ARRAY_LEN(unseen); i++)
		assert_false(hms_hash_rules_find(unseen[i])->verified);
}

/* Type graphs that no compiler made must be refused, and soon. */
static void impossible_types_are_refused(void **state)
{
	struct world w = {0};
	struct hms_type circle = {.name = "circle", .kind = HMS_KIND_STRUCT, .size = 8};
	struct hms_member into = {.name = "x", .type = &circle};
	struct hms_member beyond[] = {{.name = "near", .type = &int_type},
				      {.name = "far", .type = &string_type, .off = UINT64_MAX - 7}};
	struct hms_type outside = {.name = "outside",
				   .kind = HMS_KIND_STRUCT,
				   .size = 24,
				   .members = beyond,
				   .nmembers = 2};
	struct hms_type levels[40];
	struct hms_member halves[40][2];

	(void)state;
	circle.members = &into;
	circle.nmembers = 1;
	for (int i = 0; i < 40; i++) {
		const struct hms_type *inner = i ? &levels[i - 1] : &string_type;

		for (int j = 0; j < 2; j++)
			halves[i][j] = (struct hms_member){.name = "h", .type = inner};
		levels[i] = (struct hms_type){.name = "tree",
					      .kind = HMS_KIND_STRUCT,
					      .size = 16,
					      .members = halves[i],
					      .nmembers = 2};
	}
	for (unsigned int minor = 15; minor <= 27; minor++) {
		HMS_AUTO(hms_hasher) struct hms_hasher *h = world_hasher(&w, minor);
		const struct hms_type *types[] = {&circle, &outside, &levels[39]};
		static const char *const names[] = {NULL, "reflect.MapOf.func1",
						    "type:.hash.main.T"};

		for (size_t i = 0; i < 9; i++) {
			struct hms_hash_plan *plan = NULL;

			assert_err(create(h, types[i % 3], names[i / 3], false, &plan),
				   HMS_ERR_UNSUPPORTED, types[i % 3]->name);
			assert_null(plan);
		}
	}
}

/* An array of nothing, hashed 2^40 times: the type has a hash, but nobody waits for it. */
static void endless_work_is_refused(void **state)
{
	struct world w = {0};
	struct hms_type nothing = {.name = "struct {}", .kind = HMS_KIND_STRUCT};
	struct hms_member members[] = {{.name = "a", .type = &nothing},
				       {.name = "_", .type = &nothing}};
	struct hms_type pair = {
		.name = "pair", .kind = HMS_KIND_STRUCT, .members = members, .nmembers = 2};
	struct hms_type array = {
		.name = "array", .kind = HMS_KIND_ARRAY, .elem = &pair, .count = UINT64_C(1) << 40};
	HMS_AUTO(hms_hasher) struct hms_hasher *h = world_hasher(&w, 26);
	struct hms_hash_plan *plan = NULL;

	(void)state;
	assert_err(create(h, &array, "reflect.MapOf.func1", false, &plan), HMS_ERR_UNSUPPORTED,
		   "array");
	assert_err(create(h, &array, "type:.hash.main.T", false, &plan), HMS_ERR_UNSUPPORTED,
		   "array");
}

static enum hms_hash_status hash_any(struct world *w, struct hms_hash_reader *reader, uint64_t word,
				     uint64_t data)
{
	HMS_AUTO(hms_hasher) struct hms_hasher *h = world_hasher(w, 24);
	HMS_AUTO(hms_hash_plan) struct hms_hash_plan *plan = NULL;
	struct bytes key = {0};
	enum hms_hash_status ret;
	uint64_t hash = 0;

	bytes_put64(&key, 0, word);
	bytes_put64(&key, 8, data);
	assert_ok(create(h, &any_type, "runtime.nilinterhash", false, &plan));
	ret = hms_hash_key(plan, reader, 42, key.p, &hash);
	bytes_free(&key);
	return ret;
}

static void interfaces_in_a_circle_end(void **state)
{
	struct hms_type pair = {.name = "[30]any",
				.kind = HMS_KIND_ARRAY,
				.size = 480,
				.elem = &any_type,
				.count = 30};
	struct world w = {.type = &pair};
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;

	(void)state;
	for (unsigned int i = 0; i < 30; i++) {
		bytes_put64(&w.memory, 16 * i, 0x5000);
		bytes_put64(&w.memory, 16 * i + 8, ADDR);
	}
	assert_int_equal(hash_any(&w, &reader, 0x5000, ADDR), HMS_HASH_TOO_DEEP);
	w.type = &slice_type;
	assert_int_equal(hash_any(&w, &reader, 0x5000, ADDR), HMS_HASH_UNHASHABLE);
	w.type = &int_type;
	assert_int_equal(hash_any(&w, &reader, 0x5000, ADDR), HMS_HASH_OK);
	assert_int_equal(hash_any(&w, &reader, 0x5000, ADDR + 480 - 7), HMS_HASH_ABSENT);
	w.type = NULL;
	assert_int_equal(hash_any(&w, &reader, 0x5000, ADDR), HMS_HASH_UNKNOWN_TYPE);
	assert_int_equal(hash_any(&w, &reader, 0, ADDR), HMS_HASH_OK);
	bytes_free(&w.memory);
}

static void string_keys_out_of_bounds(void **state)
{
	struct world w = {0};
	HMS_AUTO(hms_hasher) struct hms_hasher *h = world_hasher(&w, 24);
	HMS_AUTO(hms_hash_plan) struct hms_hash_plan *plan = NULL;
	struct hms_hash_reader reader = {.budget = 50};
	static const uint64_t keys[8][2] = {
		{ADDR, 8},
		{ADDR + 92, 8},
		{ADDR + 93, 8},
		{ADDR, UINT64_MAX},
		{UINT64_MAX, 8},
		{0, 0},
		{ADDR + 8, UINT64_MAX - 4},
		{ADDR, 36},
	};
	static const uint8_t wanted[8] = {
		HMS_HASH_OK,     HMS_HASH_OK, HMS_HASH_ABSENT,      HMS_HASH_OVER_BUDGET,
		HMS_HASH_ABSENT, HMS_HASH_OK, HMS_HASH_OVER_BUDGET, HMS_HASH_OVER_BUDGET,
	};
	uint64_t hashes[HMS_HASH_MAX_KEYS];
	uint8_t why[HMS_HASH_MAX_KEYS] = {0};

	(void)state;
	bytes_put64(&w.memory, 0, 0x6867666564636261);
	bytes_put64(&w.memory, 92, 0x6867666564636261);
	assert_ok(create(h, &string_type, "runtime.strhash", false, &plan));
	assert_int_equal(
		hms_hash_keys(plan, &reader, 7, (const uint8_t *)keys, 16, 0xff, hashes, why),
		0x23);
	assert_memory_equal(why, wanted, 8);
	assert_int_equal(hashes[0], hashes[1]); /* where a string lies does not matter */
	assert_int_equal(hashes[0], hms_hash_text(plan, 7, "abcdefgh", 8));
	assert_int_equal(hashes[5], hms_hash_text(plan, 7, "", 0));
	assert_true(hms_hash_plan_is_string(plan));
	bytes_free(&w.memory);
}

/* Keys over 128 bytes are behind a pointer. */
static void indirect_keys_are_followed(void **state)
{
	struct hms_type byte = {.name = "uint8", .kind = HMS_KIND_UINT8, .size = 1};
	struct hms_type big = {.name = "[200]uint8",
			       .kind = HMS_KIND_ARRAY,
			       .size = 200,
			       .elem = &byte,
			       .count = 200};
	struct world w = {0};
	HMS_AUTO(hms_hasher) struct hms_hasher *h = world_hasher(&w, 24);
	HMS_AUTO(hms_hash_plan) struct hms_hash_plan *direct = NULL;
	HMS_AUTO(hms_hash_plan) struct hms_hash_plan *plan = NULL;
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	uint64_t keys[2] = {ADDR, ADDR + 8};
	uint64_t hashes[HMS_HASH_MAX_KEYS];
	uint8_t why[HMS_HASH_MAX_KEYS] = {0};
	uint64_t hash = 0;

	(void)state;
	for (size_t i = 0; i < 200; i++)
		bytes_put8(&w.memory, i, (uint8_t)(i * 7));
	assert_ok(create(h, &big, "runtime.memhash_varlen", false, &direct));
	assert_ok(create(h, &big, "runtime.memhash_varlen", true, &plan));
	assert_int_equal(hms_hash_key(direct, &reader, 3, w.memory.p, &hash), HMS_HASH_OK);
	assert_int_equal(hms_hash_keys(plan, &reader, 3, (const uint8_t *)keys, 8, 3, hashes, why),
			 1);
	assert_int_equal(hashes[0], hash);
	assert_int_equal(why[1], HMS_HASH_ABSENT);
	bytes_free(&w.memory);
}

/* ---- where a hash leads ------------------------------------------------------------------- */

static void hashes_lead_to_slots(void **state)
{
	struct hms_swiss_probe probe = hms_swiss_probe_start(UINT64_C(5) << 7, 7);
	static const unsigned int order[] = {5, 6, 0, 3, 7, 4, 2, 1};

	(void)state;
	assert_int_equal(hms_classic_tophash(UINT64_C(0x04ffffffffffffff)), 9);
	assert_int_equal(hms_classic_tophash(UINT64_C(0x0500000000000000)), 5);
	assert_int_equal(hms_classic_tophash(UINT64_MAX), 255);
	assert_int_equal(hms_classic_bucket(UINT64_C(0x1234), 0), 0);
	assert_int_equal(hms_classic_bucket(UINT64_C(0x1234), 4), 4);
	assert_true(hms_classic_moves_up(0x10, 4));
	assert_false(hms_classic_moves_up(0xef, 4));
	assert_int_equal(hms_swiss_h2(UINT64_C(0xfff)), 0x7f);
	assert_int_equal(hms_swiss_directory_index(UINT64_MAX, 1, 64), 0);
	assert_int_equal(hms_swiss_directory_index(UINT64_C(0xa000000000000000), 16, 60), 10);
	for (size_t i = 0; i < HMS_ARRAY_LEN(order); i++) {
		assert_int_equal(probe.group, order[i]);
		hms_swiss_probe_next(&probe);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_the_programs_own),
		cmocka_unit_test(without_a_name_the_hash_is_right_or_refused),
		cmocka_unit_test(signatures_are_the_compilers),
		cmocka_unit_test(absent_bytes_give_no_hash),
		cmocka_unit_test(portable_and_instructions_agree),
		cmocka_unit_test(round_is_the_standards),
		cmocka_unit_test(misfits_are_refused),
		cmocka_unit_test(releases_out_of_reach),
		cmocka_unit_test(impossible_types_are_refused),
		cmocka_unit_test(endless_work_is_refused),
		cmocka_unit_test(interfaces_in_a_circle_end),
		cmocka_unit_test(string_keys_out_of_bounds),
		cmocka_unit_test(indirect_keys_are_followed),
		cmocka_unit_test(hashes_lead_to_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
