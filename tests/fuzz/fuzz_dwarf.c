/* Any bytes as an executable with debug information: types, variables, places, frames. */
#include "dwarf/dwarf.h"
#include "dwarf/frame.h"
#include "fuzz/fuzz.h"

/* What dwarf/resolve.c promises about every type. */
static void check_types(const struct hms_graph *graph)
{
	for (size_t i = 0; i < hms_graph_ntypes(graph); i++) {
		const struct hms_type *type = hms_graph_type(graph, i);

		hms_type_reaches_map(graph, type);
		hms_graph_find_type(graph, type->name);
		hms_graph_find_rtype(graph, type->rt_off);
		FUZZ_CHECK(type->kind != HMS_KIND_MAP || (type->key && type->elem));
		if (type->kind == HMS_KIND_ARRAY && type->elem->size)
			FUZZ_CHECK(type->count <= type->size / type->elem->size);
		for (uint32_t k = 0; k < type->nmembers; k++) {
			const struct hms_member *member = &type->members[k];

			FUZZ_CHECK(member->off <= type->size &&
				   member->type->size <= type->size - member->off);
		}
	}
}

static struct hms_error *ask(const char *path)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	HMS_AUTO(hms_dwarf) struct hms_dwarf *dwarf = NULL;
	struct hms_dwarf_place place;
	const struct hms_dwarf_frame *frame;
	size_t skipped;

	HMS_TRY(hms_dwarf_open(path, &dwarf));
	HMS_TRY(hms_dwarf_read_types(dwarf, 0, graph, &skipped));
	hms_graph_seal(graph);
	check_types(graph);
	for (uint64_t pc = 0x1000; pc < 0x1100; pc += 16) {
		hms_err_free(hms_dwarf_place(dwarf, pc, &place));
		hms_err_free(hms_dwarf_frame(dwarf, pc, &frame));
	}
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	hms_err_free(ask(fuzz_file_open(data, len)));
	fuzz_file_close();
	return 0;
}
