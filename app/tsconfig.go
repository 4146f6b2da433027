package app

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/tidwall/jsonc"
)

// TSConfig is the text of the tsconfig.json that applies to files in dir, with what it extends
// merged in: `{"compilerOptions": …}`, or "" without one. Only the compiler options count here.
func (p *Project) TSConfig(dir string) string {
	for {
		if options := compilerOptions(filepath.Join(dir, "tsconfig.json"), 0); options != nil {
			return quote(map[string]any{"compilerOptions": options})
		}
		parent := filepath.Dir(dir)
		if dir == p.Root || parent == dir || filepath.Base(parent) == "node_modules" {
			return ""
		}
		dir = parent
	}
}

// maxExtends bounds chains of "extends", which may go in circles.
const maxExtends = 16

func compilerOptions(file string, depth int) map[string]any {
	text, err := os.ReadFile(file)
	if err != nil || depth > maxExtends {
		return nil
	}
	var config struct {
		Extends         any            `json:"extends"`
		CompilerOptions map[string]any `json:"compilerOptions"`
	}
	if json.Unmarshal(jsonc.ToJSON(text), &config) != nil {
		return nil
	}
	options := map[string]any{}
	bases, _ := config.Extends.([]any)
	if one, ok := config.Extends.(string); ok {
		bases = []any{one}
	}
	for _, base := range bases {
		if name, ok := base.(string); ok {
			maps.Copy(options, extended(filepath.Dir(file), name, depth))
		}
	}
	maps.Copy(options, config.CompilerOptions)
	return options
}

// extended finds what "extends" names: a file, or one in a package.
func extended(dir, name string, depth int) map[string]any {
	var candidates []string
	if strings.HasPrefix(name, ".") || filepath.IsAbs(name) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		candidates = []string{name}
	} else {
		for at := dir; ; at = filepath.Dir(at) {
			candidates = append(candidates, filepath.Join(at, "node_modules", filepath.FromSlash(name)))
			if filepath.Dir(at) == at {
				break
			}
		}
	}
	for _, candidate := range candidates {
		for _, suffix := range []string{"", ".json", "/tsconfig.json"} {
			if options := compilerOptions(candidate+suffix, depth+1); options != nil {
				return options
			}
		}
	}
	return nil
}
