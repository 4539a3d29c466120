/* hmapscope diff: what changed between two snapshots of one process. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/snapshot.h"
#include "diff/diff.h"
#include "diff/saved.h"
#include "diff/series.h"
#include "report/diff.h"
#include "util/threads.h"

#define DEFAULT_ROWS 20

struct diff_options {
	struct hms_diff_filter filter;
	enum hms_diff_order order;
	bool reverse;
	bool all;
	bool series;
};

enum { KEY_MIN_DELTA = 0x200, KEY_SORT, KEY_TYPE, KEY_OWNER, KEY_ALL, KEY_SERIES };

static const struct argp_option options[] = {
	{"min-delta", KEY_MIN_DELTA, "N[K|M|G]", 0,
	 "Only maps that grew or shrank, or whose stalled growth holds back, at least N bytes", 0},
	{"sort", KEY_SORT, "ORDER", 0,
	 "Order, the most first: delta (default), entries, overflow, bytes; or owner, type, addr; "
	 "with a leading - the other way round",
	 0},
	{"type", KEY_TYPE, "TEXT", 0, "Only maps whose type holds TEXT", 0},
	{"owner", KEY_OWNER, "TEXT", 0, "Only maps whose owner holds TEXT", 0},
	{"all", KEY_ALL, NULL, 0, "Maps in which nothing changed too, and every row", 0},
	{"series", KEY_SERIES, NULL, 0, "The course over more than two snapshots, in their order",
	 0},
	{0},
};

static void parse_order(struct argp_state *state, const char *arg, struct diff_options *o)
{
	o->reverse = arg[0] == '-';
	for (int i = 0; i < HMS_NDIFF_ORDERS; i++) {
		if (strcmp(arg + o->reverse, hms_diff_order_name((enum hms_diff_order)i)) == 0) {
			o->order = (enum hms_diff_order)i;
			return;
		}
	}
	argp_error(state, "--sort does not know '%s'", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct diff_options *o = state->hook;

	switch (key) {
	case KEY_MIN_DELTA: o->filter.min_delta = hms_parse_size(state, "min-delta", arg); return 0;
	case KEY_SORT: parse_order(state, arg, o); return 0;
	case KEY_TYPE: o->filter.type = arg; return 0;
	case KEY_OWNER: o->filter.owner = arg; return 0;
	case KEY_ALL: o->all = true; return 0;
	case KEY_SERIES: o->series = true; return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

/* ---- the snapshots ------------------------------------------------------------------------ */

static struct hms_error *take(const struct hms_input *input, const char *exe, const char *path,
			      struct hms_snapshot **ret)
{
	struct hms_input one = *input;

	if (hms_saved_probe(path))
		return hms_saved_read(path, ret);
	one.session.exe = exe;
	one.session.core = path;
	one.session.digests = true;
	one.check = true;
	if (!one.session.jobs)
		one.session.jobs = hms_threads_available();
	return hms_snapshot_capture(&one, ret);
}

/* ---- the report --------------------------------------------------------------------------- */

struct comparison {
	struct hms_snapshot **snapshots; /* two, or more for --series */
	size_t n;
	const struct hms_snapshot *old, *new; /* the first and the last */
	struct hms_diff diff;
	struct hms_series series;
	struct hms_doc_core *cores;
	struct hms_doc doc;
	const char **limits;
	size_t nlimits, cap_limits;
	struct hms_arena *arena;
};

static void add_limit(struct comparison *cmp, const char *sentence)
{
	HMS_GROW(cmp->limits, cmp->nlimits, cmp->cap_limits);
	cmp->limits[cmp->nlimits++] = sentence;
}

/* What the @i-th snapshot is called. */
static const char *name_of(struct comparison *cmp, size_t i)
{
	if (cmp->n > 2)
		return hms_arena_printf(cmp->arena, "snapshot %zu", i + 1);
	return i ? "new" : "old";
}

