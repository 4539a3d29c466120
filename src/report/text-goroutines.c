/*
 * Text: goroutines, a block for those that stand at the same place.  The line that leads it says
 * how many and why they wait; of the stack, the runtime's own frames are quiet.
 */
#include <inttypes.h>
#include <string.h>

#include "report/format.h"
#include "report/text.h"
#include "util/compiler.h"

#define IDS_SHOWN    8  /* of a group's goroutines */
#define INNER_SHOWN  16 /* frames of a stack that is not drawn in full */
#define OUTER_SHOWN  8
#define STACK_INDENT 4

static bool is_runtime(const char *function)
{
	return function &&
	       (!strncmp(function, "runtime.", 8) || !strncmp(function, "internal/runtime/", 17) ||
		!strcmp(function, "panic"));
}

/* "3m 2s", or "3m 2s to 5m" where they differ; nothing where nobody knows. */
static void add_ages(struct hms_str *ret, const struct hms_goroutine_group *group)
{
	int64_t low = INT64_MAX, high = -1;

	for (size_t i = 0; i < group->nrows; i++) {
		int64_t age = group->rows[i].wait_at_least_ns;

		if (age < 0)
			continue;
		low = HMS_MIN(low, age);
		high = HMS_MAX(high, age);
	}
	if (high < 0)
		return;
	hms_str_add(ret, "for at least ");
	hms_format_duration(ret, (uint64_t)low);
	if (high - low >= 1000000000) {
		hms_str_add(ret, " to ");
		hms_format_duration(ret, (uint64_t)high);
	}
}

static void add_ids(struct hms_str *ret, const struct hms_goroutine_group *group)
{
	if (group->nrows == 1)
		return;
	for (size_t i = 0; i < HMS_MIN(group->nrows, (size_t)IDS_SHOWN); i++) {
		hms_str_add(ret, i ? ", " : "");
		hms_format_u64(ret, group->rows[i].id);
	}
	if (group->nrows > IDS_SHOWN)
		hms_str_add(ret, ", ...");
}

static void add_thread(struct hms_str *ret, const struct hms_goroutine_group *group)
{
	const struct hms_goroutine_row *row = &group->rows[0];

	if (group->nrows == 1 && row->thread >= 0) {
		hms_str_add(ret, "thread ");
		hms_format_u64(ret, (uint64_t)row->thread);
	}
	if (row->locked) {
		hms_str_add(ret, ret->len ? ", " : "");
		hms_str_add(ret, "locked to its thread");
	}
}

static void draw_title(struct text *text, const struct hms_goroutine_group *group)
{
	void (*const parts[])(struct hms_str * ret, const struct hms_goroutine_group *group) = {
		add_ages, add_thread, add_ids};
	struct hms_flow flow;

	hms_str_clear(&text->cell);
	if (group->nrows == 1) {
		hms_str_add(&text->cell, "goroutine ");
		hms_format_u64(&text->cell, group->rows[0].id);
	} else {
		hms_format_counted(&text->cell, group->nrows, "goroutine");
	}
	hms_flow_begin(&flow, &text->paper, 0, 2);
	hms_flow_part(&flow, 0, HMS_PAINT_TITLE, hms_str_text(&text->cell));
	text_part(text, &flow, HMS_PAINT_PLAIN, "",
		  group->status ? group->status : "status unknown");
	text_part(text, &flow, HMS_PAINT_PLAIN, "", group->wait_reason);
	if (group->system)
		hms_flow_part(&flow, 2, HMS_PAINT_QUIET, "the runtime's own");
	for (size_t i = 0; i < HMS_ARRAY_LEN(parts); i++) {
		hms_str_clear(&text->cell);
		parts[i](&text->cell, group);
		if (text->cell.len)
			hms_flow_text(&flow, 2, i == 0 ? HMS_PAINT_PLAIN : HMS_PAINT_QUIET,
				      hms_str_text(&text->cell));
	}
	hms_flow_end(&flow);
}

/* "inside a map write, died here: map[string]int at 0xc000084960"; a map of each where goroutines
 * of the group are inside different ones. */
static void draw_operation(struct text *text, const struct hms_goroutine_group *group)
{
	const struct hms_operation_row *op = group->rows[0].operation;
	bool same = true;
	struct hms_flow flow;

	if (!op)
		return;
	for (size_t i = 1; i < group->nrows; i++)
		same &= group->rows[i].operation && group->rows[i].operation->map == op->map;
	hms_str_clear(&text->cell);
	hms_str_addf(&text->cell, "inside a map %s", op->kind);
	if (op->end)
		hms_str_addf(&text->cell, ", %s", op->end);
	if (op->type || op->map)
		hms_str_add(&text->cell, ": ");
	if (op->type)
		hms_paper_escape(&text->paper, &text->cell, op->type);
	if (!same) {
		hms_str_add(&text->cell, ", different maps");
	} else if (op->map) {
		hms_str_add(&text->cell, op->type ? " at " : "at ");
		hms_format_addr(&text->cell, op->map);
	}
	if (op->step && group->nrows == 1) {
		hms_str_add(&text->cell, "; ");
		hms_paper_escape(&text->paper, &text->cell, op->step);
	}
	hms_flow_begin(&flow, &text->paper, STACK_INDENT - 2, STACK_INDENT);
	hms_flow_text(&flow, 0, op->end ? HMS_PAINT_BAD : HMS_PAINT_ODD, hms_str_text(&text->cell));
	hms_flow_end(&flow);
}

