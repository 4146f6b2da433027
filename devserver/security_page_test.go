package devserver

import (
	"crypto/tls"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"eclipsa/app"

	"github.com/gorilla/websocket"
)

// A page of somebody else reaches the dev server: SECURITY.md S1 to S6. Tests are named after the
// numbers; S2 in a browser is tests/e2e/security.test.mjs.

// devEndpoints are what lies below /__eclipsa/dev/, each with an URL that a page of ours could ask
// for in the app of devSite. TestS5EveryEndpointIsTested compares it with the source.
var devEndpoints = map[string]string{
	"client.js":   "client.js",
	"pack.js":     "pack.js?route=%2F",
	"pack.js.map": "pack.js.map?route=%2F",
	"update.js":   "update.js?version=1",
	"map":         "map/app/count.ts?v=1",
	"deps":        "", // filled in by devSite: it has a hash in it
	"styles.css":  "styles.css?route=%2F",
	"css":         "css/app/look.css",
	"asset":       "asset/app/dot.png",
	"hot":         "hot?token=wrong",
	"open":        "open?token=wrong&file=app/+page.tsx",
}

var depsURL = regexp.MustCompile(`"/__eclipsa/dev/(deps/[0-9a-f]+/deps\.mjs)"`)

// devSite is an app with one of everything that the dev server serves, and files next to it that it
// must not serve.
func devSite(t *testing.T, more map[string]string) (s *site, endpoints map[string]string) {
	t.Helper()
	files := map[string]string{
		"app/+layout.tsx":      "import './look.css'\nimport { add } from './count'\nexport default function Layout({ children }: { children: unknown }) { return <main data-n={add(1)}>{children}</main> }\n",
		"app/look.css":         "main { background: url(./dot.png) }\n",
		"app/dot.png":          "a picture",
		"app/count.ts":         "export function add(n: number) { return n + 1 }\n",
		"public/hello.txt":     "hello",
		"app/broken/+page.tsx": "export default function Broken() { throw new Error('it broke') }\n",
	}
	for name, text := range more {
		files[name] = text
	}
	s = attackedApp(t, files)
	endpoints = map[string]string{}
	for name, url := range devEndpoints {
		endpoints[name] = url
	}
	_, pack := s.get("/__eclipsa/dev/pack.js?route=%2F")
	endpoints["deps"] = depsURL.FindStringSubmatch(pack)[1]
	s.get("/__eclipsa/dev/css/app/look.css") // names the picture
	return s, endpoints
}

func expectNoSharing(t *testing.T, what, response string) {
	t.Helper()
	if strings.Contains(response, "Access-Control-") || strings.Contains(response, "Timing-Allow-Origin") {
		t.Errorf("%s: shared with other origins: %s", what, response)
	}
}

