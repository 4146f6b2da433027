package esbuildast

import (
	"path/filepath"
	"strings"
	"sync"

	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/bundler"
	"github.com/evanw/esbuild/internal/cache"
	"github.com/evanw/esbuild/internal/config"
	"github.com/evanw/esbuild/internal/fs"
	"github.com/evanw/esbuild/internal/helpers"
	"github.com/evanw/esbuild/internal/logger"
	"github.com/evanw/esbuild/internal/resolver"
)

// Platform selects export conditions, main fields and whether Node's builtins exist.
type Platform uint8

const (
	Browser Platform = iota
	Node
)

// ResolverOptions are those of esbuild's bundler, so that `eclipsa dev` finds the same files as
// `eclipsa build`.
type ResolverOptions struct {
	// Root is the absolute folder from which aliases and yarn's PnP manifest are resolved.
	Root     string
	Platform Platform
	// Conditions besides import/require, default and the platform's; nil means "module".
	Conditions []string
	// MainFields, or nil for the platform's own.
	MainFields []string
	// Alias replaces packages, as esbuild's option of that name does.
	Alias map[string]string
	// External packages and patterns are not looked up.
	External []string
	// Extensions to try, or nil for esbuild's own.
	Extensions []string
	// TSConfig is the path of a tsconfig.json that replaces those beside the importing files.
	TSConfig string
}

// Resolver finds files as esbuild's bundler does: tsconfig paths, package exports, browser maps,
// symlinks and PnP. Its methods may be called concurrently.
type Resolver struct {
	options ResolverOptions

	// Protects following.
	mutex  sync.RWMutex
	files  fs.FS
	finder *resolver.Resolver
	err    error
}

// NewResolver reads nothing yet; errors of its options come with the first Resolve.
func NewResolver(options ResolverOptions) *Resolver {
	r := &Resolver{options: options}
	r.Invalidate()
	return r
}

// Invalidate forgets what the file system looked like. Call it when files came or went or a
// package.json or tsconfig.json changed.
func (r *Resolver) Invalidate() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.finder = nil
	r.files, r.err = fs.RealFS(fs.RealFSOptions{AbsWorkingDir: r.options.Root})
	if r.err != nil {
		return
	}
	log := logger.NewDeferLog(logger.DeferLogNoVerboseOrDebug, nil)
	r.finder = resolver.NewResolver(config.BuildCall, r.files, log, cache.MakeCacheSet(), r.config())
	for _, msg := range messages(log.Done()) {
		if msg.Error {
			r.err = &ResolveError{Text: msg.Text}
		}
	}
}

func (r *Resolver) config() *config.Options {
	o := &config.Options{
		Mode:              config.ModeBundle,
		Platform:          config.PlatformBrowser,
		Conditions:        r.options.Conditions,
		MainFields:        r.options.MainFields,
		PackageAliases:    r.options.Alias,
		ExtensionOrder:    r.options.Extensions,
		ExtensionToLoader: bundler.DefaultExtensionToLoaderMap(),
		ExternalSettings:  r.externals(),
		TSConfigPath:      r.options.TSConfig,
	}
	if r.options.Platform == Node {
		o.Platform = config.PlatformNode
	}
	if o.Conditions == nil {
		o.Conditions = []string{"module"}
	}
	if o.ExtensionOrder == nil {
		o.ExtensionOrder = []string{".tsx", ".ts", ".jsx", ".js", ".css", ".json"}
	}
	return o
}

// externals follows validateExternals of esbuild's pkg/api.
func (r *Resolver) externals() config.ExternalSettings {
	settings := config.ExternalSettings{
		PreResolve:  config.ExternalMatchers{Exact: map[string]bool{}},
		PostResolve: config.ExternalMatchers{Exact: map[string]bool{}},
	}
	for _, path := range r.options.External {
		if prefix, suffix, wild := strings.Cut(path, "*"); wild {
			settings.PreResolve.Patterns = append(settings.PreResolve.Patterns, config.WildcardPattern{Prefix: prefix, Suffix: suffix})
			continue
		}
		settings.PreResolve.Exact[path] = true
		if resolver.IsPackagePath(path) {
			settings.PreResolve.Patterns = append(settings.PreResolve.Patterns, config.WildcardPattern{Prefix: path + "/"})
		} else {
			settings.PostResolve.Exact[r.files.Join(r.options.Root, path)] = true
		}
	}
	return settings
}

