import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import type { WSEvents } from 'hono/ws'
import { realtime } from '../realtime/realtime.js'
import { FakeSocket, Peer, settle } from '../realtime/testing/fake-host.js'
import type { RealtimeHandler } from '../realtime/types.js'
import { createApp } from './app.js'
import type { Handler } from './handler.js'
import type { Load, Manifest, RouteEntry, Segment } from './manifest.js'

const assets = { scripts: [], preload: [], styles: [] }
const load = (module: Record<string, unknown>): Load => () => Promise.resolve(module)
const segment = (text: string): Segment =>
  text.startsWith('[') ? { type: 'param', name: text.slice(1, -1) } : { type: 'static', value: text }

function route(id: string, parts: Partial<RouteEntry>): RouteEntry {
  const segments = id.split('/').filter(Boolean).map(segment)
  return { id, segments, layouts: [], middlewares: [], symbols: [], assets, ...parts }
}

function app(parts: Partial<Manifest>) {
  const reports: unknown[] = []
  const manifest: Manifest = { mode: 'production', base: '/', settings: {}, routes: [], symbols: {}, assets, ...parts }
  const handler = createApp(manifest)({ report: (_stage, error) => reports.push(error) })
  const get = (path: string, init?: RequestInit) => handler(new Request(`http://app.test${path}`, init))
  return { get, handler, reports }
}

const Page = () => <p>page</p>
const page = load({ default: Page })

describe('pages', () => {
  const { get } = app({
    routes: [
      route('/', { page, layouts: [load({ default: ({ children }: { children: unknown }) => <main>{children as never}</main> })] }),
      route('/about', { page: load({ default: Page, metadata: { title: 'About <us>' } }) }),
      route('/rooms/[id]', { page: load({ default: Page, metadata: ({ params }: { params: { id: string } }) => ({ title: params.id }) }) }),
    ],
  })

  test('are documents with their layouts, metadata and state', async () => {
    const response = await get('/')
    assert.equal(response.headers.get('content-type'), 'text/html; charset=UTF-8')
    assert.match(await response.text(), /^<!DOCTYPE html><html lang="en">.*<div id="eclipsa"><main><p>page<\/p><\/main><\/div>/)
    assert.match(await (await get('/about')).text(), /<title>About &lt;us><\/title>|<title>About &lt;us&gt;<\/title>/)
    assert.match(await (await get('/rooms/blue%20sky')).text(), /<title>blue sky<\/title>/)
  })

  test('state can\'t end its script', async () => {
    const html = await (await get(`/rooms/${encodeURIComponent('<')}!--<script>`)).text()
    assert.doesNotMatch(html.slice(html.indexOf('eclipsa-state')), /<!--|<script/)
  })

  test('HEAD has no body, other methods are refused', async () => {
    const head = await get('/', { method: 'HEAD' })
    assert.deepEqual([head.status, await head.text()], [200, ''])
    assert.equal((await get('/', { method: 'POST' })).status, 405)
  })

  for (const [path, status] of [
    ['/about/', 308], ['/ABOUT', 404], ['//about', 404], ['/about//', 404], ['/%61bout', 200], ['/%2561bout', 404], ['/about%2f', 400], ['/rooms/%', 400],
    ['/rooms/a%2Fb', 400], ['/rooms/a%5Cb', 400], ['/rooms/%00', 400], ['/rooms/%2e%2e%2fabout', 400], ['/nowhere', 404], ['/__eclipsa/nothing', 404],
  ] as const) {
    test(`${path} is ${status}`, async () => assert.equal((await get(path)).status, status))
  }

  test('the trailing slash redirects on this host only', async () => {
    assert.equal((await get('/about/?a=1')).headers.get('location'), '/about?a=1')
    assert.equal((await get('//evil.test/')).headers.get('location'), null)
  })
})

