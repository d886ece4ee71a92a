package check

import (
	"strings"

	"github.com/nixplan/nixplan/hercules/planner"
	"github.com/nixplan/nixplan/hercules/secrets"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/plan"
)

var refusedSecret = &Rule{
	ID: "NP404", Name: "refused-secret",
	Summary: "A job runs for a ref for which agents do not hand out its secret.",
	run:     checkRefusedSecret,
}

func checkRefusedSecret(p *pass) {
	p.eachSource(func(j *JobAt, m *mapped, s *secrets.Secret) {
		switch {
		case s == nil || j.Job.State != plan.Active:
		case s.Condition == nil:
			p.reportFor(diag.Diagnostic{
				Range:   m.At,
				Summary: "the secret " + text.QuoteNix(m.Source) + " has no condition, so agents do not hand it out",
				Detail:  "Agents from version 0.9 on need to be told for what a secret may be used.",
				Help:    `add "condition": "isDefaultBranch", say, to the secret in secrets.json`,
				Related: []diag.Related{{Range: s.Range, Message: "the secret is here"}},
			}, j)
		default:
			p.refusedSecret(j, m, s)
		}
	})
}

func (p *pass) refusedSecret(j *JobAt, m *mapped, s *secrets.Secret) {
	trace, severity := p.condition(j, s.Condition)
	if trace == nil {
		return
	}
	p.reportFor(diag.Diagnostic{
		Severity: severity,
		Range:    m.At,
		Summary:  "the job runs where agents do not hand out the secret " + text.QuoteNix(m.Source),
		Detail:   describeOther("Its condition for " + j.Reading.Ref.Name + ":\n  " + strings.Join(trace.Lines(), "\n  ")),
		Help:     "let the job run only where the secret may be used, or change the secret's condition",
		Related:  []diag.Related{{Range: s.Condition.Range, Message: "the condition is here"}},
	}, j)
}

// condition evaluates a secret's condition for a job's ref. It gives nil when
// agents may hand the secret out. The owner and the repository count only where
// the configuration names them, since a clone may be a fork's; of the default
// branch git may know less than the forge.
func (p *pass) condition(j *JobAt, c *secrets.Condition) (*secrets.Trace, diag.Severity) {
	project := p.Project
	facts := secrets.Facts{
		Ref:   j.Reading.Ref.Name,
		Owner: project.Identity.Owner, Repo: project.Identity.Name,
		DefaultBranch: project.Identity.DefaultBranch,
	}
	if j.Job.Trigger.Kind == plan.Schedule && facts.Ref != project.DefaultBranch() {
		return nil, 0 // a schedule is that of the default branch
	}
	severity := diag.Error
	if facts.DefaultBranch == "" && project.Git != nil {
		switch facts.DefaultBranch = project.Git.RemoteDefault(); {
		case facts.DefaultBranch != "":
		case j.Reading.Origin == planner.AnyOtherBranch:
			// Whichever the default branch is, there can be another one.
			facts.DefaultBranch = project.DefaultBranch()
		default:
			if name := project.DefaultBranch(); name == heads+"main" || name == heads+"master" {
				facts.DefaultBranch, severity = name, diag.Warning
			}
		}
	}
	trace := c.Evaluate(facts)
	if trace.Result != secrets.False {
		return nil, 0
	}
	if severity == diag.Warning {
		facts.DefaultBranch = ""
		if c.Evaluate(facts).Result == secrets.False {
			severity = diag.Error
		}
	}
	return trace, severity
}

// describeOther puts words in the place of the refs that stand for others.
func describeOther(s string) string {
	return strings.NewReplacer(planner.OtherBranch, "another branch", planner.OtherTag, "another tag").Replace(s)
}
