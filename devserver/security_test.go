package devserver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"eclipsa/app"
	"eclipsa/nodeadapter"

	"github.com/gorilla/websocket"
)

// Tests are named after the numbers of SECURITY.md. They speak raw TCP: HTTP clients mend requests.

// stub is a handler in front of a worker that tells what reached it.
type stub struct {
	t       *testing.T
	address string
	handler *handler
	stop    func()
	mu      sync.Mutex
	reached []string // "METHOD target" of requests that came to the worker
	headers []http.Header
}

// newStub serves root/public with a stub worker. worker, if not nil, answers after the record is made.
func newStub(t *testing.T, settings app.Settings, worker http.HandlerFunc) *stub {
	t.Helper()
	s := &stub{t: t}
	backendServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.reached = append(s.reached, r.Method+" "+r.RequestURI)
		s.headers = append(s.headers, r.Header.Clone())
		s.mu.Unlock()
		if worker != nil {
			worker(w, r)
			return
		}
		fmt.Fprint(w, "from the worker")
	}))
	root := t.TempDir()
	writeFiles(t, root, map[string]string{"public/hello.txt": "hello", "public/.env": "CANARY=1", "public/.well-known/x": "known",
		"public/sub/deep.txt": "deep", ".env": "CANARY=1", "outside.txt": "CANARY"})
	os.Symlink(filepath.Join(root, "outside.txt"), filepath.Join(root, "public", "link.txt"))
	os.Symlink(root, filepath.Join(root, "public", "up"))
	stopping := make(chan struct{})
	s.stop = sync.OnceFunc(func() { close(stopping) })
	ready := make(chan struct{})
	close(ready)
	hub := newHub()
	a := &app.App{Root: root, Settings: settings}
	loader := &loader{base: "/", texts: map[string]string{}}
	s.handler = &handler{base: "/", hosts: newHostRules(settings, settings.Host), hub: hub, target: newTarget(), files: newPublicFiles(root),
		print: newPrinter(io.Discard, io.Discard), stopping: stopping,
		project: &project{base: "/", hub: hub, ready: ready, app: a, graph: newGraph(loader, place{}, place{}), styles: newStyles(nil, "/"), loaded: true}}
	s.handler.target.set(backend{strings.TrimPrefix(backendServer.URL, "http://"), "the-secret"})
	front := &http.Server{Handler: s.handler, ReadHeaderTimeout: headerTimeout, MaxHeaderBytes: maxHeader, DisableGeneralOptionsHandler: true, ErrorLog: s.handler.print.quiet()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	go front.Serve(listener)
	t.Cleanup(func() {
		s.stop()
		end(front, &s.handler.sockets)
		backendServer.CloseClientConnections()
		backendServer.Close()
	})
	return s
}

// raw sends bytes as they are and gives the status line's number and all that came back.
func (s *stub) raw(request string) (status int, response string) {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, request); err != nil {
		s.t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return answer.StatusCode, ""
	}
	body, _ := io.ReadAll(answer.Body)
	var b strings.Builder
	answer.Header.Write(&b)
	return answer.StatusCode, b.String() + "\n" + string(body)
}

func (s *stub) get(target string, headers ...string) (int, string) {
	s.t.Helper()
	return s.raw("GET " + target + " HTTP/1.1\r\nHost: " + s.address + "\r\n" + strings.Join(append(headers, "Connection: close"), "\r\n") + "\r\n\r\n")
}

const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="

func (s *stub) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.reached)
}

func TestS1NoCrossOriginReads(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	for _, path := range []string{"client.js", "pack.js?route=%2F", "pack.js.map?route=%2F", "deps/0/deps.mjs", "css/app/x.css", "asset/app/x.png", "hot?token=x", "nothing"} {
		for _, origin := range []string{"http://evil.test", "null", "http://" + s.address + ".evil.test", "http://127.0.0.1:1"} {
			status, response := s.get("/__eclipsa/dev/"+path, "Origin: "+origin)
			if status != 403 || strings.Contains(response, "Access-Control") {
				t.Errorf("%s from %s: %d %s", path, origin, status, response)
			}
		}
		status, response := s.raw("OPTIONS /__eclipsa/dev/" + path + " HTTP/1.1\r\nHost: " + s.address + "\r\nOrigin: http://evil.test\r\nAccess-Control-Request-Method: GET\r\nConnection: close\r\n\r\n")
		if status != 403 || strings.Contains(response, "Access-Control") {
			t.Errorf("preflight of %s: %d %s", path, status, response)
		}
	}
	if s.count() > 0 {
		t.Errorf("the worker was asked: %q", s.reached)
	}
}

