package devserver

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"time"

	"eclipsa/devserver/tty"
	"eclipsa/transform"
)

// printer owns the terminal: whole lines, colours and the time only where a person sees them, and
// each complaint once. Where stdout is no terminal, every event is one line that stays as it is: other
// programs read it. All methods may be called concurrently.
type printer struct {
	mu         sync.Mutex // Protects following.
	out        io.Writer
	err        io.Writer
	terminal   bool // stdout is one
	colours    bool
	errColours bool
	warned     map[string]bool
}

func newPrinter(stdout, stderr io.Writer) *printer {
	return &printer{out: stdout, err: stderr, terminal: tty.Is(stdout), colours: tty.Colours(stdout),
		errColours: tty.Colours(stderr), warned: map[string]bool{}}
}

const (
	bold, dim, red, green, yellow, cyan = "1", "2", "31", "32", "33", "36"
)

// paint colours a text for stdout.
func (p *printer) paint(colour, text string) string { return paint(p.colours, colour, text) }

func paint(colours bool, colour, text string) string {
	if !colours {
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
func (p *printer) started(version string, took time.Duration, urls []string, keys bool) {
	p.space()
	p.line("  %s %s", p.paint(bold, "eclipsa "+version), p.paint(dim, "ready in "+milliseconds(took)))
	p.space()
	p.urls(urls)
	if keys {
		p.line("  %s", p.paint(dim, "Press h for help"))
	}
	p.space()
}

// space is an empty line, where somebody looks at it.
func (p *printer) space() {
	if p.terminal {
		p.line("")
	}
}

func (p *printer) urls(urls []string) {
	for i, url := range urls {
		label := "Network:"
		if i == 0 {
			label = "Local:  "
		}
		p.line("  %s %s", label, p.paint(cyan, url))
	}
}

// clear empties the terminal, what was scrolled out of it included.
func (p *printer) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprint(p.out, "\x1b[2J\x1b[3J\x1b[H")
}

func milliseconds(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// namesWidth is how much of a line the names of an update may take; the first is always whole.
const namesWidth = 60

// shortened names all files if they fit, else the first ones.
func shortened(files []string) string {
	if len(files) == 0 {
		return ""
	}
	named := files[0]
	for i, file := range files[1:] {
		rest := len(files) - 1 - i
		if i == 2 || len(named)+len(", ")+len(file) > namesWidth {
			return fmt.Sprintf("%s and %d more", named, rest)
		}
		named += ", " + file
	}
	return named
}

// update prints the one line of a change: what was done, to what, how long it took.
func (p *printer) update(what string, files []string, took time.Duration) {
	p.event(what, shortened(files), took)
}

// event prints one line. What takes no time (0) says nothing about it.
func (p *printer) event(what, about string, took time.Duration) {
	var parts []string
	if p.terminal {
		parts = append(parts, p.paint(dim, time.Now().Format("15:04:05")))
	}
	parts = append(parts, p.paint(green, what))
	if about != "" {
		parts = append(parts, about)
	}
	if took > 0 {
		parts = append(parts, p.paint(dim, "("+milliseconds(took)+")"))
	}
	p.line("%s", strings.Join(parts, " "))
}

// warn prints to stderr.
func (p *printer) warn(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.err, "%s %s\n", paint(p.errColours, yellow, "eclipsa:"), text)
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
		fmt.Fprintln(p.err, d.Format(p.errColours))
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
