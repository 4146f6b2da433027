package devserver

import (
	"context"
	"os"
	"slices"
	"sync"

	"eclipsa/app"
	"eclipsa/transform"
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
	restarts chan struct{}        // a restart was asked for
	hasBare  bool                 // a page without an app was open when the update began

	misconfigured []transform.Diagnostic // mistakes in the files that configure
	complained    bool                   // the terminal shows errors
	unread        bool                   // such files could not be read, and must be when something changes
	taken         int                    // how often an update took what changed meanwhile
	restarting    string                 // what the restart is about whose line is still to be printed
	hosts         hostRules
	relisten      func(next *app.App, about string) // ends this pipeline for one with other settings
}

func newPipeline(a *app.App, options Options, print *printer) (*pipeline, error) {
	eclipsa := app.FindPackage(a.Root, "eclipsa")
	if eclipsa == "" {
		return nil, &app.Problem{Text: "the package eclipsa is not installed in " + a.Root, Hint: "Run `npm install eclipsa`."}
	}
	c, err := configurationOf(a)
	if err != nil {
		return nil, err
	}
	p := &pipeline{options: options, print: print, target: newTarget(), sessions: newSessions(print), restarts: make(chan struct{}, 1), hosts: newHostRules(a.Settings, a.Settings.Host)}
	p.project = &project{base: a.Settings.Base, hub: newHub(), eclipsa: eclipsa, ready: make(chan struct{}), hurry: make(chan struct{}, 1), again: make(chan chan struct{}), served: map[string]bundle{}}
	p.sent, p.symbols = [2]map[string]string{{}, {}}, map[string]bool{}
	p.configure(c)
	p.misconfigured = problemDiagnostics(a.Root, p.mistakes(c, nil))
	return p, nil
}

// configure sets up everything that the configuration decides. Modules are transformed again if they
// come out differently; those with mistakes keep their last good code.
func (p *pipeline) configure(c *configuration) {
	a, before := c.app, p.graph
	p.app, p.env = a, c.env
	p.resolver = newResolver(c.project, a.Settings, p.eclipsa)
	if p.styles == nil {
		p.styles = newStyles(c.project, a.Settings.Base)
	} else {
		p.styles = p.styles.renewed(c.project, a.Settings.Base)
	}
	p.bundler = p.newBundler(c)
	env := [2]string{p.bundler.define[client]["import.meta.env"], p.bundler.define[server]["import.meta.env"]}
	loader := &loader{resolver: p.resolver, define: a.Defines(app.Development, c.env), env: env, tsconfig: remember(c.project.TSConfig),
		base: a.Settings.Base, root: c.project.AppRoot, texts: map[string]string{}}
	p.graph = newGraph(loader, place{id: app.ClientID, kind: virtual}, place{id: app.ServerID, kind: virtual})
	if before != nil {
		p.graph.keep(before)
	}
}

func (p *pipeline) newBundler(c *configuration) *bundler {
	sides := [2]map[string]string{c.app.SideDefines(app.Development, c.env, false, true), c.app.SideDefines(app.Development, c.env, true, true)}
	return &bundler{project: c.project, eclipsa: p.eclipsa, external: c.app.Settings.External, version: p.options.Version, define: sides,
		importers: func(s side, name string) []string { return p.graph.importersOf(s, name) }}
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
	p.watchConfiguration()
	p.update(ctx, nil, true)
	close(p.ready)
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.watcher.wake:
			p.change(ctx, p.watcher.take())
		case <-p.styles.trouble:
			p.reportStyles()
		case done := <-p.again:
			p.evaluateAgain(ctx, done)
		case <-p.restarts:
			p.reconfigure(ctx, map[string]change{}, true)
		case <-p.worker.ended():
			p.worker.restart(ctx)
		}
	}
}

// change decides how much of the road a set of changes has to go.
func (p *pipeline) change(ctx context.Context, changes map[string]change) {
	if len(changes) == 0 { // what came has gone
		return
	}
	if p.unread || slices.ContainsFunc(sortedKeys(changes), p.configures) {
		p.reconfigure(ctx, changes, false)
	} else {
		p.follow(ctx, changes)
	}
}

// follow takes the road for changes of modules.
func (p *pipeline) follow(ctx context.Context, changes map[string]change) {
	structure := p.isStructure(changes) || p.mayMend(changes) || p.movesLinks(changes)
	if p.watcher.stirred.Swap(false) || structure { // a package without a record, linked by hand
		p.resolver.forget()
	}
	p.update(ctx, changes, structure)
}

// mayMend says whether a file that no module is made of may be what an import that leads nowhere is looking
// for: a dead link that is a file now, say.
func (p *pipeline) mayMend(changes map[string]change) bool {
	return len(p.problems) > 0 && slices.ContainsFunc(sortedKeys(changes), func(file string) bool { return p.graph.files[file] == nil })
}

// movesLinks says whether a link to a folder came or went, which brings files that nothing is said about.
func (p *pipeline) movesLinks(changes map[string]change) bool {
	for file, kind := range changes {
		info, err := os.Lstat(file)
		if kind == created && err == nil && info.Mode()&os.ModeSymlink != 0 || kind == removed && len(p.app.Linked) > 0 {
			return true
		}
	}
	return false
}
