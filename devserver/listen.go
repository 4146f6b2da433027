package devserver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"eclipsa/app"
)

// portsToTry is how far the search for a free port goes.
const portsToTry = 50

// listen binds the first free port from settings.Port on, and says which one was taken (0 if none).
func listen(settings app.Settings) (listeners []net.Listener, taken int, err error) {
	for port := settings.Port; port < settings.Port+portsToTry && port <= 65535; port++ {
		listeners, err = bind(settings.Host, port)
		if err == nil {
			return listeners, taken, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
		if settings.StrictPort {
			return nil, 0, &app.Problem{Text: fmt.Sprintf("port %d is in use", port), Hint: "Stop what uses it, choose another --port, or leave out --strict-port."}
		}
		if taken == 0 {
			taken = port
		}
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, 0, &app.Problem{Text: fmt.Sprintf("ports %d to %d are in use", settings.Port, settings.Port+portsToTry-1), Hint: "Choose another --port."}
	}
	return nil, 0, &app.Problem{Text: fmt.Sprintf("can't listen on %q: %v", settings.Host, err), Hint: "--host is an address or a name of this machine."}
}

// bind listens on one address, or on both loopbacks: "localhost" means either, by browser.
func bind(host string, port int) ([]net.Listener, error) {
	if host != "" && host != "localhost" {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		return []net.Listener{listener}, err
	}
	first, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	port = first.Addr().(*net.TCPAddr).Port
	second, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		first.Close()
		return nil, err
	}
	if err != nil { // no IPv6 here
		return []net.Listener{first}, nil
	}
	return []net.Listener{first, second}, nil
}

func closeAll(listeners []net.Listener) {
	for _, listener := range listeners {
		listener.Close()
	}
}

// addresses are the URLs to print, the local one first.
func addresses(settings app.Settings, listeners []net.Listener) []string {
	scheme := "http"
	if settings.HTTPS != nil {
		scheme = "https"
	}
	address := listeners[0].Addr().(*net.TCPAddr)
	url := func(host string) string {
		return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(address.Port)) + settings.Base
	}
	ip, _ := netip.AddrFromSlice(address.IP)
	switch {
	case ip.Unmap().IsLoopback():
		return []string{url("localhost")}
	case !ip.IsUnspecified():
		return []string{url(settings.Host)}
	}
	urls := []string{url("localhost")}
	own, _ := net.InterfaceAddrs()
	for _, one := range own {
		if network, ok := one.(*net.IPNet); ok && network.IP.To4() != nil && !network.IP.IsLoopback() {
			urls = append(urls, url(network.IP.String()))
		}
	}
	return urls
}

// openBrowser opens the page. Where that fails, the URL is on the terminal.
func openBrowser(url string) {
	command := map[string][]string{"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"}}[runtime.GOOS]
	if command == nil {
		command = []string{"xdg-open"}
	}
	opener := exec.Command(command[0], append(command[1:], url)...)
	if opener.Start() == nil {
		go opener.Wait() // ends with the opener, which hands over and leaves
	}
}
