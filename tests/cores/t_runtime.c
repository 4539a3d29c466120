/*
 * The heap's books and the types of each bundled core, held against what the runtime itself noted:
 *
 * - a span in use has as many allocated slots as it counted (mspan.allocCount), and looking its
 *   slots up one by one says the same as walking over it;
 * - a type made from the runtime's descriptor is the type that debug information describes: two
 *   producers that share nothing but the graph's interface.
 *
 *	t_runtime             all of corefiles/
 *	t_runtime EXE CORE    one, anywhere
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "rt/rtype.h"
#include "session/session.h"
#include "util/arena.h"

/* Differences that are told; more are counted. */
#define TOLD_MAX 20

struct tally {
	const struct hms_session *session;
	size_t seen;
	size_t wrong;
	uint64_t bytes;
};

#define WRONG(tally, ...)                          \
	do {                                       \
		if ((tally)->wrong++ < TOLD_MAX) { \
			printf("# " __VA_ARGS__);  \
			printf("\n");              \
		}                                  \
	} while (0)

/* ---- heap --------------------------------------------------------------------------------- */

static void check_slot(struct tally *t, const struct hms_span *span, uint32_t i,
		       enum hms_heap_state state)
{
	uint64_t slot = span->start + i * span->slot_size;
	struct hms_object object;

	hms_heap_find(t->session->heap, slot + span->slot_size / 2, &object);
	if (object.state != state || object.slot != slot || object.slot_size != span->slot_size ||
	    object.base != slot + span->base_off || object.span != span->mspan)
		WRONG(t, "slot 0x%" PRIx64 ": state %d by itself, %d in its span", slot,
		      object.state, state);
}

static struct hms_error *check_span(void *arg, const struct hms_span *span)
{
	struct tally *t = arg;
	uint32_t allocated = 0;

	t->seen++;
	for (uint32_t i = 0; i < span->nslots; i++) {
		enum hms_heap_state state = hms_span_slot_state(span, i);

		allocated += state == HMS_HEAP_ALLOCATED;
		check_slot(t, span, i, state);
	}
	if (allocated != span->alloc_count)
		WRONG(t, "span 0x%" PRIx64 ": %u slots allocated, %u counted", span->start,
		      allocated, span->alloc_count);
	t->bytes += allocated * span->slot_size;
	return NULL;
}

static struct hms_error *check_heap(struct tally *t)
{
	uint64_t bytes;

	HMS_TRY(hms_heap_each_span(t->session->heap, 0, check_span, t));
	if (!hms_heap_allocated_bytes(t->session->heap, &bytes) || bytes != t->bytes)
		WRONG(t, "%" PRIu64 " bytes allocated, %" PRIu64 " by slots", bytes, t->bytes);
	return NULL;
}

/* ---- types -------------------------------------------------------------------------------- */

/* Parts are the same where both are the graph's, or have one descriptor. */
static bool same_part(const struct hms_type *a, const struct hms_type *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->kind != b->kind || a->size != b->size)
		return false;
	return !a->rt_off || !b->rt_off || a->rt_off == b->rt_off;
}

static bool same_members(const struct hms_type *a, const struct hms_type *b)
{
	if (a->nmembers != b->nmembers)
		return false;
	for (uint32_t i = 0; i < a->nmembers; i++) {
		const struct hms_member *x = &a->members[i], *y = &b->members[i];

		if (strcmp(x->name, y->name) != 0 || x->off != y->off ||
		    x->embedded != y->embedded || !same_part(x->type, y->type))
			return false;
	}
	return true;
}

/* The structs behind a map: each member of debug information's is in the other, at its place. */
static bool same_shape(const struct hms_type *a, const struct hms_type *b, int depth)
{
	if (a == b || depth == 8)
		return true;
	if (!a || !b || a->size != b->size || a->count != b->count)
		return false;
	if (a->elem)
		return same_shape(a->elem, b->elem, depth + 1);
	for (uint32_t i = 0; i < a->nmembers; i++) {
		const struct hms_member *x = &a->members[i];
		const struct hms_member *y = hms_type_member(b, x->name);

		if (strcmp(x->name, "_") != 0 &&
		    (!y || x->off != y->off || !same_shape(x->type, y->type, depth + 1)))
			return false;
	}
	return true;
}

