/** What `vite build` writes, beside what `eclipsa build` writes of the same app: nothing of the server in the client, the same ids. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { files, mappedFiles, readable } from '../harness/output.mjs'
import { binary, buildWithVite, copyApp, run, startServer } from '../harness/servers.mjs'

const VITE_CONFIG = `import { eclipsa } from 'eclipsa/vite'
import { node } from '@eclipsa/node'
export default { plugins: [eclipsa(OPTIONS), node()], build: { sourcemap: true } }
`

function writeAll(folder, texts) {
  for (const [file, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
}

for (const fixture of ['e2e', 'canary']) {
  describe(`vite build of ${fixture}`, () => {
    let app
    const idsOf = () => [...new Set(files(join(app.root, 'dist/server')).filter((file) => file.endsWith('.mjs')).map(readable).join('\n').match(/\buse\w+-[0-9a-f]{10}\b/g))].sort()
    let ids
    before(async () => {
      app = copyApp(`testdata/fixtures/apps/${fixture}`)
      await run(binary, ['build'], { cwd: app.root })
      ids = idsOf()
      writeFileSync(join(app.root, 'vite.config.mjs'), VITE_CONFIG.replace('OPTIONS', ''))
      await buildWithVite(app.root)
    })
    after(() => app?.remove())

    test('no canary leaves the server, source maps and compressed copies included', () => {
      const client = files(join(app.root, 'dist/client'))
      assert.ok(client.some((file) => file.endsWith('.map')) && client.some((file) => file.endsWith('.js')))
      for (const file of client) {
        assert.doesNotMatch(readable(file), /CANARY|node:fs|node:crypto|serverOnlyHelper/, file)
        assert.doesNotMatch(file.slice(app.root.length), /\.server|helper/)
      }
      const server = files(join(app.root, 'dist/server')).map(readable).join('\n')
      assert.match(server, /CANARY/, 'it is the server that has them')
      assert.doesNotMatch(server, /CANARY-env/, 'dist/ holds no environment')
    })

    test('source maps lead to the sources', () => {
      const sources = mappedFiles(join(app.root, 'dist'))
      assert.ok(sources.includes(join(app.root, 'app/+page.tsx')))
      assert.deepEqual(sources.filter((file) => file.startsWith(app.root) && !existsSync(file)), [])
    })

    test('the ids are those of eclipsa build', () => {
      assert.ok(ids.length > 0)
      assert.deepEqual(idsOf(), ids)
    })

    test('the layout of dist/ is that of eclipsa build', () => {
      for (const file of ['server/index.mjs', 'server/node.mjs', 'client/assets']) assert.ok(existsSync(join(app.root, 'dist', file)), file)
      assert.ok(files(join(app.root, 'dist/client')).some((file) => file.endsWith('.js.br')))
    })
  })
}

describe('mistakes that only the whole graph shows', () => {
  let app
  before(() => {
    app = copyApp('examples/room')
  })
  after(() => app?.remove())

  test('a .server module that the browser reaches is an error with the chain', async () => {
    writeFileSync(join(app.root, 'app/db.server.ts'), "export const secret = 'CANARY'\n")
    writeFileSync(join(app.root, 'app/between.ts'), "export { secret } from './db.server'\n")
    const page = join(app.root, 'app/+page.tsx')
    const text = readFileSync(page, 'utf8')
    writeFileSync(page, `import { secret } from './between'\n${text.replace('Status: ', '{secret} Status: ')}`)
    await assert.rejects(buildWithVite(app.root), /app\/db\.server\.ts is server-only, but the browser's code imports it\s+The chain of imports: app\/\+page\.tsx → app\/between\.ts → app\/db\.server\.ts/)
    writeFileSync(page, `import './db.server'\n${text}`)
    await assert.rejects(buildWithVite(app.root), /app\/db\.server\.ts is server-only, but the browser's code imports it/, 'for its effect')
    writeFileSync(page, text)
  })

  test('what only handlers import through another module goes, with its effects', async () => {
    writeFileSync(join(app.root, 'app/between.ts'), "export { secret } from './db.server'\nexport * from './db.server'\nexport const shown = 'harmless'\n")
    const page = join(app.root, 'app/+page.tsx')
    const text = readFileSync(page, 'utf8')
    writeFileSync(page, `import { secret, shown } from './between'\n${text.replace('Status: ', '{shown} Status: ').replace("from: 'system',", 'from: secret,')}`)
    await buildWithVite(app.root)
    const client = files(join(app.root, 'dist/client')).map(readable).join('\n')
    assert.match(client, /harmless/)
    assert.doesNotMatch(client, /CANARY/)
    writeFileSync(page, text)
  })
})

describe('packages that stay imports', () => {
  let app
  before(() => {
    app = copyApp('examples/room')
    writeAll(app.root, {
      'eclipsa.config.json': '{ "external": ["listed"] }',
      'app/native/+server.ts': "import native from 'native'\nimport listed from 'listed'\nimport needs from 'needs'\nexport const GET = () => Response.json([native, listed, needs])\n",
      'app/node_modules/native/package.json': '{ "name": "native", "gypfile": true, "main": "index.js" }',
      'app/node_modules/native/index.js': "module.exports = require('./build/x.node')\n",
      'app/node_modules/listed/package.json': '{ "name": "listed", "main": "index.js" }',
      'app/node_modules/listed/index.js': "module.exports = 'bundled'\n",
      'app/node_modules/needs/package.json': '{ "name": "needs", "main": "index.js", "peerDependenciesMeta": { "native": { "optional": true } } }',
      'app/node_modules/needs/index.js': "try { module.exports = require('native') + '!' } catch { module.exports = 'without' }\n",
    })
  })
  after(() => app?.remove())

  test('those with native addons, and those that `external` names', async () => {
    const output = await buildWithVite(app.root)
    assert.match(output, /native stays an import \(native addon\): install it where dist\/ runs\./)
    assert.match(output, /listed stays an import \(named in external\)/)
    for (const name of ['native', 'listed']) {
      writeAll(join(app.root, 'dist/node_modules', name), { 'package.json': `{ "name": "${name}", "main": "index.js" }`, 'index.js': `module.exports = 'installed ${name}'\n` })
    }
    const server = await startServer(process.execPath, ['dist/server/node.mjs'], { cwd: app.root, env: { ...process.env, PORT: '0', HOST: '127.0.0.1' } })
    try {
      const [native, listed, needs] = await (await fetch(`${server.url}/native`)).json()
      assert.deepEqual([native, listed], ['installed native', 'installed listed'])
      // Rollup leaves a require that its importer can do without, and ES modules have none.
      assert.ok(['installed native!', 'without'].includes(needs), needs)
    } finally {
      await server.stop()
    }
  })
})

test('a build that fails leaves the last good one, whichever side finds the mistake', async () => {
  const app = copyApp('examples/room')
  try {
    writeFileSync(join(app.root, 'vite.config.mjs'), VITE_CONFIG.replace('OPTIONS', ''))
    await buildWithVite(app.root)
    const written = () => Object.fromEntries(files(join(app.root, 'dist')).sort().map((file) => [file, readFileSync(file, 'base64')]))
    const good = written()
    writeFileSync(join(app.root, 'app/+page.tsx'), 'export default () => <p>new</p>\n')
    writeFileSync(join(app.root, 'app/+server-entry.ts'), "import { app } from './nowhere'\nexport default app\n")
    await assert.rejects(buildWithVite(app.root), /nowhere/)
    assert.deepEqual(written(), good)
    writeFileSync(join(app.root, 'app/+page.tsx'), "import './nowhere'\nexport default () => <p>new</p>\n")
    await assert.rejects(buildWithVite(app.root), /nowhere/)
    assert.deepEqual(written(), good)
  } finally {
    app.remove()
  }
})

describe('ssg: true', () => {
  let app
  before(() => {
    app = copyApp('examples/room')
    writeFileSync(join(app.root, 'vite.config.mjs'), VITE_CONFIG.replace('OPTIONS', '{ ssg: true }'))
  })
  after(() => app?.remove())

  test('every page is a file, and there is no server', async () => {
    await buildWithVite(app.root)
    assert.match(readFileSync(join(app.root, 'dist/client/index.html'), 'utf8'), /Status: closed/)
    assert.match(readFileSync(join(app.root, 'dist/client/presence/index.html'), 'utf8'), /<script/)
    assert.equal(existsSync(join(app.root, 'dist/server')), false)
  })

  test('a dynamic route is an error that names it', async () => {
    mkdirSync(join(app.root, 'app/rooms/[id]'), { recursive: true })
    writeFileSync(join(app.root, 'app/rooms/[id]/+page.tsx'), 'export default () => null\n')
    await assert.rejects(buildWithVite(app.root), /app\/rooms\/\[id\]\/\+page\.tsx can't be a file: its path has parameters/)
  })
})