func TestS1CrossOriginReads(t *testing.T) {
	s, endpoints := devSite(t, nil)
	_, port, _ := net.SplitHostPort(s.address)
	foreign := []string{"http://evil.test", "null", "http://" + s.address + ".evil.test", "http://127.0.0.1:1", "http://localhost:1", "https://evil.test:" + port, "file://", "chrome-extension://abc"}
	preflight := func(path, origin string) (int, string) {
		return s.ask("OPTIONS", path, "Origin: "+origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-any", "Access-Control-Request-Private-Network: true")
	}
	for name, url := range endpoints {
		path := "/__eclipsa/dev/" + url
		if status, response := s.ask("GET", path); status != 200 && name != "hot" && name != "open" && name != "update.js" {
			t.Errorf("%s is no example: %d %s", path, status, response)
		}
		for _, origin := range foreign {
			for _, method := range []string{"GET", "HEAD", "POST"} {
				status, response := s.ask(method, path, "Origin: "+origin)
				if status != 403 {
					t.Errorf("%s %s from %s: %d %s", method, path, origin, status, response)
				}
				expectNoSharing(t, path, response)
			}
			status, response := preflight(path, origin)
			if status != 403 {
				t.Errorf("preflight of %s from %s: %d", path, origin, status)
			}
			expectNoSharing(t, path, response)
		}
	}
	// What the app answers is the app's; that nobody else may read it is the absence of headers.
	for _, path := range []string{"/", "/hello.txt", "/broken", "/nowhere", "/__eclipsa/data?url=/", "/__eclipsa/action/x", "/__eclipsa/loader/x", "/__eclipsa/realtime/x?url=/"} {
		for _, origin := range foreign {
			for _, method := range []string{"GET", "POST"} {
				_, response := s.ask(method, path, "Origin: "+origin, "Accept: text/html")
				expectNoSharing(t, path, response)
			}
			status, response := preflight(path, origin)
			if status >= 200 && status < 300 {
				t.Errorf("preflight of %s: %d", path, status)
			}
			expectNoSharing(t, path, response)
		}
	}
}

// What the browser does with these headers is in tests/e2e/security.test.mjs.
func TestS2ClassicScriptInclusion(t *testing.T) {
	s, endpoints := devSite(t, nil)
	for name, url := range endpoints {
		path := "/__eclipsa/dev/" + url
		for _, site := range []string{"cross-site", "same-site", "bogus", "", "same-origin\r\nSec-Fetch-Site: cross-site"} {
			for _, mode := range []string{"no-cors", "navigate", "cors"} {
				if status, _ := s.ask("GET", path, "Sec-Fetch-Site: "+site, "Sec-Fetch-Mode: "+mode, "Sec-Fetch-Dest: script"); status != 403 {
					t.Errorf("%s for %q %s: %d", path, site, mode, status)
				}
			}
		}
		// An answer for ourselves names its type and its reader, also where it is an error.
		for _, asked := range []string{path, path + "x", "/__eclipsa/dev/" + name + "/nothing"} {
			status, response := s.ask("GET", asked, "Sec-Fetch-Site: same-origin")
			if !strings.Contains(response, "Cross-Origin-Resource-Policy: same-origin\r\n") || !strings.Contains(response, "X-Content-Type-Options: nosniff\r\n") {
				t.Errorf("%s: %d %.300s", asked, status, response)
			}
			if status >= 400 && !strings.Contains(response, "Content-Type: text/plain; charset=utf-8\r\n") {
				t.Errorf("%s: %d %.300s", asked, status, response)
			}
			// A classic script has no import and no export, so none of ours is one.
			if strings.Contains(response, "Content-Type: text/javascript") && !regexp.MustCompile(`(?m)^(import|export)\b`).MatchString(response) {
				t.Errorf("%s would run as a classic script: %.300s", asked, response)
			}
		}
	}
}

// origins are what an Origin header can be, and whether it is the server's own, for one Host.
func origins(host string) map[string]bool {
	name, port, _ := net.SplitHostPort(host)
	return map[string]bool{
		"": true, "http://" + host: true, "https://" + host: true, // TLS may end at a tunnel
		"http://evil.test": false, "http://evil.test:" + port: false, "http://" + name: false, "http://" + name + ":1": false, "http://" + name + ":0" + port: false,
		"null": false, "Null": false, "undefined": false, "*": false, host: false, "//" + host: false,
		"http://127.0.0.1.evil:" + port: false, "http://localhost.evil.test:" + port: false, "http://[::1]:" + port: false, "http://127.0.0.2:" + port: false, "http://0.0.0.0:" + port: false,
		"http://2130706433:" + port: false, "http://127.1:" + port: false, "http://" + name + ".:" + port: false,
		"HTTP://" + host: false, "ws://" + host: false, "ftp://" + host: false, "file://": false, "chrome-extension://" + host: false,
		"http://user@" + host: false, "http://user:word@" + host: false, "http://evil.test@" + host: false, "http://" + host + "@evil.test": false,
		"http://" + host + "/": false, "http://" + host + "?": false, "http://" + host + "#": false, "http://" + host + " ": true, // spaces around a value are no part of it
		"http://" + host + ",http://" + host: false, "http://" + host + " http://" + host: false, "http://" + host + "\r\nOrigin: http://" + host: false,
		"http://evil.test\r\nOrigin: http://" + host: false, "http://" + host + "\r\nOrigin: http://evil.test": false,
		"http://" + host + "\\@evil.test": false, "http://%6cocalhost:" + port: false, "\xff": false, strings.Repeat("a", 10_000): false,
	}
}

func TestS3HotChannel(t *testing.T) {
	s := attacked(t, app.Settings{}, nil)
	_, port, _ := net.SplitHostPort(s.address)
	right, stale := s.handler.hub.token, newHub().token
	tokens := map[string]bool{"": false, "?token=": false, "?token=wrong": false, "?token=" + stale: false, "?token=" + strings.ToUpper(right) + "x": false, "?token=" + right[:31]: false,
		"?token=wrong&token=" + right: false, "?Token=" + right: false, "?token=" + right + "%00": false, "?token=" + right: true}
	for _, host := range []string{s.address, "localhost:" + port, "[::1]:" + port} {
		for origin, allowed := range origins(host) {
			if strings.Contains(host, "[::1]") && origin == "http://[::1]:"+port {
				allowed = true
			}
			for query, valid := range tokens {
				headers := []string{"Host: " + host, upgrade}
				if origin != "" {
					headers = append(headers, "Origin: "+origin)
				}
				want := 403
				if allowed && valid {
					want = 101
				}
				if status, _ := s.raw(requestText("GET", "/__eclipsa/dev/hot"+query, headers...)); status != want {
					t.Errorf("host %q, origin %.100q, token %q: %d, want %d", host, origin, query, status, want)
				}
			}
		}
	}
	// No way around the upgrade either.
	for _, headers := range []string{"Connection: close", "Accept: text/event-stream\r\nConnection: close", "Upgrade: h2c\r\nConnection: Upgrade"} {
		if status, response := s.raw(requestText("GET", "/__eclipsa/dev/hot?token="+right, "Host: "+s.address, headers)); status != 426 && status != 400 {
			t.Errorf("%q: %d %s", headers, status, response)
		}
	}
	s.expectUnreached()
}

func TestS3HTTPOriginsInFrontOfHTTPS(t *testing.T) {
	for origin, want := range map[string]bool{"https://localhost:5173": true, "http://localhost:5173": false} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host, r.TLS = "localhost:5173", &tls.ConnectionState{}
		r.Header.Set("Origin", origin)
		if got := checkSameOrigin(r) == nil; got != want {
			t.Errorf("%s: allowed %v", origin, got)
		}
	}
}

