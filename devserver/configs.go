package devserver

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"eclipsa/app"
	"eclipsa/transform"
)

// Files that decide about more than themselves: settings, environment, compiler options, packages. What
// counts is what they say, not that they were written: a restart is too dear for a save that changed nothing.

// configures says whether a file decides about more than itself.
func (p *pipeline) configures(file string) bool {
	dir, name := filepath.Dir(file), filepath.Base(file)
	project := p.resolver.project
	switch {
	case name == "package.json", slices.Contains(lockFiles, name), slices.Contains(project.TSConfigFiles(), file):
		return true
	case dir == project.AppRoot:
		return name == app.ConfigFile || slices.Contains(app.EnvFiles(app.Development), name)
	}
	return filepath.Base(dir) == "node_modules" && slices.Contains(installRecords, name)
}

// configuration is all that such files say.
type configuration struct {
	app     *app.App
	env     app.Env
	project *app.Project
}

// readConfiguration reads everything, app/ included. Its error is the app's problems.
func readConfiguration(options Options) (*configuration, error) {
	a, err := app.Load(options.Root, options.Overrides...)
	if err != nil {
		return nil, err
	}
	return configurationOf(a)
}

// configurationOf reads what there is besides the settings.
func configurationOf(a *app.App) (*configuration, error) {
	project, err := app.OpenProject(a.Root)
	if err != nil {
		return nil, err
	}
	env, err := app.LoadEnv(a.Root, app.Development, os.Environ())
	return &configuration{app: a, env: env, project: project}, err
}

// mistakes are those in files that are read as they are needed, or only by others.
func (p *pipeline) mistakes(c *configuration, changes map[string]change) error {
	for dir := range p.sourceFolders() {
		c.project.TSConfig(dir)
	}
	var problems []error
	for _, problem := range c.project.TSConfigProblems() {
		problems = append(problems, problem)
	}
	for _, file := range sortedKeys(changes) {
		if filepath.Base(file) != "package.json" {
			continue
		}
		if problem := app.CheckPackageFile(file, c.project.ModulePath(file)); problem != nil {
			problems = append(problems, problem)
		}
	}
	return errors.Join(problems...)
}

// sourceFolders are those with modules to which compiler options apply.
func (p *pipeline) sourceFolders() map[string]bool {
	folders := map[string]bool{p.resolver.project.AppRoot: true}
	for _, m := range p.graph.modules {
		if m.kind == script {
			folders[filepath.Dir(m.file)] = true
		}
	}
	return folders
}

// effects are what there is to do about another configuration.
type effects struct {
	server   bool // listens anew
	settings bool // the running parts obey others
	worker   bool // a new process
	packages bool // bundled anew
	newCode  bool // the packages are the worker's too: it makes room for another one when they are there
	modules  bool // transformed anew
}

var everything = effects{settings: true, worker: true, packages: true, modules: true}

// words name them for the line that says what happened.
func (e effects) words() (words []string) {
	for _, one := range []struct {
		is   bool
		word string
	}{{e.server, "server"}, {e.settings, "settings"}, {e.worker || e.newCode, "worker"}, {e.packages, "packages"}, {e.modules, "modules"}} {
		if one.is {
			words = append(words, one.word)
		}
	}
	return words
}

// effects compares a configuration with the one in force.
func (p *pipeline) effects(next *configuration) effects {
	x, y := p.app.Settings, next.app.Settings
	e := effects{
		server:   x.Base != y.Base || x.Host != y.Host || x.Port != y.Port || x.Poll != y.Poll || !reflect.DeepEqual(x.HTTPS, y.HTTPS),
		settings: !slices.Equal(x.AllowedHosts, y.AllowedHosts) || !slices.Equal(x.AllowedOrigins, y.AllowedOrigins) || x.TrustProxy != y.TrustProxy,
		worker:   !maps.Equal(p.env.File, next.env.File),
		modules:  !maps.Equal(p.env.Public, next.env.Public),
	}
	for dir := range p.sourceFolders() {
		e.modules = e.modules || p.graph.loader.tsconfig(dir) != next.project.TSConfig(dir)
	}
	bundler := p.newBundler(next)
	for s, made := range p.bundles {
		found, ok := bundler.find(side(s), p.bundled[s])
		if made.hash == "" || ok && found.hash == made.hash {
			continue
		}
		e.packages, e.newCode = true, e.newCode || side(s) == server
	}
	return e
}

