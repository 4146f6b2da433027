package devserver

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// redials is how many sessions knock at a new worker at the same time.
const redials = 64

// sessions are the open sessions of a server, by the worker that serves them. All methods may be
// called concurrently.
type sessions struct {
	print *printer
	slots chan struct{}

	watch sync.Once

	mu        sync.Mutex // Protects following. It may be locked inside a session's mu, not around it.
	groups    map[backend]*group
	of        map[*session]*group
	restarted backend // the last worker that was replaced as planned
	stopped   bool
}

// group is what becomes of the sessions of one worker.
type group struct {
	backend           backend
	members           map[*session]bool
	crashed           bool
	connected, denied int // again, after it crashed
}

func newSessions(print *printer) *sessions {
	return &sessions{print: print, slots: make(chan struct{}, redials), groups: map[backend]*group{}, of: map[*session]*group{}}
}

// open adds a session. All close with 1001 when stopping does.
func (all *sessions) open(s *session, stopping <-chan struct{}) {
	all.watch.Do(func() {
		go func() {
			<-stopping
			all.stop()
		}()
	})
	all.mu.Lock()
	all.of[s] = nil
	stopped := all.stopped
	all.mu.Unlock()
	if stopped {
		s.goAway(time.Now().Add(closeGrace))
	}
}

func (all *sessions) stop() {
	all.mu.Lock()
	all.stopped = true
	open := keysOf(all.of)
	all.mu.Unlock()
	deadline := time.Now().Add(closeGrace)
	for _, s := range open {
		s.goAway(deadline)
	}
}

func (s *session) goAway(deadline time.Time) {
	s.closeBy(websocket.CloseGoingAway, "the development server ends", deadline)
}

// count says how many sessions are open.
func (all *sessions) count() int {
	all.mu.Lock()
	defer all.mu.Unlock()
	return len(all.of)
}

// move puts a session into the group of another worker, and says whether that one is already about
// to be replaced.
func (all *sessions) move(s *session, to backend) (restarts bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if from := all.of[s]; from != nil {
		from.connected++
		all.leave(s, from)
	}
	g := all.groups[to]
	if g == nil {
		g = &group{backend: to, members: map[*session]bool{}}
		all.groups[to] = g
	}
	g.members[s] = true
	all.of[s] = g
	return to == all.restarted
}

// remove forgets a session that has ended.
func (all *sessions) remove(s *session) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if from := all.of[s]; from != nil {
		all.leave(s, from)
	}
	delete(all.of, s)
}

// leave ends a group with its last session, and tells what came of those whose worker crashed.
func (all *sessions) leave(s *session, g *group) {
	delete(g.members, s)
	if len(g.members) > 0 {
		return
	}
	delete(all.groups, g.backend)
	if !g.crashed || g.connected+g.denied == 0 {
		return
	}
	text := counted(g.connected, "session") + " connected again"
	if g.denied > 0 {
		text += fmt.Sprintf(", %d refused", g.denied)
	}
	all.print.warn(text + "; messages whose handlers had not finished are gone with the old worker")
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// crashed says that a worker's sessions were not prepared for its end.
func (all *sessions) crashed(of backend) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if g := all.groups[of]; g != nil {
		g.crashed = true
	}
}

// refused counts a session whose next worker did not want it.
func (all *sessions) refused(s *session) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if g := all.of[s]; g != nil {
		g.denied++
	}
}

// dial bounds how many sessions dial at once.
func (all *sessions) dial(ctx context.Context, shake handshake, to backend) (*websocket.Conn, *http.Response, error) {
	select {
	case all.slots <- struct{}{}:
		defer func() { <-all.slots }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	return shake.dial(ctx, to)
}

// drain is a planned restart's wait until a worker has had what was sent to it.
type drain struct {
	backend  backend
	deadline time.Time
	left     atomic.Int32
	done     chan struct{}
}

// drainTime is how long a worker may take until it has seen all messages. One whose event loop
// is blocked won't.
const drainTime = time.Second

// prepare lets the sessions of a worker outlive it: from now on messages wait for the next one. It
// returns when the worker has had all that was sent before, or drainTime is over.
func (all *sessions) prepare(ctx context.Context, of backend) {
	all.mu.Lock()
	all.restarted = of
	var members []*session
	if g := all.groups[of]; g != nil {
		members = keysOf(g.members)
	}
	all.mu.Unlock()
	d := &drain{backend: of, deadline: time.Now().Add(drainTime), done: make(chan struct{})}
	d.left.Store(int32(len(members)) + 1)
	for _, s := range members {
		s.prepare(d)
	}
	d.settle()
	timer := time.NewTimer(time.Until(d.deadline))
	defer timer.Stop()
	select {
	case <-d.done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// settle says that one session more has nothing under way.
func (d *drain) settle() {
	if d.left.Add(-1) == 0 {
		close(d.done)
	}
}

// prepare stops forwarding. The worker answers a ping after all that came before it.
func (s *session) prepare(d *drain) {
	s.mu.Lock()
	if s.worker == nil || s.backend != d.backend {
		s.mu.Unlock()
		d.settle()
		return
	}
	s.direct, s.restarts, s.drain = false, true, d
	worker, writing := s.worker, s.writing
	s.mu.Unlock()
	if !writing { // else deliver asks, when the message is out
		s.askDrained(worker, d)
	}
}

func (s *session) askDrained(worker *websocket.Conn, d *drain) {
	if worker.WriteControl(websocket.PingMessage, nil, d.deadline) != nil {
		s.drained()
	}
}

// drained settles a drain that waits for this session.
func (s *session) drained() {
	s.mu.Lock()
	d := s.drain
	s.drain = nil
	s.mu.Unlock()
	if d != nil {
		d.settle()
	}
}

func keysOf[K comparable, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}
