#include "cmd/verdict.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/held.h"
#include "cmd/operations.h"
#include "cmd/suspicion.h"
#include "disas/sites.h"
#include "report/format.h"

#define MAX_PARTIES    16 /* drawn of a verdict */
#define MAX_NOTES      32
#define MAX_EQUALS     8
#define MAX_SITES      4 /* more are only counted */
#define MAX_SUSPICIONS 3

/* What all verdicts share, looked for when the first asks. */
struct shared {
	struct hms_view *view;
	struct hms_sites *sites; /* NULL: nobody asks, or they cannot be found */
	bool has_helpers;
	struct hms_lock_helpers *helpers; /* NULL: nobody asks, or they cannot be found */
	bool has_waiters;
	struct hms_lock_waiters waiters;
};

/* A verdict in the making. */
struct making {
	struct shared *shared;
	struct hms_view *view;
	struct hms_arena *arena;
	const struct hms_map *map;         /* NULL: not among those found */
	const struct hms_finding *endless; /* by which a lookup in it may never end; NULL */
	struct hms_party_row parties[MAX_PARTIES];
	const char *notes[MAX_NOTES];
	struct hms_held held[HMS_MAX_HELD]; /* by the parties: find_held() */
	size_t nheld;
	struct hms_verdict verdict;
};

static void begin(struct making *mk, struct shared *shared, uint64_t map)
{
	struct hms_view *view = shared->view;

	*mk = (struct making){.shared = shared, .view = view, .arena = hms_arena_create()};
	mk->map = map ? hms_found_at(view->found, map) : NULL;
	mk->verdict = (struct hms_verdict){.map = map};
	if (!mk->map)
		return;
	if (mk->map->owner)
		mk->verdict.owner = hms_arena_strdup(mk->arena, hms_view_owner(view, mk->map));
	if (mk->map->type)
		mk->verdict.type = mk->map->type->name;
	mk->endless = hms_check_endless(&view->findings, mk->map);
}

static void end(struct making *mk)
{
	mk->verdict.parties = mk->parties;
	mk->verdict.notes = mk->notes;
	mk->view->renderer->ops->verdict(mk->view->renderer, &mk->verdict);
	hms_arena_destroy(mk->arena);
}

static void add_note(struct making *mk, const struct hms_str *text)
{
	if (text->len && mk->verdict.nnotes < MAX_NOTES)
		mk->notes[mk->verdict.nnotes++] = hms_arena_strdup(mk->arena, hms_str_text(text));
}

/* ---- parties ------------------------------------------------------------------------------ */

static bool spins(const struct making *mk, const struct hms_operation *op)
{
	return mk->endless && hms_check_spins(op);
}

static const char *role_of(const struct making *mk, const struct hms_operation *op,
			   const struct hms_operation_row *row)
{
	if (row->end)
		return row->end;
	if (!op->begun)
		return hms_map_op_writes(op->op) ? "about to write" : "about to read";
	if (spins(mk, op))
		return "spinning for ever";
	switch (op->op) {
	case HMS_MAP_READ: return "was reading";
	case HMS_MAP_DELETE: return "was deleting";
	case HMS_MAP_ITERATE: return "was iterating";
	case HMS_MAP_CLEAR: return "was clearing";
	case HMS_MAP_CLONE: return "was cloning";
	case HMS_MAP_WRITE:
	case HMS_MAP_GROW: break;
	}
	return "was writing";
}

static void add_party(struct making *mk, const struct hms_operation *op)
{
	const char *status = hms_g_status_text(op->goroutine->status);
	struct hms_party_row *party;

	if (mk->verdict.nparties == MAX_PARTIES) {
		mk->verdict.more++;
		return;
	}
	party = &mk->parties[mk->verdict.nparties++];
	party->goroutine = op->goroutine->id;
	party->status = op->goroutine->wait_reason ? op->goroutine->wait_reason : status;
	party->operation = hms_operation_row(mk->view->session->rt, op, mk->arena);
	party->role = role_of(mk, op, &party->operation);
	party->bad = party->operation.end || spins(mk, op);
	if (!mk->verdict.type)
		mk->verdict.type = party->operation.type;
}

