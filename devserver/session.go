package devserver

import (
	"bytes"
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"eclipsa/devserver/tty"

	"github.com/gorilla/websocket"
)

// session is one browser's socket, and the private connection to the worker that serves it, for as
// long as there is one. Two goroutines: listen reads the browser, follow reads one worker after the
// other. While there is none (it crashed, it is being replaced), what the browser sends waits.
type session struct {
	h        *handler
	shake    handshake
	browser  *websocket.Conn
	began    time.Time
	ctx      context.Context // ends when the session does
	cancel   context.CancelFunc
	listened chan struct{} // closed when nobody reads the browser any more

	replies sync.Mutex // for who writes messages to the browser

	mu       sync.Mutex // Protects following.
	ended    bool
	backend  backend         // of the worker that serves it, or did until it ended
	worker   *websocket.Conn // nil while there is none
	direct   bool            // messages go straight to the worker; otherwise they wait
	writing  bool            // one is on its way to the worker
	restarts bool            // the worker is about to end: nothing new for it, and its end is not the session's
	drain    *drain          // is told when the worker has had what was sent to it
	flushing chan struct{}   // closed when what waited is with the worker, or can't be
	queue    queue
	greeted  bool // the worker has had the client's hello
}

// The frames of runtime/realtime/wire.ts that have a meaning here. Some hosts start a handler at the
// client's hello; a client that gets no pong for its ping gives up.
var (
	helloFrame = []byte(`{"type":"hello"}`)
	pingFrame  = []byte(`{"type":"ping"}`)
	pongFrame  = []byte(`{"type":"pong"}`)
)

// startSession takes over both connections, and one count of h.sockets.
func startSession(h *handler, shake handshake, browser, worker *websocket.Conn, to backend) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &session{h: h, shake: shake, browser: browser, began: time.Now(), ctx: ctx, cancel: cancel, listened: make(chan struct{})}
	browser.SetReadLimit(readLimit)
	browser.SetPongHandler(s.passPong)
	h.sessions.open(s, h.stopping)
	if !s.attach(worker, to) {
		worker.NetConn().Close()
	}
	s.tell("open")
	go tty.Guard(s.listen)
	go tty.Guard(func() { s.follow(worker) })
}

// listen takes what the browser sends until it can't be read any more.
func (s *session) listen() {
	defer close(s.listened)
	s.browserEnded(eachMessage(s.browser, func(kind int, text []byte) error {
		if kind == websocket.TextMessage && !utf8.Valid(text) {
			sendClose(s.browser, websocket.CloseInvalidFramePayloadData, "")
			return errNotUTF8
		}
		s.forward(kind, text)
		return nil
	}))
}

// forward gives a message to the worker, or lets it wait.
func (s *session) forward(kind int, text []byte) {
	for {
		s.mu.Lock()
		worker := s.worker
		if s.ended {
			s.mu.Unlock()
			return // it is only read so that a closing handshake comes to its end
		}
		if !s.direct && isOpen(s.flushing) {
			flushing := s.flushing
			s.mu.Unlock()
			<-flushing // a worker that is there is felt by who sends faster than it takes
			continue
		}
		if !s.direct {
			s.keep(kind, text)
			return
		}
		s.writing = true
		s.mu.Unlock()
		if s.deliver(worker, kind, text) == nil {
			return
		}
		// The worker has ended: it can't have had the whole message.
	}
}

func isOpen(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return false
	default:
		return channel != nil
	}
}

// keep lets a message wait for the next worker, and answers what must not wait. It unlocks mu.
func (s *session) keep(kind int, text []byte) {
	if kind == websocket.TextMessage && bytes.Equal(text, pingFrame) {
		s.mu.Unlock()
		s.reply(websocket.TextMessage, pongFrame, closeGrace)
		return
	}
	taken := s.queue.push(kind, text)
	s.mu.Unlock()
	if !taken {
		s.close(websocket.CloseTryAgainLater, "too many messages while the server restarts")
	}
}

// deliver writes a message to a worker. The caller has set writing; where this fails, messages wait.
func (s *session) deliver(worker *websocket.Conn, kind int, text []byte) error {
	err := worker.WriteMessage(kind, text)
	s.mu.Lock()
	s.writing = false
	if err == nil && bytes.Equal(text, helloFrame) {
		s.greeted = true
	}
	if err != nil && s.worker == worker {
		s.direct = false
	}
	drain := s.drain
	s.mu.Unlock()
	if err != nil && err != websocket.ErrCloseSent {
		worker.NetConn().Close()
	}
	if drain != nil {
		s.askDrained(worker, drain)
	}
	return err
}

