package devserver

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"eclipsa/app"
	"eclipsa/nodeadapter"
	"eclipsa/transform"
)

// pipeline is the one road from files to browsers and worker. The first build is the first change:
// everything is new. All its methods run on one goroutine (run); what requests read is in project.
type pipeline struct {
	*project
	options Options
	print   *printer
	target  *target
	watcher *watcher
	node    string

	resolver *resolver
	bundler  *bundler
	worker   *workers
	sent     [2]map[string]string // output hashes that browser and worker have, by id
	external string               // the server bundle that the worker has
	configs  map[string]string    // hashes of the files that configure, as last read
}

func newPipeline(a *app.App, options Options, print *printer) (*pipeline, error) {
	eclipsa := app.FindPackage(a.Root, "eclipsa")
	if eclipsa == "" {
		return nil, &app.Problem{Text: "the package eclipsa is not installed in " + a.Root, Hint: "Run `npm install eclipsa`."}
	}
	p := &pipeline{options: options, print: print, target: newTarget(), configs: map[string]string{}}
	p.project = &project{base: a.Settings.Base, hub: newHub(), eclipsa: eclipsa, ready: make(chan struct{}), app: a, served: map[string]bundle{}}
	return p, p.configure(a)
}

// configure sets up everything that settings and environment decide, with an empty graph.
func (p *pipeline) configure(a *app.App) error {
	project, err := app.OpenProject(a.Root)
	if err != nil {
		return err
	}
	env, err := app.LoadEnv(a.Root, app.Development, os.Environ())
	if err != nil {
		return err
	}
	p.app, p.env = a, env
	p.resolver = newResolver(project, a.Settings, p.eclipsa)
	p.styles = newStyles(project, a.Settings.Base)
	sides := [2]map[string]string{a.SideDefines(app.Development, env, false, true), a.SideDefines(app.Development, env, true, true)}
	p.bundler = &bundler{project: project, eclipsa: p.eclipsa, external: a.Settings.External, version: p.options.Version,
		define: sides, addons: &addons{project: project}}
	loader := &loader{resolver: p.resolver, define: a.Defines(app.Development, env), env: [2]string{sides[client]["import.meta.env"], sides[server]["import.meta.env"]}, tsconfig: remember(project.TSConfig),
		base: a.Settings.Base, root: project.AppRoot, texts: map[string]string{}}
	p.graph = newGraph(loader, place{id: app.ClientID, kind: virtual}, place{id: app.ServerID, kind: virtual})
	p.sent = [2]map[string]string{{}, {}}
	return nil
}

// remember keeps a function's answers. The function may be called twice for one argument.
func remember(of func(string) string) func(string) string {
	var known sync.Map
	return func(key string) string {
		if value, ok := known.Load(key); ok {
			return value.(string)
		}
		value := of(key)
		known.Store(key, value)
		return value
	}
}

func (p *pipeline) root() string { return p.resolver.project.Root }

// run builds, and then follows changes until ctx ends. It owns the worker.
func (p *pipeline) run(ctx context.Context) {
	p.worker = newWorkers(p)
	defer p.worker.stop()
	p.worker.start(ctx) // beside the first build
	p.update(ctx, nil, true)
	close(p.ready)
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.watcher.wake:
			p.change(ctx, p.watcher.take())
		case <-p.worker.ended():
			p.worker.restart(ctx)
		}
	}
}

// change decides how much of the road a set of changes has to go.
func (p *pipeline) change(ctx context.Context, changes map[string]change) {
	rebuild := false
	for file := range changes {
		if p.configures(file) {
			rebuild = p.configChanged(file) || rebuild
		}
	}
	structure := p.isStructure(changes)
	if rebuild {
		p.reconfigure(ctx, changes)
		return
	}
	if structure {
		p.resolver.forget()
	}
	p.update(ctx, changes, structure)
}

// configures says whether a file decides about more than itself.
func (p *pipeline) configures(file string) bool {
	name := filepath.Base(file)
	if strings.HasPrefix(name, "tsconfig") && strings.HasSuffix(name, ".json") || name == "package.json" {
		return true
	}
	if filepath.Dir(file) != p.resolver.project.AppRoot && filepath.Dir(file) != p.root() {
		return false
	}
	return name == app.ConfigFile || slices.Contains(app.EnvFiles(app.Development), name) || slices.Contains(lockFiles, name)
}

// configChanged reads such a file: a restart is too dear for a save that changed nothing, or for
// the second event of one save.
func (p *pipeline) configChanged(file string) bool {
	text, err := readSettled(file, true)
	state := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	if err != nil {
		state = "gone"
	}
	if p.configs[file] == state {
		return false
	}
	p.configs[file] = state
	return true
}

