package planner

import (
	"context"
	"testing"
)

func BenchmarkNeatRepo(b *testing.B) {
	for b.Loop() {
		if _, err := Plan(context.Background(), Options{Path: "../../fixtures/neat-repo", Ref: "refs/heads/production"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSurvey(b *testing.B) {
	for b.Loop() {
		p, err := New(context.Background(), Options{Path: "../../fixtures/neat-repo"})
		if err != nil {
			b.Fatal(err)
		}
		p.Survey(SurveyOptions{})
	}
}
