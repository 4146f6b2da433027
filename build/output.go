package build

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"eclipsa/app"

	"github.com/evanw/esbuild/pkg/api"
)

// output is dist/ in memory. Nothing is written before all of it is known to be good.
type output struct {
	compress string
	files    map[string][]byte // "client/assets/x.js" → contents
	from     map[string]string // what put it there, for conflicts
	unlinked []string          // notes on style sheets
	gzip     map[string]int    // what gzip makes of a file; all that was compressed is here
}

func newOutput(compress string) *output {
	return &output{compress: compress, files: map[string][]byte{}, from: map[string]string{}, gzip: map[string]int{}}
}

// addClient gathers the client's files, the assets that it loaded and public/, and compresses them.
func (o *output) addClient(b *builder, client *clientBuild) error {
	rename := renamer(client.files)
	for _, file := range append(slices.Clone(client.files), client.styles.files...) {
		name := publicName(outputName(file.Path, "client"))
		if client.dropped == name || client.dropped+".map" == name {
			continue
		}
		if err := o.add("client/"+name, rename(file.Contents), "the bundle"); err != nil {
			return err
		}
	}
	if err := o.public(b); err != nil {
		return err
	}
	return o.addAssets(b)
}

// addServer gathers the server's files, and the assets that only it loaded.
func (o *output) addServer(b *builder, server api.BuildResult) error {
	for _, file := range server.OutputFiles {
		if err := o.add("server/"+outputName(file.Path, "server"), file.Contents, "the bundle"); err != nil {
			return err
		}
	}
	return o.addAssets(b)
}

// addAssets adds the assets that aren't there yet, and compresses what isn't yet.
func (o *output) addAssets(b *builder) error {
	for name, contents := range b.assets.all() {
		if o.from["client/"+name] == "an asset" {
			continue
		}
		if err := o.add("client/"+name, contents, "an asset"); err != nil {
			return err
		}
	}
	o.compressAll()
	return nil
}

func (o *output) add(name string, contents []byte, from string) error {
	if other, taken := o.from[name]; taken {
		return &app.Problem{Text: fmt.Sprintf("dist/%s would come from %s and from %s", name, other, from), Hint: "Rename the file in public/."}
	}
	o.files[name], o.from[name] = contents, from
	return nil
}

// outputName is the part of an output's path below dist/<side>/.
func outputName(path, side string) string {
	path = filepath.ToSlash(path)
	_, name, _ := strings.Cut(path, "/dist/"+side+"/")
	return name
}

// publicName replaces what storages and proxies mishandle in URLs: "+page-ABC.js" becomes
// "_page-ABC.js". One byte for one byte, so that columns in source maps stay right.
func publicName(name string) string {
	dir, base := name[:strings.LastIndexByte(name, '/')+1], name[strings.LastIndexByte(name, '/')+1:]
	return dir + oddInURL.ReplaceAllString(base, "_")
}

var oddInURL = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// renamer applies publicName to the names inside files. The names end in a hash, so nothing else
// in a file equals one.
func renamer(files []api.OutputFile) func([]byte) []byte {
	var pairs []string
	for _, file := range files {
		if base := filepath.Base(file.Path); publicName(base) != base {
			pairs = append(pairs, base, publicName(base))
		}
	}
	if len(pairs) == 0 {
		return func(contents []byte) []byte { return contents }
	}
	replacer := strings.NewReplacer(pairs...)
	return func(contents []byte) []byte { return []byte(replacer.Replace(string(contents))) }
}

// write puts dist/ in place by renames: whoever reads it sees the old one or the new one whole.
func (o *output) write(dist string) error {
	fresh := fmt.Sprintf("%s.tmp-%d", dist, os.Getpid())
	old := fmt.Sprintf("%s.old-%d", dist, os.Getpid())
	defer os.RemoveAll(fresh)
	defer os.RemoveAll(old)
	if err := o.writeTo(fresh); err != nil {
		return fmt.Errorf("writing dist/: %w", err)
	}
	if err := os.Rename(dist, old); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("replacing dist/: %w", err)
	}
	if err := os.Rename(fresh, dist); err != nil {
		if back := os.Rename(old, dist); back != nil && !os.IsNotExist(back) {
			return fmt.Errorf("replacing dist/: %w (the last build is in %s)", err, old)
		}
		return fmt.Errorf("replacing dist/: %w", err)
	}
	return nil
}

func (o *output) writeTo(dir string) error {
	made := map[string]bool{}
	for name, contents := range o.files {
		if !fs.ValidPath(name) {
			return fmt.Errorf("%q leaves dist/", name)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if parent := filepath.Dir(path); !made[parent] {
			if err := os.MkdirAll(parent, 0o755); err != nil {
				return err
			}
			made[parent] = true
		}
		if err := os.WriteFile(path, contents, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// table lists the files, compressed copies aside.
func (o *output) table() []File {
	var files []File
	for name, contents := range o.files {
		if o.from[name] != "compression" {
			files = append(files, File{Path: name, Size: len(contents), Gzip: o.gzip[name]})
		}
	}
	slices.SortFunc(files, func(x, y File) int {
		if x.Size != y.Size {
			return y.Size - x.Size
		}
		return strings.Compare(x.Path, y.Path)
	})
	return files
}
