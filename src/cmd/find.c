/* hmapscope find: what an address is. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/address.h"
#include "cmd/cmd.h"

/* Hexadecimal, with 0x or without, as cores, tracebacks and debuggers print addresses. */
static struct hms_error *parse_address(const char *arg, uint64_t *ret)
{
	const char *digits =
		strncmp(arg, "0x", 2) == 0 || strncmp(arg, "0X", 2) == 0 ? arg + 2 : arg;

	if (!*digits || strspn(digits, "0123456789abcdefABCDEF") != strlen(digits) ||
	    strlen(digits) > 16)
		return hms_err(HMS_ERR_USAGE,
			       "cannot read '%s' as an address: it takes hexadecimal digits, as "
			       "0xc000088090",
			       arg);
	*ret = strtoull(digits, NULL, 16);
	return NULL;
}

struct finding {
	struct hms_view *view;
	struct hms_whereabouts *whereabouts;
	struct hms_where *wheres;
	size_t n;
};

static struct hms_error *look(struct finding *f)
{
	const struct hms_session *s = f->view->session;
	struct hms_where_sources sources = {
		.core = s->core,
		.model = s->model,
		.found = f->view->found,
		.pclntab = s->pclntab,
		.goros = s->goros,
		.dwarf = s->dwarf,
	};
	const struct hms_input *input = f->view->input;

	f->whereabouts = hms_whereabouts_create(&sources);
	for (; f->n < input->nmaps; f->n++) {
		uint64_t addr;

		HMS_TRY(parse_address(input->maps[f->n], &addr));
		HMS_TRY(hms_where_find(f->whereabouts, addr, &f->wheres[f->n]));
	}
	return NULL;
}

/* Which addresses nobody can tell more of. */
static void note_unknown(struct finding *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->wheres[i].object.state != HMS_HEAP_UNKNOWN)
			continue;
		hms_session_limit(f->view->session,
				  "the core lacks what the heap knows of 0x%" PRIx64,
				  f->wheres[i].addr);
		f->view->doc.summary.complete = false;
	}
}

/* People asked another question than how many maps there are. */
static void drop_sums(struct hms_view *view)
{
	if (view->input->format == HMS_FORMAT_JSON)
		return;
	view->doc.summary = (struct hms_doc_summary){
		.maps_unknown = true,
		.stalled = -1,
		.damaged = -1,
		.complete = view->doc.summary.complete,
		.heap_bytes = -1,
	};
}

static struct hms_error *emit(struct finding *f, int *status_ret)
{
	struct hms_addresses addresses;

	note_unknown(f);
	drop_sums(f->view);
	hms_view_begin(f->view);
	hms_addresses_init(&addresses, f->view);
	for (size_t i = 0; i < f->n; i++) {
		struct hms_address_row row;

		hms_address_row(&addresses, &f->wheres[i], &row);
		f->view->renderer->ops->address(f->view->renderer, &row);
	}
	hms_addresses_deinit(&addresses);
	return hms_view_end(f->view, false, status_ret);
}

/* Before minutes go by. */
static struct hms_error *check_addresses(const struct hms_input *input)
{
	uint64_t addr;

	if (!input->nmaps)
		return hms_err(HMS_ERR_USAGE, "cannot find: no ADDR is given");
	for (size_t i = 0; i < input->nmaps; i++)
		HMS_TRY(parse_address(input->maps[i], &addr));
	return NULL;
}

static struct hms_error *run(struct hms_input *input, void *options, int *status_ret)
{
	struct hms_view view;
	struct finding f = {.view = &view};
	struct hms_error *err;

	(void)options;
	HMS_TRY(check_addresses(input));
	HMS_TRY(hms_view_open(input, &view));
	f.wheres = hms_xcalloc(input->nmaps, sizeof(*f.wheres));
	err = look(&f);
	if (!err)
		err = emit(&f, status_ret);
	for (size_t i = 0; i < f.n; i++)
		hms_where_deinit(&f.wheres[i]);
	free(f.wheres);
	hms_whereabouts_destroy(f.whereabouts);
	hms_view_close(&view);
	return err;
}

const struct hms_cmd hms_cmd_find = {
	.name = "find",
	.args = "[EXE] CORE ADDR...",
	.summary = "what an address is: map, slot, key, variable, stack, heap object, function",
	.doc = "Say what each ADDR is: which part of which map, with the entry there; a variable, "
	       "a goroutine's stack, a heap object, a function. ADDR is hexadecimal.",
	.run = run,
};
