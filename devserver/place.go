package devserver

import (
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"eclipsa/app"
	"eclipsa/app/cssmodule"
)

// side is the browser's graph or the worker's.
type side uint8

const (
	client side = iota
	server
)

func (s side) String() string { return [...]string{"client", "server"}[s] }

// kind is how a module's text is made from its file.
type kind uint8

const (
	external  kind = iota // npm package or builtin: not in the graph, comes from the dependency bundle
	script                // transformed
	style                 // a stylesheet that pages link
	cssNames              // *.module.css: the names; the stylesheet is linked too
	cssText               // ?inline
	data                  // JSON
	asset                 // its URL is its value
	rawText               // ?raw
	virtual               // text of package app
	publicURL             // a file in public/: its URL is its value
)

// place is where an import leads: an id of docs/architecture.md and, for local modules, the file.
type place struct {
	id   string
	file string // absolute, native separators; "" for external and virtual
	kind kind
}

var (
	scriptExtension = regexp.MustCompile(`\.[cm]?[jt]sx?$`)
	// serverOnly are the names that D2 keeps out of the browser.
	serverOnlyName = regexp.MustCompile(`\.server\.[cm]?[jt]sx?$|^\+(middleware|server|server-entry)\.[cm]?[jt]sx?$`)
)

func serverOnly(file string) bool { return serverOnlyName.MatchString(filepath.Base(file)) }

// localPlace names a file of the project. query is what followed the specifier's question mark.
func localPlace(project *app.Project, file, query string) place {
	id := project.ModulePath(file)
	switch {
	case hasQuery(query, "raw"):
		return place{id + "?raw", file, rawText}
	case hasQuery(query, "url"):
		return place{id + "?url", file, asset}
	case scriptExtension.MatchString(file):
		return place{id, file, script}
	case cssmodule.Is(file):
		return place{id, file, cssNames}
	case path.Ext(file) == ".css" && hasQuery(query, "inline"):
		return place{id + "?inline", file, cssText}
	case path.Ext(file) == ".css":
		return place{id, file, style}
	case path.Ext(file) == ".json":
		return place{id, file, data}
	}
	return place{id, file, asset}
}

func hasQuery(query, name string) bool {
	for part := range strings.SplitSeq(query, "&") {
		if part == name || strings.HasPrefix(part, name+"=") {
			return true
		}
	}
	return false
}
