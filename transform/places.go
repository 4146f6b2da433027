package transform

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/evanw/esbuild/esbuildast"
)

// tracker turns byte offsets of one text into lines and UTF-16 columns.
type tracker struct {
	path, text string
	lines      []int
}

func newTracker(path, text string) *tracker { return &tracker{path: path, text: text} }

// lineStarts is made at the first diagnostic or symbol: most modules have neither. Line ends are
// those of ECMAScript without U+2028 and U+2029, which editors don't count.
func (t *tracker) lineStarts() []int {
	if t.lines == nil {
		t.lines = []int{0}
		for i := 0; i < len(t.text); i++ {
			switch t.text[i] {
			case '\n':
				t.lines = append(t.lines, i+1)
			case '\r':
				if i+1 == len(t.text) || t.text[i+1] != '\n' {
					t.lines = append(t.lines, i+1)
				}
			}
		}
	}
	return t.lines
}

// position is 1-based.
func (t *tracker) position(offset int) (line, column int) {
	starts := t.lineStarts()
	offset = max(0, min(offset, len(t.text)))
	line = sort.Search(len(starts), func(i int) bool { return starts[i] > offset })
	return line, utf16Length(t.text[starts[line-1]:offset]) + 1
}

func (t *tracker) lineText(line int) string {
	starts := t.lineStarts()
	end := len(t.text)
	if line < len(starts) {
		end = starts[line]
	}
	return strings.TrimRight(t.text[starts[line-1]:end], "\r\n")
}

// diagnostic is an error at a place; what goes on in the next line is not underlined.
func (t *tracker) diagnostic(at esbuildast.Place, text, hint string) Diagnostic {
	d := Diagnostic{Severity: Error, Text: text, Hint: hint, Path: t.path}
	offset := max(0, min(at.Offset, len(t.text)))
	end := max(offset, min(offset+at.Length, len(t.text)))
	d.Line, d.Column = t.position(offset)
	d.LineText = t.lineText(d.Line)
	marked := t.text[offset:end]
	if i := strings.IndexAny(marked, "\r\n"); i >= 0 {
		marked = marked[:i]
	}
	d.Length = utf16Length(marked)
	return d
}

func utf16Length(text string) (n int) {
	for _, r := range text {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

func (s *source) fromMessages(messages []esbuildast.Message) (list []Diagnostic) {
	for _, m := range messages {
		list = append(list, s.fromMessage(m))
	}
	return list
}

// fromMessage takes over what esbuild found; its columns count bytes.
func (s *source) fromMessage(m esbuildast.Message) Diagnostic {
	d := Diagnostic{Severity: Warning, Text: m.Text, Path: s.options.Path, Line: 1, Column: 1}
	if m.Error {
		d.Severity = Error
	}
	if at := m.Location; at != nil {
		d.Path, d.Line, d.LineText = at.Path, at.Line, at.LineText
		d.Column = utf16Length(span(at.LineText, 0, at.Column)) + 1
		d.Length = utf16Length(span(at.LineText, at.Column, at.Column+at.Length))
	}
	if m.Suggestion != "" {
		d.Hint = fmt.Sprintf("Did you mean %q?", m.Suggestion)
	}
	for _, note := range m.Notes {
		text := note.Text
		if at := note.Location; at != nil {
			text = fmt.Sprintf("%s:%d:%d: %s", at.Path, at.Line, utf16Length(span(at.LineText, 0, at.Column))+1, note.Text)
		}
		d.Notes = append(d.Notes, text)
	}
	return d
}

func span(text string, from, to int) string {
	from = max(0, min(from, len(text)))
	to = max(from, min(to, len(text)))
	return text[from:to]
}

func (s *source) crashed(reason any) Diagnostic {
	return Diagnostic{
		Severity: Error,
		Text:     fmt.Sprintf("The compiler failed on this module: %v", reason),
		Hint:     "This is a mistake in eclipsa, not in your code: please report it with the module.",
		Path:     s.options.Path, Line: 1, Column: 1, LineText: firstLine(s.text),
	}
}

func firstLine(text string) string {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		text = text[:i]
	}
	if !utf8.ValidString(text) {
		return ""
	}
	return text
}

func hasErrors(list []Diagnostic) bool {
	for _, d := range list {
		if d.Severity == Error {
			return true
		}
	}
	return false
}
