package devserver

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"eclipsa/app"
	"eclipsa/transform"

	"github.com/gorilla/websocket"
)

// stage is a dev server with workers that tests start, cut, and end.
type stage struct {
	*stub
	output *terminal
}

func newStage(t *testing.T) *stage {
	s := &stage{newStub(t, app.Settings{}, nil), &terminal{}}
	s.handler.print = newPrinter(s.output, s.output)
	s.handler.sessions.print = s.handler.print
	return s
}

// fakeWorker is a worker of a stage: its ends of sessions come on the channel.
type fakeWorker struct {
	backend
	stage    *stage
	conns    chan *websocket.Conn
	requests chan *http.Request
	mu       sync.Mutex
	open     []*websocket.Conn
}

// worker starts one that answers handshakes itself, or lets answer do it where that says so. It is not
// the target yet.
func (s *stage) worker(answer func(w http.ResponseWriter, r *http.Request) (done bool)) *fakeWorker {
	f := &fakeWorker{stage: s, conns: make(chan *websocket.Conn, 1024), requests: make(chan *http.Request, 1024)}
	accept := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }, Subprotocols: []string{"second"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isUpgrade(r) {
			return // a sign of life
		}
		f.requests <- r
		if answer != nil && answer(w, r) {
			return
		}
		conn, err := accept.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		conn.SetReadDeadline(time.Now().Add(patience))
		f.mu.Lock()
		f.open = append(f.open, conn)
		f.mu.Unlock()
		f.conns <- conn
	}))
	f.backend = backend{strings.TrimPrefix(server.URL, "http://"), randomHex()}
	s.t.Cleanup(func() {
		f.cut()
		server.CloseClientConnections()
		server.Close()
	})
	return f
}

// serve makes it the one that requests go to.
func (f *fakeWorker) serve() *fakeWorker {
	f.stage.handler.target.set(f.backend)
	return f
}

func (f *fakeWorker) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range f.open {
		conn.NetConn().Close()
	}
	f.open = nil
}

// crash ends it as a process ends: connections first, the news after.
func (f *fakeWorker) crash() {
	f.cut()
	f.stage.handler.target.lose(f.secret)
}

func (f *fakeWorker) next() *websocket.Conn {
	f.stage.t.Helper()
	select {
	case conn := <-f.conns:
		return conn
	case <-time.After(patience):
		f.stage.t.Fatal("no session came")
		return nil
	}
}

// connect opens a session.
func (s *stage) connect() *websocket.Conn {
	s.t.Helper()
	before := s.attached()
	dialer := websocket.Dialer{Subprotocols: []string{"first", "second"}}
	browser, _, err := dialer.Dial("ws://"+s.address+"/__eclipsa/realtime/room?input=%7B%22secret%22%3A1%7D", http.Header{"Cookie": {"sid=7"}})
	if err != nil {
		s.t.Fatal(err)
	}
	browser.SetReadDeadline(time.Now().Add(patience))
	s.t.Cleanup(func() { browser.Close() })
	s.until("the session", func() bool { return s.attached() > before })
	return browser
}

func (s *stage) until(what string, probe func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for !probe() {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain for %s; output:\n%s", what, s.output)
		}
		time.Sleep(time.Millisecond)
	}
}

// waiting says how many sessions have no worker now.
func (s *stage) waiting() int {
	return s.sum(func(one *session) int { return number(one.worker == nil && !one.ended) })
}

// attached says how many have one.
func (s *stage) attached() int {
	return s.sum(func(one *session) int { return number(one.worker != nil && !one.ended) })
}

// direct says how many have nothing that waits any more.
func (s *stage) direct() int {
	return s.sum(func(one *session) int { return number(one.direct) })
}

// queued says how many messages wait.
func (s *stage) queued() int {
	return s.sum(func(one *session) int { return len(one.queue.messages) })
}

func number(is bool) int {
	if is {
		return 1
	}
	return 0
}

func (s *stage) sum(of func(*session) int) (total int) {
	for _, one := range s.all() {
		one.mu.Lock()
		total += of(one)
		one.mu.Unlock()
	}
	return total
}

func (s *stage) all() []*session {
	all := s.handler.sessions
	all.mu.Lock()
	defer all.mu.Unlock()
	return keysOf(all.of)
}

