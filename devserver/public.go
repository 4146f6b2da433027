package devserver

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"unicode"
)

// publicFiles serves the app's public/ folder as it is. os.Root keeps every name inside it:
// no "..", no link that leads out, no race with a link that is swapped in between (S8, S9).
type publicFiles struct{ folder string }

func newPublicFiles(root string) *publicFiles { return &publicFiles{filepath.Join(root, "public")} }

// serve answers if name (without base and leading slash) is a file in public/, and says whether
// it did. The folder is opened each time: it may come and go while the server runs.
func (p *publicFiles) serve(w http.ResponseWriter, r *http.Request, name string) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || !servable(name) {
		return false
	}
	if strings.Contains(strings.ToLower(r.URL.EscapedPath()), "%2f") {
		return false // not a separator for the app's middlewares either (S10)
	}
	root, err := os.OpenRoot(p.folder)
	if err != nil {
		return false
	}
	defer root.Close()
	// Stat first: opening a named pipe would block.
	if info, err := root.Stat(filepath.FromSlash(name)); err != nil || !info.Mode().IsRegular() {
		return false
	}
	file, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, name, info.ModTime(), file)
	return true
}

// servable refuses names that are not plain slash-separated paths, and dotfiles other than
// .well-known: an .env that strayed into public/ stays here.
func servable(name string) bool { return servableOn(name, runtime.GOOS == "windows") }

func servableOn(name string, windows bool) bool {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\:") || strings.ContainsFunc(name, unicode.IsControl) {
		return false
	}
	for i, part := range strings.Split(name, "/") {
		// Some file systems ignore what can't be seen.
		visible := strings.TrimLeftFunc(part, func(c rune) bool { return !unicode.IsGraphic(c) })
		if strings.HasPrefix(visible, ".") && !(i == 0 && part == ".well-known") || windows && !plainOnWindows(part) {
			return false
		}
	}
	return true
}

var (
	windowsDevice = regexp.MustCompile(`^(?i)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\.|$)`)
	shortName     = regexp.MustCompile(`~[0-9]`)
)

// plainOnWindows says whether a part of a path means the file of that name and nothing else: no
// device, no short name of another file ("ENV~1"), nothing that is cut off.
func plainOnWindows(part string) bool {
	trimmed := strings.TrimRight(part, " .")
	stem, _, _ := strings.Cut(trimmed, ".")
	return trimmed == part && !strings.ContainsAny(part, `<>"|?*`) && !shortName.MatchString(part) && !windowsDevice.MatchString(strings.TrimRight(stem, " "))
}

// openRegular opens a file by its real path, unless it is something else, such as a named pipe, or
// a link has taken its place since it was looked up (S9).
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	for range 3 { // it may be saved at this very moment
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		file, err := os.Open(path)
		if err != nil {
			continue
		}
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && isAt(info, path) {
			return file, info, nil
		}
		file.Close()
	}
	return nil, nil, fs.ErrNotExist
}

// isAt says whether what was opened is what lies at a path that no link is part of. It asks after the
// opening: what is swapped in now no longer matters.
func isAt(opened fs.FileInfo, path string) bool {
	if leadsElsewhere(path) {
		return false
	}
	info, err := os.Lstat(path)
	return err == nil && os.SameFile(info, opened)
}

// leadsElsewhere says whether a link is part of what was a real path when the graph was made.
func leadsElsewhere(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	return err != nil || real != path && !(runtime.GOOS == "windows" && strings.EqualFold(real, path))
}
