package devserver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"eclipsa/app"

	"github.com/gorilla/websocket"
)

// patience bounds waits in tests: never a measure.
const patience = 20 * time.Second

// terminal collects what a server printed; tests read it while it runs.
type terminal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *terminal) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *terminal) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// dev is a running dev server of an app in a temporary folder.
type dev struct {
	t      *testing.T
	root   string
	url    string
	output *terminal
	read   int // how much of the output tests have waited for
}

func writeFiles(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// newApp makes an app with the repository's packages.
func newApp(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Abs("../node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "eclipsa", "lib", "index.js")); err != nil {
		t.Fatal("the packages are not built: make build")
	}
	writeFiles(t, root, map[string]string{"package.json": `{ "name": "fixture", "type": "module" }`})
	writeFiles(t, root, files)
	// A folder of its own, so that its cache of packages is not the repository's.
	if err := os.MkdirAll(filepath.Join(root, "node_modules"), 0o755); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(modules)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") {
			os.Symlink(filepath.Join(modules, entry.Name()), filepath.Join(root, "node_modules", entry.Name()))
		}
	}
	return root
}

var localLine = regexp.MustCompile(`(?m)^  Local:   (http://localhost:\d+/\S*)$`)

// startDev runs the server until the test ends, and checks that it ends.
func startDev(t *testing.T, files map[string]string) *dev {
	t.Helper()
	d := &dev{t: t, root: newApp(t, files), output: &terminal{}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Options{Root: d.root, Overrides: []app.Override{func(s *app.Settings) { s.Port = 0 }},
			Version: "test", Stdout: d.output, Stderr: d.output})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run does not end")
		}
		if t.Failed() {
			t.Logf("output:\n%s", d.output)
		}
	})
	d.until("the URL", func() bool {
		match := localLine.FindStringSubmatch(d.output.String())
		if match != nil {
			d.url = match[1]
		}
		return match != nil
	})
	return d
}

