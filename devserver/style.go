package devserver

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"eclipsa/app"
	"eclipsa/app/cssmodule"
	"eclipsa/transform"

	"github.com/evanw/esbuild/pkg/api"
)

// styles bundles stylesheets when a browser asks for one: @import and url() are resolved as the
// build does. It remembers the outcome, which files went into it, and which assets it names. All
// methods may be called concurrently.
type styles struct {
	project *app.Project
	base    string
	// trouble gets a token when a stylesheet that a browser asked for is broken.
	trouble chan struct{}

	mu     sync.Mutex // Protects following.
	sheets map[string]sheet
	assets map[string]string // id → file: what url() named, and so may be served
	filled map[string]bool   // the files that had content when they were read last
}

// sheet is one bundled stylesheet.
type sheet struct {
	css      string          // the last good text, if there are problems
	files    map[string]bool // every file in it, absolute
	problems []transform.Diagnostic
	warnings []transform.Diagnostic
	stale    bool // to be bundled again; pages may show it as it was
}

func newStyles(project *app.Project, base string) *styles {
	return &styles{project: project, base: base, trouble: make(chan struct{}, 1), sheets: map[string]sheet{}, assets: map[string]string{}, filled: map[string]bool{}}
}

// renewed is for another configuration: every stylesheet is bundled again when somebody asks, and
// what pages show is still known.
func (s *styles) renewed(project *app.Project, base string) *styles {
	next := newStyles(project, base)
	next.trouble = s.trouble
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(next.filled, s.filled)
	for id, known := range s.sheets {
		known.stale = true
		next.sheets[id] = known
	}
	return next
}

// get is a stylesheet of the graph.
func (s *styles) get(m *module) sheet {
	s.mu.Lock()
	known, ok := s.sheets[m.id]
	s.mu.Unlock()
	if !ok || known.stale {
		known = s.bundle(m)
		s.mu.Lock()
		s.sheets[m.id] = known
		s.mu.Unlock()
		if len(known.problems)+len(known.warnings) > 0 {
			select {
			case s.trouble <- struct{}{}:
			default:
			}
		}
	}
	return known
}

// refresh bundles again what files are part of, and what was broken, and names the stylesheets with
// another text. Those that nobody has asked for yet are left alone, and so are the broken ones on open pages.
func (s *styles) refresh(changes map[string]change, modules map[string]*module) (ids []string) {
	for _, id := range s.touched(changes) {
		s.mu.Lock()
		before := s.sheets[id]
		delete(s.sheets, id)
		s.mu.Unlock()
		m := modules[id]
		if m == nil {
			continue
		}
		now := s.bundle(m)
		if len(now.problems) > 0 {
			now.css = before.css
		} else if now.css != before.css || len(before.problems) > 0 {
			ids = append(ids, id)
		}
		s.mu.Lock()
		s.sheets[id] = now
		s.mu.Unlock()
	}
	return ids
}

