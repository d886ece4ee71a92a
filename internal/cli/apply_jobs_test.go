package cli

import "testing"

// What a unit is to carry on is one job, whatever characters its name has.
func TestExactly(t *testing.T) {
	for _, path := range []string{"shop", `effects."a*b"`, `a."?"`, `x."[ab]".y`, `"{a,b}"`, `"a\\b"`, `"${branch}"`} {
		match, err := newJobMatcher([]string{exactly(path)}, nil)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if !match.matches(path) {
			t.Errorf("%s does not match itself", path)
		}
		for _, other := range []string{"shopping", `effects."aXb"`, `a."x"`, `x."a".y`, `"a"`, `"ab"`} {
			if match.matches(other) {
				t.Errorf("%s matches %s", path, other)
			}
		}
	}
}
