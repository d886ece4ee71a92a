// Package version orders version numbers and takes package names apart as
// builtins.compareVersions, splitVersion and parseDrvName do.
package version

import (
	"iter"
	"strconv"
)

// Next cuts the first component off a version: a run of digits, or a run of
// other characters up to a digit, "." or "-". Separators before it are
// skipped. At the end the component is "".
func Next(v string) (component, rest string) {
	i := 0
	for i < len(v) && (v[i] == '.' || v[i] == '-') {
		i++
	}
	v = v[i:]
	i = 0
	if v != "" && isDigit(v[0]) {
		for i < len(v) && isDigit(v[i]) {
			i++
		}
	} else {
		for i < len(v) && !isDigit(v[i]) && v[i] != '.' && v[i] != '-' {
			i++
		}
	}
	return v[:i], v[i:]
}

// Split gives all components.
func Split(v string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for part, rest := Next(v); part != "" && yield(part); part, rest = Next(rest) {
		}
	}
}

// Compare is -1, 0 or 1 as a is older than, as old as or newer than b.
func Compare(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a = Next(a)
		y, b = Next(b)
		switch {
		case x == y:
		case less(x, y):
			return -1
		case less(y, x):
			return 1
		}
	}
	return 0
}

// less orders components: "pre" is before everything else, the end of the
// version before a number, letters before a number. A number that does not
// fit 32 bits counts as letters.
func less(x, y string) bool {
	n, xIsNumber := number(x)
	m, yIsNumber := number(y)
	switch {
	case xIsNumber && yIsNumber:
		return n < m
	case x == "" && yIsNumber:
		return true
	case x == "pre" && y != "pre":
		return true
	case y == "pre":
		return false
	case yIsNumber:
		return true
	case xIsNumber:
		return false
	default:
		return x < y
	}
}

func number(s string) (int32, bool) {
	if s == "" || !isDigit(s[0]) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 32)
	return int32(n), err == nil
}

// ParseDrvName splits "name-1.2" at the first dash that something other than a
// letter follows; without one the version is "".
func ParseDrvName(s string) (name, version string) {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '-' && !isLetter(s[i+1]) {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
