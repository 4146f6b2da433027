package transform

import (
	"slices"
	"strings"

	"github.com/evanw/esbuild/esbuildast"
)

// mentionsConstants is a cheap test on the text; folding looks at the tree.
func (s *source) mentionsConstants() bool {
	return strings.Contains(s.text, "IS_SSR") || strings.Contains(s.text, "IS_BROWSER") ||
		(strings.Contains(s.text, "import.meta") && strings.Contains(s.text, "SSR"))
}

func constantsOf(side Sides) esbuildast.Constants {
	ssr := side == Server
	return esbuildast.Constants{
		Module: runtimeModule,
		Values: map[string]bool{"IS_SSR": ssr, "IS_BROWSER": !ssr},
		SSR:    ssr,
	}
}

// server registers every handler under its id. Imports that only the browser's branches use go.
func (s *source) server(tree *esbuildast.Tree, found symbols, constants bool) Module {
	changed := len(found.calls) > 0
	for i, call := range found.calls {
		tree.Compile(call, found.symbols[i].ID, true)
	}
	if constants {
		removed, folded := tree.FoldConstants(constantsOf(Server))
		changed = changed || folded
		dropUnusedImports(tree, removed)
	}
	module := s.printServer(tree, found)
	module.Unchanged = !changed && module.Parts == nil
	return module
}

// printServer takes the module apart where that was asked for and can be done.
func (s *source) printServer(tree *esbuildast.Tree, found symbols) (module Module) {
	if !s.options.Split {
		return s.print(tree, Server)
	}
	if s.options.Form == Registry {
		tree.ToRegistry()
	}
	if parts, exportParts := s.split(tree, found); parts != nil {
		module = s.describe(tree)
		module.Parts, module.ExportParts = parts, exportParts
		return module
	}
	code := ""
	if parts := s.whole(tree); parts != nil {
		module = s.describe(tree)
		module.Parts, code = parts, parts[0].Code
	} else {
		module = s.print(tree, Server)
		code = module.Code
	}
	texts := []string{code} // where its imports lead is not in it
	for _, i := range module.Imports {
		texts = append(append(texts, i.Specifier), i.Names...)
	}
	for i := range found.symbols {
		found.symbols[i].Hash = hashOf(texts...)
	}
	return module
}

// dropUnusedImports removes the names among candidates that nothing mentions any more.
func dropUnusedImports(tree *esbuildast.Tree, candidates []esbuildast.Ref) {
	gone := setOf(candidates)
	for _, statement := range tree.Statements() {
		for _, ref := range statement.Uses {
			delete(gone, ref)
		}
	}
	for _, name := range tree.ImportNames() {
		if gone[name.Ref] {
			tree.DropImportName(name)
		}
	}
}

func setOf(refs []esbuildast.Ref) map[esbuildast.Ref]bool {
	set := make(map[esbuildast.Ref]bool, len(refs))
	for _, ref := range refs {
		set[ref] = true
	}
	return set
}

// print makes the module in the form that was asked for.
func (s *source) print(tree *esbuildast.Tree, side Sides) Module {
	if s.options.Form == Registry && !tree.IsRegistry() {
		tree.ToRegistry()
	}
	module := s.describe(tree)
	if side == Client && s.options.Dev {
		accepts := tree.RegisterComponents(componentsModule, s.options.Path)
		module.AcceptsHot = module.AcceptsHot || accepts
		if s.options.Form == ESM && tree.RegistersComponents() {
			module.addImport(componentsModule, "components")
		}
	}
	module.Code, module.Map = tree.Print(s.printOptions(side))
	return module
}

// addImport adds an import that no text of the author's asks for.
func (m *Module) addImport(specifier, name string) {
	static := 0
	for ; static < len(m.Imports) && m.Imports[static].Kind == StaticImport; static++ {
		if i := &m.Imports[static]; i.Specifier == specifier {
			if !slices.Contains(i.Names, name) {
				i.Names = append(i.Names, name)
			}
			return
		}
	}
	m.Imports = slices.Insert(m.Imports, static, Import{Specifier: specifier, Names: []string{name}, Line: 1, Column: 1})
}

// printOptions leave the source text out of production maps of client modules: it has the handlers
// in it.
func (s *source) printOptions(side Sides) esbuildast.PrintOptions {
	return esbuildast.PrintOptions{SourceMap: s.options.SourceMap, SourcesContent: side == Server || s.options.Dev}
}

// describe is all that is told of a module besides its code.
func (s *source) describe(tree *esbuildast.Tree) (module Module) {
	module.AcceptsHot = tree.CallsHotAccept()
	for _, i := range tree.Imports() {
		module.Imports = append(module.Imports, s.importOf(i))
	}
	module.Exports = tree.Exports()
	module.ExportStars = tree.ExportStars()
	return module
}

func (s *source) importOf(i esbuildast.Import) Import {
	line, column := s.tracker.position(i.Place.Offset)
	return Import{Specifier: i.Specifier, Kind: ImportKind(i.Kind), Names: i.Names, Line: line, Column: column}
}
