package esbuildast

import (
	"strings"

	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/js_ast"
	"github.com/evanw/esbuild/internal/renamer"
)

// registration is the end of a development client module: it tells of its components and hooks.
type registration struct {
	components []component
	// accepts says that the module takes its own updates; ownAccept that it says so itself.
	accepts, ownAccept bool
	// module exports `components` to ES modules, which give it path; function is what that is called.
	module, path string
	function     ast.Ref
}

// RegisterComponents makes Print tell of the module's components and hooks: the registry, or as an ES
// module Vite's import.meta.hot and the function `components` of a module of the runtime, under path.
// It returns whether the module takes its own updates: it exports components, stubs of server symbols
// perhaps, and nothing else.
func (t *Tree) RegisterComponents(module, path string) (accepts bool) {
	found := t.components()
	if len(found) == 0 {
		return false
	}
	accepts = t.exportsOnly(found)
	t.registration = &registration{components: found, accepts: accepts}
	if t.registry == nil {
		t.registration.ownAccept = t.acceptsItself()
		t.registration.module, t.registration.path = module, path
		t.registration.function = t.newSymbol("$components")
	}
	return accepts
}

// RegistersComponents tells whether RegisterComponents found any.
func (t *Tree) RegistersComponents() bool { return t.registration != nil }

// componentsCall is the last statement of the factory.
func (t *Tree) componentsCall(dollar string, names renamer.Renamer) string {
	r := t.registration
	if r == nil {
		return ""
	}
	accepts := ""
	if r.accepts {
		accepts = ", true"
	}
	return "  " + dollar + ".components(" + r.arguments(names) + accepts + ");\n"
}

// componentsStatement is the last statement of an ES module. Vite looks for import.meta.hot.accept()
// in the text.
func (t *Tree) componentsStatement(names renamer.Renamer) string {
	r := t.registration
	if r == nil {
		return ""
	}
	accept, takes := "", "false"
	if r.accepts && !r.ownAccept {
		accept = "import.meta.hot.accept(); "
	}
	if r.accepts || r.ownAccept {
		takes = "true"
	}
	function := names.NameForSymbol(r.function)
	return "import { components as " + function + " } from " + quote(r.module) + ";\n" +
		"if (import.meta.hot) { " + accept + function + "(import.meta.hot, " + quote(r.path) + ", " + r.arguments(names) + ", " + takes + "); }\n"
}

func (r *registration) arguments(names renamer.Renamer) string {
	var values, signatures []string
	for _, c := range r.components {
		value := names.NameForSymbol(c.ref)
		if value == c.name {
			values = append(values, value)
		} else {
			values = append(values, c.name+": "+value)
		}
		signatures = append(signatures, c.name+": "+quote(c.signature))
	}
	return "{ " + strings.Join(values, ", ") + " }, { " + strings.Join(signatures, ", ") + " }"
}

// componentsView gives a default export without a name one by which it is registered, in the ES form.
func (t *Tree) componentsView() []js_ast.Part {
	parts := make([]js_ast.Part, len(t.ast.Parts))
	for i, part := range t.ast.Parts {
		parts[i] = part
		for j, stmt := range part.Stmts {
			if s, ok := stmt.Data.(*js_ast.SExportDefault); ok && t.registersUnnamed(s.DefaultName.Ref) {
				name := ast.LocRef{Loc: s.DefaultName.Loc, Ref: s.DefaultName.Ref}
				export := js_ast.SExportClause{Items: []js_ast.ClauseItem{{Alias: "default", AliasLoc: s.DefaultName.Loc, Name: name}}, IsSingleLine: true}
				list := append(part.Stmts[:j:j], defaultView(stmt, s), js_ast.Stmt{Loc: stmt.Loc, Data: &export})
				parts[i].Stmts = append(list, part.Stmts[j+1:]...)
			}
		}
	}
	return parts
}

func (t *Tree) registersUnnamed(ref ast.Ref) bool {
	for _, c := range t.registration.components {
		if c.ref == ref && c.name == "default" {
			return true
		}
	}
	return false
}
