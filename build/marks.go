package build

import (
	"slices"
	"sync"
)

// marks are the exports that only removed code imports (DESIGN.md D2, "in a build the rule crosses
// files"): a pool, say, in a module from which the client also imports something harmless. A module
// is transformed with the marks known when it is loaded; where one comes later, the client's build
// is run again, with esbuild's caches warm. Most apps never need that: who imports a module is
// nearly always loaded before it.
type marks struct {
	mu sync.Mutex // protects all below
	// names maps a module to its marked exports; false is a mark that was refuted.
	names map[string]map[string]bool
	// taken is how many marks a module had when this pass loaded it.
	taken map[string]int
}

func newMarks() *marks {
	return &marks{names: map[string]map[string]bool{}, taken: map[string]int{}}
}

// add marks exports of the module at path.
func (m *marks) add(path string, names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names[path] == nil {
		m.names[path] = map[string]bool{}
	}
	for _, name := range names {
		if _, known := m.names[path][name]; !known {
			m.names[path][name] = true
		}
	}
}

// refute takes marks back for good: the browser uses these exports.
func (m *marks) refute(path string, names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range names {
		m.names[path][name] = false
	}
}

// take is what is marked in a module that is being loaded.
func (m *marks) take(path string) []string {
	m.mu.Lock()
	m.taken[path] = len(m.names[path])
	m.mu.Unlock()
	return m.current(path)
}

// current is what is marked in a module.
func (m *marks) current(path string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name, valid := range m.names[path] {
		if valid {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// late says whether a module of this pass got a mark after it was loaded, and starts the next pass.
func (m *marks) late() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	late := false
	for path, count := range m.taken {
		late = late || len(m.names[path]) > count
	}
	clear(m.taken)
	return late
}
