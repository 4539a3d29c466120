/* What the commands that show maps have in common: open, search, check, begin and end a report. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "ops/step.h"
#include "report/format.h"

#define WORTH_A_NOTE (UINT64_C(64) << 10) /* bytes */

/* ---- the analysis ------------------------------------------------------------------------- */

static void show_progress(void *arg, uint64_t bytes, uint64_t total)
{
	(void)arg;
	if (total)
		fprintf(stderr, "\runpacking the core: %3d %%",
			(int)(100.0 * (double)bytes / (double)total));
	else
		fprintf(stderr, "\runpacking the core: %" PRIu64 " MB", bytes >> 20);
	if (bytes >= total)
		fputs("\r\033[K", stderr);
}

static struct hms_error *open_session(struct hms_view *view)
{
	struct hms_session_options options = view->input->session;

	if (isatty(STDERR_FILENO))
		options.core_options.progress = show_progress;
	return hms_session_open(&options, &view->session);
}

/* Which goroutines are at work on which maps. */
static void find_operations(struct hms_view *view)
{
	const struct hms_session *s = view->session;
	struct hms_operations_sources sources = {s->goros, s->model, s->dwarf, view->found};

	if (!s->goros)
		return;
	view->operations = hms_operations_find(&sources);
	hms_operations_find_steps(view->operations, &sources, view->input->redact);
	view->races = hms_races_find(view->operations);
	view->stacks = (struct hms_check_stacks){view->operations, view->races, view->found};
}

/* Lists only look at headers and what could not be followed; all rules cost a second walk. */
static struct hms_error *check(struct hms_view *view)
{
	struct hms_check_context context = {0};
	struct hms_check_options options = {
		.context = view->operations ? &context : NULL,
		.rules = view->input->rules,
		.pclntab = view->session->pclntab,
		.quick = !view->input->check,
		.jobs = view->session->jobs,
	};

	hms_check_context_init(&context, &view->stacks);
	if (view->operations)
		hms_check_stacks(&view->stacks, view->found, view->input->rules, &view->findings);
	HMS_TRY(hms_check_maps(view->session->model, view->found->maps, view->found->nmaps,
			       &options, &view->findings, &view->work));
	if (view->operations)
		hms_check_name_spinning(&view->stacks, &view->findings);
	for (size_t i = 0; i < view->work.nlimits; i++)
		hms_session_limit(view->session, "%s", view->work.limits[i]);
	return NULL;
}

static struct hms_error *analyse(struct hms_view *view)
{
	HMS_TRY(open_session(view));
	HMS_TRY(hms_session_find_maps(view->session, &view->found));
	find_operations(view);
	return check(view);
}

/* ---- the head of the report --------------------------------------------------------------- */

static const char *signal_name(int signal)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{SIGABRT, "SIGABRT"}, {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},
		{SIGILL, "SIGILL"},   {SIGFPE, "SIGFPE"},   {SIGQUIT, "SIGQUIT"},
		{SIGKILL, "SIGKILL"}, {SIGTERM, "SIGTERM"}, {SIGTRAP, "SIGTRAP"},
		{SIGSYS, "SIGSYS"},   {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},
		{SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGPIPE, "SIGPIPE"},
		{SIGALRM, "SIGALRM"}, {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"},
	};

	for (size_t i = 0; i < HMS_ARRAY_LEN(names); i++)
		if (names[i].number == signal)
			return names[i].name;
	return NULL;
}

static void fill_core(struct hms_view *view)
{
	const struct hms_session *s = view->session;
	const char *slash = strrchr(s->exe->path, '/');

	view->doc.core = (struct hms_doc_core){
		.path = s->core->path,
		.exe = s->exe->path,
		.build_id = s->build_id && s->build_id[0] ? s->build_id : NULL,
		.build_id_match = s->build_id_match < 0 ? HMS_DONT_KNOW
				  : s->build_id_match   ? HMS_YES
							: HMS_NO,
		.arch = s->core->arch == HMS_ARCH_AMD64 ? "amd64" : "arm64",
		.pid = s->core->pid ? (int64_t)s->core->pid : -1,
		.signal = signal_name(s->core->signal),
		.go_version = s->rt->version.text[0] ? s->rt->version.text : NULL,
		.map_kind = s->rt->map_kind == HMS_MAP_CLASSIC ? "classic" : "swiss",
		.threads = (int64_t)s->core->nthreads,
		.goroutines = s->goros ? (int64_t)s->goros->n : -1,
		.clock_ns = s->goros && s->goros->latest > 0 ? s->goros->latest : -1,
		.program = slash ? slash + 1 : s->exe->path,
		.core_bytes = s->core->size,
		.core_complete = s->complete,
	};
	if (!hms_hash_process_key(s->rt, &view->doc.core.process_key))
		view->doc.core.process_key = 0;
}

