package shell

import (
	"path"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// helper is a bash function of hercules-ci-effects.
type helper struct {
	secret bool    // its first argument names a secret
	name   string  // the secret when there is no argument; "" when it is needed
	filter bool    // its second argument is a jq filter on the secret's data
	fields []Field // read without a filter
}

func required(names ...string) []Field {
	var list []Field
	for _, name := range names {
		list = append(list, Field{Name: name, Path: []string{name}})
	}
	return list
}

var helpers = map[string]helper{
	"readSecretString": {secret: true, filter: true},
	"readSecretJSON":   {secret: true, filter: true},
	"writeAWSSecret":   {secret: true, name: "aws", fields: required("aws_access_key_id", "aws_secret_access_key")},
	"writeSSHKey": {secret: true, name: "ssh", fields: append(required("privateKey"),
		Field{Name: "publicKey", Path: []string{"publicKey"}, Optional: true})},
	"writeDockerKey": {secret: true, name: "docker", fields: required("clientKey", "clientCertificate", "CACertificate")},
	"writeGPGKey":    {secret: true, name: "gpg", fields: required("privateKey")},
	"useDockerHost":  {},
	"getStateFile":   {},
	"putStateFile":   {},
}

// ordinary are programs and builtins that do not read an effect's secrets by
// themselves. What is not listed may.
var ordinary = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(`
		: [ [[ alias bg bind break builtin caller cd compgen complete continue dirs disown echo enable exit export false fc
		fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly
		return set shift shopt suspend test times true type typeset declare ulimit umask unalias unset wait

		arch base32 base64 basename cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dirname du expand expr
		factor fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nproc
		numfmt od paste pr printenv ptx readlink realpath rm rmdir seq sha1sum sha256sum sha512sum shred shuf sleep sort
		split stat stty sum sync tac tail tee touch tr truncate tsort tty uname unexpand uniq unlink users vdir wc who
		whoami yes cmp diff grep egrep fgrep rg sed hostname tar gzip gunzip bzip2 xz zstd zip unzip which file openssl
		xxd less more ps free uptime getent jq yq awk gawk

		runHook registerPutStatePhaseOnFailure stripHash substitute substituteInPlace gpgFingerprints gpgTrust
		nixops nix-store nix-copy-closure nix-instantiate nix-hash nix-prefetch-url nix-env nix-channel
		aws gcloud gsutil az doctl hcloud kubectl helm curl wget git git-crypt ssh ssh-keygen ssh-keyscan ssh-add ssh-agent
		scp sftp rsync gpg gpg-agent age sops pass gh glab hub cachix docker docker-compose arion skopeo podman netlify
		vault psql pg_dump mysql sqlite3 redis-cli ping dig nslookup nc
	`) {
		set[name] = true
	}
	return set
})

// call reads a simple command: its words, and what it does.
func (a *analyzer) call(c *syntax.CallExpr, ctx context) {
	a.visitWords(c, ctx)
	if len(c.Args) == 0 {
		return
	}
	command := a.word(c.Args[0])
	if !command.Static {
		kind := OpaqueShell
		if strings.Contains(a.text[command.Start:command.End], "/") {
			kind = OpaqueProgram // a function's name has no slash here
		}
		if kind == OpaqueShell || !ordinary()[path.Base(a.text[command.Start:command.End])] {
			a.opaque(kind, command.Range)
		}
		return
	}
	name, args := command.Text, c.Args[1:]
	h, isHelper := helpers[name]
	switch {
	case a.redefined[name]:
	case isHelper:
		a.helper(name, h, c, ctx)
	case name == "source" || name == ".":
		a.opaque(OpaqueShell, nodeRange(c))
	case name == "eval":
		a.eval(c, args, ctx)
	case name == "trap":
		if len(args) > 0 {
			a.eval(c, args[:1], ctx.uncertain())
		}
	case name == "command" || name == "exec" || name == "builtin":
		a.program(args)
	case strings.Contains(name, "/"):
		if !strings.HasPrefix(name, "/") || !strings.Contains(name, "/bin/") || !ordinary()[path.Base(name)] {
			a.opaque(OpaqueProgram, command.Range)
		}
	case !ordinary()[name]:
		a.opaque(OpaqueProgram, command.Range)
	}
}

