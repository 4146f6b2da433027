package build

import (
	"bytes"
	"compress/gzip"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// worthwhile is the size from which compressing pays: below it a response fits one packet anyway.
const worthwhile = 1 << 10

var compressible = strings.Fields(".js .mjs .css .html .htm .svg .json .map .txt .xml .webmanifest .wasm .ttf .otf .eot .ico .md .vtt")

// compressAll puts .br and .gz copies beside the client's files, where they are smaller.
// Brotli's quality 11 alone would take longer than the whole build (PERFORMANCE.md).
func (o *output) compressAll() {
	if o.compress == "none" {
		return
	}
	quality := 9
	if o.compress == "max" {
		quality = brotli.BestCompression
	}
	var names []string
	for name, contents := range o.files {
		_, done := o.gzip[name]
		if !done && o.from[name] != "compression" && strings.HasPrefix(name, "client/") && len(contents) >= worthwhile && slices.Contains(compressible, strings.ToLower(path.Ext(name))) {
			names = append(names, name)
		}
	}
	// The biggest first, so that no core is left with it at the end.
	slices.SortFunc(names, func(x, y string) int { return len(o.files[y]) - len(o.files[x]) })
	type copies struct{ br, gz []byte }
	results := make([]copies, len(names))
	next := make(chan int)
	var work sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			var brotli brotliWriters
			for job := range next {
				contents := o.files[names[job/2]]
				if job%2 == 0 {
					results[job/2].br = brotli.copy(contents, quality)
				} else {
					results[job/2].gz = gzipCopy(contents)
				}
			}
		})
	}
	for job := range 2 * len(names) {
		next <- job
	}
	close(next)
	work.Wait()
	for i, name := range names {
		o.gzip[name] = len(results[i].gz)
		for ext, contents := range map[string][]byte{".br": results[i].br, ".gz": results[i].gz} {
			if _, taken := o.files[name+ext]; !taken && len(contents) < len(o.files[name]) {
				o.files[name+ext], o.from[name+ext] = contents, "compression"
			}
		}
	}
}

// brotliWriters are one worker's, used again: a new one for a wide window costs more than
// compressing a small file (its tables are 32 MB). For files up to 64 KiB a window of that size
// loses nothing, and brotli picks tables that are a hundredth of that: together seven times faster.
type brotliWriters struct{ narrow, wide *brotli.Writer }

const narrowWindow = 16 // bits

func (w *brotliWriters) copy(contents []byte, quality int) []byte {
	var b bytes.Buffer
	writer, window := &w.wide, 0
	if len(contents) <= 1<<narrowWindow {
		writer, window = &w.narrow, narrowWindow
	}
	if *writer == nil {
		*writer = brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: quality, LGWin: window})
	} else {
		(*writer).Reset(&b)
	}
	(*writer).Write(contents) // into memory: it can't fail
	(*writer).Close()
	return b.Bytes()
}

func gzipCopy(contents []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	w.Write(contents)
	w.Close()
	return b.Bytes()
}