static void add_place(struct text *text, const char *file, int64_t line)
{
	hms_str_clear(&text->cell);
	if (!file)
		return;
	hms_paper_escape(&text->paper, &text->cell, file);
	if (line >= 0) {
		hms_str_addc(&text->cell, ':');
		hms_format_u64(&text->cell, (uint64_t)line);
	}
}

static void draw_row(struct text *text, const char *function, enum hms_paint paint,
		     const char *file, int64_t line)
{
	hms_str_clear(&text->cell);
	hms_paper_escape(&text->paper, &text->cell, function);
	hms_table_cell(text->table, paint, hms_str_text(&text->cell));
	add_place(text, file, line);
	hms_table_cell(text->table, HMS_PAINT_QUIET, hms_str_text(&text->cell));
}

static void draw_pc(struct text *text, const struct hms_goroutine_group *group,
		    const struct hms_frame_row *frame)
{
	if (!group->full)
		return;
	hms_str_clear(&text->cell);
	if (frame && frame->inlined)
		hms_str_add(&text->cell, "inlined");
	else if (frame)
		hms_format_addr(&text->cell, frame->pc);
	hms_table_cell(text->table, HMS_PAINT_QUIET, hms_str_text(&text->cell));
}

static void draw_frame(struct text *text, const struct hms_goroutine_group *group, size_t i)
{
	const struct hms_frame_row *frame = &group->frames[i];

	draw_row(text, frame->function ? frame->function : "?",
		 is_runtime(frame->function) ? HMS_PAINT_QUIET : HMS_PAINT_PLAIN, frame->file,
		 frame->line);
	draw_pc(text, group, frame);
}

static void draw_gap(struct text *text, const struct hms_goroutine_group *group, uint64_t n)
{
	HMS_AUTO_STR struct hms_str gap = HMS_STR_INIT;

	hms_str_add(&gap, "... ");
	hms_format_counted(&gap, n, "frame");
	hms_str_add(&gap, " ...");
	draw_row(text, hms_str_text(&gap), HMS_PAINT_QUIET, NULL, -1);
	draw_pc(text, group, NULL);
}

static void draw_frames(struct text *text, const struct hms_goroutine_group *group)
{
	size_t n = group->nframes;
	bool all = group->full || n <= INNER_SHOWN + OUTER_SHOWN + 1;

	for (size_t i = 0; i < n; i++) {
		if (!all && i == INNER_SHOWN) {
			draw_gap(text, group, n - INNER_SHOWN - OUTER_SHOWN + group->left_out);
			i = n - OUTER_SHOWN;
		} else if (all && group->left_out && i == group->left_out_at) {
			draw_gap(text, group, group->left_out);
		}
		draw_frame(text, group, i);
	}
}

/* "created by main.main in goroutine 1": the goroutine where all have the same. */
static void draw_created_by(struct text *text, const struct hms_goroutine_group *group)
{
	HMS_AUTO_STR struct hms_str by = HMS_STR_INIT;
	int64_t parent = group->rows[0].parent;

	if (!group->created_by)
		return;
	hms_str_add(&by, "created by ");
	hms_str_add(&by, group->created_by);
	for (size_t i = 0; i < group->nrows; i++) {
		if (group->rows[i].parent != parent)
			parent = -1;
	}
	if (parent >= 0) {
		hms_str_add(&by, " in goroutine ");
		hms_format_u64(&by, (uint64_t)parent);
	}
	draw_row(text, hms_str_text(&by), HMS_PAINT_PLAIN, group->created_file,
		 group->created_line);
	draw_pc(text, group, NULL);
}

/* ---- variables ---------------------------------------------------------------------------- */

static bool is_gone(const struct hms_variable_row *variable)
{
	return strcmp(variable->state, "gone") == 0;
}

static void cell(struct text *text, enum hms_paint paint, const char *s)
{
	hms_str_clear(&text->cell);
	hms_paper_escape(&text->paper, &text->cell, s);
	hms_table_cell(text->table, paint, hms_str_text(&text->cell));
}

