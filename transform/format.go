package transform

import (
	"fmt"
	"strings"
)

// The widest code frame; longer lines (minified code) are cut around the marked place.
const frameWidth = 120

const (
	bold  = "\x1b[1m"
	red   = "\x1b[31m"
	amber = "\x1b[33m"
	dim   = "\x1b[2m"
	plain = "\x1b[0m"
)

// Format shows the diagnostic for a terminal: place and text, the line with its number and the
// marked part underlined, then the hint and the notes.
func (d Diagnostic) Format(color bool) string {
	paint := func(style, text string) string {
		if !color || text == "" {
			return text
		}
		return style + text + plain
	}
	kind, hue := "error", red
	if d.Severity == Warning {
		kind, hue = "warning", amber
	}
	var b strings.Builder
	place := fmt.Sprintf("%s:%d:%d:", d.Path, d.Line, d.Column)
	switch {
	case d.Path == "":
		place = ""
	case d.Line == 0:
		place = d.Path + ":"
	}
	b.WriteString(strings.TrimLeft(fmt.Sprintf("%s %s %s\n", paint(bold, place), paint(bold+hue, kind+":"), paint(bold, d.Text)), " "))
	if line, before, marked := d.frame(); line != "" {
		number := fmt.Sprint(d.Line)
		fmt.Fprintf(&b, "\n  %s %s\n", paint(dim, number+" |"), line)
		fmt.Fprintf(&b, "  %s %s%s\n", paint(dim, strings.Repeat(" ", len(number))+" |"), before, paint(hue, strings.Repeat("^", max(1, marked))))
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "\n  %s\n", d.Hint)
	}
	for _, note := range d.Notes {
		fmt.Fprintf(&b, "  %s\n", paint(dim, "note: ")+note)
	}
	return b.String()
}

// frame is the line to show, the blanks under what comes before the marked part (tabs stay, so that
// both lines align), and the width of the marked part.
func (d Diagnostic) frame() (line, before string, marked int) {
	column := 1
	var shown, under strings.Builder
	start := 1
	if d.Column > frameWidth*3/4 {
		start = d.Column - frameWidth/2
	}
	for _, r := range d.LineText {
		if column >= start && column < start+frameWidth {
			shown.WriteRune(r)
			if column < d.Column {
				if r == '\t' {
					under.WriteRune('\t')
				} else {
					under.WriteString(strings.Repeat(" ", width(r)))
				}
			} else if column < d.Column+d.Length {
				marked += width(r)
			}
		}
		column++
		if r > 0xFFFF {
			column++
		}
	}
	return strings.TrimRight(shown.String(), " \t"), under.String(), marked
}

// width is how many cells of a terminal a character takes, roughly: East Asian scripts and
// pictographs take two.
func width(r rune) int {
	if r >= 0x1100 && r <= 0x115F || r >= 0x2E80 && r <= 0xD7A3 || r >= 0xF900 && r <= 0xFAFF ||
		r >= 0xFE30 && r <= 0xFE6F || r >= 0xFF00 && r <= 0xFF60 || r >= 0x1F300 && r <= 0x1FAFF || r >= 0x20000 {
		return 2
	}
	return 1
}