describe('middlewares', () => {
  const calls: string[] = []
  const counting = (name: string) => load({ default: async (_c: unknown, next: () => Promise<void>) => { calls.push(name); await next() } })
  const hasty = load({ default: (_c: unknown, next: () => Promise<void>) => void next() })
  const { get, reports } = app({
    routes: [
      route('/ok', { page, middlewares: [counting('outer'), counting('inner')] }),
      route('/denied', { page, middlewares: [load({ default: (c: { text(text: string, status: number): Response }) => c.text('no', 401) })] }),
      route('/silent', { page, middlewares: [load({ default: () => undefined })] }),
      route('/twice', { page, middlewares: [load({ default: async (_c: unknown, next: () => Promise<void>) => { await next(); await next() } })] }),
      route('/string', { page, middlewares: [load({ default: () => { throw 'SECRET' } })] }),
      route('/missing', { page, middlewares: [load({})] }),
      route('/hasty', { page, middlewares: [hasty] }),
      route('/hasty-and-broken', { page: load({}), middlewares: [hasty] }),
    ],
  })

  test('run outer first', async () => {
    assert.equal((await get('/ok')).status, 200)
    assert.deepEqual(calls, ['outer', 'inner'])
  })
  test('that do not await next() neither cut the answer short nor lose its error', async () => {
    assert.match(await (await get('/hasty')).text(), /<p>page/)
    assert.equal((await get('/hasty-and-broken')).status, 500)
  })
  test('may answer', async () => assert.equal((await get('/denied')).status, 401))
  for (const [path, message] of [
    ['/silent', /neither answered nor called next/], ['/twice', /called next\(\) twice/], ['/string', /SECRET/], ['/missing', /default export/],
  ] as const) {
    test(`${path} is a 500 without details, reported`, async () => {
      const response = await get(path)
      assert.deepEqual([response.status, await response.text()], [500, 'Internal server error\n'])
      assert.match(String(reports.at(-1)), message)
    })
  }
})

describe('+server', () => {
  const { get } = app({
    routes: [
      route('/api', { server: load({ GET: (c: { json(value: unknown): Response }) => c.json({ ok: true }), DELETE: () => new Response(null, { status: 204 }) }) }),
      route('/both', { page, server: load({ POST: () => new Response('posted') }) }),
    ],
  })

  test('answers by method', async () => {
    assert.deepEqual(await (await get('/api')).json(), { ok: true })
    assert.equal((await get('/api', { method: 'DELETE' })).status, 204)
    const refused = await get('/api', { method: 'PUT' })
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET, DELETE'])
  })
  test('stands beside a page', async () => {
    assert.match(await (await get('/both')).text(), /<p>page/)
    assert.equal(await (await get('/both', { method: 'POST' })).text(), 'posted')
  })
})

describe('the app\'s own Hono app', () => {
  const own = new Hono()
  own.use(async (c, next) => { await next(); c.header('x-own', '1') })
  own.get('/own', (c) => c.text('own'))
  const { get } = app({ routes: [route('/', { page })], serverEntry: { default: own } })

  test('stands in front of pages', async () => {
    assert.equal(await (await get('/own')).text(), 'own')
    assert.equal((await get('/')).headers.get('x-own'), '1')
  })
})

