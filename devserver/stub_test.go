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
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"eclipsa/app"

	"github.com/gorilla/websocket"
)

// stub is a handler in front of a worker that tells what reached it.
type stub struct {
	t       *testing.T
	root    string // the app's folder
	address string
	handler *handler
	server  *http.Server
	stop    func()
	mu      sync.Mutex
	reached []string // "METHOD target" of requests that came to the worker
	headers []http.Header
}

// newStub serves root/public with a stub worker. worker, if not nil, answers after the record is made.
func newStub(t *testing.T, settings app.Settings, worker http.HandlerFunc, changes ...func(*http.Server)) *stub {
	t.Helper()
	s := &stub{t: t}
	backendServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == witnessPath {
			echo(w, r)
			return
		}
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
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, root, map[string]string{"public/hello.txt": "hello", "public/.env": "CANARY=1", "public/.well-known/x": "known",
		"public/sub/deep.txt": "deep", ".env": "CANARY=1", "outside.txt": "CANARY", "package.json": `{ "name": "stub" }`})
	os.Symlink(filepath.Join(root, "outside.txt"), filepath.Join(root, "public", "link.txt"))
	os.Symlink(root, filepath.Join(root, "public", "up"))
	stopping := make(chan struct{})
	s.stop = sync.OnceFunc(func() { close(stopping) })
	ready := make(chan struct{})
	close(ready)
	hub := newHub()
	a := &app.App{Root: root, Settings: settings}
	loader := &loader{base: "/", texts: map[string]string{}}
	s.root = root
	s.handler = &handler{base: "/", hosts: newHostRules(settings, settings.Host), hub: hub, target: newTarget(), files: newPublicFiles(root),
		print: newPrinter(io.Discard, io.Discard), stopping: stopping, sessions: newSessions(newPrinter(io.Discard, io.Discard)),
		project: &project{base: "/", hub: hub, ready: ready, app: a, graph: newGraph(loader, place{}, place{}), styles: newStyles(&app.Project{Root: root, AppRoot: root}, "/"), loaded: true}}
	s.handler.target.set(backend{strings.TrimPrefix(backendServer.URL, "http://"), "the-secret"})
	s.server = s.handler.server()
	for _, change := range changes {
		change(s.server)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	go s.server.Serve(listener)
	t.Cleanup(func() {
		s.stop()
		end(s.server, &s.handler.sockets)
		backendServer.CloseClientConnections()
		backendServer.Close()
	})
	return s
}

// seen is what came to the worker so far.
func (s *stub) seen() (reached []string, headers []http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reached), slices.Clone(s.headers)
}

func (s *stub) count() int {
	reached, _ := s.seen()
	return len(reached)
}

// expectUnreached fails if the worker was asked for anything.
func (s *stub) expectUnreached() {
	s.t.Helper()
	if reached, _ := s.seen(); len(reached) > 0 {
		s.t.Errorf("the worker was asked for %q", reached)
	}
}

// raw sends bytes as they are and gives the status line's number and all that came back.
func (s *stub) raw(request string) (status int, response string) {
	s.t.Helper()
	return rawRequest(s.t, s.address, request)
}

func (s *stub) get(target string, headers ...string) (int, string) {
	s.t.Helper()
	return s.raw(requestText("GET", target, append(headers, "Host: "+s.address, "Connection: close")...))
}

// upgrade asks for a WebSocket. A Host among the headers replaces the stub's own.
func (s *stub) upgrade(target string, headers ...string) (int, string) {
	s.t.Helper()
	return s.raw(upgradeText(s.address, target, headers...))
}

// requestText is a request as it goes over the wire, without a body.
func requestText(method, target string, headers ...string) string {
	return method + " " + target + " HTTP/1.1\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n"
}

// upgrade are the headers of a WebSocket's handshake.
const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="

func upgradeText(address, target string, headers ...string) string {
	return requestText("GET", target, append(headers, "Host: "+address, upgrade)...)
}