func (d *dev) until(what string, probe func() bool) {
	d.t.Helper()
	deadline := time.Now().Add(patience)
	for !probe() {
		if time.Now().After(deadline) {
			d.t.Fatalf("waited in vain for %s; output:\n%s", what, d.output)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// get fetches a page or another text, as a browser does that types the address.
func (d *dev) get(path string) (status int, body string) {
	d.t.Helper()
	request, err := http.NewRequest("GET", d.url+strings.TrimPrefix(path, "/"), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (d *dev) write(name, text string) { writeFiles(d.t, d.root, map[string]string{name: text}) }

var tokenText = regexp.MustCompile(`"token":"([0-9a-f]{32})"`)

// hot opens the hot channel and gives its messages, the first one ("connected") taken.
func (d *dev) hot() func() hotMessage { return d.hotSince("") }

// hotSince does it as a page that knows an update.
func (d *dev) hotSince(number string) func() hotMessage {
	d.t.Helper()
	_, text := d.get("/__eclipsa/dev/client.js")
	token := tokenText.FindStringSubmatch(text)[1]
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(d.url, "http")+"__eclipsa/dev/hot?since="+number+"&token="+token, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close() })
	next := func() (message hotMessage) {
		d.t.Helper()
		conn.SetReadDeadline(time.Now().Add(patience))
		_, text, err := conn.ReadMessage()
		if err != nil {
			d.t.Fatalf("hot channel: %v; output:\n%s", err, d.output)
		}
		if err := json.Unmarshal(text, &message); err != nil {
			d.t.Fatal(err)
		}
		return message
	}
	if message := next(); message.Type != "connected" || message.Boot == "" {
		d.t.Fatalf("got %+v", message)
	}
	return next
}

func expectType(t *testing.T, message hotMessage, want string) {
	t.Helper()
	if message.Type != want {
		t.Fatalf("got %+v, want %s", message, want)
	}
}

func page(text string) string {
	return fmt.Sprintf("export default function Page() {\n  return <p>%s</p>\n}\n", text)
}

func TestEdit(t *testing.T) {
	d := startDev(t, map[string]string{
		"app/+page.tsx": "import { text } from './text'\nimport './page.css'\nexport default () => <p>{text}</p>\n",
		"app/text.ts":   "export const text = 'one'\n",
		"app/page.css":  "@import './base.css';\np { color: red; background: url(./dot.png) }\n",
		"app/base.css":  "body { margin: 0 }\n",
		"app/dot.png":   "not really",
	})
	if status, body := d.get("/"); status != 200 || !strings.Contains(body, "<p>one</p>") {
		t.Fatalf("got %d %s", status, body)
	}
	_, css := d.get("/__eclipsa/dev/css/app/page.css")
	if !strings.Contains(css, "margin: 0") || !strings.Contains(css, "/__eclipsa/dev/asset/app/dot.png?v=") {
		t.Errorf("got %s", css)
	}
	if status, body := d.get("/__eclipsa/dev/asset/app/dot.png"); status != 200 || body != "not really" {
		t.Errorf("got %d %s", status, body)
	}
	next := d.hot()

	d.write("app/text.ts", "export const text = 'two'\n")
	message := next()
	expectType(t, message, "update")
	if len(message.Modules) != 1 || message.Modules[0].ID != "app/text.ts" || !strings.Contains(message.Modules[0].Code, `"two"`) || message.Names[0] != "app/text.ts" {
		t.Errorf("got %+v", message)
	}
	if _, body := d.get("/"); !strings.Contains(body, "<p>two</p>") {
		t.Errorf("got %s", body)
	}
	_, pack := d.get("/__eclipsa/dev/pack.js?route=%2F")
	if !strings.Contains(pack, `"two"`) || strings.Count(pack, "registry.define(") != 5 {
		t.Errorf("got %s", pack)
	}

	// A comment changes no output, an imported stylesheet only the one that imports it.
	d.write("app/text.ts", "// hello\nexport const text = 'two'\n")
	d.write("app/base.css", "body { margin: 1px }\n")
	message = next()
	expectType(t, message, "css")
	if message.Path != "app/page.css" || !strings.HasPrefix(message.URL, "/__eclipsa/dev/css/app/page.css?v=") {
		t.Errorf("got %+v", message)
	}
	if _, css := d.get(message.URL); !strings.Contains(css, "margin: 1px") {
		t.Errorf("got %s", css)
	}
}

func TestErrorsAppearAndGo(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("fine"), "app/other/+page.tsx": page("other")})
	d.get("/")
	next := d.hot()

	d.write("app/+page.tsx", "export default function Page() {\n  return <p>{</p>\n}\n")
	message := next()
	expectType(t, message, "error")
	if first := message.Errors[0]; first.Path != "app/+page.tsx" || first.Line != 2 || first.LineText != "  return <p>{</p>" {
		t.Errorf("got %+v", first)
	}
	d.until("the code frame", func() bool { return strings.Contains(d.output.String(), "2 |   return <p>{</p>") })
	if status, body := d.get("/"); status != 200 || !strings.Contains(body, "fine") {
		t.Errorf("the last good page is gone: %d %s", status, body)
	}
	expectType(t, d.hot()(), "error") // a page that opens now shows it too

	d.write("app/+page.tsx", page("fine"))
	expectType(t, next(), "ok")
	d.write("app/+page.tsx", page("better"))
	expectType(t, next(), "update")

	d.write("app/+page.tsx", "import { x } from './nowhere'\n"+page("{x}"))
	message = next()
	expectType(t, message, "error")
	if first := message.Errors[0]; !strings.Contains(first.Text, `"./nowhere"`) || first.Line != 1 || first.Column != 19 {
		t.Errorf("got %+v", first)
	}
	d.write("app/nowhere.ts", "export const x = 'found'\n")
	expectType(t, next(), "update")
	expectType(t, next(), "ok")
	if _, body := d.get("/"); !strings.Contains(body, "found") {
		t.Errorf("got %s", body)
	}
	if err := os.Remove(filepath.Join(d.root, "app", "nowhere.ts")); err != nil {
		t.Fatal(err)
	}
	expectType(t, next(), "error")
}

func TestStartWithErrors(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": "export default () => <p>\n", "app/other/+page.tsx": page("other")})
	status, body := d.get("/")
	if status != 500 || !strings.Contains(body, "app/+page.tsx:2:1") || !strings.Contains(body, "__ECLIPSA_ERROR_PAGE__") {
		t.Errorf("got %d %s", status, body)
	}
	if status, body := d.get("/other"); status != 200 || !strings.Contains(body, "other") {
		t.Errorf("a route without errors suffers: %d %s", status, body)
	}
	next := d.hot()
	expectType(t, next(), "error")
	d.write("app/+page.tsx", page("good"))
	expectType(t, next(), "update")
	expectType(t, next(), "ok")
	if status, body := d.get("/"); status != 200 || !strings.Contains(body, "good") {
		t.Errorf("got %d %s", status, body)
	}
}

func TestRenderError(t *testing.T) {
	d := startDev(t, map[string]string{
		"app/+page.tsx": "interface Some { thing: string }\nimport { broken } from './broken'\nexport default () => <p>{broken(null as unknown as Some)}</p>\n",
		"app/broken.ts": "type Long = {\n  text: string\n}\n\nexport function broken(value: unknown): string {\n  return (value as Long).text\n}\n",
	})
	status, body := d.get("/")
	if status != 500 || !strings.Contains(body, "app/broken.ts:6:") || !strings.Contains(body, "return (value as Long).text") {
		t.Errorf("got %d %s", status, body)
	}
	if !strings.Contains(body, "app/+page.tsx:3:") {
		t.Errorf("the stack is not mapped: %s", body)
	}
	d.until("the error in the terminal", func() bool { return strings.Contains(d.output.String(), "6 |   return (value as Long).text") })
}

func TestServerModuleOnTheClient(t *testing.T) {
	d := startDev(t, map[string]string{
		"app/+page.tsx":    "import { a } from './middle'\nexport default () => <p>{a}</p>\n",
		"app/middle.ts":    "import { secret } from './db.server'\nexport const a = secret.length\n",
		"app/db.server.ts": "export const secret = 'canary-7431'\n",
	})
	next := d.hot()
	message := next()
	expectType(t, message, "error")
	first := message.Errors[0]
	if first.Path != "app/middle.ts" || first.Line != 1 || first.Column != 24 || !strings.Contains(strings.Join(first.Notes, "\n"), "app/+page.tsx") {
		t.Errorf("got %+v", first)
	}
	for _, path := range []string{"/__eclipsa/dev/pack.js?route=%2F", "/__eclipsa/dev/pack.js?module=app/db.server.ts", "/__eclipsa/dev/pack.js.map?route=%2F"} {
		if _, body := d.get(path); strings.Contains(body, "canary-7431") {
			t.Errorf("%s holds server code", path)
		}
	}
}

func TestRoutesComeAndGo(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("home")})
	if status, _ := d.get("/new"); status != 404 {
		t.Errorf("got %d", status)
	}
	next := d.hot()
	d.write("new-page.txt", page("fresh")) // whole when it comes: an empty page is a mistake
	d.write("app/new/note.txt", "")
	if err := os.Rename(d.path("new-page.txt"), d.path("app/new/+page.tsx")); err != nil {
		t.Fatal(err)
	}
	expectType(t, next(), "update")
	if status, body := d.get("/new"); status != 200 || !strings.Contains(body, "fresh") {
		t.Errorf("got %d %s", status, body)
	}
	d.write("app/new/+page.jsx", "")
	expectType(t, next(), "error")
	if status, _ := d.get("/new"); status != 200 {
		t.Errorf("the last good routes are gone: %d", status)
	}
	os.Remove(filepath.Join(d.root, "app", "new", "+page.jsx"))
	expectType(t, next(), "ok")
	os.RemoveAll(filepath.Join(d.root, "app", "new"))
	expectType(t, next(), "reload")
	if status, _ := d.get("/new"); status != 404 {
		t.Errorf("got %d", status)
	}
}

