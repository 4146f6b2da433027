package transform

import (
	"strings"

	"github.com/evanw/esbuild/esbuildast"
)

// The parts of a split server file (DESIGN.md D7, "What is evaluated again").
const (
	// bodyPart runs: every statement with an effect or a state, in source order.
	bodyPart = "body"
	// symbolsPart registers the server symbols, and holds the functions that they reach.
	symbolsPart = "symbols"
	// viewPart holds the other functions.
	viewPart = "view"
	// ImportsPart depends on everything that the file imports, so that the order of evaluation is
	// that of the file, and a new import is no change of another part.
	ImportsPart = "imports"
)

// splitter sorts the statements of one file into parts. Only functions and symbols move: nothing
// that has an effect changes its place.
type splitter struct {
	source    *source
	tree      *esbuildast.Tree
	found     symbols
	graph     *graph
	division  *esbuildast.Division
	functions map[int]esbuildast.Function
	// calls are the marker calls by statement.
	calls map[int][]esbuildast.Call
	// part is where each statement goes; those of none belong to the facade.
	part map[int]string
	// defaultAlias is the binding that `export default name` exports, where that is no effect.
	defaultAlias *esbuildast.Ref
	// hoisted are the statements that were made of a symbol's arguments, by its statement.
	hoisted map[int][]int
	imports map[esbuildast.Ref]importName
	static  []esbuildast.Import
}

type importName struct {
	index int
	name  string
}

// split divides the server module, or returns no parts where the file has to stay whole.
func (s *source) split(tree *esbuildast.Tree, found symbols) (parts []Part, exportParts map[string]string) {
	if tree.ContainsEval() || tree.WrapsUsing() || len(found.calls) == 0 && !s.runs(tree) {
		return nil, nil
	}
	x := &splitter{source: s, tree: tree, found: found, calls: map[int][]esbuildast.Call{}, part: map[int]string{}, hoisted: map[int][]int{}}
	for _, call := range found.calls {
		x.calls[call.Statement()] = append(x.calls[call.Statement()], call)
	}
	x.division = tree.Divide()
	defer x.division.Undo()
	x.graph = newGraph(tree)
	x.functions = tree.Functions()
	x.sort()
	if !x.fillBody() || !x.worthIt() {
		return nil, nil
	}
	x.listImports()
	reached := x.fingerprints()
	if !x.hoist() || !x.fillBody() {
		x.forgetHashes()
		return nil, nil
	}
	x.fillSymbols()
	x.fillView()
	if s.options.Form == ESM && x.assignsAcross() {
		x.forgetHashes()
		return nil, nil
	}
	if len(x.found.calls) < 2 && x.countParts() < 2 {
		x.forgetHashes()
		return nil, nil
	}
	x.reaches(reached)
	return x.print()
}

// runs is false for most components' files: imports, functions and constants. There is nothing to keep
// from being evaluated again.
func (s *source) runs(tree *esbuildast.Tree) bool {
	return strings.Contains(s.text, "import.meta.hot") || tree.HasEffects()
}

// sort gives every statement that is no function its part. Functions follow those that mention them.
func (x *splitter) sort() {
	hot := strings.Contains(x.source.text, "import.meta.hot")
	for _, statement := range x.graph.statements {
		i := statement.Index
		switch statement.Kind {
		case esbuildast.ImportStatement, esbuildast.ReExport, esbuildast.ExportClause, esbuildast.Comment:
			continue
		}
		if x.tree.IsEmpty(i) {
			continue
		}
		if _, ok := x.functions[i]; ok {
			if hot && x.tree.MentionsHot(i) {
				delete(x.functions, i)
				x.part[i] = bodyPart
			}
			continue
		}
		if len(x.calls[i]) > 0 {
			x.part[i] = symbolsPart
			continue
		}
		x.part[i] = bodyPart
	}
	x.findAlias()
}

// findAlias leaves `export default name` to the facade where the name is a function's or a symbol's:
// in the body it would pull what it names there.
func (x *splitter) findAlias() {
	for _, statement := range x.graph.statements {
		ref, ok := x.tree.DefaultAlias(statement.Index)
		if !ok || x.tree.IsAssigned(ref) || len(x.graph.declaredBy[ref]) != 1 {
			continue
		}
		target := x.graph.statements[x.graph.declaredBy[ref][0]].Index
		f, function := x.functions[target]
		if target > statement.Index && !f.Hoisted {
			continue // it throws, and has to
		}
		if function || len(x.calls[target]) > 0 {
			x.defaultAlias = &ref
			delete(x.part, statement.Index)
		}
	}
}

