package nixopstest

import (
	"strings"
	"unicode/utf8"
)

// check looks at the machines, writes down what it sees, and gives what is
// wrong as bits of the exit status.
func (p *process) check() (int, error) {
	deployments, err := p.all()
	if err != nil {
		return 0, err
	}
	machines := [][]string{{"Name", "Exists", "Up", "Reachable", "Disks OK", "Load avg.", "Units", "Notes"}}
	things := [][]string{{"Name", "Exists"}}
	status := 0
	for _, d := range deployments {
		for _, r := range d.Resources {
			if r.Attrs["obsolete"] != "" || !p.selected(r.Name) {
				continue
			}
			if !r.isMachine() {
				things = append(things, []string{r.Name, yesNo(r.Attrs["state"] == "3")})
				continue
			}
			row, bits, err := p.checkMachine(d, r)
			if err != nil {
				return 0, err
			}
			machines = append(machines, row)
			status |= bits
			if err := p.middle(); err != nil {
				return 0, err
			}
		}
	}
	p.result("Machines state:\n%s", table(machines))
	p.result("Non machines resources state:\n%s", table(things))
	return status, nil
}

// The bits of check's exit status.
const (
	notThere     = 1
	notUp        = 2
	notReachable = 4
	diskTrouble  = 8
	failedUnits  = 16
)

// The states of resources that the database has.
const (
	stateMissing     = "1"
	stateUp          = "3"
	stateUnreachable = "6"
)

func (p *process) checkMachine(d *deployment, r *resource) (row []string, bits int, err error) {
	row = []string{r.Name, "Yes", "Yes", "Yes", "N/A", "0.00 0.00 0.00", "", ""}
	dir := park(p.getenv("NIXOPSTEST_MACHINES"))
	machine, err := dir.look(r.Name)
	if err != nil {
		return nil, 0, err
	}
	gone := dir != "" && !machine.exists()
	state := stateUp
	switch {
	case r.Attrs["vmId"] == "":
		row = []string{r.Name, "No", "N/A", "N/A", "N/A", "", "", ""}
		return row, notThere, nil // nothing to write down
	case gone && r.Type != "none":
		row = []string{r.Name, "No", "N/A", "N/A", "N/A", "", "", ""}
		bits, state = notThere, stateMissing
	case gone || machine.Down:
		row = []string{r.Name, "Yes", "No", "N/A", "N/A", "", "", ""}
		bits, state = notUp, stateUnreachable
	default:
		if machine.FullDisk {
			row[4] = "No"
			bits |= diskTrouble
		}
		if machine.FailedUnits > 0 {
			row[6] = strings.TrimSuffix(strings.Repeat("unit.service [failed], ", machine.FailedUnits), ", ")
			bits |= failedUnits
		}
	}
	return row, bits, p.commit(d.UUID, func(d *deployment) error {
		if r := d.resource(r.Name); r != nil {
			r.Attrs["state"] = state
		}
		return nil
	})
}

func yesNo(yes bool) string {
	if yes {
		return "Yes"
	}
	return "No"
}

// table draws rows, of which the first is the heading.
func table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	rule := "+"
	for _, width := range widths {
		rule += strings.Repeat("-", width+2) + "+"
	}
	lines := []string{rule}
	for i, row := range rows {
		line := "|"
		for i, cell := range row {
			line += " " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)) + " |"
		}
		lines = append(lines, line)
		if i == 0 {
			lines = append(lines, rule)
		}
	}
	return strings.Join(append(lines, rule), "\n")
}
