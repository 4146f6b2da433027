package devserver

// updateLog remembers which client modules changed since when: a page whose pack was made a moment
// before an update, or whose hot channel was cut, asks for what it missed.
type updateLog struct {
	number  int // of the last update
	first   int // pages from before this update must be loaded again
	changed []changedModule
}

type changedModule struct {
	number int
	id     string
}

// loggedModules bounds the log: who missed more loads the page again.
const loggedModules = 2_000

// add counts an update.
func (l *updateLog) add(ids []string) (number int) {
	l.number++
	for _, id := range ids {
		l.changed = append(l.changed, changedModule{l.number, id})
	}
	if over := len(l.changed) - loggedModules; over > 0 {
		l.first = l.changed[over-1].number
		l.changed = append([]changedModule(nil), l.changed[over:]...)
	}
	return l.number
}

// cut makes every page from before now load again.
func (l *updateLog) cut() {
	l.number++
	l.first, l.changed = l.number, nil
}

// since names what changed after an update, each once; ok is false if that is not known.
func (l *updateLog) since(number int) (ids []string, ok bool) {
	if number < l.first || number > l.number {
		return nil, false
	}
	seen := map[string]bool{}
	for _, one := range l.changed {
		if one.number > number && !seen[one.id] {
			seen[one.id] = true
			ids = append(ids, one.id)
		}
	}
	return ids, true
}

// updateMessage holds the newest version of client modules. The caller holds mu.
func (p *project) updateMessage(number int, ids []string) hotMessage {
	message := hotMessage{Type: "update", Version: number, Modules: []hotModule{}}
	for _, id := range ids {
		if m, u, ok := p.graph.unit(client, id); ok {
			message.Modules = append(message.Modules, hotModule{ID: u.id, Deps: u.deps, Dynamic: u.dynamic, Code: u.code, Map: p.mapURL(m)})
		}
	}
	return message
}

// missed are the messages that bring a page up to date that has seen everything up to an update.
func (p *project) missed(since int) []hotMessage {
	p.mu.RLock()
	defer p.mu.RUnlock()
	ids, ok := p.updates.since(since)
	switch {
	case !ok:
		return []hotMessage{{Type: "reload"}}
	case len(ids) == 0:
		return nil
	}
	return []hotMessage{p.updateMessage(p.updates.number, ids)}
}

// mapURL is where devtools find the source map of a module that came alone.
func (p *project) mapURL(m *module) string {
	if m.kind != script {
		return ""
	}
	return p.base + devPrefix + "map/" + escapePath(m.id) + "?v=" + m.outputs[client].hash
}
