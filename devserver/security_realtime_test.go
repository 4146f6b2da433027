package devserver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"eclipsa/app"
	"eclipsa/nodeadapter"
)

// Upgrades, and requests that no parser should agree to: SECURITY.md S16 to S21. The same attacks on
// a whole app, built and in dev, are in tests/sessions.

// guardedFiles are an app whose every step before a session says that it ran, and answers what the
// header of its name asks for.
var guardedFiles = map[string]string{
	"app/guard.server.ts": `import type { Context, Next } from 'hono'
export const guard = (name: string) => async (c: Context, next: Next) => {
  console.log('ran', name, c.req.header('x-test') ?? '')
  const wanted = c.req.header('x-' + name)
  if (wanted === 'throw') throw new Error('CANARY')
  if (wanted === 'redirect') return c.redirect('/elsewhere')
  if (wanted) return c.text('guarded by ' + name, Number(wanted) as 401)
  await next()
}
`,
	"app/+server-entry.ts":    "import { Hono } from 'hono'\nimport { guard } from './guard.server'\nexport default new Hono().use(guard('entry'))\n",
	"app/room/+middleware.ts": "import { guard } from '../guard.server'\nexport default guard('route')\n",
	"app/room/+page.tsx": `import { realtime } from 'eclipsa'
import { guard } from '../guard.server'
import './effect'
const useRoom = realtime<void, string, string>(guard('symbol'), ({ onMessage, send }) => { console.log('ran handler'); onMessage((text) => { send(text) }) })
export default function Room() { const room = useRoom(); return <p>{room.status}</p> }
`,
	"app/room/effect.ts": "if (typeof window === 'undefined') console.log('evaluated the handler module')\n",
}

// S16: a foreign page with the visitor's cookie gets 403 before any code of the app has run.
func TestS16CrossSiteSessions(t *testing.T) {
	files := map[string]string{"eclipsa.config.json": `{ "allowedOrigins": ["https://friend.test", "http://friend.test:8080"] }`}
	for name, text := range guardedFiles {
		files[name] = text
	}
	s := attackedApp(t, files)
	_, port, _ := net.SplitHostPort(s.address)
	target := "/__eclipsa/realtime/" + s.symbol("useRoom", "/room") + "?url=/room"
	ask := func(origin string) int {
		headers := []string{"Cookie: sid=7", "X-Test: attack"}
		if origin != "" {
			headers = append(headers, "Origin: "+origin)
		}
		status, _ := s.raw(upgradeText(s.address, target, headers...))
		return status
	}
	all := origins(s.address)
	for origin, allowed := range map[string]bool{
		"https://friend.test": true, "http://friend.test:8080": true, "http://friend.test": false, "https://friend.test:443": false, "https://friend.test:8443": false, "https://friend.test/": false,
		"https://friend.test.": false, "https://friend.test.evil.test": false, "https://evil.friend.test": false, "https://FRIEND.test": false, "https://friend.test\r\nOrigin: null": false,
	} {
		all[origin] = allowed
	}
	for origin, allowed := range all {
		// runtime/server/origin.ts compares what the URL means; browsers write it in one way only.
		if allowed || origin == "HTTP://"+s.address || strings.HasPrefix(origin, "http://%6c") || strings.HasSuffix(origin, ":0"+port) {
			continue
		}
		if status := ask(origin); status != 403 && status != 431 && status != 400 {
			t.Errorf("%.100q: %d", origin, status)
		}
	}
	for _, header := range []string{"X-Forwarded-Host: evil.test", "Forwarded: host=evil.test", "X-Forwarded-Proto: https"} {
		status, _ := s.raw(upgradeText(s.address, target, "Origin: http://evil.test", "X-Test: attack", header))
		expectStatus(t, header, status, 403)
	}
	if output := s.output.String(); strings.Contains(output, "attack") || strings.Contains(output, "evaluated") {
		t.Errorf("code of the app ran for a foreign page:\n%s", output)
	}
	for origin, allowed := range all {
		if allowed && !strings.Contains(origin, " ") {
			expectStatus(t, origin, ask(origin), 101)
		}
	}
	s.until("the handler", func() bool { return strings.Contains(s.output.String(), "ran handler") })
	if output := s.output.String(); !strings.Contains(output, "evaluated the handler module") || !strings.Contains(output, "ran symbol attack") {
		t.Errorf("this test would not see it:\n%s", output)
	}
}

