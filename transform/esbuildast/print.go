package esbuildast

import (
	"bytes"
	"encoding/json"
	"path"
	"strings"

	"github.com/evanw/esbuild/internal/ast"
	"github.com/evanw/esbuild/internal/config"
	"github.com/evanw/esbuild/internal/js_ast"
	"github.com/evanw/esbuild/internal/js_printer"
	"github.com/evanw/esbuild/internal/renamer"
	"github.com/evanw/esbuild/internal/sourcemap"
)

// PrintOptions say what to make besides the code.
type PrintOptions struct {
	SourceMap bool
	// SourcesContent puts the source text into the map.
	SourcesContent bool
	// OmitComments leaves legal comments out as well: editing one is no change then.
	OmitComments bool
}

// Print prints what is left of the tree, in the form that it has (see ToRegistry).
func (t *Tree) Print(options PrintOptions) (code string, sourceMap []byte) {
	symbols := t.symbolMap()
	tree := t.ast
	if t.registry != nil {
		tree.Parts = t.registryView()
		tree.Directives = nil // the factory itself is strict
	} else if t.registration != nil {
		tree.Parts = t.componentsView()
	}
	names := t.names(symbols)
	comments := config.LegalCommentsInline
	if options.OmitComments {
		tree.ExprComments, comments = nil, config.LegalCommentsNone
	}
	js, mappings := t.print(tree, symbols, names, options, comments)
	head, tail := "", ""
	if t.registry != nil {
		head, tail = t.registryFrame(names)
	} else {
		tail = t.componentsStatement(names)
	}
	code = head + js + tail
	if options.SourceMap {
		sourceMap = t.mapJSON(strings.Count(head, "\n"), mappings, options.SourcesContent)
	}
	return code, sourceMap
}

func (t *Tree) print(tree js_ast.AST, symbols ast.SymbolMap, names renamer.Renamer, options PrintOptions, comments config.LegalComments) (string, sourcemap.Chunk) {
	printOptions := js_printer.Options{
		OutputFormat:                 config.FormatESModule,
		UnsupportedFeatures:          target,
		LegalComments:                comments,
		RequireOrImportMetaForSource: func(uint32) (r js_printer.RequireOrImportMeta) { return r },
	}
	if options.SourceMap {
		printOptions.SourceMap = config.SourceMapExternalWithoutComment
		printOptions.AddSourceMappings = true
		printOptions.LineOffsetTables = t.lineTables()
	}
	if t.registry != nil {
		printOptions.Indent = 1
	}
	result := js_printer.Print(tree, symbols, names, printOptions)
	return string(result.JS), result.SourceMapChunk
}

// lineTables are the same for both modules of a text.
func (t *Tree) lineTables() []sourcemap.LineOffsetTable {
	if t.lines == nil {
		t.lines = sourcemap.GenerateLineOffsetTables(t.source.Contents, t.ast.ApproximateLineCount)
	}
	return t.lines
}

func (t *Tree) symbolMap() ast.SymbolMap {
	symbols := ast.NewSymbolMap(sourceIndex + 1)
	symbols.SymbolsForSource[sourceIndex] = t.ast.Symbols
	return symbols
}

// names keeps the author's names; only a name that shadows another one of the module changes.
func (t *Tree) names(symbols ast.SymbolMap) renamer.Renamer {
	reserved := renamer.ComputeReservedNames([]*js_ast.Scope{t.ast.ModuleScope}, symbols)
	names := renamer.NewNumberRenamer(symbols, reserved)
	if t.registry != nil {
		names.AddTopLevelSymbol(t.registry.dollar)
	}
	unnamed := t.unnamedNamespaces()
	var scopes []*js_ast.Scope
	for i := range t.ast.Parts {
		part := &t.ast.Parts[i]
		if len(part.Stmts) == 0 {
			continue
		}
		for _, declared := range part.DeclaredSymbols {
			if declared.IsTopLevel && t.symbol(declared.Ref).NamespaceAlias == nil && !unnamed[declared.Ref] {
				names.AddTopLevelSymbol(declared.Ref)
			}
		}
		scopes = append(scopes, part.Scopes...)
	}
	if t.registry != nil {
		for _, d := range t.registry.dependencies {
			names.AddTopLevelSymbol(d.namespace)
		}
	}
	if t.registration != nil && t.registry == nil {
		names.AddTopLevelSymbol(t.registration.function)
	}
	names.AssignNamesByScope(map[uint32][]*js_ast.Scope{sourceIndex: scopes})
	return names
}

// unnamedNamespaces are symbols that the parser makes for import statements without a star. They
// are printed in the registry form only, and must not take a name from the author before that.
func (t *Tree) unnamedNamespaces() map[ast.Ref]bool {
	refs := map[ast.Ref]bool{}
	for i := range t.ast.Parts {
		for _, stmt := range t.ast.Parts[i].Stmts {
			switch s := stmt.Data.(type) {
			case *js_ast.SImport:
				refs[s.NamespaceRef] = s.StarNameLoc == nil
			case *js_ast.SExportFrom:
				refs[s.NamespaceRef] = true
			case *js_ast.SExportStar:
				refs[s.NamespaceRef] = true
			}
		}
	}
	return refs
}

// mapJSON writes what encoding/json would: the source text, by far the longest, is encoded once for
// all modules that are made of it.
func (t *Tree) mapJSON(linesBefore int, chunk sourcemap.Chunk, content bool) []byte {
	names := make([]json.RawMessage, len(chunk.QuotedNames))
	for i, name := range chunk.QuotedNames {
		names[i] = name
	}
	if content && t.content == nil {
		t.content = encode([]string{t.source.Contents})
	}
	var b bytes.Buffer
	b.Grow(len(t.content) + len(chunk.Buffer.Data) + linesBefore + 256)
	b.WriteString(`{"version":3,"sources":`)
	b.Write(encode([]string{t.mapSource()}))
	if content {
		b.WriteString(`,"sourcesContent":`)
		b.Write(t.content)
	}
	b.WriteString(`,"mappings":"`)
	for range linesBefore {
		b.WriteByte(';')
	}
	b.Write(chunk.Buffer.Data) // base64, commas and semicolons
	b.WriteString(`","names":`)
	b.Write(encode(names))
	b.WriteByte('}')
	return b.Bytes()
}

// mapSource names the source as whoever reads the map resolves it (ECMA-426): an ES module's map lies beside the
// module itself, those of the registry's modules are gathered at the app's root.
func (t *Tree) mapSource() string {
	if t.registry != nil {
		return t.source.KeyPath.Text
	}
	return path.Base(t.source.KeyPath.Text)
}

func encode(value any) []byte {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // strings and quoted names always encode
	}
	return encoded
}
