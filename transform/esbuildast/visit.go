package esbuildast

import "github.com/evanw/esbuild/internal/js_ast"

// walker goes through statements in source order. Slots are pointers, so a visitor may replace
// what stands in them; esbuild itself has no generic visitor.
type walker struct {
	// expr sees an expression before its children; false leaves them out.
	expr func(slot *js_ast.Expr) bool
	// after sees an expression after its children.
	after func(slot *js_ast.Expr)
	// list may replace a list of statements after all of them were visited.
	list func(stmts []js_ast.Stmt) []js_ast.Stmt
	// stmt sees a statement before its children; false leaves them out.
	stmt func(slot *js_ast.Stmt) bool
	// afterStmt sees a statement after its children.
	afterStmt func(slot *js_ast.Stmt)

	// functions counts the functions, methods and field initialisers around the current slot.
	functions int
}

func (w *walker) visit(slot *js_ast.Expr) {
	if slot == nil || slot.Data == nil {
		return
	}
	if w.expr != nil && !w.expr(slot) {
		return
	}
	w.children(slot.Data)
	if w.after != nil {
		w.after(slot)
	}
}

func (w *walker) visitAll(list []js_ast.Expr) {
	for i := range list {
		w.visit(&list[i])
	}
}

func (w *walker) children(data js_ast.E) {
	switch e := data.(type) {
	case *js_ast.EArray:
		w.visitAll(e.Items)
	case *js_ast.EUnary:
		w.visit(&e.Value)
	case *js_ast.EBinary:
		w.binary(e)
	case *js_ast.ENew:
		w.visit(&e.Target)
		w.visitAll(e.Args)
	case *js_ast.ECall:
		w.visit(&e.Target)
		w.visitAll(e.Args)
	case *js_ast.EDot:
		w.visit(&e.Target)
	case *js_ast.EIndex:
		w.visit(&e.Target)
		w.visit(&e.Index)
	case *js_ast.EArrow:
		w.functions++
		w.args(e.Args)
		w.block(&e.Body.Block)
		w.functions--
	case *js_ast.EFunction:
		w.fn(&e.Fn)
	case *js_ast.EClass:
		w.class(&e.Class)
	case *js_ast.EObject:
		w.properties(e.Properties)
	case *js_ast.ESpread:
		w.visit(&e.Value)
	case *js_ast.ETemplate:
		w.visit(&e.TagOrNil)
		for i := range e.Parts {
			w.visit(&e.Parts[i].Value)
		}
	case *js_ast.EInlinedEnum:
		w.visit(&e.Value)
	case *js_ast.EAnnotation:
		w.visit(&e.Value)
	case *js_ast.EAwait:
		w.visit(&e.Value)
	case *js_ast.EYield:
		w.visit(&e.ValueOrNil)
	case *js_ast.EIf:
		w.visit(&e.Test)
		w.visit(&e.Yes)
		w.visit(&e.No)
	case *js_ast.EImportCall:
		w.visit(&e.Expr)
		w.visit(&e.OptionsOrNil)
	case *js_ast.EJSXElement:
		w.visit(&e.TagOrNil)
		w.properties(e.Properties)
		w.visitAll(e.NullableChildren)
	}
}

// binary goes down the left side in a loop: long chains ("a" + "b" + …) would need a deep stack.
func (w *walker) binary(e *js_ast.EBinary) {
	type level struct {
		node *js_ast.EBinary
		slot *js_ast.Expr
	}
	chain := []level{{e, nil}}
	for {
		last := chain[len(chain)-1].node
		left, ok := last.Left.Data.(*js_ast.EBinary)
		if !ok || (w.expr != nil && !w.expr(&last.Left)) {
			if !ok {
				w.visit(&last.Left)
			}
			break
		}
		if replaced, same := last.Left.Data.(*js_ast.EBinary); !same || replaced != left {
			w.children(last.Left.Data)
			break
		}
		chain = append(chain, level{left, &last.Left})
	}
	for i := len(chain) - 1; i >= 0; i-- {
		w.visit(&chain[i].node.Right)
		if chain[i].slot != nil && w.after != nil {
			w.after(chain[i].slot)
		}
	}
}

func (w *walker) properties(list []js_ast.Property) {
	for i := range list {
		p := &list[i]
		w.decorators(p.Decorators)
		if p.ClassStaticBlock != nil {
			w.functions++
			w.block(&p.ClassStaticBlock.Block)
			w.functions--
			continue
		}
		w.visit(&p.Key)
		w.visit(&p.ValueOrNil)
		w.visit(&p.InitializerOrNil)
	}
}

func (w *walker) decorators(list []js_ast.Decorator) {
	for i := range list {
		w.visit(&list[i].Value)
	}
}

func (w *walker) class(c *js_ast.Class) {
	w.decorators(c.Decorators)
	w.visit(&c.ExtendsOrNil)
	for i := range c.Properties {
		p := c.Properties[i : i+1]
		if p[0].InitializerOrNil.Data == nil {
			w.properties(p)
			continue
		}
		// A field's initialiser runs as a function of its own.
		w.decorators(p[0].Decorators)
		w.visit(&p[0].Key)
		w.functions++
		w.visit(&p[0].InitializerOrNil)
		w.functions--
	}
}

func (w *walker) fn(f *js_ast.Fn) {
	w.functions++
	w.args(f.Args)
	w.block(&f.Body.Block)
	w.functions--
}

func (w *walker) args(list []js_ast.Arg) {
	for i := range list {
		w.decorators(list[i].Decorators)
		w.binding(list[i].Binding)
		w.visit(&list[i].DefaultOrNil)
	}
}

func (w *walker) binding(b js_ast.Binding) {
	switch b := b.Data.(type) {
	case *js_ast.BArray:
		for i := range b.Items {
			w.binding(b.Items[i].Binding)
			w.visit(&b.Items[i].DefaultValueOrNil)
		}
	case *js_ast.BObject:
		for i := range b.Properties {
			w.visit(&b.Properties[i].Key)
			w.binding(b.Properties[i].Value)
			w.visit(&b.Properties[i].DefaultValueOrNil)
		}
	}
}