static bool says(const struct hms_snapshot *snap, const char *sentence)
{
	for (size_t i = 0; i < snap->nlimits; i++)
		if (strcmp(snap->limits[i], sentence) == 0)
			return true;
	return false;
}

static size_t how_many_say(const struct comparison *cmp, const char *sentence)
{
	size_t n = 0;

	for (size_t i = 0; i < cmp->n; i++)
		n += says(cmp->snapshots[i], sentence);
	return n;
}

/* What all suffer from is said once. */
static void limits_of_snapshot(struct comparison *cmp, size_t i)
{
	const struct hms_snapshot *snap = cmp->snapshots[i];

	for (size_t k = 0; k < snap->nlimits; k++) {
		const char *sentence = snap->limits[k];

		if (how_many_say(cmp, sentence) < cmp->n)
			add_limit(cmp, hms_arena_printf(cmp->arena, "%s: %s", name_of(cmp, i),
							sentence));
		else if (i == 0)
			add_limit(cmp, sentence);
	}
	if (snap->saved && !snap->complete)
		add_limit(cmp, hms_arena_printf(cmp->arena,
						"%s: the saved report says that it is incomplete",
						name_of(cmp, i)));
	if (!hms_snapshot_has_all_maps(snap))
		add_limit(cmp, hms_arena_printf(
				       cmp->arena,
				       "%s: the saved report holds %zu of %" PRId64
				       " maps: what it lacks is taken for added or removed "
				       "('hmapscope list --json' holds all)",
				       name_of(cmp, i), snap->nmaps, HMS_MAX(snap->nmaps_said, 0)));
}

static void check_order(struct comparison *cmp, size_t i)
{
	int64_t before = cmp->snapshots[i - 1]->clock, now = cmp->snapshots[i]->clock;

	if (before >= 0 && now >= 0 && now < before)
		add_limit(cmp, hms_arena_printf(cmp->arena,
						"by the runtime's clock, %s is later than %s: they "
						"may be in the wrong order",
						name_of(cmp, i - 1), name_of(cmp, i)));
}

static void limits_of_comparison(struct comparison *cmp)
{
	const struct hms_diff *diff = &cmp->diff;

	for (size_t i = 1; i < cmp->n; i++)
		check_order(cmp, i);
	if ((cmp->old->saved || cmp->new->saved) && !diff->contents_known &&
	    diff->counts[HMS_CHANGE_SAME])
		add_limit(cmp, "of some maps a saved report lacks the digest: elements written in "
			       "place, with nothing else changed, go unnoticed");
	if (!diff->findings_known)
		add_limit(cmp, "findings are not compared: the snapshots were checked by different "
			       "commands");
}

static struct hms_doc_core core_of(const struct hms_snapshot *snap)
{
	const char *slash = snap->exe ? strrchr(snap->exe, '/') : NULL;

	return (struct hms_doc_core){
		.path = snap->path,
		.exe = snap->exe,
		.build_id = snap->build_id,
		.build_id_match = snap->build_id_match < 0 ? HMS_DONT_KNOW
				  : snap->build_id_match   ? HMS_YES
							   : HMS_NO,
		.arch = snap->arch,
		.pid = snap->pid,
		.signal = snap->signal,
		.go_version = snap->go_version,
		.map_kind = snap->map_kind,
		.threads = snap->threads,
		.goroutines = snap->goroutines,
		.clock_ns = snap->clock,
		.process_key = snap->process_key_known ? snap->process_key : 0,
		.program = slash ? slash + 1 : snap->exe,
		.core_bytes = snap->core_bytes,
		.core_complete = snap->complete,
	};
}

static void count_findings(const struct hms_snapshot *snap, struct hms_doc_summary *sum)
{
	for (size_t i = 0; i < snap->nfindings; i++) {
		const char *severity = snap->findings[i].severity;

		if (severity && strcmp(severity, "error") == 0)
			sum->errors++;
		else if (severity && strcmp(severity, "warning") == 0)
			sum->warnings++;
		else
			sum->infos++;
	}
}