// rawRequest speaks TCP: HTTP clients mend requests. The response is the headers and the body.
func rawRequest(t *testing.T, address, request string) (status int, response string) {
	t.Helper()
	conn := connect(t, address)
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
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

// exchange sends bytes and gives everything that comes back until the server ends the connection:
// that it does is part of what is tested.
func exchange(t *testing.T, address, request string) string {
	t.Helper()
	conn := connect(t, address)
	defer conn.Close()
	// A server that has refused may close while the rest is on its way.
	go io.WriteString(conn, request)
	var all strings.Builder
	if _, err := io.Copy(&all, conn); err != nil && os.IsTimeout(err) {
		t.Errorf("the connection stays open after %.200q: got %.200q", request, all.String())
	}
	return all.String()
}

func connect(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// --- who is not attacked ---

const witnessPath = "/__eclipsa/realtime/witness"

var anyOrigin = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

// echo is the witness's session in the stub's worker.
func echo(w http.ResponseWriter, r *http.Request) {
	conn, err := anyOrigin.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		kind, text, err := conn.ReadMessage()
		if err != nil || conn.WriteMessage(kind, text) != nil {
			return
		}
	}
}

// attacked is a stub with a session of somebody else, which must outlive the test, as the server must.
func attacked(t *testing.T, settings app.Settings, worker http.HandlerFunc, changes ...func(*http.Server)) *stub {
	t.Helper()
	s := newStub(t, settings, worker, changes...)
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+s.address+witnessPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(patience))
		if err := conn.WriteMessage(websocket.TextMessage, []byte("still there?")); err != nil {
			t.Errorf("another session did not survive: %v", err)
		} else if _, text, err := conn.ReadMessage(); err != nil || string(text) != "still there?" {
			t.Errorf("another session did not survive: %q %v", text, err)
		}
		if status, response := s.get("/hello.txt"); status != 200 || !strings.HasSuffix(response, "hello") {
			t.Errorf("the server did not survive: %d %s", status, response)
		}
	})
	return s
}

// --- the whole dev server ---

// site is a running dev server (startDev) with a session of somebody else.
type site struct {
	*dev
	address string
}

// attackedApp serves an app. Its files may not include app/+page.tsx, whose session is the witness.
func attackedApp(t *testing.T, files map[string]string) *site {
	t.Helper()
	all := map[string]string{"app/+page.tsx": "import { realtime } from 'eclipsa'\n" +
		"const useEcho = realtime<void, string, string>(({ onMessage, send }) => { onMessage((text) => { send(text) }) })\n" +
		"export default function Page() { const echo = useEcho(); return <p>home {echo.status}</p> }\n"}
	for name, text := range files {
		all[name] = text
	}
	d := startDev(t, all)
	s := &site{d, strings.TrimSuffix(strings.TrimPrefix(d.url, "http://"), "/")}
	if status, body := d.get("/"); status != 200 {
		t.Fatalf("the app does not work: %d %s", status, body)
	}
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+s.address+"/__eclipsa/realtime/"+s.symbol("useEcho", "/")+"?url=/", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(patience))
		conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello"}`))
		conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"message","value":"still there?"}`))
		if _, text, err := conn.ReadMessage(); err != nil || !strings.Contains(string(text), "still there?") {
			t.Errorf("another session did not survive: %q %v", text, err)
		}
		if status, body := d.get("/"); status != 200 || !strings.Contains(body, "home") {
			t.Errorf("the app did not survive: %d %s", status, body)
		}
	})
	return s
}

// symbol finds the id of a server symbol in the pack of a route.
func (s *site) symbol(name, route string) string {
	s.t.Helper()
	_, text := s.get("/__eclipsa/dev/pack.js?route=" + strings.ReplaceAll(route, "/", "%2F"))
	_, rest, ok := strings.Cut(text, `"`+name+"-")
	if !ok {
		s.t.Fatalf("%s is not in the pack of %s: %s", name, route, text)
	}
	hash, _, _ := strings.Cut(rest, `"`)
	return name + "-" + hash
}

func (s *site) raw(request string) (int, string) {
	s.t.Helper()
	return rawRequest(s.t, s.address, request)
}

// ask sends a request with the site's Host.
func (s *site) ask(method, target string, headers ...string) (int, string) {
	s.t.Helper()
	return s.raw(requestText(method, target, append(headers, "Host: "+s.address, "Connection: close")...))
}
