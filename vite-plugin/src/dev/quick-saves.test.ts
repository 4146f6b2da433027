import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { FSWatcher } from 'vite'
import { followQuickSaves } from './quick-saves.js'

const root = mkdtempSync(join(tmpdir(), 'eclipsa-quick-saves-'))
after(() => rmSync(root, { recursive: true }))

test('a change that the watcher drops is told', async () => {
  const watcher = new EventEmitter()
  followQuickSaves(watcher as FSWatcher)
  const file = join(root, 'style.css')
  writeFileSync(file, 'a{}')
  watcher.emit('change', file, statSync(file))
  writeFileSync(file, 'a { }')
  const [told] = (await once(watcher, 'change')) as [string]
  assert.equal(told, file)
  assert.equal(readFileSync(told, 'utf8'), 'a { }')
})

test('a file that stays as it was told, or is gone, is no news', async () => {
  const watcher = new EventEmitter()
  followQuickSaves(watcher as FSWatcher)
  const [same, gone, other] = ['same', 'gone', 'other'].map((name) => join(root, name)) as [string, string, string]
  for (const file of [same, gone, other]) writeFileSync(file, 'x')
  for (const file of [same, gone, other]) watcher.emit('change', file, statSync(file))
  const told: string[] = []
  watcher.on('change', (file: string) => told.push(file))
  rmSync(gone)
  writeFileSync(other, 'another')
  await once(watcher, 'change') // asked for last, so that the others have been looked at
  assert.deepEqual(told, [other])
})
