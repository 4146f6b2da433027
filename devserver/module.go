package devserver

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"eclipsa/transform"

	"github.com/evanw/esbuild/esbuildast"
)

// module is one version of one module. It is never changed after loading, so that requests may
// read it while the next version is made.
type module struct {
	place
	hash    [sha256.Size]byte // of the source text
	outputs [2]*output        // by side
	symbols []transform.Symbol
	// assetHash goes into the URL of what the browser fetches itself.
	assetHash string
	// warnings do not stop it.
	warnings []transform.Diagnostic
}

// output is what a module is on one side.
type output struct {
	// code is the factory expression of the registry form.
	code string
	// deps and dynamic are where its imports lead, in the order that the code counts them.
	deps, dynamic []place
	// imports are what deps and dynamic came from.
	imports []transform.Import
	// problems of the newest source. With them, code is that of the last good version, or one
	// that throws.
	problems []transform.Diagnostic
	good     bool // code came from a source without problems, at least once
	hash     string
}

func newOutput(code string, deps, dynamic []place) *output {
	sum := sha256.New()
	sum.Write([]byte(code))
	for _, list := range [][]place{deps, dynamic} {
		for _, dep := range list {
			sum.Write([]byte{0})
			sum.Write([]byte(dep.id))
		}
		sum.Write([]byte{1})
	}
	return &output{code: code, deps: deps, dynamic: dynamic, good: true, hash: fmt.Sprintf("%x", sum.Sum(nil)[:8])}
}

// failed is a side whose newest source has problems: the last good code goes on, and where there
// never was one, importing it throws the first problem.
func failed(before *output, problems []transform.Diagnostic) *output {
	if before != nil && before.good {
		kept := *before
		kept.problems = problems
		return &kept
	}
	stub := newOutput(throwing(problems[0].Text, problems[0].Path, problems[0].Line, problems[0].Column), nil, nil)
	stub.problems, stub.good = problems, false
	return stub
}

// buildError is the name of errors that stand for problems that were shown already.
const buildError = "EclipsaBuildError"

func throwing(text, path string, line, column int) string {
	message := text
	if path != "" {
		message = fmt.Sprintf("%s:%d:%d: %s", path, line, column, text)
	}
	return "function*($) { $.exports({}); yield; throw Object.assign(new Error(" + strconv.Quote(message) + "), { name: " + strconv.Quote(buildError) + " }) }"
}

// loader makes modules from files. It holds what is the same for all of them until settings or
// the environment change. Its methods may be called concurrently.
type loader struct {
	resolver *resolver
	define   map[string]string
	// env, by side, is import.meta.env as an object, as JSON.
	env      [2]string
	tsconfig func(dir string) string
	base     string
	// texts are the virtual modules'.
	texts map[string]string
	root  string // what virtual modules import from
}

// load makes a module. before is its last version, or nil; ok is false if its source is the same.
func (l *loader) load(at place, before *module) (m *module, changed bool) {
	source, err := l.read(at, before)
	if err != nil {
		gone := transform.Diagnostic{Text: fmt.Sprintf("%s can't be read: %v", at.id, err), Path: at.id}
		m = &module{place: at}
		for _, s := range []side{client, server} {
			m.outputs[s] = failed(outputOf(before, s), []transform.Diagnostic{gone})
		}
		return m, true
	}
	m = &module{place: at, hash: sha256.Sum256([]byte(source))}
	if before != nil && before.hash == m.hash {
		return before, false
	}
	l.fill(m, source, before)
	return m, true
}

func outputOf(m *module, s side) *output {
	if m == nil {
		return nil
	}
	return m.outputs[s]
}

// again makes a module whose source is the same, if its imports lead elsewhere now.
func (l *loader) again(before *module) *module {
	if !l.moved(before) {
		return before
	}
	source, err := l.read(before.place, before)
	if err != nil {
		return before
	}
	m := &module{place: before.place, hash: sha256.Sum256([]byte(source))}
	l.fill(m, source, before)
	return m
}

func (l *loader) fill(m *module, source string, before *module) {
	sides := transform.Both
	if m.kind == script && serverOnly(m.file) {
		sides = transform.Server
	}
	m.assetHash = fmt.Sprintf("%x", m.hash[:4])
	text, path, problem := l.text(m, source)
	if problem != nil {
		for _, s := range []side{client, server} {
			m.outputs[s] = failed(outputOf(before, s), []transform.Diagnostic{*problem})
		}
		return
	}
	if text[client] == text[server] {
		result := transform.Transform(text[client], l.options(m, path, sides))
		l.take(m, result, source, client, before)
		l.take(m, result, source, server, before)
		return
	}
	for _, s := range []side{client, server} {
		l.take(m, transform.Transform(text[s], l.options(m, path, transform.Sides(1<<s))), source, s, before)
	}
}