func TestS4Host(t *testing.T) {
	s := attacked(t, app.Settings{AllowedHosts: []string{"dev.example.com", ".tunnel.test"}}, nil)
	_, port, _ := net.SplitHostPort(s.address)
	rows := map[string]bool{
		"localhost": true, "localhost:" + port: true, "LOCALHOST": true, "app.localhost:1": true, "127.0.0.1": true, "127.9.9.9": true, "[::1]": true, "[::1]:" + port: true,
		"dev.example.com": true, "DEV.example.com:8443": true, "a.b.tunnel.test": true, "tunnel.test": true,
		"evil.test": false, "localhost.evil.test": false, "localhost:" + port + "@evil": false, "evil.test#localhost": false, "0.0.0.0": false, "[::]": false, "localhost.": false, "localhost.:" + port: false,
		"192.168.0.9": false, "2130706433": false, "0x7f.1": false, "": false, "x.dev.example.com": false, "eviltunnel.test": false, "tunnel.test.": false, ".tunnel.test": false,
		"[::1": false, "::1": false, "[::1]x": false, "[127.0.0.1]": false, "localhost:": false, "localhost:port": false, "localhost:123456": false, "localhost/": false, "local host": false,
		"169.254.169.254": false, "[::ffff:192.168.0.9]": false, "[fe80::1%25lo]": false, "[::1%25lo]": false, "localhost,evil.test": false, "localhost\tx": false, "localhost\xff": false,
	}
	requests := map[string]func(host string) string{
		"a file": func(host string) string {
			return requestText("GET", "/hello.txt", "Host: "+host, "X-Forwarded-Host: localhost", "Forwarded: host=localhost", "X-Host: localhost", "Connection: close")
		},
		"a page": func(host string) string {
			return requestText("GET", "/", "Host: "+host, "X-Forwarded-Host: localhost", "Connection: close")
		},
		"a module": func(host string) string {
			return requestText("GET", "/__eclipsa/dev/client.js", "Host: "+host, "X-Forwarded-Host: localhost", "Connection: close")
		},
		"the hot channel": func(host string) string {
			return requestText("GET", "/__eclipsa/dev/hot?token="+s.handler.hub.token, "Host: "+host, "X-Forwarded-Host: localhost", upgrade)
		},
		"a session": func(host string) string {
			return requestText("GET", witnessPath, "Host: "+host, "X-Forwarded-Host: localhost", upgrade)
		},
		"the editor": func(host string) string {
			return requestText("POST", "/__eclipsa/dev/open?token="+s.handler.hub.token+"&file=nothing", "Host: "+host, "Content-Length: 0", "Connection: close")
		},
	}
	for host, allowed := range rows {
		for kind, request := range requests {
			before := s.count()
			status, response := s.raw(request(host))
			if refused := status == 403 || status == 400; refused == allowed {
				t.Errorf("host %q, %s: %d %s", host, kind, status, response)
			}
			if !allowed && s.count() != before {
				t.Errorf("host %q, %s: the worker was asked", host, kind)
			}
		}
	}
	for _, request := range []string{"GET / HTTP/1.1\r\n\r\n", requestText("GET", "/", "Host: localhost", "Host: localhost"), requestText("GET", "/", "Host: localhost", "Host: evil.test"),
		requestText("GET", "http://evil.test/", "Host: localhost"), requestText("GET", "http://localhost/", "Host: evil.test"), requestText("GET", "/", " Host: localhost"), requestText("GET", "/", "Host : localhost")} {
		if status, _ := s.raw(request); status != 400 {
			t.Errorf("%q: %d", request, status)
		}
	}
	for _, request := range []string{"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nHost: evil.test\r\n\r\n"} {
		if status, _ := s.raw(request); status != 403 {
			t.Errorf("%q: %d", request, status)
		}
	}
}

