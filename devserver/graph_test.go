package devserver

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"eclipsa/app"
)

// built is the pipeline of an app after its first build, without worker, watcher and HTTP.
func built(t *testing.T, root string) *pipeline {
	t.Helper()
	a, err := app.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	var out terminal
	p, err := newPipeline(a, Options{Root: root, Version: "test"}, newPrinter(&out, &out))
	if err != nil {
		t.Fatal(err)
	}
	done, err := p.rebuildLocked(t.Context(), nil, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range done.errors {
		t.Log(d.Format(false))
	}
	return p
}

var defined = regexp.MustCompile(`registry\.define\("([^"]+)"`)

func packIDs(t *testing.T, made pack, ok bool) string {
	t.Helper()
	if !ok {
		t.Fatal("no pack")
	}
	var b strings.Builder
	if err := made.write(&b, "/"); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, match := range defined.FindAllStringSubmatch(b.String(), -1) {
		ids = append(ids, match[1])
	}
	return strings.Join(ids, " ")
}

func TestGraphSidesAndPacks(t *testing.T) {
	p := built(t, newApp(t, map[string]string{
		"app/+layout.tsx": "import './all.css'\nexport default ({ children }) => <main>{children}</main>\n",
		"app/all.css":     "",
		"app/+page.tsx": "import { realtime } from 'eclipsa'\nimport { readFileSync } from 'node:fs'\nimport { db } from './db.server'\nimport { shared } from './shared'\n" +
			"const useRoom = realtime(() => { db(readFileSync) })\nexport default () => { useRoom(); return <p onClick={() => import('./late')}>{shared}</p> }\n",
		"app/db.server.ts":     "export const db = (x: unknown) => x\n",
		"app/shared.ts":        "export const shared = 1\n",
		"app/late.tsx":         "import { shared } from './shared'\nimport './late.css'\nimport { action } from 'eclipsa'\nexport const useSave = action(() => shared)\n",
		"app/late.css":         "",
		"app/other/+page.tsx":  "export default () => <p>other</p>\n",
		"app/api/+server.ts":   "import { z } from '../server-side'\nexport const GET = () => new Response(z)\n",
		"app/server-side.ts":   "import { createHash } from 'crypto'\nexport const z = String(createHash)\n",
		"app/+server-entry.ts": "import { Hono } from 'hono'\nexport default new Hono()\n",
	}))
	if len(p.problems) > 0 {
		t.Errorf("got %+v", p.problems)
	}
	made, ok := p.routePack("/")
	if got := packIDs(t, made, ok); got != "eclipsa:client-manifest eclipsa:client app/all.css app/+layout.tsx app/shared.ts app/+page.tsx" {
		t.Errorf("route pack: %s", got)
	}
	made, ok = p.modulePack("app/late.tsx")
	if got := packIDs(t, made, ok); got != "app/late.css app/late.tsx" {
		t.Errorf("module pack: %s", got)
	}
	for _, id := range []string{"app/db.server.ts", "app/server-side.ts", "app/api/+server.ts", "eclipsa:server", "../package.json", "npm:eclipsa"} {
		if _, ok := p.modulePack(id); ok {
			t.Errorf("the browser gets %s", id)
		}
	}
	external := strings.Join(sortedKeys(p.graph.external[client]), " ")
	if external != "npm:eclipsa npm:eclipsa/client npm:eclipsa/dev/refresh npm:eclipsa/jsx-runtime" {
		t.Errorf("client: %s", external)
	}
	external = strings.Join(sortedKeys(p.graph.external[server]), " ")
	if external != "node:crypto node:fs npm:eclipsa npm:eclipsa/jsx-runtime npm:eclipsa/server npm:hono" {
		t.Errorf("server: %s", external)
	}
	manifest := p.graph.loader.texts[app.ServerManifestID]
	for _, want := range []string{`"useRoom-`, `"useSave-`, `import("./app/late.tsx")`, `"/__eclipsa/dev/styles.css?route=%2F"`} {
		if !strings.Contains(manifest, want) {
			t.Errorf("the manifest lacks %s:\n%s", want, manifest)
		}
	}
	other := manifest[strings.Index(manifest, `id: "/other"`):]
	if other = other[:strings.Index(other, "\n")]; !strings.Contains(other, "symbols: []") {
		t.Errorf("got %s", other)
	}
}

func TestGraphPackages(t *testing.T) {
	root := newApp(t, map[string]string{
		"package.json":                               `{ "name": "fixture", "type": "module", "workspaces": ["packages/*"] }`,
		"app/+page.tsx":                              "import { ui } from '@mine/ui'\nimport { useState } from 'react'\nimport { h } from 'preact'\nimport helper from 'plain'\nimport data from 'plain/data.json'\nexport default () => <p>{ui}{helper}{data.a}{String(useState)}{String(h)}</p>\n",
		"packages/ui/package.json":                   `{ "name": "@mine/ui", "exports": "./src/index.tsx" }`,
		"packages/ui/src/index.tsx":                  "import deep from 'deep'\nexport const ui = deep as string\n",
		"packages/ui/node_modules/deep/package.json": `{ "name": "deep", "main": "./index.js" }`,
		"packages/ui/node_modules/deep/index.js":     "module.exports = 'deep'\n",
	})
	writeFiles(t, root, map[string]string{
		"node_modules/plain/package.json": `{ "name": "plain", "main": "./index.js" }`,
		"node_modules/plain/index.js":     "module.exports = 'plain'\n",
		"node_modules/plain/data.json":    `{ "a": 1 }`,
	})
	os.MkdirAll(filepath.Join(root, "node_modules", "@mine"), 0o755)
	if err := os.Symlink(filepath.Join(root, "packages", "ui"), filepath.Join(root, "node_modules", "@mine", "ui")); err != nil {
		t.Fatal(err)
	}
	p := built(t, root)
	if len(p.problems) > 0 {
		t.Fatalf("got %+v", p.problems)
	}
	made, ok := p.routePack("/")
	if got := packIDs(t, made, ok); !strings.Contains(got, "packages/ui/src/index.tsx") || !strings.Contains(got, "plain/data.json") {
		t.Errorf("got %s", got)
	}
	external := strings.Join(sortedKeys(p.graph.external[client]), " ")
	if !strings.Contains(external, "npm:deep") || !strings.Contains(external, "npm:plain") || !strings.Contains(external, "npm:preact/compat") || strings.Contains(external, "react-dom") {
		t.Errorf("got %s", external)
	}
	text, err := p.bundles[client].read(entryName)
	if err != nil || !strings.Contains(string(text), `"deep"`) {
		t.Errorf("got %.300s %v", text, err)
	}
	if again := built(t, root); again.bundles != p.bundles {
		t.Errorf("the cache is not used: %v %v", again.bundles, p.bundles)
	}
}

func TestGraphProblems(t *testing.T) {
	for name, row := range map[string]struct {
		files map[string]string
		text  string
		path  string
		line  int
		note  string
	}{
		"a package that is not installed": {map[string]string{"app/+page.tsx": "import x from 'nothing-there'\nexport default () => x\n"}, `"nothing-there"`, "app/+page.tsx", 1, ""},
		"a builtin in the browser":        {map[string]string{"app/+page.tsx": "\nimport fs from 'fs'\nexport default () => fs.sep\n"}, `"fs"`, "app/+page.tsx", 2, ".server.ts"},
		"a broken JSON file":              {map[string]string{"app/+page.tsx": "import x from './x.json'\nexport default () => x\n", "app/x.json": "{\n  a: 1 }"}, "not valid JSON", "app/x.json", 2, ""},
		"a broken CSS module":             {map[string]string{"app/+page.tsx": "import x from './x.module.css'\nexport default () => x.a\n", "app/x.module.css": ".a { composes: b }\n"}, "", "app/x.module.css", 1, ""},
	} {
		p := built(t, newApp(t, row.files))
		if len(p.problems) == 0 {
			if name != "a broken CSS module" {
				t.Errorf("%s: no problem", name)
			}
			continue
		}
		first := p.problems[0]
		if !strings.Contains(first.Text, row.text) || first.Path != row.path || first.Line != row.line || first.LineText == "" || !strings.Contains(strings.Join(first.Notes, "\n"), row.note) {
			t.Errorf("%s: got %+v", name, first)
		}
	}
}

func TestSourceMaps(t *testing.T) {
	root := newApp(t, map[string]string{"app/+page.tsx": "interface A { b: string }\n\nexport default function Page() {\n  const a: A = { b: 'needle' }\n  return <p>{a.b}</p>\n}\n"})
	p := built(t, root)
	code := p.graph.modules["app/+page.tsx"].outputs[server].code()
	before, _, found := strings.Cut(code, `"needle"`)
	if !found {
		t.Fatal(code)
	}
	line := strings.Count(before, "\n") + 1
	column := len(before) - strings.LastIndexByte(before, '\n')
	if _, gotLine, gotColumn, ok := p.sourcePlace("app/+page.tsx", line, column); !ok || gotLine != 4 || gotColumn != 21 {
		t.Errorf("got %d:%d %t", gotLine, gotColumn, ok)
	}
	mapped := p.mapLine("    at Page (app/+page.tsx:" + strconv.Itoa(line) + ":" + strconv.Itoa(column) + ")")
	if mapped != "    at Page (app/+page.tsx:4:21)" {
		t.Errorf("got %s", mapped)
	}
	for _, kept := range []string{"hello", "at node:internal/x:1:2", "at file:///x/y.js:1:2", "at app/unknown.ts:1:2"} {
		if got := p.mapLine(kept); got != kept {
			t.Errorf("got %s", got)
		}
	}
}

func TestSourceMapDecoding(t *testing.T) {
	for _, bad := range []string{`{`, `{"mappings":"A"}x`, `{"mappings":"!"}`, `{"mappings":"g"}`, `{"mappings":"ggggggggggggggA"}`} {
		if _, err := parseSourceMap([]byte(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	decoded, err := parseSourceMap([]byte(`{"version":3,"mappings":";AACA,IAAI"}`))
	if err != nil {
		t.Fatal(err)
	}
	if line, column, ok := decoded.find(2, 6); !ok || line != 2 || column != 5 {
		t.Errorf("got %d:%d %t", line, column, ok)
	}
	if _, _, ok := decoded.find(1, 1); ok {
		t.Error("an unmapped line has a place")
	}
}

func TestPackagesThatAreNoLongerImported(t *testing.T) {
	root := newApp(t, map[string]string{"app/+page.tsx": "import { Component } from 'preact'\nexport default class Page extends Component { render() { return <p>one</p> } }\n"})
	p := built(t, root)
	made := p.bundles
	rewrite := func(text string) {
		t.Helper()
		writeFiles(t, root, map[string]string{"app/+page.tsx": text})
		done, err := p.rebuildLocked(t.Context(), map[string]change{filepath.Join(root, "app", "+page.tsx"): written}, false)
		if err != nil || len(done.errors) > 0 {
			t.Fatal(err, done.errors)
		}
		if done.reload != (p.bundles[client] != made[client]) {
			t.Errorf("reload: %t", done.reload)
		}
	}
	rewrite("export default () => <p>two</p>\n")
	if p.bundles != made {
		t.Error("packages were bundled again for an import that went")
	}
	rewrite("import { render } from 'preact'\nexport default () => <p>{String(render)}</p>\n")
	if p.bundles != made {
		t.Error("packages were bundled again for one that is there")
	}
	rewrite("import { Hono } from 'hono'\nexport default () => <p>{String(Hono)}</p>\n")
	if p.bundles[client] == made[client] {
		t.Error("a new package is not there")
	}
}
