/* The handle and the list of units. */
#include "dwarf/internal.h"

#include <string.h>

/* First look at a unit: who made it. */
static struct hms_error *add_unit(struct hms_dwarf *dwarf, Dwarf_Die die)
{
	HMS_CLEANUP(attrs_deinit) struct attrs attrs = ATTRS_INIT;
	const char *producer = NULL;
	Dwarf_Error err = NULL;
	uint64_t language = 0;
	struct unit *unit;
	Dwarf_Attribute attr;
	Dwarf_Off off;

	if (dwarf_dieoffset(die, &off, &err) != DW_DLV_OK)
		return dwarf_error(dwarf, err, "cannot read a unit");
	HMS_TRY(attrs_read(dwarf, die, &attrs));
	if ((attr = attrs_find(&attrs, DW_AT_producer)))
		producer = attr_string(dwarf, attr);
	if ((attr = attrs_find(&attrs, DW_AT_language)))
		attr_unsigned(dwarf, attr, &language);

	HMS_GROW(dwarf->units, dwarf->nunits, dwarf->units_cap);
	unit = &dwarf->units[dwarf->nunits++];
	*unit = (struct unit){.die_off = off, .flags = producer_flags(producer, language)};
	if ((attr = attrs_find(&attrs, DW_AT_low_pc)))
		attr_unsigned(dwarf, attr, &unit->base);
	if ((attr = attrs_find(&attrs, DW_AT_rnglists_base)))
		attr_offset(dwarf, attr, &unit->rnglists_base);
	if ((attr = attrs_find(&attrs, DW_AT_comp_dir)))
		unit->dir = attr_string(dwarf, attr);
	if (!dwarf->producer && producer && (unit->flags & HMS_PRODUCER_GO))
		dwarf->producer = hms_arena_strdup(dwarf->arena, producer);
	return NULL;
}

/* One unit header further; *more_ret is false after the last. */
static struct hms_error *next_unit(struct hms_dwarf *dwarf, uint64_t *off, bool *more_ret)
{
	Dwarf_Unsigned length, type_off, next;
	Dwarf_Half version, address_size, length_size, extension_size, unit_type;
	Dwarf_Sig8 signature;
	Dwarf_Error err = NULL;
	Dwarf_Off abbrev_off;
	int result;

	result = dwarf_next_cu_header_d(dwarf->dbg, true, &length, &version, &abbrev_off,
					&address_size, &length_size, &extension_size, &signature,
					&type_off, &next, &unit_type, &err);
	HMS_TRY(dwarf_result(dwarf, result, &err, "cannot read a unit header", more_ret));
	if (!*more_ret)
		return NULL;
	if (next <= *off)
		return hms_err(HMS_ERR_FORMAT, "unit headers go in circles");
	*off = next;
	return NULL;
}

/* Headers are a chain: what follows a damaged one can't be found. */
static struct hms_error *list_units(struct hms_dwarf *dwarf)
{
	uint64_t off = 0;
	bool more;

	for (;;) {
		AUTO_DIE Dwarf_Die die = NULL;
		struct hms_error *err = next_unit(dwarf, &off, &more);
		Dwarf_Error dwarf_err = NULL;
		int result;

		if (err) {
			dwarf->nbad++;
			if (dwarf->nunits) {
				hms_err_free(err);
				return NULL;
			}
			return err;
		}
		if (!more)
			return NULL;
		result = dwarf_siblingof_b(dwarf->dbg, NULL, true, &die, &dwarf_err);
		if (result == DW_DLV_OK)
			err = add_unit(dwarf, die);
		else if (result == DW_DLV_ERROR)
			err = dwarf_error(dwarf, dwarf_err, "cannot read a unit");
		if (err)
			dwarf->nbad++;
		hms_err_free(err);
	}
}

struct hms_error *dwarf_attach(struct hms_dwarf *dwarf)
{
	Dwarf_Error err = NULL;
	bool found;

	HMS_TRY(dwarf_result(dwarf, compat_dwarf_init(&dwarf->object, &dwarf->dbg, &err), &err,
			     "cannot read debug information", &found));
	if (!found) {
		dwarf->dbg = NULL;
		return hms_err(HMS_ERR_FORMAT, "cannot read debug information: no sections");
	}
	return NULL;
}

struct hms_error *dwarf_need_lists(struct hms_dwarf *dwarf)
{
	if (!dwarf->object.with_lists) {
		compat_dwarf_finish(dwarf->dbg);
		dwarf->dbg = NULL;
		sections_check(&dwarf->sections);
		dwarf->object.with_lists = true;
		return dwarf_attach(dwarf);
	}
	if (!dwarf->dbg)
		return hms_err(HMS_ERR_FORMAT, "cannot read debug information");
	return NULL;
}

static struct hms_error *init(struct hms_dwarf *dwarf, const char *path)
{
	HMS_TRY(sections_open(path, &dwarf->sections));
	dwarf->object.sections = &dwarf->sections;
	HMS_TRY(hms_err_ctx(dwarf_attach(dwarf), "'%s'", path));
	HMS_TRY(hms_err_ctx(list_units(dwarf), "'%s'", path));
	if (!dwarf->nunits)
		return hms_err(dwarf->nbad ? HMS_ERR_FORMAT : HMS_ERR_NOT_FOUND,
			       "'%s' has no %sdebug information", path,
			       dwarf->nbad ? "usable " : "");
	return NULL;
}

struct hms_error *hms_dwarf_open(const char *path, struct hms_dwarf **ret)
{
	HMS_AUTO(hms_dwarf) struct hms_dwarf *dwarf = hms_xcalloc(1, sizeof(*dwarf));

	pthread_mutex_init(&dwarf->lock, NULL);
	dwarf->arena = hms_arena_create();
	HMS_TRY(init(dwarf, path));
	*ret = hms_take(dwarf);
	return NULL;
}

void hms_dwarf_close(struct hms_dwarf *dwarf)
{
	if (!dwarf)
		return;
	for (size_t i = 0; i < dwarf->nunits; i++) {
		free(dwarf->units[i].functions);
		free(dwarf->units[i].lines);
	}
	free(dwarf->units);
	free(dwarf->ranges);
	free(dwarf->types);
	frames_clear(dwarf);
	hms_arena_destroy(dwarf->arena);
	if (dwarf->dbg)
		compat_dwarf_finish(dwarf->dbg);
	sections_close(&dwarf->sections);
	pthread_mutex_destroy(&dwarf->lock);
	free(dwarf);
}

const char *hms_dwarf_producer(const struct hms_dwarf *dwarf)
{
	return dwarf->producer;
}
