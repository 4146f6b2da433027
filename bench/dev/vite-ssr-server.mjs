/** A server as Vite's documentation writes it for SSR, with Hono in front of Preact's renderer. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { createServer as createViteServer } from 'vite'

const server = createServer((incoming, outgoing) => vite.middlewares(incoming, outgoing, () => listener(incoming, outgoing)))
const vite = await createViteServer({ server: { middlewareMode: true, hmr: { server } } })
const app = new Hono()

app.get('/', async (c) => {
  const template = await vite.transformIndexHtml('/', readFileSync('ssr.html', 'utf8'))
  const { render } = await vite.ssrLoadModule('/src/server.tsx')
  return c.html(template.replace('<div id="app"></div>', () => `<div id="app">${render()}</div>`))
})
app.onError((error) => {
  vite.ssrFixStacktrace(error)
  throw error
})

const listener = getRequestListener(app.fetch)
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`))
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void vite.close().finally(() => process.exit(0)))
