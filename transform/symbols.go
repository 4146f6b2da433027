package transform

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/evanw/esbuild/esbuildast"
)

// runtimeModule is where markers, hooks and the JSX runtime come from.
const runtimeModule = "eclipsa"

// componentsModule is what ES client modules register their components with, under Vite.
const componentsModule = runtimeModule + "/dev/vite"

var markers = []string{string(Realtime), string(Action), string(Loader)}

// symbols are the markers' calls of one tree, and what is wrong about them.
type symbols struct {
	calls       []esbuildast.Call
	symbols     []Symbol
	diagnostics []Diagnostic
}

func (s *source) findSymbols(tree *esbuildast.Tree) (found symbols) {
	calls, misuses := tree.Markers(runtimeModule, markers...)
	for _, misuse := range misuses {
		found.diagnostics = append(found.diagnostics, s.misuse(misuse))
	}
	ids := map[string]string{}
	for _, call := range calls {
		if d, wrong := s.checkArguments(call); wrong {
			found.diagnostics = append(found.diagnostics, d)
			continue
		}
		symbol := Symbol{ID: symbolID(s.options.Path, call.Name), Kind: SymbolKind(call.Marker), Name: call.Name}
		symbol.Line, symbol.Column = s.tracker.position(call.Place.Offset)
		if other, taken := ids[symbol.ID]; taken {
			found.diagnostics = append(found.diagnostics, s.collision(call, other))
			continue
		}
		ids[symbol.ID] = call.Name
		found.calls = append(found.calls, call)
		found.symbols = append(found.symbols, symbol)
	}
	return found
}

// symbolID depends on nothing that an edit, a machine or a deploy changes: a browser on yesterday's
// page can still reconnect.
func symbolID(path, name string) string {
	sum := sha256.Sum256([]byte(path + "\x00" + name))
	return urlSafe(name) + "-" + hex.EncodeToString(sum[:5])
}

// urlSafe keeps the name readable; the hash tells apart what it makes equal.
func urlSafe(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-', r == '.':
			return r
		}
		return '_'
	}, name)
}
