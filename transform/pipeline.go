package transform

import (
	"fmt"
	"path"
	"sort"
	"strings"

	"github.com/evanw/esbuild/esbuildast"
)

// source is one text on its way through the transform.
type source struct {
	text    string
	options Options
	tracker *tracker
}

func transform(text string, options Options) (result Result) {
	s := newSource(text, options)
	defer func() {
		if crash := recover(); crash != nil {
			result = Result{Diagnostics: []Diagnostic{s.crashed(crash)}}
		}
	}()
	return s.transform()
}

func newSource(text string, options Options) *source {
	text = strings.TrimPrefix(text, "\uFEFF") // editors and debuggers don't count it
	if options.Sides == 0 {
		options.Sides = Both
	}
	return &source{text: text, options: options, tracker: newTracker(options.Path, text)}
}

// transform prints the server module first: it needs the whole tree, the client's edits destroy it.
// Where constants differ between the sides, each side has a tree of its own.
func (s *source) transform() (result Result) {
	tree, messages := s.parse()
	result.Diagnostics = s.fromMessages(messages)
	if tree == nil {
		return failed(result)
	}
	found := s.findSymbols(tree)
	result.Symbols = found.symbols
	result.Diagnostics = append(result.Diagnostics, found.diagnostics...)
	if hasErrors(result.Diagnostics) {
		return failed(result)
	}
	if d, wrong := s.checkForm(tree); wrong {
		result.Diagnostics = append(result.Diagnostics, d)
		return failed(result)
	}
	result.Diagnostics = append(result.Diagnostics, s.requireCalls(tree)...)
	constants := s.mentionsConstants()
	if s.options.Sides&Server != 0 {
		result.Server = s.server(tree, found, constants)
	}
	if s.options.Sides&Client == 0 {
		return result
	}
	if constants && s.options.Sides&Server != 0 {
		tree, _ = s.parse()
		found = s.findSymbols(tree)
	}
	client, diagnostics := s.client(tree, found, constants)
	result.Client = client
	result.Diagnostics = append(result.Diagnostics, diagnostics...)
	if hasErrors(diagnostics) {
		return failed(result)
	}
	return result
}

func (s *source) parse() (*esbuildast.Tree, []esbuildast.Message) {
	return esbuildast.Parse(s.text, esbuildast.ParseOptions{
		Path:            s.options.Path,
		Define:          s.options.Define,
		TSConfig:        s.options.TSConfig,
		JSXImportSource: runtimeModule,
	})
}

// checkForm finds what has no ES module form. esbuild's bundler can wrap CommonJS, the registry can't.
func (s *source) checkForm(tree *esbuildast.Tree) (Diagnostic, bool) {
	if at, found := tree.CommonJSExport(); found {
		return s.tracker.diagnostic(at, "`export =` makes a CommonJS module, and an app's modules are ES modules",
			"Write export default, or export names."), true
	}
	if ext := path.Ext(s.options.Path); s.options.Form == Registry && (ext == ".cjs" || ext == ".cts") {
		return s.tracker.diagnostic(esbuildast.Place{}, fmt.Sprintf("A %s file is a CommonJS module, and an app's modules are ES modules", ext),
			"Write it with import and export in a .ts or .js file, or make it a package of its own."), true
	}
	return Diagnostic{}, false
}

// requireCalls warns of what a bundler converts and the registry can't.
func (s *source) requireCalls(tree *esbuildast.Tree) (list []Diagnostic) {
	if s.options.Form != Registry || !strings.Contains(s.text, "require") {
		return nil
	}
	for _, i := range tree.Imports() {
		if i.Kind == esbuildast.RequireCall {
			d := s.tracker.diagnostic(i.Place, fmt.Sprintf("require(%q) fails in `eclipsa dev`, which links ES modules", i.Specifier), "Write an import statement or import().")
			d.Severity = Warning
			list = append(list, d)
		}
	}
	return list
}

func failed(result Result) Result {
	sort.SliceStable(result.Diagnostics, func(i, j int) bool {
		a, b := result.Diagnostics[i], result.Diagnostics[j]
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	return Result{Symbols: result.Symbols, Diagnostics: result.Diagnostics}
}