// Resolved is what a specifier means.
type Resolved struct {
	// Path is the absolute path of the file with symlinks followed; for external modules and
	// builtins what to import.
	Path string
	// Suffix is a query or hash that had to be taken off to find the file ("?url").
	Suffix string
	// PackageName is the package in node_modules that holds the file, or "".
	PackageName   string
	InNodeModules bool
	// External modules stay imports; IsBuiltin ones are Node's.
	External, IsBuiltin bool
	// Disabled files are empty modules: the package's "browser" field says false.
	Disabled bool
	// NoSideEffects says that the package's "sideEffects" field allows to drop unused imports.
	NoSideEffects bool
}

// ResolveError says why a specifier means nothing.
type ResolveError struct {
	Text string
	// Suggestion is a specifier that would work, or "".
	Suggestion string
	Notes      []string
}

func (e *ResolveError) Error() string {
	return strings.Join(append([]string{e.Text}, e.Notes...), "\n")
}

var importKinds = map[ImportKind]ast.ImportKind{
	StaticImport: ast.ImportStmt, DynamicImport: ast.ImportDynamic, RequireCall: ast.ImportRequire,
}

// Resolve finds what a specifier in a file of that folder means.
func (r *Resolver) Resolve(fromDir, specifier string, kind ImportKind) (Resolved, error) {
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	if r.err != nil {
		return Resolved{}, r.err
	}
	found, debug := r.finder.Resolve(fromDir, specifier, importKinds[kind])
	if found == nil {
		return Resolved{}, r.failure(fromDir, specifier, importKinds[kind], debug)
	}
	path := found.PathPair.Primary
	if kind == RequireCall && found.PathPair.HasSecondary() {
		path = found.PathPair.Secondary
	}
	resolved := Resolved{
		Path:          path.Text,
		Suffix:        path.IgnoredSuffix,
		External:      found.PathPair.IsExternal,
		Disabled:      path.IsDisabled(),
		NoSideEffects: found.PrimarySideEffectsData != nil && !found.PathPair.IsExternal,
	}
	resolved.IsBuiltin = resolved.External && (strings.HasPrefix(path.Text, "node:") || resolver.BuiltInNodeModules[path.Text])
	if !resolved.External {
		resolved.InNodeModules = helpers.IsInsideNodeModules(path.Text)
		resolved.PackageName = packageName(path.Text)
	}
	return resolved, nil
}

// failure is esbuild's own explanation without its advice about its own flags.
func (r *Resolver) failure(fromDir, specifier string, kind ast.ImportKind, debug resolver.DebugMeta) error {
	text, suggestion, notes := bundler.ResolveFailureErrorTextSuggestionNotes(r.finder, specifier, kind, "", r.files,
		fromDir, config.PlatformNode /* or it advises --platform=node */, logger.PrettyPaths{}, debug.ModifiedImportPath, logger.RelPath)
	log := logger.NewDeferLog(logger.DeferLogNoVerboseOrDebug, nil)
	debug.LogErrorMsg(log, nil, logger.Range{}, text, "", notes)
	e := &ResolveError{Text: text, Suggestion: strings.Trim(suggestion, `"`)}
	for _, msg := range log.Done() {
		for _, note := range msg.Notes {
			if !strings.HasPrefix(note.Text, "You can mark the path") {
				e.Notes = append(e.Notes, note.Text)
			}
		}
	}
	if resolver.BuiltInNodeModules[strings.TrimPrefix(specifier, "node:")] {
		e.Notes = append(e.Notes, "It is built into Node: use it in a handler or in a .server.ts module.")
	}
	return e
}

// packageName reads "…/node_modules/@scope/name/file" from its end.
func packageName(file string) string {
	parts := strings.Split(filepath.ToSlash(file), "/")
	for i := len(parts) - 2; i >= 0; i-- {
		if parts[i] != "node_modules" {
			continue
		}
		if name := parts[i+1]; !strings.HasPrefix(name, "@") || i+2 >= len(parts) {
			return name
		}
		return parts[i+1] + "/" + parts[i+2]
	}
	return ""
}
