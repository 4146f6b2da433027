package service

import (
	"fmt"
	"path/filepath"
	"strings"

	"eclipsa/transform"
)

var sidesByName = map[string]transform.Sides{"client": transform.Client, "server": transform.Server, "both": transform.Both}

func (s *service) transform(r *transformRequest) (*transformAnswer, error) {
	opened, err := s.opened()
	if err != nil {
		return nil, err
	}
	sides, known := sidesByName[r.Sides]
	if !known {
		return nil, fmt.Errorf("\"sides\" is \"client\", \"server\" or \"both\", not %q", r.Sides)
	}
	file := filepath.FromSlash(r.File)
	answer := &transformAnswer{Path: opened.project.ModulePath(file), Symbols: []symbolAnswer{}, Diagnostics: []transform.Diagnostic{}}
	if answer.ServerOnly = transform.IsServerOnly(answer.Path); answer.ServerOnly && sides&transform.Server == 0 {
		return answer, nil // whatever is in it, the browser must not have it
	}
	// Of a server-only file its exports are wanted: they stand in for it until it is known whether its importer stays.
	if !r.Dev && !answer.ServerOnly && len(r.Removable) == 0 && !transform.NeedsTransform(r.Code, answer.Path) {
		answer.take(sides, transform.Result{Client: transform.Module{Unchanged: true}, Server: transform.Module{Unchanged: true}})
		return answer, nil
	}
	// Vite replaces import.meta.env itself.
	result := transform.Transform(r.Code, transform.Options{Path: answer.Path, Sides: sides, Dev: r.Dev, SourceMap: r.SourceMap,
		Split: r.Split, Removable: r.Removable, TSConfig: opened.tsconfig(filepath.Dir(file))})
	answer.take(sides, result)
	return answer, nil
}

func (o *openApp) tsconfig(dir string) string {
	if known, ok := o.tsconfigs.Load(dir); ok {
		return known.(string)
	}
	text := o.project.TSConfig(dir)
	o.tsconfigs.Store(dir, text)
	return text
}

func (t *transformAnswer) take(sides transform.Sides, result transform.Result) {
	if sides&transform.Client != 0 {
		t.Client = moduleOf(result.Client)
	}
	if sides&transform.Server != 0 {
		t.Server = moduleOf(result.Server)
	}
	for _, symbol := range result.Symbols {
		t.Symbols = append(t.Symbols, symbolAnswer{ID: symbol.ID, Kind: symbol.Kind, Name: symbol.Name, Line: symbol.Line, Column: symbol.Column,
			Hash: symbol.Hash, Reaches: depsOf(symbol.Reaches)})
	}
	t.Diagnostics = orEmpty(result.Diagnostics)
}

func moduleOf(m transform.Module) *moduleAnswer {
	answer := &moduleAnswer{Code: m.Code, Map: string(m.Map), Imports: importsOf(m.Imports), Removed: importsOf(m.Removed), Exports: orEmpty(m.Exports),
		ExportStars: orEmpty(m.ExportStars), Unchanged: m.Unchanged, AcceptsHot: m.AcceptsHot, ExportParts: m.ExportParts}
	for _, part := range m.Parts {
		answer.Parts = append(answer.Parts, partAnswer{Name: part.Name, Code: part.Code, Map: string(part.Map), Deps: depsOf(part.Deps), Dynamic: importsOf(part.Dynamic)})
	}
	return answer
}

var kindNames = map[transform.ImportKind]string{transform.StaticImport: "static", transform.DynamicImport: "dynamic", transform.RequireCall: "require"}

func importsOf(imports []transform.Import) []importAnswer {
	list := make([]importAnswer, len(imports))
	for i, one := range imports {
		list[i] = importAnswer{Specifier: one.Specifier, Kind: kindNames[one.Kind], Names: orEmpty(one.Names), Line: one.Line, Column: one.Column}
	}
	return list
}

func depsOf(deps []transform.PartDep) []partDepAnswer {
	list := make([]partDepAnswer, len(deps))
	for i, dep := range deps {
		list[i] = partDepAnswer{Part: dep.Part, Import: dep.Import, Names: orEmpty(dep.Names), Weak: dep.Weak}
	}
	return list
}

func formatDiagnostics(r *formatRequest) *textAnswer {
	var b strings.Builder
	for _, d := range r.Diagnostics {
		b.WriteString(d.Format(r.Color))
	}
	return &textAnswer{Text: b.String()}
}
