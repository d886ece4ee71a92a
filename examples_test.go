package nixplan_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestExamples runs the scripts of examples/, in the shell that runs them there,
// against a server that answers like the forge: a comment is written when
// something changes, and updated in place afterwards.
func TestExamples(t *testing.T) {
	for _, tool := range []string{"bash", "git", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(tool + " is not installed")
		}
	}
	bin := t.TempDir()
	mustRun(t, environment(), ".", "go", "build", "-o", filepath.Join(bin, "nixplan"), "./cmd/nixplan")
	// What curl is called with is what other processes see of it.
	real, err := exec.LookPath("curl")
	if err != nil {
		t.Fatal(err)
	}
	arguments := filepath.Join(bin, "arguments")
	write(t, bin, "curl", fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$@\" >>%s\nexec %s \"$@\"\n", arguments, real))
	if err := os.Chmod(filepath.Join(bin, "curl"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, ci := range []ciSystem{gitHub{}, gitLab{}} {
		t.Run(fmt.Sprintf("%T", ci), func(t *testing.T) {
			w := newWorkflow(t, ci, bin)

			// Nothing changes: no comment.
			w.commit("README", "words\n")
			w.run(t, true)
			if n := len(w.forge.ours()); n != 0 {
				t.Fatalf("%d comments though nothing changes", n)
			}
			// A change: one comment, which the next run updates.
			w.commit("ci.nix", strings.Replace(goodCI, "refs/heads/main", "refs/heads/next", 1))
			w.run(t, true)
			w.wantComment(t, `1 job changed \(1 reaches a deployment\) · 1 job activated, 1 deactivated`)
			w.commit("ci.nix", strings.Replace(goodCI, "web = runIf", "site = runIf", 1))
			w.run(t, true)
			w.wantComment(t, "1 job moved")
			// Nothing changes any more: the comment says so.
			w.commit("ci.nix", goodCI)
			w.run(t, true)
			w.wantComment(t, "nothing changes")
			// The page is kept with the run.
			page, err := os.ReadFile(filepath.Join(w.dir, "nixplan.html"))
			if err != nil || !strings.Contains(string(page), "Nothing changes") {
				t.Errorf("nixplan.html: %v", err)
			}

			// What fails, fails the job, and does not show the token.
			w.forge.refuse = true
			w.run(t, false)
			w.forge.refuse = false
			broken := t.TempDir()
			write(t, broken, "nixplan", "#!/bin/sh\nexit 3\n")
			if err := os.Chmod(filepath.Join(broken, "nixplan"), 0o755); err != nil {
				t.Fatal(err)
			}
			w.path = broken + string(filepath.ListSeparator) + w.path
			w.run(t, false)
			if seen, err := os.ReadFile(arguments); err != nil || strings.Contains(string(seen), forgeToken) || !strings.Contains(string(seen), "--header") {
				t.Errorf("the token is among curl's arguments, or nothing was recorded: %v\n%s", err, seen)
			}
		})
	}
}

const (
	forgeToken = "token-of-the-job"
	install    = "go install github.com/nixplan/nixplan/cmd/nixplan@latest"
)

// ciSystem is what runs an example.
type ciSystem interface {
	// scripts are the example's, each with its environment, for a run in a clone.
	// Steps that need more than a shell are left out.
	scripts(t *testing.T, w *workflow) []script
	// checkout is what the clone is at: the branch, or its merge.
	checkout(w *workflow)
	handler(f *forge) http.Handler
}

type script struct {
	text string
	env  map[string]string
	// after is called with what the script wrote to $OUTPUT.
	after func(output string)
}

// workflow is a pull request and what its runs leave.
type workflow struct {
	t      *testing.T
	ci     ciSystem
	bin    string // a directory for what is no part of the repository
	path   string // where programs are
	origin string // the repository
	dir    string // a clone
	forge  *forge
	url    string
}

func newWorkflow(t *testing.T, ci ciSystem, bin string) *workflow {
	w := &workflow{t: t, ci: ci, bin: bin, origin: t.TempDir(), path: bin + string(filepath.ListSeparator) + os.Getenv("PATH"), dir: t.TempDir(), forge: &forge{}}
	write(t, w.origin, "ci.nix", goodCI)
	write(t, w.origin, "network.nix", "{ machine = { }; }\n")
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "."}, {"commit", "-q", "-m", "base"}, {"branch", "next"}, {"checkout", "-q", "-b", "feature"}} {
		w.git(w.origin, args...)
	}
	w.git(w.dir, "clone", "-q", w.origin, ".")
	server := httptest.NewServer(ci.handler(w.forge))
	t.Cleanup(server.Close)
	w.url = server.URL
	// Others' comments, more than a page of them; one quotes ours.
	for i := range 130 {
		w.forge.add("somebody", fmt.Sprint("comment ", i))
	}
	w.forge.add("somebody", "<!-- nixplan -->\nquoted")
	return w
}

