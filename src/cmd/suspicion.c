#include "cmd/suspicion.h"

#include <inttypes.h>

#include "cmd/held.h"

#define MAX_IDS 8

static bool same_suspicion(const struct hms_suspect *a, const struct hms_suspect *b)
{
	return a->site == b->site && a->function == b->function && a->calls == b->calls;
}

/* "20, 21 or 23" */
static void add_ids(const struct hms_suspect *suspects, size_t n, struct hms_str *text)
{
	for (size_t i = 0; i < HMS_MIN(n, (size_t)MAX_IDS); i++) {
		bool last = i + 1 == n;

		hms_str_addf(text, "%s%" PRIu64,
			     i == 0 ? ""
			     : last ? " or "
				    : ", ",
			     suspects[i].goroutine->id);
	}
	if (n > MAX_IDS)
		hms_str_addf(text, " or one of %zu more", n - MAX_IDS);
}

size_t hms_suspicion_text(const struct hms_suspect *suspects, size_t nsuspects, struct hms_str *ret)
{
	const struct hms_site *site = suspects->site;
	size_t n = 1;

	while (n < nsuspects && same_suspicion(&suspects[0], &suspects[n]))
		n++;
	hms_str_add(ret, "it may have been goroutine ");
	add_ids(suspects, n, ret);
	hms_str_add(ret, ": in ");
	hms_func_print_name(suspects->function ? suspects->function : "?", ret);
	if (suspects->calls == 0) {
		hms_str_add(ret, ", past its write");
		if (site->file)
			hms_str_addf(ret, " at %s:%" PRId32, site->file, site->line);
		hms_str_addf(ret, ", %s", hms_lock_words(site->lock));
	} else {
		hms_str_add(ret, suspects->calls == 1 ? ", which calls "
						      : ", from where calls lead to ");
		hms_func_print_name(site->function ? site->function : "?", ret);
		hms_str_add(ret, " (writes");
		if (site->file)
			hms_str_addf(ret, " at %s:%" PRId32, site->file, site->line);
		hms_str_addf(ret, ", %s)", hms_lock_words(site->lock));
	}
	return n;
}
