package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nixplan/nixplan/check"
	"github.com/nixplan/nixplan/docs/checks"
	"github.com/nixplan/nixplan/internal/text"
)

func newRulesCommand(streams *Streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List what nixplan check looks for",
		Example: `  nixplan rules
  nixplan rules --json | jq -r '.[].id'
  nixplan check --explain NP203`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return runRules(streams, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON list of objects: id, name, severity, summary, url")
	return cmd
}

func runRules(streams *Streams, asJSON bool) error {
	if asJSON {
		type rule struct {
			ID       string `json:"id"`
			Name     string `json:"name"`
			Severity string `json:"severity"`
			Summary  string `json:"summary"`
			URL      string `json:"url"`
		}
		list := make([]rule, len(check.Rules))
		for i, r := range check.Rules {
			list[i] = rule{r.ID, r.Name, r.Severity.String(), r.Summary, r.URL()}
		}
		encoder := json.NewEncoder(streams.Out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(list)
	}
	var b strings.Builder
	for _, r := range check.Rules {
		fmt.Fprintf(&b, "%s  %-8s %s\n", r.ID, r.Severity, r.Summary)
	}
	b.WriteString("\nnixplan check --explain ID says more about one of them.\n")
	_, err := fmt.Fprint(streams.Out, b.String())
	return err
}

// runExplain shows a rule's page.
func runExplain(streams *Streams, id string) error {
	id = strings.ToUpper(id)
	page, err := checks.Pages.ReadFile(id + ".md")
	if err != nil {
		e := usagef("there is no rule %q", id)
		if near := text.Similar(id, check.IDs()); len(near) > 0 {
			e.help = "Did you mean " + near[0] + "? nixplan rules lists them all."
		} else {
			e.help = "nixplan rules lists them all."
		}
		return e
	}
	_, err = streams.Out.Write(page)
	return err
}
