package esbuildast

import (
	"strings"

	"github.com/evanw/esbuild/internal/js_ast"
)

// CallsHotAccept tells whether the module takes hot updates by itself: import.meta.hot.accept(…).
func (t *Tree) CallsHotAccept() bool {
	return t.hotAccept(func(*js_ast.ECall) bool { return true })
}

// acceptsItself leaves out the calls that name other modules, whose updates the module takes.
func (t *Tree) acceptsItself() bool {
	return t.hotAccept(func(call *js_ast.ECall) bool {
		if len(call.Args) == 0 {
			return true
		}
		switch call.Args[0].Data.(type) {
		case *js_ast.EString, *js_ast.ETemplate, *js_ast.EArray:
			return false
		}
		return true
	})
}

func (t *Tree) hotAccept(counts func(call *js_ast.ECall) bool) (found bool) {
	if !strings.Contains(t.source.Contents, "accept") {
		return false
	}
	w := &walker{expr: func(slot *js_ast.Expr) bool {
		if call, ok := slot.Data.(*js_ast.ECall); ok {
			found = found || t.isHotAccept(call.Target.Data) && counts(call)
		}
		return !found
	}}
	for i := range t.ast.Parts {
		w.stmts(t.ast.Parts[i].Stmts)
	}
	return found
}

func (t *Tree) isHotAccept(data js_ast.E) bool {
	accept, ok := data.(*js_ast.EDot)
	if !ok || accept.Name != "accept" {
		return false
	}
	hot, ok := accept.Target.Data.(*js_ast.EDot)
	if !ok || hot.Name != "hot" {
		return false
	}
	return t.isMeta(hot.Target.Data)
}

// isMeta recognises import.meta in both forms.
func (t *Tree) isMeta(data js_ast.E) bool {
	if meta, ok := data.(*js_ast.EDot); ok && t.registry != nil && meta.Name == "meta" {
		id, ok := meta.Target.Data.(*js_ast.EIdentifier)
		return ok && id.Ref == t.registry.dollar
	}
	_, ok := data.(*js_ast.EImportMeta)
	return ok
}
