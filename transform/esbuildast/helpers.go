package esbuildast

import "github.com/evanw/esbuild/internal/runtime"

// HelpersSpecifier is what modules import esbuild's runtime helpers from (lowered decorators, `using`).
const HelpersSpecifier = "eclipsa:helpers"

// Helpers is the text of the module HelpersSpecifier: esbuild's own, for our target.
func Helpers() string { return runtime.Source(target).Contents }
