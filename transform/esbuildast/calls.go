package esbuildast

import (
	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/helpers"
	"github.com/evanw/esbuild/internal/js_ast"
	"github.com/evanw/esbuild/internal/logger"
)

// Call is a call of an imported marker in a place where one may stand: the value of a module-scope
// declaration, of a property of a module-scope object, or of the default export.
type Call struct {
	// Marker is the imported name ("realtime"), Name the binding or dotted path ("api.room").
	Marker, Name string
	Place        Place
	Args         []Arg
	part         int
	call         *js_ast.ECall
	args         []js_ast.Expr
}

// ArgKind says what may be known of an argument.
type ArgKind uint8

const (
	// OtherArg is anything that is not known to be a function.
	OtherArg ArgKind = iota
	// FunctionArg is a function or arrow expression.
	FunctionArg
	// BindingArg is a module-scope or imported binding that may hold a function.
	BindingArg
	// SpreadArg is `...list`.
	SpreadArg
)

// Arg is one argument of a Call.
type Arg struct {
	Kind  ArgKind
	Place Place
}

// MisuseKind says what is wrong about a mention of a marker.
type MisuseKind uint8

const (
	// CalledInFunction and CalledElsewhere are calls in places where none may stand.
	CalledInFunction MisuseKind = iota
	CalledElsewhere
	// CalledUnderUsing is a call that would be fine, but a top-level `using` was lowered to a try
	// statement around the whole module.
	CalledUnderUsing
	// Mentioned is a marker that is passed on, renamed or read.
	Mentioned
	// ReExported is a marker, or its whole module, that is exported again.
	ReExported
	// NamespaceEscapes is the module's namespace used other than by `ns.name`.
	NamespaceEscapes
	// ModuleLoaded is the module reached by import() or require().
	ModuleLoaded
)

// Misuse is a mention of a marker that is not a Call.
type Misuse struct {
	Kind   MisuseKind
	Marker string
	Place  Place
}

// Markers finds every mention of the markers that the module exports, whatever their local names.
// It must run before the tree is edited.
func (t *Tree) Markers(module string, names ...string) ([]Call, []Misuse) {
	f := &markerFinder{tree: t, module: module, names: map[string]bool{}, refs: map[ast.Ref]string{}, spaces: map[ast.Ref]bool{}}
	for _, name := range names {
		f.names[name] = true
	}
	if !f.imports() {
		return nil, nil
	}
	for i := range t.ast.Parts {
		if f.concerns(i) {
			f.part(i)
		}
	}
	return f.calls, f.misuses
}

type markerFinder struct {
	tree    *Tree
	module  string
	names   map[string]bool
	refs    map[ast.Ref]string
	spaces  map[ast.Ref]bool
	allowed map[*js_ast.ECall]string
	calls   []Call
	misuses []Misuse
}

// imports collects the local names of the markers; false means that the module is not mentioned.
func (f *markerFinder) imports() (mentioned bool) {
	for i := range f.tree.ast.ImportRecords {
		mentioned = mentioned || f.tree.ast.ImportRecords[i].Path.Text == f.module
	}
	for ref, item := range f.tree.ast.NamedImports {
		switch {
		case f.tree.ast.ImportRecords[item.ImportRecordIndex].Path.Text != f.module:
		case item.AliasIsStar:
			f.spaces[ref] = true
		case f.names[item.Alias]:
			f.refs[ref] = item.Alias
		}
	}
	return mentioned
}

// concerns saves the walk through statements that mention nothing of the module.
func (f *markerFinder) concerns(part int) bool {
	p := &f.tree.ast.Parts[part]
	for ref := range p.SymbolUses {
		if f.refs[ref] != "" || f.spaces[ref] {
			return true
		}
	}
	for _, index := range p.ImportRecordIndices {
		if f.tree.ast.ImportRecords[index].Path.Text == f.module {
			return true
		}
	}
	return false
}

func (f *markerFinder) part(i int) {
	f.allowed = map[*js_ast.ECall]string{}
	stmts := f.tree.ast.Parts[i].Stmts
	for _, stmt := range stmts {
		f.allow(stmt)
	}
	w := &walker{}
	w.expr = func(slot *js_ast.Expr) bool { return f.expr(i, w, slot) }
	w.stmt = func(slot *js_ast.Stmt) bool { f.reExports(slot); return true }
	w.stmts(stmts)
}

// allow notes the calls of a statement that stand where a marker may.
func (f *markerFinder) allow(stmt js_ast.Stmt) {
	switch s := stmt.Data.(type) {
	case *js_ast.SLocal:
		for _, decl := range s.Decls {
			if b, ok := decl.Binding.Data.(*js_ast.BIdentifier); ok {
				f.allowValue(f.tree.symbol(b.Ref).OriginalName, decl.ValueOrNil)
			}
		}
	case *js_ast.SExportDefault:
		if value, ok := s.Value.Data.(*js_ast.SExpr); ok {
			f.allowValue("default", value.Value)
		}
	}
}

