package esbuildast

import "github.com/evanw/esbuild/internal/js_ast"

func (w *walker) block(b *js_ast.SBlock) { b.Stmts = w.stmts(b.Stmts) }

func (w *walker) stmts(list []js_ast.Stmt) []js_ast.Stmt {
	for i := range list {
		w.visitStmt(&list[i])
	}
	if w.list != nil {
		return w.list(list)
	}
	return list
}

func (w *walker) visitStmt(slot *js_ast.Stmt) {
	if slot == nil || slot.Data == nil {
		return
	}
	if w.stmt != nil && !w.stmt(slot) {
		return
	}
	w.statement(slot)
	if w.afterStmt != nil {
		w.afterStmt(slot)
	}
}

func (w *walker) statement(slot *js_ast.Stmt) {
	switch s := slot.Data.(type) {
	case *js_ast.SBlock:
		w.block(s)
	case *js_ast.SExportDefault:
		w.visitStmt(&s.Value)
	case *js_ast.SExportEquals:
		w.visit(&s.Value)
	case *js_ast.SLazyExport:
		w.visit(&s.Value)
	case *js_ast.SExpr:
		w.visit(&s.Value)
	case *js_ast.SEnum:
		for i := range s.Values {
			w.visit(&s.Values[i].ValueOrNil)
		}
	case *js_ast.SNamespace:
		s.Stmts = w.stmts(s.Stmts)
	case *js_ast.SFunction:
		w.fn(&s.Fn)
	case *js_ast.SClass:
		w.class(&s.Class)
	case *js_ast.SLabel:
		w.visitStmt(&s.Stmt)
	case *js_ast.SLocal:
		for i := range s.Decls {
			w.binding(s.Decls[i].Binding)
			w.visit(&s.Decls[i].ValueOrNil)
		}
	case *js_ast.SReturn:
		w.visit(&s.ValueOrNil)
	case *js_ast.SThrow:
		w.visit(&s.Value)
	default:
		w.control(slot.Data)
	}
}

// control visits the statements that decide which other statements run.
func (w *walker) control(data js_ast.S) {
	switch s := data.(type) {
	case *js_ast.SIf:
		w.visit(&s.Test)
		w.visitStmt(&s.Yes)
		w.visitStmt(&s.NoOrNil)
	case *js_ast.SFor:
		w.visitStmt(&s.InitOrNil)
		w.visit(&s.TestOrNil)
		w.visit(&s.UpdateOrNil)
		w.visitStmt(&s.Body)
	case *js_ast.SForIn:
		w.visitStmt(&s.Init)
		w.visit(&s.Value)
		w.visitStmt(&s.Body)
	case *js_ast.SForOf:
		w.visitStmt(&s.Init)
		w.visit(&s.Value)
		w.visitStmt(&s.Body)
	case *js_ast.SDoWhile:
		w.visitStmt(&s.Body)
		w.visit(&s.Test)
	case *js_ast.SWhile:
		w.visit(&s.Test)
		w.visitStmt(&s.Body)
	case *js_ast.SWith:
		w.visit(&s.Value)
		w.visitStmt(&s.Body)
	case *js_ast.STry:
		w.block(&s.Block)
		if s.Catch != nil {
			w.binding(s.Catch.BindingOrNil)
			w.block(&s.Catch.Block)
		}
		if s.Finally != nil {
			w.block(&s.Finally.Block)
		}
	case *js_ast.SSwitch:
		w.visit(&s.Test)
		for i := range s.Cases {
			w.visit(&s.Cases[i].ValueOrNil)
			s.Cases[i].Body = w.stmts(s.Cases[i].Body)
		}
	}
}
