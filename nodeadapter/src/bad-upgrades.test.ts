import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { exchange, handshake, reads, standardLines, statusOf } from './testing/raw.js'
import { prefix, withServer } from './testing/upgrade-server.js'

describe('S4, S8, S18, S21: malformed requests get 400', () => {
  const targets = ['//', '///', '//other.example/__eclipsa/realtime/x', 'http://[', 'http://169.254.169.254/', '*', ':99999/', '/\\x', '/x#y', `${prefix}x#y`, `${prefix}\\x`]
  for (const target of targets) {
    test(target, () => withServer({}, async ({ port }) => assert.equal(statusOf(await exchange(port, handshake(target))), 400)))
  }
  const hosts = [
    ['missing', []],
    ['empty', ['Host: ']],
    ['doubled', ['Host: a', 'Host: a']],
    ['with credentials', ['Host: localhost:1@evil']],
    ['with a path', ['Host: localhost/x']],
    ['with an impossible port', ['Host: localhost:99999']],
    ['with an open bracket', ['Host: [::1']],
  ] as const
  for (const [name, lines] of hosts) {
    test(`Host ${name}`, () =>
      withServer({}, async ({ port }) => {
        const text = handshake(`${prefix}x`, [...lines], standardLines().slice(1))
        assert.equal(statusOf(await exchange(port, text)), 400)
      }))
  }
})

describe('S19: a handshake that is none', () => {
  const rows: [string, string[], number][] = [
    ['a body', ['Content-Length: 5'], 400],
    ['a chunked body', ['Transfer-Encoding: chunked'], 400],
    ['no key', standardLines().slice(0, 4), 400],
    ['a short key', [...standardLines().slice(0, 4), 'Sec-WebSocket-Key: abc'], 400],
    ['version 8', [...standardLines().slice(0, 3), 'Sec-WebSocket-Version: 8'], 426],
    ['h2c', ['Host: localhost', 'Connection: Upgrade', 'Upgrade: h2c'], 426],
    ['a bad subprotocol list', ['Sec-WebSocket-Protocol: ,'], 400],
  ]
  for (const [name, lines, status] of rows) {
    test(`${name}: ${status}, and nothing behind it runs`, () =>
      withServer({}, async ({ port, server }) => {
        let requests = 0
        server.on('request', () => requests++)
        const base = lines[0]!.startsWith('Host') ? lines : [...standardLines(), ...lines]
        const response = await exchange(port, `${handshake(`${prefix}x`, [], base)}GET /second HTTP/1.1\r\nHost: a\r\n\r\n`)
        assert.equal(statusOf(response), status)
        assert.match(response, /^connection: close$/im)
        assert.equal(response.match(/HTTP\/1\.1/g)?.length, 1)
        assert.equal(requests, 0)
      }))
  }

  test('S20: 60 kB of commas, doubled keys, names of Object.prototype', () =>
    withServer({}, async ({ port }) => {
      const long = handshake(`${prefix}x`, [`Sec-WebSocket-Protocol: ${', '.repeat(5_000)}`])
      assert.equal(statusOf(await exchange(port, long)), 400)
      assert.equal(statusOf(await exchange(port, handshake(`${prefix}x`, ['Sec-WebSocket-Key: constructor']))), 400)
      const socket = connect(port, '127.0.0.1', () => socket.write(handshake(`${prefix}__proto__`, ['Sec-WebSocket-Extensions: constructor, __proto__'])))
      assert.equal(statusOf(await reads(socket, /\r\n\r\n/)), 101)
      socket.destroy()
    }))
})
