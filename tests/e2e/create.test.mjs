/** `npm create eclipsa` as published, in folders outside the repository: what it writes is installed, checked, built and run. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, openPage } from '../harness/browser.mjs'
import { installWithTarballs, packPackages } from '../harness/packages.mjs'
import { run, startServer } from '../harness/servers.mjs'

let root, packed, browser
before(async () => {
  browser = await launch()
  root = mkdtempSync(join(tmpdir(), 'eclipsa-create-'))
  packed = await packPackages()
  writeFileSync(join(root, 'package.json'), '{ "private": true }\n')
  await run('npm', ['install', '--no-audit', '--no-fund', packed.tarballs['create-eclipsa']], { cwd: root })
})
after(async () => {
  await browser?.close()
  packed?.remove()
  rmSync(root, { recursive: true, force: true })
})

/** stdin is no terminal here. */
const create = (args, code = 0) => run('npx', ['--no-install', 'create-eclipsa', ...args], { cwd: root }, code)
const readManifest = (app) => JSON.parse(readFileSync(join(root, app, 'package.json'), 'utf8'))
const versions = ({ dependencies, devDependencies }) => ({ ...dependencies, ...devDependencies })

const kinds = {
  standalone: { files: [], dev: ['--', '--port', '0'] },
  vite: { files: ['vite.config.ts'], dev: ['--', '--port', '0', '--host', '127.0.0.1'] },
}

for (const [kind, { files, dev }] of Object.entries(kinds)) {
  test(`--${kind}: typecheck, build, start, dev`, async () => {
    const name = `my-${kind}`
    const output = await create([name, `--${kind}`])
    assert.match(output, new RegExp(`cd ${name}\\n\\s+npm install\\n\\s+npm run dev\\n`))
    const app = join(root, name)
    assert.deepEqual(readdirSync(app).sort(), ['.gitignore', 'app', 'package.json', 'public', 'tsconfig.json', ...files])
    assert.match(readFileSync(join(app, '.gitignore'), 'utf8'), /^node_modules\/$/m)
    const manifest = readManifest(name)
    assert.equal(manifest.name, name)
    for (const version of Object.values(versions(manifest))) assert.match(version, /^\d+\.\d+\.\d+$/)

    await installWithTarballs(app, packed.tarballs)
    await run('npm', ['run', 'typecheck'], { cwd: app })
    await run('npm', ['run', 'build'], { cwd: app })
    for (const args of [['start'], ['run', 'dev', ...dev]]) {
      const server = await startServer('npm', args, { cwd: app, group: true, env: { ...process.env, PORT: '0' } })
      try {
        assert.match(await (await fetch(server.url)).text(), /<h1>Counting together<\/h1>/)
        assert.equal((await fetch(`${server.url}/favicon.ico`)).status, 200, 'browsers ask for it, and complain')
        await countTogether(server.url)
      } finally {
        await server.stop()
      }
    }
  })
}

/** Two windows see one counter. */
async function countTogether(url) {
  const [one, two] = [await openPage(browser, url), await openPage(browser, url)]
  await one.page.getByText('2 windows are here.').waitFor()
  await two.page.getByRole('button', { name: 'One more' }).click()
  for (const { page, problems, close } of [one, two]) {
    await page.locator('output', { hasText: /^1$/ }).waitFor()
    assert.deepEqual(problems, [])
    await close()
  }
}

test('without a kind it is standalone; an empty folder, and one with a repository only, will do', async () => {
  mkdirSync(join(root, 'apps', 'empty', '.git'), { recursive: true })
  await create(['apps/empty'])
  assert.deepEqual(Object.keys(versions(readManifest('apps/empty'))), ['eclipsa', 'typescript'])
})

test('a folder that has something in it stays as it is', async () => {
  mkdirSync(join(root, 'full'))
  writeFileSync(join(root, 'full', 'package.json'), 'mine')
  assert.match(await create(['full', '--vite'], 1), /^create-eclipsa: the folder "full" is not empty \(it has package.json\).*\n$/)
  assert.deepEqual(readdirSync(join(root, 'full')), ['package.json'])
  assert.equal(readFileSync(join(root, 'full', 'package.json'), 'utf8'), 'mine')
})

test('--help; without a terminal the name is needed; mistakes are one sentence and write nothing', async () => {
  assert.match(await create(['--help']), /^Usage: npm create eclipsa/)
  assert.match(await create([], 1), /^create-eclipsa: there is no terminal.*\n$/)
  assert.match(await create(['My App'], 1), /^create-eclipsa: "My App" can't be the name.*\n$/)
  assert.match(await create(['x', '--svelte'], 1), /^create-eclipsa: Unknown option '--svelte'.*\n$/)
  assert.equal(existsSync(join(root, 'x')), false)
})
