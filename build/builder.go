package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"eclipsa/app"

	"github.com/evanw/esbuild/pkg/api"
)

// builder is what the parts of one build share. Its fields are set by open and only read later,
// but for those with locks of their own.
type builder struct {
	options  Options
	app      *app.App
	project  *app.Project
	env      app.Env
	defines  map[string]string // for transform
	outDir   string
	eclipsa  string // folder of the package, a real path
	sources  *sources
	assets   *assets
	marks    *marks
	edges    *edges
	kept     *keptStatements
	resolver *resolver
	natives  *natives

	mu       sync.Mutex // protects what follows
	warnings []api.Message
	illegal  map[string]bool // server-only files that the client's graph holds
	sheets   map[string]bool // style sheets that the server's graph holds
}

func open(options Options) (*builder, error) {
	a, err := app.Load(options.Root, options.Overrides...)
	if err != nil {
		return nil, err
	}
	project, err := app.OpenProject(a.Root)
	if err != nil {
		return nil, err
	}
	env, err := app.LoadEnv(a.Root, app.Production, options.Environ)
	if err != nil {
		return nil, err
	}
	eclipsa := app.FindPackage(project.AppRoot, "eclipsa")
	if eclipsa == "" {
		return nil, &app.Problem{Text: fmt.Sprintf("the package eclipsa is not installed in %s", a.Root), Hint: "Run `npm install eclipsa`."}
	}
	b := &builder{options: options, app: a, project: project, env: env, eclipsa: eclipsa,
		defines: a.Defines(app.Production, env), outDir: options.OutDir, illegal: map[string]bool{}, sheets: map[string]bool{}}
	if b.outDir == "" {
		b.outDir = filepath.Join(a.Root, "dist")
	}
	b.sources = newSources(b)
	b.assets = newAssets(a.Settings.Base)
	b.marks = newMarks()
	b.edges = newEdges()
	b.kept = &keptStatements{}
	b.resolver = newResolver(b)
	b.natives = newNatives(b)
	return b, nil
}

// bundle makes all of dist/; again, with the sources known, if one needs all of import.meta.env. That
// is rare, and having it always would put a call into every module.
func (b *builder) bundle(ctx context.Context) (out *output, passes int, err error) {
	whole := b.sources.wholeEnv.Load()
	out, passes, err = b.bundleOnce(ctx)
	if err == nil && whole != b.sources.wholeEnv.Load() {
		out, passes, err = b.bundleOnce(ctx)
	}
	return out, passes, err
}

// bundleOnce runs both builds at once. The server's waits, in one plugin callback only, for what the
// client's finds out; while it links, the client's files are compressed.
func (b *builder) bundleOnce(ctx context.Context) (out *output, passes int, err error) {
	ready := make(chan *facts, 1)
	out = newOutput(b.app.Settings.Compress)
	var clientErr error
	var meta *metafile
	var work sync.WaitGroup
	work.Go(func() {
		defer close(ready)
		var client *clientBuild
		if client, clientErr = b.buildClient(ctx); clientErr != nil {
			return
		}
		passes, meta = client.passes, client.meta
		var f *facts
		if f, clientErr = b.findFacts(client); clientErr == nil {
			ready <- f
			clientErr = out.addClient(b, client)
		}
	})
	server, serverErr := b.buildServer(ctx, ready)
	work.Wait()
	if err := merge(clientErr, serverErr); err != nil {
		return nil, 0, err
	}
	out.unlinked = b.unlinked(meta)
	return out, passes, out.addServer(b, server)
}

// unlinked are the style sheets that only +ssr-root, +error or +not-found import: the browser's
// bundle has none of these files.
func (b *builder) unlinked(meta *metafile) []string {
	var list []string
	for path := range b.sheets {
		_, plain := meta.Inputs[b.input(path)]
		if _, module := meta.Inputs[cssModuleNS+":"+path]; !plain && !module {
			list = append(list, b.place(path)+" is imported only by files that run on the server alone, so no page links it: import it in +layout or +client too.")
		}
	}
	slices.Sort(list)
	return list
}

// name says what a file is called in messages and ids.
func (b *builder) name(path string) string { return b.project.ModulePath(path) }

// place is a path for messages: relative to the app where that is shorter.
func (b *builder) place(path string) string {
	if rel, err := filepath.Rel(b.project.AppRoot, path); err == nil && !strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(rel)
	}
	return path
}

func (b *builder) warn(messages ...api.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, message := range messages {
		if !slices.ContainsFunc(b.warnings, func(m api.Message) bool { return sameMessage(m, message) }) {
			b.warnings = append(b.warnings, message)
		}
	}
}

// notes are the sentences below the table.
func (b *builder) notes() []string {
	notes := b.natives.notes()
	for _, text := range api.FormatMessages(b.warnings, api.FormatMessagesOptions{Kind: api.WarningMessage, Color: b.options.Terminal}) {
		notes = append(notes, strings.TrimSpace(text))
	}
	return notes
}

// exists says whether an absolute path is a file.
func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
