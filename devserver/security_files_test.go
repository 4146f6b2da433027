package devserver

import (
	"bufio"
	"io"
	"math/rand"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"eclipsa/app"
)

// Files that must not be served, and paths that mean something else to somebody: SECURITY.md S7 to S10.

// browser asks over one connection as long as the server keeps it.
type browser struct {
	t       *testing.T
	address string
	conn    net.Conn
	reader  *bufio.Reader
}

func (b *browser) close() {
	if b.conn != nil {
		b.conn.Close()
		b.conn = nil
	}
}

// get gives status 0 where the server answers nothing.
func (b *browser) get(target string) (status int, header http.Header, body string) {
	if b.conn == nil {
		conn, err := net.Dial("tcp", b.address)
		if err != nil {
			b.t.Error(err)
			return 0, nil, ""
		}
		b.conn, b.reader = conn, bufio.NewReader(conn)
	}
	b.conn.SetDeadline(time.Now().Add(patience))
	io.WriteString(b.conn, requestText("GET", target, "Host: "+b.address))
	answer, err := http.ReadResponse(b.reader, nil)
	if err != nil {
		b.close()
		return 0, nil, ""
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.Close {
		b.close()
	}
	return answer.StatusCode, answer.Header, string(text)
}

// spellings are the ways to write a path from the root.
func spellings(name string) []string {
	return []string{
		name, "/" + name, "./" + name, "x/../" + name, "x/..%2f" + name, "%2e/" + name, "%2e%2e/" + name, "..%2f" + name, "..%5c" + name, "..\\" + name,
		strings.ReplaceAll(name, ".", "%2e"), strings.ReplaceAll(name, ".", "%252e"), strings.ReplaceAll(name, "/", "%2f"), strings.ReplaceAll(name, "/", "%252f"),
		strings.ReplaceAll(name, "/", "\\"), strings.ReplaceAll(name, "/", "%5c"), strings.ReplaceAll(name, "/", "//"), strings.ToUpper(name),
		name + "%00", name + "%00.png", name + "/", name + "/.", name + ".", name + "%20", name + ";x", name + ";.png", name + "::$DATA", name + "%3a%3a$DATA", name + "#.png", name + "%23.png", name + "%3fraw", "hello.txt%00/../" + name,
	}
}

var queryNames = regexp.MustCompile(`hasQuery\(\w+, "(\w+)"\)`)

// suffixQueries are what follows a specifier's question mark: what our server knows, from its source,
// and what others did.
func suffixQueries(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("place.go")
	if err != nil {
		t.Fatal(err)
	}
	queries := []string{"", "?", "?raw??", "?import&raw??", "?.svg?import", "?.wasm?init", "?inline&import", "?url&raw", "?v=1&raw#x"}
	known := queryNames.FindAllStringSubmatch(string(text), -1)
	if len(known) < 3 {
		t.Fatalf("found only %q: are the queries still in place.go?", known)
	}
	for _, match := range known {
		queries = append(queries, "?"+match[1], "?import&"+match[1], "?"+match[1]+"=1&v=2")
	}
	slices.Sort(queries)
	return slices.Compact(queries)
}

// hidden are files that no request may give, each with CANARY in it. The outside is a folder beside
// the app's.
func hidden(t *testing.T, root, outside string) (names []string) {
	t.Helper()
	files := map[string]string{}
	for _, name := range []string{".env", ".env.local", "key.pem", "app/key.pem", "package-lock.json", "pnpm-lock.yaml", "app/unused.ts", "app/db.server.ts", "app/unused.css", "app/notes.txt",
		".git/config", "node_modules/secret/index.js", "node_modules/.package-lock.json", "public-secret/x.txt", "public/.env", "public/.git/config", "dist/server/index.mjs"} {
		if filepath.Base(name) == ".package-lock.json" {
			os.Remove(filepath.Join(root, filepath.FromSlash(name))) // the repository's
		}
		files[name] = "/* CANARY */"
		names = append(names, name)
	}
	writeFiles(t, root, files)
	writeFiles(t, outside, map[string]string{"secret.txt": "CANARY", "page.html": "CANARY"})
	for link, to := range map[string]string{"app/link.txt": "secret.txt", "app/linked": "", "public/link.txt": "secret.txt", "public/linked": ""} {
		if err := os.Symlink(filepath.Join(outside, to), filepath.Join(root, filepath.FromSlash(link))); err != nil {
			t.Fatal(err)
		}
	}
	beside := "../" + filepath.Base(outside)
	return append(names, "app/link.txt", "app/linked/secret.txt", "public/link.txt", "public/linked/secret.txt", "link.txt", "linked/secret.txt", "linked/page.html", beside+"/secret.txt", beside+"/page.html",
		strings.TrimPrefix(filepath.ToSlash(outside), "/")+"/secret.txt", "etc/passwd", "proc/self/environ")
}

func TestS7S8FileAccess(t *testing.T) {
	s, endpoints := devSite(t, nil)
	outside, err := os.MkdirTemp(filepath.Dir(s.root), "outside-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(outside) })
	names := hidden(t, s.root, outside)

	// Where a path from the URL could reach the disk, and where one has in others' servers.
	roots := []string{"/", "/__eclipsa/dev/asset/", "/__eclipsa/dev/css/"}
	elsewhere := []string{"/@fs/", "/@id/", "/public/", "/app/", "/__eclipsa/dev/@fs/", "/__eclipsa/dev/" + strings.TrimSuffix(endpoints["deps"], "deps.mjs")}
	for name := range endpoints {
		if prefix := "/__eclipsa/dev/" + name + "/"; !slices.Contains(roots, prefix) {
			elsewhere = append(elsewhere, prefix)
		}
	}
	queries := suffixQueries(t)
	var targets []string
	for n, name := range names {
		for i, spelled := range spellings(name) {
			for _, prefix := range roots {
				targets = append(targets, prefix+spelled)
				if i == 0 || n%8 == 0 {
					for _, query := range queries {
						targets = append(targets, prefix+spelled+query)
					}
				}
			}
			for _, prefix := range elsewhere {
				if i < 12 {
					targets = append(targets, prefix+spelled)
				}
			}
		}
		targets = append(targets, "/__eclipsa/dev/pack.js?module="+escapeQuery(name), "/__eclipsa/dev/pack.js?module="+escapeQuery(name+"?raw"), "/__eclipsa/dev/pack.js?route=%2F"+escapeQuery(name),
			"/__eclipsa/dev/pack.js.map?module="+escapeQuery(name), "/__eclipsa/dev/pack.js?module="+name+"&raw??", "/hello.txt#/../"+name)
	}
	next := atomic.Int64{}
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			b := &browser{t: t, address: s.address}
			defer b.close()
			for {
				n := int(next.Add(1)) - 1
				if n >= len(targets) {
					return
				}
				status, header, body := b.get(targets[n])
				location := header.Get("Location")
				redirected := status == 308 && strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "//") && !strings.HasPrefix(location, "/\\")
				if strings.Contains(body, "CANARY") || strings.Contains(body, "root:") || !redirected && !slices.Contains([]int{400, 403, 404, 405}, status) {
					t.Errorf("%s: %d %s %.200s", targets[n], status, location, body)
				}
			}
		})
	}
	readers.Wait()
	if len(targets) < 10_000 {
		t.Errorf("only %d targets", len(targets))
	}

	// What may be served is, whatever the query says. Lock files made the server begin again: what a
	// style sheet names is known when that is asked for.
	s.until("the picture", func() bool {
		s.get("/__eclipsa/dev/css/app/look.css")
		status, _ := s.get("/__eclipsa/dev/asset/app/dot.png")
		return status == 200
	})
	b := &browser{t: t, address: s.address}
	defer b.close()
	for target, want := range map[string]string{"/hello.txt": "hello", "/hello.txt?raw??": "hello", "/%68ello.txt": "hello", "/__eclipsa/dev/asset/app/dot.png": "a picture", "/__eclipsa/dev/asset/app/dot.png?raw": "a picture"} {
		if status, _, body := b.get(target); status != 200 || body != want {
			t.Errorf("%s: %d %s", target, status, body)
		}
	}
}

