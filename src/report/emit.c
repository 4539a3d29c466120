/* JSON, written as it goes. */
#include "report/emit.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "util/escape.h"
#include "report/format.h"

#define FLUSH_AT 65536

void hms_emit_init(struct hms_emit *emit, FILE *out)
{
	*emit = (struct hms_emit){.out = out, .first = true};
}

void hms_emit_deinit(struct hms_emit *emit)
{
	hms_str_deinit(&emit->text);
	hms_str_deinit(&emit->stack);
}

static void flush(struct hms_emit *emit)
{
	if (emit->text.len && fwrite(emit->text.s, 1, emit->text.len, emit->out) != emit->text.len)
		emit->failed = true;
	hms_str_clear(&emit->text);
}

bool hms_emit_finish(struct hms_emit *emit)
{
	assert(emit->stack.len == 0);
	hms_str_addc(&emit->text, '\n');
	flush(emit);
	if (fflush(emit->out) != 0)
		emit->failed = true;
	return !emit->failed;
}

/* Members of the document and elements of its arrays stand on lines of their own. */
static void separate(struct hms_emit *emit)
{
	size_t depth = emit->stack.len;

	if (!emit->first)
		hms_str_addc(&emit->text, ',');
	if (depth == 1 || (depth == 2 && emit->stack.s[1] == '['))
		hms_str_addc(&emit->text, '\n');
	else if (!emit->first)
		hms_str_addc(&emit->text, ' ');
	emit->first = false;
	if (emit->text.len >= FLUSH_AT)
		flush(emit);
}

static void begin_value(struct hms_emit *emit, const char *key)
{
	if (emit->stack.len)
		separate(emit);
	if (key) {
		hms_str_addc(&emit->text, '"');
		hms_escape_json(&emit->text, key, strlen(key));
		hms_str_add(&emit->text, "\": ");
	}
}

static void open_nested(struct hms_emit *emit, const char *key, char bracket)
{
	begin_value(emit, key);
	hms_str_addc(&emit->text, bracket);
	hms_str_addc(&emit->stack, bracket);
	emit->first = true;
}

void hms_emit_object(struct hms_emit *emit, const char *key)
{
	open_nested(emit, key, '{');
}

void hms_emit_array(struct hms_emit *emit, const char *key)
{
	open_nested(emit, key, '[');
}

void hms_emit_close(struct hms_emit *emit)
{
	size_t depth = emit->stack.len;
	bool object;

	assert(depth > 0);
	object = emit->stack.s[depth - 1] == '{';
	if (!emit->first && (depth == 1 || (depth == 2 && !object)))
		hms_str_addc(&emit->text, '\n');
	hms_str_addc(&emit->text, object ? '}' : ']');
	emit->stack.len--;
	emit->first = false;
}

void hms_emit_null(struct hms_emit *emit, const char *key)
{
	begin_value(emit, key);
	hms_str_add(&emit->text, "null");
}

void hms_emit_bool(struct hms_emit *emit, const char *key, bool b)
{
	begin_value(emit, key);
	hms_str_add(&emit->text, b ? "true" : "false");
}

void hms_emit_u64(struct hms_emit *emit, const char *key, uint64_t n)
{
	begin_value(emit, key);
	hms_format_u64(&emit->text, n);
}

void hms_emit_i64(struct hms_emit *emit, const char *key, int64_t n)
{
	begin_value(emit, key);
	if (n < 0)
		hms_str_addc(&emit->text, '-');
	hms_format_u64(&emit->text, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void hms_emit_double(struct hms_emit *emit, const char *key, double d)
{
	if (!isfinite(d)) {
		hms_emit_null(emit, key);
		return;
	}
	begin_value(emit, key);
	hms_format_double(&emit->text, d);
}

void hms_emit_hex(struct hms_emit *emit, const char *key, uint64_t bits)
{
	begin_value(emit, key);
	hms_str_addc(&emit->text, '"');
	hms_format_hex(&emit->text, bits);
	hms_str_addc(&emit->text, '"');
}

void hms_emit_raw(struct hms_emit *emit, const char *key, const char *json)
{
	begin_value(emit, key);
	hms_str_add(&emit->text, json);
}

void hms_emit_textn(struct hms_emit *emit, const char *key, const char *s, size_t len)
{
	begin_value(emit, key);
	hms_str_addc(&emit->text, '"');
	hms_escape_json(&emit->text, s, len);
	hms_str_addc(&emit->text, '"');
}

void hms_emit_json(struct hms_emit *emit, const char *key, const char *json)
{
	begin_value(emit, key);
	hms_str_add(&emit->text, json ? json : "null");
}

void hms_emit_text(struct hms_emit *emit, const char *key, const char *s)
{
	if (s)
		hms_emit_textn(emit, key, s, strlen(s));
	else
		hms_emit_null(emit, key);
}
