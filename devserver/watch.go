package devserver

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

// The watcher turns what the system says about files into a set of changed paths, and does so
// without waiting: there is no debounce. The first change of a burst is handled at once; what
// comes while it is handled gathers in the set and is the next update.

// change says what happened to a file since the last time it was looked at.
type change uint8

const (
	written change = iota
	created
	removed
	replaced // removed and created again: whether somebody saw that it was away is not known
)

// pollInterval is for mounts that report nothing (settings.poll): a walk of 5,000 files costs
// about 20 ms.
const pollInterval = 300 * time.Millisecond

// watcher watches folders and everything below them. add may be called concurrently with run.
type watcher struct {
	roots  []string
	poll   bool
	notify *fsnotify.Watcher // nil when polling
	warn   func(error)       // told when it has to begin polling

	stirred atomic.Bool // something else came or went beside records

	mu      sync.Mutex          // Protects following.
	known   map[string]fileMark // every file below the roots
	folders map[string]bool     // watched folders
	records map[string][]string // folders of which only some files count, by name
	single  map[string]bool     // folders that were added without those below
	pending map[string]change   // not yet taken
	wake    chan struct{}       // holds one token when pending is not empty
}

type fileMark struct {
	size int64
	time time.Time
}

func markOf(info fs.FileInfo) fileMark { return fileMark{info.Size(), info.ModTime()} }

// newWatcher lists and watches everything below root. Where the system can't (or poll is set), it
// will look for itself.
func newWatcher(root string, poll bool) (*watcher, error) {
	w := &watcher{poll: poll, known: map[string]fileMark{}, folders: map[string]bool{},
		records: map[string][]string{}, single: map[string]bool{}, pending: map[string]change{}, wake: make(chan struct{}, 1)}
	if !poll {
		notify, err := fsnotify.NewWatcher()
		if err != nil {
			w.poll = true
		}
		w.notify = notify
	}
	err := w.add(root)
	if err != nil && w.notify != nil { // usually the system's limit of watches
		w.notify.Close()
		w.notify, w.poll = nil, true
		w.roots, w.folders = nil, map[string]bool{}
		w.add(root)
	}
	return w, err
}

// add watches one more folder and everything below it; a known one costs nothing.
func (w *watcher) add(root string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.folders[root] {
		return nil
	}
	w.roots = append(w.roots, root)
	return w.walk(root, false)
}

// addFolder watches the files of one more folder: for packages outside the roots.
func (w *watcher) addFolder(folder string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.folders[folder] {
		return
	}
	if w.watchFolder(folder) != nil {
		return
	}
	w.single[folder] = true
	for path, info := range filesOf(folder) {
		w.known[path] = markOf(info)
	}
}

// filesOf are the files right in a folder.
func filesOf(folder string) map[string]fs.FileInfo {
	files := map[string]fs.FileInfo{}
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if info, err := look(path); err == nil && !entry.IsDir() && !ignoredFile(entry.Name()) {
			files[path] = info
		}
	}
	return files
}

// look follows links to files. Other links, those to folders and those to nothing, are files themselves.
func look(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return os.Lstat(path)
	}
	return info, nil
}

// addRecords watches some files of a folder and nothing else in it, now or when it appears. The folder
// above must be watched.
func (w *watcher) addRecords(folder string, names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.records[folder] == nil {
		w.records[folder] = names
		w.lookAtRecords(folder, false)
	}
}

// lookAtRecords finds out what became of the records of a folder. The caller holds mu.
func (w *watcher) lookAtRecords(folder string, news bool) {
	if w.notify != nil {
		w.notify.Add(folder) // fails where there is none: the folder above tells when it appears
	}
	for _, name := range w.records[folder] {
		path := filepath.Join(folder, name)
		info, err := os.Stat(path)
		switch {
		case err != nil && news:
			w.gone(path)
		case err == nil && news && w.known[path] != markOf(info):
			w.seen(path, info)
		case err == nil:
			w.known[path] = markOf(info)
		}
	}
}

// walk adds a folder. In one that appeared while we watch, every file is news: some may have been
// written before the system knew that we want to hear of them. The caller holds mu.
func (w *watcher) walk(root string, news bool) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if path == root && !news {
				return err
			}
			return nil // gone again
		}
		if entry.IsDir() {
			if path != root && ignoredFolder(entry.Name()) {
				return filepath.SkipDir
			}
			return w.watchFolder(path)
		}
		info, err := look(path)
		if err != nil || ignoredFile(entry.Name()) {
			return nil
		}
		if _, known := w.known[path]; news && !known {
			w.put(path, created)
		}
		w.known[path] = markOf(info)
		return nil
	})
}

