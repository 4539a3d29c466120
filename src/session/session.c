#include "session/session.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bare/bare.h"
#include "core/debugfile.h"
#include "core/exefind.h"
#include "disas/uses.h"
#include "util/arena.h"

_Static_assert(HMS_FIND_LOADS == HMS_USE_LOADS, "the same loads");

void hms_session_limit(struct hms_session *s, const char *format, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	HMS_GROW(s->limits, s->nlimits, s->cap_limits);
	s->limits[s->nlimits++] = text;
}

void hms_session_close(struct hms_session *s)
{
	if (!s)
		return;
	hms_goros_close(s->goros);
	hms_pclntab_close(s->pclntab);
	hms_map_model_close(s->model);
	hms_heap_close(s->heap);
	hms_rt_close(s->rt);
	hms_graph_destroy(s->graph);
	hms_dwarf_close(s->dwarf);
	hms_mem_close(s->mem);
	hms_elffile_close(s->exe);
	hms_corefile_close(s->core);
	for (size_t i = 0; i < s->nlimits; i++)
		free(s->limits[i]);
	free(s->limits);
	free(s->build_id);
	free(s);
}

/* ---- CORE and EXE ------------------------------------------------------------------------- */

static void note_missing_bytes(struct hms_session *s)
{
	s->complete = !s->core->bytes_cut && !s->core->notes_damaged && !s->core->compressed_cut;
	if (s->core->compressed_cut)
		hms_session_limit(s, "the compressed core is cut short: what follows its end is "
				     "missing");
	if (s->core->bytes_cut)
		hms_session_limit(s,
				  "the core is cut short: %" PRIu64 " of %" PRIu64
				  " bytes of memory are missing",
				  s->core->bytes_cut, s->core->bytes_saved);
	if (s->core->notes_damaged)
		hms_session_limit(s, "the core's notes are damaged: threads or mappings may be "
				     "missing");
}

static struct hms_error *open_exe(struct hms_session *s, const struct hms_session_options *o)
{
	if (o->exe)
		return hms_elffile_open(o->exe, &s->exe);
	return hms_exe_find(s->core, o->sysroot, &s->exe);
}

static struct hms_error *fit_exe(struct hms_session *s, const struct hms_session_options *o)
{
	struct hms_exe_fit fit;

	if (s->exe->arch != s->core->arch)
		return hms_err(HMS_ERR_MISMATCH,
			       "cannot use '%s': it is for another machine than the core",
			       s->exe->path);
	hms_exe_fit(s->core, s->exe, &fit);
	if (fit.match == HMS_EXE_DIFFERS && !o->force)
		return hms_err(HMS_ERR_MISMATCH,
			       "cannot use '%s' with '%s': %s (--force goes on all the same)",
			       s->exe->path, s->core->path, fit.why);
	if (fit.match != HMS_EXE_MATCHES)
		hms_session_limit(s, "the executable may not be the one that ran: %s", fit.why);
	if (s->exe->position_independent && !fit.bias_known)
		hms_session_limit(s, "the core does not say where the executable was loaded");
	s->bias = fit.bias;
	s->build_id_match = fit.match == HMS_EXE_MATCHES   ? 1
			    : fit.match == HMS_EXE_DIFFERS ? 0
							   : -1;
	s->build_id = hms_build_id_text(s->exe->gnu_build_id.len ? &s->exe->gnu_build_id
								 : &s->exe->go_build_id);
	return NULL;
}

/* ---- models ------------------------------------------------------------------------------- */

/* Debug information: in EXE, or apart from it.  NULL where there is none. */
static struct hms_error *open_dwarf(struct hms_session *s, const struct hms_session_options *o)
{
	HMS_AUTO(hms_elffile) struct hms_elffile *apart = NULL;

	if (o->as_stripped)
		return NULL;
	if (!s->exe->has_dwarf || o->debug_file)
		HMS_TRY(hms_debugfile_open(s->exe, o->sysroot, o->debug_file, &apart));
	if (!s->exe->has_dwarf && !apart)
		return NULL;
	return hms_dwarf_open(apart ? apart->path : s->exe->path, &s->dwarf);
}

static struct hms_error *read_types(struct hms_session *s)
{
	size_t skipped = 0;

	s->graph = hms_graph_create();
	HMS_TRY(hms_dwarf_read_types(s->dwarf, s->bias, s->graph, &skipped));
	hms_graph_seal(s->graph);
	if (skipped)
		hms_session_limit(s, "%zu units of the debug information could not be read",
				  skipped);
	return NULL;
}

