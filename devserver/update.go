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
	done.errors = addNew(done.errors, p.bundle(ctx))
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
		if maps.Equal(p.bundled[s], p.graph.external[s]) {
			made[s] = p.bundles[s]
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
