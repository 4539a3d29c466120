/* The catalogue of rules, sets of them, findings. */
#include "check/check.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

static const struct hms_rule rules[] = {
#define RULE(id, severity, name, applies, line, meaning, excuse) \
	[HMS_RULE_##id] = {name, HMS_##severity, HMS_APPLIES_##applies, line, meaning, excuse},
#include "check/rules.def"
#undef RULE
};

const struct hms_rule *hms_rule(enum hms_rule_id id)
{
	return &rules[id];
}

const struct hms_rule *hms_rule_find(const char *name)
{
	for (size_t i = 0; i < HMS_NRULES; i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
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

const char *hms_rule_applies_text(enum hms_rule_applies applies)
{
	switch (applies) {
	case HMS_APPLIES_ANY: return "all maps";
	case HMS_APPLIES_CLASSIC: return "classic maps (to Go 1.23)";
	case HMS_APPLIES_SWISS: return "Swiss maps (from Go 1.24 on)";
	}
	return "all maps";
}

/* ---- sets of rules ------------------------------------------------------------------------ */

static bool switch_rules(struct hms_rule_set *set, const char *pattern, bool off)
{
	bool any = false;

	for (size_t i = 0; i < HMS_NRULES; i++) {
		if (fnmatch(pattern, rules[i].name, 0) != 0)
			continue;
		set->off[i] = off;
		any = true;
	}
	return any;
}

struct hms_error *hms_rule_set_parse(const char *spec, struct hms_rule_set *ret)
{
	HMS_AUTO_FREE char *copy = hms_xstrdup(spec);
	struct hms_rule_set set;
	char *rest = copy, *pattern;

	memset(&set, *spec == '-' ? 0 : 1, sizeof(set));
	while ((pattern = strsep(&rest, ","))) {
		bool off = *pattern == '-';

		if (!switch_rules(&set, pattern + off, off))
			return hms_err(HMS_ERR_USAGE,
				       "cannot pick rules by '%s': none has such a name (see "
				       "'hmapscope rules')",
				       pattern + off);
	}
	*ret = set;
	return NULL;
}

/* ---- findings ----------------------------------------------------------------------------- */

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

void hms_findings_add(struct hms_findings *findings, const struct hms_finding *finding)
{
	HMS_GROW(findings->items, findings->n, findings->cap);
	findings->items[findings->n++] = *finding;
	switch (finding->severity) {
	case HMS_ERROR: findings->errors++; break;
	case HMS_WARNING: findings->warnings++; break;
	case HMS_INFO: findings->infos++; break;
	}
}
