#include "lib/hashvec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_BASE 0x500000u
#define TYPE_STEP 64

#define CHOP 7

static void die(const char *line)
{
	fprintf(stderr, "bad line in hash vectors: %.80s\n", line);
	abort();
}

static void parse_hex(const char *text, struct bytes *ret)
{
	unsigned int byte;

	for (; *text != '-' && *text >= '0'; text += 2) {
		if (sscanf(text, "%2x", &byte) != 1)
			die(text);
		bytes_put8(ret, ret->len, (uint8_t)byte);
	}
}

/* The number after "NAME=", or 0. */
static uint64_t field(const char *line, const char *name)
{
	const char *p = strstr(line, name);

	return p ? strtoull(p + strlen(name), NULL, 10) : 0;
}

static void parse_type(struct hashvec *v, const char *line)
{
	struct hms_type *t = HMS_ARENA_NEW(v->arena, struct hms_type);

	HMS_GROW(v->types, v->ntypes, v->captypes);
	v->types[v->ntypes] = t;
	t->id = (uint32_t)v->ntypes++;
	if (strtoull(line + 2, NULL, 10) != t->id)
		die(line);
	t->kind = (enum hms_kind)field(line, " kind=");
	t->size = field(line, " size=");
	t->count = field(line, " count=");
	t->iface = field(line, " methods=") != 0;
	t->name = hms_arena_strdup(v->arena, strstr(line, " name=") + 6);
	if (t->kind == HMS_KIND_ARRAY)
		t->elem = v->types[field(line, " elem=")];
	t->members =
		hms_arena_alloc(v->arena, (field(line, " members=") + 1) * sizeof(*t->members));
}

static void parse_member(struct hashvec *v, const char *line)
{
	struct hms_type *t = v->types[v->ntypes - 1];
	struct hms_member *m = (struct hms_member *)&t->members[t->nmembers++];
	size_t type;
	int at;

	if (sscanf(line, "F %zu %" SCNu64 " %n", &type, &m->off, &at) != 2)
		die(line);
	m->type = v->types[type];
	m->name = hms_arena_strdup(v->arena, line + at);
}

static void parse_map(struct hashvec *v, const char *line)
{
	size_t id, key;
	int at;

	if (sscanf(line, "M %zu %zu %n", &id, &key, &at) != 2 || id != v->nmaps)
		die(line);
	HMS_GROW(v->maps, v->nmaps, v->capmaps);
	v->maps[v->nmaps++] = (struct hashvec_map){.key = v->types[key],
						   .name = hms_arena_strdup(v->arena, line + at)};
}

static struct hashvec_piece *new_piece(struct hashvec *v, uint64_t addr)
{
	HMS_GROW(v->pieces, v->npieces, v->cappieces);
	v->pieces[v->npieces] = (struct hashvec_piece){.addr = addr};
	return &v->pieces[v->npieces++];
}

static void parse_itab(struct hashvec *v, const char *line)
{
	uint64_t addr, type;
	struct hashvec_piece *piece;

	if (sscanf(line, "I %" SCNx64 " %" SCNu64, &addr, &type) != 2)
		die(line);
	piece = new_piece(v, addr);
	bytes_put64(&piece->bytes, 0, 0x1111);
	bytes_put64(&piece->bytes, 8, TYPE_BASE + TYPE_STEP * type);
	bytes_put64(&piece->bytes, 16, 0x2222);
}

static void parse_data(struct hashvec *v, const char *line)
{
	uint64_t addr;
	int at;

	if (sscanf(line, "D %" SCNx64 " %n", &addr, &at) != 1)
		die(line);
	parse_hex(line + at, &new_piece(v, addr)->bytes);
}

static void parse_case(struct hashvec *v, const char *line)
{
	struct hashvec_case c = {0};
	int at;

	if (sscanf(line, "K %zu %" SCNx64 " %n", &c.map, &c.seed, &at) != 2)
		die(line);
	parse_hex(line + at, &c.key);
	HMS_GROW(v->cases, v->ncases, v->capcases);
	v->cases[v->ncases++] = c;
}

static void parse_hash(struct hashvec *v, const char *line)
{
	struct hashvec_case *c = &v->cases[v->nhashes++];

	c->nan = !strcmp(line, "H nan");
	if (!c->nan && sscanf(line, "H %" SCNx64, &c->hash) != 1)
		die(line);
}

static void parse_version(struct hashvec *v, const char *line)
{
	char arch[16];

	if (sscanf(line, "V %u %15s", &v->minor, arch) != 2)
		die(line);
	v->state.rules = hms_hash_rules_find(v->minor);
	v->state.arch = strcmp(arch, "arm64") ? HMS_ARCH_AMD64 : HMS_ARCH_ARM64;
}

