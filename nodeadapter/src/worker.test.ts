import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { WebSocket } from 'ws'
import { type Child, startChild } from './testing/child.js'
import { exchange, handshake, statusOf } from './testing/raw.js'
import type { LoadRequest, ModuleText } from './worker-modules.js'

const secret = '0123456789abcdef0123456789abcdef'
const folder = mkdtempSync(join(tmpdir(), 'eclipsa-worker-'))
after(() => rmSync(folder, { recursive: true }))

let child: Child | undefined
afterEach(async () => {
  await child?.kill()
  child = undefined
})

interface Worker {
  child: Child
  port: number
  get(path: string): Promise<Response>
  load(modules: ModuleText[], more?: Partial<LoadRequest>): Promise<any>
}

async function start(): Promise<Worker> {
  const started = (child = startChild('worker.js', [], { ECLIPSA_WORKER_SECRET: secret }, folder))
  const [line] = await started.says(/^.*\n/)
  const { eclipsaWorker, port } = JSON.parse(line)
  assert.equal(eclipsaWorker, 1)
  const headers = { 'x-eclipsa-worker': secret }
  return {
    child: started,
    port,
    get: (path) => fetch(`http://127.0.0.1:${port}${path}`, { headers }),
    load: async (modules, more) => {
      const request = { external: null, removed: [], entry: 'eclipsa:server', ...more }
      const body = [request, ...modules].map((line) => `${JSON.stringify(line)}\n`).join('')
      return (await fetch(`http://127.0.0.1:${port}/__eclipsa/worker/load`, { method: 'POST', headers, body })).json()
    },
  }
}

/** The entry: answers with the page's text, upgrades, keeps its sessions. */
const entry: ModuleText = {
  id: 'eclipsa:server',
  deps: ['app/text.ts', 'npm:greet'],
  dynamic: [],
  code: `function*($, text, greet) { $.exports({ get default() { return createHandler } }); yield;
  function createHandler({ upgradeWebSocket, showError, replaces }) {
    const sessions = replaces?.sessions ?? new Set()
    const slow = {}
    slow.begun = new Promise((done) => (slow.began = done))
    const upgrade = upgradeWebSocket(() => ({ onOpen: (_, ws) => sessions.add(ws), onMessage: (_, ws) => ws.send(text.text) }))
    const handler = async (request, env) => {
      const { pathname } = new URL(request.url)
      if (pathname === '/fail') return showError(new TypeError('no'))
      if (pathname === '/later') Promise.reject(new Error('forgotten')), setTimeout(() => { throw new Error('thrown late') })
      if (pathname === '/headers') return new Response(JSON.stringify([...request.headers.keys(), ...env.incoming.rawHeaders]))
      if (pathname === '/slow') return new Promise((done) => { slow.end = () => done(new Response('slow')); slow.began() })
      if (pathname === '/slow-began') await slow.begun
      if (pathname === '/slow-end') slow.end()
      if (pathname.startsWith('/sub/__eclipsa/realtime/')) return await upgrade({ env }, async () => {}) ?? new Response('upgrade', { status: 426 })
      return new Response(greet.hello + text.text)
    }
    handler.sessions = sessions
    handler.drain = async ({ code, reason }) => { for (const ws of sessions) ws.close(code, reason) }
    handler.swap = (ids) => { let count = 0; for (const ws of sessions) { ws.send('swap ' + [...ids]); count++ }; return ids.length ? count : 0 }
    return handler
  }
}`,
}
const text = (value: string): ModuleText => ({
  id: 'app/text.ts', deps: [], dynamic: [], code: `function*($) { $.exports({ get text() { return text } }); yield;\nconst text = ${value} }`,
})

function bundle(hello: string): string {
  const path = join(folder, 'deps.mjs')
  writeFileSync(path, `export default { 'npm:greet': { hello: '${hello}' } }; export const lazy = {}`)
  return path
}

