/*
 * Code ranges of a DIE: DW_AT_low_pc with DW_AT_high_pc, or DW_AT_ranges in .debug_ranges
 * (DWARF 4) or .debug_rnglists (DWARF 5).
 */
#include "dwarf/internal.h"

struct sink {
	void (*emit)(void *arg, struct pc_range range);
	void *arg;
};

static void sink_put(const struct sink *sink, uint64_t low, uint64_t high)
{
	if (low < high)
		sink->emit(sink->arg, (struct pc_range){low, high});
}

static struct hms_error *ranges_v4(struct hms_dwarf *dwarf, Dwarf_Die die, uint64_t base,
				   uint64_t off, const struct sink *sink)
{
	Dwarf_Error err = NULL;
	Dwarf_Ranges *ranges;
	Dwarf_Unsigned bytes;
	Dwarf_Signed n;
	Dwarf_Off real;
	bool found;

	HMS_TRY(dwarf_result(
		dwarf, dwarf_get_ranges_b(dwarf->dbg, off, die, &real, &ranges, &n, &bytes, &err),
		&err, "cannot read a range list", &found));
	if (!found)
		return NULL;
	for (Dwarf_Signed i = 0; i < n && ranges[i].dwr_type != DW_RANGES_END; i++) {
		if (ranges[i].dwr_type == DW_RANGES_ADDRESS_SELECTION)
			base = ranges[i].dwr_addr2;
		else
			sink_put(sink, base + ranges[i].dwr_addr1, base + ranges[i].dwr_addr2);
	}
	compat_dwarf_free_ranges(dwarf->dbg, ranges, n);
	return NULL;
}

/* Entries that only move the base have nothing of their own. */
static bool entry_is_range(unsigned int code)
{
	return code == DW_RLE_startx_endx || code == DW_RLE_startx_length ||
	       code == DW_RLE_offset_pair || code == DW_RLE_start_end ||
	       code == DW_RLE_start_length;
}

static struct hms_error *ranges_v5_entry(struct hms_dwarf *dwarf, Dwarf_Rnglists_Head head,
					 Dwarf_Unsigned i, const struct sink *sink)
{
	Dwarf_Unsigned raw1, raw2, low, high;
	Dwarf_Bool no_debug_addr = 0;
	unsigned int len, code;
	Dwarf_Error err = NULL;
	bool found;

	HMS_TRY(dwarf_result(dwarf,
			     dwarf_get_rnglists_entry_fields_a(head, i, &len, &code, &raw1, &raw2,
							       &no_debug_addr, &low, &high, &err),
			     &err, "cannot read a range list", &found));
	if (found && !no_debug_addr && entry_is_range(code))
		sink_put(sink, low, high);
	return NULL;
}

static struct hms_error *ranges_v5(struct hms_dwarf *dwarf, Dwarf_Attribute attr, uint64_t list,
				   const struct sink *sink)
{
	struct hms_error *failed = NULL;
	Dwarf_Rnglists_Head head;
	Dwarf_Unsigned n, off;
	Dwarf_Error err = NULL;
	bool found;

	if (!range_list_ends(dwarf, list))
		return hms_err(HMS_ERR_FORMAT, "a range list has no end");
	HMS_TRY(dwarf_result(
		dwarf,
		dwarf_rnglists_get_rle_head(attr, DW_FORM_sec_offset, list, &head, &n, &off, &err),
		&err, "cannot read a range list", &found));
	if (!found)
		return NULL;
	for (Dwarf_Unsigned i = 0; !failed && i < n; i++)
		failed = ranges_v5_entry(dwarf, head, i, sink);
	dwarf_dealloc_rnglists_head(head);
	return failed;
}

/* Where the list is: an offset, or with clang an index into the unit's table of offsets. */
static bool list_offset(struct hms_dwarf *dwarf, Dwarf_Attribute attr, const struct unit *unit,
			uint64_t *ret)
{
	uint64_t index;

	if (attr_offset(dwarf, attr, ret))
		return true;
	return attr_unsigned(dwarf, attr, &index) &&
	       range_list_offset(dwarf, unit->rnglists_base, index, ret);
}

static struct hms_error *range_list(struct hms_dwarf *dwarf, Dwarf_Die die, Dwarf_Attribute attr,
				    const struct unit *unit, const struct sink *sink)
{
	Dwarf_Half version = 0, offset_size;
	uint64_t list;

	if (!list_offset(dwarf, attr, unit, &list))
		return hms_err(HMS_ERR_FORMAT, "a range list is nowhere");
	if (dwarf_get_version_of_die(die, &version, &offset_size) == DW_DLV_OK && version >= 5)
		return ranges_v5(dwarf, attr, list, sink);
	return ranges_v4(dwarf, die, unit->base, list, sink);
}

struct hms_error *die_ranges(struct hms_dwarf *dwarf, Dwarf_Die die, const struct unit *unit,
			     void (*emit)(void *arg, struct pc_range range), void *arg)
{
	HMS_CLEANUP(attrs_deinit) struct attrs attrs = ATTRS_INIT;
	const struct sink sink = {emit, arg};
	Dwarf_Attribute attr;
	uint64_t low, high;

	HMS_TRY(attrs_read(dwarf, die, &attrs));
	if ((attr = attrs_find(&attrs, DW_AT_ranges)))
		return range_list(dwarf, die, attr, unit, &sink);
	attr = attrs_find(&attrs, DW_AT_low_pc);
	if (!attr || !attr_unsigned(dwarf, attr, &low))
		return NULL;
	attr = attrs_find(&attrs, DW_AT_high_pc);
	if (!attr || !attr_unsigned(dwarf, attr, &high))
		return NULL;
	if (!attr_is_address(dwarf, attr))
		high += low; /* a length, since DWARF 4 */
	sink_put(&sink, low, high);
	return NULL;
}
