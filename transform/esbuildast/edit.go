package esbuildast

import (
	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/js_ast"
)

// Drop removes a statement. What it exported must have been unexported before.
func (t *Tree) Drop(statement int) { t.ast.Parts[statement].Stmts = nil }

// DropImportName removes one name from its import statement. The statement goes with its last
// name: a module that only removed code imported must not be loaded either.
func (t *Tree) DropImportName(name ImportName) {
	part := &t.ast.Parts[name.Statement]
	for _, stmt := range part.Stmts {
		s, ok := stmt.Data.(*js_ast.SImport)
		if !ok {
			continue
		}
		t.dropFromClause(s, name.Ref)
		if s.DefaultName == nil && s.Items == nil && s.StarNameLoc == nil {
			t.Drop(name.Statement)
		}
	}
}

func (t *Tree) dropFromClause(s *js_ast.SImport, ref Ref) {
	if s.DefaultName != nil && t.ref(s.DefaultName.Ref) == ref {
		s.DefaultName = nil
	}
	if s.StarNameLoc != nil && t.ref(s.NamespaceRef) == ref {
		s.StarNameLoc = nil
	}
	if s.Items == nil {
		return
	}
	var kept []js_ast.ClauseItem
	for _, item := range *s.Items {
		if t.ref(item.Name.Ref) != ref {
			kept = append(kept, item)
		}
	}
	s.Items = nil
	if len(kept) > 0 {
		s.Items = &kept
	}
}

// Unexported is what Unexport found.
type Unexported struct {
	// Ref is the local symbol, unless the name was exported straight from another module.
	Ref Ref
	// From and Name are set for `export { name } from "…"`.
	From, Name string
	Place      Place
}

// Unexport takes a name out of the module's exports and leaves its declaration.
func (t *Tree) Unexport(name string) (found Unexported, ok bool) {
	export, ok := t.ast.NamedExports[name]
	if !ok {
		return found, false
	}
	delete(t.ast.NamedExports, name)
	found = Unexported{Ref: t.ref(export.Ref), Place: t.identifierAt(export.AliasLoc)}
	for i := range t.ast.Parts {
		for j := range t.ast.Parts[i].Stmts {
			if t.unexportIn(i, t.ast.Parts[i].Stmts[j].Data, name, export.Ref, &found) {
				return found, true
			}
		}
	}
	return found, true
}

func (t *Tree) unexportIn(part int, data js_ast.S, name string, ref ast.Ref, found *Unexported) bool {
	switch s := data.(type) {
	case *js_ast.SFunction:
		if s.IsExport && s.Fn.Name.Ref == ref {
			s.IsExport = false
			return true
		}
	case *js_ast.SClass:
		if s.IsExport && s.Class.Name.Ref == ref {
			s.IsExport = false
			return true
		}
	case *js_ast.SLocal:
		return s.IsExport && t.unexportLocal(s, ref)
	case *js_ast.SExportClause:
		if kept, removed := without(s.Items, name); removed != nil {
			s.Items = kept
			t.afterClause(part, len(kept))
			return true
		}
	case *js_ast.SExportFrom:
		if kept, removed := without(s.Items, name); removed != nil {
			record := &t.ast.ImportRecords[s.ImportRecordIndex]
			found.From, found.Name, found.Place = record.Path.Text, removed.OriginalName, recordPlace(record)
			s.Items = kept
			t.afterClause(part, len(kept))
			return true
		}
	}
	return false
}

func (t *Tree) afterClause(part, left int) {
	t.changed[part] = true
	if left == 0 {
		t.Drop(part)
	}
}

func without(items []js_ast.ClauseItem, alias string) (kept []js_ast.ClauseItem, removed *js_ast.ClauseItem) {
	for i := range items {
		if items[i].Alias == alias {
			removed = &items[i]
		} else {
			kept = append(kept, items[i])
		}
	}
	return kept, removed
}

// unexportLocal makes an export clause of the names that a destructuring declaration still exports.
func (t *Tree) unexportLocal(s *js_ast.SLocal, ref ast.Ref) (found bool) {
	var others []js_ast.ClauseItem
	eachBinding(s.Decls, func(b *js_ast.BIdentifier, at js_ast.Binding) {
		if b.Ref == ref {
			found = true
			return
		}
		name := t.symbol(b.Ref).OriginalName
		others = append(others, js_ast.ClauseItem{Alias: name, OriginalName: name, AliasLoc: at.Loc, Name: ast.LocRef{Loc: at.Loc, Ref: b.Ref}})
	})
	if !found {
		return false
	}
	s.IsExport = false
	if len(others) > 0 {
		t.ast.Parts = append(t.ast.Parts, js_ast.Part{Stmts: []js_ast.Stmt{{Data: &js_ast.SExportClause{Items: others, IsSingleLine: true}}}})
		t.changed[len(t.ast.Parts)-1] = true
	}
	return true
}

func eachBinding(decls []js_ast.Decl, visit func(b *js_ast.BIdentifier, at js_ast.Binding)) {
	var binding func(b js_ast.Binding)
	binding = func(b js_ast.Binding) {
		switch data := b.Data.(type) {
		case *js_ast.BIdentifier:
			visit(data, b)
		case *js_ast.BArray:
			for _, item := range data.Items {
				binding(item.Binding)
			}
		case *js_ast.BObject:
			for _, p := range data.Properties {
				binding(p.Value)
			}
		}
	}
	for _, decl := range decls {
		binding(decl.Binding)
	}
}
