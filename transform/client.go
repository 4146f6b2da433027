package transform

import (
	"fmt"
	"path"
	"strings"

	"github.com/evanw/esbuild/esbuildast"
)

// pageExports of route modules run on the server only.
var pageExports = []string{"getStaticPaths", "metadata", "render"}

// client removes the handlers and whatever only they used.
func (s *source) client(tree *esbuildast.Tree, found symbols, constants bool) (Module, []Diagnostic) {
	cut := &cut{tree: tree, removed: map[esbuildast.Ref]bool{}, stubs: map[int]bool{}}
	for i, call := range found.calls {
		cut.remove(tree.Compile(call, found.symbols[i].ID, false))
		cut.stubs[call.Statement()] = true
	}
	if constants {
		removed, folded := tree.FoldConstants(constantsOf(Client))
		cut.remove(removed)
		cut.did = cut.did || folded
	}
	if isPage(s.options.Path) {
		for _, name := range pageExports {
			cut.unexport(name)
		}
	}
	var diagnostics []Diagnostic
	if cut.touched() {
		diagnostics = s.shake(cut)
	}
	if len(s.options.Removable) > 0 && !hasErrors(diagnostics) {
		diagnostics = append(diagnostics, s.markRemovable(cut)...)
	}
	if hasErrors(diagnostics) {
		return Module{}, diagnostics
	}
	module := s.print(tree, Client)
	module.Removed = s.removedImports(cut)
	module.Unchanged = !cut.touched() && !(s.options.Form == ESM && tree.RegistersComponents())
	return module, diagnostics
}

// cut is what was taken out of a client module, and what that entails.
type cut struct {
	tree *esbuildast.Tree
	// removed are the symbols that removed code mentions.
	removed map[esbuildast.Ref]bool
	// stubs are the statements that hold a compiled call.
	stubs map[int]bool
	// names are the imports that went; reExports those that a page export went straight through.
	names     []esbuildast.ImportName
	reExports []esbuildast.Unexported
	did       bool
}

func (c *cut) touched() bool { return c.did || len(c.stubs) > 0 }

func (c *cut) remove(refs []esbuildast.Ref) {
	for _, ref := range refs {
		c.removed[ref] = true
		c.did = true
	}
}

func (c *cut) unexport(name string) {
	found, ok := c.tree.Unexport(name)
	if !ok {
		return
	}
	c.did = true
	if found.From != "" {
		c.reExports = append(c.reExports, found)
		return
	}
	c.removed[found.Ref] = true
}

func isPage(file string) bool {
	base := path.Base(file)
	return strings.HasPrefix(base, "+page.") || strings.HasPrefix(base, "+layout.")
}

// removedImports merges the names by specifier, in source order.
func (s *source) removedImports(c *cut) (list []Import) {
	index := map[string]int{}
	add := func(specifier, name string, at esbuildast.Place) {
		i, ok := index[specifier]
		if !ok {
			i = len(list)
			index[specifier] = i
			line, column := s.tracker.position(at.Offset)
			list = append(list, Import{Specifier: specifier, Line: line, Column: column})
		}
		list[i].Names = append(list[i].Names, name)
	}
	for _, name := range c.names {
		if name.Generated || name.Specifier == runtimeModule {
			continue // the runtime belongs on both sides
		}
		add(name.Specifier, name.Name, name.SpecifierPlace)
	}
	for _, r := range c.reExports {
		add(r.From, r.Name, r.Place)
	}
	return list
}

// shake removes everything that is reachable only from removed code.
func (s *source) shake(c *cut) []Diagnostic {
	g := newGraph(c.tree)
	only := g.reach(c.removed)
	kept := g.keep(c, only)
	if problems := g.problems(c, only, kept); len(problems) > 0 {
		var list []Diagnostic
		for _, p := range problems {
			list = append(list, s.keepsServerCode(p))
		}
		return list
	}
	live := g.reachAll(kept)
	for _, statement := range g.statements {
		switch statement.Kind {
		case esbuildast.ImportStatement, esbuildast.ReExport, esbuildast.ExportClause:
		default:
			if !live.statements[statement.Index] {
				c.tree.Drop(statement.Index)
				addAll(only.refs, statement.Uses) // an unused helper takes its imports with it
			}
		}
	}
	for _, name := range c.tree.ImportNames() {
		if !live.refs[name.Ref] && only.refs[name.Ref] {
			c.names = append(c.names, name)
			c.tree.DropImportName(name)
		}
	}
	return nil
}

// keepsServerCode explains an effect statement that alone keeps what removed code used.
func (s *source) keepsServerCode(p problem) Diagnostic {
	d := s.tracker.diagnostic(p.statement.Place,
		fmt.Sprintf("This statement runs in the browser too, and alone keeps %q there, which server code uses", p.chain[len(p.chain)-1]),
		"Move both into a .server.ts module, or wrap the statement in if (IS_SSR) { … }; if the browser needs it, wrap it in if (IS_BROWSER) { … }.")
	d.Notes = []string{"This statement → " + strings.Join(p.chain, " → ")}
	return d
}