describe('realtime before the upgrade', () => {
  let loaded = 0
  realtime('useIt-1' as never, () => {}) // the compiled form, which users' types hide
  const module: Load = () => { loaded++; return Promise.resolve({}) }
  const base = {
    routes: [route('/room/[id]', { page, symbols: ['useIt-1'], middlewares: [load({ default: (_c: unknown, next: () => Promise<void>) => next() })] }), route('/other', { page })],
    symbols: { 'useIt-1': { kind: 'realtime' as const, module } },
  }
  const { get } = app({ ...base, settings: { allowedOrigins: ['https://friend.test'] } })
  const ask = async (id: string, query: string, headers: Record<string, string> = {}) =>
    (await get(`/__eclipsa/realtime/${id}${query}`, { headers })).status

  for (const [origin, status] of [
    ['http://app.test', 426], ['https://app.test', 426], ['http://APP.test', 426], ['http://app.test:80', 426], ['http://app.test:81', 403], ['http://evil.test', 403],
    ['null', 403], ['http://app.test.evil', 403], ['http://user@app.test', 403], ['http://app.test/', 403], ['http://app.test.', 403], ['http://[::1]', 403],
    ['http://app.test, http://evil.test', 403], ['file://', 403], ['', 403], ['https://friend.test', 426], ['https://friend.test:8443', 403],
  ] as const) {
    test(`S16: origin ${JSON.stringify(origin)} is ${status}`, async () => {
      const before = loaded
      assert.equal(await ask('useIt-1', '?url=/room/1', { origin }), status)
      if (status === 403) assert.equal(loaded, before, 'the handler\'s module is not even loaded')
    })
  }

  for (const [id, query, status] of [
    ['useIt-1', '?url=/room/1', 426], ['useIt-1', '', 400], ['useIt-1', '?url=http://evil.test/room/1', 400], ['useIt-1', '?url=//evil.test/room/1', 400],
    ['useIt-1', '?url=/other', 404], ['useIt-1', '?url=/nowhere', 404], ['useIt-1', '?url=/room/%2500', 404], ['__proto__', '?url=/room/1', 404],
    ['constructor', '?url=/room/1', 404], ['toString', '?url=/room/1', 404], ['%', '?url=/room/1', 404], ['useIt-1', `?url=/room/1&input=${'a'.repeat(17_000)}`, 414],
  ] as const) {
    test(`${id}${query.slice(0, 40)} is ${status}`, async () => assert.equal(await ask(id, query), status))
  }

  test('the host\'s upgrade response reaches the host itself', async () => {
    const accepted = new Response(null, { status: 200 })
    const manifest: Manifest = { ...base, mode: 'production', base: '/', settings: {}, assets }
    const handler = createApp(manifest)({ upgradeWebSocket: (() => async () => accepted) as never })
    const request = new Request('http://app.test/__eclipsa/realtime/useIt-1?url=/room/1', { headers: { upgrade: 'websocket' } })
    assert.equal(await handler(request), accepted)
  })

  test('a host without upgradeWebSocket is told', async () => {
    const response = await get('/__eclipsa/realtime/useIt-1?url=/room/1', { headers: { upgrade: 'websocket' } })
    assert.equal(response.status, 501)
    assert.match(await response.text(), /upgradeWebSocket/)
  })
})

