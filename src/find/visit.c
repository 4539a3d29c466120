/*
 * Looking into values by their static type.  Nesting of types is bounded (a value cannot hold
 * itself, but damaged debug information can say so); pointers go to the queue.
 */
#include "find/private.h"

#include <string.h>

#include "map/iter.h"

#define MAX_NESTING 64

/* ---- memory ------------------------------------------------------------------------------- */

/* In a variable's value that was put together. */
static bool gathered(const struct hms_finder *f, uint64_t addr)
{
	return addr - HMS_FIND_GATHERED < f->gathered_len;
}

bool hms_find_load(struct hms_finder *f, uint64_t addr, uint64_t *ret)
{
	uint64_t off = addr - f->run_addr;

	if (gathered(f, addr)) {
		if (f->gathered_len - (addr - HMS_FIND_GATHERED) < sizeof(*ret))
			return false;
		*ret = hms_le64(f->gathered + (addr - HMS_FIND_GATHERED));
		return true;
	}
	if (off >= f->run_len || f->run_len - off < sizeof(*ret)) {
		size_t len = hms_mem_run(f->rt->mem, addr, &f->run);

		f->run_addr = addr;
		f->run_len = len;
		if (len < sizeof(*ret))
			return false;
		off = 0;
	}
	*ret = hms_le64(f->run + off);
	return true;
}

/* How many of @wanted bytes at @addr are worth looking into: no more than the heap object that
 * holds them, and elsewhere (package variables, stacks) no more than can be read in one piece. Free
 * memory holds nothing.  A stale slice may claim terabytes. */
static uint64_t extent_of(const struct hms_finder *f, uint64_t addr, uint64_t wanted)
{
	struct hms_object object;
	const uint8_t *bytes;

	hms_heap_find(f->heap, addr, &object);
	switch (object.state) {
	case HMS_HEAP_ALLOCATED: return HMS_MIN(wanted, object.slot + object.slot_size - addr);
	case HMS_HEAP_MANUAL:
		wanted = HMS_MIN(wanted, object.span_start + object.span_bytes - addr);
		return HMS_MIN(wanted, (uint64_t)hms_mem_run(f->rt->mem, addr, &bytes));
	case HMS_HEAP_OUTSIDE:
	case HMS_HEAP_UNKNOWN:
		return HMS_MIN(wanted, (uint64_t)hms_mem_run(f->rt->mem, addr, &bytes));
	default: return 0;
	}
}

/* On a goroutine's stack, where nothing tells how long an array is. */
static bool on_stack(const struct hms_finder *f, uint64_t addr)
{
	struct hms_object object;

	hms_heap_find(f->heap, addr, &object);
	return object.state == HMS_HEAP_MANUAL;
}

/* Could Go hold a pointer to a value that has pointers itself at @addr?  Garbage mostly could not.
 */
static bool plausible(const struct hms_finder *f, uint64_t addr)
{
	return addr % 8 == 0 && extent_of(f, addr, 8) == 8;
}

/* ---- paths -------------------------------------------------------------------------------- */

/* The node of @step, made with those above it on first use. */
static const struct hms_path *node_of(struct hms_finder *f, const struct hms_find_step *step)
{
	struct hms_path *node;

	if (f->doubtful)
		return NULL;
	if (!step->up)
		return step->root;
	if (*step->node)
		return *step->node;
	node = HMS_ARENA_NEW(f->arena, struct hms_path);
	node->parent = node_of(f, step->up);
	node->kind = step->kind;
	node->of_array = step->of_array;
	node->type = step->type;
	if (step->kind == HMS_PATH_FIELD)
		node->name = step->name;
	else
		node->number = step->number;
	hms_path_finish(node);
	*step->node = node;
	return node;
}

void hms_find_follow(struct hms_finder *f, uint64_t addr, const struct hms_type *type, bool is_map,
		     const struct hms_find_step *step)
{
	struct hms_find_item item = {.addr = addr, .type = type};

	if (!is_map && hms_set_get(&f->seen, addr, type->id))
		return;
	item.path = node_of(f, step);
	hms_find_push(f, &item, is_map, step->length);
}

