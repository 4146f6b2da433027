package devserver

import (
	"context"
	"os"

	"eclipsa/devserver/tty"
)

// console is what a person at the terminal can do with a running server. It exists only where stdin
// and stdout are terminals.
type console struct {
	keyboard *tty.Keyboard
	print    *printer
	urls     []string
	restart  func()
	quit     func()
}

// openKeyboard gives no keyboard where nobody could see what the keys do.
func openKeyboard(in *os.File, print *printer) *tty.Keyboard {
	if !print.terminal || !tty.Is(in) {
		return nil
	}
	keyboard, err := tty.OpenKeyboard(in)
	if err != nil {
		print.warn("no keys: " + err.Error())
		return nil
	}
	return keyboard
}

type action struct {
	key   byte
	about string
	do    func(*console)
}

var actions = []action{
	{'r', "restart: reads the settings again and starts a new worker", func(c *console) { c.restart() }},
	{'o', "open the page in a browser", func(c *console) { openBrowser(c.urls[0]) }},
	{'c', "clear the terminal", func(c *console) { c.print.clear(); c.print.urls(c.urls) }},
	{'q', "quit, as Ctrl-C does", func(c *console) { c.quit() }},
}

// run does what the keys say until ctx ends, and gives the terminal back.
func (c *console) run(ctx context.Context) {
	defer c.keyboard.Close()
	for {
		select {
		case key, ok := <-c.keyboard.Keys():
			if !ok {
				return
			}
			c.pressed(key)
		case <-ctx.Done():
			return
		}
	}
}

func (c *console) pressed(key byte) {
	if key == 'h' || key == '?' {
		c.help()
	}
	for _, one := range actions {
		if one.key == key {
			one.do(c)
		}
	}
}

func (c *console) help() {
	c.print.space()
	for _, one := range actions {
		c.print.line("  %s  %s", c.print.paint(bold, string(one.key)), one.about)
	}
	c.print.space()
}

// restart asks for everything anew: settings, environment, packages, worker. Asking twice is asking once.
func (p *pipeline) restart() {
	select {
	case p.restarts <- struct{}{}:
	default:
	}
}
