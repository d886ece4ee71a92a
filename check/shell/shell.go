// Package shell reads the bash scripts of effects: which secrets they need, of
// which fields, which state files they use, and whether bash can read them.
// Nothing is run, and no environment is looked at.
//
// The functions an effect can call are those of effects-setup-hook.sh of
// hercules-ci-effects (May 2026); the table helpers says what they read. Facts
// from there that matter here:
//   - readSecretString and readSecretJSON run the jq program
//     ".[$secretName].data | " followed by their second argument.
//     readSecretString fails when the result is null, false or nothing;
//     readSecretJSON prints null and goes on.
//   - The write… functions take their default when the first argument is empty.
//   - writeSSHKey does without publicKey.
//   - An effect's own token is the secret AgentSecret, which is always there.
//
// What a script does with words that only running it would tell, or through
// files it sources, is unknown and is never taken for something wrong.
package shell

import (
	"cmp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Unknown stands in a script where a part of its text is not known. A word with
// it in it is not static, and what follows it may mean anything.
const Unknown = "\uFFFC"

// AgentSecret is the name of the secret that every effect has: the agent adds
// it, with the effect's API token.
const AgentSecret = "hercules-ci"

// SecretsVariable is the environment variable that holds the name of the file
// with an effect's secrets.
const SecretsVariable = "HERCULES_CI_SECRETS_JSON"

// Range is a half-open range of byte offsets in the script.
type Range struct{ Start, End int }

// Script is what Analyze found. All lists are in the order of the text.
type Script struct {
	// Error is the reason why bash cannot read the script, if there is one for
	// sure. The other fields then cover what stands before it.
	Error  *SyntaxError
	Reads  []Read
	Calls  []Call
	Opaque []Opaque
}

// SyntaxError is a mistake in a script or a jq filter. The message is one line
// and repeats nothing of the script but names and operators.
type SyntaxError struct {
	Range
	Message string
}

// Word is an argument. Text is its value when Static is set; otherwise only
// running the script would tell.
type Word struct {
	Range
	Text   string
	Static bool

	offsets []int // of each byte of Text in the script
}

// Read is one secret that a command reads.
type Read struct {
	Range         // of the command
	Helper string // the function, or "" when the script reads SecretsVariable's file itself
	// Name is the secret's name in the effect. Where it is the helper's
	// default, Default is set and the range is that of the helper's name. It is
	// static and empty when a name is needed and none is given.
	Name    Word
	Default bool
	// Filter is the jq filter of readSecretString, readSecretJSON and of a jq
	// program on the file itself; nil for the other helpers.
	Filter *Filter
	// Fields are the fields of the secret's data that are read. When Complete
	// is not set there may be others.
	Fields   []Field
	Complete bool
	// Guarded means that the script goes on when the secret is not there: the
	// command is tested by if, while, ||, && or !.
	Guarded bool
	// Conditional means that the command need not be reached: it is in a
	// branch, a loop, a function or a trap, or follows && or ||.
	Conditional bool
}

// Field is a field of a secret's data.
type Field struct {
	Name string
	// Path is the field and the fields in it: "a", "b" for .a.b.
	Path []string
	// Optional means that nothing fails when the field is not there.
	Optional bool
}

// Call is a call of a helper that reads no secret: getStateFile, putStateFile,
// useDockerHost.
type Call struct {
	Range
	Helper      string
	Args        []Word
	Guarded     bool
	Conditional bool
}

// OpaqueKind says why a part of a script cannot be seen through.
type OpaqueKind uint8

const (
	// OpaqueShell is code that this shell runs and that is not in the script:
	// source, eval of a computed text, a command whose name is computed.
	OpaqueShell OpaqueKind = iota
	// OpaqueProgram is a program that may read the secrets' file itself, such
	// as a script of the repository or an interpreter.
	OpaqueProgram
	// OpaqueText is text that was not read as bash.
	OpaqueText
	// OpaqueFile means that the script chooses another secrets' file: nothing
	// is known of what its reads find.
	OpaqueFile
)

// Opaque is a part of a script that may do more than Script says. Where there
// is one, a secret that is not among Reads may still be read.
type Opaque struct {
	Range
	Kind OpaqueKind
}

// Analyze reads a script. Text that is not known is written as Unknown.
func Analyze(script string) *Script {
	a := &analyzer{text: script, result: &Script{}}
	a.run()
	byStart := func(a, b Range) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) }
	slices.SortStableFunc(a.result.Reads, func(a, b Read) int { return byStart(a.Range, b.Range) })
	slices.SortStableFunc(a.result.Calls, func(a, b Call) int { return byStart(a.Range, b.Range) })
	slices.SortStableFunc(a.result.Opaque, func(a, b Opaque) int { return byStart(a.Range, b.Range) })
	return a.result
}

