// Package numfmt writes numbers the way Nix does in its various places: printed
// values, toString, JSON; and rounds them as floor and ceil do.
package numfmt

import (
	"math"
	"strconv"
	"strings"
)

// FormatG is a float as Nix prints it: six significant digits, C's "%g".
func FormatG(f float64) string {
	if s, ok := special(f); ok {
		return s
	}
	return strconv.FormatFloat(f, 'g', 6, 64)
}

// FormatF is a float as toString and string coercion write it: six decimals,
// C's "%f".
func FormatF(f float64) string {
	if s, ok := special(f); ok {
		return s
	}
	return strconv.FormatFloat(f, 'f', 6, 64)
}

// special writes the numbers that are none as C does, with NaN's sign.
func special(f float64) (string, bool) {
	sign := ""
	if math.Signbit(f) {
		sign = "-"
	}
	switch {
	case math.IsInf(f, 0):
		return sign + "inf", true
	case math.IsNaN(f):
		return sign + "nan", true
	}
	return "", false
}

// FormatJSON is a float as toJSON of current Nix writes it, which is the
// nlohmann library's form: the shortest digits that read back as the same
// number, always with a fraction or an exponent, which is used below 1e-4 and
// from 1e15 on. Infinities and NaN become null.
//
// The library's algorithm (Grisu2) misses the shortest digits for about one
// double in a thousand; those are written with one digit less here.
func FormatJSON(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return "null"
	}
	if f == 0 {
		if math.Signbit(f) {
			return "-0.0"
		}
		return "0.0"
	}
	// d.ddde±xx gives the digits and where the point goes.
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(math.Abs(f), 'e', -1, 64), "e")
	digits := strings.Replace(mantissa, ".", "", 1)
	exp, _ := strconv.Atoi(exponent)
	point := exp + 1 // digits before the decimal point
	var b strings.Builder
	if f < 0 {
		b.WriteByte('-')
	}
	switch {
	case len(digits) <= point && point <= 15:
		b.WriteString(digits + strings.Repeat("0", point-len(digits)) + ".0")
	case 0 < point && point <= 15:
		b.WriteString(digits[:point] + "." + digits[point:])
	case -4 < point && point <= 0:
		b.WriteString("0." + strings.Repeat("0", -point) + digits)
	default:
		b.WriteString(digits[:1])
		if len(digits) > 1 {
			b.WriteString("." + digits[1:])
		}
		b.WriteByte('e')
		if exp < 0 {
			b.WriteByte('-')
			exp = -exp
		} else {
			b.WriteByte('+')
		}
		if exp < 10 {
			b.WriteByte('0')
		}
		b.WriteString(strconv.Itoa(exp))
	}
	return b.String()
}

// FormatJSON28 is a float as toJSON of Nix 2.8 writes it: like FormatG.
func FormatJSON28(f float64) string { return FormatG(f) }

// ToInt converts a float that is an integer, the result of floor or ceil;
// false when it does not fit.
func ToInt(f float64) (int64, bool) {
	if f >= math.MinInt64 && f < -math.MinInt64 {
		return int64(f), true
	}
	return 0, false
}