func environment() map[string]string {
	env := map[string]string{}
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	return env
}

func (w *workflow) git(dir string, args ...string) string {
	env := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": w.bin, "GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_SYSTEM": os.DevNull,
		"GIT_AUTHOR_NAME": "tester", "GIT_AUTHOR_EMAIL": "tester@example.org",
		"GIT_COMMITTER_NAME": "tester", "GIT_COMMITTER_EMAIL": "tester@example.org",
	}
	return strings.TrimSpace(mustRun(w.t, env, dir, "git", args...))
}

// commit changes a file of the feature branch.
func (w *workflow) commit(name, text string) {
	write(w.t, w.origin, name, text)
	w.git(w.origin, "add", ".")
	w.git(w.origin, "commit", "-q", "-m", name)
	w.git(w.dir, "fetch", "-q", "origin")
	w.ci.checkout(w)
}

// run runs the job once.
func (w *workflow) run(t *testing.T, good bool) {
	t.Helper()
	var log strings.Builder
	defer func() {
		if strings.Contains(log.String(), forgeToken) {
			t.Errorf("the token is in the log:\n%s", log.String())
		}
	}()
	for _, s := range w.ci.scripts(t, w) {
		env := map[string]string{"PATH": w.path, "HOME": w.bin, "LC_ALL": "C.UTF-8"}
		output := filepath.Join(t.TempDir(), "output")
		write(t, filepath.Dir(output), "output", "")
		env["GITHUB_OUTPUT"] = output
		for name, value := range s.env {
			env[name] = value
		}
		write(t, filepath.Dir(output), "script", s.text)
		out, err := run(env, w.dir, "bash", "--noprofile", "--norc", "-eo", "pipefail", filepath.Join(filepath.Dir(output), "script"))
		log.WriteString(out)
		if err != nil {
			if good {
				t.Fatalf("%v\n%s", err, log.String())
			}
			return
		}
		if s.after != nil {
			text, err := os.ReadFile(output)
			if err != nil {
				t.Fatal(err)
			}
			s.after(string(text))
		}
	}
	if !good {
		t.Errorf("the job passes:\n%s", log.String())
	}
}

// wantComment looks at the one comment there is.
func (w *workflow) wantComment(t *testing.T, text string) {
	t.Helper()
	ours := w.forge.ours()
	if len(ours) != 1 || !strings.HasPrefix(ours[0], "<!-- nixplan -->\n### nixplan: "+text) {
		t.Fatalf("want one comment with %q, got %q", text, ours)
	}
}

// forge has the comments of one pull request.
type forge struct {
	lock     sync.Mutex
	comments []forgeComment
	refuse   bool
}

type forgeComment struct {
	id           int
	author, body string
}

func (f *forge) add(author, body string) forgeComment {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.comments = append(f.comments, forgeComment{1000 + len(f.comments), author, body})
	return f.comments[len(f.comments)-1]
}

