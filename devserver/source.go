package devserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"time"

	"eclipsa/app/cssmodule"
	"eclipsa/transform"
)

// Reading, and the small ES modules that stand for files that are no scripts.

// settleTime is how long a file that looks like the middle of a save gets to become whole: on
// plain writes 63 of 223 events found the file truncated (DESIGN.md D6).
const settleTime = 20 * time.Millisecond

// fillTime is how long a file gets that is empty although it was not: a busy machine may stop its writer
// right there, nobody empties a module to see what happens, and its sessions would end.
const fillTime = 250 * time.Millisecond

// firstPause is before the second look at such a file. Whoever truncated it writes it with the next
// system call, usually; the pauses grow to a millisecond.
const firstPause = 50 * time.Microsecond

// read gives a module's source text.
func (l *loader) read(at place, before *module) (string, error) {
	if at.kind == virtual {
		text, ok := l.texts[at.id]
		if !ok {
			return "", fmt.Errorf("%s is no module of eclipsa's", at.id)
		}
		return text, nil
	}
	if at.kind == publicURL {
		return at.id, nil
	}
	if info, err := os.Stat(at.file); err == nil && info.Size() > maxRead {
		if at.kind == asset { // its text only says whether it is another one
			return fmt.Sprintf("%d bytes of %d", info.Size(), info.ModTime().UnixNano()), nil
		}
		return "", fmt.Errorf("it is too big for a module (%d MiB)\nPut it into public/, or import its URL: %s?url.", info.Size()>>20, path.Base(at.id))
	}
	return readSettled(at.file, before != nil)
}

// maxRead is far above every module that somebody wrote.
const maxRead = 16 << 20

// readSettled reads a file that somebody may be writing. A file that is empty or gone although it
// was not before, or that moved while it was read, is read again for a while.
func readSettled(file string, hadContent bool) (string, error) {
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, time.Millisecond) {
		text, steady, err := readOnce(file)
		whole := err == nil && steady && (len(text) > 0 || !hadContent) || err != nil && !hadContent
		patience := settleTime
		if err == nil && len(text) == 0 {
			patience = fillTime
		}
		if whole || time.Since(began) > patience {
			return string(text), err
		}
		time.Sleep(pause)
	}
}

func readOnce(file string) (text []byte, steady bool, err error) {
	// To open a pipe waits for its writer, perhaps for ever.
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return nil, true, notAFile(info)
	}
	opened, err := os.Open(file)
	if err != nil {
		return nil, false, err
	}
	defer opened.Close()
	before, err := opened.Stat()
	if err != nil {
		return nil, false, err
	}
	if !before.Mode().IsRegular() {
		return nil, true, notAFile(before)
	}
	text = make([]byte, before.Size())
	n, _ := opened.ReadAt(text, 0)
	after, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return text[:n], true, nil // replaced right now: the next event brings the new one
	}
	steady = err == nil && after.Size() == before.Size() && after.ModTime().Equal(before.ModTime()) && int64(n) == before.Size()
	return text[:n], steady, err
}

func notAFile(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return errors.New("it is a folder")
	case info.Mode()&fs.ModeNamedPipe != 0:
		return errors.New("it is a pipe, not a file")
	case info.Mode()&fs.ModeSocket != 0:
		return errors.New("it is a socket, not a file")
	}
	return errors.New("it is a device, not a file")
}

// text gives the module's ES module text for each side, and the path that selects its syntax.
func (l *loader) text(m *module, source string) (text [2]string, path string, problem *transform.Diagnostic) {
	path = m.id + ".js"
	both := func(text string) ([2]string, string, *transform.Diagnostic) { return [2]string{text, text}, path, nil }
	switch m.kind {
	case script:
		return [2]string{source, source}, m.id, nil
	case virtual:
		return both(source)
	case rawText, cssText:
		return both("export default " + quote(source) + ";\n")
	case asset:
		return both("export default " + quote(l.assetURL(m)) + ";\n")
	case publicURL:
		return both("export default " + quote(strings.TrimSuffix(l.base, "/")+strings.TrimPrefix(m.id, "public:")) + ";\n")
	case data:
		return l.json(m, source, path)
	case style:
		text[client] = linkStyle(l.styleURL(m.id)) + "export default \"\";\n"
		text[server] = "export default \"\";\n"
		return text, path, nil
	case cssNames:
		return l.cssNames(m, source, path)
	}
	return both("")
}

