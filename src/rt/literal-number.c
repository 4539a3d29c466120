/* Numbers of literals: the Go specification's integer, floating-point and imaginary literals. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rt/literal-impl.h"
#include "util/cleanup.h"

#define MAX_NUMBER 512 /* characters */

/* The number at hand: a sign, and what it is made of without the underscores. */
struct number {
	const char *at;
	size_t len; /* in the text */
	bool negative;
	char digits[MAX_NUMBER]; /* "0x1f", "1.5e9", "Inf"; without sign and without a last 'i' */
	bool imaginary;
	bool integer; /* digits of a base, no point, no exponent */
	unsigned int base;
};

static bool is_hex(const char *s)
{
	return s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
}

/* Characters of the number at @s, behind its sign: letters and digits, and the sign of an
 * exponent. */
static size_t number_length(const char *s)
{
	bool hex = is_hex(s);
	size_t n = 0;

	for (;; n++) {
		char before = n ? (char)tolower((unsigned char)s[n - 1]) : '\0';

		if (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '.')
			continue;
		if ((s[n] == '+' || s[n] == '-') && before == (hex ? 'p' : 'e'))
			continue;
		return n;
	}
}

/* An underscore may stand between digits and behind the mark of a base. */
static bool drop_underscores(char *s)
{
	char *to = s, before = '\0';

	for (const char *p = s; *p; before = *p++) {
		if (*p != '_')
			*to++ = *p;
		else if (!isalnum((unsigned char)before) || !isalnum((unsigned char)p[1]))
			return false;
	}
	*to = '\0';
	return true;
}

static unsigned int base_of(const char *s, size_t *prefix_ret)
{
	*prefix_ret = 2;
	if (s[0] != '0' || !s[1])
		*prefix_ret = 0;
	else if (s[1] == 'x' || s[1] == 'X')
		return 16;
	else if (s[1] == 'o' || s[1] == 'O')
		return 8;
	else if (s[1] == 'b' || s[1] == 'B')
		return 2;
	else
		*prefix_ret = 1;
	return *prefix_ret ? 8 : 10;
}

static bool is_integer(const char *s, unsigned int *base_ret)
{
	size_t i;

	*base_ret = base_of(s, &i);
	if (!s[i])
		return false;
	for (; s[i]; i++)
		if (hms_literal_digit(s[i]) >= *base_ret)
			return false;
	return true;
}

static bool is_word(const char *s)
{
	return strcasecmp(s, "inf") == 0 || strcasecmp(s, "nan") == 0;
}

/* Decimal with a point or an exponent, or hexadecimal with a binary exponent: strtod() takes them
 * all, and more that Go does not. */
static bool is_float(const char *s)
{
	char *end;

	if (is_word(s))
		return true;
	if (!isdigit((unsigned char)s[0]) && !(s[0] == '.' && isdigit((unsigned char)s[1])))
		return false;
	if (is_hex(s) && !strpbrk(s, "pP"))
		return false;
	strtod(s, &end);
	return !*end;
}

/* Digits that are a number; false where there is none. */
static bool take(const char *s, struct number *ret)
{
	size_t len;

	*ret = (struct number){.at = s, .negative = *s == '-'};
	if (*s == '-' || *s == '+')
		s++;
	len = number_length(s);
	ret->len = (size_t)(s - ret->at) + len;
	if (!len || len >= MAX_NUMBER)
		return false;
	memcpy(ret->digits, s, len);
	if (len > 1 && s[len - 1] == 'i') {
		ret->imaginary = true;
		ret->digits[len - 1] = '\0';
	}
	if (!drop_underscores(ret->digits))
		return false;
	ret->integer = is_integer(ret->digits, &ret->base);
	return ret->integer || is_float(ret->digits);
}

enum hms_literal_form hms_literal_number_form(const struct hms_literal_parser *parser)
{
	struct number number;

	if (!take(parser->p, &number))
		return HMS_LITERAL_NO_NUMBER;
	if (number.imaginary)
		return HMS_LITERAL_IMAGINARY;
	return number.integer ? HMS_LITERAL_INTEGER : HMS_LITERAL_FLOAT;
}

/* ---- integers ----------------------------------------------------------------------------- */

static bool magnitude(const struct number *number, uint64_t *ret)
{
	size_t i;

	base_of(number->digits, &i);
	*ret = 0;
	for (; number->digits[i]; i++) {
		unsigned int digit = hms_literal_digit(number->digits[i]);

		if (__builtin_mul_overflow(*ret, (uint64_t)number->base, ret) ||
		    __builtin_add_overflow(*ret, (uint64_t)digit, ret))
			return false;
	}
	return true;
}

/* Does it fit into @size bytes?  *ret is its two's complement. */
static bool in_range(uint64_t size, bool is_signed, bool negative, uint64_t n, uint64_t *ret)
{
	uint64_t max = size >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size)) - 1;

	*ret = negative ? -n : n;
	if (!is_signed)
		return n <= max && !(negative && n);
	return n <= max / 2 + negative;
}

