package devserver

import (
	"context"
	"sync"
	"time"
)

// backend is where a worker listens, and the secret that it wants to see.
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
	t.current = b
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *target) get(ctx context.Context) (backend, error) { return t.getOther(ctx, "") }

// getOther waits for a worker at another address.
func (t *target) getOther(ctx context.Context, than string) (backend, error) {
	for {
		t.mu.Lock()
		current, changed := t.current, t.changed
		t.mu.Unlock()
		if current.address != "" && current.address != than {
			return current, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return backend{}, ctx.Err()
		}
	}
}

// noticeTime is how long it takes at most until the end of a worker is known here.
const noticeTime = 500 * time.Millisecond

// left says whether the worker at that address is not the current one any more, and gives the news
// of its end a moment to arrive: its connections end before its process does.
func (t *target) left(ctx context.Context, address string) bool {
	timer := time.NewTimer(noticeTime)
	defer timer.Stop()
	for {
		t.mu.Lock()
		current, changed := t.current, t.changed
		t.mu.Unlock()
		if current.address != address {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}