/* Is a goroutine inside a write of @map? */
static enum hms_operation_state writer_of(const struct hms_view *view, const struct hms_map *map,
					  int64_t *goroutine_ret)
{
	struct hms_check_context context = {0};

	*goroutine_ret = -1;
	if (!view->operations)
		return HMS_OPERATION_UNKNOWN;
	hms_check_context_init(&context, &view->stacks);
	return context.operation(context.arg, map, goroutine_ret);
}

static bool is_growing(const struct hms_view *view, const struct hms_map *map)
{
	return view->session->rt->map_kind == HMS_MAP_CLASSIC && map->readable &&
	       hms_classic_growing(&map->classic);
}

static void add_map(const struct hms_view *view, struct hms_doc_summary *sum,
		    const struct hms_map *map)
{
	struct hms_map_stats stats;
	int64_t goroutine;

	hms_map_stats_of(map, &stats);
	if (is_growing(view, map)) {
		sum->growing++;
		/* Only writes move buckets. */
		sum->stalled +=
			sum->stalled >= 0 && writer_of(view, map, &goroutine) == HMS_OPERATION_NONE;
	}
	sum->maps++;
	/* What has no known type cannot be walked. */
	sum->entries += map->type ? map->live : (uint64_t)HMS_MAX(map->count, INT64_C(0));
	sum->headers_missing |= !map->readable;
	sum->entries_partial |= !map->readable || stats.unreadable;
	sum->bytes += map->bytes.total;
	sum->bytes_partial |= !map->readable || !map->bytes_known;
	sum->damaged += map->damaged;
	sum->slots_walked += stats.slots_walked;
	sum->bytes_unreadable += stats.unreadable;
	for (size_t i = 0; i < HMS_MIN(stats.ntroubles, (uint64_t)HMS_MAX_TROUBLES); i++)
		if (stats.troubles[i].absent)
			sum->complete = false;
}

/* Without debug information, maps whose type nothing told: what they hold was not looked at. */
static void tell_untyped(struct hms_view *view)
{
	uint64_t n = 0;

	for (size_t i = 0; !view->session->dwarf && i < view->found->nmaps; i++)
		n += !view->found->maps[i].type && view->found->maps[i].count > 0;
	if (!n)
		return;
	view->doc.summary.complete = false;
	hms_session_limit(view->session,
			  "%" PRIu64 " map%s with entries %s of unknown type: nothing in %s was "
			  "looked at",
			  n, n == 1 ? "" : "s", n == 1 ? "is" : "are", n == 1 ? "it" : "them");
}

static void fill_summary(struct hms_view *view)
{
	struct hms_doc_summary *sum = &view->doc.summary;
	uint64_t heap;

	*sum = (struct hms_doc_summary){
		.stalled = view->operations ? 0 : -1,
		.errors = view->findings.errors,
		.warnings = view->findings.warnings,
		.infos = view->findings.infos,
		.keys_hashed = view->work.keys_hashed,
		.candidates_dismissed = view->found->dismissed,
		.complete = view->session->complete && view->found->complete && view->work.complete,
		.heap_bytes =
			hms_heap_allocated_bytes(view->session->heap, &heap) ? (int64_t)heap : -1,
	};
	for (size_t i = 0; i < view->found->nmaps; i++)
		add_map(view, sum, &view->found->maps[i]);
	if (sum->bytes_unreadable)
		hms_session_limit(view->session,
				  "%" PRIu64 " bytes of map memory are not in the core: what they "
				  "held is unknown",
				  sum->bytes_unreadable);
	tell_untyped(view);
	if (!view->found->complete)
		hms_session_limit(view->session, "the search for maps met a bound and stopped");
}

struct hms_renderer *hms_renderer_for(const struct hms_input *input)
{
	struct hms_render_options options = {
		.out = stdout, .color = input->color, .width = input->width};

	switch (input->format) {
	case HMS_FORMAT_TEXT: return hms_text_renderer_create(&options);
	case HMS_FORMAT_JSON: return hms_json_renderer_create(&options);
	case HMS_FORMAT_HTML: return hms_html_renderer_create(&options);
	}
	return NULL;
}

struct hms_error *hms_view_open(const struct hms_input *input, struct hms_view *ret)
{
	struct hms_error *err;

	*ret = (struct hms_view){.input = input};
	hms_findings_init(&ret->findings);
	err = analyse(ret);
	if (err) {
		hms_view_close(ret);
		return err;
	}
	fill_core(ret);
	fill_summary(ret);
	ret->renderer = hms_renderer_for(input);
	return NULL;
}

struct hms_error *hms_view_open_goroutines(const struct hms_input *input, struct hms_view *ret)
{
	struct hms_error *err;

