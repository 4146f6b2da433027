//go:build unix

package devserver

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// Files that are no files, imports that lead nowhere, packages that can't be bundled: each is a clear
// message, and the server goes on.

func TestNoFiles(t *testing.T) {
	root := map[string]string{"app/+page.tsx": page("home"), "app/other/+page.tsx": page("other")}
	for name, test := range map[string]struct {
		make func(d *dev)
		want string
	}{
		"a folder":     {func(d *dev) { os.Mkdir(d.path("app/thing.ts"), 0o755) }, ""},
		"a pipe":       {func(d *dev) { syscall.Mkfifo(d.path("app/thing.ts"), 0o644) }, "app/thing.ts can't be read: it is a pipe, not a file"},
		"a device":     {func(d *dev) { os.Symlink("/dev/zero", d.path("app/thing.ts")) }, "it is a device, not a file"},
		"a dead link":  {func(d *dev) { os.Symlink("nowhere.ts", d.path("app/thing.ts")) }, `"./thing"`},
		"a circle":     {func(d *dev) { os.Symlink("thing.ts", d.path("app/thing.ts")) }, `"./thing"`},
		"a huge file":  {func(d *dev) { d.write("app/thing.ts", ""); os.Truncate(d.path("app/thing.ts"), 3<<30) }, "app/thing.ts can't be read: it is too big for a module (3072 MiB)"},
		"binary stuff": {func(d *dev) { d.write("app/thing.ts", "\x00\xff\xfe\x80") }, "app/thing.ts:1:1: error: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := startDev(t, root)
			d.untilPage("/other", "other")
			test.make(d)
			d.write("app/+page.tsx", "import { thing } from './thing'\nexport default () => <p>{thing}</p>\n")
			d.until("an error", func() bool { return strings.Contains(d.output.String(), "error: ") })
			if !strings.Contains(d.output.String(), test.want) {
				t.Errorf("lacks %q", test.want)
			}
			d.untilPage("/other", "other")
			if status, body := d.get("/"); !strings.Contains(body, "home") && (status != 500 || !strings.Contains(body, "can't be read") && !strings.Contains(body, "Unexpected")) {
				t.Errorf("neither the last good page nor the error: %d %s", status, body)
			}
			d.remove("app/thing.ts")
			d.write("app/thing.ts", "export const thing = 'mended'\n")
			d.untilPage("/", "mended")
		})
	}
}

// TestNoFilesAsRoutes: the same in the place of a page, and around it.
func TestNoFilesAsRoutes(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("home"), "app/a/+page.tsx": page("a"), "app/b/+page.tsx": page("b")})
	next := d.hot()
	problem := func(want string) {
		t.Helper()
		for {
			message := next()
			if message.Type == "error" && strings.Contains(fmt.Sprint(message.Errors), want) {
				return
			}
		}
	}
	if err := os.MkdirAll(d.path("app/folder/+page.tsx"), 0o755); err != nil {
		t.Fatal(err)
	}
	d.write("app/folder/+page.tsx/inside.ts", "")
	problem("+page.tsx is a folder")
	d.untilPage("/a", "a")
	d.remove("app/folder")
	expectType(t, but("error", next), "ok")

	if err := os.MkdirAll(d.path("app/piped"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(d.path("app/piped/+page.tsx"), 0o644); err != nil {
		t.Fatal(err)
	}
	problem("it is a pipe, not a file")
	d.untilPage("/a", "a")
	d.remove("app/piped")
	d.until("the end of the error", func() bool { return !d.hasErrors() })

	// Links in circles, of one folder and of two.
	for link, target := range map[string]string{"app/a/up": "..", "app/a/self": "self", "app/a/x": "../b", "app/b/y": "../a"} {
		if err := os.Symlink(target, d.path(link)); err != nil {
			t.Fatal(err)
		}
	}
	d.untilPage("/a/x", "b")
	d.untilPage("/b/y", "a")
	if status, _ := d.get("/a/x/y"); status != 404 {
		t.Errorf("got %d", status)
	}
	// A link to a folder outside: its routes are seen, and so are edits and new ones.
	outside := t.TempDir()
	writeFiles(t, outside, map[string]string{"package.json": `{ "name": "shared", "type": "module" }`, "+page.tsx": page("linked")})
	if err := os.Symlink(d.path("node_modules"), filepath.Join(outside, "node_modules")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, d.path("app/linked")); err != nil {
		t.Fatal(err)
	}
	d.untilPage("/linked", "linked")
	writeFiles(t, outside, map[string]string{"+page.tsx": page("edited")})
	d.untilPage("/linked", "edited")
	writeFiles(t, outside, map[string]string{"more/+page.tsx": page("more")})
	d.untilPage("/linked/more", "more")
}

// TestStartWithBrokenRoutes: the error is on the page, which loads again when it is mended.
func TestStartWithBrokenRoutes(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("one"), "app/(group)/+page.tsx": page("two")})
	status, body := d.get("/")
	if status != 500 || !strings.Contains(body, "two files serve the same URLs") || !strings.Contains(body, "__ECLIPSA_ERROR_PAGE__") {
		t.Errorf("got %d %s", status, body)
	}
	next := d.hot()
	expectType(t, next(), "error")
	d.write("app/(group)/+pge.tsx", "") // not better
	message := next()
	if expectType(t, message, "error"); !strings.Contains(fmt.Sprint(message.Errors), "Did you mean +page?") {
		t.Errorf("got %+v", message.Errors)
	}
	d.remove("app/(group)")
	if message := but("error", next); message.Type != "ok" && message.Type != "reload" {
		t.Errorf("got %+v", message)
	}
	d.untilPage("/", "one")
	d.printed("no errors any more")
	d.write("app/+page.tsx", page("three"))
	d.untilPage("/", "three")
}

