package devserver

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"eclipsa/app"
	"eclipsa/transform"
)

// graph holds the modules that either side reaches, each transformed once. Its methods are for one
// goroutine at a time, the pipeline's; the modules it holds never change.
type graph struct {
	loader  *loader
	roots   [2]place
	modules map[string]*module
	// files are the modules of a file, and flawed those with problems or warnings: an update looks
	// at what changed, never at all modules.
	files  map[string][]string
	flawed map[string]bool
	// reached are the local modules of each side, with the import that led to each first.
	reached [2]map[string]from
	// external are the packages and builtins of each side, by id.
	external [2]map[string]use
	// chains are errors of the graph, not of one module: what reaches a server module, and so on;
	// collided are symbols with one id. Both are found when the graph's shape changes.
	chains, collided []transform.Diagnostic
	// symbols are the modules of the server symbols, by the symbols' ids.
	symbols map[string]string
}

// use is how a package is imported.
type use struct {
	static bool // at least once; else it may load later
	// dir is one of the importing folders (the first by name, so that it is the same each time).
	dir string
}

// from is who imports a module; "" for a root.
type from string

func newGraph(loader *loader, clientRoot, serverRoot place) *graph {
	return &graph{loader: loader, roots: [2]place{clientRoot, serverRoot}, modules: map[string]*module{}, files: map[string][]string{}, flawed: map[string]bool{}}
}

// keep takes over what another graph holds: the next update looks at all of it.
func (g *graph) keep(before *graph) {
	g.modules, g.files, g.flawed = before.modules, before.files, before.flawed
	g.reached, g.external, g.symbols = before.reached, before.external, before.symbols
}

// put takes a module in, or a new version of it.
func (g *graph) put(m *module) {
	if _, known := g.modules[m.id]; !known && m.file != "" {
		g.files[m.file] = append(g.files[m.file], m.id)
	}
	g.modules[m.id] = m
	if len(m.warnings) > 0 || hasProblems(m.outputs[client]) || hasProblems(m.outputs[server]) {
		g.flawed[m.id] = true
	} else {
		delete(g.flawed, m.id)
	}
}

func hasProblems(out *output) bool { return out != nil && len(out.problems) > 0 }

func (g *graph) drop(m *module) {
	delete(g.modules, m.id)
	delete(g.flawed, m.id)
	left := slices.DeleteFunc(g.files[m.file], func(id string) bool { return id == m.id })
	if g.files[m.file] = left; len(left) == 0 {
		delete(g.files, m.file)
	}
}

// parallel is how many modules are transformed at once. One more than cores, since a goroutine also
// waits for the disk.
var parallel = runtime.GOMAXPROCS(0) + 1

// visit is one edge to follow.
type visit struct {
	side side
	to   place
	from from
}

// version is a module before and after a change.
type version struct{ before, after *module }

// reload loads modules whose files changed, in parallel, and gives those with new versions, by id.
// With again, modules with the same source are made anew too: their imports may lead elsewhere.
func (g *graph) reload(ids []string, again bool) (changed []version) {
	results := make(chan version)
	slots := make(chan struct{}, parallel)
	for _, id := range ids {
		go func(before *module) {
			slots <- struct{}{}
			defer func() { <-slots }()
			after, _ := g.loader.load(before.place, before)
			if again && after == before {
				after = g.loader.again(before)
			}
			results <- version{before, after}
		}(g.modules[id])
	}
	for range ids {
		if one := <-results; one.after != one.before {
			g.put(one.after)
			changed = append(changed, one)
		}
	}
	slices.SortFunc(changed, func(x, y version) int { return strings.Compare(x.after.id, y.after.id) })
	return changed
}

