package devserver

import (
	"fmt"
	"html"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"eclipsa/nodeadapter"
	"eclipsa/transform"
)

// Errors of the app's own code: their stacks name generated places, here they get those of the
// sources, and are shown in the terminal and on the page with the same text.

func textDiagnostic(text, hint string) transform.Diagnostic {
	return transform.Diagnostic{Text: text, Hint: hint}
}

// stackPlace finds "id:line:column" at the end of a stack's line, with or without parentheses.
var stackPlace = regexp.MustCompile(`(?:^|[\s(])((?:file://)?[^\s()]+):(\d+):(\d+)\)?$`)

// mapLine is a line of a stack with the place of the source, if it is one of a server module.
func (p *project) mapLine(line string) string {
	match := stackPlace.FindStringSubmatchIndex(line)
	if match == nil {
		return line
	}
	id := line[match[2]:match[3]]
	file, mappedLine, mappedColumn, ok := p.sourcePlace(id, atoi(line[match[4]:match[5]]), atoi(line[match[6]:match[7]]))
	if !ok {
		return line
	}
	return line[:match[2]] + file + ":" + strconv.Itoa(mappedLine) + ":" + strconv.Itoa(mappedColumn) + line[match[7]:]
}

func atoi(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// sourcePlace maps a place in a server module's code, or in that of one of its parts.
func (p *project) sourcePlace(id string, line, column int) (file string, sourceLine, sourceColumn int, ok bool) {
	p.mu.RLock()
	if p.graph == nil {
		p.mu.RUnlock()
		return "", 0, 0, false
	}
	file = p.graph.fileID(id)
	m, loader := p.graph.modules[file], p.graph.loader
	p.mu.RUnlock()
	if m == nil || m.kind != script {
		return "", 0, 0, false
	}
	decoded, err := parseSourceMap(loader.sourceMapText(m, server, strings.TrimPrefix(id[len(file):], "?")))
	if err != nil {
		return "", 0, 0, false
	}
	sourceLine, sourceColumn, ok = decoded.find(line, column)
	return file, sourceLine, sourceColumn, ok
}

// sourceMapText makes the source map of a module, or of a part of it, by transforming it once more:
// maps are needed rarely, and making them always costs a third of the transform. It is nil if the
// file has changed since.
func (l *loader) sourceMapText(m *module, s side, part string) []byte {
	if m.kind != script || m.outputs[s] == nil {
		return nil
	}
	source, err := l.read(m.place, nil)
	if err != nil {
		return nil
	}
	options := l.options(m, m.id, transform.Sides(1<<s))
	options.SourceMap, options.Split = true, splits(m, source)
	result := transform.Transform(source, options)
	made := result.Client
	if s == server {
		made = result.Server
	}
	parts := made.Parts
	if parts == nil {
		parts = []transform.Part{{Code: made.Code, Map: made.Map}}
	}
	places, _ := l.imports(m, made.Imports, "", s)
	specifiers := hotSpecifiers(source, made, places)
	for i, one := range parts {
		units := m.outputs[s].units
		if one.Name == part && i < len(units) && units[i].code == l.finish(one.Code, source, s, specifiers) {
			return one.Map
		}
	}
	return nil
}

// diagnose makes an app's error a diagnostic with place and code frame.
func (p *project) diagnose(failure *nodeadapter.WorkerError) []transform.Diagnostic {
	if failure.Name == buildError {
		p.mu.RLock()
		problems := p.problems
		p.mu.RUnlock() // mapLine locks again, and a writer may wait in between
		if len(problems) > 0 {
			return problems
		}
	}
	d := transform.Diagnostic{Text: failure.Message}
	if failure.Name != "" && failure.Name != "Error" {
		d.Text = failure.Name + ": " + failure.Message
	}
	for _, line := range stackLines(failure) {
		mapped := p.mapLine(line)
		if d.Path == "" {
			p.place(&d, mapped)
		}
		note := strings.TrimSpace(mapped)
		if note == fmt.Sprintf("at %s:%d:%d", d.Path, d.Line, d.Column) {
			continue // the place itself, which no function has a name for
		}
		if d.Notes = append(d.Notes, note); len(d.Notes) >= maxStack {
			break
		}
	}
	return []transform.Diagnostic{d}
}

// maxStack is how many lines of a stack are shown.
const maxStack = 12

// stackLines are the frames of a stack, without its message (which may have lines of its own) and
// without Node's own.
func stackLines(failure *nodeadapter.WorkerError) []string {
	stack := failure.Stack
	if at := strings.Index(stack, failure.Message); at >= 0 && failure.Message != "" {
		// A syntax error's stack begins with the place, before the message.
		stack = stack[:at] + stack[at+len(failure.Message):]
	}
	lines := strings.Split(stack, "\n")
	return slices.DeleteFunc(lines, func(line string) bool {
		ours := strings.Contains(line, "/.eclipsa/") || strings.Contains(line, "/lib/dev/") || strings.Contains(line, "/lib/bundled/worker.js") || strings.Contains(line, "node:internal")
		return !stackPlace.MatchString(line) || ours
	})
}

// place sets where an error is from a mapped line of its stack, if that names a module of the app.
func (p *project) place(d *transform.Diagnostic, line string) {
	match := stackPlace.FindStringSubmatch(line)
	if match == nil {
		return
	}
	p.mu.RLock()
	m := p.graph.modules[match[1]]
	p.mu.RUnlock()
	if m == nil || m.file == "" {
		return
	}
	d.Path, d.Line, d.Column, d.Length = m.id, atoi(match[2]), atoi(match[3]), 1
	text, err := os.ReadFile(m.file)
	if err != nil {
		return
	}
	lines := strings.Split(string(text), "\n")
	if d.Line < 1 || d.Line > len(lines) {
		return
	}
	d.LineText = strings.TrimSuffix(lines[d.Line-1], "\r")
	d.Length = wordLength(d.LineText, d.Column)
}

// wordLength is how much of a line the mark under an error covers: the word that begins there.
func wordLength(line string, column int) int {
	rest := line[utf16Offset(line, column-1):]
	length := strings.IndexFunc(rest, func(c rune) bool {
		return !(c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')
	})
	if length < 0 {
		length = len(rest)
	}
	return max(1, length)
}

// appFailed answers a request whose page threw.
func (h *handler) appFailed(w http.ResponseWriter, r *http.Request, failure *nodeadapter.WorkerError) {
	h.project.stumbled.Store(true)
	all := h.project.diagnose(failure)
	if failure.Name != buildError { // those were printed when they came up
		h.print.problems(all)
	}
	h.errorPage(w, r, http.StatusInternalServerError, all)
}

// errorPage shows diagnostics: as a page that loads again when they are mended, or as text for what
// asked for no page.
func (h *handler) errorPage(w http.ResponseWriter, r *http.Request, status int, all []transform.Diagnostic) {
	var text strings.Builder
	for _, d := range all {
		text.WriteString(d.Format(false) + "\n")
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		header.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprint(w, text.String())
		return
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	// quote escapes <, so no text of a source ends the script.
	fmt.Fprintf(w, errorDocument, quote(all), html.EscapeString(h.base+devPrefix+"client.js"), html.EscapeString(text.String()))
}

// errorDocument is readable without scripts too; client.js draws the overlay over it.
const errorDocument = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Error</title>
<script>globalThis.__ECLIPSA_ERROR_PAGE__ = %s</script>
<script type="module" src="%s"></script>
</head>
<body>
<pre>%s</pre>
</body>
</html>
`
