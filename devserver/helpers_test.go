package devserver

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"eclipsa/app"
)

// remove deletes files of the app.
func (d *dev) remove(names ...string) {
	d.t.Helper()
	for _, name := range names {
		if err := os.RemoveAll(filepath.Join(d.root, filepath.FromSlash(name))); err != nil {
			d.t.Fatal(err)
		}
	}
}

// printed waits for a line that the server has not printed before the last call.
func (d *dev) printed(pattern string) {
	d.t.Helper()
	expression := regexp.MustCompile(`(?m)^` + pattern + `$`)
	d.until("the line "+pattern, func() bool {
		text := d.output.String()
		at := expression.FindStringIndex(text[d.read:])
		if at != nil {
			d.read += at[1]
		}
		return at != nil
	})
}

// untilPage waits until a page says something.
func (d *dev) untilPage(path, want string) {
	d.t.Helper()
	d.until(fmt.Sprintf("%q at %s", want, path), func() bool {
		_, body := d.get(path)
		return strings.Contains(body, want)
	})
}

// nothingBut says that what was done since the last line that was waited for printed nothing: a change that is
// seen is the proof that it was handled.
func (d *dev) nothingBut(path, text, line string) {
	d.t.Helper()
	before := d.read
	d.write(path, text)
	d.printed(line + ms)
	if got := strings.TrimSpace(d.output.String()[before:d.read]); strings.Contains(got, "\n") {
		d.t.Errorf("printed\n%s", got)
	}
}

const ms = ` \([\d.]+ ms\)`

// but reads messages of the hot channel until one is of another type.
func but(skipped string, next func() hotMessage) hotMessage {
	message := next()
	for message.Type == skipped {
		message = next()
	}
	return message
}

// resolver is one for the app as it is on disk.
func (d *dev) resolver() *resolver {
	d.t.Helper()
	project, err := app.OpenProject(d.root)
	if err != nil {
		d.t.Fatal(err)
	}
	return newResolver(project, app.DefaultSettings(), app.FindPackage(d.root, "eclipsa"))
}
