/*
 * What a key's hash costs: ns per key for int64 and string keys, in buckets of eight, by each
 * primitive.  Beside each stands the floor of the same memory: reading every byte once.
 *
 *	make bench/hash-bench && bench/hash-bench [MILLIONS OF KEYS]
 *
 * "cached" goes round and round 4096 keys; "memory" goes once through all, strings in the order
 * of their buckets; "scattered" has the strings' bytes at random places, as a heap after long use.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/mem.h"
#include "map/hash.h"
#include "util/arena.h"

#define SLOTS  8
#define CACHED 4096
#define TEXTS  UINT64_C(0xc000000000) /* address of the first text */

static const struct hms_type int_type = {.name = "int64", .kind = HMS_KIND_INT64, .size = 8};
static const struct hms_type string_type = {.name = "string", .kind = HMS_KIND_STRING, .size = 16};

struct data {
	size_t n; /* keys */
	uint8_t *ints;
	uint8_t *strings; /* headers */
	uint8_t *texts;
	uint64_t texts_len;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

static size_t run(const void *arg, uint64_t addr, const uint8_t **ret)
{
	const struct data *data = arg;

	if (addr < TEXTS || addr - TEXTS >= data->texts_len)
		return 0;
	*ret = data->texts + (addr - TEXTS);
	return data->texts_len - (addr - TEXTS);
}

static const struct hms_type *no_type(const void *arg, uint64_t word, bool iface)
{
	(void)arg;
	(void)word;
	(void)iface;
	return NULL;
}

/* Strings of 8 to 64 bytes, each in a slot of 64. */
static void make_data(struct data *data, size_t n)
{
	uint64_t rng = 88172645463325252;

	*data = (struct data){.n = n, .texts_len = n * 64};
	data->ints = hms_xcalloc(n, 8);
	data->strings = hms_xcalloc(n, 16);
	data->texts = hms_xcalloc(n, 64);
	for (size_t i = 0; i < n; i++) {
		uint64_t key = next_random(&rng);
		uint64_t header[2] = {TEXTS + i * 64, 8 + key % 57};

		memcpy(data->ints + 8 * i, &key, 8);
		memcpy(data->strings + 16 * i, header, 16);
	}
	for (size_t i = 0; i < n * 8; i++) {
		uint64_t word = next_random(&rng);

		memcpy(data->texts + 8 * i, &word, 8);
	}
}

static void scatter(struct data *data)
{
	uint64_t rng = 1234567;

	for (size_t i = data->n - 1; i; i--) {
		size_t j = next_random(&rng) % (i + 1);
		uint8_t tmp[16];

		memcpy(tmp, data->strings + 16 * i, 16);
		memcpy(data->strings + 16 * i, data->strings + 16 * j, 16);
		memcpy(data->strings + 16 * j, tmp, 16);
	}
}

/* Hash keys 0..n-1, @rounds times; the sum keeps the compiler from leaving anything out. */
static double time_hashes(const struct hms_hash_plan *plan, const uint8_t *keys, size_t stride,
			  size_t n, size_t rounds, uint64_t *sum)
{
	struct hms_hash_reader reader = HMS_HASH_READER_INIT;
	uint64_t hashes[HMS_HASH_MAX_KEYS];
	uint8_t why[HMS_HASH_MAX_KEYS];
	double start = now();

	for (size_t r = 0; r < rounds; r++) {
		for (size_t i = 0; i + SLOTS <= n; i += SLOTS) {
			uint32_t done = hms_hash_keys(plan, &reader, 0x1234 + r, keys + i * stride,
						      stride, 0xff, hashes, why);

			*sum += hashes[done & 7];
		}
	}
	return (now() - start) / (double)(n * rounds);
}

static double time_floor(const struct data *data, const uint8_t *keys, size_t stride, size_t n,
			 size_t rounds, uint64_t *sum)
{
	double start = now();

	for (size_t r = 0; r < rounds; r++) {
		for (size_t i = 0; i < n; i++) {
			const uint8_t *p = keys + i * stride;
			uint64_t len;

			*sum += hms_le64(p) + r;
			if (stride != 16)
				continue;
			len = hms_le64(p + 8);
			p = data->texts + (hms_le64(p) - TEXTS);
			for (uint64_t at = 0; at + 8 <= len; at += 8)
				*sum += hms_le64(p + at);
		}
	}
	return (now() - start) / (double)(n * rounds);
}

struct model {
	const char *name;
	unsigned int minor;
	enum hms_arch arch;
	bool aes;
	bool portable;
};

static const struct model models[] = {
	{"floor", 0, HMS_ARCH_AMD64, false, false},
	{"AES amd64, instructions", 24, HMS_ARCH_AMD64, true, false},
	{"AES arm64, instructions", 24, HMS_ARCH_ARM64, true, false},
	{"AES amd64, portable", 24, HMS_ARCH_AMD64, true, true},
	{"multiply, 1.15", 15, HMS_ARCH_AMD64, false, false},
	{"multiply, 1.24", 24, HMS_ARCH_AMD64, false, false},
};

static double measure(const struct data *data, const struct model *model, bool strings, size_t n,
		      size_t rounds, uint64_t *sum)
{
	const uint8_t *keys = strings ? data->strings : data->ints;
	size_t stride = strings ? 16 : 8;
	struct hms_hash_source source = {data, run, no_type};
	struct hms_hash_state state = {
		.rules = hms_hash_rules_find(model->minor), .arch = model->arch, .aes = model->aes};
	HMS_AUTO(hms_hasher) struct hms_hasher *hasher = NULL;
	HMS_AUTO(hms_hash_plan) struct hms_hash_plan *plan = NULL;
	struct hms_error *err;

	if (!model->minor)
		return time_floor(data, keys, stride, n, rounds, sum);
	memset(state.aeskeysched, 0x5a, sizeof(state.aeskeysched));
	memset(state.hashkey, 0xa5, sizeof(state.hashkey));
	hasher = hms_hasher_create(&state, &source);
	if (model->portable)
		hms_hasher_use_portable(hasher);
	err = hms_hash_plan_create(hasher, strings ? &string_type : &int_type,
				   strings ? "runtime.strhash" : "runtime.memhash64", false, &plan);
	if (err) {
		fprintf(stderr, "hash-bench: %s\n", err->message);
		exit(1);
	}
	return time_hashes(plan, keys, stride, n, rounds, sum);
}

/* The best of three: what disturbs a measurement only makes it longer. */
static double best(const struct data *data, const struct model *model, bool strings, size_t n,
		   size_t rounds, uint64_t *sum)
{
	double ret = measure(data, model, strings, n, rounds, sum);

	for (int i = 0; i < 2; i++) {
		double again = measure(data, model, strings, n, rounds, sum);

		ret = HMS_MIN(ret, again);
	}
	return ret;
}

int main(int argc, char **argv)
{
	size_t n = (argc > 1 ? strtoul(argv[1], NULL, 10) : 4) * 1000000;
	struct data data;
	uint64_t sum = 0;

	if (!n)
		return 64;
	make_data(&data, n);
	printf("ns per key       %13s %13s %13s %13s\n", "int64 cached", "memory", "string cached",
	       "memory");
	for (size_t i = 0; i < HMS_ARRAY_LEN(models); i++) {
		printf("%-24s", models[i].name);
		printf(" %5.1f", best(&data, &models[i], false, CACHED, n / CACHED, &sum));
		printf(" %13.1f", best(&data, &models[i], false, n, 1, &sum));
		printf(" %13.1f", best(&data, &models[i], true, CACHED, n / CACHED, &sum));
		printf(" %13.1f\n", best(&data, &models[i], true, n, 1, &sum));
	}
	scatter(&data);
	printf("\nstrings scattered\n");
	for (size_t i = 0; i < HMS_ARRAY_LEN(models); i++)
		printf("%-24s %5.1f\n", models[i].name, best(&data, &models[i], true, n, 1, &sum));
	printf("(%zu million keys, strings of 8 to 64 bytes, one thread; sum %" PRIx64 ")\n",
	       n / 1000000, sum);
	free(data.ints);
	free(data.strings);
	free(data.texts);
	return 0;
}
