package shell

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// secretsFile is a secrets.json with one secret.
func secretsFile(t *testing.T, name string, data map[string]any) string {
	t.Helper()
	b, err := json.Marshal(map[string]any{name: map[string]any{"kind": "Secret", "data": data}})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// modes checks the modes of files and directories in the home directory, and
// that there is nothing else.
func (j *job) modes(want map[string]os.FileMode) {
	j.t.Helper()
	filepath.WalkDir(j.home, func(path string, _ os.DirEntry, err error) error {
		name := strings.TrimPrefix(strings.TrimPrefix(path, j.home), "/")
		if err != nil {
			j.t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil {
			j.t.Fatal(err)
		}
		mode, ok := want[name]
		switch {
		case name == "":
		case !ok && !info.IsDir():
			j.t.Errorf("%s should not be there", name)
		case ok && info.Mode().Perm() != mode || info.IsDir() && info.Mode().Perm() != 0o700:
			j.t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
		delete(want, name)
		return nil
	})
	for name := range want {
		j.t.Errorf("%s is not there", name)
	}
}

func TestWriteAWSSecret(t *testing.T) {
	j := newJob(t, `{"aws":{"data":{"aws_access_key_id":"AKIA1","aws_secret_access_key":"canary1"}},
		"b":{"data":{"aws_access_key_id":"AKIA2","aws_secret_access_key":"canary2\n"}}, "half":{"data":{"aws_secret_access_key":"canary3"}}}`)
	if r := j.script("writeAWSSecret; writeAWSSecret b other"); r != (result{}) {
		t.Fatalf("%+v", r)
	}
	want := "\n[default]\naws_secret_access_key = canary1\naws_access_key_id = AKIA1\n\n" +
		"\n[other]\naws_secret_access_key = canary2\naws_access_key_id = AKIA2\n\n"
	if got := j.read(".aws/credentials"); got != want {
		t.Errorf("%q", got)
	}
	// hercules-ci-effects would write a profile without a key.
	r := j.script("writeAWSSecret half; touch late")
	if r.status != 1 || r.stderr != "writeAWSSecret: could not find path .aws_access_key_id in secret half\n" {
		t.Errorf("%+v", r)
	}
	if r := j.script("writeAWSSecret absent || echo guarded"); r.status != 0 || r.stdout != "guarded\n" {
		t.Errorf("%+v", r)
	}
	if got := j.read(".aws/credentials"); got != want {
		t.Errorf("%q", got)
	}
	j.modes(map[string]os.FileMode{".aws/credentials": 0o600})
}

func TestWriteSSHKey(t *testing.T) {
	needProgram(t, "ssh-keygen")
	file := filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	locked := file + "-locked"
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "passphrase", "-f", locked).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := func(path string) string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	key := strings.TrimSuffix(text(file), "\n")
	both := secretsFile(t, "ssh", map[string]any{"privateKey": key, "publicKey": "ssh-ed25519 AAAA test"})

	t.Run("both", func(t *testing.T) {
		j := newJob(t, both)
		if r := j.script("writeSSHKey; writeSSHKey"); r != (result{}) { // a second time, over a file of mode 0400
			t.Fatalf("%+v", r)
		}
		if j.read(".ssh/id_rsa") != key+"\n" || j.read(".ssh/id_rsa.pub") != "ssh-ed25519 AAAA test\n" {
			t.Error("not what the secret holds")
		}
		j.modes(map[string]os.FileMode{".ssh/id_rsa": 0o400, ".ssh/id_rsa.pub": 0o600})
	})
	t.Run("derived", func(t *testing.T) {
		j := newJob(t, secretsFile(t, "other", map[string]any{"privateKey": key}))
		if r := j.script("cd ~; writeSSHKey other keys/id"); r != (result{}) {
			t.Fatalf("%+v", r)
		}
		if got := j.read("keys/id.pub"); strings.TrimSpace(got) != strings.TrimSpace(text(file+".pub")) {
			t.Error(got)
		}
		j.modes(map[string]os.FileMode{"keys/id": 0o400, "keys/id.pub": 0o600})
	})
	t.Run("cannot be derived", func(t *testing.T) {
		j := newJob(t, secretsFile(t, "ssh", map[string]any{"privateKey": text(locked), "publicKey": nil}))
		r := j.script("writeSSHKey; echo on")
		if r.status != 0 || r.stdout != "on\n" || !strings.HasPrefix(r.stderr, "warning: could not write "+j.home+"/.ssh/id_rsa.pub. do we need it?") {
			t.Errorf("%+v", r)
		}
		j.modes(map[string]os.FileMode{".ssh/id_rsa": 0o400})
	})
	t.Run("the public one is there", func(t *testing.T) {
		j := newJob(t, both)
		if r := j.script("mkdir -p ~/.ssh; echo mine >~/.ssh/id_rsa.pub; writeSSHKey"); r != (result{}) || j.read(".ssh/id_rsa.pub") != "mine\n" {
			t.Errorf("%+v", r)
		}
	})
	t.Run("missing", func(t *testing.T) {
		j := newJob(t, secretsFile(t, "ssh", map[string]any{"publicKey": "x"}))
		if r := j.script("writeSSHKey"); r.status != 1 || r.stderr != "writeSSHKey: could not find path .privateKey in secret ssh\n" {
			t.Errorf("%+v", r)
		}
		j.modes(nil)
	})
}

func TestWriteDockerKey(t *testing.T) {
	data := map[string]any{"clientKey": "canary key", "clientCertificate": "canary cert", "CACertificate": "canary ca"}
	j := newJob(t, secretsFile(t, "docker", data))
	if r := j.script(`writeDockerKey; writeDockerKey docker ~/"a b"; useDockerHost host; echo $DOCKER_HOST $DOCKER_TLS_VERIFY; useDockerHost h 1; echo $DOCKER_HOST`); r.status != 0 || r.stdout != "tcp://host:2376 1\ntcp://h:1\n" {
		t.Fatalf("%+v", r)
	}
	if got := j.read(".docker/key.pem") + j.read(".docker/cert.pem") + j.read("a b/ca.pem"); got != "canary key\ncanary cert\ncanary ca\n" {
		t.Error(got)
	}
	env, _, err := ReadResult(j.o.Result())
	if all := strings.Join(env, "\n"); err != nil || !strings.Contains(all, "DOCKER_HOST=tcp://h:1") || !strings.Contains(all, "DOCKER_TLS_VERIFY=1") {
		t.Error(all, err)
	}
	want := map[string]os.FileMode{}
	for _, name := range []string{"key", "cert", "ca"} {
		want[".docker/"+name+".pem"], want["a b/"+name+".pem"] = 0o400, 0o400
	}
	j.modes(want)

	delete(data, "CACertificate")
	j = newJob(t, secretsFile(t, "docker", data))
	if r := j.script("writeDockerKey"); r.status != 1 || !strings.Contains(r.stderr, ".CACertificate in secret docker") {
		t.Errorf("%+v", r)
	}
	j.modes(nil)
	// The third file cannot be written: the other two do not stay.
	data["CACertificate"] = "canary ca"
	j = newJob(t, secretsFile(t, "docker", data))
	if r := j.script("mkdir -p ~/.docker/ca.pem/x; writeDockerKey"); r.status != 1 {
		t.Errorf("%+v", r)
	}
	j.modes(nil)
}

func TestNoHome(t *testing.T) {
	j := newJob(t, `{"s":{"data":{"privateKey":"x","clientKey":"x","clientCertificate":"x","CACertificate":"x","aws_access_key_id":"x","aws_secret_access_key":"x"}}}`)
	r := j.script("unset HOME; writeSSHKey s || writeDockerKey s || writeAWSSecret s || ls -A")
	if r.stdout != "" || strings.Count(r.stderr, "$HOME is not set") != 3 {
		t.Errorf("%+v", r)
	}
}

func TestWriteGPGKey(t *testing.T) {
	needProgram(t, "gpg")
	// Agents need short paths for their sockets.
	make := func() string {
		dir, err := os.MkdirTemp("/tmp", "np")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			exec.Command("gpgconf", "--homedir", filepath.Join(dir, ".gnupg"), "--kill", "all").Run()
			exec.Command("gpgconf", "--homedir", dir, "--kill", "all").Run()
			os.RemoveAll(dir)
		})
		return dir
	}
	dir := make()
	gpg := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("gpg", append([]string{"--homedir", dir, "--batch", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	gpg("--quick-generate-key", "Tester <tester@example.org>", "ed25519", "sign", "never")
	j := newJob(t, secretsFile(t, "gpg", map[string]any{"privateKey": gpg("--armor", "--export-secret-keys")}))
	j.home = make()
	r := j.script(`writeGPGKey; echo signed | gpg --batch --clearsign; gpg --export-ownertrust; gpg --with-colons --list-keys`)
	if r.status != 0 || !strings.Contains(r.stdout, "BEGIN PGP SIGNATURE") || !strings.Contains(r.stdout, ":6:\n") || !strings.Contains(r.stdout, "uid:u:") {
		t.Errorf("%+v", r)
	}
	j = newJob(t, secretsFile(t, "gpg", map[string]any{"privateKey": "no key canary"}))
	if r := j.script("writeGPGKey"); r.status == 0 || strings.Contains(r.stdout+r.stderr, "canary") {
		t.Errorf("%+v", r)
	}
}
