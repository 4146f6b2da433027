package devserver

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// A session's way from worker to worker.

// follow serves the session with one worker after the other until it ends, and cleans up.
func (s *session) follow(worker *websocket.Conn) {
	defer s.h.sockets.Done()
	for worker != nil {
		err := s.pump(worker)
		restarts := s.detach(worker)
		if !s.outlives(err, restarts) {
			break
		}
		worker = s.redial()
	}
	<-s.listened
	s.browser.NetConn().Close()
	s.h.sessions.remove(s)
	s.tell("closed after " + milliseconds(time.Since(s.began)))
}

// attach makes a worker's connection the session's. It fails when the session has ended meanwhile.
func (s *session) attach(worker *websocket.Conn, to backend) bool {
	worker.SetPingHandler(s.passPing)
	worker.SetPongHandler(func(string) error { s.drained(); return nil })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	restarts := s.h.sessions.move(s, to) // under mu: a restart finds the session before this, or with its worker
	s.backend, s.worker, s.restarts = to, worker, restarts
	if _, waiting := s.queue.first(); !waiting || restarts {
		s.direct = !restarts
		return true
	}
	s.flushing = make(chan struct{})
	go s.flush(worker, s.flushing)
	return true
}

// detach lets messages wait again, and says whether the worker was about to be replaced.
func (s *session) detach(worker *websocket.Conn) (restarts bool) {
	worker.NetConn().Close() // ends whoever writes
	s.mu.Lock()
	restarts = s.restarts
	flushing := s.flushing
	s.worker, s.direct, s.restarts, s.flushing = nil, false, false, nil
	s.mu.Unlock()
	s.drained()
	if flushing != nil {
		<-flushing
	}
	return restarts
}

// outlives decides what the end of a worker's connection means: the end of the worker, which the
// browser need not know of, or the end of the session, which it is told.
func (s *session) outlives(err error, restarts bool) bool {
	if s.ctx.Err() != nil {
		return false
	}
	closed, clean := closeOf(err)
	if restarts && (!clean || closed.Code == websocket.CloseServiceRestart || closed.Code == websocket.CloseGoingAway) {
		return true
	}
	if !clean && s.h.target.gone(s.ctx, s.backend) {
		s.h.sessions.crashed(s.backend)
		return true
	}
	if _, first := s.end(); !first {
		return false
	}
	if clean {
		sendClose(s.browser, closed.Code, closed.Text)
	} else {
		s.browser.NetConn().Close() // the runtime gave up a browser that does not answer
	}
	return false
}

// redial repeats the handshake at the next worker. nil means that the session has ended.
func (s *session) redial() *websocket.Conn {
	for {
		to, err := s.h.target.wait(s.ctx, func(b backend) bool { return b.secret != "" && s.h.project.blocked() == nil })
		if err != nil {
			return nil
		}
		worker, answer, err := s.h.sessions.dial(s.ctx, s.shake, to)
		switch {
		case s.ctx.Err() != nil:
			discard(worker, answer)
			return nil
		case worker != nil && worker.Subprotocol() != s.browser.Subprotocol():
			worker.NetConn().Close()
			s.refused("another subprotocol")
			return nil
		case worker != nil:
			if s.greet(worker); !s.attach(worker, to) {
				worker.NetConn().Close()
				return nil
			}
			s.tell("connected again")
			return worker
		case answer != nil && (answer.StatusCode != http.StatusServiceUnavailable || s.h.target.is(to)):
			s.refused(refusalText(answer))
			return nil
		case answer == nil && !s.h.target.gone(s.ctx, to):
			s.refused("no answer")
			return nil
		}
		discard(worker, answer) // that one has ended as well
	}
}

func discard(worker *websocket.Conn, answer *http.Response) {
	if worker != nil {
		worker.NetConn().Close()
	} else if answer != nil {
		answer.Body.Close()
	}
}

// greet repeats the client's hello, which is its first frame and starts handlers on some hosts. Its
// failure is seen by who reads.
func (s *session) greet(worker *websocket.Conn) {
	s.mu.Lock()
	greeted := s.greeted
	s.mu.Unlock()
	if greeted {
		worker.WriteMessage(websocket.TextMessage, helloFrame)
	}
}

// refused tells the browser that its session does not go on.
func (s *session) refused(why string) {
	s.close(websocket.ClosePolicyViolation, cutText("reconnect refused: "+why, maxReason))
	s.h.sessions.refused(s)
	s.tell("refused (" + why + ")")
}

// maxReason is how much a close frame holds.
const maxReason = 123

// refusalText is the status of a refusal, and the first words of its text.
func refusalText(answer *http.Response) string {
	defer answer.Body.Close()
	status := fmt.Sprint(answer.StatusCode)
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind != "text/plain" {
		return status
	}
	body, _ := io.ReadAll(io.LimitReader(answer.Body, maxReason))
	for len(body) > 0 && !utf8.Valid(body) {
		body = body[:len(body)-1] // the limit may have cut a character
	}
	words := strings.Join(strings.FieldsFunc(string(body), func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }), " ")
	if words == "" {
		return status
	}
	return status + " " + words
}

// cutText shortens a text to whole characters within so many bytes.
func cutText(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// tell prints what happens to a session with --verbose: the path only, since the query holds the
// input (S27).
func (s *session) tell(what string) {
	if s.h.verbose {
		s.h.print.line("%s", s.h.print.paint(dim, fmt.Sprintf("session %s %s (%d open)", what, s.shake.path, s.h.sessions.count())))
	}
}