// A server for the network is reached by its addresses too: a name can be rebound, an address can't.
func TestS4HostOnTheNetwork(t *testing.T) {
	for listening, rows := range map[string]map[string]bool{
		"0.0.0.0":     {"localhost": true, "127.0.0.1": true, "192.168.0.9:5173": true, "[fd00::9]:5173": true, "0.0.0.0": false, "[::]": false, "evil.test": false, "192.168.0.9.evil.test": false, "[fe80::1%25lo]": false},
		"192.168.0.9": {"192.168.0.9": true, "localhost": true, "evil.test": false},
		"my.name":     {"my.name:5173": true, "MY.name": true, "localhost": true, "other.my.name": false, "192.168.0.9": false},
		"::1":         {"[::1]": true, "localhost": true, "192.168.0.9": false},
		"localhost":   {"[::1]": true, "localhost": true, "192.168.0.9": false},
		"":            {"[::1]": true, "localhost": true, "192.168.0.9": false},
	} {
		rules := newHostRules(app.Settings{}, listening)
		for host, want := range rows {
			if got := rules.allows(host); got != want {
				t.Errorf("listening on %q, Host %q: %v", listening, host, got)
			}
		}
	}
	// That addresses are allowed for Host allows no address as Origin.
	s := attacked(t, app.Settings{Host: "0.0.0.0"}, nil)
	for origin, want := range map[string]int{"http://192.168.0.9:5173": 101, "http://192.168.0.66:5173": 403, "http://127.0.0.1:5173": 403, "http://192.168.0.9": 403, "http://[::1]:5173": 403} {
		status, _ := s.raw(requestText("GET", "/__eclipsa/dev/hot?token="+s.handler.hub.token, "Host: 192.168.0.9:5173", "Origin: "+origin, upgrade))
		expectStatus(t, origin, status, want)
	}
}

