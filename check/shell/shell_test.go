package shell

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// describe writes what was found, a line each.
func describe(script string) string {
	var b strings.Builder
	s := Analyze(script)
	at := func(r Range) string { return fmt.Sprintf("%q", script[r.Start:r.End]) }
	word := func(w Word) string {
		if !w.Static {
			return "?"
		}
		return w.Text
	}
	flags := func(guarded, conditional bool) {
		if guarded {
			b.WriteString(" guarded")
		}
		if conditional {
			b.WriteString(" conditional")
		}
		b.WriteByte('\n')
	}
	if s.Error != nil {
		fmt.Fprintf(&b, "error at %d %s: %s\n", s.Error.Start, at(s.Error.Range), s.Error.Message)
	}
	for _, r := range s.Reads {
		helper := r.Helper
		if helper == "" {
			helper = "file"
		}
		fmt.Fprintf(&b, "%s %s", helper, word(r.Name))
		if r.Default {
			b.WriteString(" by default")
		} else {
			fmt.Fprintf(&b, " at %s", at(r.Name.Range))
		}
		var fields []string
		for _, f := range r.Fields {
			name := strings.Join(f.Path, ".")
			if f.Optional {
				name += "?"
			}
			fields = append(fields, name)
		}
		if !r.Complete {
			fields = append(fields, "…")
		}
		fmt.Fprintf(&b, " [%s]", strings.Join(fields, " "))
		flags(r.Guarded, r.Conditional)
		if r.Filter != nil && r.Filter.Error != nil {
			fmt.Fprintf(&b, "  filter at %s: %s\n", at(r.Filter.Error.Range), r.Filter.Error.Message)
		}
	}
	for _, c := range s.Calls {
		fmt.Fprintf(&b, "%s", c.Helper)
		for _, arg := range c.Args {
			b.WriteString(" " + word(arg))
		}
		flags(c.Guarded, c.Conditional)
	}
	kinds := [...]string{"shell", "program", "text", "file"}
	for _, o := range s.Opaque {
		fmt.Fprintf(&b, "opaque %s %s\n", kinds[o.Kind], at(o.Range))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestAnalyze(t *testing.T) {
	tests := []struct{ name, script, want string }{
		// Helpers and their defaults.
		{"aws", `writeAWSSecret deploy profile`, `writeAWSSecret deploy at "deploy" [aws_access_key_id aws_secret_access_key]`},
		{"aws by default", `writeAWSSecret`, `writeAWSSecret aws by default [aws_access_key_id aws_secret_access_key]`},
		{"an empty argument", `writeAWSSecret "" x`, `writeAWSSecret aws by default [aws_access_key_id aws_secret_access_key]`},
		{"ssh", `writeSSHKey`, `writeSSHKey ssh by default [privateKey publicKey?]`},
		{"docker", "writeDockerKey\nuseDockerHost host 2376", "writeDockerKey docker by default [clientKey clientCertificate CACertificate]\nuseDockerHost host 2376"},
		{"gpg", `writeGPGKey git-crypt`, `writeGPGKey git-crypt at "git-crypt" [privateKey]`},
		{"string", `readSecretString ssh .privateKey >~/.ssh/id_rsa`, `readSecretString ssh at "ssh" [privateKey]`},
		{"json", `readSecretJSON ssh .config`, `readSecretJSON ssh at "ssh" [config?]`},
		{"no filter", `readSecretString ssh`, "readSecretString ssh at \"ssh\" […]\n  filter at \"readSecretString ssh\": the jq filter is missing"},
		{"no name", `readSecretString`, "readSecretString  at \"readSecretString\" […]\n  filter at \"readSecretString\": the jq filter is missing"},
		{"all arguments", `readSecretString "$@"`, `readSecretString ? at "\"$@\"" […]`},
		{"state", "getStateFile a b\nputStateFile \"$x\" || true", "getStateFile a b\nputStateFile ? guarded"},

		// Where calls stand.
		{"substitution", `export TOKEN="$(readSecretString api .token)"`, `readSecretString api at "api" [token]`},
		{"backquotes", "T=`readSecretString api .token`", `readSecretString api at "api" [token]`},
		{"pipe", `readSecretString gpg .key | gpg --import`, `readSecretString gpg at "gpg" [key]`},
		{"here-document", "cat >f <<EOF\ntoken = $(readSecretString api .token)\nEOF", `readSecretString api at "api" [token]`},
		{"quoted here-document", "cat >f <<'EOF'\ntoken = $(readSecretString api .token)\nEOF", ``},
		{"comment", "# readSecretString api .token\n: # writeSSHKey", ``},
		{"quoted text", `echo "writeSSHKey" 'readSecretString a .b'`, ``},
		{"subshell", `( writeSSHKey a )`, `writeSSHKey a at "a" [privateKey publicKey?]`},
		{"block with a redirection", `{ echo a; readSecretString a .b; } >f`, `readSecretString a at "a" [b]`},
		{"function", `f() { writeSSHKey a; }; f`, `writeSSHKey a at "a" [privateKey publicKey?] conditional`},
		{"if", `if writeSSHKey a; then writeSSHKey b; else writeSSHKey c; fi`, "writeSSHKey a at \"a\" [privateKey publicKey?] guarded\n" +
			"writeSSHKey b at \"b\" [privateKey publicKey?] conditional\nwriteSSHKey c at \"c\" [privateKey publicKey?] conditional"},
		{"or", `readSecretString a .b || readSecretString c .d`, "readSecretString a at \"a\" [b] guarded\nreadSecretString c at \"c\" [d] conditional"},
		{"or in a substitution", `x=$(readSecretString a .b || true)`, `readSecretString a at "a" [b] guarded`},
		{"not", `! readSecretString a .b`, `readSecretString a at "a" [b] guarded`},
		{"test", `[[ -n "$(readSecretString a .b)" ]]`, `readSecretString a at "a" [b] guarded`},
		{"loop", `for x in a b; do writeSSHKey "$x"; done`, `writeSSHKey ? at "\"$x\"" [privateKey publicKey?] conditional`},
		{"while", `while readSecretString a .b; do :; done`, `readSecretString a at "a" [b] guarded`},
		{"case", `case $x in a) writeSSHKey a;; esac`, `writeSSHKey a at "a" [privateKey publicKey?] conditional`},
		{"with variables of its own", `HOME=/x writeSSHKey a`, `writeSSHKey a at "a" [privateKey publicKey?]`},
		{"process substitution", `ssh-add <(readSecretString a .b)`, `readSecretString a at "a" [b]`},
		{"command finds no functions", `command writeSSHKey a`, `opaque program "writeSSHKey"`},

		// What is no helper.
		{"redefined", "writeSSHKey() { :; }\nwriteSSHKey a", ""},
		{"redefined later", "writeSSHKey a\nfunction writeSSHKey { :; }", ""},
		{"alias", "alias writeSSHKey=true\nwriteSSHKey a", ""},
		{"removed", "unset -f writeSSHKey\nwriteSSHKey a", ""},

		// Words.
		{"quotes", `readSecretString "a b" '."x y"'`, `readSecretString a b at "\"a b\"" [x y]`},
		{"backslash", `readSecretString a\ b .x`, `readSecretString a b at "a\\ b" [x]`},
		{"joined", `readSecretString ne"at"'-'aws ".a"`, `readSecretString neat-aws at "ne\"at\"'-'aws" [a]`},
		{"variable", "name=aws\nwriteAWSSecret $name", `writeAWSSecret aws at "$name" [aws_access_key_id aws_secret_access_key]`},
		{"exported variable", "export name=aws\nwriteAWSSecret \"${name}\"", `writeAWSSecret aws at "\"${name}\"" [aws_access_key_id aws_secret_access_key]`},
		{"set twice", "name=aws\nname=b\nwriteAWSSecret $name", `writeAWSSecret ? at "$name" [aws_access_key_id aws_secret_access_key]`},
		{"set in a branch", "if x; then name=aws; fi\nwriteAWSSecret $name", "writeAWSSecret ? at \"$name\" [aws_access_key_id aws_secret_access_key]\nopaque program \"x\""},
		{"used before", "writeAWSSecret $name\nname=aws", `writeAWSSecret ? at "$name" [aws_access_key_id aws_secret_access_key]`},
		{"read", "name=aws\nread name <f\nwriteAWSSecret $name", `writeAWSSecret ? at "$name" [aws_access_key_id aws_secret_access_key]`},
		{"sourced", "name=aws\n. ./env\nwriteAWSSecret $name", "writeAWSSecret ? at \"$name\" [aws_access_key_id aws_secret_access_key]\nopaque shell \". ./env\""},
		{"of a loop", "for name in a b; do :; done\nname=aws\nwriteAWSSecret $name", `writeAWSSecret ? at "$name" [aws_access_key_id aws_secret_access_key]`},
		{"default", `writeAWSSecret "${NAME:-aws}"`, `writeAWSSecret ? at "\"${NAME:-aws}\"" [aws_access_key_id aws_secret_access_key]`},
		{"a known one with a default", "N=b\nwriteAWSSecret \"${N:-aws}\"", `writeAWSSecret b at "\"${N:-aws}\"" [aws_access_key_id aws_secret_access_key]`},
		{"glob", `readSecretString a* .b[0]`, `readSecretString ? at "a*" […]`},
		{"bracket command", `if [ -n "$x" ]; then :; fi`, ``},
		{"braces", `writeSSHKey {a,b}`, `writeSSHKey ? at "{a,b}" [privateKey publicKey?]`},
		{"unknown part", "readSecretString " + Unknown + " .x", "readSecretString ? at \"\uFFFC\" [x]"},
		{"unknown filter", "readSecretString a ." + Unknown, "readSecretString a at \"a\" […]"},

		// Filters.
		{"path", `readSecretString a .b.c`, `readSecretString a at "a" [b.c]`},
		{"brackets", `readSecretString a '.["b"]["c d"]'`, `readSecretString a at "a" [b.c d]`},
		{"list", `readSecretString a '.b[0].c'`, `readSecretString a at "a" [b]`},
		{"alternative", `readSecretString a '.b // empty'`, `readSecretString a at "a" [b?]`},
		{"question mark", `readSecretString a '.b?'`, `readSecretString a at "a" [b?]`},
		{"try", `readSecretString a 'try .b'`, `readSecretString a at "a" [b?]`},
		{"filters in a row", `readSecretString a '.b | .c | @base64d'`, `readSecretString a at "a" [b.c]`},
		{"a function that takes null", `readSecretString a '.b | values'`, `readSecretString a at "a" [b?]`},
		{"several", `readSecretString a '.b, .c'`, `readSecretString a at "a" [b c]`},
		{"interpolation", `readSecretString a '"\(.user):\(.password)"'`, `readSecretString a at "a" [user password]`},
		{"sum", `readSecretString a '.user + ":" + .password'`, `readSecretString a at "a" [user? password?]`},
		{"parentheses", `readSecretString a '(.b)'`, `readSecretString a at "a" [b]`},
		{"everything", `readSecretJSON a .`, `readSecretJSON a at "a" […]`},
		{"functions", `readSecretString a 'to_entries[] | .key'`, `readSecretString a at "a" […]`},
		{"variable key", `readSecretString a '.[$secretName]'`, `readSecretString a at "a" […]`},
		{"unclosed bracket", `readSecretString a '.b['`, "readSecretString a at \"a\" […]\n  filter at \"\": the jq filter ends where more is expected"},
		{"two filters", `readSecretString a ".b .c )"`, "readSecretString a at \"a\" […]\n  filter at \")\": jq does not expect ) here"},
		{"no dot", `readSecretString a 'b c'`, "readSecretString a at \"a\" […]\n  filter at \"c\": jq does not expect c here"},
		{"dash", `readSecretString a .access-key`, "readSecretString a at \"a\" […]\n  filter at \".access-key\": jq reads the dash as a minus: a name with a dash is written .\"access-key\""},
		{"empty filter", `readSecretString a ""`, "readSecretString a at \"a\" […]\n  filter at \"\\\"\\\"\": the jq filter is missing"},

		// The file itself.
		{"jq on the file", `jq -r '.["neat-aws"].data.key' "$HERCULES_CI_SECRETS_JSON"`, `file neat-aws at "'.[\"neat-aws\"].data.key'" [key]`},
		{"jq from the file", `jq <"$HERCULES_CI_SECRETS_JSON" -r .aws.data.key`, `file aws at ".aws.data.key" [key]`},
		{"jq through cat", `cat $HERCULES_CI_SECRETS_JSON | jq .aws.data.key`, `file aws at ".aws.data.key" [key]`},
		{"jq with an argument", `jq --arg n aws '.[$n].data.key' "$HERCULES_CI_SECRETS_JSON"`, `file aws at "'.[$n].data.key'" [key]`},
		{"the agent's own", `jq -r '"Bearer \(."hercules-ci".data.token)"' <"$HERCULES_CI_SECRETS_JSON"`, `file hercules-ci at "'\"Bearer \\(.\"hercules-ci\".data.token)\"'" [token]`},
		{"a whole secret", `jq .aws.data "$HERCULES_CI_SECRETS_JSON"`, `file aws at ".aws.data" […]`},
		{"all of the file", `jq . "$HERCULES_CI_SECRETS_JSON"`, `file ? at "$HERCULES_CI_SECRETS_JSON" […]`},
		{"another program", `python3 x.py "$HERCULES_CI_SECRETS_JSON"`, "file ? at \"$HERCULES_CI_SECRETS_JSON\" […]\nopaque program \"python3\""},
		{"in a program's text", `python3 -c 'open(os.environ["HERCULES_CI_SECRETS_JSON"])'`, "file ? at \"'open(os.environ[\\\"HERCULES_CI_SECRETS_JSON\\\"])'\" […]\nopaque program \"python3\""},
		{"another file", "export HERCULES_CI_SECRETS_JSON=/x\nwriteSSHKey a", `opaque file "HERCULES_CI_SECRETS_JSON=/x"`},

		// What cannot be seen.
		{"eval", `eval "writeSSHKey a"`, `writeSSHKey a at "\"writeSSHKey a\"" [privateKey publicKey?]`},
		{"computed eval", `eval "$script"`, `opaque shell "eval \"$script\""`},
		{"trap", `trap 'writeSSHKey a' EXIT`, `writeSSHKey a at "'writeSSHKey a'" [privateKey publicKey?] conditional`},
		{"source", `source ./functions.sh`, `opaque shell "source ./functions.sh"`},
		{"computed command", `"$cmd" a`, `opaque shell "\"$cmd\""`},
		{"script of the repository", `./deploy.sh; bash deploy.sh`, "opaque program \"./deploy.sh\"\nopaque program \"bash\""},
		{"store path", Unknown + "/bin/aws s3 ls; " + Unknown + "/bin/deploy; /nix/store/x-jq/bin/jq .", "opaque program \"\uFFFC/bin/deploy\""},
		{"exported functions", `export -f readSecretString`, `opaque program "export -f readSecretString"`},

		// Mistakes.
		{"quote", "echo a\necho \"b\n", "error at 12 \"\\\"\": this \" is not closed\nopaque text \"\\\"b\\n\""},
		{"if without fi", "if true; then echo a", "error at 0 \"if\": this if has no fi\nopaque text \"if true; then echo a\""},
		{"fi without if", "echo a\nfi", "error at 7 \"fi\": this fi belongs to no if\nopaque text \"fi\""},
		{"substitution without end", "x=$(echo a", "error at 2 \"$(\": this $( has no )\nopaque text \"$(echo a\""},
		{"no command", "a && ; b", "error at 2 \"&&\": a command is missing after this &&\nopaque text \"&& ; b\""},
		{"parenthesis", "echo a (b)", "error at 7 \"(\": bash does not expect ( here; in a word it is quoted\nopaque text \"(b)\""},
		{"what unknown text may mend", "if true; then\n" + Unknown, "opaque text \"if true; then\\n\uFFFC\""},
		{"before unknown text", "fi\n" + Unknown, "error at 0 \"fi\": this fi belongs to no if\nopaque text \"fi\\n\uFFFC\""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, describe(test.script)); diff != "" {
				t.Errorf("%s\n(-want +got)\n%s", test.script, diff)
			}
		})
	}
}
