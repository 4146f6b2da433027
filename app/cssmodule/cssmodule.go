// Package cssmodule turns a *.module.css file into plain CSS with names of its own and the names'
// table for JavaScript. Client and server, dev and build all use it, so that a page's HTML and
// its style sheet always agree; a bundler's own CSS modules would name them per bundle. It reads
// tokens, not rules: what it doesn't know passes through unchanged.
package cssmodule

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
	"path"
	"regexp"
	"strings"
)

// Module is one compiled file.
type Module struct {
	CSS string
	// Names in order of appearance.
	Names []Name
}

// Name is one export: a class, an id or an animation.
type Name struct {
	Local string
	// Parts are the class names that it stands for, its own first.
	Parts []Part
}

// Part is a class name of this file, or, with From, what another module exports as Class.
type Part struct {
	Class string
	From  string
}

// Error is a mistake in the file.
type Error struct {
	Text         string
	Line, Column int
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Text) }

// Is says whether a file is a CSS module by its name.
func Is(file string) bool { return strings.HasSuffix(file, ".module.css") }

// Compile reads the text of the file at modulePath (app-relative or "<package>/<path>", the same
// on every machine). Its error is an *Error.
func Compile(modulePath, text string) (Module, error) {
	c := newCompiler(modulePath, text)
	if err := c.block(topLevel); err != nil {
		return Module{}, err
	}
	return c.module()
}

var (
	unsafe     = regexp.MustCompile(`[^A-Za-z0-9_-]+`)
	identifier = regexp.MustCompile(`^[A-Za-z_$][\w$]*$`)
)

// scope gives the file's part of all names: "card" and a hash of its path.
func scope(modulePath string) (file, hash string) {
	sum := sha256.Sum256([]byte(modulePath))
	file = unsafe.ReplaceAllString(strings.TrimSuffix(path.Base(modulePath), ".module.css"), "-")
	if file == "" || file[0] >= '0' && file[0] <= '9' {
		file = "_" + file
	}
	return file, new(big.Int).SetBytes(sum[:5]).Text(36)
}

// JS is the module that code imports. cssImport, if not "", is the specifier of the style sheet;
// the server needs none.
func (m Module) JS(cssImport string) string {
	var b strings.Builder
	imports := map[string]int{}
	for _, name := range m.Names {
		for _, part := range name.Parts {
			if _, seen := imports[part.From]; part.From != "" && !seen {
				imports[part.From] = len(imports)
				fmt.Fprintf(&b, "import $%d from %s;\n", imports[part.From], quote(part.From))
			}
		}
	}
	if cssImport != "" { // after those it composes, so that its own rules win
		fmt.Fprintf(&b, "import %s;\n", quote(cssImport))
	}
	for i, name := range m.Names {
		fmt.Fprintf(&b, "const _%d = %s;\n", i, expression(name, imports))
		if identifier.MatchString(name.Local) && name.Local != "default" {
			fmt.Fprintf(&b, "export { _%d as %s };\n", i, name.Local)
		}
	}
	b.WriteString("export default {")
	for i, name := range m.Names {
		fmt.Fprintf(&b, " [%s]: _%d,", quote(name.Local), i)
	}
	b.WriteString(" };\n")
	return b.String()
}

// expression joins a name's parts; neighbours that are text become one string.
func expression(name Name, imports map[string]int) string {
	var terms []string
	text := ""
	for i, part := range name.Parts {
		if i > 0 {
			text += " "
		}
		if part.From == "" {
			text += part.Class
			continue
		}
		terms = append(terms, quote(text), fmt.Sprintf("$%d[%s]", imports[part.From], quote(part.Class)))
		text = ""
	}
	if text != "" {
		terms = append(terms, quote(text))
	}
	return strings.Join(terms, " + ")
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(quoted)
}
