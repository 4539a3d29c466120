/*
 * The floor that hmapscope is measured against: one thread goes through the maps of a core by
 * fixed sizes and touches each key and element, strings with their bytes.  It knows where
 * everything is from a plan that the dumped program wrote (bench/prog), checks nothing and
 * finds nothing.
 *
 *	floor CORE PLAN
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct segment {
	uint64_t addr, end;
	const uint8_t *bytes;
};

struct image {
	struct segment *segments;
	size_t n;
	const struct segment *last; /* where the previous address was found */
};

/* Where a bucket or group keeps its parts, and what the parts are. */
struct layout {
	uint64_t size, keys, key_stride, elems, elem_stride;
	bool key_is_string, elem_is_string;
};

struct tally {
	uint64_t entries, maps, sum;
};

static void die(const char *what)
{
	fprintf(stderr, "floor: %s\n", what);
	exit(1);
}

/* ---- the core ---------------------------------------------------------------------------- */

static int by_addr(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Neighbours in memory that are neighbours in the file are one view. */
static void merge(struct image *image)
{
	size_t kept = 0;

	for (size_t i = 1; i < image->n; i++) {
		struct segment *to = &image->segments[kept];
		const struct segment *from = &image->segments[i];

		if (to->end == from->addr && to->bytes + (to->end - to->addr) == from->bytes)
			to->end = from->end;
		else
			image->segments[++kept] = *from;
	}
	image->n = kept + 1;
}

static void open_core(const char *path, struct image *image)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	const uint8_t *map;
	const Elf64_Ehdr *header;
	const Elf64_Phdr *ph;

	if (fd < 0 || fstat(fd, &st) != 0 || (size_t)st.st_size < sizeof(*header))
		die("can't open the core");
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		die(strerror(errno));
	close(fd);
	header = (const Elf64_Ehdr *)map;
	ph = (const Elf64_Phdr *)(map + header->e_phoff);
	image->segments = calloc(header->e_phnum, sizeof(*image->segments));
	if (!image->segments)
		die("out of memory");
	for (size_t i = 0; i < header->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_filesz > 0)
			image->segments[image->n++] =
				(struct segment){ph[i].p_vaddr, ph[i].p_vaddr + ph[i].p_filesz,
						 map + ph[i].p_offset};
	if (image->n == 0)
		die("no segments");
	qsort(image->segments, image->n, sizeof(*image->segments), by_addr);
	merge(image);
	image->last = image->segments;
}

/* NULL where the core has no such bytes: strings in read-only data. */
static const uint8_t *at(struct image *image, uint64_t addr, uint64_t len)
{
	size_t low = 0, high = image->n;

	if (addr >= image->last->addr && addr < image->last->end)
		return image->last->end - addr < len
			       ? NULL
			       : image->last->bytes + (addr - image->last->addr);
	while (low + 1 < high) {
		size_t mid = (low + high) / 2;

		if (image->segments[mid].addr <= addr)
			low = mid;
		else
			high = mid;
	}
	if (addr < image->segments[low].addr || addr >= image->segments[low].end ||
	    image->segments[low].end - addr < len)
		return NULL;
	image->last = &image->segments[low];
	return image->last->bytes + (addr - image->last->addr);
}

static const uint8_t *need(struct image *image, uint64_t addr, uint64_t len)
{
	const uint8_t *bytes = at(image, addr, len);

	if (!bytes)
		die("a map is not in the core");
	return bytes;
}

