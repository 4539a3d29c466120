/*
 * Build IDs: NT_GNU_BUILD_ID of the linker (binary), and the Go toolchain's own text in
 * .note.go.buildid (Go, src/cmd/link/internal/ld/elf.go: owner "Go", type 4).
 */
#include <ctype.h>
#include <elf.h>
#include <string.h>

#include "core/elffile.h"
#include "util/buf.h"
#include "util/str.h"

#define NT_GO_BUILD_ID 4
#define MAX_NOTES_LEN  (64u << 10) /* a few hundred bytes are usual */

static void set(struct hms_build_id *id, const uint8_t *desc, size_t len, bool is_go)
{
	if (id->len || len == 0)
		return;
	id->len = HMS_MIN(len, sizeof(id->bytes));
	memcpy(id->bytes, desc, id->len);
	id->is_go = is_go;
}

void hms_build_ids_parse(const uint8_t *notes, size_t len, struct hms_build_id *gnu,
			 struct hms_build_id *go)
{
	struct hms_buf buf;

	hms_buf_init(&buf, notes, HMS_MIN(len, MAX_NOTES_LEN));
	while (buf.left) {
		uint32_t namesz = hms_buf_u32(&buf);
		uint32_t descsz = hms_buf_u32(&buf);
		uint32_t type = hms_buf_u32(&buf);
		const uint8_t *name = hms_buf_bytes(&buf, namesz);
		const uint8_t *desc;

		hms_buf_align(&buf, 4);
		desc = hms_buf_bytes(&buf, descsz);
		hms_buf_align(&buf, 4);
		if (buf.overrun)
			return;
		if (namesz == 4 && memcmp(name, "GNU", 4) == 0 && type == NT_GNU_BUILD_ID)
			set(gnu, desc, descsz, false);
		else if (namesz == 4 && memcmp(name, "Go\0", 4) == 0 && type == NT_GO_BUILD_ID)
			set(go, desc, descsz, true);
	}
}

bool hms_build_id_equal(const struct hms_build_id *a, const struct hms_build_id *b)
{
	return a->len && a->len == b->len && a->is_go == b->is_go &&
	       memcmp(a->bytes, b->bytes, a->len) == 0;
}

char *hms_build_id_text(const struct hms_build_id *id)
{
	struct hms_str s = HMS_STR_INIT;

	hms_str_add(&s, "");
	for (size_t i = 0; i < id->len; i++) {
		uint8_t c = id->bytes[i];

		if (!id->is_go)
			hms_str_addf(&s, "%02x", c);
		else if (c > 0x20 && c < 0x7f && c != '\\')
			hms_str_addc(&s, (char)c);
		else
			hms_str_addf(&s, "\\x%02x", c);
	}
	return hms_str_steal(&s);
}
