package devserver

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
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
	// reaches are what the symbols mention beside functions of their file, by id; a file that is one
	// unit is not in it.
	reaches map[string][]unitDep
	// assetHash goes into the URL of what the browser fetches itself.
	assetHash string
	// warnings do not stop it.
	warnings []transform.Diagnostic
}

// output is what a module is on one side.
type output struct {
	// units are its modules in the registry: one, or the parts of a server file and their facade.
	units []unit
	// exportParts says which part of a split file declares an export.
	exportParts map[string]string
	// deps and dynamic are where its imports lead, in source order.
	deps, dynamic []place
	// imports are what deps and dynamic came from.
	imports []transform.Import
	// problems of the newest source. With them, code is that of the last good version, or one
	// that throws.
	problems []transform.Diagnostic
	good     bool // code came from a source without problems, at least once
	hash     string
}

// whole is an output of one unit that reads its imports in their order.
func whole(code string) *output {
	return newOutput([]unit{newUnit("", code, nil, nil)}, nil, nil)
}

func newOutput(units []unit, deps, dynamic []place) *output {
	sum := sha256.New()
	for _, u := range units {
		sum.Write([]byte(u.hash))
	}
	for _, list := range [][]place{deps, dynamic} {
		for _, dep := range list {
			sum.Write([]byte{0})
			sum.Write([]byte(dep.id))
		}
		sum.Write([]byte{1})
	}
	return &output{units: units, deps: deps, dynamic: dynamic, good: true, hash: fmt.Sprintf("%x", sum.Sum(nil)[:8])}
}

// code is that of an output of one unit, as all of the client's are.
func (o *output) code() string { return o.units[len(o.units)-1].code }

// failed is a side whose newest source has problems: the last good code goes on, and where there
// never was one, importing it throws the first problem.
func failed(before *output, problems []transform.Diagnostic) *output {
	if before != nil && before.good {
		kept := *before
		kept.problems = problems
		return &kept
	}
	stub := whole(throwing(problems[0].Text, problems[0].Path, problems[0].Line, problems[0].Column))
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
		gone := unreadable(at, err)
		m = &module{place: at}
		for _, s := range []side{client, server} {
			m.outputs[s] = failed(outputOf(before, s), []transform.Diagnostic{gone})
		}
		return m, true
	}
	m = &module{place: at, hash: l.hash(at, source)}
	if before != nil && before.hash == m.hash {
		return before, false
	}
	l.fill(m, source, before)
	return m, true
}

// unreadable says why a module's file can't be read, without the path on this machine.
func unreadable(at place, err error) transform.Diagnostic {
	var failed *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return transform.Diagnostic{Text: at.id + " can't be read: there is no such file", Path: at.id, Hint: "It is gone, or a link that leads nowhere."}
	case errors.As(err, &failed):
		err = failed.Err
	}
	text, hint, _ := strings.Cut(err.Error(), "\n")
	return transform.Diagnostic{Text: fmt.Sprintf("%s can't be read: %s", at.id, text), Path: at.id, Hint: hint}
}

// hash is of all that decides what a module becomes, except where its imports lead.
func (l *loader) hash(at place, source string) [sha256.Size]byte {
	if at.kind != script {
		return sha256.Sum256([]byte(source))
	}
	sum := sha256.New()
	sum.Write([]byte(source))
	fmt.Fprint(sum, "\x00", l.env, l.tsconfig(filepath.Dir(at.file)))
	return [sha256.Size]byte(sum.Sum(nil))
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
	m := &module{place: before.place, hash: l.hash(before.place, source)}
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
		options := l.options(m, path, sides)
		options.Split = splits(m, source)
		result := transform.Transform(text[client], options)
		l.take(m, result, source, client, before)
		l.take(m, result, source, server, before)
		return
	}
	for _, s := range []side{client, server} {
		l.take(m, transform.Transform(text[s], l.options(m, path, transform.Sides(1<<s))), source, s, before)
	}
}

