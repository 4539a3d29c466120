/* Any bytes as an executable with debug information: types, variables, places. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dwarf/dwarf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What resolve.c promises about every type. */
static void check_types(const struct hms_graph *graph)
{
	for (size_t i = 0; i < hms_graph_ntypes(graph); i++) {
		const struct hms_type *type = hms_graph_type(graph, i);

		hms_type_reaches_map(graph, type);
		hms_graph_find_type(graph, type->name);
		hms_graph_find_rtype(graph, type->rt_off);
		if (type->kind == HMS_KIND_MAP && (!type->key || !type->elem))
			abort();
		if (type->kind == HMS_KIND_ARRAY && type->elem->size &&
		    type->count > type->size / type->elem->size)
			abort();
		for (uint32_t k = 0; k < type->nmembers; k++) {
			const struct hms_member *member = &type->members[k];

			if (member->off > type->size ||
			    member->type->size > type->size - member->off)
				abort();
		}
	}
}

static struct hms_error *ask(const char *path)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = hms_graph_create();
	HMS_AUTO(hms_dwarf) struct hms_dwarf *dwarf = NULL;
	struct hms_dwarf_place place;
	size_t skipped;

	HMS_TRY(hms_dwarf_open(path, &dwarf));
	HMS_TRY(hms_dwarf_read_types(dwarf, 0, graph, &skipped));
	hms_graph_seal(graph);
	check_types(graph);
	for (uint64_t pc = 0x1000; pc < 0x1020; pc += 4)
		hms_err_free(hms_dwarf_place(dwarf, pc, &place));
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	int fd = memfd_create("fuzz_dwarf", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	hms_err_free(ask(path));
	close(fd);
	return 0;
}
