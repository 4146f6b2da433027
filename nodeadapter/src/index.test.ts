/** `node()` as a vite.config gets it: compiled, with the file that scripts/bundle-node.mjs made. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { node } from '@eclipsa/node'
import { WebSocket } from 'ws'
import { startChild } from './testing/child.js'

const root = mkdtempSync(join(tmpdir(), 'eclipsa-adapter-'))
after(() => rmSync(root, { recursive: true }))

const folders = { root, clientDir: join(root, 'dist/client'), serverDir: join(root, 'dist/server') }

/** What `vite build` leaves of an app. */
const handler = `export default ({ upgradeWebSocket }) => Object.assign(
  async (request) => new Response('page ' + new URL(request.url).pathname),
  { drain: async () => {} },
)
`

test('the files run in a folder with nothing else, under the app\'s base', async () => {
  const files = await node({ entry: 'main.mjs' }).eclipsaServerAdapter.buildFiles({ ...folders, base: '/shop/' })
  assert.deepEqual(files.map(({ path }) => path).sort(), ['chunks/eclipsa-node.mjs', 'main.mjs'])
  for (const { path, contents } of [...files, { path: 'index.mjs', contents: handler }, { path: '../client/note.txt', contents: 'a note' }]) {
    const file = join(folders.serverDir, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, contents)
  }
  const child = startChild(join(folders.serverDir, 'main.mjs'), [], { PORT: '0', HOST: '127.0.0.1' }, root)
  try {
    const [, url] = await child.says(/listening on (http:\/\/127\.0\.0\.1:\d+\/shop\/)/)
    assert.equal(await (await fetch(`${url}note.txt`)).text(), 'a note')
    assert.equal(await (await fetch(`${url}cart`)).text(), 'page /shop/cart')
    // The handler answers without upgrading: the gate was there to ask it, and ws is in the bundle.
    const socket = new WebSocket(`${url!.replace('http', 'ws')}__eclipsa/realtime/x`)
    const refused = await new Promise<Error>((resolve) => socket.once('error', resolve))
    assert.match(refused.message, /Unexpected server response: \d+/)
    child.process.kill('SIGTERM')
    assert.equal((await child.ended).code, 0)
  } finally {
    await child.kill()
  }
})

test('the entry is node.mjs', async () => {
  const files = await node().eclipsaServerAdapter.buildFiles({ ...folders, base: '/' })
  assert.match(files.find(({ path }) => path === 'node.mjs')!.contents, /base: "\/"/)
})

test('misuse is one sentence', () => {
  for (const entry of ['', 'node', 'main.js', '../node.mjs', 'a/b.mjs', 'a\\b.mjs', '/node.mjs', 'index.mjs', 'main.cjs', 'x y.mjs']) {
    assert.throws(() => node({ entry }), (error: Error) => error.message.startsWith(`[eclipsa] node({ entry: ${JSON.stringify(entry)} }): entry is the name of a file`) && !error.message.includes('\n'), entry)
  }
  const plugins = [{ name: 'vite:css' }, { name: 'eclipsa' }]
  node().configResolved({ plugins })
  assert.throws(() => node().configResolved({ plugins: plugins.slice(0, 1) }), /^Error: \[eclipsa\] vite\.config has node\(\) without eclipsa\(\)/)
})
