/*
 * DIEs and attributes.  Forms are looked at before libdwarf is asked for a value, so that a
 * wrong class costs no error object.
 */
#include "dwarf/internal.h"

#include <string.h>

struct hms_error *dwarf_error(struct hms_dwarf *dwarf, Dwarf_Error err, const char *what)
{
	struct hms_error *ret = hms_err(HMS_ERR_FORMAT, "%s: %s", what, dwarf_errmsg(err));

	dwarf_dealloc_error(dwarf->dbg, err);
	return ret;
}

void dwarf_drop(struct hms_dwarf *dwarf, Dwarf_Error err)
{
	if (err)
		dwarf_dealloc_error(dwarf->dbg, err);
}

struct hms_error *dwarf_result(struct hms_dwarf *dwarf, int result, Dwarf_Error *err,
			       const char *what, bool *found_ret)
{
	*found_ret = result == DW_DLV_OK;
	return result == DW_DLV_ERROR ? dwarf_error(dwarf, *err, what) : NULL;
}

/* ---- DIEs --------------------------------------------------------------------------------- */

struct hms_error *die_at(struct hms_dwarf *dwarf, uint64_t off, Dwarf_Die *ret)
{
	Dwarf_Error err = NULL;
	bool found;

	HMS_TRY(dwarf_result(dwarf, dwarf_offdie_b(dwarf->dbg, off, true, ret, &err), &err,
			     "cannot read a debug entry", &found));
	if (!found)
		return hms_err(HMS_ERR_FORMAT, "no debug entry at offset 0x%llx",
			       (unsigned long long)off);
	return NULL;
}

/* Make @die current.  Offsets must grow: a sibling attribute could lead in circles. */
static struct hms_error *children_set(struct children *it, int result, Dwarf_Die die,
				      Dwarf_Error err)
{
	Dwarf_Off off;
	bool found;

	if (it->die)
		dwarf_dealloc_die(it->die);
	it->die = NULL;
	HMS_TRY(dwarf_result(it->dwarf, result, &err, "cannot read a debug entry", &found));
	if (!found)
		return NULL;
	it->die = die;
	err = NULL;
	if (dwarf_dieoffset(die, &off, &err) != DW_DLV_OK ||
	    dwarf_tag(die, &it->tag, &err) != DW_DLV_OK)
		return dwarf_error(it->dwarf, err, "cannot read a debug entry");
	if (off <= it->off)
		return hms_err(HMS_ERR_FORMAT, "debug entries go in circles at offset 0x%llx",
			       (unsigned long long)off);
	it->off = off;
	return NULL;
}

struct hms_error *children_first(struct children *it, Dwarf_Die parent)
{
	Dwarf_Error err = NULL;
	Dwarf_Die die = NULL;
	Dwarf_Off off;
	int result;

	if (dwarf_dieoffset(parent, &off, &err) != DW_DLV_OK)
		return dwarf_error(it->dwarf, err, "cannot read a debug entry");
	it->off = off;
	result = dwarf_child(parent, &die, &err);
	return children_set(it, result, die, err);
}

struct hms_error *children_next(struct children *it)
{
	Dwarf_Error err = NULL;
	Dwarf_Die die = NULL;
	int result = dwarf_siblingof_b(it->dwarf->dbg, it->die, true, &die, &err);

	return children_set(it, result, die, err);
}

void children_deinit(struct children *it)
{
	if (it->die)
		dwarf_dealloc_die(it->die);
	it->die = NULL;
}

/* Concrete functions name an abstract one, which may name a declaration. */
#define MAX_ORIGINS 8

static bool die_origin(struct hms_dwarf *dwarf, const struct attrs *attrs, uint64_t *ret)
{
	Dwarf_Attribute attr = attrs_find(attrs, DW_AT_abstract_origin);

	if (!attr)
		attr = attrs_find(attrs, DW_AT_specification);
	return attr && attr_ref(dwarf, attr, ret);
}

