/* hmapscope writers: every place in the program's code that writes a map. */
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "disas/sites.h"
#include "goro/unwind.h"
#include "report/format.h"

struct writers_options {
	const char *type;
	const char *function;
	bool all;
};

enum { KEY_TYPE = 0x200, KEY_FUNCTION, KEY_ALL };

static const struct argp_option options[] = {
	{"type", KEY_TYPE, "TEXT", 0, "Only writes of maps whose type holds TEXT", 0},
	{"function", KEY_FUNCTION, "TEXT", 0, "Only places in functions whose name holds TEXT", 0},
	{"all", KEY_ALL, NULL, 0,
	 "The standard library's too, and with MAP also those whose map type the code does not "
	 "tell",
	 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct writers_options *o = state->hook;

	switch (key) {
	case KEY_TYPE: o->type = arg; return 0;
	case KEY_FUNCTION: o->function = arg; return 0;
	case KEY_ALL: o->all = true; return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

/* ---- who is running ------------------------------------------------------------------------ */

/* A goroutine inside the call of a site. */
struct runner {
	const struct hms_site *site;
	uint64_t goroutine;
};

struct writers {
	struct hms_view *view;
	const struct writers_options *options;
	struct hms_sites *sites;
	struct runner *runners; /* by site, then goroutine */
	size_t nrunners, cap_runners;
	const struct hms_type *const *types; /* of the MAPs */
	size_t ntypes;
	/* How many are left out, and why. */
	size_t std, untyped;
};

static int compare_runners(const void *a, const void *b)
{
	const struct runner *x = a, *y = b;

	if (x->site != y->site)
		return x->site < y->site ? -1 : 1;
	return x->goroutine < y->goroutine ? -1 : x->goroutine > y->goroutine;
}

static void note_runners(struct writers *w, const struct hms_goroutine *g,
			 const struct hms_stack *stack)
{
	for (size_t i = 0; i < stack->n; i++) {
		const struct hms_site *site =
			hms_sites_returning_to(w->sites, stack->frames[i].place->pc);

		if (!site)
			continue;
		HMS_GROW(w->runners, w->nrunners, w->cap_runners);
		w->runners[w->nrunners++] = (struct runner){site, g->id};
	}
}

static void find_runners(struct writers *w)
{
	const struct hms_goros *goros = w->view->session->goros;
	HMS_AUTO(hms_unwinder) struct hms_unwinder *unwinder = NULL;
	struct hms_stack stack = {0};

	if (!goros)
		return;
	unwinder = hms_unwinder_create(goros);
	for (size_t i = 0; i < goros->n; i++) {
		hms_unwind(unwinder, &goros->list[i], &stack);
		note_runners(w, &goros->list[i], &stack);
	}
	hms_stack_deinit(&stack);
	if (w->nrunners)
		qsort(w->runners, w->nrunners, sizeof(*w->runners), compare_runners);
}

static size_t runners_of(const struct writers *w, const struct hms_site *site, size_t *first_ret)
{
	size_t lo = 0, hi = w->nrunners, n = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (w->runners[mid].site < site)
			lo = mid + 1;
		else
			hi = mid;
	}
	*first_ret = lo;
	while (lo + n < w->nrunners && w->runners[lo + n].site == site)
		n++;
	return n;
}

/* ---- which ones ---------------------------------------------------------------------------- */

static void type_name(const struct hms_view *view, const struct hms_site *site, struct hms_str *ret)
{
	hms_str_clear(ret);
	if (site->type)
		hms_rt_type_name(view->session->rt, site->type, ret);
}

static bool has_type(const struct writers *w, const struct hms_site *site)
{
	HMS_AUTO_STR struct hms_str name = HMS_STR_INIT;
	const char *wanted = w->options->type;

	if (!wanted)
		return true;
	if (!site->type)
		return false;
	type_name(w->view, site, &name);
	if (strstr(hms_str_text(&name), wanted))
		return true;
	hms_str_clear(&name);
	hms_rt_type_path(w->view->session->rt, site->type, &name);
	return strstr(hms_str_text(&name), wanted);
}

static bool has_function(const struct writers *w, const struct hms_site *site)
{
	const char *wanted = w->options->function;

	return !wanted || (site->function && strstr(site->function, wanted)) ||
	       (site->inlined_into && strstr(site->inlined_into, wanted));
}

static bool of_maps(const struct writers *w, const struct hms_site *site)
{
	if (!w->ntypes)
		return true;
	for (size_t i = 0; i < w->ntypes; i++)
		if (site->type && site->type == w->types[i])
			return true;
	return false;
}

static bool wanted(struct writers *w, const struct hms_site *site)
{
	bool all = w->options->all || w->view->input->format == HMS_FORMAT_JSON;
	size_t first;

	if (!has_type(w, site) || !has_function(w, site))
		return false;
	if (!of_maps(w, site)) {
		if (site->type)
			return false;
		w->untyped += !w->options->all;
		return w->options->all;
	}
	if (all || !site->std || w->ntypes || runners_of(w, site, &first))
		return true;
	w->std++;
	return false;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static const char *printed(const char *name, struct hms_str *ret)
{
	hms_str_clear(ret);
	if (!name)
		return NULL;
	hms_func_print_name(name, ret);
	return hms_str_text(ret);
}

/* Copies of one statement: sites[first] and following of the sorted list. */
struct statement {
	const struct hms_site *const *sites; /* by address */
	size_t n;
	bool running;
};

/* Goroutines in any of them.  *ret is malloc'ed. */
static size_t runners_in(const struct writers *w, const struct statement *st, uint64_t **ret)
{
	size_t n = 0, first;

	*ret = NULL;
	for (size_t i = 0; i < st->n; i++) {
		size_t k = runners_of(w, st->sites[i], &first);

		*ret = hms_xrealloc(*ret, n + k + 1, sizeof(**ret));
		for (size_t j = 0; j < k; j++)
			(*ret)[n++] = w->runners[first + j].goroutine;
	}
	return n;
}

static size_t functions_in(const struct statement *st)
{
	size_t n = 0;

	for (size_t i = 0; i < st->n; i++)
		n += i == 0 || st->sites[i]->func.entry != st->sites[i - 1]->func.entry;
	return n;
}

static void emit_statement(struct writers *w, const struct statement *st)
{
	HMS_AUTO_STR struct hms_str function = HMS_STR_INIT, into = HMS_STR_INIT;
	HMS_AUTO_STR struct hms_str callee = HMS_STR_INIT, type = HMS_STR_INIT;
	HMS_AUTO_FREE uint64_t *ids = NULL;
	const struct hms_site *site = st->sites[0];
	struct hms_site_row row = {
		.function = printed(site->function, &function),
		.inlined_into = printed(site->inlined_into, &into),
		.file = site->file,
		.line = site->file ? site->line : -1,
		.pc = site->pc,
		.callee = printed(site->callee, &callee),
		.kind = hms_map_op_name(site->op),
		.lock = hms_lock_seen_name(site->lock),
		.lock_evidence = site->evidence,
		.copies = st->n,
		.ninto = functions_in(st),
	};

	type_name(w->view, site, &type);
	row.map_type = type.len ? hms_str_text(&type) : NULL;
	row.ngoroutines = runners_in(w, st, &ids);
	row.goroutines = ids;
	w->view->renderer->ops->site(w->view->renderer, &row);
}

static void add_part(struct hms_str *ret, size_t n, const char *what)
{
	if (n)
		hms_str_addf(ret, "%s%zu %s", ret->len ? ", " : "", n, what);
}

/* "WRITERS 12 places write maps: 3 under a lock, 9 without one seen". */
static void emit_title(struct writers *w, const struct statement *statements, size_t n)
{
	HMS_AUTO_STR struct hms_str title = HMS_STR_INIT, parts = HMS_STR_INIT;
	struct hms_renderer *r = w->view->renderer;
	size_t counts[3] = {0};

	for (size_t i = 0; i < n; i++)
		counts[statements[i].sites[0]->lock]++;
	add_part(&parts, counts[HMS_LOCK_HELD], "with a lock held");
	add_part(&parts, counts[HMS_LOCK_NOT_SEEN], "with none seen");
	add_part(&parts, counts[HMS_LOCK_UNKNOWN], "unknown");
	hms_str_addf(&title, "WRITERS  %zu place%s in the code write%s %s", n, n == 1 ? "" : "s",
		     n == 1 ? "s" : "",
		     w->ntypes == 1  ? "maps of this type"
		     : w->ntypes > 1 ? "maps of these types"
				     : "maps");
	if (parts.len)
		hms_str_addf(&title, ": %s", hms_str_text(&parts));
	r->ops->section(r, hms_str_text(&title));
	hms_str_clear(&title);
	if (w->std)
		hms_str_addf(&title, "%zu in the standard library are not shown (--all).", w->std);
	if (w->untyped)
		hms_str_addf(&title,
			     "%s%zu more may: generic code and reflection, whose map type is not "
			     "in the code (--all).",
			     title.len ? " " : "", w->untyped);
	if (title.len)
		r->ops->line(r, hms_str_text(&title));
	if (n)
		r->ops->line(r, "Locks are a hint: those that a function takes are seen, "
				"and those that the places which call it hold.");
}

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* 0 where a reader sees no difference but the place in the code. */
static int compare_statements(const struct hms_site *a, const struct hms_site *b)
{
	int order = compare_text(a->function, b->function);

	if (!order)
		order = compare_text(a->file, b->file);
	if (!order)
		order = (a->line > b->line) - (a->line < b->line);
	if (!order)
		order = (a->rtype > b->rtype) - (a->rtype < b->rtype);
	if (!order)
		order = (int)a->op - (int)b->op;
	if (!order)
		order = (int)a->lock - (int)b->lock;
	return order ? order : compare_text(a->evidence, b->evidence);
}

static int compare_sites(const void *x, const void *y)
{
	const struct hms_site *a = *(const struct hms_site *const *)x;
	const struct hms_site *b = *(const struct hms_site *const *)y;
	int order = compare_statements(a, b);

	return order ? order : (a->pc > b->pc) - (a->pc < b->pc);
}

/* Those that were running come first; the others by address, which keeps packages together. */
static int compare_order(const void *x, const void *y)
{
	const struct statement *a = x, *b = y;

	if (a->running != b->running)
		return a->running ? -1 : 1;
	return (a->sites[0]->pc > b->sites[0]->pc) - (a->sites[0]->pc < b->sites[0]->pc);
}

/* Cut the list into statements; JSON has each site by itself. */
static size_t cut(const struct writers *w, const struct hms_site **list, size_t n,
		  struct statement *ret)
{
	bool fold = w->view->input->format != HMS_FORMAT_JSON;
	size_t count = 0, first;

	if (fold && n)
		qsort(list, n, sizeof(*list), compare_sites);
	for (size_t i = 0; i < n; i++) {
		bool running = runners_of(w, list[i], &first);

		if (fold && i && !compare_statements(list[i - 1], list[i])) {
			ret[count - 1].n++;
			ret[count - 1].running |= running;
			continue;
		}
		ret[count++] = (struct statement){&list[i], 1, running};
	}
	if (count)
		qsort(ret, count, sizeof(*ret), compare_order);
	return count;
}

static void emit_sites(struct writers *w)
{
	HMS_AUTO_FREE const struct hms_site **list = hms_xcalloc(w->sites->n + 1, sizeof(*list));
	HMS_AUTO_FREE struct statement *statements = NULL;
	size_t n = 0;

	for (size_t i = 0; i < w->sites->n; i++)
		if (wanted(w, &w->sites->list[i]))
			list[n++] = &w->sites->list[i];
	statements = hms_xcalloc(n + 1, sizeof(*statements));
	n = cut(w, list, n, statements);
	emit_title(w, statements, n);
	for (size_t i = 0; i < n; i++)
		emit_statement(w, &statements[i]);
}

/* ---- the command --------------------------------------------------------------------------- */

static struct hms_error *find(struct writers *w)
{
	HMS_AUTO(hms_lock_helpers) struct hms_lock_helpers *helpers = NULL;
	struct hms_session *s = w->view->session;

	if (!s->pclntab)
		return hms_err(HMS_ERR_UNSUPPORTED,
			       "cannot find the writers: the function tables cannot be read");
	HMS_TRY(hms_lock_helpers_find(s->rt, s->pclntab, s->jobs, &helpers));
	HMS_TRY(hms_sites_find(s->rt, s->pclntab, helpers, s->jobs, &w->sites));
	if (w->sites->unreadable) {
		hms_session_limit(s, "the code of %zu functions could not be read",
				  w->sites->unreadable);
		w->view->doc.summary.complete = false;
	}
	find_runners(w);
	return NULL;
}

static struct hms_error *find_types(struct writers *w, const struct hms_type **types)
{
	const struct hms_input *input = w->view->input;

	for (size_t i = 0; i < input->nmaps; i++) {
		const struct hms_map *map;

		HMS_TRY(hms_view_find(w->view, input->maps[i], &map));
		if (!map->type)
			return hms_err(HMS_ERR_UNSUPPORTED,
				       "cannot tell who writes '%s': its type is not known",
				       input->maps[i]);
		types[i] = map->type->type;
	}
	w->types = types;
	w->ntypes = input->nmaps;
	return NULL;
}

static struct hms_error *show(struct writers *w, int *status_ret)
{
	HMS_AUTO_FREE const struct hms_type **types =
		hms_xcalloc(w->view->input->nmaps + 1, sizeof(*types));

	HMS_TRY(find_types(w, types));
	HMS_TRY(find(w));
	w->view->doc.sites = true;
	/* Maps were looked for to know their types: nothing else is told of them. */
	w->view->doc.summary = (struct hms_doc_summary){
		.maps_unknown = true,
		.stalled = -1,
		.damaged = -1,
		.complete = w->view->doc.summary.complete,
		.heap_bytes = -1,
	};
	hms_view_begin(w->view);
	emit_sites(w);
	return hms_view_end(w->view, false, status_ret);
}

static struct hms_error *run(struct hms_input *input, void *arg, int *status_ret)
{
	struct hms_view view;
	struct writers w = {.view = &view, .options = arg};
	struct hms_error *err;

	if (input->nmaps)
		HMS_TRY(hms_view_open(input, &view));
	else
		HMS_TRY(hms_view_open_goroutines(input, &view));
	err = show(&w, status_ret);
	hms_sites_free(w.sites);
	free(w.runners);
	hms_view_close(&view);
	return err;
}

const struct hms_cmd hms_cmd_writers = {
	.name = "writers",
	.args = "[EXE] CORE [MAP...]",
	.summary = "every place in the code that writes a map, and what locking is seen there",
	.doc = "Show every place in the program's code that writes a map: function, line, map "
	       "type, and whether a lock is seen held there. With MAP only those that write maps "
	       "of its type. Places that a goroutine was in come first.",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct writers_options),
	.run = run,
};
