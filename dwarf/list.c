/*
 * Location and range lists of DWARF 5, walked before libdwarf does: version 20210528 reads past
 * the section where a list does not end in it.
 */
#include "dwarf/internal.h"

#include <string.h>

enum operand {
	NONE,
	ULEB,
	ADDRESS,
};

/* What follows an entry's code; a location description may come after that. */
struct entry_form {
	enum operand first, second;
	bool located;
};

static const struct entry_form range_forms[] = {
	[DW_RLE_base_addressx] = {ULEB, NONE, false},
	[DW_RLE_startx_endx] = {ULEB, ULEB, false},
	[DW_RLE_startx_length] = {ULEB, ULEB, false},
	[DW_RLE_offset_pair] = {ULEB, ULEB, false},
	[DW_RLE_base_address] = {ADDRESS, NONE, false},
	[DW_RLE_start_end] = {ADDRESS, ADDRESS, false},
	[DW_RLE_start_length] = {ADDRESS, ULEB, false},
};

static const struct entry_form location_forms[] = {
	[DW_LLE_base_addressx] = {ULEB, NONE, false},
	[DW_LLE_startx_endx] = {ULEB, ULEB, true},
	[DW_LLE_startx_length] = {ULEB, ULEB, true},
	[DW_LLE_offset_pair] = {ULEB, ULEB, true},
	[DW_LLE_default_location] = {NONE, NONE, true},
	[DW_LLE_base_address] = {ADDRESS, NONE, false},
	[DW_LLE_start_end] = {ADDRESS, ADDRESS, true},
	[DW_LLE_start_length] = {ADDRESS, ULEB, true},
};

static bool skip(const uint8_t **p, const uint8_t *end, uint64_t len)
{
	if (len > (uint64_t)(end - *p))
		return false;
	*p += len;
	return true;
}

static bool skip_operand(const uint8_t **p, const uint8_t *end, enum operand operand)
{
	uint64_t value;

	switch (operand) {
	case ULEB: return read_uleb(p, end, &value);
	case ADDRESS: return skip(p, end, 8);
	default: return true;
	}
}

static bool skip_entry(const uint8_t **p, const uint8_t *end, const struct entry_form *form)
{
	uint64_t len;

	return skip_operand(p, end, form->first) && skip_operand(p, end, form->second) &&
	       (!form->located || (read_uleb(p, end, &len) && skip(p, end, len)));
}

static bool ends(const struct section *section, uint64_t off, const struct entry_form *forms,
		 size_t nforms)
{
	const uint8_t *p, *end;

	if (!section || off >= section->size)
		return false;
	p = section->data + off;
	end = section->data + section->size;
	while (p < end) {
		uint8_t code = *p++;

		if (code == 0)
			return true;
		if (code >= nforms || !skip_entry(&p, end, &forms[code]))
			return false;
	}
	return false;
}

bool range_list_ends(const struct hms_dwarf *dwarf, uint64_t off)
{
	return ends(sections_loaded(&dwarf->sections, ".debug_rnglists"), off, range_forms,
		    HMS_ARRAY_LEN(range_forms));
}

bool location_list_ends(const struct hms_dwarf *dwarf, uint64_t off)
{
	return ends(sections_loaded(&dwarf->sections, ".debug_loclists"), off, location_forms,
		    HMS_ARRAY_LEN(location_forms));
}

/* The offset is in the table at the unit's base, and counts from there. */
bool range_list_offset(const struct hms_dwarf *dwarf, uint64_t base, uint64_t index, uint64_t *ret)
{
	const struct section *section = sections_loaded(&dwarf->sections, ".debug_rnglists");
	uint32_t off;

	if (!section || base > section->size || index >= (section->size - base) / sizeof(off))
		return false;
	memcpy(&off, section->data + base + index * sizeof(off), sizeof(off));
	*ret = base + off;
	return true;
}
