package esbuildast

import (
	"sort"

	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/js_ast"
)

// Division divides a tree among several modules of one file ("pieces"), and a facade that exports
// what they declare. In the registry form a mention of what another piece declares becomes a read (or
// a write) of that piece's namespace, as imports are; ES modules import it by its name (modulepieces.go).
// The tree is itself again after Undo.
type Division struct {
	tree   *Tree
	pieces []*Piece
	owners map[Ref]*Piece
	// exports are the file's own, by name: with aliases of `export default name`.
	exports map[string]Ref
	// inner are the names by which pieces export what the file does not.
	inner map[string]bool
	// crossed are the symbols that stand for bindings of another piece.
	crossed map[Ref]ast.Ref
	// separate are the namespaces that single names of an import are read from.
	separate map[importedName]ast.Ref
	// mentioned keeps Uses.
	mentioned map[int][]Ref
	undo      []func()
}

// Piece is one module of a division.
type Piece struct {
	Name                  string
	functions, statements []int
	namespace             ast.Ref
	exports               map[string]Ref
	setters               map[string]bool
	// reads are the bindings of other pieces that an ES module imports, by the names that those give them.
	reads map[*Piece]map[string]Ref
	// whole pieces are their own facade.
	whole bool
}

// Divide starts a division of a tree in the form that it has.
func (t *Tree) Divide() *Division {
	if t.registry != nil {
		t.registryView()
	} else {
		t.noteAllAssignments()
	}
	d := &Division{tree: t, owners: map[Ref]*Piece{}, exports: map[string]Ref{}, inner: map[string]bool{}, crossed: map[Ref]ast.Ref{}, mentioned: map[int][]Ref{}, separate: map[importedName]ast.Ref{}}
	parts := len(t.ast.Parts)
	d.undo = append(d.undo, func() {
		for i := parts; i < len(t.ast.Parts); i++ {
			delete(t.changed, i)
		}
		t.ast.Parts = t.ast.Parts[:parts]
	})
	return d
}

type importedName struct {
	index int
	name  string
}

// Separate gives one name of a static import (by its number in Imports) a parameter of its own: what
// it comes from may be in parts as well, and each can change alone.
func (d *Division) Separate(ref Ref, index int, name string) {
	alias := d.tree.ast.Symbols[ref].NamespaceAlias
	if alias == nil {
		return
	}
	key := importedName{index, name}
	namespace, ok := d.separate[key]
	if !ok {
		namespace = d.tree.newSymbol(d.tree.Name(d.tree.ref(alias.NamespaceRef)))
		d.separate[key] = namespace
	}
	d.tree.ast.Symbols[ref].NamespaceAlias = &ast.NamespaceAlias{NamespaceRef: namespace, Alias: alias.Alias}
}

// Undo gives the tree back as it was: the other side is made from it.
func (d *Division) Undo() {
	for i := len(d.undo) - 1; i >= 0; i-- {
		d.undo[i]()
	}
	d.undo = nil
}

// Uses are the symbols that a statement mentions, in a fixed order.
func (d *Division) Uses(statement int) []Ref {
	uses, ok := d.mentioned[statement]
	if !ok {
		uses = d.tree.uses(statement)
		d.mentioned[statement] = uses
	}
	return uses
}

func (d *Division) replace(slot *js_ast.Expr, data js_ast.E) {
	before := slot.Data
	d.undo = append(d.undo, func() { slot.Data = before })
	slot.Data = data
}

func (p *Piece) all() []int {
	return append(p.functions[:len(p.functions):len(p.functions)], p.statements...)
}

// Add makes a piece of functions, which are there as soon as the piece is linked, and of statements
// in the order in which they run.
func (d *Division) Add(name string, functions, statements []int) *Piece {
	p := &Piece{Name: name, functions: functions, statements: statements, namespace: d.tree.newSymbol("$" + name), exports: map[string]Ref{}, setters: map[string]bool{}, reads: map[*Piece]map[string]Ref{}}
	d.pieces = append(d.pieces, p)
	for _, i := range p.all() {
		for _, declared := range d.tree.ast.Parts[i].DeclaredSymbols {
			if declared.IsTopLevel {
				d.owners[d.tree.ref(declared.Ref)] = p
			}
		}
	}
	return p
}