// factory is the code to send. Properties of import.meta.env are constants in it already; where the
// source wants the object itself, or a variable that is not set, the object is put there first.
func (l *loader) factory(source, code string, s side) string {
	if !strings.Contains(code, "$.meta") || !strings.Contains(source, "import.meta.env") {
		return code
	}
	return "((factory) => ($, ...deps) => { $.meta.env = " + l.env[s] + "; return factory($, ...deps); })(" + code + ")"
}

func (l *loader) options(m *module, path string, sides transform.Sides) transform.Options {
	options := transform.Options{Path: path, Sides: sides, Form: transform.Registry, Dev: true, Define: l.define}
	if m.file != "" && m.kind == script {
		options.TSConfig = l.tsconfig(filepath.Dir(m.file))
	}
	return options
}

// take makes one side of a result into an output.
func (l *loader) take(m *module, result transform.Result, source string, s side, before *module) {
	var problems []transform.Diagnostic
	for _, d := range result.Diagnostics {
		if d.Severity == transform.Error {
			problems = append(problems, d)
		} else if !slices.ContainsFunc(m.warnings, func(w transform.Diagnostic) bool { return sameDiagnostic(w, d) }) {
			m.warnings = append(m.warnings, d)
		}
	}
	if s == client && m.kind == script && serverOnly(m.file) {
		m.outputs[s] = newOutput(throwing(m.id+" is a server module: it never reaches the browser", "", 0, 0), nil, nil)
		m.outputs[s].good = false
		return
	}
	if len(problems) > 0 {
		m.outputs[s] = failed(outputOf(before, s), problems)
		if before != nil {
			m.symbols = before.symbols
		}
		return
	}
	m.symbols = result.Symbols
	made := result.Client
	if s == server {
		made = result.Server
	}
	deps, dynamic, problems := l.imports(m, made, source, s)
	if len(problems) > 0 {
		m.outputs[s] = failed(outputOf(before, s), problems)
		return
	}
	m.outputs[s] = newOutput(l.factory(source, made.Code, s), deps, dynamic)
	m.outputs[s].imports = made.Imports
}

// moved says whether the imports of a module may lead elsewhere now.
func (l *loader) moved(m *module) bool {
	for s, out := range m.outputs {
		if out == nil {
			continue
		}
		if len(out.problems) > 0 {
			return true
		}
		deps, dynamic, problems := l.imports(m, transform.Module{Imports: out.imports}, "", side(s))
		if len(problems) > 0 || !slices.Equal(deps, out.deps) || !slices.Equal(dynamic, out.dynamic) {
			return true
		}
	}
	return false
}

// imports resolves what a module imports on one side.
func (l *loader) imports(m *module, made transform.Module, source string, s side) (deps, dynamic []place, problems []transform.Diagnostic) {
	dir := l.dir(m)
	for _, one := range made.Imports {
		at, err := l.resolver.resolve(s, dir, one.Specifier, importKinds[one.Kind])
		if err != nil {
			problems = append(problems, unresolved(m, one, source, err))
			continue
		}
		switch one.Kind {
		case transform.StaticImport:
			deps = append(deps, at)
		case transform.DynamicImport:
			dynamic = append(dynamic, at)
		}
	}
	return deps, dynamic, problems
}

// dir is the folder from which a module's imports are resolved.
func (l *loader) dir(m *module) string {
	if m.file == "" {
		return l.root
	}
	return filepath.Dir(m.file)
}

var importKinds = map[transform.ImportKind]esbuildast.ImportKind{
	transform.StaticImport: esbuildast.StaticImport, transform.DynamicImport: esbuildast.DynamicImport, transform.RequireCall: esbuildast.RequireCall,
}

// unresolved names the place of the specifier and the specifier.
func unresolved(m *module, one transform.Import, source string, err error) transform.Diagnostic {
	text, notes := explain(one.Specifier, err)
	d := transform.Diagnostic{Text: text, Notes: notes, Path: m.id, Line: one.Line, Column: one.Column, Length: len(one.Specifier) + 2}
	if lines := strings.SplitN(source, "\n", one.Line+1); one.Line > 0 && len(lines) >= one.Line {
		d.LineText = strings.TrimSuffix(lines[one.Line-1], "\r")
	}
	return d
}

// explain makes a resolver's error a text and notes.
func explain(specifier string, err error) (text string, notes []string) {
	var failure *esbuildast.ResolveError
	if errors.As(err, &failure) {
		notes = failure.Notes
		if failure.Suggestion != "" {
			notes = append(notes, fmt.Sprintf("Did you mean %q?", failure.Suggestion))
		}
		return failure.Text, notes
	}
	text, note, more := strings.Cut(err.Error(), "\n")
	if more {
		notes = []string{note}
	}
	return fmt.Sprintf("Could not resolve %q: %s", specifier, text), notes
}

func sameDiagnostic(a, b transform.Diagnostic) bool {
	return a.Text == b.Text && a.Path == b.Path && a.Line == b.Line && a.Column == b.Column
}
