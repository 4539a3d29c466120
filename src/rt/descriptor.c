/*
 * Reads names of type descriptors (src/internal/abi/type.go, to Go 1.20 src/runtime/type.go).
 *
 * A name is a flag byte, a length and the bytes.  The length was two bytes, big endian, up to
 * Go 1.16, and is a varint from 1.17 on ("cmd/compile, runtime: use varint encoding for name").
 */
#include "rt/descriptor.h"

const struct hms_module *hms_rt_module_of_type(const struct hms_rt *rt, uint64_t addr)
{
	for (size_t i = 0; i < rt->nmodules; i++) {
		if (addr >= rt->modules[i].types && addr < rt->modules[i].etypes)
			return &rt->modules[i];
	}
	return NULL;
}

static bool names_have_varints(const struct hms_rt *rt)
{
	return rt->version.major != 1 || rt->version.minor >= 17;
}

/* Length of a name and how many bytes say it, from three bytes. */
static uint32_t name_length(const struct hms_rt *rt, const uint8_t p[3], uint32_t *used_ret)
{
	uint32_t len = 0;

	if (!names_have_varints(rt)) {
		*used_ret = 2;
		return (uint32_t)p[0] << 8 | p[1];
	}
	for (uint32_t i = 0; i < 3; i++) {
		len |= (uint32_t)(p[i] & 0x7f) << (7 * i);
		if (!(p[i] & 0x80)) {
			*used_ret = i + 1;
			return len;
		}
	}
	return UINT32_MAX;
}

/* A length and as many bytes.  *addr moves behind them. */
static const uint8_t *read_counted(const struct hms_rt *rt, uint64_t *addr, uint64_t limit,
				   uint32_t *len_ret)
{
	uint32_t len, used = 0;
	const uint8_t *p;

	if (*addr >= limit || limit - *addr < 3)
		return NULL;
	p = hms_mem_peek(rt->mem, *addr, 3);
	if (!p)
		return NULL;
	len = name_length(rt, p, &used);
	if (!len || len > HMS_RTYPE_NAME_MAX || len > limit - *addr - used)
		return NULL;
	p = hms_mem_peek(rt->mem, *addr + used, len);
	*addr += used + len;
	*len_ret = len;
	return p;
}

bool hms_rtype_read_name(const struct hms_rt *rt, uint64_t addr, uint64_t limit,
			 struct hms_str *ret, struct hms_str *tag_ret, uint8_t *flags_ret)
{
	const uint8_t *flags = addr < limit ? hms_mem_peek(rt->mem, addr, 1) : NULL;
	const uint8_t *name, *tag = NULL;
	uint32_t len, tag_len = 0;

	if (!flags)
		return false;
	addr++;
	name = read_counted(rt, &addr, limit, &len);
	if (!name)
		return false;
	if (tag_ret && *flags & HMS_NAME_TAG)
		tag = read_counted(rt, &addr, limit, &tag_len);
	hms_str_addn(ret, name, len);
	if (tag)
		hms_str_addn(tag_ret, tag, tag_len);
	if (flags_ret)
		*flags_ret = *flags;
	return true;
}

/* Named types are stored as "*main.T", to share the bytes with the name of their pointer type. */
static void drop_star(struct hms_str *str, size_t at)
{
	if (str->s[at] != '*')
		return;
	memmove(str->s + at, str->s + at + 1, str->len - at);
	str->len--;
}

bool hms_rtype_string(const struct hms_rt *rt, const struct hms_module *module, uint64_t addr,
		      struct hms_str *ret)
{
	const struct hms_layout *layout = &rt->layout;
	uint32_t size = layout->facts[HMS_F_TYPE].size;
	size_t before = ret->len;
	const uint8_t *p;
	uint64_t off;

	if (!hms_layout_has(layout, HMS_F_TYPE_STR) || !hms_layout_has(layout, HMS_F_TYPE_TFLAG) ||
	    addr < module->types || addr > module->etypes || size > module->etypes - addr)
		return false;
	p = hms_mem_peek(rt->mem, addr, size);
	if (!p)
		return false;
	/* An abi.NameOff is an int32; negative ones belong to types made by reflect. */
	off = hms_layout_get(layout, HMS_F_TYPE_STR, p);
	if (!off || off > INT32_MAX ||
	    !hms_rtype_read_name(rt, module->types + off, module->etypes, ret, NULL, NULL))
		return false;
	if (hms_layout_get(layout, HMS_F_TYPE_TFLAG, p) & HMS_TFLAG_EXTRA_STAR)
		drop_star(ret, before);
	return true;
}
