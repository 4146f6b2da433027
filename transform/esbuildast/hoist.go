package esbuildast

import (
	"strconv"
	"strings"

	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/js_ast"
)

// Binding says what reading a module's own binding gives, when the read moves to the end of the
// module.
type Binding uint8

const (
	// SteadyBinding gives the same as at the original place.
	SteadyBinding Binding = iota
	// ChangingBinding may have another value by then.
	ChangingBinding
	// LaterBinding has no value yet at the original place: reading it there throws.
	LaterBinding
)

// Hoist takes what a statement with marker calls makes when it runs (a middleware that a factory
// returns, the other values of the object that the calls stand in) out of it: each becomes a const
// of its own, a new statement to be run at the original place. Functions, constants, names and
// members of imports stay. It fails where that can't be done; Undo takes it all back.
func (d *Division) Hoist(calls []Call, binding func(ref Ref) Binding) (made []int, ok bool) {
	h := &hoister{division: d, tree: d.tree, part: calls[0].part, calls: map[*js_ast.ECall]Call{}, binding: binding}
	for _, c := range calls {
		h.calls[c.call] = c
	}
	stmts := d.tree.ast.Parts[h.part].Stmts
	if len(stmts) != 1 {
		return nil, false
	}
	switch s := stmts[0].Data.(type) {
	case *js_ast.SLocal:
		if name, _, single := singleDeclaration(s); single && !s.Kind.IsUsing() {
			ok = h.value(&s.Decls[0].ValueOrNil, d.tree.symbol(name).OriginalName)
		}
	case *js_ast.SExportDefault:
		if value, isExpr := s.Value.Data.(*js_ast.SExpr); isExpr {
			ok = h.value(&value.Value, "default")
		}
	}
	if len(h.made) > 0 {
		delete(d.mentioned, h.part)
	}
	return h.made, ok
}

type hoister struct {
	division *Division
	tree     *Tree
	part     int
	calls    map[*js_ast.ECall]Call
	binding  func(ref Ref) Binding
	made     []int
}

func (h *hoister) value(slot *js_ast.Expr, path string) bool {
	switch e := slot.Data.(type) {
	case *js_ast.ECall:
		if _, marker := h.calls[e]; marker {
			return h.arguments(e, path)
		}
	case *js_ast.EObject:
		if h.holdsCall(e) {
			return h.object(e, path)
		}
	}
	return h.steadyOrHoisted(slot, path)
}

// arguments leaves the first one, which is the id.
func (h *hoister) arguments(e *js_ast.ECall, path string) bool {
	for i := 1; i < len(e.Args); i++ {
		if !h.steadyOrHoisted(&e.Args[i], path+"_"+strconv.Itoa(i)) {
			return false
		}
	}
	return true
}

func (h *hoister) object(e *js_ast.EObject, path string) bool {
	for i := range e.Properties {
		p := &e.Properties[i]
		name := ""
		switch key := p.Key.Data.(type) {
		case *js_ast.EString:
			name = keyText(key)
		case *js_ast.ENumber:
			name = strconv.Itoa(i)
		default:
			return false
		}
		switch p.Kind {
		case js_ast.PropertyField:
			if p.InitializerOrNil.Data != nil || !h.value(&p.ValueOrNil, path+"_"+name) {
				return false
			}
		case js_ast.PropertyMethod, js_ast.PropertyGetter, js_ast.PropertySetter:
		default:
			return false
		}
	}
	return true
}

func keyText(key *js_ast.EString) string {
	var b strings.Builder
	for _, unit := range key.Value {
		b.WriteRune(rune(unit))
	}
	return b.String()
}

func (h *hoister) holdsCall(e *js_ast.EObject) bool {
	for _, p := range e.Properties {
		switch value := p.ValueOrNil.Data.(type) {
		case *js_ast.ECall:
			if _, marker := h.calls[value]; marker {
				return true
			}
		case *js_ast.EObject:
			if h.holdsCall(value) {
				return true
			}
		}
	}
	return false
}

func (h *hoister) steadyOrHoisted(slot *js_ast.Expr, path string) bool {
	switch e := slot.Data.(type) {
	case *js_ast.EClass:
		return false // it would lose its name
	case *js_ast.EIdentifier:
		if ref := h.tree.ref(e.Ref); h.tree.isOwn(ref) {
			switch h.binding(ref) {
			case LaterBinding:
				return false
			case SteadyBinding:
				return true
			}
		}
	}
	if !h.tree.isSteady(slot.Data) {
		h.hoist(slot, path)
	}
	return true
}

// isSteady is true for what gives the same wherever it is evaluated.
func (t *Tree) isSteady(data js_ast.E) bool {
	switch e := data.(type) {
	case *js_ast.EArrow, *js_ast.EFunction, *js_ast.EImportIdentifier:
		return true
	case *js_ast.EIdentifier:
		return t.isNamespace(e.Ref)
	case *js_ast.EDot:
		return e.OptionalChain == js_ast.OptionalChainNone && t.isImportMember(e.Target.Data)
	}
	return isPlainValue(data)
}

func (t *Tree) isImportMember(data js_ast.E) bool {
	switch e := data.(type) {
	case *js_ast.EDot:
		return e.OptionalChain == js_ast.OptionalChainNone && t.isImportMember(e.Target.Data)
	case *js_ast.EImportIdentifier:
		return true
	case *js_ast.EIdentifier:
		return t.isNamespace(e.Ref)
	}
	return false
}

func (t *Tree) isNamespace(ref ast.Ref) bool {
	item, ok := t.ast.NamedImports[ref]
	return ok && item.AliasIsStar
}

// isOwn is true for what the module's statements declare, imports left out.
func (t *Tree) isOwn(ref Ref) bool {
	full := ast.Ref{SourceIndex: sourceIndex, InnerIndex: uint32(ref)}
	if _, imported := t.ast.NamedImports[full]; imported {
		return false
	}
	return len(t.ast.TopLevelSymbolToPartsFromParser[full]) > 0
}

func (h *hoister) hoist(slot *js_ast.Expr, path string) {
	t, original := h.tree, &h.tree.ast.Parts[h.part]
	ref := t.newSymbol(js_ast.ForceValidIdentifier("", path))
	declaration := js_ast.Decl{Binding: js_ast.Binding{Loc: slot.Loc, Data: &js_ast.BIdentifier{Ref: ref}}, ValueOrNil: *slot}
	made := js_ast.Part{
		Stmts:               []js_ast.Stmt{{Loc: slot.Loc, Data: &js_ast.SLocal{Kind: js_ast.LocalConst, Decls: []js_ast.Decl{declaration}}}},
		DeclaredSymbols:     []js_ast.DeclaredSymbol{{Ref: ref, IsTopLevel: true}},
		Scopes:              original.Scopes,
		ImportRecordIndices: original.ImportRecordIndices,
	}
	index := len(t.ast.Parts)
	t.ast.Parts = append(t.ast.Parts, made)
	t.changed[index] = true
	h.made = append(h.made, index)
	h.division.replace(slot, &js_ast.EIdentifier{Ref: ref})
}
