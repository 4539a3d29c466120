/*
 * The runtime's own type descriptors: internal/abi.Type (runtime._type to Go 1.20), as far as
 * names go.  Descriptors lie in read-only data, so their bytes mostly come from EXE.
 */
#ifndef HMS_RT_DESCRIPTOR_H
#define HMS_RT_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/rt.h"

/* Longest name that is believed. */
#define HMS_RTYPE_NAME_MAX 65535

/* abi.TFlag, src/internal/abi/type.go; the values never changed. */
#define HMS_TFLAG_UNCOMMON   1
#define HMS_TFLAG_EXTRA_STAR 2
#define HMS_TFLAG_NAMED      4

/* The module whose type section holds @addr, or NULL. */
const struct hms_module *hms_rt_module_of_type(const struct hms_rt *rt, uint64_t addr);

/* abi.Name's flags. */
#define HMS_NAME_EXPORTED 1
#define HMS_NAME_TAG      2
#define HMS_NAME_EMBEDDED 8 /* Go 1.19 and later */

/* Append the abi.Name at @addr (flags, length, bytes), which must end before @limit, to @ret, and
 * the tag behind it to @tag_ret (NULL: not wanted).  False, and nothing appended, where it cannot
 * be read or is empty. */
bool hms_rtype_read_name(const struct hms_rt *rt, uint64_t addr, uint64_t limit,
			 struct hms_str *ret, struct hms_str *tag_ret, uint8_t *flags_ret);

/* Append the string of the descriptor at @addr in @module, as reflect's Type.String() gives it:
 * "main.named", "map[string]int".  False, and nothing appended, where it cannot be read. */
bool hms_rtype_string(const struct hms_rt *rt, const struct hms_module *module, uint64_t addr,
		      struct hms_str *ret);

#endif