static bool reaches(const struct hms_finder *f, const struct hms_type *type)
{
	return type && hms_type_reaches_map(f->rt->graph, type);
}

/* Visit a part of the value that @up leads to. */
static void visit_part(struct hms_finder *f, uint64_t addr, const struct hms_type *type,
		       struct hms_find_step part, const struct hms_find_step *up)
{
	const struct hms_path *node = NULL;

	if (!reaches(f, type) || up->nesting == MAX_NESTING)
		return;
	part.up = up;
	part.length = up->length + 1;
	part.nesting = up->nesting + 1;
	part.node = &node;
	hms_find_visit(f, addr, type, &part);
}

/* ---- kinds -------------------------------------------------------------------------------- */

static void visit_pointer(struct hms_finder *f, uint64_t addr, const struct hms_type *elem,
			  const struct hms_find_step *step)
{
	const struct hms_path *node = NULL;
	struct hms_find_step deref = {
		.up = step, .length = step->length + 1, .kind = HMS_PATH_DEREF, .node = &node};
	uint64_t target;

	if (!reaches(f, elem) || !hms_find_load(f, addr, &target) || !plausible(f, target))
		return;
	hms_find_follow(f, target, elem, false, &deref);
}

/* A library's wrapper around an unsafe.Pointer: it is a pointer to what it is known to lead to. */
static void visit_wrapper(struct hms_finder *f, uint64_t addr, const struct hms_type *pointee,
			  const struct hms_find_step *step)
{
	uint64_t target;

	if (!hms_find_load(f, addr, &target) || !target)
		return;
	visit_pointer(f, addr, hms_rt_whole_type(f->rt, pointee, target), step);
}

static void visit_struct(struct hms_finder *f, uint64_t addr, const struct hms_type *type,
			 const struct hms_find_step *step)
{
	const struct hms_member *value;
	const struct hms_type *pointee = hms_rt_hidden_pointee(f->rt, type, &value);

	if (pointee) {
		visit_wrapper(f, addr + value->off, pointee, step);
		return;
	}
	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct hms_member *m = &type->members[i];

		if (m->off < type->size)
			visit_part(f, addr + m->off, m->type,
				   (struct hms_find_step){.kind = HMS_PATH_FIELD, .name = m->name},
				   step);
	}
}

/* Does a value of @type that begins with a word of zero lead nowhere? */
static bool nil_leads_nowhere(const struct hms_type *type)
{
	switch (type->kind) {
	case HMS_KIND_MAP:
	case HMS_KIND_POINTER:
	case HMS_KIND_SLICE:
	case HMS_KIND_INTERFACE:
	case HMS_KIND_CHAN: return true;
	default: return false;
	}
}

/* The first of the words at @at, @at + @stride, ... below @to that is not zero, or the end of the
 * memory that is at hand.  The runtime's index of the heap alone has 4 million words, few in use.
 */
static uint64_t skip_nil(struct hms_finder *f, uint64_t at, uint64_t to, uint64_t stride)
{
	uint64_t word, left, n = 0;
	const uint8_t *bytes;

	if (gathered(f, at) || !hms_find_load(f, at, &word))
		return at;
	bytes = f->run + (at - f->run_addr);
	left = HMS_MIN(f->run_len - (at - f->run_addr), to - at);
	while (left - n >= HMS_MAX(stride, sizeof(word)) && !hms_le64(bytes + n))
		n += stride;
	return at + n;
}

/* Elements of an array at @base whose addresses are in [from, to); from number @len on they are
 * beyond a slice's length. */
static void visit_elements(struct hms_finder *f, uint64_t base, uint64_t from, uint64_t to,
			   const struct hms_type *elem, struct hms_find_step part, uint64_t len,
			   const struct hms_find_step *step)
{
	bool skip = nil_leads_nowhere(elem);

	for (uint64_t at = from; at < to && to - at >= elem->size && f->budget; at += elem->size) {
		if (skip)
			at = skip_nil(f, at, to, elem->size);
		if (to - at < elem->size)
			break;
		part.number = (at - base) / elem->size;
		if (part.number >= len)
			part.kind = HMS_PATH_BEYOND;
		visit_part(f, at, elem, part, step);
	}
}

