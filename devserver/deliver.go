package devserver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"eclipsa/app"
	"eclipsa/nodeadapter"
	"eclipsa/transform"
)

// Delivery: open pages get what changed of their code at once, and the worker evaluates its side
// meanwhile; what only a new page shows follows when the worker is done.

// deliver sends the outcome of an update where it belongs, and prints its line.
func (p *pipeline) deliver(ctx context.Context, changes map[string]change, done outcome, began time.Time) {
	p.warn(done.warnings)
	done = p.withOwed(done)
	defer p.unsettle()()
	updated := changes != nil && !done.reload && p.push(done)
	if updated && p.hub.hasPages() {
		began = began.Add(p.headStart(ctx))
	}
	if p.worker.gaveUp() {
		p.worker.start(ctx)
		done.sent[server], done.removed[server] = p.everything(), nil
	}
	if entry := p.bundles[server].entry(); p.external != "" && p.external != entry && p.bundles[server].hash != "" {
		// Packages can't be replaced under modules that hold them.
		p.worker.replace(ctx) // its sessions go on
		done.sent[server], done.removed[server] = p.everything(), nil
	}
	if changes == nil {
		defer p.prepare()()
	}
	loaded, failure := p.load(ctx, done, false)
	if ctx.Err() != nil {
		return
	}
	what := ""
	switch {
	case changes == nil:
	case done.reload:
		what = "reload"
		p.reloadPages()
	case updated:
		what = "update"
	case loaded.Swapped > 0:
		what = "swap"
	case len(done.sent[server]) > 0 || len(done.removed[server]) > 0:
		what = "server"
	case len(done.styles) > 0:
		what = "css"
	}
	if changes != nil && !done.reload {
		p.replaceStyles(done.styles)
	}
	if p.restarting != "" {
		p.print.event("restart", p.restarting, time.Since(began))
		p.restarting = ""
	} else if what != "" {
		p.print.update(what, done.names, time.Since(began))
	}
	if bad := addNew(slices.Clone(done.errors), failure); len(bad) == 0 || !p.overtaken() {
		p.report(bad)
	}
}

// prepare makes what every first page asks for while the worker evaluates the app: its stylesheets hold
// up its first frame. The function that it returns waits for the end of that.
func (p *pipeline) prepare() (wait func()) {
	var sheets []*module
	for id := range p.graph.reached[client] {
		if m := p.graph.modules[id]; m.kind == style || m.kind == cssNames {
			sheets = append(sheets, m)
		}
	}
	var work sync.WaitGroup
	work.Go(func() {
		p.styles.prepare(sheets)
		p.clientOnce.Do(p.bundleClient)
	})
	return work.Wait
}

// headStart lets open pages take their update before the worker takes its own: on two cores the worker
// would have the processor that the browser needs (save to DOM 6.3 ms instead of 4.6). A page that is
// asked for meanwhile, and the next change, end it. It gives the time that it took.
func (p *pipeline) headStart(ctx context.Context) time.Duration {
	began := time.Now()
	timer := time.NewTimer(headStartTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.hurry:
	case <-p.watcher.wake:
		p.watcher.rouse() // it is for the main loop
	case <-ctx.Done():
	}
	return time.Since(began)
}

// headStartTime is about twice what a page needs for the update of one component.
const headStartTime = 8 * time.Millisecond

// withOwed adds what could not be delivered before: modules whose packages could not be bundled
// would fail where they are evaluated, so that the last good code goes on instead.
func (p *pipeline) withOwed(done outcome) outcome {
	all := p.owed.then(done)
	p.owed = outcome{}
	for s, made := range p.bundles {
		newWorker := side(s) == server && p.external == "" // it has nothing else to go on with
		if made.hash == "" || newWorker || p.hasPackages(side(s)) {
			continue
		}
		p.owed.sent[s], p.owed.removed[s] = all.sent[s], all.removed[s]
		all.sent[s], all.removed[s] = nil, nil
	}
	return all
}

// unsettle makes requests for pages wait until the function that it returns is called: they are to
// see the newest code.
func (p *project) unsettle() (settle func()) {
	pending := make(chan struct{})
	select {
	case <-p.hurry: // somebody wanted the update before
	default:
	}
	p.mu.Lock()
	p.settling = pending
	p.mu.Unlock()
	return func() { close(pending) }
}

// settled waits until the worker has what the files say.
func (p *project) settled(ctx context.Context) {
	p.mu.RLock()
	pending := p.settling
	p.mu.RUnlock()
	if pending == nil {
		return
	}
	select {
	case p.hurry <- struct{}{}:
	default:
	}
	select {
	case <-pending:
	case <-ctx.Done():
	}
}

// push sends open pages the modules that changed, and says whether there were any.
func (p *pipeline) push(done outcome) bool {
	// New routes are no news for pages of others: links to them load a page.
	ids := slices.DeleteFunc(slices.Clone(done.sent[client]), func(id string) bool { return id == app.ClientManifestID })
	if len(ids) == 0 && len(done.removed[client]) == 0 {
		return false
	}
	p.mu.Lock()
	number := p.updates.add(ids)
	message := p.updateMessage(number, ids)
	p.mu.Unlock()
	message.Removed, message.Names = done.removed[client], done.names
	p.hub.send(message)
	return true
}

