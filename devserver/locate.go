package devserver

import (
	"path/filepath"
	"strings"

	"eclipsa/transform"
)

// pointAt adds the place of the import in importer that leads to a module. It transforms the
// importer once more: errors of the graph are rare, and keeping every place is not free.
func (l *loader) pointAt(d *transform.Diagnostic, importer *module, to place) {
	source, err := l.read(importer.place, nil)
	if err != nil {
		return
	}
	result := transform.Transform(source, l.options(importer, importer.id, transform.Client))
	for _, one := range result.Client.Imports {
		at, err := l.resolver.resolve(client, filepath.Dir(importer.file), one.Specifier, importKinds[one.Kind])
		if err != nil || at.id != to.id {
			continue
		}
		d.Line, d.Column, d.Length = one.Line, one.Column, len(one.Specifier)+2
		if lines := strings.Split(source, "\n"); one.Line > 0 && one.Line <= len(lines) {
			d.LineText = strings.TrimSuffix(lines[one.Line-1], "\r")
		}
		return
	}
}
