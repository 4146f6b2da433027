package devserver

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"eclipsa/app"
	"eclipsa/transform"

	"github.com/evanw/esbuild/pkg/api"
)

// npm packages come from one bundle a side, so that Preact, Hono and eclipsa exist once on each
// (DESIGN.md D6). A bundle is a folder below node_modules/.eclipsa/, named after everything that it
// depends on: the next start finds it there.

// entryName is the bundle's module in its folder: .mjs, since Node imports the server's.
const entryName = "deps.mjs"

// bundle is one side's dependencies on disk.
type bundle struct {
	hash   string // of what it was asked for and of every file in it
	folder string // its name is the hash
}

func (b bundle) entry() string { return filepath.Join(b.folder, entryName) }

// bundler makes bundles. Its fields are set once.
type bundler struct {
	project  *app.Project
	eclipsa  string
	external []string // settings.external
	version  string
	define   [2]map[string]string
	// importers names the modules that import a package, by its name, for error messages.
	importers func(s side, name string) []string
}

// cacheFolder is where bundles are kept: beside the app's packages, so that what stays an import in
// them is found, and so that deleting node_modules deletes them.
func (b *bundler) cacheFolder() string {
	return filepath.Join(b.project.AppRoot, "node_modules", ".eclipsa")
}

// make gives the bundle of these packages, by id ("npm:preact", "node:fs"). Its errors are problems
// of the app's packages.
func (b *bundler) make(ctx context.Context, s side, ids map[string]use) (bundle, []transform.Diagnostic) {
	text, folders := entryText(ids), b.folders(ids)
	key := b.key(s, text, folders)
	if made, ok := b.kept(s, key); ok {
		return made, nil
	}
	asked := &asked{}
	result := api.Build(b.options(s, text, folders, asked))
	if len(result.Errors) > 0 {
		return bundle{}, b.problems(s, result.Errors, asked)
	}
	if ctx.Err() != nil {
		return bundle{}, nil
	}
	inputs := b.stampsOf(sortedKeys(readMetafile(result.Metafile).Inputs))
	made := b.named(s, key+inputs.hash())
	if err := b.write(made, result.OutputFiles, inputs); err != nil {
		return bundle{}, []transform.Diagnostic{textDiagnostic("The packages' bundle can't be written: "+err.Error(), "eclipsa keeps it in node_modules/.eclipsa.")}
	}
	return made, nil
}

func (b *bundler) named(s side, hash string) bundle {
	return bundle{hash: hash, folder: filepath.Join(b.cacheFolder(), s.String()+"-"+hash)}
}

// find gives the bundle of these packages if it is there and made of the files that are there.
func (b *bundler) find(s side, ids map[string]use) (bundle, bool) {
	return b.kept(s, b.key(s, entryText(ids), b.folders(ids)))
}

// entryText imports every package under a name of its own, as docs/architecture.md says.
func entryText(ids map[string]use) string {
	var imports, object, lazy strings.Builder
	for i, id := range sortedKeys(ids) {
		specifier := quote(strings.TrimPrefix(id, "npm:"))
		if ids[id].static {
			fmt.Fprintf(&imports, "import * as d%d from %s;\n", i, specifier)
			fmt.Fprintf(&object, "  %s: d%d,\n", quote(id), i)
		} else {
			fmt.Fprintf(&lazy, "  %s: () => import(%s),\n", quote(id), specifier)
		}
	}
	return imports.String() + "export default {\n" + object.String() + "};\nexport const lazy = {\n" + lazy.String() + "};\n"
}

// folders says, for packages that the app's folder doesn't see, from where to look: a package of the
// workspace has dependencies of its own.
func (b *bundler) folders(ids map[string]use) map[string]string {
	folders := map[string]string{}
	for id, use := range ids {
		specifier, npm := strings.CutPrefix(id, "npm:")
		if name := app.PackageName(specifier); npm && name != "" && app.FindPackage(b.project.AppRoot, name) == "" {
			folders[specifier] = use.dir
		}
	}
	return folders
}

