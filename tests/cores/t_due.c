/*
 * At the return of every call of mapassign in a program's text, its element is due and not begun:
 * that is what the compiler calls it for. But for elements without a size, of which nothing is
 * stored.
 *
 *	t_due             a core of each release in corefiles/
 *	t_due EXE CORE
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores/bundled.h"
#include "disas/element.h"
#include "disas/sites.h"
#include "session/session.h"

struct counts {
	size_t due, sizeless, wrong;
};

/* Is the element of the call that returns to @pc due there, and its pointer at hand? */
static bool is_due(struct hms_element *e, uint64_t pc)
{
	struct hms_element_point points[HMS_ELEMENTS_DUE];
	size_t n = hms_element_at(e, pc, false, points);

	for (size_t i = 0; i < n; i++) {
		const struct hms_insn *call = &hms_element_code(e)->insns[points[i].call];

		if (call->addr + call->size == pc)
			return !points[i].ever && !points[i].storing &&
			       points[i].pointer.kind != HMS_HELD_NOWHERE;
	}
	return false;
}

static void check_site(const struct hms_session *s, const struct hms_site *site, struct counts *c)
{
	HMS_AUTO(hms_element) struct hms_element *e = NULL;
	bool sizeless = site->type && !site->type->elem->size, due;

	hms_err_free(hms_element_open(s->rt, s->pclntab, &site->func, &e));
	due = e && is_due(e, site->return_pc);
	c->sizeless += sizeless;
	c->due += due;
	if (e && due != sizeless)
		return;
	c->wrong++;
	printf("# %s:%" PRId32 ", at 0x%" PRIx64 ": %s\n", site->file ? site->file : "?",
	       site->line, site->return_pc, due ? "nothing is stored" : "its element is due");
}

static bool test_core(const struct bundled *bundled, char *what, size_t what_size)
{
	struct hms_session_options options = {
		.exe = bundled->exe, .core = bundled->core, .jobs = 1};
	HMS_AUTO(hms_session) struct hms_session *session = NULL;
	HMS_AUTO(hms_sites) struct hms_sites *sites = NULL;
	struct counts c = {0};
	struct hms_error *err;

	err = hms_session_open(&options, &session);
	if (!err)
		err = hms_sites_find(session->rt, session->pclntab, NULL, 1, &sites);
	if (err) {
		snprintf(what, what_size, "%s", err->message);
		hms_err_free(err);
		return false;
	}
	for (size_t i = 0; i < sites->n; i++)
		if (!strncmp(sites->list[i].callee, "runtime.mapassign", 17))
			check_site(session, &sites->list[i], &c);
	snprintf(what, what_size, "%zu due, %zu without a size", c.due, c.sizeless);
	return !c.wrong && c.due && c.sizeless;
}

int main(int argc, char **argv)
{
	char what[BUNDLED_WHAT] = "";

	if (argc == 3) {
		struct bundled one = {.exe = argv[1], .core = argv[2]};
		bool good = test_core(&one, what, sizeof(what));

		printf("%s %s: %s\n", good ? "ok" : "not ok", argv[2], what);
		return !good;
	}
	/* The cores of a release have one executable. */
	setenv("HMS_CORES", "*/locals", 0);
	return bundled_run(test_core);
}