/* What a program without debug information is known by: its own type descriptors, function tables
 * and stack maps, and what this program knows of its release. */
static struct hms_error *read_bare(struct hms_session *s)
{
	struct hms_error *err = hms_bare_graph(s->core, s->mem, s->exe, s->bias, &s->graph);

	if (err)
		return hms_err_ctx(
			err,
			"cannot read the types of '%s': it has no debug information (built "
			"with -ldflags=-w or -s, or stripped) and none was found apart from "
			"it; name it with --debug-file, or run with the unstripped executable "
			"of the same build",
			s->exe->path);
	hms_session_limit(s, "stripped executable: no names of variables, the types of some maps "
			     "are unknown");
	return NULL;
}

static struct hms_error *open_models(struct hms_session *s)
{
	HMS_TRY(hms_rt_open(s->mem, s->exe, s->bias, s->graph, &s->rt));
	if (!s->rt->release_known)
		hms_session_limit(
			s,
			"Go release '%s' is not among those this program was verified with: "
			"layouts come from its debug information, the rest is unverified",
			s->rt->version.text[0] ? s->rt->version.text : "unknown");
	if (!s->dwarf)
		hms_rt_find_map_types(s->rt);
	HMS_TRY(hms_heap_open(s->rt, &s->heap));
	return hms_map_model_open(s->rt, s->heap, &s->model);
}

/* Stacks tell more, but maps can be shown without them. */
static void open_goroutines(struct hms_session *s)
{
	struct hms_error *err = hms_pclntab_open(s->rt, &s->pclntab);

	if (!err)
		err = hms_goros_open(s->rt, s->core, s->pclntab, &s->goros);
	if (err)
		hms_session_limit(s, "goroutines cannot be read: %s", err->message);
	hms_err_free(err);
}

struct hms_error *hms_session_open(const struct hms_session_options *o, struct hms_session **ret)
{
	HMS_AUTO(hms_session) struct hms_session *s = hms_xcalloc(1, sizeof(*s));

	s->jobs = o->jobs;
	HMS_TRY(hms_corefile_open(o->core, &o->core_options, &s->core));
	note_missing_bytes(s);
	HMS_TRY(open_exe(s, o));
	if (o->as_stripped)
		hms_elffile_forget_symbols(s->exe);
	HMS_TRY(fit_exe(s, o));
	HMS_TRY(hms_mem_open(s->core, s->exe, s->bias, &s->mem));
	HMS_TRY(open_dwarf(s, o));
	HMS_TRY(s->dwarf ? read_types(s) : read_bare(s));
	HMS_TRY(open_models(s));
	if (o->digests)
		hms_map_model_want_digests(s->model);
	open_goroutines(s);
	*ret = hms_take(s);
	return NULL;
}

/* What the code tells of variables without names. */
static struct hms_find_holder *find_holders(const struct hms_session *s, size_t *n_ret)
{
	HMS_AUTO(hms_uses) struct hms_uses *uses = NULL;
	struct hms_find_holder *holders;

	*n_ret = 0;
	if (!s->pclntab)
		return NULL;
	hms_err_free(hms_uses_find(s->rt, s->pclntab, s->jobs, &uses));
	if (!uses)
		return NULL;
	holders = hms_xcalloc(uses->n, sizeof(*holders));
	for (size_t i = 0; i < uses->n; i++) {
		const struct hms_use *use = &uses->list[i];

		holders[i].type = use->type;
		holders[i].func = use->func;
		holders[i].nloads = use->nloads;
		memcpy(holders[i].offs, use->offs, sizeof(use->offs));
	}
	*n_ret = uses->n;
	return holders;
}

struct hms_error *hms_session_find_maps(struct hms_session *s, struct hms_found **ret)
{
	struct hms_find_stacks stacks = {
		.goros = s->goros, .dwarf = s->dwarf, .unnamed = !s->dwarf};
	HMS_AUTO(hms_found) struct hms_found *found = NULL;
	HMS_AUTO_FREE struct hms_find_holder *holders = NULL;

	if (stacks.unnamed)
		stacks.holders = holders = find_holders(s, &stacks.nholders);
	HMS_TRY(hms_find_maps(s->model, &stacks, &found));
	HMS_TRY(hms_map_survey(s->model, found->maps, found->nmaps, s->jobs));
	*ret = hms_take(found);
	return NULL;
}