// reconfigure begins again with new settings, and a new worker for the new environment.
func (p *pipeline) reconfigure(ctx context.Context, changes map[string]change) {
	a, err := app.Load(p.options.Root, p.options.Overrides...)
	p.mu.Lock()
	if err == nil {
		if a.Settings.Base != p.base {
			p.print.warn("\"base\" changed: restart eclipsa dev for it")
			a.Settings.Base = p.base
		}
		err = p.configure(a)
	}
	p.mu.Unlock()
	if err != nil {
		p.report(problemDiagnostics(err))
		return
	}
	p.print.update("restart", p.names(nil, changes, false), 0)
	p.worker.stop()
	p.worker = newWorkers(p)
	p.worker.start(ctx)
	p.update(ctx, changes, true)
}

// problemDiagnostics shows an app's problems as code problems are shown.
func problemDiagnostics(err error) (all []transform.Diagnostic) {
	for _, one := range app.Problems(err) {
		d := transform.Diagnostic{Text: one.Text, Hint: one.Hint, Path: one.Path}
		if parts := strings.Split(one.Path, ":"); len(parts) == 3 {
			d.Path, d.Line, d.Column, d.Length = parts[0], atoi(parts[1]), atoi(parts[2]), 1
		}
		all = append(all, d)
	}
	return all
}

// outcome is what an update did to what browsers and worker have.
type outcome struct {
	client, server []string // ids whose output is another one
	removed        []string // ids that the worker should forget
	styles         []string // stylesheets with new text
	names          []string // what to call the change
	errors         []transform.Diagnostic
	warnings       []transform.Diagnostic
}

// then adds what came after.
func (o outcome) then(next outcome) outcome {
	join := func(x, y []string) []string {
		all := slices.Concat(x, y)
		slices.Sort(all)
		return slices.Compact(all)
	}
	next.client, next.server = join(o.client, next.client), join(o.server, next.server)
	next.removed, next.styles, next.names = join(o.removed, next.removed), join(o.styles, next.styles), join(o.names, next.names)
	return next
}

// update is the road: files → graph → packages → worker → browsers.
func (p *pipeline) update(ctx context.Context, changes map[string]change, structure bool) {
	began := time.Now()
	done, err := p.rebuildLocked(ctx, changes, structure)
	for (err != nil || len(done.errors) > 0) && ctx.Err() == nil {
		// Half a save, or half of what a tool does to several files, looks like a mistake.
		more := p.moreChanges()
		if more == nil {
			break
		}
		if changes == nil {
			changes = map[string]change{}
		}
		maps.Copy(changes, more)
		structure = p.isStructure(more) || err != nil
		var next outcome
		next, err = p.rebuildLocked(ctx, more, structure)
		done = done.then(next)
	}
	if ctx.Err() != nil {
		return
	}
	if err != nil { // the routes make no sense: the last good ones go on
		p.report(problemDiagnostics(err))
		return
	}
	if p.worker.gaveUp() {
		p.worker.start(ctx)
		done.server, done.removed = p.everything().server, nil
	}
	failure := p.load(ctx, done)
	if ctx.Err() != nil {
		return
	}
	p.tell(changes, done, failure, time.Since(began))
}

func (p *pipeline) rebuildLocked(ctx context.Context, changes map[string]change, structure bool) (outcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rebuild(ctx, changes, structure)
}

// moreChanges waits for the rest of a burst, up to settleTime. What configures is left for later.
func (p *pipeline) moreChanges() map[string]change {
	timer := time.NewTimer(settleTime)
	defer timer.Stop()
	select {
	case <-p.watcher.wake:
	case <-timer.C:
		return nil
	}
	more := p.watcher.take()
	for file, kind := range more {
		if p.configures(file) {
			p.watcher.putBack(file, kind)
			delete(more, file)
		}
	}
	if len(more) == 0 {
		return nil
	}
	if p.isStructure(more) {
		p.resolver.forget()
	}
	return more
}

// isStructure says whether files came or went. A name without an extension is a temporary file of
// some tool (sed -i), or nobody imports it.
func (p *pipeline) isStructure(changes map[string]change) bool {
	for file, kind := range changes {
		if kind != written && filepath.Ext(file) != "" {
			return true
		}
	}
	return false
}

