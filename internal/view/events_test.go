package view

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/nixplan/nixplan/executor"
)

// someEvents are those of a run in which one job fails.
func someEvents() []executor.Event {
	at := time.Date(2026, 11, 28, 20, 16, 44, 0, time.Local)
	two := 2
	result := executor.Result{
		Run: "20261128T201644Z-3f9c", Status: executor.Failed, Logs: "/runs/20261128T201644Z-3f9c/jobs",
		Jobs: []executor.JobResult{
			{
				Job: "shop", Status: executor.Failed, Step: "put-state", Message: "cannot store the state s\x1b[31m", Seconds: 61.2, State: executor.StateKept,
				Help:     "the newest state is kept in /runs/x\nto store it: nixplan state put s --file /runs/x",
				Machines: []executor.MachineResult{{Name: "web", Outcome: "activated"}, {Name: "db", Outcome: "failed", Message: "exit code 4"}},
			},
			{Job: "a-longer-name", Status: executor.Skipped, State: executor.StateNone, Machines: []executor.MachineResult{{Name: "x", Outcome: "not reached"}}},
		},
		Next: []string{"nixplan", "apply", "--resume", "20261128T201644Z-3f9c"},
	}
	events := []executor.Event{
		{Type: executor.RunStarted, Text: "directory /state"},
		{Type: executor.JobStarted, Job: "shop"},
		{Type: executor.StepStarted, Job: "shop", Step: "deploy", Text: "deploy the network"},
		{Type: executor.Output, Job: "shop", Step: "deploy", Text: "web> \x1b]0;title\x07copying"},
		{Type: executor.Warning, Job: "shop", Text: "the log is not whole"},
		{Type: executor.StepEnded, Job: "shop", Step: "deploy", Status: executor.Failed, Text: "nixops: exit status 2", ExitCode: &two, Seconds: 1},
		{Type: executor.StepStarted, Job: "shop", Step: "export", Text: "write the new state to a file", Saving: true},
		{Type: executor.StepEnded, Job: "shop", Step: "export", Status: executor.Succeeded, Saving: true, Seconds: 0.25},
		{Type: executor.Notice, Text: "Interrupted"},
		{Type: executor.JobEnded, Job: "shop", Status: executor.Failed, Seconds: 61.2, Outcome: &result.Jobs[0]},
		{Type: executor.RunEnded, Status: executor.Failed, Result: &result},
	}
	for i := range events {
		events[i].Time, events[i].Run = at, result.Run
	}
	return events
}

const eventText1 = `run 20261128T201644Z-3f9c
20:16:44 shop deploy | · deploy the network
20:16:44 shop deploy | web> <U+001B>]0;title<U+0007>copying
20:16:44 shop | warning: the log is not whole
20:16:44 shop deploy | failed: nixops: exit status 2
20:16:44 shop export | · saving the state: write the new state to a file
20:16:44 nixplan | Interrupted
20:16:44 shop | failed in 1m1s

shop            failed    state NOT STORED, kept on disk   1m1s
    put-state: cannot store the state s<U+001B>[31m
    the newest state is kept in /runs/x
    to store it: nixplan state put s --file /runs/x
    web  activated
    db  failed: exit code 4
a-longer-name   skipped   state unchanged                  0s

logs in /runs/20261128T201644Z-3f9c/jobs
to carry on: nixplan apply --resume 20261128T201644Z-3f9c
`

func TestTextEvents(t *testing.T) {
	var out bytes.Buffer
	show := TextEvents(&out, EventOptions{})
	for _, e := range someEvents() {
		show(e)
	}
	if got := out.String(); got != eventText1 {
		t.Errorf("got\n%s\nwant\n%s", got, eventText1)
	}
}

// On a terminal the same lines are left when the lines at the bottom are taken away.
func TestLiveEvents(t *testing.T) {
	var out bytes.Buffer
	show := TextEvents(&out, EventOptions{Live: true, Width: func() int { return 30 }})
	for _, e := range someEvents() {
		show(e)
	}
	got := screen(out.String())
	if got != eventText1 {
		t.Errorf("got\n%s\nwant\n%s", got, eventText1)
	}
	if !strings.Contains(out.String(), "shop deploy ") {
		t.Error("no line for the running job")
	}
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "…") && len([]rune(strings.TrimSuffix(line, "\n"))) > 30+len("\x1b[1A\x1b[J") {
			t.Errorf("%q is too wide", line)
		}
	}
}

// More jobs than the terminal has lines do not push each other out of it.
func TestLiveHeight(t *testing.T) {
	for _, height := range []int{1, 2, 3, 10, 21, 22, 0} {
		var out bytes.Buffer
		show := TextEvents(&out, EventOptions{Live: true, Width: func() int { return 80 }, Height: func() int { return height }})
		at := time.Now()
		for i := range 20 {
			show(executor.Event{Time: at, Type: executor.JobStarted, Job: "job" + strings.Repeat("x", i)})
		}
		last := out.String()[strings.LastIndex(out.String(), "\x1b[J"):]
		want := 20
		if height > 0 {
			want = min(want, max(height-1, 1))
		}
		if got := strings.Count(last, "\n"); got != want {
			t.Errorf("%d lines are drawn on a terminal of %d, want %d", got, height, want)
		}
		if left := strings.Contains(last, "more jobs"); left != (want < 20) {
			t.Errorf("of a terminal with %d lines it is told that jobs are left out: %v", height, left)
		}
		show(executor.Event{Time: at, Type: executor.RunEnded, Result: &executor.Result{}})
	}
}

// screen is what a terminal shows after "up one line" and "clear to the end".
func screen(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		for {
			rest, ok := strings.CutPrefix(line, "\x1b[1A\x1b[J")
			if !ok {
				break
			}
			lines, line = lines[:len(lines)-1], rest
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
