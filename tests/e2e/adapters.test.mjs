/** An app that brings its own WebSocket adapter: as a factory (the seed's, on Node), and as an object of another host. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import WebSocket from 'ws'
import { launch, openPage } from '../harness/browser.mjs'
import { copyApp, repository, startBuilt, startDev, startVite, startViteBuilt } from '../harness/servers.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

async function connects(server) {
  const { page, problems, close } = await openPage(browser, server.url)
  await page.getByRole('button', { name: 'Connect' }).click()
  await page.getByText('Latest: Joined general').waitFor()
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText('Latest: Hello').waitFor()
  assert.deepEqual(problems, [])
  await close()
}

const ways = [['eclipsa dev', startDev], ['eclipsa build', startBuilt], ['vite', startVite], ['vite build', startViteBuilt]]

for (const [name, start] of ways) {
  test(`a factory gets the app and the server's upgrades, ${name}`, async () => {
    const app = copyApp('testdata/fixtures/apps/adapter')
    let server
    try {
      server = await start(app.root)
      // The page's Origin carries the real port, which this adapter hides from the app: the runtime finds it again.
      await connects(server)
      assert.deepEqual(await (await fetch(`${server.url}/seen`)).json(), { injected: 1, upgraded: 1 })
    } finally {
      await server?.stop()
      app.remove()
    }
  })
}

/** What the seed's snippet imports, as somebody with `@hono/node-ws` writes it. */
const NODE_WS = `import { createNodeWebSocket } from '@hono/node-ws'
import type { Hono } from 'hono'
export const createNodeRealtimeWebSocket = (app: Hono) => createNodeWebSocket({ app })
`

for (const [name, start] of ways) {
  test(`@hono/node-ws serves the sessions, ${name}`, async () => {
    const app = copyApp('testdata/fixtures/apps/adapter')
    writeFileSync(join(app.root, 'app', 'node-realtime-websocket.ts'), NODE_WS)
    rmSync(join(app.root, 'app', 'seen'), { recursive: true })
    let server
    try {
      server = await start(app.root)
      await connects(server)
      await isRefused(server)
    } finally {
      await server?.stop()
      app.remove()
    }
  })
}

/** A session that there isn't, and then one that there is: a refusal ends nothing but its connection. */
async function isRefused(server) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/__eclipsa/realtime/useNothing-0000000000`, { headers: { Origin: server.url } })
  const [error] = await once(socket, 'error')
  assert.match(error.message, /404/)
  await connects(server)
}

const seed = readFileSync(join(repository, 'testdata', 'seed-realtime.txt'), 'utf8').split('\n')

/** Objects of hosts, which work elsewhere or later: in development our own capability stands in. */
const objects = {
  'hono/bun': seed.slice(107, 116).join('\n'),
  '@hono/node-server': `import { Hono } from 'hono'
import { upgradeWebSocket } from '@hono/node-server'
import { defineRealtimeWebSocketAdapter } from 'eclipsa'
export const realtimeWebSocket = defineRealtimeWebSocketAdapter({ upgradeWebSocket })
export default new Hono()`,
}

for (const [name, start] of ways.filter(([name]) => !name.includes('build'))) {
  for (const [adapter, text] of Object.entries(objects)) {
    test(`${name} serves an app with the adapter of ${adapter}`, async () => {
      const app = copyApp('testdata/fixtures/apps/adapter')
      writeFileSync(join(app.root, 'app', '+server-entry.ts'), `${text}\n`)
      rmSync(join(app.root, 'app', 'seen'), { recursive: true })
      let server
      try {
        server = await start(app.root)
        await connects(server)
      } finally {
        await server?.stop()
        app.remove()
      }
    })
  }
}
