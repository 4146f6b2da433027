import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { get, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createHttpServer } from './http-server.js'
import { answerStatic } from './static.js'
import { readStaticFiles } from './static-files.js'
import { exchange, statusOf } from './testing/raw.js'

const text = 'abcdefghijklmnopqrstuvwxyz'
const root = mkdtempSync(join(tmpdir(), 'eclipsa-static-'))
const client = join(root, 'client')
let server: ReturnType<typeof createHttpServer>
let port: number

before(async () => {
  const files = {
    '.env': 'SECRET', 'client/.env': 'SECRET', 'client/.git/config': 'SECRET', 'server/index.mjs': 'SECRET', 'client-secret/x.txt': 'SECRET',
    'client/a.txt': text, 'client/empty.txt': '', 'client/with space.txt': 'space', 'client/héé.txt': 'accents', 'client/100%.txt': 'percent',
    'client/.well-known/security.txt': 'known', 'client/admin/x.txt': 'admin', 'client/noextension': 'bytes',
    'client/assets/app-1a2b.js': 'js', 'client/assets/app-1a2b.js.br': 'BR', 'client/assets/app-1a2b.js.gz': 'GZ', 'client/alone.gz': 'alone',
  }
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  symlinkSync(join(root, '.env'), join(client, 'link.txt'))
  symlinkSync(join(root, 'server'), join(client, 'linked'))
  const table = await readStaticFiles(client, '/')
  const app = Object.assign(async () => new Response('app', { status: 404 }), { drain: async () => {} })
  server = createHttpServer(() => app, (url, incoming, outgoing) => answerStatic(table, url.pathname, incoming, outgoing))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
after(() => {
  server.closeAllConnections()
  server.close()
  rmSync(root, { recursive: true })
})

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, headers, method, agent: false }, (incoming) => {
      let body = ''
      incoming.setEncoding('utf8').on('data', (chunk) => (body += chunk))
      incoming.on('end', () => resolve({ status: incoming.statusCode!, headers: incoming.headers, body }))
    }).on('error', reject)
  })
}

