/** The tarballs of every platform: what they hold, and what publint, arethetypeswrong and TypeScript say of them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { installWithTarballs, packPackages } from '../harness/packages.mjs'
import { repository, run } from '../harness/servers.mjs'

/** How a program begins, and where its machine is said: ELF, Mach-O, PE (behind the offset at 0x3c). */
const platforms = {
  'linux-x64': (file) => file.toString('latin1', 0, 4) === '\x7fELF' && file.readUInt16LE(18) === 0x3e,
  'linux-arm64': (file) => file.toString('latin1', 0, 4) === '\x7fELF' && file.readUInt16LE(18) === 0xb7,
  'darwin-x64': (file) => file.readUInt32LE(0) === 0xfeedfacf && file.readUInt32LE(4) === 0x01000007,
  'darwin-arm64': (file) => file.readUInt32LE(0) === 0xfeedfacf && file.readUInt32LE(4) === 0x0100000c,
  'win32-x64': (file) => file.toString('latin1', 0, 2) === 'MZ' && file.readUInt16LE(file.readUInt32LE(0x3c) + 4) === 0x8664,
  'win32-arm64': (file) => file.toString('latin1', 0, 2) === 'MZ' && file.readUInt16LE(file.readUInt32LE(0x3c) + 4) === 0xaa64,
}
const host = `${process.platform}-${process.arch}`

const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const root = manifestOf(repository)

let packed, scratch
before(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'eclipsa-packages-'))
  packed = await packPackages(Object.keys(platforms).join(' '))
})
after(() => {
  packed?.remove()
  rmSync(scratch, { recursive: true, force: true })
})

const tarballOf = (platform) => join(packed.folder, platform === host ? '' : 'other-platforms', `eclipsa-${platform}-${root.version}.tgz`)

/** Unpacks, and gives the folder of the package. */
function unpack(name, tarball) {
  const folder = join(scratch, name)
  mkdirSync(folder)
  execFileSync('tar', ['-xzf', tarball, '-C', folder])
  return join(folder, 'package')
}

test('eclipsa names a package for each platform, which holds its program and nothing else', () => {
  const { optionalDependencies } = manifestOf(unpack('eclipsa', packed.tarballs.eclipsa))
  assert.deepEqual(optionalDependencies, Object.fromEntries(Object.keys(platforms).map((platform) => [`@eclipsa/${platform}`, root.version])))
  for (const [platform, isProgram] of Object.entries(platforms)) {
    const folder = unpack(platform, tarballOf(platform))
    const { name, os, cpu } = manifestOf(folder)
    assert.deepEqual({ name, os, cpu }, { name: `@eclipsa/${platform}`, os: [platform.split('-')[0]], cpu: [platform.split('-')[1]] })
    const program = platform.startsWith('win32') ? 'eclipsa.exe' : 'eclipsa'
    assert.deepEqual(readdirSync(join(folder, 'bin')), [program])
    assert.ok(isProgram(readFileSync(join(folder, 'bin', program))), platform)
  }
})

test('no tarball holds a test or a path of the machine that packed', () => {
  for (const name of ['eclipsa', '@eclipsa/node', 'create-eclipsa']) {
    const folder = unpack(`all-${name.replace('/', '-')}`, packed.tarballs[name])
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      assert.doesNotMatch(entry.name, /\.test\./)
      const path = join(entry.parentPath ?? entry.path, entry.name)
      assert.equal(readFileSync(path, 'utf8').includes(repository), false, path)
    }
  }
})

test('publint has nothing to say', async () => {
  for (const tarball of [...Object.values(packed.tarballs), ...Object.keys(platforms).map(tarballOf)]) {
    assert.match(await run('npx', ['--no-install', 'publint', 'run', tarball, '--strict'], { cwd: repository }), /All good!/)
  }
})

test('arethetypeswrong finds nothing in packages for ES modules', async () => {
  for (const name of ['eclipsa', '@eclipsa/node']) await run('npx', ['--no-install', 'attw', packed.tarballs[name], '--profile', 'esm-only'], { cwd: repository })
})

/** Every entry that an app may import, used; declarations of ours and of what they import are checked, too. */
const consumer = {
  'app/+page.tsx': `import { For, Show, onMount, realtime, useSignal, type RealtimeConnection } from 'eclipsa'
import { atom, useAtom } from 'eclipsa/atom'
import styles from './page.module.css'
import './page.css'

const total = atom(0)
const handler = (connection: RealtimeConnection<{ room: string }, { by: number }, { total: number }>) => {
  connection.onMessage(({ by }) => connection.send({ total: by }))
}
const useRoom = realtime(handler)

export default function Page() {
  const room = useRoom()
  const sum = useAtom(total)
  const names = useSignal(['Ada'])
  onMount(() => room.connect({ room: import.meta.env.MODE }))
  // @ts-expect-error the input is required
  const wrong = () => room.connect()
  return (
    <main class={styles['page'] ?? ''} onClick={wrong}>
      <Show when={room.isOpen}><p>{room.lastMessage?.total.toFixed(2)} {sum}</p></Show>
      <For arr={names.value} fn={(name) => <b>{name}</b>} />
    </main>
  )
}
`,
  'app/+server-entry.ts': `import { Hono } from 'hono'
export default new Hono()
`,
  'vite.config.ts': `import { node } from '@eclipsa/node'
import { eclipsa } from 'eclipsa/vite'
import { defineConfig } from 'vite'
export default defineConfig({ appType: 'custom', plugins: [eclipsa({ ssg: false }), node({ entry: 'main.mjs' })] })
// @ts-expect-error the name of a file
node({ entry: 1 })
`,
  'host.ts': `import { serve, type CreateHandler } from '@eclipsa/node/serve'
import { createApp } from 'eclipsa/server'
import { provideRoutes } from 'eclipsa/client'
import manifest from 'eclipsa/package.json' with { type: 'json' }
export const start = (createHandler: CreateHandler) => serve({ createHandler, clientDir: new URL('./', import.meta.url), base: '/' })
export const all = [createApp, provideRoutes, manifest.version.length] as const
`,
}

describe('an app outside the repository', () => {
  let app
  before(async () => {
    app = join(scratch, 'app')
    const ours = { eclipsa: root.version, '@eclipsa/node': root.version }
    const theirs = Object.fromEntries(['typescript', 'vite', '@types/node'].map((name) => [name, root.devDependencies[name]]))
    const { hono } = root.dependencies
    mkdirSync(join(app, 'app'), { recursive: true })
    writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module', dependencies: { ...ours, hono }, devDependencies: theirs }))
    for (const [path, text] of Object.entries(consumer)) writeFileSync(join(app, path), text)
    await installWithTarballs(app, packed.tarballs)
  })

  for (const [moduleResolution, module] of [['bundler', 'ESNext'], ['nodenext', 'NodeNext']]) {
    test(`typechecks with moduleResolution ${moduleResolution}`, async () => {
      const compilerOptions = {
        target: 'ES2022', module, moduleResolution, lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: ['node'], strict: true, noEmit: true,
        exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, resolveJsonModule: true, skipLibCheck: false, jsx: 'react-jsx', jsxImportSource: 'eclipsa',
      }
      writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['app', '*.ts'] }))
      await run('npx', ['--no-install', 'tsc', '-p', '.'], { cwd: app })
    })
  }
})
