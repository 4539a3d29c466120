#include "rt/known.h"

#include <string.h>

#include "util/arena.h"

enum kind {
	KIND_ANY,
	KIND_CLASSIC, /* of programs with classic maps */
	KIND_SWISS,
};

struct row {
	enum hms_fact_id id;
	enum kind kind;
	unsigned int from, to; /* Go 1.from to 1.to, as far as they are in the table at all */
	uint32_t off, size;
};

static const struct row rows[] = {
#define KNOWN(id, kind, from, to, off, size) {HMS_F_##id, KIND_##kind, from, to, off, size},
#include "rt/known.def"
#undef KNOWN
};

static const unsigned int known_minors[] = {15, 19, 21, 22, 23, 24, 25, 26, 27};

/* Experiments that give the runtime's structures other members. */
static const char *const reshaping[] = {"staticlockranking", "noallocheaders"};

bool hms_known_release(const struct hms_go_version *version)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(reshaping); i++)
		if (hms_go_version_experiment(version, reshaping[i]))
			return false;
	for (size_t i = 0; version->major == 1 && i < HMS_ARRAY_LEN(known_minors); i++)
		if (known_minors[i] == version->minor)
			return true;
	return false;
}

/* runtime.mheap keeps its parts in cache lines of their own, and arm64's are twice as long
 * (internal/cpu.CacheLinePadSize).  The whole sizes of mheap and p are those of amd64. */
static const struct {
	enum hms_fact_id id;
	unsigned int from; /* Go 1.from and later */
	uint32_t add;
} arm64[] = {
	{HMS_F_MHEAP_ARENAS, 22, 64},
	{HMS_F_MHEAP_ALLARENAS, 22, 64},
	{HMS_F_MHEAP_USERARENAARENAS, 22, 64},
};

static void adapt_to_arm64(const struct hms_go_version *version, struct hms_layout *layout)
{
	for (size_t i = 0; i < HMS_ARRAY_LEN(arm64); i++) {
		struct hms_fact *fact = &layout->facts[arm64[i].id];

		if (fact->present && version->minor >= arm64[i].from)
			fact->off += arm64[i].add;
	}
}

static enum kind kind_of(const struct hms_go_version *version)
{
	return version->minor < 24 || hms_go_version_experiment(version, "noswissmap")
		       ? KIND_CLASSIC
		       : KIND_SWISS;
}

void hms_known_layout(const struct hms_go_version *version, enum hms_arch arch,
		      struct hms_layout *ret)
{
	enum kind kind = kind_of(version);

	*ret = (struct hms_layout){0};
	for (size_t i = 0; i < HMS_ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];

		if (version->minor >= row->from && version->minor <= row->to &&
		    (row->kind == KIND_ANY || row->kind == kind))
			ret->facts[row->id] = (struct hms_fact){
				.present = true, .off = row->off, .size = row->size};
	}
	if (arch == HMS_ARCH_ARM64)
		adapt_to_arm64(version, ret);
}