// flush gives a worker what waited, in order; then messages go straight to it.
func (s *session) flush(worker *websocket.Conn, done chan<- struct{}) {
	defer close(done)
	for {
		s.mu.Lock()
		message, ok := s.queue.first()
		if s.worker != worker || s.restarts || !ok {
			s.direct = s.worker == worker && !s.restarts
			s.mu.Unlock()
			return
		}
		s.writing = true
		s.mu.Unlock()
		if s.deliver(worker, message.kind, message.text) != nil {
			return
		}
		s.mu.Lock()
		s.queue.drop()
		s.mu.Unlock()
	}
}

// reply writes a message to the browser.
func (s *session) reply(kind int, text []byte, within time.Duration) error {
	s.replies.Lock()
	defer s.replies.Unlock()
	s.browser.SetWriteDeadline(time.Now().Add(within))
	err := s.browser.WriteMessage(kind, text)
	if err != nil && err != websocket.ErrCloseSent { // after a close frame its answer is still to be read
		s.browser.NetConn().Close()
	}
	return err
}

// pump brings the browser what a worker says, until the worker's connection ends. What the browser
// does not take any more is read all the same: a close frame may follow.
func (s *session) pump(worker *websocket.Conn) error {
	failed := false
	return eachMessage(worker, func(kind int, text []byte) error {
		failed = failed || s.reply(kind, text, stalledWrite) != nil
		return nil
	})
}

// passPing lets the worker's pings ask the browser, not this process: a session is alive only if its
// browser is. A client's own pings are answered here (gorilla's default).
func (s *session) passPing(data string) error {
	s.browser.WriteControl(websocket.PingMessage, []byte(data), time.Now().Add(time.Second))
	return nil // a lost ping is not the end: the worker counts them
}

func (s *session) passPong(data string) error {
	s.mu.Lock()
	worker := s.worker
	s.mu.Unlock()
	if worker != nil {
		worker.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
	}
	return nil
}

// end makes the caller the one who says how the session ends, if nobody has yet, and gives it the
// worker that has to hear of it.
func (s *session) end() (worker *websocket.Conn, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil, false
	}
	s.ended = true
	s.cancel()
	return s.worker, true
}

// close ends the session from here, on both sides.
func (s *session) close(code int, reason string) { s.closeBy(code, reason, time.Now().Add(closeGrace)) }

func (s *session) closeBy(code int, reason string, deadline time.Time) {
	worker, first := s.end()
	if !first {
		return
	}
	if worker != nil {
		sendCloseBy(worker, code, reason, deadline)
	}
	sendCloseBy(s.browser, code, reason, deadline)
}

// browserEnded passes on how the browser ended: a close frame, or a cut, which both ends see as 1006.
func (s *session) browserEnded(err error) {
	worker, first := s.end()
	if !first {
		return
	}
	closed, clean := closeOf(err)
	switch {
	case worker == nil:
	case clean:
		s.handOver(worker)
		sendClose(worker, closed.Code, closed.Text)
	default:
		worker.NetConn().Close()
	}
	if clean {
		s.browser.NetConn().Close() // gorilla answered the close frame; the browser waits for the end
	} else {
		linger(s.browser, err)
	}
}

// handOver lets what the browser sent before it left reach a worker that is still there.
func (s *session) handOver(worker *websocket.Conn) {
	deadline := time.Now().Add(closeGrace)
	s.mu.Lock()
	flushing := s.flushing
	s.mu.Unlock()
	if flushing != nil {
		timer := time.NewTimer(closeGrace)
		defer timer.Stop()
		select {
		case <-flushing:
		case <-timer.C:
			return
		}
	}
	worker.SetWriteDeadline(deadline) // nobody else writes any more
	for {
		s.mu.Lock()
		message, ok := s.queue.first()
		if !ok {
			s.mu.Unlock()
			return
		}
		s.queue.drop()
		s.mu.Unlock()
		if worker.WriteMessage(message.kind, message.text) != nil {
			return
		}
	}
}