describe('files', () => {
  const rows: [string, string, string][] = [
    ['/a.txt', 'text/plain; charset=utf-8', text],
    ['/a.txt?v=1', 'text/plain; charset=utf-8', text],
    ['/empty.txt', 'text/plain; charset=utf-8', ''],
    ['/with%20space.txt', 'text/plain; charset=utf-8', 'space'],
    ['/h%C3%A9%c3%a9.txt', 'text/plain; charset=utf-8', 'accents'],
    ['/100%25.txt', 'text/plain; charset=utf-8', 'percent'],
    ['/.well-known/security.txt', 'text/plain; charset=utf-8', 'known'],
    ['/noextension', 'application/octet-stream', 'bytes'],
    ['/assets/app-1a2b.js', 'text/javascript; charset=utf-8', 'js'],
    ['/alone.gz', 'application/gzip', 'alone'],
  ]
  for (const [path, type, body] of rows) {
    test(path, async () => {
      const answer = await ask(path)
      assert.deepEqual([answer.status, answer.headers['content-type'], answer.body], [200, type, body])
      assert.equal(answer.headers['content-length'], String(Buffer.byteLength(body)))
      assert.equal(answer.headers['cache-control'], path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
    })
  }

  test('HEAD has the same headers and no body; POST is the app\'s', async () => {
    const [full, head] = [await ask('/a.txt'), await ask('/a.txt', {}, 'HEAD')]
    for (const name of ['etag', 'content-length', 'content-type']) assert.equal(head.headers[name], full.headers[name])
    assert.equal(head.body, '')
    assert.equal((await ask('/a.txt', {}, 'POST')).status, 404)
  })

  test('a known ETag is 304', async () => {
    const { headers } = await ask('/a.txt')
    for (const known of [headers.etag!, `W/${headers.etag}`, `"x", ${headers.etag}`, '*']) {
      const answer = await ask('/a.txt', { 'if-none-match': known })
      assert.deepEqual([answer.status, answer.body, answer.headers.etag], [304, '', headers.etag], known)
    }
    assert.equal((await ask('/a.txt', { 'if-none-match': '"other"' })).status, 200)
  })
})

describe('Range', () => {
  const rows: [string, number, string, string | undefined][] = [
    ['bytes=0-0', 206, 'a', 'bytes 0-0/26'],
    ['bytes=24-', 206, 'yz', 'bytes 24-25/26'],
    ['bytes=-3', 206, 'xyz', 'bytes 23-25/26'],
    ['bytes=-99', 206, text, 'bytes 0-25/26'],
    ['bytes=20-99', 206, 'uvwxyz', 'bytes 20-25/26'],
    ['bytes=26-', 416, '', 'bytes */26'],
    ['bytes=-0', 416, '', 'bytes */26'],
    ['bytes=99999999999999999999-', 416, '', 'bytes */26'],
    ['bytes=2-1', 200, text, undefined],
    ['bytes=0-1,3-4', 200, text, undefined],
    ['bytes=-', 200, text, undefined],
    ['lines=0-1', 200, text, undefined],
  ]
  for (const [range, status, body, header] of rows) {
    test(range, async () => {
      const answer = await ask('/a.txt', { range })
      assert.deepEqual([answer.status, answer.body, answer.headers['content-range']], [status, body, header])
    })
  }

  test('If-Range with another tag gives the whole file', async () => {
    assert.equal((await ask('/a.txt', { range: 'bytes=0-0', 'if-range': '"other"' })).status, 200)
    const { headers } = await ask('/a.txt')
    assert.equal((await ask('/a.txt', { range: 'bytes=0-0', 'if-range': headers.etag! })).status, 206)
  })
})

describe('Accept-Encoding', () => {
  const rows: [string | undefined, string | undefined, string][] = [
    ['gzip, deflate, br', 'br', 'BR'],
    ['gzip', 'gzip', 'GZ'],
    ['br;q=0, gzip;q=0.5', 'gzip', 'GZ'],
    ['*', 'br', 'BR'],
    ['*, br;q=0', 'gzip', 'GZ'],
    ['identity', undefined, 'js'],
    [undefined, undefined, 'js'],
  ]
  for (const [header, encoding, body] of rows) {
    test(String(header), async () => {
      const answer = await ask('/assets/app-1a2b.js', header === undefined ? {} : { 'accept-encoding': header })
      assert.deepEqual([answer.headers['content-encoding'], answer.body, answer.headers.vary], [encoding, body, 'Accept-Encoding'])
    })
  }

  test('copies have tags of their own', async () => {
    const tags = await Promise.all(['br', 'gzip', 'identity'].map(async (encoding) => (await ask('/assets/app-1a2b.js', { 'accept-encoding': encoding })).headers.etag))
    assert.equal(new Set(tags).size, 3)
  })
})

describe('S7, S8, S10, S11: nothing else is served, by raw socket', () => {
  const places = ['.env', '.git/config', '../.env', '../server/index.mjs', '../client-secret/x.txt', '-secret/x.txt', 'link.txt', 'linked/index.mjs']
  const spellings = (path: string): string[] => [
    `/${path}`, `//${path}`, `/./${path}`, `/assets/../${path}`, `/assets/..%2f${path}`, `/%2e/${path}`, `/${path.replaceAll('.', '%2e')}`,
    `/${path.replaceAll('.', '%252e')}`, `/${path.replaceAll('/', '%2f')}`, `/${path.replaceAll('/', '\\')}`, `/${path.replaceAll('/', '%5c')}`, `/${path}%00.txt`, `/${path}/`, `/${path}/.`,
    `/${path};x`, `/${path}::$DATA`, `/a.txt#${path}`, `/a.txt%00/../${path}`, `http://localhost/${path}`,
  ]
  const queries = ['', '?raw', '?raw??', '?import&raw??', '?.svg?import', '?url', '?inline&import']
  for (const place of places) {
    test(place, async () => {
      for (const path of spellings(place)) {
        const answers = await Promise.all(queries.map((query) => exchange(port, `GET ${path}${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)))
        for (const answer of answers) {
          assert.ok([400, 404].includes(statusOf(answer)), `${path}: ${answer}`)
          assert.doesNotMatch(answer, /SECRET/, path)
        }
      }
    })
  }

  test('S10: a file has one path', async () => {
    assert.equal((await ask('/admin/x.txt')).status, 200)
    for (const path of ['/ADMIN/x.txt', '/admin%2fx.txt', '/%2561dmin/x.txt', '/x/..%2fadmin/x.txt', '/admin/x.txt%00', '/admin;/x.txt', '/admin%5cx.txt', '/admin//x.txt', '/a.txt.br']) {
      assert.equal((await ask(path)).status, 404, path)
    }
  })
})
