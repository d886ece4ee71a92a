package numfmt

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"github.com/nixplan/nixplan/eval/internal/oracle"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/parser"
)

// literals are floats as a Nix programmer writes them.
var literals = []string{
	"0.0", "1.0", "0.1", "1.5", "0.5", "100.0", "123456.0", "1234567.0", "123456789.0", "999999.5", "9999995.0", "99999.95",
	"1.0e20", "1.0e21", "1.0e300", "1.7976931348623157e308", "0.0001", "0.00001", "0.000123456789", "1.0e-10", "2.2250738585072014e-308",
	"3.14159265358979", "0.30000000000000004", "100000.0", "1000000.0", "12345.678", "1.e3", ".5", ".5e1", "1.0E5", "1.0e+5",
	"999999999999999.0", "1.0e15", "1.0e16", "123456789012345.6", "9007199254740993.0", "4.35", "5.0e-324", "1.0e-320", "1.0e400", "1.0e-400", "0.0e-400",
	"2.5", "0.0000005", "12.0", "120.0",
}

// literal is what the parser makes of a number, nil when it refuses it.
func literal(text string) parser.Expr {
	file, diags := parser.Parse(diag.NewSource("literal", text))
	if diags.HasErrors() {
		return nil
	}
	return file.Expr
}

func TestPrint(t *testing.T) {
	for _, c := range []struct {
		name   string
		expr   func(literal string) string
		format func(f float64) string
	}{
		{"print", func(l string) string { return l }, FormatG},
		{"print-negative", func(l string) string { return "-" + l }, func(f float64) string { return FormatG(0 - f) }},
		{"tostring", func(l string) string { return "toString " + l }, func(f float64) string { return oracle.Quote(FormatF(f)) }},
		{"json28", func(l string) string { return "builtins.toJSON " + l }, func(f float64) string { return oracle.Quote(FormatJSON28(f)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var exprs []string
			for _, l := range literals {
				exprs = append(exprs, c.expr(l))
			}
			answers := oracle.Answers(t, c.name, exprs)
			for i, l := range literals {
				got := ""
				if e, ok := literal(l).(*parser.Float); !ok {
					got = "error: invalid float '" + l + "'"
				} else {
					got = c.format(e.Value)
				}
				if want := answers[exprs[i]].String(); got != want {
					t.Errorf("%s: got %s, want %s", exprs[i], got, want)
				}
			}
		})
	}
}

func TestSpecial(t *testing.T) {
	exprs := []string{"1.0e308 * 10", "-1.0e308 * 10", "1.0e308 * 10 - 1.0e308 * 10"}
	answers := oracle.Answers(t, "special", exprs)
	negativeNaN := math.Float64frombits(math.Float64bits(math.NaN()) | 1<<63)
	for i, f := range []float64{math.Inf(1), math.Inf(-1), negativeNaN} {
		if got, want := FormatG(f), answers[exprs[i]].String(); got != want {
			t.Errorf("%s: got %s, want %s", exprs[i], got, want)
		}
		if got := FormatJSON(f); got != "null" {
			t.Errorf("FormatJSON(%v) = %s, want null", f, got)
		}
	}
}

// TestFormatJSON has forms recorded from the nlohmann library's rules; Nix 2.8
// does not use it.
func TestFormatJSON(t *testing.T) {
	for _, c := range []struct {
		f    float64
		want string
	}{
		{0, "0.0"}, {math.Copysign(0, -1), "-0.0"}, {1, "1.0"}, {-1.5, "-1.5"}, {0.30000000000000004, "0.30000000000000004"},
		{1e20, "1e+20"}, {1e15, "1e+15"}, {1e14, "100000000000000.0"}, {123456789012345, "123456789012345.0"},
		{1234567890123456, "1.234567890123456e+15"}, {0.0001, "0.0001"}, {0.00001, "1e-05"}, {0.000123, "0.000123"}, {1.5e-7, "1.5e-07"},
		{1e100, "1e+100"}, {5e-324, "5e-324"}, {math.MaxFloat64, "1.7976931348623157e+308"}, {123.456, "123.456"},
	} {
		if got := FormatJSON(c.f); got != c.want {
			t.Errorf("FormatJSON(%v) = %s, want %s", c.f, got, c.want)
		}
	}
}

func FuzzFormatJSON(f *testing.F) {
	for _, x := range []float64{0, 1, 0.1, 1e15, 1e-5, math.MaxFloat64, 5e-324} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x float64) {
		text := FormatJSON(x)
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return
		}
		var back float64
		if err := json.Unmarshal([]byte(text), &back); err != nil || back != x {
			t.Errorf("%v is written as %s, read as %v (%v)", x, text, back, err)
		}
	})
}

func TestIntLiterals(t *testing.T) {
	literals := []string{"0", "007", "9223372036854775807", "9223372036854775808", "99999999999999999999"}
	answers := oracle.Answers(t, "int", literals)
	for _, l := range literals {
		got := "error: invalid integer '" + l + "'"
		if e, ok := literal(l).(*parser.Int); ok {
			got = strconv.FormatInt(e.Value, 10)
		}
		if want := answers[l].String(); got != want {
			t.Errorf("%s: got %s, want %s", l, got, want)
		}
	}
}

func TestToInt(t *testing.T) {
	for _, c := range []struct {
		f    float64
		want int64
		ok   bool
	}{
		{0, 0, true}, {-3, -3, true}, {math.MinInt64, math.MinInt64, true}, {-math.MinInt64, 0, false},
		{9223372036854774784, 9223372036854774784, true}, {-9223372036854777856, 0, false}, {1e30, 0, false},
		{math.NaN(), 0, false}, {math.Inf(1), 0, false}, {math.Inf(-1), 0, false},
	} {
		if n, ok := ToInt(c.f); n != c.want || ok != c.ok {
			t.Errorf("ToInt(%v) = %v, %v, want %v, %v", c.f, n, ok, c.want, c.ok)
		}
	}
}
