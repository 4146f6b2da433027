package build

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"eclipsa/app"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	nodeID = "eclipsa:node"
	// prefetchID is a module that nothing uses: it names what the manifest will name, so that the
	// server's build reads and parses the app while the manifest waits for the client's.
	prefetchID = "eclipsa:prefetch"
)

// errNoClient ends a server build whose client failed; it is no message of its own.
var errNoClient = errors.New("the client's build failed")

func (b *builder) buildServer(ctx context.Context, ready <-chan *facts) (api.BuildResult, error) {
	host := hosts[b.app.Settings.BuildHost]
	options := b.shared(true)
	options.EntryPointsAdvanced = []api.EntryPoint{{InputPath: app.ServerID, OutputPath: "index"}}
	if host.name == "node" {
		options.EntryPointsAdvanced = append(options.EntryPointsAdvanced, api.EntryPoint{InputPath: nodeID, OutputPath: "node"})
	}
	options.Platform = host.platform
	options.MainFields = host.mainFields
	options.Conditions = host.conditions
	options.Outdir = filepath.Join(b.project.AppRoot, "dist", "server")
	options.OutExtension = map[string]string{".js": ".mjs"}
	options.EntryNames, options.ChunkNames = "[name]", "chunks/[name]-[hash]"
	options.Sourcemap = api.SourceMapLinked
	options.Plugins = []api.Plugin{{Name: "eclipsa", Setup: func(build api.PluginBuild) { b.serverPlugin(build, host, ready) }}}
	bundler, failed := api.Context(options)
	if failed != nil {
		return api.BuildResult{}, failure(failed.Errors)
	}
	defer bundler.Dispose()
	defer context.AfterFunc(ctx, bundler.Cancel)()
	result := bundler.Rebuild()
	waited := func(m api.Message) bool { return strings.Contains(m.Text, errNoClient.Error()) }
	if messages := slices.DeleteFunc(result.Errors, waited); len(messages) > 0 {
		return result, failure(own(messages))
	} else if len(result.OutputFiles) == 0 {
		return result, errNoClient
	}
	b.warn(result.Warnings...)
	return result, nil
}

func (b *builder) serverPlugin(build api.PluginBuild, host host, ready <-chan *facts) {
	b.natives.register(build, host)
	b.common(build, func(id string) (string, error) {
		switch id {
		case app.ServerID:
			return b.app.ServerModule() + "import " + text(prefetchID) + ";\n", nil
		case prefetchID:
			return b.app.ServerManifest(app.ManifestData{}), nil
		case nodeID:
			return b.nodeModule(), nil
		case app.ServerManifestID:
			facts, ok := <-ready
			if !ok {
				return "", errNoClient
			}
			return b.app.ServerManifest(facts.manifest), nil
		}
		return b.virtualText(id)
	})
	b.registerCSS(build, false)
	build.OnResolve(api.OnResolveOptions{Filter: "^\\./index\\.mjs$"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if args.Importer != nodeID {
			return api.OnResolveResult{}, nil
		}
		return api.OnResolveResult{Path: args.Path, External: true}, nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: sourceFiles, Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		if !b.project.IsSource(args.Path) {
			return api.OnLoadResult{}, nil
		}
		file := b.sources.get(args.Path)
		if file.err != nil {
			return api.OnLoadResult{}, file.err
		}
		if file.plain {
			return b.plain(file), nil
		}
		return b.module(file, file.result.Server, file.result), nil
	})
}

// nodeModule is server/node.mjs: the whole server, given the handler and the files beside it.
func (b *builder) nodeModule() string {
	return "import { serve } from \"@eclipsa/node/serve\";\n" +
		"import createHandler from \"./index.mjs\";\n" +
		"serve({ createHandler, clientDir: new URL(\"../client/\", import.meta.url), base: " + text(b.app.Settings.Base) + " });\n"
}
