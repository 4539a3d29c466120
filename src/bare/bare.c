#include "bare/private.h"

#include <assert.h>
#include <string.h>

#include "rt/known.h"
#include "util/arena.h"

bool hms_bare_has_symbol(const struct hms_bare *bare, const char *name)
{
	struct hms_elf_symbol symbol;

	return hms_elffile_symbol(bare->exe, name, &symbol);
}

void hms_bare_add(struct hms_bare *bare, const char *name, uint64_t addr, uint64_t nstrings)
{
	assert(bare->n < HMS_BARE_VARIABLES);
	bare->variables[bare->n++] = (struct hms_bare_variable){name, addr, nstrings};
}

static const struct hms_type *array_of_strings(struct hms_graph *graph, uint64_t n)
{
	struct hms_type *array = hms_graph_add_type(graph);
	struct hms_type *string = hms_graph_add_type(graph);

	string->kind = HMS_KIND_STRING;
	string->size = 16;
	array->kind = HMS_KIND_ARRAY;
	array->elem = string;
	array->count = n;
	array->size = 16 * n;
	return array;
}

/* The runtime's structures, and the variables that were found so far. */
static struct hms_graph *make_graph(const struct hms_bare *bare)
{
	struct hms_graph *graph = hms_graph_create();

	hms_known_add_types(&bare->version, bare->exe->arch, graph);
	for (size_t i = 0; i < bare->n; i++) {
		const struct hms_bare_variable *v = &bare->variables[i];

		hms_graph_add_variable(graph, v->name, v->addr,
				       v->nstrings ? array_of_strings(graph, v->nstrings) : NULL);
	}
	hms_graph_seal(graph);
	return graph;
}

static bool has_variable(const struct hms_bare *bare, const char *name)
{
	for (size_t i = 0; i < bare->n; i++)
		if (strcmp(bare->variables[i].name, name) == 0)
			return true;
	return hms_bare_has_symbol(bare, name);
}

/* With a model that knows no more than the module data, the rest is looked for. */
static struct hms_error *find_rest(struct hms_bare *bare)
{
	HMS_AUTO(hms_graph) struct hms_graph *graph = make_graph(bare);
	HMS_AUTO(hms_rt) struct hms_rt *rt = NULL;

	HMS_TRY(hms_rt_open(bare->mem, bare->exe, bare->bias, graph, &rt));
	hms_bare_find_lists(bare, rt);
	hms_bare_find_hash_keys(bare, rt);
	if (!has_variable(bare, "runtime.mheap_"))
		return hms_err(HMS_ERR_NOT_FOUND,
			       "nothing in the core's memory fits runtime.mheap_ of %s",
			       bare->version.text);
	return NULL;
}

struct hms_error *hms_bare_graph(const struct hms_corefile *core, const struct hms_mem *mem,
				 const struct hms_elffile *exe, uint64_t bias,
				 struct hms_graph **ret)
{
	struct hms_bare bare = {.core = core, .mem = mem, .exe = exe, .bias = bias};

	hms_go_version_of(mem, exe, bias, &bare.version);
	if (!hms_known_release(&bare.version))
		return hms_err(HMS_ERR_UNSUPPORTED,
			       "the layouts of %s are not among those known without it",
			       bare.version.text[0] ? bare.version.text : "an unknown Go release");
	hms_known_layout(&bare.version, exe->arch, &bare.layout);
	HMS_TRY(hms_bare_find_moduledata(&bare));
	HMS_TRY(find_rest(&bare));
	*ret = make_graph(&bare);
	return NULL;
}
