package devserver

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"eclipsa/app"
	"eclipsa/app/cssmodule"

	"github.com/evanw/esbuild/pkg/api"
)

// styles bundles stylesheets when a browser asks for one: @import and url() are resolved as the
// build does. It remembers the outcome, which files went into it, and which assets it names. All
// methods may be called concurrently.
type styles struct {
	project *app.Project
	base    string

	mu     sync.Mutex // Protects following.
	sheets map[string]sheet
	assets map[string]string // id → file: what url() named, and so may be served
}

// sheet is one bundled stylesheet.
type sheet struct {
	css   string
	files map[string]bool // every file in it, absolute
	err   error
	stale bool // to be bundled again; pages may show it as it was
}

func newStyles(project *app.Project, base string) *styles {
	return &styles{project: project, base: base, sheets: map[string]sheet{}, assets: map[string]string{}}
}

// renewed is for another configuration: every stylesheet is bundled again when somebody asks, and
// what pages show is still known.
func (s *styles) renewed(project *app.Project, base string) *styles {
	next := newStyles(project, base)
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, known := range s.sheets {
		known.stale = true
		next.sheets[id] = known
	}
	return next
}

// get is the text of a stylesheet of the graph.
func (s *styles) get(m *module) (string, error) {
	s.mu.Lock()
	known, ok := s.sheets[m.id]
	s.mu.Unlock()
	if !ok || known.stale {
		known = s.bundle(m)
		s.mu.Lock()
		s.sheets[m.id] = known
		s.mu.Unlock()
	}
	return known.css, known.err
}

// changed forgets the stylesheets that a file is part of, and names them.
func (s *styles) changed(file string) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, known := range s.sheets {
		if known.files[file] || known.err != nil {
			delete(s.sheets, id)
			ids = append(ids, id)
		}
	}
	return ids
}

// asset is the file behind an id that a stylesheet named.
func (s *styles) asset(id string) (file string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	file, ok = s.assets[id]
	return file, ok
}

func (s *styles) bundle(m *module) sheet {
	made := sheet{files: map[string]bool{m.file: true}}
	if leadsElsewhere(m.file) {
		made.err = fmt.Errorf("%s is gone, or a link now", m.id)
		return made
	}
	result := api.Build(api.BuildOptions{
		EntryPoints:   []string{m.file},
		AbsWorkingDir: s.project.AppRoot,
		Outdir:        filepath.Join(s.project.AppRoot, "node_modules", ".eclipsa", "css"),
		Bundle:        true,
		Metafile:      true,
		Conditions:    conditions,
		LogLevel:      api.LogLevelSilent,
		Plugins:       []api.Plugin{{Name: "eclipsa", Setup: func(build api.PluginBuild) { s.plugin(build) }}},
	})
	for _, input := range inputsOf(result.Metafile) {
		made.files[filepath.Join(s.project.AppRoot, filepath.FromSlash(input))] = true
	}
	if len(result.Errors) > 0 {
		first := result.Errors[0]
		made.err = fmt.Errorf("%s", first.Text)
		if first.Location != nil {
			made.err = fmt.Errorf("%s:%d:%d: %s", first.Location.File, first.Location.Line, first.Location.Column+1, first.Text)
			made.files[filepath.Join(s.project.AppRoot, filepath.FromSlash(first.Location.File))] = true
		}
		return made
	}
	for _, file := range result.OutputFiles {
		if strings.HasSuffix(file.Path, ".css") {
			made.css = string(file.Contents)
		}
	}
	return made
}

func inputsOf(metafile string) []string {
	var parsed struct {
		Inputs map[string]any `json:"inputs"`
	}
	if json.Unmarshal([]byte(metafile), &parsed) != nil {
		return nil
	}
	return sortedKeys(maps.Clone(parsed.Inputs))
}

func (s *styles) plugin(build api.PluginBuild) {
	build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if _, own := args.PluginData.(skip); own || args.Kind != api.ResolveCSSURLToken {
			return api.OnResolveResult{}, nil
		}
		return s.resolveURL(build, args), nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: `\.module\.css$`, Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		text, err := os.ReadFile(args.Path)
		if err != nil {
			return api.OnLoadResult{}, err
		}
		compiled, err := cssmodule.Compile(s.project.ModulePath(args.Path), strings.TrimPrefix(string(text), "\uFEFF"))
		return api.OnLoadResult{Contents: &compiled.CSS, Loader: api.LoaderCSS, ResolveDir: filepath.Dir(args.Path)}, err
	})
}

// resolveURL makes url() an URL of this server. Paths from the root mean public/.
func (s *styles) resolveURL(build api.PluginBuild, args api.OnResolveArgs) api.OnResolveResult {
	path, suffix := args.Path, ""
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path, suffix = path[:i], path[i:]
	}
	switch {
	case path == "", strings.Contains(path, "://"), strings.HasPrefix(path, "data:"), strings.HasPrefix(path, "//"):
		return api.OnResolveResult{Path: args.Path, External: true}
	case strings.HasPrefix(path, "/"):
		return api.OnResolveResult{Path: strings.TrimSuffix(s.base, "/") + args.Path, External: true}
	}
	found := build.Resolve(path, api.ResolveOptions{ResolveDir: args.ResolveDir, Importer: args.Importer, Kind: args.Kind, PluginData: skip{}})
	if len(found.Errors) > 0 || found.External {
		return api.OnResolveResult{Errors: found.Errors, Path: found.Path, External: found.External}
	}
	id := s.project.ModulePath(found.Path)
	s.mu.Lock()
	s.assets[id] = found.Path
	s.mu.Unlock()
	return api.OnResolveResult{Path: assetURL(s.base, id, fileHash(found.Path)) + strings.TrimPrefix(suffix, "?"), External: true}
}

// assetURL is where an asset is served; the version lets browsers keep it.
func assetURL(base, id, version string) string {
	return base + devPrefix + "asset/" + escapePath(id) + "?v=" + version
}

func fileHash(file string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return "0"
	}
	sum := sha256.Sum256(content)
	return fmt.Sprintf("%x", sum[:4])
}
