package build

import (
	"sync"

	"eclipsa/app"

	"github.com/evanw/esbuild/pkg/api"
)

// resolver finds packages that eclipsa brings along: its own copy where the app has none, and of
// Preact always its own. React leads to preact/compat.
type resolver struct {
	b *builder

	mu    sync.Mutex // protects known
	known map[string]api.OnResolveResult
}

func newResolver(b *builder) *resolver {
	return &resolver{b: b, known: map[string]api.OnResolveResult{}}
}

const ownPackages = `^(preact|@preact/signals|@preact/signals-core|preact-render-to-string|hono|react|react-dom)(/|$)`

func (r *resolver) register(build api.PluginBuild) {
	browser := build.InitialOptions.Platform == api.PlatformBrowser
	build.OnResolve(api.OnResolveOptions{Filter: ownPackages}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if isSkip(args) {
			return api.OnResolveResult{}, nil
		}
		return r.own(build, args, browser), nil
	})
	build.OnResolve(api.OnResolveOptions{Filter: `^@eclipsa/node(/|$)`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if isSkip(args) {
			return api.OnResolveResult{}, nil
		}
		if found := build.Resolve(args.Path, r.options(args.Kind, args.ResolveDir)); len(found.Errors) == 0 {
			return resolved(found), nil
		}
		return resolved(build.Resolve(args.Path, r.options(args.Kind, r.b.eclipsa))), nil
	})
}

func (r *resolver) own(build api.PluginBuild, args api.OnResolveArgs, browser bool) api.OnResolveResult {
	specifier := args.Path
	if alias := app.Alias(specifier); alias != "" {
		specifier = alias
	}
	own, always := app.OwnCopy(app.PackageName(specifier))
	if !own {
		return api.OnResolveResult{}
	}
	if !always {
		if found := build.Resolve(specifier, r.options(args.Kind, args.ResolveDir)); len(found.Errors) == 0 {
			return resolved(found)
		}
	}
	key := specifier
	if args.Kind == api.ResolveJSRequireCall {
		key = "require " + key
	}
	if browser {
		key = "browser " + key
	}
	r.mu.Lock()
	known, ok := r.known[key]
	r.mu.Unlock()
	if ok {
		return known
	}
	found := build.Resolve(specifier, r.options(args.Kind, r.b.eclipsa))
	if len(found.Errors) > 0 { // a dependency of a dependency, installed where only that one sees it
		found = build.Resolve(specifier, r.options(args.Kind, app.FindPackage(r.b.eclipsa, "@preact/signals")))
	}
	if len(found.Errors) > 0 {
		return api.OnResolveResult{}
	}
	result := resolved(found)
	r.mu.Lock()
	r.known[key] = result
	r.mu.Unlock()
	return result
}

func (r *resolver) options(kind api.ResolveKind, dir string) api.ResolveOptions {
	if dir == "" {
		dir = r.b.eclipsa
	}
	return api.ResolveOptions{ResolveDir: dir, Kind: kind, PluginData: skip{}}
}

// resolved passes on what esbuild found.
func resolved(found api.ResolveResult) api.OnResolveResult {
	result := api.OnResolveResult{Path: found.Path, External: found.External, Namespace: found.Namespace, Suffix: found.Suffix,
		Errors: found.Errors, Warnings: found.Warnings}
	if !found.SideEffects {
		result.SideEffects = api.SideEffectsFalse
	}
	return result
}
