package app

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Why a package stays an import in server code, for messages.
const (
	NamedInExternal = "named in external"
	NativeAddon     = "native addon"
)

// WhyExternal says why a package that a file in dir imports can't be in a bundle of server code, or ""
// where it can. external is the setting. eclipsa ships programs as others ship addons, and is bundled.
func (p *Project) WhyExternal(external []string, dir, name string) string {
	switch {
	case name == "", name == "eclipsa":
		return ""
	case slices.Contains(external, name):
		return NamedInExternal
	case p.HasAddon(FindPackage(dir, name)):
		return NativeAddon
	}
	return ""
}

// StaysImport is what to tell whoever builds about such a package.
func StaysImport(name, why string) string {
	return fmt.Sprintf("%s stays an import (%s): install it where dist/ runs.", name, why)
}

// addonLoaders are packages whose only use is to find or build a native addon.
var addonLoaders = []string{"bindings", "node-gyp-build", "node-gyp-build-optional-packages", "prebuild-install", "node-addon-api", "nan",
	"@mapbox/node-pre-gyp", "node-pre-gyp", "cmake-js", "pkg-prebuilds"}

// platformPackage matches the optional packages of addons that ship ready made, one a platform.
var platformPackage = regexp.MustCompile(`(linux|darwin|win32)-?(x64|arm64|musl|gnu)`)

// HasAddon says whether the package in dir ("" is none) holds native code. No bundle can hold that.
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
