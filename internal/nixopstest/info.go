package nixopstest

import (
	"strconv"
	"strings"
)

// list shows all deployments.
func (p *process) list() (int, error) {
	c, err := p.db.read()
	if err != nil {
		return 0, err
	}
	rows := [][]string{{"UUID", "Name", "Description", "# Machines", "Type"}}
	for _, d := range c.Deployments {
		types := map[string]bool{}
		var kinds []string
		for _, m := range d.machines(false) {
			if !types[m.Type] {
				types[m.Type] = true
				kinds = append(kinds, m.Type)
			}
		}
		name := d.Attrs["name"]
		if name == "" {
			name = "(none)"
		}
		rows = append(rows, []string{d.UUID, name, d.Attrs["description"], strconv.Itoa(len(d.machines(false))), strings.Join(kinds, ", ")})
	}
	p.result("%s", table(rows))
	return 0, nil
}

// info shows deployments. An evaluation that fails is a warning.
func (p *process) info() (int, error) {
	deployments, err := p.all()
	if err != nil {
		return 0, err
	}
	for _, d := range deployments {
		var definitions map[string]string
		if !p.options.flag("no-eval") {
			if n, err := p.evaluateDeployment(d); err != nil {
				p.progress("warning: %s", message(err))
			} else {
				definitions = n.definitions
			}
		}
		rows := infoRows(d, definitions)
		if p.options.flag("plain") {
			for _, row := range rows {
				p.result("%s", strings.Join(row, "\t"))
			}
			continue
		}
		p.result("Network name: %s\nNetwork UUID: %s\nNetwork description: %s\nNix expressions: %s\n",
			d.label(), d.UUID, d.Attrs["description"], strings.Join(d.listAttr("nixExprs"), " "))
		p.result("%s\n", table(append([][]string{{"Name", "Status", "Type", "Resource Id", "IP address", "Private IP"}}, rows...)))
	}
	return 0, nil
}

// stateNames are the states of resources by their numbers.
var stateNames = []string{"Unknown", "Missing", "Starting", "Up", "Stopping", "Stopped", "Unreachable", "Rescue"}

// infoRows has a row for each resource; definitions are nil when nothing was evaluated.
func infoRows(d *deployment, definitions map[string]string) [][]string {
	var rows [][]string
	for _, r := range d.Resources {
		number, _ := strconv.Atoi(r.Attrs["state"])
		status := stateNames[min(max(number, 0), len(stateNames)-1)]
		if r.Attrs["vmId"] == "" && r.isMachine() {
			status = "Missing"
		}
		switch {
		case definitions == nil:
		case definitions[r.Name] == "":
			status += " / Obsolete"
		case !r.isMachine():
		case r.Attrs["configsPath"] == "":
			status += " / New"
		case r.Attrs["configsPath"] != d.Attrs["configsPath"]:
			status += " / Outdated"
		default:
			status += " / Up-to-date"
		}
		rows = append(rows, []string{r.Name, status, r.Type, r.Attrs["vmId"], r.Attrs["publicIpv4"], r.Attrs["privateIpv4"]})
	}
	return rows
}
