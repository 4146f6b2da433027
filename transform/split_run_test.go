package transform

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// splitPrelude is what every program finds: it writes down each effect. What no fixture defines is a
// stub that answers to everything.
const splitPrelude = `
let fuel = 300
const scratch = {}
const spent = () => --fuel < 0
const effect = (...values) => { if (fuel > 0) order.push('effect ' + values.map((value) => describe(value)).join(' ')); return values.length }
const said = (error) => error instanceof TypeError ? 'TypeError' : error.message // that text quotes the code
const safely = (f) => { try { return f() } catch (error) { return effect('caught ' + said(error)) } }
const order = [], registered = [], timers = []
const console = { log: (...values) => { order.push('log ' + values.map(String).join(' ')) }, error() {}, warn() {} }
const setInterval = (f) => { order.push('setInterval'); timers.push(f); return timers.length }
const setTimeout = setInterval, clearInterval = () => {}, clearTimeout = () => {}
const stub = (name) => new Proxy(function () {}, {
  apply() { order.push('call ' + name); return stub(name + '()') },
  construct() { order.push('new ' + name); return stub('new ' + name) },
  get(target, key) {
    if (key === Symbol.toPrimitive) return () => name
    if (key === Symbol.iterator) return function* () {}
    if (key === 'prototype') return target.prototype
    return typeof key === 'symbol' || key === 'then' ? undefined : stub(name + '.' + key)
  },
})
const marker = (id, ...handlers) => {
  registered.push({ id, handlers })
  return Object.assign((...args) => { order.push('hook ' + id); return stub('handle') }, { id })
}
const known = { realtime: marker, action: marker, loader: marker, jsx: (type, props) => ({ type, props }), jsxs: (type, props) => ({ type, props }), Fragment: 'fragment' }
const everything = (specifier) => new Proxy({}, { get: (_, name) => name === 'then' ? undefined : known[name] ?? stub(specifier + ' ' + String(name)) })
const describe = (value, depth = 0) => {
  if (typeof value === 'function') return value.id ?? (/^class/.test(source.call(value)) ? 'class ' + value.name : 'function')
  if (value instanceof Error) return 'error ' + value.message
  if (value instanceof Map) return 'map ' + [...value.keys()].map(String).join()
  if (typeof value !== 'object' || value === null) return String(value)
  if (depth > 3) return '…'
  return Object.keys(value).sort().map((key) => { try { return key + ': ' + describe(value[key], depth + 1) } catch (error) { return key + ' throws ' + said(error) } })
}
const attempt = async (name, f, ...args) => {
  try { order.push([name, describe(await f(...args))]) } catch (error) { order.push([name, 'throws ' + said(error)]) }
}
const isCallable = (value) => typeof value === 'function' && !value.id && !/^class/.test(source.call(value))
`

// splitFinale evaluates the files, calls all that they export and register, and looks again.
const splitFinale = `
const namespaces = []
for (const id of ids) await attempt('import ' + id, async () => { namespaces.push([id, await registry.import(id)]) })
if (namespaces.length < ids.length) return { order, registered: [] } // one failed: whole, it may have registered some before
const look = () => { for (const [id, namespace] of namespaces) order.push([id, describe(namespace)]) }
look()
for (const timer of timers) await attempt('timer', timer)
for (const [id, namespace] of namespaces) for (const name of Object.keys(namespace).sort())
  await attempt(id + ' ' + name, async () => { const value = namespace[name]; return isCallable(value) ? value(stub('argument')) : undefined })
for (const { id, handlers } of registered.toSorted((a, b) => (a.id < b.id ? -1 : 1))) for (const [n, handler] of handlers.entries()) await attempt(id + ' ' + n, handler, stub('connection'), stub('next'))
look()
return { order, registered: registered.map(({ id }) => id) }
`