func say(t *testing.T, conn *websocket.Conn, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

func hear(t *testing.T, conn *websocket.Conn, texts ...string) {
	t.Helper()
	for _, text := range texts {
		expectMessage(t, conn, websocket.TextMessage, []byte(text))
	}
}

func TestSessionOutlivesACrash(t *testing.T) {
	s := newStage(t)
	s.handler.verbose = true
	first := s.worker(nil).serve()
	browser := s.connect()
	worker := first.next()
	before := <-first.requests
	say(t, browser, `{"type":"hello"}`, "had")
	hear(t, worker, `{"type":"hello"}`, "had")
	say(t, worker, "answer")
	hear(t, browser, "answer")

	first.crash()
	s.until("the session to wait", func() bool { return s.waiting() == 1 })
	pong := make(chan string, 1)
	browser.SetPongHandler(func(data string) error { pong <- data; return nil })
	browser.WriteControl(websocket.PingMessage, []byte("here?"), time.Now().Add(time.Second))
	say(t, browser, "a", `{"type":"ping"}`, "b")
	hear(t, browser, `{"type":"pong"}`)
	if got := <-pong; got != "here?" {
		t.Errorf("got pong %q", got)
	}
	browser.WriteMessage(websocket.BinaryMessage, []byte{0, 0xff})
	s.until("three messages", func() bool { return s.queued() == 3 })

	second := s.worker(nil).serve()
	worker = second.next()
	after := <-second.requests
	if before.RequestURI != after.RequestURI || after.Host != s.address || after.Header.Get("Cookie") != "sid=7" || after.Header.Get("X-Eclipsa-Worker") != second.secret ||
		fmt.Sprint(websocket.Subprotocols(before)) != fmt.Sprint(websocket.Subprotocols(after)) {
		t.Errorf("dialled with %s %v, then with %s %v", before.RequestURI, before.Header, after.RequestURI, after.Header)
	}
	hear(t, worker, `{"type":"hello"}`, "a", "b")
	expectMessage(t, worker, websocket.BinaryMessage, []byte{0, 0xff})
	s.until("an empty queue", func() bool { return s.direct() == 1 })
	say(t, browser, "c", `{"type":"ping"}`)
	hear(t, worker, "c", `{"type":"ping"}`)
	say(t, worker, "welcome back")
	hear(t, browser, "welcome back")
	s.until("the news", func() bool {
		return strings.Contains(s.output.String(), "1 session connected again; messages whose handlers")
	})
	if text := s.output.String(); strings.Contains(text, "secret") || !strings.Contains(text, "session connected again /__eclipsa/realtime/room (1 open)") {
		t.Errorf("printed %s", text)
	}

	browser.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "mine"), time.Now().Add(time.Second))
	expectClose(t, worker, 4001, "mine")
	expectClose(t, browser, 4001, "*")
	s.until("no session", func() bool { return s.handler.sessions.count() == 0 })
}

// The news of a worker's end may come before its connections end, or late.
func TestCrashIsKnownFirst(t *testing.T) {
	s := newStage(t)
	first := s.worker(nil).serve()
	browser := s.connect()
	first.next()
	s.handler.target.lose(first.secret)
	second := s.worker(nil).serve()
	first.cut()
	worker := second.next()
	say(t, browser, "a")
	hear(t, worker, "a")
}

func TestWorkerThatCutsOneSessionHasNotCrashed(t *testing.T) {
	s := newStage(t)
	first := s.worker(nil).serve()
	lost, kept := s.connect(), s.connect()
	one, other := first.next(), first.next()
	say(t, lost, "lost")
	say(t, kept, "kept")
	_, text, _ := one.ReadMessage()
	if string(text) == "kept" {
		one, other = other, one
		hear(t, one, "lost")
	} else {
		hear(t, other, "kept")
	}
	one.NetConn().Close()
	expectClose(t, lost, 1006, "")
	say(t, kept, "still")
	hear(t, other, "still")
	if s.output.String() != "" {
		t.Errorf("printed %s", s.output)
	}
}

func TestQueueOverflow(t *testing.T) {
	for name, row := range map[string]struct {
		fits int
		text string
	}{"messages": {queuedMessages, "x"}, "bytes": {1, strings.Repeat("x", queuedBytes)}} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			first := s.worker(nil).serve()
			browser := s.connect()
			first.next()
			first.crash()
			s.until("the session to wait", func() bool { return s.waiting() == 1 })
			for range row.fits {
				say(t, browser, row.text)
			}
			s.until("a full queue", func() bool { return s.queued() == row.fits })
			say(t, browser, "one more")
			expectClose(t, browser, 1013, "too many messages while the server restarts")
			s.until("no session", func() bool { return s.handler.sessions.count() == 0 })
		})
	}
}

