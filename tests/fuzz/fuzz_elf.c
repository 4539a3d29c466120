/* An executable: sections, symbols, build IDs, and its place in a memory image. */
#include <string.h>
#include <unistd.h>

#include "core/elffile.h"
#include "core/exefind.h"
#include "core/mem.h"
#include "fuzz/fuzz.h"
#include "lib/mkcore.h"

/* A core of which the input is taken for the executable; it never changes. */
static const struct hms_corefile *small_core(void)
{
	static struct hms_corefile *core;
	struct mkcore *mk;
	char *path;

	if (core)
		return core;
	mk = mkcore_create();
	mkcore_map(mk, 0x400000, 0x1000);
	mkcore_absent(mk, 0x400800, 0x800);
	mkcore_auxv(mk, AT_ENTRY, 0x401000);
	mkcore_file(mk, 0x400000, 0x402000, 0, "/x");
	path = mkcore_save(mk);
	FUZZ_CHECK(!hms_corefile_open(path, NULL, &core));
	unlink(path);
	free(path);
	mkcore_destroy(mk);
	return core;
}

static size_t touch_sections(const struct hms_elffile *elf)
{
	size_t sum = 0;

	for (size_t i = 0; i < elf->nsections; i++) {
		const struct hms_elf_section *s = &elf->sections[i];

		sum += strlen(s->name);
		if (s->data && s->size)
			sum += s->data[0] + s->data[s->size - 1];
	}
	for (size_t i = 0; i < elf->nsegments; i++) {
		const struct hms_elf_segment *s = &elf->segments[i];

		FUZZ_CHECK(s->filesz <= s->memsz && s->addr + s->memsz >= s->addr);
		FUZZ_CHECK(!s->filesz || hms_elffile_bytes(elf, s->off, s->filesz));
	}
	return sum + (elf->debuglink ? strlen(elf->debuglink) : 0);
}

static void build_image(const struct hms_elffile *elf, uint64_t bias)
{
	struct hms_mem *mem = NULL;
	struct hms_error *err = hms_mem_open(small_core(), elf, bias, &mem);
	uint64_t addr = 0, end;

	for (int i = 0; mem && i < 1000 && addr < UINT64_MAX; i++) {
		uint8_t v;

		hms_mem_state_at(mem, addr, &end);
		FUZZ_CHECK(end > addr);
		hms_err_free(hms_mem_u8(mem, addr, &v));
		hms_err_free(hms_mem_u8(mem, end - 1, &v));
		addr = end;
	}
	/* The core's own bytes stay in front. */
	FUZZ_CHECK(!mem || hms_mem_state_at(mem, 0x400000, NULL) == HMS_MEM_PRESENT);
	hms_err_free(err);
	hms_mem_close(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hms_elffile *elf = NULL;
	struct hms_error *err = hms_elffile_open(fuzz_file_open(data, len), &elf);
	struct hms_elf_symbol sym;
	struct hms_exe_fit fit;

	if (!err) {
		touch_sections(elf);
		free(hms_build_id_text(&elf->gnu_build_id));
		free(hms_build_id_text(&elf->go_build_id));
		(void)hms_elffile_section(elf, ".text");
		(void)hms_elffile_symbol(elf, "main.main", &sym);
		hms_exe_fit(small_core(), elf, &fit);
		build_image(elf, fit.bias);
		build_image(elf, 0);
	}
	hms_err_free(err);
	hms_elffile_close(elf);
	fuzz_file_close();
	return 0;
}
