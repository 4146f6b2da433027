package devserver

import (
	"context"
	"sync"
)

// backend is where a worker listens, and the secret that it wants to see.
type backend struct{ address, secret string }

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

func (t *target) get(ctx context.Context) (backend, error) {
	for {
		t.mu.Lock()
		current, changed := t.current, t.changed
		t.mu.Unlock()
		if current.address != "" {
			return current, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return backend{}, ctx.Err()
		}
	}
}
