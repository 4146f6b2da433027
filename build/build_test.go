package build

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"eclipsa/app"

	"github.com/andybalholm/brotli"
)

// repository is where the packages that apps import are installed.
func repository(t testing.TB) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "lib", "server.js")); err != nil {
		t.Fatal("run `make packages` first: lib/ is not built")
	}
	return root
}

// copyApp copies a fixture to a folder of its own, with the repository's packages.
func copyApp(t testing.TB, name string) string {
	t.Helper()
	repository := repository(t)
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(filepath.Join(repository, "testdata/fixtures/apps", name))); err != nil {
		t.Fatal(err)
	}
	return link(t, root, repository)
}

func link(t testing.TB, root, repository string) string {
	t.Helper()
	if err := os.Symlink(filepath.Join(repository, "node_modules"), filepath.Join(root, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return root
}

// appOf makes an app of "-- path --" sections. Without a package.json it gets one, and a page.
func appOf(t testing.TB, sections string) string {
	t.Helper()
	root := link(t, t.TempDir(), repository(t))
	edit(t, root, "package.json", `{"name":"fixture","type":"module"}`)
	if !strings.Contains(sections, "-- app/+page.tsx --") {
		edit(t, root, "app/+page.tsx", "export default function Page() { return <p>page</p> }")
	}
	parts := regexp.MustCompile(`(?m)^-- (.+) --\n`).FindAllStringSubmatchIndex(sections, -1)
	for i, part := range parts {
		end := len(sections)
		if i+1 < len(parts) {
			end = parts[i+1][0]
		}
		edit(t, root, sections[part[2]:part[3]], sections[part[1]:end])
	}
	return root
}

func edit(t testing.TB, root, file, text string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func run(t testing.TB, root string, overrides ...app.Override) (Result, error) {
	t.Helper()
	return Run(context.Background(), Options{Root: root, Overrides: overrides, Environ: []string{}})
}

func mustRun(t testing.TB, root string, overrides ...app.Override) Result {
	t.Helper()
	result, err := run(t, root, overrides...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// files reads a folder; compressed copies are opened.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		contents, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var reader io.Reader = bytes.NewReader(contents)
		switch filepath.Ext(path) {
		case ".br":
			reader = brotli.NewReader(reader)
		case ".gz":
			if reader, err = gzip.NewReader(reader); err != nil {
				return err
			}
		}
		contents, err = io.ReadAll(reader)
		rel, _ := filepath.Rel(dir, path)
		found[filepath.ToSlash(rel)] = string(contents)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// joined is all text of the files whose names match.
func joined(files map[string]string, pattern string) string {
	var all strings.Builder
	for name, text := range files {
		if regexp.MustCompile(pattern).MatchString(name) {
			all.WriteString(text)
		}
	}
	return all.String()
}

// node runs a module in the folder and returns what it prints.
func node(t testing.TB, dir, code string) string {
	t.Helper()
	command := exec.Command("node", "--input-type=module", "-e", code)
	command.Dir = dir
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return string(output)
}

func TestCanaries(t *testing.T) {
	root := copyApp(t, "canary")
	result := mustRun(t, root)
	client := files(t, filepath.Join(root, "dist/client"))
	maps := 0
	for name, text := range client {
		if strings.HasSuffix(name, ".map") {
			maps++
		}
		for _, bad := range []string{"CANARY", "canaryHelper", "node:fs", "appendFile", "EventEmitter", "sourcesContent\":[\""} {
			if i := strings.Index(text, bad); i >= 0 {
				t.Errorf("%s holds %s: …%s…", name, bad, text[max(0, i-80):min(len(text), i+80)])
			}
		}
		if regexp.MustCompile(`audit|pool|legacy|middleware|server|\.env`).MatchString(name) {
			t.Errorf("the name %s tells of the server", name)
		}
	}
	if maps == 0 {
		t.Error("no source maps in dist/client, but the fixture asks for them")
	}
	if !strings.Contains(joined(client, `\.js$`), "public-value") {
		t.Error("VITE_PUBLIC did not reach the client")
	}
	all := files(t, filepath.Join(root, "dist"))
	if bad := joined(all, `.`); strings.Contains(bad, "CANARY-env") {
		t.Error("dist/ holds .env")
	}
	server := joined(all, `^server/.*mjs$`)
	for _, good := range []string{"CANARY-handler", "CANARY-dsn", "CANARY-middleware", "CANARY-audit"} {
		if !strings.Contains(server, good) {
			t.Errorf("the server lacks %s", good)
		}
	}
	if strings.Contains(server, "createRequire") {
		t.Error("the server uses createRequire")
	}
	t.Logf("%d passes", result.Passes)
}

func TestStandsAlone(t *testing.T) {
	root := copyApp(t, "canary")
	mustRun(t, root)
	alone := t.TempDir()
	if err := os.CopyFS(filepath.Join(alone, "dist"), os.DirFS(filepath.Join(root, "dist"))); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	output := node(t, alone, `
		const { default: createHandler, extra } = await import("./dist/server/index.mjs")
		const handler = createHandler()
		const page = await handler(new Request("http://localhost/"))
		console.log(page.status, page.headers.get("x-middleware"), extra, await page.text())
		console.log(await (await handler(new Request("http://localhost/health"))).text())
		process.exit(0)`)
	for _, want := range []string{"200 CANARY-header kept", "hello-world", "CANARY-health", `rel="modulepreload"`, `rel="stylesheet"`, `type="module"`} {
		if !strings.Contains(output, want) {
			t.Errorf("no %s in %s", want, output)
		}
	}
	// Every URL in the page is a file, and the names of CSS modules are those of the style sheet.
	client := files(t, filepath.Join(alone, "dist/client"))
	for _, match := range regexp.MustCompile(`(?:href|src)="/(assets/[^"]+)"`).FindAllStringSubmatch(output, -1) {
		if _, ok := client[match[1]]; !ok {
			t.Errorf("the page names %s, which is not in dist/client", match[1])
		}
	}
	sheets := joined(client, `\.css$`)
	classes := regexp.MustCompile(`card_card_\w+|card_wide_\w+|base_base_\w+`).FindAllString(output, -1)
	if len(classes) < 3 {
		t.Errorf("the page has only the classes %v", classes)
	}
	for _, class := range classes {
		if !strings.Contains(sheets, "."+class) {
			t.Errorf("no style sheet has .%s: %s", class, sheets)
		}
	}
}

func TestFailedBuildKeepsDist(t *testing.T) {
	root := appOf(t, "")
	mustRun(t, root)
	before := files(t, filepath.Join(root, "dist"))
	edit(t, root, "app/+page.tsx", "export default function (")
	_, err := run(t, root)
	if err == nil || !regexp.MustCompile(`app/\+page\.tsx:1:\d+`).MatchString(err.Error()) {
		t.Errorf("got %v", err)
	}
	if len(err.(*Failure).Messages) != 1 {
		t.Errorf("one mistake gave %d messages: %v", len(err.(*Failure).Messages), err)
	}
	if after := files(t, filepath.Join(root, "dist")); len(after) != len(before) || after["server/index.mjs"] != before["server/index.mjs"] {
		t.Error("dist/ changed")
	}
	entries, _ := filepath.Glob(filepath.Join(root, "dist?*"))
	if len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
}

// mistakes are apps that don't build, and what the error must say, in order.
func TestMistakes(t *testing.T) {
	for _, test := range []struct {
		name, app string
		says      []string
		override  app.Override
	}{
		{name: "a server module in the browser", app: "-- app/+page.tsx --\nimport { list } from './list'\nexport default () => <p>{list}</p>\n-- app/list.ts --\nimport { rows } from './db.server'\nexport const list = rows.length\n-- app/db.server.ts --\nexport const rows = ['secret']\n",
			says: []string{"app/list.ts:1:21", "app/db.server.ts is server-only", "app/+page.tsx → app/list.ts → app/db.server.ts"}},
		{name: "a builtin in the browser", app: "-- app/+page.tsx --\nimport { readFileSync } from 'node:fs'\nexport default () => <p>{String(readFileSync)}</p>\n",
			says: []string{"app/+page.tsx:1", `The browser has no "node:fs"`, ".server.ts"}},
		{name: "a missing file", app: "-- app/+page.tsx --\nimport { x } from './nowhere'\nexport default () => <p>{x}</p>\n",
			says: []string{`Could not resolve "./nowhere"`, "app/+page.tsx:1:18"}},
		{name: "a builtin that the host lacks", app: "-- app/+server-entry.ts --\nimport { fork } from 'node:child_process'\nimport { Hono } from 'hono'\nexport const f = fork\nexport default new Hono()\n",
			says: []string{"app/+server-entry.ts imports \"node:child_process\", which workers doesn't have"}, override: func(s *app.Settings) { s.BuildHost = "workers" }},
		{name: "CSS modules", app: "-- app/+page.tsx --\nimport s from './a.module.css'\nexport default () => <p class={s.a}/>\n-- app/a.module.css --\n.a { composes: b }\n",
			says: []string{"app/a.module.css:1:15", `composes names "b"`}},
		{name: "a native addon", app: "-- app/+server-entry.ts --\nimport { Hono } from 'hono'\nexport const x = require('./x.node')\nexport default new Hono()\n-- app/x.node --\nx",
			says: []string{"app/x.node is a native addon", "external"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var overrides []app.Override
			if test.override != nil {
				overrides = append(overrides, test.override)
			}
			_, err := run(t, appOf(t, test.app), overrides...)
			if err == nil {
				t.Fatal("it built")
			}
			for _, want := range test.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in\n%v", want, err)
				}
			}
		})
	}
}

func TestProblems(t *testing.T) {
	root := appOf(t, "")
	edit(t, root, "eclipsa.config.json", `{"prot": 1}`)
	if _, err := run(t, root); len(app.Problems(err)) != 1 || !strings.Contains(err.Error(), `"port"`) {
		t.Errorf("got %v", err)
	}
}

// A mark that comes after its module was loaded asks for a second pass; a chain of re-exports for
// none more, since the first pass follows it.
func TestCrossFile(t *testing.T) {
	root := appOf(t, `
-- app/+page.tsx --
import { realtime } from 'eclipsa'
import { format } from './lib/index'
import { Deep } from './deep1'
export default () => <p>{format(1)}<Deep/></p>
-- app/deep1.tsx --
export { Deep } from './deep2'
-- app/deep2.tsx --
export { Deep } from './deep3'
-- app/deep3.tsx --
import { realtime } from 'eclipsa'
import { pool } from './lib/index'
import * as tools from './lib/tools'
const useRoom = realtime<undefined, string, string>((connection) => { connection.send(pool.dsn + tools.sign('x')) })
export const Deep = () => <i>{useRoom().status}</i>
-- app/lib/index.ts --
export { pool } from './pool'
export { format } from './tools'
-- app/lib/pool.ts --
import { connect } from 'node:net'
export const pool = { dsn: 'CANARY-pool', connect, started: console.log('CANARY-effect') }
-- app/lib/tools.ts --
import { createHmac } from 'node:crypto'
const key = 'CANARY-key'
export const sign = (text: string) => createHmac('sha256', key).update(text).digest('hex')
export const format = (n: number) => n.toFixed(2)
`)
	result := mustRun(t, root)
	client := joined(files(t, filepath.Join(root, "dist/client")), ".")
	if strings.Contains(client, "CANARY") || strings.Contains(client, "createHmac") {
		t.Errorf("the client holds server code (%d passes)", result.Passes)
	}
	if !strings.Contains(client, "toFixed") {
		t.Error("the client lost what it uses")
	}
}

func TestReact(t *testing.T) {
	root := appOf(t, `
-- app/+page.tsx --
import { useState } from 'react'
import { createPortal } from 'react-dom'
import { h } from 'preact'
export default () => { const [x] = useState(1); return <p>{x}{typeof createPortal}{typeof h}</p> }
`)
	mustRun(t, root)
	if copies := strings.Count(joined(files(t, filepath.Join(root, "dist/client")), `\.js$`), "dangerouslySetInnerHTML"); copies == 0 {
		t.Error("no Preact in the client")
	}
}

func TestEnv(t *testing.T) {
	root := appOf(t, "-- app/+page.tsx --\nexport default () => <p>{JSON.stringify(import.meta.env)}{import.meta.env.SSR ? 'CANARY-server' : 'browser'}</p>\n-- .env --\nVITE_A=aaa\nB=CANARY\n")
	mustRun(t, root)
	client := joined(files(t, filepath.Join(root, "dist/client")), `\.js$`)
	if !strings.Contains(client, "aaa") || strings.Contains(client, "CANARY") || strings.Contains(client, "import.meta.env") {
		t.Errorf("got %s", client)
	}
}

func TestNoHotUpdates(t *testing.T) {
	root := appOf(t, "-- app/+page.tsx --\nimport './state'\nexport default () => <p>page</p>\n-- app/state.ts --\nif (import.meta.hot) import.meta.hot.dispose(() => console.log('CANARY'))\nimport.meta.hot?.accept(() => console.log('CANARY'))\n")
	mustRun(t, root)
	client := joined(files(t, filepath.Join(root, "dist/client")), `\.js$`)
	if strings.Contains(client, "CANARY") || strings.Contains(client, "import.meta") {
		t.Errorf("got %s", client)
	}
	if server := joined(files(t, filepath.Join(root, "dist/server")), `page.*\.mjs$`); strings.Contains(server, "import.meta.hot") {
		t.Errorf("got %s", server)
	}
}

func TestExternal(t *testing.T) {
	root := appOf(t, "-- app/+server-entry.ts --\nimport { Hono } from 'hono'\nimport { readFile } from 'some-addon/sub'\nexport const r = readFile\nexport default new Hono()\n")
	result := mustRun(t, root, func(s *app.Settings) { s.External = []string{"some-addon"} })
	if server := joined(files(t, filepath.Join(root, "dist/server")), `mjs$`); !strings.Contains(server, `from "some-addon/sub"`) {
		t.Error("the import is gone")
	}
	if len(result.Notes) != 1 || !strings.Contains(result.Notes[0], "some-addon stays an import") {
		t.Errorf("the notes are %q", result.Notes)
	}
}

func TestBaseAndCompression(t *testing.T) {
	root := appOf(t, "-- app/+page.tsx --\nimport pic from './pic.svg'\nimport './a.css'\nexport default () => <img src={pic}/>\n-- app/pic.svg --\n<svg xmlns=\"http://www.w3.org/2000/svg\"><!-- x --></svg>\n-- app/a.css --\np { background: url(/root.png) }\n-- public/.env --\nCANARY\n-- public/data.json --\n{ \"a\": 1.00 }\n")
	mustRun(t, root, func(s *app.Settings) { s.Base = "/shop/"; s.Compress = "none" })
	client := files(t, filepath.Join(root, "dist/client"))
	if !strings.Contains(joined(client, `\.js$`), `"/shop/assets/pic-`) || !strings.Contains(joined(client, `\.css$`), "url(/shop/root.png)") {
		t.Error("URLs lack the base")
	}
	if client["data.json"] != `{"a":1.00}` {
		t.Errorf("data.json became %q", client["data.json"])
	}
	if joined(client, `(^|/)\.|br$|gz$`) != "" {
		t.Error("dotfiles or compressed copies in dist/client")
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	root := appOf(t, "")
	if _, err := Run(ctx, Options{Root: root}); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(filepath.Join(root, "dist")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("dist/ was written")
	}
}

// A module that both sides share: an effect statement is an error only where no client module uses
// what it keeps.
func TestSharedEffects(t *testing.T) {
	const page = "-- app/+page.tsx --\nimport { realtime } from 'eclipsa'\nimport { slug } from './db'\nIMPORT\nconst useRoom = realtime<undefined, string, string>(async (c) => { HANDLER })\nexport default () => <p>{slug('x')}{useRoom().status}USE</p>\n" +
		"-- app/b.tsx --\nimport { pool } from './db'\nexport const B = () => <i>{pool.dsn}</i>\n" +
		"-- app/db.ts --\nexport const pool = Object.assign(new EventTarget(), { dsn: 'CANARY-dsn' })\nEFFECT\nexport const slug = (s: string) => s.trim()\n"
	for _, test := range []struct {
		name, imports, handler, use, effect string
		fails, ships                        bool
	}{
		{name: "removed", imports: "import { pool } from './db'", handler: "c.send(pool.dsn)"},
		{name: "removed, imported dynamically", handler: "c.send((await import('./db')).pool.dsn)"},
		{name: "removed, with an effect", imports: "import { pool } from './db'", handler: "c.send(pool.dsn)", effect: "pool.addEventListener('x', () => {})", fails: true},
		{name: "removed dynamically, with an effect", handler: "c.send((await import('./db')).pool.dsn)", effect: "pool.addEventListener('x', () => {})", fails: true},
		{name: "used in another module", imports: "import { pool } from './db'\nimport { B } from './b'", handler: "c.send(pool.dsn)", use: "<B/>", ships: true},
		{name: "used in another module, with an effect", imports: "import { pool } from './db'\nimport { B } from './b'", handler: "c.send(pool.dsn)", use: "<B/>", effect: "pool.addEventListener('x', () => {})", ships: true},
		{name: "used in the same module", imports: "import { pool } from './db'", handler: "c.send(pool.dsn)", use: "{pool.dsn}", effect: "pool.addEventListener('x', () => {})", ships: true},
		{name: "guarded effect", imports: "import { pool } from './db'", handler: "c.send(pool.dsn)", effect: "if (import.meta.env.SSR) pool.addEventListener('x', () => {})"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := appOf(t, strings.NewReplacer("IMPORT", test.imports, "HANDLER", test.handler, "USE", test.use, "EFFECT", test.effect).Replace(page))
			_, err := run(t, root)
			if (err != nil) != test.fails {
				t.Fatalf("got %v", err)
			}
			if err != nil {
				if !strings.Contains(err.Error(), "alone keeps \"pool\" there") || strings.Contains(err.Error(), "plugin") {
					t.Errorf("got %v", err)
				}
				return
			}
			if ships := strings.Contains(joined(files(t, filepath.Join(root, "dist/client")), "."), "CANARY"); ships != test.ships {
				t.Errorf("the pool is in the client: %v", ships)
			}
		})
	}
}

func TestUnlinkedStyles(t *testing.T) {
	root := appOf(t, "-- app/+ssr-root.tsx --\nimport './root.css'\nimport './shared.css'\nexport default ({ head, children }: any) => <html><head>{head}</head><body>{children}</body></html>\n-- app/+layout.tsx --\nimport './shared.css'\nexport default ({ children }: any) => children\n-- app/root.css --\nbody { margin: 0 }\n-- app/shared.css --\np { margin: 0 }\n")
	if notes := mustRun(t, root).Notes; len(notes) != 1 || !strings.HasPrefix(notes[0], "app/root.css ") {
		t.Errorf("the notes are %q", notes)
	}
}

// A package with an addon stays an import, without being named; what a package can do without does not.
func TestNativeAddon(t *testing.T) {
	root := appOf(t, `
-- app/+server-entry.ts --
import { Hono } from 'hono'
import native from 'native'
import cjs from 'needs'
export const values = [native, cjs]
export default new Hono()
-- app/node_modules/native/package.json --
{ "name": "native", "gypfile": true, "main": "index.js" }
-- app/node_modules/native/index.js --
module.exports = require('./build/x.node')
-- app/node_modules/needs/package.json --
{ "name": "needs", "main": "index.js", "peerDependenciesMeta": { "native": { "optional": true } } }
-- app/node_modules/needs/index.js --
try { module.exports = require('native') } catch { module.exports = 'without' }
`)
	result := mustRun(t, root)
	server := joined(files(t, filepath.Join(root, "dist/server")), `mjs$`)
	if strings.Count(server, `from "native"`) != 1 || !strings.Contains(server, "without") {
		t.Error("native is not imported once, by the app alone")
	}
	if len(result.Notes) != 1 || !strings.Contains(result.Notes[0], "native stays an import (native addon)") {
		t.Errorf("the notes are %q", result.Notes)
	}
}

func TestNameTwice(t *testing.T) {
	root := appOf(t, "")
	mustRun(t, root)
	entry := ""
	for name := range files(t, filepath.Join(root, "dist/client")) {
		if strings.HasSuffix(name, ".js") {
			entry = max(entry, name)
		}
	}
	edit(t, root, "public/"+entry, "x")
	if _, err := run(t, root); err == nil || !strings.Contains(err.Error(), "public/"+entry) {
		t.Errorf("got %v", err)
	}
}

// What the app compressed itself stays as it is.
func TestOwnCompression(t *testing.T) {
	root := appOf(t, "-- public/big.txt --\n"+strings.Repeat("a line\n", 1000)+"-- public/big.txt.br --\nown\n")
	mustRun(t, root)
	own, err := os.ReadFile(filepath.Join(root, "dist/client/big.txt.br"))
	if err != nil || string(own) != "own\n" {
		t.Errorf("big.txt.br is %q, %v", own, err)
	}
	if _, err := os.Stat(filepath.Join(root, "dist/client/big.txt.gz")); err != nil {
		t.Error(err)
	}
}
