package build

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"eclipsa/app"
	"eclipsa/transform"

	"github.com/evanw/esbuild/pkg/api"
)

// facts are what only the client's finished graph tells the server.
type facts struct{ manifest app.ManifestData }

func (b *builder) findFacts(client *clientBuild) (*facts, error) {
	if err := b.illegalImports(client.meta); err != nil {
		return nil, err
	}
	symbols, owners, err := b.symbols(client.meta)
	if err != nil {
		return nil, err
	}
	entry := client.meta.chunks[virtualNS+":"+app.ClientID]
	client.dropped = publicName(strings.TrimPrefix(client.meta.Outputs[entry].CSSBundle, "dist/client/"))
	f := &facts{}
	f.manifest = app.ManifestData{Mode: app.Production, Symbols: symbols, Routes: map[string]app.RouteData{}}
	if client.styles, err = b.entryStyles(client.meta); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	f.manifest.Assets = app.Assets{Scripts: []string{b.url(entry)}, Styles: client.styles.urls(b), Preload: b.urls(client.meta.preload(entry, seen)[1:])}
	for _, route := range b.app.Routes {
		f.manifest.Routes[route.ID] = app.RouteData{
			Symbols: b.reached(client.meta, route, owners),
			Assets:  b.routeAssets(client.meta, route, seen),
		}
	}
	return f, nil
}

// symbols collects the server symbols of the client's graph, by the file that registers them.
func (b *builder) symbols(meta *metafile) (list []app.ManifestSymbol, owners map[string][]string, err error) {
	owners = map[string][]string{}
	roots := meta.roots(b.pageFiles())
	first := map[string]*source{}
	var messages []api.Message
	b.sources.files.Range(func(key, value any) bool {
		file := value.(*source)
		input := b.input(file.path)
		if _, inGraph := meta.Inputs[input]; !inGraph {
			return true
		}
		for _, symbol := range file.result.Symbols {
			if other := first[symbol.ID]; other != nil {
				messages = append(messages, b.collision(symbol, other, file))
				continue
			}
			first[symbol.ID] = file
			owners[input] = append(owners[input], symbol.ID)
			list = append(list, app.ManifestSymbol{ID: symbol.ID, Kind: string(symbol.Kind), Specifier: b.specifier(cmp.Or(roots[input], input))})
		}
		return true
	})
	return list, owners, failure(messages)
}

func (b *builder) collision(symbol transform.Symbol, one, other *source) api.Message {
	place := func(file *source) string {
		for _, s := range file.result.Symbols {
			if s.ID == symbol.ID {
				return fmt.Sprintf("%s:%d:%d", b.place(file.path), s.Line, s.Column)
			}
		}
		return b.place(file.path)
	}
	places := []string{place(one), place(other)}
	slices.Sort(places)
	return api.Message{
		Text:  fmt.Sprintf("Two server symbols have the id %q: %s and %s", symbol.ID, places[0], places[1]),
		Notes: []api.Note{{Text: "Ids hash the module's path and the binding's name. Rename one of the two bindings (or packages)."}},
	}
}

// specifier is how the manifest imports an input.
func (b *builder) specifier(input string) string {
	if !strings.HasPrefix(input, "../") && !path.IsAbs(input) {
		return "./" + input
	}
	return b.absolute(input)
}

// reached lists the symbols that a route's client modules reach.
func (b *builder) reached(meta *metafile, route app.Route, owners map[string][]string) []string {
	var ids []string
	seen := map[string]bool{}
	for _, file := range route.ClientFiles() {
		meta.reach(file, seen, func(input string) { ids = append(ids, owners[input]...) })
	}
	slices.Sort(ids)
	return ids
}

// routeAssets are what a route's page needs beside what every page does (known).
func (b *builder) routeAssets(meta *metafile, route app.Route, known map[string]bool) app.Assets {
	var assets app.Assets
	seen := map[string]bool{}
	for output := range known {
		seen[output] = true
	}
	for _, file := range route.ClientFiles() {
		chunk := meta.chunks[file]
		assets.Preload = append(assets.Preload, b.urls(meta.preload(chunk, seen))...)
		if css := meta.Outputs[chunk].CSSBundle; css != "" && !slices.Contains(assets.Styles, b.url(css)) {
			assets.Styles = append(assets.Styles, b.url(css))
		}
	}
	return assets
}

// url is where an output ("dist/client/assets/x.js") is served.
func (b *builder) url(output string) string {
	return b.app.Settings.Base + publicName(strings.TrimPrefix(output, "dist/client/"))
}

func (b *builder) urls(outputs []string) []string {
	urls := make([]string, len(outputs))
	for i, output := range outputs {
		urls[i] = b.url(output)
	}
	return urls
}

// illegalImports reports server-only modules that the browser's code imports, with the chain.
func (b *builder) illegalImports(meta *metafile) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var messages []api.Message
	for file := range b.illegal {
		chain := meta.chain(b.clientRoots(), b.input(file))
		if chain == nil {
			continue
		}
		m := api.Message{Text: fmt.Sprintf("%s is server-only, but the browser's code imports it", b.place(file)),
			Notes: []api.Note{{Text: "The chain of imports: " + strings.Join(chain, " → ")},
				{Text: "Use what it exports only in handlers of realtime(), action() or loader(), or import it in `if (IS_SSR) { … }`."}}}
		if len(chain) > 1 {
			m.Location = b.importLocation(meta, chain[len(chain)-2], chain[len(chain)-1])
		}
		messages = append(messages, m)
	}
	slices.SortFunc(messages, func(x, y api.Message) int { return strings.Compare(x.Text, y.Text) })
	return failure(messages)
}

// clientRoots are where chains begin for the user: the route files, then the virtual entry.
func (b *builder) clientRoots() []string {
	return append(b.pageFiles(), b.app.ClientEntry, virtualNS+":"+app.ClientID)
}

// pageFiles are the route files that the browser may run.
func (b *builder) pageFiles() []string {
	var files []string
	for _, route := range b.app.Routes {
		files = append(files, route.ClientFiles()...)
	}
	return files
}

// importLocation finds the import's specifier in the importer's text.
func (b *builder) importLocation(meta *metafile, importer, target string) *api.Location {
	for _, edge := range meta.Inputs[importer].Imports {
		if edge.Path != target || b.absolute(importer) == "" {
			continue
		}
		file := b.sources.get(b.absolute(importer))
		for number, line := range strings.Split(file.text, "\n") {
			for _, quote := range []string{`"`, `'`, "`"} {
				if column := strings.Index(line, quote+edge.Original+quote); column >= 0 {
					return &api.Location{File: importer, Line: number + 1, Column: column, Length: len(edge.Original) + 2, LineText: line}
				}
			}
		}
	}
	return nil
}
