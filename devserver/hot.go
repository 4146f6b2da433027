package devserver

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"eclipsa/transform"

	"github.com/gorilla/websocket"
)

// The hot channel: one WebSocket per open page, from here to the browser only. What a page sends
// is read and thrown away, so there is nothing to ask of it (S5). Opening it needs the server's
// own origin and the token that only our own pages were given (S3).

// hotMessage is one message, the union of runtime/dev/hot-messages.ts.
type hotMessage struct {
	Type    string                 `json:"type"` // connected, update, reload, css, error, ok
	Boot    string                 `json:"boot,omitempty"`
	Version int                    `json:"version,omitempty"`
	Modules []hotModule            `json:"modules,omitempty"`
	Removed []string               `json:"removed,omitempty"`
	Names   []string               `json:"names,omitempty"`
	Path    string                 `json:"path,omitempty"`
	URL     string                 `json:"url,omitempty"`
	Errors  []transform.Diagnostic `json:"errors,omitempty"`
}

// hotModule is one module as registry.define takes it, its factory as text.
type hotModule struct {
	ID      string   `json:"id"`
	Deps    []string `json:"deps"`
	Dynamic []string `json:"dynamic"`
	Code    string   `json:"code"`
	Map     string   `json:"map,omitempty"`
}

const (
	// hotQueue bounds what one page may be behind. A page that is (a tab in the background that
	// the system froze) is cut off, and reloads when it comes back.
	hotQueue = 64
	// hotWrite ends a page whose connection takes nothing.
	hotWrite = 10 * time.Second
	// hotPing keeps tunnels from closing a quiet channel, and finds dead pages.
	hotPing = 30 * time.Second
)

// hub knows the open pages. All methods may be called concurrently.
type hub struct {
	token string
	boot  string // tells a page that it belongs to an earlier run of this server

	mu      sync.Mutex           // Protects following.
	pages   map[chan []byte]bool // true: it runs no app, or could not start it
	current *hotMessage          // the error that a page must show when it opens, or nil
}

func newHub() *hub {
	return &hub{token: randomHex(), boot: randomHex(), pages: map[chan []byte]bool{}}
}

func randomHex() string {
	var bits [16]byte
	rand.Read(bits[:])
	return hex.EncodeToString(bits[:])
}

// send tells every open page. An error is also told to every page that opens from now on, until
// another message replaces it.
func (h *hub) send(message hotMessage) {
	text := message.encode()
	h.mu.Lock()
	defer h.mu.Unlock()
	switch message.Type {
	case "error":
		h.current = &message
	case "ok", "reload":
		h.current = nil
	}
	for page := range h.pages {
		select {
		case page <- text:
		default:
			delete(h.pages, page)
			close(page)
		}
	}
}

// hasPages says whether any page is open.
func (h *hub) hasPages() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.pages) > 0
}

// hasBare says whether a page is open that runs no app.
func (h *hub) hasBare() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(slices.Collect(maps.Values(h.pages)), true)
}

// hasError says whether pages show an error now.
func (h *hub) hasError() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.current != nil
}

// shows says whether pages show exactly these errors now.
func (h *hub) shows(errors []transform.Diagnostic) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.current != nil && slices.EqualFunc(h.current.Errors, errors, sameDiagnostic)
}

func (m hotMessage) encode() []byte {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings and numbers
	}
	return text
}

// open takes a page in. What it missed is told first, under the lock: nothing that is sent meanwhile
// comes before it. missed takes the project's lock, so that whoever holds that one calls no method here.
func (h *hub) open(bare bool, missed func() []hotMessage) chan []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	page := make(chan []byte, hotQueue)
	page <- hotMessage{Type: "connected", Boot: h.boot}.encode()
	for _, message := range missed() {
		page <- message.encode()
	}
	if h.current != nil {
		page <- h.current.encode()
	}
	h.pages[page] = bare
	return page
}

func (h *hub) close(page chan []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, open := h.pages[page]; open {
		delete(h.pages, page)
		close(page)
	}
}

// serve answers GET /__eclipsa/dev/hot?token=…&since=…. It returns when the page is gone, or
// stopping closes.
func (h *hub) serve(w http.ResponseWriter, r *http.Request, missed func(since int) []hotMessage, stopping <-chan struct{}) {
	query := r.URL.Query()
	token := query.Get("token")
	if subtle.ConstantTimeCompare([]byte(token), []byte(h.token)) != 1 {
		refuse(w, &refusal{http.StatusForbidden, "eclipsa: wrong token; reload the page"})
		return
	}
	if no := checkHandshake(w, r); no != nil {
		refuse(w, no)
		return
	}
	since, err := strconv.Atoi(query.Get("since"))
	bare := err != nil // a page without modules: an error page, say
	page := h.open(bare, func() []hotMessage {
		if bare {
			return nil
		}
		return missed(since)
	}) // before the answer, so that nothing is missed that happens after it
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.close(page)
		return
	}
	var reader sync.WaitGroup
	reader.Go(func() {
		conn.SetReadLimit(1 << 10)
		for {
			if _, _, err := conn.NextReader(); err != nil {
				h.close(page)
				return
			}
		}
	})
	writePage(conn, page, stopping)
	conn.Close()
	reader.Wait()
}

func writePage(conn *websocket.Conn, page <-chan []byte, stopping <-chan struct{}) {
	ping := time.NewTicker(hotPing)
	defer ping.Stop()
	for {
		var err error
		select {
		case text, open := <-page:
			if !open {
				return
			}
			conn.SetWriteDeadline(time.Now().Add(hotWrite))
			err = conn.WriteMessage(websocket.TextMessage, text)
		case <-ping.C:
			err = conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(hotWrite))
		case <-stopping:
			sendClose(conn, websocket.CloseGoingAway, "")
			return
		}
		if err != nil {
			return
		}
	}
}
