package main

import "strconv"

// Floats are written with the fewest digits that name the number.  strconv would do that, but for a table of powers of ten that it brings: 11 KB that don't
// compress, in every core.

// decimal is 0.d1d2d3... times 10^point.
type decimal struct {
	digits []byte // 0 to 9, without zeros at either end
	point  int
}

func newDecimal(mantissa uint64, exponent int) decimal {
	d := decimal{digits: strconv.AppendUint(nil, mantissa, 10)}
	for i := range d.digits {
		d.digits[i] -= '0'
	}
	d.point = len(d.digits)
	for ; exponent > 0; exponent-- {
		d.double()
	}
	for ; exponent < 0; exponent++ {
		d.halve()
	}
	d.trim()
	return d
}

func (d *decimal) double() {
	carry := byte(0)
	for i := len(d.digits) - 1; i >= 0; i-- {
		v := d.digits[i]*2 + carry
		d.digits[i], carry = v%10, v/10
	}
	if carry > 0 {
		d.digits = append([]byte{carry}, d.digits...)
		d.point++
	}
}

func (d *decimal) halve() {
	rest := byte(0)
	for i := range d.digits {
		v := rest*10 + d.digits[i]
		d.digits[i], rest = v/2, v%2
	}
	if rest > 0 {
		d.digits = append(d.digits, 5)
	}
}

func (d *decimal) trim() {
	for len(d.digits) > 0 && d.digits[0] == 0 {
		d.digits = d.digits[1:]
		d.point--
	}
	for len(d.digits) > 0 && d.digits[len(d.digits)-1] == 0 {
		d.digits = d.digits[:len(d.digits)-1]
	}
}

// rounded to n digits: down, or up by one in the last place.
func (d decimal) rounded(n int, up bool) decimal {
	r := decimal{make([]byte, n), d.point}
	copy(r.digits, d.digits)
	for i := n - 1; up; i-- {
		if i < 0 {
			return decimal{[]byte{1}, d.point + 1}
		}
		if r.digits[i]++; r.digits[i] < 10 {
			break
		}
		r.digits[i] = 0
	}
	r.trim()
	return r
}

// nearest to d of n digits.
func (d decimal) nearest(n int) decimal {
	if n >= len(d.digits) {
		return d
	}
	return d.rounded(n, d.digits[n] > 5 || d.digits[n] == 5 &&
		(n+1 < len(d.digits) || d.digits[n-1]&1 == 1))
}

func less(a, b decimal) bool {
	if a.point != b.point || len(a.digits) == 0 || len(b.digits) == 0 {
		return len(b.digits) > 0 && (len(a.digits) == 0 || a.point < b.point)
	}
	return string(a.digits) < string(b.digits)
}

// shortest decimal that only mantissa * 2^exponent is nearest to; lowest is the mantissa below
// which numbers lie twice as close together.
func shortest(mantissa uint64, exponent int, lowest uint64) decimal {
	d, upper := newDecimal(mantissa, exponent), newDecimal(2*mantissa+1, exponent-1)
	lower := newDecimal(2*mantissa-1, exponent-1)
	if mantissa == lowest {
		lower = newDecimal(4*mantissa-1, exponent-2)
	}
	even := mantissa&1 == 0 // a number half way between two belongs to the even one
	for n := 1; n < len(d.digits); n++ {
		r := d.nearest(n)
		if less(lower, r) && less(r, upper) || even && !less(r, lower) && !less(upper, r) {
			return r
		}
	}
	return d
}

func appendDecimal(out []byte, d decimal) []byte {
	text := make([]byte, len(d.digits))
	for i, v := range d.digits {
		text[i] = v + '0'
	}
	exponent := d.point - 1
	switch {
	case exponent < -4 || exponent >= 15:
		out = append(out, text[0])
		if len(text) > 1 {
			out = append(append(out, '.'), text[1:]...)
		}
		return strconv.AppendInt(append(out, 'e'), int64(exponent), 10)
	case d.point <= 0:
		return append(append(append(out, "0."...), "0000"[:-d.point]...), text...)
	case d.point >= len(text):
		return append(append(out, text...), "000000000000000"[:d.point-len(text)]...)
	}
	return append(append(append(out, text[:d.point]...), '.'), text[d.point:]...)
}

// appendFinite: bits of a float with fraction bits of mantissa and that exponent bias.
func appendFinite(out []byte, bits uint64, fraction uint, bias int) []byte {
	mantissa, exponent := bits&(1<<fraction-1), int(bits>>fraction)
	lowest := uint64(1) << fraction
	switch {
	case bits == 0:
		return append(out, '0')
	case exponent > 0:
		mantissa |= lowest
	default:
		exponent = 1
	}
	if exponent == 1 {
		lowest = 0
	}
	return appendDecimal(out, shortest(mantissa, exponent-bias-int(fraction), lowest))
}