// walk follows every import from the roots, loading what is not there yet in parallel, and forgets
// modules that nothing reaches any more.
func (g *graph) walk(ctx context.Context) error {
	w := &walk{graph: g, jobs: make(chan place), loaded: make(chan *module), waiting: map[string][]visit{}}
	defer close(w.jobs)
	g.reached = [2]map[string]from{{}, {}}
	g.external = [2]map[string]use{{}, {}}
	g.chains = nil
	for s, root := range g.roots {
		w.stack = append(w.stack, visit{side(s), root, ""})
	}
	for {
		for len(w.stack) > 0 {
			last := w.stack[len(w.stack)-1]
			w.stack = w.stack[:len(w.stack)-1]
			w.visit(last)
		}
		if len(w.waiting) == 0 {
			break
		}
		w.wait()
	}
	for id, m := range g.modules {
		if !g.reaches(client, id) && !g.reaches(server, id) {
			g.drop(m)
		}
	}
	return ctx.Err()
}

func (g *graph) reaches(s side, id string) bool {
	_, ok := g.reached[s][id]
	return ok
}

// walk is the state of one walk.
type walk struct {
	graph   *graph
	stack   []visit
	waiting map[string][]visit // by id, for modules that are being loaded
	queue   []place            // of those, what no loader has taken yet
	loaders int
	jobs    chan place
	loaded  chan *module
}

// wait gives the queue to the loaders until one of them has a module. They are few and live as long
// as the walk: a transform needs a deep stack, which each new goroutine would have to grow again.
func (w *walk) wait() {
	for {
		if len(w.queue) > 0 && w.loaders < parallel {
			w.loaders++
			go w.loader()
		}
		var jobs chan place
		var next place
		if len(w.queue) > 0 {
			jobs, next = w.jobs, w.queue[0]
		}
		select {
		case jobs <- next:
			w.queue = w.queue[1:]
		case m := <-w.loaded:
			w.graph.put(m)
			w.stack = append(w.stack, w.waiting[m.id]...)
			delete(w.waiting, m.id)
			return
		}
	}
}

func (w *walk) loader() {
	for at := range w.jobs {
		m, _ := w.graph.loader.load(at, nil)
		w.loaded <- m
	}
}

func (w *walk) visit(v visit) {
	g := w.graph
	if g.reaches(v.side, v.to.id) {
		return
	}
	m, ok := g.modules[v.to.id]
	if !ok {
		w.waiting[v.to.id] = append(w.waiting[v.to.id], v)
		if len(w.waiting[v.to.id]) == 1 {
			w.queue = append(w.queue, v.to)
		}
		return
	}
	g.reached[v.side][v.to.id] = v.from
	if m.file != v.to.file {
		g.chains = append(g.chains, transform.Diagnostic{Path: m.id, Text: fmt.Sprintf("two files are the module %q: %s and %s", m.id, m.file, v.to.file),
			Hint: "Give the packages different names: ids of symbols are made of the package's name and the path."})
	}
	if v.side == client && m.kind == script && serverOnly(m.file) {
		g.chains = append(g.chains, g.serverOnClient(v))
		return
	}
	out := m.outputs[v.side]
	for i, list := range [][]place{out.deps, out.dynamic} {
		for _, dep := range list {
			if dep.kind == external {
				g.use(v.side, dep.id, m, i == 0)
				continue
			}
			w.stack = append(w.stack, visit{v.side, dep, from(m.id)})
		}
	}
}

func (g *graph) use(s side, id string, importer *module, static bool) {
	before, known := g.external[s][id]
	now := use{before.static || static, g.loader.dir(importer)}
	if known && before.dir < now.dir {
		now.dir = before.dir
	}
	g.external[s][id] = now
}

// serverOnClient explains how the browser's graph comes to a module that must not get there.
func (g *graph) serverOnClient(v visit) transform.Diagnostic {
	d := transform.Diagnostic{Path: string(v.from), Text: fmt.Sprintf("%s is a server module, but the browser's code imports it", v.to.id),
		Hint: "Use it only in handlers (realtime, action, loader) or in other .server modules; what the browser needs goes into a module of its own."}
	if importer, ok := g.modules[string(v.from)]; ok && importer.kind == script {
		g.loader.pointAt(&d, importer, v.to)
	}
	for _, id := range g.chain(client, string(v.from)) {
		d.Notes = append(d.Notes, "imported by "+id)
	}
	return d
}

