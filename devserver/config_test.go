package devserver

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func showsEnv(names ...string) string {
	text := "export default () => <p>"
	for _, name := range names {
		text += "{" + name + "},"
	}
	return text + "{globalThis.started ??= Math.random()}</p>\n"
}

func TestEnvFiles(t *testing.T) {
	d := startDev(t, map[string]string{
		".env":          "VITE_NAME=one\nSECRET=s1\n",
		"app/+page.tsx": showsEnv("import.meta.env.VITE_NAME", "typeof process === 'undefined' ? '' : process.env.SECRET"),
		"app/text.ts":   "export const a = 1\n",
	})
	d.untilPage("/", "one,s1,")
	d.write(".env", "VITE_NAME=one\nSECRET=s2\n")
	d.printed(`restart \.env changed: worker` + ms)
	d.untilPage("/", "one,s2,")
	d.write(".env", "VITE_NAME=two\nSECRET=s2\n")
	d.printed(`restart \.env changed: worker, packages, modules` + ms)
	d.untilPage("/", "two,s2,")
	d.write(".env.development.local", "SECRET=s3\n") // appears
	d.printed(`restart \.env\.development\.local changed: worker` + ms)
	d.untilPage("/", "two,s3,")
	d.remove(".env.development.local")
	d.printed(`restart \.env\.development\.local changed: worker` + ms)
	d.untilPage("/", "two,s2,")

	d.write(".env", "# the same\nVITE_NAME=two\nSECRET=s2\n")
	d.nothingBut("app/+page.tsx", page("new"), `update app/\+page\.tsx`)

	next := d.hot()
	d.write(".env", "VITE_NAME=two\nSECRET=\"canary-5521\n")
	message := but("update", next)
	expectType(t, message, "error")
	if first := message.Errors[0]; first.Path != ".env" || first.Line != 2 || strings.Contains(fmt.Sprint(message), "canary") {
		t.Errorf("got %+v", message.Errors)
	}
	d.untilPage("/", "new")
	d.write(".env", "VITE_NAME=two\nSECRET=s2\n")
	expectType(t, but("error", next), "ok")
}

func TestSettings(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("one"), "app/second/+page.tsx": page("second")})
	d.untilPage("/", "one")
	next := d.hot()
	asTunnel := func() int {
		request, _ := http.NewRequest("GET", d.url, nil)
		request.Host = "tunnel.example.com"
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	if status := asTunnel(); status != 403 {
		t.Errorf("got %d", status)
	}
	d.write("eclipsa.config.json", `{ "allowedHosts": ["tunnel.example.com"] }`)
	d.printed(`restart eclipsa\.config\.json changed: settings` + ms)
	if status := asTunnel(); status != 200 {
		t.Errorf("got %d", status)
	}

	d.write("eclipsa.config.json", "{\n  \"allowedHosts\": [\"tunnel.example.com\"],\n}")
	message := but("update", next)
	expectType(t, message, "error")
	if first := message.Errors[0]; first.Path != "eclipsa.config.json" || first.Line != 3 || first.Column != 1 || first.LineText != "}" {
		t.Errorf("got %+v", first)
	}
	d.printed(`eclipsa\.config\.json:3:1: error: .*`)
	if status := asTunnel(); status != 200 {
		t.Errorf("the old settings are gone: %d", status)
	}
	// Work goes on meanwhile, and the mistake stays on the screen.
	d.write("app/+page.tsx", page("two"))
	d.untilPage("/", "two")
	d.write("app/third/+page.tsx", page("third"))
	d.untilPage("/third", "third")
	if message := d.hot()(); message.Type != "error" {
		t.Errorf("got %+v", message)
	}
	d.remove("eclipsa.config.json") // as git does that goes to another branch
	d.printed(`restart eclipsa\.config\.json changed: settings` + ms)
	expectType(t, but("update", next), "ok")
	if status := asTunnel(); status != 403 {
		t.Errorf("got %d", status)
	}
	d.printed(`no errors any more`)
	d.write("eclipsa.config.json", `{ "compress": "none", "sourcemap": true }`) // the build's
	d.nothingBut("app/+page.tsx", page("three"), `update app/\+page\.tsx`)
}

