package esbuildast

import (
	"sort"

	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/js_ast"
	"github.com/evanw/esbuild/internal/js_lexer"
	"github.com/evanw/esbuild/internal/logger"
	"github.com/evanw/esbuild/internal/sourcemap"
)

// Tree is one parsed module. It is not safe for concurrent use: reading and printing fill caches
// in it, and edits change it in place.
type Tree struct {
	ast    js_ast.AST
	source logger.Source
	// changed holds the parts whose uses esbuild counted before an edit of ours.
	changed map[int]bool
	// guarded holds the parts that were an if statement over a constant.
	guarded map[int]bool
	// dynamic are the arguments of the calls that stand for import("…") in the registry form, with
	// their import records.
	dynamic map[*js_ast.ENumber]uint32
	lines   []sourcemap.LineOffsetTable
	// content is the source text as source maps hold it.
	content []byte
	// stubs are the client's calls of markers (see Compile).
	stubs map[*js_ast.ECall]bool
	// assigned are the statements that give a binding another value, once the tree has the registry form.
	assigned map[Ref]map[int]bool
	// mentions are those of the tree as it was when IsConstant first needed them.
	mentions map[Ref]mentions
	// registry is set once the tree has the registry form.
	registry *registryForm
	// registration is set by RegisterComponents, if there are any.
	registration *registration
}

// Ref names a symbol of a tree.
type Ref uint32

// Place is a range of bytes in the text.
type Place struct{ Offset, Length int }

func newTree(parsed js_ast.AST, source logger.Source) *Tree {
	t := &Tree{ast: parsed, source: source, changed: map[int]bool{}, guarded: map[int]bool{}, stubs: map[*js_ast.ECall]bool{}}
	for i := range t.ast.ImportRecords {
		if record := &t.ast.ImportRecords[i]; record.Path.Text == "<runtime>" {
			record.Path.Text = HelpersSpecifier
		}
	}
	return t
}

// symbol follows links: "var" declarations of one name are merged into one symbol.
func (t *Tree) symbol(ref ast.Ref) *ast.Symbol { return &t.ast.Symbols[t.follow(ref).InnerIndex] }

func (t *Tree) follow(ref ast.Ref) ast.Ref {
	for t.ast.Symbols[ref.InnerIndex].Link != ast.InvalidRef {
		ref = t.ast.Symbols[ref.InnerIndex].Link
	}
	return ref
}

func (t *Tree) ref(ref ast.Ref) Ref { return Ref(t.follow(ref).InnerIndex) }

// Name is what the symbol is called in the source.
func (t *Tree) Name(ref Ref) string { return t.ast.Symbols[ref].OriginalName }

func (t *Tree) identifierAt(loc logger.Loc) Place {
	if loc.Start < 0 || int(loc.Start) > len(t.source.Contents) {
		return Place{}
	}
	r := js_lexer.RangeOfIdentifier(t.source, loc)
	return Place{int(loc.Start), int(r.Len)}
}

// StatementKind groups statements by how they may be removed.
type StatementKind uint8

const (
	// Effect statements run for what they do.
	Effect StatementKind = iota
	// Declaration statements only bind names; binding may have effects (see Statement.Pure).
	Declaration
	// ImportStatement has names or none.
	ImportStatement
	// ReExport is `export … from`.
	ReExport
	// ExportClause is `export { … }`.
	ExportClause
	// Comment is a legal comment.
	Comment
)

// Statement is one top-level statement; each declarator of a declaration counts as one.
type Statement struct {
	Index    int
	Kind     StatementKind
	Place    Place
	Declares []Ref
	Exported bool
	// Uses are the symbols that the statement mentions, in a fixed order.
	Uses []Ref
	// Pure statements may go when nothing uses what they declare.
	Pure bool
	// Guarded statements stood under a test of the side they run on (see FoldConstants).
	Guarded bool
}

// Statements lists what is left of the module, in order.
func (t *Tree) Statements() []Statement {
	var list []Statement
	for i := range t.ast.Parts {
		if len(t.ast.Parts[i].Stmts) > 0 {
			list = append(list, t.statement(i))
		}
	}
	return list
}

