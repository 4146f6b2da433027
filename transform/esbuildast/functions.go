package esbuildast

import (
	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/js_ast"
)

// Function is a statement that does nothing but bind a function: it may move to another module
// without an effect changing its place.
type Function struct {
	Ref Ref
	// Hoisted declarations are there before any statement runs.
	Hoisted bool
}

// Functions finds the statements that only bind functions, by index. Functions that something
// assigns to are left out: they are state. It is known after ToRegistry or Divide.
func (t *Tree) Functions() map[int]Function {
	found := map[int]Function{}
	for i := range t.ast.Parts {
		if f, ok := t.steadyFunction(t.ast.Parts[i].Stmts); ok {
			found[i] = f
		}
	}
	return found
}

// HasEffects tells whether any statement does or keeps something when the module is evaluated.
func (t *Tree) HasEffects() bool {
	for i := range t.ast.Parts {
		stmts := t.ast.Parts[i].Stmts
		kind, _ := kindOf(stmts)
		if len(stmts) == 0 || kind != Declaration && kind != Effect || t.IsEmpty(i) || t.IsConstant(i) {
			continue
		}
		if _, ok := t.steadyFunction(stmts); !ok {
			return true
		}
	}
	return false
}

// steadyFunction is a function that keeps its name.
func (t *Tree) steadyFunction(stmts []js_ast.Stmt) (f Function, ok bool) {
	f, ok = t.functionIn(stmts)
	return f, ok && len(t.assigned[f.Ref]) == 0
}

func (t *Tree) functionIn(stmts []js_ast.Stmt) (f Function, ok bool) {
	if len(stmts) != 1 {
		return f, false
	}
	switch s := stmts[0].Data.(type) {
	case *js_ast.SFunction:
		return Function{t.ref(s.Fn.Name.Ref), true}, true
	case *js_ast.SLocal:
		if name, value, single := singleDeclaration(s); single && s.Kind == js_ast.LocalConst && isFunction(value.Data) {
			return Function{t.ref(name), false}, true
		}
	case *js_ast.SExportDefault:
		switch value := s.Value.Data.(type) {
		case *js_ast.SFunction:
			if value.Fn.Name != nil {
				return Function{t.ref(value.Fn.Name.Ref), true}, true
			}
			return Function{t.ref(s.DefaultName.Ref), true}, true
		case *js_ast.SExpr:
			if isFunction(value.Value.Data) {
				return Function{t.ref(s.DefaultName.Ref), false}, true
			}
		}
	}
	return f, false
}

func singleDeclaration(s *js_ast.SLocal) (name ast.Ref, value js_ast.Expr, ok bool) {
	if len(s.Decls) != 1 {
		return name, value, false
	}
	b, ok := s.Decls[0].Binding.Data.(*js_ast.BIdentifier)
	if !ok {
		return name, value, false
	}
	return b.Ref, s.Decls[0].ValueOrNil, true
}

func isFunction(data js_ast.E) bool {
	switch data.(type) {
	case *js_ast.EArrow, *js_ast.EFunction:
		return true
	}
	return false
}

// DefaultAlias is the binding that a statement `export default name` exports, if it is one.
func (t *Tree) DefaultAlias(statement int) (Ref, bool) {
	stmts := t.ast.Parts[statement].Stmts
	if len(stmts) != 1 {
		return 0, false
	}
	if s, ok := stmts[0].Data.(*js_ast.SExportDefault); ok {
		if value, ok := s.Value.Data.(*js_ast.SExpr); ok {
			if id, ok := value.Value.Data.(*js_ast.EIdentifier); ok {
				return t.ref(id.Ref), true
			}
		}
	}
	return 0, false
}

// IsAssigned tells whether anything gives the binding another value after its declaration. It
// knows after ToRegistry or Divide.
func (t *Tree) IsAssigned(ref Ref) bool { return len(t.assigned[ref]) > 0 }

// Assignments visits every binding that a statement gives another value after its declaration, in no
// order, until visit returns false.
func (t *Tree) Assignments(visit func(ref Ref, statement int) bool) {
	for ref, statements := range t.assigned {
		for i := range statements {
			if !visit(ref, i) {
				return
			}
		}
	}
}