// Every name that the dispatch compares with has a row in devEndpoints, so that a new endpoint is
// part of the tests of S1, S2, S5 and S7.
func TestS5EveryEndpointIsTested(t *testing.T) {
	var found []string
	for _, literal := range comparedWith(t, "name", "kind") {
		if found = append(found, literal); devEndpoints[literal] == "" && literal != "deps" {
			t.Errorf("/__eclipsa/dev/%s is in the source, and not in devEndpoints", literal)
		}
	}
	if len(found) < len(devEndpoints) {
		t.Errorf("found only %q: does this test still read where requests are dispatched?", found)
	}
}

// comparedWith gives the strings that variables of these names are compared with in the functions
// that dispatch dev requests.
func comparedWith(t *testing.T, variables ...string) (literals []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if !ok || function.Name.Name != "serve" && function.Name.Name != "serveDev" {
				continue
			}
			ast.Inspect(function, func(node ast.Node) bool {
				compared, ok := node.(*ast.BinaryExpr)
				if !ok || compared.Op != token.EQL {
					return true
				}
				variable, isName := compared.X.(*ast.Ident)
				literal, isText := compared.Y.(*ast.BasicLit)
				if isName && isText && literal.Kind == token.STRING && slices.Contains(variables, variable.Name) {
					text, _ := strconv.Unquote(literal.Value)
					literals = append(literals, text)
				}
				return true
			})
		}
	}
	return literals
}

var (
	typeInTS = regexp.MustCompile(`\btype: '([a-z-]+)'`)
	typeInGo = regexp.MustCompile(`hotMessage\{+Type: "([a-z-]+)"`)
)

// hotTypes are the types of the channel's messages, from both sides' sources.
func hotTypes(t *testing.T) (types []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, "../runtime/dev/hot-messages.ts") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range []*regexp.Regexp{typeInTS, typeInGo} {
			for _, match := range in.FindAllStringSubmatch(string(text), -1) {
				types = append(types, match[1])
			}
		}
	}
	slices.Sort(types)
	types = slices.Compact(types)
	for _, known := range []string{"connected", "css", "error", "ok", "reload", "update"} {
		if !slices.Contains(types, known) {
			t.Errorf("%q is not among %q: does this test still read the sources?", known, types)
		}
	}
	return types
}

