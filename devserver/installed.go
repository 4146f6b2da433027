package devserver

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// What is installed: the records that package managers keep of it, and the files that a bundle was
// made of.

// installRecords are what package managers write into node_modules when they are done: the truth about
// what is there. lockFiles say what should be, and count where there is no record.
var (
	installRecords = []string{".package-lock.json", ".modules.yaml", ".yarn-integrity", ".yarn-state.yml"}
	lockFiles      = []string{"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"}
)

// hashInstalled adds what a folder's files say about the packages that its code gets.
func hashInstalled(sum io.Writer, dir string) {
	names := make([]string, len(installRecords))
	for i, name := range installRecords {
		names[i] = filepath.Join("node_modules", name)
	}
	if hashFiles(sum, dir, append(names, filepath.Join("node_modules", ".pnpm", "lock.yaml"))) == 0 {
		hashFiles(sum, dir, lockFiles)
	}
	sum.Write(resolutionFields(filepath.Join(dir, "package.json")))
}

func hashFiles(sum io.Writer, dir string, names []string) (found int) {
	for _, name := range names {
		if content, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			fmt.Fprintf(sum, "%s %d\n", filepath.ToSlash(name), len(content))
			sum.Write(content)
			found++
		}
	}
	return found
}

// resolutionFields is the part of a package.json that decides which packages code gets: changes of its
// scripts and its version are no reason to bundle again.
func resolutionFields(file string) []byte {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(text, &all) != nil {
		return nil // reported where it is read
	}
	kept := map[string]json.RawMessage{}
	for _, name := range []string{"name", "type", "dependencies", "devDependencies", "optionalDependencies", "peerDependencies",
		"overrides", "resolutions", "pnpm", "imports", "exports", "browser", "sideEffects"} {
		if value, ok := all[name]; ok {
			kept[name] = value
		}
	}
	text, _ = json.Marshal(kept)
	return text
}

// stamps are the files that a bundle was made of, each with its size and time: a package that was
// patched by hand, or linked, changes without a record.
type stamps []string

// stampsName is the file that keeps them beside the bundle.
const stampsName = "inputs.txt"

// stampsOf takes paths as the bundler names them.
func (b *bundler) stampsOf(inputs []string) stamps {
	var all stamps
	for _, input := range inputs {
		path, _, _ := strings.Cut(input, "?")
		if !filepath.IsAbs(path) {
			path = filepath.Join(b.project.AppRoot, filepath.FromSlash(path))
		}
		info, err := os.Stat(path)
		if err != nil { // virtual
			continue
		}
		all = append(all, stamp(path, info))
		if pkg := b.project.PackageOf(filepath.Dir(path)); pkg != nil {
			file := filepath.Join(pkg.Dir, "package.json")
			if info, err := os.Stat(file); err == nil {
				all = append(all, stamp(file, info))
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func stamp(path string, info fs.FileInfo) string {
	return fmt.Sprintf("%d %d %s", info.Size(), info.ModTime().UnixNano(), path)
}

func (s stamps) hash() string {
	sum := sha256.Sum256([]byte(strings.Join(s, "\n")))
	return fmt.Sprintf("%x", sum[:4])
}

func (s stamps) write(file string) error {
	return os.WriteFile(file, []byte(strings.Join(s, "\n")), 0o644)
}

// current says whether all files are as they were.
func (s stamps) current() bool {
	for _, one := range s {
		parts := strings.SplitN(one, " ", 3)
		if len(parts) != 3 {
			return false
		}
		if info, err := os.Stat(parts[2]); err != nil || stamp(parts[2], info) != one {
			return false
		}
	}
	return true
}

// kept finds a bundle with this key whose files are as they were.
func (b *bundler) kept(s side, key string) (bundle, bool) {
	prefix := s.String() + "-"
	for _, folder := range b.cached(prefix + key) {
		made := b.named(s, strings.TrimPrefix(filepath.Base(folder), prefix))
		text, err := os.ReadFile(filepath.Join(folder, stampsName))
		if _, entry := os.Stat(made.entry()); err != nil || entry != nil {
			continue
		}
		if stamps(strings.Split(string(text), "\n")).current() {
			return made, true
		}
	}
	return bundle{}, false
}

// cached lists the cache's folders whose names begin so. (A pattern would misread brackets in the path.)
func (b *bundler) cached(prefix string) (folders []string) {
	entries, _ := os.ReadDir(b.cacheFolder())
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), prefix) {
			folders = append(folders, filepath.Join(b.cacheFolder(), entry.Name()))
		}
	}
	return folders
}