/* "parameter, dead, 0xc000012f40": what is usual goes without saying. */
static void variable_facts(const struct hms_variable_row *variable, struct hms_str *ret)
{
	if (strcmp(variable->kind, "local") != 0)
		hms_str_addf(ret, "%s, ", variable->kind);
	if (strcmp(variable->state, "dead") == 0)
		hms_str_add(ret, "dead, ");
	if (variable->addr)
		hms_format_addr(ret, variable->addr);
	else if (!variable->place)
		hms_str_add(ret, "place unknown");
	else if (strcmp(variable->place, "register") == 0)
		hms_str_add(ret, "in registers");
	else if (strcmp(variable->place, "pieces") == 0)
		hms_str_add(ret, "in parts");
	else
		hms_str_add(ret, variable->place);
}

static void draw_variable(struct text *text, const struct hms_variable_row *variable)
{
	enum hms_paint paint =
		strcmp(variable->state, "dead") == 0 ? HMS_PAINT_QUIET : HMS_PAINT_PLAIN;
	HMS_AUTO_STR struct hms_str facts = HMS_STR_INIT;

	variable_facts(variable, &facts);
	cell(text, paint, variable->name ? variable->name : "?");
	cell(text, paint, variable->type ? variable->type : "?");
	cell(text, HMS_PAINT_QUIET, hms_str_text(&facts));
	cell(text, paint, variable->value ? variable->value : "");
}

static void draw_gone(struct text *text, const struct hms_frame_row *frame)
{
	struct hms_flow flow;
	size_t left = 0;

	for (size_t i = 0; i < frame->nvariables; i++)
		left += is_gone(&frame->variables[i]);
	if (!left)
		return;
	hms_flow_begin(&flow, &text->paper, 2 * STACK_INDENT, 2 * STACK_INDENT + 2);
	hms_flow_text(&flow, 0, HMS_PAINT_QUIET, "optimised out:");
	for (size_t i = 0; i < frame->nvariables; i++) {
		const char *name = frame->variables[i].name;

		if (!is_gone(&frame->variables[i]))
			continue;
		hms_str_clear(&text->cell);
		hms_paper_escape(&text->paper, &text->cell, name ? name : "?");
		hms_str_add(&text->cell, --left ? "," : "");
		hms_flow_part(&flow, 1, HMS_PAINT_QUIET, hms_str_text(&text->cell));
	}
	hms_flow_end(&flow);
}

static void draw_variables(struct text *text, const struct hms_frame_row *frame)
{
	static const struct hms_table_column columns[] = {
		{.min_width = 8, .max_lines = 2},
		{.min_width = 12, .max_lines = 3},
		{.min_width = 12, .max_lines = 2},
		{.min_width = 24, .max_lines = 6},
	};

	hms_table_begin(text->table, columns, HMS_ARRAY_LEN(columns), 2 * STACK_INDENT);
	for (size_t i = 0; i < frame->nvariables; i++)
		if (!is_gone(&frame->variables[i]))
			draw_variable(text, &frame->variables[i]);
	hms_table_end(text->table);
	draw_gone(text, frame);
}

/* A frame on a line of its own: what is between them is no table. */
static void draw_frame_line(struct text *text, const struct hms_frame_row *frame)
{
	enum hms_paint paint = is_runtime(frame->function) ? HMS_PAINT_QUIET : HMS_PAINT_PLAIN;
	struct hms_flow flow;

	hms_flow_begin(&flow, &text->paper, STACK_INDENT, STACK_INDENT + 2);
	text_part(text, &flow, paint, "", frame->function ? frame->function : "?");
	add_place(text, frame->file, frame->line);
	hms_flow_part(&flow, 2, HMS_PAINT_QUIET, hms_str_text(&text->cell));
	hms_str_clear(&text->cell);
	if (frame->inlined)
		hms_str_add(&text->cell, "inlined");
	else
		hms_format_addr(&text->cell, frame->pc);
	hms_flow_part(&flow, 2, HMS_PAINT_QUIET, hms_str_text(&text->cell));
	hms_flow_end(&flow);
}

static void draw_with_variables(struct text *text, const struct hms_goroutine_group *group)
{
	for (size_t i = 0; i < group->nframes; i++) {
		if (group->left_out && i == group->left_out_at)
			fprintf(text->paper.out, "    ... %" PRIu64 " frames ...\n",
				group->left_out);
		draw_frame_line(text, &group->frames[i]);
		draw_variables(text, &group->frames[i]);
	}
}

void text_goroutines(struct hms_renderer *r, const struct hms_goroutine_group *group)
{
	static const struct hms_table_column columns[] = {
		{.min_width = 24, .max_lines = 4},
		{.min_width = 24, .max_lines = 4},
		{.header = NULL},
	};
	struct text *text = text_of(r);

	text_start_block(text, BLOCK_DRAWN);
	draw_title(text, group);
	draw_operation(text, group);
	if (group->variables)
		draw_with_variables(text, group);
	hms_table_begin(text->table, columns, group->full ? 3 : 2, STACK_INDENT);
	if (!group->variables)
		draw_frames(text, group);
	draw_created_by(text, group);
	hms_table_end(text->table);
	if (group->end)
		text_remark(text, HMS_PAINT_ODD, group->end);
}