/* ---- notes -------------------------------------------------------------------------------- */

static bool creator_of(const struct making *mk, const struct hms_operation *op,
		       struct hms_created_by *ret)
{
	return hms_goro_created_by(mk->view->session->goros, op->goroutine, ret);
}

static bool same_creator(const struct hms_created_by *a, const struct hms_created_by *b)
{
	return a->line == b->line && a->function && b->function &&
	       strcmp(a->function, b->function) == 0;
}

/* "started by main.main at main.go:31", each go statement once. */
static void note_creators(struct making *mk, const struct hms_operation *const *ops, size_t n)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	for (size_t i = 0; i < HMS_MIN(n, (size_t)MAX_PARTIES); i++) {
		struct hms_created_by by, other;
		bool told = false;

		if (!creator_of(mk, ops[i], &by) || !by.function)
			continue;
		for (size_t k = 0; k < i; k++)
			told |= creator_of(mk, ops[k], &other) && same_creator(&by, &other);
		if (told)
			continue;
		hms_str_add(&text, text.len ? ", and by " : "started by ");
		hms_func_print_name(by.function, &text);
		if (by.file)
			hms_str_addf(&text, " at %s:%" PRId32, by.file, by.line);
	}
	add_note(mk, &text);
}

/* "explains the findings of this map: map.count, classic.partial-evacuation" */
static void note_explained(struct making *mk)
{
	const struct hms_findings *findings = &mk->view->findings;
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	const char *last = "";

	for (size_t i = 0; mk->map && i < findings->n; i++) {
		const struct hms_finding *f = &findings->items[i];

		if (f->of != mk->map || f->severity != HMS_INFO || strcmp(f->rule, last) == 0)
			continue;
		hms_str_add(&text, text.len ? ", " : "explains the findings of this map: ");
		hms_str_add(&text, f->rule);
		last = f->rule;
	}
	add_note(mk, &text);
}

/* Who else runs the code that the one party runs: most races are between equals. */
static void add_equals(const struct making *mk, const struct hms_goroutine *g, struct hms_str *text)
{
	const struct hms_goros *goros = mk->view->session->goros;
	size_t n = 0;

	for (size_t i = 0; g->go_pc && i < goros->n; i++) {
		const struct hms_goroutine *other = &goros->list[i];

		if (other == g || other->go_pc != g->go_pc)
			continue;
		if (n++ < MAX_EQUALS)
			hms_str_addf(text, "%s%" PRIu64,
				     n > 1 ? ", "
					   : "; started by the same go statement, and alive: ",
				     other->id);
	}
	if (n > MAX_EQUALS)
		hms_str_addf(text, " and %zu more", n - MAX_EQUALS);
}

static void note_absent(struct making *mk, const struct hms_race *race, bool suspects)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	if (!hms_race_lacks_party(race) || !race->map)
		return;
	hms_str_add(&text, "the other goroutine had left the map's functions again before the "
			   "process stopped");
	if (!suspects)
		add_equals(mk, race->parties[0]->goroutine, &text);
	add_note(mk, &text);
}

static void note_suspects(struct making *mk, const struct hms_suspects *suspects)
{
	size_t told = 0;

	for (size_t i = 0, n; i < suspects->n && told < MAX_SUSPICIONS; i += n, told++) {
		HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

		n = hms_suspicion_text(&suspects->list[i], suspects->n - i, &text);
		add_note(mk, &text);
	}
}

/* The other party of a race that is alone in it. */
static void note_other(struct making *mk, const struct hms_sites *sites,
		       const struct hms_race *race)
{
	const struct hms_session *s = mk->view->session;
	struct hms_operations_sources sources = {s->goros, s->model, s->dwarf, mk->view->found};
	struct hms_suspects suspects = {0};

	if (sites)
		hms_suspects_find(&sources, race, sites, s->jobs, &suspects);
	note_absent(mk, race, suspects.n > 0);
	note_suspects(mk, &suspects);
	hms_suspects_deinit(&suspects);
}

static void note_endless(struct making *mk)
{
	if (mk->endless && mk->verdict.nnotes < MAX_NOTES)
		mk->notes[mk->verdict.nnotes++] = mk->endless->message;
}