// ours are the comments that the job wrote.
func (f *forge) ours() (bodies []string) {
	f.lock.Lock()
	defer f.lock.Unlock()
	for _, c := range f.comments {
		if c.author == "the job" {
			bodies = append(bodies, c.body)
		}
	}
	return bodies
}

// serve answers the three requests of both forges: list, write, change. encode
// gives a comment in the forge's words.
func (f *forge) serve(mux *http.ServeMux, authorized func(*http.Request) bool, list, one, change string, encode func(forgeComment) any) {
	answer := func(w http.ResponseWriter, status int, value any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(value)
	}
	checked := func(h func(w http.ResponseWriter, r *http.Request)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if !authorized(r) || f.refuse {
				answer(w, http.StatusForbidden, map[string]string{"message": "no"})
				return
			}
			h(w, r)
		}
	}
	body := func(w http.ResponseWriter, r *http.Request) (string, bool) {
		var sent struct{ Body string }
		data, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(data, &sent)
		}
		if err != nil || sent.Body == "" || r.Header.Get("Content-Type") != "application/json" {
			answer(w, http.StatusBadRequest, map[string]string{"message": "no body"})
			return "", false
		}
		return sent.Body, true
	}
	mux.HandleFunc("GET "+list, checked(func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		f.lock.Lock()
		defer f.lock.Unlock()
		from := min(len(f.comments), (page-1)*size)
		out := []any{}
		for _, c := range f.comments[from:min(len(f.comments), from+size)] {
			out = append(out, encode(c))
		}
		answer(w, http.StatusOK, out)
	}))
	mux.HandleFunc("POST "+list, checked(func(w http.ResponseWriter, r *http.Request) {
		if text, ok := body(w, r); ok {
			answer(w, http.StatusCreated, encode(f.add("the job", text)))
		}
	}))
	mux.HandleFunc(change+" "+one, checked(func(w http.ResponseWriter, r *http.Request) {
		text, ok := body(w, r)
		if !ok {
			return
		}
		f.lock.Lock()
		defer f.lock.Unlock()
		for i := range f.comments {
			if c := &f.comments[i]; strconv.Itoa(c.id) == r.PathValue("id") && c.author == "the job" {
				c.body = text
				answer(w, http.StatusOK, encode(*c))
				return
			}
		}
		answer(w, http.StatusNotFound, map[string]string{"message": "not yours, or not there"})
	}))
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

type gitHub struct{}

// checkout is at the merge of the branch, as for the event pull_request.
func (gitHub) checkout(w *workflow) {
	w.git(w.dir, "checkout", "-q", "--detach", "origin/main")
	w.git(w.dir, "merge", "-q", "--no-ff", "-m", "merge", "origin/feature")
}

var githubExpression = regexp.MustCompile(`\$\{\{ *([^ }]+) *\}\}`)

func (gitHub) scripts(t *testing.T, w *workflow) (list []script) {
	var file struct {
		Defaults struct{ Run struct{ Shell string } }
		Jobs     map[string]struct {
			Steps []struct {
				ID, Run string
				Uses    string
				Env     map[string]string
				With    map[string]any
			}
		}
	}
	readYAML(t, "examples/github/nixplan.yml", &file)
	if file.Defaults.Run.Shell != "bash" {
		t.Errorf("the shell is %q", file.Defaults.Run.Shell)
	}
	values := map[string]string{
		"github.event.repository.default_branch": "main", "github.token": forgeToken, "github.event.pull_request.number": "7",
	}
	installs := 0
	for _, step := range file.Jobs["diff"].Steps {
		switch {
		case step.Run == "":
			if strings.HasPrefix(step.Uses, "actions/checkout@") && fmt.Sprint(step.With["fetch-depth"]) != "0" {
				t.Error("the checkout is shallow")
			}
		case step.Run == install:
			installs++
		default:
			s := script{text: step.Run, env: map[string]string{
				"GITHUB_STEP_SUMMARY": filepath.Join(w.bin, "summary"), "GITHUB_API_URL": w.url, "GITHUB_REPOSITORY": "acme/shop",
			}}
			// Outputs of a step are known when it has run.
			env := step.Env
			if len(list) > 0 {
				previous := &list[len(list)-1]
				previous.after = func(output string) {
					name, value, _ := strings.Cut(strings.TrimSpace(output), "=")
					values["steps.compare.outputs."+name] = value
					expand(t, s.env, env, values)
				}
			} else {
				expand(t, s.env, env, values)
			}
			list = append(list, s)
		}
	}
	if installs != 1 || len(list) != 2 {
		t.Fatalf("%d scripts, and nixplan is installed %d times", len(list), installs)
	}
	return list
}

