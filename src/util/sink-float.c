/*
 * Floats with the fewest digits that read back as the same number.
 *
 * A decimal of up to 15 digits (6 for a float) survives the way to a double and back, so the
 * number rounded to that many digits, without its trailing zeroes, is the shortest if it reads
 * back at all.  (Denormal numbers hold fewer digits, and are tried with each.)  Most numbers in
 * programs have few digits behind the point: they are tried with integer arithmetic first, and only
 * what is left goes through the C library.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/compiler.h"
#include "util/sink.h"

struct decimal {
	char digits[24]; /* no trailing zeroes */
	int n;
	int exponent; /* of the first digit */
};

static void strip_zeroes(struct decimal *ret)
{
	while (ret->n > 1 && ret->digits[ret->n - 1] == '0')
		ret->n--;
}

static void from_integer(uint64_t v, int places, struct decimal *ret)
{
	char text[20];
	int i = sizeof(text);

	do {
		text[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	ret->n = (int)sizeof(text) - i;
	memcpy(ret->digits, text + i, (size_t)ret->n);
	ret->exponent = ret->n - 1 - places;
	strip_zeroes(ret);
}

/* @d is of the form integer / 10^n, both exact doubles, so that the quotient is what a reader of
 * that decimal gets. */
static bool few_places(double d, bool single, struct decimal *ret)
{
	static const double tens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
				      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
	double limit = single ? 1e6 : 1e15;

	if (d < 1e-4)
		return false;
	for (size_t i = 0; i < HMS_ARRAY_LEN(tens) && d * tens[i] < limit; i++) {
		uint64_t v = (uint64_t)(d * tens[i] + 0.5);
		double back = (double)v / tens[i];

		if (single ? (float)back == (float)d : back == d) {
			from_integer(v, (int)i, ret);
			return true;
		}
	}
	return false;
}

/* "d.ddde-7" */
static void from_text(const char *text, struct decimal *ret)
{
	const char *e = strchr(text, 'e');

	ret->digits[0] = text[0];
	ret->n = 1;
	for (const char *p = text + 2; p < e; p++)
		ret->digits[ret->n++] = *p;
	ret->exponent = (int)strtol(e + 1, NULL, 10);
	strip_zeroes(ret);
}

static void by_library(double d, bool single, struct decimal *ret)
{
	int least = single ? 6 : 15, most = single ? 9 : 17;
	char text[40];

	if (d < (single ? (double)FLT_MIN : DBL_MIN))
		least = 1;
	for (int digits = least; digits <= most; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits - 1, d);
		if (single ? strtof(text, NULL) == (float)d : strtod(text, NULL) == d)
			break;
	}
	from_text(text, ret);
}

/* 1.5e-07 */
static void put_scientific(struct hms_sink *sink, const struct decimal *dec)
{
	int exponent = dec->exponent < 0 ? -dec->exponent : dec->exponent;

	hms_sink_addc(sink, dec->digits[0]);
	if (dec->n > 1) {
		hms_sink_addc(sink, '.');
		hms_sink_addn(sink, dec->digits + 1, (size_t)dec->n - 1);
	}
	hms_sink_add(sink, dec->exponent < 0 ? "e-" : "e+");
	if (exponent < 10)
		hms_sink_addc(sink, '0');
	hms_sink_u64(sink, (uint64_t)exponent);
}

/* 0.0015, 15, 1.5; the exponent is small. */
static void put_plain(struct hms_sink *sink, const struct decimal *dec)
{
	int whole = dec->exponent + 1; /* digits before the point */

	if (whole <= 0) {
		hms_sink_add(sink, "0.");
		for (; whole < 0; whole++)
			hms_sink_addc(sink, '0');
		hms_sink_addn(sink, dec->digits, (size_t)dec->n);
		return;
	}
	hms_sink_addn(sink, dec->digits, (size_t)HMS_MIN(whole, dec->n));
	for (int i = dec->n; i < whole; i++)
		hms_sink_addc(sink, '0');
	if (dec->n > whole) {
		hms_sink_addc(sink, '.');
		hms_sink_addn(sink, dec->digits + whole, (size_t)(dec->n - whole));
	}
}

/* strconv.FormatFloat(d, 'g', -1, ...): an exponent below -4 or from 6 on is written out. */
static void put_number(struct hms_sink *sink, double d, bool single)
{
	struct decimal dec;

	if (!few_places(d, single, &dec))
		by_library(d, single, &dec);
	if (dec.exponent < -4 || dec.exponent >= 6)
		put_scientific(sink, &dec);
	else
		put_plain(sink, &dec);
}

void hms_sink_double(struct hms_sink *sink, double d, bool single)
{
	if (isnan(d)) {
		hms_sink_add(sink, "NaN");
		return;
	}
	if (isinf(d)) {
		hms_sink_add(sink, d < 0 ? "-Inf" : "+Inf");
		return;
	}
	if (signbit(d))
		hms_sink_addc(sink, '-');
	if (d == 0)
		hms_sink_addc(sink, '0');
	else
		put_number(sink, fabs(d), single);
}
