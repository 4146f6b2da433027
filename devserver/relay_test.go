package devserver

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"eclipsa/app"

	"github.com/gorilla/websocket"
)

// relayStub is a dev server whose worker's ends of sessions come on the channel.
func relayStub(t *testing.T) (s *stub, workers chan *websocket.Conn) {
	workers = make(chan *websocket.Conn, 16)
	accept := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }, Subprotocols: []string{"second"}}
	s = newStub(t, app.Settings{}, func(w http.ResponseWriter, r *http.Request) {
		conn, err := accept.Upgrade(w, r, http.Header{"Set-Cookie": {"a=1", "b=2"}})
		if err == nil {
			workers <- conn
		}
	})
	return s, workers
}

func dial(t *testing.T, s *stub, workers chan *websocket.Conn) (browser, worker *websocket.Conn) {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"first", "second"}}
	browser, answer, err := dialer.Dial("ws://"+s.address+"/__eclipsa/realtime/room?input=%7B%7D", http.Header{"Cookie": {"sid=7"}, "Origin": {"http://" + s.address}})
	if err != nil {
		t.Fatal(err)
	}
	if browser.Subprotocol() != "second" || len(answer.Header.Values("Set-Cookie")) != 2 {
		t.Errorf("the worker's answer was lost: %v", answer.Header)
	}
	worker = <-workers
	deadline := time.Now().Add(patience)
	browser.SetReadDeadline(deadline)
	worker.SetReadDeadline(deadline)
	t.Cleanup(func() { browser.Close(); worker.Close() })
	return browser, worker
}

func expectMessage(t *testing.T, conn *websocket.Conn, kind int, want []byte) {
	t.Helper()
	got, text, err := conn.ReadMessage()
	if err != nil || got != kind || !bytes.Equal(text, want) {
		t.Errorf("got %d %.40q %v, want %d %.40q", got, text, err, kind, want)
	}
}

func expectClose(t *testing.T, conn *websocket.Conn, code int, reason string) {
	t.Helper()
	for {
		_, _, err := conn.ReadMessage()
		if err == nil {
			continue
		}
		var closed *websocket.CloseError
		if !errors.As(err, &closed) {
			closed = &websocket.CloseError{Code: websocket.CloseAbnormalClosure} // reset, or EOF between frames
		}
		if closed.Code != code || reason != "*" && code != 1006 && closed.Text != reason {
			t.Errorf("got %d %q (%v), want %d %q", closed.Code, closed.Text, err, code, reason)
		}
		return
	}
}

func TestRelayMessages(t *testing.T) {
	s, workers := relayStub(t)
	browser, worker := dial(t, s, workers)
	if header := s.headers[0]; header.Get("Cookie") != "sid=7" || header.Get("Origin") != "http://"+s.address || s.reached[0] != "GET /__eclipsa/realtime/room?input=%7B%7D" {
		t.Errorf("the worker saw %s %v", s.reached[0], header)
	}
	big := bytes.Repeat([]byte("é"), 500_000)
	for _, row := range []struct {
		kind int
		text []byte
	}{{websocket.TextMessage, []byte("hello")}, {websocket.TextMessage, []byte{}}, {websocket.BinaryMessage, []byte{0, 0xff}}, {websocket.TextMessage, big}} {
		browser.WriteMessage(row.kind, row.text)
		expectMessage(t, worker, row.kind, row.text)
		worker.WriteMessage(row.kind, row.text)
		expectMessage(t, browser, row.kind, row.text)
	}
}

func TestRelayCloseFromBrowser(t *testing.T) {
	s, workers := relayStub(t)
	for _, row := range []struct {
		code   int
		reason string
	}{{1000, "done"}, {1001, ""}, {4001, "mine"}, {websocket.CloseNoStatusReceived, ""}} {
		browser, worker := dial(t, s, workers)
		browser.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(row.code, row.reason), time.Now().Add(time.Second))
		expectClose(t, worker, row.code, row.reason)
		expectClose(t, browser, row.code, "*")
	}
	browser, worker := dial(t, s, workers)
	browser.NetConn().Close()
	expectClose(t, worker, 1006, "")
}

func TestRelayCloseFromWorker(t *testing.T) {
	s, workers := relayStub(t)
	for _, row := range []struct {
		code   int
		reason string
	}{{1000, ""}, {1008, "policy"}, {1011, "failed"}, {1012, "replaced"}, {1013, "later"}, {4999, "mine"}, {websocket.CloseNoStatusReceived, ""}} {
		browser, worker := dial(t, s, workers)
		worker.WriteMessage(websocket.TextMessage, []byte("last"))
		worker.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(row.code, row.reason), time.Now().Add(time.Second))
		expectMessage(t, browser, websocket.TextMessage, []byte("last"))
		expectClose(t, browser, row.code, row.reason)
		expectClose(t, worker, row.code, "*")
	}
	browser, worker := dial(t, s, workers)
	worker.NetConn().Close()
	expectClose(t, browser, 1006, "")
}

