package transform

import (
	"fmt"

	"github.com/evanw/esbuild/esbuildast"
)

// markRemovable handles Options.Removable: what only those exports use becomes such that a bundler
// drops it. Nothing is deleted here: another module may import the names after all.
func (s *source) markRemovable(c *cut) (list []Diagnostic) {
	removable := setOfNames(s.options.Removable)
	only, stay, ok := c.exportRoots(removable)
	if !ok {
		return nil
	}
	c.did = true
	g := newGraph(c.tree)
	removed := g.reach(only)
	var suspects []esbuildast.Statement
	for _, statement := range g.statements {
		switch {
		case statement.Pure || c.stubs[statement.Index]:
		case statement.Kind == esbuildast.Declaration && removed.statements[statement.Index]:
		case statement.Kind == esbuildast.Declaration || statement.Kind == esbuildast.Effect:
			if statement.Guarded {
				addAll(stay, statement.Uses)
			} else {
				suspects = append(suspects, statement)
			}
		}
	}
	live := g.reach(stay)
	for _, p := range g.keepers(suspects, removed, live) {
		list = append(list, s.keepsServerCode(p))
	}
	for _, statement := range suspects {
		addAll(stay, statement.Uses)
	}
	live = g.reach(stay)
	for _, statement := range g.statements {
		if statement.Kind != esbuildast.Declaration || live.statements[statement.Index] || !removed.statements[statement.Index] {
			continue
		}
		if !c.tree.MarkPure(statement.Index) {
			list = append(list, s.cannotRemove(statement))
		}
	}
	for _, name := range c.tree.ImportNames() {
		if removed.refs[name.Ref] && !live.refs[name.Ref] {
			c.names = append(c.names, name)
		}
	}
	return list
}

func setOfNames(names []string) map[string]bool {
	set := map[string]bool{}
	for _, name := range names {
		set[name] = true
	}
	return set
}

func addAll(set map[esbuildast.Ref]bool, refs []esbuildast.Ref) {
	for _, ref := range refs {
		set[ref] = true
	}
}

// exportRoots are the symbols behind the removable exports and behind the others.
func (c *cut) exportRoots(removable map[string]bool) (only, stay map[esbuildast.Ref]bool, ok bool) {
	only, stay = map[esbuildast.Ref]bool{}, map[esbuildast.Ref]bool{}
	for _, name := range c.tree.Exports() {
		export, _ := c.tree.Export(name)
		if !removable[name] {
			stay[export.Ref] = true
			continue
		}
		ok = true
		only[export.Ref] = true
		if export.From != "" && !c.isImported(export.Ref) {
			c.reExports = append(c.reExports, export)
		}
	}
	return only, stay, ok
}

// isImported is false for names that are exported straight from another module.
func (c *cut) isImported(ref esbuildast.Ref) bool {
	for _, name := range c.tree.ImportNames() {
		if name.Ref == ref {
			return true
		}
	}
	return false
}

func (s *source) cannotRemove(statement esbuildast.Statement) Diagnostic {
	return s.tracker.diagnostic(statement.Place,
		fmt.Sprintf("Only server code imports what this declares, but the browser would run it: %s", "a pattern, top-level await or a decorated class can't be left out by name"),
		"Move it into a .server.ts module, or declare each name with a const of its own and without await.")
}
