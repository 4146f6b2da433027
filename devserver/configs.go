package devserver

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"eclipsa/app"
	"eclipsa/transform"
)

// Files that decide about more than themselves: settings, environment, compiler options, packages.

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
	p.worker.replace(ctx)
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