static void visit_array(struct hms_finder *f, uint64_t addr, const struct hms_type *type,
			const struct hms_find_step *step)
{
	struct hms_find_step part = {.kind = HMS_PATH_INDEX, .of_array = true};
	uint64_t bytes;

	if (!reaches(f, type->elem) || !type->elem->size ||
	    __builtin_mul_overflow(type->count, type->elem->size, &bytes) || bytes > type->size)
		return;
	/* "*[1<<16]T" is how Go's own code spells an array of unknown length: the type promises
	 * more than its memory holds, and what lies behind is something else. */
	if (!gathered(f, addr)) {
		uint64_t extent = extent_of(f, addr, bytes);

		if (extent < bytes && on_stack(f, addr))
			return;
		bytes = extent;
	}
	visit_elements(f, addr, addr, addr + bytes, type->elem, part, type->count, step);
}

/* The part of [from, to) that no other slice of the same elements has led to before.  What is
 * remembered of an object is one run, the usual case; a second, disjoint run is walked again. */
static void unseen(struct hms_finder *f, const struct hms_type *elem, uint64_t *from, uint64_t *to)
{
	struct hms_object object;
	struct hms_find_span *span;
	uint64_t *index;
	bool added;

	hms_heap_find(f->heap, *from, &object);
	index = hms_set_put(&f->ranges, object.state == HMS_HEAP_ALLOCATED ? object.slot : *from,
			    elem->id + UINT64_C(1), f->nspans, &added);
	if (added) {
		HMS_GROW(f->spans, f->nspans, f->cap_spans);
		f->spans[f->nspans++] = (struct hms_find_span){*from, *to};
		return;
	}
	span = &f->spans[*index];
	if (*from > span->to || *to < span->from)
		return;
	if (*from >= span->from && *to <= span->to) {
		*to = *from;
	} else if (*from >= span->from) {
		uint64_t end = span->to;

		span->to = *to;
		*from = end;
	} else {
		uint64_t begin = span->from, end = span->to;

		span->from = *from;
		span->to = HMS_MAX(*to, end);
		if (*to <= end)
			*to = begin;
	}
}

/* A slice's array up to its capacity, which the garbage collector keeps alive as a whole.  A
 * capacity beyond the array's memory tells that only the pointer is to be believed (up to Go 1.15
 * debug information has a slice on a stack whole where the compiler dropped the other two words):
 * then no element is known to be beyond the length. */
static void visit_slice(struct hms_finder *f, uint64_t addr, const struct hms_type *type,
			const struct hms_find_step *step)
{
	uint64_t array, len, cap, bytes, from, to;

	if (!reaches(f, type->elem) || !type->elem->size || !hms_find_load(f, addr, &array) ||
	    !hms_find_load(f, addr + 8, &len) || !hms_find_load(f, addr + 16, &cap) || !array ||
	    len > cap)
		return;
	if (__builtin_mul_overflow(cap, type->elem->size, &bytes) || array + bytes < array)
		return;
	from = array;
	to = array + extent_of(f, array, bytes);
	if (to - from < bytes)
		len = cap;
	unseen(f, type->elem, &from, &to);
	visit_elements(f, array, from, to, type->elem,
		       (struct hms_find_step){.kind = HMS_PATH_INDEX}, len, step);
}

static void visit_interface(struct hms_finder *f, uint64_t addr, const struct hms_type *type,
			    const struct hms_find_step *step)
{
	struct hms_find_step part = {.kind = HMS_PATH_ASSERT};
	const struct hms_path *node = NULL;
	const struct hms_type *dynamic;
	uint64_t word, data;

	if (!hms_find_load(f, addr, &word) || !word || !hms_find_load(f, addr + 8, &data) || !data)
		return;
	dynamic = hms_rt_dynamic_type(f->rt, type, word);
	if (!reaches(f, dynamic))
		return;
	part.type = dynamic;
	if (hms_rt_is_direct(f->rt, dynamic)) {
		visit_part(f, addr + 8, dynamic, part, step);
		return;
	}
	part.up = step;
	part.length = step->length + 1;
	part.node = &node;
	hms_find_follow(f, data, dynamic, false, &part);
}