func TestQueueKeepsItsOrder(t *testing.T) {
	s := newStage(t)
	first := s.worker(nil).serve()
	browser := s.connect()
	first.next()
	first.crash()
	s.until("the session to wait", func() bool { return s.waiting() == 1 })
	said := make(chan struct{})
	second := s.worker(nil)
	go func() { // goes on while the queue is handed over
		defer close(said)
		for i := range 20 * queuedMessages {
			browser.WriteMessage(websocket.TextMessage, fmt.Append(nil, i))
			if i == queuedMessages/2 {
				second.serve()
				s.until("the redial", func() bool { return s.waiting() == 0 })
			}
		}
	}()
	worker := second.next()
	for i := range 20 * queuedMessages {
		hear(t, worker, fmt.Sprint(i))
	}
	<-said
}

func TestRedialRefused(t *testing.T) {
	text := func(status int, kind, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			io.WriteString(w, body)
			return true
		}
	}
	rows := map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		reason string
	}{
		"401":      {text(401, "text/plain; charset=UTF-8", "who  are\nyou?\n"), "reconnect refused: 401 who are you?"},
		"404":      {text(404, "text/html", "<p>gone</p>"), "reconnect refused: 404"},
		"503":      {text(503, "text/plain", ""), "reconnect refused: 503"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) bool { http.Redirect(w, r, "/login", 302); return true }, "reconnect refused: 302"},
		"long":     {text(403, "text/plain", "x"+strings.Repeat("é", 5000)), "reconnect refused: 403 x" + strings.Repeat("é", 49)},
		"subprotocol": {func(w http.ResponseWriter, r *http.Request) bool {
			conn, err := (&websocket.Upgrader{Subprotocols: []string{"first"}}).Upgrade(w, r, nil)
			if err == nil {
				expectClose(t, conn, 1006, "")
			}
			return true
		}, "reconnect refused: another subprotocol"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			first := s.worker(nil).serve()
			browser := s.connect()
			first.next()
			first.crash()
			s.worker(row.answer).serve()
			expectClose(t, browser, 1008, row.reason)
			s.until("no session", func() bool { return s.handler.sessions.count() == 0 })
			if text := s.output.String(); !strings.Contains(text, "0 sessions connected again, 1 refused") {
				t.Errorf("printed %s", text)
			}
		})
	}
}

// A worker whose app could not be loaded, or none at all, is not the end of a session.
func TestSessionWaitsForAGoodApp(t *testing.T) {
	s := newStage(t)
	first := s.worker(nil).serve()
	browser := s.connect()
	first.next()
	first.crash()
	s.handler.target.set(noBackend)
	s.until("the session to wait", func() bool { return s.waiting() == 1 })
	p := s.handler.project
	p.mu.Lock()
	p.loaded, p.failure = false, []transform.Diagnostic{{Text: "no"}}
	p.mu.Unlock()
	second := s.worker(nil).serve()
	say(t, browser, "patient")
	s.until("a message", func() bool { return s.queued() == 1 })
	p.mu.Lock()
	p.loaded, p.failure = true, nil
	p.mu.Unlock()
	second.serve()
	hear(t, second.next(), "patient")
}

func TestPlannedRestart(t *testing.T) {
	s := newStage(t)
	first := s.worker(nil).serve()
	browser := s.connect()
	old := first.next()
	const many = 256
	long := strings.Repeat("x", 5000) // more than one write, so that the restart may come between them
	go func() {
		for i := range many {
			browser.WriteMessage(websocket.TextMessage, fmt.Append(nil, i, long[i%2*4900:]))
		}
	}()
	var had atomic.Int32
	ended := make(chan error)
	go func() {
		for i := 0; ; i++ {
			_, text, err := old.ReadMessage()
			if err != nil {
				ended <- err
				return
			}
			if string(text) != fmt.Sprint(i, long[i%2*4900:]) {
				t.Errorf("the old worker got %.20s, want %d", text, i)
			}
			had.Add(1)
		}
	}()
	s.until("some messages", func() bool { return had.Load() > 10 })
	s.handler.target.set(backend{})
	s.handler.sessions.prepare(t.Context(), first.backend)
	hadThen := int(had.Load())
	say(t, old, "last words")
	old.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1012, "the server restarts"), time.Now().Add(time.Second))
	if err := <-ended; !websocket.IsCloseError(err, 1012) {
		t.Errorf("the closing handshake was not answered: %v", err)
	}
	second := s.worker(nil).serve()
	worker := second.next()
	for i := hadThen; i < many; i++ {
		hear(t, worker, fmt.Sprint(i, long[i%2*4900:]))
	}
	say(t, worker, "hello")
	hear(t, browser, "last words", "hello")
	if s.output.String() != "" {
		t.Errorf("printed %s", s.output)
	}
}

