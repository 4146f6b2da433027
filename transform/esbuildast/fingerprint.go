package esbuildast

import (
	"strings"

	"github.com/evanw/esbuild/internal/config"
	"github.com/evanw/esbuild/internal/js_ast"
	"github.com/evanw/esbuild/internal/js_printer"
	"github.com/evanw/esbuild/internal/renamer"
)

// StatementText is what a statement does, whatever its place, comments, types and the names around
// it: equal texts with equal imports do the same. It must be asked before Connect.
func (d *Division) StatementText(statement int) string {
	t := d.tree
	return d.text(statement, t.registryStmts(t.ast.Parts[statement].Stmts))
}

// CallText is the same for one marker call.
func (d *Division) CallText(c Call) string {
	call := js_ast.Expr{Loc: c.call.Target.Loc, Data: c.call}
	return d.text(c.part, []js_ast.Stmt{{Loc: call.Loc, Data: &js_ast.SExpr{Value: call}}})
}

// text names what the statement's dynamic imports import: in the code they are numbers.
func (d *Division) text(part int, stmts []js_ast.Stmt) string {
	t := d.tree
	var imports []string
	t.eachCallIn(part, func(record uint32, kind ImportKind, number *js_ast.ENumber) {
		if number != nil {
			number.Value = 0
		}
		imports = append(imports, t.ast.ImportRecords[record].Path.Text)
	})
	tree := t.ast
	tree.Directives, tree.ExprComments = nil, nil
	tree.Parts = []js_ast.Part{{Stmts: stmts}}
	symbols := t.symbolMap()
	result := js_printer.Print(tree, symbols, renamer.NewNoOpRenamer(symbols), js_printer.Options{
		OutputFormat:                 config.FormatESModule,
		UnsupportedFeatures:          target,
		MinifyWhitespace:             true,
		LegalComments:                config.LegalCommentsNone,
		RequireOrImportMetaForSource: func(uint32) (r js_printer.RequireOrImportMeta) { return r },
	})
	return string(result.JS) + "\x00" + strings.Join(imports, "\x00")
}

// CallUses are the symbols that a marker call mentions, the marker left out.
func (t *Tree) CallUses(c Call) []Ref {
	set := map[Ref]bool{}
	t.usesOf(c.args, set)
	return sorted(set)
}
