// Package transform turns one source text into a client module and a server module: the handlers
// of realtime(), action() and loader() move to the server under stable ids, and the client keeps
// a stub that knows only the id. It is pure: no disk, no goroutines, no state between calls.
package transform

// Form is the shape in which modules are printed.
type Form uint8

const (
	// ESM prints ordinary ES modules: for `eclipsa build` and for Vite.
	ESM Form = iota
	// Registry prints the body of a module registry factory (DESIGN.md D6): for `eclipsa dev`.
	Registry
)

// Sides selects which modules a call makes; one parse serves both.
type Sides uint8

const (
	Client Sides = 1 << iota
	Server
	Both = Client | Server
)

// Options say how one source text is read and printed. The zero value, with a Path, is a
// production transform to ES modules without source maps.
type Options struct {
	// Path names the module in ids, diagnostics and source maps (those of ES modules have only its last
	// part, since they lie beside it): slash-separated and relative to
	// the app ("app/+page.tsx"), or "<package name>/<path>" for source packages. Its extension
	// selects the syntax (.ts .tsx .mts .cts .js .jsx .mjs .cjs).
	Path string
	// Sides to make; zero means Both.
	Sides Sides
	Form  Form
	// Dev adds component registration for hot refresh to client modules: with the registry, or in
	// the ES form with Vite (see Module).
	Dev bool
	// SourceMap asks for Module.Map. The source text is in it except in client maps without Dev:
	// it holds the handlers.
	SourceMap bool
	// Define replaces expressions such as "import.meta.env.MODE" by JSON values, as esbuild's
	// option of that name does. import.meta.env.SSR, IS_SSR and IS_BROWSER are set per side
	// by Transform itself.
	Define map[string]string
	// TSConfig is the text of the tsconfig.json that applies, or "" (experimentalDecorators,
	// useDefineForClassFields, verbatimModuleSyntax, jsxImportSource … count).
	TSConfig string
	// Removable names exports that only removed code of other modules imports: in the client
	// module their declarations, and what only they use, are marked so that a bundler drops
	// them when nothing imports them, side effects included (DESIGN.md D2).
	Removable []string
	// Split takes server modules apart, for development: see Module.Parts. It is not for ES modules
	// of files that import each other, where a loader has a module's re-exports only once it imported
	// what they come from (Vite's module runner): code that runs meanwhile would not find them.
	Split bool
}

// Result is what one source text became. With an error among Diagnostics both modules are empty.
type Result struct {
	Client, Server Module
	// Symbols are the module's server symbols in source order.
	Symbols     []Symbol
	Diagnostics []Diagnostic
}

// Module is one output. In the Registry form Code is the factory expression
//
//	function*($, a, b) { $.exports({ get x() { return x } }); yield; … }
//
// (async function* with top-level await) whose parameters after $ are the namespaces of the
// static imports in the order of Imports; import("…") is printed as $.import(n), n counting the
// dynamic imports in order, import() of anything else as $.importExpression(value), import.meta as
// $.meta, and export * from "…" as $.star(namespace). A client module with Dev ends with
// $.components({ Page, default: page_default }, { Page: "1a2b3c4d", default: "" }, true) if it has any:
// its components and hooks, for each a signature that changes when the state of its hooks no longer
// fits, and true if the module takes its own updates (see AcceptsHot).
//
// An ES client module with Dev tells Vite the same at its end, and its Imports have "eclipsa/dev/vite"
// then:
//
//	import { components as $components } from "eclipsa/dev/vite";
//	if (import.meta.hot) { import.meta.hot.accept(); $components(import.meta.hot, "app/+page.tsx", { … }, { … }, true); }
//
// It calls accept() for what it exports, not if it does so itself; the last argument is true in both
// cases, and false where its importers take its updates.
//
// Lowered decorators and `using` import from HelpersSpecifier.
type Module struct {
	Code string
	// Map is a version 3 source map as JSON, or nil.
	Map []byte
	// Imports that remain, in source order. Each static specifier appears once.
	Imports []Import
	// Removed are imports, or names of imports, that only removed code used (client only), those of
	// the runtime left out. With Removable they include what only those exports use; such names
	// remain in Imports, since the bundler is the one to drop them.
	Removed []Import
	// Exports names what the module exports ("default" included); ExportStars its `export *`.
	Exports     []string
	ExportStars []string
	// Unchanged says that the source needs no work of ours on this side: a bundler that reads
	// TypeScript and JSX itself may take the source text as it is. It is false for a module with
	// parts, and for an ES client module that registers components.
	Unchanged bool
	// AcceptsHot says that the module calls import.meta.hot.accept, or (Dev) that every export
	// is a component or the stub of a server symbol, and at least one a component.
	AcceptsHot bool
	// Parts are what Split made of a server module, the facade last (DESIGN.md D7); Code is empty
	// then. A file stays whole where no part would change alone, or where what an effect sees could
	// change (a statement that runs reaches a symbol, direct eval): it has the facade only, with all
	// the code, or no parts if its imports have none either. So does, as an ES module, a file in which
	// code of one part gives a variable of another one a new value: imports are read-only.
	Parts []Part
	// ExportParts names the part that declares an export; what is re-exported is only in the facade.
	ExportParts map[string]string
}

