package eval_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nixplan/nixplan/eval"
	"github.com/nixplan/nixplan/eval/world"
	"github.com/nixplan/nixplan/eval/world/fetch"
	"github.com/nixplan/nixplan/internal/diag"
)

// fetchSources makes repositories and archives in a directory. Everything that
// goes into a hash is fixed.
const fetchSources = `
set -eu
git init -q -b main sub
(cd sub; echo s > s; git add .; git commit -qm s)

git init -q -b main clean
cd clean
mkdir -p d/e ignored
echo a > a; echo run > d/run; chmod +x d/run; ln -s ../a d/link; ln -s /nowhere d/e/out
echo i > ignored/i; echo i > d/x.ign; printf 'ignored export-ignore\n*.ign export-ignore\n' > .gitattributes
echo 'a b' > 'with space'; echo 1 > 'ä'; touch empty
git add .; git commit -qm 1
git tag light; git tag -am annotated full
git branch other; echo 2 >> a; git commit -qam 2
cd ..

git clone -q --bare clean bare.git
cp -r clean dirty
cd dirty
echo changed >> a; echo new > staged; git add staged; echo no > untracked; mkdir u; echo no > u/u
rm 'with space'; chmod -x d/run
cd ..

git init -q -b main super
cd super
echo x > x; git add x
git -c protocol.file.allow=always submodule --quiet add "$PWD/../sub" inner/sub
git commit -qm 1
cd ..
cp -r super super-dirty; echo more >> super-dirty/inner/sub/s

git init -q -b main unborn
(cd unborn; echo 1 > a; git add a; echo 2 > b)
mkdir -p plain; echo 1 > plain/a

mkdir -p top/d; echo a > top/a; echo x > top/d/x; chmod +x top/d/x; ln -s a top/l; echo other > second
tar czf top.tar.gz top; tar cf top.tar top; tar cjf top.tar.bz2 top 2>/dev/null || cp top.tar top.tar.bz2
tar cJf top.tar.xz top 2>/dev/null || cp top.tar top.tar.xz
tar czf two.tar.gz top second; tar cf file.tar second
`

