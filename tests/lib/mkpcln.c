#include "lib/mkpcln.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"

/* Offsets in 1.15 and 1.21; -1: not there. */
struct field {
	const char *name;
	int off[2];
	uint8_t size[2];
};

static const struct field module_fields[] = {
	{"pclntable", {0, 104}, {8, 8}},     {"ftab", {24, 128}, {8, 8}},
	{"filetab", {48, 56}, {8, 8}},       {"minpc", {80, 160}, {8, 8}},
	{"maxpc", {88, 168}, {8, 8}},        {"text", {96, 176}, {8, 8}},
	{"textsectmap", {216, 328}, {8, 8}}, {"funcnametab", {-1, 8}, {0, 8}},
	{"cutab", {-1, 32}, {0, 8}},         {"pctab", {-1, 80}, {0, 8}},
	{"gofunc", {-1, 320}, {0, 8}},       {0},
};

static const struct field functab_fields[] = {
	{"entry", {0, -1}, {8, 0}},
	{"entryoff", {-1, 0}, {0, 4}},
	{"funcoff", {8, 4}, {8, 4}},
	{0},
};

static const struct field func_fields[] = {
	{"entry", {0, -1}, {8, 0}},      {"entryOff", {-1, 0}, {0, 4}},
	{"nameoff", {8, -1}, {4, 0}},    {"nameOff", {-1, 4}, {0, 4}},
	{"args", {12, 8}, {4, 4}},       {"deferreturn", {16, 12}, {4, 4}},
	{"pcsp", {20, 16}, {4, 4}},      {"pcfile", {24, 20}, {4, 4}},
	{"pcln", {28, 24}, {4, 4}},      {"npcdata", {32, 28}, {4, 4}},
	{"cuOffset", {-1, 32}, {0, 4}},  {"startLine", {-1, 36}, {0, 4}},
	{"funcID", {36, 40}, {1, 1}},    {"flag", {-1, 41}, {0, 1}},
	{"nfuncdata", {39, 43}, {1, 1}}, {0},
};

static const struct field textsect_fields[] = {
	{"vaddr", {0, 0}, {8, 8}},
	{"length", {8, -1}, {8, 0}},
	{"end", {-1, 8}, {0, 8}},
	{"baseaddr", {16, 16}, {8, 8}},
	{0},
};

static const struct field inlined_fields[] = {
	{"parent", {0, -1}, {2, 0}},  {"funcID", {2, 0}, {1, 1}},    {"func_", {12, -1}, {4, 0}},
	{"nameOff", {-1, 4}, {0, 4}}, {"parentPc", {16, 8}, {4, 4}}, {0},
};

static const struct field object_fields[] = {
	{"off", {0, 0}, {8, 4}},
	{"typ", {8, -1}, {8, 0}},
	{"size", {-1, 4}, {0, 4}},
	{"_ptrdata", {-1, 8}, {0, 4}},
	{0},
};

struct hms_type *mkpcln_struct(struct mkpcln *m, const char *name, uint64_t size,
			       const struct mkpcln_member *members)
{
	struct mkgraph_member copy[64] = {{0}};

	for (size_t i = 0; members[i].name; i++) {
		if (i + 1 == HMS_ARRAY_LEN(copy))
			abort();
		copy[i] = (struct mkgraph_member){members[i].name, members[i].off,
						  mkgraph_uint(m->graph, members[i].size)};
	}
	return mkgraph_struct(m->graph, name, size, copy);
}

static void structure(struct mkpcln *m, const char *name, const uint32_t size[2],
		      const struct field *fields)
{
	struct mkpcln_member members[32] = {{0}};
	size_t n = 0;

	for (; fields->name; fields++) {
		if (fields->off[m->release] >= 0)
			members[n++] = (struct mkpcln_member){fields->name,
							      (uint32_t)fields->off[m->release],
							      fields->size[m->release]};
	}
	mkpcln_struct(m, name, size[m->release], members);
}

static void add_types(struct mkpcln *m)
{
	static const uint32_t module[] = {456, 592}, functab[] = {16, 8}, func[] = {40, 44},
			      textsect[] = {24, 24}, inlined[] = {20, 16}, object[] = {16, 16};

	structure(m, "runtime.moduledata", module, module_fields);
	structure(m, "runtime.functab", functab, functab_fields);
	structure(m, "runtime._func", func, func_fields);
	structure(m, "runtime.textsect", textsect, textsect_fields);
	structure(m, "runtime.inlinedCall", inlined, inlined_fields);
	structure(m, "runtime.stackObjectRecord", object, object_fields);
	if (m->release == MKPCLN_1_21)
		mkpcln_struct(m, "runtime.unwinder", 8,
			      (const struct mkpcln_member[]){{"g", 0, 8}, {0}});
}

struct mkpcln *mkpcln_create(enum mkpcln_release release)
{
	struct mkpcln *m = hms_xcalloc(1, sizeof(*m));

