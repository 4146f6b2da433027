package esbuildast

import (
	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/js_ast"
)

// Constants are names that a module exports and import.meta.env.SSR, with their values on one side.
type Constants struct {
	Module string
	Values map[string]bool
	// SSR is the value of import.meta.env.SSR.
	SSR bool
}

// FoldConstants puts the values in and removes the branches that can't be reached any more.
// esbuild's own defines would leave the dead branches in the code unless it also minifies.
// It returns what only dead branches mentioned, and whether there was anything to fold.
func (t *Tree) FoldConstants(c Constants) (removed []Ref, folded bool) {
	f := &folder{tree: t, values: map[ast.Ref]bool{}, spaces: map[ast.Ref]bool{}, constants: c}
	for ref, item := range t.ast.NamedImports {
		if t.ast.ImportRecords[item.ImportRecordIndex].Path.Text != c.Module {
			continue
		}
		if value, ok := c.Values[item.Alias]; ok && !item.AliasIsStar {
			f.values[ref] = value
		} else if item.AliasIsStar {
			f.spaces[ref] = true
		}
	}
	set := map[Ref]bool{}
	for i := range t.ast.Parts {
		f.part(i, set)
	}
	return sorted(set), f.folded
}

type folder struct {
	tree      *Tree
	values    map[ast.Ref]bool
	spaces    map[ast.Ref]bool
	constants Constants
	folded    bool
}

func (f *folder) part(i int, removed map[Ref]bool) {
	part := &f.tree.ast.Parts[i]
	if !f.mentions(part.Stmts) {
		return
	}
	f.folded = true
	before, after := map[Ref]bool{}, map[Ref]bool{}
	collectUses(f.tree, part.Stmts, before)
	if len(part.Stmts) == 1 {
		_, isIf := part.Stmts[0].Data.(*js_ast.SIf)
		f.tree.guarded[i] = isIf
	}
	w := &walker{after: f.expression, afterStmt: f.statement, list: f.list}
	part.Stmts = w.stmts(part.Stmts)
	collectUses(f.tree, part.Stmts, after)
	for ref := range before {
		if !after[ref] {
			removed[ref] = true
		}
	}
	f.tree.changed[i] = true
	helper := js_ast.MakeHelperContext(func(ref ast.Ref) bool { return f.tree.symbol(ref).Kind == ast.SymbolUnbound })
	part.CanBeRemovedIfUnused = helper.StmtsCanBeRemovedIfUnused(part.Stmts, 0)
}

func (f *folder) mentions(stmts []js_ast.Stmt) (found bool) {
	w := &walker{expr: func(slot *js_ast.Expr) bool {
		if _, ok := f.value(slot.Data); ok {
			found = true
		}
		return !found
	}}
	w.stmts(stmts)
	return found
}

// value tells what a constant's mention stands for.
func (f *folder) value(data js_ast.E) (value, ok bool) {
	if ref, isName := identifier(data); isName {
		value, ok = f.values[ref]
		return value, ok
	}
	dot, isDot := data.(*js_ast.EDot)
	if !isDot {
		return false, false
	}
	if ns, isName := dot.Target.Data.(*js_ast.EIdentifier); isName && f.spaces[ns.Ref] {
		value, ok = f.constants.Values[dot.Name]
		return value, ok
	}
	if env, isDot := dot.Target.Data.(*js_ast.EDot); isDot && dot.Name == "SSR" && env.Name == "env" {
		_, ok = env.Target.Data.(*js_ast.EImportMeta)
		return f.constants.SSR, ok
	}
	return false, false
}

func (f *folder) expression(slot *js_ast.Expr) {
	if value, ok := f.value(slot.Data); ok {
		slot.Data = &js_ast.EBoolean{Value: value}
		return
	}
	switch e := slot.Data.(type) {
	case *js_ast.EUnary:
		if b, ok := e.Value.Data.(*js_ast.EBoolean); ok && e.Op == js_ast.UnOpNot {
			slot.Data = &js_ast.EBoolean{Value: !b.Value}
		}
	case *js_ast.EIf:
		if b, ok := e.Test.Data.(*js_ast.EBoolean); ok {
			*slot = pick(b.Value, e.Yes, e.No)
		}
	case *js_ast.EBinary:
		f.binary(slot, e)
	}
}

