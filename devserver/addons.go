package devserver

import (
	"os"
	"path/filepath"
	"sync"

	"eclipsa/app"
)

// addons knows which packages hold native code: no bundle can hold them, so the worker imports them
// from where they are. The signs are the build's.
type addons struct {
	project *app.Project
	known   sync.Map // folder → bool
}

// addonLoaders are packages whose only use is to find or build an addon.
var addonLoaders = []string{"bindings", "node-gyp-build", "node-gyp-build-optional-packages", "prebuild-install", "node-addon-api", "nan",
	"@mapbox/node-pre-gyp", "node-pre-gyp", "cmake-js", "pkg-prebuilds"}

func (a *addons) has(folder string) bool {
	if folder == "" {
		return false
	}
	if known, ok := a.known.Load(folder); ok {
		return known.(bool)
	}
	found := a.look(folder)
	a.known.Store(folder, found)
	return found
}

func (a *addons) look(folder string) bool {
	pkg := a.project.PackageOf(folder)
	if pkg == nil || pkg.Dir != folder {
		return false
	}
	if pkg.GypFile || pkg.Napi != nil {
		return true
	}
	for _, loader := range addonLoaders {
		if pkg.Dependencies[loader] != "" {
			return true
		}
	}
	for _, sign := range []string{"binding.gyp", "prebuilds"} {
		if _, err := os.Stat(filepath.Join(folder, sign)); err == nil {
			return true
		}
	}
	return false
}