func TestS22Frames(t *testing.T) {
	s, workers := relayStub(t)
	masked := func(first byte, length ...byte) []byte { return append(append([]byte{first}, length...), 0, 0, 0, 0) }
	for name, row := range map[string]struct {
		frame []byte
		code  int
	}{
		"not UTF-8":          {append(masked(0x81, 0x82), 0xc3, 0x28), 1007},
		"unmasked":           {[]byte{0x81, 0x01, 'a'}, 1002},
		"reserved bit":       {append(masked(0xc1, 0x81), 'a'), 1002},
		"reserved opcode":    {append(masked(0x83, 0x81), 'a'), 1002},
		"long ping":          {append(masked(0x89, 0xfe, 0, 200), make([]byte, 200)...), 1002},
		"ping in pieces":     {append(masked(0x09, 0x81), 'a'), 1002},
		"2^31 bytes":         {masked(0x81, 0xff, 0, 0, 0, 0, 0x80, 0, 0, 0), 1009},
		"2^53 bytes":         {masked(0x81, 0xff, 0, 0x20, 0, 0, 0, 0, 0, 0), 1009},
		"bad close code":     {append(masked(0x88, 0x82), 0x03, 0xed), 1002}, // 1005
		"close is not UTF-8": {append(masked(0x88, 0x83), 0x03, 0xe8, 0xff), 1007},
	} {
		browser, worker := dial(t, s, workers)
		if _, err := browser.NetConn().Write(row.frame); err != nil {
			t.Fatal(err)
		}
		_, _, err := browser.ReadMessage()
		var closed *websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != row.code && !(name == "close is not UTF-8" && closed.Code == 1002) {
			t.Errorf("%s: got %v, want %d", name, err, row.code)
		}
		expectClose(t, worker, 1006, "")
	}
}

func TestRelayPings(t *testing.T) {
	s, workers := relayStub(t)
	browser, worker := dial(t, s, workers)
	got := make(chan string, 2)
	worker.SetPongHandler(func(data string) error { got <- "worker " + data; return nil })
	browser.SetPongHandler(func(data string) error { got <- "browser " + data; return nil })
	worker.WriteControl(websocket.PingMessage, []byte("alive?"), time.Now().Add(time.Second))
	browser.WriteControl(websocket.PingMessage, []byte("here?"), time.Now().Add(time.Second))
	go browser.ReadMessage() // answers pings
	go worker.ReadMessage()
	seen := map[string]bool{}
	for range 2 {
		select {
		case one := <-got:
			seen[one] = true
		case <-time.After(patience):
			t.Fatalf("got only %v", seen)
		}
	}
	if !seen["worker alive?"] || !seen["browser here?"] {
		t.Errorf("got %v", seen)
	}
}

func TestRelayRefusal(t *testing.T) {
	long := strings.Repeat("why not ", 1000)
	s := newStub(t, app.Settings{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.Header().Set("Location", "/login")
		w.WriteHeader(http.StatusFound)
		io.WriteString(w, long)
	})
	_, answer, err := websocket.DefaultDialer.Dial("ws://"+s.address+"/__eclipsa/realtime/x", nil)
	if err != websocket.ErrBadHandshake || answer.StatusCode != 302 || answer.Header.Get("Location") != "/login" || len(answer.Header.Values("Set-Cookie")) != 2 {
		t.Errorf("got %v %v", err, answer)
	}
	_, response := s.raw("GET /__eclipsa/realtime/x HTTP/1.1\r\nHost: " + s.address + "\r\n" + upgrade + "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: " + s.address + "\r\n\r\n")
	if !strings.HasSuffix(response, long) || !strings.Contains(response, "Set-Cookie: b=2") {
		t.Errorf("got %.200s", response)
	}
	for _, reached := range s.reached {
		if strings.Contains(reached, "smuggled") {
			t.Error("the second request was answered (S19)")
		}
	}
}

func TestStopClosesSessions(t *testing.T) {
	s, workers := relayStub(t)
	before := runtime.NumGoroutine()
	var browsers []*websocket.Conn
	for range 5 {
		browser, worker := dial(t, s, workers)
		browsers = append(browsers, browser)
		go worker.ReadMessage()
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for _, browser := range browsers {
			expectClose(t, browser, 1001, "*")
		}
	}()
	s.stop()
	<-closed
	s.handler.sockets.Wait()
	deadline := time.Now().Add(patience)
	for runtime.NumGoroutine() > before+10 {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
