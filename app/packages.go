package app

import (
	"os"
	"path/filepath"
	"strings"
)

// FindPackage is the folder (a real path) of the installed package that code in dir gets, or "".
func FindPackage(dir, name string) string {
	for {
		candidate := filepath.Join(dir, "node_modules", filepath.FromSlash(name))
		if _, err := os.Stat(filepath.Join(candidate, "package.json")); err == nil {
			if real, err := filepath.EvalSymlinks(candidate); err == nil {
				return real
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// PackageName is the package of a bare specifier ("@a/b" of "@a/b/c"), or "" for other specifiers.
func PackageName(specifier string) string {
	if specifier == "" || strings.ContainsAny(specifier[:1], "./#") || strings.Contains(specifier, ":") {
		return ""
	}
	parts := strings.SplitN(specifier, "/", 3)
	if parts[0][0] != '@' {
		return parts[0]
	}
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "/" + parts[1]
}

// Alias says where a specifier leads that must not depend on what the app has installed: React is
// preact/compat everywhere, so that React component packages work. It is "" for all others.
func Alias(specifier string) string {
	switch specifier {
	case "react", "react-dom", "react-dom/client", "react-dom/server":
		return map[string]string{"react": "preact/compat", "react-dom": "preact/compat", "react-dom/client": "preact/compat/client", "react-dom/server": "preact/compat/server"}[specifier]
	case "react/jsx-runtime", "react/jsx-dev-runtime":
		return "preact/jsx-runtime"
	case "react-dom/test-utils":
		return "preact/test-utils"
	}
	return ""
}

// OwnCopy says of a package that eclipsa depends on it, so that its copy is there when the app has
// none. With always, the app's copy doesn't count: two Preacts on one page don't know each
// other's components.
func OwnCopy(name string) (own, always bool) {
	switch name {
	case "preact":
		return true, true
	case "@preact/signals", "@preact/signals-core", "preact-render-to-string":
		return true, true
	case "hono":
		return true, false
	}
	return false, false
}