func TestWorkerCrash(t *testing.T) {
	d := startDev(t, map[string]string{
		"app/+page.tsx":        page("alive"),
		"app/crash/+server.ts": "export const GET = () => { setTimeout(() => process.exit(7)); return new Response('bye') }\n",
	})
	d.get("/")
	d.get("/crash")
	d.until("the news", func() bool { return strings.Contains(d.output.String(), "the worker ended (exit status 7)") })
	if status, body := d.get("/"); status != 200 || !strings.Contains(body, "alive") {
		t.Errorf("got %d %s", status, body)
	}
}

func TestWorkerThatCannotLive(t *testing.T) {
	entry := "import { Hono } from 'hono'\nprocess.exit(3)\nexport default new Hono()\n"
	d := startDev(t, map[string]string{"app/+page.tsx": page("alive"), "app/+server-entry.ts": entry})
	if status, body := d.get("/"); status != 500 || !strings.Contains(body, "process.exit()") {
		t.Errorf("got %d %s", status, body)
	}
	next := d.hot()
	expectType(t, next(), "error")
	d.write("app/+server-entry.ts", strings.Replace(entry, "process.exit(3)", "", 1))
	expectType(t, next(), "ok")
	if status, body := d.get("/"); status != 200 {
		t.Errorf("got %d %s", status, body)
	}
}