func (f *folder) binary(slot *js_ast.Expr, e *js_ast.EBinary) {
	left, ok := e.Left.Data.(*js_ast.EBoolean)
	if !ok {
		return
	}
	switch e.Op {
	case js_ast.BinOpLogicalAnd:
		*slot = pick(left.Value, e.Right, e.Left)
	case js_ast.BinOpLogicalOr:
		*slot = pick(left.Value, e.Left, e.Right)
	case js_ast.BinOpNullishCoalescing:
		*slot = e.Left
	case js_ast.BinOpStrictEq, js_ast.BinOpLooseEq, js_ast.BinOpStrictNe, js_ast.BinOpLooseNe:
		if right, ok := e.Right.Data.(*js_ast.EBoolean); ok {
			equal := e.Op == js_ast.BinOpStrictEq || e.Op == js_ast.BinOpLooseEq
			slot.Data = &js_ast.EBoolean{Value: (left.Value == right.Value) == equal}
		}
	}
}

func pick(condition bool, yes, no js_ast.Expr) js_ast.Expr {
	if condition {
		return yes
	}
	return no
}

// statement replaces an if statement whose test is known by the branch that runs.
func (f *folder) statement(slot *js_ast.Stmt) {
	switch s := slot.Data.(type) {
	case *js_ast.SIf:
		test, ok := s.Test.Data.(*js_ast.EBoolean)
		if !ok {
			return
		}
		runs, dead := s.Yes, s.NoOrNil
		if !test.Value {
			runs, dead = dead, runs
		}
		*slot = f.withVars(runs, dead, slot)
	case *js_ast.SWhile:
		if test, ok := s.Test.Data.(*js_ast.EBoolean); ok && !test.Value {
			*slot = f.withVars(js_ast.Stmt{}, s.Body, slot)
		}
	}
}

// withVars keeps the names that the dead branch declares for the whole function.
func (f *folder) withVars(runs, dead js_ast.Stmt, at *js_ast.Stmt) js_ast.Stmt {
	if runs.Data == nil {
		runs = js_ast.Stmt{Loc: at.Loc, Data: js_ast.SEmptyShared}
	}
	vars := hoistedVars([]js_ast.Stmt{dead})
	if vars.Data == nil {
		return runs
	}
	return js_ast.Stmt{Loc: at.Loc, Data: &js_ast.SBlock{Stmts: []js_ast.Stmt{vars, runs}}}
}

func hoistedVars(stmts []js_ast.Stmt) js_ast.Stmt {
	var decls []js_ast.Decl
	at := js_ast.Stmt{}
	w := &walker{}
	w.expr = func(*js_ast.Expr) bool { return false }
	w.stmt = func(slot *js_ast.Stmt) bool {
		switch s := slot.Data.(type) {
		case *js_ast.SFunction, *js_ast.SClass:
			return false
		case *js_ast.SLocal:
			if s.Kind == js_ast.LocalVar {
				at.Loc = slot.Loc
				eachBinding(s.Decls, func(b *js_ast.BIdentifier, where js_ast.Binding) {
					decls = append(decls, js_ast.Decl{Binding: where})
				})
			}
		}
		return true
	}
	w.stmts(stmts)
	if len(decls) > 0 {
		at.Data = &js_ast.SLocal{Kind: js_ast.LocalVar, Decls: decls}
	}
	return at
}

// list drops empty statements, opens blocks that declare nothing of their own and ends at a jump.
func (f *folder) list(stmts []js_ast.Stmt) (kept []js_ast.Stmt) {
	for i, stmt := range stmts {
		switch s := stmt.Data.(type) {
		case *js_ast.SEmpty:
			continue
		case *js_ast.SBlock:
			if !declaresOwn(s.Stmts) {
				kept = append(kept, s.Stmts...)
				if endsInJump(kept) {
					return append(kept, survivors(stmts[i+1:])...)
				}
				continue
			}
		}
		kept = append(kept, stmt)
		if endsInJump(kept) {
			return append(kept, survivors(stmts[i+1:])...)
		}
	}
	return kept
}

func declaresOwn(stmts []js_ast.Stmt) bool {
	for _, stmt := range stmts {
		switch s := stmt.Data.(type) {
		case *js_ast.SFunction, *js_ast.SClass:
			return true
		case *js_ast.SLocal:
			if s.Kind != js_ast.LocalVar {
				return true
			}
		}
	}
	return false
}

func endsInJump(stmts []js_ast.Stmt) bool {
	if len(stmts) == 0 {
		return false
	}
	switch stmts[len(stmts)-1].Data.(type) {
	case *js_ast.SReturn, *js_ast.SThrow:
		return true
	}
	return false
}

// survivors are what counts of code after a jump: hoisted functions and names.
func survivors(stmts []js_ast.Stmt) (kept []js_ast.Stmt) {
	for _, stmt := range stmts {
		if _, ok := stmt.Data.(*js_ast.SFunction); ok {
			kept = append(kept, stmt)
		}
	}
	if vars := hoistedVars(stmts); vars.Data != nil {
		kept = append(kept, vars)
	}
	return kept
}