// rebuild brings graph, manifest and bundles up to date. The caller holds mu.
func (p *pipeline) rebuild(ctx context.Context, changes map[string]change, structure bool) (outcome, error) {
	g := p.graph
	if structure && changes == nil {
		p.setTexts() // the app was read a moment ago
	} else if structure {
		a, err := app.Load(p.options.Root, p.options.Overrides...)
		if err != nil {
			return outcome{}, err
		}
		a.Settings = p.app.Settings
		p.app = a
		p.setTexts()
	}
	var dirty []string
	for id, m := range g.modules {
		if _, touched := changes[m.file]; touched || structure {
			dirty = append(dirty, id)
		}
	}
	before := maps.Clone(g.modules)
	changed := g.reload(dirty, structure)
	first := len(g.reached[client]) == 0
	done := outcome{}
	if shape := first || structure || !sameImports(before, g.modules, changed); shape {
		if err := g.walk(ctx); err != nil {
			return outcome{}, nil
		}
	}
	if first || structure || !sameShape(before, g.modules, changed) {
		if err := p.writeManifest(ctx); err != nil {
			return outcome{}, nil
		}
		p.differences(&done, nil)
	} else {
		p.differences(&done, changed)
	}
	for file := range changes {
		done.styles = append(done.styles, p.styles.changed(file)...)
	}
	slices.Sort(done.styles)
	done.styles = slices.Compact(done.styles)
	done.names = p.names(changed, changes, structure)
	done.errors, done.warnings = g.problems()
	done.errors = append(done.errors, p.bundle(ctx)...)
	p.problems = done.errors
	p.watchOutside()
	return done, nil
}

// sameImports says whether new versions of modules lead nowhere else, so that the graph's shape
// stays as it is.
func sameImports(before, after map[string]*module, changed []string) bool {
	for _, id := range changed {
		for _, s := range []side{client, server} {
			x, y := outputOf(before[id], s), outputOf(after[id], s)
			if x == nil || y == nil || !slices.Equal(x.deps, y.deps) || !slices.Equal(x.dynamic, y.dynamic) {
				return false
			}
		}
	}
	return true
}

// sameShape says whether new versions of modules leave routes and manifest as they are.
func sameShape(before, after map[string]*module, changed []string) bool {
	for _, id := range changed {
		if before[id] == nil || after[id] == nil || !slices.EqualFunc(before[id].symbols, after[id].symbols, sameSymbol) {
			return false
		}
	}
	return sameImports(before, after, changed)
}

func sameSymbol(x, y transform.Symbol) bool { return x.ID == y.ID && x.Kind == y.Kind }

// setTexts writes the virtual modules whose text the routes alone decide.
func (p *pipeline) setTexts() {
	texts := p.graph.loader.texts
	texts[app.ClientID] = p.app.ClientModule(app.Development)
	texts[app.ClientManifestID] = p.app.ClientManifest()
	texts[app.ServerID] = p.app.ServerModule()
	texts[transform.HelpersSpecifier] = transform.Helpers()
	texts[app.ServerManifestID] = p.app.ServerManifest(p.graph.manifestData(p.app, p.graph.loader.root))
}

// writeManifest brings the server's manifest to what the client's graph reaches now, and walks again
// if it names modules that the server did not have.
func (p *pipeline) writeManifest(ctx context.Context) error {
	text := p.app.ServerManifest(p.graph.manifestData(p.app, p.graph.loader.root))
	if p.graph.loader.texts[app.ServerManifestID] == text {
		return nil
	}
	p.graph.loader.texts[app.ServerManifestID] = text
	p.graph.reload([]string{app.ServerManifestID}, false)
	return p.graph.walk(ctx)
}

// differences compares what is with what was sent, and counts it as sent. Where the graph has kept
// its shape, only the changed modules are looked at; nil means all.
func (p *pipeline) differences(done *outcome, changed []string) {
	g := p.graph
	for s, list := range map[side]*[]string{client: &done.client, server: &done.server} {
		ids := changed
		if ids == nil {
			ids = sortedKeys(g.reached[s])
			for _, id := range sortedKeys(p.sent[s]) {
				if !g.reaches(s, id) {
					delete(p.sent[s], id)
					if s == server {
						done.removed = append(done.removed, id)
					}
				}
			}
		}
		for _, id := range ids {
			if !g.reaches(s, id) {
				continue
			}
			if hash := g.modules[id].outputs[s].hash; p.sent[s][id] != hash {
				p.sent[s][id] = hash
				*list = append(*list, id)
			}
		}
	}
}

// bundle makes the packages' bundles if the graph needs others; both sides at once.
func (p *pipeline) bundle(ctx context.Context) (problems []transform.Diagnostic) {
	var made [2]bundle
	var found [2][]transform.Diagnostic
	var work sync.WaitGroup
	for _, s := range []side{client, server} {
		work.Go(func() { made[s], found[s] = p.bundler.make(ctx, s, p.graph.external[s]) })
	}
	work.Wait()
	for s, one := range made {
		problems = append(problems, found[s]...)
		if one.hash != "" {
			p.bundles[s] = one
		}
	}
	p.served[p.bundles[client].hash] = p.bundles[client]
	return problems
}

