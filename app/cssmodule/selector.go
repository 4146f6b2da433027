package cssmodule

import (
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// selector writes a selector list with its classes and ids renamed, and returns the classes that
// stand alone in it (the only ones that may compose others).
func (c *compiler) selector(tokens []token) (alone []string) {
	global := 0 // depth of parentheses from which on names stay; 0: none; -1: up to the comma
	depth := 0
	var unwrap []int // depths at which a ")" belongs to :global( or :local( and is dropped
	simple, class, parts := true, "", 0
	finish := func() {
		if simple && parts == 1 && class != "" {
			alone = append(alone, class)
		}
		simple, class, parts = true, "", 0
	}
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		next := func() string {
			if i+1 < len(tokens) {
				return tokens[i+1].text
			}
			return ""
		}
		switch {
		case t.TokenType == css.ColonToken && (next() == "global(" || next() == "local("):
			depth++
			unwrap = append(unwrap, depth)
			if next() == "global(" && global == 0 {
				global, simple = depth, false
			}
			i++
			continue
		case t.TokenType == css.ColonToken && (next() == "global" || next() == "local"):
			global, simple = 0, next() == "local" && simple
			if next() == "global" {
				global = -1
			}
			i++
			for i+1 < len(tokens) && blank(tokens[i+1]) {
				i++
			}
			continue
		case t.TokenType == css.FunctionToken || t.TokenType == css.LeftParenthesisToken:
			depth++
			simple = false
		case t.TokenType == css.RightParenthesisToken:
			if global == depth {
				global = 0
			}
			depth--
			if n := len(unwrap); n > 0 && unwrap[n-1] == depth+1 {
				unwrap = unwrap[:n-1]
				continue
			}
		case t.TokenType == css.CommaToken && depth == 0:
			finish()
			if global == -1 {
				global = 0
			}
			c.out.WriteString(t.text)
			continue
		case t.text == "." && t.TokenType == css.DelimToken && i+1 < len(tokens) && tokens[i+1].TokenType == css.IdentToken:
			parts++
			i++
			name := tokens[i].text
			if global == 0 {
				class = name
				name = c.export(name)
			}
			c.out.WriteString("." + name)
			continue
		case t.TokenType == css.HashToken:
			simple = false
			if global == 0 {
				t.text = "#" + c.export(t.text[1:])
			}
		case !blank(t):
			simple = false
		}
		c.out.WriteString(t.text)
	}
	finish()
	return alone
}

// declaration writes tokens[start:end], a declaration or nothing: "composes" goes into the names,
// animation names are renamed, the rest stays.
func (c *compiler) declaration(start, end int, selector []string) error {
	first := c.skip(start)
	if first >= end || c.tokens[first].TokenType != css.IdentToken {
		c.write(c.tokens[start:end])
		return nil
	}
	property := strings.ToLower(c.tokens[first].text)
	switch {
	case property == "composes":
		return c.composes(first, end, selector)
	case strings.HasSuffix(property, "animation") || strings.HasSuffix(property, "animation-name"):
		c.write(c.tokens[start : first+1])
		c.animationNames(c.tokens[first+1 : end])
	default:
		c.write(c.tokens[start:end])
	}
	return nil
}

// composes reads `composes: a b`, `composes: a from "./b.module.css"` and `composes: a from global`.
func (c *compiler) composes(start, end int, selector []string) error {
	if len(selector) == 0 {
		return c.fail(start, "composes works only in a rule for a single class, such as .button { … }")
	}
	var entries []composed
	from := ""
	for i := start + 1; i < end; i++ {
		t := c.tokens[i]
		switch {
		case t.TokenType == css.IdentToken && t.text == "from":
			i = c.skip(i + 1)
			if i < end {
				from = c.tokens[i].text
			}
		case t.TokenType == css.IdentToken:
			entries = append(entries, composed{Part: Part{Class: t.text}, local: true, at: i})
		}
	}
	for i := range entries {
		if from == "" {
			continue
		}
		entries[i].local = false
		if from != "global" {
			entries[i].From = strings.Trim(from, `"'`)
		}
	}
	for _, class := range selector {
		c.names[class] = append(c.names[class], slices.Clone(entries)...)
	}
	if end < len(c.tokens) && c.tokens[end].TokenType == css.SemicolonToken {
		c.at = end + 1
	}
	return nil
}
