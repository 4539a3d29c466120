/*
 * What core files and executables have in common: identification and program headers (elf(5)).
 */
#ifndef HMS_CORE_ELFHEADER_H
#define HMS_CORE_ELFHEADER_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/corefile.h"
#include "core/mapfile.h"
#include "util/error.h"

/* Beyond what any system allows to be mapped (vm.max_map_count is 65530 unless raised). */
#define HMS_MAX_SEGMENTS (4u << 20)

/* Read and check the header of a 64-bit little-endian ELF file for amd64 or arm64.  The errors
 * are the reason only ("it is a 32-bit file"); callers say what could not be done. */
struct hms_error *hms_elfheader_read(const struct hms_mapfile *map, Elf64_Ehdr *ret) HMS_MUST_USE;

enum hms_arch hms_elfheader_arch(const Elf64_Ehdr *eh);

/* "an executable", "a core file", ...: for messages. */
const char *hms_elfheader_type_text(uint16_t type);

/* Number of program headers, PN_XNUM resolved.  HMS_ERR_FORMAT or HMS_ERR_LIMIT where they are
 * not all inside the file. */
struct hms_error *hms_elfheader_phnum(const struct hms_mapfile *map, const Elf64_Ehdr *eh,
				      uint32_t *ret) HMS_MUST_USE;
/* Program header @i, which must be one of those that hms_elfheader_phnum() counted. */
void hms_elfheader_phdr(const struct hms_mapfile *map, const Elf64_Ehdr *eh, uint32_t i,
			Elf64_Phdr *ret);

/* True where @p begins like an ELF core of any class and byte order. */
bool hms_elfheader_is_core(const uint8_t *p, uint64_t len);

#endif