func (f *markerFinder) allowValue(name string, value js_ast.Expr) {
	switch e := value.Data.(type) {
	case *js_ast.ECall:
		f.allowed[e] = name
	case *js_ast.EObject:
		for _, p := range e.Properties {
			if key, ok := p.Key.Data.(*js_ast.EString); ok && p.Kind == js_ast.PropertyField {
				f.allowValue(name+"."+helpers.UTF16ToString(key.Value), p.ValueOrNil)
			}
		}
	}
}

func (f *markerFinder) expr(part int, w *walker, slot *js_ast.Expr) bool {
	switch e := slot.Data.(type) {
	case *js_ast.ECall:
		marker, at := f.marker(e.Target)
		if marker == "" {
			return true
		}
		f.call(part, e, marker, at, w.functions > 0)
		w.visitAll(e.Args)
		return false
	case *js_ast.EDot:
		if ns, ok := e.Target.Data.(*js_ast.EIdentifier); ok && f.spaces[ns.Ref] {
			if f.names[e.Name] {
				f.misuse(Mentioned, e.Name, e.NameLoc)
			}
			return false
		}
	case *js_ast.EImportString:
		f.loaded(e.ImportRecordIndex)
	case *js_ast.ERequireString:
		f.loaded(e.ImportRecordIndex)
	default:
		ref, ok := identifier(slot.Data)
		if ok && f.refs[ref] != "" {
			f.misuse(Mentioned, f.refs[ref], slot.Loc)
		} else if ok && f.spaces[ref] {
			f.misuse(NamespaceEscapes, "", slot.Loc)
		}
	}
	return true
}

// marker tells which marker a call's target is.
func (f *markerFinder) marker(target js_ast.Expr) (string, logger.Loc) {
	if dot, ok := target.Data.(*js_ast.EDot); ok && f.names[dot.Name] {
		if ns, ok := dot.Target.Data.(*js_ast.EIdentifier); ok && f.spaces[ns.Ref] {
			return dot.Name, dot.NameLoc
		}
	}
	if ref, ok := identifier(target.Data); ok {
		return f.refs[ref], target.Loc
	}
	return "", logger.Loc{}
}

func (f *markerFinder) call(part int, e *js_ast.ECall, marker string, at logger.Loc, inFunction bool) {
	name, ok := f.allowed[e]
	if !ok || e.OptionalChain != js_ast.OptionalChainNone {
		kind := CalledElsewhere
		if inFunction {
			kind = CalledInFunction
		} else if f.tree.loweredUsing(part) {
			kind = CalledUnderUsing
		}
		f.misuse(kind, marker, at)
		return
	}
	call := Call{Marker: marker, Name: name, Place: f.tree.identifierAt(at), part: part, call: e, args: e.Args}
	for _, arg := range e.Args {
		call.Args = append(call.Args, Arg{f.tree.argKind(arg, f), f.tree.expressionPlace(arg)})
	}
	f.calls = append(f.calls, call)
}

// loweredUsing recognises what esbuild makes of a top-level `using`: one part with a try statement.
func (t *Tree) loweredUsing(part int) bool {
	for _, stmt := range t.ast.Parts[part].Stmts {
		if try, ok := stmt.Data.(*js_ast.STry); ok && try.Finally != nil {
			for ref := range t.helperRefs() {
				if t.symbol(ref).OriginalName == "__callDispose" {
					return true
				}
			}
		}
	}
	return false
}

func (f *markerFinder) misuse(kind MisuseKind, marker string, at logger.Loc) {
	f.misuses = append(f.misuses, Misuse{kind, marker, f.tree.identifierAt(at)})
}

func (f *markerFinder) loaded(record uint32) {
	if r := &f.tree.ast.ImportRecords[record]; r.Path.Text == f.module {
		f.misuses = append(f.misuses, Misuse{ModuleLoaded, "", recordPlace(r)})
	}
}

func (f *markerFinder) reExports(slot *js_ast.Stmt) {
	switch s := slot.Data.(type) {
	case *js_ast.SExportClause:
		for _, item := range s.Items {
			if name := f.refs[item.Name.Ref]; name != "" {
				f.misuse(ReExported, name, item.Name.Loc)
			} else if f.spaces[item.Name.Ref] {
				f.misuse(ReExported, "", item.Name.Loc)
			}
		}
	case *js_ast.SExportFrom:
		for _, item := range s.Items {
			if f.fromModule(s.ImportRecordIndex) && f.names[item.OriginalName] {
				f.misuse(ReExported, item.OriginalName, item.Name.Loc)
			}
		}
	case *js_ast.SExportStar:
		if f.fromModule(s.ImportRecordIndex) {
			f.misuses = append(f.misuses, Misuse{ReExported, "", recordPlace(&f.tree.ast.ImportRecords[s.ImportRecordIndex])})
		}
	}
}

func (f *markerFinder) fromModule(record uint32) bool {
	return f.tree.ast.ImportRecords[record].Path.Text == f.module
}
