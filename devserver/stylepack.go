package devserver

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"eclipsa/app"
)

// A route's stylesheets in one response, so that a page's first frame waits for one and not for
// hundreds. The page then links each of them (runtime/dev/stylesheets.ts): hot updates and devtools
// are about files.

// rootStyles are the stylesheets of every page, in the order of their imports.
func (g *graph) rootStyles() []string {
	return g.styles(g.reachedFrom([]string{app.ClientID}))
}

// stylesBeside are those of a route's modules that are not among the root's.
func (g *graph) stylesBeside(root, reached []string) []string {
	return slices.DeleteFunc(g.styles(reached), func(id string) bool { return slices.Contains(root, id) })
}

func (g *graph) routeStyles(route app.Route) []string {
	return g.stylesBeside(g.rootStyles(), g.reachedFrom(route.ClientFiles()))
}

// linksOf is what a page links for its route's stylesheets.
func (g *graph) linksOf(route string, sheets []string) []string {
	if !isPacked(sheets) {
		return g.styleURLs(sheets)
	}
	return []string{stylePackURL(g.loader.base, route)}
}

// isPacked tells whether one response is fewer.
func isPacked(sheets []string) bool { return len(sheets) > 1 }

func (g *graph) styleURLs(ids []string) (urls []string) {
	for _, id := range ids {
		urls = append(urls, g.loader.styleURL(id))
	}
	return urls
}

func stylePackURL(base, route string) string {
	return base + devPrefix + "styles.css?route=" + url.QueryEscape(route)
}

// serveStylePack answers styles.css.
func (p *project) serveStylePack(w http.ResponseWriter, r *http.Request) bool {
	p.mu.RLock()
	route, ok := p.pageRoute(r.URL.Query().Get("route"))
	var modules []*module
	if ok {
		for _, id := range p.graph.routeStyles(route) {
			modules = append(modules, p.graph.modules[id])
		}
	}
	styles := p.styles
	p.mu.RUnlock()
	if !ok {
		return false
	}
	texts := make([]string, len(modules))
	for i, m := range modules {
		texts[i] = styles.get(m).css
	}
	serveText(w, r, joinStylesheets(texts), "text/css; charset=utf-8")
	return true
}

// joinStylesheets makes one text of several. What is imported from other servers goes first, where CSS wants
// it: so do bundlers.
func joinStylesheets(texts []string) string {
	var imports, rules strings.Builder
	for _, text := range texts {
		for {
			line, rest, _ := strings.Cut(text, "\n") // esbuild prints one a line
			if !strings.HasPrefix(line, "@import ") && !strings.HasPrefix(line, "@charset ") {
				break
			}
			if strings.HasPrefix(line, "@import ") {
				imports.WriteString(line + "\n")
			}
			text = rest
		}
		rules.WriteString(text)
		if !strings.HasSuffix(text, "\n") {
			rules.WriteByte('\n')
		}
	}
	return imports.String() + rules.String()
}
