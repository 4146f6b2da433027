package devserver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"eclipsa/app"
	"eclipsa/nodeadapter"
	"eclipsa/transform"
)

// Delivery: what an update changed goes to the worker first, and then to the open pages.

// load sends the worker what changed. Its failure is the app's own; a worker that ended is the
// main loop's to restart.
func (p *pipeline) load(ctx context.Context, done outcome) []transform.Diagnostic {
	worker := p.worker.get(ctx)
	if worker == nil {
		return p.worker.problem()
	}
	if entry := p.bundles[server].entry(); p.bundles[server].hash == "" {
		p.setFailure(p.problems) // of the packages: there is nothing to run
		p.target.set(noBackend)
		return nil
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
	bad := addNew(slices.Clone(done.errors), failure)
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
