package cssmodule

import (
	"errors"
	"strings"
	"testing"
)

func compile(t *testing.T, text string) Module {
	t.Helper()
	m, err := Compile("app/ui/card.module.css", text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCSS(t *testing.T) {
	_, hash := scope("app/ui/card.module.css")
	for _, test := range []struct{ in, out string }{
		{`.a{color:red}`, `.card_a_H{color:red}`},
		{`.a:hover > .b, p.c::after { x: .5em }`, `.card_a_H:hover > .card_b_H, p.card_c_H::after { x: .5em }`},
		{`#id:not(.a) {}`, `#card_id_H:not(.card_a_H) {}`},
		{`:global(.x) .a {}`, `.x .card_a_H {}`},
		{`.a :global .x .y, .b {}`, `.card_a_H .x .y, .card_b_H {}`},
		{`:global(.x :local(.y)) {}`, `.x .y {}`},
		{`:is(:global(.x), .a) {}`, `:is(.x, .card_a_H) {}`},
		{`@media (min-width: 1px) { .a { b: c } } .d{}`, `@media (min-width: 1px) { .card_a_H { b: c } } .card_d_H{}`},
		{`.a { .b & { c: d } color: red; }`, `.card_a_H { .card_b_H & { c: d } color: red; }`},
		{`@keyframes spin { from { a: b } 50.5% { a: c } } .a { animation: 1s spin ease; animation-name: other }`,
			`@keyframes card_spin_H { from { a: b } 50.5% { a: c } } .card_a_H { animation: 1s card_spin_H ease; animation-name: other }`},
		{`@keyframes :global(spin) { to { a: b } }`, `@keyframes spin { to { a: b } }`},
		{`.a { background: url(./x.y.png); --b: .c; }`, `.card_a_H { background: url(./x.y.png); --b: .c; }`},
		{`@import "./x.css"; @font-face { font-family: "a.b" }`, `@import "./x.css"; @font-face { font-family: "a.b" }`},
		{`@layer base { .a { b: c; } }`, `@layer base { .card_a_H { b: c; } }`},
		{`/* .no */ .a { /* } */ b: c }`, `/* .no */ .card_a_H { /* } */ b: c }`},
		{`.a { b: c } }`, `.card_a_H { b: c } }`},
		{`.a {`, `.card_a_H {`},
	} {
		want := strings.ReplaceAll(test.out, "H", hash)
		if got := compile(t, test.in).CSS; got != want {
			t.Errorf("%s\n got %s\nwant %s", test.in, got, want)
		}
	}
}

func TestComposes(t *testing.T) {
	_, hash := scope("app/ui/card.module.css")
	m := compile(t, `.a { color: red } .b { composes: a; x: y } .c { composes: b; composes: d e from "./o.module.css"; composes: g from global }`)
	js := m.JS("css:x")
	want := `import $0 from "./o.module.css";
import "css:x";
const _0 = "card_a_H";
export { _0 as a };
const _1 = "card_b_H card_a_H";
export { _1 as b };
const _2 = "card_c_H card_b_H card_a_H " + $0["d"] + " " + $0["e"] + " g";
export { _2 as c };
export default { ["a"]: _0, ["b"]: _1, ["c"]: _2, };
`
	if js != strings.ReplaceAll(want, "_H", "_"+hash) {
		t.Errorf("got %s", js)
	}
	if strings.Contains(m.CSS, "composes") {
		t.Errorf("composes stays in %s", m.CSS)
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		".a { composes: b }":                       `1:16: composes names "b", which is no class of this file`,
		".a { composes: a }":                       `1:16: "a" composes itself`,
		"\n.a .b { composes: c }":                  `2:9: composes works only in a rule for a single class, such as .button { … }`,
		".a { composes: b } .b {\n composes: a\n}": `2:12: "a" composes itself`,
	} {
		_, err := Compile("x.module.css", text)
		var mistake *Error
		if !errors.As(err, &mistake) || err.Error() != want {
			t.Errorf("%q gave %v, want %s", text, err, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`.a { composes: b from "x" } @keyframes a { from {} }`)
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := Compile("x.module.css", text); err == nil {
			m.JS("x")
		}
	})
}