	*ret = (struct hms_view){.input = input};
	hms_findings_init(&ret->findings);
	err = open_session(ret);
	/* The last thing the session found wanting says why. */
	if (!err && !ret->session->goros)
		err = hms_err(HMS_ERR_UNSUPPORTED, "%s",
			      ret->session->limits[ret->session->nlimits - 1]);
	if (err) {
		hms_view_close(ret);
		return err;
	}
	find_operations(ret);
	fill_core(ret);
	ret->doc.summary = (struct hms_doc_summary){
		.maps_unknown = true,
		.stalled = -1,
		.damaged = -1,
		.complete = ret->session->complete,
		.heap_bytes = -1,
	};
	ret->renderer = hms_renderer_for(input);
	return NULL;
}

void hms_view_close(struct hms_view *view)
{
	hms_renderer_destroy(view->renderer);
	hms_check_work_deinit(&view->work);
	hms_findings_deinit(&view->findings);
	hms_races_free(view->races);
	hms_operations_free(view->operations);
	hms_found_free(view->found);
	hms_session_close(view->session);
	hms_str_deinit(&view->owner);
	hms_str_deinit(&view->note);
}

void hms_view_begin(struct hms_view *view)
{
	view->doc.command = view->input->name;
	view->doc.limits = (const char *const *)view->session->limits;
	view->doc.nlimits = view->session->nlimits;
	view->renderer->ops->begin(view->renderer, &view->doc);
}

/* ---- maps --------------------------------------------------------------------------------- */

const char *hms_view_owner(struct hms_view *view, const struct hms_map *map)
{
	hms_str_clear(&view->owner);
	if (map->owner)
		hms_path_text(view->session->rt, map->owner,
			      view->input->redact ? HMS_PATH_HIDE_KEYS : 0, &view->owner);
	return hms_str_text(&view->owner);
}

/* The share of slots below which a map is called too large for what it holds. */
#define FEW_ENTRIES 16

const char *hms_view_growth(struct hms_view *view, const struct hms_map *map,
			    const struct hms_map_stats *stats, struct hms_str *ret)
{
	int64_t goroutine;
	enum hms_operation_state state = writer_of(view, map, &goroutine);

	hms_format_count(ret, stats->evacuated);
	hms_str_add(ret, " of ");
	hms_format_counted(ret, hms_classic_old_nbuckets(&map->classic), "old bucket");
	hms_str_add(ret, " moved; ");
	hms_format_count(ret, stats->live_old);
	hms_str_add(ret, stats->live_old == 1 ? " entry and " : " entries and ");
	hms_format_bytes_long(ret, map->bytes.old_buckets);
	hms_str_add(ret, " still in old buckets");
	if (goroutine >= 0)
		hms_str_addf(ret, "; goroutine %" PRId64 " is inside a write", goroutine);
	return state == HMS_OPERATION_NONE      ? "growth waiting for writes"
	       : state == HMS_OPERATION_UNKNOWN ? "growth"
						: "growth in progress";
}

static void note_growth(struct hms_view *view, const struct hms_map *map)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	const char *title = hms_view_growth(view, map, &view->stats, &text);

	hms_str_addf(&view->note, "%s: %s", title, hms_str_text(&text));
}

static void note_room(struct hms_str *note, uint64_t room)
{
	hms_str_add(note, "room for ");
	hms_format_count(note, room);
	hms_str_add(note, " entries; maps never shrink");
}

/* Why a map takes the memory it takes, where that is not just its entries. */
static const char *why_large(struct hms_view *view, const struct hms_map *map)
{
	const struct hms_map_stats *stats = &view->stats;
	bool swiss = map->type && map->type->kind == HMS_MAP_SWISS;
	uint64_t slots = swiss ? stats->capacity : hms_classic_nbuckets(&map->classic) * HMS_SLOTS;

	if (map->bytes.total < WORTH_A_NOTE)
		return NULL;
	if (!swiss && hms_classic_growing(&map->classic))
		note_growth(view, map);
	else if (map->live < slots / FEW_ENTRIES)
		note_room(&view->note, swiss ? slots / 8 * 7 : slots / 16 * 13);
	else if (stats->tombstones > slots / 4)
		hms_str_addf(&view->note, "%" PRIu64 " of %" PRIu64 " slots are tombstones",
			     stats->tombstones, slots);
	else if (!swiss && map->bytes.overflow > map->bytes.total / 2)
		hms_str_addf(&view->note, "mostly overflow buckets, the longest chain has %" PRIu64,
			     stats->chain_max);
	return view->note.len ? hms_str_text(&view->note) : NULL;
}

