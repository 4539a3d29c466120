/*
 * The runtime model: what Go program this is and where its runtime keeps things.
 *
 * Everything that differs between Go releases is answered here or in facts.def, by asking the
 * program's own debug information first and its version only where that is silent.
 */
#ifndef HMS_RT_RT_H
#define HMS_RT_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/elffile.h"
#include "core/mem.h"
#include "rt/graph.h"
#include "rt/layout.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/str.h"

enum hms_map_kind {
	HMS_MAP_CLASSIC, /* runtime.hmap: to Go 1.23, and 1.24 and 1.25 with noswissmap */
	HMS_MAP_SWISS,   /* internal/runtime/maps.Map: Go 1.24 and later */
};

/* runtime.buildVersion taken apart: "go1.24.4 X:noswissmap". */
struct hms_go_version {
	char text[64]; /* printable, cut where longer; "" where unknown */
	unsigned int major;
	unsigned int minor; /* 0.0 where the text is no release: "devel ..." */
	unsigned int patch;
	char experiments[64]; /* "noswissmap", "" for none */
};

/* Parse @text of @len bytes.  Never fails; an unknown form gives 0.0. */
void hms_go_version_parse(const char *text, size_t len, struct hms_go_version *ret);

/* The release of a program of which nothing else is known: from its symbols, or from what the
 * linker noted of the build.  Never fails, as above. */
void hms_go_version_of(const struct hms_mem *mem, const struct hms_elffile *exe, uint64_t bias,
		       struct hms_go_version *ret);

/* Among the releases that the facts were verified with: 1.15, 1.19, 1.21 to 1.27. */
bool hms_go_version_known(const struct hms_go_version *version);

/* Was it built with this GOEXPERIMENT? */
bool hms_go_version_experiment(const struct hms_go_version *version, const char *name);

/* Do functions get their arguments in registers?  amd64 from Go 1.17 on ("cmd/compile: enable
 * register ABI"), arm64 from 1.18 on; an unknown release is taken for a new one. */
bool hms_go_version_register_abi(const struct hms_go_version *version, enum hms_arch arch);

/* One loaded module: runtime.moduledata (src/runtime/symtab.go).  Run-time addresses. */
struct hms_module {
	uint64_t addr; /* of its moduledata */
	uint64_t text, etext;
	uint64_t types, etypes;
	uint64_t data, edata, bss, ebss;
	uint64_t noptrdata, enoptrdata, noptrbss, enoptrbss;
	bool has_main;
};

struct hms_rt {
	const struct hms_mem *mem; /* borrowed, as graph and exe are */
	const struct hms_graph *graph;
	const struct hms_elffile *exe;
	uint64_t bias; /* run-time less link-time address */
	struct hms_go_version version;
	bool direct_by_size; /* hms_type_is_direct() */
	bool release_known;  /* among the releases that the facts were verified with */
	enum hms_map_kind map_kind;
	struct hms_layout layout;
	struct hms_module *modules; /* EXE's own first; at least one */
	size_t nmodules;
	bool modules_cut;          /* the list of modules could not be followed to its end */
	struct hms_rtypes *rtypes; /* types that debug information lacks, made as they are met */
	/* Map types that are not the graph's: all of them, once hms_rt_find_map_types() was called.
	 */
	const struct hms_type **map_types;
	size_t nmap_types;
};

/* Build the model.  HMS_ERR_UNSUPPORTED where EXE is no Go program, HMS_ERR_ABSENT where debug
 * information lacks what everything rests on.  All arguments are borrowed. */
struct hms_error *hms_rt_open(const struct hms_mem *mem, const struct hms_elffile *exe,
			      uint64_t bias, const struct hms_graph *graph, struct hms_rt **ret)
	HMS_MUST_USE;
void hms_rt_close(struct hms_rt *rt); /* NULL is fine */
HMS_DEFINE_CLEANUP(hms_rt, hms_rt_close)

