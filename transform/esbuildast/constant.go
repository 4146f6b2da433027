package esbuildast

import (
	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/js_ast"
)

// IsConstant is true for a const that evaluating again loses nothing of: a plain value, or an object or
// array of them that the module keeps to itself and only reads.
func (t *Tree) IsConstant(statement int) bool {
	stmts := t.ast.Parts[statement].Stmts
	if len(stmts) != 1 {
		return false
	}
	s, ok := stmts[0].Data.(*js_ast.SLocal)
	if !ok || s.Kind != js_ast.LocalConst {
		return false
	}
	name, value, single := singleDeclaration(s)
	return single && (isPlainValue(value.Data) || isTable(value.Data) && t.isOnlyRead(name))
}

func isPlainValue(data js_ast.E) bool {
	switch e := data.(type) {
	case *js_ast.ENull, *js_ast.EUndefined, *js_ast.EBoolean, *js_ast.ENumber, *js_ast.EString, *js_ast.EBigInt:
		return true
	case *js_ast.ETemplate:
		return e.TagOrNil.Data == nil && len(e.Parts) == 0
	case *js_ast.EUnary:
		return (e.Op == js_ast.UnOpNeg || e.Op == js_ast.UnOpPos) && isPlainValue(e.Value.Data)
	}
	return false
}

// isTable is true for a literal whose members have no state that is its own.
func isTable(data js_ast.E) bool {
	switch e := data.(type) {
	case *js_ast.EArray:
		for _, item := range e.Items {
			if !isPlainMember(item.Data) {
				return false
			}
		}
		return true
	case *js_ast.EObject:
		for _, p := range e.Properties {
			if p.Kind != js_ast.PropertyField || !isPlainValue(p.Key.Data) || !isPlainMember(p.ValueOrNil.Data) {
				return false
			}
		}
		return true
	}
	return false
}

// isPlainMember is true for what belongs to others, too: what a name stands for.
func isPlainMember(data js_ast.E) bool {
	switch data.(type) {
	case *js_ast.EIdentifier, *js_ast.EImportIdentifier:
		return true
	}
	return isPlainValue(data)
}

// isOnlyRead tells whether the binding is neither exported nor mentioned but for reads of single members,
// so that nobody can keep what it holds, or change it.
func (t *Tree) isOnlyRead(name ast.Ref) bool {
	ref := t.ref(name)
	for _, export := range t.ast.NamedExports {
		if t.ref(export.Ref) == ref {
			return false
		}
	}
	counted := 0 // by esbuild, without code that never runs
	for i := range t.ast.Parts {
		counted += int(t.ast.Parts[i].SymbolUses[name].CountEstimate)
	}
	found := t.findMentions()[ref]
	return found.all == found.reads && counted <= found.all
}

// mentions counts where a binding is mentioned; reads are those that only read a member of it:
// `table.name`, `table[key]`, not `table.call()` or `table.name = 1`.
type mentions struct{ all, reads int }

// findMentions counts for all bindings, once.
func (t *Tree) findMentions() map[Ref]mentions {
	if t.mentions != nil {
		return t.mentions
	}
	t.mentions = map[Ref]mentions{}
	add := func(data js_ast.E, all, reads int) {
		if id, ok := data.(*js_ast.EIdentifier); ok {
			ref := t.ref(id.Ref)
			so := t.mentions[ref]
			t.mentions[ref] = mentions{so.all + all, so.reads + reads}
		}
	}
	reads := func(data js_ast.E, count int) {
		switch e := data.(type) {
		case *js_ast.EDot:
			add(e.Target.Data, 0, count)
		case *js_ast.EIndex:
			add(e.Target.Data, 0, count)
		}
	}
	// A member counts as a read when its turn comes, whatever is around it.
	isNone := func(data js_ast.E) { reads(data, -1) }
	w := &walker{expr: func(slot *js_ast.Expr) bool {
		add(slot.Data, 1, 0)
		reads(slot.Data, 1)
		eachTarget(assignmentTarget(slot.Data), isNone)
		switch e := slot.Data.(type) {
		case *js_ast.ECall:
			isNone(e.Target.Data)
		case *js_ast.ETemplate:
			isNone(e.TagOrNil.Data)
		case *js_ast.EUnary:
			if e.Op == js_ast.UnOpDelete {
				isNone(e.Value.Data)
			}
		}
		return true
	}}
	w.stmt = func(slot *js_ast.Stmt) bool {
		eachTarget(loopTarget(slot.Data), isNone)
		return true
	}
	for i := range t.ast.Parts {
		w.stmts(t.ast.Parts[i].Stmts)
	}
	return t.mentions
}
