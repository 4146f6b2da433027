package esbuildast

import "sync"

// remembered keeps what was made of a text: an app has few sets of defines and few tsconfigs, and
// making esbuild's form of them costs as much as parsing a small module. The values are only read.
// Its methods may be called concurrently.
type remembered[T any] struct {
	mu     sync.Mutex // Protects following.
	values map[string]T
}

// maxRemembered bounds it where texts change all the time.
const maxRemembered = 64

func (r *remembered[T]) get(text string) (value T, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, ok = r.values[text]
	return value, ok
}

func (r *remembered[T]) put(text string, value T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.values == nil || len(r.values) >= maxRemembered {
		r.values = map[string]T{}
	}
	r.values[text] = value
}
