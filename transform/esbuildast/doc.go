// Package esbuildast reaches esbuild's own parser, printer and resolver: its module path lies
// under github.com/evanw/esbuild/, which is what lets it import esbuild's internal packages.
// It is the only door (DESIGN.md D1): it exports our own types, never esbuild's.
package esbuildast