// chain lists who leads to a module, nearest first, without the virtual modules.
func (g *graph) chain(s side, id string) (ids []string) {
	for at := id; at != ""; at = string(g.reached[s][at]) {
		if m := g.modules[at]; m != nil && m.kind == virtual {
			break
		}
		ids = append(ids, at)
	}
	return ids
}

// importersOf names the modules that import a package, the first few by name.
func (g *graph) importersOf(s side, name string) (ids []string) {
	for _, id := range sortedKeys(g.reached[s]) {
		out := g.modules[id].outputs[s]
		imports := func(at place) bool {
			specifier, npm := strings.CutPrefix(at.id, "npm:")
			return npm && app.PackageName(specifier) == name
		}
		if g.modules[id].kind != virtual && (slices.ContainsFunc(out.deps, imports) || slices.ContainsFunc(out.dynamic, imports)) {
			if ids = append(ids, id); len(ids) == 3 {
				break
			}
		}
	}
	return ids
}

// problems are the errors of everything that is reached, each once, and the warnings.
func (g *graph) problems() (errors, warnings []transform.Diagnostic) {
	for id := range g.flawed {
		m := g.modules[id]
		for _, s := range []side{client, server} {
			if hasProblems(m.outputs[s]) && g.reaches(s, id) {
				errors = addNew(errors, g.withChain(s, id, m.outputs[s].problems))
			}
		}
		warnings = addNew(warnings, m.warnings)
	}
	errors = append(addNew(errors, g.chains), g.collided...)
	slices.SortStableFunc(errors, byPlace)
	slices.SortStableFunc(warnings, byPlace)
	return errors, warnings
}

// withChain adds who leads to a module to its problems.
func (g *graph) withChain(s side, id string, problems []transform.Diagnostic) []transform.Diagnostic {
	chain := g.chain(s, id)
	if len(chain) < 2 { // a virtual module has none
		return problems
	}
	all := slices.Clone(problems)
	for i := range all {
		all[i].Notes = slices.Clone(all[i].Notes)
		for _, importer := range chain[1:] {
			all[i].Notes = append(all[i].Notes, "imported by "+importer)
		}
	}
	return all
}

func byPlace(x, y transform.Diagnostic) int {
	return cmp.Or(cmp.Compare(x.Path, y.Path), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column), cmp.Compare(x.Text, y.Text))
}

func addNew(all, more []transform.Diagnostic) []transform.Diagnostic {
	for _, d := range more {
		if !slices.ContainsFunc(all, func(known transform.Diagnostic) bool { return sameDiagnostic(known, d) }) {
			all = append(all, d)
		}
	}
	return all
}

// collisions finds two symbols with one id: only one of them could ever be called. It remembers the
// modules of all.
func (g *graph) collisions() (problems []transform.Diagnostic) {
	owners := map[string]string{}
	defer func() { g.symbols = owners }()
	for id, m := range g.modules {
		for _, symbol := range m.symbols {
			other, taken := owners[symbol.ID]
			if !taken {
				owners[symbol.ID] = id
				continue
			}
			places := []string{g.symbolPlace(other, symbol.ID), g.symbolPlace(id, symbol.ID)}
			slices.Sort(places)
			problems = append(problems, transform.Diagnostic{Path: max(id, other), Line: symbol.Line, Column: symbol.Column, Length: 1,
				Text: fmt.Sprintf("Two server symbols have the id %q: %s and %s", symbol.ID, places[0], places[1]),
				Hint: "Ids hash the module's path and the binding's name. Rename one of the two bindings (or packages)."})
		}
	}
	return problems
}

func (g *graph) symbolPlace(id, symbol string) string {
	for _, one := range g.modules[id].symbols {
		if one.ID == symbol {
			return fmt.Sprintf("%s:%d:%d", id, one.Line, one.Column)
		}
	}
	return id
}