static void parse_keys(void *ret, size_t len, const char *line)
{
	struct bytes b = {0};

	parse_hex(line + 2, &b);
	if (b.len != len)
		die(line);
	memcpy(ret, b.p, len);
	bytes_free(&b);
}

static void parse_hasher(struct hashvec *v, const char *line)
{
	size_t map;
	int at;

	if (sscanf(line, "N %zu %n", &map, &at) != 1)
		die(line);
	v->maps[map].hasher = hms_arena_strdup(v->arena, line + at);
}

static void parse_line(struct hashvec *v, const char *line)
{
	switch (line[0]) {
	case 'T': parse_type(v, line); break;
	case 'F': parse_member(v, line); break;
	case 'M': parse_map(v, line); break;
	case 'I': parse_itab(v, line); break;
	case 'D': parse_data(v, line); break;
	case 'K': parse_case(v, line); break;
	case 'V': parse_version(v, line); break;
	case 'U': v->state.aes = line[2] == '1'; break;
	case 'A': parse_keys(v->state.aeskeysched, sizeof(v->state.aeskeysched), line); break;
	case 'X': parse_keys(v->state.hashkey, sizeof(v->state.hashkey), line); break;
	case 'N': parse_hasher(v, line); break;
	case 'H': parse_hash(v, line); break;
	default: die(line);
	}
}

static void parse_file(struct hashvec *v, const char *path)
{
	HMS_AUTO_FILE FILE *f = fopen(path, "r");
	HMS_AUTO_FREE char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (!f)
		die(path);
	while ((len = getline(&line, &cap, f)) > 0) {
		line[len - 1] = '\0';
		parse_line(v, line);
	}
}

static int by_addr(const void *a, const void *b)
{
	const struct hashvec_piece *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

void hashvec_load(struct hashvec *ret, const char *cases_path, const char *hashes_path)
{
	*ret = (struct hashvec){.arena = hms_arena_create()};
	parse_file(ret, cases_path);
	parse_file(ret, hashes_path);
	if (ret->nhashes != ret->ncases)
		die(hashes_path);
	qsort(ret->pieces, ret->npieces, sizeof(*ret->pieces), by_addr);
	ret->image_addr = UINT64_C(0xc000000000);
	for (size_t i = 0; i < ret->npieces; i++) {
		const struct hashvec_piece *p = &ret->pieces[i];

		if (p->addr >= ret->image_addr)
			bytes_put(&ret->image, p->addr - ret->image_addr, p->bytes.p, p->bytes.len);
	}
}

void hashvec_free(struct hashvec *v)
{
	for (size_t i = 0; i < v->ncases; i++)
		bytes_free(&v->cases[i].key);
	for (size_t i = 0; i < v->npieces; i++)
		bytes_free(&v->pieces[i].bytes);
	bytes_free(&v->image);
	free(v->types);
	free(v->maps);
	free(v->cases);
	free(v->pieces);
	hms_arena_destroy(v->arena);
}

static size_t run(const void *arg, uint64_t addr, const uint8_t **ret)
{
	const struct hashvec *v = arg;

	if (v->memory == HASHVEC_NOTHING)
		return 0;
	if (v->memory == HASHVEC_IMAGE && addr >= v->image_addr &&
	    addr - v->image_addr < v->image.len) {
		*ret = v->image.p + (addr - v->image_addr);
		return v->image.len - (addr - v->image_addr);
	}
	for (size_t i = 0; i < v->npieces; i++) {
		const struct hashvec_piece *p = &v->pieces[i];
		uint64_t off = addr - p->addr;

		if (addr < p->addr || off >= p->bytes.len)
			continue;
		*ret = p->bytes.p + off;
		if (v->memory == HASHVEC_CHOPPED && addr >= v->image_addr)
			return HMS_MIN(CHOP, p->bytes.len - off);
		return p->bytes.len - off;
	}
	return 0;
}

static const struct hms_type *dynamic_type(const void *arg, uint64_t word, bool iface)
{
	const struct hashvec *v = arg;
	uint64_t id;

	for (size_t i = 0; iface && i < v->npieces; i++) {
		if (v->pieces[i].addr == word) {
			memcpy(&word, v->pieces[i].bytes.p + 8, 8);
			break;
		}
	}
	id = (word - TYPE_BASE) / TYPE_STEP;
	return !v->no_types && word >= TYPE_BASE && id < v->ntypes ? v->types[id] : NULL;
}

struct hms_hash_source hashvec_source(const struct hashvec *v)
{
	return (struct hms_hash_source){.arg = v, .run = run, .dynamic_type = dynamic_type};
}
