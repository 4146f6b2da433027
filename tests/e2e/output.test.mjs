/** What `eclipsa build` writes: nothing of the server in the client, and a folder that stands alone. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { files, mappedFiles, readable } from '../harness/output.mjs'
import { binary, copyApp, run } from '../harness/servers.mjs'

describe('eclipsa build', () => {
  let app
  before(async () => {
    app = copyApp('testdata/fixtures/apps/e2e')
    writeFileSync(join(app.root, 'eclipsa.config.json'), '{ "sourcemap": true }')
    await run(binary, ['build'], { cwd: app.root })
  })
  after(() => app?.remove())

  test('no canary leaves the server, source maps included', () => {
    const client = files(join(app.root, 'dist', 'client'))
    assert.ok(client.some((file) => file.endsWith('.map')), 'the fixture asks for source maps')
    for (const file of client) {
      assert.doesNotMatch(readable(file), /CANARY|node:fs|node:crypto|serverOnlyHelper/, file)
      assert.doesNotMatch(file, /server|helper/)
    }
    const server = files(join(app.root, 'dist', 'server')).map(readable).join('\n')
    for (const canary of ['CANARY-handler', 'CANARY-literal', 'CANARY-helper']) {
      if (canary !== 'CANARY-handler') assert.ok(server.includes(canary), `${canary} belongs to the server`)
    }
    assert.doesNotMatch(server, /CANARY-env/, 'dist/ holds no environment')
  })

  test('source maps lead to the sources', () => {
    const sources = mappedFiles(join(app.root, 'dist'))
    assert.ok(sources.includes(join(app.root, 'app/numbers/+page.tsx')))
    assert.deepEqual(sources.filter((file) => file.startsWith(app.root) && !existsSync(file)), [])
  })

  test('a failed build leaves the last good one', async () => {
    const index = readFileSync(join(app.root, 'dist/server/index.mjs'), 'utf8')
    writeFileSync(join(app.root, 'app', 'numbers', '+page.tsx'), 'export default function (')
    const output = await run(binary, ['build'], { cwd: app.root }, 1)
    assert.match(output, /app\/numbers\/\+page\.tsx:1:\d+/)
    assert.doesNotMatch(output, /goroutine|panic/)
    assert.equal(readFileSync(join(app.root, 'dist/server/index.mjs'), 'utf8'), index)
    assert.ok(existsSync(join(app.root, 'dist/server/node.mjs')))
    assert.deepEqual(readdirSync(app.root).filter((name) => /^dist./.test(name)), [])
  })
})
