package esbuildast

import (
	"strings"

	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/config"
	"github.com/evanw/esbuild/internal/js_ast"
	"github.com/evanw/esbuild/internal/renamer"
)

// Param is one parameter of a piece's factory: the namespace of another piece, or of a static
// import by its number in Imports, for all names of it or for one (see Separate). Of a Weak one
// nothing is read.
type Param struct {
	Piece  *Piece
	Import int
	Name   string
	Weak   bool
}

// Print makes the factory of one piece. Comments are left out of it: editing one is no change.
func (d *Division) Print(p *Piece, params []Param, options PrintOptions) (code string, sourceMap []byte) {
	t := d.tree
	symbols := t.symbolMap()
	tree := t.ast
	tree.Directives, tree.ExprComments = nil, nil
	tree.Parts = nil
	add := func(statements []int) {
		for _, index := range statements {
			part := t.ast.Parts[index]
			part.Stmts = t.registryStmts(part.Stmts)
			tree.Parts = append(tree.Parts, part)
		}
	}
	d.numberImports(p)
	names := d.names(symbols, p, d.paramRefs(params))
	head := ""
	if p.whole {
		head = d.head(names, params, d.awaits(p), t.getters(names), t.registry.stars...)
	} else {
		head = d.head(names, params, d.awaits(p), d.getters(p, names))
	}
	if len(p.functions) > 0 {
		add(p.functions)
		head = strings.TrimSuffix(head, " ") + "\n"
		tree.Parts = append(tree.Parts, js_ast.Part{Stmts: []js_ast.Stmt{{Data: &js_ast.SExpr{Value: js_ast.Expr{Data: &js_ast.EYield{}}}}}})
	} else {
		head += "yield;\n"
	}
	add(p.statements)
	js, mappings := t.print(tree, symbols, names, options, config.LegalCommentsNone)
	if options.SourceMap {
		sourceMap = t.mapJSON(strings.Count(head, "\n"), mappings, options.SourcesContent)
	}
	return head + js + "}", sourceMap
}

func (d *Division) awaits(p *Piece) bool {
	if d.tree.ast.TopLevelAwaitKeyword.Len == 0 {
		return false
	}
	for _, index := range p.statements {
		if d.tree.awaits(d.tree.ast.Parts[index].Stmts) {
			return true
		}
	}
	return false
}

// Facade makes the factory of the module that stands for the whole file.
func (d *Division) Facade(params []Param) string {
	t := d.tree
	names := renamer.NewNumberRenamer(t.symbolMap(), map[string]uint32{})
	names.AddTopLevelSymbol(t.registry.dollar)
	for _, ref := range d.paramRefs(params) {
		names.AddTopLevelSymbol(ref)
	}
	var getters []string
	for _, export := range t.exports() {
		ref := d.exports[export]
		if owner := d.owners[ref]; owner != nil {
			getters = append(getters, getter(export, names.NameForSymbol(owner.namespace)+member(owner.nameFor(d, ref))))
		} else {
			getters = append(getters, getter(export, t.valueOf(t.ast.NamedExports[export].Ref, names)))
		}
	}
	return d.head(names, params, false, getters, t.registry.stars...) + "yield;\n}"
}

// ImportsPiece is the factory of a piece that has nothing but dependencies. It is the same for all.
const ImportsPiece = "function*() { \"use strict\"; yield;\n}"

func (d *Division) head(names renamer.Renamer, params []Param, async bool, getters []string, stars ...ast.Ref) string {
	list := namesOf(names, d.paramRefs(params))
	return factoryHead(names.NameForSymbol(d.tree.registry.dollar), list, async, getters, namesOf(names, stars))
}

func namesOf(names renamer.Renamer, refs []ast.Ref) (list []string) {
	for _, ref := range refs {
		list = append(list, names.NameForSymbol(ref))
	}
	return list
}

func (d *Division) paramRef(param Param) ast.Ref {
	if param.Piece != nil {
		return param.Piece.namespace
	}
	if namespace, ok := d.separate[importedName{param.Import, param.Name}]; ok {
		return namespace
	}
	return d.tree.registry.dependencies[param.Import].namespace
}

func (d *Division) paramRefs(params []Param) []ast.Ref {
	refs := make([]ast.Ref, len(params))
	for i, param := range params {
		refs[i] = d.paramRef(param)
	}
	return refs
}

// names depend on nothing outside the piece but what it reads: an edit elsewhere must not change its
// code.
func (d *Division) names(symbols ast.SymbolMap, p *Piece, read []ast.Ref) *renamer.NumberRenamer {
	t := d.tree
	names := renamer.NewNumberRenamer(symbols, d.reserved(symbols, p))
	if t.registry != nil {
		names.AddTopLevelSymbol(t.registry.dollar)
	}
	var scopes []*js_ast.Scope
	for _, index := range p.all() {
		part := &t.ast.Parts[index]
		for _, declared := range part.DeclaredSymbols {
			if declared.IsTopLevel {
				names.AddTopLevelSymbol(declared.Ref)
			}
		}
		scopes = append(scopes, part.Scopes...)
	}
	for _, ref := range read {
		names.AddTopLevelSymbol(ref)
	}
	names.AssignNamesByScope(map[uint32][]*js_ast.Scope{sourceIndex: scopes})
	return names
}

// reserved are the keywords and the globals that the piece mentions.
func (d *Division) reserved(symbols ast.SymbolMap, p *Piece) map[string]uint32 {
	names := renamer.ComputeReservedNames(nil, symbols)
	for _, index := range p.all() {
		for _, ref := range d.Uses(index) {
			if symbol := &d.tree.ast.Symbols[ref]; symbol.Kind == ast.SymbolUnbound || symbol.Flags.Has(ast.MustNotBeRenamed) {
				names[symbol.OriginalName] = 1
			}
		}
	}
	return names
}

func (d *Division) getters(p *Piece, names renamer.Renamer) (getters []string) {
	for _, name := range p.exportNames() {
		value := names.NameForSymbol(ast.Ref{SourceIndex: sourceIndex, InnerIndex: uint32(p.exports[name])})
		getters = append(getters, getter(name, value))
		if p.setters[name] {
			getters = append(getters, setter(name, value))
		}
	}
	return getters
}

// setter lets a function of another piece assign; its parameter must not hide the binding.
func setter(export, binding string) string {
	param := "value"
	if binding == param {
		param = "next"
	}
	return "set " + propertyKey(export) + "(" + param + ") { " + binding + " = " + param + " }"
}

// eachImportOf visits the dynamic imports of a piece in source order, which is that of their numbers;
// only the registry form has numbers.
func (d *Division) eachImportOf(p *Piece, visit func(record uint32, number *js_ast.ENumber)) {
	for _, index := range p.all() {
		d.tree.eachCallIn(index, func(record uint32, kind ImportKind, number *js_ast.ENumber) {
			if kind == DynamicImport {
				visit(record, number)
			}
		})
	}
}

func (d *Division) numberImports(p *Piece) {
	count := 0.0
	d.eachImportOf(p, func(_ uint32, number *js_ast.ENumber) {
		number.Value = count
		count++
	})
}

// DynamicImports are what import("…") of a piece imports, $.import(n) in the registry form.
func (d *Division) DynamicImports(p *Piece) (imports []Import) {
	d.eachImportOf(p, func(record uint32, _ *js_ast.ENumber) {
		r := &d.tree.ast.ImportRecords[record]
		imports = append(imports, Import{Specifier: r.Path.Text, Kind: DynamicImport, Place: recordPlace(r)})
	})
	return imports
}