/* The newer snapshot's, and the work done for both. */
static void fill_summary(struct comparison *cmp)
{
	const struct hms_snapshot *old = cmp->old, *new = cmp->new;
	struct hms_doc_summary *sum = &cmp->doc.summary;

	*sum = (struct hms_doc_summary){
		.maps = cmp->diff.all.new_maps,
		.entries = (uint64_t)HMS_MAX(cmp->diff.all.new_count, 0),
		.bytes = (uint64_t)HMS_MAX(cmp->diff.all.new_bytes, 0),
		.stalled = (int64_t)cmp->diff.stalled,
		.slots_walked = (uint64_t)old->slots_walked + (uint64_t) new->slots_walked,
		.keys_hashed = (uint64_t)old->keys_hashed + (uint64_t) new->keys_hashed,
		.bytes_unreadable =
			(uint64_t)old->bytes_unreadable + (uint64_t) new->bytes_unreadable,
		.candidates_dismissed =
			(uint64_t)old->candidates_dismissed + (uint64_t) new->candidates_dismissed,
		.complete = old->complete &&new->complete && cmp->diff.same_maps,
		.heap_bytes = new->heap_bytes,
		.damaged = -1,
	};
	for (size_t i = 0; i < cmp->n; i++)
		sum->complete &=
			cmp->snapshots[i]->complete && hms_snapshot_has_all_maps(cmp->snapshots[i]);
	for (size_t i = 0; i < cmp->diff.nchanges; i++) {
		const struct hms_change *c = &cmp->diff.changes[i];

		sum->growing += c->new &&hms_snap_known(c->new, HMS_SNAP_OLD_ARRAY) &&
				c->new->patterns[HMS_SNAP_OLD_ARRAY] != 0;
	}
	count_findings(new, sum);
}

/* In between there may be more than the first and the last tell. */
static bool any_changed(const struct comparison *cmp)
{
	for (size_t i = 0; i < cmp->series.nrows; i++)
		if (cmp->series.rows[i].changed)
			return true;
	return false;
}

static struct hms_error *emit(struct comparison *cmp, const struct hms_input *input, bool all,
			      int *status_ret)
{
	HMS_AUTO(hms_renderer) struct hms_renderer *r = hms_renderer_for(input);
	struct hms_diff_report report = {
		.diff = &cmp->diff,
		.series = cmp->series.arena ? &cmp->series : NULL,
		.cores = cmp->cores,
		.ncores = cmp->n,
		.old = &cmp->cores[0],
		.new = &cmp->cores[cmp->n - 1],
		.all = all,
		.max_rows = DEFAULT_ROWS,
	};

	r->ops->begin(r, &cmp->doc);
	r->ops->diff(r, &report);
	if (!r->ops->end(r))
		return hms_err_os(errno, "cannot write the report");
	if (!cmp->doc.summary.complete)
		*status_ret = HMS_EXIT_INCOMPLETE;
	else if (cmp->diff.counts[HMS_CHANGE_SAME] != cmp->diff.nchanges || any_changed(cmp))
		*status_ret = HMS_EXIT_FINDINGS;
	else
		*status_ret = HMS_EXIT_CLEAN;
	return NULL;
}

/* ---- the command -------------------------------------------------------------------------- */

/* Of several processes only where --force says so; then the report says it first. */
static struct hms_error *check_process(struct comparison *cmp, const struct hms_input *input)
{
	for (size_t i = 1; i < cmp->n; i++) {
		struct hms_error *err = hms_diff_same_process(cmp->old, cmp->snapshots[i]);

		if (err && !input->session.force)
			return err;
		if (err && !cmp->nlimits)
			add_limit(cmp, "these are not snapshots of one process: addresses and "
				       "seeds mean nothing");
		hms_err_free(err);
	}
	return NULL;
}

