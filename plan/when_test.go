package plan

import "testing"

func TestWhen(t *testing.T) {
	minute := 30
	tests := []struct {
		when *When
		want string
	}{
		{nil, ""},
		{&When{}, "every day at a time that is not given"},
		{&When{Minute: &minute}, "every day at minute 30 of an hour that is not given"},
		{&When{Hour: []int{4, 16}, Minute: &minute}, "at 04:30, 16:30 UTC"},
		{&When{Hour: []int{4}}, "in hour 4 UTC"},
		{&When{Hour: []int{4}, DayOfWeek: []string{"Mon", "Fri"}}, "on Mon, Fri in hour 4 UTC"},
		{&When{DayOfMonth: []int{1, 15}}, "on day 1, 15 of the month at a time that is not given"},
	}
	for _, test := range tests {
		if got := test.when.String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
