/*
 * The runtime's structures as types, put together from the facts of a release: as much of each as
 * facts.def names.
 */
#include "rt/known.h"

#include <string.h>

#include "util/arena.h"

#define MEMBERS_MAX 64 /* of a structure: facts.def has fewer */

/* Linux: runtime.arenaL2Bits is 22 (src/runtime/malloc.go). */
#define ARENAS (UINT64_C(1) << 22)

struct build {
	struct hms_graph *graph;
	const struct hms_layout *layout;
	const struct hms_type *words[9]; /* by size: 1, 2, 4, 8 */
};

/* ---- types of members ----------------------------------------------------------------------- */

static struct hms_type *add(struct build *b, enum hms_kind kind, uint64_t size)
{
	struct hms_type *type = hms_graph_add_type(b->graph);

	type->kind = kind;
	type->size = size;
	return type;
}

static const struct hms_type *pointer_to(struct build *b, const struct hms_type *elem)
{
	struct hms_type *type = add(b, HMS_KIND_POINTER, 8);

	type->elem = elem;
	return type;
}

static const struct hms_type *pointers(struct build *b, uint64_t n, const struct hms_type *elem)
{
	struct hms_type *type = add(b, HMS_KIND_ARRAY, n * 8);

	type->elem = pointer_to(b, elem);
	type->count = n;
	return type;
}

static const struct hms_type *number(struct build *b, uint32_t size)
{
	static const enum hms_kind kinds[9] = {
		[1] = HMS_KIND_UINT8,
		[2] = HMS_KIND_UINT16,
		[4] = HMS_KIND_UINT32,
		[8] = HMS_KIND_UINT64,
	};

	if (size > 8 || !kinds[size])
		return add(b, HMS_KIND_NONE, size);
	if (!b->words[size])
		b->words[size] = add(b, kinds[size], size);
	return b->words[size];
}

/* What a fact says of its member's type: its size, and of two arrays their form. */
static const struct hms_type *type_of(struct build *b, enum hms_fact_id id)
{
	uint32_t size = b->layout->facts[id].size;

	switch (id) {
	case HMS_F_MHEAP_ARENAS: return pointers(b, size / 8, pointers(b, ARENAS, number(b, 8)));
	case HMS_F_HEAPARENA_SPANS: return pointers(b, size / 8, number(b, 8));
	default: return number(b, size);
	}
}

/* ---- structures ----------------------------------------------------------------------------- */

/* The present facts of one structure. */
struct part {
	enum hms_fact_id id;
	char member[HMS_FACT_NAME_MAX];
	bool taken;
};

/* Members of the structure at offset @base whose paths begin with @prefix, as far as @parts go. */
static void fill(struct build *b, struct hms_type *type, struct part *parts, size_t n,
		 const char *prefix, uint64_t base);

/* The struct behind "sched" of "sched.sp", "sched.pc": as large as what is known of it. */
static const struct hms_type *inner(struct build *b, struct part *parts, size_t n,
				    const char *prefix, uint64_t *off_ret)
{
	struct hms_type *type = add(b, HMS_KIND_STRUCT, 0);
	uint64_t from = UINT64_MAX, to = 0;

	for (size_t i = 0; i < n; i++) {
		const struct hms_fact *fact = &b->layout->facts[parts[i].id];

		if (strncmp(parts[i].member, prefix, strlen(prefix)) != 0)
			continue;
		from = HMS_MIN(from, (uint64_t)fact->off);
		to = HMS_MAX(to, (uint64_t)fact->off + fact->size);
	}
	type->size = to - from;
	fill(b, type, parts, n, prefix, from);
	*off_ret = from;
	return type;
}

static void add_member(struct build *b, struct hms_type *type, const char *name, size_t len,
		       const struct hms_type *of, uint64_t off)
{
	struct hms_member *member = (struct hms_member *)&type->members[type->nmembers++];

	member->name = hms_arena_strndup(hms_graph_arena(b->graph), name, len);
	member->type = of;
	member->off = off;
}

/* The struct that holds parts[i], @len bytes of whose path say its name, with all of its members.
 */