func TestS2NoClassicScripts(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	for _, site := range []string{"cross-site", "same-site", "bogus"} {
		if status, _ := s.get("/__eclipsa/dev/client.js", "Sec-Fetch-Site: "+site, "Sec-Fetch-Mode: no-cors"); status != 403 {
			t.Errorf("%s: %d", site, status)
		}
	}
	if _, response := s.get("/__eclipsa/dev/nothing", "Sec-Fetch-Site: same-origin"); !strings.Contains(response, "Cross-Origin-Resource-Policy: same-origin") || !strings.Contains(response, "X-Content-Type-Options: nosniff") {
		t.Errorf("got %s", response)
	}
}

func TestS3HotChannel(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	_, port, _ := net.SplitHostPort(s.address)
	right := s.handler.hub.token
	origins := map[string]bool{"": true, "http://" + s.address: true, "https://" + s.address: true, "http://other.test": false, "http://127.0.0.1:1": false,
		"null": false, "http://127.0.0.1.evil:" + port: false, "http://[::1]:" + port: false, "http://127.0.0.1.:" + port: false,
		"HTTP://" + s.address: false, "http://user@" + s.address: false, "http://" + s.address + "/": false, "http://" + s.address + "\r\nOrigin: http://" + s.address: false}
	for origin, allowed := range origins {
		for token, valid := range map[string]bool{"": false, "?token=": false, "?token=wrong": false, "?token=" + strings.Repeat("0", 32): false, "?token=" + right: true} {
			headers := []string{upgrade}
			if origin != "" {
				headers = append(headers, "Origin: "+origin)
			}
			want := 403
			if allowed && valid {
				want = 101
			}
			status, _ := s.raw("GET /__eclipsa/dev/hot" + token + " HTTP/1.1\r\nHost: " + s.address + "\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n")
			if status != want {
				t.Errorf("origin %q, token %q: %d, want %d", origin, token, status, want)
			}
		}
	}
}

func TestS4Host(t *testing.T) {
	s := newStub(t, app.Settings{AllowedHosts: []string{"dev.example.com", ".tunnel.test"}}, nil)
	_, port, _ := net.SplitHostPort(s.address)
	rows := map[string]int{
		"localhost": 200, "localhost:" + port: 200, "LOCALHOST": 200, "app.localhost:1": 200, "127.0.0.1": 200, "127.9.9.9": 200, "[::1]": 200, "[::1]:" + port: 200,
		"dev.example.com": 200, "DEV.example.com:8443": 200, "a.b.tunnel.test": 200, "tunnel.test": 200,
		"evil.test": 403, "localhost.evil.test": 403, "localhost:" + port + "@evil": 400, "0.0.0.0": 403, "[::]": 403, "localhost.": 403, "192.168.0.9": 403,
		"": 403, "x.dev.example.com": 403, "eviltunnel.test": 403, "[::1": 403, "::1": 403, "localhost:": 403, "localhost:port": 403, "localhost/": 403, "local host": 400, "169.254.169.254": 403,
		"[::ffff:192.168.0.9]": 403, "[fe80::1%25lo]": 403,
	}
	for host, want := range rows {
		for _, kind := range []string{"/", "/__eclipsa/dev/client.js", "/__eclipsa/realtime/x"} {
			before := s.count()
			headers := "X-Forwarded-Host: localhost\r\nConnection: close"
			if kind == "/__eclipsa/realtime/x" {
				headers = "X-Forwarded-Host: localhost\r\n" + upgrade
			}
			status, _ := s.raw("GET " + kind + " HTTP/1.1\r\nHost: " + host + "\r\n" + headers + "\r\n\r\n")
			refused := status == 403 || status == 400
			if refused != (want >= 400) {
				t.Errorf("host %q for %s: %d, want %d", host, kind, status, want)
			}
			if refused && s.count() != before {
				t.Errorf("host %q for %s reached the worker", host, kind)
			}
		}
	}
	for _, request := range []string{"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"} {
		if status, _ := s.raw(request); status != 400 {
			t.Errorf("%q: %d", request, status)
		}
	}
}

