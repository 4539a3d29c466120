#include "cmd/disassemble.h"

#include <inttypes.h>

#include "disas/element.h"
#include "ops/ops.h"

#define AROUND 8 /* instructions before and behind the pc */

struct listing {
	struct hms_view *view;
	struct hms_disas *disas;
	const struct hms_code *code;
	uint32_t at; /* instruction of the pc */
	/* A map function, or the caller of one that has returned from instruction call. */
	struct hms_mapcode *function;
	struct hms_element *caller;
	uint32_t call;
};

/* "call runtime.growWork_faststr", or the instruction as it is. */
static void add_instruction(const struct listing *l, uint32_t i, struct hms_str *ret)
{
	const struct hms_code *code = l->code;
	const struct hms_insn *insn = &code->insns[i];
	uint64_t off = insn->addr - code->func.entry;
	struct hms_func callee;

	if (insn->flow == HMS_FLOW_CALL && insn->has_target &&
	    hms_pclntab_find(l->view->session->pclntab, insn->target, &callee) &&
	    callee.entry == insn->target && callee.name)
		hms_str_addf(ret, "call %s", callee.name);
	else
		hms_disas_text(l->disas, code->bytes + off, insn->size, insn->addr, ret);
}

/* "sets the tophash, changes the count" */
static void add_deeds(const struct listing *l, uint32_t deeds, struct hms_str *ret)
{
	for (uint32_t bit = 1; bit && bit <= deeds; bit <<= 1) {
		const char *text = deeds & bit ? hms_deed_text((enum hms_deed)bit,
							       l->view->session->rt->map_kind)
					       : NULL;

		if (text)
			hms_str_addf(ret, "%s%s", ret->len ? ", " : "", text);
	}
}

/* What the instruction does to the map or the element; false: nothing. */
static bool add_meaning(const struct listing *l, uint32_t i, struct hms_str *ret)
{
	if (l->function) {
		add_deeds(l, hms_mapcode_deeds(l->function, i), ret);
		return hms_mapcode_deeds(l->function, i);
	}
	if (i == l->call)
		hms_str_add(ret, "returns where the element is to be");
	else if (hms_element_stores(l->caller, i, l->call))
		hms_str_addf(ret, "%sstores the element", ret->len ? ", " : "");
	else
		return false;
	return true;
}

static void emit_instruction(const struct listing *l, uint32_t i)
{
	HMS_AUTO_STR struct hms_str addr = HMS_STR_INIT, text = HMS_STR_INIT,
				    meaning = HMS_STR_INIT;
	struct hms_field field;

	hms_str_addf(&addr, "0x%" PRIx64, l->code->insns[i].addr);
	add_instruction(l, i, &text);
	if (i == l->at)
		hms_str_add(&meaning, "<- here");
	add_meaning(l, i, &meaning);
	field = (struct hms_field){
		.name = hms_str_text(&addr),
		.value = hms_str_text(&text),
		.meaning = hms_str_text(&meaning),
		.odd = i == l->at,
	};
	l->view->renderer->ops->field(l->view->renderer, &field);
}

static void emit_listing(const struct listing *l)
{
	static const struct hms_field gap = {.name = "...", .value = "", .meaning = ""};
	uint32_t shown = UINT32_MAX;

	for (uint32_t i = 0; i < l->code->ninsns; i++) {
		HMS_AUTO_STR struct hms_str meaning = HMS_STR_INIT;
		bool near = i + AROUND >= l->at && i <= l->at + AROUND;

		if (!near && !add_meaning(l, i, &meaning))
			continue;
		if (shown != UINT32_MAX && shown + 1 != i)
			l->view->renderer->ops->field(l->view->renderer, &gap);
		emit_instruction(l, i);
		shown = i;
	}
}

static void emit_titled(const struct listing *l, const struct hms_operation *op, const char *in)
{
	HMS_AUTO_STR struct hms_str title = HMS_STR_INIT, name = HMS_STR_INIT;

	hms_func_print_name(in, &name);
	hms_str_addf(&title, "goroutine %" PRIu64 " in %s", op->goroutine->id, hms_str_text(&name));
	l->view->renderer->ops->section(l->view->renderer, hms_str_text(&title));
	emit_listing(l);
}

static void emit_frame(struct listing *l, const struct hms_operation *op,
		       const struct hms_operation_frame *frame)
{
	const struct hms_session *s = l->view->session;
	const struct hms_map_func *row = hms_map_func_find(frame->function);
	bool in_call = !frame->interrupted && frame->pc != frame->entry;
	struct hms_mapcode_point point;
	struct hms_func func;

	if (!row || !hms_pclntab_find(s->pclntab, frame->entry, &func))
		return;
	hms_err_free(hms_mapcode_open(s->rt, s->pclntab, &func, row, &l->function));
	if (l->function && hms_mapcode_at(l->function, frame->pc, in_call, &point)) {
		l->code = hms_mapcode_code(l->function);
		l->at = point.insn;
		emit_titled(l, op, frame->function);
	}
	hms_mapcode_close(l->function);
	l->function = NULL;
}

/* The caller of a map function that has returned. */
static void emit_caller(struct listing *l, const struct hms_operation *op)
{
	const struct hms_session *s = l->view->session;
	struct hms_element_point points[HMS_ELEMENTS_DUE];
	struct hms_func func;
	size_t n = 0;

	if (!hms_pclntab_find(s->pclntab, op->outer.entry, &func))
		return;
	hms_err_free(hms_element_open(s->rt, s->pclntab, &func, &l->caller));
	if (l->caller)
		n = hms_element_at(l->caller, op->outer.pc, op->element.in_call, points);
	for (size_t i = 0; i < n; i++) {
		const struct hms_insn *call;

		l->code = hms_element_code(l->caller);
		call = &l->code->insns[points[i].call];
		if (call->addr + call->size != op->element.call_return)
			continue;
		l->at = points[i].insn;
		l->call = points[i].call;
		emit_titled(l, op, func.name);
	}
	hms_element_close(l->caller);
	l->caller = NULL;
}

void hms_show_disassembly(struct hms_view *view, const struct hms_map *map)
{
	struct listing l = {.view = view};
	size_t first, n;

	if (!view->operations || !view->session->pclntab)
		return;
	hms_err_free(hms_disas_create(view->session->exe->arch, &l.disas));
	n = l.disas ? hms_operations_of_map(view->operations, map->addr, &first) : 0;
	for (size_t i = 0; i < n; i++) {
		const struct hms_operation *op =
			&view->operations->list[view->operations->by_map[first + i]];

		if (op->returned)
			emit_caller(&l, op);
		if (op->returned || !hms_map_op_writes(op->op))
			continue;
		if (op->inner.entry != op->outer.entry)
			emit_frame(&l, op, &op->inner);
		emit_frame(&l, op, &op->outer);
	}
	hms_disas_destroy(l.disas);
}