// bundleFormat goes up when the same packages would be bundled otherwise than before.
const bundleFormat = 3

// key is a hash of what is asked for. What it leads to is checked file by file (stamps).
func (b *bundler) key(s side, text string, folders map[string]string) string {
	sum := sha256.New()
	fmt.Fprintln(sum, s, bundleFormat, b.version, b.eclipsa, b.external, conditions, b.define[s], folders)
	sum.Write([]byte(text))
	for dir := b.project.AppRoot; ; dir = filepath.Dir(dir) {
		hashInstalled(sum, dir)
		if dir == b.project.Root || dir == filepath.Dir(dir) {
			break
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:8])
}

// requireBanner gives bundled CommonJS, on Node, a require for what stayed outside.
const requireBanner = `import { createRequire as __eclipsaRequire } from "node:module";
const require = __eclipsaRequire(import.meta.url);`

func (b *bundler) options(s side, text string, folders map[string]string, asked *asked) api.BuildOptions {
	options := api.BuildOptions{
		Stdin:         &api.StdinOptions{Contents: text, ResolveDir: b.project.AppRoot, Sourcefile: "eclipsa:dependencies", Loader: api.LoaderJS},
		AbsWorkingDir: b.project.AppRoot,
		Outdir:        filepath.Join(b.project.AppRoot, "node_modules", ".eclipsa", "out"),
		EntryNames:    "deps",
		ChunkNames:    "chunk-[hash]",
		AssetNames:    "asset-[hash]",
		OutExtension:  map[string]string{".js": ".mjs"},
		Bundle:        true,
		Metafile:      true,
		Splitting:     true,
		Format:        api.FormatESModule,
		Target:        api.ES2022,
		JSX:           api.JSXAutomatic,
		TsconfigRaw:   "{}", // the app's is for its own code, and may be broken
		Conditions:    conditions,
		Define:        b.define[s],
		LegalComments: api.LegalCommentsNone,
		LogLevel:      api.LogLevelSilent,
		Loader:        assetLoaders,
		Plugins:       []api.Plugin{{Name: "eclipsa", Setup: func(build api.PluginBuild) { b.plugin(build, s, folders, asked) }}},
	}
	if s == server {
		options.Platform = api.PlatformNode
		options.Banner = map[string]string{"js": requireBanner}
	}
	return options
}

// assetLoaders let packages import the files they come with.
var assetLoaders = map[string]api.Loader{
	".png": api.LoaderDataURL, ".svg": api.LoaderDataURL, ".gif": api.LoaderDataURL, ".jpg": api.LoaderDataURL,
	".woff": api.LoaderDataURL, ".woff2": api.LoaderDataURL, ".ttf": api.LoaderDataURL, ".css": api.LoaderEmpty, ".wasm": api.LoaderBinary,
}

// skip marks resolutions that the plugin itself asks for.
type skip struct{}

var ownPackages = `^(preact|@preact/signals|@preact/signals-core|preact-render-to-string|hono|react|react-dom|eclipsa)(/|$)`

// plugin gives eclipsa's packages one place, whoever imports them, and leaves outside what no
// bundle can hold. The rules are package app's, as in the build.
func (b *bundler) plugin(build api.PluginBuild, s side, folders map[string]string, asked *asked) {
	if s == server {
		otherHosts(build)
	}
	build.OnResolve(api.OnResolveOptions{Filter: ownPackages}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if _, own := args.PluginData.(skip); own {
			return api.OnResolveResult{}, nil
		}
		asked.note(args)
		return b.own(build, args), nil
	})
	build.OnResolve(api.OnResolveOptions{Filter: `^(https?:|data:)`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: args.Path, External: true}, nil
	})
	build.OnResolve(api.OnResolveOptions{Filter: `^[^./\\]`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		name := app.PackageName(args.Path)
		if _, own := args.PluginData.(skip); own || name == "" || args.Kind == api.ResolveEntryPoint {
			return api.OnResolveResult{}, nil
		}
		asked.note(args)
		if folder := folders[args.Path]; folder != "" && args.ResolveDir == b.project.AppRoot {
			return onResolved(build.Resolve(args.Path, api.ResolveOptions{ResolveDir: folder, Kind: args.Kind, PluginData: skip{}})), nil
		}
		if s == client {
			return api.OnResolveResult{}, nil
		}
		if b.project.WhyExternal(b.external, args.ResolveDir, name) != "" {
			return api.OnResolveResult{Path: args.Path, External: true}, nil
		}
		return api.OnResolveResult{}, nil
	})
}