// S17: everything that may refuse does so before the 101, over HTTP and for the upgrade alike.
func TestS17GuardsBeforeUpgrade(t *testing.T) {
	s := attackedApp(t, guardedFiles)
	target := "/__eclipsa/realtime/" + s.symbol("useRoom", "/room") + "?url=/room"
	steps := []string{"entry", "route", "symbol"}
	number := 0
	both := func(target string, headers ...string) (overHTTP, upgraded int, response, ran string) {
		t.Helper()
		number++
		tag := fmt.Sprintf("request-%d", number)
		overHTTP, _ = s.ask("GET", target, append(headers, "X-Test: http")...)
		upgraded, response = s.raw(upgradeText(s.address, target, append(headers, "X-Test: "+tag)...))
		s.until("its output", func() bool { return strings.Contains(s.output.String(), "ran entry "+tag) })
		for line := range strings.Lines(s.output.String()) {
			if name, ok := strings.CutSuffix(strings.TrimSpace(line), " "+tag); ok {
				ran += strings.TrimPrefix(name, "ran") + ","
			}
		}
		return overHTTP, upgraded, response, ran
	}
	for i, step := range steps {
		for wanted, want := range map[string]int{"401": 401, "403": 403, "404": 404, "429": 429, "503": 503, "redirect": 302, "throw": 500} {
			overHTTP, upgraded, response, ran := both(target, "X-"+step+": "+wanted)
			expectStatus(t, step+" "+wanted+", upgrade", upgraded, want)
			expectStatus(t, step+" "+wanted+", HTTP", overHTTP, want)
			if order := " " + strings.Join(steps[:i+1], ", ") + ","; ran != order {
				t.Errorf("%s %s: ran%s, want%s", step, wanted, ran, order)
			}
			if strings.Contains(response, "CANARY") || strings.Contains(response, ".ts:") {
				t.Errorf("%s %s: %s", step, wanted, response)
			}
			if wanted == "redirect" && !strings.Contains(response, "Location: /elsewhere\r\n") {
				t.Errorf("%s %s: %s", step, wanted, response)
			}
		}
	}
	// Input is validated before the 101 as well.
	_, upgraded, _, _ := both(target + "&input=%7B%7D%7D")
	expectStatus(t, "input that is none", upgraded, 400)
	if strings.Contains(s.output.String(), "ran handler") {
		t.Error("the handler ran for a refused session")
	}
	_, upgraded, _, ran := both(target)
	expectStatus(t, "nobody refuses", upgraded, 101)
	if ran != " entry, route, symbol," {
		t.Errorf("ran%s", ran)
	}
}

// A worker that says nothing, and no worker at all.
func TestS17HandshakeDeadline(t *testing.T) {
	hanging := make(chan struct{})
	s := attacked(t, app.Settings{}, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-hanging:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(hanging) })
	s.handler.handshake = 50 * time.Millisecond
	began := time.Now()
	status, _ := s.upgrade("/__eclipsa/realtime/x")
	expectStatus(t, "with a worker that says nothing", status, 503)
	s.handler.target.set(backend{})
	status, _ = s.upgrade("/__eclipsa/realtime/x")
	expectStatus(t, "without a worker", status, 503)
	if took := time.Since(began); took > patience/2 {
		t.Errorf("took %s", took)
	}
	s.handler.target.set(noBackend) // what a worker that can't live leaves behind
	status, _ = s.upgrade("/__eclipsa/realtime/x")
	expectStatus(t, "with a worker that ended", status, 503)
}

