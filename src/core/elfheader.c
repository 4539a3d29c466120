#include "core/elfheader.h"

#include <string.h>

static const struct {
	uint16_t machine;
	const char *name;
} machine_names[] = {
	{EM_386, "32-bit x86"},      {EM_ARM, "32-bit ARM"}, {EM_IA_64, "Itanium"},
	{EM_LOONGARCH, "LoongArch"}, {EM_MIPS, "MIPS"},      {EM_PPC, "32-bit PowerPC"},
	{EM_PPC64, "PowerPC64"},     {EM_RISCV, "RISC-V"},   {EM_S390, "S/390"},
	{EM_SPARCV9, "SPARC"},
};

static struct hms_error *wrong_machine(uint16_t machine)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(machine_names); i++) {
		if (machine_names[i].machine == machine)
			return hms_err(HMS_ERR_UNSUPPORTED,
				       "it is for %s; only amd64 and arm64 are understood",
				       machine_names[i].name);
	}
	return hms_err(HMS_ERR_UNSUPPORTED,
		       "it is for machine %u; only amd64 and arm64 are understood", machine);
}

/* e_ident and e_machine lie at the same place in 32-bit files, e_machine in the file's order. */
static struct hms_error *check_ident(const uint8_t *p)
{
	if (memcmp(p, ELFMAG, SELFMAG) != 0)
		return hms_err(HMS_ERR_FORMAT, "it is not an ELF file");
	if (p[EI_DATA] == ELFDATA2MSB)
		return hms_err(HMS_ERR_UNSUPPORTED, "it is a big-endian file");
	if (p[EI_DATA] != ELFDATA2LSB)
		return hms_err(HMS_ERR_FORMAT, "its ELF header names no byte order");
	if (p[EI_CLASS] == ELFCLASS32)
		return hms_err(HMS_ERR_UNSUPPORTED, "it is a 32-bit file");
	if (p[EI_CLASS] != ELFCLASS64)
		return hms_err(HMS_ERR_FORMAT, "its ELF header names no class");
	return NULL;
}

struct hms_error *hms_elfheader_read(const struct hms_mapfile *map, Elf64_Ehdr *ret)
{
	Elf64_Ehdr eh;

	if (map->size == 0)
		return hms_err(HMS_ERR_FORMAT, "it is empty");
	if (map->size < EI_NIDENT)
		return hms_err(HMS_ERR_FORMAT, "it is not an ELF file");
	HMS_TRY(check_ident(map->p));
	if (map->size < sizeof(eh))
		return hms_err(HMS_ERR_FORMAT, "it ends inside the ELF header");
	memcpy(&eh, map->p, sizeof(eh));
	if (eh.e_machine != EM_X86_64 && eh.e_machine != EM_AARCH64)
		return wrong_machine(eh.e_machine);
	*ret = eh;
	return NULL;
}

enum hms_arch hms_elfheader_arch(const Elf64_Ehdr *eh)
{
	return eh->e_machine == EM_AARCH64 ? HMS_ARCH_ARM64 : HMS_ARCH_AMD64;
}

const char *hms_elfheader_type_text(uint16_t type)
{
	switch (type) {
	case ET_REL: return "an object file";
	case ET_EXEC: return "an executable";
	case ET_DYN: return "an executable or shared library";
	case ET_CORE: return "a core file";
	default: return "an ELF file of unknown type";
	}
}

/*
 * With PN_XNUM the count stands in section header 0.  The kernel writes that behind all memory,
 * where a cut file has lost it; but its notes follow the program headers, and the note segment
 * is the first of them.
 */
static bool extended_phnum(const struct hms_mapfile *map, const Elf64_Ehdr *eh, uint32_t *ret)
{
	const uint8_t *p = hms_mapfile_bytes(map, eh->e_shoff, sizeof(Elf64_Shdr));
	Elf64_Shdr sh;
	Elf64_Phdr ph;

	if (eh->e_shoff && p) {
		memcpy(&sh, p, sizeof(sh));
		*ret = sh.sh_info;
		return true;
	}
	p = hms_mapfile_bytes(map, eh->e_phoff, sizeof(ph));
	if (!p)
		return false;
	memcpy(&ph, p, sizeof(ph));
	if (ph.p_type != PT_NOTE || ph.p_offset < eh->e_phoff)
		return false;
	*ret = (uint32_t)HMS_MIN((ph.p_offset - eh->e_phoff) / sizeof(ph), UINT32_MAX);
	return true;
}

struct hms_error *hms_elfheader_phnum(const struct hms_mapfile *map, const Elf64_Ehdr *eh,
				      uint32_t *ret)
{
	uint32_t n = eh->e_phnum;

	if (n && eh->e_phentsize != sizeof(Elf64_Phdr))
		return hms_err(HMS_ERR_FORMAT, "its program headers are %u bytes long, not %zu",
			       eh->e_phentsize, sizeof(Elf64_Phdr));
	if (n == PN_XNUM && !extended_phnum(map, eh, &n))
		return hms_err(HMS_ERR_FORMAT, "the number of its program headers is lost");
	if (n > HMS_MAX_SEGMENTS)
		return hms_err(HMS_ERR_LIMIT, "it has %u program headers, more than %u", n,
			       HMS_MAX_SEGMENTS);
	if (n && !hms_mapfile_bytes(map, eh->e_phoff, (uint64_t)n * sizeof(Elf64_Phdr)))
		return hms_err(HMS_ERR_FORMAT, "it ends before its program headers do");
	*ret = n;
	return NULL;
}

void hms_elfheader_phdr(const struct hms_mapfile *map, const Elf64_Ehdr *eh, uint32_t i,
			Elf64_Phdr *ret)
{
	memcpy(ret, map->p + eh->e_phoff + (uint64_t)i * sizeof(*ret), sizeof(*ret));
}

bool hms_elfheader_is_core(const uint8_t *p, uint64_t len)
{
	unsigned int low = 0;

	if (len < EI_NIDENT + 2 || memcmp(p, ELFMAG, SELFMAG) != 0)
		return false;
	if (p[EI_DATA] == ELFDATA2MSB)
		low = 1;
	return p[EI_NIDENT + low] == ET_CORE && p[EI_NIDENT + 1 - low] == 0;
}
