#include "ops/args.h"

#include <string.h>

#include "goro/arch.h"
#include "goro/locals.h"
#include "ops/words.h"
#include "ops/callsite.h"

#define WORDS 4 /* of the arguments: no row of mapfuncs.def asks for more */

/* Argument words, as far as one source knows them. */
struct words {
	uint64_t value[WORDS];
	uint8_t known; /* bit i: value[i] is */
};

static void set_word(struct words *words, size_t i, uint64_t value)
{
	words->value[i] = value;
	words->known |= (uint8_t)(1u << i);
}

static bool get_word(const struct words *words, int place, uint64_t *ret)
{
	if (place < 0 || place >= WORDS || !(words->known >> place & 1))
		return false;
	*ret = words->value[place];
	return true;
}

/* ---- where arguments are ------------------------------------------------------------------ */

/* Integer argument registers by DWARF number: src/cmd/compile/abi-internal.md. */
static const uint8_t amd64_regs[WORDS] = {0, 3, 2, 5}; /* rax rbx rcx rdi */
static const uint8_t arm64_regs[WORDS] = {0, 1, 2, 3};

static void entry_words(const struct hms_op_args *args, const struct hms_frame *frame,
			struct words *ret)
{
	bool amd64 = args->sources->goros->core->arch == HMS_ARCH_AMD64;
	const struct hms_regs *regs;

	*ret = (struct words){0};
	if (frame->regs < 0)
		return;
	regs = &args->stack->regs[frame->regs];
	for (unsigned int i = 0; i < WORDS; i++) {
		uint8_t reg = amd64 ? amd64_regs[i] : arm64_regs[i];

		if (regs->known >> reg & 1 &&
		    hms_func_arg_home(&frame->place->func, hms_frame_lookup_pc(frame), i) ==
			    HMS_ARG_ENTRY)
			set_word(ret, i, regs->value[reg]);
	}
}

bool hms_op_at_entry(const struct hms_frame *frame)
{
	const struct hms_place *place = frame->place;

	if (place->pc == place->func.entry)
		return true;
	return frame->first && !frame->interrupted && place->has_delta && !place->sp_delta;
}

/* A prologue that calls runtime.morestack stores all arguments first. */
static void home_words(const struct hms_op_args *args, const struct hms_frame *frame,
		       struct words *ret)
{
	const struct hms_mem *mem = hms_unwinder_mem(args->unwinder);
	uint64_t at = frame->cfa + hms_unwinder_arch(args->unwinder)->args_off;

	*ret = (struct words){0};
	for (unsigned int i = 0; i < WORDS; i++) {
		enum hms_arg_home home =
			hms_func_arg_home(&frame->place->func, hms_frame_lookup_pc(frame), i);
		const uint8_t *p = hms_mem_peek(mem, at + 8 * i, 8);

		if (p && (home == HMS_ARG_HOME || hms_op_at_entry(frame)))
			set_word(ret, i, hms_le64(p));
	}
}

/* Where the function's code still keeps them: it spills what it needs again, as debug information
 * often does not know. */
static void kept_words(const struct hms_op_args *args, const struct hms_frame *frame,
		       struct words *ret)
{
	const struct hms_goros *goros = args->sources->goros;
	const struct hms_func *func = &frame->place->func;
	HMS_AUTO(hms_mapcode) struct hms_mapcode *code = NULL;
	struct hms_mapcode_point point;

	*ret = (struct words){0};
	hms_err_free(hms_mapcode_open(goros->rt, goros->pclntab, func,
				      hms_map_func_find(func->name), &code));
	if (!code || !hms_op_point(code, frame, &point))
		return;
	for (unsigned int i = 0; i < WORDS; i++) {
		struct hms_holder holder;
		uint64_t value;

		hms_mapcode_argument(code, &point, i, &holder);
		if (hms_op_word(goros->rt, args->stack, frame, &holder, &value))
			set_word(ret, i, value);
	}
}

struct variables {
	const struct hms_mem *mem;
	const char *function;
	struct words *words;
	uint64_t off; /* of the next parameter among the arguments */
	bool lost;    /* a parameter of unknown size came before */
};

static struct hms_error *visit(void *arg, const struct hms_local *local)
{
	struct variables *v = arg;
	uint64_t size = local->type ? local->type->size : 0;
	const uint8_t *p;

	if (v->lost || !local->parameter || local->result || !local->function ||
	    strcmp(local->function, v->function) != 0)
		return NULL;
	v->lost = !size || size % 8 || local->escaped;
	p = local->addr ? hms_mem_peek(v->mem, local->addr, (size_t)size) : local->bytes;
	for (uint64_t i = 0; !v->lost && p && !local->partial && i < size / 8; i++)
		if (v->off + i < WORDS && local->state != HMS_LOCAL_GONE)
			set_word(v->words, (size_t)(v->off + i), hms_le64(p + 8 * i));
	v->off += size / 8;
	return NULL;
}

static void debug_words(const struct hms_op_args *args, const struct hms_frame *frame,
			struct words *ret)
{
	struct variables v = {
		.mem = hms_unwinder_mem(args->unwinder),
		.function = frame->place->func.name,
		.words = ret,
	};

	*ret = (struct words){0};
	if (args->sources->dwarf && v.function)
		hms_err_free(hms_locals(args->unwinder, args->sources->dwarf,
					args->sources->goros->rt->bias, args->stack, frame, visit,
					&v));
}

/* ---- what is a map ------------------------------------------------------------------------ */