func makeFetchSources(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("git is not installed")
	}
	dir := t.TempDir()
	cmd := exec.Command("sh", "-c", fetchSources)
	cmd.Dir = dir
	cmd.Env = gitEnvironment(dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

func gitEnvironment(home string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CACHE_HOME=" + filepath.Join(home, "cache"), "LC_ALL=C.UTF-8", "TZ=UTC",
		"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_AUTHOR_DATE=2020-02-03T04:05:06Z",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org", "GIT_COMMITTER_DATE=2020-02-03T04:05:06Z",
		// Nix clones submodules of this machine.
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=protocol.file.allow", "GIT_CONFIG_VALUE_0=always"}
}

// evalFetch evaluates strictly outside the modelled world, without the network.
func evalFetch(t *testing.T, cache, expr string, change func(*eval.Options)) (string, error) {
	t.Helper()
	w, err := world.New(world.Config{})
	if err != nil {
		t.Fatal(err)
	}
	o := eval.Options{World: w, Fetcher: fetch.New(fetch.Config{CacheDir: cache, StoreDir: ""})}
	if change != nil {
		change(&o)
	}
	ev := eval.New(context.Background(), o)
	v, err := ev.EvalText(diag.NewSource("(test)", expr), "/")
	if err == nil {
		v, err = ev.DeepForce(v)
	}
	if err != nil {
		return "", err
	}
	return ev.Print(v)
}

// What is fetched from this machine has the store path, the files and the
// attributes that Nix gives it.
func TestFetchOracle(t *testing.T) {
	nix, err := exec.LookPath("nix-instantiate")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("nix-instantiate is not installed")
	}
	dir := makeFetchSources(t)
	rev, err := exec.Command("git", "-C", filepath.Join(dir, "clean"), "rev-parse", "other").Output()
	if err != nil {
		t.Fatal(err)
	}
	// List shows a tree with its files' types and texts.
	const list = `let list = p: builtins.mapAttrs (n: t: if t == "directory" then list (p + "/${n}") else if t == "regular" then builtins.readFile (p + "/${n}") else t) (builtins.readDir p); in `
	expressions := []string{
		`fetchTarball "file://DIR/top.tar.gz"`,
		`fetchTarball { url = "file://DIR/top.tar"; name = "x-1.0"; }`,
		`fetchTarball { url = "file://DIR/top.tar.bz2"; }`,
		`fetchTarball { url = "file://DIR/top.tar.xz"; }`,
		`fetchTarball "file://DIR/two.tar.gz"`,
		`fetchTarball "file://DIR/file.tar"`,
		`fetchTarball "file://DIR/missing.tar"`,
		`fetchTarball "DIR/top.tar"`,
		`fetchTarball DIR/top.tar`,
		`fetchTarball { url = "file://DIR/top.tar"; sha265 = ""; }`,
		`fetchTarball { url = "file://DIR/top.tar"; sha256 = ""; }`,
		`fetchTarball { url = "file://DIR/top.tar"; sha256 = "x"; }`,
		`fetchTarball { url = "file://DIR/top.tar"; name = "a/b"; }`,
		`fetchTarball { }`,
		list + `list (fetchTarball "file://DIR/top.tar.gz")`,
		`builtins.getContext (fetchTarball "file://DIR/top.tar.gz")`,
		`builtins.fetchurl "file://DIR/second"`,
		`builtins.fetchurl { url = "file://DIR/second"; name = "other-name"; }`,
		`builtins.fetchurl { url = "file://DIR/second"; sha256 = builtins.hashFile "sha256" DIR/second; }`,
		`builtins.fetchurl { url = "file://DIR/second"; sha256 = builtins.hashFile "sha256" DIR/top.tar; }`,
		`builtins.fetchurl { url = "file://DIR/second"; hash = ""; }`,
		`builtins.fetchurl "file://DIR/ä"`,
		`builtins.readFile (builtins.fetchurl "file://DIR/second")`,
		`builtins.getContext (builtins.fetchurl "file://DIR/second")`,

		`builtins.fetchGit DIR/clean`,
		`builtins.fetchGit "DIR/clean"`,
		`builtins.fetchGit "file://DIR/clean"`,
		`builtins.fetchGit { url = DIR/clean; }`,
		`builtins.fetchGit { url = "file://DIR/clean"; name = "named"; }`,
		`builtins.fetchGit { url = DIR/clean; ref = "other"; }`,
		`builtins.fetchGit { url = DIR/clean; ref = ""; }`,
		`builtins.fetchGit { url = DIR/clean; rev = ""; }`,
		`builtins.fetchGit (builtins.toFile "no-repository" "")`,
		`builtins.fetchGit { url = DIR/clean; ref = "refs/heads/other"; }`,
		`builtins.fetchGit { url = DIR/clean; ref = "HEAD"; }`,
		`builtins.fetchGit { url = DIR/clean; ref = "light"; }`,
		`builtins.fetchGit { url = DIR/clean; rev = "REV"; }`,
		`builtins.fetchGit { url = DIR/clean; rev = "REV"; ref = "other"; allRefs = true; }`,
		`builtins.fetchGit { url = DIR/clean; rev = "REV"; shallow = true; name = "shallow"; }`,
		`builtins.fetchGit { url = DIR/clean; ref = "no-such-branch"; }`,
		`builtins.fetchGit { url = DIR/clean; ref = "-x"; }`,
		`builtins.fetchGit { url = DIR/clean; rev = "0123"; }`,
		`builtins.fetchGit { url = DIR/clean; rev = "0123456789012345678901234567890123456789"; }`,
		`builtins.fetchGit { url = DIR/clean; type = "git"; }`,
		`builtins.fetchGit { url = DIR/clean; branch = "main"; }`,
		`builtins.fetchGit { url = DIR/clean; ref = { }; }`,
		`builtins.fetchGit { url = DIR/clean; submodules = "yes"; }`,
		`builtins.fetchGit { }`,
		`builtins.fetchGit DIR/plain`,
		`builtins.fetchGit DIR/clean/d`,
		`builtins.fetchGit DIR/missing`,
		`builtins.fetchGit DIR/dirty`,
		`builtins.fetchGit { url = DIR/dirty; ref = "main"; }`,
		`builtins.fetchGit { url = "file://DIR/bare.git"; ref = "other"; }`,
		`builtins.fetchGit DIR/super`,
		`builtins.fetchGit DIR/super-dirty`,
		`builtins.fetchGit { url = DIR/super; submodules = true; name = "with"; }`,
		`builtins.fetchGit { url = DIR/super-dirty; submodules = true; name = "with-dirty"; }`,
		`builtins.fetchGit DIR/unborn`,
		list + `map (x: list (builtins.fetchGit x)) [ DIR/clean DIR/dirty DIR/unborn DIR/super-dirty ]`,
		list + `list (builtins.fetchGit { url = DIR/super-dirty; submodules = true; name = "with-dirty"; })`,
		`builtins.getContext (builtins.fetchGit DIR/dirty).outPath`,
		`builtins.pathExists ((builtins.fetchGit DIR/dirty) + "/untracked")`,
		`builtins.pathExists ((builtins.fetchGit DIR/dirty) + "/staged")`,
	}
	home := t.TempDir()
	cache := t.TempDir()
	for _, e := range expressions {
		expr := strings.NewReplacer("DIR", dir, "REV", strings.TrimSpace(string(rev))).Replace(e)
		t.Run(e, func(t *testing.T) {
			cmd := exec.Command(nix, "--eval", "--strict", "-E", expr)
			// A store of its own, which needs neither root nor a daemon.
			cmd.Env = append(gitEnvironment(home), "NIX_REMOTE="+filepath.Join(home, "store"), "NIX_CONFIG=experimental-features =", "NIX_PATH=")
			want, nixErr := cmd.Output()
			got, err := evalFetch(t, cache, expr, func(o *eval.Options) { o.Compat28 = true })
			if (err == nil) != (nixErr == nil) {
				complaint := ""
				if exit, ok := nixErr.(*exec.ExitError); ok {
					complaint = string(exit.Stderr)
				}
				t.Fatalf("got %s, %v\nNix: %s%s", got, err, want, complaint)
			}
			if diff := cmp.Diff(strings.TrimSuffix(string(want), "\n"), got); err == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Where today's Nix does something else than 2.8.
func TestFetchToday(t *testing.T) {
	dir, cache := makeFetchSources(t), t.TempDir()
	for _, test := range []struct{ expr, want string }{
		{`builtins.attrNames (builtins.readDir (fetchTarball "file://DIR/two.tar.gz"))`, `[ "second" "top" ]`},
		{`builtins.attrNames (builtins.readDir (fetchTarball "file://DIR/file.tar"))`, `[ "second" ]`},
		{`builtins.stringLength (builtins.fetchGit DIR/dirty).dirtyRev`, `46`},
		{`builtins.match ".*-dirty" (builtins.fetchGit DIR/dirty).dirtyShortRev`, `[ ]`},
		{`(builtins.fetchGit DIR/clean) ? dirtyRev`, `false`},
		{`builtins.pathExists ((builtins.fetchGit DIR/dirty) + "/ignored")`, `false`},
		{`builtins.pathExists ((builtins.fetchGit { url = DIR/dirty; exportIgnore = false; }) + "/ignored/i")`, `true`},
		{`builtins.pathExists ((builtins.fetchGit { url = DIR/clean; ref = "main"; exportIgnore = false; }) + "/d/x.ign")`, `true`},
		{`builtins.pathExists ((builtins.fetchGit { url = DIR/clean; ref = "main"; }) + "/d/x.ign")`, `false`},
		{`(builtins.fetchGit { url = DIR/clean; lastModified = 0; revCount = 7; }).lastModifiedDate`, `"19700101000000"`},
		{`(builtins.fetchGit { url = DIR/clean; revCount = 7; }).revCount`, `7`},
		{`let g = builtins.fetchGit DIR/clean; in (builtins.fetchGit { url = DIR/clean; inherit (g) narHash; }).outPath == g.outPath`, `true`},
	} {
		got, err := evalFetch(t, cache, strings.ReplaceAll(test.expr, "DIR", dir), nil)
		if err != nil || got != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.expr, got, err, test.want)
		}
	}
	// The modelled world gives the same files without hashing them.
	for _, test := range []struct{ expr, want string }{
		{`builtins.readFile ((builtins.fetchGit DIR/dirty) + "/staged")`, `"new\n"`},
		{`builtins.pathExists ((builtins.fetchGit DIR/dirty) + "/untracked")`, `false`},
		{`(builtins.fetchGit DIR/plain).outPath != ""`, `true`},
		{`builtins.readFile (fetchTarball "file://DIR/top.tar.gz" + "/a")`, `"a\n"`},
	} {
		got, err := evalFetch(t, cache, strings.ReplaceAll(test.expr, "DIR", dir), func(o *eval.Options) { o.Model = true })
		if err != nil || got != test.want {
			t.Errorf("modelled: %s: got %s, %v, want %s", test.expr, got, err, test.want)
		}
	}
}

func TestFetchErrors(t *testing.T) {
	dir, cache := makeFetchSources(t), t.TempDir()
	for _, test := range []struct{ expr, want string }{
		{`fetchTarball "https://user:hunter2@example.org/a.tar.gz"`, "uses the network only when told to"},
		{`builtins.fetchGit "git@example.org:a/b"`, "uses the network only when told to"},
		{`builtins.fetchGit "ext::sh -c true"`, "are commands"},
		{`builtins.fetchGit "--upload-pack=/bin/true"`, "must not begin with '-'"},
		{`fetchTarball "file://DIR/second"`, "is not an archive"}, // 2.8 takes any file for one
		{`builtins.fetchGit { url = DIR/clean; lfs = true; }`, "'lfs' of 'fetchGit' is not supported yet"},
		{`builtins.fetchGit { url = DIR/clean; narHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; }`, "hash mismatch"},
		{`builtins.fetchMercurial "https://example.org/a"`, "'fetchMercurial' is not supported"},
		{`builtins.fetchTree "github:a/b"`, "'fetchTree' works with the model only"},
		{`builtins.readFile (import <nix/fetchurl.nix> { url = "https://example.org/x"; sha256 = builtins.hashString "sha256" ""; })`, "uses the network only when told to"},
	} {
		got, err := evalFetch(t, cache, strings.ReplaceAll(test.expr, "DIR", dir), nil)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %s, %v, want %q", test.expr, got, err, test.want)
		}
	}
}

// What <nix/fetchurl.nix> would download is downloaded when it is read.
func TestFetchurlDerivation(t *testing.T) {
	requests := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		w.Write([]byte("1 + 1"))
	}))
	defer s.Close()
	cache := t.TempDir()
	network := func(o *eval.Options) {
		o.Fetcher = fetch.New(fetch.Config{CacheDir: cache, Network: true, Backoff: func(int) time.Duration { return 0 }})
	}
	for _, test := range []struct{ expr, want string }{
		{`import (import <nix/fetchurl.nix> { url = "URL/x.nix"; sha256 = builtins.hashString "sha256" "1 + 1"; })`, `2`},
		{`import (import <nix/fetchurl.nix> { url = "URL/x.nix"; hash = "sha512:" + builtins.hashString "sha512" "1 + 1"; })`, `2`},
		{`import "${import <nix/fetchurl.nix> { url = "URL/y.nix"; sha1 = builtins.hashString "sha1" "1 + 1"; }}"`, `2`},
	} {
		got, err := evalFetch(t, cache, strings.ReplaceAll(test.expr, "URL", s.URL), network)
		if err != nil || got != test.want {
			t.Errorf("%s: got %s, %v", test.expr, got, err)
		}
	}
	if requests != 3 {
		t.Errorf("%d requests", requests)
	}
}

