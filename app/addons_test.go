package app

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWhyExternal(t *testing.T) {
	root := t.TempDir()
	for name, manifest := range map[string]string{
		".":                       `{ "name": "app" }`,
		"node_modules/plain":      `{ "name": "plain" }`,
		"node_modules/gyp":        `{ "name": "gyp", "gypfile": true }`,
		"node_modules/loader":     `{ "name": "loader", "dependencies": { "bindings": "1" } }`,
		"node_modules/@up/ready":  `{ "name": "@up/ready", "optionalDependencies": { "@up/ready-linux-x64-gnu": "1" } }`,
		"node_modules/program":    `{ "name": "program", "optionalDependencies": { "@program/linux-x64": "1" } }`,
		"node_modules/eclipsa":    `{ "name": "eclipsa", "optionalDependencies": { "@eclipsa/linux-x64": "1" } }`,
		"node_modules/with-files": `{ "name": "with-files" }`,
	} {
		dir := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(manifest), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"node_modules/program/bin", "node_modules/with-files/prebuilds"} {
		if err := os.Mkdir(filepath.Join(root, filepath.FromSlash(dir)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	project, err := OpenProject(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"plain": "", "gyp": NativeAddon, "loader": NativeAddon, "@up/ready": NativeAddon, "program": "", "with-files": NativeAddon,
		"eclipsa": "", "missing": "", "": "", "listed": NamedInExternal,
	} {
		if got := project.WhyExternal([]string{"listed"}, filepath.Join(root, "app"), name); got != want {
			t.Errorf("%q stays an import: %q, not %q", name, got, want)
		}
	}
}