// A worker that is stuck does not hold the restart for longer than drainTime, nor a session that opened
// while it was asked.
func TestRestartOfAStuckWorker(t *testing.T) {
	s := newStage(t)
	late := make(chan struct{})
	first := s.worker(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("X-Late") != "" {
			<-late
		}
		return false
	}).serve()
	browser := s.connect()
	first.next()
	came := make(chan *websocket.Conn)
	go func() {
		conn, _, err := websocket.DefaultDialer.Dial("ws://"+s.address+"/__eclipsa/realtime/x", http.Header{"X-Late": {"1"}})
		if err != nil {
			t.Error(err)
		}
		came <- conn
	}()
	<-first.requests
	<-first.requests
	s.handler.target.set(backend{})
	began := time.Now()
	s.handler.sessions.prepare(t.Context(), first.backend)
	if took := time.Since(began); took > drainTime+patience/2 {
		t.Errorf("took %s", took)
	}
	close(late)
	latecomer := <-came
	defer latecomer.Close()
	// It opened when all others had been told to go.
	first.next().WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1001, "server going away"), time.Now().Add(time.Second))
	s.until("it to wait", func() bool { return s.waiting() == 1 })
	first.cut()
	s.until("both sessions to wait", func() bool { return s.waiting() == 2 })
	say(t, browser, "x")
	say(t, latecomer, "x")
	second := s.worker(nil).serve()
	hear(t, second.next(), "x")
	hear(t, second.next(), "x")
}

// Only a restart's own close is kept from the browser.
func TestHandlerClosesDuringARestart(t *testing.T) {
	s := newStage(t)
	first := s.worker(nil).serve()
	browser := s.connect()
	worker := first.next()
	go worker.ReadMessage()
	s.handler.sessions.prepare(t.Context(), first.backend)
	worker.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "done"), time.Now().Add(time.Second))
	expectClose(t, browser, 4000, "done")
}

// What a browser sent before it left reaches the worker that is still there.
func TestBrowserLeavesDuringARestart(t *testing.T) {
	s := newStage(t)
	first := s.worker(nil).serve()
	browser := s.connect()
	worker := first.next()
	heard := make(chan string, 8)
	worker.SetPingHandler(func(data string) error {
		heard <- "ping"
		return worker.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
	})
	go func() {
		for {
			_, text, err := worker.ReadMessage()
			if err != nil {
				heard <- err.Error()
				return
			}
			heard <- string(text)
		}
	}()
	s.handler.sessions.prepare(t.Context(), first.backend)
	say(t, browser, "save")
	browser.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
	for _, want := range []string{"ping", "save", "websocket: close 1000 (normal)"} {
		if got := <-heard; got != want {
			t.Errorf("the worker got %s, want %s", got, want)
		}
	}
	s.until("no session", func() bool { return s.handler.sessions.count() == 0 })
}

func TestBrowserLeavesWithoutAWorker(t *testing.T) {
	s := newStage(t)
	first := s.worker(nil).serve()
	leave := map[string]func(*websocket.Conn){
		"close": func(conn *websocket.Conn) {
			conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
			expectClose(t, conn, 1000, "*")
		},
		"cut": func(conn *websocket.Conn) { conn.NetConn().Close() },
		"bad": func(conn *websocket.Conn) {
			conn.WriteMessage(websocket.TextMessage, []byte{0xff})
			expectClose(t, conn, 1007, "*")
		},
	}
	var browsers []*websocket.Conn
	for range 2 * len(leave) {
		browsers = append(browsers, s.connect())
		first.next()
	}
	first.crash()
	s.until("the sessions to wait", func() bool { return s.waiting() == len(browsers) })
	for _, how := range leave { // nobody to dial
		how(browsers[0])
		browsers = browsers[1:]
	}
	s.until("half the sessions", func() bool { return s.handler.sessions.count() == len(browsers) })
	hold := make(chan struct{})
	defer close(hold)
	second := s.worker(func(w http.ResponseWriter, r *http.Request) bool { <-hold; return true }).serve()
	for range browsers {
		<-second.requests
	}
	for _, how := range leave { // the next worker has not decided
		how(browsers[0])
		browsers = browsers[1:]
	}
	began := time.Now()
	s.until("no session", func() bool { return s.handler.sessions.count() == 0 })
	if time.Since(began) > handshakeTimeout/2 {
		t.Error("their handshakes went on without them")
	}
	s.handler.sockets.Wait()
}

