/*
 * libdwarf's view of our sections: an object of its "object access" interface, which the two
 * APIs spell differently.
 */
#include "dwarf/compat.h"

#include <elf.h>

/* Index 0 is ELF's empty section; ours begin at 1. */
static struct section *section_of(void *object, Dwarf_Unsigned index)
{
	struct compat_object *of = object;
	struct section *section;

	if (index < 1 || index > of->sections->n)
		return NULL;
	section = &of->sections->list[index - 1];
	return section->bad || (section->lists && !of->with_lists) ? NULL : section;
}

static int load(void *object, Dwarf_Unsigned index, Dwarf_Small **ret, int *error)
{
	struct section *section = section_of(object, index);

	if (!section)
		return DW_DLV_NO_ENTRY;
	if (!section_load(section)) {
		*error = DW_DLE_ZLIB_DATA_ERROR;
		return DW_DLV_ERROR;
	}
	*ret = (Dwarf_Small *)(uintptr_t)section->data; /* it does not write */
	return DW_DLV_OK;
}

static Dwarf_Small size_of_pointer(void *object)
{
	(void)object;
	return 8;
}

static Dwarf_Small size_of_offset(void *object)
{
	(void)object;
	return 4;
}

static Dwarf_Unsigned count(void *object)
{
	struct compat_object *of = object;

	return of->sections->n + 1;
}

#ifdef HMS_LIBDWARF_NEW

static int info(void *object, Dwarf_Unsigned index, Dwarf_Obj_Access_Section_a *ret, int *error)
{
	struct section *section = section_of(object, index);

	(void)error;
	*ret = (Dwarf_Obj_Access_Section_a){.as_name = ""};
	if (section) {
		ret->as_name = section->name;
		ret->as_type = SHT_PROGBITS;
		ret->as_size = section->size;
	}
	return DW_DLV_OK;
}

static Dwarf_Small byte_order(void *object)
{
	(void)object;
	return DW_END_little;
}

/* An upper bound of sizes that libdwarf believes: the sections', not the compressed file's. */
static Dwarf_Unsigned file_size(void *object)
{
	struct compat_object *of = object;
	Dwarf_Unsigned size = 0;

	for (size_t i = 0; i < of->sections->n; i++)
		size += of->sections->list[i].size;
	return size;
}

static const Dwarf_Obj_Access_Methods_a methods = {
	.om_get_section_info = info,
	.om_get_byte_order = byte_order,
	.om_get_length_size = size_of_offset,
	.om_get_pointer_size = size_of_pointer,
	.om_get_filesize = file_size,
	.om_get_section_count = count,
	.om_load_section = load,
};

int compat_dwarf_init(struct compat_object *object, Dwarf_Debug *ret, Dwarf_Error *err)
{
	object->interface = (Dwarf_Obj_Access_Interface_a){object, &methods};
	return dwarf_object_init_b(&object->interface, NULL, NULL, DW_GROUPNUMBER_ANY, ret, err);
}

void compat_dwarf_finish(Dwarf_Debug dbg)
{
	dwarf_object_finish(dbg);
}

#else

static int info(void *object, Dwarf_Half index, Dwarf_Obj_Access_Section *ret, int *error)
{
	struct section *section = section_of(object, index);

	(void)error;
	*ret = (Dwarf_Obj_Access_Section){.name = ""};
	if (section) {
		ret->name = section->name;
		ret->type = SHT_PROGBITS;
		ret->size = section->size;
	}
	return DW_DLV_OK;
}

static int load_half(void *object, Dwarf_Half index, Dwarf_Small **ret, int *error)
{
	return load(object, index, ret, error);
}

static Dwarf_Endianness byte_order(void *object)
{
	(void)object;
	return DW_OBJECT_LSB;
}

static const Dwarf_Obj_Access_Methods methods = {
	.get_section_info = info,
	.get_byte_order = byte_order,
	.get_length_size = size_of_offset,
	.get_pointer_size = size_of_pointer,
	.get_section_count = count,
	.load_section = load_half,
};

int compat_dwarf_init(struct compat_object *object, Dwarf_Debug *ret, Dwarf_Error *err)
{
	object->interface = (Dwarf_Obj_Access_Interface){object, &methods};
	return dwarf_object_init_b(&object->interface, NULL, NULL, DW_GROUPNUMBER_ANY, ret, err);
}

void compat_dwarf_finish(Dwarf_Debug dbg)
{
	Dwarf_Error err;

	dwarf_object_finish(dbg, &err);
}

#endif