static uint64_t word(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* ---- slots ------------------------------------------------------------------------------- */

static inline uint64_t touch_bytes(const uint8_t *p, uint64_t len)
{
	uint64_t sum = 0;

	for (; len >= 8; len -= 8, p += 8)
		sum += word(p);
	while (len-- > 0)
		sum += *p++;
	return sum;
}

static inline uint64_t touch_part(struct image *image, const uint8_t *p, uint64_t size,
				  bool is_string)
{
	const uint8_t *bytes;

	if (!is_string)
		return size == 8 ? word(p) : touch_bytes(p, size);
	bytes = at(image, word(p), word(p + 8));
	return bytes ? touch_bytes(bytes, word(p + 8)) : word(p);
}

static inline void touch_slot(struct image *image, const struct layout *lay, const uint8_t *group,
			      unsigned slot, struct tally *tally)
{
	tally->entries++;
	tally->sum += touch_part(image, group + lay->keys + slot * lay->key_stride,
				 lay->key_is_string ? 16 : 8, lay->key_is_string);
	tally->sum += touch_part(image, group + lay->elems + slot * lay->elem_stride,
				 lay->elem_is_string ? 16 : 8, lay->elem_is_string);
}

/* ---- classic: runtime.hmap --------------------------------------------------------------- */

static void walk_chain(struct image *image, const struct layout *lay, const uint8_t *bucket,
		       struct tally *tally)
{
	for (;;) {
		uint64_t next = word(bucket + lay->size - 8);

		for (unsigned i = 0; i < 8; i++)
			if (bucket[i] >= 5)
				touch_slot(image, lay, bucket, i, tally);
		if (next == 0)
			return;
		bucket = need(image, next, lay->size);
	}
}

static void walk_buckets(struct image *image, const struct layout *lay, uint64_t addr, uint64_t n,
			 bool old, struct tally *tally)
{
	const uint8_t *bucket;

	if (addr == 0)
		return;
	bucket = need(image, addr, n * lay->size);
	for (uint64_t i = 0; i < n; i++, bucket += lay->size)
		if (!old || bucket[0] < 2 || bucket[0] > 4)
			walk_chain(image, lay, bucket, tally);
}

static void walk_classic(struct image *image, const struct layout *lay, uint64_t addr,
			 struct tally *tally)
{
	const uint8_t *header = need(image, addr, 48);
	uint64_t n = UINT64_C(1) << header[9];

	tally->maps++;
	walk_buckets(image, lay, word(header + 16), n, false, tally);
	walk_buckets(image, lay, word(header + 24), header[8] & 8 ? n : n / 2, true, tally);
}

/* ---- Swiss: internal/runtime/maps.Map ----------------------------------------------------- */

static void walk_groups(struct image *image, const struct layout *lay, uint64_t addr, uint64_t n,
			struct tally *tally)
{
	const uint8_t *group = need(image, addr, n * lay->size);

	for (uint64_t g = 0; g < n; g++, group += lay->size)
		for (unsigned i = 0; i < 8; i++)
			if (group[i] < 0x80)
				touch_slot(image, lay, group, i, tally);
}

static void walk_swiss(struct image *image, const struct layout *lay, uint64_t addr,
		       struct tally *tally)
{
	const uint8_t *header = need(image, addr, 48), *table;
	uint64_t dir = word(header + 16), n = word(header + 24), last = 0;

	tally->maps++;
	if (n == 0 && dir != 0)
		walk_groups(image, lay, dir, 1, tally);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t next = word(need(image, dir + 8 * i, 8));

		if (next == last)
			continue;
		last = next;
		table = need(image, next, 32);
		walk_groups(image, lay, word(table + 16), word(table + 24) + 1, tally);
	}
}

/* ---- the plan ---------------------------------------------------------------------------- */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void walk_all(struct image *image, const struct layout *lay, bool swiss, bool many,
		     uint64_t addr, uint64_t n, struct tally *tally)
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t map = many ? word(need(image, addr + 8 * i, 8)) : addr;

		if (swiss)
			walk_swiss(image, lay, map, tally);
		else
			walk_classic(image, lay, map, tally);
	}
}

int main(int argc, char **argv)
{
	struct image image = {0};
	struct tally all = {0};
	char what[16], name[32], kind[16];
	uint64_t addr, n, strings;
	struct layout lay;
	double start = seconds();
	FILE *plan;

	if (argc != 3)
		die("usage: floor CORE PLAN");
	open_core(argv[1], &image);
	plan = fopen(argv[2], "r");
	if (!plan || fscanf(plan, "kind %15s\n", kind) != 1)
		die("can't read the plan");
	while (fscanf(plan,
		      "%15s %31s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		      " %" SCNu64 " %" SCNu64 " %" SCNu64,
		      what, name, &addr, &n, &strings, &lay.size, &lay.keys, &lay.key_stride,
		      &lay.elems, &lay.elem_stride) == 10) {
		lay.key_is_string = strings > 0;
		lay.elem_is_string = strings > 1;
		walk_all(&image, &lay, strcmp(kind, "swiss") == 0, strcmp(what, "maps") == 0, addr,
			 n, &all);
	}
	fclose(plan);
	printf("%.4f s, %" PRIu64 " maps, %" PRIu64 " entries, checksum %016" PRIx64 "\n",
	       seconds() - start, all.maps, all.entries, all.sum);
	free(image.segments);
	return 0;
}