// Whole makes the one piece of a file that is not divided.
func (d *Division) Whole() *Piece {
	var all []int
	for i := range d.tree.ast.Parts {
		switch kind, _ := kindOf(d.tree.ast.Parts[i].Stmts); kind {
		case ImportStatement, ReExport, ExportClause, Comment:
		default:
			all = append(all, i)
		}
	}
	p := d.Add("", nil, all)
	p.whole = true
	return p
}

// Connect turns the mentions between pieces, once all are added. defaultAlias, if any, is the
// binding that `export default name` exported; such a statement belongs to no piece.
func (d *Division) Connect(defaultAlias *Ref) {
	for name, export := range d.tree.ast.NamedExports {
		ref := d.tree.ref(export.Ref)
		if name == "default" && defaultAlias != nil {
			ref = *defaultAlias
		}
		d.exports[name] = ref
		if owner := d.owners[ref]; owner != nil {
			owner.exports[name] = ref
		}
	}
	for _, p := range d.pieces {
		for _, i := range p.all() {
			if d.tree.registry == nil {
				d.noteReads(p, i)
			} else if d.mentionsOthers(p, i) {
				d.connect(p, i)
			}
		}
	}
}

// OwnExports tells which piece declares each export that is not an import's.
func (d *Division) OwnExports() map[string]*Piece {
	own := map[string]*Piece{}
	for name, ref := range d.exports {
		if owner := d.owners[ref]; owner != nil {
			own[name] = owner
		}
	}
	return own
}

func (d *Division) mentionsOthers(p *Piece, statement int) bool {
	for _, ref := range d.Uses(statement) {
		if owner := d.owners[ref]; owner != nil && owner != p {
			return true
		}
	}
	return false
}

func (d *Division) connect(p *Piece, statement int) {
	w := &walker{expr: func(slot *js_ast.Expr) bool {
		switch e := slot.Data.(type) {
		case *js_ast.EIdentifier:
			if other := d.read(p, statement, e); other != nil {
				d.replace(slot, other)
			}
		case *js_ast.ETemplate:
			// A tag that was a plain name gets no `this`.
			if tag, ok := e.TagOrNil.Data.(*js_ast.EIdentifier); ok {
				if other := d.read(p, statement, tag); other != nil {
					d.replace(&e.TagOrNil, &js_ast.EBinary{Op: js_ast.BinOpComma,
						Left: js_ast.Expr{Loc: e.TagOrNil.Loc, Data: &js_ast.ENumber{}}, Right: js_ast.Expr{Loc: e.TagOrNil.Loc, Data: other}})
				}
			}
		}
		return true
	}}
	w.stmts(d.tree.ast.Parts[statement].Stmts)
}

// read is what a mention becomes, or nil if it stays.
func (d *Division) read(p *Piece, statement int, e *js_ast.EIdentifier) js_ast.E {
	ref := d.tree.ref(e.Ref)
	owner := d.owners[ref]
	if owner == nil || owner == p {
		return nil
	}
	name := owner.nameFor(d, ref)
	if d.tree.assigned[ref][statement] {
		owner.setters[name] = true
	}
	crossed, ok := d.crossed[ref]
	if !ok {
		crossed = d.tree.newSymbol(d.tree.Name(ref))
		d.tree.symbol(crossed).NamespaceAlias = &ast.NamespaceAlias{NamespaceRef: owner.namespace, Alias: name}
		d.crossed[ref] = crossed
	}
	return &js_ast.EImportIdentifier{Ref: crossed, WasOriginallyIdentifier: true}
}

// nameFor is the name by which the other pieces read a binding: what the file exports it as, or else
// a name that the file does not export.
func (p *Piece) nameFor(d *Division, ref Ref) string {
	own := d.tree.Name(ref)
	if exported, ok := p.exports[own]; ok && exported == ref {
		return own
	}
	for _, name := range p.exportNames() {
		if p.exports[name] == ref {
			return name
		}
	}
	name := own
	for _, taken := d.exports[name]; taken || d.inner[name]; _, taken = d.exports[name] {
		name += "_"
	}
	d.inner[name] = true
	p.exports[name] = ref
	return name
}

func (p *Piece) exportNames() []string {
	names := make([]string, 0, len(p.exports))
	for name := range p.exports {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