// finish is the code to send. Properties of import.meta.env are constants in it already; where the
// source wants the object itself, or a variable that is not set, the object is put there before the
// body, and for import.meta.hot what the specifiers mean that it may be asked about.
func (l *loader) finish(code, source string, s side, specifiers map[string]string) string {
	if !strings.Contains(code, "$.meta") {
		return code
	}
	first := ""
	if strings.Contains(source, "import.meta.env") {
		first += "$.meta.env = " + l.env[s] + "; "
	}
	if len(specifiers) > 0 {
		first += "$.meta.specifiers = " + quote(specifiers) + "; "
	}
	return strings.Replace(code, `"use strict"; `, `"use strict"; `+first, 1)
}

// hotSpecifiers are the imports that import.meta.hot.accept() may name.
func hotSpecifiers(source string, made transform.Module, places []place) map[string]string {
	if !strings.Contains(source, "import.meta.hot") {
		return nil
	}
	specifiers := map[string]string{}
	for i, one := range made.Imports {
		if places[i].kind != external {
			specifiers[one.Specifier] = places[i].id
		}
	}
	return specifiers
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
		m.outputs[s] = whole(throwing(m.id+" is a server module: it never reaches the browser", "", 0, 0))
		m.outputs[s].good = false
		return
	}
	if len(problems) > 0 {
		m.outputs[s] = failed(outputOf(before, s), problems)
		if before != nil {
			m.symbols, m.reaches = before.symbols, before.reaches
		}
		return
	}
	m.symbols = result.Symbols
	made := result.Client
	if s == server {
		made = result.Server
	}
	places, problems := l.imports(m, made.Imports, source, s)
	if len(problems) > 0 {
		m.outputs[s] = failed(outputOf(before, s), problems)
		return
	}
	specifiers := hotSpecifiers(source, made, places)
	units := unitsOf(made, places, func(code string) string { return l.finish(code, source, s, specifiers) })
	deps, dynamic := byKind(made.Imports, places)
	m.outputs[s] = newOutput(units, deps, dynamic)
	m.outputs[s].imports, m.outputs[s].exportParts = made.Imports, made.ExportParts
	if s == server {
		m.takeSymbols(result.Symbols, places)
	}
}

// splits says whether a server file may be taken apart. One that accepts updates of its imports
// names them as a whole.
func splits(m *module, source string) bool {
	return m.kind == script && !strings.Contains(source, "import.meta.hot.accept")
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
		places, problems := l.imports(m, out.imports, "", side(s))
		deps, dynamic := byKind(out.imports, places)
		if len(problems) > 0 || !slices.Equal(deps, out.deps) || !slices.Equal(dynamic, out.dynamic) {
			return true
		}
	}
	return false
}

// imports resolves what a module imports on one side: a place for each import.
func (l *loader) imports(m *module, imports []transform.Import, source string, s side) (places []place, problems []transform.Diagnostic) {
	dir := l.dir(m)
	places = make([]place, len(imports))
	for i, one := range imports {
		at, err := l.resolver.resolve(s, dir, one.Specifier, importKinds[one.Kind])
		if err != nil {
			problem := unresolved(m, one, source, err)
			if len(problem.Notes) == 0 {
				problem.Hint = l.resolver.suggest(dir, one.Specifier)
			}
			problems = append(problems, problem)
		}
		places[i] = at
	}
	return places, problems
}

// byKind sorts places into those of static and of dynamic imports.
func byKind(imports []transform.Import, places []place) (deps, dynamic []place) {
	for i, one := range imports {
		switch one.Kind {
		case transform.StaticImport:
			deps = append(deps, places[i])
		case transform.DynamicImport:
			dynamic = append(dynamic, places[i])
		}
	}
	return deps, dynamic
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

// takeSymbols remembers what the symbols of a split file reach.
func (m *module) takeSymbols(symbols []transform.Symbol, places []place) {
	m.reaches = map[string][]unitDep{}
	for _, symbol := range symbols {
		var deps []unitDep
		for _, dep := range symbol.Reaches {
			deps = append(deps, depOf(dep, places))
		}
		m.reaches[symbol.ID] = deps
	}
}