static const char *note_of(struct hms_view *view, const struct hms_map *map)
{
	const struct hms_race *race = view->races ? hms_race_on(view->races, map->addr) : NULL;

	hms_str_clear(&view->note);
	if (race)
		return race->text;
	for (size_t i = 0; map->damaged && i < view->findings.n; i++) {
		const struct hms_finding *finding = &view->findings.items[i];

		if (finding->of != map || finding->severity != HMS_ERROR)
			continue;
		hms_str_addf(&view->note, "damaged: %s", finding->message);
		return hms_str_text(&view->note);
	}
	if (!map->readable)
		return "the header is not in the core";
	if (view->stats.unreadable)
		return "part of it is not in the core";
	return why_large(view, map);
}

struct hms_map_row hms_view_row(struct hms_view *view, const struct hms_map *map)
{
	hms_map_stats_of(map, &view->stats);
	return (struct hms_map_row){
		.map = map,
		.stats = &view->stats,
		.kind = view->session->rt->map_kind,
		.owner = map->owner ? hms_view_owner(view, map) : NULL,
		.note = note_of(view, map),
	};
}

struct sort_item {
	const struct hms_map *map;
	char *owner; /* NULL: none known */
};

struct sort_order {
	const struct hms_column *column;
	enum hms_map_kind kind;
	bool reverse;
};

static int compare_items(const void *a, const void *b, void *arg)
{
	const struct sort_item *x = a, *y = b;
	const struct sort_order *order = arg;
	struct hms_map_stats sx, sy;
	struct hms_map_row rx = {
		.map = x->map, .stats = &sx, .kind = order->kind, .owner = x->owner};
	struct hms_map_row ry = {
		.map = y->map, .stats = &sy, .kind = order->kind, .owner = y->owner};
	int c;

	hms_map_stats_of(x->map, &sx);
	hms_map_stats_of(y->map, &sy);
	c = hms_column_compare(order->column, &rx, &ry);
	/* Texts in their own order, numbers largest first. */
	if (c)
		return order->reverse == order->column->right ? c : -c;
	return x->map->addr < y->map->addr ? -1 : 1;
}

static void sort_by_column(struct hms_view *view, const struct sort_order *order,
			   const struct hms_map **maps, size_t n)
{
	HMS_AUTO_FREE struct sort_item *items = hms_xcalloc(n, sizeof(*items));

	for (size_t i = 0; i < n; i++)
		items[i] = (struct sort_item){
			maps[i],
			maps[i]->owner ? hms_xstrdup(hms_view_owner(view, maps[i])) : NULL};
	qsort_r(items, n, sizeof(*items), compare_items, (void *)order);
	for (size_t i = 0; i < n; i++) {
		maps[i] = items[i].map;
		free(items[i].owner);
	}
}

struct sized {
	uint64_t bytes;
	const struct hms_map *map;
};

/* The maps stand by address already. */
static int compare_sizes(const void *a, const void *b)
{
	const struct sized *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x->map < y->map ? -1 : x->map > y->map;
}

static void sort_by_bytes(const struct hms_map **maps, size_t n)
{
	HMS_AUTO_FREE struct sized *items = hms_xcalloc(n, sizeof(*items));

	for (size_t i = 0; i < n; i++)
		items[i] = (struct sized){maps[i]->bytes.total, maps[i]};
	qsort(items, n, sizeof(*items), compare_sizes);
	for (size_t i = 0; i < n; i++)
		maps[i] = items[i].map;
}

void hms_view_sorted(struct hms_view *view, const struct hms_column *column, bool reverse,
		     const struct hms_map ***ret)
{
	size_t n = view->found->nmaps;
	const struct hms_map **maps = hms_xcalloc(n, sizeof(*maps));
	struct sort_order order = {column, view->session->rt->map_kind, reverse};

	for (size_t i = 0; i < n; i++)
		maps[i] = &view->found->maps[i];
	if (column)
		sort_by_column(view, &order, maps, n);
	else
		sort_by_bytes(maps, n);
	*ret = maps;
}

/* ---- findings and the end ----------------------------------------------------------------- */

void hms_view_findings(struct hms_view *view, const struct hms_map *map)
{
	const struct hms_renderer_ops *ops = view->renderer->ops;

	for (size_t i = 0; i < view->findings.n; i++) {
		struct hms_finding finding = view->findings.items[i];

		if (map && finding.of != map)
			continue;
		if (finding.of && finding.of->owner)
			finding.map_owner = hms_view_owner(view, finding.of);
		ops->finding(view->renderer, &finding);
	}
}

struct hms_error *hms_view_end(struct hms_view *view, bool findings_matter, int *status_ret)
{
	const struct hms_doc_summary *sum = &view->doc.summary;

	if (!view->renderer->ops->end(view->renderer))
		return hms_err_os(errno, "cannot write the report");
	if (!sum->complete)
		*status_ret = HMS_EXIT_INCOMPLETE;
	else if (findings_matter && sum->errors + sum->warnings)
		*status_ret = HMS_EXIT_FINDINGS;
	else
		*status_ret = HMS_EXIT_CLEAN;
	return NULL;
}
