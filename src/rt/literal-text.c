/* Text of literals: the Go specification's string and rune literals. */
#include <ctype.h>
#include <string.h>

#include "rt/literal-impl.h"
#include "util/escape.h"

static void add_utf8(struct hms_str *ret, uint32_t c)
{
	if (c < 0x80) {
		hms_str_addc(ret, (char)c);
	} else if (c < 0x800) {
		hms_str_addc(ret, (char)(0xc0 | c >> 6));
		hms_str_addc(ret, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		hms_str_addc(ret, (char)(0xe0 | c >> 12));
		hms_str_addc(ret, (char)(0x80 | (c >> 6 & 0x3f)));
		hms_str_addc(ret, (char)(0x80 | (c & 0x3f)));
	} else {
		hms_str_addc(ret, (char)(0xf0 | c >> 18));
		hms_str_addc(ret, (char)(0x80 | (c >> 12 & 0x3f)));
		hms_str_addc(ret, (char)(0x80 | (c >> 6 & 0x3f)));
		hms_str_addc(ret, (char)(0x80 | (c & 0x3f)));
	}
}

/* What stands behind a backslash. */
struct escape {
	uint32_t value;
	bool byte; /* one byte of a string, whatever its encoding */
};

static bool digits(struct hms_literal_parser *parser, unsigned int n, unsigned int base,
		   uint32_t *ret)
{
	*ret = 0;
	for (; n; n--) {
		unsigned int digit = hms_literal_digit(*parser->p);

		if (digit >= base)
			return false;
		*ret = *ret * base + digit;
		parser->p++;
	}
	return true;
}

static bool numeric_escape(struct hms_literal_parser *parser, struct escape *ret)
{
	char c = *parser->p;

	ret->byte = c == 'x' || isdigit((unsigned char)c);
	if (isdigit((unsigned char)c))
		return digits(parser, 3, 8, &ret->value) && ret->value <= 0xff;
	parser->p++;
	if (c == 'x')
		return digits(parser, 2, 16, &ret->value);
	if (!digits(parser, c == 'u' ? 4 : 8, 16, &ret->value))
		return false;
	return ret->value <= 0x10ffff && (ret->value < 0xd800 || ret->value > 0xdfff);
}

static bool escape(struct hms_literal_parser *parser, char quote, struct escape *ret)
{
	static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
	const char *letter = *parser->p ? strchr(letters, *parser->p) : NULL;

	*ret = (struct escape){0};
	if (letter)
		ret->value = (unsigned char)values[letter - letters];
	else if (*parser->p == quote)
		ret->value = (unsigned char)quote;
	else
		return *parser->p && strchr("xuU01234567", *parser->p) &&
		       numeric_escape(parser, ret);
	parser->p++;
	return true;
}

static struct hms_error *raw(struct hms_literal_parser *parser, struct hms_str *ret)
{
	const char *from = parser->p++;

	for (; *parser->p != '`'; parser->p++) {
		if (!*parser->p)
			return hms_literal_bad(parser, from, "the ` that ends it is missing");
		if (*parser->p != '\r')
			hms_str_addc(ret, *parser->p);
	}
	parser->p++;
	return NULL;
}

struct hms_error *hms_literal_quoted(struct hms_literal_parser *parser, struct hms_str *ret)
{
	const char *from = parser->p;

	if (*from == '`')
		return raw(parser, ret);
	for (parser->p++; *parser->p != '"';) {
		const char *at = parser->p;
		struct escape e;

		if (!*at)
			return hms_literal_bad(parser, from, "the \" that ends it is missing");
		parser->p++;
		if (*at != '\\') {
			hms_str_addc(ret, *at);
			continue;
		}
		if (!escape(parser, '"', &e))
			return hms_literal_bad(parser, at, "Go has no such escape");
		if (e.byte)
			hms_str_addc(ret, (char)e.value);
		else
			add_utf8(ret, e.value);
	}
	parser->p++;
	return NULL;
}

struct hms_error *hms_literal_rune(struct hms_literal_parser *parser, uint32_t *ret)
{
	const char *from = parser->p++;
	struct escape e;
	size_t len;

	if (*parser->p == '\\') {
		parser->p++;
		if (!escape(parser, '\'', &e))
			return hms_literal_bad(parser, from, "Go has no such escape");
		*ret = e.value;
	} else {
		len = hms_utf8_decode(parser->p, strlen(parser->p), ret);
		if (!len || *parser->p == '\'')
			return hms_literal_bad(parser, from, "a character is wanted");
		parser->p += len;
	}
	if (*parser->p != '\'')
		return hms_literal_bad(parser, from, "the ' that ends it is missing");
	parser->p++;
	return NULL;
}