// program looks at a command line that runs a program and no function.
func (a *analyzer) program(args []*syntax.Word) {
	for _, arg := range args {
		w := a.word(arg)
		if strings.HasPrefix(w.Text, "-") {
			continue
		}
		if !w.Static || !ordinary()[path.Base(w.Text)] {
			a.opaque(OpaqueProgram, w.Range)
		}
		return
	}
}

// visitWords reads what the words of a command run.
func (a *analyzer) visitWords(c *syntax.CallExpr, ctx context) {
	for _, assign := range c.Assigns {
		a.visit(assign, ctx)
	}
	for _, arg := range c.Args {
		a.visit(arg, ctx)
	}
}

func (a *analyzer) helper(name string, h helper, c *syntax.CallExpr, ctx context) {
	args := make([]Word, len(c.Args)-1)
	for i, arg := range c.Args[1:] {
		args[i] = a.word(arg)
	}
	if !h.secret {
		a.result.Calls = append(a.result.Calls, Call{
			Range: nodeRange(c), Helper: name, Args: args, Guarded: ctx.guarded, Conditional: ctx.conditional,
		})
		return
	}
	r := Read{
		Range: nodeRange(c), Helper: name, Fields: h.fields, Complete: true,
		Guarded: ctx.guarded, Conditional: ctx.conditional,
	}
	switch {
	case len(args) > 0 && (args[0].Text != "" || !args[0].Static):
		r.Name = args[0]
	default:
		r.Name = Word{Range: nodeRange(c.Args[0]), Text: h.name, Static: true}
		r.Default = h.name != ""
	}
	if h.filter {
		filter := Word{Range: r.Range, Static: true} // none given: the empty filter
		if len(args) > 1 {
			filter = args[1]
		} else if len(args) == 1 && !args[0].Static {
			filter.Static = false // "$@" may be both
		}
		r.Filter = newFilter(filter, ".[$secretName].data | ")
		var paths []Field
		paths, r.Complete = r.Filter.fields()
		for _, f := range paths {
			f.Optional = f.Optional || name == "readSecretJSON"
			r.Fields = append(r.Fields, f)
		}
	}
	a.result.Reads = append(a.result.Reads, r)
}

// maxEval bounds eval within eval.
const maxEval = 5

// eval reads the script that eval or trap is given, when it is known. All that
// is found in it has the place of the words.
func (a *analyzer) eval(c *syntax.CallExpr, words []*syntax.Word, ctx context) {
	var texts []string
	for _, word := range words {
		w := a.word(word)
		if !w.Static {
			a.opaque(OpaqueShell, nodeRange(c))
			return
		}
		texts = append(texts, w.Text)
	}
	if len(words) == 0 {
		return
	}
	if a.depth == maxEval {
		a.opaque(OpaqueShell, nodeRange(c))
		return
	}
	inner := &analyzer{text: strings.Join(texts, " "), result: &Script{}, depth: a.depth + 1}
	inner.run()
	at := Range{nodeRange(words[0]).Start, nodeRange(words[len(words)-1]).End}
	for _, r := range inner.result.Reads {
		if a.redefined[r.Helper] {
			continue
		}
		r.Range, r.Name.Range = at, at
		if r.Filter != nil {
			r.Filter.Range = at
			if r.Filter.Error != nil {
				r.Filter.Error.Range = at
			}
		}
		r.Guarded = r.Guarded || ctx.guarded
		r.Conditional = r.Conditional || ctx.conditional
		a.result.Reads = append(a.result.Reads, r)
	}
	for _, call := range inner.result.Calls {
		call.Range = at
		for i := range call.Args {
			call.Args[i].Range = at
		}
		call.Guarded = call.Guarded || ctx.guarded
		call.Conditional = call.Conditional || ctx.conditional
		a.result.Calls = append(a.result.Calls, call)
	}
	for _, o := range inner.result.Opaque {
		a.opaque(o.Kind, at)
	}
	if inner.result.Error != nil {
		a.opaque(OpaqueText, at)
	}
}
