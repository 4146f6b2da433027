/** Mistakes end in one clear sentence with the fix and an exit code, never in a stack trace. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { binary, copyApp, packages, repository, run, startDev } from '../harness/servers.mjs'

const page = 'export default function Page() { return <p>hi</p> }\n'

/** An app of these files in a temporary folder. */
function appOf(files) {
  const root = mkdtempSync(join(tmpdir(), 'eclipsa-bad-'))
  for (const [path, text] of Object.entries({ 'package.json': '{"name":"bad","type":"module"}', ...files })) {
    if (text === null) continue
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  symlinkSync(packages, join(root, 'node_modules'))
  return root
}

const mistakes = [
  { name: 'no app folder', files: {}, says: /app\/\+page\.tsx/ },
  { name: 'no page', served: true, files: { 'app/hello.ts': 'export {}' }, says: /\+page\.tsx/ },
  { name: 'a broken package.json', files: { 'package.json': '{"name": ', 'app/+page.tsx': page }, says: /package\.json/ },
  { name: 'no package.json', files: { 'package.json': null, 'app/+page.tsx': page }, says: /package\.json/ },
  { name: 'a broken eclipsa.config.json', files: { 'eclipsa.config.json': '{"port": }', 'app/+page.tsx': page }, says: /eclipsa\.config\.json:1:10/ },
  { name: 'an unknown setting', files: { 'eclipsa.config.json': '{"prot": 1}', 'app/+page.tsx': page }, says: /prot.*port/s },
  { name: 'two files for one route', served: true, files: { 'app/+page.tsx': page, 'app/(a)/+page.tsx': page }, says: /app\/\+page\.tsx.*app\/\(a\)\/\+page\.tsx|app\/\(a\)\/\+page\.tsx.*app\/\+page\.tsx/s },
]

for (const command of ['build', 'dev']) {
  describe(`eclipsa ${command}`, () => {
    for (const { name, served, files, says } of mistakes) {
      if (served && command === 'dev') continue // on the page, until it is mended (devserver: TestStartWithBrokenRoutes)
      test(name, async () => {
        const root = appOf(files)
        try {
          const output = await run(binary, [command, ...(command === 'dev' ? ['--port', '0'] : [])], { cwd: root }, 1)
          assert.match(output, says)
          assert.doesNotMatch(output, /goroutine|panic:|\n\s+at /)
        } finally {
          rmSync(root, { recursive: true, force: true })
        }
      })
    }

    test('an unknown flag', async () => {
      const output = await run(binary, [command, '--bse=/x'], { cwd: repository }, 2)
      assert.match(output, /unknown flag --bse.*Did you mean base/)
    })
  })
}

describe('eclipsa dev needs Node', () => {
  test('Node missing', async () => {
    const root = appOf({ 'app/+page.tsx': page })
    try {
      const output = await run(binary, ['dev'], { cwd: root, env: { ...process.env, PATH: '/nowhere' } }, 1)
      assert.match(output, /Node 20/)
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })

  test('Node older than 20', async () => {
    const root = appOf({ 'app/+page.tsx': page, 'old/node': '#!/bin/sh\necho v18.20.0\n' })
    try {
      chmodSync(join(root, 'old', 'node'), 0o755)
      const output = await run(binary, ['dev'], { cwd: root, env: { ...process.env, PATH: `${join(root, 'old')}:/usr/bin:/bin` } }, 1)
      assert.match(output, /18\.20\.0.*20 or newer|20 or newer.*18\.20\.0/s)
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })
})

describe('a port in use', () => {
  let app, taken
  before(async () => {
    app = copyApp('examples/room')
    taken = createServer()
    await new Promise((resolve) => taken.listen(0, '127.0.0.1', resolve))
  })
  after(() => {
    taken?.close()
    app?.remove()
  })

  test('eclipsa dev takes the next one and says so', async () => {
    const port = taken.address().port
    const server = await startDev(app.root, ['--port', String(port)])
    try {
      assert.notEqual(new URL(server.url).port, String(port))
      assert.match(server.output(), new RegExp(`${port} is in use`))
      assert.equal((await fetch(server.url)).status, 200)
    } finally {
      await server.stop()
    }
  })

  test('--strict-port fails', async () => {
    const port = taken.address().port
    const output = await run(binary, ['dev', '--port', String(port), '--strict-port'], { cwd: app.root }, 1)
    assert.match(output, new RegExp(`${port} is in use`))
  })
})

test('a symbol-id collision names both places', async () => {
  // Ids hash path and binding name, so a collision needs two modules under one name: a linked package twice.
  const root = appOf({
    'app/+page.tsx': `import { useA } from 'twin-a'\nimport { useA as useB } from 'twin-b'\nexport default () => <p>{useA().status}{useB().status}</p>\n`,
  })
  try {
    rmSync(join(root, 'node_modules'))
    mkdirSync(join(root, 'node_modules'))
    for (const name of ['eclipsa', 'preact', 'hono', '@preact', '@eclipsa', 'preact-render-to-string', 'ws', '@hono']) {
      symlinkSync(join(packages, name), join(root, 'node_modules', name))
    }
    for (const twin of ['twin-a', 'twin-b']) {
      const folder = join(root, 'node_modules', twin)
      mkdirSync(folder)
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'twin', version: '1.0.0', type: 'module', exports: './index.ts', peerDependencies: { eclipsa: '*' } }))
      writeFileSync(join(folder, 'index.ts'), `import { realtime } from 'eclipsa'\nexport const useA = realtime(() => {})\n`)
    }
    const output = await run(binary, ['build'], { cwd: root }, 1)
    assert.match(output, /useA-[0-9a-z]+/)
    assert.match(output, /twin-a.*twin-b|twin-b.*twin-a/s)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})