func TestSettingsOfTheServer(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("one")})
	d.untilPage("/", "one")
	before := d.url
	_, client := d.get("__eclipsa/dev/client.js")
	d.write("eclipsa.config.json", `{ "base": "/shop/" }`)
	d.printed(`restart eclipsa\.config\.json changed: server` + ms)
	d.printed(`  Local:   ` + before + `shop/`) // the port is the same
	d.untilPage("/shop/", "one")
	_, clientNow := d.get("shop/__eclipsa/dev/client.js")
	if tokenText.FindString(client) == tokenText.FindString(clientNow) {
		t.Error("open pages can't tell that they belong to another server")
	}

	// An address that this machine doesn't have.
	d.write("eclipsa.config.json", `{ "base": "/market/", "host": "203.0.113.1" }`)
	d.printed(`.*can't listen on "203\.0\.113\.1".*`)
	d.untilPage("/shop/", "one")
	d.write("app/+page.tsx", page("two"))
	d.untilPage("/shop/", "two")
	d.write("eclipsa.config.json", `{ "https": { "key": "gone.pem", "cert": "gone.pem" } }`)
	d.printed(`.*the certificate can't be used.*`)
	d.untilPage("/shop/", "two")
	d.write("eclipsa.config.json", `{}`)
	d.printed(`  Local:   ` + before)
	d.untilPage("/", "two")
}

func TestTSConfigs(t *testing.T) {
	d := startDev(t, map[string]string{
		"tsconfig.json":           "{\n  // comments are fine\n  \"extends\": \"./config/strict\",\n}",
		"config/strict.json":      `{ "extends": "./paths.json" }`,
		"config/paths.json":       `{ "compilerOptions": { "baseUrl": "..", "paths": { "#text": ["app/one.ts"] } } }`,
		"app/one.ts":              "export const text = 'one'\n",
		"app/two.ts":              "export const text = 'two'\n",
		"app/+page.tsx":           "import { text } from '#text'\nexport default () => <p>{text}</p>\n",
		"app/unrelated/+page.tsx": page("unrelated"),
	})
	d.untilPage("/", "one")
	d.write("config/paths.json", `{ "compilerOptions": { "baseUrl": "..", "paths": { "#text": ["app/two.ts"] } } }`)
	d.printed(`restart config/paths\.json changed: modules` + ms)
	d.untilPage("/", "two")

	next := d.hot()
	d.write("config/strict.json", "{\n  \"extends\": \"./paths.json\"\n  \"compilerOptions\": {}\n}")
	message := next()
	expectType(t, message, "error")
	if first := message.Errors[0]; first.Path != "config/strict.json" || first.Line != 3 || first.Column != 3 {
		t.Errorf("got %+v", first)
	}
	d.untilPage("/", "two")
	d.write("config/strict.json", `{ "extends": "./paths.json" }`)
	expectType(t, but("error", next), "ok")
	d.remove("config/strict.json")
	for message = next(); message.Errors[0].Path == "app/+page.tsx"; message = next() {
		expectType(t, message, "error") // the second event of the last save came to a file that was gone
	}
	if first := message.Errors[0]; first.Path != "tsconfig.json" || first.Line != 3 || !strings.Contains(first.Text, `"./config/strict"`) {
		t.Errorf("got %+v", first)
	}
	d.write("config/strict.json", `{ "extends": "./paths.json" }`)
	expectType(t, but("error", next), "ok")
}

func TestStartWithBrokenTSConfig(t *testing.T) {
	d := startDev(t, map[string]string{"tsconfig.json": "{ \"compilerOptions\": [ }", "app/+page.tsx": page("one")})
	d.untilPage("/", "one")
	next := d.hot()
	expectType(t, next(), "error")
	d.printed(`tsconfig\.json:1:24: error: .*`)
	d.write("tsconfig.json", "{}")
	expectType(t, but("error", next), "ok")
}

// install writes a package into node_modules, and what npm writes when it is done.
func (d *dev) install(name, version string, files map[string]string) {
	d.t.Helper()
	all := map[string]string{"node_modules/" + name + "/package.json": fmt.Sprintf(`{ "name": %q, "version": %q, "type": "module", "main": "index.js" }`, name, version)}
	for file, text := range files {
		all["node_modules/"+name+"/"+file] = text
	}
	writeFiles(d.t, d.root, all)
	d.write("node_modules/.package-lock.json", fmt.Sprintf(`{ "packages": { "node_modules/%s": { "version": %q } } }`, name, version))
}