// splitProgram is a function that runs the modules of one fixture in the runtime's registry.
func splitProgram(files []section, options Options, split bool) (program string, parts int, problem string) {
	options.Form, options.Sides, options.Split = Registry, Server, split
	modules := map[string]Module{}
	for _, file := range files {
		options.Path = file.name
		r := Transform(file.text, options)
		if hasErrors(r.Diagnostics) {
			return "", 0, r.Diagnostics[0].Text
		}
		modules[file.name] = r.Server
		parts += len(r.Server.Parts)
	}
	p := &splitLinker{files: files, modules: modules, external: map[string]bool{}, names: map[string]map[string]bool{}}
	for _, file := range files {
		p.define(file.name)
	}
	return p.program(), parts, ""
}

// splitLinker names and connects modules as the dev server does.
type splitLinker struct {
	files    []section
	modules  map[string]Module
	out      strings.Builder
	external map[string]bool
	names    map[string]map[string]bool
}

func (p *splitLinker) define(id string) {
	m := p.modules[id]
	if m.Parts == nil {
		var deps, dynamic []string
		for _, i := range m.Imports {
			switch i.Kind {
			case StaticImport:
				deps = append(deps, p.resolve(id, i.Specifier, i.Names))
			case DynamicImport:
				dynamic = append(dynamic, p.resolve(id, i.Specifier, nil))
			}
		}
		p.module(id, deps, dynamic, nil, m.Code)
		return
	}
	for _, part := range m.Parts {
		var deps, dynamic, weak []string
		for _, dep := range part.Deps {
			target := id + "?" + dep.Part
			if dep.Part == "" {
				target = p.resolve(id, m.Imports[dep.Import].Specifier, dep.Names)
			}
			deps = append(deps, target)
			if dep.Weak {
				weak = append(weak, target)
			}
		}
		for _, i := range part.Dynamic {
			dynamic = append(dynamic, p.resolve(id, i.Specifier, nil))
		}
		p.module(strings.TrimSuffix(id+"?"+part.Name, "?"), deps, dynamic, weak, part.Code)
	}
}

func (p *splitLinker) module(id string, deps, dynamic, weak []string, code string) {
	encode := func(list []string) string {
		if list == nil {
			return "[]"
		}
		text, _ := json.Marshal(list)
		return string(text)
	}
	name, _ := json.Marshal(id)
	fmt.Fprintf(&p.out, "registry.define(%s, %s, %s, %s, %s)\n", name, encode(deps), encode(dynamic), code, encode(weak))
}

// resolve finds a file of the fixture, or makes a stub.
func (p *splitLinker) resolve(from, specifier string, names []string) string {
	if strings.HasPrefix(specifier, ".") {
		wanted := path.Join(path.Dir(from), specifier)
		for _, file := range p.files {
			if file.name == wanted || strings.TrimSuffix(file.name, path.Ext(file.name)) == strings.TrimSuffix(wanted, ".js") {
				return p.partOf(file.name, names)
			}
		}
	}
	p.external[specifier] = true
	return specifier
}

func (p *splitLinker) partOf(id string, names []string) string {
	part := ""
	for i, name := range names {
		if declared := p.modules[id].ExportParts[name]; i > 0 && declared != part || declared == "" {
			return id
		} else {
			part = declared
		}
	}
	return strings.TrimSuffix(id+"?"+part, "?")
}

func (p *splitLinker) program() string {
	var external, ids []string
	for specifier := range p.external {
		encoded, _ := json.Marshal(specifier)
		external = append(external, fmt.Sprintf("%s: everything(%s)", encoded, encoded))
	}
	sort.Strings(external)
	for _, file := range p.files {
		encoded, _ := json.Marshal(file.name)
		ids = append(ids, string(encoded))
	}
	return "async () => {" + splitPrelude +
		"const registry = createRegistry({ external: { " + strings.Join(external, ", ") + " }, meta: (id) => ({ id: id.split('?')[0], url: 'file:///' + id.split('?')[0] }) })\n" +
		p.out.String() + "const ids = [" + strings.Join(ids, ", ") + "]\n" + splitFinale + "}"
}

type splitOutcome struct {
	Order      []any
	Registered []string
}

