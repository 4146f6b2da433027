package esbuildast

import (
	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/js_ast"
)

// Export tells what a name is exported from, without an edit. ok is false for names that the
// module does not export by itself.
func (t *Tree) Export(name string) (found Unexported, ok bool) {
	export, ok := t.ast.NamedExports[name]
	if !ok {
		return found, false
	}
	found = Unexported{Ref: t.ref(export.Ref), Place: t.identifierAt(export.AliasLoc)}
	if item, imported := t.ast.NamedImports[export.Ref]; imported {
		record := &t.ast.ImportRecords[item.ImportRecordIndex]
		found.From, found.Name, found.Place = record.Path.Text, item.Alias, recordPlace(record)
		if item.AliasIsStar {
			found.Name = "*"
		}
	}
	return found, true
}

// MarkPure makes a declaration one that a bundler drops when nothing uses it, whatever its value
// does when it is made. It fails for patterns, for top-level await and for lowered declarations of
// several statements.
func (t *Tree) MarkPure(statement int) bool {
	part := &t.ast.Parts[statement]
	if part.CanBeRemovedIfUnused {
		return true
	}
	if len(part.Stmts) != 1 || t.awaits(part.Stmts) {
		return false
	}
	stmt := &part.Stmts[0]
	switch s := stmt.Data.(type) {
	case *js_ast.SLocal:
		if len(s.Decls) != 1 || s.Kind.IsUsing() {
			return false
		}
		if _, ok := s.Decls[0].Binding.Data.(*js_ast.BIdentifier); !ok {
			return false
		}
		s.Decls[0].ValueOrNil = t.pure(s.Decls[0].ValueOrNil)
	case *js_ast.SExportDefault:
		return t.pureDefault(s)
	case *js_ast.SClass:
		name := *s.Class.Name
		class := js_ast.Expr{Loc: stmt.Loc, Data: &js_ast.EClass{Class: s.Class}}
		binding := js_ast.Binding{Loc: name.Loc, Data: &js_ast.BIdentifier{Ref: name.Ref}}
		// The class keeps its name inside: its own members may mention it.
		stmt.Data = &js_ast.SLocal{Kind: js_ast.LocalConst, IsExport: s.IsExport,
			Decls: []js_ast.Decl{{Binding: binding, ValueOrNil: t.pure(class)}}}
	default:
		return false
	}
	return true
}

func (t *Tree) pureDefault(s *js_ast.SExportDefault) bool {
	switch value := s.Value.Data.(type) {
	case *js_ast.SExpr:
		value.Value = t.pure(value.Value)
	case *js_ast.SClass:
		if value.Class.Name != nil {
			return false // the name is a binding of the module
		}
		s.Value.Data = &js_ast.SExpr{Value: t.pure(js_ast.Expr{Loc: s.Value.Loc, Data: &js_ast.EClass{Class: value.Class}})}
	}
	return true
}

// pure marks a call, or puts the value into one that is marked.
func (t *Tree) pure(value js_ast.Expr) js_ast.Expr {
	helper := js_ast.MakeHelperContext(func(ref ast.Ref) bool { return t.symbol(ref).Kind == ast.SymbolUnbound })
	if value.Data == nil || helper.ExprCanBeRemovedIfUnused(value) {
		return value
	}
	free := func(args []js_ast.Expr) bool {
		for _, arg := range args {
			if !helper.ExprCanBeRemovedIfUnused(arg) {
				return false
			}
		}
		return true
	}
	switch e := value.Data.(type) {
	case *js_ast.ECall:
		if isPath(e.Target.Data) && free(e.Args) {
			e.CanBeUnwrappedIfUnused = true
			return value
		}
	case *js_ast.ENew:
		if isPath(e.Target.Data) && free(e.Args) {
			e.CanBeUnwrappedIfUnused = true
			return value
		}
	}
	body := js_ast.FnBody{Loc: value.Loc, Block: js_ast.SBlock{Stmts: []js_ast.Stmt{{Loc: value.Loc, Data: &js_ast.SReturn{ValueOrNil: value}}}}}
	arrow := js_ast.Expr{Loc: value.Loc, Data: &js_ast.EArrow{PreferExpr: true, Body: body}}
	return js_ast.Expr{Loc: value.Loc, Data: &js_ast.ECall{Target: arrow, CanBeUnwrappedIfUnused: true}}
}

// isPath is true for a.b.c: reading it does nothing else, so the mark covers all that happens.
func isPath(data js_ast.E) bool {
	if dot, ok := data.(*js_ast.EDot); ok {
		return isPath(dot.Target.Data)
	}
	_, ok := identifier(data)
	return ok
}

// awaits looks outside functions: at `await` and `for await`.
func (t *Tree) awaits(stmts []js_ast.Stmt) (found bool) {
	w := &walker{}
	w.expr = func(slot *js_ast.Expr) bool {
		if _, ok := slot.Data.(*js_ast.EAwait); ok && w.functions == 0 {
			found = true
		}
		return !found
	}
	w.stmt = func(slot *js_ast.Stmt) bool {
		if s, ok := slot.Data.(*js_ast.SForOf); ok && s.Await.Len > 0 && w.functions == 0 {
			found = true
		}
		return !found
	}
	w.stmts(stmts)
	return found
}

// CommonJSExport is the place of TypeScript's `export = value`, which has no ES module form.
func (t *Tree) CommonJSExport() (Place, bool) {
	if !t.ast.UsesModuleRef {
		return Place{}, false
	}
	for i := range t.ast.Parts {
		if t.ast.Parts[i].SymbolUses[t.ast.ModuleRef].CountEstimate > 0 {
			return t.statementPlace(t.ast.Parts[i].Stmts), true
		}
	}
	return Place{}, true
}
