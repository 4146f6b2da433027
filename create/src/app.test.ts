import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { UsageError } from './arguments.js'
import { writeApp } from './app.js'

const root = mkdtempSync(join(tmpdir(), 'eclipsa-app-'))
after(() => rmSync(root, { recursive: true }))

const readJson = (file: string | URL) => JSON.parse(readFileSync(file, 'utf8'))
const repository = new URL('../../', import.meta.url)

test('what is written asks for the packages that the repository is tested with', () => {
  const { dependencies, devDependencies } = readJson(join(writeApp({ folder: join(root, 'pins'), kind: 'vite' }), 'package.json'))
  const { version, devDependencies: tested } = readJson(new URL('package.json', repository))
  assert.deepEqual(dependencies, { eclipsa: version })
  assert.deepEqual(devDependencies, { '@eclipsa/node': version, typescript: tested.typescript, vite: tested.vite })
})

test('vite.config.ts belongs to Vite\'s kind alone', () => {
  const files = (kind: 'vite' | 'standalone'): string[] => readdirSync(writeApp({ folder: join(root, `for-${kind}`), kind })).filter((name) => !name.startsWith('.'))
  assert.deepEqual(files('vite').sort(), ['app', 'package.json', 'public', 'tsconfig.json', 'vite.config.ts'])
  assert.deepEqual(files('standalone').sort(), ['app', 'package.json', 'public', 'tsconfig.json'])
})

test('a second app does not go into the first one\'s folder', () => {
  assert.throws(() => writeApp({ folder: join(root, 'pins'), kind: 'vite' }), UsageError)
})
