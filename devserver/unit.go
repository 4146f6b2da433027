package devserver

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"eclipsa/nodeadapter"
	"eclipsa/transform"
)

// unit is one module of the registry. A file is one unit, except a server file that the transform
// took apart (DESIGN.md D7): its imports, body, symbols and view are units of their own, and the facade,
// under the file's own id, exports what they declare. An edit then evaluates only the parts again
// whose code changed.
type unit struct {
	part string // "" for a whole file and for a facade
	// code is the factory expression of the registry form.
	code string
	// deps are where the parameters of code come from, in their order.
	deps []unitDep
	// dynamic is what $.import(n) imports.
	dynamic []place
	hash    string // of code
}

// unitDep is one static import of a unit.
type unitDep struct {
	// part is another part of the same file; without it, to is another module.
	part string
	to   place
	// names are what is imported. If one part of a server module declares all of them, it is the
	// dependency, and else (nil: the namespace) the whole module. Weak without names is for the order.
	names []string
	// weak dependencies are evaluated before, but are no reason to evaluate the unit again.
	weak bool
}

func newUnit(part, code string, deps []unitDep, dynamic []place) unit {
	sum := sha256.Sum256([]byte(code))
	return unit{part, code, deps, dynamic, fmt.Sprintf("%x", sum[:8])}
}

// linked is a unit whose imports are resolved against the graph as it is now: as browsers and the
// worker get it.
type linked struct {
	id, code            string
	deps, weak, dynamic []string
	state               string // equal for what needs no sending again
}

// partID names a part of a file in the registry.
func partID(id, part string) string {
	if part == "" {
		return id
	}
	return id + "?" + part
}

// fileID is the module that a registry id belongs to.
func (g *graph) fileID(id string) string {
	if file, part, ok := strings.Cut(id, "?"); ok && (part == "imports" || part == "body" || part == "symbols" || part == "view") && g.modules[file] != nil {
		return file
	}
	return id
}

// link resolves a unit's imports.
func (g *graph) link(s side, m *module, u *unit) linked {
	made := linked{id: partID(m.id, u.part), code: u.code, deps: make([]string, len(u.deps)), dynamic: idsOf(u.dynamic)}
	if u.part == transform.ImportsPart {
		made.code = "" // of a fourth of all modules: they need no script each
	}
	strong := map[string]bool{}
	for i, dep := range u.deps {
		made.deps[i] = g.depID(s, m, dep)
		if !dep.weak {
			strong[made.deps[i]] = true
		}
	}
	for i, dep := range u.deps {
		// A file that is one unit is what its names come from, too.
		if dep.weak && !strong[made.deps[i]] {
			made.weak = append(made.weak, made.deps[i])
		}
	}
	made.state = u.hash + "\x00" + strings.Join(made.deps, "\x00") + "\x01" + strings.Join(made.weak, "\x00") + "\x01" + strings.Join(made.dynamic, "\x00")
	return made
}

// depID is the registry id that a dependency means.
func (g *graph) depID(s side, m *module, dep unitDep) string {
	if dep.part != "" {
		return partID(m.id, dep.part)
	}
	target := g.modules[dep.to.id]
	if s == client || target == nil || target.outputs[s] == nil {
		return dep.to.id
	}
	if len(dep.names) > 0 {
		return partID(dep.to.id, target.outputs[s].declares(dep.names))
	}
	if dep.weak { // only for the order
		return partID(dep.to.id, target.outputs[s].last())
	}
	return dep.to.id
}

// last is the part whose evaluation is that of the whole file, or "" for the file itself. Its facade
// does nothing but to export, so that the many that nobody reads are never made.
func (o *output) last() string {
	if len(o.units) == 1 {
		return ""
	}
	return o.units[len(o.units)-2].part
}

// declares is the one part of a split file that declares all these exports, or "".
func (o *output) declares(names []string) string {
	part := o.exportParts[names[0]]
	for _, name := range names[1:] {
		if o.exportParts[name] != part {
			return ""
		}
	}
	return part
}

// linkAll gives every unit of a module.
func (g *graph) linkAll(s side, m *module) []linked {
	units := m.outputs[s].units
	all := make([]linked, len(units))
	for i := range units {
		all[i] = g.link(s, m, &units[i])
	}
	return all
}

// unit finds a registry module that is reached now.
func (g *graph) unit(s side, id string) (m *module, u linked, ok bool) {
	file := g.fileID(id)
	m = g.modules[file]
	if m == nil || !g.reaches(s, file) {
		return nil, u, false
	}
	for i := range m.outputs[s].units {
		if one := &m.outputs[s].units[i]; partID(file, one.part) == id {
			return m, g.link(s, m, one), true
		}
	}
	return nil, u, false
}

// addSymbols tells what decides whether a symbol's open sessions get its handler anew: its own code,
// and what it reaches.
func (g *graph) addSymbols(to map[string]*nodeadapter.Symbol, m *module) {
	for _, symbol := range m.symbols {
		if to[symbol.ID] != nil {
			continue
		}
		made := &nodeadapter.Symbol{Hash: symbol.Hash, Reaches: []string{}}
		for _, dep := range m.reaches[symbol.ID] {
			if dep.part != "" || dep.to.kind != external {
				made.Reaches = append(made.Reaches, g.depID(server, m, dep))
			}
		}
		if len(m.outputs[server].units) == 1 {
			made.Hash, made.Reaches = m.outputs[server].hash, []string{m.id}
		}
		to[symbol.ID] = made
	}
}

// unitsOf makes the registry modules of one side from what the transform printed. places are where
// the module's imports lead, by their number in made.Imports.
func unitsOf(made transform.Module, places []place, finish func(code string) string) []unit {
	if made.Parts == nil {
		var deps []unitDep
		var dynamic []place
		for i, one := range made.Imports {
			switch one.Kind {
			case transform.StaticImport:
				deps = append(deps, unitDep{to: places[i], names: namesOf(one.Names)})
			case transform.DynamicImport:
				dynamic = append(dynamic, places[i])
			}
		}
		return []unit{newUnit("", finish(made.Code), deps, dynamic)}
	}
	units := make([]unit, len(made.Parts))
	for i, part := range made.Parts {
		units[i] = newUnit(part.Name, finish(part.Code), partDeps(part, places), dynamicOf(part, made.Imports, places))
	}
	return units
}

func partDeps(part transform.Part, places []place) []unitDep {
	deps := make([]unitDep, len(part.Deps))
	for i, dep := range part.Deps {
		deps[i] = depOf(dep, places)
	}
	return deps
}

func depOf(dep transform.PartDep, places []place) unitDep {
	made := unitDep{part: dep.Part, weak: dep.Weak}
	if dep.Part == "" {
		made.to, made.names = places[dep.Import], namesOf(dep.Names)
	}
	return made
}

// namesOf is nil if the whole module is meant.
func namesOf(names []string) []string {
	for _, name := range names {
		if name == "*" {
			return nil
		}
	}
	return names
}

// dynamicOf finds where the dynamic imports of a part lead: by specifier, since a part knows only
// its own.
func dynamicOf(part transform.Part, all []transform.Import, places []place) []place {
	var dynamic []place
	for _, one := range part.Dynamic {
		for i, known := range all {
			if known.Kind == transform.DynamicImport && known.Specifier == one.Specifier {
				dynamic = append(dynamic, places[i])
				break
			}
		}
	}
	return dynamic
}