// In the restricted world fetchers read nothing that the program itself may not.
func TestFetchRestricted(t *testing.T) {
	dir, cache := makeFetchSources(t), t.TempDir()
	inside := filepath.Join(dir, "plain")
	evil := filepath.Join(inside, "evil") // a bare repository like any other files
	if out, err := exec.Command("git", "init", "-q", "--bare", evil).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	alternates := filepath.Join(evil, "objects", "info", "alternates")
	if err := os.WriteFile(alternates, []byte(filepath.Join(dir, "clean", ".git", "objects")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	rev, err := exec.Command("git", "-C", filepath.Join(dir, "clean"), "rev-parse", "main").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, expr := range []string{
		`builtins.fetchGit DIR/clean`,
		`builtins.fetchurl "file://DIR/second"`,
		`fetchTarball "file://DIR/top.tar"`,
		`builtins.fetchGit { url = DIR/plain/evil; rev = "REV"; }`,
		`builtins.readFile (import <nix/fetchurl.nix> { url = "file://DIR/second"; sha256 = builtins.hashString "sha256" "other\n"; })`,
	} {
		expr = strings.NewReplacer("DIR", dir, "REV", strings.TrimSpace(string(rev))).Replace(expr)
		got, err := evalFetch(t, cache, expr, func(o *eval.Options) {
			w, err := world.New(world.Config{Roots: []string{inside}})
			if err != nil {
				t.Fatal(err)
			}
			o.World = w
		})
		if err == nil || !strings.Contains(err.Error(), "is forbidden") {
			t.Errorf("%s: got %s, %v", expr, got, err)
		}
	}
	// A link is not followed before "..", by whichever way a path gets here.
	if err := os.WriteFile(filepath.Join(inside, "second"), []byte("inside"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "clean"), filepath.Join(inside, "link")); err != nil {
		t.Fatal(err)
	}
	w, err := world.New(world.Config{Roots: []string{inside}})
	if err != nil {
		t.Fatal(err)
	}
	up := filepath.Join(inside, "link") + "/../second"
	got, err := evalFetch(t, cache, `builtins.readFile (import <nix/fetchurl.nix> { url = "file://`+up+`"; sha256 = builtins.hashString "sha256" "inside"; })`, func(o *eval.Options) { o.World = w })
	if err != nil || got != `"inside"` {
		t.Errorf("got %s, %v", got, err)
	}
	if data, err := w.ReadFile(up); err != nil || string(data) != "inside" {
		t.Errorf("got %s, %v", data, err)
	}
	// What was fetched may be read, though it lies elsewhere; not what its links
	// lead to.
	archive := filepath.Join(inside, "links.tar")
	script := `mkdir top; echo a > top/a; ln -s a top/in; ln -s "$SECRET" top/out; tar cf links.tar top`
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = inside
	cmd.Env = append(os.Environ(), "SECRET="+filepath.Join(dir, "second"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	for name, readable := range map[string]bool{"a": true, "in": true, "out": false} {
		_, err := evalFetch(t, cache, `builtins.readFile (fetchTarball "file://`+archive+`" + "/`+name+`")`, func(o *eval.Options) {
			w, err := world.New(world.Config{Roots: []string{inside}})
			if err != nil {
				t.Fatal(err)
			}
			o.World = w
		})
		if (err == nil) != readable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A repository leads git to no other one that the program may not read, and git's own
// ways to share parts are followed where the user's repository has them.
func TestFetchGitRestricted(t *testing.T) {
	dir, cache := makeFetchSources(t), t.TempDir()
	script := `
mkdir root; cd root; git init -q -b main .; echo r > r; git add r; git commit -qm r; cd ..
P=$PWD/clean/.git
bare() { git init -q --bare -b main root/$1; }
copy() { git clone -q --bare clean root/$1; }
bare common; rm -r root/common/objects root/common/refs; ln -s $P/objects root/common/l; echo l/.. > root/common/commondir
bare dirs; rm -r root/dirs/objects/pack; ln -s $P/objects/pack root/dirs/objects/pack
for d in $P/objects/??; do ln -s $d root/dirs/objects/; done; rm -r root/dirs/refs/heads; ln -s $P/refs/heads root/dirs/refs/heads
copy file; f=$(cd $P/objects; echo ??/* | cut -d' ' -f1); mkdir -p root/file/objects/${f%/*}; ln -sf $P/objects/$f root/file/objects/$f
copy packed; rm root/packed/packed-refs; ln -s $P/HEAD root/packed/packed-refs
copy head; rm root/head/HEAD; ln -s $P/HEAD root/head/HEAD
copy config; rm root/config/config; ln -s $P/config root/config/config
copy shared; ln -s $PWD/second root/shared/objects/info/alternates
copy relative; ln -s $P/objects root/relative/objects/l; echo l/../objects > root/relative/objects/info/alternates
mkdir root/sub root/sub/w; (cd root/sub; git init -q --bare .git; ln -s $P .git/l; echo "gitdir: ../.git/l/../.git" > w/.git)
copy old; rm root/old/HEAD; ln -s refs/heads/main root/old/HEAD; git -C root/old update-ref refs/heads/main HEAD 2>/dev/null || cp $P/refs/heads/main root/old/refs/heads/main
cp -r super evil; rm -rf evil/.git/modules/inner; mkdir evil/.git/modules/inner; ln -s ../../../../sub/.git evil/.git/modules/inner/sub
cp -r super modules; git -C clean worktree add -q ../linked light; git clone -q --shared clean borrows; cp -r clean linking; rm -r linking/.git/refs/heads; ln -s $P/refs/heads linking/.git/refs/heads
`
	cmd := exec.Command("sh", "-euc", script)
	cmd.Dir, cmd.Env = dir, gitEnvironment(dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, test := range []struct{ root, expr, want string }{
		{"root", `builtins.fetchGit { url = DIR/common; ref = "main"; }`, ""},
		{"root", `builtins.fetchGit { url = DIR/dirs; ref = "main"; }`, ""},
		{"root", `builtins.fetchGit { url = DIR/file; ref = "main"; }`, ""},
		{"root", `builtins.fetchGit { url = DIR/packed; ref = "main"; }`, ""},
		{"root", `builtins.fetchGit { url = DIR/head; ref = "main"; }`, ""},
		{"root", `builtins.fetchGit { url = DIR/config; ref = "main"; }`, ""},
		{"root", `builtins.fetchGit { url = DIR/shared; ref = "main"; }`, ""},
		{"root", `builtins.fetchGit { url = DIR/relative; ref = "main"; }`, ""},
		{"root", `builtins.fetchGit DIR/sub/w`, ""},
		{"root", `builtins.fetchGit { url = DIR/old; ref = "main"; }`, `"a\n2\n"`},
		{"root", `builtins.fetchGit { url = DIR/old; }`, `"a\n2\n"`},
		{"evil", `builtins.fetchGit { url = DIR; submodules = true; ref = "HEAD"; }`, ""},
		{"linking", `builtins.fetchGit { url = DIR; ref = "main"; }`, ""},
		{"modules", `builtins.fetchGit { url = DIR; submodules = true; ref = "HEAD"; }`, `"s\n"`},
		{"modules", `builtins.fetchGit { url = DIR; submodules = true; }`, `"s\n"`},
		{"linked", `builtins.fetchGit DIR`, `"a\n"`},
		{"linked", `builtins.fetchGit { url = DIR; ref = "main"; }`, `"a\n2\n"`},
		{"borrows", `builtins.fetchGit { url = DIR; ref = "HEAD"; }`, `"a\n2\n"`},
	} {
		root := filepath.Join(dir, test.root)
		file := "/a"
		if test.root == "modules" {
			file = "/inner/sub/s"
		}
		got, err := evalFetch(t, cache, `builtins.readFile (`+strings.ReplaceAll(test.expr, "DIR", root)+` + "`+file+`")`, func(o *eval.Options) {
			w, err := world.New(world.Config{Roots: []string{root}, Checkout: root})
			if err != nil {
				t.Fatal(err)
			}
			o.World = w
		})
		if test.want == "" && (err == nil || !strings.Contains(err.Error(), "is forbidden") || strings.Contains(err.Error(), "other")) || test.want != got || (err == nil) != (test.want != "") {
			t.Errorf("%s in %s: got %s, %v, want %s", test.expr, test.root, got, err, test.want)
		}
	}
}

// Submodules that are not here are an error and no empty directories. In the modelled
// world they are of a work tree, with a warning.
func TestFetchGitSubmodules(t *testing.T) {
	dir, cache := makeFetchSources(t), t.TempDir()
	cmd := exec.Command("sh", "-euc", `git clone -q super lone; git -C lone config remote.origin.url https://example.org/super
		git -C lone config -f .gitmodules submodule.inner/sub.url https://example.org/sub; git -C lone commit -qam 2`)
	cmd.Dir, cmd.Env = dir, gitEnvironment(dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, arguments := range []string{``, `ref = "HEAD";`} {
		for _, model := range []bool{true, false} {
			expr := `"${builtins.fetchGit { url = ` + dir + `/lone; submodules = true; ` + arguments + ` }}"`
			var said []string
			got, err := evalFetch(t, cache, expr+" + "+expr, func(o *eval.Options) {
				o.Model = model
				o.Fetcher = fetch.New(fetch.Config{CacheDir: cache, Warn: func(s string) { said = append(said, s) }})
			})
			if err != nil {
				said = append(said, err.Error())
			}
			if (err == nil) != (model && arguments == "") || len(said) != 1 || !strings.Contains(said[0], "its submodule inner/sub is not here") {
				t.Errorf("%s: got %s, %q", expr, got, said)
			}
		}
	}
}

func TestFetchGitUpperCase(t *testing.T) {
	dir, cache := makeFetchSources(t), t.TempDir()
	rev, err := exec.Command("git", "-C", filepath.Join(dir, "clean"), "rev-parse", "main").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSpace(string(rev))
	got, err := evalFetch(t, cache, `(builtins.fetchGit { url = `+dir+`/clean; rev = "`+strings.ToUpper(want)+`"; }).rev`, nil)
	if err != nil || got != `"`+want+`"` {
		t.Errorf("got %s, %v", got, err)
	}
}
