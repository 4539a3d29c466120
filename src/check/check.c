#include "check/check.h"

#include <inttypes.h>

static const struct hms_rule rules[] = {
#define RULE(id, severity, name, applies, line) \
	[HMS_RULE_##id] = {name, HMS_##severity, HMS_APPLIES_##applies, line},
#include "check/rules.def"
#undef RULE
};

const struct hms_rule *hms_rule(enum hms_rule_id id)
{
	return &rules[id];
}

const char *hms_severity_name(enum hms_severity severity)
{
	switch (severity) {
	case HMS_ERROR: return "error";
	case HMS_WARNING: return "warning";
	case HMS_INFO: return "info";
	}
	return "error";
}

void hms_findings_init(struct hms_findings *findings)
{
	*findings = (struct hms_findings){.arena = hms_arena_create()};
}

void hms_findings_deinit(struct hms_findings *findings)
{
	hms_arena_destroy(findings->arena);
	free(findings->items);
	*findings = (struct hms_findings){0};
}

static void add(struct hms_findings *findings, enum hms_rule_id id, struct hms_finding finding)
{
	finding.rule = rules[id].name;
	finding.severity = rules[id].severity;
	HMS_GROW(findings->items, findings->n, findings->cap);
	findings->items[findings->n++] = finding;
	switch (finding.severity) {
	case HMS_ERROR: findings->errors++; break;
	case HMS_WARNING: findings->warnings++; break;
	case HMS_INFO: findings->infos++; break;
	}
}

/* The rule that a trouble breaks. */
static enum hms_rule_id rule_of(enum hms_trouble_kind kind)
{
	switch (kind) {
	case HMS_TROUBLE_DEPTH: return HMS_RULE_CLASSIC_B;
	case HMS_TROUBLE_PLACE: return HMS_RULE_CLASSIC_BUCKETS;
	case HMS_TROUBLE_SIZE: return HMS_RULE_CLASSIC_SIZE;
	case HMS_TROUBLE_BUCKETS:
	case HMS_TROUBLE_OLDBUCKETS: return HMS_RULE_CLASSIC_MAPPED;
	case HMS_TROUBLE_OVERFLOW: return HMS_RULE_CLASSIC_OVERFLOW;
	case HMS_TROUBLE_CYCLE: return HMS_RULE_CLASSIC_CYCLE;
	default: return HMS_RULE_MAP_HEADER;
	}
}

static void finding_of(const struct hms_map *map, const struct hms_trouble *trouble,
		       struct hms_findings *findings)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;
	struct hms_arena *arena = findings->arena;
	enum hms_rule_id id = rule_of(trouble->kind);

	hms_trouble_text(trouble, &text);
	add(findings, id,
	    (struct hms_finding){
		    .map = map->addr,
		    .of = map,
		    .addr = trouble->where,
		    .expected = rules[id].line,
		    .seen = trouble->kind == HMS_TROUBLE_SIZE || trouble->kind == HMS_TROUBLE_DEPTH
				    ? hms_arena_printf(arena, "%" PRIu64, trouble->seen)
				    : hms_arena_printf(arena, "0x%" PRIx64, trouble->seen),
		    .message = hms_arena_strndup(arena, hms_str_text(&text), text.len),
		    .goroutine = -1,
	    });
}

void hms_check_map(const struct hms_map *map, struct hms_findings *findings)
{
	struct hms_map_stats stats;

	if (!map->detail)
		return;
	hms_map_stats_of(map, &stats);
	for (size_t i = 0; i < HMS_MIN(stats.ntroubles, (uint64_t)HMS_MAX_TROUBLES); i++)
		if (!stats.troubles[i].absent)
			finding_of(map, &stats.troubles[i], findings);
}
