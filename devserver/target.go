package devserver

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// backend is where a worker listens, and the secret that it wants to see. The secret tells workers
// apart: a port may be used again.
type backend struct{ address, secret string }

// noBackend lets requests see why there is no worker (project.blocked) instead of waiting for one.
var noBackend = backend{address: "127.0.0.1:0"}

// target is the worker that requests go to at this moment. The pipeline sets it, requests read
// it and wait while there is none: the first request of a browser usually comes before the
// first build is done. All methods may be called concurrently.
type target struct {
	mu      sync.Mutex
	current backend
	changed chan struct{} // closed and replaced when current changes
}

func newTarget() *target { return &target{changed: make(chan struct{})} }

// set makes b the one; the zero backend makes requests wait.
func (t *target) set(b backend) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.setLocked(b)
}

func (t *target) setLocked(b backend) {
	t.current = b
	close(t.changed)
	t.changed = make(chan struct{})
}

// lose makes requests wait if the worker with this secret is still the one: its process has ended.
func (t *target) lose(secret string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current.secret == secret {
		t.setLocked(backend{})
	}
}

// is says whether b is the one at this moment.
func (t *target) is(b backend) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current == b
}

// wait returns the first backend that fits, now or when it becomes the one.
func (t *target) wait(ctx context.Context, fits func(backend) bool) (backend, error) {
	for {
		t.mu.Lock()
		current, changed := t.current, t.changed
		t.mu.Unlock()
		if fits(current) {
			return current, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return backend{}, ctx.Err()
		}
	}
}

// get waits for a worker, or for noBackend.
func (t *target) get(ctx context.Context) (backend, error) { return t.getOther(ctx, "") }

// getOther waits for a worker at another address, or for noBackend.
func (t *target) getOther(ctx context.Context, than string) (backend, error) {
	return t.wait(ctx, func(b backend) bool { return b.address != "" && b.address != than })
}

// noticeTime is how long it takes at most until the end of a worker is known here.
const noticeTime = 500 * time.Millisecond

// left says whether the worker at that address is not the current one any more, and gives the news
// of its end a moment to arrive: its connections end before its process does.
func (t *target) left(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, noticeTime)
	defer cancel()
	_, err := t.wait(ctx, func(b backend) bool { return b.address != address })
	return err == nil
}

const (
	// suspicionTime is how long the news of a worker's end takes on an idle machine, at most.
	suspicionTime = 50 * time.Millisecond
	// proofTime bounds the wait for a sign of life.
	proofTime = 5 * time.Second
)

// gone tells a worker that has ended, or is about to be replaced, from one that cut a single
// connection and lives.
func (t *target) gone(ctx context.Context, b backend) bool {
	soon, cancel := context.WithTimeout(ctx, suspicionTime)
	_, err := t.wait(soon, func(current backend) bool { return current != b })
	cancel()
	if err == nil {
		return true
	}
	if answers(ctx, b) {
		return !t.is(b)
	}
	return t.left(ctx, b.address)
}

// answers asks for a sign of life. Without the secret any answer is a refusal, and the app hears
// nothing of it.
func answers(ctx context.Context, b backend) bool {
	ctx, cancel := context.WithTimeout(ctx, proofTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://"+b.address+"/", nil)
	if err != nil {
		return false
	}
	response, err := workerTransport.RoundTrip(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return true
}
