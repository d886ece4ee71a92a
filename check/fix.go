package check

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"

	"github.com/nixplan/nixplan/internal/diag"
)

// Fix applies the changes that findings come with to the files they are in, and
// gives the findings that were mended. Of changes that overlap the first is made.
// A file that is no longer what was checked is left alone.
func Fix(r *Report) ([]Finding, error) {
	edits := map[string][]diag.Replacement{}
	var mended []Finding
	for _, f := range r.Findings {
		if f.Fix == nil || slices.ContainsFunc(f.Fix.Edits, func(e diag.Replacement) bool {
			return !filepath.IsLocal(e.Place.File) || overlaps(edits[e.Place.File], e)
		}) {
			continue
		}
		for _, e := range f.Fix.Edits {
			edits[e.Place.File] = append(edits[e.Place.File], e)
		}
		mended = append(mended, f)
	}
	for file, list := range edits {
		if err := rewrite(filepath.Join(r.Root, filepath.FromSlash(file)), list); err != nil {
			return nil, fmt.Errorf("cannot fix %s: %w", file, err)
		}
	}
	return mended, nil
}

func overlaps(list []diag.Replacement, e diag.Replacement) bool {
	return slices.ContainsFunc(list, func(have diag.Replacement) bool {
		return e.Start < have.End && have.Start < e.End || e.Start == have.Start
	})
}

// rewrite applies edits to a file, all or none.
func rewrite(path string, edits []diag.Replacement) error {
	// A link is followed, so that the file it names is changed and the link stays.
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	slices.SortFunc(edits, func(a, b diag.Replacement) int { return cmp.Compare(b.Start, a.Start) }) // the last first
	for _, e := range edits {
		if e.End > len(data) || e.Start > e.End {
			return fmt.Errorf("it was changed meanwhile")
		}
		data = slices.Concat(data[:e.Start], []byte(e.Text), data[e.End:])
	}
	return renameio.WriteFile(path, data, info.Mode().Perm())
}
