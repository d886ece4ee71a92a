package shell

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/executor/private"
	"github.com/nixplan/nixplan/executor/redact"
)

// canary is in every value; no test's command line has it.
const canary = "canary-5fd9a1"

func canaries(t *testing.T) string {
	t.Helper()
	data := map[string]any{}
	for _, name := range []string{"aws_access_key_id", "aws_secret_access_key", "privateKey", "publicKey", "clientKey", "clientCertificate", "CACertificate", "text"} {
		data[name] = canary + "-" + name
	}
	return secretsFile(t, "s", data)
}

// processes are the command lines and environments that can be read of all
// processes but this one, without the variable that the script exports.
func processes() []byte {
	var all []byte
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		if self, _ := os.Readlink("/proc/self"); filepath.Base(dir) == self {
			continue
		}
		for _, name := range []string{"cmdline", "environ"} {
			b, _ := os.ReadFile(filepath.Join(dir, name))
			all = append(all, b...)
		}
	}
	return bytes.ReplaceAll(all, []byte("exported="+canary), nil)
}

// holding lists the files below a directory that hold the canary.
func holding(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(canary)) {
			list = append(list, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// A value is in the files that must hold it, and in no command line, no
// environment, no log, and nowhere when the directory was removed.
func TestNothingLeaks(t *testing.T) {
	root := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", "")
	d, err := private.Create("run-"+filepath.Base(root), "job", root)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Remove()
	j := newJob(t, "{}")
	j.home, j.dir = d.Home(), d.Path()
	j.o = Options{Dir: filepath.Join(d.Path(), "shell"), SecretsFile: d.SecretsFile()}
	if err := os.WriteFile(d.SecretsFile(), []byte(canaries(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, j, filepath.Join(d.Path(), "socket"))
	j.env = []string{"TMPDIR=" + d.Tmp()}
	cmd := j.command(script("userSetupScript", `
umask 077
writeAWSSecret s; writeSSHKey s; writeDockerKey s; writeGPGKey s || true
text=$(readSecretString s .text); [[ $text == *-text ]]
for i in 1 2 3 4 5; do x=$(readSecretJSON s .); done
readSecretString s '.text | tonumber' || true
readSecretString s 'error(.text)' || true
readSecretString s '.text | halt_error' || true
readSecretJSON s '.text | debug | stderr | error' || true
readSecretJSON s '.text[' || true
echo "it is $text"; set -x; : "$text"; set +x
echo "$text" >state; putStateFile state; sleep 0.2
`), script("late", `export exported=$text`))
	redactor := redact.New([]redact.Value{{Label: "text", Text: []byte(canary + "-text")}})
	log := filepath.Join(root, "log")
	f, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	w := redactor.Writer(io.Writer(f))
	cmd.Stdout, cmd.Stderr = w, w
	var stop, looked atomic.Int32
	seen := make(chan string, 1)
	go func() {
		for stop.Load() == 0 {
			all := processes()
			if bytes.Contains(all, []byte(HelperCommand)) {
				looked.Add(1)
			}
			if i := bytes.Index(all, []byte(canary)); i >= 0 {
				seen <- string(all[max(0, i-200) : i+20])
				return
			}
		}
		seen <- ""
	}()
	err = cmd.Run()
	stop.Store(1)
	if where := <-seen; where != "" {
		t.Errorf("a process shows a value: %q", where)
	}
	if looked.Load() == 0 {
		t.Error("no helper was looked at")
	}
	w.Close()
	text, _ := os.ReadFile(log)
	if err != nil || bytes.Contains(text, []byte(canary)) || bytes.Count(text, []byte(redact.Mark)) != 2 {
		t.Errorf("%v\n%s", err, text)
	}
	if !bytes.Contains(s.states["state"], []byte(canary)) {
		t.Error("the state is not what was put")
	}
	if env, _, err := ReadResult(j.o.Result()); err != nil || !slices.Contains(env, "exported="+canary+"-text") {
		t.Error(env, err)
	}
	want := []string{
		"home/.aws/credentials", "home/.docker/ca.pem", "home/.docker/cert.pem", "home/.docker/key.pem", "home/.ssh/id_rsa", "home/.ssh/id_rsa.pub",
		"secrets/secrets.json", "shell/result",
	}
	if diff := cmp.Diff(want, holding(t, d.Path())); diff != "" {
		t.Error(diff)
	}
	for _, path := range want {
		if info, err := os.Stat(filepath.Join(d.Path(), path)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
	if list := holding(t, root); len(list) > 0 {
		t.Errorf("still in %v", list)
	}
}
