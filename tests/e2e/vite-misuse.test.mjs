/** Mistakes in vite.config and in what is installed: one sentence each, for `vite` and for `vite build`. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eclipsa } from 'eclipsa/vite'
import { node } from '@eclipsa/node'
import { buildWithVite, copyApp, run, viteCommand } from '../harness/servers.mjs'

let app
before(() => {
  app = copyApp('examples/room')
})
after(() => app?.remove())

function configure(config) {
  writeFileSync(join(app.root, 'vite.config.mjs'), `import { eclipsa } from 'eclipsa/vite'\nimport { node } from '@eclipsa/node'\nexport default ${config}\n`)
}

const mistakes = {
  "appType: 'spa'": ["{ appType: 'spa', plugins: [eclipsa()] }", /appType: 'spa' makes Vite answer pages with index\.html.*set appType: 'custom'/],
  'two eclipsa()s': ['{ plugins: [eclipsa(), eclipsa()] }', /eclipsa\(\) 2 times in plugins: once is enough/],
  'node() without eclipsa()': ['{ plugins: [node()] }', /node\(\) without eclipsa\(\): add/],
  'build.watch': ['{ plugins: [eclipsa()], build: { watch: {} } }', /vite build --watch builds client and server apart.*use `vite`/],
  'an entry that is no file name': ["{ plugins: [eclipsa(), node({ entry: '../node.mjs' })] }", /entry is the name of a file in dist\/server/],
  'an adapter that writes elsewhere': [
    "{ plugins: [eclipsa(), { name: 'bad', eclipsaServerAdapter: { name: 'bad', buildFiles: () => [{ path: '../client/x.js', contents: '' }] } }] }",
    /the adapter bad wants to write "\.\.\/client\/x\.js", which is not below dist\/server/,
  ],
}

for (const [name, [config, sentence]] of Object.entries(mistakes)) {
  test(name, async () => {
    configure(config)
    const error = await buildWithVite(app.root).then(() => assert.fail('it was built'), (error) => error)
    assert.match(error.message, sentence)
    assert.equal(error.message.split(sentence).length, 2, 'once')
  })
}

test('vite says the same as vite build', async () => {
  configure(mistakes['two eclipsa()s'][0])
  await assert.rejects(run(process.execPath, [viteCommand, '--port', '0'], { cwd: app.root }), mistakes['two eclipsa()s'][1])
})

test('another major of Vite', () => {
  const [{ config }] = eclipsa()
  for (const viteVersion of ['6.4.1', '9.0.0', undefined]) {
    assert.throws(() => config.call({ meta: { viteVersion } }, {}, { command: 'serve', mode: 'development' }), /works with Vite 7 and 8, and .* installed: run `npm install -D vite@8`/)
  }
})

test('no program, and one that is none', async () => {
  configure('{ plugins: [eclipsa(), node()] }')
  const build = (env) => run(process.execPath, [viteCommand, 'build'], { cwd: app.root, env: { ...process.env, ...env } })
  await assert.rejects(build({ ECLIPSA_BINARY: join(app.root, 'nothing') }), /could not be started/)
  await assert.rejects(build({ ECLIPSA_BINARY: '/bin/echo' }), /does not speak the plugin's protocol/)
})

test('an app with a mistake: its place, and a frame', async () => {
  configure('{ plugins: [eclipsa(), node()] }')
  writeFileSync(join(app.root, 'app/+page.tsx'), "import { realtime } from 'eclipsa'\nexport default function Page() {\n  const room = realtime(() => {})()\n  return <p>{room.status}</p>\n}\n")
  await assert.rejects(buildWithVite(app.root), /\+page\.tsx[:\s].*3/s)
})

test('node() keeps its base and its entry', async () => {
  const files = await node({ entry: 'main.mjs' }).eclipsaServerAdapter.buildFiles({ base: '/sub/' })
  assert.deepEqual(files.map(({ path }) => path), ['chunks/eclipsa-node.mjs', 'main.mjs'])
  assert.match(files[1].contents, /base: "\/sub\/"/)
})