func TestEnvironment(t *testing.T) {
	d := startDev(t, map[string]string{
		".env":          "VITE_NAME=one\nSECRET=hidden-8852\n",
		"app/+page.tsx": "export default () => <p>{import.meta.env.VITE_NAME} {typeof process === 'undefined' ? '' : process.env.SECRET} {Object.keys(import.meta.env).length}{import.meta.env.VITE_UNSET}</p>\n",
	})
	if _, body := d.get("/"); !strings.Contains(body, "<p>one hidden-8852 ") {
		t.Errorf("got %s", body)
	}
	if _, pack := d.get("/__eclipsa/dev/pack.js?route=%2F"); strings.Contains(pack, "hidden-8852") || !strings.Contains(pack, "one") {
		t.Errorf("got %s", pack)
	}
	next := d.hot()
	d.write(".env", "VITE_NAME=two\n")
	expectType(t, next(), "reload")
	if _, body := d.get("/"); !strings.Contains(body, "<p>two  ") {
		t.Errorf("got %s", body)
	}
}

func TestModuleKinds(t *testing.T) {
	d := startDev(t, map[string]string{
		"app/+page.tsx": "import data, { answer } from './data.json'\nimport raw from './note.txt?raw'\nimport url from './note.txt?url'\nimport pic from './pic.svg'\n" +
			"import names, { big } from './look.module.css'\nimport pub from '/robots.txt?url'\nimport inline from './inline.css?inline'\n" +
			"export default () => <p>{JSON.stringify([data.list, answer, raw, url, pic, names.big === big, inline])}</p>\n",
		"app/data.json":       `{ "answer": 42, "list": [1], "with-dash": 1, "default": 2 }`,
		"app/note.txt":        "a note",
		"app/pic.svg":         "<svg/>",
		"app/look.module.css": ".big { font-size: 2em }\n",
		"app/inline.css":      "b{}",
		"public/robots.txt":   "User-agent: *\n",
	})
	status, body := d.get("/")
	for _, want := range []string{"[[1],42,", "a note", "/__eclipsa/dev/asset/app/note.txt?v=", "/__eclipsa/dev/asset/app/pic.svg?v=", "true", "b{}"} {
		if !strings.Contains(strings.ReplaceAll(body, "&quot;", `"`), want) {
			t.Errorf("%d lacks %s: %s", status, want, body)
		}
	}
	if !strings.Contains(body, "/__eclipsa/dev/css/app/look.module.css") {
		t.Errorf("no stylesheet: %s", body)
	}
	if _, css := d.get("/__eclipsa/dev/css/app/look.module.css"); !strings.Contains(css, "font-size: 2em") || strings.Contains(css, ".big {") {
		t.Errorf("got %s", css)
	}
}

