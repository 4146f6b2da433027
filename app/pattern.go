package app

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	staticFolder = regexp.MustCompile(`^[^\[\]()]+$`)
	groupFolder  = regexp.MustCompile(`^\([^\[\]()]+\)$`)
	paramFolder  = regexp.MustCompile(`^\[([A-Za-z_$][\w$-]*)\]$`)
	optFolder    = regexp.MustCompile(`^\[\[([A-Za-z_$][\w$-]*)\]\]$`)
	restFolder   = regexp.MustCompile(`^\[\.\.\.([A-Za-z_$][\w$-]*)\]$`)
)

// parseFolder reads a folder's name; a group gives no segment.
func parseFolder(name string) (segment Segment, group bool, err *Problem) {
	switch {
	case staticFolder.MatchString(name):
		return Segment{Type: "static", Value: name}, false, nil
	case groupFolder.MatchString(name):
		return Segment{}, true, nil
	case paramFolder.MatchString(name):
		return Segment{Type: "param", Name: name[1 : len(name)-1]}, false, nil
	case optFolder.MatchString(name):
		return Segment{Type: "optional", Name: name[2 : len(name)-2]}, false, nil
	case restFolder.MatchString(name):
		return Segment{Type: "rest", Name: name[4 : len(name)-1]}, false, nil
	}
	return Segment{}, false, &Problem{Text: fmt.Sprintf("the folder name %q is no route segment", name),
		Hint: "Write [name], [[name]] or [...name] for a parameter, (name) for a group, and no brackets otherwise."}
}

// checkSegments refuses patterns that can't be matched or whose parameters hide one another.
func checkSegments(segments []Segment) *Problem {
	names := map[string]bool{}
	for i, segment := range segments {
		if segment.Type == "rest" && i < len(segments)-1 {
			return &Problem{Text: fmt.Sprintf("[...%s] takes the rest of the path, so no folder can follow it", segment.Name),
				Hint: "Use [" + segment.Name + "] for a single segment."}
		}
		if segment.Name != "" && names[segment.Name] {
			return &Problem{Text: fmt.Sprintf("two folders of one route are named %q", segment.Name),
				Hint: "Rename one of them: params has room for one value a name."}
		}
		names[segment.Name] = true
	}
	return nil
}

// rank orders segment types, most specific first. A pattern that has ended stands between param
// and optional: "/a" is more specific than "/a/[[b]]".
func rank(segments []Segment, i int) int {
	if i >= len(segments) {
		return 2
	}
	return map[string]int{"static": 0, "param": 1, "optional": 3, "rest": 4}[segments[i].Type]
}

// compareSegments sorts most specific first, segment by segment, then by text, so that the order
// is the same on every machine.
func compareSegments(a, b []Segment) int {
	for i := range max(len(a), len(b)) {
		if ra, rb := rank(a, i), rank(b, i); ra != rb {
			return ra - rb
		}
		if order := strings.Compare(a[i].Value, b[i].Value); order != 0 {
			return order
		}
	}
	return 0
}

// shape is the pattern without the names of its parameters: two routes of one shape match the
// same URLs.
func shape(segments []Segment) string {
	var text strings.Builder
	for _, segment := range segments {
		text.WriteString("/" + segment.Type[:1] + ":" + segment.Value)
	}
	return text.String()
}