// At the end of the server, too.
func TestS17UndecidedAtTheEnd(t *testing.T) {
	s := newStub(t, app.Settings{}, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	answered := make(chan int, 1)
	go func() {
		status, _ := s.upgrade("/__eclipsa/realtime/x")
		answered <- status
	}()
	for deadline := time.Now().Add(patience); s.count() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	s.stop()
	select {
	case status := <-answered:
		expectStatus(t, "undecided at the end", status, 503)
	case <-time.After(patience):
		t.Error("an undecided upgrade gets no answer")
	}
}

// S18: an upgrade, or a request for elsewhere, is no way into the network.
func TestS18OnlyTheWorkerIsAsked(t *testing.T) {
	inside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	asked := make(chan string, 16)
	go func() {
		for {
			conn, err := inside.Accept()
			if err != nil {
				close(asked)
				return
			}
			line, _ := bufio.NewReader(conn).ReadString('\n')
			asked <- line
			conn.Close()
		}
	}()
	other := inside.Addr().String()
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, "http://"+other)
	}
	s := attacked(t, app.Settings{}, nil)
	targets := []string{"http://" + other + "/", "http://" + other + "/__eclipsa/realtime/x", "HTTP://" + other + "/__eclipsa/realtime/x", "ws://" + other + "/__eclipsa/realtime/x", "http:" + other, "//" + other + "/", "//" + other + "/__eclipsa/realtime/x",
		"///" + other, "/\\" + other, "\\\\" + other + "\\x", other, "@" + other, "http://" + s.address + "@" + other + "/", "http://169.254.169.254/latest/meta-data/", "http://" + s.address + "/"}
	for _, target := range targets {
		for _, host := range []string{s.address, other} {
			for _, headers := range []string{"Connection: close", upgrade} {
				for _, method := range []string{"GET", "POST", "CONNECT", "OPTIONS"} {
					if status, response := s.raw(requestText(method, target, "Host: "+host, headers)); status != 400 {
						t.Errorf("%s %s, Host %s: %d %s", method, target, host, status, response)
					}
				}
			}
		}
	}
	s.expectUnreached()
	// The worker is asked, whatever the headers say; upgrades elsewhere are plain requests for it.
	for _, headers := range []string{upgrade, "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__", "X-Forwarded-Host: " + other, "Forwarded: host=" + other, "X-Original-URL: http://" + other + "/", "X-Eclipsa-Worker: guessed", "Connection: X-Eclipsa-Worker"} {
		if status, response := s.raw(requestText("GET", "/page?url=http://"+other+"/", "Host: "+s.address, headers)); status != 200 || !strings.HasSuffix(response, "from the worker") {
			t.Errorf("%q: %d %s", headers, status, response)
		}
	}
	_, seen := s.seen()
	for _, header := range seen {
		if header.Get("Upgrade") != "" || header.Get("Http2-Settings") != "" && header.Get("Connection") != "" {
			t.Errorf("the worker saw %v", header)
		}
		if got := header.Values(nodeadapter.SecretHeader); len(got) != 1 || got[0] != "the-secret" {
			t.Errorf("secret: %q", got)
		}
	}
	inside.Close()
	for line := range asked {
		t.Errorf("somebody else was asked for %q", line)
	}
}