static const struct hms_type *map_type_at(const struct hms_rt *rt, uint64_t word)
{
	const struct hms_type *type = word ? hms_rt_type_at(rt, word) : NULL;

	return type && type->kind == HMS_KIND_MAP ? type : NULL;
}

#define MAX_B 48

static bool classic_header_fits(const struct hms_map *map)
{
	const struct hms_classic *h = &map->classic;

	return h->flags <= 15 && h->B <= MAX_B && h->buckets % 8 == 0 && h->oldbuckets % 8 == 0 &&
	       h->extra % 8 == 0 && map->count >= 0;
}

/* Its directory may be in the middle of doubling. */
static bool swiss_header_fits(const struct hms_map *map)
{
	const struct hms_swiss *h = &map->swiss;

	return h->writing <= 1 && h->dir % 8 == 0 && h->global_depth <= MAX_B &&
	       h->global_shift <= 64 && (h->dir_len & (h->dir_len - 1)) == 0;
}

/* Cheap: the header's own memory and what no sound or racing map's header holds. */
static bool is_map(const struct hms_map_model *model, uint64_t addr)
{
	const struct hms_rt *rt = hms_map_model_rt(model);
	enum hms_fact_id header = rt->map_kind == HMS_MAP_CLASSIC ? HMS_F_HMAP : HMS_F_SMAP;
	struct hms_map map = {.addr = addr};
	struct hms_object object;

	if (!addr || addr % 8 || hms_map_read_header(model, &map) != HMS_MEM_PRESENT)
		return false;
	hms_heap_find(hms_map_model_heap(model), addr, &object);
	if (object.state == HMS_HEAP_ALLOCATED &&
	    (object.base != addr || object.size < rt->layout.facts[header].size))
		return false;
	if (object.state == HMS_HEAP_FREE || object.state == HMS_HEAP_TAIL ||
	    object.state == HMS_HEAP_NO_SPAN)
		return false;
	return rt->map_kind == HMS_MAP_CLASSIC ? classic_header_fits(&map)
					       : swiss_header_fits(&map);
}

/* An iterator knows its map, and the map's type. */
static void follow_iterator(const struct hms_rt *rt, uint64_t iter, uint64_t *map_ret,
			    uint64_t *type_ret)
{
	bool classic = rt->map_kind == HMS_MAP_CLASSIC;
	enum hms_fact_id map = classic ? HMS_F_HITER_H : HMS_F_SITER_M;
	enum hms_fact_id type = classic ? HMS_F_HITER_T : HMS_F_SITER_TYP;
	const uint8_t *m = hms_mem_peek(rt->mem, iter + hms_layout_off(&rt->layout, map), 8);
	const uint8_t *t = hms_mem_peek(rt->mem, iter + hms_layout_off(&rt->layout, type), 8);

	if (!m || !t || !hms_layout_has(&rt->layout, map) || !hms_layout_has(&rt->layout, type))
		return;
	*map_ret = hms_le64(m);
	*type_ret = hms_le64(t);
}

/* Take what @words say where it holds; true once map and type are known. */
static bool judge(const struct hms_op_args *args, const struct hms_map_func *func,
		  const struct words *words, uint64_t *map_ret, const struct hms_type **type_ret)
{
	const struct hms_map_model *model = args->sources->model;
	const struct hms_rt *rt = hms_map_model_rt(model);
	uint64_t map = 0, type = 0, iter;
	const struct hms_type *known;

	get_word(words, func->map_arg, &map);
	get_word(words, func->type_arg, &type);
	if (!map && get_word(words, func->iter_arg, &iter) && iter)
		follow_iterator(rt, iter, &map, &type);
	known = map_type_at(rt, type);
	if (!*type_ret)
		*type_ret = known;
	if (known && is_map(model, map)) {
		*map_ret = map;
		*type_ret = known;
		return true;
	}
	return false;
}

bool hms_op_args_find(const struct hms_op_args *args, const struct hms_frame *frame,
		      const struct hms_map_func *func, uint64_t *map_ret,
		      const struct hms_type **type_ret)
{
	void (*const sources[])(const struct hms_op_args *args, const struct hms_frame *frame,
				struct words *ret) = {entry_words, home_words, kept_words,
						      debug_words};

	for (size_t i = 0; i < HMS_ARRAY_LEN(sources); i++) {
		struct words words;

		sources[i](args, frame, &words);
		if (judge(args, func, &words, map_ret, type_ret))
			return true;
	}
	return false;
}

bool hms_op_args_word(const struct hms_op_args *args, const struct hms_frame *frame,
		      unsigned int word, uint64_t *ret)
{
	struct words words;

	home_words(args, frame, &words);
	if (get_word(&words, (int)word, ret))
		return true;
	debug_words(args, frame, &words);
	return get_word(&words, (int)word, ret);
}

bool hms_op_args_of_call(const struct hms_op_args *args, const struct hms_frame *frame,
			 const struct hms_map_func *func, uint64_t *map_ret,
			 const struct hms_type **type_ret)
{
	struct hms_callsite site = {args->sources->goros, args->unwinder, args->stack, args->disas,
				    NULL};
	const int places[] = {func->type_arg, func->map_arg, func->iter_arg};
	struct words words = {0};

	for (size_t i = 0; i < HMS_ARRAY_LEN(places); i++) {
		uint64_t value;

		if (places[i] >= 0 && places[i] < WORDS &&
		    hms_callsite_word(&site, (size_t)(frame - args->stack->frames),
				      (unsigned int)places[i], &value))
			set_word(&words, (size_t)places[i], value);
	}
	return judge(args, func, &words, map_ret, type_ret);
}