	m->release = release;
	m->core = mkcore_create();
	m->exe = mkelf_create(ET_EXEC, MKPCLN_TEXT);
	m->graph = hms_graph_create();
	mkcore_map(m->core, MKPCLN_MODULE, 0x10000);
	mkcore_map(m->core, MKPCLN_TABLES, 0x100000);
	mkcore_map(m->core, MKPCLN_GOFUNC, 0x10000);
	/* Offset 0 of a table means none. */
	bytes_put8(&m->pclntable, 0, 0);
	bytes_put8(&m->pctab, 0, 0);
	add_types(m);
	return m;
}

void mkpcln_destroy(struct mkpcln *m)
{
	if (!m)
		return;
	image_close(&m->image);
	hms_graph_destroy(m->graph);
	mkelf_destroy(m->exe);
	mkcore_destroy(m->core);
	bytes_free(&m->pclntable);
	bytes_free(&m->ftab);
	bytes_free(&m->names);
	bytes_free(&m->pctab);
	bytes_free(&m->filetab);
	bytes_free(&m->cutab);
	free(m);
}

static bool old(const struct mkpcln *m)
{
	return m->release == MKPCLN_1_15;
}

static uint32_t append(struct bytes *table, const void *p, size_t len)
{
	size_t off = table->len;

	bytes_put(table, off, p, len);
	return (uint32_t)off;
}

uint32_t mkpcln_name(struct mkpcln *m, const char *name)
{
	return append(old(m) ? &m->pclntable : &m->names, name, strlen(name) + 1);
}

int32_t mkpcln_file(struct mkpcln *m, const char *name)
{
	struct bytes *index = old(m) ? &m->filetab : &m->cutab;
	uint32_t off = UINT32_MAX;

	if (name)
		off = append(old(m) ? &m->pclntable : &m->filetab, name, strlen(name) + 1);
	return (int32_t)append(index, &off, 4) / 4;
}

static void varint(struct bytes *table, uint32_t v)
{
	while (v >= 0x80) {
		bytes_put8(table, table->len, (uint8_t)(v | 0x80));
		v >>= 7;
	}
	bytes_put8(table, table->len, (uint8_t)v);
}

/* Append a pc-value stream; 0 where there are no steps. */
static uint32_t stream(struct mkpcln *m, const struct mkpcln_step *steps)
{
	struct bytes *table = old(m) ? &m->pclntable : &m->pctab;
	uint32_t off = (uint32_t)table->len;
	int32_t value = -1;
	uint32_t pc = 0;

	if (!steps)
		return 0;
	for (; steps->end; steps++) {
		uint32_t delta = (uint32_t)steps->value - (uint32_t)value;

		/* Equal values make one step: a delta of zero ends the stream. */
		if (steps[1].end && steps[1].value == steps->value)
			continue;
		varint(table, delta << 1 ^ -(delta >> 31));
		varint(table, steps->end - pc);
		value = steps->value;
		pc = steps->end;
	}
	bytes_put8(table, table->len, 0);
	return off;
}

static void put_field(struct mkpcln *m, uint64_t at, const char *name, uint64_t value)
{
	for (const struct field *f = func_fields; f->name; f++) {
		if (strcmp(f->name, name) == 0 && f->off[m->release] >= 0)
			bytes_put(&m->pclntable, at + (uint64_t)f->off[m->release], &value,
				  f->size[m->release]);
	}
}

/* The arrays behind a _func: offsets of pcdata streams, then funcdata. */
static void put_tail(struct mkpcln *m, const struct mkpcln_func *f, uint64_t at,
		     const uint32_t pcdata[3])
{
	uint64_t data[5] = {f->args_map, f->locals_map, f->objects, f->inline_tree};
	size_t n = 4;

	if (old(m)) {
		/* 1.15 has register maps as number 2. */
		data[4] = data[3];
		data[3] = data[2];
		data[2] = 0;
		n = 5;
	}
	bytes_put(&m->pclntable, at, pcdata, 12);
	at += 12;
	if (old(m))
		at = (at + 7) & ~UINT64_C(7);
	for (size_t i = 0; i < n; i++) {
		if (old(m))
			bytes_put64(&m->pclntable, at + 8 * i, data[i]);
		else
			bytes_put32(&m->pclntable, at + 4 * i,
				    data[i] ? (uint32_t)(data[i] - MKPCLN_GOFUNC) : UINT32_MAX);
	}
}

static void put_entry(struct mkpcln *m, uint32_t start, uint64_t func_off)
{
	if (old(m)) {
		bytes_put64(&m->ftab, m->ftab.len, MKPCLN_TEXT + (uint64_t)start);
		bytes_put64(&m->ftab, m->ftab.len, func_off);
	} else {
		bytes_put32(&m->ftab, m->ftab.len, start);
		bytes_put32(&m->ftab, m->ftab.len, (uint32_t)func_off);
	}
}

