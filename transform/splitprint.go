package transform

import (
	"sort"
	"strings"

	"github.com/evanw/esbuild/esbuildast"
)

// outside is what the statements of one part mention outside of it.
type outside struct {
	parts   map[string]bool
	imports map[int]map[string]bool
}

func (x *splitter) mentionsOf(statements []int) outside {
	m := outside{map[string]bool{}, map[int]map[string]bool{}}
	for _, i := range statements {
		x.mention(&m, x.division.Uses(i))
	}
	return m
}

func (x *splitter) mention(m *outside, refs []esbuildast.Ref) {
	for _, ref := range refs {
		if imported, ok := x.imports[ref]; ok {
			m.add(imported)
		} else if part := x.partOf(ref); part != "" {
			m.parts[part] = true
		}
	}
}

func (m *outside) add(imported importName) {
	if m.imports[imported.index] == nil {
		m.imports[imported.index] = map[string]bool{}
	}
	m.imports[imported.index][imported.name] = true
}

// partOf is the part that declares a binding, or "".
func (x *splitter) partOf(ref esbuildast.Ref) string {
	for _, position := range x.graph.declaredBy[ref] {
		return x.part[x.graph.statements[position].Index]
	}
	for _, made := range x.hoisted {
		for _, i := range made {
			if x.tree.Declares(i, ref) {
				return bodyPart
			}
		}
	}
	return ""
}

// strong lists the imports that are read, in source order: each name alone, since each may come from
// another part of its file. Names are nil for a namespace.
func (x *splitter) strong(m outside) (deps []PartDep) {
	for index, names := range m.imports {
		var list []string
		for name := range names {
			switch {
			case name == "*":
				deps = append(deps, PartDep{Import: index})
			case x.together(index):
				list = append(list, name)
			default:
				deps = append(deps, PartDep{Import: index, Names: []string{name}})
			}
		}
		if len(list) > 0 {
			sort.Strings(list)
			deps = append(deps, PartDep{Import: index, Names: list})
		}
	}
	sort.Slice(deps, func(i, j int) bool {
		a, b := deps[i], deps[j]
		if a.Import != b.Import {
			return a.Import < b.Import
		}
		return strings.Join(a.Names, " ") < strings.Join(b.Names, " ")
	})
	return deps
}

// together are the modules of the runtime, which have no parts.
func (x *splitter) together(index int) bool {
	specifier := x.static[index].Specifier
	return specifier == runtimeModule || specifier == HelpersSpecifier || strings.HasPrefix(specifier, runtimeModule+"/")
}

// separate prepares what strong lists.
func (x *splitter) separate() {
	for ref, imported := range x.imports {
		if imported.name != "*" && !x.together(imported.index) {
			x.division.Separate(ref, imported.index, imported.name)
		}
	}
	for _, name := range x.tree.Exports() {
		if export, ok := x.tree.Export(name); ok && export.From != "" && export.Name != "*" {
			if index := x.indexOf(export.From); !x.together(index) {
				x.division.Separate(export.Ref, index, export.Name)
			}
		}
	}
}

// print makes the parts. Whichever of them is asked for first, the chain view → symbols → body →
// imports evaluates them from its end, as the file would be.
func (x *splitter) print() (parts []Part, exportParts map[string]string) {
	statements := x.inOrder()
	chain := []string{}
	mentioned := map[string]outside{}
	pieces := map[string]*esbuildast.Piece{}
	if len(x.static) > 0 {
		chain = append(chain, ImportsPart)
		pieces[ImportsPart] = x.division.Add(ImportsPart, nil, nil)
	}
	for _, name := range []string{bodyPart, symbolsPart, viewPart} {
		if len(statements[name]) > 0 {
			chain = append(chain, name)
			pieces[name] = x.piece(name, statements[name])
			mentioned[name] = x.mentionsOf(statements[name])
		}
	}
	if x.source.options.Form == Registry {
		x.separate()
	}
	x.division.Connect(x.defaultAlias)
	exportParts = map[string]string{}
	for name, piece := range x.division.OwnExports() {
		exportParts[name] = piece.Name
	}
	for i, name := range chain {
		part := Part{Name: name}
		if name == ImportsPart {
			part.Code = x.importsCode()
			for index := range x.static {
				part.Deps = append(part.Deps, PartDep{Import: index, Weak: true})
			}
		} else {
			part.Deps = x.dependencies(chain[:i], mentioned[name])
			part.Code, part.Map = x.code(pieces[name], paramsOf(part.Deps, pieces))
			part.Dynamic = x.dynamicImports(pieces[name])
		}
		parts = append(parts, part)
	}
	facade := Part{Deps: x.facadeDeps(chain, exportParts)}
	facade.Code = x.facadeCode(paramsOf(facade.Deps, pieces))
	return append(parts, facade), exportParts
}

func (x *splitter) dynamicImports(piece *esbuildast.Piece) (list []Import) {
	for _, dynamic := range x.division.DynamicImports(piece) {
		list = append(list, x.source.importOf(dynamic))
	}
	return list
}

// dependencies puts the part before in the chain first, then what is read. No part reads one that
// comes after it.
func (x *splitter) dependencies(before []string, m outside) (deps []PartDep) {
	for i := len(before) - 1; i >= 0; i-- {
		reads := m.parts[before[i]]
		if reads || i == len(before)-1 {
			deps = append(deps, PartDep{Part: before[i], Weak: !reads})
		}
	}
	return append(deps, x.strong(m)...)
}

// facadeDeps begins with the end of the chain, so that all parts are under way before an import that
// leads back to this file asks for one.
func (x *splitter) facadeDeps(chain []string, exportParts map[string]string) (deps []PartDep) {
	exporting := map[string]bool{}
	for _, part := range exportParts {
		exporting[part] = true
	}
	for i := len(chain) - 1; i >= 0; i-- {
		if exporting[chain[i]] || i == len(chain)-1 {
			deps = append(deps, PartDep{Part: chain[i], Weak: !exporting[chain[i]]})
		}
	}
	m := outside{imports: map[int]map[string]bool{}}
	for _, name := range x.tree.Exports() {
		if exportParts[name] != "" {
			continue
		}
		if export, ok := x.tree.Export(name); ok && export.From != "" {
			m.add(importName{x.indexOf(export.From), export.Name})
		}
	}
	for _, specifier := range x.tree.ExportStars() {
		m.add(importName{x.indexOf(specifier), "*"})
	}
	return append(deps, x.strong(m)...)
}

func (x *splitter) indexOf(specifier string) int {
	for i, known := range x.static {
		if known.Specifier == specifier {
			return i
		}
	}
	return -1
}

func paramsOf(deps []PartDep, pieces map[string]*esbuildast.Piece) []esbuildast.Param {
	params := make([]esbuildast.Param, len(deps))
	for i, dep := range deps {
		params[i] = esbuildast.Param{Piece: pieces[dep.Part], Import: dep.Import, Weak: dep.Weak}
		if len(dep.Names) == 1 {
			params[i].Name = dep.Names[0]
		}
	}
	return params
}

// inOrder lists the statements of each part; what was hoisted out of a symbol stands in its place.
func (x *splitter) inOrder() map[string][]int {
	lists := map[string][]int{}
	for _, statement := range x.graph.statements {
		lists[bodyPart] = append(lists[bodyPart], x.hoisted[statement.Index]...)
		if part := x.part[statement.Index]; part != "" {
			lists[part] = append(lists[part], statement.Index)
		}
	}
	return lists
}
