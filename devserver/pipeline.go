package devserver

import (
	"context"
	"os"
	"sync"

	"eclipsa/app"
)

// pipeline is the one road from files to browsers and worker. The first build is the first change:
// everything is new. All its methods run on one goroutine (run); what requests read is in project.
type pipeline struct {
	*project
	options  Options
	print    *printer
	target   *target
	sessions *sessions
	watcher  *watcher
	node     string

	resolver *resolver
	bundler  *bundler
	worker   *workers
	sent     [2]map[string]string // states of the registry modules that browser and worker have, by id
	symbols  map[string]bool      // the server symbols that the worker knows
	routes   map[string]string    // the client files of each route, as pages know them
	owed     outcome              // what waits for packages
	bundled  [2]map[string]use    // what the bundles were made of
	external string               // the server bundle that the worker has
	configs  map[string]string    // hashes of the files that configure, as last read
	restarts chan struct{}        // a restart was asked for
}

func newPipeline(a *app.App, options Options, print *printer) (*pipeline, error) {
	eclipsa := app.FindPackage(a.Root, "eclipsa")
	if eclipsa == "" {
		return nil, &app.Problem{Text: "the package eclipsa is not installed in " + a.Root, Hint: "Run `npm install eclipsa`."}
	}
	p := &pipeline{options: options, print: print, target: newTarget(), sessions: newSessions(print), configs: map[string]string{}, restarts: make(chan struct{}, 1)}
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
		define: sides}
	loader := &loader{resolver: p.resolver, define: a.Defines(app.Development, env), env: [2]string{sides[client]["import.meta.env"], sides[server]["import.meta.env"]}, tsconfig: remember(project.TSConfig),
		base: a.Settings.Base, root: project.AppRoot, texts: map[string]string{}}
	p.graph = newGraph(loader, place{id: app.ClientID, kind: virtual}, place{id: app.ServerID, kind: virtual})
	p.bundled = [2]map[string]use{}
	p.sent[server], p.symbols = map[string]string{}, map[string]bool{} // a new worker has nothing
	if p.sent[client] == nil {
		p.sent[client] = map[string]string{} // open pages keep what they have
	}
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
		case <-p.restarts:
			p.reconfigure(ctx, nil)
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
