/*
 * Rules: what a sound map keeps, and what was found broken.  A rule is a row of rules.def; it sees
 * what walkers counted, and does not print.
 */
#ifndef HMS_CHECK_CHECK_H
#define HMS_CHECK_CHECK_H

#include "find/find.h"
#include "map/map.h"
#include "util/arena.h"

enum hms_severity {
	HMS_ERROR,
	HMS_WARNING,
	HMS_INFO,
};

/* "error", "warning", "info". */
const char *hms_severity_name(enum hms_severity severity);

enum hms_rule_applies {
	HMS_APPLIES_ANY,
	HMS_APPLIES_CLASSIC,
	HMS_APPLIES_SWISS,
};

enum hms_rule_id {
#define RULE(id, severity, name, applies, line) HMS_RULE_##id,
#include "check/rules.def"
#undef RULE
	HMS_NRULES
};

struct hms_rule {
	const char *name;
	enum hms_severity severity;
	enum hms_rule_applies applies;
	const char *line; /* what a sound map keeps, one line */
};

const struct hms_rule *hms_rule(enum hms_rule_id id);

/* 64-bit patterns are strings already; NULL is unknown. */
struct hms_finding {
	const char *rule;
	enum hms_severity severity;
	uint64_t map;             /* header address; 0: none */
	const char *map_owner;    /* its owner in text, once a report has filled it in; NULL */
	const struct hms_map *of; /* the same map */
	uint64_t addr;            /* where; 0: none */
	const char *expected;
	const char *seen;
	const char *message;
	int64_t goroutine; /* -1: none */
};

struct hms_findings {
	struct hms_finding *items;
	size_t n, cap;
	uint64_t errors, warnings, infos;
	struct hms_arena *arena;
};

void hms_findings_init(struct hms_findings *findings);
void hms_findings_deinit(struct hms_findings *findings);

/* Check @map by what its walk counted: findings are appended. */
void hms_check_map(const struct hms_map *map, struct hms_findings *findings);

#endif