static const struct hms_lock_helpers *lock_helpers(struct shared *shared)
{
	const struct hms_session *s = shared->view->session;

	if (!shared->has_helpers && s->pclntab)
		hms_err_free(hms_lock_helpers_find(s->rt, s->pclntab, s->jobs, &shared->helpers));
	shared->has_helpers = true;
	return shared->helpers;
}

static const struct hms_lock_waiters *lock_waiters(struct shared *shared,
						   const struct hms_operations_sources *sources)
{
	if (!shared->has_waiters)
		hms_lock_waiters_find(sources, &shared->waiters);
	shared->has_waiters = true;
	return &shared->waiters;
}

/* Which functions lock for others is asked of the whole code: not where nothing rests on it. */
static void find_held(struct making *mk, const struct hms_operation *const *ops, size_t n,
		      bool if_waited_for)
{
	const struct hms_session *s = mk->view->session;
	struct hms_operations_sources sources = {s->goros, s->model, s->dwarf, mk->view->found};

	if (!if_waited_for || lock_waiters(mk->shared, &sources)->n)
		mk->nheld = hms_held_find(&sources, lock_helpers(mk->shared), ops, n, mk->held);
}

static void note_waiters(struct making *mk)
{
	const struct hms_session *s = mk->view->session;
	struct hms_operations_sources sources = {s->goros, s->model, s->dwarf, mk->view->found};

	for (size_t i = 0; i < mk->nheld; i++) {
		HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

		hms_held_waiters_text(&mk->held[i], lock_waiters(mk->shared, &sources), &text);
		add_note(mk, &text);
	}
}

/* What each party has locked, by its own code and its callers': the answer to most races. */
static void note_locks(struct making *mk, const struct hms_race *race)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	hms_held_text(mk->held, mk->nheld, HMS_MIN(race->n, (size_t)HMS_MAX_HELD), &text);
	add_note(mk, &text);
}

/* ---- where else the code writes such maps ---------------------------------------------------- */

/* Places of one source line are one. */
struct places {
	const struct hms_site **list;
	size_t n, cap;
	size_t unlocked;
};

static bool same_place(const struct hms_site *a, const char *function, const char *file,
		       int32_t line)
{
	return a->line == line && a->function && function && strcmp(a->function, function) == 0 &&
	       a->file && file && strcmp(a->file, file) == 0;
}

/* The verdict's own lines are told already. */
static bool is_told(const struct places *places, const struct hms_site *site,
		    const struct hms_race *race)
{
	for (size_t i = 0; i < places->n; i++)
		if (same_place(site, places->list[i]->function, places->list[i]->file,
			       places->list[i]->line))
			return true;
	for (size_t i = 0; i < race->n; i++)
		if (same_place(site, race->parties[i]->caller, race->parties[i]->caller_file,
			       race->parties[i]->caller_line))
			return true;
	return false;
}

static void add_places(struct hms_str *text, const struct places *places)
{
	bool all = places->n <= MAX_SITES;
	size_t told = 0;

	for (size_t i = 0; i < places->n && (all || places->unlocked <= MAX_SITES); i++) {
		const struct hms_site *site = places->list[i];

		if (!all && site->lock != HMS_LOCK_NOT_SEEN)
			continue;
		hms_str_add(text, told++ ? ", " : ": ");
		hms_func_print_name(site->function ? site->function : "?", text);
		if (site->file)
			hms_str_addf(text, " at %s:%" PRId32, site->file, site->line);
		if (site->lock != HMS_LOCK_NOT_SEEN)
			hms_str_addf(text, " %s", hms_lock_words(site->lock));
	}
}

/* "3 other places in the code write this map type, 2 with no lock seen: ..." */
static void note_places(struct making *mk, const struct hms_sites *sites,
			const struct hms_race *race)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	struct places places = {0};

	for (size_t i = 0; sites && race->type && i < sites->n; i++) {
		const struct hms_site *site = &sites->list[i];

		if (site->type != race->type || is_told(&places, site, race))
			continue;
		HMS_GROW(places.list, places.n, places.cap);
		places.list[places.n++] = site;
		places.unlocked += site->lock == HMS_LOCK_NOT_SEEN;
	}
	if (places.n) {
		hms_format_counted(&text, places.n, "other place");
		hms_str_addf(&text, " in the code write%s this map type, %zu with no lock seen",
			     places.n == 1 ? "s" : "", places.unlocked);
		add_places(&text, &places);
		hms_str_add(&text, " (hmapscope writers)");
	}
	add_note(mk, &text);
	free(places.list);
}