// S19: a failed upgrade ends its connection, and nothing behind it is ever a request.
func TestS19SecondRequests(t *testing.T) {
	s := attacked(t, app.Settings{}, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/__eclipsa/realtime/refused":
			http.Error(w, "no", http.StatusUnauthorized)
		case "/__eclipsa/realtime/fine": // a tunnel without 101
			io.WriteString(w, "fine")
		case "/__eclipsa/realtime/long": // more than is passed on
			io.WriteString(w, strings.Repeat("x", maxRefusal+1))
		case "/__eclipsa/realtime/open":
			echo(w, r)
		default:
			io.WriteString(w, "from the worker")
		}
	})
	second := requestText("GET", "/smuggled", "Host: "+s.address) + requestText("POST", "/smuggled", "Host: "+s.address, "Content-Length: 0")
	version, key := "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
	host, websocket := "Host: "+s.address, "Upgrade: websocket"
	x := "/__eclipsa/realtime/x"
	rows := []struct {
		what, request string
		want          int
	}{
		{"version 8", requestText("GET", x, host, websocket, "Connection: Upgrade", "Sec-WebSocket-Version: 8", key), 426},
		{"two versions", requestText("GET", x, host, websocket, "Connection: Upgrade", "Sec-WebSocket-Version: 13, 8", key), 426},
		{"no version", requestText("GET", x, host, websocket, "Connection: Upgrade", key), 426},
		{"no key", requestText("GET", x, host, websocket, "Connection: Upgrade", version), 400},
		{"a short key", requestText("GET", x, host, websocket, "Connection: Upgrade", version, "Sec-WebSocket-Key: short"), 400},
		{"two keys", requestText("GET", x, host, websocket, "Connection: Upgrade", version, key, key), 400},
		{"a body", requestText("GET", x, host, websocket, "Connection: Upgrade", version, key, fmt.Sprint("Content-Length: ", len(second))), 400},
		{"an impossible length", requestText("GET", x, host, websocket, "Connection: Upgrade", version, key, "Content-Length: -1"), 400},
		{"two lengths", requestText("GET", x, host, websocket, "Connection: Upgrade", version, key, "Content-Length: 0", "Content-Length: 5"), 400},
		{"a chunked body", requestText("GET", x, host, websocket, "Connection: Upgrade", version, key, "Transfer-Encoding: chunked") + "0\r\n\r\n", 400},
		{"a chunked body with a length", requestText("GET", x, host, websocket, "Connection: Upgrade", version, key, "Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n", 400},
		{"another coding", requestText("GET", x, host, websocket, "Connection: Upgrade", version, key, "Transfer-Encoding: identity"), 501},
		{"two codings", requestText("GET", x, host, websocket, "Connection: Upgrade", version, key, "Transfer-Encoding: chunked, identity"), 501},
		{"POST", requestText("POST", x, host, websocket, "Connection: Upgrade", version, key, "Content-Length: 0"), 405},
		{"HEAD", requestText("HEAD", x, host, websocket, "Connection: Upgrade", version, key), 405},
		{"refused by the worker", upgradeText(s.address, "/__eclipsa/realtime/refused"), 401},
		{"answered without 101", upgradeText(s.address, "/__eclipsa/realtime/fine"), 200},
		{"answered at length", upgradeText(s.address, "/__eclipsa/realtime/long"), 200},
		{"a page", upgradeText(s.address, "/page"), 200},
		{"h2c", requestText("GET", "/page", host, "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__"), 200},
		{"h2c for a session", requestText("GET", "/__eclipsa/realtime/refused", host, "Upgrade: h2c", "Connection: Upgrade"), 401},
		{"two protocols", requestText("GET", "/__eclipsa/realtime/refused", host, "Upgrade: h2c, websocket", "Connection: Upgrade", version, key), 401},
		{"no Connection", requestText("GET", "/__eclipsa/realtime/refused", host, websocket, version, key), 401},
		{"a public file", upgradeText(s.address, "/hello.txt"), 200},
		{"a dev module", upgradeText(s.address, "/__eclipsa/dev/client.js"), 200},
		{"the hot channel without its token", upgradeText(s.address, "/__eclipsa/dev/hot"), 403},
		{"another host", requestText("GET", x, "Host: evil.test", upgrade), 403},
		{"no path", upgradeText(s.address, "//x"), 400},
		{"no upgrade, and no path", requestText("GET", "//x", host), 400},
		{"no upgrade, and another host", requestText("POST", "/", "Host: evil.test", "Content-Length: 5"), 403},
		{"no upgrade, and another origin", requestText("GET", "/__eclipsa/dev/client.js", host, "Origin: http://evil.test"), 403},
		{"no upgrade, and too many headers", requestText("GET", "/", host, strings.TrimSuffix(strings.Repeat("A: b\r\n", 1_001), "\r\n")), 431},
	}
	for _, row := range rows {
		all := exchange(t, s.address, row.request+second)
		if status := statusOf(all); row.what != "a dev module" && status != row.want {
			t.Errorf("%s: %d %.300s", row.what, status, all)
		}
		if strings.Count(all, "HTTP/1.1 ") != 1 {
			t.Errorf("%s: the second request was answered: %.600s", row.what, all)
		}
	}
	// What follows a handshake that is fine are frames, and may not even come with it.
	for _, connection := range []string{"Upgrade", "upgrade, close", "keep-alive, Upgrade"} {
		all := exchange(t, s.address, requestText("GET", "/__eclipsa/realtime/open", host, websocket, "Connection: "+connection, version, key)+second)
		if all != "" && statusOf(all) != 101 && statusOf(all) < 400 || strings.Count(all, "HTTP/1.1 ") > 1 {
			t.Errorf("%s: %.300s", connection, all)
		}
	}
	// The length of what is passed on to the worker has one meaning.
	for _, body := range []string{
		"Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n5;x\n\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Content-Length: +5\r\n\r\nhello", "Content-Length: 5, 5\r\n\r\nhello", "Content-Length: 0x5\r\n\r\nhello", "Content-Length : 5\r\n\r\nhello",
		"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n-1\r\nhello\r\n0\r\n\r\n",
	} {
		all := exchange(t, s.address, "POST /page HTTP/1.1\r\nHost: "+s.address+"\r\nConnection: close\r\n"+body+second)
		if strings.Count(all, "HTTP/1.1 ") > 1 {
			t.Errorf("%q: the second request was answered: %.600s", body, all)
		}
	}
	reached, _ := s.seen()
	for _, reached := range reached {
		if strings.Contains(reached, "smuggled") {
			t.Errorf("the worker got %s", reached)
		}
	}
}

