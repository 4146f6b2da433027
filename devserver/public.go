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

// openPlain opens a regular file by way of folders that are no links, from root down (from the
// file's own folder, if it lies elsewhere). What is swapped in meanwhile is not followed: each step is
// taken from an open folder, and compared with what lies there (S9).
func openPlain(root, path string) (*os.File, fs.FileInfo, error) {
	inside, err := filepath.Rel(root, path)
	if err != nil || !filepath.IsLocal(inside) {
		root, inside = filepath.Dir(path), filepath.Base(path)
	}
	folder, err := os.OpenRoot(root)
	if err != nil {
		return nil, nil, err
	}
	defer func() { folder.Close() }()
	names := strings.Split(inside, string(filepath.Separator))
	for _, name := range names[:len(names)-1] {
		next, err := folder.OpenRoot(name)
		if err != nil {
			return nil, nil, err
		}
		info, err := next.Stat(".")
		if err != nil || !liesAt(folder, name, info) {
			next.Close()
			return nil, nil, fs.ErrNotExist
		}
		folder.Close()
		folder = next
	}
	name := names[len(names)-1]
	// Before the opening: that of a named pipe would block.
	if info, err := folder.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return nil, nil, fs.ErrNotExist
	}
	file, err := folder.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || !liesAt(folder, name, info) {
		file.Close()
		return nil, nil, fs.ErrNotExist
	}
	return file, info, nil
}

// liesAt says whether what was opened is what has that name in a folder, and not behind a link.
func liesAt(folder *os.Root, name string, opened fs.FileInfo) bool {
	info, err := folder.Lstat(name)
	return err == nil && os.SameFile(info, opened)
}

// leadsElsewhere says whether a link is part of what was a real path when the graph was made.
func leadsElsewhere(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	return err != nil || real != path && !(runtime.GOOS == "windows" && strings.EqualFold(real, path))
}
