package transform

import (
	"path"

	"github.com/evanw/esbuild/esbuildast"
)

// partQuery is how the parts of a file import each other as ES modules.
const partQuery = "?eclipsa-part="

// partSpecifier leads from a part to another part of the same file: all have the file's folder.
func (s *source) partSpecifier(piece *esbuildast.Piece) string {
	return "./" + path.Base(s.options.Path) + partQuery + piece.Name
}

// assignsAcross finds what ES modules can't do: a statement of one part gives the binding of another
// one a new value (DESIGN.md D7).
func (x *splitter) assignsAcross() (found bool) {
	x.tree.Assignments(func(ref esbuildast.Ref, statement int) bool {
		owner := x.partOf(ref)
		found = owner != "" && owner != x.part[statement]
		return !found
	})
	return found
}

func (x *splitter) importsCode() string {
	if x.source.options.Form == ESM {
		return x.division.ImportsModule()
	}
	return esbuildast.ImportsPiece
}

// code prints one part in the form that was asked for.
func (x *splitter) code(piece *esbuildast.Piece, params []esbuildast.Param) (string, []byte) {
	options := x.source.printOptions(Server)
	if x.source.options.Form == ESM {
		return x.division.PrintModule(piece, params, x.source.partSpecifier, options)
	}
	return x.division.Print(piece, params, options)
}

func (x *splitter) facadeCode(params []esbuildast.Param) string {
	if x.source.options.Form == ESM {
		return x.division.FacadeModule(params, x.source.partSpecifier)
	}
	return x.division.Facade(params)
}

// piece has the statements of one part. Registry modules make the functions outside of the body
// early: no statement of the file reads them before its turn, but an import that leads back to this
// file may. ES modules do so with function declarations by themselves.
func (x *splitter) piece(part string, statements []int) *esbuildast.Piece {
	var functions, rest []int
	for _, i := range statements {
		if _, function := x.functions[i]; function && part != bodyPart && x.source.options.Form == Registry {
			functions = append(functions, i)
		} else {
			rest = append(rest, i)
		}
	}
	return x.division.Add(part, functions, rest)
}
