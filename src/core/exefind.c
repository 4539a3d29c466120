#include "core/exefind.h"

#include <elf.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/debugfile.h"
#include "util/arena.h"
#include "util/str.h"

#define PAGE_MASK 0xfffull
#define MAX_PATH  4096
#define MAX_PHDRS 256 /* of an executable; the first page has room for 72 */

/* ---- what the core says ---- */

static const struct hms_file_mapping *mapping_at(const struct hms_corefile *core, uint64_t addr)
{
	for (size_t i = 0; i < core->nmappings; i++) {
		const struct hms_file_mapping *m = &core->mappings[i];

		if (addr >= m->start && addr < m->end)
			return m;
	}
	return NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Without an auxiliary vector: the file that the process is named after (pr_fname holds the first
 * 15 bytes). */
static const struct hms_file_mapping *mapping_by_command(const struct hms_corefile *core)
{
	size_t len = strlen(core->command);

	for (size_t i = 0; len && i < core->nmappings; i++) {
		const struct hms_file_mapping *m = &core->mappings[i];
		const char *name = base_name(m->path);

		if (m->off == 0 && strncmp(name, core->command, len) == 0 &&
		    (name[len] == '\0' || len >= 15))
			return m;
	}
	return NULL;
}

static const struct hms_file_mapping *exe_mapping(const struct hms_corefile *core)
{
	const struct hms_file_mapping *m = NULL;
	uint64_t addr;

	if (hms_corefile_auxv(core, AT_ENTRY, &addr))
		m = mapping_at(core, addr);
	if (!m && hms_corefile_auxv(core, AT_PHDR, &addr))
		m = mapping_at(core, addr);
	return m ? m : mapping_by_command(core);
}

/* The row of the same file, at or before @m, that maps its first page. */
static uint64_t mapping_start(const struct hms_corefile *core, const struct hms_file_mapping *m)
{
	for (;; m--) {
		if (m->off == 0)
			return m->start;
		if (m == core->mappings || strcmp(m[-1].path, m->path) != 0)
			return 0;
	}
}

static const char *saved_string(const struct hms_corefile *core, uint64_t addr)
{
	size_t len = 0;
	const uint8_t *p = hms_corefile_saved(core, addr, &len);

	if (!p || !memchr(p, 0, HMS_MIN(len, MAX_PATH)))
		return NULL;
	return *p ? (const char *)p : NULL;
}

/* Copy @len saved bytes at @addr. */
static bool read_saved(const struct hms_corefile *core, uint64_t addr, void *buf, size_t len)
{
	size_t held = 0;
	const uint8_t *p = hms_corefile_saved(core, addr, &held);

	if (!p || held < len)
		return false;
	memcpy(buf, p, len);
	return true;
}

static bool read_phdr(const struct hms_corefile *core, uint64_t start, const Elf64_Ehdr *eh,
		      unsigned int i, Elf64_Phdr *ret)
{
	return read_saved(core, start + eh->e_phoff + i * sizeof(*ret), ret, sizeof(*ret));
}

/* Link-time address of the file's first byte. */
static bool find_base(const struct hms_corefile *core, uint64_t start, const Elf64_Ehdr *eh,
		      uint64_t *ret)
{
	Elf64_Phdr ph;

	for (unsigned int i = 0; i < eh->e_phnum; i++) {
		if (!read_phdr(core, start, eh, i, &ph))
			return false;
		if (ph.p_type == PT_LOAD && (ph.p_offset & ~PAGE_MASK) == 0) {
			*ret = ph.p_vaddr - ph.p_offset;
			return true;
		}
	}
	return false;
}

static void read_notes(const struct hms_corefile *core, const Elf64_Ehdr *eh,
		       struct hms_core_exe *ret)
{
	uint64_t base;
	Elf64_Phdr ph;

	if (eh->e_phnum > MAX_PHDRS || !find_base(core, ret->start, eh, &base))
		return;
	ret->ids_known = true;
	for (unsigned int i = 0; i < eh->e_phnum; i++) {
		const uint8_t *p;
		size_t held = 0;

		if (!read_phdr(core, ret->start, eh, i, &ph)) {
			ret->ids_known = false;
			return;
		}
		if (ph.p_type != PT_NOTE)
			continue;
		p = hms_corefile_saved(core, ret->start + (ph.p_vaddr - base), &held);
		if (p)
			hms_build_ids_parse(p, HMS_MIN(held, ph.p_filesz), &ret->gnu_build_id,
					    &ret->go_build_id);
		if (held < ph.p_filesz)
			ret->ids_known = false;
	}
}

static void read_header(const struct hms_corefile *core, struct hms_core_exe *ret)
{
	Elf64_Ehdr eh;

	if (!ret->start || !read_saved(core, ret->start, &eh, sizeof(eh)) ||
	    memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 || eh.e_phentsize != sizeof(Elf64_Phdr))
		return;
	ret->has_header = true;
	ret->entry = eh.e_entry;
	ret->position_independent = eh.e_type == ET_DYN;
	read_notes(core, &eh, ret);
}

void hms_core_exe_read(const struct hms_corefile *core, struct hms_core_exe *ret)
{
	const struct hms_file_mapping *m = exe_mapping(core);
	uint64_t addr;

	*ret = (struct hms_core_exe){0};
	if (m && *m->path)
		ret->path = m->path;
	if (hms_corefile_auxv(core, AT_EXECFN, &addr))
		ret->exec_name = saved_string(core, addr);
	if (m)
		ret->start = mapping_start(core, m);
	else if (hms_corefile_auxv(core, AT_PHDR, &addr))
		ret->start = addr & ~PAGE_MASK;
	read_header(core, ret);
}

/* ---- does an executable fit ---- */

HMS_PRINTF(3, 4)
static void conclude(struct hms_exe_fit *fit, enum hms_exe_match match, const char *format, ...)
{
	va_list ap;

	fit->match = match;
	va_start(ap, format);
	vsnprintf(fit->why, sizeof(fit->why), format, ap);
	va_end(ap);
}

/* Where @exe's first byte would be linked to. */
static bool exe_base(const struct hms_elffile *exe, uint64_t *ret)
{
	for (size_t i = 0; i < exe->nsegments; i++) {
		if ((exe->segments[i].off & ~PAGE_MASK) == 0) {
			*ret = exe->segments[i].addr - exe->segments[i].off;
			return true;
		}
	}
	return false;
}

/* Two ways to know the bias; false where they contradict each other or common sense. */
static bool find_bias(const struct hms_corefile *core, const struct hms_core_exe *in_core,
		      const struct hms_elffile *exe, struct hms_exe_fit *fit)
{
	uint64_t entry, base, by_start = 0;
	bool has_start = in_core->start && exe_base(exe, &base);

	if (!exe->position_independent) {
		fit->bias_known = true;
		return true;
	}
	if (has_start)
		by_start = in_core->start - base;
	if (hms_corefile_auxv(core, AT_ENTRY, &entry)) {
		fit->bias = entry - exe->entry;
		if ((fit->bias & PAGE_MASK) || (has_start && by_start != fit->bias)) {
			fit->bias = has_start ? by_start : 0;
			return false;
		}
		fit->bias_known = true;
	} else if (has_start) {
		fit->bias = by_start;
		fit->bias_known = true;
	}
	return true;
}

static bool ids_differ(const struct hms_build_id *a, const struct hms_build_id *b)
{
	return a->len && b->len && !hms_build_id_equal(a, b);
}

static void compare_ids(const struct hms_core_exe *in_core, const struct hms_elffile *exe,
			struct hms_exe_fit *fit)
{
	bool gnu = ids_differ(&in_core->gnu_build_id, &exe->gnu_build_id);
	const struct hms_build_id *a = gnu ? &in_core->gnu_build_id : &in_core->go_build_id;
	const struct hms_build_id *b = gnu ? &exe->gnu_build_id : &exe->go_build_id;
	HMS_AUTO_FREE char *text_a = NULL, *text_b = NULL;

	if (ids_differ(a, b)) {
		text_a = hms_build_id_text(a);
		text_b = hms_build_id_text(b);
		conclude(fit, HMS_EXE_DIFFERS, "the core's build ID is %s, not %s", text_a, text_b);
	} else if (hms_build_id_equal(&in_core->gnu_build_id, &exe->gnu_build_id) ||
		   hms_build_id_equal(&in_core->go_build_id, &exe->go_build_id)) {
		fit->match = HMS_EXE_MATCHES;
	} else {
		bool lacking = !exe->gnu_build_id.len && !exe->go_build_id.len;

		conclude(fit, HMS_EXE_UNKNOWN, "there is no build ID in %s to compare",
			 lacking ? "the executable" : "the core");
	}
}

/* The entry point of the process as linked; false where the core does not say. */
static bool linked_entry(const struct hms_corefile *core, const struct hms_core_exe *in_core,
			 const struct hms_elffile *exe, uint64_t *ret)
{
	if (in_core->has_header) {
		*ret = in_core->entry;
		return true;
	}
	return !exe->position_independent && hms_corefile_auxv(core, AT_ENTRY, ret);
}

void hms_exe_fit(const struct hms_corefile *core, const struct hms_elffile *exe,
		 struct hms_exe_fit *ret)
{
	struct hms_core_exe in_core;
	bool bias_makes_sense;
	uint64_t entry;

	hms_core_exe_read(core, &in_core);
	*ret = (struct hms_exe_fit){0};
	bias_makes_sense = find_bias(core, &in_core, exe, ret);
	if (exe->arch != core->arch) {
		conclude(ret, HMS_EXE_DIFFERS, "the core is of an %s machine",
			 core->arch == HMS_ARCH_ARM64 ? "arm64" : "amd64");
		return;
	}
	compare_ids(&in_core, exe, ret);
	if (ret->match != HMS_EXE_UNKNOWN)
		return;
	if (linked_entry(core, &in_core, exe, &entry) && entry != exe->entry)
		conclude(ret, HMS_EXE_DIFFERS,
			 "the core's entry point is 0x%" PRIx64 ", not 0x%" PRIx64, entry,
			 exe->entry);
	else if (!bias_makes_sense)
		conclude(ret, HMS_EXE_DIFFERS, "it does not fit where the core had it mapped");
}

/* ---- finding it ---- */

struct search {
	const struct hms_corefile *core;
	struct hms_str tried; /* for the error */
	struct hms_elffile *best;
	enum hms_exe_match best_match;
};

/* True where the search is over. */
static bool try_path(struct search *search, const char *path)
{
	struct hms_elffile *exe = NULL;
	struct hms_error *err = hms_elffile_open(path, &exe);
	struct hms_exe_fit fit;

	hms_str_addf(&search->tried, "%s'%s'", search->tried.len ? ", " : "", path);
	if (err) {
		hms_err_free(err);
		return false;
	}
	hms_exe_fit(search->core, exe, &fit);
	if (search->best && search->best_match <= fit.match) {
		hms_elffile_close(exe);
		return false;
	}
	hms_elffile_close(search->best);
	search->best = exe;
	search->best_match = fit.match;
	return fit.match == HMS_EXE_MATCHES;
}

/* The name that NT_FILE gives a file which was removed or replaced. */
static char *without_deleted(const char *path)
{
	static const char suffix[] = " (deleted)";
	size_t len = strlen(path), n = sizeof(suffix) - 1;
	char *copy = hms_xstrdup(path);

	if (len > n && strcmp(path + len - n, suffix) == 0)
		copy[len - n] = '\0';
	return copy;
}

static bool try_name(struct search *search, const char *sysroot, const char *name)
{
	HMS_AUTO_FREE char *path = NULL;

	if (*name != '/')
		return !sysroot && try_path(search, name);
	path = hms_xprintf("%s%s", sysroot ? sysroot : "", name);
	return try_path(search, path);
}

static bool try_beside_core(struct search *search, const char *name)
{
	const char *core = search->core->path;
	HMS_AUTO_FREE char *path =
		hms_xprintf("%.*s%s", (int)(base_name(core) - core), core, base_name(name));

	return *base_name(name) && try_path(search, path);
}

static void search_all(struct search *search, const char *sysroot)
{
	HMS_AUTO_FREE char *path = NULL, *by_id = NULL;
	struct hms_core_exe in_core;

	hms_core_exe_read(search->core, &in_core);
	if (in_core.path) {
		path = without_deleted(in_core.path);
		if (try_name(search, sysroot, path))
			return;
	}
	if (in_core.exec_name && (!path || strcmp(path, in_core.exec_name) != 0) &&
	    try_name(search, sysroot, in_core.exec_name))
		return;
	if ((path || in_core.exec_name) && try_beside_core(search, path ? path : in_core.exec_name))
		return;
	by_id = hms_build_id_path(&in_core.gnu_build_id, sysroot, "");
	if (by_id)
		try_path(search, by_id);
}

struct hms_error *hms_exe_find(const struct hms_corefile *core, const char *sysroot,
			       struct hms_elffile **ret)
{
	struct search search = {.core = core, .tried = HMS_STR_INIT};
	struct hms_error *err = NULL;

	search_all(&search, sysroot);
	if (search.best)
		*ret = search.best;
	else if (search.tried.len)
		err = hms_err(HMS_ERR_NOT_FOUND, "cannot find the executable of '%s': tried %s",
			      core->path, hms_str_text(&search.tried));
	else
		err = hms_err(HMS_ERR_NOT_FOUND,
			      "cannot find the executable of '%s': the core does not name it",
			      core->path);
	hms_str_deinit(&search.tried);
	return err;
}
