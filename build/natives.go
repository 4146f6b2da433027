package build

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"eclipsa/app"

	"github.com/evanw/esbuild/pkg/api"
)

// natives decides which imports of server code stay imports: the host's builtins, packages named in
// `external`, and packages with native addons, which no bundle can hold. What bundled CommonJS
// requires of them is imported at the top of the chunk, since workerd has no createRequire: a
// virtual module `import * as x from "node:events"; module.exports = x.default` stands in.
type natives struct {
	b *builder

	mu     sync.Mutex        // protects stayed
	stayed map[string]string // package → why
}

func newNatives(b *builder) *natives {
	return &natives{b: b, stayed: map[string]string{}}
}

func (n *natives) register(build api.PluginBuild, host host) {
	build.OnResolve(api.OnResolveOptions{Filter: `^[^./\\]`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if isSkip(args) || args.Kind == api.ResolveEntryPoint {
			return api.OnResolveResult{}, nil
		}
		return n.resolve(args, host), nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: builtinNS}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		text := fmt.Sprintf("import * as x from %s; module.exports = x.default ?? x", text(args.Path))
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS, ResolveDir: args.PluginData.(string)}, nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: `\.node$`, Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		name := "the package"
		if pkg := n.b.project.PackageOf(filepath.Dir(args.Path)); pkg != nil {
			name = text(pkg.Name)
		}
		return api.OnLoadResult{Errors: []api.Message{{Text: fmt.Sprintf("%s is a native addon, which can't be bundled", n.b.place(args.Path)),
			Notes: []api.Note{{Text: fmt.Sprintf("Add %s to \"external\" in eclipsa.config.json and install it beside dist/.", name)}}}}}, nil
	})
}

func (n *natives) resolve(args api.OnResolveArgs, host host) api.OnResolveResult {
	specifier := args.Path
	switch {
	case host.own(specifier):
		return api.OnResolveResult{Path: specifier, External: true}
	case strings.HasPrefix(specifier, "node:") || isBuiltin(specifier):
		if !host.has(specifier) {
			return n.lacking(args, host)
		}
		return n.keep(args, "node:"+strings.TrimPrefix(specifier, "node:"))
	}
	name := app.PackageName(specifier)
	why := n.b.project.WhyExternal(n.b.app.Settings.External, args.ResolveDir, name)
	switch {
	case why == "":
		return api.OnResolveResult{}
	case why == app.NativeAddon && args.Kind == api.ResolveJSRequireCall && n.optional(name, args.ResolveDir):
		// Left out: a hard import of what its importer can do without (ws and bufferutil)
		// would break dist/ where it is missing. The require in its try block throws.
		return api.OnResolveResult{Path: specifier, External: true}
	}
	n.mu.Lock()
	n.stayed[name] = why
	n.mu.Unlock()
	return n.keep(args, specifier)
}

// keep leaves an import as it is; a require becomes one.
func (n *natives) keep(args api.OnResolveArgs, specifier string) api.OnResolveResult {
	if args.Kind == api.ResolveJSRequireCall {
		return api.OnResolveResult{Path: specifier, Namespace: builtinNS, PluginData: args.ResolveDir}
	}
	return api.OnResolveResult{Path: specifier, External: true}
}

func (n *natives) lacking(args api.OnResolveArgs, host host) api.OnResolveResult {
	hint := "Remove the import, or build for another host."
	if host.name == "node" {
		hint = "Node 20 has no such module; check its name."
	}
	return api.OnResolveResult{Errors: []api.Message{{
		Text:  fmt.Sprintf("%s imports %q, which %s doesn't have", n.b.place(args.Importer), args.Path, host.name),
		Notes: []api.Note{{Text: hint}},
	}}}
}

// optional says whether the package around dir can do without another.
func (n *natives) optional(name, dir string) bool {
	pkg := n.b.project.PackageOf(dir)
	return pkg != nil && (pkg.Optional[name] != "" || pkg.PeersMeta[name].Optional)
}

func (n *natives) notes() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var notes []string
	for name, why := range n.stayed {
		notes = append(notes, app.StaysImport(name, why))
	}
	slices.Sort(notes)
	return notes
}
