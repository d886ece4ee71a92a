package diff

import (
	"fmt"
	"testing"

	"github.com/nixplan/nixplan/plan"
)

// BenchmarkCompare compares repositories of many jobs, all of which change.
func BenchmarkCompare(b *testing.B) {
	for _, jobs := range []int{100, 1000} {
		b.Run(fmt.Sprint(jobs), func(b *testing.B) {
			many := func(motd string) Side {
				w := neatWorld()
				w.edit(func(p *plan.Plan) {
					one := p.Jobs[0]
					p.Jobs = nil
					for i := range jobs {
						job := one
						job.Path = fmt.Sprint("job-", i)
						job.AttrPath = []string{job.Path}
						job.Deployment = job.Path
						job.NetworkArgs = []plan.NetworkArg{{Name: "motd", JSON: motd}}
						p.Jobs = append(p.Jobs, job)
					}
				})
				return w.side("side")
			}
			base, head := many(`"a"`), many(`"b"`)
			for b.Loop() {
				if n := len(Compare(base, head).Jobs); n != jobs {
					b.Fatal(n, "jobs change")
				}
			}
		})
	}
}
