package devserver

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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
func servable(name string) bool {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\:") {
		return false
	}
	for i, part := range strings.Split(name, "/") {
		if strings.HasPrefix(part, ".") && !(i == 0 && part == ".well-known") {
			return false
		}
	}
	return filepath.IsLocal(filepath.FromSlash(name))
}

// openRegular opens a file unless it is something else, such as a named pipe.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, nil, fs.ErrNotExist
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, nil, fs.ErrNotExist
	}
	return file, info, nil
}
