/*
 * Library types that hide what they point to behind an unsafe.Pointer, or behind a type that is
 * only the beginning of the object.
 */
#include <string.h>

#include "rt/rt.h"

/* A struct whose member is an unsafe.Pointer to a value of a fixed type. */
static const struct {
	const char *holder;
	const char *member;
	const char *pointee;
} fixed[] = {
	/* src/sync/map.go, to Go 1.19; atomic.Pointer[any] from 1.20 on. */
	{"sync.entry", "p", "interface {}"},
};

/* A struct that heads one of two larger ones, told apart by a bool: src/internal/sync/
 * hashtriemap.go, from Go 1.24 on. */
static const struct {
	const char *head; /* begins so; the type arguments follow */
	const char *member;
	const char *if_true;
	const char *if_false;
} heads[] = {
	{"internal/sync.node[", "isEntry", "internal/sync.entry[", "internal/sync.indirect["},
};

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* atomic.Pointer[T]'s first field, _ [0]*T, says what its unsafe.Pointer leads to
 * (src/sync/atomic/type.go, from Go 1.19 on). */
static const struct hms_type *atomic_pointee(const struct hms_type *holder)
{
	const struct hms_type *witness = holder->nmembers ? holder->members[0].type : NULL;

	if (!witness || witness->kind != HMS_KIND_ARRAY || witness->count || !witness->elem ||
	    witness->elem->kind != HMS_KIND_POINTER)
		return NULL;
	return witness->elem->elem;
}

const struct hms_type *hms_rt_hidden_pointee(const struct hms_rt *rt, const struct hms_type *holder,
					     const struct hms_member **member_ret)
{
	const struct hms_type *pointee;

	if (begins(holder->name, "sync/atomic.Pointer[")) {
		*member_ret = hms_type_member(holder, "v");
		pointee = atomic_pointee(holder);
		return *member_ret ? pointee : NULL;
	}
	for (size_t i = 0; i < HMS_ARRAY_LEN(fixed); i++) {
		if (strcmp(holder->name, fixed[i].holder) != 0)
			continue;
		*member_ret = hms_type_member(holder, fixed[i].member);
		if (!*member_ret || !(*member_ret)->type ||
		    (*member_ret)->type->kind != HMS_KIND_UNSAFE_POINTER)
			return NULL;
		return hms_graph_find_type(rt->graph, fixed[i].pointee);
	}
	return NULL;
}

/* "internal/sync.entry[" with the type arguments of @head; where debug information has only the
 * instance that is shared by all types of a shape, that one: it is laid out alike. */
static const struct hms_type *sibling(const struct hms_rt *rt, const struct hms_type *head,
				      const char *prefix, const char *arguments)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;
	const struct hms_type *type;

	hms_str_addf(&name, "%s%s", prefix, arguments);
	type = hms_graph_find_type(rt->graph, hms_str_text(&name));
	if (type || strcmp(arguments, "interface {},interface {}]") != 0)
		return type ? type : head;
	hms_str_clear(&name);
	hms_str_addf(&name, "%sgo.shape.interface {},go.shape.interface {}]", prefix);
	type = hms_graph_find_type(rt->graph, hms_str_text(&name));
	return type ? type : head;
}

const struct hms_type *hms_rt_whole_type(const struct hms_rt *rt, const struct hms_type *type,
					 uint64_t addr)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(heads); i++) {
		const struct hms_member *member;
		const uint8_t *p;

		if (!begins(type->name, heads[i].head))
			continue;
		member = hms_type_member(type, heads[i].member);
		p = member ? hms_mem_peek(rt->mem, addr + member->off, 1) : NULL;
		if (!p)
			return type;
		return sibling(rt, type, *p ? heads[i].if_true : heads[i].if_false,
			       type->name + strlen(heads[i].head));
	}
	return type;
}
