package esbuildast

import (
	"sort"
	"strings"

	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/helpers"
	"github.com/evanw/esbuild/internal/js_ast"
	"github.com/evanw/esbuild/internal/renamer"
)

// The registry form (DESIGN.md D6): a generator whose first step publishes getters and hoisted
// functions and whose second runs the body, so that the registry can link as ESM does. Imports are
// reads of namespace parameters, which keeps bindings live.
type registryForm struct {
	dollar       ast.Ref
	dependencies []dependency
	stars        []ast.Ref
}

type dependency struct {
	specifier string
	namespace ast.Ref
}

// IsRegistry tells whether ToRegistry was called.
func (t *Tree) IsRegistry() bool { return t.registry != nil }

// ToRegistry turns the expressions that differ between the forms. Statements are turned by Print,
// after edits.
func (t *Tree) ToRegistry() {
	dollar := t.newSymbol("$")
	t.registry = &registryForm{dollar: dollar}
	t.dynamic = map[*js_ast.ENumber]uint32{}
	t.assigned = map[Ref]map[int]bool{}
	helperRefs := t.helperRefs()
	for i := range t.ast.Parts {
		w := &walker{stmt: func(slot *js_ast.Stmt) bool { t.noteLoop(i, slot.Data); return true }}
		w.expr = func(slot *js_ast.Expr) bool {
			t.noteAssignments(i, slot.Data)
			switch e := slot.Data.(type) {
			case *js_ast.EImportMeta:
				slot.Data = t.dollarMember("meta", *slot)
			case *js_ast.EImportString:
				number := &js_ast.ENumber{}
				t.dynamic[number] = e.ImportRecordIndex
				slot.Data = t.callMember("import", *slot, number)
				return false
			case *js_ast.EImportCall:
				slot.Data = t.callMember("importExpression", *slot, e.Expr.Data)
			case *js_ast.EIdentifier:
				// Only import identifiers are printed as reads of a namespace.
				if helperRefs[e.Ref] {
					slot.Data = &js_ast.EImportIdentifier{Ref: e.Ref, WasOriginallyIdentifier: true}
				}
			}
			return true
		}
		t.ast.Parts[i].Stmts = w.stmts(t.ast.Parts[i].Stmts)
	}
}

func (t *Tree) newSymbol(name string) ast.Ref {
	ref := ast.Ref{SourceIndex: sourceIndex, InnerIndex: uint32(len(t.ast.Symbols))}
	t.ast.Symbols = append(t.ast.Symbols, ast.Symbol{Kind: ast.SymbolOther, OriginalName: name, Link: ast.InvalidRef})
	return ref
}

func (t *Tree) dollarMember(name string, at js_ast.Expr) *js_ast.EDot {
	return &js_ast.EDot{Target: js_ast.Expr{Loc: at.Loc, Data: &js_ast.EIdentifier{Ref: t.registry.dollar}}, Name: name, NameLoc: at.Loc}
}

func (t *Tree) callMember(name string, at js_ast.Expr, arg js_ast.E) *js_ast.ECall {
	return &js_ast.ECall{
		Target: js_ast.Expr{Loc: at.Loc, Data: t.dollarMember(name, at)},
		Args:   []js_ast.Expr{{Loc: at.Loc, Data: arg}},
		Kind:   js_ast.TargetWasOriginallyPropertyAccess,
	}
}

// helperRefs are esbuild's runtime helpers, which it mentions by plain identifiers.
func (t *Tree) helperRefs() map[ast.Ref]bool {
	refs := map[ast.Ref]bool{}
	for ref, item := range t.ast.NamedImports {
		if t.ast.ImportRecords[item.ImportRecordIndex].Path.Text == HelpersSpecifier {
			refs[ref] = true
		}
	}
	return refs
}

// registryView makes the body's statements from what is left of the tree.
func (t *Tree) registryView() []js_ast.Part {
	r := t.registry
	r.dependencies, r.stars = nil, nil
	parts := make([]js_ast.Part, len(t.ast.Parts))
	for i := range t.ast.Parts {
		parts[i] = t.ast.Parts[i]
		parts[i].Stmts = t.registryStmts(t.ast.Parts[i].Stmts)
	}
	count := 0.0
	t.eachCall(func(_ uint32, kind ImportKind, number *js_ast.ENumber) {
		if kind == DynamicImport {
			number.Value = count
			count++
		}
	})
	return parts
}

func (t *Tree) registryStmts(stmts []js_ast.Stmt) (kept []js_ast.Stmt) {
	for _, stmt := range stmts {
		switch s := stmt.Data.(type) {
		case *js_ast.SImport:
			t.importView(s)
			continue
		case *js_ast.SExportFrom:
			namespace := t.dependOn(s.ImportRecordIndex, s.NamespaceRef)
			for _, item := range s.Items {
				t.alias(item.Name.Ref, namespace, item.OriginalName)
			}
			continue
		case *js_ast.SExportStar:
			namespace := t.dependOn(s.ImportRecordIndex, s.NamespaceRef)
			if s.Alias == nil {
				t.registry.stars = append(t.registry.stars, namespace)
			}
			continue
		case *js_ast.SExportClause:
			continue
		case *js_ast.SLocal:
			clone := *s
			clone.IsExport = false
			stmt.Data = &clone
		case *js_ast.SFunction:
			clone := *s
			clone.IsExport = false
			stmt.Data = &clone
		case *js_ast.SClass:
			clone := *s
			clone.IsExport = false
			stmt.Data = &clone
		case *js_ast.SExportDefault:
			stmt = defaultView(stmt, s)
		}
		kept = append(kept, stmt)
	}
	return kept
}

