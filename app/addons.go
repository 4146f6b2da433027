package app

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// addonLoaders are packages whose only use is to find or build a native addon.
var addonLoaders = []string{"bindings", "node-gyp-build", "node-gyp-build-optional-packages", "prebuild-install", "node-addon-api", "nan",
	"@mapbox/node-pre-gyp", "node-pre-gyp", "cmake-js", "pkg-prebuilds"}

// platformPackage matches the optional packages of addons that ship ready made, one a platform.
var platformPackage = regexp.MustCompile(`(linux|darwin|win32)-?(x64|arm64|musl|gnu)`)

// HasAddon says whether the package in dir ("" is none) holds native code. No bundle can hold that,
// so dev and build alike leave its imports as they are.
func (p *Project) HasAddon(dir string) bool {
	if dir == "" {
		return false
	}
	if known, ok := p.addons.Load(dir); ok {
		return known.(bool)
	}
	found := p.hasAddon(dir)
	p.addons.Store(dir, found)
	return found
}

// hasAddon reads what a package says about itself, and looks for a build or ready-made files.
func (p *Project) hasAddon(dir string) bool {
	pkg := p.PackageOf(dir)
	if pkg == nil || pkg.Dir != dir {
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
	for optional := range pkg.Optional {
		// esbuild and its like ship programs this way; those start them and are bundled.
		if platformPackage.MatchString(optional) && strings.HasPrefix(optional, "@") && !existsIn(dir, "bin") {
			return true
		}
	}
	return existsIn(dir, "binding.gyp") || existsIn(dir, "prebuilds")
}

func existsIn(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}
