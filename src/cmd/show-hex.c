/* show --hex: bytes of a map's header, and of the buckets or groups that findings lie in. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/explain.h"
#include "cmd/show.h"
#include "map/units.h"

#define LINE      16
#define AROUND    32  /* bytes before and behind an address that lies in no bucket */
#define MAX_BYTES 512 /* of a bucket */
#define MAX_DUMPS 16  /* a map */

/* What is dumped: [from, to), with the byte in question, 0 for none. */
struct range {
	uint64_t from, to;
	uint64_t odd;
};

static void add_byte(const struct hms_mem *mem, uint64_t addr, struct hms_words *w)
{
	const uint8_t *p = hms_mem_peek(mem, addr, 1);

	hms_str_add(&w->value, w->value.len ? " " : "");
	if (!p) {
		hms_str_add(&w->value, "??");
		hms_str_addc(&w->meaning, ' ');
		return;
	}
	hms_str_addf(&w->value, "%02x", *p);
	hms_str_addc(&w->meaning, *p > ' ' && *p < 0x7f ? (char)*p : '.');
}

static void dump(struct hms_view *view, const struct range *range)
{
	HMS_CLEANUP(hms_words_deinit) struct hms_words w = HMS_WORDS_INIT;
	char name[24];

	for (uint64_t at = range->from; at < range->to; at += LINE) {
		uint64_t end = HMS_MIN(at + LINE, range->to);

		for (uint64_t addr = at; addr < end; addr++)
			add_byte(view->session->mem, addr, &w);
		snprintf(name, sizeof(name), "0x%" PRIx64, at);
		hms_words_emit(view, &w, name, range->odd && range->odd >= at && range->odd < end);
	}
}

static uint32_t header_size(const struct hms_view *view)
{
	bool classic = view->session->rt->map_kind == HMS_MAP_CLASSIC;

	return view->session->rt->layout.facts[classic ? HMS_F_HMAP : HMS_F_SMAP].size;
}

static void dump_header(struct hms_view *view, const struct hms_map *map)
{
	struct hms_renderer *r = view->renderer;

	r->ops->section(r, "bytes of the header");
	dump(view, &(struct range){.from = map->addr, .to = map->addr + header_size(view)});
}

/* The bucket or group that @addr lies in, of either array. */
static bool find_unit(struct hms_view *view, const struct hms_map *map, uint64_t addr, bool old,
		      struct hms_unit *ret)
{
	struct hms_unit_cursor cursor;
	struct hms_map_stats stats = {0};
	bool found = false;

	hms_units_init(&cursor, view->session->model, map, old, 0, UINT64_MAX, &stats);
	while (!found && hms_units_next(&cursor, ret))
		found = addr >= ret->addr && addr - ret->addr < ret->count * map->type->unit_size;
	hms_units_deinit(&cursor);
	return found;
}

static void dump_around(struct hms_view *view, const struct hms_map *map, uint64_t addr)
{
	struct hms_renderer *r = view->renderer;
	struct range range = {.odd = addr};
	struct hms_unit unit;
	char title[64];

	if (addr >= map->addr && addr - map->addr < header_size(view))
		return; /* shown already */
	if (map->type && map->readable &&
	    (find_unit(view, map, addr, false, &unit) || find_unit(view, map, addr, true, &unit))) {
		range.from = unit.addr;
		range.to = unit.addr + HMS_MIN(map->type->unit_size, (uint32_t)MAX_BYTES);
		snprintf(title, sizeof(title), "bytes of the %s at 0x%" PRIx64,
			 map->type->kind == HMS_MAP_CLASSIC ? "bucket" : "group", unit.addr);
	} else {
		addr &= ~(uint64_t)(LINE - 1);
		range.from = addr > AROUND ? addr - AROUND : 0;
		range.to = range.from + 2 * AROUND + LINE;
		snprintf(title, sizeof(title), "bytes around 0x%" PRIx64, range.odd);
	}
	r->ops->section(r, title);
	dump(view, &range);
}

void hms_show_hex(struct hms_view *view, const struct hms_map *map)
{
	struct hms_renderer *r = view->renderer;
	unsigned int dumps = 0;

	dump_header(view, map);
	for (size_t i = 0; i < view->findings.n; i++) {
		const struct hms_finding *finding = &view->findings.items[i];

		if (finding->of != map || !finding->addr)
			continue;
		if (view->input->redact) {
			r->ops->line(r, "  bytes of buckets are left out (--redact)");
			return;
		}
		if (dumps++ == MAX_DUMPS) {
			r->ops->line(r, "  … more findings: their addresses are below");
			return;
		}
		dump_around(view, map, finding->addr);
	}
}