/* runtime.hchan: a ring of dataqsiz elements, qcount of them in use from recvx on. */
static void visit_chan(struct hms_finder *f, uint64_t addr, const struct hms_type *type,
		       const struct hms_find_step *step)
{
	const struct hms_layout *layout = &f->rt->layout;
	uint64_t chan, buf, n, size, first, bytes;
	bool added;

	if (!reaches(f, type->elem) || !type->elem->size || !hms_find_load(f, addr, &chan) ||
	    !chan || !hms_layout_has(layout, HMS_F_HCHAN_BUF))
		return;
	hms_set_put(&f->seen, chan, type->id, 0, &added);
	if (!added || !hms_find_load(f, chan + hms_layout_off(layout, HMS_F_HCHAN_QCOUNT), &n) ||
	    !hms_find_load(f, chan + hms_layout_off(layout, HMS_F_HCHAN_DATAQSIZ), &size) ||
	    !hms_find_load(f, chan + hms_layout_off(layout, HMS_F_HCHAN_BUF), &buf) ||
	    !hms_find_load(f, chan + hms_layout_off(layout, HMS_F_HCHAN_RECVX), &first))
		return;
	if (__builtin_mul_overflow(size, type->elem->size, &bytes) ||
	    extent_of(f, buf, bytes) < bytes)
		return;
	for (uint64_t i = 0; i < n && n <= size && first < size && f->budget; i++) {
		uint64_t slot = (first + i) % size, off;

		if (__builtin_mul_overflow(slot, type->elem->size, &off))
			return;
		visit_part(f, buf + off, type->elem,
			   (struct hms_find_step){.kind = HMS_PATH_QUEUED, .number = i}, step);
	}
}

void hms_find_visit(struct hms_finder *f, uint64_t addr, const struct hms_type *type,
		    const struct hms_find_step *step)
{
	uint64_t target;

	if (!f->budget)
		return;
	f->budget--;
	switch (type->kind) {
	case HMS_KIND_MAP:
		if (hms_find_load(f, addr, &target) && target)
			hms_find_follow(f, target, type, true, step);
		break;
	case HMS_KIND_POINTER: visit_pointer(f, addr, type->elem, step); break;
	case HMS_KIND_STRUCT: visit_struct(f, addr, type, step); break;
	case HMS_KIND_ARRAY: visit_array(f, addr, type, step); break;
	case HMS_KIND_SLICE: visit_slice(f, addr, type, step); break;
	case HMS_KIND_INTERFACE: visit_interface(f, addr, type, step); break;
	case HMS_KIND_CHAN: visit_chan(f, addr, type, step); break;
	case HMS_KIND_FUNC: hms_find_visit_func(f, addr, step); break;
	default: break;
	}
}

void hms_find_visit_entries(struct hms_finder *f, const struct hms_map *map,
			    const struct hms_path *path, size_t length)
{
	const struct hms_map_type *type = map->type;
	struct hms_find_step base = {.root = path, .length = (unsigned int)length};
	struct hms_map_iter it;
	struct hms_slot slot;
	uint64_t key, elem;

	if (!reaches(f, type->key) && !reaches(f, type->elem))
		return;
	hms_map_iter_init(&it, f->model, map);
	while (f->budget && hms_map_iter_next(&it, &slot)) {
		if (slot.state != HMS_SLOT_LIVE || !hms_slot_key(&it, &slot, &key))
			continue;
		visit_part(f, key, type->key,
			   (struct hms_find_step){
				   .kind = HMS_PATH_AS_KEY, .number = key, .type = type->key},
			   &base);
		if (hms_slot_elem(&it, &slot, &elem))
			visit_part(f, elem, type->elem,
				   (struct hms_find_step){
					   .kind = HMS_PATH_KEY, .number = key, .type = type->key},
				   &base);
	}
	hms_map_iter_deinit(&it);
}