func statusOf(response string) (status int) {
	fmt.Sscanf(response, "HTTP/1.1 %d", &status)
	return status
}

// S20: handshakes that cost their parsers more than their senders.
func TestS20HandshakeParsers(t *testing.T) {
	s := attackedApp(t, guardedFiles)
	room := "/__eclipsa/realtime/" + s.symbol("useRoom", "/room") + "?url=/room"
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "X-%d: 1\r\n", i)
		}
		return b.String()
	}
	rows := []struct {
		what, headers string
		want          int
	}{
		{"2,000 headers", many(2_000), 431},
		{"1,001 headers of one name", strings.Repeat("A: b\r\n", 1_001), 431},
		{"900 headers", many(900), 101},
		{"100 kB of headers", strings.Repeat("X-A: "+strings.Repeat("b", 1_000)+"\r\n", 100), 431},
		{"a header of 60 kB", "X-A: " + strings.Repeat("b", 60_000) + "\r\n", 431},
		{"a name of 60 kB", strings.Repeat("X", 60_000) + ": 1\r\n", 431},
		{"60 kB of commas as protocols", "Sec-WebSocket-Protocol: " + strings.Repeat(",", 60_000) + "\r\n", 431},
		{"40 kB of commas as protocols", "Sec-WebSocket-Protocol: a" + strings.Repeat(",", 40_000) + "\r\n", 0},
		{"40 kB of spaces as protocols", "Sec-WebSocket-Protocol: a" + strings.Repeat(" ", 40_000) + "b\r\n", 0},
		{"10,000 protocols", "Sec-WebSocket-Protocol: a" + strings.Repeat(", a", 10_000) + "\r\n", 0},
		{"40 kB of commas as extensions", "Sec-WebSocket-Extensions: " + strings.Repeat(",", 40_000) + "\r\n", 101},
		{"extensions named like properties", "Sec-WebSocket-Extensions: constructor; __proto__=1; toString, hasOwnProperty\r\n", 101},
		{"compression with impossible windows", "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99999999999; client_max_window_bits=x\r\n", 101},
		{"a protocol that is not UTF-8", "Sec-WebSocket-Protocol: \xff\xfe\r\n", 0},
		{"a protocol that is not ASCII", "Sec-WebSocket-Protocol: café\r\n", 0},
		{"protocols that are no tokens", "Sec-WebSocket-Protocol: a b, \"c\", (d)\r\n", 0},
		{"bytes that are not UTF-8", "X-Bytes: \xff\xfe\r\nCookie: a=\xc3\x28\r\n", 101},
		{"a NUL", "X-Bytes: a\x00b\r\n", 400},
		{"a line break of one byte", "X-A: b\rX-B: c\r\n", 400},
		{"a folded header", "X-A: b\r\n c\r\n", 0},
		{"a header without a name", ": x\r\n", 400},
		{"a header without a colon", "nothing\r\n", 400},
		{"a name with a space", "X A: b\r\n", 400},
		{"headers named like properties", "__proto__: 1\r\nconstructor: 2\r\nhasOwnProperty: 3\r\n", 101},
		{"two keys", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", 400},
		{"Expect", "Expect: 100-continue\r\n", 101},
		{"an unknown expectation", "Expect: the unexpected\r\n", 0},
	}
	for _, row := range rows {
		request := "GET " + room + " HTTP/1.1\r\nHost: " + s.address + "\r\n" + row.headers + upgrade + "\r\n\r\n"
		status, response := s.raw(request)
		if row.want != 0 && status != row.want || status == 0 || status >= 500 {
			t.Errorf("%s: %d %.300s", row.what, status, response)
		}
	}
	for id, want := range map[string]int{"__proto__": 404, "constructor": 404, "toString": 404, "hasOwnProperty": 404, "%5f%5fproto%5f%5f": 404, "nobody": 404, strings.Repeat("x", 4_000): 404, "%": 400, "%zz": 400, "%c3%28": 404, "%00": 400, "%2e%2e": 400,
		"x%2fy": 404, "": 404, "\xff": 404, "%F0%9F%98%80": 404, "a/b": 404} {
		status, response := s.raw(upgradeText(s.address, "/__eclipsa/realtime/"+id+"?url=/room"))
		if status != want && !(want == 404 && status == 400) {
			t.Errorf("id %.50q: %d %.200s", id, status, response)
		}
	}
	if status, _ := s.raw(upgradeText(s.address, room+"&input="+strings.Repeat("x", 17<<10))); status != 414 && status != 431 {
		t.Errorf("a long URL: %d", status)
	}
	for _, bytes := range []string{strings.Repeat("\x00", 1_000), "\x81\x85\x00\x00\x00\x00hello", "\x16\x03\x01\x02\x00\x01\x00", "GET\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\r\n\r\n\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", strings.Repeat("A", 200_000)} {
		if all := exchange(t, s.address, bytes+"\r\n\r\n"); all != "" && (statusOf(all) < 400 || statusOf(all) == 500) {
			t.Errorf("%.40q: %.200s", bytes, all)
		}
	}
}

