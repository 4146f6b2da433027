package devserver

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"eclipsa/app"
	"eclipsa/transform"

	"github.com/evanw/esbuild/pkg/api"
)

// Packages that can't be bundled: an error names the package, who brings it in, and what to do.

// asked remembers which file first asked for a package. Its methods may be called concurrently.
type asked struct{ importers sync.Map } // package → file, "" for the app's modules

func (a *asked) note(args api.OnResolveArgs) {
	importer := args.Importer
	if args.Namespace != "file" {
		importer = ""
	}
	a.importers.LoadOrStore(app.PackageName(args.Path), importer)
}

// problems explains esbuild's messages.
func (b *bundler) problems(s side, messages []api.Message, asked *asked) (all []transform.Diagnostic) {
	for _, m := range messages {
		d := diagnosticOf(m, "eclipsa:dependencies")
		failing := ""
		if d.Path != "" {
			if pkg := b.project.PackageOf(filepath.Dir(filepath.Join(b.project.AppRoot, filepath.FromSlash(d.Path)))); pkg != nil {
				failing = pkg.Name
			}
		}
		chain := b.chain(asked, failing)
		for _, name := range chain {
			d.Notes = append(d.Notes, "in the package "+name)
		}
		if len(chain) > 0 && b.importers != nil {
			for _, id := range b.importers(s, chain[len(chain)-1]) {
				d.Notes = append(d.Notes, "imported by "+id)
			}
		}
		if d.Hint = b.advice(s, failing, m.Text); failing != "" && d.Hint == "" {
			d.Hint = fmt.Sprintf("Install another version of %s, or import it only where it works; its authors may want to know.", failing)
		}
		all = addNew(all, []transform.Diagnostic{d})
	}
	return all
}

// chain lists the packages from the failing one up to the one that the app imports.
func (b *bundler) chain(asked *asked, failing string) (names []string) {
	for name := failing; name != "" && !slices.Contains(names, name); {
		names = append(names, name)
		file, _ := asked.importers.Load(name)
		importer, _ := file.(string)
		if importer == "" {
			break
		}
		pkg := b.project.PackageOf(filepath.Dir(importer))
		if pkg == nil || pkg.Dir == b.project.AppRoot {
			break
		}
		name = pkg.Name
	}
	return names
}

// advice is for what can't be resolved inside a package.
func (b *bundler) advice(s side, failing, text string) string {
	rest, unresolved := strings.CutPrefix(text, "Could not resolve \"")
	if !unresolved {
		return ""
	}
	specifier, _, _ := strings.Cut(rest, "\"")
	if _, ok := builtin(specifier); ok && s == client {
		return fmt.Sprintf("%s is made for Node: import it in a handler or in a .server.ts module.", failing)
	}
	name := app.PackageName(specifier)
	switch {
	case name == "":
		return fmt.Sprintf("The installed files of %s are not complete: install it again.", failing)
	case failing == "":
		return ""
	case s == server:
		return fmt.Sprintf("%s needs the package %s: install it, or name %s in \"external\" in %s if it is never really used.", failing, name, name, app.ConfigFile)
	}
	return fmt.Sprintf("%s needs the package %s: install it too.", failing, name)
}

// diagnosticOf is one of esbuild's messages. Places in the text named own are nobody's.
func diagnosticOf(m api.Message, own string) transform.Diagnostic {
	d := transform.Diagnostic{Text: m.Text}
	if m.Location != nil && (own == "" || m.Location.Namespace != own && m.Location.File != own) {
		d.Path, d.Line, d.LineText = m.Location.File, m.Location.Line, m.Location.LineText
		if m.Location.Column <= len(m.Location.LineText) {
			d.Column = utf16Length(m.Location.LineText[:m.Location.Column]) + 1
		}
		d.Length = max(1, m.Location.Length)
	}
	for _, note := range m.Notes {
		if !strings.Contains(note.Text, "mark the path") && !strings.Contains(note.Text, "The plugin ") {
			d.Notes = append(d.Notes, note.Text)
		}
	}
	return d
}