type analyzer struct {
	text      string
	result    *Script
	variables map[string]variable
	redefined map[string]bool           // functions and aliases of the script itself
	seen      map[*syntax.ParamExp]bool // uses of SecretsVariable that a Read accounts for
	depth     int                       // of eval in eval
}

// context is what the commands around a command make of it.
type context struct{ guarded, conditional bool }

func (c context) tested() context    { c.guarded = true; return c }
func (c context) uncertain() context { c.conditional = true; return c }

func (a *analyzer) run() {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(a.text), "")
	if err != nil {
		a.unreadable(err)
	}
	if file == nil {
		return
	}
	a.seen = map[*syntax.ParamExp]bool{}
	a.survey(file)
	a.visit(file, context{})
	if a.choosesFile(file) {
		a.result.Reads = nil
	}
}

// visit reads the statements in a node.
func (a *analyzer) visit(node syntax.Node, c context) {
	if node == nil {
		return
	}
	syntax.Walk(node, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Stmt:
			a.statement(n, c)
			return false
		case *syntax.ParamExp:
			if n.Param == nil || n.Param.Value != SecretsVariable {
				return true
			}
			if !a.seen[n] {
				a.readsFile(nodeRange(n), c)
			}
			return false
		case *syntax.Lit:
			a.mentions(n.Value, nodeRange(n), c)
		case *syntax.SglQuoted:
			a.mentions(n.Value, nodeRange(n), c)
		}
		return true
	})
}

func (a *analyzer) visitAll(list []*syntax.Stmt, c context) {
	for _, s := range list {
		a.statement(s, c)
	}
}

// statement reads a command with what it is tested by.
func (a *analyzer) statement(s *syntax.Stmt, c context) {
	if s.Negated {
		c = c.tested()
	}
	a.readsJQ(s, c)
	for _, r := range s.Redirs {
		a.visit(r, c)
	}
	switch cmd := s.Cmd.(type) {
	case nil:
	case *syntax.CallExpr:
		a.call(cmd, c)
	case *syntax.BinaryCmd:
		switch cmd.Op {
		case syntax.AndStmt, syntax.OrStmt:
			a.statement(cmd.X, c.tested())
			a.statement(cmd.Y, c.uncertain())
		default:
			a.statement(cmd.X, c)
			a.statement(cmd.Y, c)
		}
	case *syntax.IfClause:
		for clause := cmd; clause != nil; clause = clause.Else {
			a.visitAll(clause.Cond, c.tested())
			c = c.uncertain()
			a.visitAll(clause.Then, c)
		}
	case *syntax.WhileClause:
		a.visitAll(cmd.Cond, c.tested())
		a.visitAll(cmd.Do, c.uncertain())
	case *syntax.ForClause:
		a.visit(cmd.Loop, c)
		a.visitAll(cmd.Do, c.uncertain())
	case *syntax.CaseClause:
		a.visit(cmd.Word, c)
		for _, item := range cmd.Items {
			a.visit(item, c.uncertain())
		}
	case *syntax.FuncDecl:
		a.statement(cmd.Body, c.uncertain())
	case *syntax.DeclClause:
		a.visit(cmd, c)
		for _, arg := range cmd.Args {
			// `export -f` gives functions to the shells that programs start.
			if arg.Naked && arg.Value != nil && arg.Value.Lit() == "-f" {
				a.opaque(OpaqueProgram, nodeRange(cmd))
			}
		}
	case *syntax.TestClause, *syntax.ArithmCmd, *syntax.LetClause:
		a.visit(cmd, c.tested()) // set -e does not see what fails in there
	default:
		a.visit(cmd, c)
	}
}

func nodeRange(n syntax.Node) Range {
	return Range{int(n.Pos().Offset()), int(n.End().Offset())}
}

func (a *analyzer) opaque(kind OpaqueKind, r Range) {
	a.result.Opaque = append(a.result.Opaque, Opaque{r, kind})
}