struct hms_error *hms_literal_integer(struct hms_literal_parser *parser,
				      const struct hms_type *type, bool is_signed, uint8_t *ret)
{
	const char *at = parser->p;
	struct number number = {.negative = false};
	uint64_t n = 0, bits;
	bool fits = true;

	if (*at == '\'') {
		uint32_t rune;

		HMS_TRY(hms_literal_rune(parser, &rune));
		n = rune;
	} else {
		if (!take(at, &number) || !number.integer || number.imaginary)
			return hms_literal_bad(parser, at, "an integer is wanted");
		parser->p += number.len;
		fits = magnitude(&number, &n);
	}
	if (!fits || !in_range(type->size, is_signed, number.negative, n, &bits))
		return hms_literal_bad(parser, at, "no %s is that %s", type->name,
				       number.negative ? "small" : "large");
	memcpy(ret, &bits, type->size);
	return NULL;
}

/* ---- floats ------------------------------------------------------------------------------- */

/* The value, rounded once: a float of 4 bytes is not a rounded double. */
static double real_value(const struct number *number, bool single)
{
	double d = 0;
	uint64_t n;

	if (number->integer && magnitude(number, &n))
		d = single ? (double)(float)n : (double)n;
	else if (number->integer && number->base != 10)
		d = (double)INFINITY; /* what is beyond 64 bits has no use here */
	else
		d = single ? (double)strtof(number->digits, NULL) : strtod(number->digits, NULL);
	return number->negative ? -d : d;
}

static struct hms_error *put_real(const struct hms_literal_parser *parser,
				  const struct number *number, uint64_t size, uint8_t *ret)
{
	double d = real_value(number, size == 4);
	float f = (float)d;

	if (isinf(d) && !is_word(number->digits))
		return hms_literal_bad(parser, number->at, "no float%d is that large",
				       8 * (int)size);
	if (size == 4)
		memcpy(ret, &f, sizeof(f));
	else
		memcpy(ret, &d, sizeof(d));
	return NULL;
}

struct hms_error *hms_literal_float(struct hms_literal_parser *parser, const struct hms_type *type,
				    uint8_t *ret)
{
	struct number number;

	if (!take(parser->p, &number) || number.imaginary)
		return hms_literal_bad(parser, parser->p, "a number is wanted");
	parser->p += number.len;
	return put_real(parser, &number, type->size, ret);
}

/* ---- complex ------------------------------------------------------------------------------ */

/* The next part of a sum.  Between parts the sign stands by itself. */
static bool take_part(struct hms_literal_parser *parser, bool first, struct number *ret)
{
	bool minus = *parser->p == '-';

	if (!first) {
		parser->p++;
		hms_literal_skip_space(parser);
	}
	if (!take(parser->p, ret))
		return false;
	parser->p += ret->len;
	if (!first)
		ret->negative ^= minus;
	return true;
}

/* "1", "2i", "1+2i", "-1 - 2i": each part once. */
static struct hms_error *sum(struct hms_literal_parser *parser, uint64_t half, uint8_t *ret)
{
	bool done[2] = {false, false}, first = true;

	do {
		const char *at = parser->p;
		struct number number;

		if (!take_part(parser, first, &number) || done[number.imaginary])
			return hms_literal_bad(parser, at, "a complex number is wanted");
		done[number.imaginary] = true;
		first = false;
		HMS_TRY(put_real(parser, &number, half, ret + (number.imaginary ? half : 0)));
		hms_literal_skip_space(parser);
	} while (*parser->p == '+' || *parser->p == '-');
	return NULL;
}

static struct hms_error *expect(struct hms_literal_parser *parser, char c)
{
	hms_literal_skip_space(parser);
	if (*parser->p != c)
		return hms_literal_bad(parser, parser->p, "'%c' is wanted", c);
	parser->p++;
	hms_literal_skip_space(parser);
	return NULL;
}

struct hms_error *hms_literal_complex(struct hms_literal_parser *parser,
				      const struct hms_type *type, uint8_t *ret)
{
	static const char word[] = "complex";
	struct hms_type half = {.size = type->size / 2};

	if (strncmp(parser->p, word, strlen(word)) == 0) {
		parser->p += strlen(word);
		HMS_TRY(expect(parser, '('));
		HMS_TRY(hms_literal_float(parser, &half, ret));
		HMS_TRY(expect(parser, ','));
		HMS_TRY(hms_literal_float(parser, &half, ret + half.size));
		return expect(parser, ')');
	}
	if (*parser->p != '(')
		return sum(parser, half.size, ret);
	parser->p++;
	hms_literal_skip_space(parser);
	HMS_TRY(sum(parser, half.size, ret));
	return expect(parser, ')');
}
