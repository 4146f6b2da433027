import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ask, startFiles, stopFiles, text } from './testing/static-server.js'

before(startFiles)
after(stopFiles)

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
