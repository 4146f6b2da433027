package devserver

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// quote writes a string as a JavaScript literal that may also stand in HTML: Go's JSON escapes
// <, > and &, and the two line separators.
func quote(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // strings, numbers and maps of them
	}
	return string(text)
}

// escapePath escapes each part of an id for a URL's path.
func escapePath(id string) string {
	parts := strings.Split(id, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// utf16Length counts as editors and browsers do.
func utf16Length(text string) (n int) {
	for _, c := range text {
		n++
		if c > 0xFFFF {
			n++
		}
	}
	return n
}

// utf16Offset is the byte offset of the n-th UTF-16 unit of a line, or its end.
func utf16Offset(line string, n int) int {
	offset := 0
	for n > 0 && offset < len(line) {
		c, size := utf8.DecodeRuneInString(line[offset:])
		offset += size
		n--
		if c > 0xFFFF {
			n--
		}
	}
	return offset
}
