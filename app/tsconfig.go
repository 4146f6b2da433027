package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tidwall/jsonc"
)

// TSConfig is the text of the tsconfig.json that applies to files in dir, with what it extends
// merged in: `{"compilerOptions": …}`, or "" without one. Only the compiler options count here.
func (p *Project) TSConfig(dir string) string {
	for {
		if options := p.compilerOptions(filepath.Join(dir, "tsconfig.json"), 0); options != nil {
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

func (p *Project) compilerOptions(file string, depth int) map[string]any {
	text, err := os.ReadFile(file)
	p.tsconfigs.Store(file, nil)
	if err != nil || depth > maxExtends {
		return nil
	}
	text = jsonc.ToJSON(bytes.TrimPrefix(text, []byte("\uFEFF"))) // keeps every place
	if problem := checkJSON(text, p.ModulePath(file)); problem != nil {
		problem.Hint = ""
		p.tsconfigs.Store(file, problem)
		return map[string]any{}
	}
	var config struct {
		Extends         any            `json:"extends"`
		CompilerOptions map[string]any `json:"compilerOptions"`
	}
	if json.Unmarshal(text, &config) != nil {
		return nil
	}
	options := map[string]any{}
	bases, _ := config.Extends.([]any)
	if one, ok := config.Extends.(string); ok {
		bases = []any{one}
	}
	for _, base := range bases {
		name, ok := base.(string)
		if !ok {
			continue
		}
		more, found := p.extended(filepath.Dir(file), name, depth)
		if !found && depth < maxExtends {
			place := position(text, bytes.Index(text, []byte(quote(name))))
			p.tsconfigs.Store(file, &Problem{Text: fmt.Sprintf("\"extends\" names %s, which is not there", quote(name)), Path: p.ModulePath(file) + place})
		}
		maps.Copy(options, more)
	}
	maps.Copy(options, config.CompilerOptions)
	return options
}

// extended finds what "extends" names: a file, or one in a package.
func (p *Project) extended(dir, name string, depth int) (options map[string]any, found bool) {
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
			if options := p.compilerOptions(candidate+suffix, depth+1); options != nil {
				return options, true
			}
		}
	}
	return nil, false
}

// TSConfigFiles are the files that TSConfig has read or looked for until now, by absolute path: a change of
// one of them may change its answers.
func (p *Project) TSConfigFiles() (files []string) {
	p.tsconfigs.Range(func(file, _ any) bool {
		files = append(files, file.(string))
		return true
	})
	slices.Sort(files)
	return files
}

// TSConfigProblems are the mistakes that TSConfig has met until now. Files with mistakes count as empty.
func (p *Project) TSConfigProblems() (problems []*Problem) {
	for _, file := range p.TSConfigFiles() {
		if found, _ := p.tsconfigs.Load(file); found != nil {
			problems = append(problems, found.(*Problem))
		}
	}
	return problems
}
