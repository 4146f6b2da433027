package esbuildast

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes the files of a small app and returns its folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

var app = map[string]string{
	"tsconfig.json":                            `{ "compilerOptions": { "paths": { "~/*": ["./app/*"] } } }`,
	"app/+page.tsx":                            "",
	"app/text.ts":                              "",
	"app/sprite.svg":                           "",
	"node_modules/plain/package.json":          `{ "name": "plain", "main": "main.js", "module": "module.js", "sideEffects": false }`,
	"node_modules/plain/main.js":               "",
	"node_modules/plain/module.js":             "",
	"node_modules/@scope/pkg/package.json":     `{ "name": "@scope/pkg", "exports": { ".": { "browser": "./b.js", "worker": "./w.js", "default": "./n.js" } } }`,
	"node_modules/@scope/pkg/b.js":             "",
	"node_modules/@scope/pkg/n.js":             "",
	"node_modules/@scope/pkg/w.js":             "",
	"node_modules/mapped/package.json":         `{ "name": "mapped", "browser": { "./a.js": false }, "main": "./a.js" }`,
	"node_modules/mapped/a.js":                 "",
	"node_modules/preact/package.json":         `{ "name": "preact", "exports": { "./compat": "./compat.js" } }`,
	"node_modules/preact/compat.js":            "",
	"node_modules/preact/node_modules/x/x.css": "",
}

func TestResolve(t *testing.T) {
	root := write(t, app)
	browser := ResolverOptions{Root: root, Alias: map[string]string{"react": "preact/compat"}, External: []string{"sharp"}}
	node := browser
	node.Platform = Node
	worker := browser
	worker.Conditions = []string{"worker"}
	cases := []struct {
		name      string
		options   ResolverOptions
		specifier string
		want      Resolved
	}{
		{"relative with extension left out", browser, "./text", Resolved{Path: "app/text.ts"}},
		{"relative .js that is .ts", browser, "./text.js", Resolved{Path: "app/text.ts"}},
		{"tsconfig paths", browser, "~/text", Resolved{Path: "app/text.ts"}},
		{"query", browser, "./sprite.svg?url", Resolved{Path: "app/sprite.svg", Suffix: "?url"}},
		{"module field", browser, "plain", Resolved{Path: "node_modules/plain/module.js", PackageName: "plain", InNodeModules: true, NoSideEffects: true}},
		{"main field", node, "plain", Resolved{Path: "node_modules/plain/main.js", PackageName: "plain", InNodeModules: true, NoSideEffects: true}},
		{"browser condition", browser, "@scope/pkg", Resolved{Path: "node_modules/@scope/pkg/b.js", PackageName: "@scope/pkg", InNodeModules: true}},
		{"node condition", node, "@scope/pkg", Resolved{Path: "node_modules/@scope/pkg/n.js", PackageName: "@scope/pkg", InNodeModules: true}},
		{"own condition", ResolverOptions{Root: root, Platform: Node, Conditions: []string{"worker"}}, "@scope/pkg",
			Resolved{Path: "node_modules/@scope/pkg/w.js", PackageName: "@scope/pkg", InNodeModules: true}},
		{"browser field", browser, "mapped", Resolved{Path: "node_modules/mapped/a.js", PackageName: "mapped", InNodeModules: true, Disabled: true}},
		{"alias", browser, "react", Resolved{Path: "node_modules/preact/compat.js", PackageName: "preact", InNodeModules: true}},
		{"external", browser, "sharp/lib", Resolved{Path: "sharp/lib", External: true}},
		{"builtin", node, "fs", Resolved{Path: "fs", External: true, IsBuiltin: true}},
		{"builtin by URL", node, "node:sqlite", Resolved{Path: "node:sqlite", External: true, IsBuiltin: true}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := NewResolver(c.options).Resolve(filepath.Join(root, "app"), c.specifier, StaticImport)
			if err != nil {
				t.Fatal(err)
			}
			if !c.want.External {
				c.want.Path = filepath.Join(root, filepath.FromSlash(c.want.Path))
			}
			if got != c.want {
				t.Fatalf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestResolveErrors(t *testing.T) {
	root := write(t, app)
	r := NewResolver(ResolverOptions{Root: root})
	for specifier, want := range map[string]string{
		"text":                "Use the relative path \"./text\"",
		"preact/nothing":      "\"./nothing\" is not exported",
		"fs":                  "It is built into Node",
		"./nothing-like-this": "Could not resolve \"./nothing-like-this\"",
	} {
		_, err := r.Resolve(filepath.Join(root, "app"), specifier, StaticImport)
		var failure *ResolveError
		if !errors.As(err, &failure) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", specifier, err, want)
		}
	}
}

func TestResolveAfterInvalidate(t *testing.T) {
	root := write(t, app)
	r := NewResolver(ResolverOptions{Root: root})
	if _, err := r.Resolve(filepath.Join(root, "app"), "./new", StaticImport); err == nil {
		t.Fatal("found a file that is not there")
	}
	if err := os.WriteFile(filepath.Join(root, "app", "new.ts"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r.Invalidate()
	if _, err := r.Resolve(filepath.Join(root, "app"), "./new", StaticImport); err != nil {
		t.Fatal(err)
	}
}