func (t *Tree) statement(i int) Statement {
	part := &t.ast.Parts[i]
	s := Statement{Index: i, Pure: part.CanBeRemovedIfUnused, Uses: t.uses(i), Guarded: t.guarded[i]}
	s.Kind, s.Exported = kindOf(part.Stmts)
	s.Place = t.statementPlace(part.Stmts)
	seen := map[Ref]bool{}
	for _, declared := range part.DeclaredSymbols {
		if ref := t.ref(declared.Ref); declared.IsTopLevel && !seen[ref] {
			seen[ref] = true
			s.Declares = append(s.Declares, ref)
		}
	}
	return s
}

// uses are esbuild's own counts unless the part was edited.
func (t *Tree) uses(i int) []Ref {
	set := map[Ref]bool{}
	if t.changed[i] {
		collectUses(t, t.ast.Parts[i].Stmts, set)
	} else {
		for ref, use := range t.ast.Parts[i].SymbolUses {
			if use.CountEstimate > 0 {
				set[t.ref(ref)] = true
			}
		}
	}
	return sorted(set)
}

func sorted(set map[Ref]bool) []Ref {
	list := make([]Ref, 0, len(set))
	for ref := range set {
		list = append(list, ref)
	}
	sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
	return list
}

func collectUses(t *Tree, stmts []js_ast.Stmt, set map[Ref]bool) {
	w := &walker{expr: func(slot *js_ast.Expr) bool {
		if ref, ok := identifier(slot.Data); ok {
			set[t.ref(ref)] = true
		}
		return true
	}}
	w.stmt = func(slot *js_ast.Stmt) bool {
		if clause, ok := slot.Data.(*js_ast.SExportClause); ok {
			for _, item := range clause.Items {
				set[t.ref(item.Name.Ref)] = true
			}
		}
		return true
	}
	w.stmts(stmts)
}

// usesOf counts the symbols below one expression.
func (t *Tree) usesOf(exprs []js_ast.Expr, set map[Ref]bool) {
	w := &walker{expr: func(slot *js_ast.Expr) bool {
		if ref, ok := identifier(slot.Data); ok {
			set[t.ref(ref)] = true
		}
		return true
	}}
	w.visitAll(exprs)
}

func identifier(data js_ast.E) (ast.Ref, bool) {
	switch e := data.(type) {
	case *js_ast.EIdentifier:
		return e.Ref, true
	case *js_ast.EImportIdentifier:
		return e.Ref, true
	}
	return ast.InvalidRef, false
}

func kindOf(stmts []js_ast.Stmt) (kind StatementKind, exported bool) {
	kind = Effect
	for _, stmt := range stmts {
		switch s := stmt.Data.(type) {
		case *js_ast.SImport:
			return ImportStatement, false
		case *js_ast.SExportFrom, *js_ast.SExportStar:
			return ReExport, true
		case *js_ast.SExportClause:
			return ExportClause, true
		case *js_ast.SComment, *js_ast.STypeScript:
			if len(stmts) == 1 {
				return Comment, false
			}
		case *js_ast.SExportDefault:
			kind, exported = Declaration, true
		case *js_ast.SLocal:
			kind, exported = Declaration, exported || s.IsExport
		case *js_ast.SFunction:
			kind, exported = Declaration, exported || s.IsExport
		case *js_ast.SClass:
			kind, exported = Declaration, exported || s.IsExport
		case *js_ast.SExpr: // part of a lowered declaration, or an effect of its own
		default:
			return Effect, exported
		}
	}
	return kind, exported
}

// statementPlace is the first line of a statement: what a code frame underlines.
func (t *Tree) statementPlace(stmts []js_ast.Stmt) Place {
	start := -1
	for _, stmt := range stmts {
		if s := int(stmt.Loc.Start); stmt.Loc.Start > 0 || start < 0 {
			start = s
			break
		}
	}
	text := t.source.Contents
	if start < 0 || start >= len(text) {
		return Place{}
	}
	end := start
	for end < len(text) && text[end] != '\n' && text[end] != '\r' {
		end++
	}
	return Place{start, end - start}
}
