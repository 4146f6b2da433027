package build

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"

	"eclipsa/app"
	"eclipsa/transform"

	"github.com/evanw/esbuild/pkg/api"
)

// clientBuild is what the client's bundle became.
type clientBuild struct {
	files  []api.OutputFile
	meta   *metafile
	styles *entrySheet // of +client.tsx
	passes int
	// dropped is the style sheet that no page links ("assets/client-ABC.css"): esbuild gives the
	// entry one with the CSS of all dynamic imports, that is, of all routes.
	dropped string
}

// maxPasses bounds the passes that late marks ask for. Each adds at least one mark, and marks only
// follow chains of re-exports, so real apps stay far below.
const maxPasses = 10

func (b *builder) buildClient(ctx context.Context) (*clientBuild, error) {
	options := b.shared(false)
	options.EntryPointsAdvanced = []api.EntryPoint{{InputPath: app.ClientID, OutputPath: "client"}}
	options.Platform = api.PlatformBrowser
	options.Metafile = true
	options.Conditions = []string{"module", "production"}
	options.Outdir = filepath.Join(b.project.AppRoot, "dist", "client")
	options.MinifyWhitespace, options.MinifyIdentifiers, options.MinifySyntax = true, true, true
	options.LegalComments = api.LegalCommentsNone
	if b.app.Settings.Sourcemap {
		options.Sourcemap = api.SourceMapLinked
		options.SourcesContent = api.SourcesContentExclude
	}
	options.Plugins = []api.Plugin{{Name: "eclipsa", Setup: b.clientPlugin}}
	bundler, failed := api.Context(options)
	if failed != nil {
		return nil, failure(failed.Errors)
	}
	defer bundler.Dispose()
	defer context.AfterFunc(ctx, bundler.Cancel)()
	for pass := 1; ; pass++ {
		result := bundler.Rebuild()
		again := b.marks.late() // also after an error: what it is about may go with the mark
		kept := b.kept.take()
		var meta *metafile
		if len(result.Errors) == 0 {
			var err error
			if meta, err = readMetafile(result.Metafile); err != nil {
				return nil, err
			}
			again = b.edges.used(meta) || again
			again = b.refute(meta, kept) || again
		}
		switch {
		case again && pass < maxPasses && ctx.Err() == nil:
			continue
		case len(kept) > 0:
			return nil, failure(kept.messages())
		case meta == nil:
			return nil, failure(b.explain(result.Errors))
		case again:
			return nil, fmt.Errorf("the client still changes after %d passes; please report this", pass)
		}
		b.warn(result.Warnings...)
		return &clientBuild{files: result.OutputFiles, meta: meta, passes: pass}, nil
	}
}

func (b *builder) clientPlugin(build api.PluginBuild) {
	b.edges.register(build)
	b.common(build, func(id string) (string, error) {
		switch id {
		case app.ClientID:
			return b.app.ClientModule(app.Production), nil
		case app.ClientManifestID:
			return b.app.ClientManifest(), nil
		}
		return b.virtualText(id)
	})
	b.registerCSS(build, true)
	build.OnLoad(api.OnLoadOptions{Filter: sourceFiles, Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		if !b.project.IsSource(args.Path) {
			return api.OnLoadResult{}, nil
		}
		file := b.sources.get(args.Path)
		if file.err != nil {
			return api.OnLoadResult{}, file.err
		}
		return b.clientModule(build, file), nil
	})
}

// clientModule is one source file's text for the browser, and marks what it no longer imports.
func (b *builder) clientModule(build api.PluginBuild, file *source) api.OnLoadResult {
	if transform.IsServerOnly(file.name) {
		// Reported with its chain of imports once the graph is known; until then any import of it
		// resolves.
		b.mu.Lock()
		b.illegal[file.path] = true
		b.mu.Unlock()
		stub := "module.exports = {}"
		return api.OnLoadResult{Contents: &stub, Loader: api.LoaderJS}
	}
	removable := b.marks.take(file.path)
	if len(removable) == 0 && file.plain {
		return b.plain(file)
	}
	result := file.result
	if len(removable) > 0 {
		marked := b.sources.removable(file, removable)
		errs, _ := b.sources.messages(file, marked)
		if own, _ := b.sources.messages(file, result); len(errs) > 0 && len(own) == 0 {
			b.kept.add(file, removable, errs)
			if file.plain {
				return b.plain(file)
			}
		} else {
			result = marked
			b.edges.note(file.path, result.Client)
		}
	}
	b.follow(build, file, removed(result))
	return b.module(file, result.Client, result)
}

// removed are the imports that the client's module lost, the dynamic ones of handlers included.
func removed(result transform.Result) []transform.Import {
	list := slices.Clone(result.Client.Removed)
	for _, one := range result.Server.Imports {
		same := func(other transform.Import) bool { return other.Specifier == one.Specifier && other.Kind == one.Kind }
		if one.Kind != transform.StaticImport && !slices.ContainsFunc(result.Client.Imports, same) {
			list = append(list, one)
		}
	}
	return list
}

// follow marks the exports of other source files that only removed code imported.
func (b *builder) follow(build api.PluginBuild, file *source, removed []transform.Import) {
	for _, edge := range removed {
		if isBuiltin(edge.Specifier) {
			continue
		}
		found := build.Resolve(edge.Specifier, api.ResolveOptions{Importer: file.path, ResolveDir: filepath.Dir(file.path),
			Kind: api.ResolveJSImportStatement, PluginData: skip{}})
		if len(found.Errors) > 0 || found.External || found.Namespace != "file" || !isSourceFile(found.Path) || !b.project.IsSource(found.Path) {
			continue
		}
		if names := b.sources.exported(found.Path, edge); len(names) > 0 {
			b.marks.add(found.Path, names)
		}
	}
}

// explain adds what to do to esbuild's messages about modules that only servers have.
func (b *builder) explain(messages []api.Message) []api.Message {
	messages = own(messages)
	for i, message := range messages {
		if match := missingBuiltin.FindStringSubmatch(message.Text); match != nil && isBuiltin(match[1]) {
			messages[i].Text = "The browser has no " + text(match[1]) + "; only server code can import it"
			messages[i].Notes = []api.Note{{Text: "Use it only in handlers of realtime(), action() or loader(), or move the code that needs it to a .server.ts file."}}
		}
	}
	return messages
}

var missingBuiltin = regexp.MustCompile(`^Could not resolve "([^"]+)"`)

var sourcePattern = regexp.MustCompile(sourceFiles)

func isSourceFile(path string) bool { return sourcePattern.MatchString(path) }
