package transform

import (
	"slices"

	"github.com/evanw/esbuild/esbuildast"
)

// whole prints a file that stays whole as its own facade: it reads each imported name alone, as parts
// do, so that what changes elsewhere in an imported file does not concern it. It gives nil where that
// is no gain.
func (s *source) whole(tree *esbuildast.Tree) []Part {
	x := &splitter{source: s, tree: tree, division: tree.Divide()}
	defer x.division.Undo()
	x.listImports()
	part := Part{Deps: x.wholeDeps()}
	if !slices.ContainsFunc(part.Deps, func(dep PartDep) bool { return dep.Weak }) {
		return nil
	}
	piece := x.division.Whole()
	if s.options.Form == ESM {
		printOptions := s.printOptions(Server)
		printOptions.OmitComments = true
		part.Code, part.Map = tree.Print(printOptions)
		part.Dynamic = x.dynamicImports(piece)
		return []Part{part}
	}
	x.separate()
	part.Code, part.Map = x.division.Print(piece, paramsOf(part.Deps, nil), s.printOptions(Server))
	part.Dynamic = x.dynamicImports(piece)
	return []Part{part}
}

// wholeDeps puts each file before the names that are read of it: all of it is evaluated in its turn.
func (x *splitter) wholeDeps() (deps []PartDep) {
	for index, static := range x.static {
		m := outside{imports: map[int]map[string]bool{}}
		for _, name := range static.Names {
			m.add(importName{index, name})
		}
		strong := x.strong(m)
		switch {
		case len(strong) == 0:
			deps = append(deps, PartDep{Import: index, Weak: true})
		case strong[0].Names == nil || x.together(index):
			deps = append(deps, strong...)
		default:
			deps = append(append(deps, PartDep{Import: index, Weak: true}), strong...)
		}
	}
	return deps
}
