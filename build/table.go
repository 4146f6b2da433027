package build

import (
	"fmt"
	"io"
	"path"
	"strings"
	"text/tabwriter"
	"time"
)

// printTable shows what was written: the client's files, biggest first, and the server's as a sum.
func printTable(out io.Writer, result Result, terminal bool) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "%s\t%s\t%s\t\n", pad("file", result.Files), "size", "gzip")
	var server File
	servers, rest, shown := 0, File{}, 0
	for _, file := range result.Files {
		switch {
		case strings.HasPrefix(file.Path, "server/"):
			if path.Ext(file.Path) != ".map" {
				servers++
				server.Size += file.Size
			}
		case path.Ext(file.Path) == ".map":
		case shown < mostRows:
			shown++
			row(table, pad("dist/"+file.Path, result.Files), file)
		default:
			rest.Size, rest.Gzip = rest.Size+file.Size, rest.Gzip+file.Gzip
			shown++
		}
	}
	if shown > mostRows {
		row(table, pad(fmt.Sprintf("%d smaller files", shown-mostRows), result.Files), rest)
	}
	row(table, pad(fmt.Sprintf("dist/server/ (%d files)", servers), result.Files), server)
	table.Flush()
	for _, note := range result.Notes {
		fmt.Fprintln(out, note)
	}
	done := "built in " + result.Duration.Round(time.Millisecond).String()
	if terminal {
		done = "\x1b[32m" + done + "\x1b[0m"
	}
	fmt.Fprintln(out, done)
}

// mostRows keeps the table on a screen; apps of a thousand chunks exist.
const mostRows = 30

func row(table io.Writer, name string, file File) {
	gzip := "–"
	if file.Gzip > 0 {
		gzip = size(file.Gzip)
	}
	fmt.Fprintf(table, "%s\t%s\t%s\t\n", name, size(file.Size), gzip)
}

// pad fills a name to the widest, since the writer aligns every column to the right.
func pad(name string, files []File) string {
	width := 24
	for i, file := range files {
		if i < mostRows {
			width = max(width, len(file.Path)+len("dist/"))
		}
	}
	return name + strings.Repeat(" ", max(0, width-len([]rune(name))))
}

func size(bytes int) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(bytes)/1000)
	}
	return fmt.Sprintf("%.2f MB", float64(bytes)/1e6)
}

// progress is one line on a terminal that says what is going on.
type progress struct{ out io.Writer }

func newProgress(options Options) *progress {
	if !options.Terminal || options.Stdout == nil {
		return &progress{}
	}
	return &progress{out: options.Stdout}
}

func (p *progress) say(what string) {
	if p.out != nil {
		fmt.Fprintf(p.out, "\r\x1b[2Keclipsa build: %s …", what)
	}
}

func (p *progress) clear() {
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[2K")
	}
}