func TestStartWithoutPages(t *testing.T) {
	d := startDev(t, map[string]string{"app/readme.txt": ""})
	if status, body := d.get("/"); status != 500 || !strings.Contains(body, "Create app/+page.tsx") {
		t.Errorf("got %d %s", status, body)
	}
	d.write("app/+page.tsx", page("first"))
	d.untilPage("/", "first")
}

func TestUnresolved(t *testing.T) {
	d := startDev(t, map[string]string{
		"package.json":                    `{ "name": "fixture", "type": "module", "dependencies": { "date-fns": "^3", "listed": "1" } }`,
		"app/+page.tsx":                   page("home"),
		"app/deep/importer.ts":            "export const x = 1\n",
		"app/components/Button.tsx":       page("button"),
		"app/components/styles.css":       "",
		"app/components/data.json":        "{}",
		"app/lib/helper.server.ts":        "export const help = 1\n",
		"app/folder/one.ts":               "",
		"node_modules/there/package.json": `{ "name": "there", "exports": { ".": "./index.js", "./sub": "./sub.js" } }`,
		"node_modules/there/index.js":     "",
	})
	d.untilPage("/", "home")
	next := d.hot()
	for _, test := range []struct{ specifier, want string }{
		{"./components/button", `Did you mean "./components/Button"?`},
		{"./components/Buton", `Did you mean "./components/Button"?`},
		{"./components/Buton.tsx", `Did you mean "./components/Button.tsx"?`},
		{"./componets/Button", `Did you mean "./components/Button"?`},
		{"./components/styles.scss", `Did you mean "./components/styles.css"?`},
		{"./components/data.yaml", `Did you mean "./components/data.json"?`},
		{"./lib/helper", `Did you mean "./lib/helper.server"?`},
		{"./folder", "./folder is a folder without an index file."},
		{"./nothing/like/it", "There is no folder ./nothing."},
		{"date-fn", `Did you mean "date-fns"? Else: run ` + "`npm install date-fn`."},
		{"listed", "package.json lists listed, but it is not installed: run `npm install`."},
		{"@scope/pkg/deep", "Run `npm install @scope/pkg`."},
		{"zod", "The package zod is not installed. Run `npm install zod`."},
		{"there/gone", `"./gone" is not exported`},
		{"@/components/Button", "compilerOptions"},
	} {
		d.write("app/+page.tsx", fmt.Sprintf("import x from '%s'\nexport default () => <p>{String(x)}</p>\n", test.specifier))
		message := next()
		expectType(t, message, "error")
		first := message.Errors[0]
		if first.Path != "app/+page.tsx" || first.Line != 1 || first.Column != 15 || !strings.Contains(first.Text, test.specifier) {
			t.Errorf("%s: got %+v", test.specifier, first)
		}
		if advice := first.Text + "\n" + first.Hint + "\n" + strings.Join(first.Notes, "\n"); !strings.Contains(advice, test.want) {
			t.Errorf("%s: got %s", test.specifier, advice)
		}
	}
	d.write("app/+page.tsx", page("home"))
	expectType(t, next(), "ok")

	// From a module that others import: the chain is named.
	d.write("app/deep/importer.ts", "import './gone'\nexport const x = 1\n")
	d.write("app/+page.tsx", "import { x } from './deep/importer'\nexport default () => <p>{x}</p>\n")
	message := but("update", next)
	expectType(t, message, "error")
	if first := message.Errors[0]; first.Path != "app/deep/importer.ts" || !strings.Contains(strings.Join(first.Notes, "\n"), "imported by app/+page.tsx") {
		t.Errorf("got %+v", first)
	}
}