test('every request needs the secret, and the app never sees it', async () => {
  const { port, get, load } = await start()
  await load([entry, text('"a"')], { external: bundle('hi ') })
  const rows = ['', 'x-eclipsa-worker: wrong\r\n', `x-eclipsa-worker: ${secret}0\r\n`, `x-eclipsa-worker: ${secret}\r\nx-eclipsa-worker: ${secret}\r\n`]
  for (const line of rows) {
    assert.equal(statusOf(await exchange(port, `GET / HTTP/1.1\r\nHost: a\r\n${line}Connection: close\r\n\r\n`)), 403)
    assert.equal(statusOf(await exchange(port, `POST /__eclipsa/worker/load HTTP/1.1\r\nHost: a\r\n${line}Content-Length: 2\r\nConnection: close\r\n\r\n{}`)), 403)
    assert.equal(statusOf(await exchange(port, handshake('/sub/__eclipsa/realtime/x', line ? line.trim().split('\r\n') : []))), 403)
  }
  assert.doesNotMatch(await (await get('/headers')).text(), /x-eclipsa-worker/i)
})

test('loads, replaces, keeps what works', async () => {
  const { get, load } = await start()
  assert.equal((await get('/')).status, 503)
  assert.deepEqual(await load([entry, text('"a"')], { external: bundle('hi ') }), { ok: true, evaluated: 0, swapped: 0 })
  assert.equal(await (await get('/')).text(), 'hi a')
  assert.deepEqual(await load([text('"b"')]), { ok: true, evaluated: 2, swapped: 0 })
  assert.equal(await (await get('/')).text(), 'hi b')

  const failed = await load([text('(() => { throw new RangeError("at evaluation") })()')])
  assert.equal(failed.ok, false)
  assert.deepEqual([failed.error.name, failed.error.message], ['RangeError', 'at evaluation'])
  assert.match(failed.error.stack, /\bapp\/text\.ts:2:29\b/)
  assert.equal(await (await get('/')).text(), 'hi b')

  const broken = await load([text('(')])
  assert.equal(broken.error.name, 'SyntaxError')
  assert.match(broken.error.stack, /app\/text\.ts:2/)
  const missing = await load([], { removed: ['app/text.ts'] })
  assert.match(missing.error.message, /"app\/text\.ts".*was never sent/)
  assert.equal(await (await get('/')).text(), 'hi b')

  assert.equal((await load([text('"c"')])).ok, true)
  assert.equal(await (await get('/')).text(), 'hi c')
  const noEntry = await load([{ id: 'x', deps: [], dynamic: [], code: 'function*($) { $.exports({}); yield; }' }], { entry: 'x' })
  assert.match(noEntry.error.message, /no default export/)
  const another = await load([], { external: bundle('ho ') })
  assert.match(another.error.message, /another worker is needed/)
})

test('what a load brought that failed is there when the rest follows', async () => {
  const { get, load } = await start()
  const greeting = { ...text('greet.hello'), deps: ['npm:greet'], code: text('greet.hello').code.replace('($)', '($, greet)') }
  const failed = await load([entry, greeting], { external: '/nowhere/deps.mjs' })
  assert.match(failed.error.message, /nowhere/)
  assert.equal((await get('/')).status, 503)
  assert.equal((await load([], { external: bundle('hey ') })).ok, true)
  assert.equal(await (await get('/')).text(), 'hey hey ')
})

test('positions on the first line are those of the code', async () => {
  const { load } = await start()
  const { error } = await load([{ id: 'eclipsa:server', deps: [], dynamic: [], code: 'function*($) { $.exports({}); yield; null.x }' }])
  assert.match(error.stack, /\beclipsa:server:1:43\b/)
})

/** Two symbols, one of which reaches the text. */
const symbols = (hash: string) => ({
  'useA-1': { hash, reaches: ['app/text.ts'] },
  'useB-1': { hash: 'b', reaches: [] },
})

