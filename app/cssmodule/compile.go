package cssmodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

type token struct {
	css.TokenType
	text string
}

// compiler goes over the tokens once. Each stretch up to "{", ";" or "}" is a prelude: a selector,
// an at-rule or a declaration, which only its end tells.
type compiler struct {
	tokens     []token
	at         int
	out        strings.Builder
	file, hash string
	animations map[string]bool // @keyframes of this file, wherever they stand
	order      []string
	names      map[string][]composed
}

// composed is one "composes" entry of a class, not yet resolved.
type composed struct {
	Part
	local bool // a class of this file, which may compose others itself
	at    int  // index of the token, for errors
}

// context is what a block's stretches without braces of their own mean.
type context uint8

const (
	topLevel context = iota
	declarations
	keyframes
)

func newCompiler(modulePath, text string) *compiler {
	c := &compiler{animations: map[string]bool{}, names: map[string][]composed{}}
	c.file, c.hash = scope(modulePath)
	lexer := css.NewLexer(parse.NewInputString(text))
	for {
		kind, bytes := lexer.Next()
		if kind == css.ErrorToken {
			break
		}
		c.tokens = append(c.tokens, token{kind, string(bytes)})
	}
	for i, t := range c.tokens {
		if isKeyframes(t) {
			if j := c.skip(i + 1); j < len(c.tokens) && c.tokens[j].TokenType == css.IdentToken {
				c.animations[c.tokens[j].text] = true
			}
		}
	}
	return c
}

func isKeyframes(t token) bool {
	return t.TokenType == css.AtKeywordToken && strings.HasSuffix(strings.ToLower(t.text), "keyframes")
}

func blank(t token) bool {
	return t.TokenType == css.WhitespaceToken || t.TokenType == css.CommentToken
}

// skip is the index of the next token that means something.
func (c *compiler) skip(i int) int {
	for i < len(c.tokens) && blank(c.tokens[i]) {
		i++
	}
	return i
}

// block writes everything up to the brace that closes it. selector holds the classes that a
// "composes" in it belongs to.
func (c *compiler) block(in context, selector ...string) error {
	for c.at < len(c.tokens) {
		start, end := c.at, c.stretch()
		prelude := c.tokens[start:end]
		c.at = end
		opens := end < len(c.tokens) && c.tokens[end].TokenType == css.LeftBraceToken
		var err error
		switch first := c.skip(start); {
		case first < end && c.tokens[first].TokenType == css.AtKeywordToken:
			err = c.atRule(prelude, opens, in, selector)
		case opens && in == keyframes || opens && c.custom(first):
			c.write(prelude)
			err = c.open(declarations)
		case opens:
			classes := c.selector(prelude)
			err = c.open(declarations, classes...)
		default:
			err = c.declaration(start, end, selector)
		}
		if err != nil {
			return err
		}
		if c.at < len(c.tokens) && !opens {
			closes := c.tokens[c.at].TokenType == css.RightBraceToken
			if closes && in != topLevel {
				return nil // open writes it
			}
			c.out.WriteString(c.tokens[c.at].text)
			c.at++
		}
	}
	return nil
}

// open writes "{", the block and its "}".
func (c *compiler) open(in context, selector ...string) error {
	c.out.WriteString("{")
	c.at++
	if in == topLevel {
		in = declarations // a closing brace ends it
	}
	if err := c.block(in, selector...); err != nil {
		return err
	}
	if c.at < len(c.tokens) {
		c.out.WriteString("}")
		c.at++
	}
	return nil
}

// stretch is the index of the token that ends the stretch that starts here.
func (c *compiler) stretch() int {
	depth := 0
	for i := c.at; i < len(c.tokens); i++ {
		switch c.tokens[i].TokenType {
		case css.LeftParenthesisToken, css.LeftBracketToken, css.FunctionToken:
			depth++
		case css.RightParenthesisToken, css.RightBracketToken:
			depth--
		case css.LeftBraceToken, css.RightBraceToken, css.SemicolonToken:
			if depth <= 0 {
				return i
			}
		}
	}
	return len(c.tokens)
}

func (c *compiler) custom(i int) bool {
	return i < len(c.tokens) && (c.tokens[i].TokenType == css.CustomPropertyNameToken || strings.HasPrefix(c.tokens[i].text, "--"))
}

func (c *compiler) write(tokens []token) {
	for _, t := range tokens {
		c.out.WriteString(t.text)
	}
}

// atRule renames what @keyframes defines; the blocks of the others hold rules or declarations,
// which look alike here.
func (c *compiler) atRule(prelude []token, opens bool, in context, selector []string) error {
	frames := slices.ContainsFunc(prelude, isKeyframes)
	if frames {
		c.animationNames(prelude)
	} else {
		c.write(prelude)
	}
	switch {
	case !opens:
		return nil
	case frames:
		return c.open(keyframes)
	}
	return c.open(in, selector...)
}

// animationNames writes tokens with the file's animations renamed and :global(x) unwrapped.
func (c *compiler) animationNames(tokens []token) {
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if t.TokenType == css.ColonToken && i+3 < len(tokens) && (tokens[i+1].text == "global(" || tokens[i+1].text == "local(") {
			name := tokens[i+2].text
			if tokens[i+1].text == "local(" {
				name = c.export(name)
			}
			c.out.WriteString(name)
			i += 3
			continue
		}
		if t.TokenType == css.IdentToken && c.animations[t.text] {
			t.text = c.export(t.text)
		}
		c.out.WriteString(t.text)
	}
}

// export notes a name and returns its public form.
func (c *compiler) export(local string) string {
	if _, known := c.names[local]; !known {
		c.names[local] = nil
		c.order = append(c.order, local)
	}
	return c.public(local)
}

func (c *compiler) public(local string) string {
	return c.file + "_" + unescape(local) + "_" + c.hash
}

// unescape makes a name from CSS fit for a class attribute and for CSS alike.
func unescape(name string) string { return unsafe.ReplaceAllString(name, "-") }

// module resolves the compositions.
func (c *compiler) module() (Module, error) {
	m := Module{CSS: c.out.String()}
	for _, local := range c.order {
		parts, err := c.parts(local, nil)
		if err != nil {
			return Module{}, err
		}
		m.Names = append(m.Names, Name{Local: strings.ReplaceAll(local, `\`, ""), Parts: parts})
	}
	return m, nil
}

func (c *compiler) parts(local string, chain []string) ([]Part, error) {
	parts := []Part{{Class: c.public(local)}}
	for _, entry := range c.names[local] {
		if !entry.local {
			parts = append(parts, entry.Part)
			continue
		}
		if _, known := c.names[entry.Class]; !known {
			return nil, c.fail(entry.at, fmt.Sprintf("composes names %q, which is no class of this file", entry.Class))
		}
		if entry.Class == local || slices.Contains(chain, entry.Class) {
			return nil, c.fail(entry.at, fmt.Sprintf("%q composes itself", entry.Class))
		}
		more, err := c.parts(entry.Class, append(chain, local))
		if err != nil {
			return nil, err
		}
		parts = append(parts, more...)
	}
	return parts, nil
}

func (c *compiler) fail(at int, text string) error {
	line, column := 1, 1
	for _, t := range c.tokens[:at] {
		if i := strings.LastIndexByte(t.text, '\n'); i >= 0 {
			line += strings.Count(t.text, "\n")
			column = 1
			t.text = t.text[i+1:]
		}
		column += len([]rune(t.text))
	}
	return &Error{Text: text, Line: line, Column: column}
}
