import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { exchange, statusOf } from './testing/raw.js'
import { ask, port, startFiles, stopFiles } from './testing/static-server.js'

before(startFiles)
after(stopFiles)

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