static void add_inner(struct build *b, struct hms_type *type, struct part *parts, size_t n,
		      size_t i, size_t skip, size_t len, uint64_t base)
{
	char prefix[HMS_FACT_NAME_MAX];
	const struct hms_type *of;
	uint64_t off;

	memcpy(prefix, parts[i].member, skip + len + 1);
	prefix[skip + len + 1] = '\0';
	of = inner(b, parts, n, prefix, &off);
	add_member(b, type, parts[i].member + skip, len, of, off - base);
}

static void fill(struct build *b, struct hms_type *type, struct part *parts, size_t n,
		 const char *prefix, uint64_t base)
{
	size_t skip = strlen(prefix);

	type->members =
		hms_arena_alloc(hms_graph_arena(b->graph), (n + 1) * sizeof(*type->members));
	for (size_t i = 0; i < n; i++) {
		const char *name = parts[i].member + skip;
		size_t len;

		if (parts[i].taken || strncmp(parts[i].member, prefix, skip) != 0)
			continue;
		len = strcspn(name, ".");
		if (name[len]) {
			add_inner(b, type, parts, n, i, skip, len, base);
			continue;
		}
		parts[i].taken = true;
		add_member(b, type, name, len, type_of(b, parts[i].id),
			   b->layout->facts[parts[i].id].off - base);
	}
}

/* All facts of the structure @name; its own size where one of them tells it. */
static void add_structure(struct build *b, const char *name)
{
	struct hms_type *type = add(b, HMS_KIND_STRUCT, 0);
	struct part parts[MEMBERS_MAX];
	size_t n = 0;

	type->name = hms_arena_strdup(hms_graph_arena(b->graph), name);
	for (size_t i = 0; i < HMS_NFACTS && n < MEMBERS_MAX; i++) {
		const struct hms_fact *fact = &b->layout->facts[i];
		char of[HMS_FACT_NAME_MAX];

		parts[n] = (struct part){.id = (enum hms_fact_id)i};
		hms_fact_names(parts[n].id, of, parts[n].member);
		if (!fact->present || strcmp(of, name) != 0)
			continue;
		type->size = HMS_MAX(type->size, (uint64_t)fact->off + fact->size);
		n += *parts[n].member != '\0';
	}
	fill(b, type, parts, n, "", 0);
	/* A structure has members, even where only its size is asked for. */
	if (!n)
		add_member(b, type, "_", 1, number(b, (uint32_t)type->size), 0);
}

/* Is fact @id the first of its structure that is present? */
static bool is_first(const struct hms_layout *layout, size_t id, const char *structure)
{
	for (size_t i = 0; i < id; i++) {
		char type[HMS_FACT_NAME_MAX], member[HMS_FACT_NAME_MAX];

		hms_fact_names((enum hms_fact_id)i, type, member);
		if (layout->facts[i].present && strcmp(type, structure) == 0)
			return false;
	}
	return true;
}

static void add_string(struct build *b)
{
	struct hms_type *type = add(b, HMS_KIND_STRING, 16);

	type->name = "string";
	type->members = hms_arena_alloc(hms_graph_arena(b->graph), 2 * sizeof(*type->members));
	add_member(b, type, "str", 3, pointer_to(b, number(b, 1)), 0);
	add_member(b, type, "len", 3, number(b, 8), 8);
}

/* Types that stand for all interfaces without methods, and for all with some. */
static void add_interface(struct build *b, const char *name, bool iface)
{
	struct hms_type *type = add(b, HMS_KIND_INTERFACE, 16);

	type->name = name;
	type->iface = iface;
}

void hms_known_add_types(const struct hms_go_version *version, enum hms_arch arch,
			 struct hms_graph *graph)
{
	struct hms_layout layout;
	struct build b = {.graph = graph, .layout = &layout};

	hms_known_layout(version, arch, &layout);
	for (size_t i = 0; i < HMS_NFACTS; i++) {
		char type[HMS_FACT_NAME_MAX], member[HMS_FACT_NAME_MAX];

		if (!layout.facts[i].present)
			continue;
		hms_fact_names((enum hms_fact_id)i, type, member);
		if (is_first(&layout, i, type))
			add_structure(&b, type);
	}
	add_string(&b);
	add_interface(&b, "interface {}", false);
	add_interface(&b, HMS_KNOWN_IFACE, true);
}
