package service

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"eclipsa/app"
)

func (s *service) hello(r *helloRequest) (*helloAnswer, error) {
	if r.Protocol == protocolVersion && r.Version == s.version {
		return &helloAnswer{Protocol: protocolVersion, Version: s.version}, nil
	}
	own := platformOf()
	if r.Version == s.version {
		// Two builds of one checkout: no package would help.
		return nil, &app.Problem{Text: fmt.Sprintf("eclipsa and its program (%s) are both %s, but speak protocol %d and %d", own, s.version, r.Protocol, protocolVersion),
			Hint: "Build both again. ECLIPSA_BINARY, where it is set, names the program."}
	}
	update, to := own, r.Version
	if isOlder(r.Version, s.version) {
		update, to = "eclipsa", s.version
	}
	return nil, &app.Problem{Text: fmt.Sprintf("the package eclipsa is %s, and its program (%s) is %s: update %s", r.Version, own, s.version, update),
		Hint: fmt.Sprintf("Run `npm install %s@%s`. ECLIPSA_BINARY, where it is set, names the program.", update, to)}
}

// isOlder goes number by number; of the same numbers, those with a suffix ("-beta.1") came first.
func isOlder(a, b string) bool {
	aNumbers, aSuffix, _ := strings.Cut(a, "-")
	bNumbers, bSuffix, _ := strings.Cut(b, "-")
	if order := slices.Compare(numbersOf(aNumbers), numbersOf(bNumbers)); order != 0 {
		return order < 0
	}
	if (aSuffix == "") != (bSuffix == "") {
		return aSuffix != ""
	}
	return aSuffix < bSuffix
}

// numbersOf takes what is no number for 0: the outcome is advice.
func numbersOf(version string) (numbers []int) {
	for part := range strings.SplitSeq(version, ".") {
		number, _ := strconv.Atoi(part)
		numbers = append(numbers, number)
	}
	return numbers
}

// platformOf is the npm package of this program: npm has Node's names for systems and processors.
func platformOf() string {
	names := map[string]string{"windows": "win32", "amd64": "x64"}
	return "@eclipsa/" + cmp.Or(names[runtime.GOOS], runtime.GOOS) + "-" + cmp.Or(names[runtime.GOARCH], runtime.GOARCH)
}