// watchFolder asks the system for events of a folder. A path that is watched already may be another
// folder by now, so that the system is asked again.
func (w *watcher) watchFolder(path string) error {
	if w.notify != nil {
		if err := w.notify.Add(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	w.folders[path] = true
	return nil
}

// again looks at a folder that appeared, perhaps in the place of another one. The caller holds mu.
func (w *watcher) again(folder string) error {
	w.forgetFolders(folder)
	err := w.walk(folder, true)
	below := folder + string(filepath.Separator)
	for file := range w.known {
		if !strings.HasPrefix(file, below) {
			continue
		}
		if _, lost := os.Lstat(file); lost != nil {
			w.gone(file)
		}
	}
	return err
}

func (w *watcher) forgetFolders(top string) {
	below := top + string(filepath.Separator)
	for folder := range w.folders {
		if folder == top || strings.HasPrefix(folder, below) {
			delete(w.folders, folder)
			if w.notify != nil {
				w.notify.Remove(folder) // an error says that it is gone already
			}
		}
	}
}

// ignoredFolder names what holds no source: dependencies, output, and what tools keep for themselves.
func ignoredFolder(name string) bool {
	return name == "node_modules" || name == "dist" || strings.HasPrefix(name, ".")
}

// ignoredFile names what editors write beside a file while they save it. 4913 is Vim's probe.
func ignoredFile(name string) bool {
	if strings.HasPrefix(name, ".") {
		return !strings.HasPrefix(name, ".env")
	}
	return name == "4913" || strings.HasSuffix(name, "~") || strings.HasSuffix(name, ".swp") || strings.HasSuffix(name, ".tmp")
}

// ignores says whether a file means nothing, wherever it is.
func (w *watcher) ignores(path string) bool {
	w.mu.Lock()
	_, record := w.records[filepath.Dir(path)]
	w.mu.Unlock()
	return !record && ignoredFile(filepath.Base(path))
}

// run listens until ctx ends. It owns the system's watcher.
func (w *watcher) run(ctx context.Context) {
	if w.notify == nil {
		w.runPoll(ctx)
		return
	}
	defer func() {
		if w.notify != nil {
			w.notify.Close()
		}
	}()
	for {
		select {
		case event, ok := <-w.notify.Events:
			if !ok {
				return
			}
			if err := w.event(event); err != nil {
				w.lookInstead(ctx, err)
				return
			}
		case err, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				w.lookAround()
			}
		case <-ctx.Done():
			return
		}
	}
}

// event notes what an event says. Its error is the system's, which can't watch any more folders.
func (w *watcher) event(event fsnotify.Event) error {
	if event.Op == fsnotify.Chmod || w.ignores(event.Name) {
		return nil
	}
	info, err := os.Stat(event.Name)
	if err != nil {
		info, err = os.Lstat(event.Name)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	names, below := w.records[filepath.Dir(event.Name)]
	_, above := w.records[event.Name]
	switch {
	case above:
		w.lookAtRecords(event.Name, true)
	case below && !slices.Contains(names, filepath.Base(event.Name)):
		w.stirred.Store(true)
	case err != nil:
		w.gone(event.Name)
	case info.IsDir():
		if !ignoredFolder(filepath.Base(event.Name)) {
			return w.again(event.Name)
		}
	default:
		if event.Has(fsnotify.Remove) || event.Has(fsnotify.Rename) { // it was away, however short
			w.gone(event.Name)
		}
		w.seen(event.Name, info)
	}
	return nil
}

// seen notes a file that exists. The caller holds mu.
func (w *watcher) seen(path string, info fs.FileInfo) {
	kind := written
	if _, known := w.known[path]; !known {
		kind = created
	}
	w.known[path] = markOf(info)
	w.put(path, kind)
}

// gone notes that a file, or a folder with all in it, is not there any more. The caller holds mu.
func (w *watcher) gone(path string) {
	if _, known := w.known[path]; known {
		delete(w.known, path)
		w.put(path, removed)
		return
	}
	if !w.folders[path] {
		return
	}
	w.forgetFolders(path)
	below := path + string(filepath.Separator)
	for file := range w.known {
		if strings.HasPrefix(file, below) {
			delete(w.known, file)
			w.put(file, removed)
		}
	}
}

// put adds a path to the set. A file that was created and written is created; one that was
// removed and created again (how many editors save) is replaced; one that came and went is nothing.
// The caller holds mu.
func (w *watcher) put(path string, kind change) {
	if before, ok := w.pending[path]; ok {
		switch {
		case before == created && kind == removed:
			delete(w.pending, path)
			return
		case before == removed && kind == created:
			kind = replaced
		case kind == written && (before == created || before == replaced):
			kind = before
		}
	}
	w.pending[path] = kind
	w.rouse()
}

// rouse makes whoever waits for wake look at the set.
func (w *watcher) rouse() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// putBack returns a change that was taken to the set.
func (w *watcher) putBack(path string, kind change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.put(path, kind)
}

// waiting are the paths in the set.
func (w *watcher) waiting() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return sortedKeys(w.pending)
}

// take empties the set.
func (w *watcher) take() map[string]change {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.pending
	w.pending = map[string]change{}
	return taken
}

// lookInstead goes on without the system.
func (w *watcher) lookInstead(ctx context.Context, why error) {
	if w.warn != nil {
		w.warn(why)
	}
	w.mu.Lock()
	w.notify.Close()
	w.notify, w.poll = nil, true
	w.mu.Unlock()
	w.lookAround()
	w.runPoll(ctx)
}

func (w *watcher) runPoll(ctx context.Context) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.lookAround()
		case <-ctx.Done():
			return
		}
	}
}

// lookAround compares everything with what is known: for polling, and after the system lost events.
func (w *watcher) lookAround() {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := map[string]bool{}
	visit := func(path string, info fs.FileInfo) {
		found[path] = true
		if w.known[path] != markOf(info) {
			w.seen(path, info)
		}
	}
	for _, root := range w.roots {
		filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			if entry.IsDir() {
				if path != root && ignoredFolder(entry.Name()) {
					return filepath.SkipDir
				}
				w.watchFolder(path)
				return nil
			}
			if info, err := look(path); err == nil && !ignoredFile(entry.Name()) {
				visit(path, info)
			}
			return nil
		})
	}
	for folder := range w.single {
		for path, info := range filesOf(folder) {
			visit(path, info)
		}
	}
	for folder := range w.records {
		w.lookAtRecords(folder, true)
	}
	for path := range w.known {
		if _, record := w.records[filepath.Dir(path)]; !found[path] && !record {
			w.gone(path)
		}
	}
}
