package devserver

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"eclipsa/app"
	"eclipsa/transform"
)

// outcome is what an update did to what browsers and worker have.
type outcome struct {
	// sent, by side, are the registry ids whose code or imports are others, and removed those that
	// are gone.
	sent, removed [2][]string
	styles        []string // stylesheets with new text
	names         []string // what to call the change
	// reload says that open pages must be loaded again, whatever they accept.
	reload   bool
	errors   []transform.Diagnostic
	warnings []transform.Diagnostic
}

// then adds what came after.
func (o outcome) then(next outcome) outcome {
	join := func(x, y []string) []string {
		all := slices.Concat(x, y)
		slices.Sort(all)
		return slices.Compact(all)
	}
	for s := range o.sent {
		next.sent[s], next.removed[s] = join(o.sent[s], next.sent[s]), join(o.removed[s], next.removed[s])
	}
	next.styles, next.names, next.reload = join(o.styles, next.styles), join(o.names, next.names), o.reload || next.reload
	return next
}

// update is the road: files → graph → packages → browsers and worker (deliver.go).
func (p *pipeline) update(ctx context.Context, changes map[string]change, structure bool) {
	began := time.Now()
	p.settle(changes)
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
		p.report(problemDiagnostics(p.app.Root, err))
		return
	}
	p.deliver(ctx, changes, done, began)
}

// overtaken says whether a file that configures has changed since: what went wrong may be due to that, and
// the update that follows at once will say.
func (p *pipeline) overtaken() bool {
	return p.watcher != nil && slices.ContainsFunc(p.watcher.waiting(), p.configures)
}

func (p *pipeline) rebuildLocked(ctx context.Context, changes map[string]change, structure bool) (outcome, error) {
	p.hasBare = p.hub.hasBare() // the hub's lock is never taken inside this one, see hub.open
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rebuild(ctx, changes, structure)
}

// settle waits for files that are gone to come back: some editors move the old file away before they
// write the new one, and what a rename removes has another name a moment later. What comes meanwhile
// is added to the changes.
func (p *pipeline) settle(changes map[string]change) {
	for hasRemoved(changes) {
		next := p.moreChanges()
		if next == nil {
			return
		}
		for file, kind := range next {
			if changes[file] == removed && kind == created {
				kind = replaced
			}
			changes[file] = kind
		}
	}
}

func hasRemoved(changes map[string]change) bool {
	for file, kind := range changes {
		if kind == removed && filepath.Ext(file) != "" {
			return true
		}
	}
	return false
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
	p.taken++
	if p.isStructure(more) {
		p.resolver.forget()
	}
	return more
}

// isStructure says whether files came or went. A name without an extension is a temporary file of
// some tool (sed -i), or nobody imports it.
func (p *pipeline) isStructure(changes map[string]change) bool {
	for file, kind := range changes {
		if kind != written && filepath.Ext(file) != "" && (kind != replaced || p.missed(file)) {
			return true
		}
	}
	return false
}

// missed says whether a file that was away for a moment may have been looked for just then: it is
// not in use now, or something could not be found.
func (p *pipeline) missed(file string) bool {
	for _, id := range p.graph.files[file] {
		if p.graph.reaches(client, id) || p.graph.reaches(server, id) {
			return len(p.problems) > 0
		}
	}
	return true
}

// rebuild brings graph, manifest and bundles up to date. The caller holds mu.
func (p *pipeline) rebuild(ctx context.Context, changes map[string]change, structure bool) (outcome, error) {
	g := p.graph
	if structure && changes == nil {
		p.setTexts() // the app was read a moment ago
	} else if structure {
		a, err := p.app.Rescan()
		if err != nil {
			return outcome{}, err
		}
		p.app = a
		p.setTexts()
	}
	changed := g.reload(p.touched(changes, structure), structure)
	first := len(g.reached[client]) == 0
	done := outcome{reload: structure && p.routesMoved()}
	if first || structure || !sameImports(changed) {
		if err := g.walk(ctx); err != nil {
			return outcome{}, nil
		}
		p.watchOutside()
	}
	if first || structure || !sameShape(changed) {
		if err := p.writeManifest(ctx); err != nil {
			return outcome{}, nil
		}
		g.collided = g.collisions()
		p.differences(&done)
	} else {
		for _, one := range changed {
			p.difference(&done, one.after)
		}
	}
	done.styles = p.styles.refresh(changes, g.modules)
	done.names = p.names(changed, changes, structure)
	done.errors, done.warnings = g.problems()
	broken, doubtful := p.styles.problems(g.modules)
	done.errors, done.warnings = addNew(done.errors, broken), addNew(done.warnings, doubtful)
	packages := p.bundles[client].hash
	done.errors = addNew(done.errors, p.bundle(ctx))
	// A page can't have packages twice: another Preact would know nothing of the first one's components.
	done.reload = done.reload || packages != "" && packages != p.bundles[client].hash
	p.problems = done.errors
	return done, nil
}

