package build

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
)

// metafile is what esbuild says about a finished build, as far as we use it.
type metafile struct {
	Inputs  map[string]metaInput  `json:"inputs"`
	Outputs map[string]metaOutput `json:"outputs"`
	// chunks maps the input of an entry point or dynamic import to its output.
	chunks map[string]string
}

type metaInput struct {
	Imports []metaImport `json:"imports"`
}

type metaOutput struct {
	Imports    []metaImport `json:"imports"`
	EntryPoint string       `json:"entryPoint"`
	CSSBundle  string       `json:"cssBundle"`
}

type metaImport struct {
	Path     string `json:"path"`
	Kind     string `json:"kind"`
	Original string `json:"original"`
	External bool   `json:"external"`
}

func readMetafile(text string) (*metafile, error) {
	m := &metafile{chunks: map[string]string{}}
	if err := json.Unmarshal([]byte(text), m); err != nil {
		return nil, err
	}
	for path, output := range m.Outputs {
		if output.EntryPoint != "" && !strings.HasSuffix(path, ".css") {
			m.chunks[output.EntryPoint] = path
		}
	}
	return m, nil
}

// reach visits an input and all that it imports, dynamic imports included, in the order of the
// source.
func (m *metafile) reach(input string, seen map[string]bool, visit func(input string)) {
	if seen[input] {
		return
	}
	seen[input] = true
	visit(input)
	for _, edge := range m.Inputs[input].Imports {
		if !edge.External {
			m.reach(edge.Path, seen, visit)
		}
	}
}

// roots maps each input to one that evaluates it and that the server's bundle has a chunk for anyway:
// a route file, or the target of a dynamic import. Importing every module with a symbol by itself
// would make a chunk of each, and of each set of them that shares something.
func (m *metafile) roots(files []string) map[string]string {
	roots := map[string]string{}
	var visit func(input, root string)
	visit = func(input, root string) {
		if _, seen := roots[input]; seen {
			return
		}
		roots[input] = root
		for _, edge := range m.Inputs[input].Imports {
			if !edge.External && edge.Kind != "dynamic-import" {
				visit(edge.Path, root)
			}
		}
	}
	for _, file := range files {
		if _, ok := m.Inputs[file]; ok {
			visit(file, file)
		}
	}
	var targets []string
	for _, input := range m.Inputs {
		for _, edge := range input.Imports {
			if edge.Kind == "dynamic-import" && !edge.External {
				targets = append(targets, edge.Path)
			}
		}
	}
	slices.Sort(targets) // the same choice in every build
	for _, target := range targets {
		visit(target, target)
	}
	return roots
}

// chain is the shortest way from one of the inputs to a target, both ends included.
func (m *metafile) chain(from []string, target string) []string {
	previous := map[string]string{}
	queue := slices.Clone(from)
	for _, input := range from {
		previous[input] = ""
	}
	for len(queue) > 0 {
		input := queue[0]
		queue = queue[1:]
		if input == target {
			var path []string
			for at := input; at != ""; at = previous[at] {
				path = append(path, at)
			}
			slices.Reverse(path)
			return path
		}
		for _, edge := range m.Inputs[input].Imports {
			if _, seen := previous[edge.Path]; !seen && !edge.External {
				previous[edge.Path] = input
				queue = append(queue, edge.Path)
			}
		}
	}
	return nil
}

// preload lists an output and what it imports statically, each once.
func (m *metafile) preload(output string, seen map[string]bool) []string {
	if output == "" || seen[output] {
		return nil
	}
	seen[output] = true
	list := []string{output}
	for _, edge := range m.Outputs[output].Imports {
		if edge.Kind == "import-statement" && !edge.External {
			list = append(list, m.preload(edge.Path, seen)...)
		}
	}
	return list
}

// absolute turns an input's name into a file, or "" for virtual modules.
func (b *builder) absolute(input string) string {
	if strings.Contains(strings.SplitN(input, "/", 2)[0], ":") && !filepath.IsAbs(input) {
		return ""
	}
	if filepath.IsAbs(input) {
		return input
	}
	return filepath.Join(b.project.AppRoot, filepath.FromSlash(input))
}

// input is the name of a file in the metafile.
func (b *builder) input(path string) string {
	rel, err := filepath.Rel(b.project.AppRoot, path)
	if err != nil {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(rel)
}
