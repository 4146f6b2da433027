package app

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// routeFiles are the names that mean something in any folder below app/, and rootFiles those that
// do only in app/ itself. Components may be JSX; the others are plain modules, where .jsx would
// only hide a mistake.
var (
	routeFiles = map[string]string{
		"+page": componentExts, "+layout": componentExts, "+loading": componentExts, "+error": componentExts,
		"+not-found": componentExts, "+middleware": moduleExts, "+server": moduleExts,
	}
	rootFiles = map[string]string{
		"+server-entry": moduleExts, "+ssr-root": componentExts, "+client": componentExts, "+client.dev": componentExts,
		"+hooks": moduleExts, "+hooks.server": moduleExts,
	}
)

const (
	componentExts = ".tsx .jsx .ts .js"
	moduleExts    = ".ts .js .tsx"
)

// folder is one folder below app/ while it is read: what it holds itself, and what it got from
// those above.
type folder struct {
	path                     string // "app/rooms/[id]"
	id                       string // "/rooms/[id]"
	segments                 []Segment
	real                     []string // the real paths of it and of those above
	layouts, middlewares     []string
	notFound, error, loading string
}

// scanner collects routes and problems of one walk.
type scanner struct {
	app      *App
	root     string // real path
	problems []error
}

func (a *App) hasFolder() error {
	info, err := os.Stat(filepath.Join(a.Root, "app"))
	if err != nil || !info.IsDir() {
		return &Problem{Text: fmt.Sprintf("there is no app/ folder in %s", a.Root),
			Hint: "Run eclipsa in the app's folder; the smallest app is app/+page.tsx and a package.json."}
	}
	return nil
}

// scan fills the routes and root files of the app.
func (a *App) scan() error {
	if err := a.hasFolder(); err != nil {
		return err
	}
	s := &scanner{app: a}
	real, err := filepath.EvalSymlinks(filepath.Join(a.Root, "app"))
	if err != nil {
		return err
	}
	s.root = filepath.Dir(real)
	s.folder(folder{path: "app", real: []string{real}})
	slices.SortStableFunc(a.Routes, func(x, y Route) int { return compareSegments(x.Segments, y.Segments) })
	s.conflicts()
	if len(a.Routes) == 0 && len(s.problems) == 0 {
		s.problem(&Problem{Text: "app/ holds no page", Hint: "Create app/+page.tsx with a component as its default export."})
	}
	return errors.Join(s.problems...)
}

func (s *scanner) problem(problem *Problem) { s.problems = append(s.problems, problem) }

func (s *scanner) folder(f folder) {
	entries, err := os.ReadDir(filepath.Join(s.app.Root, filepath.FromSlash(f.path)))
	if err != nil {
		s.problem(&Problem{Text: "can't be read: " + err.Error(), Path: f.path})
		return
	}
	if real := f.real[len(f.real)-1]; !within(s.root, real) {
		s.app.Linked = append(s.app.Linked, real)
	}
	files := s.files(f, entries)
	s.enter(&f, files)
	s.route(f, files)
	for _, entry := range entries {
		name := entry.Name()
		real := s.realFolder(f, entry)
		if real == "" || name == "node_modules" || strings.HasPrefix(name, ".") {
			continue
		}
		child := f
		child.path = path.Join(f.path, name)
		child.real = append(slices.Clip(f.real), real)
		if meantAsFile(name) {
			s.problem(&Problem{Text: name + " is a folder", Path: child.path, Hint: "A file of this name means something; rename the folder."})
			continue
		}
		segment, group, problem := parseFolder(name)
		if problem != nil {
			problem.Path = child.path
			s.problem(problem)
			continue
		}
		if !group {
			child.id += "/" + name
			child.segments = append(slices.Clone(f.segments), segment)
		}
		s.folder(child)
	}
}

// realFolder is the real path of an entry that is a folder, or a link to one as every other tool follows
// it; "" for others. A link to a folder that the way here led through is none: it would never end.
func (s *scanner) realFolder(f folder, entry os.DirEntry) string {
	here := f.real[len(f.real)-1]
	if entry.Type()&os.ModeSymlink == 0 {
		if entry.IsDir() {
			return filepath.Join(here, entry.Name())
		}
		return ""
	}
	target, err := filepath.EvalSymlinks(filepath.Join(here, entry.Name()))
	if err != nil {
		return ""
	}
	info, err := os.Stat(target)
	leadsBack := slices.ContainsFunc(f.real, func(passed string) bool { return within(target, passed) })
	if err != nil || !info.IsDir() || leadsBack {
		return ""
	}
	return target
}

