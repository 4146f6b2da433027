package esbuildast

import (
	"sort"
	"strings"

	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/config"
	"github.com/evanw/esbuild/internal/js_ast"
	"github.com/evanw/esbuild/internal/renamer"
)

// Pieces as ES modules import what they read of each other by name, so the code between stays the
// author's. No piece can assign to another one's binding: who divides has to see to that.

// noteReads remembers what a statement mentions of other pieces.
func (d *Division) noteReads(p *Piece, statement int) {
	for _, ref := range d.Uses(statement) {
		owner := d.owners[ref]
		if owner == nil || owner == p {
			continue
		}
		if p.reads[owner] == nil {
			p.reads[owner] = map[string]Ref{}
		}
		p.reads[owner][owner.nameFor(d, ref)] = ref
	}
}

// PrintModule makes the ES module of one piece; specifier is what other pieces are imported by.
// The other pieces come first, in the order of params: they bring the file's imports in source order.
// Comments are left out, as in Print.
func (d *Division) PrintModule(p *Piece, params []Param, specifier func(p *Piece) string, options PrintOptions) (code string, sourceMap []byte) {
	t := d.tree
	symbols := t.symbolMap()
	mentioned := map[Ref]bool{}
	var parts []js_ast.Part
	for _, index := range p.all() {
		for _, ref := range d.Uses(index) {
			mentioned[ref] = true
		}
		part := t.ast.Parts[index]
		part.Stmts = t.registryStmts(part.Stmts)
		parts = append(parts, part)
	}
	imports, read := d.importsOf(mentioned)
	for _, param := range params {
		for _, ref := range p.reads[param.Piece] {
			read = append(read, refOf(ref))
		}
	}
	sortRefs(read)
	names := d.names(symbols, p, read)
	var head strings.Builder
	for _, param := range params {
		if param.Piece != nil {
			from := quote(specifier(param.Piece)) + ";\n"
			if param.Weak {
				head.WriteString("import " + from)
			} else {
				head.WriteString("import " + clause(p.reads[param.Piece], names, func(name, local string) string { return as(name, local) }) + " from " + from)
			}
		}
	}
	js, mappings := t.print(d.withParts(append(imports, parts...)), symbols, names, options, config.LegalCommentsNone)
	tail := ""
	if len(p.exports) > 0 {
		tail = "export " + clause(p.exports, names, func(name, local string) string { return as(local, name) }) + ";\n"
	}
	if options.SourceMap {
		sourceMap = t.mapJSON(strings.Count(head.String(), "\n"), mappings, options.SourcesContent)
	}
	return head.String() + js + tail, sourceMap
}

// ImportsModule is the piece that has nothing but dependencies: it evaluates what the file imports.
func (d *Division) ImportsModule() string {
	t := d.tree
	seen := map[string]bool{}
	var parts []js_ast.Part
	add := func(stmt js_ast.Stmt, record uint32) {
		if specifier := t.ast.ImportRecords[record].Path.Text; !seen[specifier] {
			seen[specifier] = true
			parts = append(parts, js_ast.Part{Stmts: []js_ast.Stmt{{Loc: stmt.Loc, Data: &js_ast.SImport{ImportRecordIndex: record, IsSingleLine: true}}}})
		}
	}
	for i := range t.ast.Parts {
		for _, stmt := range t.ast.Parts[i].Stmts {
			switch s := stmt.Data.(type) {
			case *js_ast.SImport:
				add(stmt, s.ImportRecordIndex)
			case *js_ast.SExportFrom:
				add(stmt, s.ImportRecordIndex)
			case *js_ast.SExportStar:
				add(stmt, s.ImportRecordIndex)
			}
		}
	}
	return d.printFrame(parts, renamer.NewNoOpRenamer(t.symbolMap()))
}

