package build

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"eclipsa/app"
	"eclipsa/transform"

	"github.com/evanw/esbuild/pkg/api"
)

// Failure is a build that stopped at the user's mistakes. Error shows them with code frames.
type Failure struct{ Messages []api.Message }

func (f *Failure) Error() string { return f.Text(false) }

// Text is Error, with colours for a terminal.
func (f *Failure) Text(color bool) string {
	shown := f.Messages
	const most = 20 // what follows is nearly always the same mistake again
	if len(shown) > most {
		shown = shown[:most]
	}
	texts := api.FormatMessages(shown, api.FormatMessagesOptions{Kind: api.ErrorMessage, Color: color})
	for i, text := range texts {
		texts[i] = strings.TrimRight(text, "\n")
	}
	return "the build failed\n" + strings.Join(texts, "\n\n")
}

// failure is nil without messages.
func failure(messages []api.Message) error {
	if len(messages) == 0 {
		return nil
	}
	return &Failure{Messages: messages}
}

// merge joins the errors of the two builds. Both see the same source files, so most messages come
// twice; where the client failed, the server's "waiting in vain" is no error of its own.
func merge(errs ...error) error {
	var all Failure
	var others []error
	for _, err := range errs {
		var one *Failure
		if errors.As(err, &one) {
			for _, message := range one.Messages {
				if !slices.ContainsFunc(all.Messages, func(m api.Message) bool { return sameMessage(m, message) }) {
					all.Messages = append(all.Messages, message)
				}
			}
		} else if err != nil && !errors.Is(err, errNoClient) {
			others = append(others, err)
		}
	}
	if len(all.Messages) > 0 {
		others = append(others, &all)
	}
	if len(others) == 1 {
		return others[0]
	}
	return errors.Join(others...)
}

func sameMessage(a, b api.Message) bool {
	if a.Text != b.Text || (a.Location == nil) != (b.Location == nil) {
		return false
	}
	return a.Location == nil || a.Location.File == b.Location.File && a.Location.Line == b.Location.Line && a.Location.Column == b.Location.Column
}

// message turns a finding of transform into esbuild's form. file is its path for the user.
func message(d transform.Diagnostic, file string) api.Message {
	location := &api.Location{File: file, Line: d.Line, LineText: d.LineText}
	location.Column = byteOffset(d.LineText, d.Column-1)
	location.Length = byteOffset(d.LineText, d.Column-1+d.Length) - location.Column
	m := api.Message{PluginName: "", Text: d.Text, Location: location}
	for _, note := range d.Notes {
		m.Notes = append(m.Notes, api.Note{Text: note})
	}
	if d.Hint != "" {
		m.Notes = append(m.Notes, api.Note{Text: d.Hint})
	}
	return m
}

// byteOffset converts UTF-16 units to bytes.
func byteOffset(line string, units int) int {
	for i, r := range line {
		if units <= 0 {
			return i
		}
		units--
		if r > 0xFFFF && utf8.RuneLen(r) == 4 {
			units--
		}
	}
	return len(line)
}

// problemMessage is an app.Problem among messages.
func problemMessage(p *app.Problem) api.Message {
	m := api.Message{Text: p.Text}
	if p.Path != "" {
		m.Text = p.Path + ": " + p.Text
	}
	if p.Hint != "" {
		m.Notes = []api.Note{{Text: p.Hint}}
	}
	return m
}

// own takes esbuild's remarks about plugins off messages that are ours.
func own(messages []api.Message) []api.Message {
	for i := range messages {
		messages[i].PluginName = ""
		messages[i].Notes = slices.DeleteFunc(messages[i].Notes, func(note api.Note) bool {
			return strings.HasPrefix(note.Text, `The plugin "eclipsa" was triggered by`)
		})
	}
	return messages
}
