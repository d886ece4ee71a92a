package check

import (
	"path"
	"path/filepath"
	"slices"

	"github.com/nixplan/nixplan/eval/value"
	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
	"github.com/nixplan/nixplan/parser"
	"github.com/nixplan/nixplan/plan"
)

// file is a network file of a job for a ref, with the place where it is named.
type file struct {
	plan.File
	At diag.Range
	// Value is what names it, none for one that is there by default; arg is the
	// element of the list.
	Value value.Value
	arg   *Arg
	job   *JobAt
}

// fileArguments are the arguments that name files, by the role of these.
var fileArguments = map[plan.FileRole]string{
	plan.NetworkFile:      "networkFiles",
	plan.PrebuildOnlyFile: "prebuildOnlyNetworkFiles",
	plan.DeployOnlyFile:   "deployOnlyNetworkFiles",
}

// eachFile calls f for the network files of every job and ref, jobs that are
// inactive for the ref included: their networks are built all the same.
func (r *Repository) eachFile(f func(*file)) {
	for _, job := range r.Jobs {
		for _, at := range job.At {
			for _, file := range at.files() {
				f(file)
			}
		}
	}
}

// files are the job's network files, in the plan's order: by role, then as they
// are named. Those whose names are not known are left out, as in the plan.
func (j *JobAt) files() []*file {
	if !j.filesKnown { // several rules ask
		j.fileList, j.filesKnown = j.findFiles(), true
	}
	return j.fileList
}

func (j *JobAt) findFiles() []*file {
	if j.twin != nil && slices.EqualFunc(j.Job.Files, j.twin.Job.Files, func(a, b plan.File) bool { return a.Role == b.Role && a.Path == b.Path }) {
		var out []*file
		for i, known := range j.twin.files() {
			f := *known
			f.File, f.job = j.Job.Files[i], j
			out = append(out, &f)
		}
		return out
	}
	named := map[plan.FileRole][]*Arg{}
	for role, name := range fileArguments {
		arg := j.Arg(name)
		if arg == nil {
			continue
		}
		for _, elem := range arg.Elems() {
			if _, ok := elem.Text(); ok {
				named[role] = append(named[role], elem)
			}
		}
	}
	var out []*file
	for _, planned := range j.Job.Files {
		f := &file{File: planned, At: j.Place(), job: j}
		if elems := named[planned.Role]; len(elems) > 0 {
			f.arg, f.At, f.Value = elems[0], elems[0].At, elems[0].Value
			named[planned.Role] = elems[1:]
		}
		out = append(out, f)
	}
	return out
}

// src names the directory that files are relative to.
func (f *file) src() string {
	if f.job.Job.Src == "" || f.job.Job.Src == "." {
		return "src, the repository's root"
	}
	return "src, " + f.job.Job.Src
}

// outside reports whether the name leads out of src.
func (f *file) outside() bool { return path.IsAbs(f.Path) || !filepath.IsLocal(f.Path) }

// quoted is the name as the program has it.
func (f *file) quoted() string { return text.QuoteNix(f.Path) }

// deployed reports whether the deployment itself reads the file, which runs in a
// copy of src.
func (f *file) deployed() bool { return f.Role != plan.PrebuildOnlyFile }

// isLiteral reports whether the name is written out where it is used.
func (f *file) isLiteral() bool {
	if f.arg == nil {
		return false
	}
	switch e := f.arg.Expr.(type) {
	case *parser.Path:
		return len(e.Parts) == 1
	case *parser.String:
		return len(e.Parts) == 1 && e.Parts[0].Expr == nil
	}
	return false
}