// FacadeModule makes the ES module that stands for the whole file.
func (d *Division) FacadeModule(params []Param, specifier func(p *Piece) string) string {
	t := d.tree
	var head strings.Builder
	for _, param := range params {
		if param.Piece == nil {
			continue
		}
		from := quote(specifier(param.Piece)) + ";\n"
		if param.Weak {
			head.WriteString("import " + from)
			continue
		}
		var exported []string
		for _, name := range t.exports() {
			if ref := d.exports[name]; d.owners[ref] == param.Piece {
				exported = append(exported, as(exportName(param.Piece.nameFor(d, ref)), exportName(name)))
			}
		}
		head.WriteString("export { " + strings.Join(exported, ", ") + " } from " + from)
	}
	imported := map[Ref]bool{}
	for _, name := range t.ImportNames() {
		imported[name.Ref] = true
	}
	passedOn, reExported := map[string]Ref{}, map[Ref]bool{}
	for name, ref := range d.exports {
		if imported[ref] && d.owners[ref] == nil {
			passedOn[name], reExported[ref] = ref, true
		}
	}
	parts, read := d.importsOf(reExported)
	names := renamer.NewNumberRenamer(t.symbolMap(), renamer.ComputeReservedNames(nil, t.symbolMap()))
	for _, ref := range read {
		names.AddTopLevelSymbol(ref)
	}
	for i := range t.ast.Parts {
		if kind, _ := kindOf(t.ast.Parts[i].Stmts); kind == ReExport {
			parts = append(parts, t.ast.Parts[i])
		}
	}
	tail := ""
	if len(passedOn) > 0 {
		tail = "export " + clause(passedOn, names, func(name, local string) string { return as(local, name) }) + ";\n"
	}
	return head.String() + d.printFrame(parts, names) + tail
}

// printFrame prints import and export statements, which have no code of the file.
func (d *Division) printFrame(parts []js_ast.Part, names renamer.Renamer) string {
	js, _ := d.tree.print(d.withParts(parts), d.tree.symbolMap(), names, PrintOptions{}, config.LegalCommentsNone)
	return js
}

func (d *Division) withParts(parts []js_ast.Part) js_ast.AST {
	tree := d.tree.ast
	tree.Directives, tree.ExprComments, tree.Hashbang = nil, nil, ""
	tree.Parts = parts
	return tree
}

// importsOf are the file's import statements with the names that are mentioned, and those names.
func (d *Division) importsOf(mentioned map[Ref]bool) (parts []js_ast.Part, read []ast.Ref) {
	t := d.tree
	keeps := func(ref ast.Ref) bool {
		if !mentioned[t.ref(ref)] {
			return false
		}
		read = append(read, ref)
		return true
	}
	for i := range t.ast.Parts {
		for _, stmt := range t.ast.Parts[i].Stmts {
			s, ok := stmt.Data.(*js_ast.SImport)
			if !ok {
				continue
			}
			clone := *s
			if s.DefaultName != nil && !keeps(s.DefaultName.Ref) {
				clone.DefaultName = nil
			}
			if s.StarNameLoc != nil && !keeps(s.NamespaceRef) {
				clone.StarNameLoc = nil
			}
			if clone.Items = nil; s.Items != nil {
				var kept []js_ast.ClauseItem
				for _, item := range *s.Items {
					if keeps(item.Name.Ref) {
						kept = append(kept, item)
					}
				}
				if len(kept) > 0 {
					clone.Items = &kept
				}
			}
			if clone.DefaultName != nil || clone.StarNameLoc != nil || clone.Items != nil {
				parts = append(parts, js_ast.Part{Stmts: []js_ast.Stmt{{Loc: stmt.Loc, Data: &clone}}})
			}
		}
	}
	return parts, read
}

// clause lists the bindings of an import or export clause by their names, sorted.
func clause(bindings map[string]Ref, names renamer.Renamer, item func(name, local string) string) string {
	list := make([]string, 0, len(bindings))
	for name := range bindings {
		list = append(list, name)
	}
	sort.Strings(list)
	for i, name := range list {
		list[i] = item(exportName(name), names.NameForSymbol(refOf(bindings[name])))
	}
	return "{ " + strings.Join(list, ", ") + " }"
}

func as(from, to string) string {
	if from == to {
		return from
	}
	return from + " as " + to
}

// exportName quotes names that are no identifiers (`export { x as "a b" }`).
func exportName(name string) string { return propertyKey(name) }

func refOf(ref Ref) ast.Ref { return ast.Ref{SourceIndex: sourceIndex, InnerIndex: uint32(ref)} }

func sortRefs(refs []ast.Ref) {
	sort.Slice(refs, func(i, j int) bool { return refs[i].InnerIndex < refs[j].InnerIndex })
}