// reloadPages also reaches pages that are just opening.
func (p *pipeline) reloadPages() {
	p.mu.Lock()
	p.updates.cut()
	p.mu.Unlock()
	p.hub.send(hotMessage{Type: "reload"})
}

func (p *pipeline) replaceStyles(ids []string) {
	for _, id := range ids {
		p.hub.send(hotMessage{Type: "css", Path: id, URL: p.graph.loader.styleURL(id) + fmt.Sprintf("?v=%d", time.Now().UnixMilli())})
	}
}

// load sends the worker what changed. Where nothing did there is nothing to do, unless what failed is to be evaluated
// again. Its failure is the app's own; a worker that ended is the main loop's to restart.
func (p *pipeline) load(ctx context.Context, done outcome, again bool) (result nodeadapter.LoadResult, problems []transform.Diagnostic) {
	worker := p.worker.get(ctx)
	if worker == nil {
		return result, p.worker.problem()
	}
	if entry := p.bundles[server].entry(); p.bundles[server].hash == "" {
		p.setFailure(p.problems) // of the packages: there is nothing to run
		p.target.set(noBackend)
		return result, nil
	} else if len(done.sent[server]) == 0 && len(done.removed[server]) == 0 && p.external == entry && p.isLoaded() && !again {
		return result, nil
	}
	result, err := worker.Load(ctx, p.loadRequest(done))
	var failure *nodeadapter.WorkerError
	switch {
	case err == nil:
		p.setFailure(nil)
	case errors.As(err, &failure):
		p.setFailure(p.diagnose(failure))
	default:
		return result, nil // it ended: seen by the main loop
	}
	p.target.set(backend{worker.Address(), worker.Secret()})
	p.mu.RLock()
	defer p.mu.RUnlock()
	return result, p.failure
}

// loadAndReport is a load that no update asked for.
func (p *pipeline) loadAndReport(ctx context.Context, done outcome) {
	_, failure := p.load(ctx, done, true)
	p.report(addNew(slices.Clone(p.problems), failure))
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
	request := nodeadapter.LoadRequest{Removed: done.removed[server], Entry: app.ServerID, Symbols: map[string]*nodeadapter.Symbol{}}
	for _, id := range done.sent[server] {
		m, u, ok := p.graph.unit(server, id)
		if !ok {
			continue // it came and went
		}
		request.Modules = append(request.Modules, nodeadapter.Module{ID: u.id, Deps: u.deps, Dynamic: u.dynamic, Weak: u.weak, Code: u.code})
		p.graph.addSymbols(request.Symbols, m)
	}
	for id := range request.Symbols {
		p.symbols[id] = true
	}
	for id := range p.symbols {
		if !p.graph.hasSymbol(id) {
			delete(p.symbols, id)
			request.Symbols[id] = nil
		}
	}
	if entry := p.bundles[server].entry(); entry != p.external {
		p.external = entry
		request.External = &entry
	}
	return request
}

// everything is what a worker needs that has nothing yet.
func (p *pipeline) everything() (ids []string) {
	for _, id := range sortedKeys(p.graph.reached[server]) {
		for _, u := range p.graph.modules[id].outputs[server].units {
			ids = append(ids, partID(id, u.part))
		}
	}
	return ids
}

// reportStyles shows what browsers that asked for stylesheets have found out.
func (p *pipeline) reportStyles() {
	p.mu.Lock()
	broken, doubtful := p.styles.problems(p.graph.modules)
	p.problems = addNew(slices.Clone(p.problems), broken)
	all := addNew(slices.Clone(p.problems), p.failure)
	p.mu.Unlock()
	p.warn(doubtful)
	p.report(all)
}

func (p *pipeline) warn(warnings []transform.Diagnostic) {
	for _, d := range warnings {
		p.print.once(strings.TrimSpace(d.Format(p.print.errColours)))
	}
}

// report shows errors, or that there are none any more.
func (p *pipeline) report(bad []transform.Diagnostic) {
	bad = addNew(slices.Clone(p.misconfigured), bad)
	had := p.hub.hasError()
	complained := p.complained
	p.complained = len(bad) > 0
	switch {
	case len(bad) > 0:
		if p.hub.shows(bad) {
			return
		}
		p.print.problems(bad)
		p.hub.send(hotMessage{Type: "error", Errors: bad})
	case had || complained:
		p.print.line("%s", p.print.paint(green, "no errors any more"))
		if had {
			p.hub.send(hotMessage{Type: "ok"})
		}
	}
}

// names are what an update is about: modules with a new source, else files that came or went, else
// (stylesheets inside others) whatever changed.
func (p *pipeline) names(changed []version, changes map[string]change, structure bool) (names []string) {
	for _, one := range changed {
		if one.after.kind != virtual {
			names = append(names, one.after.id)
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
