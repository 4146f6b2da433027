package devserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"eclipsa/app"

	"github.com/evanw/esbuild/esbuildast"
)

// resolver turns specifiers into places, by esbuild's own rules and those of package app for what
// eclipsa brings along. It remembers answers until forget. Its methods may be called concurrently,
// forget only while nothing resolves.
type resolver struct {
	project  *app.Project
	base     string
	external []string // settings.external
	// eclipsa is the folder of the package, where its own copies are found.
	eclipsa string
	finders [2]*esbuildast.Resolver // by side
	known   sync.Map                // resolveKey → resolved
}

type resolveKey struct {
	side           side
	dir, specifier string
}

type resolved struct {
	place
	err error
}

func newResolver(project *app.Project, settings app.Settings, eclipsa string) *resolver {
	r := &resolver{project: project, base: settings.Base, external: settings.External, eclipsa: eclipsa}
	for s, platform := range map[side]esbuildast.Platform{client: esbuildast.Browser, server: esbuildast.Node} {
		r.finders[s] = esbuildast.NewResolver(esbuildast.ResolverOptions{Root: project.AppRoot, Platform: platform, Conditions: conditions})
	}
	return r
}

// conditions are the build's, but for development.
var conditions = []string{"module", "development"}

// forget drops every answer: files or packages came or went.
func (r *resolver) forget() {
	r.known.Clear()
	for _, finder := range r.finders {
		finder.Invalidate()
	}
}

// resolve finds what a specifier means in a folder.
func (r *resolver) resolve(s side, dir, specifier string, kind esbuildast.ImportKind) (place, error) {
	key := resolveKey{s, dir, specifier}
	if known, ok := r.known.Load(key); ok {
		found := known.(resolved)
		return found.place, found.err
	}
	found, err := r.find(s, dir, specifier, kind)
	r.known.Store(key, resolved{found, err})
	return found, err
}

func (r *resolver) find(s side, dir, specifier string, kind esbuildast.ImportKind) (place, error) {
	switch {
	case strings.HasPrefix(specifier, "eclipsa:"):
		return place{id: specifier, kind: virtual}, nil
	case strings.HasPrefix(specifier, "https:"), strings.HasPrefix(specifier, "http:"), strings.HasPrefix(specifier, "data:"):
		return place{id: "npm:" + specifier, kind: external}, nil
	case strings.HasPrefix(specifier, "/") && !scriptExtension.MatchString(specifier) && r.isPublic(specifier):
		return place{id: "public:" + specifier, kind: publicURL}, nil
	}
	if alias := app.Alias(specifier); alias != "" {
		specifier = alias
	}
	name := app.PackageName(specifier)
	own, always := app.OwnCopy(name)
	if always {
		dir = r.eclipsa
	}
	found, err := r.finders[s].Resolve(dir, specifier, kind)
	if err != nil && own && !always {
		found, err = r.finders[s].Resolve(r.eclipsa, specifier, kind)
	}
	if err != nil && own { // a dependency of a dependency, installed where only that one sees it
		found, err = r.finders[s].Resolve(app.FindPackage(r.eclipsa, "@preact/signals"), specifier, kind)
	}
	if err != nil {
		return r.failed(s, dir, specifier, err)
	}
	return r.placeOf(specifier, found)
}

// isPublic says whether a path from the root means a file in public/, as in Vite.
func (r *resolver) isPublic(specifier string) bool {
	info, err := os.Stat(filepath.Join(r.project.AppRoot, "public", filepath.FromSlash(specifier)))
	return err == nil && info.Mode().IsRegular()
}

// failed explains what can't be found. A query that esbuild knows nothing of is cut off first.
func (r *resolver) failed(s side, dir, specifier string, err error) (place, error) {
	if _, ok := builtin(specifier); ok && s == client {
		return place{}, fmt.Errorf("%q is built into Node, the browser has no such module\nuse it in a handler or in a .server.ts module", specifier)
	}
	return place{}, err
}

func (r *resolver) placeOf(specifier string, found esbuildast.Resolved) (place, error) {
	switch {
	case found.IsBuiltin:
		id, _ := builtin(found.Path)
		return place{id: id, kind: external}, nil
	case found.External:
		return place{id: "npm:" + specifier, kind: external}, nil
	case found.Disabled:
		return place{id: "npm:" + specifier, kind: external}, nil
	}
	if _, err := os.Lstat(found.Path); err != nil { // esbuild takes names that differ in case for the same
		return place{}, &esbuildast.ResolveError{Text: fmt.Sprintf("Could not resolve %q", specifier)}
	}
	query := strings.TrimPrefix(found.Suffix, "?")
	if scriptExtension.MatchString(found.Path) && query == "" && !r.project.IsSource(found.Path) {
		if app.PackageName(specifier) == "" { // a relative path into a package that is no source
			specifier = filepath.ToSlash(found.Path)
		}
		return place{id: "npm:" + specifier, file: found.Path, kind: external}, nil
	}
	if filepath.Ext(found.Path) == ".node" {
		return place{}, errors.New("a native addon can't be imported as a file: import the package that holds it")
	}
	return localPlace(r.project, found.Path, query), nil
}