static const char *difference(const struct hms_type *a, const struct hms_type *b)
{
	if (a->kind != b->kind)
		return "kind";
	if (a->size != b->size || a->rt_off != b->rt_off)
		return "size";
	if (a->kind == HMS_KIND_ARRAY && a->count != b->count)
		return "count";
	if (a->kind != HMS_KIND_STRING && a->kind != HMS_KIND_FUNC && !same_part(a->elem, b->elem))
		return "element";
	if (!same_part(a->key, b->key))
		return "key";
	if (a->iface != b->iface)
		return "methods";
	if (a->kind == HMS_KIND_STRUCT && !same_members(a, b))
		return "members";
	if (a->kind == HMS_KIND_MAP && !same_shape(a->repr, b->repr, 0))
		return "what it is made of";
	return NULL;
}

static const char *name_difference(const struct hms_rt *rt, const struct hms_type *a,
				   const struct hms_type *b)
{
	HMS_AUTO_STR struct hms_str x = HMS_STR_INIT, y = HMS_STR_INIT;

	hms_rt_type_name(rt, a, &x);
	hms_rt_type_name(rt, b, &y);
	return strcmp(hms_str_text(&x), hms_str_text(&y)) == 0 ? NULL : "name";
}

static struct hms_error *check_types(struct tally *t)
{
	const struct hms_graph *graph = t->session->graph;
	const struct hms_rt *rt = t->session->rt;
	uint64_t types = rt->modules[0].types, len = rt->modules[0].etypes - types;

	for (size_t i = 0; i < hms_graph_ntypes(graph); i++) {
		const struct hms_type *type = hms_graph_type(graph, i), *made;
		const char *what = "everything: it cannot be read";

		if (!type->rt_off || type->rt_off >= len ||
		    hms_graph_find_rtype(graph, type->rt_off) != type)
			continue;
		t->seen++;
		made = hms_rtypes_find(rt, types + type->rt_off);
		if (made)
			what = difference(type, made);
		if (!what)
			what = name_difference(rt, type, made);
		if (what)
			WRONG(t, "%s: its descriptor differs in %s", type->name, what);
	}
	return NULL;
}

/* ---- cores -------------------------------------------------------------------------------- */

static bool point(const struct hms_session *session, const char *what,
		  struct hms_error *(*check)(struct tally *t), size_t *seen_ret)
{
	struct tally t = {.session = session};
	struct hms_error *err = check(&t);
	bool ok = !err && t.seen && !t.wrong;

	if (!ok)
		printf("# %s: %zu wrong%s%s\n", what, t.wrong, err ? ", then: " : "",
		       err ? err->message : "");
	*seen_ret = t.seen;
	hms_err_free(err);
	return ok;
}

static bool test_core(const struct bundled *bundled, char *what, size_t what_size)
{
	struct hms_session_options options = {
		.core = bundled->core, .exe = bundled->exe, .jobs = 1};
	HMS_AUTO(hms_session) struct hms_session *session = NULL;
	size_t spans, types;
	struct hms_error *err;
	bool good;

	if (bundled->stripped) {
		snprintf(what, what_size, "# SKIP the executable is stripped");
		return true;
	}
	err = hms_session_open(&options, &session);
	if (err) {
		snprintf(what, what_size, "%s", err->message);
		hms_err_free(err);
		return false;
	}
	good = point(session, "spans", check_heap, &spans);
	good = point(session, "types", check_types, &types) && good;
	snprintf(what, what_size, "%zu spans, %zu types", spans, types);
	return good;
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 3) {
		struct bundled one = {.exe = argv[1], .core = argv[2]};
		bool good = test_core(&one, what, sizeof(what));

		printf("%s %s: %s\n", good ? "ok" : "not ok", argv[2], what);
		return !good;
	}
	return bundled_run(test_core);
}
