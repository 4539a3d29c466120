/* Text: write sites, a row each. */
#include <string.h>

#include "report/format.h"
#include "report/text.h"
#include "util/compiler.h"

#define IDS_SHOWN 4

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void begin_sites(struct text *text)
{
	static const struct hms_table_column columns[] = {
		{.header = "FUNCTION", .min_width = 16, .max_lines = 4},
		{.header = "LINE", .min_width = 12, .max_lines = 3},
		{.header = "MAP TYPE", .min_width = 12, .max_lines = 4},
		{.header = "KIND"},
		{.header = "LOCK", .min_width = 16, .max_lines = 6},
	};

	if (text->block == BLOCK_LINES)
		text_go_on(text, BLOCK_SITES);
	else
		text_start_block(text, BLOCK_SITES);
	hms_table_begin(text->table, columns, HMS_ARRAY_LEN(columns), 2);
}

static void cell(struct text *text, enum hms_paint paint, const char *s)
{
	hms_str_clear(&text->cell);
	hms_paper_escape(&text->paper, &text->cell, s);
	hms_table_cell(text->table, paint, hms_str_text(&text->cell));
}

/* "goroutines 18, 20" under the function. */
static void add_goroutines(struct hms_str *ret, const struct hms_site_row *site)
{
	if (!site->ngoroutines)
		return;
	hms_str_addf(ret, "\n  running: goroutine%s ", site->ngoroutines == 1 ? "" : "s");
	for (size_t i = 0; i < HMS_MIN(site->ngoroutines, (size_t)IDS_SHOWN); i++) {
		hms_str_add(ret, i ? ", " : "");
		hms_format_u64(ret, site->goroutines[i]);
	}
	if (site->ngoroutines > IDS_SHOWN)
		hms_str_addf(ret, " and %zu more", site->ngoroutines - IDS_SHOWN);
}

static void function_cell(struct text *text, const struct hms_site_row *site)
{
	struct hms_str *ret = &text->cell;

	hms_str_clear(ret);
	hms_paper_escape(&text->paper, ret, site->function ? site->function : "?");
	if (site->inlined_into) {
		hms_str_add(ret, "\n  in ");
		hms_paper_escape(&text->paper, ret, site->inlined_into);
		if (site->ninto > 1)
			hms_str_addf(ret, " and %zu more", site->ninto - 1);
	}
	if (site->copies > 1)
		hms_str_addf(ret, "\n  %zu copies in the code", site->copies);
	add_goroutines(ret, site);
	hms_table_cell(text->table, site->ngoroutines ? HMS_PAINT_ODD : HMS_PAINT_PLAIN,
		       hms_str_text(ret));
}

static void place_cell(struct text *text, const struct hms_site_row *site)
{
	hms_str_clear(&text->cell);
	if (site->file) {
		hms_paper_escape(&text->paper, &text->cell, base_name(site->file));
		hms_str_addf(&text->cell, ":%lld", (long long)site->line);
	}
	hms_table_cell(text->table, HMS_PAINT_PLAIN, hms_str_text(&text->cell));
}

static void lock_cell(struct text *text, const struct hms_site_row *site)
{
	bool seen = strcmp(site->lock, "not-seen") != 0;

	hms_str_clear(&text->cell);
	hms_str_add(&text->cell, seen ? site->lock : "not seen");
	if (site->lock_evidence) {
		hms_str_add(&text->cell, ": ");
		hms_paper_escape(&text->paper, &text->cell, site->lock_evidence);
	}
	hms_table_cell(text->table, seen ? HMS_PAINT_QUIET : HMS_PAINT_PLAIN,
		       hms_str_text(&text->cell));
}

void text_site(struct hms_renderer *r, const struct hms_site_row *site)
{
	struct text *text = text_of(r);

	if (text->block != BLOCK_SITES)
		begin_sites(text);
	function_cell(text, site);
	place_cell(text, site);
	cell(text, HMS_PAINT_PLAIN, site->map_type ? site->map_type : "unknown");
	cell(text, HMS_PAINT_PLAIN, site->kind);
	lock_cell(text, site);
}
