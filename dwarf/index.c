/*
 * From a pc to its unit, function and line.  Which unit holds which code is indexed once, the
 * functions of a unit when a pc first falls into it.
 */
#include "dwarf/internal.h"

#include <string.h>

static int compare_pc_range(const struct pc_range *a, const struct pc_range *b)
{
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	/* The smaller of two at one place comes last, where searches look first. */
	return a->high > b->high ? -1 : a->high < b->high;
}

/* ---- units -------------------------------------------------------------------------------- */

struct unit_sink {
	struct hms_dwarf *dwarf;
	struct unit *unit;
};

static void add_unit_range(void *arg, struct pc_range range)
{
	struct unit_sink *sink = arg;
	struct hms_dwarf *dwarf = sink->dwarf;

	HMS_GROW(dwarf->ranges, dwarf->nranges, dwarf->ranges_cap);
	dwarf->ranges[dwarf->nranges++] = (struct unit_range){range, sink->unit};
}

static int compare_unit_range(const void *pa, const void *pb)
{
	const struct unit_range *a = pa, *b = pb;

	return compare_pc_range(&a->range, &b->range);
}

/* A unit whose ranges can't be read holds no pc; the others still do. */
static void index_units(struct hms_dwarf *dwarf)
{
	if (dwarf->ranges_read)
		return;
	dwarf->ranges_read = true;
	for (size_t i = 0; i < dwarf->nunits; i++) {
		struct unit_sink sink = {dwarf, &dwarf->units[i]};
		AUTO_DIE Dwarf_Die die = NULL;
		struct hms_error *err = die_at(dwarf, sink.unit->die_off, &die);

		if (!err)
			err = die_ranges(dwarf, die, sink.unit, add_unit_range, &sink);
		hms_err_free(err);
	}
	if (dwarf->nranges)
		qsort(dwarf->ranges, dwarf->nranges, sizeof(*dwarf->ranges), compare_unit_range);
}

/* ---- functions ---------------------------------------------------------------------------- */

struct function_sink {
	struct unit *unit;
	uint64_t die_off;
	size_t cap;
};

static void add_function(void *arg, struct pc_range range)
{
	struct function_sink *sink = arg;
	struct unit *unit = sink->unit;

	HMS_GROW(unit->functions, unit->nfunctions, sink->cap);
	unit->functions[unit->nfunctions++] = (struct function){range, sink->die_off};
}

static int compare_function(const void *pa, const void *pb)
{
	const struct function *a = pa, *b = pb;

	return compare_pc_range(&a->range, &b->range);
}

static struct hms_error *read_functions(struct hms_dwarf *dwarf, struct unit *unit)
{
	HMS_CLEANUP(children_deinit) struct children it = CHILDREN_INIT(dwarf);
	struct function_sink sink = {.unit = unit};
	AUTO_DIE Dwarf_Die die = NULL;
	struct hms_error *err;

	HMS_TRY(die_at(dwarf, unit->die_off, &die));
	for (err = children_first(&it, die); !err && it.die; err = children_next(&it)) {
		if (it.tag != DW_TAG_subprogram)
			continue;
		sink.die_off = it.off;
		HMS_TRY(die_ranges(dwarf, it.die, unit, add_function, &sink));
	}
	return err;
}

/* Functions before the damage in a unit are kept. */
static void index_functions(struct hms_dwarf *dwarf, struct unit *unit)
{
	if (unit->functions_read)
		return;
	unit->functions_read = true;
	hms_err_free(read_functions(dwarf, unit));
	if (unit->nfunctions)
		qsort(unit->functions, unit->nfunctions, sizeof(*unit->functions),
		      compare_function);
}

static const struct function *function_in_unit(struct hms_dwarf *dwarf, struct unit *unit,
					       uint64_t pc)
{
	const struct function *function;
	size_t low = 0, high;

	index_functions(dwarf, unit);
	high = unit->nfunctions;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (unit->functions[mid].range.low <= pc)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return NULL;
	function = &unit->functions[low - 1];
	return pc < function->range.high ? function : NULL;
}

/* Ranges of units should not overlap; where they do, a few are tried. */
#define MAX_OVERLAP 16

struct hms_error *find_function(struct hms_dwarf *dwarf, uint64_t pc, struct unit **unit_ret,
				const struct function **ret)
{
	size_t low = 0, high;

	index_units(dwarf);
	high = dwarf->nranges;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (dwarf->ranges[mid].range.low <= pc)
			low = mid + 1;
		else
			high = mid;
	}
	*ret = NULL;
	for (int tries = 0; low-- && tries < MAX_OVERLAP; tries++) {
		if (pc >= dwarf->ranges[low].range.high)
			continue;
		*unit_ret = dwarf->ranges[low].unit;
		*ret = function_in_unit(dwarf, *unit_ret, pc);
		if (*ret)
			return NULL;
	}
	return NULL;
}

/* ---- places ------------------------------------------------------------------------------- */

static struct hms_error *place(struct hms_dwarf *dwarf, uint64_t pc, struct hms_dwarf_place *ret)
{
	const struct line_row *row = NULL;
	const struct function *function;
	AUTO_DIE Dwarf_Die die = NULL;
	struct unit *unit;

	HMS_TRY(dwarf_need_lists(dwarf));
	HMS_TRY(find_function(dwarf, pc, &unit, &function));
	if (!function)
		return hms_err(HMS_ERR_NOT_FOUND, "no function at 0x%llx", (unsigned long long)pc);
	HMS_TRY(die_at(dwarf, function->die_off, &die));
	*ret = (struct hms_dwarf_place){
		.function = die_name(dwarf, die),
		.low = function->range.low,
		.high = function->range.high,
	};
	/* A damaged line table leaves the function known. */
	hms_err_free(find_line(dwarf, unit, pc, &row));
	if (row) {
		ret->file = row->file;
		ret->line = row->line;
	}
	return NULL;
}

struct hms_error *hms_dwarf_place(struct hms_dwarf *dwarf, uint64_t pc, struct hms_dwarf_place *ret)
{
	struct hms_error *err;

	pthread_mutex_lock(&dwarf->lock);
	err = place(dwarf, pc, ret);
	pthread_mutex_unlock(&dwarf->lock);
	return err;
}