// own resolves a package that must exist once: Preact and eclipsa from eclipsa's own folder, Hono
// from the app's where it has one.
func (b *bundler) own(build api.PluginBuild, args api.OnResolveArgs) api.OnResolveResult {
	specifier := args.Path
	if alias := app.Alias(specifier); alias != "" {
		specifier = alias
	}
	name := app.PackageName(specifier)
	folders := []string{b.eclipsa, app.FindPackage(b.eclipsa, "@preact/signals")}
	if _, always := app.OwnCopy(name); !always {
		folders = append([]string{b.project.AppRoot}, folders...)
	}
	var last api.ResolveResult
	for _, folder := range folders {
		if folder == "" {
			continue
		}
		last = build.Resolve(specifier, api.ResolveOptions{ResolveDir: folder, Kind: args.Kind, PluginData: skip{}})
		if len(last.Errors) == 0 {
			return onResolved(last)
		}
	}
	return api.OnResolveResult{Errors: last.Errors}
}

func onResolved(found api.ResolveResult) api.OnResolveResult {
	return api.OnResolveResult{Errors: found.Errors, Path: found.Path, External: found.External, Namespace: found.Namespace, Suffix: found.Suffix}
}

// write puts the bundle in its place at once: another server of the same app may look for it.
func (b *bundler) write(made bundle, files []api.OutputFile, inputs stamps) error {
	if err := os.MkdirAll(b.cacheFolder(), 0o755); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(b.cacheFolder(), "writing-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	for _, file := range files {
		name := filepath.Base(file.Path)
		if strings.HasPrefix(name, "stdin.") { // esbuild's name for the entry without EntryNames
			name = entryName
		}
		if err := os.WriteFile(filepath.Join(temporary, name), file.Contents, 0o644); err != nil {
			return err
		}
	}
	if err := inputs.write(filepath.Join(temporary, stampsName)); err != nil {
		return err
	}
	if err := os.Rename(temporary, made.folder); err != nil {
		if _, there := os.Stat(made.entry()); there == nil {
			return nil // somebody else was faster
		}
		return err
	}
	b.prune(made)
	return nil
}

// keptBundles is how many of each side stay in the cache: switching branches back is common.
const keptBundles = 6

// prune deletes the oldest bundles. Failing is no harm.
func (b *bundler) prune(newest bundle) {
	side, _, _ := strings.Cut(filepath.Base(newest.folder), "-")
	found := b.cached(side + "-")
	if len(found) <= keptBundles {
		return
	}
	age := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			return 0
		}
		return info.ModTime().UnixNano()
	}
	slices.SortFunc(found, func(x, y string) int { return int(max(-1, min(1, age(y)-age(x)))) })
	for _, old := range found[keptBundles:] {
		if old != newest.folder {
			os.RemoveAll(old)
		}
	}
}

var bundleFile = regexp.MustCompile(`^[A-Za-z0-9_-]+\.mjs$`)

// read reads one file of a bundle, by its plain name.
func (b bundle) read(name string) ([]byte, error) {
	if !bundleFile.MatchString(name) {
		return nil, errors.New("no such file")
	}
	file, err := os.OpenInRoot(b.folder, name) // follows no link that leads out
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}