static const char *name_at(struct hms_dwarf *dwarf, Dwarf_Die die, int depth)
{
	HMS_CLEANUP(attrs_deinit) struct attrs attrs = ATTRS_INIT;
	HMS_CLEANUP(hms_err_freep) struct hms_error *err = NULL;
	AUTO_DIE Dwarf_Die origin = NULL;
	Dwarf_Attribute attr;
	uint64_t off;

	err = attrs_read(dwarf, die, &attrs);
	if (err)
		return NULL;
	if ((attr = attrs_find(&attrs, DW_AT_name)))
		return attr_string(dwarf, attr);
	if (depth >= MAX_ORIGINS || !die_origin(dwarf, &attrs, &off))
		return NULL;
	err = die_at(dwarf, off, &origin);
	return err ? NULL : name_at(dwarf, origin, depth + 1);
}

const char *die_name(struct hms_dwarf *dwarf, Dwarf_Die die)
{
	return name_at(dwarf, die, 0);
}

/* ---- attributes --------------------------------------------------------------------------- */

struct hms_error *attrs_read(struct hms_dwarf *dwarf, Dwarf_Die die, struct attrs *ret)
{
	Dwarf_Error err = NULL;
	bool found;

	HMS_TRY(dwarf_result(dwarf, dwarf_attrlist(die, &ret->list, &ret->n, &err), &err,
			     "cannot read a debug entry's attributes", &found));
	if (!found)
		ret->n = 0;
	ret->dbg = dwarf->dbg;
	return NULL;
}

void attrs_deinit(struct attrs *attrs)
{
	for (Dwarf_Signed i = 0; i < attrs->n; i++)
		dwarf_dealloc_attribute(attrs->list[i]);
	if (attrs->n)
		dwarf_dealloc(attrs->dbg, attrs->list, DW_DLA_LIST);
	attrs->n = 0;
}

Dwarf_Attribute attrs_find(const struct attrs *attrs, Dwarf_Half name)
{
	Dwarf_Error err;
	Dwarf_Half which;

	for (Dwarf_Signed i = 0; i < attrs->n; i++) {
		if (dwarf_whatattr(attrs->list[i], &which, &err) == DW_DLV_OK && which == name)
			return attrs->list[i];
	}
	return NULL;
}

static Dwarf_Half attr_form(struct hms_dwarf *dwarf, Dwarf_Attribute attr)
{
	Dwarf_Error err = NULL;
	Dwarf_Half form;

	if (dwarf_whatform(attr, &form, &err) == DW_DLV_OK)
		return form;
	dwarf_drop(dwarf, err);
	return 0;
}

bool attr_is_address(struct hms_dwarf *dwarf, Dwarf_Attribute attr)
{
	switch (attr_form(dwarf, attr)) {
	case DW_FORM_addr:
	case DW_FORM_addrx:
	case DW_FORM_addrx1:
	case DW_FORM_addrx2:
	case DW_FORM_addrx3:
	case DW_FORM_addrx4: return true;
	default: return false;
	}
}

static bool attr_signed_value(struct hms_dwarf *dwarf, Dwarf_Attribute attr, uint64_t *ret)
{
	Dwarf_Error err = NULL;
	Dwarf_Signed value;

	if (dwarf_formsdata(attr, &value, &err) != DW_DLV_OK) {
		dwarf_drop(dwarf, err);
		return false;
	}
	*ret = (uint64_t)value;
	return true;
}

static bool attr_address(struct hms_dwarf *dwarf, Dwarf_Attribute attr, uint64_t *ret)
{
	Dwarf_Error err = NULL;
	Dwarf_Addr value;

	if (dwarf_formaddr(attr, &value, &err) != DW_DLV_OK) {
		dwarf_drop(dwarf, err);
		return false;
	}
	*ret = value;
	return true;
}

bool attr_unsigned(struct hms_dwarf *dwarf, Dwarf_Attribute attr, uint64_t *ret)
{
	Dwarf_Error err = NULL;
	Dwarf_Unsigned value;

	switch (attr_form(dwarf, attr)) {
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_udata:
	case DW_FORM_rnglistx:
		if (dwarf_formudata(attr, &value, &err) == DW_DLV_OK) {
			*ret = value;
			return true;
		}
		dwarf_drop(dwarf, err);
		return false;
	case DW_FORM_sdata:
	case DW_FORM_implicit_const: return attr_signed_value(dwarf, attr, ret);
	case DW_FORM_addr:
	case DW_FORM_addrx:
	case DW_FORM_addrx1:
	case DW_FORM_addrx2:
	case DW_FORM_addrx3:
	case DW_FORM_addrx4: return attr_address(dwarf, attr, ret);
	default: return false;
	}
}

