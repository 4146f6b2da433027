package esbuildast

import (
	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/js_ast"
)

// ImportKind tells how a specifier is reached.
type ImportKind uint8

const (
	StaticImport ImportKind = iota
	DynamicImport
	RequireCall
)

// Import is one specifier; static imports of one specifier are merged, as the registry form does.
type Import struct {
	Specifier string
	Kind      ImportKind
	Names     []string
	Place     Place
}

// ImportName is one name of an import statement.
type ImportName struct {
	Statement int
	Specifier string
	// Name is the exported name, "*" for the namespace.
	Name string
	Ref  Ref
	// Place is the name's, SpecifierPlace the specifier's.
	Place, SpecifierPlace Place
	// Generated imports are the parser's own: the JSX runtime and esbuild's helpers.
	Generated bool
}

// ImportNames lists what import statements bind, in source order. Re-exports bind nothing.
func (t *Tree) ImportNames() (names []ImportName) {
	t.eachImport(func(i int, s *js_ast.SImport) {
		record := &t.ast.ImportRecords[s.ImportRecordIndex]
		add := func(name string, ref ast.Ref, at Place) {
			names = append(names, ImportName{i, record.Path.Text, name, t.ref(ref), at, recordPlace(record), record.Range.Len == 0})
		}
		if s.DefaultName != nil {
			add("default", s.DefaultName.Ref, t.identifierAt(s.DefaultName.Loc))
		}
		if s.StarNameLoc != nil {
			add("*", s.NamespaceRef, t.identifierAt(*s.StarNameLoc))
		}
		if s.Items != nil {
			for _, item := range *s.Items {
				add(item.Alias, item.Name.Ref, t.identifierAt(item.AliasLoc))
			}
		}
	})
	return names
}

func (t *Tree) eachImport(visit func(part int, s *js_ast.SImport)) {
	for i := range t.ast.Parts {
		for _, stmt := range t.ast.Parts[i].Stmts {
			if s, ok := stmt.Data.(*js_ast.SImport); ok {
				visit(i, s)
			}
		}
	}
}

// Imports lists the specifiers that are left: static ones in source order, then the others.
func (t *Tree) Imports() (imports []Import) {
	index := map[string]int{}
	static := func(record uint32, names ...string) {
		r := &t.ast.ImportRecords[record]
		i, ok := index[r.Path.Text]
		if !ok {
			i = len(imports)
			index[r.Path.Text] = i
			imports = append(imports, Import{Specifier: r.Path.Text, Place: recordPlace(r)})
		}
		for _, name := range names {
			imports[i].Names = appendNew(imports[i].Names, name)
		}
	}
	for i := range t.ast.Parts {
		for _, stmt := range t.ast.Parts[i].Stmts {
			switch s := stmt.Data.(type) {
			case *js_ast.SImport:
				static(s.ImportRecordIndex, importedNames(s)...)
			case *js_ast.SExportFrom:
				var names []string
				for _, item := range s.Items {
					names = append(names, item.OriginalName)
				}
				static(s.ImportRecordIndex, names...)
			case *js_ast.SExportStar:
				static(s.ImportRecordIndex, "*")
			}
		}
	}
	return append(imports, t.calls()...)
}

func appendNew(list []string, name string) []string {
	for _, known := range list {
		if known == name {
			return list
		}
	}
	return append(list, name)
}

func importedNames(s *js_ast.SImport) (names []string) {
	if s.DefaultName != nil {
		names = append(names, "default")
	}
	if s.StarNameLoc != nil {
		names = append(names, "*")
	}
	if s.Items != nil {
		for _, item := range *s.Items {
			names = append(names, item.Alias)
		}
	}
	return names
}

// calls lists import("…") and require("…"). Dynamic imports come in the order in which the
// registry form counts them.
func (t *Tree) calls() (imports []Import) {
	t.eachCall(func(record uint32, kind ImportKind, _ *js_ast.ENumber) {
		r := &t.ast.ImportRecords[record]
		imports = append(imports, Import{Specifier: r.Path.Text, Kind: kind, Place: recordPlace(r)})
	})
	return imports
}

// eachCall visits what is left: the arguments of a stub are gone, and the imports in them.
func (t *Tree) eachCall(visit func(record uint32, kind ImportKind, number *js_ast.ENumber)) {
	for i := range t.ast.Parts {
		t.eachCallIn(i, visit)
	}
}

func (t *Tree) eachCallIn(part int, visit func(record uint32, kind ImportKind, number *js_ast.ENumber)) {
	if len(t.ast.Parts[part].Stmts) == 0 || !t.hasCalls(part) {
		return
	}
	w := &walker{expr: func(slot *js_ast.Expr) bool {
		switch e := slot.Data.(type) {
		case *js_ast.EImportString:
			visit(e.ImportRecordIndex, DynamicImport, nil)
		case *js_ast.ERequireString:
			visit(e.ImportRecordIndex, RequireCall, nil)
		case *js_ast.ENumber:
			if record, ok := t.dynamic[e]; ok {
				visit(record, DynamicImport, e)
			}
		}
		return true
	}}
	w.stmts(t.ast.Parts[part].Stmts)
}

// hasCalls asks the parser's list, so that most parts need no walk.
func (t *Tree) hasCalls(part int) bool {
	for _, index := range t.ast.Parts[part].ImportRecordIndices {
		if kind := t.ast.ImportRecords[index].Kind; kind == ast.ImportDynamic || kind == ast.ImportRequire {
			return true
		}
	}
	return false
}

func recordPlace(r *ast.ImportRecord) Place { return Place{int(r.Range.Loc.Start), int(r.Range.Len)} }

// Exports are the exported names that are left, sorted; ExportStars the specifiers of `export *`.
func (t *Tree) Exports() []string { return t.exports() }

// ExportStars lists the specifiers of `export * from`.
func (t *Tree) ExportStars() (specifiers []string) {
	for i := range t.ast.Parts {
		for _, stmt := range t.ast.Parts[i].Stmts {
			if s, ok := stmt.Data.(*js_ast.SExportStar); ok && s.Alias == nil {
				specifiers = append(specifiers, t.ast.ImportRecords[s.ImportRecordIndex].Path.Text)
			}
		}
	}
	return specifiers
}