func (s *styles) touched(changes map[string]change) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, known := range s.sheets {
		found := len(known.problems) > 0
		for file := range changes {
			found = found || known.files[file]
		}
		if found {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// problems are those of the stylesheets that were asked for.
func (s *styles) problems(modules map[string]*module) (problems, warnings []transform.Diagnostic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range sortedKeys(s.sheets) {
		if modules[id] != nil {
			problems = addNew(problems, s.sheets[id].problems)
			warnings = addNew(warnings, s.sheets[id].warnings)
		}
	}
	return problems, warnings
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
		made.problems = []transform.Diagnostic{{Text: "it is gone, or a link now", Path: m.id}}
		return made
	}
	result := s.build([]string{m.file})
	for input := range readMetafile(result.Metafile).Inputs {
		made.files[s.fromRoot(input)] = true
	}
	for _, message := range result.Warnings {
		if d, file := s.diagnostic(message); !inNodeModules(file) {
			d.Severity = transform.Warning
			made.warnings = append(made.warnings, d)
		}
	}
	for _, message := range result.Errors {
		d, file := s.diagnostic(message)
		made.problems = append(made.problems, d)
		made.files[file] = true
	}
	for _, file := range result.OutputFiles {
		if strings.HasSuffix(file.Path, ".css") {
			made.css = string(file.Contents)
		}
	}
	return made
}

func (s *styles) build(files []string) api.BuildResult {
	return api.Build(api.BuildOptions{
		EntryPoints:   files,
		AbsWorkingDir: s.project.AppRoot,
		Outdir:        filepath.Join(s.project.AppRoot, "node_modules", ".eclipsa", "css"),
		Bundle:        true,
		Metafile:      true,
		Conditions:    conditions,
		LogLevel:      api.LogLevelSilent,
		Plugins:       []api.Plugin{{Name: "eclipsa", Setup: func(build api.PluginBuild) { s.plugin(build) }}},
	})
}

// prepare bundles stylesheets before somebody asks, all at once: each alone takes three times as long,
// while the first page waits for it. If anything is wrong with one of them, those that ask shall hear of it.
func (s *styles) prepare(modules []*module) {
	ids := map[string]string{} // by file
	for _, m := range modules {
		if !leadsElsewhere(m.file) {
			ids[m.file] = m.id
		}
	}
	if len(ids) == 0 {
		return
	}
	result := s.build(sortedKeys(ids))
	if len(result.Errors)+len(result.Warnings) > 0 {
		return
	}
	about := readMetafile(result.Metafile)
	texts := map[string]string{}
	for _, file := range result.OutputFiles {
		texts[file.Path] = string(file.Contents)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, output := range about.Outputs {
		id, ok := ids[s.fromRoot(output.EntryPoint)]
		if _, asked := s.sheets[id]; !ok || asked {
			continue
		}
		made := sheet{css: texts[s.fromRoot(path)], files: map[string]bool{}}
		s.addFiles(made.files, about, output.EntryPoint)
		s.sheets[id] = made
	}
}

// addFiles adds a file and what it imports.
func (s *styles) addFiles(to map[string]bool, about metafile, input string) {
	file := s.fromRoot(input)
	if _, known := about.Inputs[input]; !known || to[file] {
		return
	}
	to[file] = true
	for _, imported := range about.Inputs[input].Imports {
		s.addFiles(to, about, imported.Path)
	}
}

func (s *styles) fromRoot(path string) string {
	return filepath.Join(s.project.AppRoot, filepath.FromSlash(path))
}

// diagnostic is a message and the file that it is about.
func (s *styles) diagnostic(m api.Message) (d transform.Diagnostic, file string) {
	d = diagnosticOf(m, "")
	if d.Path == "" {
		return d, ""
	}
	file = d.Path
	if !filepath.IsAbs(file) {
		file = filepath.Join(s.project.AppRoot, filepath.FromSlash(d.Path))
	}
	d.Path = s.project.ModulePath(file)
	if rest, unresolved := strings.CutPrefix(d.Text, "Could not resolve \""); unresolved && len(d.Notes) == 0 {
		specifier, _, _ := strings.Cut(rest, "\"")
		d.Hint = suggestFile(filepath.Dir(file), specifier)
	}
	return d, file
}

// metafile is what esbuild tells of a build. Its paths are relative to the app's root.
type metafile struct {
	Inputs map[string]struct {
		Imports []struct{ Path string }
	}
	Outputs map[string]struct{ EntryPoint string }
}

func readMetafile(text string) (about metafile) {
	json.Unmarshal([]byte(text), &about) // a failed build has none
	return about
}

func (s *styles) plugin(build api.PluginBuild) {
	build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if _, own := args.PluginData.(skip); own || args.Kind != api.ResolveCSSURLToken {
			return api.OnResolveResult{}, nil
		}
		return s.resolveURL(build, args), nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: `\.css$`, Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		text, err := s.read(args.Path)
		if err != nil {
			return api.OnLoadResult{}, fmt.Errorf("%s can't be read: %w", s.project.ModulePath(args.Path), err)
		}
		source := strings.TrimPrefix(text, "\uFEFF")
		if !cssmodule.Is(args.Path) {
			return api.OnLoadResult{Contents: &source, Loader: api.LoaderCSS, ResolveDir: filepath.Dir(args.Path)}, nil
		}
		compiled, err := cssmodule.Compile(s.project.ModulePath(args.Path), source)
		var mistake *cssmodule.Error
		if errors.As(err, &mistake) {
			place := &api.Location{File: args.Path, Line: mistake.Line, Column: mistake.Column - 1, Length: 1, LineText: lineOfText(source, mistake.Line)}
			return api.OnLoadResult{Errors: []api.Message{{Text: mistake.Text, Location: place}}}, nil
		}
		return api.OnLoadResult{Contents: &compiled.CSS, Loader: api.LoaderCSS, ResolveDir: filepath.Dir(args.Path)}, err
	})
}

// read waits for a file's writer where the file had content before.
func (s *styles) read(file string) (string, error) {
	s.mu.Lock()
	filled := s.filled[file]
	s.mu.Unlock()
	text, err := readSettled(file, filled)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.filled[file] = text != ""
	return text, err
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
	content, _, err := readOnce(file)
	if err != nil {
		return "0"
	}
	sum := sha256.Sum256(content)
	return fmt.Sprintf("%x", sum[:4])
}
