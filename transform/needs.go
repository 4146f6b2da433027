package transform

import (
	"path"
	"strings"
)

// mentions are the names that need work of ours, if the module mentions "eclipsa" at all.
var mentions = []string{"realtime", "action", "loader", "IS_SSR", "IS_BROWSER"}

func needsTransform(source, file string) bool {
	if strings.HasPrefix(path.Base(file), "+") && containsAny(source, pageExports) {
		return true
	}
	return strings.Contains(source, runtimeModule) && containsAny(source, mentions)
}

func containsAny(text string, names []string) bool {
	for _, name := range names {
		if strings.Contains(text, name) {
			return true
		}
	}
	return false
}

// serverOnlyRoutes are the route modules that never have a client module.
var serverOnlyRoutes = []string{"+middleware", "+server", "+server-entry", "+hooks.server"}

// IsServerOnly tells whether the module may only be used by server code: *.server.ts and its
// like, and the route modules that run on the server (DESIGN.md D2).
func IsServerOnly(file string) bool {
	base := path.Base(file)
	name := strings.TrimSuffix(base, path.Ext(base))
	if name == base {
		return false
	}
	for _, route := range serverOnlyRoutes {
		if name == route {
			return true
		}
	}
	return strings.HasSuffix(name, ".server")
}