func (t *Tree) importView(s *js_ast.SImport) {
	namespace := t.dependOn(s.ImportRecordIndex, s.NamespaceRef)
	if s.DefaultName != nil {
		t.alias(s.DefaultName.Ref, namespace, "default")
	}
	if s.Items != nil {
		for _, item := range *s.Items {
			t.alias(item.Name.Ref, namespace, item.Alias)
		}
	}
}

func (t *Tree) alias(item, namespace ast.Ref, name string) {
	t.symbol(item).NamespaceAlias = &ast.NamespaceAlias{NamespaceRef: namespace, Alias: name}
}

// dependOn gives each specifier one parameter; further statements of it share the namespace.
func (t *Tree) dependOn(record uint32, namespace ast.Ref) ast.Ref {
	specifier := t.ast.ImportRecords[record].Path.Text
	namespace = t.follow(namespace)
	for _, d := range t.registry.dependencies {
		if d.specifier == specifier {
			if d.namespace != namespace {
				t.ast.Symbols[namespace.InnerIndex].Link = d.namespace
			}
			return d.namespace
		}
	}
	t.registry.dependencies = append(t.registry.dependencies, dependency{specifier, namespace})
	return namespace
}

// defaultView gives a default export a name that its getter can read.
func defaultView(stmt js_ast.Stmt, s *js_ast.SExportDefault) js_ast.Stmt {
	switch value := s.Value.Data.(type) {
	case *js_ast.SFunction:
		clone := *value
		if clone.Fn.Name == nil {
			clone.Fn.Name = &s.DefaultName
		}
		return js_ast.Stmt{Loc: stmt.Loc, Data: &clone}
	case *js_ast.SClass:
		clone := *value
		if clone.Class.Name == nil {
			clone.Class.Name = &s.DefaultName
		}
		return js_ast.Stmt{Loc: stmt.Loc, Data: &clone}
	case *js_ast.SExpr:
		binding := js_ast.Binding{Loc: s.DefaultName.Loc, Data: &js_ast.BIdentifier{Ref: s.DefaultName.Ref}}
		return js_ast.Stmt{Loc: stmt.Loc, Data: &js_ast.SLocal{Kind: js_ast.LocalConst, Decls: []js_ast.Decl{{Binding: binding, ValueOrNil: value.Value}}}}
	}
	return stmt
}

// registryFrame is what stands around the body. Everything before the body is one line.
func (t *Tree) registryFrame(names renamer.Renamer) (head, tail string) {
	dollar := names.NameForSymbol(t.registry.dollar)
	var params []string
	for _, d := range t.registry.dependencies {
		params = append(params, names.NameForSymbol(d.namespace))
	}
	head = factoryHead(dollar, params, t.hasTopLevelAwait(), t.getters(names), namesOf(names, t.registry.stars)) + "yield;\n"
	return head, t.componentsCall(dollar, names) + "}"
}

// factoryHead is the factory up to where its first step may end.
func factoryHead(dollar string, params []string, async bool, getters, stars []string) string {
	var b strings.Builder
	if async {
		b.WriteString("async ")
	}
	b.WriteString("function*(" + dollar)
	for _, param := range params {
		b.WriteString(", " + param)
	}
	b.WriteString(`) { "use strict"; `)
	if len(getters) > 0 {
		b.WriteString(dollar + ".exports({ " + strings.Join(getters, ", ") + " }); ")
	}
	for _, star := range stars {
		b.WriteString(dollar + ".star(" + star + "); ")
	}
	return b.String()
}

func (t *Tree) getters(names renamer.Renamer) (getters []string) {
	for _, export := range t.exports() {
		getters = append(getters, getter(export, t.valueOf(t.ast.NamedExports[export].Ref, names)))
	}
	return getters
}

// valueOf reads a symbol: an import through its namespace.
func (t *Tree) valueOf(ref ast.Ref, names renamer.Renamer) string {
	if alias := t.symbol(ref).NamespaceAlias; alias != nil {
		return names.NameForSymbol(alias.NamespaceRef) + member(alias.Alias)
	}
	return names.NameForSymbol(ref)
}

func member(name string) string {
	if js_ast.IsIdentifier(name) {
		return "." + name
	}
	return "[" + quote(name) + "]"
}

func getter(export, value string) string {
	return "get " + propertyKey(export) + "() { return " + value + " }"
}

func propertyKey(name string) string {
	if js_ast.IsIdentifier(name) {
		return name
	}
	return quote(name)
}

func quote(text string) string { return string(helpers.QuoteForJSON(text, false)) }

// exports are the exported names that are left, sorted.
func (t *Tree) exports() []string {
	names := make([]string, 0, len(t.ast.NamedExports))
	for name := range t.ast.NamedExports {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// hasTopLevelAwait looks at what is left: an await that only removed code had must not make the
// client module asynchronous.
func (t *Tree) hasTopLevelAwait() bool {
	if t.ast.TopLevelAwaitKeyword.Len == 0 {
		return false
	}
	for i := range t.ast.Parts {
		if t.awaits(t.ast.Parts[i].Stmts) {
			return true
		}
	}
	return false
}
