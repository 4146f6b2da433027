package devserver

import (
	"net/url"
	"path/filepath"
	"slices"

	"eclipsa/app"
)

// What the graph says about routes: which modules, symbols and stylesheets each of them reaches.

// closure lists the local modules that ids import on a side, imports before importers (the order
// in which they are evaluated), without those in known. dynamic follows import() as well.
func (g *graph) closure(s side, ids []string, dynamic bool, known map[string]bool) (ordered []string) {
	seen := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		m := g.modules[id]
		if m == nil || seen[id] || known[id] || !g.reaches(s, id) {
			return
		}
		seen[id] = true
		for _, dep := range m.outputs[s].deps {
			visit(dep.id)
		}
		ordered = append(ordered, id)
		if dynamic {
			for _, dep := range m.outputs[s].dynamic {
				visit(dep.id)
			}
		}
	}
	for _, id := range ids {
		visit(id)
	}
	return ordered
}

// reachedFrom lists the client modules that ids lead to, dynamic imports included. The manifest leads to
// every route, and so belongs to none.
func (g *graph) reachedFrom(ids []string) []string {
	return g.closure(client, ids, true, map[string]bool{app.ClientManifestID: true})
}

// manifestData is the part of the server's manifest that only the client's graph knows.
func (g *graph) manifestData(a *app.App, root string) app.ManifestData {
	d := app.ManifestData{Mode: app.Development, Routes: map[string]app.RouteData{},
		NotFoundScripts: []string{a.Settings.Base + devPrefix + "client.js"}}
	for _, id := range sortedKeys(g.modules) {
		m := g.modules[id]
		if !g.reaches(client, id) {
			continue
		}
		for _, symbol := range m.symbols {
			d.Symbols = append(d.Symbols, app.ManifestSymbol{ID: symbol.ID, Kind: string(symbol.Kind), Specifier: specifier(m, root)})
		}
	}
	rootStyles := g.rootStyles()
	d.Assets.Styles = g.styleURLs(rootStyles)
	for _, route := range a.Routes {
		reached := g.reachedFrom(route.ClientFiles())
		data := app.RouteData{Symbols: g.symbolsOf(reached)}
		if route.Page != "" {
			data.Assets.Styles = g.linksOf(route.ID, g.stylesBeside(rootStyles, reached))
			data.Assets.Scripts = []string{packURL(a.Settings.Base, route.ID)}
		}
		d.Routes[route.ID] = data
	}
	return d
}

// specifier is how a virtual module, which stands in root, imports a module's file.
func specifier(m *module, root string) string {
	if m.kind == virtual {
		return m.id
	}
	if rel, err := filepath.Rel(root, m.file); err == nil && filepath.IsLocal(rel) {
		return "./" + filepath.ToSlash(rel)
	}
	return filepath.ToSlash(m.file)
}

func packURL(base, route string) string {
	return base + devPrefix + "pack.js?route=" + url.QueryEscape(route)
}

// styles are those of the modules that pages link.
func (g *graph) styles(ids []string) (sheets []string) {
	for _, id := range ids {
		if kind := g.modules[id].kind; kind == style || kind == cssNames {
			sheets = append(sheets, id)
		}
	}
	return sheets
}

func (g *graph) symbolsOf(ids []string) (symbols []string) {
	for _, id := range ids {
		for _, symbol := range g.modules[id].symbols {
			symbols = append(symbols, symbol.ID)
		}
	}
	slices.Sort(symbols)
	return symbols
}

// hasSymbol says whether a server symbol is still there.
func (g *graph) hasSymbol(id string) bool {
	_, ok := g.symbols[id]
	return ok
}
