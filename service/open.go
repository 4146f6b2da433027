package service

import (
	"sync"

	"eclipsa/app"
	"eclipsa/transform"
)

// openApp is what one "open" found. It is not changed afterwards.
type openApp struct {
	app       *app.App
	project   *app.Project
	mode      app.Mode
	tsconfigs sync.Map // folder → text of the tsconfig.json that applies
}

// open keeps the last app where there are problems: it goes on while somebody mends the folder.
func (s *service) open(r *openRequest) (*appAnswer, error) {
	s.opening.Lock()
	defer s.opening.Unlock()
	a, err := app.Load(r.Root, func(settings *app.Settings) { settings.Base = r.Base })
	if err != nil {
		return nil, err
	}
	project, err := app.OpenProject(a.Root)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.app = &openApp{app: a, project: project, mode: r.Mode}
	s.mu.Unlock()
	return describeApp(a, project, r.Mode), nil
}

func describeApp(a *app.App, project *app.Project, mode app.Mode) *appAnswer {
	answer := &appAnswer{Root: a.Root, Project: project.Root, Package: a.Package, Base: a.Settings.Base, ServerEntry: a.ServerEntry, SSRRoot: a.SSRRoot,
		ClientEntry: a.ClientEntry, ClientDevEntry: a.ClientDevEntry, Hooks: a.Hooks, ServerHooks: a.ServerHooks,
		Routes: []routeAnswer{}, Linked: orEmpty(a.Linked),
		Settings: settingsAnswer{External: orEmpty(a.Settings.External), AllowedHosts: orEmpty(a.Settings.AllowedHosts),
			AllowedOrigins: orEmpty(a.Settings.AllowedOrigins), TrustProxy: a.Settings.TrustProxy,
			BuildHost: a.Settings.BuildHost, Sourcemap: a.Settings.Sourcemap, Compress: a.Settings.Compress},
		Modules: map[string]string{app.ClientID: a.ClientModule(mode), app.ClientManifestID: a.ClientManifest(),
			app.ServerID: a.ServerModule(), transform.HelpersSpecifier: transform.Helpers()}}
	for _, route := range a.Routes {
		answer.Routes = append(answer.Routes, routeAnswer{ID: route.ID, Page: route.Page, Server: route.Server, Layouts: orEmpty(route.Layouts),
			Middlewares: orEmpty(route.Middlewares), NotFound: route.NotFound, Error: route.Error, Loading: route.Loading,
			ClientFiles: orEmpty(route.ClientFiles())})
	}
	return answer
}

func (s *service) external(r *externalRequest) (*externalAnswer, error) {
	opened, err := s.opened()
	if err != nil {
		return nil, err
	}
	name := app.PackageName(r.Specifier)
	why := opened.project.WhyExternal(opened.app.Settings.External, r.Folder, name)
	if why == "" {
		return &externalAnswer{}, nil
	}
	return &externalAnswer{Note: app.StaysImport(name, why)}, nil
}

func (s *service) manifest(r *manifestRequest) (*textAnswer, error) {
	opened, err := s.opened()
	if err != nil {
		return nil, err
	}
	data := app.ManifestData{Mode: opened.mode, Routes: map[string]app.RouteData{}, Assets: r.Data.Assets, NotFoundScripts: r.Data.NotFoundScripts}
	for _, symbol := range r.Data.Symbols {
		data.Symbols = append(data.Symbols, app.ManifestSymbol{ID: symbol.ID, Kind: symbol.Kind, Specifier: symbol.Specifier})
	}
	for id, route := range r.Data.Routes {
		data.Routes[id] = app.RouteData{Symbols: route.Symbols, Assets: route.Assets}
	}
	return &textAnswer{Text: opened.app.ServerManifest(data)}, nil
}

// orEmpty makes nil slices [] in JSON.
func orEmpty[E any](list []E) []E {
	if list == nil {
		return []E{}
	}
	return list
}
