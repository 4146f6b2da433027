package devserver

import (
	"testing"

	"eclipsa/app"
	"eclipsa/nodeadapter"
)

func TestProxyKeepsTheRequest(t *testing.T) {
	s := newStub(t, app.Settings{}, nil)
	s.get("/a%2Fb/[id]/%7Bx%7D?q=1;2&=%zz", "X-Forwarded-For: 1.2.3.4", "X-Eclipsa-Worker: guessed", "Cookie: a=b")
	if s.reached[0] != "GET /a%2Fb/[id]/%7Bx%7D?q=1;2&=%zz" {
		t.Errorf("got %s", s.reached[0])
	}
	header := s.headers[0]
	if got := header.Values(nodeadapter.SecretHeader); len(got) != 1 || got[0] != "the-secret" {
		t.Errorf("secret: %q", got)
	}
	if header.Get("X-Forwarded-For") != "1.2.3.4" || header.Get("Cookie") != "a=b" || header.Get("Accept-Encoding") != "" || header.Get("User-Agent") != "" {
		t.Errorf("got %v", header)
	}
}