describe('a handler that replaces another', () => {
  // What the compiler makes of realtime(), which users' types hide.
  const register = (id: string, handler: RealtimeHandler): unknown => realtime(id as never, handler as never)

  /** As the worker makes them: the app's code was evaluated again, and a new handler takes over from the one before. */
  function develop(ids: readonly string[], replaces?: Handler, parts: Partial<Manifest> = {}) {
    const symbols = Object.fromEntries(ids.map((id) => [id, { kind: 'realtime' as const, module: load({}) }]))
    const manifest: Manifest = { mode: 'development', base: '/', settings: {}, routes: [route('/', { page, symbols: [...ids] })], symbols, assets, ...parts }
    const reports: unknown[] = []
    const accepted: WSEvents[] = []
    const upgradeWebSocket = ((create: () => WSEvents) => () => {
      accepted.push(create())
      return Promise.resolve(new Response())
    }) as never
    const handler = createApp(manifest)({ upgradeWebSocket, report: (_stage, error) => reports.push(error), ...(replaces && { replaces }) })
    const connect = async (id: string, socket = new FakeSocket()): Promise<Peer> => {
      await handler(new Request(`http://app.test/__eclipsa/realtime/${id}?url=/`, { headers: { upgrade: 'websocket' } }))
      return new Peer(accepted.at(-1) as WSEvents, socket)
    }
    return { handler, reports, connect }
  }

  test('swaps the sessions of the one before, with the handlers registered since', async () => {
    register('useSwap-1', (connection) => connection.send('old'))
    register('useSwap-2', (connection) => connection.send('old'))
    const first = develop(['useSwap-1', 'useSwap-2'])
    const one = (await first.connect('useSwap-1')).opens()
    const two = (await first.connect('useSwap-2')).opens()
    const upgrading = await first.connect('useSwap-1')

    // A file is evaluated as a whole: also what did not change in it is registered again.
    register('useSwap-1', (connection) => connection.send('new'))
    register('useSwap-2', (connection) => connection.send('not named'))
    const second = develop(['useSwap-1', 'useSwap-2'], first.handler)
    assert.deepEqual(one.socket.messages, ['old'], 'not before swap()')
    assert.equal(second.handler.swap(['useSwap-1']), 1)
    upgrading.opens()
    assert.deepEqual([one, two, upgrading].map(({ socket }) => socket.messages), [['old', 'new'], ['old'], ['new']])
    assert.ok([one, two, upgrading].every(({ socket }) => socket.closed === undefined))
  })

  test('without a new handler, swap() does the same', async () => {
    register('useSwap-1', () => {})
    const { handler, connect } = develop(['useSwap-1'])
    const { socket } = (await connect('useSwap-1')).opens()
    register('useSwap-1', (connection) => connection.send('new'))
    assert.equal(handler.swap(['useSwap-1']), 1)
    assert.deepEqual(socket.messages, ['new'])
  })

  test('closes the sessions whose symbol its manifest no longer has, though it is still registered', async () => {
    register('useSwap-1', () => {})
    register('useSwap-2', () => {})
    const first = develop(['useSwap-1', 'useSwap-2'])
    const peers = [(await first.connect('useSwap-1')).opens(), (await first.connect('useSwap-2')).opens(), await first.connect('useSwap-1')]
    const second = develop(['useSwap-2'], first.handler)
    assert.equal(second.handler.swap([]), 0)
    peers[2]?.opens()
    const removed = [1012, 'handler removed']
    assert.deepEqual(peers.map(({ socket }) => socket.closed), [removed, undefined, removed])
  })

  test('gets the reports of all sessions', async () => {
    register('useSwap-1', (connection) => void connection.onClose(() => { throw new Error('late') }))
    const first = develop(['useSwap-1'])
    const peer = (await first.connect('useSwap-1')).opens()
    const second = develop(['useSwap-1'], first.handler)
    peer.closes(1000)
    await settle()
    assert.deepEqual([first.reports.length, second.reports.length], [0, 1])
  })

  test('has the same sessions: drain() of either closes all', async () => {
    for (const which of ['first', 'second'] as const) {
      register('useSwap-1', () => {})
      const first = develop(['useSwap-1'])
      const second = develop(['useSwap-1'], first.handler)
      const peers = [(await first.connect('useSwap-1')).opens(), (await second.connect('useSwap-1')).opens()]
      for (const peer of peers) peer.socket.onClosing = () => void peer.closes(1001)
      await { first, second }[which].handler.drain({ spreadMs: 0 })
      assert.deepEqual(peers.map(({ socket }) => socket.closed?.[0]), [1001, 1001])
    }
  })

  test('and can\'t be made leaves them as they were', async () => {
    register('useSwap-1', () => {})
    const first = develop(['useSwap-1'])
    const { socket } = (await first.connect('useSwap-1')).opens()
    assert.throws(() => develop([], first.handler, { serverEntry: { default: 'no app' } }), /must be a Hono app/)
    register('useSwap-1', (connection) => connection.send('new'))
    assert.equal(first.handler.swap(['useSwap-1']), 1)
    assert.deepEqual([socket.messages, socket.closed], [['new'], undefined])
  })

  test('must be one of createHandler\'s', () => {
    assert.throws(() => develop([], (() => {}) as never), /replaces/)
  })

  test('without `replaces` has sessions of its own', async () => {
    register('useSwap-1', () => {})
    const first = develop(['useSwap-1'])
    const { socket } = (await first.connect('useSwap-1')).opens()
    await develop(['useSwap-1']).handler.drain({ spreadMs: 0 })
    assert.equal(socket.closed, undefined)
  })
})

test('S13: forwarded headers count with trustProxy only', async () => {
  const parts: Partial<Manifest> = { routes: [route('/', { page, symbols: ['useIt-1'] })], symbols: { 'useIt-1': { kind: 'realtime', module: load({}) } } }
  const headers = { origin: 'https://public.test', 'x-forwarded-host': 'public.test', 'x-forwarded-proto': 'https' }
  const status = async (settings: Manifest['settings']) =>
    (await app({ ...parts, settings }).get('/__eclipsa/realtime/useIt-1?url=/', { headers })).status
  assert.equal(await status({}), 403)
  assert.equal(await status({ trustProxy: true }), 426)
})

test('base prefixes everything', async () => {
  const { get } = app({ base: '/docs/', routes: [route('/', { page }), route('/about', { page })] })
  const statuses = await Promise.all(['/docs', '/docs/', '/docs/about', '/about', '/docsabout'].map(async (path) => (await get(path)).status))
  assert.deepEqual(statuses, [200, 200, 200, 404, 404])
})