// The channel's own types, and those of the dev servers whose channel read files (S5).
func TestS5HotChannelHearsNothing(t *testing.T) {
	s := attacked(t, app.Settings{}, nil)
	open := func() *websocket.Conn {
		conn, _, err := websocket.DefaultDialer.Dial("ws://"+s.address+"/__eclipsa/dev/hot?token="+s.handler.hub.token, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	attacker, other := open(), open()
	types := append(hotTypes(t), "custom", "invoke", "vite:invoke", "vite:client:connected", "fetchModule", "rerun", "saveTestFile", "open", "eval", "file", "invalidate", "prune", "full-reload", "ping")
	targets := []string{"file:///etc/passwd", "/etc/passwd", "../../.env", ".env?raw", "app/x.ts\x00.png", "eclipsa:server", "virtual:x", `\\evil\share`, "npm:fs", "node:child_process"}
	for _, name := range types {
		for _, target := range targets {
			for _, text := range []string{
				fmt.Sprintf(`{"type":%q,"path":%q,"url":%q,"id":%q,"file":%q,"version":1,"modules":[{"id":%q,"code":"x"}]}`, name, target, target, target, target, target),
				fmt.Sprintf(`{"type":"custom","event":%q,"data":{"name":"fetchModule","id":"send:1","data":[%q]}}`, name, target),
			} {
				if err := attacker.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, odd := range []string{"", "null", "[]", "1", "\x00", "{", strings.Repeat("[", 1000)} {
		attacker.WriteMessage(websocket.TextMessage, []byte(odd))
		attacker.WriteMessage(websocket.BinaryMessage, []byte(odd))
	}
	// A pong says that everything before it was read.
	ponged := false
	attacker.SetPongHandler(func(string) error {
		ponged = true
		s.handler.hub.send(hotMessage{Type: "ok"})
		return nil
	})
	attacker.WriteControl(websocket.PingMessage, nil, time.Now().Add(patience))
	for _, conn := range []*websocket.Conn{attacker, other} {
		for _, want := range []string{"connected", "ok"} {
			conn.SetReadDeadline(time.Now().Add(patience))
			if _, got, err := conn.ReadMessage(); err != nil || !strings.Contains(string(got), `"type":"`+want+`"`) {
				t.Errorf("got %s %v, want %s", got, err, want)
			}
		}
	}
	if !ponged {
		t.Error("the test did not wait")
	}
	s.expectUnreached()
	// More than any message of ours is cut off.
	attacker.WriteMessage(websocket.TextMessage, make([]byte, 4<<10))
	expectClose(t, attacker, websocket.CloseMessageTooBig, "*")
}

// Every endpoint with everything that others' endpoints took for the name of a file.
func TestS5EndpointsNameNoFiles(t *testing.T) {
	s, endpoints := devSite(t, map[string]string{".env": "SECRET=CANARY\n", "app/unused.ts": "export const unused = 'CANARY'\n", "app/+middleware.ts": "export default async (c: unknown, next: () => Promise<void>) => { const secret = 'CANARY'; void secret; await next() }\n"})
	outside := filepath.Join(t.TempDir(), "outside.txt")
	writeFiles(t, filepath.Dir(outside), map[string]string{"outside.txt": "CANARY"})
	names := []string{outside, "file://" + outside, "/@fs" + outside, "../" + filepath.Base(outside), ".env", ".env?raw", "./.env", "app/../.env", "app/unused.ts", "app/unused.ts?raw", "app/+middleware.ts",
		"app/count.ts?raw", "app/count.ts%00", "eclipsa:server-manifest", "eclipsa:server", "npm:preact", "node:fs", "__proto__", "constructor", "-1", "999999999999999999999", "-9223372036854775808", "9223372036854775807", ""}
	for name, url := range endpoints {
		path, _, _ := strings.Cut(url, "?")
		for _, value := range names {
			for _, target := range []string{
				path + "?file=" + escapeQuery(value), path + "?module=" + escapeQuery(value), path + "?route=" + escapeQuery(value), path + "?id=" + escapeQuery(value) + "&path=" + escapeQuery(value),
				path + "?url=" + escapeQuery(value) + "&version=" + escapeQuery(value) + "&since=" + escapeQuery(value), name + "/" + escapePath(strings.TrimPrefix(value, "/")), name + "/" + escapeQuery(value),
			} {
				for _, method := range []string{"GET", "POST"} {
					status, response := s.ask(method, "/__eclipsa/dev/"+target)
					if strings.Contains(response, "CANARY") || status >= 500 || status == 0 {
						t.Errorf("%s %s: %d %.300s", method, target, status, response)
					}
				}
			}
		}
	}
}

func escapeQuery(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "%%%02X", text[i])
	}
	return b.String()
}

// workerPaths are spellings of what the worker does for this process only.
var workerPaths = []string{"/__eclipsa/worker/load", "/__eclipsa/worker/stop", "/__eclipsa/worker", "/__eclipsa/worker/", "/__eclipsa/worker/new", "/__eclipsa/worker/load?x",
	"/__eclipsa%2fworker%2fload", "/%5f_eclipsa/worker/load", "/%5F%5Feclipsa/%77orker/load", "/x/../__eclipsa/worker/load", "/x/%2e%2e/__eclipsa/worker/load", "/__eclipsa/./worker/load", "/__eclipsa/dev/../worker/load"}

// The worker runs whatever code its own endpoints are given, and every request that is passed on to
// it carries its secret.
func TestS5WorkerEndpointsAreNotReachable(t *testing.T) {
	s := attacked(t, app.Settings{}, nil)
	for _, path := range workerPaths {
		for _, request := range []string{
			requestText("POST", path, "Host: "+s.address, "Content-Type: text/plain", "Content-Length: 2", "Connection: close") + "{}",
			upgradeText(s.address, path)} {
			if status, _ := s.raw(request); status != 404 && status != 400 {
				t.Errorf("%.60q: %d", request, status)
			}
		}
	}
	s.expectUnreached()
}

func TestS5NobodyElseLoadsCode(t *testing.T) {
	s := attackedApp(t, nil)
	file := filepath.Join(s.root, "written")
	body := fmt.Sprintf(`{"external":null,"removed":[],"entry":"evil","modules":[{"id":"evil","deps":[],"dynamic":[],"code":"function* ($) { process.getBuiltinModule('node:fs').writeFileSync(%q, ''); $.exports({ default: () => () => new Response() }); yield }"}]}`, file)
	body = strings.ReplaceAll(body, `"`+file+`"`, "'"+file+"'")
	for _, path := range workerPaths {
		s.raw(requestText("POST", path, "Host: "+s.address, "Content-Type: text/plain", fmt.Sprintf("Content-Length: %d", len(body)), "Connection: close") + body)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a request ran code in the worker")
	}
}

const markup = `<img src=x onerror=alert(1)>"'` + "`touch x`"

// What names of files and requests do to the pages that tell of errors.
func TestS6ErrorPages(t *testing.T) {
	name := "app/" + markup + "$(touch x);touch x.ts"
	s := attackedApp(t, map[string]string{
		"app/bad/+page.tsx":    "import { x } from " + fmt.Sprintf("%q", "../"+strings.TrimPrefix(name, "app/")) + "\nexport default () => <p>{x}</p>\n",
		name:                   "export const x = \n",
		"app/throws/+page.tsx": "export default function Page() { throw new Error('</pre></script>" + strings.ReplaceAll(markup, "'", `\'`) + "') }\n",
	})
	for _, path := range []string{"/bad", "/throws"} {
		status, response := s.ask("GET", path, "Accept: text/html")
		if status != 500 || strings.Contains(response, "<img") || strings.Contains(response, "</script><img") || !strings.Contains(response, "img src=x") {
			t.Errorf("%s: %d %s", path, status, response)
		}
		status, response = s.ask("GET", path, "Accept: */*")
		if status != 500 || !strings.Contains(response, "Content-Type: text/plain; charset=utf-8") || !strings.Contains(response, "X-Content-Type-Options: nosniff") || !strings.Contains(response, "<img src=x") {
			t.Errorf("%s: %d %s", path, status, response)
		}
	}
	reflected := escapeQuery(markup)
	for _, target := range []string{"/__eclipsa/dev/" + reflected, "/__eclipsa/dev/css/" + reflected, "/__eclipsa/dev/pack.js?module=" + reflected, "/__eclipsa/dev/open?file=" + reflected, "/__eclipsa/dev/hot?token=" + reflected, "/__eclipsa/worker/" + reflected} {
		status, response := s.ask("GET", target, "Accept: text/html")
		if status < 400 || strings.Contains(response, "<img") || !strings.Contains(response, "Content-Type: text/plain") || !strings.Contains(response, "nosniff") {
			t.Errorf("%s: %d %s", target, status, response)
		}
	}
	for _, host := range []string{"<img src=x>", "evil.test"} {
		if status, response := s.raw(requestText("GET", "/", "Host: "+host, "Accept: text/html", "Connection: close")); status < 400 || !strings.Contains(response, "Content-Type: text/plain") {
			t.Errorf("%s: %d %s", host, status, response)
		}
	}
	if _, err := os.Stat(filepath.Join(s.root, "x")); err == nil {
		t.Error("a file's name was run as a command")
	}
}

func expectStatus(t *testing.T, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %d %s, want %d", what, got, http.StatusText(got), want)
	}
}
