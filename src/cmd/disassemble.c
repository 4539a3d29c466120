#include "cmd/disassemble.h"

#include <inttypes.h>

#include "disas/mapcode.h"
#include "ops/ops.h"

#define AROUND 8 /* instructions before and behind the pc */

struct listing {
	struct hms_view *view;
	struct hms_disas *disas;
	struct hms_mapcode *code;
	uint32_t at; /* instruction of the pc */
};

/* "call runtime.growWork_faststr", or the instruction as it is. */
static void add_instruction(const struct listing *l, uint32_t i, struct hms_str *ret)
{
	const struct hms_code *code = hms_mapcode_code(l->code);
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

static void emit_instruction(const struct listing *l, uint32_t i)
{
	HMS_AUTO_STR struct hms_str addr = HMS_STR_INIT, text = HMS_STR_INIT,
				    meaning = HMS_STR_INIT;
	struct hms_field field;

	hms_str_addf(&addr, "0x%" PRIx64, hms_mapcode_code(l->code)->insns[i].addr);
	add_instruction(l, i, &text);
	if (i == l->at)
		hms_str_add(&meaning, "<- here");
	add_deeds(l, hms_mapcode_deeds(l->code, i), &meaning);
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
	uint32_t n = hms_mapcode_code(l->code)->ninsns, shown = UINT32_MAX;

	for (uint32_t i = 0; i < n; i++) {
		bool near = i + AROUND >= l->at && i <= l->at + AROUND;

		if (!near && !hms_mapcode_deeds(l->code, i))
			continue;
		if (shown != UINT32_MAX && shown + 1 != i)
			l->view->renderer->ops->field(l->view->renderer, &gap);
		emit_instruction(l, i);
		shown = i;
	}
}

static void emit_frame(struct listing *l, const struct hms_operation *op,
		       const struct hms_operation_frame *frame)
{
	const struct hms_session *s = l->view->session;
	const struct hms_map_func *row = hms_map_func_find(frame->function);
	bool in_call = !frame->interrupted && frame->pc != frame->entry;
	HMS_AUTO_STR struct hms_str title = HMS_STR_INIT;
	struct hms_mapcode_point point;
	struct hms_func func;

	if (!row || !hms_pclntab_find(s->pclntab, frame->entry, &func))
		return;
	hms_err_free(hms_mapcode_open(s->rt, s->pclntab, &func, row, &l->code));
	if (l->code && hms_mapcode_at(l->code, frame->pc, in_call, &point)) {
		l->at = point.insn;
		hms_str_addf(&title, "goroutine %" PRIu64 " in %s", op->goroutine->id,
			     frame->function);
		l->view->renderer->ops->section(l->view->renderer, hms_str_text(&title));
		emit_listing(l);
	}
	hms_mapcode_close(l->code);
	l->code = NULL;
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

		if (!hms_map_op_writes(op->op))
			continue;
		if (op->inner.entry != op->outer.entry)
			emit_frame(&l, op, &op->inner);
		emit_frame(&l, op, &op->outer);
	}
	hms_disas_destroy(l.disas);
}