/* hms_layout_require() with the Go release in the message. */
struct hms_error *hms_rt_require(const struct hms_rt *rt, enum hms_fact_need need) HMS_MUST_USE;

/* Run-time address of a package variable or symbol: debug information first, then .symtab. */
struct hms_error *hms_rt_symbol(const struct hms_rt *rt, const char *name, uint64_t *ret)
	HMS_MUST_USE;

/* Read the Go string whose header (pointer, length) is at @addr into @ret, at most @max bytes;
 * *len_ret is its full length.  HMS_ERR_FAULT where header or bytes are absent. */
struct hms_error *hms_rt_string(const struct hms_rt *rt, uint64_t addr, size_t max,
				struct hms_str *ret, uint64_t *len_ret) HMS_MUST_USE;

/* The runtime's own name of a type, as %T prints it ("main.named", "map[string]int"): from its
 * type descriptor where that can be read, else made from the graph's name by dropping import
 * paths.  Appended to @ret. */
void hms_rt_type_name(const struct hms_rt *rt, const struct hms_type *type, struct hms_str *ret);

/* The name with full import paths ("map[string]gopkg.in/yaml.v2.MapSlice"), as debug information
 * has it: local types are numbered ("main.L·1").  Appended to @ret. */
void hms_rt_type_path(const struct hms_rt *rt, const struct hms_type *type, struct hms_str *ret);

/* The type of a descriptor at run-time address @rtype (an interface's type word), or NULL.  Where
 * debug information does not have it, it is made from the descriptor: its id is then beyond the
 * graph's types.  Safe from several threads. */
const struct hms_type *hms_rt_type_at(const struct hms_rt *rt, uint64_t rtype);

/* Search the program's type descriptors for maps: fills @rt->map_types.  For programs without debug
 * information; call it once, before others use @rt. */
void hms_rt_find_map_types(struct hms_rt *rt);

/* Does @addr look like one of the program's type descriptors?  Stricter than hms_rt_type_at(),
 * which is asked about what is a descriptor if anything is. */
bool hms_rt_is_descriptor(const struct hms_rt *rt, uint64_t addr);

/* All that look so, in order, with their strings: hundreds of nanoseconds a word of the section. */
void hms_rt_each_descriptor(const struct hms_rt *rt,
			    void (*visit)(void *arg, uint64_t addr, const char *string), void *arg);

/* The dynamic type of an interface value of static type @iface whose first word is @word: a type
 * descriptor (eface), or an itab that names one.  NULL where @word is nil or leads nowhere known.
 */
const struct hms_type *hms_rt_dynamic_type(const struct hms_rt *rt, const struct hms_type *iface,
					   uint64_t word);

/* What the unsafe.Pointer in a library's typed wrapper leads to (atomic.Pointer[T], an entry of
 * sync.Map), and which of @holder's members it is; NULL where @holder is no such wrapper. */
const struct hms_type *hms_rt_hidden_pointee(const struct hms_rt *rt, const struct hms_type *holder,
					     const struct hms_member **member_ret);

/* The type of the whole object at @addr, where @type is but the head of a larger one (a node of
 * internal/sync.HashTrieMap); else @type. */
const struct hms_type *hms_rt_whole_type(const struct hms_rt *rt, const struct hms_type *type,
					 uint64_t addr);

/*
 * Does an interface keep values of @type in its data word, rather than a pointer to them?  True
 * for what has the shape of one pointer (types.IsDirectIface in src/cmd/compile/internal/types).
 * To Go 1.25 a struct must have one field and an array one element; from 1.26 (@by_size) any type
 * of a pointer's size with a pointer in it will do, whatever else of no size it has.
 */
bool hms_type_is_direct(const struct hms_type *type, bool by_size);
/* The same by the rule of @rt's release. */
bool hms_rt_is_direct(const struct hms_rt *rt, const struct hms_type *type);

#endif
