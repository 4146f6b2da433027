package transform

import "github.com/evanw/esbuild/esbuildast"

// HelpersSpecifier is what modules import lowered decorators and `using` from.
const HelpersSpecifier = esbuildast.HelpersSpecifier

// Helpers is the text of the module HelpersSpecifier: plain JavaScript with one export a helper,
// from the pinned esbuild itself.
func Helpers() string { return esbuildast.Helpers() }