bool attr_offset(struct hms_dwarf *dwarf, Dwarf_Attribute attr, uint64_t *ret)
{
	Dwarf_Error err = NULL;
	Dwarf_Off off;

	switch (attr_form(dwarf, attr)) {
	case DW_FORM_sec_offset:
	case DW_FORM_data4:
	case DW_FORM_data8: break; /* DWARF 3 had no class of its own */
	default: return false;
	}
	if (dwarf_global_formref(attr, &off, &err) != DW_DLV_OK) {
		dwarf_drop(dwarf, err);
		return false;
	}
	*ret = off;
	return true;
}

bool attr_flag(struct hms_dwarf *dwarf, Dwarf_Attribute attr)
{
	Dwarf_Error err = NULL;
	Dwarf_Bool value = 0;

	switch (attr_form(dwarf, attr)) {
	case DW_FORM_flag:
	case DW_FORM_flag_present:
		if (dwarf_formflag(attr, &value, &err) != DW_DLV_OK)
			dwarf_drop(dwarf, err);
		return value != 0;
	default: return false;
	}
}

bool attr_ref(struct hms_dwarf *dwarf, Dwarf_Attribute attr, uint64_t *ret)
{
	Dwarf_Error err = NULL;
	Dwarf_Off off;

	switch (attr_form(dwarf, attr)) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
	case DW_FORM_ref_addr: break;
	default: return false; /* type units and supplementary files: not of Go */
	}
	if (dwarf_global_formref(attr, &off, &err) != DW_DLV_OK) {
		dwarf_drop(dwarf, err);
		return false;
	}
	*ret = off;
	return true;
}

const char *attr_string(struct hms_dwarf *dwarf, Dwarf_Attribute attr)
{
	Dwarf_Error err = NULL;
	char *s;

	switch (attr_form(dwarf, attr)) {
	case DW_FORM_string:
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
		if (dwarf_formstring(attr, &s, &err) == DW_DLV_OK)
			return s;
		dwarf_drop(dwarf, err);
		return NULL;
	default: return NULL;
	}
}

static bool attr_exprloc(struct hms_dwarf *dwarf, Dwarf_Attribute attr, const uint8_t **ret,
			 size_t *len_ret)
{
	Dwarf_Error err = NULL;
	Dwarf_Unsigned len;
	Dwarf_Ptr data;

	if (dwarf_formexprloc(attr, &len, &data, &err) != DW_DLV_OK) {
		dwarf_drop(dwarf, err);
		return false;
	}
	*ret = data;
	*len_ret = len;
	return true;
}

bool attr_block(struct hms_dwarf *dwarf, Dwarf_Attribute attr, const uint8_t **ret, size_t *len_ret)
{
	Dwarf_Error err = NULL;
	Dwarf_Block *block;

	switch (attr_form(dwarf, attr)) {
	case DW_FORM_exprloc: return attr_exprloc(dwarf, attr, ret, len_ret);
	case DW_FORM_block:
	case DW_FORM_block1:
	case DW_FORM_block2:
	case DW_FORM_block4: break;
	default: return false;
	}
	if (dwarf_formblock(attr, &block, &err) != DW_DLV_OK) {
		dwarf_drop(dwarf, err);
		return false;
	}
	*ret = block->bl_data; /* inside the section */
	*len_ret = block->bl_len;
	dwarf_dealloc(dwarf->dbg, block, DW_DLA_BLOCK);
	return true;
}

bool read_uleb(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; *p < end; shift += 7) {
		uint8_t byte = *(*p)++;

		if (shift > 63 || (shift == 63 && (byte & 0x7e)))
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

bool read_sleb(const uint8_t **p, const uint8_t *end, int64_t *ret)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; *p < end; shift += 7) {
		uint8_t byte = *(*p)++;

		if (shift > 63)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			if ((byte & 0x40) && shift + 7 < 64)
				value |= UINT64_MAX << (shift + 7);
			*ret = (int64_t)value;
			return true;
		}
	}
	return false;
}