// watchOutside adds the folders of source packages that lie outside the watched ones.
func (p *pipeline) watchOutside() {
	root := p.root() + string(filepath.Separator)
	for _, m := range p.graph.modules {
		inside := strings.HasPrefix(m.file, root) && !strings.Contains(m.file, string(filepath.Separator)+"node_modules"+string(filepath.Separator))
		if m.file != "" && !inside && p.watcher != nil {
			p.watcher.addFolder(filepath.Dir(m.file))
		}
	}
}

// load sends the worker what changed. Its failure is the app's own; a worker that ended is the
// main loop's to restart.
func (p *pipeline) load(ctx context.Context, done outcome) []transform.Diagnostic {
	worker := p.worker.get(ctx)
	if worker == nil {
		return p.worker.problem()
	}
	if entry := p.bundles[server].entry(); p.bundles[server].hash == "" {
		return nil // the packages have problems, which are shown
	} else if len(done.server) == 0 && len(done.removed) == 0 && p.external == entry && p.isLoaded() {
		return nil
	}
	err := worker.Load(ctx, p.loadRequest(done))
	var failure *nodeadapter.WorkerError
	switch {
	case err == nil:
		p.setFailure(nil)
	case errors.As(err, &failure):
		p.setFailure(p.diagnose(failure))
	default:
		return nil // it ended: seen by the main loop
	}
	p.target.set(backend{worker.Address(), worker.Secret()})
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.failure
}

func (p *pipeline) isLoaded() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.loaded && p.failure == nil
}

func (p *pipeline) setFailure(failure []transform.Diagnostic) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failure = failure
	p.loaded = p.loaded || failure == nil
}

// setLoaded(false) says that the worker is a new one, without a handler.
func (p *pipeline) setLoaded(loaded bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loaded = loaded
}

func (p *pipeline) loadRequest(done outcome) nodeadapter.LoadRequest {
	request := nodeadapter.LoadRequest{Removed: done.removed, Entry: app.ServerID}
	for _, id := range done.server {
		if !p.graph.reaches(server, id) {
			continue // it came and went
		}
		made := p.graph.modules[id].outputs[server]
		request.Modules = append(request.Modules, nodeadapter.Module{ID: id, Deps: idsOf(made.deps), Dynamic: idsOf(made.dynamic), Code: made.code})
	}
	if entry := p.bundles[server].entry(); entry != p.external {
		p.external = entry
		request.External = &entry
	}
	return request
}

// everything is the outcome for a worker that has nothing yet.
func (p *pipeline) everything() outcome {
	return outcome{server: sortedKeys(p.graph.reached[server])}
}

// tell prints the one line of an update and tells the open pages.
func (p *pipeline) tell(changes map[string]change, done outcome, failure []transform.Diagnostic, took time.Duration) {
	for _, d := range done.warnings {
		p.print.once(strings.TrimSpace(d.Format(p.print.colours)))
	}
	bad := append(slices.Clone(done.errors), failure...)
	reload := len(done.client) > 0 || len(done.server) > 0
	if changes != nil && reload {
		p.print.update("reload", done.names, took)
		p.hub.send(hotMessage{Type: "reload"})
	} else if len(done.styles) > 0 {
		p.print.update("css", done.names, took)
		for _, id := range done.styles {
			p.hub.send(hotMessage{Type: "css", Path: id, URL: p.graph.loader.styleURL(id) + fmt.Sprintf("?v=%d", time.Now().UnixMilli())})
		}
	}
	p.report(bad)
}

// report shows errors, or that there are none any more.
func (p *pipeline) report(bad []transform.Diagnostic) {
	had := p.hub.hasError()
	switch {
	case len(bad) > 0:
		if p.hub.shows(bad) {
			return
		}
		p.print.problems(bad)
		p.hub.send(hotMessage{Type: "error", Errors: bad})
	case had:
		p.print.line("%s", p.print.paint(green, "no errors any more"))
		p.hub.send(hotMessage{Type: "ok"})
	}
}

// names are what an update is about: modules with a new source, else files that came or went, else
// (stylesheets inside others) whatever changed.
func (p *pipeline) names(changed []string, changes map[string]change, structure bool) (names []string) {
	for _, id := range changed {
		if m := p.graph.modules[id]; m != nil && m.kind != virtual {
			names = append(names, id)
		}
	}
	if len(names) > 0 {
		return names
	}
	for _, file := range sortedKeys(changes) {
		if p.configures(file) || !structure || changes[file] != written {
			names = append(names, p.resolver.project.ModulePath(file))
		}
	}
	return names
}
