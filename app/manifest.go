package app

import (
	"fmt"
	"slices"
	"strings"
)

// The virtual modules. They are resolved from the app's root, so "./app/+page.tsx" in their text
// means that file.
const (
	ServerID         = "eclipsa:server"
	ServerManifestID = "eclipsa:server-manifest"
	ClientID         = "eclipsa:client"
	ClientManifestID = "eclipsa:client-manifest"
)

// ManifestData is what the server's manifest holds besides the routes: who bundles or serves the
// app finds it out.
type ManifestData struct {
	Mode    Mode
	Symbols []ManifestSymbol
	// Routes by Route.ID. A route without an entry reaches no symbol and needs no assets.
	Routes map[string]RouteData
	// Assets that every page needs.
	Assets Assets
	// NotFoundScripts are what the page for unknown URLs runs: in development it waits for a route.
	NotFoundScripts []string
}

// ManifestSymbol is a server symbol and the module that registers it.
type ManifestSymbol struct {
	ID, Kind string
	// Specifier is what to import: "./app/+page.tsx", or an absolute path for source packages.
	Specifier string
}

// RouteData is what one route reaches.
type RouteData struct {
	Symbols []string
	Assets  Assets
}

// Assets are URLs with the base.
type Assets struct {
	Scripts []string `json:"scripts"`
	Preload []string `json:"preload"`
	Styles  []string `json:"styles"`
}

// ServerModule is the text of eclipsa:server.
func (a *App) ServerModule() string {
	text := "import { createApp } from \"eclipsa/server\";\n" +
		"import manifest from " + quote(ServerManifestID) + ";\n" +
		"export default createApp(manifest);\n"
	if a.ServerEntry != "" {
		text += "export * from " + specifier(a.ServerEntry) + ";\n"
	}
	return text
}

// ServerManifest is the text of eclipsa:server-manifest: the type Manifest in
// runtime/server/manifest.ts.
func (a *App) ServerManifest(data ManifestData) string {
	var b strings.Builder
	if a.ServerEntry != "" {
		fmt.Fprintf(&b, "import * as serverEntry from %s;\n", specifier(a.ServerEntry))
	}
	fmt.Fprintf(&b, "export default {\n  mode: %s,\n  base: %s,\n  settings: %s,\n  routes: [\n",
		quote(data.Mode), quote(a.Settings.Base), quote(a.serverSettings()))
	for _, route := range a.Routes {
		writeRoute(&b, route, data.Routes[route.ID])
	}
	b.WriteString("  ],\n  symbols: {\n")
	symbols := slices.SortedFunc(slices.Values(data.Symbols), func(x, y ManifestSymbol) int { return strings.Compare(x.ID, y.ID) })
	for _, symbol := range symbols {
		fmt.Fprintf(&b, "    %s: { kind: %s, module: () => import(%s) },\n", quote(symbol.ID), quote(symbol.Kind), quote(symbol.Specifier))
	}
	b.WriteString("  },\n")
	if a.ServerEntry != "" {
		b.WriteString("  serverEntry,\n")
	}
	if a.SSRRoot != "" {
		fmt.Fprintf(&b, "  ssrRoot: %s,\n", thunk(a.SSRRoot))
	}
	if len(data.NotFoundScripts) > 0 {
		fmt.Fprintf(&b, "  notFoundScripts: %s,\n", quote(data.NotFoundScripts))
	}
	fmt.Fprintf(&b, "  assets: %s,\n};\n", quote(data.Assets.orEmpty()))
	return b.String()
}

func writeRoute(b *strings.Builder, route Route, data RouteData) {
	fmt.Fprintf(b, "    { id: %s, segments: %s,", quote(route.ID), quote(orEmpty(route.Segments)))
	optional := []struct{ key, file string }{{"page", route.Page}, {"server", route.Server},
		{"notFound", route.NotFound}, {"error", route.Error}, {"loading", route.Loading}}
	for _, o := range optional {
		if o.file != "" {
			fmt.Fprintf(b, " %s: %s,", o.key, thunk(o.file))
		}
	}
	fmt.Fprintf(b, " layouts: [%s], middlewares: [%s], symbols: %s, assets: %s },\n",
		thunks(route.Layouts), thunks(route.Middlewares), quote(orEmpty(data.Symbols)), quote(data.Assets.orEmpty()))
}

// serverSettings is the part of the settings that the server obeys.
func (a *App) serverSettings() any {
	return struct {
		AllowedHosts   []string `json:"allowedHosts,omitempty"`
		AllowedOrigins []string `json:"allowedOrigins,omitempty"`
		TrustProxy     bool     `json:"trustProxy,omitempty"`
	}{a.Settings.AllowedHosts, a.Settings.AllowedOrigins, a.Settings.TrustProxy}
}

// ClientModule is the text of eclipsa:client.
func (a *App) ClientModule(mode Mode) string {
	text := "import " + quote(ClientManifestID) + ";\n"
	if mode == Development {
		// First: it watches Preact's components from the first one on.
		text = "import \"eclipsa/dev/refresh\";\n" + text
	}
	entry := a.ClientEntry
	if mode == Development && a.ClientDevEntry != "" {
		entry = a.ClientDevEntry
	}
	if entry != "" {
		return text + "import " + specifier(entry) + ";\n"
	}
	return text + "import { resumeContainer } from \"eclipsa\";\nresumeContainer(document);\n"
}

// ClientManifest is the text of eclipsa:client-manifest: the routes that have a page.
func (a *App) ClientManifest() string {
	var b strings.Builder
	fmt.Fprintf(&b, "import { provideRoutes } from \"eclipsa/client\";\nprovideRoutes({ base: %s, routes: {\n", quote(a.Settings.Base))
	for _, route := range a.Routes {
		if route.Page != "" {
			fmt.Fprintf(&b, "  %s: { layouts: [%s], page: %s },\n", quote(route.ID), thunks(route.Layouts), thunk(route.Page))
		}
	}
	b.WriteString("} });\n")
	return b.String()
}

// ClientFiles are the files of a route that the browser may run, outer first.
func (r Route) ClientFiles() []string {
	files := slices.Clone(r.Layouts)
	for _, file := range []string{r.Loading, r.Error, r.NotFound, r.Page} {
		if file != "" && r.Page != "" {
			files = append(files, file)
		}
	}
	return files
}

func specifier(file string) string { return quote("./" + file) }

func thunk(file string) string { return "() => import(" + specifier(file) + ")" }

func thunks(files []string) string {
	texts := make([]string, len(files))
	for i, file := range files {
		texts[i] = thunk(file)
	}
	return strings.Join(texts, ", ")
}

// orEmpty makes nil slices [] in JSON.
func orEmpty[E any](list []E) []E {
	if list == nil {
		return []E{}
	}
	return list
}

func (a Assets) orEmpty() Assets {
	return Assets{orEmpty(a.Scripts), orEmpty(a.Preload), orEmpty(a.Styles)}
}