// TestPackageThatThrows: the worker can't have any code until the import is gone again.
func TestPackageThatThrows(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("alive")})
	d.untilPage("/", "alive")
	d.install("thrower", "1.0.0", map[string]string{"index.js": "if (typeof window === 'undefined') throw new Error('only in browsers')\nexport const a = 1\n"})
	d.write("app/+page.tsx", "import { a } from 'thrower'\nexport default () => <p>{a}</p>\n")
	d.printed(`.*error: only in browsers`)
	d.write("app/+page.tsx", page("alive again"))
	d.untilPage("/", "alive again")
	d.until("no error", func() bool { return !d.hasErrors() })
}

// TestPackageThatThrowsInBrowsers: no page can start until the import is gone again. Such a page listens, but
// knows of no update.
func TestPackageThatThrowsInBrowsers(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("alive")})
	d.untilPage("/", "alive")
	d.install("thrower", "1.0.0", map[string]string{"index.js": "if (typeof window !== 'undefined') throw new Error('only on servers')\nexport const a = 'fine'\n"})
	d.write("app/+page.tsx", "import { a } from 'thrower'\nexport default () => <p>{a}</p>\n")
	d.untilPage("/", "fine")
	packages := func() string {
		_, pack := d.get("/__eclipsa/dev/pack.js?route=%2F")
		_, deps := d.get(regexp.MustCompile(`/__eclipsa/dev/deps/[^"]+`).FindString(pack))
		return deps
	}
	if !strings.Contains(packages(), "only on servers") {
		t.Fatal("the package is not in the page's")
	}
	next := d.hot()
	d.write("app/+page.tsx", page("alive again"))
	expectType(t, but("update", next), "reload")
	if strings.Contains(packages(), "only on servers") {
		t.Error("the package is still in the page's")
	}
}

func TestPackageManagers(t *testing.T) {
	root := newApp(t, nil)
	d := &dev{t: t, root: root}
	r := d.resolver()
	for file, want := range map[string]string{"pnpm-lock.yaml": "pnpm add zod", "yarn.lock": "yarn add zod", "bun.lock": "bun add zod", "package-lock.json": "npm install zod"} {
		d.write(file, "")
		if got := r.suggest(filepath.Join(root, "app"), "zod"); !strings.Contains(got, want) {
			t.Errorf("got %s", got)
		}
		d.remove(file)
	}
}

