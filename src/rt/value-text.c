/* Strings and slices of bytes. */
#include <stdlib.h>

#include "rt/value-impl.h"
#include "util/escape.h"

#define ODD_RUN 1024 /* bytes escaped at once */

static bool plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Is a byte of the eight zero?  Exact for the lowest one that is, which is all that is needed. */
static uint64_t zero_bytes(uint64_t x)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	return (x - ones) & ~x;
}

static bool eight_plain(uint64_t x)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t odd = x | ((x - ones * 0x20) & ~x) | zero_bytes(x ^ (ones * '"')) |
		       zero_bytes(x ^ (ones * '\\')) | zero_bytes(x ^ (ones * 0x7f));

	return !(odd & (ones << 7));
}

/* Bytes from @s on that stand for themselves in a literal of either notation. */
static size_t plain_run(const uint8_t *s, size_t len)
{
	size_t n = 0;

	while (len - n >= 8 && eight_plain(hms_le64(s + n)))
		n += 8;
	while (n < len && plain(s[n]))
		n++;
	return n;
}

/* Bytes from @s on that do not, at most ODD_RUN, but no part of a character. */
static size_t odd_run(const uint8_t *s, size_t len)
{
	size_t n = 1;

	while (n < len && !plain(s[n]) && (n < ODD_RUN || (s[n] & 0xc0) == 0x80) && n < ODD_RUN + 4)
		n++;
	return n;
}

static void put_odd(struct hms_decoder *d, const uint8_t *s, size_t len)
{
	HMS_AUTO_STR struct hms_str text = HMS_STR_INIT;

	if (d->notation == HMS_NOTATION_JSON) {
		hms_escape_json(&text, (const char *)s, len);
		hms_sink_addn(d->sink, hms_str_text(&text), text.len);
	} else {
		hms_escape_go(&text, (const char *)s, len);
		hms_sink_addn(d->sink, hms_str_text(&text) + 1, text.len - 2);
	}
}

static void put_quoted(struct hms_decoder *d, const uint8_t *s, size_t len)
{
	hms_sink_addc(d->sink, '"');
	while (len) {
		size_t n = plain_run(s, len);

		hms_sink_addn(d->sink, s, n);
		s += n;
		len -= n;
		if (!len)
			break;
		n = odd_run(s, len);
		put_odd(d, s, n);
		s += n;
		len -= n;
	}
	hms_sink_addc(d->sink, '"');
}

static void put_cut(struct hms_decoder *d, uint64_t cut)
{
	if (cut) {
		hms_sink_add(d->sink, ",\"cut\":");
		hms_sink_u64(d->sink, cut);
	}
	hms_sink_addc(d->sink, '}');
}

static void put_hex(struct hms_decoder *d, const uint8_t *s, size_t len, uint64_t cut)
{
	hms_sink_add(d->sink, "{\"bytes\":\"");
	hms_sink_hex(d->sink, s, len);
	hms_sink_addc(d->sink, '"');
	put_cut(d, cut);
}

static void put_json_string(struct hms_decoder *d, const uint8_t *s, size_t len, uint64_t cut)
{
	if (plain_run(s, len) != len && !hms_utf8_valid((const char *)s, len)) {
		put_hex(d, s, len, cut);
		return;
	}
	if (cut)
		hms_sink_add(d->sink, "{\"text\":");
	put_quoted(d, s, len);
	if (cut)
		put_cut(d, cut);
}

/* A string that is cut is cut between two characters. */
static size_t whole_characters(const uint8_t *s, size_t len)
{
	size_t start = len, needs;

	while (start && len - start < 3 && (s[start - 1] & 0xc0) == 0x80)
		start--;
	if (!start || s[start - 1] < 0xc2 || s[start - 1] > 0xf4)
		return len;
	start--;
	needs = s[start] < 0xe0 ? 2 : s[start] < 0xf0 ? 3 : 4;
	return len - start < needs ? start : len;
}

void hms_value_string(struct hms_decoder *d, uint64_t addr, uint64_t len)
{
	uint64_t shown = HMS_MIN(len, d->limits.text);
	uint8_t *owned = NULL;
	const uint8_t *s = hms_value_bytes(d, addr, shown, &owned);
	size_t n;

	if (!s) {
		hms_value_unknown(d);
		return;
	}
	n = shown < len ? whole_characters(s, (size_t)shown) : (size_t)shown;
	if (d->notation == HMS_NOTATION_JSON) {
		put_json_string(d, s, n, len - n);
	} else {
		put_quoted(d, s, n);
		if (n < len)
			hms_sink_add(d->sink, "…");
	}
	free(owned);
}

void hms_value_byte_slice(struct hms_decoder *d, uint64_t addr, uint64_t len)
{
	uint64_t shown = HMS_MIN(len, d->limits.text);
	uint8_t *owned = NULL;
	const uint8_t *s = hms_value_bytes(d, addr, shown, &owned);

	if (!s) {
		hms_value_unknown(d);
		return;
	}
	if (d->notation == HMS_NOTATION_JSON) {
		put_hex(d, s, (size_t)shown, len - shown);
	} else {
		hms_sink_add(d->sink, "[]byte(");
		put_quoted(d, s, (size_t)shown);
		hms_sink_add(d->sink, shown < len ? "…)" : ")");
	}
	free(owned);
}
