package devserver

import (
	"encoding/json"
	"errors"
	"sort"
	"strings"
)

// mapping leads from a place in generated code to its source. Lines and columns are 0-based,
// columns in UTF-16 units, as source maps count.
type mapping struct {
	line, column             int
	sourceLine, sourceColumn int
}

// sourceMap is a decoded source map of one source, sorted by generated place.
type sourceMap []mapping

// parseSourceMap reads a version 3 map. Segments without a source are left out.
func parseSourceMap(text []byte) (sourceMap, error) {
	var raw struct {
		Version  int    `json:"version"`
		Mappings string `json:"mappings"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	var all sourceMap
	var source, sourceLine, sourceColumn int
	for line, segments := range strings.Split(raw.Mappings, ";") {
		column := 0
		for segment := range strings.SplitSeq(segments, ",") {
			if segment == "" {
				continue
			}
			fields, err := decodeVLQ(segment)
			if err != nil {
				return nil, err
			}
			column += fields[0]
			if len(fields) < 4 {
				continue
			}
			source += fields[1]
			sourceLine += fields[2]
			sourceColumn += fields[3]
			all = append(all, mapping{line, column, sourceLine, sourceColumn})
		}
	}
	return all, nil
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// decodeVLQ reads numbers of 5 bits a digit, lowest first, whose lowest bit is the sign.
func decodeVLQ(text string) (numbers []int, err error) {
	value, shift := 0, 0
	for i := range len(text) {
		digit := strings.IndexByte(base64Digits, text[i])
		if digit < 0 || shift > 30 {
			return nil, errors.New("malformed source map")
		}
		value |= (digit & 31) << shift
		if shift += 5; digit&32 != 0 {
			continue
		}
		if value&1 != 0 {
			value = -(value >> 1)
		} else {
			value >>= 1
		}
		numbers = append(numbers, value)
		value, shift = 0, 0
	}
	if shift != 0 || len(numbers) == 0 {
		return nil, errors.New("malformed source map")
	}
	return numbers, nil
}

// find gives the source of a 1-based place, 1-based: that of the nearest mapping before it on its
// line, else of the first one after it.
func (m sourceMap) find(line, column int) (sourceLine, sourceColumn int, ok bool) {
	line, column = line-1, column-1
	after := sort.Search(len(m), func(i int) bool {
		return m[i].line > line || m[i].line == line && m[i].column > column
	})
	switch {
	case after > 0 && m[after-1].line == line:
		after--
	case after < len(m) && m[after].line == line:
	default:
		return 0, 0, false
	}
	return m[after].sourceLine + 1, m[after].sourceColumn + 1, true
}