test('open sessions outlive a load; the symbols whose code or reach changed are swapped', async () => {
  const { port, load } = await start()
  await load([entry, text('"a"')], { external: bundle('hi '), symbols: symbols('1') })
  const socket = new WebSocket(`ws://127.0.0.1:${port}/sub/__eclipsa/realtime/x`, { headers: { 'x-eclipsa-worker': secret } })
  await once(socket, 'open')
  const swaps = async (...request: Parameters<Worker['load']>): Promise<string> => {
    const message = once(socket, 'message')
    assert.equal((await load(...request)).ok, true)
    return String((await message)[0])
  }
  const unused = { id: 'app/unused.ts', deps: [], dynamic: [], code: 'function*($) { $.exports({}); yield; }' }
  assert.equal(await swaps([unused], { symbols: symbols('1') }), 'swap ')
  assert.equal(await swaps([], { symbols: symbols('2') }), 'swap useA-1')
  assert.equal(await swaps([text('"b"')]), 'swap useA-1')
  // What a failed load has evaluated again counts for the next one that succeeds, even if it brings the old code back.
  assert.equal((await load([text('null.x')])).ok, false)
  assert.equal(await swaps([text('"b"')]), 'swap useA-1')
  assert.equal(await swaps([], { symbols: { 'useB-1': null } }), 'swap useB-1')
  socket.terminate()
})

test('errors of the app are shown, or logged with their stack; the worker goes on', async () => {
  const { child, get, load } = await start()
  await load([entry, text('"a"')], { external: bundle('hi ') })
  const shown = await get('/fail')
  assert.deepEqual([shown.status, shown.headers.get('x-eclipsa-error')], [500, '1'])
  assert.deepEqual(Object.keys((await shown.json()) as object), ['name', 'message', 'stack'])
  await get('/later')
  await child.says(/Error: forgotten\n\s+at .*eclipsa:server:\d+/)
  await child.says(/Error: thrown late\n\s+at .*eclipsa:server:\d+/)
  assert.equal((await get('/')).status, 200)
})

test('ends when stdin closes, not on Ctrl-C, and not without a secret', async () => {
  const { child, get } = await start()
  child.process.kill('SIGINT')
  assert.equal((await get('/')).status, 503)
  child.process.stdin!.end()
  assert.deepEqual(await child.ended, { code: 0, signal: null })
  const alone = startChild('worker.js', [], { ECLIPSA_WORKER_SECRET: '' })
  assert.equal((await alone.ended).code, 1)
})

test('stop: open sessions close with 1012, requests finish, nothing new opens', async () => {
  const { port, get, load } = await start()
  await load([entry, text('"a"')], { external: bundle('hi ') })
  const socket = new WebSocket(`ws://127.0.0.1:${port}/sub/__eclipsa/realtime/x`, { headers: { 'x-eclipsa-worker': secret } })
  await once(socket, 'open')
  const closed = once(socket, 'close')
  const slow = get('/slow')
  await get('/slow-began')
  const headers = { 'x-eclipsa-worker': secret }
  const stopped = fetch(`http://127.0.0.1:${port}/__eclipsa/worker/stop`, { method: 'POST', headers })
  assert.deepEqual((await closed).map(String), ['1012', 'the server restarts'])
  assert.equal(statusOf(await exchange(port, handshake('/sub/__eclipsa/realtime/x', [`x-eclipsa-worker: ${secret}`]))), 503)
  await get('/slow-end')
  assert.equal(await (await slow).text(), 'slow')
  assert.equal((await stopped).status, 200)
})

test('stop does not wait for ever, and not without the secret', async () => {
  const { port, get, load } = await start()
  const stop = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${port}/__eclipsa/worker/stop`, { method: 'POST', headers })
  assert.equal((await stop({})).status, 403)
  await load([entry, text('"a"')], { external: bundle('hi ') })
  const slow = get('/slow')
  await get('/slow-began')
  assert.equal((await stop({ 'x-eclipsa-worker': secret })).status, 200)
  await get('/slow-end')
  assert.equal(await (await slow).text(), 'slow')
})
