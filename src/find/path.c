#include "find/path.h"

#include <inttypes.h>

#include "rt/value.h"
#include "util/escape.h"

#define MAX_KEY   64   /* bytes of a string key shown */
#define MAX_PATH  1024 /* bytes of a path, but for its last step */
#define MIN_RUN   8    /* equal fields in a row that are written once, with their number */
#define FEW_STEPS 16   /* of the usual path */

/* ---- shapes ------------------------------------------------------------------------------- */

#define GOROUTINE "goroutine:"

/* Behind "goroutine:18:"; NULL where @name does not begin so. */
static const char *after_goroutine(const char *name)
{
	if (strncmp(name, GOROUTINE, sizeof(GOROUTINE) - 1) != 0)
		return NULL;
	name += sizeof(GOROUTINE) - 1;
	return name[strspn(name, "0123456789")] == ':' ? strchr(name, ':') + 1 : NULL;
}

/* FNV-1a, continued. */
static uint32_t mix_bytes(uint32_t hash, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * UINT32_C(16777619);
	return hash;
}

/* The field of the same name that leads to this one by a pointer: next of next. */
static const struct hms_path *same_field_above(const struct hms_path *path)
{
	const struct hms_path *above = path->parent;

	if (path->kind != HMS_PATH_FIELD || !above || above->kind != HMS_PATH_DEREF)
		return NULL;
	above = above->parent;
	return above && above->kind == HMS_PATH_FIELD && strcmp(above->name, path->name) == 0
		       ? above
		       : NULL;
}

void hms_path_finish(struct hms_path *path)
{
	const struct hms_path *above = same_field_above(path);
	uint32_t hash = path->parent ? path->parent->shape : UINT32_C(2166136261);
	uint8_t kind = (uint8_t)path->kind;
	const char *name = NULL;

	if (above) {
		path->shape = above->shape;
		return;
	}
	hash = mix_bytes(hash, &kind, 1);
	if (path->kind == HMS_PATH_VARIABLE) {
		name = after_goroutine(path->name);
		name = name ? name : path->name;
	} else if (path->kind == HMS_PATH_FIELD) {
		name = path->name;
	} else if (path->kind == HMS_PATH_ASSERT && path->type) {
		hash = mix_bytes(hash, &path->type->id, sizeof(path->type->id));
	}
	path->shape = name ? mix_bytes(hash, name, strlen(name)) : hash;
}

/* ---- text --------------------------------------------------------------------------------- */

/* Steps from the variable down to @path: in @few where they fit, else malloc'ed (*many_ret). */
static const struct hms_path **steps(const struct hms_path *path, const struct hms_path **few,
				     const struct hms_path ***many_ret, size_t *n_ret)
{
	const struct hms_path **list = few;
	size_t n = 0;

	for (const struct hms_path *p = path; p; p = p->parent)
		n++;
	if (n > FEW_STEPS)
		list = *many_ret = hms_xcalloc(n, sizeof(*list));
	*n_ret = n;
	for (const struct hms_path *p = path; p; p = p->parent)
		list[--n] = p;
	return list;
}

/* Write out pending dereferences of what stands from @start on: (*x), (**x). */
static void wrap(struct hms_str *text, size_t start, unsigned int derefs)
{
	size_t len = text->len - start;

	if (!derefs)
		return;
	hms_str_extend(text, derefs + 1);
	memmove(text->s + start + 1 + derefs, text->s + start, len);
	text->s[start] = '(';
	memset(text->s + start + 1, '*', derefs);
	hms_str_addc(text, ')');
}

static void put_key(const struct hms_rt *rt, const struct hms_path *p, unsigned int hide,
		    struct hms_str *text)
{
	const uint8_t *bytes = hms_mem_peek(rt->mem, p->number, p->type->size);

	hms_str_addc(text, '[');
	if (hide & HMS_PATH_HIDE_KEYS)
		hms_str_add(text, "…");
	else if (!bytes)
		hms_str_add(text, "?");
	else
		hms_value_go(rt, p->type, bytes, MAX_KEY, text);
	hms_str_addc(text, ']');
}

