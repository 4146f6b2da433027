package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Project is the app and the packages around it that are source too: the nearest ancestor with
// workspaces, else the app. Its methods may be called from any goroutine.
type Project struct {
	// Root is the folder to watch. AppRoot is the app's. Both are real paths.
	Root, AppRoot string

	packages  sync.Map // folder → *Package, the nearest one upwards
	addons    sync.Map // folder → bool
	tsconfigs sync.Map // file → *Problem or nil
}

// Package is a package.json and its folder (a real path).
type Package struct {
	Dir              string
	Name             string            `json:"name"`
	Workspaces       json.RawMessage   `json:"workspaces"`
	Dependencies     map[string]string `json:"dependencies"`
	Development      map[string]string `json:"devDependencies"`
	Optional         map[string]string `json:"optionalDependencies"`
	PeerDependencies map[string]string `json:"peerDependencies"`
	PeersMeta        map[string]struct {
		Optional bool `json:"optional"`
	} `json:"peerDependenciesMeta"`
	// GypFile and Napi are signs of a native addon.
	GypFile bool            `json:"gypfile"`
	Napi    json.RawMessage `json:"napi"`
}

// Names are the packages that it asks for. They are nil for a nil Package.
func (p *Package) Names() (names []string) {
	if p == nil {
		return nil
	}
	for _, list := range []map[string]string{p.Dependencies, p.Development, p.Optional, p.PeerDependencies} {
		names = append(names, mapKeys(list)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// OpenProject finds the project of an app's folder.
func OpenProject(root string) (*Project, error) {
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, err
	}
	p := &Project{Root: real, AppRoot: real}
	for dir := real; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "pnpm-workspace.yaml")); err == nil {
			p.Root = dir
			break
		}
		if pkg := readPackage(dir); pkg != nil && pkg.Workspaces != nil {
			p.Root = dir
			break
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return p, nil
}

// readPackage is nil without a readable package.json.
func readPackage(dir string) *Package {
	text, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return nil
	}
	pkg := &Package{Dir: dir}
	if json.Unmarshal(text, pkg) != nil {
		return nil
	}
	return pkg
}

// PackageOf is the nearest package.json with a name at or above a folder (files that only say
// {"type":"module"} don't count), or nil.
func (p *Project) PackageOf(dir string) *Package {
	if known, ok := p.packages.Load(dir); ok {
		return known.(*Package)
	}
	pkg := readPackage(dir)
	// The app's folder is a package even without a name; so is a folder right below node_modules.
	if pkg == nil || pkg.Name == "" && dir != p.AppRoot {
		if parent := filepath.Dir(dir); parent != dir && filepath.Base(dir) != "node_modules" {
			pkg = p.PackageOf(parent)
		}
	}
	p.packages.Store(dir, pkg)
	return pkg
}

// IsSource says whether a file (a real path) belongs to the project's own code: transformed,
// watched, with symbols of its own. That is everything outside node_modules, and packages with
// eclipsa as a peer; never eclipsa itself and its companions.
func (p *Project) IsSource(file string) bool {
	dir := filepath.Dir(file)
	inModules := strings.Contains(file, string(filepath.Separator)+"node_modules"+string(filepath.Separator))
	if !inModules && within(p.AppRoot, dir) {
		return true
	}
	pkg := p.PackageOf(dir)
	if pkg == nil {
		return !inModules
	}
	if pkg.Name == "eclipsa" || strings.HasPrefix(pkg.Name, "@eclipsa/") {
		return false
	}
	if inModules {
		_, peer := pkg.PeerDependencies["eclipsa"]
		return peer
	}
	return true
}

// ModulePath is how ids, diagnostics and source maps name a source file: relative to the app, or
// "<package name>/<path>" for other packages. It is the same on every machine.
func (p *Project) ModulePath(file string) string {
	if within(p.AppRoot, file) && !strings.Contains(file[len(p.AppRoot):], string(filepath.Separator)+"node_modules"+string(filepath.Separator)) {
		return relative(p.AppRoot, file)
	}
	if pkg := p.PackageOf(filepath.Dir(file)); pkg != nil {
		return pkg.Name + "/" + relative(pkg.Dir, file)
	}
	return relative(p.AppRoot, file)
}

func within(dir, file string) bool {
	return file == dir || strings.HasPrefix(file, dir+string(filepath.Separator))
}

func relative(dir, file string) string {
	rel, err := filepath.Rel(dir, file)
	if err != nil {
		rel = file
	}
	return filepath.ToSlash(rel)
}