/* The entry that ends the table is replaced by the next function's. */
void mkpcln_func(struct mkpcln *m, const struct mkpcln_func *f)
{
	size_t entry = old(m) ? 16 : 8, size = old(m) ? 40 : 44;
	uint32_t name = mkpcln_name(m, f->name);
	uint32_t sp = stream(m, f->sp), file = stream(m, f->file), line = stream(m, f->line);
	const uint32_t pcdata[3] = {0, stream(m, f->stack_map), stream(m, f->inline_index)};
	uint64_t at = (m->pclntable.len + 7) & ~UINT64_C(7);

	put_field(m, at, old(m) ? "entry" : "entryOff", old(m) ? MKPCLN_TEXT + f->start : f->start);
	put_field(m, at, "nameoff", name);
	put_field(m, at, "nameOff", name);
	put_field(m, at, "deferreturn", f->deferreturn);
	put_field(m, at, "pcsp", sp);
	put_field(m, at, "pcfile", file);
	put_field(m, at, "pcln", line);
	put_field(m, at, "npcdata", 3);
	put_field(m, at, "flag", f->flags);
	put_field(m, at, "nfuncdata", old(m) ? 5 : 4);
	put_tail(m, f, at + size, pcdata);
	if (m->nfuncs)
		m->ftab.len -= entry;
	put_entry(m, f->start, at);
	put_entry(m, f->end, 0);
	m->nfuncs++;
}

void mkpcln_inlined(struct mkpcln *m, uint64_t tree, uint32_t i, const char *name,
		    uint32_t parent_pc)
{
	uint32_t off = mkpcln_name(m, name);

	if (old(m)) {
		mkcore_put32(m->core, tree + 20 * (uint64_t)i + 12, off);
		mkcore_put32(m->core, tree + 20 * (uint64_t)i + 16, parent_pc);
	} else {
		mkcore_put32(m->core, tree + 16 * (uint64_t)i + 4, off);
		mkcore_put32(m->core, tree + 16 * (uint64_t)i + 8, parent_pc);
	}
}

void mkpcln_stack_map(struct mkpcln *m, uint64_t addr, uint32_t n, uint32_t nbit,
		      const uint8_t *bitmaps)
{
	mkcore_put32(m->core, addr, n);
	mkcore_put32(m->core, addr + 4, nbit);
	mkcore_put(m->core, addr + 8, bitmaps, n);
}

void mkpcln_module(struct mkpcln *m, const char *field, uint64_t off, uint64_t value)
{
	for (const struct field *f = module_fields; f->name; f++) {
		if (strcmp(f->name, field) == 0 && f->off[m->release] >= 0)
			mkcore_put64(m->core, MKPCLN_MODULE + (uint64_t)f->off[m->release] + off,
				     value);
	}
}

static void put_table(struct mkpcln *m, const char *field, const struct bytes *table, size_t elem,
		      uint64_t addr)
{
	if (table->len)
		mkcore_put(m->core, addr, table->p, table->len);
	mkpcln_module(m, field, 0, addr);
	mkpcln_module(m, field, 8, table->len / elem);
}

void mkpcln_write(struct mkpcln *m)
{
	uint64_t end = 0;

	if (m->nfuncs)
		memcpy(&end, m->ftab.p + m->ftab.len - (old(m) ? 16 : 8), old(m) ? 8 : 4);
	put_table(m, "pclntable", &m->pclntable, 1, MKPCLN_TABLES);
	put_table(m, "ftab", &m->ftab, old(m) ? 16 : 8, MKPCLN_TABLES + 0x20000);
	put_table(m, "filetab", &m->filetab, old(m) ? 4 : 1, MKPCLN_TABLES + 0x40000);
	put_table(m, "funcnametab", &m->names, 1, MKPCLN_TABLES + 0x60000);
	put_table(m, "pctab", &m->pctab, 1, MKPCLN_TABLES + 0x80000);
	put_table(m, "cutab", &m->cutab, 4, MKPCLN_TABLES + 0xa0000);
	mkpcln_module(m, "gofunc", 0, MKPCLN_GOFUNC);
	mkpcln_module(m, "text", 0, MKPCLN_TEXT);
	mkpcln_module(m, "minpc", 0, MKPCLN_TEXT);
	mkpcln_module(m, "maxpc", 0, old(m) ? end : MKPCLN_TEXT + end);
}

void mkpcln_open(struct mkpcln *m)
{
	static struct hms_module module = {.addr = MKPCLN_MODULE};

	hms_graph_seal(m->graph);
	image_open(&m->image, m->core, m->exe, 0);
	m->rt.mem = m->image.mem;
	m->rt.exe = m->image.exe;
	m->rt.graph = m->graph;
	m->rt.modules = &module;
	m->rt.nmodules = 1;
	hms_layout_resolve(m->graph, &m->rt.layout);
}