static void put_index(const struct hms_path *p, unsigned int hide, struct hms_str *text)
{
	if (hide & HMS_PATH_HIDE_NUMBERS) {
		hms_str_add(text, "[…]");
	} else if (p->kind == HMS_PATH_BEYOND) {
		hms_str_addf(text, "[:%" PRIu64 "][%" PRIu64 "]", p->number + 1, p->number);
	} else {
		hms_str_addc(text, '[');
		hms_str_addu(text, p->number);
		hms_str_addc(text, ']');
	}
}

static void put_variable(const char *name, unsigned int hide, struct hms_str *text)
{
	const char *rest = hide & HMS_PATH_HIDE_NUMBERS ? after_goroutine(name) : NULL;

	if (rest)
		hms_str_add(text, GOROUTINE "…:");
	else
		rest = name;
	hms_escape_text(text, rest, strlen(rest));
}

static void put_step(const struct hms_rt *rt, const struct hms_path *p, unsigned int hide,
		     struct hms_str *text)
{
	switch (p->kind) {
	case HMS_PATH_VARIABLE: put_variable(p->name, hide, text); break;
	case HMS_PATH_FIELD:
		hms_str_addc(text, '.');
		hms_escape_text(text, p->name, strlen(p->name));
		break;
	case HMS_PATH_INDEX:
	case HMS_PATH_BEYOND: put_index(p, hide, text); break;
	case HMS_PATH_KEY: put_key(rt, p, hide, text); break;
	case HMS_PATH_AS_KEY:
		hms_str_add(text, ".key");
		put_key(rt, p, hide, text);
		break;
	case HMS_PATH_ASSERT:
		hms_str_add(text, ".(");
		hms_rt_type_name(rt, p->type, text);
		hms_str_addc(text, ')');
		break;
	case HMS_PATH_QUEUED:
		hms_str_add(text, ".queue");
		put_index(p, hide, text);
		break;
	case HMS_PATH_CAPTURED: hms_str_add(text, ".captured"); break;
	case HMS_PATH_DEREF: break;
	}
}

/* Does Go dereference by itself before this step?  One pointer before a field, and before an
 * index of an array. */
static bool dereferences(const struct hms_path *p)
{
	return p->kind == HMS_PATH_FIELD || (p->kind == HMS_PATH_INDEX && p->of_array);
}

/* How many times the step from list[i] on comes again and again: .next.next.next, each but the
 * first through a pointer. */
static size_t run_of(const struct hms_path *const *list, size_t n, size_t i)
{
	size_t run = 1;

	if (list[i]->kind != HMS_PATH_FIELD)
		return 1;
	while (i + 2 < n && list[i + 1]->kind == HMS_PATH_DEREF &&
	       list[i + 2]->kind == HMS_PATH_FIELD &&
	       strcmp(list[i]->name, list[i + 2]->name) == 0) {
		run++;
		i += 2;
	}
	return run;
}

/* Steps from list[i] on as text; the index of the first that is not among them. */
static size_t put_run(const struct hms_rt *rt, const struct hms_path *const *list, size_t n,
		      size_t i, unsigned int hide, struct hms_str *text)
{
	size_t run = run_of(list, n, i);

	put_step(rt, list[i], hide, text);
	if (run > 1 && hide & HMS_PATH_HIDE_NUMBERS)
		hms_str_add(text, "{…}");
	else if (run < MIN_RUN)
		return i + 1;
	else
		hms_str_addf(text, "{%zu}", run);
	return i + 2 * run - 1;
}

void hms_path_text(const struct hms_rt *rt, const struct hms_path *path, unsigned int hide,
		   struct hms_str *ret)
{
	const struct hms_path *few[FEW_STEPS], **list;
	HMS_AUTO_FREE const struct hms_path **many = NULL;
	size_t start = ret->len, n;
	unsigned int derefs = 0;

	list = steps(path, few, &many, &n);
	for (size_t i = 0; i < n;) {
		if (list[i]->kind == HMS_PATH_DEREF) {
			derefs++;
			i++;
			continue;
		}
		wrap(ret, start, derefs && dereferences(list[i]) ? derefs - 1 : derefs);
		derefs = 0;
		if (ret->len - start > MAX_PATH) {
			hms_str_addf(ret, "…(%zu steps)", n - i);
			break;
		}
		i = put_run(rt, list, n, i, hide, ret);
	}
	wrap(ret, start, derefs);
}