func TestS5HotChannelHearsNothing(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+s.address+"/__eclipsa/dev/hot?token="+s.handler.hub.token, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, text := range []string{`{"type":"invoke","data":{"url":"file:///etc/passwd"}}`, `{"type":"error"}`, "\x00", "../../.env"} {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	s.handler.hub.send(hotMessage{Type: "ok"})
	for _, want := range []string{"connected", "ok"} {
		conn.SetReadDeadline(time.Now().Add(patience))
		if _, got, err := conn.ReadMessage(); err != nil || !strings.Contains(string(got), `"type":"`+want+`"`) {
			t.Errorf("got %s %v", got, err)
		}
	}
}

// The worker runs whatever code its own endpoints are given, and every request that is passed on to
// it carries its secret.
func TestS5WorkerEndpointsAreNotReachable(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	for _, path := range []string{"/__eclipsa/worker/load", "/__eclipsa/worker/stop", "/__eclipsa/worker", "/__eclipsa/worker/", "/__eclipsa/worker/new",
		"/__eclipsa%2fworker%2fload", "/%5f_eclipsa/worker/load", "/x/../__eclipsa/worker/load", "/x/%2e%2e/__eclipsa/worker/load", "/__eclipsa/./worker/load", "/__eclipsa/dev/../worker/load"} {
		for _, request := range []string{
			"POST " + path + " HTTP/1.1\r\nHost: " + s.address + "\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
			"GET " + path + " HTTP/1.1\r\nHost: " + s.address + "\r\n" + upgrade + "\r\n\r\n"} {
			if status, _ := s.raw(request); status != 404 && status != 400 {
				t.Errorf("%.60q: %d", request, status)
			}
		}
	}
	if s.count() > 0 {
		t.Errorf("the worker got %q", s.reached)
	}
}

func TestS7S8PublicFiles(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	served := map[string]string{"/hello.txt": "hello", "/hello.txt?raw??": "hello", "/sub/deep.txt": "deep", "/.well-known/x": "known", "/%68ello.txt": "hello"}
	for target, want := range served {
		if status, response := s.get(target); status != 200 || !strings.HasSuffix(response, want) {
			t.Errorf("%s: %d %s", target, status, response)
		}
	}
	worker := []string{"/.env", "/.env?raw", "/sub/../.env", "/sub/%2e%2e/.env", "/..%2f.env", "/%2e%2e/.env", "/link.txt", "/up/.env", "/up/outside.txt",
		"/hello.txt/", "/sub", "/sub/", "/public/hello.txt", "/hello.txt%00", "/hello.txt%20", "/..;/outside.txt", "/hello.txt::$DATA", "/HELLO~1.TXT", "/sub//deep.txt"}
	for _, target := range worker {
		status, response := s.get(target)
		if strings.Contains(response, "CANARY") {
			t.Errorf("%s gave %s", target, response)
		}
		if status != 400 && !strings.HasSuffix(response, "from the worker") {
			t.Errorf("%s: %d %s", target, status, response)
		}
	}
	for _, name := range []string{"pack.js?module=../.env", "pack.js?module=file:///etc/passwd", "css/../../.env", "asset/.env", "asset/..%2f..%2f.env", "asset//etc/passwd", "deps/../../package.json",
		"deps/%2e%2e/.env", "asset/.env?url", "css/.env?raw", "@fs/etc/passwd"} {
		status, response := s.get("/__eclipsa/dev/" + name)
		if status != 404 && status != 400 || strings.Contains(response, "CANARY") {
			t.Errorf("%s: %d %s", name, status, response)
		}
	}
}

func TestS8S21RequestTargets(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	for _, target := range []string{"//", "///", "//evil/__eclipsa/realtime/x", "http://[", "http://169.254.169.254/", "http://" + s.address + "/", "*", ":99999/", "hello.txt", "/a\\b", "/a%5cb", "/a#b",
		"/%", "/%zz", "/a%0d%0ab", "/%00", "\\\\evil\\x"} {
		for _, headers := range []string{"Connection: close", upgrade} {
			before := s.count()
			status, _ := s.raw("GET " + target + " HTTP/1.1\r\nHost: " + s.address + "\r\n" + headers + "\r\n\r\n")
			if status != 400 {
				t.Errorf("%s: %d, want 400", target, status)
			}
			if s.count() != before {
				t.Errorf("%s reached the worker", target)
			}
		}
	}
	if status, _ := s.get("/hello.txt"); status != 200 {
		t.Errorf("the server did not survive: %d", status)
	}
}

func TestS18OnlyTheWorkerIsAsked(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	if status, _ := s.raw("CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: " + s.address + "\r\n\r\n"); status != 400 {
		t.Errorf("CONNECT: %d", status)
	}
	// Upgrades elsewhere are plain requests for the worker.
	for _, header := range []string{upgrade, "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__"} {
		if status, response := s.raw("GET /page HTTP/1.1\r\nHost: " + s.address + "\r\n" + header + "\r\n\r\n"); status != 200 || !strings.HasSuffix(response, "from the worker") {
			t.Errorf("%d %s", status, response)
		}
	}
	for _, header := range s.headers {
		if header.Get("Upgrade") != "" {
			t.Errorf("the worker saw %v", header)
		}
	}
}

func TestS19BadHandshakes(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	key := "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
	base := "GET /__eclipsa/realtime/x HTTP/1.1\r\nHost: " + s.address + "\r\nUpgrade: websocket\r\n"
	smuggled := "GET /smuggled HTTP/1.1\r\nHost: " + s.address + "\r\n\r\n"
	rows := map[string]int{
		base + "Connection: Upgrade\r\nSec-WebSocket-Version: 8\r\n" + key + "\r\n\r\n":                                                              426,
		base + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n":                                                                            400,
		base + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n":                                                400,
		base + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" + key + "\r\n" + key + "\r\n\r\n":                                              400,
		base + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" + key + "\r\nContent-Length: " + fmt.Sprint(len(smuggled)) + "\r\n\r\n":        400,
		base + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" + key + "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":                      400,
		strings.Replace(base, "GET", "POST", 1) + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" + key + "\r\nContent-Length: 0\r\n\r\n":     405,
		base + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" + key + "\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 400,
	}
	for request, want := range rows {
		if status, response := s.raw(request + smuggled); status != want {
			t.Errorf("%q: %d %s", request, status, response)
		}
	}
	for _, reached := range s.reached {
		t.Errorf("the worker got %s", reached)
	}
}

func TestS20HandshakeParser(t *testing.T) {
	s := newStub(t, app.Settings{}, func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", 404) })
	rows := map[string]int{
		strings.Repeat("X-A: b\r\n", 9000):                                 431,
		"Sec-WebSocket-Protocol: " + strings.Repeat(", ", 30000) + "\r\n":  431,
		"Sec-WebSocket-Protocol: " + strings.Repeat(", ", 10000) + "\r\n":  404,
		"Sec-WebSocket-Extensions: constructor; __proto__; toString=1\r\n": 404,
		"Sec-WebSocket-Protocol: \xff\xfe\r\n":                             404,
	}
	for headers, want := range rows {
		status, _ := s.raw("GET /__eclipsa/realtime/__proto__ HTTP/1.1\r\nHost: " + s.address + "\r\n" + headers + upgrade + "\r\n\r\n")
		if status != want {
			t.Errorf("%.60q: %d, want %d", headers, status, want)
		}
	}
}

func TestProxyKeepsTheRequest(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	s.get("/a%2Fb/[id]/%7Bx%7D?q=1;2&=%zz", "X-Forwarded-For: 1.2.3.4", "X-Eclipsa-Worker: guessed", "Cookie: a=b")
	if s.reached[0] != "GET /a%2Fb/[id]/%7Bx%7D?q=1;2&=%zz" {
		t.Errorf("got %s", s.reached[0])
	}
	header := s.headers[0]
	if got := header.Values(nodeadapter.SecretHeader); len(got) != 1 || got[0] != "the-secret" {
		t.Errorf("secret: %q", got)
	}
	if header.Get("X-Forwarded-For") != "1.2.3.4" || header.Get("Cookie") != "a=b" || header.Get("Accept-Encoding") != "" || header.Get("User-Agent") != "" {
		t.Errorf("got %v", header)
	}
}
