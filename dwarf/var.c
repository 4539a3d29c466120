/*
 * Package variables: DW_TAG_variable directly below a unit whose location is an address.
 */
#include "dwarf/types.h"

#include <string.h>

static bool address_by_index(struct hms_dwarf *dwarf, Dwarf_Die die, uint64_t index, uint64_t *ret)
{
	Dwarf_Error err = NULL;
	Dwarf_Addr addr;

	if (dwarf_debug_addr_index_to_addr(die, index, &addr, &err) != DW_DLV_OK) {
		dwarf_drop(dwarf, err);
		return false;
	}
	*ret = addr;
	return true;
}

/* DW_OP_addr (Go, all versions), DW_OP_addrx (C, DWARF 5); nothing may follow. */
static bool location_address(struct hms_dwarf *dwarf, Dwarf_Die die, Dwarf_Attribute attr,
			     uint64_t *ret)
{
	const uint8_t *p, *end;
	uint64_t index;
	size_t len;

	if (!attr_block(dwarf, attr, &p, &len) || !len)
		return false;
	end = p + len;
	switch (*p++) {
	case DW_OP_addr:
		if (end - p != sizeof(*ret))
			return false;
		memcpy(ret, p, sizeof(*ret));
		return true;
	case DW_OP_addrx:
		return read_uleb(&p, end, &index) && p == end &&
		       address_by_index(dwarf, die, index, ret);
	default: return false;
	}
}

struct hms_error *read_variable(struct reader *reader, const struct children *it)
{
	HMS_CLEANUP(attrs_deinit) struct attrs attrs = ATTRS_INIT;
	struct raw_variable variable = {.ref = NO_REF};
	struct hms_dwarf *dwarf = reader->dwarf;
	const char *name = NULL;
	Dwarf_Attribute attr;
	uint64_t addr = 0; /* for gcc -O1, which does not see that it is always set */

	HMS_TRY(attrs_read(dwarf, it->die, &attrs));
	attr = attrs_find(&attrs, DW_AT_location);
	if (!attr || !location_address(dwarf, it->die, attr, &addr))
		return NULL; /* a declaration, thread-local or optimised away */
	if ((attr = attrs_find(&attrs, DW_AT_name)))
		name = attr_string(dwarf, attr);
	if (!name || !*name)
		return NULL;
	if ((attr = attrs_find(&attrs, DW_AT_type)))
		attr_ref(dwarf, attr, &variable.ref);
	variable.name = hms_arena_strdup(reader->arena, name);
	variable.addr = addr + reader->bias;
	HMS_GROW(reader->variables, reader->nvariables, reader->variables_cap);
	reader->variables[reader->nvariables++] = variable;
	return NULL;
}