static struct hms_error *take_all(struct comparison *cmp, const struct hms_input *input)
{
	bool named = input->nargs > cmp->n;

	for (size_t i = 0; i < cmp->n; i++)
		HMS_TRY(take(input, named ? input->args[0] : NULL, input->args[named + i],
			     &cmp->snapshots[i]));
	cmp->old = cmp->snapshots[0];
	cmp->new = cmp->snapshots[cmp->n - 1];
	return check_process(cmp, input);
}

static struct hms_error *compare(struct comparison *cmp, const struct hms_input *input,
				 const struct diff_options *o, int *status_ret)
{
	HMS_TRY(take_all(cmp, input));
	hms_diff_make(cmp->old, cmp->new, &o->filter, &cmp->diff);
	hms_diff_sort(&cmp->diff, o->order, o->reverse);
	if (o->series)
		hms_series_make((const struct hms_snapshot *const *)cmp->snapshots, cmp->n,
				&o->filter, &cmp->series);
	for (size_t i = 0; i < cmp->n; i++) {
		limits_of_snapshot(cmp, i);
		cmp->cores[i] = core_of(cmp->snapshots[i]);
	}
	limits_of_comparison(cmp);
	cmp->doc = (struct hms_doc){
		.command = input->name,
		.core = cmp->cores[cmp->n - 1],
		.limits = cmp->limits,
		.nlimits = cmp->nlimits,
		.old = &cmp->cores[0],
		.nsnapshots = cmp->n,
	};
	fill_summary(cmp);
	return emit(cmp, input, o->all, status_ret);
}

/* How many of the arguments are snapshots: all but an EXE. */
static struct hms_error *count_snapshots(const struct hms_input *input, bool series, size_t *ret)
{
	size_t n = input->nargs;

	if (n > 2 && !hms_corefile_probe(input->args[0]) && !hms_saved_probe(input->args[0]))
		n--;
	if (n < 2)
		return hms_err(HMS_ERR_USAGE,
			       "cannot compare: OLD and NEW are wanted, two cores or "
			       "saved reports (see --help)");
	if (n > 2 && !series)
		return hms_err(HMS_ERR_USAGE,
			       "cannot compare %zu snapshots: two are compared; --series shows the "
			       "course over more",
			       n);
	*ret = n;
	return NULL;
}

static void close_comparison(struct comparison *cmp)
{
	if (cmp->diff.arena)
		hms_diff_deinit(&cmp->diff);
	if (cmp->series.arena)
		hms_series_deinit(&cmp->series);
	for (size_t i = 0; i < cmp->n; i++)
		hms_snapshot_destroy(cmp->snapshots[i]);
	hms_arena_destroy(cmp->arena);
	free(cmp->snapshots);
	free(cmp->cores);
	free(cmp->limits);
}

static struct hms_error *run(struct hms_input *input, void *arg, int *status_ret)
{
	const struct diff_options *o = arg;
	struct comparison cmp = {0};
	struct hms_error *err;

	HMS_TRY(count_snapshots(input, o->series, &cmp.n));
	cmp.arena = hms_arena_create();
	cmp.snapshots = hms_xcalloc(cmp.n, sizeof(*cmp.snapshots));
	cmp.cores = hms_xcalloc(cmp.n, sizeof(*cmp.cores));
	err = compare(&cmp, input, o, status_ret);
	close_comparison(&cmp);
	return err;
}

const struct hms_cmd hms_cmd_diff = {
	.name = "diff",
	.args = "[EXE] OLD NEW\n--series [EXE] CORE...",
	.summary = "what changed between two snapshots of one process",
	.doc = "Compare two snapshots of one process: which maps grew, came and went, which "
	       "growths "
	       "moved, finished or stand still, and where the memory went. OLD and NEW are cores, "
	       "or reports that 'hmapscope list --json' wrote.",
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct diff_options),
	.no_core = true,
	.run = run,
};
