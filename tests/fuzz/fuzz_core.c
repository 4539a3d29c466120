/* A core file, its notes and the memory image: opened, walked, read around. */
#include <elf.h>
#include <string.h>

#include "core/corefile.h"
#include "core/exefind.h"
#include "core/mem.h"
#include "fuzz/fuzz.h"

#define MAX_RUNS 2000

static void check_segments(const struct hms_corefile *core)
{
	uint64_t end = 0;

	for (size_t i = 0; i < core->nsegments; i++) {
		const struct hms_segment *s = &core->segments[i];

		FUZZ_CHECK(s->addr >= end && s->memsz && s->filesz <= s->memsz);
		FUZZ_CHECK(s->addr + s->memsz > s->addr);
		FUZZ_CHECK(!s->filesz || hms_corefile_bytes(core, s->off, s->filesz));
		end = s->addr + s->memsz;
	}
	FUZZ_CHECK(core->bytes_cut <= core->bytes_saved);
}

/* All strings end, all rows are sound. */
static size_t touch_notes(const struct hms_corefile *core)
{
	size_t sum = strlen(core->command) + strlen(core->args);
	uint64_t v;

	for (size_t i = 0; i < core->nmappings; i++) {
		FUZZ_CHECK(core->mappings[i].start < core->mappings[i].end);
		FUZZ_CHECK(!i || core->mappings[i - 1].start <= core->mappings[i].start);
		sum += strlen(core->mappings[i].path);
	}
	for (size_t i = 0; i < core->nthreads; i++)
		sum += core->threads[i].regs[0];
	return sum + hms_corefile_auxv(core, AT_ENTRY, &v);
}

/* The three ways to read agree with the state. */
static void check_byte(const struct hms_mem *mem, uint64_t addr, enum hms_mem_state state)
{
	bool readable = state == HMS_MEM_PRESENT || state == HMS_MEM_FROM_FILE;
	const uint8_t *p = hms_mem_peek(mem, addr, 1), *run = NULL;
	size_t len = hms_mem_run(mem, addr, &run);
	uint8_t v = 0;
	struct hms_error *err = hms_mem_u8(mem, addr, &v);

	FUZZ_CHECK((p != NULL) == readable && (len != 0) == readable && (err == NULL) == readable);
	if (readable)
		FUZZ_CHECK(p == run && *p == v && hms_mem_peek(mem, addr, len));
	else
		FUZZ_CHECK(err->code == HMS_ERR_NOMEM || err->addr == addr);
	hms_err_free(err);
}

static void read_across(const struct hms_mem *mem, uint64_t addr)
{
	uint8_t buf[64], again;
	struct hms_error *err = hms_mem_read(mem, addr, buf, sizeof(buf));

	for (size_t i = 0; !err && i < sizeof(buf); i++) {
		FUZZ_CHECK(!hms_mem_u8(mem, addr + i, &again));
		FUZZ_CHECK(again == buf[i]);
	}
	hms_err_free(err);
}

static void walk(const struct hms_mem *mem)
{
	enum hms_mem_state last = HMS_MEM_UNMAPPED;
	uint64_t addr = 0, end;

	for (int i = 0; i < MAX_RUNS && addr < UINT64_MAX; i++) {
		enum hms_mem_state state = hms_mem_state_at(mem, addr, &end);

		FUZZ_CHECK(end > addr && (i == 0 || state != last));
		check_byte(mem, addr, state);
		check_byte(mem, end - 1, state);
		read_across(mem, end - 32);
		last = state;
		addr = end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *path = fuzz_file_open(data, len);
	struct hms_corefile *core = NULL;
	struct hms_mem *mem = NULL;
	struct hms_core_exe exe;
	struct hms_error *err;

	(void)hms_corefile_probe(path);
	err = hms_corefile_open(path, NULL, &core);
	if (!err) {
		check_segments(core);
		touch_notes(core);
		hms_core_exe_read(core, &exe);
		err = hms_mem_open(core, NULL, 0, &mem);
	}
	if (mem)
		walk(mem);
	hms_err_free(err);
	hms_mem_close(mem);
	hms_corefile_close(core);
	fuzz_file_close();
	return 0;
}