func TestS8PublicFiles(t *testing.T) {
	s := attacked(t, app.Settings{}, nil)
	served := map[string]string{"/hello.txt": "hello", "/hello.txt?raw??": "hello", "/sub/deep.txt": "deep", "/.well-known/x": "known", "/%68ello.txt": "hello"}
	for target, want := range served {
		if status, response := s.get(target); status != 200 || !strings.HasSuffix(response, want) {
			t.Errorf("%s: %d %s", target, status, response)
		}
	}
	others := []string{"/.env", "/.env?raw", "/%2eenv", "/sub/../.env", "/sub/%2e%2e/.env", "/..%2f.env", "/%2e%2e/.env", "/link.txt", "/up/.env", "/up/outside.txt",
		"/hello.txt/", "/sub", "/sub/", "/public/hello.txt", "/hello.txt%00", "/hello.txt%20", "/..;/outside.txt", "/hello.txt::$DATA", "/HELLO~1.TXT", "/HELLO.TXT", "/sub//deep.txt", "/sub%2fdeep.txt", "/sub%5cdeep.txt", "/sub/%2e/deep.txt"}
	for _, target := range others {
		status, response := s.get(target)
		if strings.Contains(response, "CANARY") {
			t.Errorf("%s gave %s", target, response)
		}
		if status != 400 && !strings.HasSuffix(response, "from the worker") {
			t.Errorf("%s: %d %s", target, status, response)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE"} {
		if _, response := s.raw(requestText(method, "/hello.txt", "Host: "+s.address, "Connection: close")); strings.HasSuffix(response, "\nhello") {
			t.Errorf("%s reads a file", method)
		}
	}
}

// A link takes the place of a file, or of a folder, while it is asked for.
func TestS9LinkSwap(t *testing.T) {
	s := attacked(t, app.Settings{}, nil)
	writeFiles(t, s.root, map[string]string{"app/pictures/dot.png": "a picture", "secret/dot.png": "CANARY", "secret/deep.txt": "CANARY", "secret/hello.txt": "CANARY"})
	s.handler.project.styles.assets["app/pictures/dot.png"] = filepath.Join(s.root, "app", "pictures", "dot.png")
	rows := []struct{ target, swapped, with, want string }{
		{"/hello.txt", "public/hello.txt", "secret/hello.txt", "hello"},
		{"/sub/deep.txt", "public/sub", "secret", "deep"},
		{"/__eclipsa/dev/asset/app/pictures/dot.png", "app/pictures/dot.png", "secret/dot.png", "a picture"},
		{"/__eclipsa/dev/asset/app/pictures/dot.png", "app/pictures", "secret", "a picture"},
	}
	for _, row := range rows {
		at := filepath.Join(s.root, filepath.FromSlash(row.swapped))
		good, link := at+".good", at+".link"
		if err := os.Symlink(filepath.Join(s.root, filepath.FromSlash(row.with)), link); err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		var swaps sync.WaitGroup
		swaps.Go(func() {
			for {
				os.Rename(at, good)
				os.Rename(link, at)
				os.Rename(at, link)
				os.Rename(good, at)
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		b := &browser{t: t, address: s.address}
		for range 1_000 {
			if status, _, body := b.get(row.target); strings.Contains(body, "CANARY") {
				t.Errorf("%s: %d %s", row.swapped, status, body)
				break
			}
		}
		close(stop)
		swaps.Wait()
		if status, _, body := b.get(row.target); status != 200 || body != row.want {
			t.Errorf("%s: %d %s", row.target, status, body)
		}
		b.close()
	}
}

// The same without a race: links are there, or what was opened is no longer what lies there.
func TestS9LinksAreNotFollowed(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, root, map[string]string{"pictures/deep/dot.png": "a picture", "secret/deep/dot.png": "CANARY"})
	links := map[string]string{"linked": "secret", "pictures/linked": filepath.Join("..", "secret", "deep"), "pictures/deep/link.png": filepath.Join("..", "..", "secret", "deep", "dot.png"), "pictures/deep/same.png": "dot.png", "out": os.TempDir()}
	for link, to := range links {
		if err := os.Symlink(to, filepath.Join(root, filepath.FromSlash(link))); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{"pictures/deep/dot.png": true, "linked/deep/dot.png": false, "pictures/linked/dot.png": false, "pictures/deep/link.png": false, "pictures/deep/same.png": false, "out/x": false, "pictures": false, "pictures/deep": false, "nothing": false} {
		path := filepath.Join(root, filepath.FromSlash(name))
		for _, from := range []string{root, filepath.Join(root, "pictures")} {
			file, _, err := openPlain(from, path)
			if err == nil {
				file.Close()
			}
			// From its own folder on, all that is looked at is the file.
			if elsewhere := !strings.HasPrefix(path, from); !elsewhere && (err == nil) != want {
				t.Errorf("%s from %s: %v", name, from, err)
			}
		}
	}
	folder, err := os.OpenRoot(filepath.Join(root, "pictures", "deep"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	opened := func(name string) os.FileInfo {
		info, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	if !liesAt(folder, "dot.png", opened("pictures/deep/dot.png")) {
		t.Error("a file does not lie where it does")
	}
	for name, info := range map[string]os.FileInfo{"dot.png": opened("secret/deep/dot.png"), "link.png": opened("secret/deep/dot.png"), "same.png": opened("pictures/deep/dot.png"), "gone.png": opened("pictures/deep/dot.png")} {
		if liesAt(folder, name, info) {
			t.Errorf("%s was opened, and is another file", name)
		}
	}
}

// pieces are what paths are made of that mean something to Unix, to Windows or to an URL.
var pieces = []string{"a", "b.txt", "sub", "..", ".", "...", ".env", ".well-known", "/", "/", "/", "//", "\\", ":", "::$DATA", "C:", "~1", "ENV~1", "CON", "con.txt", "NUL ", "nul", "aux.h", "COM1", "lpt¹.x", "COM10", "console",
	" ", ".. ", ". .", "\x00", "\n", "\x7f", "\u200c", "\u200c.env", "．．", "∕", "é", "\xff", "%2e", "%2f", "%5c", "?", "*", "<", "|", "\"", ";", "#", "$DATA", "desktop.ini"}

func randomName(random *rand.Rand) string {
	var b strings.Builder
	for range 1 + random.Intn(7) {
		b.WriteString(pieces[random.Intn(len(pieces))])
	}
	return b.String()
}

// windowsMeaning is what Win32 makes of a relative path: which folders and file it goes through, in
// lower case. Devices and short names are marked.
func windowsMeaning(name string) (parts []string) {
	name = strings.ReplaceAll(strings.ToLower(name), "/", "\\")
	if len(name) > 1 && name[1] == ':' {
		return []string{"<another drive>"}
	}
	for part := range strings.SplitSeq(name, "\\") {
		part, _, stream := strings.Cut(part, ":")
		if part = strings.TrimRight(part, " ."); part == "" || stream {
			part = "<elsewhere>"
		}
		stem, _, _ := strings.Cut(part, ".")
		stem = strings.TrimRight(stem, " ")
		port := strings.HasPrefix(stem, "com") || strings.HasPrefix(stem, "lpt")
		if slices.Contains([]string{"con", "prn", "aux", "nul", "conin$", "conout$"}, stem) || port && slices.Contains([]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"}, stem[3:]) {
			part = "<device>"
		}
		if i := strings.IndexByte(part, '~'); i >= 0 && i+1 < len(part) && part[i+1] >= '0' && part[i+1] <= '9' {
			part = "<short name>"
		}
		parts = append(parts, part)
	}
	return parts
}

// checkServable is the property of TestS9Names: a name that is served means itself, below public/,
// for every system.
func checkServable(t *testing.T, name string) {
	for _, windows := range []bool{false, true} {
		if !servableOn(name, windows) {
			continue
		}
		if strings.ContainsAny(name, "\\\x00") || path.Clean("/public/"+name) != "/public/"+name || name == "" {
			t.Errorf("%q (windows: %v) leaves its place", name, windows)
		}
		for i, part := range strings.Split(name, "/") {
			if strings.HasPrefix(part, ".") && (i > 0 || part != ".well-known") || strings.HasPrefix(part, "\u200c.") {
				t.Errorf("%q has a dotfile in it", name)
			}
		}
		if windows && !slices.Equal(windowsMeaning(name), strings.Split(strings.ToLower(name), "/")) {
			t.Errorf("%q means %q on Windows", name, windowsMeaning(name))
		}
	}
}

func TestS9Names(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	served := 0
	for range 50_000 {
		name := randomName(random)
		checkServable(t, name)
		if servableOn(name, true) {
			served++
		}
		// The same name as a request writes it must not become another one.
		if parsed, err := url.ParseRequestURI("/" + name); err == nil {
			checkServable(t, strings.TrimPrefix(parsed.Path, "/"))
		}
		if bundleFile.MatchString(name) && strings.ContainsAny(name, "/\\:.") && path.Ext(name) != ".mjs" {
			t.Errorf("%q is no name of a bundle's file", name)
		}
	}
	if served < 1000 {
		t.Errorf("only %d names are served: the test says nothing", served)
	}
	for name, want := range map[string][2]bool{ // on Unix, on Windows
		"a.txt": {true, true}, "sub/é.txt": {true, true}, "console.log": {true, true}, "com10": {true, true}, "a~b": {true, true}, "a b": {true, true}, ".well-known/x": {true, true},
		"con": {true, false}, "CON.txt": {true, false}, "sub/nul": {true, false}, "com1.tar.gz": {true, false}, "a.": {true, false}, "a ": {true, false}, "A~1.TXT": {true, false}, "what?": {true, false},
		".env": {}, "sub/.env": {}, ".well-known/.env": {}, "sub/.well-known/x": {}, "a/../b": {}, "a//b": {}, "/a": {}, "a/": {}, "a\\b": {}, "c:x": {}, "a\x00": {}, "a\nb": {}, "": {}, ".": {}, "\xff": {}, "\u200c.env": {},
	} {
		if got := [2]bool{servableOn(name, false), servableOn(name, true)}; got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

func FuzzS9Names(f *testing.F) {
	random := rand.New(rand.NewSource(2))
	for range 200 {
		f.Add(randomName(random))
	}
	f.Fuzz(checkServable)
}

// One canonical path for router, middleware and files.
func TestS10OnePathForMiddleware(t *testing.T) {
	guard := func(path string) string {
		return "import { Hono } from 'hono'\nexport default new Hono().use('" + path + "/*', async (c) => c.text('guarded', 401))\n"
	}
	s := attackedApp(t, map[string]string{
		"app/+server-entry.ts":     guard("/admin"),
		"app/admin/+page.tsx":      page("CANARY"),
		"app/admin/x/+page.tsx":    page("CANARY"),
		"app/admin/[id]/+page.tsx": page("CANARY"),
		"app/staff/+middleware.ts": "export default async () => new Response('guarded', { status: 401 })\n",
		"app/staff/+page.tsx":      page("CANARY"),
		"app/staff/x/+page.tsx":    page("CANARY"),
		"app/staff/[id]/+page.tsx": page("CANARY"),
		"public/open/x.txt":        "public",
	})
	for _, prefix := range []string{"admin", "staff"} {
		first, rest := prefix[:1], prefix[1:]
		encoded := "%" + map[string]string{"a": "61", "s": "73"}[first]
		for _, guarded := range []string{"/" + prefix, "/" + prefix + "/", "/" + prefix + "/x", "/" + prefix + "/y", "/" + prefix + "?x", "/" + prefix + "/x?/../open", "/" + encoded + rest, "/" + encoded + rest + "/x", "/" + prefix + "/%78"} {
			if status, response := s.ask("GET", guarded); status != 401 && status != 308 || strings.Contains(response, "CANARY") {
				t.Errorf("%s: %d %s", guarded, status, response)
			}
		}
		for _, odd := range []string{"/%25" + encoded[1:] + rest, "//" + prefix, "///" + prefix, "/" + prefix + "%2fx", "/" + prefix + "%2Fx", "/" + prefix + "%252fx", "/x/..%2f" + prefix, "/x/../" + prefix, "/x/%2e%2e/" + prefix, "/./" + prefix, "/" + prefix + "//x", "/" + prefix + "/./x", "/" + prefix + "/../" + prefix + "/x",
			"/" + prefix + ";/", "/" + prefix + ";/x", "/" + prefix + ";a=b/x", "\\" + prefix, "/\\" + prefix, "/" + prefix + "\\x", "/" + prefix + "%5cx", "/" + strings.ToUpper(prefix), "/" + strings.ToUpper(prefix) + "/x", "/" + strings.ToUpper(first) + rest + "/x",
			"/" + prefix + "%00", "/" + prefix + "%00/x", "/" + prefix + "%20", "/" + prefix + "%20/x", "/" + prefix + ".", "/" + prefix + "/x%00", "/" + prefix + "/x.html", "/" + prefix + "/x/index.html", "/%ef%bc%8f" + prefix, "/open/..%2f" + prefix + "/x", "/open/../" + prefix + "/x",
			"http://" + s.address + "/" + prefix, "/" + prefix + "#/../open", "/" + prefix + "/%", "/" + prefix + "/%zz", "/" + prefix + "%c0%afx", "/%c1%a1" + rest, "/" + prefix + "/%2e%2e/" + prefix + "/x"} {
			status, response := s.ask("GET", odd)
			if strings.Contains(response, "CANARY") || status < 400 && status != 308 || status >= 500 {
				t.Errorf("%s: %d %s", odd, status, response)
			}
			_, rest, _ := strings.Cut(response, "Location: ")
			if strings.HasPrefix(rest, "//") || strings.HasPrefix(rest, "/\\") || strings.HasPrefix(rest, "http") {
				t.Errorf("%s leads to %.60s", odd, rest)
			}
		}
	}
	// A file has one path, too.
	expectGet := func(path string, want int) {
		if status, _ := s.ask("GET", path); status != want && !(want == 404 && status == 400) {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	expectGet("/open/x.txt", 200)
	expectGet("/%6fpen/x.txt", 200)
	for _, path := range []string{"/OPEN/x.txt", "/open%2fx.txt", "/%256fpen/x.txt", "/x/..%2fopen/x.txt", "/open/x.txt%00", "/open;/x.txt", "/open%5cx.txt", "/open//x.txt", "/open/./x.txt", "/admin/../open/x.txt", "//open/x.txt"} {
		expectGet(path, 404)
	}
}
