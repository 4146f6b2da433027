package main

import (
	"flag"

	"eclipsa/app"
)

// overrides are the settings that flags change; a flag that was not given changes none.
type overrides struct {
	base string
	list []app.Override
}

// addTo declares the flags that every command shares.
func (o *overrides) addTo(f *flags) {
	f.StringVar(&o.base, "base", "", "the `path` under which the app is served (/)")
}

func (o *overrides) when(f *flags, name string, override app.Override) {
	f.Visit(func(given *flag.Flag) {
		if given.Name == name {
			o.list = append(o.list, override)
		}
	})
}

// all is the list with the shared flags; it is read after parsing.
func (o *overrides) all(f *flags) []app.Override {
	o.when(f, "base", func(s *app.Settings) { s.Base = o.base })
	return o.list
}