func TestPackagesThatFail(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("alive"), "app/lib/use.ts": "export const a = 1\n"})
	d.untilPage("/", "alive")
	next := d.hot()
	pkg := func(name, code, dependencies string) {
		d.install(name, "1.0.0", map[string]string{"index.js": code})
	}
	pkg("outer", "export { a } from 'inner'\n", "")
	pkg("inner", "export const a = }\n", "")
	d.write("app/lib/use.ts", "export { a } from 'outer'\n")
	d.write("app/+page.tsx", "import { a } from './lib/use'\nexport default () => <p>{a}</p>\n")
	message := next()
	for message.Type != "error" {
		message = next()
	}
	first := message.Errors[0]
	notes := strings.Join(first.Notes, "\n")
	if !strings.Contains(first.Path, "inner/index.js") || first.Line != 1 || !strings.Contains(notes, "in the package inner\nin the package outer\nimported by app/lib/use.ts") || first.Hint == "" {
		t.Errorf("got %+v", first)
	}
	d.untilPage("/", "alive") // the last good code

	pkg("inner", "import 'not-installed'\nexport const a = 'mended'\n", "")
	for message = next(); !strings.Contains(fmt.Sprint(message.Errors), "inner needs the package not-installed"); message = next() {
	}
	pkg("inner", "export const a = 'mended'\n", "")
	d.untilPage("/", "mended")
	d.until("no error", func() bool { return !d.hasErrors() })

	// Made for Node: fine on the server, and the error for the browser says so.
	pkg("nodeish", "import { EventEmitter } from 'node:events'\nimport cluster from 'node:cluster'\nexport const a = typeof cluster + typeof EventEmitter\n", "")
	d.write("app/second/+page.tsx", "import { a } from 'nodeish'\nexport default () => <p>{a}</p>\n")
	for message = next(); message.Type != "error"; message = next() {
	}
	if hint := message.Errors[0].Hint; !strings.Contains(hint, "nodeish is made for Node") {
		t.Errorf("got %+v", message.Errors)
	}
}

func TestStylesheetsThatFail(t *testing.T) {
	d := startDev(t, map[string]string{
		"app/+page.tsx":        "import './page.css'\nimport names from './names.module.css'\nexport default () => <p class={names.a}>styled</p>\n",
		"app/page.css":         "p { color: red }\n",
		"app/names.module.css": ".a { color: blue }\n",
		"app/late/+page.tsx":   "import './late.css'\n" + page("late"),
		"app/late/late.css":    "@import './gon.css';\n",
		"app/late/gone.css":    "",
	})
	d.untilPage("/", "styled")
	d.get("/__eclipsa/dev/css/app/page.css")
	next := d.hot()
	d.write("app/page.css", "@import './bass.css';\np { color: green }\n")
	d.write("app/base.css", "p { margin: 1px }\n")
	message := but("css", next)
	expectType(t, message, "error")
	if first := message.Errors[0]; first.Path != "app/page.css" || first.Line != 1 || first.Column != 9 || first.Hint != `Did you mean "./base.css"?` {
		t.Errorf("got %+v", first)
	}
	d.printed(`app/page\.css:1:9: error: Could not resolve "\./bass\.css"`)
	if _, css := d.get("/__eclipsa/dev/css/app/page.css"); !strings.Contains(css, "color: red") {
		t.Errorf("the last good text is gone: %s", css)
	}
	d.write("app/page.css", "@import './base.css';\np { color: green }\n")
	message = next()
	expectType(t, message, "css")
	expectType(t, next(), "ok")
	if _, css := d.get(message.URL); !strings.Contains(css, "color: green") || !strings.Contains(css, "margin: 1px") {
		t.Errorf("got %s", css)
	}

	// Nobody has asked for this one before.
	d.get("/late")
	d.get("/__eclipsa/dev/css/app/late/late.css")
	message = next()
	expectType(t, message, "error")
	if first := message.Errors[0]; first.Path != "app/late/late.css" {
		t.Errorf("got %+v", first)
	}
	d.write("app/late/gon.css", "") // what is missing appears
	expectType(t, but("css", next), "ok")
}

func TestNotFoundPage(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"plain": {"app/+page.tsx": page("home")},
		"own":   {"app/+page.tsx": page("home"), "app/+not-found.tsx": page("nothing here")},
	} {
		t.Run(name, func(t *testing.T) {
			d := startDev(t, files)
			status, body := d.get("/later")
			if status != 404 || !strings.Contains(body, `src="/__eclipsa/dev/client.js"`) {
				t.Fatalf("got %d %s", status, body)
			}
			next := d.hot() // as that script does; it loads the page again for whatever changes
			d.write("app/later/+page.tsx", page("later"))
			expectType(t, next(), "update")
			if status, body := d.get("/later"); status != 200 || !strings.Contains(body, "later") {
				t.Errorf("got %d %s", status, body)
			}
		})
	}
}