// Half a handshake, in silence or a byte at a time, ends when its time is over.
func TestS20SlowHandshakes(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	if s.server.ReadHeaderTimeout != 10*time.Second || s.server.MaxHeaderBytes != 44<<10 {
		t.Errorf("the limits are %s and %d bytes", s.server.ReadHeaderTimeout, s.server.MaxHeaderBytes)
	}
	s = attacked(t, app.Settings{}, nil, func(server *http.Server) { server.ReadHeaderTimeout = 200 * time.Millisecond })
	var open []net.Conn
	for range 50 {
		conn := connect(t, s.address)
		defer conn.Close()
		io.WriteString(conn, upgradeText(s.address, "/__eclipsa/realtime/x")[:60])
		open = append(open, conn)
	}
	dripping := connect(t, s.address)
	defer dripping.Close()
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, dripping)
		ended <- err
	}()
	status, _ := s.get("/hello.txt") // others are served meanwhile
	expectStatus(t, "others", status, 200)
	// One byte at a time for as long as it is taken; never the end of the header.
	ticks := time.NewTicker(5 * time.Millisecond)
	defer ticks.Stop()
	io.WriteString(dripping, "GET / HTTP/1.1\r\nX: ")
	for taken := true; taken; {
		select {
		case err := <-ended:
			if nets, ok := err.(net.Error); ok && nets.Timeout() {
				t.Error("a header may take for ever")
			}
			taken = false
		case <-ticks.C:
			io.WriteString(dripping, "x")
		}
	}
	for _, conn := range open {
		if _, err := io.Copy(io.Discard, conn); err != nil {
			if failed, ok := err.(net.Error); ok && failed.Timeout() {
				t.Error("half a handshake stays open")
				break
			}
		}
	}
	s.expectUnreached()
}

