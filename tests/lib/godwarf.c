#include "lib/godwarf.h"

#include <string.h>

#include "dwarf/compat.h"

void go_unit(struct mkdwarf *m, const char *producer)
{
	bool is_go = strncmp(producer, "Go cmd/", 7) == 0;

	mkdwarf_unit(m);
	mkdwarf_die(m, DW_TAG_compile_unit, true);
	mkdwarf_string(m, DW_AT_name, "main");
	mkdwarf_data1(m, DW_AT_language, is_go ? DW_LANG_Go : DW_LANG_C99);
	mkdwarf_string(m, DW_AT_producer, producer);
}

/* .debug_addr as DWARF 5 has it: a header of 8 bytes, to whose end the unit points. */
void go_unit5(struct mkdwarf *m, const uint64_t *addrs, int n)
{
	go_unit(m, "Go cmd/compile go1.25.1; regabi");
	mkdwarf_sec_offset(m, DW_AT_addr_base, 8);
	mkdwarf_put32(m, MKDWARF_ADDR, (uint32_t)(4 + 8 * n));
	mkdwarf_put16(m, MKDWARF_ADDR, 5);
	mkdwarf_put16(m, MKDWARF_ADDR, 8);
	for (int i = 0; i < n; i++)
		mkdwarf_put64(m, MKDWARF_ADDR, addrs[i]);
}

void go_kind(struct mkdwarf *m, enum hms_kind kind, uint64_t rt_off)
{
	mkdwarf_data1(m, DW_AT_go_kind, (uint8_t)kind);
	mkdwarf_addr(m, DW_AT_go_runtime_type, rt_off);
}

int go_base(struct mkdwarf *m, const char *name, enum hms_kind kind, uint64_t size, uint64_t rt_off)
{
	int label = mkdwarf_label(m);

	mkdwarf_bind(m, label);
	mkdwarf_die(m, DW_TAG_base_type, false);
	mkdwarf_string(m, DW_AT_name, name);
	mkdwarf_data1(m, DW_AT_encoding, DW_ATE_signed);
	mkdwarf_udata(m, DW_AT_byte_size, size);
	go_kind(m, kind, rt_off);
	return label;
}

void go_struct_at(struct mkdwarf *m, int label, const char *name, enum hms_kind kind, uint64_t size,
		  uint64_t rt_off)
{
	mkdwarf_bind(m, label);
	mkdwarf_die(m, DW_TAG_structure_type, true);
	mkdwarf_string(m, DW_AT_name, name);
	mkdwarf_udata(m, DW_AT_byte_size, size);
	go_kind(m, kind, rt_off);
}

int go_struct(struct mkdwarf *m, const char *name, enum hms_kind kind, uint64_t size)
{
	int label = mkdwarf_label(m);

	go_struct_at(m, label, name, kind, size, 0);
	return label;
}

void go_member(struct mkdwarf *m, const char *name, uint64_t off, int type)
{
	mkdwarf_die(m, DW_TAG_member, false);
	mkdwarf_string(m, DW_AT_name, name);
	mkdwarf_udata(m, DW_AT_data_member_location, off);
	mkdwarf_ref(m, DW_AT_type, type);
	mkdwarf_form(m, DW_AT_go_embedded_field, DW_FORM_flag, "", 1);
}

void go_pointer_at(struct mkdwarf *m, int label, const char *name, int target)
{
	mkdwarf_bind(m, label);
	mkdwarf_die(m, DW_TAG_pointer_type, false);
	mkdwarf_string(m, DW_AT_name, name);
	mkdwarf_ref(m, DW_AT_type, target);
	go_kind(m, HMS_KIND_POINTER, 0);
}

int go_pointer(struct mkdwarf *m, const char *name, int target)
{
	int label = mkdwarf_label(m);

	go_pointer_at(m, label, name, target);
	return label;
}

/* The second name that Go gives to what it has described. */
void go_typedef_at(struct mkdwarf *m, int label, const char *name, int target)
{
	mkdwarf_bind(m, label);
	mkdwarf_die(m, DW_TAG_typedef, false);
	mkdwarf_string(m, DW_AT_name, name);
	mkdwarf_ref(m, DW_AT_type, target);
}

int go_typedef(struct mkdwarf *m, const char *name, int target)
{
	int label = mkdwarf_label(m);

	go_typedef_at(m, label, name, target);
	return label;
}

/* Maps, channels and interfaces; -1 leaves an attribute out. */
int go_special(struct mkdwarf *m, const char *name, enum hms_kind kind, uint64_t rt_off, int target,
	       int key, int elem)
{
	int label = mkdwarf_label(m);

	mkdwarf_bind(m, label);
	mkdwarf_die(m, DW_TAG_typedef, false);
	mkdwarf_string(m, DW_AT_name, name);
	mkdwarf_ref(m, DW_AT_type, target);
	go_kind(m, kind, rt_off);
	if (key >= 0)
		mkdwarf_ref(m, DW_AT_go_key, key);
	if (elem >= 0)
		mkdwarf_ref(m, DW_AT_go_elem, elem);
	return label;
}

int go_string(struct mkdwarf *m)
{
	int byte = go_base(m, "uint8", HMS_KIND_UINT8, 1, 0x30);
	int pointer = go_pointer(m, "*uint8", byte);
	int integer = go_base(m, "int", HMS_KIND_INT, 8, 0x10);
	int string = go_struct(m, "string", HMS_KIND_STRING, 16);

	go_member(m, "str", 0, pointer);
	go_member(m, "len", 8, integer);
	mkdwarf_end(m);
	return string;
}

void go_variable(struct mkdwarf *m, const char *name, int type, const void *location, uint8_t len)
{
	mkdwarf_die(m, DW_TAG_variable, false);
	mkdwarf_string(m, DW_AT_name, name);
	if (location)
		mkdwarf_block1(m, DW_AT_location, location, len);
	mkdwarf_ref(m, DW_AT_type, type);
}
