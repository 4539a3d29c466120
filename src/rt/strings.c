/* Go strings in the target: {pointer, length} (src/runtime/string.go). */
#include "rt/rt.h"

#include <inttypes.h>

/* Append @len bytes at @addr, or leave @ret as it is. */
static struct hms_error *append_bytes(const struct hms_mem *mem, uint64_t addr, uint64_t len,
				      struct hms_str *ret)
{
	size_t before = ret->len;

	while (len) {
		const uint8_t *p;
		size_t n = hms_mem_run(mem, addr, &p);

		if (!n) {
			uint8_t byte;

			ret->len = before;
			if (ret->s)
				ret->s[before] = '\0';
			HMS_TRY(hms_mem_u8(mem, addr, &byte)); /* says why */
			return hms_err_fault(addr, "cannot be read");
		}
		n = HMS_MIN(n, len);
		hms_str_addn(ret, p, n);
		addr += n;
		len -= n;
	}
	return NULL;
}

struct hms_error *hms_rt_string(const struct hms_rt *rt, uint64_t addr, size_t max,
				struct hms_str *ret, uint64_t *len_ret)
{
	uint8_t header[16];
	uint64_t len;

	HMS_TRY(hms_mem_read(rt->mem, addr, header, sizeof(header)));
	len = hms_le64(header + 8);
	if (len > INT64_MAX)
		return hms_err(HMS_ERR_LIMIT, "the string at 0x%" PRIx64 " has length %" PRId64,
			       addr, (int64_t)len);
	HMS_TRY(append_bytes(rt->mem, hms_le64(header), HMS_MIN(len, max), ret));
	*len_ret = len;
	return NULL;
}
