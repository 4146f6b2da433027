package esbuildast

import (
	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/helpers"
	"github.com/evanw/esbuild/internal/js_ast"
)

// argKind says whether an argument may be a handler.
func (t *Tree) argKind(arg js_ast.Expr, f *markerFinder) ArgKind {
	switch e := arg.Data.(type) {
	case *js_ast.EArrow, *js_ast.EFunction:
		return FunctionArg
	case *js_ast.ESpread:
		return SpreadArg
	case *js_ast.EImportIdentifier:
		return BindingArg
	case *js_ast.EIdentifier:
		if t.mayHoldFunction(e.Ref) {
			return BindingArg
		}
	case *js_ast.EDot: // a member of a namespace import
		if ns, ok := e.Target.Data.(*js_ast.EIdentifier); ok && t.ast.NamedImports[ns.Ref].AliasIsStar {
			return BindingArg
		}
	}
	return OtherArg
}

// mayHoldFunction is false for what is not declared in the module, and for declarations whose
// value is plainly something else.
func (t *Tree) mayHoldFunction(ref ast.Ref) bool {
	ref = t.follow(ref)
	for _, part := range t.ast.TopLevelSymbolToPartsFromParser[ref] {
		if int(part) >= len(t.ast.Parts) {
			continue
		}
		for _, stmt := range t.ast.Parts[part].Stmts {
			switch s := stmt.Data.(type) {
			case *js_ast.SClass:
				if s.Class.Name != nil && t.follow(s.Class.Name.Ref) == ref {
					return false
				}
			case *js_ast.SLocal:
				for _, decl := range s.Decls {
					if b, ok := decl.Binding.Data.(*js_ast.BIdentifier); ok && t.follow(b.Ref) == ref && s.Kind == js_ast.LocalConst {
						return !plainlyNoFunction(decl.ValueOrNil.Data)
					}
				}
			}
		}
		return true
	}
	return false
}

func plainlyNoFunction(data js_ast.E) bool {
	switch e := data.(type) {
	case *js_ast.EString, *js_ast.ENumber, *js_ast.EBigInt, *js_ast.EBoolean, *js_ast.ENull, *js_ast.EUndefined,
		*js_ast.EObject, *js_ast.EArray, *js_ast.ERegExp, *js_ast.EClass, *js_ast.ENew:
		return true
	case *js_ast.ETemplate:
		return e.TagOrNil.Data == nil
	}
	return false
}

// expressionPlace underlines an expression as well as the tree allows: names and strings wholly,
// calls up to their closing parenthesis, the rest at their first character.
func (t *Tree) expressionPlace(expr js_ast.Expr) Place {
	start := int(expr.Loc.Start)
	switch e := expr.Data.(type) {
	case *js_ast.EIdentifier, *js_ast.EImportIdentifier:
		return t.identifierAt(expr.Loc)
	case *js_ast.EString:
		return Place{start, int(t.source.RangeOfString(expr.Loc).Len)}
	case *js_ast.ECall:
		if end := int(e.CloseParenLoc.Start) + 1; end > start {
			return Place{start, end - start}
		}
	case *js_ast.EDot:
		name := t.identifierAt(e.NameLoc)
		if end := name.Offset + name.Length; end > start {
			return Place{start, end - start}
		}
	case *js_ast.ESpread:
		return Place{start, 3}
	}
	return Place{start, 1}
}

// Compile writes the id in front of the arguments, or in their place: without them the call is the
// client's stub, which may go when nothing uses it. removed are the symbols that the arguments use.
func (t *Tree) Compile(c Call, id string, keepArguments bool) (removed []Ref) {
	first := js_ast.Expr{Loc: c.call.Target.Loc, Data: &js_ast.EString{Value: helpers.StringToUTF16(id)}}
	t.changed[c.part] = true
	if keepArguments {
		c.call.Args = append([]js_ast.Expr{first}, c.args...)
		return nil
	}
	t.stubs[c.call] = true
	c.call.Args = []js_ast.Expr{first}
	c.call.CanBeUnwrappedIfUnused = true
	c.call.IsMultiLine = false
	set := map[Ref]bool{}
	t.usesOf(c.args, set)
	return sorted(set)
}

// Statement is the index of the statement that holds the call.
func (c Call) Statement() int { return c.part }
