package devserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"eclipsa/nodeadapter"
	"eclipsa/transform"
)

const (
	// readyTimeout is how long a request waits for a worker that starts or restarts.
	readyTimeout = 30 * time.Second
	// maxWorkerError bounds the JSON of an app's error.
	maxWorkerError = 1 << 20
)

// workerTransport never leaves for a proxy of the environment, and never waits for a body: 100 ms
// of "Expect: 100-continue" would be felt. Compression is between the browser and the app.
var workerTransport = &http.Transport{
	Proxy:               nil,
	DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
	DisableCompression:  true,
	MaxIdleConnsPerHost: 64,
	IdleConnTimeout:     4 * time.Second, // Node closes idle connections after 5 s
}

// proxy hands a request to the worker, bodies streaming both ways.
func (h *handler) proxy(w http.ResponseWriter, r *http.Request) { h.proxyUnless(w, r, "") }

// proxyUnless waits for a worker at another address than one that failed.
func (h *handler) proxyUnless(w http.ResponseWriter, r *http.Request, failed string) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	h.project.settled(ctx)
	h.project.tryAgain(ctx)
	to, err := h.target.getOther(ctx, failed)
	cancel()
	if err != nil {
		h.errorPage(w, r, http.StatusServiceUnavailable, h.project.notReady())
		return
	}
	if failure := h.project.blocked(); failure != nil {
		h.project.stumbled.Store(true)
		h.errorPage(w, r, http.StatusInternalServerError, failure)
		return
	}
	proxy := &httputil.ReverseProxy{
		Transport:     workerTransport,
		FlushInterval: -1,
		Rewrite:       func(p *httputil.ProxyRequest) { rewrite(p, to) },
		ModifyResponse: func(response *http.Response) error {
			if response.StatusCode == http.StatusInternalServerError && response.Header.Get(nodeadapter.ErrorHeader) == "1" {
				return readWorkerError(response)
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			reads := (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.ContentLength == 0
			if failed == "" && reads && isConnectionError(err) && h.target.left(r.Context(), to.address) {
				h.proxyUnless(w, r, to.address)
				return
			}
			h.proxyFailed(w, r, err)
		},
		ErrorLog: h.print.quiet(),
	}
	proxy.ServeHTTP(w, r)
}

// rewrite addresses the worker and leaves everything else as it came: the target byte for byte,
// Host, and the X-Forwarded-* that a tunnel may have set (the app decides whether to trust them).
func rewrite(p *httputil.ProxyRequest, to backend) {
	target, query, hasQuery := strings.Cut(p.In.RequestURI, "?")
	p.Out.URL = &url.URL{Scheme: "http", Host: to.address, Opaque: target, RawQuery: query, ForceQuery: hasQuery && query == ""}
	p.Out.Host = p.In.Host
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := p.In.Header[name]; ok {
			p.Out.Header[name] = values
		}
	}
	// Only realtime is upgraded here, and not through this proxy: h2c and the like are plain requests.
	p.Out.Header.Del("Upgrade")
	p.Out.Header.Del("Connection")
	p.Out.Header.Set(nodeadapter.SecretHeader, to.secret)
	if _, ok := p.In.Header["User-Agent"]; !ok {
		p.Out.Header["User-Agent"] = nil // else net/http adds its own name
	}
}

// readWorkerError makes the app's error the proxy's error, so that one place answers.
func readWorkerError(response *http.Response) error {
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxWorkerError))
	if err != nil {
		return err
	}
	failure := &nodeadapter.WorkerError{}
	if err := json.Unmarshal(text, failure); err != nil {
		return fmt.Errorf("the worker's error is not readable: %.200s", text)
	}
	return failure
}

func (h *handler) proxyFailed(w http.ResponseWriter, r *http.Request, err error) {
	var failure *nodeadapter.WorkerError
	switch {
	case errors.As(err, &failure):
		h.appFailed(w, r, failure)
	case r.Context().Err() != nil: // the browser went away
		panic(http.ErrAbortHandler)
	default:
		h.print.warn(fmt.Sprintf("%s: the worker did not answer (%v)", r.URL.Path, err))
		h.errorPage(w, r, http.StatusBadGateway, []transform.Diagnostic{textDiagnostic("The app's worker did not answer.", "It may have crashed: see the terminal.")})
	}
}

// isConnectionError tells the end of a connection from an answer that can't be used.
func isConnectionError(err error) bool {
	var failed net.Error
	return errors.As(err, &failed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
