package eval

// difference is a behaviour of Nix 2.8 that today's Nix has changed.
// Options.Compat28 brings all of them back. Code asks for one by its name, so
// that the table below, which docs/compat.md shows, is complete.
type difference uint8

const (
	integersWrap difference = iota
	roundingSaturates
	integersRounded
	jsonIntegersWrap
	jsonFloatsShort
	jsonControlsPlain
	replacementsForced
	updateLeftFirst
	emptyClosureForcesOperator
	sortFunctionFirst
	mapFunctionUnchecked
	genListFunctionUnchecked
	filterForcesFunction
	keywordsUnquoted
	channelsOldHost
	tarballOneMember
	gitDirtyWhole
	gitNoDirtyRev
	listsByElements
	substringStartLate
	namesWithDots
	outputNamedDrv
	versionNumber
	differenceCount
)

// differences say what the two versions do, and since when today's does.
var differences = [differenceCount]struct{ what, old, today, since string }{
	integersWrap:               {"integer arithmetic beyond 64 bits", "wraps around", "is an error", "2.25"},
	roundingSaturates:          {"`floor` and `ceil` of a number beyond 64 bits", "give the least integer", "are errors", "2.25"},
	integersRounded:            {"`floor` and `ceil` of an integer that no float holds", "round it", "are errors", "2.29"},
	jsonIntegersWrap:           {"`fromJSON` of an integer from 2^63 on", "wraps around", "is an error", "2.25"},
	jsonFloatsShort:            {"`toJSON` of a float, and structured attributes with one", "six digits", "the shortest text that reads back as the same number", "2.12"},
	jsonControlsPlain:          {"`toJSON` of backspace and form feed; text that is not UTF-8", "`\\u0008`, `\\u000c`; passed on", "`\\b`, `\\f`; an error", "2.12"},
	replacementsForced:         {"replacements of `replaceStrings`", "are all evaluated", "are evaluated when they are used", "2.16"},
	updateLeftFirst:            {"operands of `//`", "the left one is evaluated first", "the right one is", "2.32"},
	emptyClosureForcesOperator: {"`genericClosure` of an empty `startSet`", "looks at the operator", "does not", "2.13"},
	sortFunctionFirst:          {"arguments of `sort`", "the function is evaluated first", "the list is, and the function only when it is not empty", "2.13"},
	mapFunctionUnchecked:       {"`map` with something that is no function", "an error where an element is used", "an error at once", "2.13"},
	genListFunctionUnchecked:   {"`genList` with something that is no function", "an error where an element is used", "an error at once", "2.14"},
	filterForcesFunction:       {"`filter` of an empty list", "evaluates the function", "does not", "2.13"},
	keywordsUnquoted:           {"attribute names that are keywords, printed", "only `if` is quoted", "all are quoted", "2.16"},
	channelsOldHost:            {"`channel:NAME` in `fetchTarball`", "nixos.org/channels", "channels.nixos.org", "2.19"},
	tarballOneMember:           {"`fetchTarball` of an archive whose top is not one directory", "is an error", "gives the archive's top", "2.20"},
	gitDirtyWhole:              {"`fetchGit` of a work tree with changes", "takes all tracked files", "leaves away what `export-ignore` names", "2.20"},
	gitNoDirtyRev:              {"`dirtyRev` and `dirtyShortRev` of `fetchGit`", "are not there", "name the commit below the changes", "2.17"},
	listsByElements:            {"long lists that print as `«repeated»`", "those with the same elements in memory", "those in the same variable or attribute", "2.30"},
	substringStartLate:         {"a negative start of `substring`", "is noticed after the other arguments", "is noticed before", "2.20"},
	namesWithDots:              {"store path names `.`, `..` and those that begin with `.-` or `..-`", "are taken", "are errors", "2.21"},
	outputNamedDrv:             {"the output name that is refused", "`drv`", "`drvPath`", "2.23"},
	versionNumber:              {"`builtins.nixVersion`", "`2.8.0`", "`" + nixVersion + "`", "–"},
}

// as28 reports whether a behaviour is to be that of Nix 2.8.
func (ev *Evaluator) as28(difference) bool { return ev.opts.Compat28 }