func TestInstall(t *testing.T) {
	d := startDev(t, map[string]string{
		"app/+page.tsx": "import { greet } from 'greeter'\nexport default () => <p>{greet}</p>\n",
		"app/text.ts":   "export const a = 1\n",
	})
	next := d.hot()
	message := next()
	expectType(t, message, "error")
	if !strings.Contains(fmt.Sprint(message.Errors), `"greeter"`) {
		t.Errorf("got %+v", message.Errors)
	}
	d.install("greeter", "1.0.0", map[string]string{"index.js": "export const greet = 'hello 1'\n"})
	d.untilPage("/", "hello 1")
	expectType(t, next(), "reload")
	d.printed(`restart node_modules/\.package-lock\.json changed: worker, packages` + ms)

	d.install("greeter", "1.0.1", map[string]string{"index.js": "export const greet = 'hello 2'\n"})
	d.printed(`restart node_modules/\.package-lock\.json changed: worker, packages` + ms)
	expectType(t, next(), "reload")
	d.untilPage("/", "hello 2")

	// npm writes these afterwards; they say nothing new.
	d.write("package-lock.json", `{ "lockfileVersion": 3 }`)
	d.write("package.json", `{ "name": "fixture", "type": "module", "scripts": { "dev": "eclipsa dev" } }`)
	d.nothingBut("app/+page.tsx", "import { greet } from 'greeter'\nexport default () => <p>so: {greet}</p>\n", `update app/\+page\.tsx`)
	d.untilPage("/", "hello 2")
	expectType(t, next(), "update")
	d.write("package.json", "{\n  \"name\": \"fixture\",,\n}")
	message = next()
	expectType(t, message, "error")
	if first := message.Errors[0]; first.Path != "package.json" || first.Line != 2 {
		t.Errorf("got %+v", first)
	}
	d.write("package.json", `{ "name": "fixture", "type": "module" }`)
	expectType(t, but("error", next), "ok") // a mistake that is read between the two events of a save is told twice
}

// TestReinstall: `npm ci` deletes node_modules first. The packages that were bundled go on.
func TestReinstall(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": "import { greet } from 'greeter'\nexport default () => <p>{greet}</p>\n",
		"package.json": `{ "name": "fixture", "type": "module", "dependencies": { "greeter": "*" } }`})
	d.install("greeter", "1.0.0", map[string]string{"index.js": "export const greet = 'hello 1'\n"})
	d.untilPage("/", "hello 1")
	modules := filepath.Join(d.root, "node_modules")
	if err := os.Rename(modules, modules+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(modules, 0o755); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(modules + ".old")
	for _, entry := range entries {
		if name := entry.Name(); name != "greeter" && name != ".package-lock.json" {
			os.Rename(filepath.Join(modules+".old", name), filepath.Join(modules, name))
		}
	}
	d.install("greeter", "2.0.0", map[string]string{"index.js": "export const greet = 'hello 2'\n"})
	d.untilPage("/", "hello 2")
}

// TestLinkedPackage: what `npm install ../folder` links is source.
func TestLinkedPackage(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("start")})
	d.untilPage("/", "start")
	linked, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, linked, map[string]string{"package.json": `{ "name": "linked", "type": "module", "main": "src/index.ts" }`, "src/index.ts": "export { text } from './text'\n", "src/text.ts": "export const text: string = 'one'\n"})
	if err := os.Symlink(linked, filepath.Join(d.root, "node_modules", "linked")); err != nil {
		t.Fatal(err)
	}
	d.write("app/+page.tsx", "import { text } from 'linked'\nexport default () => <p>{text}</p>\n")
	d.untilPage("/", "one")
	writeFiles(t, linked, map[string]string{"src/text.ts": "export const text: string = 'two'\n"})
	d.untilPage("/", "two")
	writeFiles(t, linked, map[string]string{"src/index.ts": "export { text } from './more/other'\n", "src/more/other.ts": "export const text: string = 'three'\n"})
	d.untilPage("/", "three")
	writeFiles(t, linked, map[string]string{"src/more/other.ts": "export const text: string = 'four'\n"})
	d.untilPage("/", "four")
}

// TestPackageByHand: a package that somebody edits in node_modules is seen at the next restart.
func TestPackageByHand(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": "import { greet } from 'greeter'\nexport default () => <p>{greet}</p>\n"})
	d.install("greeter", "1.0.0", map[string]string{"index.js": "export const greet = 'hello 1'\n"})
	d.untilPage("/", "hello 1")
	d.write("node_modules/greeter/index.js", "export const greet = 'patched by hand'\n")
	d.write("eclipsa.config.json", `{ "external": ["none"] }`)
	// The installation's record may be news at the same moment.
	d.printed(`restart eclipsa\.config\.json(, node_modules/\.package-lock\.json)? changed: worker, packages` + ms)
	d.untilPage("/", "patched by hand")
}