// nextConfiguration reads what the files say now, and what that means.
func (p *pipeline) nextConfiguration(changes map[string]change) (*configuration, effects, error) {
	next, err := readConfiguration(p.options)
	if err != nil {
		return nil, effects{}, err
	}
	if err := p.mistakes(next, changes); err != nil {
		return nil, effects{}, err
	}
	e := p.effects(next)
	if e.server {
		e = effects{server: true} // and all that comes with it
		_, err = loadCertificate(next.app)
	}
	return next, e, err
}

// reconfigure does what changed files ask for that configure; asked means all of it, whatever they say.
func (p *pipeline) reconfigure(ctx context.Context, changes map[string]change, asked bool) {
	began := time.Now()
	for file := range changes {
		if p.configures(file) {
			readSettled(file, true) // somebody may be writing it
		}
	}
	next, e, err := p.nextConfiguration(changes)
	if p.unread = err != nil; p.unread { // what they said before goes on
		p.misconfigured = problemDiagnostics(p.app.Root, err)
		p.mu.Lock()
		if len(p.unusable) > 0 {
			p.unusable = p.misconfigured
		}
		p.mu.Unlock()
		taken := p.taken
		if p.follow(ctx, changes); p.taken != taken && ctx.Err() == nil {
			p.reconfigure(ctx, map[string]change{}, false) // what came meanwhile may have mended it
		}
		return
	}
	if asked && !e.server {
		e = everything
	}
	about := p.about(changes, e)
	if asked {
		about = "everything"
	}
	if e.server {
		p.relisten(next.app, about)
		return
	}
	p.misconfigured = nil
	p.mu.Lock()
	p.configure(next)
	p.unusable = nil
	p.mu.Unlock()
	if e.packages {
		p.bundled = [2]map[string]use{}
	}
	p.hosts.use(next.app.Settings)
	p.watchConfiguration()
	if e.worker {
		p.renewWorker(ctx)
	}
	if e != (effects{}) {
		p.restarting = about
	}
	p.update(ctx, changes, true)
	if p.restarting != "" { // nothing else had to be told
		p.print.event("restart", p.restarting, time.Since(began))
		p.restarting = ""
	}
}

// about names the files and what they have an effect on.
func (p *pipeline) about(changes map[string]change, e effects) string {
	var files []string
	for _, file := range sortedKeys(changes) {
		if p.configures(file) {
			files = append(files, p.resolver.project.ModulePath(file))
		}
	}
	text := strings.Join(e.words(), ", ")
	if len(files) > 0 {
		text = shortened(files) + " changed: " + text
	}
	return text
}

// renewWorker begins a new process, which gets everything anew.
func (p *pipeline) renewWorker(ctx context.Context) {
	p.sent[server], p.symbols = map[string]string{}, map[string]bool{}
	p.worker.replace(ctx)
}

// watchConfiguration watches the files that configure and lie where nobody looks otherwise.
func (p *pipeline) watchConfiguration() {
	if p.watcher == nil {
		return
	}
	project := p.resolver.project
	p.watcher.add(project.Root)
	for dir := project.AppRoot; ; dir = filepath.Dir(dir) {
		p.watcher.addRecords(filepath.Join(dir, "node_modules"), installRecords)
		if dir == project.Root || dir == filepath.Dir(dir) {
			break
		}
	}
	for _, file := range project.TSConfigFiles() {
		if _, err := os.Stat(file); err == nil && !isBelow(file, project.Root) && !inNodeModules(file) {
			p.watcher.addFolder(filepath.Dir(file))
		}
	}
}

func isBelow(file, folder string) bool {
	return strings.HasPrefix(file, folder+string(filepath.Separator))
}

func inNodeModules(file string) bool {
	return strings.Contains(file, string(filepath.Separator)+"node_modules"+string(filepath.Separator))
}

// problemDiagnostics shows an app's problems as code problems are shown.
func problemDiagnostics(root string, err error) (all []transform.Diagnostic) {
	for _, one := range app.Problems(err) {
		d := transform.Diagnostic{Text: one.Text, Hint: one.Hint, Path: one.Path}
		if parts := strings.Split(one.Path, ":"); len(parts) == 3 {
			d.Path, d.Line, d.Column, d.Length = parts[0], atoi(parts[1]), atoi(parts[2]), 1
			d.LineText = lineOf(filepath.Join(root, filepath.FromSlash(d.Path)), d.Line)
		}
		all = append(all, d)
	}
	return all
}

// lineOf is a line of a file, or "". Lines of .env files are secrets.
func lineOf(file string, line int) string {
	if strings.HasPrefix(filepath.Base(file), ".env") {
		return ""
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return lineOfText(string(text), line)
}

func lineOfText(text string, line int) string {
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	return strings.TrimSuffix(lines[line-1], "\r")
}
