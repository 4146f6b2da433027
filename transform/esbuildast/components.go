package esbuildast

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/js_ast"
)

// component is a top-level function or class that hot refresh can replace under its state, or a
// custom hook: its signature is part of those of the components that call it.
type component struct {
	name, signature string
	ref             ast.Ref
	hook            bool
}

func (t *Tree) components() (found []component) {
	for i := range t.ast.Parts {
		for _, stmt := range t.ast.Parts[i].Stmts {
			if c, ok := t.componentIn(stmt); ok {
				found = append(found, c)
			}
		}
	}
	return found
}

func (t *Tree) componentIn(stmt js_ast.Stmt) (c component, ok bool) {
	switch s := stmt.Data.(type) {
	case *js_ast.SFunction:
		return t.component(s.Fn.Name.Ref, "", s.Fn.Body.Block.Stmts)
	case *js_ast.SClass:
		return t.component(s.Class.Name.Ref, "", nil)
	case *js_ast.SLocal:
		for _, decl := range s.Decls {
			b, isName := decl.Binding.Data.(*js_ast.BIdentifier)
			if body, isFunction := functionBody(decl.ValueOrNil.Data); isName && isFunction {
				return t.component(b.Ref, "", body)
			}
		}
	case *js_ast.SExportDefault:
		return t.defaultComponent(s)
	}
	return c, false
}

// defaultComponent needs no name: a route module may say `export default () => …`.
func (t *Tree) defaultComponent(s *js_ast.SExportDefault) (c component, ok bool) {
	switch value := s.Value.Data.(type) {
	case *js_ast.SFunction:
		if value.Fn.Name != nil {
			return t.component(value.Fn.Name.Ref, "", value.Fn.Body.Block.Stmts)
		}
		return t.component(s.DefaultName.Ref, "default", value.Fn.Body.Block.Stmts)
	case *js_ast.SClass:
		if value.Class.Name != nil {
			return t.component(value.Class.Name.Ref, "", nil)
		}
		return t.component(s.DefaultName.Ref, "default", nil)
	case *js_ast.SExpr:
		if body, isFunction := functionBody(value.Value.Data); isFunction {
			return t.component(s.DefaultName.Ref, "default", body)
		}
	}
	return c, false
}

func functionBody(data js_ast.E) ([]js_ast.Stmt, bool) {
	switch e := data.(type) {
	case *js_ast.EArrow:
		return e.Body.Block.Stmts, true
	case *js_ast.EFunction:
		return e.Fn.Body.Block.Stmts, true
	case *js_ast.EClass:
		return nil, true
	}
	return nil, false
}

func (t *Tree) component(ref ast.Ref, name string, body []js_ast.Stmt) (component, bool) {
	hook := false
	if name == "" {
		name = t.symbol(ref).OriginalName
		hook = isHook(name)
		if !hook && (name == "" || name[0] < 'A' || name[0] > 'Z') {
			return component{}, false
		}
	}
	return component{name, t.signature(body), ref, hook}, true
}

// signature changes when the state of the component's hooks no longer fits: other hooks, another
// order, or another initial value.
func (t *Tree) signature(body []js_ast.Stmt) string {
	var hooks []string
	w := &walker{}
	w.expr = func(slot *js_ast.Expr) bool {
		switch e := slot.Data.(type) {
		case *js_ast.EArrow, *js_ast.EFunction, *js_ast.EClass:
			return false
		case *js_ast.ECall:
			if name := t.calleeName(e.Target.Data); isHook(name) {
				hooks = append(hooks, name+"("+t.initialValue(name, e)+")")
			}
		}
		return true
	}
	w.stmt = func(slot *js_ast.Stmt) bool {
		switch slot.Data.(type) {
		case *js_ast.SFunction, *js_ast.SClass:
			return false
		}
		return true
	}
	for i := range body {
		w.visitStmt(&body[i])
	}
	if len(hooks) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(hooks, "\n")))
	return hex.EncodeToString(sum[:4])
}