// touched are the modules to look at again.
func (p *pipeline) touched(changes map[string]change, all bool) (ids []string) {
	if all {
		return sortedKeys(p.graph.modules)
	}
	for file := range changes {
		ids = append(ids, p.graph.files[file]...)
	}
	return ids
}

// routesMoved says whether a route that pages may show is gone or made of other files, and
// remembers how the routes are now.
func (p *pipeline) routesMoved() bool {
	before := p.routes
	p.routes = map[string]string{}
	for _, route := range p.app.Routes {
		if route.Page != "" {
			p.routes[route.ID] = strings.Join(route.ClientFiles(), "\x00")
		}
	}
	for id, files := range before {
		if p.routes[id] != files {
			return true
		}
	}
	return false
}

// sameImports says whether new versions of modules lead nowhere else, so that the graph's shape
// stays as it is.
func sameImports(changed []version) bool {
	for _, one := range changed {
		for _, s := range []side{client, server} {
			x, y := outputOf(one.before, s), outputOf(one.after, s)
			if x == nil || y == nil || !slices.Equal(x.deps, y.deps) || !slices.Equal(x.dynamic, y.dynamic) {
				return false
			}
		}
	}
	return true
}

// sameShape says whether new versions of modules leave routes, manifest and what other modules
// import as they are.
func sameShape(changed []version) bool {
	for _, one := range changed {
		x, y := one.before, one.after
		if !slices.EqualFunc(x.symbols, y.symbols, sameSymbol) || !maps.Equal(x.outputs[server].exportParts, y.outputs[server].exportParts) ||
			!slices.EqualFunc(x.outputs[server].units, y.outputs[server].units, samePart) {
			return false
		}
	}
	return sameImports(changed)
}

func samePart(x, y unit) bool { return x.part == y.part }

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

// differences compares everything with what was sent, and counts it as sent.
func (p *pipeline) differences(done *outcome) {
	g := p.graph
	there := [2]map[string]bool{{}, {}}
	for _, s := range []side{client, server} {
		for _, id := range sortedKeys(g.reached[s]) {
			for _, u := range g.linkAll(s, g.modules[id]) {
				there[s][u.id] = true
				p.compare(done, s, u)
			}
		}
		for _, id := range sortedKeys(p.sent[s]) {
			if !there[s][id] {
				delete(p.sent[s], id)
				done.removed[s] = append(done.removed[s], id)
			}
		}
	}
}

// difference does it for one module, where the graph has kept its shape.
func (p *pipeline) difference(done *outcome, m *module) {
	for _, s := range []side{client, server} {
		if p.graph.reaches(s, m.id) {
			for _, u := range p.graph.linkAll(s, m) {
				p.compare(done, s, u)
			}
		}
	}
}

func (p *pipeline) compare(done *outcome, s side, u linked) {
	if p.sent[s][u.id] != u.state {
		p.sent[s][u.id] = u.state
		done.sent[s] = append(done.sent[s], u.id)
	}
}

// hasPackages says whether the bundle of a side holds all that the graph asks for now. It may hold
// more: that somebody took an import away is no reason to load pages again.
func (p *pipeline) hasPackages(s side) bool {
	if p.bundled[s] == nil {
		return false
	}
	broken := s == server && len(p.failure) > 0 || s == client && p.hasBare
	if broken && len(p.bundled[s]) != len(p.graph.external[s]) {
		return false // what is not needed any more may be what they failed with
	}
	for id, needed := range p.graph.external[s] {
		if there, ok := p.bundled[s][id]; !ok || needed.static && !there.static {
			return false
		}
	}
	return true
}

// bundle makes the packages' bundles if the graph needs others; both sides at once.
func (p *pipeline) bundle(ctx context.Context) (problems []transform.Diagnostic) {
	var made [2]bundle
	var found [2][]transform.Diagnostic
	var work sync.WaitGroup
	for _, s := range []side{client, server} {
		if p.hasPackages(s) {
			continue
		}
		work.Go(func() { made[s], found[s] = p.bundler.make(ctx, s, p.graph.external[s]) })
	}
	work.Wait()
	for s, one := range made {
		problems = addNew(problems, found[s])
		if one.hash != "" {
			p.bundles[s], p.bundled[s] = one, p.graph.external[s]
		}
	}
	p.served[p.bundles[client].hash] = p.bundles[client]
	return problems
}

// watchOutside adds the folders of source packages that lie outside the watched ones, and those that
// links in app/ lead to.
func (p *pipeline) watchOutside() {
	if p.watcher == nil {
		return
	}
	for _, m := range p.graph.modules {
		if m.file != "" && (!isBelow(m.file, p.root()) || inNodeModules(m.file)) {
			p.watcher.addFolder(filepath.Dir(m.file))
		}
	}
	for _, folder := range p.app.Linked {
		p.watcher.addFolder(folder)
	}
}