// noteAllAssignments is for trees that keep the ES form: ToRegistry notes them on its own walk.
func (t *Tree) noteAllAssignments() {
	t.assigned = map[Ref]map[int]bool{}
	for i := range t.ast.Parts {
		w := &walker{stmt: func(slot *js_ast.Stmt) bool { t.noteLoop(i, slot.Data); return true }}
		w.expr = func(slot *js_ast.Expr) bool { t.noteAssignments(i, slot.Data); return true }
		w.stmts(t.ast.Parts[i].Stmts)
	}
}

// noteAssignment remembers which bindings a statement assigns to.
func (t *Tree) noteAssignment(statement int, target js_ast.Expr) {
	eachTarget(target, func(data js_ast.E) {
		if e, ok := data.(*js_ast.EIdentifier); ok {
			ref := t.ref(e.Ref)
			if t.assigned[ref] == nil {
				t.assigned[ref] = map[int]bool{}
			}
			t.assigned[ref][statement] = true
		}
	})
}

// eachTarget visits what an assignment gives a value: one expression, or several by a pattern.
func eachTarget(target js_ast.Expr, visit func(data js_ast.E)) {
	switch e := target.Data.(type) {
	case *js_ast.EBinary: // a default value in a pattern
		eachTarget(e.Left, visit)
	case *js_ast.ESpread:
		eachTarget(e.Value, visit)
	case *js_ast.EArray:
		for _, item := range e.Items {
			eachTarget(item, visit)
		}
	case *js_ast.EObject:
		for _, p := range e.Properties {
			eachTarget(p.ValueOrNil, visit)
		}
	default:
		visit(target.Data)
	}
}

// noteAssignments looks at one expression; loops that assign are statements (see noteLoop).
func (t *Tree) noteAssignments(statement int, data js_ast.E) {
	t.noteAssignment(statement, assignmentTarget(data))
}

// assignmentTarget is what an expression assigns to, if it does.
func assignmentTarget(data js_ast.E) (target js_ast.Expr) {
	switch e := data.(type) {
	case *js_ast.EBinary:
		if e.Op.BinaryAssignTarget() != js_ast.AssignTargetNone {
			return e.Left
		}
	case *js_ast.EUnary:
		if e.Op.UnaryAssignTarget() != js_ast.AssignTargetNone {
			return e.Value
		}
	}
	return target
}

func (t *Tree) noteLoop(statement int, data js_ast.S) {
	t.noteAssignment(statement, loopTarget(data))
}

// loopTarget is what a loop without a declaration assigns to.
func loopTarget(data js_ast.S) (target js_ast.Expr) {
	var init js_ast.S
	switch s := data.(type) {
	case *js_ast.SForIn:
		init = s.Init.Data
	case *js_ast.SForOf:
		init = s.Init.Data
	}
	if s, ok := init.(*js_ast.SExpr); ok {
		return s.Value
	}
	return target
}

// ContainsEval tells whether code that is not in the tree may mention the module's bindings.
func (t *Tree) ContainsEval() bool { return t.ast.ModuleScope.ContainsDirectEval }

// WrapsUsing tells whether a top-level `using` put the module's statements into a try statement.
func (t *Tree) WrapsUsing() bool {
	for i := range t.ast.Parts {
		if t.loweredUsing(i) {
			return true
		}
	}
	return false
}

// MentionsHot tells whether a statement mentions import.meta.hot.
func (t *Tree) MentionsHot(statement int) (found bool) {
	w := &walker{expr: func(slot *js_ast.Expr) bool {
		if hot, ok := slot.Data.(*js_ast.EDot); ok && hot.Name == "hot" {
			found = found || t.isMeta(hot.Target.Data)
		}
		return !found
	}}
	w.stmts(t.ast.Parts[statement].Stmts)
	return found
}

// Declares tells whether a statement declares a symbol.
func (t *Tree) Declares(statement int, ref Ref) bool {
	for _, declared := range t.ast.Parts[statement].DeclaredSymbols {
		if declared.IsTopLevel && t.ref(declared.Ref) == ref {
			return true
		}
	}
	return false
}

// IsEmpty is true for a semicolon that stands alone.
func (t *Tree) IsEmpty(statement int) bool {
	for _, stmt := range t.ast.Parts[statement].Stmts {
		if _, empty := stmt.Data.(*js_ast.SEmpty); !empty {
			return false
		}
	}
	return true
}
