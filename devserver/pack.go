package devserver

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"eclipsa/app"
)

// Packs: one response with many client modules, each replaceable alone (DESIGN.md D6). The text is
// an ES module that imports the registry (client.js) and the packages natively and defines the rest.

// pack is what one response holds.
type pack struct {
	modules []*module
	start   bool     // it is a page's first one
	styles  []string // URLs of the stylesheets that the page got in one
	deps    string
	number  int // of the last update that is in it
}

// routePack holds everything that a page of the route evaluates at its start.
func (p *project) routePack(route string) (pack, bool) {
	known, ok := p.pageRoute(route)
	if !ok {
		return pack{}, false
	}
	made := p.pack(append([]string{app.ClientID}, known.ClientFiles()...), nil, true)
	if ids := p.graph.routeStyles(known); isPacked(ids) {
		made.styles = p.graph.styleURLs(ids)
	}
	return made, true
}

// pageRoute is the route with a page of its own.
func (p *project) pageRoute(id string) (route app.Route, ok bool) {
	i := slices.IndexFunc(p.app.Routes, func(known app.Route) bool { return known.ID == id && known.Page != "" })
	if i < 0 {
		return route, false
	}
	return p.app.Routes[i], true
}

// modulePack holds one module and what it imports, for dynamic imports; what every page has from
// its first pack is left out.
func (p *project) modulePack(id string) (pack, bool) {
	m := p.graph.modules[id]
	if m == nil || !p.graph.reaches(client, id) {
		return pack{}, false
	}
	known := map[string]bool{}
	for _, started := range p.graph.closure(client, []string{app.ClientID}, false, nil) {
		known[started] = started != id
	}
	return p.pack([]string{id}, known, false), true
}

func (p *project) pack(ids []string, known map[string]bool, start bool) pack {
	made := pack{start: start, deps: p.bundles[client].hash, number: p.updates.number}
	for _, id := range p.graph.closure(client, ids, false, known) {
		made.modules = append(made.modules, p.graph.modules[id])
	}
	return made
}

// tag changes when any module of the pack does. Browsers then compile again; else they don't, and
// what they miss by an older number is what they have.
func (k pack) tag() string {
	sum := sha256.New()
	fmt.Fprintln(sum, k.deps, k.start, k.styles)
	for _, m := range k.modules {
		fmt.Fprintln(sum, m.id, m.outputs[client].hash)
	}
	return fmt.Sprintf(`"%x"`, sum.Sum(nil)[:12])
}

// write streams the pack's text. One line per wrapper, so that a source map of sections is easy.
func (k pack) write(w io.Writer, base string) error {
	out := bufio.NewWriterSize(w, 64<<10)
	fmt.Fprintf(out, "import { start } from %s;\nimport external, { lazy } from %s;\nconst registry = start({ external, lazy, version: %d, stylesheets: %s });\n",
		quote(base+devPrefix+"client.js"), quote(base+devPrefix+"deps/"+k.deps+"/"+entryName), k.number, quote(append([]string{}, k.styles...)))
	for _, m := range k.modules {
		writeDefine(out, m)
	}
	if k.start {
		fmt.Fprintf(out, "registry.import(%s);\n", quote(app.ClientID))
	}
	return out.Flush()
}

func writeDefine(out *bufio.Writer, m *module) {
	made := m.outputs[client]
	out.WriteString("registry.define(" + quote(m.id) + ", " + quote(idsOf(made.deps)) + ", " + quote(idsOf(made.dynamic)) + ",\n")
	out.WriteString(made.code())
	out.WriteString("\n);\n")
}

func idsOf(places []place) []string {
	ids := make([]string, len(places))
	for i, at := range places {
		ids[i] = at.id
	}
	return ids
}

// section is one part of an index source map.
type section struct {
	Offset struct {
		Line   int `json:"line"`
		Column int `json:"column"`
	} `json:"offset"`
	Map json.RawMessage `json:"map"`
}

// writeMap makes the pack's source map: a section a module, each made now, when devtools ask.
func (k pack) writeMap(w io.Writer, l *loader) error {
	index := struct {
		Version  int       `json:"version"`
		Sections []section `json:"sections"`
	}{Version: 3, Sections: []section{}}
	line := 3
	for _, m := range k.modules {
		line++ // registry.define(…
		if text := l.sourceMapText(m, client, ""); text != nil {
			one := section{Map: text}
			one.Offset.Line = line
			index.Sections = append(index.Sections, one)
		}
		line += strings.Count(m.outputs[client].code(), "\n") + 2
	}
	return json.NewEncoder(w).Encode(index)
}

// servePack answers pack.js and pack.js.map.
func (p *project) servePack(w http.ResponseWriter, r *http.Request, wantMap bool) bool {
	query := r.URL.Query()
	p.mu.RLock()
	var made pack
	var ok bool
	if query.Has("route") {
		made, ok = p.routePack(query.Get("route"))
	} else {
		made, ok = p.modulePack(query.Get("module"))
	}
	loader := p.graph.loader
	p.mu.RUnlock()
	if !ok {
		return false
	}
	header := w.Header()
	if wantMap {
		header.Set("Content-Type", "application/json")
		header.Set("Cache-Control", "no-store")
		made.writeMap(w, loader)
		return true
	}
	header.Set("SourceMap", p.base+devPrefix+"pack.js.map?"+r.URL.RawQuery)
	if !freshText(w, r, made.tag(), "text/javascript; charset=utf-8") {
		made.write(w, p.base)
	}
	return true
}

// serveUpdate answers update.js?version=…: the modules of an update as a script, for pages whose
// CSP forbids to evaluate the texts that the hot channel brings.
func (p *project) serveUpdate(w http.ResponseWriter, r *http.Request) bool {
	number, err := strconv.Atoi(r.URL.Query().Get("version"))
	if err != nil {
		return false
	}
	p.mu.RLock()
	ids, ok := p.updates.since(number - 1)
	var made pack
	for _, id := range ids {
		if m := p.graph.modules[id]; m != nil && p.graph.reaches(client, id) {
			made.modules = append(made.modules, m)
		}
	}
	p.mu.RUnlock()
	if !ok {
		return false
	}
	header := w.Header()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "import { start } from %s;\nconst registry = start();\n", quote(p.base+devPrefix+"client.js"))
	for _, m := range made.modules {
		writeDefine(out, m)
	}
	out.Flush()
	return true
}

// serveMap answers with the source map of one client module, which came as a text of its own with
// a parenthesis in front.
func (p *project) serveMap(w http.ResponseWriter, id string) bool {
	p.mu.RLock()
	m, loader := p.graph.modules[id], p.graph.loader
	ok := m != nil && p.graph.reaches(client, id)
	p.mu.RUnlock()
	if !ok {
		return false
	}
	text := loader.sourceMapText(m, client, "")
	if text == nil {
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(text)
	return true
}

// freshText sets the headers of a text that browsers keep but ask for each time, and answers 304
// if they have it.
func freshText(w http.ResponseWriter, r *http.Request, tag, contentType string) (known bool) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", "no-cache")
	header.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return true
	}
	return false
}

// serveText answers with a text, or says that the browser has it.
func serveText(w http.ResponseWriter, r *http.Request, text, contentType string) {
	sum := sha256.Sum256([]byte(text))
	if !freshText(w, r, fmt.Sprintf(`"%x"`, sum[:12]), contentType) {
		io.WriteString(w, text)
	}
}
