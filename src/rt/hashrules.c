#include "rt/hashrules.h"

#include <limits.h>

#include "rt/rt.h"

/*
 * Rows that are not verified are of releases whose programs we had no hashes of.  They follow a
 * neighbour; which one is a guess, and a mismatch there says more of the row than of a map.
 */
static const struct hms_hash_rules releases[] = {
	{15, 15, true, HMS_HASH_ARM64_V1, HMS_HASH_XXHASH, true, false, false},
	{16, 16, false, HMS_HASH_ARM64_V1, HMS_HASH_XXHASH, true, false, false},
	{17, 18, false, HMS_HASH_ARM64_V1, HMS_HASH_WYHASH_CONSTANTS, false, false, false},
	{19, 19, true, HMS_HASH_ARM64_V1, HMS_HASH_WYHASH_CONSTANTS, false, false, false},
	{20, 20, false, HMS_HASH_ARM64_V2, HMS_HASH_WYHASH_CONSTANTS, false, false, false},
	{21, 22, true, HMS_HASH_ARM64_V2, HMS_HASH_WYHASH_CONSTANTS, false, false, false},
	{23, 25, true, HMS_HASH_ARM64_V2, HMS_HASH_WYHASH_RANDOM, false, false, false},
	{26, 26, true, HMS_HASH_ARM64_V2, HMS_HASH_WYHASH_RANDOM, false, true, false},
	{27, 27, true, HMS_HASH_ARM64_V3, HMS_HASH_WYHASH_RANDOM, false, true, true},
	{28, UINT_MAX, false, HMS_HASH_ARM64_V3, HMS_HASH_WYHASH_RANDOM, false, true, true},
};

/* Development versions, by the kind of maps and variables they have. */
static const struct hms_hash_rules development_swiss = {
	24, UINT_MAX, false, HMS_HASH_ARM64_V2, HMS_HASH_WYHASH_RANDOM, false, true, false};
static const struct hms_hash_rules development_classic = {
	22, UINT_MAX, false, HMS_HASH_ARM64_V2, HMS_HASH_WYHASH_CONSTANTS, false, false, false};

const struct hms_hash_rules *hms_hash_rules_find(unsigned int minor)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(releases); i++) {
		if (minor >= releases[i].from && minor <= releases[i].to)
			return &releases[i];
	}
	return NULL;
}

static bool has_symbol(const struct hms_rt *rt, const char *name)
{
	uint64_t addr;
	struct hms_error *err = hms_rt_symbol(rt, name, &addr);

	hms_err_free(err);
	return !err;
}

const struct hms_hash_rules *hms_hash_rules_of(const struct hms_rt *rt)
{
	if (rt->version.major)
		return hms_hash_rules_find(rt->version.minor);
	if (has_symbol(rt, "internal/runtime/maps.UseAeshash"))
		return hms_hash_rules_find(UINT_MAX);
	return rt->map_kind == HMS_MAP_SWISS ? &development_swiss : &development_classic;
}