// fillBody adds the functions that running statements mention. It fails where they reach a symbol.
func (x *splitter) fillBody() bool {
	var queue []esbuildast.Ref
	for i, part := range x.part {
		if part == bodyPart {
			queue = append(queue, x.division.Uses(i)...)
		}
	}
	return x.follow(queue, func(i int) bool {
		if x.part[i] == symbolsPart {
			return false
		}
		x.part[i] = bodyPart
		return true
	})
}

// follow goes through the functions that the symbols reach and that have no part yet. take sees each,
// and every symbol statement.
func (x *splitter) follow(queue []esbuildast.Ref, take func(statement int) bool) bool {
	seen := map[esbuildast.Ref]bool{}
	for len(queue) > 0 {
		ref := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if seen[ref] {
			continue
		}
		seen[ref] = true
		for _, position := range x.graph.declaredBy[ref] {
			i := x.graph.statements[position].Index
			_, function := x.functions[i]
			if x.part[i] == symbolsPart && !function || function && x.part[i] == "" {
				if !take(i) {
					return false
				}
			}
			if function {
				queue = append(queue, x.graph.statements[position].Uses...)
			}
		}
	}
	return true
}

// worthIt is false where one part would hold everything that can change alone: a split has its cost
// in every start of the worker.
func (x *splitter) worthIt() bool {
	body, functions := false, false
	for i, part := range x.part {
		body = body || part == bodyPart && !x.tree.IsConstant(i)
	}
	for i := range x.functions {
		functions = functions || x.part[i] == ""
	}
	switch len(x.found.calls) {
	case 0:
		return body && functions
	case 1:
		return body || functions || x.makesMiddleware()
	}
	return true
}

// makesMiddleware tells whether a symbol has an argument that is made when it registers.
func (x *splitter) makesMiddleware() bool {
	for _, call := range x.found.calls {
		for _, arg := range call.Args {
			if arg.Kind == esbuildast.OtherArg {
				return true
			}
		}
	}
	return false
}

func (x *splitter) countParts() int {
	seen := map[string]bool{}
	for _, part := range x.part {
		seen[part] = true
	}
	return len(seen)
}

// hoist leaves in the body what registering a symbol would make anew: its middlewares' state.
func (x *splitter) hoist() bool {
	for _, statement := range x.graph.statements {
		i := statement.Index
		if len(x.calls[i]) == 0 {
			continue
		}
		for _, ref := range statement.Declares {
			if x.tree.IsAssigned(ref) {
				return false
			}
		}
		made, ok := x.division.Hoist(x.calls[i], func(ref esbuildast.Ref) esbuildast.Binding { return x.binding(ref, i) })
		if !ok {
			return false
		}
		x.hoisted[i] = made
		for _, n := range made {
			x.part[n] = bodyPart
		}
	}
	return true
}

// binding says what becomes of a read when it moves from a symbol's statement to after the body.
func (x *splitter) binding(ref esbuildast.Ref, reader int) esbuildast.Binding {
	for _, position := range x.graph.declaredBy[ref] {
		i := x.graph.statements[position].Index
		if i >= reader && !x.functions[i].Hoisted {
			return esbuildast.LaterBinding
		}
	}
	if x.tree.IsAssigned(ref) {
		return esbuildast.ChangingBinding
	}
	return esbuildast.SteadyBinding
}

// fillSymbols adds the functions that symbols reach. Those that components call, too, are among them:
// in the view, every edit of a component would register the symbols again.
func (x *splitter) fillSymbols() {
	var queue []esbuildast.Ref
	for i, part := range x.part {
		if part == symbolsPart {
			queue = append(queue, x.division.Uses(i)...)
		}
	}
	x.follow(queue, func(i int) bool { x.part[i] = symbolsPart; return true })
}

func (x *splitter) fillView() {
	for i := range x.functions {
		if x.part[i] == "" {
			x.part[i] = viewPart
		}
	}
}

// listImports numbers the static imports as Module.Imports does.
func (x *splitter) listImports() {
	index := map[string]int{}
	for _, i := range x.tree.Imports() {
		if i.Kind == esbuildast.StaticImport {
			index[i.Specifier] = len(x.static)
			x.static = append(x.static, i)
		}
	}
	x.imports = map[esbuildast.Ref]importName{}
	for _, name := range x.tree.ImportNames() {
		x.imports[name.Ref] = importName{index[name.Specifier], name.Name}
	}
}
