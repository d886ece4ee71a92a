package view

import (
	"io"
	"net/url"
	"path/filepath"

	"github.com/nixplan/nixplan/internal/diag"
	"github.com/nixplan/nixplan/internal/text"
)

// The parts of SARIF 2.1.0 that findings need; the names are the standard's,
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string             `json:"id"`
		Name                 string             `json:"name,omitempty"`
		ShortDescription     *sarifMessage      `json:"shortDescription,omitempty"`
		FullDescription      *sarifMessage      `json:"fullDescription,omitempty"`
		HelpURI              string             `json:"helpUri,omitempty"`
		DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID              string             `json:"ruleId"`
		RuleIndex           int                `json:"ruleIndex"`
		Level               string             `json:"level"`
		Message             sarifMessage       `json:"message"`
		Locations           []sarifLocation    `json:"locations"`
		RelatedLocations    []sarifLocation    `json:"relatedLocations,omitempty"`
		Stacks              []sarifStack       `json:"stacks,omitempty"`
		Fixes               []sarifFix         `json:"fixes,omitempty"`
		PartialFingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions        []sarifSuppression `json:"suppressions"`
	}
	sarifLocation struct {
		ID       int            `json:"id,omitempty"`
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Message  *sarifMessage  `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI       string `json:"uri"`
		URIBaseID string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
	sarifStack struct {
		Message sarifMessage `json:"message"`
		Frames  []sarifFrame `json:"frames"`
	}
	sarifFrame struct {
		Location sarifLocation `json:"location"`
	}
	sarifFix struct {
		Description sarifMessage  `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		Artifact     sarifArtifact      `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion  `json:"deletedRegion"`
		Inserted sarifMessage `json:"insertedContent"`
	}
	sarifSuppression struct {
		Kind          string         `json:"kind"`
		Justification string         `json:"justification"`
		Location      *sarifLocation `json:"location,omitempty"`
	}
)

const (
	sarifSchema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	homepage     = "https://github.com/nixplan/nixplan"
	sourceRoot   = "%SRCROOT%" // what GitHub takes for the root of the repository
	sarifHashKey = "nixplanLine/v1"
)

func writeSARIF(w io.Writer, r *Report) error {
	s := &sarifWriter{prints: newFingerprints(), index: map[string]int{}, rules: []sarifRule{}}
	for _, rule := range r.Rules {
		s.add(sarifRule{
			ID:                   rule.ID,
			Name:                 rule.Name,
			ShortDescription:     sarifText(rule.Summary),
			FullDescription:      sarifText(rule.Description),
			HelpURI:              rule.HelpURI,
			DefaultConfiguration: sarifConfiguration{rule.Severity},
		})
	}
	results := []sarifResult{}
	for _, finding := range r.Findings {
		results = append(results, s.result(finding.Record))
	}
	for _, suppressed := range r.Suppressed {
		result := s.result(suppressed.Record)
		suppression := sarifSuppression{Kind: "inSource", Justification: text.Printable(suppressed.Reason)}
		if suppressed.By != nil {
			suppression.Location = &sarifLocation{Physical: physical(suppressed.By)}
		}
		result.Suppressions = append(result.Suppressions, suppression)
		results = append(results, result)
	}
	return encodeJSON(w, sarifLog{
		Schema:  sarifSchema,
		Version: "2.1.0",
		Runs: []sarifRun{{
			Tool:       sarifTool{sarifDriver{Name: "nixplan", Version: r.ToolVersion, InformationURI: homepage, Rules: s.rules}},
			ColumnKind: "unicodeCodePoints",
			Results:    results,
		}},
	})
}

type sarifWriter struct {
	prints *fingerprints
	rules  []sarifRule
	index  map[string]int // of rules, by id
}

func (s *sarifWriter) add(rule sarifRule) int {
	s.index[rule.ID] = len(s.rules)
	s.rules = append(s.rules, rule)
	return s.index[rule.ID]
}

func (s *sarifWriter) result(record diag.Record) sarifResult {
	index, ok := s.index[record.ID]
	if !ok { // findings that no rule makes, about the configuration for instance
		index = s.add(sarifRule{ID: record.ID, DefaultConfiguration: sarifConfiguration{record.Severity}})
	}
	result := sarifResult{
		RuleID:    record.ID,
		RuleIndex: index,
		Level:     record.Severity, // SARIF's levels have the same names
		Message:   sarifMessage{message(record)},
		// A result must have a location for GitHub to show it: what belongs to no
		// file belongs to the repository.
		Locations:           []sarifLocation{{Physical: &sarifPhysical{Artifact: sarifArtifact{URI: ".", URIBaseID: sourceRoot}}}},
		PartialFingerprints: map[string]string{sarifHashKey: s.prints.of(record)},
		// A list that is empty says that the finding is not suppressed, for a log
		// in which some others may be.
		Suppressions: []sarifSuppression{},
		Stacks:       sarifTrace(record.Trace),
		Fixes:        sarifFixes(record.Fix),
	}
	if record.Place != nil {
		result.Locations[0].Physical = physical(record.Place)
	}
	for _, note := range record.Related {
		if note.Place != nil {
			location := sarifRemark(note)
			location.ID = len(result.RelatedLocations) + 1
			result.RelatedLocations = append(result.RelatedLocations, location)
		}
	}
	return result
}

func sarifTrace(trace []diag.Remark) []sarifStack {
	if len(trace) == 0 {
		return nil
	}
	stack := sarifStack{Message: sarifMessage{"evaluation, innermost first"}}
	for _, remark := range trace {
		stack.Frames = append(stack.Frames, sarifFrame{sarifRemark(remark)})
	}
	return []sarifStack{stack}
}

// sarifFixes gives a change if each of its edits can be described exactly.
func sarifFixes(change *diag.Change) []sarifFix {
	if change == nil {
		return nil
	}
	fix := sarifFix{Description: sarifMessage{text.Printable(change.Summary)}}
	byFile := map[string]int{}
	for _, edit := range change.Edits {
		s := characters(&edit.Place)
		if s.endColumn == 0 {
			return nil
		}
		i, ok := byFile[edit.Place.File]
		if !ok {
			i = len(fix.Changes)
			byFile[edit.Place.File] = i
			fix.Changes = append(fix.Changes, sarifChange{Artifact: artifact(edit.Place.File)})
		}
		fix.Changes[i].Replacements = append(fix.Changes[i].Replacements, sarifReplacement{
			Deleted:  sarifRegion{StartLine: s.line, StartColumn: s.column, EndLine: s.endLine, EndColumn: s.endColumn},
			Inserted: sarifMessage{edit.Text},
		})
	}
	return []sarifFix{fix}
}

func sarifRemark(remark diag.Remark) sarifLocation {
	location := sarifLocation{Message: sarifText(text.Printable(remark.Message))}
	if remark.Place != nil {
		location.Physical = physical(remark.Place)
	}
	return location
}

func physical(place *diag.Place) *sarifPhysical {
	s := characters(place)
	region := &sarifRegion{StartLine: s.line, StartColumn: s.column, EndLine: s.endLine, EndColumn: s.endColumn}
	return &sarifPhysical{Artifact: artifact(place.File), Region: region}
}

// artifact names a file by a URI: relative to the repository, or absolute.
func artifact(file string) sarifArtifact {
	slashed := filepath.ToSlash(file)
	if filepath.IsAbs(file) {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: slashed}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: slashed}).String(), URIBaseID: sourceRoot}
}

func sarifText(s string) *sarifMessage {
	if s == "" {
		return nil
	}
	return &sarifMessage{s}
}
