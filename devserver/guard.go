package devserver

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"

	"eclipsa/app"
)

// The checks that stand before every file, every proxied request and every upgrade
// (SECURITY.md S1-S8, S18, S21). A development server is reached by every page that its user's
// browser has open, so what counts is what a browser can't forge: Host, Origin, Sec-Fetch-*.

// refusal is an answer that a check gives instead of letting a request through.
type refusal struct {
	status int
	text   string
}

// checkTarget refuses request targets that only attackers write. Everything behind it may rely
// on the path being one slash and something, without a fragment, a backslash or a control
// character, decoded or not.
func checkTarget(r *http.Request) *refusal {
	bad := &refusal{http.StatusBadRequest, "eclipsa: this request target is not a path"}
	target := r.RequestURI
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
		return bad
	}
	path, _, _ := strings.Cut(target, "?")
	if strings.ContainsAny(path, "\\") || strings.Contains(target, "#") {
		return bad
	}
	if strings.ContainsFunc(r.URL.Path, func(c rune) bool { return unicode.IsControl(c) || c == '\\' }) {
		return bad
	}
	if dotSegment.MatchString(path) {
		return bad
	}
	return nil
}

// dotSegment finds "." and "..", however spelled, between slashes. URL parsers resolve them, so that
// a path could leave a prefix after it was seen to have it; browsers never send one.
var dotSegment = regexp.MustCompile(`(?i)/(?:\.|%2e){1,2}(?:/|$)`)

// maxHeaderFields is far above what browsers send. Node ignores what comes after its 2,000th field
// without a word, and that could be the one that a check needs (S20).
const maxHeaderFields = 1000

func checkHeader(r *http.Request) *refusal {
	fields := 0
	for _, values := range r.Header {
		fields += len(values)
	}
	if fields > maxHeaderFields {
		return &refusal{http.StatusRequestHeaderFieldsTooLarge, fmt.Sprintf("eclipsa: more than %d header fields", maxHeaderFields)}
	}
	return nil
}

var hostName = regexp.MustCompile(`^(?i)[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?$`)

// hostRules say which Host headers are ours: without them any site could rebind its own name to
// our address and read the app (DNS rebinding, S4).
type hostRules struct {
	// allowed are settings.allowedHosts (a name, or ".example.com" for a domain and its subdomains)
	// and the name that the server listens on. They may change while it runs.
	allowed *atomic.Pointer[[]string]
	host    string
	// network: the server listens beyond loopback, so addresses of this machine count too. A
	// rebound name can't be an address.
	network bool
}

func newHostRules(settings app.Settings, host string) hostRules {
	rules := hostRules{allowed: new(atomic.Pointer[[]string])}
	if host != "" && host != "localhost" {
		if address, err := netip.ParseAddr(host); err == nil {
			rules.network = !address.IsLoopback()
		} else {
			rules.host = host
		}
	}
	rules.use(settings)
	return rules
}

// use allows what other settings say.
func (h hostRules) use(settings app.Settings) {
	allowed := slices.Clone(settings.AllowedHosts)
	if h.host != "" {
		allowed = append(allowed, h.host)
	}
	h.allowed.Store(&allowed)
}

func (h hostRules) check(r *http.Request) *refusal {
	if h.allows(r.Host) {
		return nil
	}
	return &refusal{http.StatusForbidden, fmt.Sprintf(
		"eclipsa: the host %q is not allowed to reach this development server.\nAdd it to \"allowedHosts\" in %s if it is yours.", r.Host, app.ConfigFile)}
}

func (h hostRules) allows(host string) bool {
	name, ok := splitHost(host)
	if !ok {
		return false
	}
	if address, err := netip.ParseAddr(name); err == nil {
		return address.Zone() == "" && (address.IsLoopback() || h.network && !address.IsUnspecified()) || slices.Contains(*h.allowed.Load(), name)
	}
	name = strings.ToLower(name)
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	return slices.ContainsFunc(*h.allowed.Load(), func(allowed string) bool {
		allowed = strings.ToLower(allowed)
		return name == allowed || strings.HasPrefix(allowed, ".") && (strings.HasSuffix(name, allowed) || name == allowed[1:])
	})
}

// splitHost takes a Host header apart, strictly: a name or an address, and at most a port.
func splitHost(host string) (name string, ok bool) {
	name = host
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']')
		if end < 0 || !validPort(host[end+1:]) {
			return "", false
		}
		address, err := netip.ParseAddr(host[1:end])
		return host[1:end], err == nil && address.Is6()
	}
	if colon := strings.IndexByte(host, ':'); colon >= 0 {
		if !validPort(host[colon:]) {
			return "", false
		}
		name = host[:colon]
	}
	return name, hostName.MatchString(name)
}

var portSuffix = regexp.MustCompile(`^(:[0-9]{1,5})?$`)

func validPort(suffix string) bool { return portSuffix.MatchString(suffix) }

// checkSameOrigin guards everything below /__eclipsa/dev/: sources and the hot channel are for
// this server's own pages. Requests without Origin and Sec-Fetch-Site (no browser, or a typed
// address) pass: what must not be readable by other programs of the machine needs the token too.
func checkSameOrigin(r *http.Request) *refusal {
	no := &refusal{http.StatusForbidden, "eclipsa: this is for the development server's own pages"}
	if origins := r.Header.Values("Origin"); len(origins) > 1 || len(origins) == 1 && !sameOrigin(origins[0], r) {
		return no
	}
	switch sites := r.Header.Values("Sec-Fetch-Site"); {
	case len(sites) == 0:
	case len(sites) > 1, sites[0] != "same-origin" && sites[0] != "none":
		return no
	}
	return nil
}

// sameOrigin compares an Origin with the Host of the same request: exactly that host and port, where
// no port means the scheme's. An https origin in front of our plain http is fine (TLS may end at a
// tunnel), an http origin in front of our https is not.
func sameOrigin(origin string, r *http.Request) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme+"://"+u.Host != origin || r.TLS != nil && u.Scheme != "https" {
		return false
	}
	defaultPort := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return defaultPort != "" && withPort(u.Host, defaultPort) == withPort(strings.ToLower(r.Host), defaultPort)
}

func withPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return host + ":" + port
}

// refuse answers, and ends the connection: what follows on it was written by whoever wrote this.
func refuse(w http.ResponseWriter, no *refusal) {
	header := w.Header()
	header.Set("Connection", "close")
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(no.status)
	fmt.Fprintln(w, no.text)
}
