package esbuildast

import (
	"strings"

	"github.com/evanw/esbuild/internal/logger"
)

// Message is one finding of esbuild's parser or resolver.
type Message struct {
	Error bool
	Text  string
	// Suggestion is what esbuild would write instead of the marked text, or "".
	Suggestion string
	Location   *Location
	Notes      []Note
}

// Location is a place in a text; Line is 1-based, Column and Length count bytes from 0.
type Location struct {
	Path                 string
	Line, Column, Length int
	LineText             string
}

// Note explains a message, with or without a place of its own.
type Note struct {
	Text     string
	Location *Location
}

func messages(msgs []logger.Msg) (found []Message) {
	for _, msg := range msgs {
		if msg.Kind != logger.Error && msg.Kind != logger.Warning || msg.ID == logger.MsgID_JS_UnsupportedRequireCall {
			continue // a bundler reads our output next, and it can convert require
		}
		m := Message{Error: msg.Kind == logger.Error, Text: msg.Data.Text, Location: location(msg.Data.Location)}
		if msg.Data.Location != nil {
			m.Suggestion = msg.Data.Location.Suggestion
		}
		for _, note := range msg.Notes {
			m.Notes = append(m.Notes, Note{Text: note.Text, Location: location(note.Location)})
		}
		found = append(found, m)
	}
	return found
}

func location(at *logger.MsgLocation) *Location {
	if at == nil {
		return nil
	}
	// A column beyond the text (the end of the file) must still have a line to stand in.
	line := strings.TrimSuffix(at.LineText, "\r")
	column := min(at.Column, len(line))
	return &Location{Path: at.File.Rel, Line: at.Line, Column: column, Length: min(at.Length, len(line)-column), LineText: line}
}

func hasError(found []Message) bool {
	for _, m := range found {
		if m.Error {
			return true
		}
	}
	return false
}