func (l *loader) assetURL(m *module) string {
	return assetURL(l.base, strings.TrimSuffix(m.id, "?url"), m.assetHash)
}

// styleURL has no version: pages revalidate (ETag), and so the server's manifest, which names it,
// stays the same when a stylesheet changes.
func (l *loader) styleURL(id string) string { return l.base + devPrefix + "css/" + escapePath(id) }

// linkStyle makes sure that a stylesheet is on the page: it is already, from the server, unless its
// importer was imported later. It goes when an edit has taken away its last import.
func linkStyle(url string) string {
	return "const href = " + quote(url) + ";\n" +
		"const links = document.querySelectorAll.bind(document, 'link[rel=stylesheet][href=\"' + href + '\"], link[rel=stylesheet][href^=\"' + href + '?\"]');\n" +
		"if (links().length === 0) {\n" +
		"  const link = document.createElement(\"link\");\n  link.rel = \"stylesheet\";\n  link.href = href;\n  document.head.append(link);\n}\n" +
		"import.meta.hot.prune(() => links().forEach((link) => link.remove()));\n"
}

var identifier = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// json gives a named export for each key that can be one. `export { x as "any name" }` makes
// reserved words possible too.
func (l *loader) json(m *module, source, path string) (text [2]string, _ string, problem *transform.Diagnostic) {
	source = strings.TrimPrefix(source, "\uFEFF")
	var value any
	if err := json.Unmarshal([]byte(source), &value); err != nil {
		return text, path, jsonProblem(m.id, source, err)
	}
	var b strings.Builder
	b.WriteString("const value = JSON.parse(" + quote(source) + ");\nexport default value;\n")
	if object, ok := value.(map[string]any); ok {
		number := 0
		for _, key := range sortedKeys(object) {
			if identifier.MatchString(key) && key != "default" {
				fmt.Fprintf(&b, "const $%d = value[%s];\nexport { $%d as %s };\n", number, quote(key), number, key)
				number++
			}
		}
	}
	return [2]string{b.String(), b.String()}, path, nil
}

func jsonProblem(id, source string, err error) *transform.Diagnostic {
	offset := len(source)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = max(0, int(syntax.Offset)-1)
	}
	return diagnosticAt(id, source, offset, "this is not valid JSON: "+err.Error())
}

// diagnosticAt points at one character of a source.
func diagnosticAt(id, source string, offset int, text string) *transform.Diagnostic {
	offset = min(offset, len(source))
	before := source[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	lineText, _, _ := strings.Cut(source[start:], "\n")
	return &transform.Diagnostic{Text: text, Path: id, Line: strings.Count(before, "\n") + 1,
		Column: utf16Length(source[start:offset]) + 1, Length: 1, LineText: strings.TrimSuffix(lineText, "\r")}
}

// cssNames exports the names of a CSS module; what it composes from others is imported from them.
func (l *loader) cssNames(m *module, source, path string) (text [2]string, _ string, problem *transform.Diagnostic) {
	compiled, err := cssmodule.Compile(m.id, source)
	if err != nil {
		d := &transform.Diagnostic{Text: err.Error(), Path: m.id}
		var mistake *cssmodule.Error
		if errors.As(err, &mistake) {
			d.Text, d.Line, d.Column, d.Length = mistake.Text, mistake.Line, mistake.Column, 1
			if lines := strings.Split(source, "\n"); mistake.Line > 0 && mistake.Line <= len(lines) {
				d.LineText = strings.TrimSuffix(lines[mistake.Line-1], "\r")
			}
		}
		return text, path, d
	}
	names := compiled.JS("")
	return [2]string{names + linkStyle(l.styleURL(m.id)), names}, path, nil
}