// S21: request targets that make URL parsers throw.
func TestS21RequestTargets(t *testing.T) {
	s := attacked(t, app.Settings{}, nil)
	for _, target := range []string{"//", "///", "////", "//evil/__eclipsa/realtime/x", "//@", "//:99999/", "//[", "http://[", "http://", "http:", "http:///", "http://%zz/", "http://169.254.169.254/", "http://" + s.address + "/", "https://" + s.address + "/__eclipsa/realtime/x",
		"javascript:alert(1)", "file:///etc/passwd", "data:,x", "*", ":99999/", ":", "@", "?", "?x", "#", "hello.txt", "__eclipsa/realtime/x", ".", "..", "../x", "/\\", "/a\\b", "/a%5cb", "\\\\evil\\x", "/a#b", "/#", "/?#", "/?a#b",
		"/%", "/%z", "/%zz", "/%2", "/a%0d%0ab", "/%00", "/%0a", "/%7f", "/%1b%5b31m", "/%c2%9b31m", "/\u009b31m", "/\x01", "/\x7f", "/\t", "/a\x00b", "/..", "/.", "/../x", "/a/..", "/a/../b", "/%2e", "/%2e%2e/x", "/%2E%2e", "/.%2e/x", "/a/./b", "evil.test:443", "[::1]:80", "/__eclipsa/realtime/../dev/hot", "/__eclipsa/realtime/%2e%2e/x"} {
		for _, method := range []string{"GET", "POST", "OPTIONS", "HEAD", "CONNECT"} {
			for _, headers := range []string{"Connection: close", upgrade} {
				if status, response := s.raw(requestText(method, target, "Host: "+s.address, headers)); status != 400 {
					t.Errorf("%s %q: %d, want 400 %s", method, target, status, response)
				}
			}
		}
	}
	for _, request := range []string{"GET  HTTP/1.1\r\n\r\n", "GET /a b HTTP/1.1\r\nHost: " + s.address + "\r\n\r\n", "GET / HTTP/1.1 x\r\nHost: " + s.address + "\r\n\r\n", " GET / HTTP/1.1\r\nHost: " + s.address + "\r\n\r\n", "G\x00T / HTTP/1.1\r\nHost: " + s.address + "\r\n\r\n"} {
		if all := exchange(t, s.address, request); statusOf(all) != 400 {
			t.Errorf("%q: %s", request, all)
		}
	}
	s.expectUnreached()
	// Odd, and a path: the app's to decide.
	for _, target := range []string{"/:99999/", "/@x", "/http://x", "/a;b", "/[", "/%5b", "/é", "/\xe4", "/~", "/a..b", "/...", "/.a", "/?%zz", "/?\\", "/" + strings.Repeat("x", 20_000)} {
		if status, response := s.get(target); status != 200 || !strings.HasSuffix(response, "from the worker") {
			t.Errorf("%.50q: %d %s", target, status, response)
		}
	}
}
