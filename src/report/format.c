/* Numbers as people read them. */
#include "report/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/compiler.h"

void hms_format_u64(struct hms_str *ret, uint64_t n)
{
	hms_str_addu(ret, n);
}

void hms_format_hex(struct hms_str *ret, uint64_t n)
{
	char digits[18];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[n % 16];
		n /= 16;
	} while (n);
	digits[--at] = 'x';
	digits[--at] = '0';
	hms_str_addn(ret, digits + at, sizeof(digits) - at);
}

void hms_format_partial(struct hms_str *ret, uint64_t n, bool partial,
			void (*format)(struct hms_str *ret, uint64_t n))
{
	if (partial && !n) {
		hms_str_addc(ret, '?');
		return;
	}
	if (partial)
		hms_str_add(ret, "at least ");
	format(ret, n);
}

void hms_format_addr(struct hms_str *ret, uint64_t addr)
{
	hms_format_hex(ret, addr);
}

void hms_format_count(struct hms_str *ret, uint64_t n)
{
	char digits[26];
	size_t at = sizeof(digits), group = 0;

	do {
		if (group++ == 3) {
			digits[--at] = ',';
			group = 1;
		}
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	hms_str_addn(ret, digits + at, sizeof(digits) - at);
}

void hms_format_int(struct hms_str *ret, int64_t n)
{
	if (n < 0)
		hms_str_addc(ret, '-');
	hms_format_count(ret, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void hms_format_counted(struct hms_str *ret, uint64_t n, const char *noun)
{
	hms_format_count(ret, n);
	hms_str_addc(ret, ' ');
	hms_str_add(ret, noun);
	if (n != 1)
		hms_str_addc(ret, 's');
}

/* Scaled to at most three digits; returns the unit's letter, '\0' for bytes. */
static char add_scaled(struct hms_str *ret, uint64_t bytes)
{
	static const char units[] = "KMGTPE";

	if (bytes < 1000) {
		hms_format_u64(ret, bytes);
		return '\0';
	}
	for (unsigned int unit = 0;; unit++) {
		unsigned int shift = 10 * (unit + 1);
		uint64_t whole = bytes >> shift;
		uint64_t rest = bytes & ((UINT64_C(1) << shift) - 1);
		uint64_t half = UINT64_C(1) << (shift - 1);
		uint64_t tenths = whole * 10 + ((rest * 10 + half) >> shift);

		if (whole < 100 && tenths < 1000) {
			hms_str_addu(ret, tenths / 10);
			hms_str_addc(ret, '.');
			hms_str_addu(ret, tenths % 10);
			return units[unit];
		}
		whole += rest >= half;
		if (whole < 1000) {
			hms_format_u64(ret, whole);
			return units[unit];
		}
	}
}

void hms_format_bytes(struct hms_str *ret, uint64_t bytes)
{
	char unit = add_scaled(ret, bytes);

	if (unit)
		hms_str_addc(ret, unit);
}

void hms_format_bytes_long(struct hms_str *ret, uint64_t bytes)
{
	char unit = add_scaled(ret, bytes);

	if (unit)
		hms_str_addf(ret, " %cB", unit);
	else
		hms_str_add(ret, bytes == 1 ? " byte" : " bytes");
}

void hms_format_duration(struct hms_str *ret, uint64_t ns)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
	uint64_t ms = ns / 1000000;

	for (size_t i = 0; i < HMS_ARRAY_LEN(units); i++) {
		if (ms < units[i].ms)
			continue;
		hms_format_u64(ret, ms / units[i].ms);
		hms_str_add(ret, units[i].name);
		ms %= units[i].ms;
		if (i + 1 < HMS_ARRAY_LEN(units) && ms >= units[i + 1].ms) {
			hms_str_addc(ret, ' ');
			hms_format_u64(ret, ms / units[i + 1].ms);
			hms_str_add(ret, units[i + 1].name);
		}
		return;
	}
	hms_format_u64(ret, ms);
	hms_str_add(ret, "ms");
}

/* What printf makes of it, for the usual ratios at a tenth of its cost.  False where the digits to
 * be cut off are so close to a half that only printf knows which way to round. */
static bool add_ratio(struct hms_str *ret, double ratio, int decimals)
{
	static const unsigned int powers[] = {1, 10, 100};
	double scaled = ratio * powers[decimals];
	uint64_t whole;

	if (ratio < 0 || scaled > 1e6)
		return false;
	whole = (uint64_t)scaled;
	scaled -= (double)whole;
	if (fabs(scaled - 0.5) < 1e-6)
		return false;
	whole += scaled > 0.5;
	hms_str_addu(ret, whole / powers[decimals]);
	if (decimals)
		hms_str_addc(ret, '.');
	for (int i = decimals; i-- > 0;)
		hms_str_addc(ret, (char)('0' + whole / powers[i] % 10));
	return true;
}

void hms_format_ratio(struct hms_str *ret, double ratio)
{
	int decimals = ratio == 0 ? 0 : ratio < 0.995 ? 2 : ratio < 99.95 ? 1 : 0;
	char digits[32];

	if (!isfinite(ratio) || fabs(ratio) > 1e15) {
		hms_str_addc(ret, '?');
		return;
	}
	if (add_ratio(ret, ratio, decimals))
		return;
	snprintf(digits, sizeof(digits), "%.*f", decimals, ratio);
	for (char *c = digits; *c; c++)
		hms_str_addc(ret, *c == ',' ? '.' : *c);
}

void hms_format_percent(struct hms_str *ret, uint64_t part, uint64_t whole)
{
	double percent = whole ? 100.0 * (double)part / (double)whole : 0;

	if (part > 0 && percent < 1)
		hms_str_add(ret, "<1 %");
	else if (part < whole && percent > 99)
		hms_str_add(ret, ">99 %");
	else
		hms_str_addf(ret, "%.0f %%", percent);
}

void hms_format_double(struct hms_str *ret, double d)
{
	char digits[40];

	for (int precision = 15; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, d);
		if (strtod(digits, NULL) == d)
			break;
	}
	for (char *c = digits; *c; c++)
		hms_str_addc(ret, *c == ',' ? '.' : *c);
}
