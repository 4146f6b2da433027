package build

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"eclipsa/app"
	"eclipsa/app/cssmodule"
	"eclipsa/transform"

	"github.com/evanw/esbuild/pkg/api"
)

// Namespaces of modules that are no plain files.
const (
	virtualNS   = "eclipsa"
	rawNS       = "raw"
	urlNS       = "url"
	publicNS    = "public"
	cssModuleNS = "css-module"
	builtinNS   = "builtin"
	externalNS  = "external"
)

const sourceFiles = `\.[mc]?[jt]sx?$`

// skip marks resolutions that a plugin itself asks esbuild for.
type skip struct{}

func isSkip(args api.OnResolveArgs) bool { _, ok := args.PluginData.(skip); return ok }

// common is what both builds share: virtual modules, dependencies that eclipsa brings, assets.
func (b *builder) common(build api.PluginBuild, virtual func(id string) (string, error)) {
	build.OnResolve(api.OnResolveOptions{Filter: "^eclipsa:"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		result := api.OnResolveResult{Path: args.Path, Namespace: virtualNS}
		if args.Path == prefetchID {
			result.SideEffects = api.SideEffectsFalse
		}
		return result, nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: virtualNS}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		text, err := virtual(args.Path)
		return api.OnLoadResult{Contents: &text, ResolveDir: b.project.AppRoot, Loader: api.LoaderJS}, err
	})
	b.resolver.register(build)
	b.registerAssets(build)
}

// virtualText serves the virtual modules that both sides may import.
func (b *builder) virtualText(id string) (string, error) {
	if id == transform.HelpersSpecifier {
		return transform.Helpers(), nil
	}
	return "", fmt.Errorf("there is no module %q", id)
}

// module answers esbuild with one side's text of a source file.
func (b *builder) module(file *source, module transform.Module, result transform.Result) api.OnLoadResult {
	errs, warnings := b.sources.messages(file, result)
	b.warn(warnings...)
	if len(errs) > 0 {
		return api.OnLoadResult{Errors: errs}
	}
	if module.Unchanged {
		return b.plain(file)
	}
	code := module.Code
	if module.Map != nil {
		code += "\n//# sourceMappingURL=data:application/json;base64," + base64Text(module.Map) + "\n"
	}
	return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS, ResolveDir: filepath.Dir(file.path)}
}

// plain answers with the source text itself.
func (b *builder) plain(file *source) api.OnLoadResult {
	text := b.sources.plainText(file)
	return api.OnLoadResult{Contents: &text, Loader: loader(file.path), ResolveDir: filepath.Dir(file.path)}
}

// cssModule compiles a *.module.css for one side. Only the client has its style sheet.
func (b *builder) cssModule(path string, client bool) (names, css string, errs []api.Message) {
	text, err := readText(path)
	if err != nil {
		return "", "", []api.Message{{Text: err.Error()}}
	}
	compiled, err := cssmodule.Compile(b.name(path), text)
	if mistake, ok := err.(*cssmodule.Error); ok {
		line := strings.Split(text, "\n")[mistake.Line-1]
		return "", "", []api.Message{{Text: mistake.Text, Location: &api.Location{File: b.place(path), Line: mistake.Line,
			Column: byteOffset(line, mistake.Column-1), LineText: line}}}
	}
	if client {
		return compiled.JS("eclipsa-css:" + path), compiled.CSS, nil
	}
	return compiled.JS(""), "", nil
}

// sheet notes a style sheet that server code imports: one that only it imports reaches no page.
func (b *builder) sheet(path string, client bool) {
	if client {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sheets[path] = true
}

func (b *builder) registerCSS(build api.PluginBuild, client bool) {
	build.OnLoad(api.OnLoadOptions{Filter: `\.module\.css$`, Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		b.sheet(args.Path, client)
		names, _, errs := b.cssModule(args.Path, client)
		return api.OnLoadResult{Contents: &names, Errors: errs, Loader: api.LoaderJS, ResolveDir: filepath.Dir(args.Path)}, nil
	})
	if !client {
		empty := ""
		build.OnLoad(api.OnLoadOptions{Filter: `\.css$`, Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			b.sheet(args.Path, false)
			return api.OnLoadResult{Contents: &empty, Loader: api.LoaderJS}, nil
		})
		return
	}
	build.OnResolve(api.OnResolveOptions{Filter: "^eclipsa-css:"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: strings.TrimPrefix(args.Path, "eclipsa-css:"), Namespace: cssModuleNS}, nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: cssModuleNS}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		_, css, errs := b.cssModule(args.Path, true)
		return api.OnLoadResult{Contents: &css, Errors: errs, Loader: api.LoaderCSS, ResolveDir: filepath.Dir(args.Path)}, nil
	})
}

// shared are the options of both builds.
func (b *builder) shared(ssr bool) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir:   b.project.AppRoot,
		Bundle:          true,
		Splitting:       true,
		Format:          api.FormatESModule,
		Target:          api.ES2022,
		JSX:             api.JSXAutomatic,
		JSXImportSource: "eclipsa",
		Define:          b.app.SideDefines(app.Production, b.env, ssr, b.sources.wholeEnv.Load()),
		ChunkNames:      "assets/[name]-[hash]",
		EntryNames:      "assets/[name]-[hash]",
		Write:           false,
		LogLevel:        api.LogLevelSilent,
		LogLimit:        50,
		LogOverride:     map[string]api.LogLevel{"ignored-bare-import": api.LogLevelSilent},
	}
}

// text quotes a string for JavaScript.
func text(value string) string {
	quoted, err := json.Marshal(value)
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(quoted)
}
