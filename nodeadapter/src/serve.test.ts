import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { type Child, startChild } from './testing/child.js'
import { exchange, handshake, reads, statusOf } from './testing/raw.js'

const folder = mkdtempSync(join(tmpdir(), 'eclipsa-serve-'))
writeFileSync(join(folder, 'file.txt'), 'a file')
after(() => rmSync(folder, { recursive: true }))

let child: Child | undefined
afterEach(async () => {
  await child?.kill()
  child = undefined
})

async function start(env: Record<string, string> = {}): Promise<{ child: Child; port: number; url: string }> {
  child = startChild('testing/serve-app.js', [folder], { PORT: '0', HOST: '127.0.0.1', ...env })
  const [, port] = await child.says(/^eclipsa: listening on http:\/\/127\.0\.0\.1:(\d+)\/$/m)
  return { child, port: Number(port), url: `http://127.0.0.1:${port}` }
}

test('files, pages, bodies, streams, cookies, sessions', async () => {
  const { url } = await start()
  assert.equal(await (await fetch(`${url}/file.txt`)).text(), 'a file')
  assert.equal(await (await fetch(`${url}/?q`)).text(), `home ${url}/?q`)
  assert.equal(await (await fetch(`${url}/echo`, { method: 'POST', body: 'x'.repeat(300_000) })).text(), 'x'.repeat(300_000))
  assert.deepEqual((await fetch(`${url}/cookies`)).headers.getSetCookie(), ['a=1; Path=/', 'b=2; Path=/'])
  const reader = (await fetch(`${url}/stream`)).body!.getReader()
  assert.equal(new TextDecoder().decode((await reader.read()).value), 'first\n')
  await reader.cancel()
  const socket = new WebSocket(`${url.replace('http', 'ws')}/__eclipsa/realtime/x`)
  await once(socket, 'open')
  socket.send('hello')
  assert.equal(String((await once(socket, 'message'))[0]), 'hello')
  socket.terminate()
})

test('requests that offer h2c get files, pages and streams', async () => {
  const { child, port } = await start()
  const offer = ['Host: a', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']
  assert.match(await exchange(port, handshake('/file.txt', [], offer)), /\r\n\r\na file$/)
  assert.match(await exchange(port, handshake('/', [], offer)), /\r\n\r\nhome http:\/\/a\/$/)
  const socket = connect(port, '127.0.0.1', () => socket.write(handshake('/stream', [], offer)))
  await reads(socket, /first\n/)
  child.process.kill('SIGTERM')
  await reads(socket, /last\n/)
})

test('S4, S21: what is malformed gets its status and ends nothing', async () => {
  const { port, url } = await start()
  const rows: [string, number][] = [
    ...['//', '///', 'http://[', 'http://localhost/', '*', ':99999/', '/\\x', '//evil.test/', '/#x'].map((target): [string, number] => [`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`, 400]),
    ['OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['GET / HTTP/1.0\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: a@b\r\nConnection: close\r\n\r\n', 400],
    ['nonsense\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\nConnection: close\r\n\r\n`, 200],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(60_000)}\r\nConnection: close\r\n\r\n`, 431],
    ['GET /throw HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 500],
    [handshake('/page'), 404],
  ]
  for (const [text, status] of rows) assert.equal(statusOf(await exchange(port, text)), status, text.slice(0, 80))
  assert.equal((await fetch(url)).status, 200)
})

test('a body that ends early ends nothing', async () => {
  const { port, url } = await start()
  for (const finish of ['resetAndDestroy', 'destroy', 'end'] as const) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\nabc')
    await reads(socket, /100 Continue/)
    socket[finish]()
    await once(socket.resume(), 'close')
  }
  assert.equal((await fetch(url)).status, 200)
})

describe('SIGTERM', () => {
  test('closes sessions with 1001, finishes requests, takes no new ones, exits 0', async () => {
    const { child, port, url } = await start()
    const session = new WebSocket(`${url.replace('http', 'ws')}/__eclipsa/realtime/x`)
    await once(session, 'open')
    const idle = connect(port, '127.0.0.1', () => idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    await reads(idle, /home/)
    const stream = (await fetch(`${url}/stream`)).body!.getReader()
    await stream.read()
    const closed = once(session, 'close')
    const idleClosed = once(idle.resume(), 'close')
    const started = Date.now()
    child.process.kill('SIGTERM')
    assert.deepEqual((await closed).map(String), ['1001', 'going away'])
    assert.equal(new TextDecoder().decode((await stream.read()).value), 'last\n')
    await idleClosed
    assert.deepEqual(await child.ended, { code: 0, signal: null })
    assert.ok(Date.now() - started < 10_000)
    assert.match(child.output(), /^drain 5000$/m)
    await assert.rejects(fetch(url))
  })

  test('a second signal exits at once', async () => {
    const { child, url } = await start()
    // A client that never answers the close frame would hold the process.
    const session = new WebSocket(`${url.replace('http', 'ws')}/__eclipsa/realtime/x`)
    await once(session, 'open')
    session.pause()
    child.process.kill('SIGINT')
    await child.says(/drain/)
    child.process.kill('SIGINT')
    assert.deepEqual(await child.ended, { code: 1, signal: null })
    session.terminate()
  })
})

describe('one sentence and exit code 1', () => {
  const fails = async (env: Record<string, string>, sentence: RegExp, client = folder): Promise<void> => {
    const failing = startChild('testing/serve-app.js', [client], env)
    assert.equal((await failing.ended).code, 1)
    assert.match(failing.output(), sentence)
  }

  test('for a port in use', async () => {
    const { port } = await start()
    await fails({ PORT: String(port), HOST: '127.0.0.1' }, new RegExp(`^eclipsa: port ${port} is in use: .+\n$`))
  })
  test('for a PORT that is none', () => fails({ PORT: '80a' }, /^eclipsa: PORT is "80a": .+\n$/))
  test('for a HOST that is not here', () => fails({ PORT: '0', HOST: '192.0.2.1' }, /^eclipsa: HOST "192\.0\.2\.1" is no address .+\n$/))
  test('for files that were left behind', () => fails({ PORT: '0' }, /^eclipsa: there is no folder .+\n$/, join(folder, 'missing')))
})
