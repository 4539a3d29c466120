/*
 * Escaping.  One scanner for all outputs: runs of plain ASCII are copied whole, every other
 * character is decoded, judged, and written as is or as the output's escape.
 *
 * What counts as printable follows Go's strconv.IsPrint: of spaces only the ASCII one, and
 * nothing that is invisible or acts on its neighbours (Unicode categories Cc, Cf, Zs, Zl, Zp, Co,
 * noncharacters; the letters that are drawn blank as well).
 */
#include "util/escape.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD in UTF-8 */

struct range {
	uint32_t first, last;
};

/* Sorted.  Unicode 15. */
static const struct range unprintable[] = {
	{0x0000, 0x001f},   {0x007f, 0x00a0},   {0x00ad, 0x00ad},    {0x034f, 0x034f},
	{0x0600, 0x0605},   {0x061c, 0x061c},   {0x06dd, 0x06dd},    {0x070f, 0x070f},
	{0x0890, 0x0891},   {0x08e2, 0x08e2},   {0x115f, 0x1160},    {0x1680, 0x1680},
	{0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x2000, 0x200f},    {0x2028, 0x202f},
	{0x205f, 0x206f},   {0x2800, 0x2800},   {0x3000, 0x3000},    {0x3164, 0x3164},
	{0xd800, 0xf8ff},   {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},    {0xfeff, 0xfeff},
	{0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},    {0x110bd, 0x110bd},
	{0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},  {0x1d173, 0x1d17a},
	{0x1fffe, 0x1ffff}, {0x2fffe, 0x2ffff}, {0x3fffe, 0x10ffff},
};

static int range_compare(const void *key, const void *member)
{
	uint32_t c = *(const uint32_t *)key;
	const struct range *range = member;

	return c < range->first ? -1 : c > range->last;
}

static bool printable(uint32_t c)
{
	return !bsearch(&c, unprintable, HMS_ARRAY_LEN(unprintable), sizeof(unprintable[0]),
			range_compare);
}

/* Length of a sequence by its first byte, 0 where none starts so; *min_ret is the smallest
 * character that needs that length. */
static size_t sequence_length(unsigned char first, uint32_t *min_ret)
{
	if (first < 0x80)
		return *min_ret = 0, 1;
	if (first >= 0xc2 && first < 0xe0)
		return *min_ret = 0x80, 2;
	if (first >= 0xe0 && first < 0xf0)
		return *min_ret = 0x800, 3;
	if (first >= 0xf0 && first < 0xf5)
		return *min_ret = 0x10000, 4;
	return 0;
}

size_t hms_utf8_decode(const char *s, size_t len, uint32_t *ret)
{
	static const unsigned char first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c, min;
	size_t n = len ? sequence_length(p[0], &min) : 0;

	if (n == 0 || n > len)
		return 0;
	c = p[0] & first_mask[n];
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

bool hms_utf8_valid(const char *s, size_t len)
{
	uint32_t c;
	size_t n;

	for (; len; s += n, len -= n) {
		n = hms_utf8_decode(s, len, &c);
		if (n == 0)
			return false;
	}
	return true;
}

/* Bytes up to the first that is not ASCII. */
static size_t ascii_prefix(const char *s, size_t len)
{
	size_t n = 0;
	uint64_t word;

	for (; n + sizeof(word) <= len; n += sizeof(word)) {
		memcpy(&word, s + n, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (n < len && (unsigned char)s[n] < 0x80)
		n++;
	return n;
}

size_t hms_utf8_width(const char *s, size_t len)
{
	size_t width = 0, n;
	uint32_t c;
	int w;

	for (; len; s += n, len -= n) {
		n = ascii_prefix(s, len);
		if (n) {
			width += n;
			continue;
		}
		n = hms_utf8_decode(s, len, &c);
		w = n ? wcwidth((wchar_t)c) : 1;
		width += w < 0 ? 1 : (size_t)w;
		n = n ? n : 1;
	}
	return width;
}

enum target { TO_TEXT, TO_ASCII, TO_GO, TO_JSON, TO_HTML };

static bool plain(enum target target, unsigned char c)
{
	if (c < 0x20 || c >= 0x7f)
		return false;
	if (target == TO_HTML)
		return c != '<' && c != '>' && c != '&' && c != '"' && c != '\'';
	return (c != '"' && c != '\\') || target == TO_TEXT || target == TO_ASCII;
}

/* The letter of a control character's short escape, 0 where it has none. */
static char short_escape(enum target target, uint32_t c)
{
	switch (c) {
	case '"':
	case '\\': return (char)c;
	case '\b': return 'b';
	case '\f': return 'f';
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	case '\a': return target == TO_JSON ? 0 : 'a';
	case '\v': return target == TO_JSON ? 0 : 'v';
	default: return 0;
	}
}

static void add_escape(struct hms_str *ret, enum target target, uint32_t c)
{
	char letter = short_escape(target, c);

	if (letter) {
		hms_str_addc(ret, '\\');
		hms_str_addc(ret, letter);
	} else if (target == TO_JSON && c > 0xffff) {
		hms_str_addf(ret, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
	} else if (target == TO_JSON || (c >= 0x80 && c <= 0xffff)) {
		hms_str_addf(ret, "\\u%04x", c);
	} else if (c > 0xffff) {
		hms_str_addf(ret, "\\U%08x", c);
	} else {
		hms_str_addf(ret, "\\x%02x", c);
	}
}

/* One character, or one byte that is part of none; returns the bytes it took. */
static size_t add_character(struct hms_str *ret, enum target target, const char *s, size_t len)
{
	uint32_t c;
	size_t n = hms_utf8_decode(s, len, &c);

	if (n == 0) {
		if (target == TO_JSON)
			hms_str_add(ret, REPLACEMENT);
		else
			hms_str_addf(ret, "\\x%02x", (unsigned char)*s);
		return 1;
	}
	if (c >= 0x80 && target != TO_ASCII && printable(c))
		hms_str_addn(ret, s, n);
	else
		add_escape(ret, target, c);
	return n;
}

static const char *html_entity(char c)
{
	switch (c) {
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '&': return "&amp;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

/* Inlined: for each output the compiler makes a loop over plain bytes of its own. */
static inline HMS_ALWAYS_INLINE void escape(struct hms_str *ret, enum target target, const char *s,
					    size_t len)
{
	size_t n;

	while (len) {
		for (n = 0; n < len && plain(target, (unsigned char)s[n]);)
			n++;
		hms_str_addn(ret, s, n);
		if (n < len && target == TO_HTML && html_entity(s[n]))
			hms_str_add(ret, html_entity(s[n++]));
		else if (n < len)
			n += add_character(ret, target, s + n, len - n);
		s += n;
		len -= n;
	}
}

void hms_escape_text(struct hms_str *ret, const char *s, size_t len)
{
	escape(ret, TO_TEXT, s, len);
}

void hms_escape_ascii(struct hms_str *ret, const char *s, size_t len)
{
	escape(ret, TO_ASCII, s, len);
}

void hms_escape_go(struct hms_str *ret, const char *s, size_t len)
{
	hms_str_addc(ret, '"');
	escape(ret, TO_GO, s, len);
	hms_str_addc(ret, '"');
}

void hms_escape_json(struct hms_str *ret, const char *s, size_t len)
{
	escape(ret, TO_JSON, s, len);
}

void hms_escape_html(struct hms_str *ret, const char *s, size_t len)
{
	escape(ret, TO_HTML, s, len);
}