static const struct hms_sites *find_sites(struct shared *shared)
{
	const struct hms_session *s = shared->view->session;

	if (!shared->sites && s->pclntab)
		hms_err_free(hms_sites_find(s->rt, s->pclntab, lock_helpers(shared), s->jobs,
					    &shared->sites));
	return shared->sites;
}

static void shared_deinit(struct shared *shared)
{
	hms_sites_free(shared->sites);
	hms_lock_helpers_free(shared->helpers);
	hms_lock_waiters_deinit(&shared->waiters);
}

/* ---- verdicts ----------------------------------------------------------------------------- */

static const char *upper(struct making *mk, const char *text)
{
	char *copy = hms_arena_strdup(mk->arena, text);

	for (char *p = copy; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return copy;
}

static void emit_race(struct shared *shared, const struct hms_race *race)
{
	const struct hms_sites *sites = find_sites(shared);
	struct making mk;

	begin(&mk, shared, race->map);
	mk.verdict.title = upper(&mk, race->text);
	for (size_t i = 0; i < race->n; i++)
		add_party(&mk, race->parties[i]);
	note_creators(&mk, race->parties, race->n);
	find_held(&mk, race->parties, race->n, false);
	note_locks(&mk, race);
	note_other(&mk, sites, race);
	note_waiters(&mk);
	note_endless(&mk);
	note_places(&mk, sites, race);
	note_explained(&mk);
	end(&mk);
}

/* Operations on a map that nobody races on. */
static void emit_operations(struct shared *shared, const struct hms_map *map, bool only_spinning)
{
	const struct hms_operations *ops = shared->view->operations;
	size_t first, n = hms_operations_of_map(ops, map->addr, &first);
	HMS_AUTO_FREE const struct hms_operation **list = hms_xcalloc(n + 1, sizeof(*list));
	size_t nlist = 0, nspin = 0;
	struct making mk;

	begin(&mk, shared, map->addr);
	for (size_t i = 0; i < n; i++) {
		list[nlist] = &ops->list[ops->by_map[first + i]];
		nspin += spins(&mk, list[nlist]);
		nlist += !only_spinning || spins(&mk, list[nlist]);
	}
	if (!nlist) {
		hms_arena_destroy(mk.arena);
		return;
	}
	mk.verdict.quiet = !nspin;
	mk.verdict.title = nspin ? "LOOKUP WITHOUT END" : "OPERATIONS IN PROGRESS";
	for (size_t i = 0; i < nlist; i++)
		add_party(&mk, list[i]);
	note_creators(&mk, list, nlist);
	find_held(&mk, list, nlist, true);
	note_waiters(&mk);
	note_endless(&mk);
	end(&mk);
}

void hms_emit_map_operations(struct hms_view *view, const struct hms_map *map)
{
	struct shared shared = {.view = view};
	const struct hms_race *race;

	if (!view->operations)
		return;
	race = hms_race_on(view->races, map->addr);
	if (race)
		emit_race(&shared, race);
	else
		emit_operations(&shared, map, false);
	shared_deinit(&shared);
}

void hms_emit_verdicts(struct hms_view *view)
{
	const struct hms_operations *ops = view->operations;
	struct shared shared = {.view = view};
	uint64_t last = 0;

	for (size_t i = 0; ops && i < view->races->n; i++)
		emit_race(&shared, &view->races->list[i]);
	for (size_t i = 0; ops && i < ops->nby_map; i++) {
		uint64_t addr = ops->list[ops->by_map[i]].map;
		const struct hms_map *map = hms_found_at(view->found, addr);

		if (addr != last && map && !hms_race_on(view->races, addr))
			emit_operations(&shared, map, true);
		last = addr;
	}
	shared_deinit(&shared);
}