// Part is one module of a server file that was taken apart, in the form that was asked for.
//
// As ES modules the parts import each other by name from "./+page.tsx?eclipsa-part=body" (the file's
// base name, and Name), and other modules by the specifiers of the source. The first import of each
// part is the part before it, in the order of Name's list, so that all of the file is evaluated in the
// order of the whole file whichever part is asked for first; the part "imports" has bare imports of
// everything that the file imports, in source order. The facade exports from the parts. Other than in
// the Registry form functions in a const get their value in their part's turn: where files import each
// other, code that runs meanwhile finds function declarations only (see Options.Split).
type Part struct {
	// Name is "imports" (nothing but dependencies: they give the order of evaluation), "body" (what
	// runs at evaluation, with the functions that it mentions), "symbols" (the markers' calls and the
	// functions that they reach), "view" (the other functions), or "" for the facade, which exports
	// everything.
	Name string
	// Code has no comments: editing one changes nothing. In the Registry form symbols and view make
	// their functions before the yield.
	Code string
	// Map is nil for imports and facade, which have no code of the file.
	Map []byte
	// Deps are the parameters after $, in order; Dynamic what $.import(n) counts. For ES modules they
	// say the same of the part's imports, each name alone.
	Deps    []PartDep
	Dynamic []Import
}

// PartDep is what one parameter of a part comes from, or one import of it.
type PartDep struct {
	// Part is another part of the same file; without it, Import is an index into Module.Imports.
	Part   string
	Import int
	// Names are the imported names that the part reads; none means the whole namespace, or (Weak)
	// nothing.
	Names []string
	// Weak dependencies are evaluated before, but are no reason to evaluate the part again.
	Weak bool
}

// ImportKind tells how a specifier is reached.
type ImportKind uint8

const (
	StaticImport ImportKind = iota
	DynamicImport
	RequireCall
)

// Import is one specifier of a module.
type Import struct {
	Specifier string
	Kind      ImportKind
	// Names imported ("default", "*" for the namespace); empty for a bare import.
	Names []string
	// Line and Column (1-based; columns in UTF-16 units) of the specifier.
	Line, Column int
}

// SymbolKind is which marker made the symbol: "realtime", "action" or "loader".
type SymbolKind string

const (
	Realtime SymbolKind = "realtime"
	Action   SymbolKind = "action"
	Loader   SymbolKind = "loader"
)

// Symbol is one server symbol.
type Symbol struct {
	ID   string     `json:"id"`
	Kind SymbolKind `json:"kind"`
	// Name is the binding, "default", or the dotted path of a property ("api.room").
	Name         string `json:"name"`
	Line, Column int
	// Hash changes with the call and with every function of the file that it reaches, not with places,
	// comments or types; Reaches is what it mentions beside those. Both only with Split. For a file
	// that stays whole Hash is the module's, and Reaches nil.
	Hash    string    `json:"-"`
	Reaches []PartDep `json:"-"`
}

// Transform never panics: any input either transforms or gives a diagnostic.
func Transform(source string, options Options) Result { return transform(source, options) }

// NeedsTransform is a cheap test on the bytes: false means that a bundler that reads TypeScript
// and JSX itself may take the source as it is on both sides, without Dev and Split. It may say true
// needlessly.
func NeedsTransform(source, path string) bool { return needsTransform(source, path) }
