package main

// plainHandlerText stands for a realtime() call: what its component shows while nothing is open.
const plainHandlerText = `
const useRoom%d = () => ({ isOpen: false, status: 'closed', send(_message: { text: string }) {} })
`

// entries writes what a client-only server and one with server rendering start with. Both show the
// whole tree in the layout of the eclipsa app's page "/".
func (g generator) entries() {
	g.file("src/page.tsx", `import './global.css'
import { Component0 } from './group-00/component-0'

export function Page() {
  return <main><Component0 label="root" depth={0} /></main>
}
`)
	g.file("src/global.css", globalStyle)
	g.file("src/client.tsx", "import { render } from 'preact'\nimport { Page } from './page'\nrender(<Page />, document.getElementById('app')!)\n")
	g.file("src/hydrate.tsx", "import { hydrate } from 'preact'\nimport { Page } from './page'\nhydrate(<Page />, document.getElementById('app')!)\n")
	g.file("src/server.tsx", "import { renderToString } from 'preact-render-to-string'\nimport { Page } from './page'\nexport const render = () => renderToString(<Page />)\n")
	for name, entry := range map[string]string{"index.html": "client", "ssr.html": "hydrate"} {
		g.file(name, `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>generated</title><link rel="icon" href="data:,"></head>
<body><div id="app"></div><script type="module" src="/src/`+entry+`.tsx"></script></body>
</html>
`)
	}
}