func TestServerEntryWithErrors(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("alive"), "app/+server-entry.ts": "export default {\n"})
	status, body := d.get("/")
	if status != 500 || !strings.Contains(body, "app/+server-entry.ts:2:1") {
		t.Errorf("got %d %s", status, body)
	}
	next := d.hot()
	expectType(t, next(), "error")
	if count := strings.Count(d.output.String(), "app/+server-entry.ts:2:1"); count != 1 {
		t.Errorf("printed %d times", count)
	}
	d.write("app/+server-entry.ts", "import { Hono } from 'hono'\nexport default new Hono().get('/hi', (c) => c.text('hi'))\n")
	expectType(t, next(), "ok")
	for path, want := range map[string]string{"/": "alive", "/hi": "hi"} {
		if status, body := d.get(path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestThrowAtStart(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("alive"), "app/+server-entry.ts": "interface X { y: string }\n\nthrow new RangeError('no database')\n"})
	if status, body := d.get("/"); status != 500 || !strings.Contains(body, "app/+server-entry.ts:3:7") || !strings.Contains(body, "RangeError: no database") {
		t.Errorf("got %d %s", status, body)
	}
}

func TestBrokenPackage(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("alive")})
	d.get("/")
	next := d.hot()
	writeFiles(t, d.root, map[string]string{"node_modules/broken/package.json": `{ "name": "broken" }`, "node_modules/broken/index.js": "export const a = }\n"})
	d.write("app/+page.tsx", "import { a } from 'broken'\nexport default () => <p>{a}</p>\n")
	message := next()
	for message.Type == "reload" {
		message = next()
	}
	expectType(t, message, "error")
	if !strings.Contains(message.Errors[0].Path, "broken/index.js") || message.Errors[0].Line != 1 {
		t.Errorf("got %+v", message.Errors)
	}
}

func TestPortAndAddress(t *testing.T) {
	first, taken, err := listen(app.Settings{Port: 0})
	if err != nil || taken != 0 {
		t.Fatal(taken, err)
	}
	defer closeAll(first)
	for _, listener := range first {
		if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() { // S36
			t.Errorf("listens on %s", listener.Addr())
		}
	}
	port := first[0].Addr().(*net.TCPAddr).Port
	second, taken, err := listen(app.Settings{Port: port})
	if err != nil || taken != port || second[0].Addr().(*net.TCPAddr).Port == port {
		t.Fatal(taken, err)
	}
	closeAll(second)
	if _, _, err := listen(app.Settings{Port: port, StrictPort: true}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("port %d is in use", port)) {
		t.Errorf("got %v", err)
	}
	if _, _, err := listen(app.Settings{Port: port, Host: "203.0.113.1"}); err == nil || !strings.Contains(err.Error(), "203.0.113.1") {
		t.Errorf("got %v", err)
	}
}

func TestBase(t *testing.T) {
	d := startDev(t, map[string]string{"eclipsa.config.json": `{ "base": "/shop/" }`, "app/+page.tsx": "import './a.css'\n" + page("shop"), "app/a.css": "", "public/x.txt": "public"})
	d.url = strings.TrimSuffix(d.url, "shop/")
	if status, body := d.get("/shop/"); status != 200 || !strings.Contains(body, `href="/shop/__eclipsa/dev/css/app/a.css"`) || !strings.Contains(body, `src="/shop/__eclipsa/dev/pack.js?route=%2F"`) {
		t.Errorf("got %d %s", status, body)
	}
	for path, want := range map[string]int{"/shop/__eclipsa/dev/pack.js?route=%2F": 200, "/shop/x.txt": 200, "/x.txt": 404, "/__eclipsa/dev/client.js": 404} {
		if status, body := d.get(path); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}
