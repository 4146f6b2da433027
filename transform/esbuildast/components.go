package esbuildast

import (
	"github.com/evanw/esbuild/internal/renamer"
)

// Component is a function or class that hot refresh can replace in place.
type Component struct {
	Name, Signature string
	ref             Ref
}

func (t *Tree) componentsCall(dollar string, names renamer.Renamer) string { return "" }
