/*
 * Rules: what a sound map keeps, and what was found broken.  A rule is a row of rules.def and a
 * hook in rules-common.c, rules-classic.c or rules-swiss.c; hooks see headers, units, slots and
 * what walkers counted, and do not print.
 *
 * Absent bytes decide nothing, one fault is one finding (consequence.c), and what an open write
 * explains is information, not damage.
 */
#ifndef HMS_CHECK_CHECK_H
#define HMS_CHECK_CHECK_H

#include "find/find.h"
#include "map/hash.h"
#include "map/map.h"
#include "rt/pclntab.h"
#include "util/arena.h"

enum hms_severity {
	HMS_ERROR,
	HMS_WARNING,
	HMS_INFO,
};

/* "error", "warning", "info". */
const char *hms_severity_name(enum hms_severity severity);

/* ---- the catalogue ---------------------------------------------------------------------- */

enum hms_rule_applies {
	HMS_APPLIES_ANY,
	HMS_APPLIES_CLASSIC,
	HMS_APPLIES_SWISS,
};

/* "any map", "classic maps", "Swiss maps". */
const char *hms_rule_applies_text(enum hms_rule_applies applies);

enum hms_rule_id {
#define RULE(id, severity, name, applies, line, meaning, excuse) HMS_RULE_##id,
#include "check/rules.def"
#undef RULE
	HMS_NRULES
};

struct hms_rule {
	const char *name;
	enum hms_severity severity;
	enum hms_rule_applies applies;
	const char *line;    /* what a sound map keeps, one line */
	const char *meaning; /* of a breach; sentences */
	const char *excuse;  /* what may excuse one; "": nothing */
};

const struct hms_rule *hms_rule(enum hms_rule_id id);

/* By its name; NULL: none. */
const struct hms_rule *hms_rule_find(const char *name);

/* Which rules are wanted. */
struct hms_rule_set {
	bool off[HMS_NRULES];
};

/* Take "PATTERN[,PATTERN]...": shell patterns of names ("swiss.*"); with a '-' before it, one is
 * taken away from what is wanted so far; a list that begins so starts from all.  HMS_ERR_USAGE
 * for a pattern that fits no rule. */
struct hms_error *hms_rule_set_parse(const char *spec, struct hms_rule_set *ret) HMS_MUST_USE;

/* ---- findings --------------------------------------------------------------------------- */

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

/* Append a finding; what it points to lives at least as long as @findings. */
void hms_findings_add(struct hms_findings *findings, const struct hms_finding *finding);

/* ---- all rules -------------------------------------------------------------------------- */

enum hms_operation_state {
	HMS_OPERATION_UNKNOWN, /* nobody looked at the stacks: the map's own flag decides */
	HMS_OPERATION_NONE,    /* no goroutine is inside a write of the map */
	HMS_OPERATION_ELEMENT, /* one has yet to store the element; all else is done */
	HMS_OPERATION_WRITE,   /* one is */
	HMS_OPERATION_CLEAR,   /* one clears the map: marks, counts and entries go one by one */
	HMS_OPERATION_RACE,    /* one is, and others are at work on it besides: what they leave is
				* anything */
};

/* What the rules may ask about the rest of the process. */
struct hms_check_context {
	const void *arg;
	/* Is a write of @map in progress?  *goroutine_ret: by whom, -1 where that is unknown.
	 * NULL: always unknown. */
	enum hms_operation_state (*operation)(const void *arg, const struct hms_map *map,
					      int64_t *goroutine_ret);
	/* A goroutine that is so deep in a write of @map that it has set the writing flag; -1: none
	 * is known.  Threads call it.  NULL: none ever is. */
	int64_t (*deep_writer)(const void *arg, const struct hms_map *map);
	/* Is @map known by what another map holds, which is raced for?  Racing writers leave keys
	 * and elements that were never stored, and what these lead to need not be a map.  NULL:
	 * none ever is. */
	bool (*behind_race)(const void *arg, const struct hms_map *map);
};

struct hms_check_options {
	const struct hms_check_context *context; /* NULL: nothing is known */
	const struct hms_pclntab *pclntab;       /* names hashers; NULL: the types' own shapes do */
	const struct hms_rule_set *rules;        /* NULL: all */
	bool quick; /* headers, and what the survey could not follow, and no more */
	unsigned int jobs;
};

/* The work done. */
struct hms_check_work {
	uint64_t maps;
	uint64_t slots;
	uint64_t keys_hashed;
	/* Keys whose hash is not known, by the reason (HMS_HASH_OK: of maps without a plan). */
	uint64_t keys_not_hashed[HMS_HASH_NO_MODEL + 1];
	/* What was switched off, a sentence each; in the findings' arena. */
	const char **limits;
	size_t nlimits, cap_limits;
	bool complete; /* false: a limit is told, or bytes were missing */
};

void hms_check_work_deinit(struct hms_check_work *work);

/* Check @maps, which the survey has walked: findings by map, in the order of @maps, whatever
 * @options->jobs.  @maps and @model must outlive the findings. */
struct hms_error *hms_check_maps(struct hms_map_model *model, struct hms_map *maps, size_t nmaps,
				 const struct hms_check_options *options,
				 struct hms_findings *findings, struct hms_check_work *work)
	HMS_MUST_USE;

#endif