// meantAsFile says whether a name is one of the convention's.
func meantAsFile(name string) bool {
	stem, ext := splitExt(name)
	_, route := routeFiles[stem]
	_, root := rootFiles[stem]
	return (route || root) && strings.Contains(" "+componentExts+" ", " "+ext+" ")
}

// files maps the convention's names to the folder's files. It reports two files for one name,
// and names that start with a plus but mean nothing.
func (s *scanner) files(f folder, entries []os.DirEntry) map[string]string {
	found := map[string]string{}
	for _, entry := range entries {
		name, ext := splitExt(entry.Name())
		if !strings.HasPrefix(name, "+") || entry.IsDir() || !strings.Contains(" "+componentExts+" ", " "+ext+" ") {
			continue
		}
		file := path.Join(f.path, entry.Name())
		if problem := checkName(f, name, ext); problem != nil {
			problem.Path = file
			s.problem(problem)
			continue
		}
		if other := found[name]; other != "" {
			s.problem(&Problem{Text: fmt.Sprintf("two files are the %s of one folder: %s and %s", name, other, file),
				Hint: "Delete one of them."})
			continue
		}
		found[name] = file
	}
	return found
}

// splitExt cuts at the last dot.
func splitExt(file string) (name, ext string) {
	ext = path.Ext(file)
	return strings.TrimSuffix(file, ext), ext
}

// checkName says what is wrong with a name that starts with a plus. Names with a further dot
// (+page.test.tsx) are the author's own.
func checkName(f folder, name, ext string) *Problem {
	exts, ok := routeFiles[name]
	if !ok {
		if exts, ok = rootFiles[name]; ok && f.path != "app" {
			return &Problem{Text: fmt.Sprintf("%s counts only in app/ itself", name), Hint: "Move it to app/" + name + ext + "."}
		}
	}
	if ok && !strings.Contains(" "+exts+" ", " "+ext+" ") {
		return &Problem{Text: fmt.Sprintf("%s can't be a %s file", name, ext), Hint: "It may end in " + exts + "."}
	}
	if ok || strings.Contains(name, ".") {
		return nil
	}
	problem := &Problem{Text: fmt.Sprintf("%s is no file that eclipsa knows", name)}
	names := append(mapKeys(routeFiles), mapKeys(rootFiles)...)
	if near := Nearest(strings.ToLower(name), names); near != "" {
		problem.Hint = fmt.Sprintf("Did you mean %s?", near)
	} else {
		problem.Hint = "Names with a plus are " + strings.Join(names, ", ") + "."
	}
	return problem
}

// enter applies what the folder itself adds for everything below it.
func (s *scanner) enter(f *folder, files map[string]string) {
	if f.path == "app" {
		a := s.app
		a.ServerEntry, a.SSRRoot = files["+server-entry"], files["+ssr-root"]
		a.ClientEntry, a.ClientDevEntry = files["+client"], files["+client.dev"]
		a.Hooks, a.ServerHooks = files["+hooks"], files["+hooks.server"]
	}
	if file := files["+layout"]; file != "" {
		f.layouts = append(slices.Clone(f.layouts), file)
	}
	if file := files["+middleware"]; file != "" {
		f.middlewares = append(slices.Clone(f.middlewares), file)
	}
	for name, inherited := range map[string]*string{"+not-found": &f.notFound, "+error": &f.error, "+loading": &f.loading} {
		if file := files[name]; file != "" {
			*inherited = file
		}
	}
}

// route adds the folder's route, if it has a page or a server file.
func (s *scanner) route(f folder, files map[string]string) {
	page, server := files["+page"], files["+server"]
	if page == "" && server == "" {
		return
	}
	if problem := checkSegments(f.segments); problem != nil {
		problem.Path = f.path
		s.problem(problem)
		return
	}
	route := Route{ID: f.id, Segments: f.segments, Page: page, Server: server, Middlewares: f.middlewares,
		NotFound: f.notFound, Error: f.error, Loading: f.loading}
	if route.ID == "" {
		route.ID = "/"
	}
	if page != "" {
		route.Layouts = f.layouts
	}
	s.app.Routes = append(s.app.Routes, route)
}

// conflicts reports routes that match the same URLs: of two folders, only one could ever answer.
func (s *scanner) conflicts() {
	seen := map[string]Route{}
	for _, route := range s.app.Routes {
		key := shape(route.Segments)
		other, taken := seen[key]
		if !taken {
			seen[key] = route
			continue
		}
		s.problem(&Problem{Text: fmt.Sprintf("two files serve the same URLs: %s and %s", other.file(), route.file()),
			Hint: "Move or delete one of them, or put +page and +server of one route into one folder."})
	}
}

func (r Route) file() string {
	if r.Page != "" {
		return r.Page
	}
	return r.Server
}
