/* Troubles in words. */
#include <inttypes.h>

#include "map/map.h"

static const char *array_name(const struct hms_trouble *t)
{
	return t->old ? "old bucket" : "bucket";
}

static const char *why(const struct hms_trouble *t)
{
	return t->absent ? "is not in the core" : "was never mapped";
}

static const char *place(uint8_t state)
{
	switch (state) {
	case HMS_HEAP_OUTSIDE: return "is outside the Go heap";
	case HMS_HEAP_NO_SPAN: return "is in a part of the heap that is not in use";
	case HMS_HEAP_MANUAL: return "is in a goroutine's stack";
	case HMS_HEAP_TAIL: return "is behind the last object of its span";
	case HMS_HEAP_FREE: return "is a free heap object";
	default: return "is in the middle of a heap object";
	}
}

static void classic_text(const struct hms_trouble *t, struct hms_str *ret)
{
	switch (t->kind) {
	case HMS_TROUBLE_NONE: break;
	case HMS_TROUBLE_HEADER:
		hms_str_addf(ret, "the header at 0x%" PRIx64 " %s", t->seen, why(t));
		break;
	case HMS_TROUBLE_DEPTH:
		hms_str_addf(ret, "a B of %" PRIu64 " promises more than an address space holds",
			     t->seen);
		break;
	case HMS_TROUBLE_PLACE:
		hms_str_addf(ret, "%s at 0x%" PRIx64 " %s", t->old ? "oldbuckets" : "buckets",
			     t->seen, place(t->state));
		break;
	case HMS_TROUBLE_SIZE:
		hms_str_addf(ret,
			     "B promises %" PRIu64 " %ss, the memory at 0x%" PRIx64
			     " holds %" PRIu64,
			     t->seen, array_name(t), t->where, t->bucket);
		break;
	case HMS_TROUBLE_BUCKETS:
	case HMS_TROUBLE_OLDBUCKETS:
		hms_str_addf(ret, "%s %" PRIu64 " at 0x%" PRIx64 " %s", array_name(t), t->bucket,
			     t->seen, why(t));
		break;
	case HMS_TROUBLE_OVERFLOW:
		hms_str_addf(ret,
			     "the overflow pointer at 0x%" PRIx64 " (chain of %s %" PRIu64
			     ") leads to 0x%" PRIx64 ", which %s",
			     t->where, array_name(t), t->bucket, t->seen, why(t));
		break;
	case HMS_TROUBLE_CYCLE:
		hms_str_addf(ret,
			     "the overflow chain of %s %" PRIu64 " comes back to 0x%" PRIx64
			     " (overflow pointer at 0x%" PRIx64 ")",
			     array_name(t), t->bucket, t->seen, t->where);
		break;
	case HMS_TROUBLE_DIRECTORY:
	case HMS_TROUBLE_TABLE:
	case HMS_TROUBLE_GROUPS: break; /* of Swiss maps */
	}
}

/* What is wrong with the place that a pointer leads to. */
static const char *why_not(const struct hms_trouble *t)
{
	return t->absent || t->state == HMS_HEAP_UNKNOWN ? why(t) : place(t->state);
}

static void size_text(const struct hms_map *map, const struct hms_trouble *t, struct hms_str *ret)
{
	if (t->where == map->swiss.dir)
		hms_str_addf(ret,
			     "dirLen is %" PRIu64 ", the directory at 0x%" PRIx64
			     " has room for %" PRIu64,
			     t->seen, t->where, t->bucket);
	else
		hms_str_addf(ret,
			     "groups.lengthMask promises %" PRIu64
			     " groups, their memory holds %" PRIu64,
			     t->seen, t->bucket);
}

static void swiss_text(const struct hms_map *map, const struct hms_trouble *t, struct hms_str *ret)
{
	switch (t->kind) {
	case HMS_TROUBLE_NONE: break;
	case HMS_TROUBLE_HEADER:
		hms_str_addf(ret, "the header at 0x%" PRIx64 " %s", t->seen, why(t));
		break;
	case HMS_TROUBLE_DEPTH:
		hms_str_addf(ret, "a directory of %" PRIu64 " entries is more than memory holds",
			     t->seen);
		break;
	case HMS_TROUBLE_DIRECTORY:
		hms_str_addf(ret, "dirPtr leads to 0x%" PRIx64 ", which %s", t->seen, why_not(t));
		break;
	case HMS_TROUBLE_TABLE:
		hms_str_addf(ret, "directory entry %" PRIu64 " leads to 0x%" PRIx64 ", which %s",
			     t->bucket, t->seen, why_not(t));
		break;
	case HMS_TROUBLE_GROUPS:
		hms_str_addf(ret, "table %" PRIu64 " has its groups at 0x%" PRIx64 ", which %s",
			     t->bucket, t->seen, why_not(t));
		break;
	case HMS_TROUBLE_SIZE: size_text(map, t, ret); break;
	case HMS_TROUBLE_PLACE:
	case HMS_TROUBLE_BUCKETS:
	case HMS_TROUBLE_OLDBUCKETS:
	case HMS_TROUBLE_OVERFLOW:
	case HMS_TROUBLE_CYCLE: break; /* of classic maps */
	}
}

void hms_trouble_text(enum hms_map_kind kind, const struct hms_map *map,
		      const struct hms_trouble *trouble, struct hms_str *ret)
{
	if (kind == HMS_MAP_CLASSIC)
		classic_text(trouble, ret);
	else
		swiss_text(map, trouble, ret);
}