func TestStopDuringARedial(t *testing.T) {
	s := newStage(t)
	first := s.worker(nil).serve()
	waiting := s.connect()
	first.next()
	first.crash()
	s.until("the session to wait", func() bool { return s.waiting() == 1 })
	hold := make(chan struct{})
	defer close(hold)
	second := s.worker(func(w http.ResponseWriter, r *http.Request) bool { <-hold; return true }).serve()
	<-second.requests
	s.stop()
	expectClose(t, waiting, 1001, "the development server ends")
	s.handler.sockets.Wait()
}

// A handshake under way when its worker goes is answered by the next one.
func TestHandshakeDuringARestart(t *testing.T) {
	s := newStage(t)
	first := s.worker(func(w http.ResponseWriter, r *http.Request) bool {
		s.handler.target.set(backend{})
		http.Error(w, "going", 503)
		return true
	}).serve()
	second := s.worker(func(w http.ResponseWriter, r *http.Request) bool {
		s.handler.target.set(backend{})
		conn, _, _ := http.NewResponseController(w).Hijack()
		conn.Close()
		return true
	})
	go func() {
		<-first.requests
		s.until("no worker", func() bool { return s.handler.target.is(backend{}) })
		second.serve()
		<-second.requests
		s.until("no worker", func() bool { return s.handler.target.is(backend{}) })
		s.worker(nil).serve()
	}()
	s.connect()
}

// A handshake that nobody waits for any more ends at the worker too, and says nothing in the terminal.
func TestHandshakeIsGivenUp(t *testing.T) {
	s := newStage(t)
	ended := make(chan struct{}, 2)
	first := s.worker(func(w http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		ended <- struct{}{}
		return true
	}).serve()
	request := "GET /__eclipsa/realtime/x HTTP/1.1\r\nHost: " + s.address + "\r\n" + upgrade + "\r\n\r\n"
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, request)
	<-first.requests
	conn.Close()
	<-ended
	answered := make(chan int)
	go func() {
		status, _ := s.raw(request)
		answered <- status
	}()
	<-first.requests
	s.stop()
	if status := <-answered; status != 503 {
		t.Errorf("the server ended with %d", status)
	}
	<-ended
	if s.output.String() != "" {
		t.Errorf("printed %s", s.output)
	}
}

func TestManySessionsRedialled(t *testing.T) {
	const many = 200
	s := newStage(t)
	first := s.worker(nil).serve()
	s.connect().Close() // what the first connection starts is there
	first.next()
	s.until("no session", func() bool { return s.handler.sessions.count() == 0 })
	var now, most atomic.Int32
	second := s.worker(func(w http.ResponseWriter, r *http.Request) bool {
		n := now.Add(1)
		defer now.Add(-1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		runtime.Gosched()
		return false
	})
	baseline := runtime.NumGoroutine()
	browsers := make([]*websocket.Conn, many)
	for i := range browsers {
		browsers[i] = s.connect()
		first.next()
	}
	perSession := float64(runtime.NumGoroutine()-baseline) / many
	first.crash()
	s.until("the sessions to wait", func() bool { return s.waiting() == many })
	for i, browser := range browsers {
		say(t, browser, fmt.Sprint(i))
	}
	second.serve()
	heard := map[string]bool{}
	for range browsers {
		_, text, err := second.next().ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		heard[string(text)] = true
	}
	if len(heard) != many || most.Load() > redials {
		t.Errorf("%d sessions came back, %d at once", len(heard), most.Load())
	}
	s.until("the news", func() bool { return strings.Contains(s.output.String(), "200 sessions connected again") })
	if n := strings.Count(s.output.String(), "connected again"); n != 1 {
		t.Errorf("told %d times", n)
	}
	for _, browser := range browsers {
		browser.Close()
	}
	s.handler.sockets.Wait()
	second.cut()
	workerTransport.CloseIdleConnections()
	s.until("the goroutines to end", func() bool { return runtime.NumGoroutine() <= baseline })
	t.Logf("%.1f goroutines per session, the test's own included", perSession)
}