func (t *Tree) calleeName(data js_ast.E) string {
	if dot, ok := data.(*js_ast.EDot); ok {
		return dot.Name
	}
	if ref, ok := identifier(data); ok {
		return t.symbol(ref).OriginalName
	}
	return ""
}

func isHook(name string) bool {
	return strings.HasPrefix(name, "use") && len(name) > 3 && name[3] >= 'A' && name[3] <= 'Z'
}

// initialArgument is which argument of a hook holds its initial value.
var initialArgument = map[string]int{"useState": 0, "useSignal": 0, "useReducer": 1}

func (t *Tree) initialValue(hook string, call *js_ast.ECall) string {
	index, ok := initialArgument[hook]
	if !ok || index >= len(call.Args) {
		return ""
	}
	start, end := int(call.Args[index].Loc.Start), int(call.CloseParenLoc.Start)
	if index+1 < len(call.Args) {
		end = int(call.Args[index+1].Loc.Start)
	}
	if start < 0 || end < start || end > len(t.source.Contents) {
		return ""
	}
	return strings.Join(strings.Fields(t.source.Contents[start:end]), " ")
}

// exportsOnly wants at least one component among the exports, and besides them only stubs: an
// importer that keeps an old stub holds the same id.
func (t *Tree) exportsOnly(found []component) bool {
	components, stubs := map[ast.Ref]bool{}, t.stubRefs()
	for _, c := range found {
		components[t.follow(c.ref)] = !c.hook
	}
	if len(t.ExportStars()) > 0 {
		return false
	}
	hasComponent := false
	for name, export := range t.ast.NamedExports {
		ref := t.follow(export.Ref)
		switch {
		case components[ref], name == "default" && components[t.defaultName()]:
			hasComponent = true
		case stubs[ref], name == "default" && stubs[t.defaultName()]:
		default:
			return false
		}
	}
	return hasComponent
}

// stubRefs are the bindings whose value is a stub, or an object of stubs.
func (t *Tree) stubRefs() map[ast.Ref]bool {
	refs := map[ast.Ref]bool{}
	if len(t.stubs) == 0 {
		return refs
	}
	for i := range t.ast.Parts {
		for _, stmt := range t.ast.Parts[i].Stmts {
			switch s := stmt.Data.(type) {
			case *js_ast.SLocal:
				for _, decl := range s.Decls {
					if b, ok := decl.Binding.Data.(*js_ast.BIdentifier); ok && t.isStub(decl.ValueOrNil.Data) {
						refs[t.follow(b.Ref)] = true
					}
				}
			case *js_ast.SExportDefault:
				if value, ok := s.Value.Data.(*js_ast.SExpr); ok && t.isStub(value.Value.Data) {
					refs[t.follow(s.DefaultName.Ref)] = true
				}
			}
		}
	}
	return refs
}

func (t *Tree) isStub(data js_ast.E) bool {
	switch e := data.(type) {
	case *js_ast.ECall:
		return t.stubs[e]
	case *js_ast.EObject:
		for _, p := range e.Properties {
			if p.Kind != js_ast.PropertyField || !t.isStub(p.ValueOrNil.Data) {
				return false
			}
		}
		return len(e.Properties) > 0
	}
	return false
}

// defaultName is the binding that `export default Name` or a named default function exports.
func (t *Tree) defaultName() ast.Ref {
	for i := range t.ast.Parts {
		for _, stmt := range t.ast.Parts[i].Stmts {
			s, ok := stmt.Data.(*js_ast.SExportDefault)
			if !ok {
				continue
			}
			switch value := s.Value.Data.(type) {
			case *js_ast.SExpr:
				if ref, ok := identifier(value.Value.Data); ok {
					return t.follow(ref)
				}
			case *js_ast.SFunction:
				if value.Fn.Name != nil {
					return t.follow(value.Fn.Name.Ref)
				}
			case *js_ast.SClass:
				if value.Class.Name != nil {
					return t.follow(value.Class.Name.Ref)
				}
			}
		}
	}
	return ast.InvalidRef
}
