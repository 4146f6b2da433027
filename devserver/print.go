package devserver

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"eclipsa/transform"
)

// printer owns the terminal: whole lines, colours only where a person sees them, and each
// complaint once. All methods may be called concurrently.
type printer struct {
	mu      sync.Mutex // Protects following.
	out     io.Writer
	err     io.Writer
	colours bool
	warned  map[string]bool
}

func newPrinter(stdout, stderr io.Writer) *printer {
	return &printer{out: stdout, err: stderr, colours: isTerminal(stdout), warned: map[string]bool{}}
}

// isTerminal follows the NO_COLOR convention as well.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

const (
	bold, dim, red, green, yellow, cyan = "1", "2", "31", "32", "33", "36"
)

func (p *printer) paint(colour, text string) string {
	if !p.colours {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (p *printer) line(format string, values ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, format+"\n", values...)
}

// started prints the lines that people and scripts look for; "  Local:   <url>" is stable.
func (p *printer) started(version string, took time.Duration, urls []string) {
	p.line("\n  %s %s\n", p.paint(bold, "eclipsa "+version), p.paint(dim, "ready in "+milliseconds(took)))
	for i, url := range urls {
		label := "Network:"
		if i == 0 {
			label = "Local:  "
		}
		p.line("  %s %s", label, p.paint(cyan, url))
	}
	p.line("")
}

func milliseconds(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// update prints the one line of a change.
func (p *printer) update(what string, files []string, took time.Duration) {
	named := strings.Join(files[:min(3, len(files))], ", ")
	if len(files) > 3 {
		named += fmt.Sprintf(" and %d more", len(files)-3)
	}
	p.line("%s %s %s %s", p.paint(dim, time.Now().Format("15:04:05")), p.paint(green, what), named, p.paint(dim, "("+milliseconds(took)+")"))
}

// warn prints to stderr.
func (p *printer) warn(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.err, "%s %s\n", p.paint(yellow, "eclipsa:"), text)
}

// once prints a warning that would otherwise come with every request.
func (p *printer) once(text string) {
	p.mu.Lock()
	known := p.warned[text]
	if len(p.warned) < 100 {
		p.warned[text] = true
	}
	p.mu.Unlock()
	if !known {
		p.warn(text)
	}
}

// refused tells of a request that the Host check stopped: the setting that would allow it is what
// the reader needs.
func (p *printer) refused(no *refusal, r *http.Request) {
	p.once(fmt.Sprintf("refused a request with Host %q and Origin %q (setting \"allowedHosts\")", r.Host, r.Header.Get("Origin")))
}

// problems prints diagnostics with their code frames.
func (p *printer) problems(all []transform.Diagnostic) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range all {
		fmt.Fprintln(p.err, d.Format(p.colours))
	}
}

// output is where the app's own lines go.
func (p *printer) output() io.Writer { return appOutput{p} }

type appOutput struct{ p *printer }

func (o appOutput) Write(line []byte) (int, error) {
	o.p.mu.Lock()
	defer o.p.mu.Unlock()
	return o.p.out.Write(line)
}

// quiet is for net/http, which logs what clients do wrong: that is theirs, not the author's.
func (p *printer) quiet() *log.Logger { return log.New(io.Discard, "", 0) }
