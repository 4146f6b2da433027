package devserver

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// Pages that open look at what an update writes, and the update at which pages are open.
func TestPagesOpenDuringUpdates(t *testing.T) {
	d := startDev(t, map[string]string{"app/+page.tsx": page("edit 0")})
	d.untilPage("/", "edit 0")
	_, text := d.get("/__eclipsa/dev/client.js")
	url := "ws" + strings.TrimPrefix(d.url, "http") + "__eclipsa/dev/hot?since=0&token=" + tokenText.FindStringSubmatch(text)[1]
	var pages sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		pages.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if conn, _, err := websocket.DefaultDialer.Dial(url, nil); err == nil {
					conn.Close()
				}
			}
		})
	}
	for edit := 1; edit <= 40; edit++ {
		text := fmt.Sprint("edit ", edit)
		d.write("app/+page.tsx", page(text))
		d.untilPage("/", text)
	}
	close(done)
	pages.Wait()
}