// runPrograms runs all in one Node process.
func runPrograms(t *testing.T, programs []string) []splitOutcome {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is not installed")
	}
	built := api.Build(api.BuildOptions{EntryPoints: []string{"../runtime/dev/registry.ts"}, Bundle: true, Format: api.FormatESModule, Platform: api.PlatformNode, LogLevel: api.LogLevelSilent})
	if len(built.Errors) > 0 {
		t.Fatal("runtime/dev/registry.ts does not build: ", built.Errors[0].Text)
	}
	text := string(built.OutputFiles[0].Contents) + "\nconst source = Function.prototype.toString\nFunction.prototype.toString = () => 'function' // its text tells how a module was printed\nprocess.on('unhandledRejection', () => {})\nprocess.on('exit', () => console.error('programs that ended: ' + outcomes.length))\nconst outcomes = []\nfor (const program of [\n" +
		strings.Join(programs, ",\n") + "\n]) outcomes.push(await program())\nconsole.log(JSON.stringify(outcomes))\n"
	file := filepath.Join(t.TempDir(), "programs.mjs")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return runNode(t, len(programs), node, file)
}

// runNode reads the outcomes, in JSON.
func runNode(t *testing.T, count int, command ...string) []splitOutcome {
	t.Helper()
	out, err := exec.Command(command[0], command[1:]...).Output()
	if err != nil {
		if exit, ok := err.(*exec.ExitError); ok {
			t.Fatalf("%v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var outcomes []splitOutcome
	if err := json.Unmarshal(out, &outcomes); err != nil || len(outcomes) != count {
		t.Fatalf("%v: %s", err, out)
	}
	return outcomes
}

// Whatever a file does, it does the same split as whole: the same effects in the same order, the
// same exports with the same values, and the same when they are called. Only registering the symbols
// may come later, and keeps its order.
func TestSplitRunsAsWhole(t *testing.T) {
	var names, programs []string
	for _, pattern := range []string{"../testdata/fixtures/split/*.txtar", "../testdata/fixtures/transform/*.txtar"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			modules, options := splitInputs(t, parseFixture(string(text)))
			whole, _, problem := splitProgram(modules, options.Options, false)
			if problem != "" {
				continue // a fixture of an error
			}
			split, _, problem := splitProgram(modules, options.Options, true)
			if problem != "" {
				t.Fatalf("%s: %s", file, problem)
			}
			names, programs = append(names, file), append(programs, whole, split)
		}
	}
	if len(names) < 60 {
		t.Fatalf("only %d fixtures", len(names))
	}
	compareFixtures(t, names, runPrograms(t, programs))
}

// compareFixtures has the outcomes of the whole files and of the parts in turn.
func compareFixtures(t *testing.T, names []string, outcomes []splitOutcome) {
	t.Helper()
	for i, name := range names {
		whole, split := outcomes[2*i], outcomes[2*i+1]
		if want, got := lines(whole.Order), lines(split.Order); want != got {
			t.Errorf("%s: order of effects: %s", name, firstDifference(want, got))
		}
		if want, got := strings.Join(whole.Registered, "\n"), strings.Join(split.Registered, "\n"); want != got {
			t.Errorf("%s: symbols: %s", name, firstDifference(want, got))
		}
	}
}

func lines(values []any) string {
	var b strings.Builder
	for _, value := range values {
		encoded, _ := json.Marshal(value)
		b.Write(append(encoded, '\n'))
	}
	return b.String()
}

// splitInputs are the modules of a fixture: the first section, and all others that are modules and
// no golden ones.
func splitInputs(t *testing.T, f fixture) (modules []section, options fixtureOptions) {
	t.Helper()
	for i, s := range f.sections {
		switch {
		case s.name == "options.json":
			if err := json.Unmarshal([]byte(s.text), &options); err != nil {
				t.Fatal(err)
			}
		case i == 0 || strings.Contains(s.name, "/"):
			modules = append(modules, s)
		}
	}
	return modules, options
}
