package check

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"

	"github.com/nixplan/nixplan/internal/diag"
)

// Fix applies the changes that findings come with to the files they are in, and
// gives the findings that were mended. Of changes that overlap the first is made.
// A file that is no longer what was checked, or lies elsewhere, is left alone.
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
	for _, file := range sortedKeys(edits) {
		err := r.rewrite(filepath.FromSlash(file), edits[file])
		if failed := (*fs.PathError)(nil); errors.As(err, &failed) { // the name may be a temporary file's
			err = failed.Err
		}
		if err != nil {
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
func (r *Report) rewrite(name string, edits []diag.Replacement) error {
	// A link is followed, so that the file it names is changed and the link stays.
	path, err := filepath.EvalSymlinks(filepath.Join(r.Root, name))
	if err != nil {
		return err
	}
	top, err := filepath.EvalSymlinks(r.Top)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(top, path); err != nil || !filepath.IsLocal(rel) {
		return fmt.Errorf("it is a link to %s, which is not in the repository", path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(edits, func(e diag.Replacement) bool { return e.Of.Text != string(data) }) {
		return errors.New("it was changed meanwhile; check again")
	}
	slices.SortFunc(edits, func(a, b diag.Replacement) int { return cmp.Compare(b.Start, a.Start) }) // the last first
	for _, e := range edits {
		data = slices.Concat(data[:e.Start], []byte(e.Text), data[e.End:])
	}
	return renameio.WriteFile(path, data, info.Mode().Perm())
}