// expand replaces the expressions of an environment.
func expand(t *testing.T, into, env, values map[string]string) {
	t.Helper()
	for name, value := range env {
		into[name] = githubExpression.ReplaceAllStringFunc(value, func(s string) string {
			known, ok := values[githubExpression.FindStringSubmatch(s)[1]]
			if !ok {
				t.Errorf("unknown expression %s", s)
			}
			return known
		})
	}
}

func (gitHub) handler(f *forge) http.Handler {
	mux := http.NewServeMux()
	authorized := func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+forgeToken }
	f.serve(mux, authorized, "/repos/acme/shop/issues/7/comments", "/repos/acme/shop/issues/comments/{id}", "PATCH", func(c forgeComment) any {
		login := c.author
		if login == "the job" {
			login = "github-actions[bot]"
		}
		return map[string]any{"id": c.id, "body": c.body, "user": map[string]any{"login": login}}
	})
	return mux
}

type gitLab struct{}

// checkout is at the branch, detached.
func (gitLab) checkout(w *workflow) { w.git(w.dir, "checkout", "-q", "--detach", "origin/feature") }

func (gitLab) scripts(t *testing.T, w *workflow) []script {
	var file struct {
		Nixplan struct {
			Variables    map[string]string
			BeforeScript []string `yaml:"before_script"`
			Script       []string
		}
	}
	readYAML(t, "examples/gitlab/nixplan.yml", &file)
	job := file.Nixplan
	if job.Variables["GIT_DEPTH"] != "0" {
		t.Error("the checkout is shallow")
	}
	if n := len(job.BeforeScript); n == 0 || job.BeforeScript[n-1] != install {
		t.Errorf("nixplan is not installed: %q", job.BeforeScript)
	}
	// The runner makes one script of all.
	return []script{{text: strings.Join(job.Script, "\n"), env: map[string]string{
		"CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": w.git(w.dir, "rev-parse", "HEAD"),
		"CI_MERGE_REQUEST_DIFF_BASE_SHA": w.git(w.dir, "merge-base", "origin/main", "HEAD"),
		"CI_API_V4_URL":                  w.url + "/api/v4", "CI_PROJECT_ID": "12", "CI_MERGE_REQUEST_IID": "7", "NIXPLAN_TOKEN": forgeToken,
	}}}
}

func (gitLab) handler(f *forge) http.Handler {
	mux := http.NewServeMux()
	authorized := func(r *http.Request) bool { return r.Header.Get("PRIVATE-TOKEN") == forgeToken }
	id := func(author string) int { return map[string]int{"the job": 42}[author] }
	const notes = "/api/v4/projects/12/merge_requests/7/notes"
	f.serve(mux, authorized, notes, notes+"/{id}", "PUT", func(c forgeComment) any {
		return map[string]any{"id": c.id, "body": c.body, "author": map[string]any{"id": id(c.author)}}
	})
	mux.HandleFunc("GET /api/v4/user", func(w http.ResponseWriter, r *http.Request) {
		if !authorized(r) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"id": %d}`, id("the job"))
	})
	return mux
}
