package devserver

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"eclipsa/app"
)

// What to do about an import that leads nowhere: the name that was meant, or the command that installs
// the package.

// suggest is a hint for a specifier that means nothing in a folder, or "".
func (r *resolver) suggest(dir, specifier string) string {
	specifier, _, _ = strings.Cut(specifier, "?")
	switch name := app.PackageName(specifier); {
	case strings.HasPrefix(specifier, "./"), strings.HasPrefix(specifier, "../"), specifier == ".", specifier == "..":
		return suggestFile(dir, specifier)
	case strings.HasPrefix(specifier, "@/"), strings.HasPrefix(specifier, "~/"):
		prefix := specifier[:2]
		return fmt.Sprintf("%s is no package: say in tsconfig.json where it leads, as in { \"compilerOptions\": { \"paths\": { %s: [\"./app/*\"] } } }.", prefix, quote(prefix+"*"))
	case name != "" && !strings.HasPrefix(name, "node:") && app.FindPackage(dir, name) == "":
		return r.suggestPackage(name)
	}
	return ""
}

// suggestFile looks beside where the file should be.
func suggestFile(dir, specifier string) string {
	wanted := filepath.Join(dir, filepath.FromSlash(specifier))
	entries, err := os.ReadDir(filepath.Dir(wanted))
	if err != nil {
		return suggestFolder(dir, specifier)
	}
	name := filepath.Base(wanted)
	var exact, other, near []string // names: other letters only in case; another extension; like it
	for _, entry := range entries {
		found := entry.Name()
		stem := strings.TrimSuffix(found, path.Ext(found))
		switch {
		case entry.IsDir() && found == name:
			return fmt.Sprintf("%s is a folder without an index file.", specifier)
		case strings.HasPrefix(found, "."):
		case strings.EqualFold(found, name), strings.EqualFold(stem, name):
			exact = append(exact, found)
		case strings.EqualFold(stem, strings.TrimSuffix(name, path.Ext(name))), strings.HasPrefix(stem, name+"."):
			other = append(other, found)
		default:
			near = append(near, found, stem)
		}
	}
	best := app.Nearest(name, near)
	if all := slices.Concat(exact, other); len(all) > 0 {
		best = all[0]
	}
	if best == "" {
		return ""
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(wanted), best)); err != nil && slices.Contains(exact, best) {
		return fmt.Sprintf("%s is a link that leads nowhere.", best)
	}
	return didYouMean(path.Join(path.Dir(specifier), importName(best, name)), specifier)
}

// importName is how to write a file's name in an import like the one that was written.
func importName(file, written string) string {
	if path.Ext(written) == "" && scriptExtension.MatchString(file) {
		return strings.TrimSuffix(file, path.Ext(file))
	}
	return file
}

// suggestFolder is for a path with a folder that is not there: the first one decides.
func suggestFolder(dir, specifier string) string {
	parts := strings.Split(specifier, "/")
	for i, part := range parts[:len(parts)-1] {
		before := path.Join(parts[:i]...)
		_, err := os.Stat(filepath.Join(dir, filepath.FromSlash(path.Join(before, part))))
		if err == nil {
			continue
		}
		if near := app.Nearest(part, foldersIn(filepath.Join(dir, filepath.FromSlash(before)))); near != "" {
			return didYouMean(path.Join(before, near, path.Join(parts[i+1:]...)), specifier)
		}
		return fmt.Sprintf("There is no folder %s.", strings.Join(parts[:i+1], "/"))
	}
	return ""
}

func foldersIn(dir string) (names []string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names
}

func didYouMean(meant, specifier string) string {
	if !strings.HasPrefix(meant, ".") && strings.HasPrefix(specifier, ".") {
		meant = "./" + meant
	}
	return fmt.Sprintf("Did you mean %q?", meant)
}

// suggestPackage is for a package that is not installed.
func (r *resolver) suggestPackage(name string) string {
	listed := r.project.PackageOf(r.project.AppRoot).Names()
	if slices.Contains(listed, name) {
		return fmt.Sprintf("package.json lists %s, but it is not installed: run `%s install`.", name, r.packageManager())
	}
	install := fmt.Sprintf("Run `%s %s`.", map[string]string{"npm": "npm install", "pnpm": "pnpm add", "yarn": "yarn add", "bun": "bun add"}[r.packageManager()], name)
	if near := app.Nearest(name, listed); near != "" {
		return fmt.Sprintf("Did you mean %q? Else: %s", near, strings.ToLower(install[:1])+install[1:])
	}
	return fmt.Sprintf("The package %s is not installed. %s", name, install)
}

// packageManager is the one whose lock file is there.
func (r *resolver) packageManager() string {
	for dir := r.project.AppRoot; ; dir = filepath.Dir(dir) {
		for name, file := range map[string]string{"npm": "package-lock.json", "pnpm": "pnpm-lock.yaml", "yarn": "yarn.lock", "bun": "bun.lock"} {
			if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
				return name
			}
		}
		if dir == r.project.Root || dir == filepath.Dir(dir) {
			return "npm"
		}
	}
}
