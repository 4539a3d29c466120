/*
 * Goroutines as roots: variables that the stack map of their frame calls alive.  Other variables
 * and plain words of stacks are no roots: what they point at is taken for a map only if its buckets
 * and keys agree.
 */
#include <inttypes.h>
#include <string.h>

#include "find/private.h"

struct locals {
	struct hms_finder *finder;
	uint64_t goroutine;
};

static const struct hms_path *root_of(struct locals *l, const struct hms_local *local)
{
	struct hms_path *root = HMS_ARENA_NEW(l->finder->arena, struct hms_path);

	root->kind = HMS_PATH_VARIABLE;
	root->name = hms_arena_printf(l->finder->arena, "goroutine:%" PRIu64 ":%s.%s", l->goroutine,
				      local->function ? local->function : "?",
				      local->name ? local->name : "?");
	hms_path_finish(root);
	return root;
}

/* A slice whose length or capacity the compiler dropped (it knows them, or nobody asks any more):
 * capacity reaches as far as the length, and where both are gone the heap knows the array. */
static void complete_slice(const struct hms_finder *f, const struct hms_type *slice, uint8_t *bytes)
{
	uint64_t array = hms_le64(bytes), n = HMS_MAX(hms_le64(bytes + 8), hms_le64(bytes + 16));
	struct hms_object object;

	hms_heap_find(f->heap, array, &object);
	if (!n && object.state == HMS_HEAP_ALLOCATED && slice->elem && slice->elem->size)
		n = (object.slot + object.slot_size - array) / slice->elem->size;
	if (!hms_le64(bytes + 8))
		memcpy(bytes + 8, &n, sizeof(n));
	memcpy(bytes + 16, &n, sizeof(n));
}

/* A value that is in no one place of memory: looked into at once, from the bytes put together. */
static void visit_gathered(struct locals *l, const struct hms_local *local)
{
	struct hms_finder *f = l->finder;
	struct hms_find_step root = {.root = root_of(l, local)};
	uint8_t bytes[HMS_LOCAL_MAX_BYTES];

	memcpy(bytes, local->bytes, local->type->size);
	if (local->type->kind == HMS_KIND_SLICE && local->partial)
		complete_slice(f, local->type, bytes);
	f->gathered = bytes;
	f->gathered_len = local->type->size;
	hms_find_visit(f, HMS_FIND_GATHERED, local->type, &root);
	f->gathered_len = 0;
}

/* A map variable that no stack map vouches for. */
static void keep_weak(struct hms_finder *f, const struct hms_local *local)
{
	const uint8_t *p = local->addr ? hms_mem_peek(f->rt->mem, local->addr, 8) : local->bytes;

	if (local->type->kind != HMS_KIND_MAP || !p || !hms_le64(p))
		return;
	HMS_GROW(f->weak, f->nweak, f->cap_weak);
	f->weak[f->nweak++] = (struct hms_find_weak){hms_le64(p), local->type};
}

static struct hms_error *visit_local(void *arg, const struct hms_local *local)
{
	struct locals *l = arg;
	struct hms_finder *f = l->finder;
	struct hms_find_item item = {.addr = local->addr, .type = local->type};

	if (!local->type || !hms_type_reaches_map(f->rt->graph, local->type))
		return NULL;
	if (local->state != HMS_LOCAL_LIVE) {
		keep_weak(f, local);
		return NULL;
	}
	if (local->addr) {
		item.path = root_of(l, local);
		hms_find_push(f, &item, false, 0);
	} else if (local->bytes) {
		visit_gathered(l, local);
	}
	return NULL;
}

struct hms_error *hms_find_push_locals(struct hms_finder *f, const struct hms_find_stacks *stacks)
{
	HMS_AUTO(hms_unwinder) struct hms_unwinder *u = hms_unwinder_create(stacks->goros);
	struct hms_stack stack = {0};
	struct hms_error *err = NULL;

	for (size_t i = 0; i < stacks->goros->n && !err; i++) {
		struct locals l = {.finder = f, .goroutine = stacks->goros->list[i].id};

		hms_unwind(u, &stacks->goros->list[i], &stack);
		for (size_t k = 0; k < stack.n && !err; k++)
			err = hms_locals(u, stacks->dwarf, f->rt->bias, &stack, &stack.frames[k],
					 visit_local, &l);
	}
	hms_stack_deinit(&stack);
	return err;
}

/* ---- words -------------------------------------------------------------------------------- */

static void try_word(struct hms_finder *f, uint64_t word, uint64_t slot_size)
{
	struct hms_map map = {.addr = word};
	struct hms_object object;

	if (!word || word % 8 || hms_set_get(&f->by_addr, word, 0))
		return;
	hms_heap_find(f->heap, word, &object);
	if (object.state != HMS_HEAP_ALLOCATED || object.slot_size != slot_size ||
	    object.base != word || object.noscan)
		return;
	if (hms_fit_map(f->fitter, &map) != HMS_FIT_NONE)
		hms_find_accept(f, &map, HMS_FOUND_WORD, NULL);
}

static void scan_stack(struct hms_finder *f, const struct hms_stack *stack, uint64_t hi,
		       uint64_t slot_size)
{
	const uint8_t *bytes;
	uint64_t at;
	size_t len;

	if (!stack->n || stack->frames[stack->n - 1].stack != HMS_STACK_USER)
		return;
	at = stack->frames[stack->n - 1].sp;
	for (size_t i = 0; i < stack->n; i++)
		if (stack->frames[i].stack == HMS_STACK_USER)
			at = HMS_MIN(at, stack->frames[i].sp);
	if (at >= hi)
		return;
	len = hms_mem_run(f->rt->mem, at, &bytes);
	len = (size_t)HMS_MIN((uint64_t)len, hi - at);
	for (size_t off = 0; off + 8 <= len; off += 8)
		try_word(f, hms_le64(bytes + off), slot_size);
}

void hms_find_words(struct hms_finder *f, const struct hms_find_stacks *stacks)
{
	HMS_AUTO(hms_unwinder) struct hms_unwinder *u = hms_unwinder_create(stacks->goros);
	uint64_t slot_size = hms_find_header_slot(f);
	struct hms_stack stack = {0};

	for (size_t i = 0; i < f->nweak; i++) {
		struct hms_map map = {.addr = f->weak[i].map};

		if (!hms_set_get(&f->by_addr, map.addr, 0) &&
		    hms_fit_type(f->fitter, f->weak[i].type, &map))
			hms_find_accept(f, &map, HMS_FOUND_WORD, NULL);
	}
	for (size_t i = 0; i < stacks->goros->n; i++) {
		hms_unwind(u, &stacks->goros->list[i], &stack);
		scan_stack(f, &stack, stacks->goros->list[i].stack_hi, slot_size);
	}
	hms_stack_deinit(&stack);
}
